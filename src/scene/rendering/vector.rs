//! Vectors: factors to entries.

use super::Subject;
use crate::causal::Formula;
use crate::causal::noise::{StreamId, stream};
use crate::modality::vector::Distortion;

/// The vector modalities of a scene, resolved.
#[derive(Clone, Debug, Default)]
pub struct VectorPlans {
    pub(in crate::scene) plans: Vec<VectorPlan>,
    pub(in crate::scene) shows: Vec<usize>,
}

impl VectorPlans {
    /// The vectors, in the order of the scene.
    #[must_use]
    pub fn plans(&self) -> &[VectorPlan] {
        &self.plans
    }

    /// The factors that any of them shows, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }
}

/// One vector modality, resolved.
#[derive(Clone, Debug)]
pub struct VectorPlan {
    pub(in crate::scene) name: String,
    /// The stream of its noise.
    pub(in crate::scene) stream: StreamId,
    /// What each entry is, over the factors by their position in the scene.
    pub(in crate::scene) entries: Vec<Formula>,
    pub(in crate::scene) distortion: Distortion,
    pub(in crate::scene) shows: Vec<usize>,
}

impl VectorPlan {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of entries.
    #[must_use]
    pub fn length(&self) -> usize {
        self.entries.len()
    }

    /// The factors that it shows, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Makes a subject's vector in `out`, of [`VectorPlan::length`] numbers. `scratch` may hold
    /// anything.
    pub fn make(&self, subject: Subject, scratch: &mut Vec<f64>, out: &mut [f32]) {
        scratch.clear();
        scratch.extend(self.entries.iter().map(|entry| entry.value(subject.factors)));
        let mut noise = stream(subject.seed, subject.specimen, self.stream);
        self.distortion.apply(scratch, &mut noise, out);
    }
}
