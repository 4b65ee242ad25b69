//! In which modality the change of each factor can be seen.
//!
//! Some samples are rendered twice for every factor, with either value of its contrast and all else
//! as it naturally is, and met by the scene's disturbances. What differs can be seen.

use rayon::prelude::*;

use super::rendering::Slot;
use super::{Fate, Renderers, Stage, Subject, disturb_tokens};
use crate::causal::Interventions;
use crate::causal::exogenous::draw_rows;

/// The most samples that are rendered for each factor, and the least.
const SAMPLES: [usize; 2] = [8, 256];

/// Bytes that are rendered altogether, about.
const BYTES: usize = 400 << 20;

/// Where the change of one factor can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// The factor.
    pub factor: String,
    /// The modalities in which a slot is bound to it.
    pub seen: Vec<Seen>,
    /// Factors that depend on it and whose change is seen: by them a twin differs, too.
    pub through: Vec<String>,
}

/// How one modality shows the change of a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The modality.
    pub modality: String,
    /// The slots that are bound to the factor, styles with the range that they show where it isn't 0
    /// to 1; each with the reason why it can't show the contrast, where there is one.
    pub slots: Vec<(String, Option<&'static str>)>,
    /// Samples that differ from their twin.
    pub differing: usize,
    /// Samples that were rendered.
    pub samples: usize,
}

impl Seen {
    /// The share of samples that differ from their twin.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.differing as f64 / self.samples.max(1) as f64
    }
}

impl Sight {
    /// Why the factor itself can't be seen at all; `None` where some modality shows it.
    #[must_use]
    pub fn unseen(&self) -> Option<String> {
        if self.seen.iter().any(|seen| seen.differing > 0) {
            return None;
        }
        if self.seen.is_empty() {
            return Some("nothing is bound to it".to_owned());
        }
        let of_slot = |modality: &str, (slot, why): &(String, Option<&str>)| {
            let why = why.unwrap_or("the same with both values");
            format!("{slot} of {modality}: {why}")
        };
        let all = self
            .seen
            .iter()
            .flat_map(|seen| seen.slots.iter().map(move |slot| of_slot(&seen.modality, slot)));
        Some(all.collect::<Vec<_>>().join("; "))
    }
}

/// Where the change of every factor can be seen, in the order of the scene.
#[must_use]
pub fn visibility(stage: &Stage) -> Vec<Sight> {
    let names = stage.renderers.names();
    let mut sights: Vec<Sight> = stage.factors.iter().map(|f| sight(stage, &names, f)).collect();
    let samples = samples(stage);
    let scm = stage.scm();
    let width = scm.len().max(1);
    let mut rows = vec![0.0; samples * width];
    draw_rows(scm, stage.scene.seed, 0, &mut rows);
    let counts = rows
        .par_chunks_exact(width)
        .enumerate()
        .map(|(specimen, row)| {
            let mut values = vec![0.0; scm.len()];
            scm.propagate(row, &Interventions::none(), &mut values);
            let natural = stage.factors.iter().map(|f| values[f.node]).collect();
            differences(stage, &names, &sights, natural, specimen as u64)
        })
        .reduce(Vec::new, |one, other| {
            if one.is_empty() || other.is_empty() {
                return [one, other].concat();
            }
            one.iter().zip(other).map(|(a, b)| a + b).collect()
        });
    for (seen, differing) in sights.iter_mut().flat_map(|s| &mut s.seen).zip(counts) {
        (seen.differing, seen.samples) = (differing, samples);
    }
    let seen: Vec<bool> = sights.iter().map(|sight| sight.unseen().is_none()).collect();
    for (sight, factor) in sights.iter_mut().zip(&stage.factors) {
        if sight.unseen().is_some() {
            let below = scm.descendants(factor.node);
            let shown = stage.factors.iter().zip(&seen).filter(|(_, seen)| **seen);
            let through = shown.filter(|(other, _)| below.contains(&other.node));
            sight.through = through.map(|(other, _)| other.name.clone()).collect();
        }
    }
    sights
}

/// What is bound to a factor, before anything is rendered.
fn sight(stage: &Stage, names: &[&str], factor: &super::Factor) -> Sight {
    let bound = |slot: &&Slot| stage.factors[slot.factor].name == factor.name;
    let seen = names.iter().filter_map(|&name| {
        let slots = stage.renderers.slots.iter().filter(|slot| slot.modality == name);
        let slots: Vec<_> = slots
            .filter(bound)
            .map(|slot| (slot.label(), slot.hides(factor.absent, factor.present)))
            .collect();
        let modality = name.to_owned();
        (!slots.is_empty()).then_some(Seen { modality, slots, differing: 0, samples: 0 })
    });
    Sight { factor: factor.name.clone(), seen: seen.collect(), through: Vec::new() }
}

/// So many samples that it doesn't take long.
fn samples(stage: &Stage) -> usize {
    let all = &stage.renderers;
    let image = all.image.as_ref().map_or(0, |plan| plan.bytes());
    // A sample of a sound or an entry of a vector costs more than a byte of a picture.
    let sound = all.sound.as_ref().map_or(0, |plan| 16 * plan.samples());
    let vectors: usize = all.vectors.plans().iter().map(|plan| 32 * plan.length()).sum();
    let [least, most] = SAMPLES;
    (BYTES / ((image + sound + vectors).max(1) * stage.factors.len().max(1))).clamp(least, most)
}

/// 1 for every factor and modality in which a specimen differs from its twin, else 0.
fn differences(
    stage: &Stage,
    names: &[&str],
    sights: &[Sight],
    natural: Vec<f64>,
    specimen: u64,
) -> Vec<usize> {
    let mut show = Show::of(stage, names, specimen);
    let mut factors = natural;
    let mut differ: Vec<usize> = sights.iter().flat_map(|s| s.seen.iter().map(|_| 0)).collect();
    for (m, name) in names.iter().enumerate() {
        if !show.present[m] {
            continue;
        }
        let plain = show.render(m, &factors);
        let mut place = 0;
        for (f, sight) in sights.iter().enumerate() {
            for seen in &sight.seen {
                let hidden = seen.slots.iter().all(|(_, why)| why.is_some());
                if seen.modality == *name && !hidden {
                    let own = factors[f];
                    let mut with = |value: f64| {
                        factors[f] = value;
                        (value != own).then(|| show.render(m, &factors))
                    };
                    let [one, other] =
                        [stage.factors[f].absent, stage.factors[f].present].map(&mut with);
                    factors[f] = own;
                    let differs =
                        one.as_ref().unwrap_or(&plain) != other.as_ref().unwrap_or(&plain);
                    differ[place] = usize::from(differs);
                }
                place += 1;
            }
        }
    }
    differ
}

/// What one specimen shows.
struct Show<'a> {
    renderers: &'a Renderers,
    fate: Fate<'a>,
    present: Vec<bool>,
    sound: Option<(crate::modality::audio::Desk, crate::modality::audio::Scratch)>,
}

/// A rendered modality.
#[derive(PartialEq)]
enum Shown {
    Picture(Vec<u8>),
    Sound(Vec<i16>),
    Sentence(Vec<u16>),
    Vector(Vec<f32>),
}

impl<'a> Show<'a> {
    fn of(stage: &'a Stage, names: &[&str], specimen: u64) -> Self {
        let disturbances = &stage.scene.disturbances;
        let fate = Fate { disturbances, seed: stage.scene.seed, specimen };
        let renderers = &stage.renderers;
        let sound = renderers.sound.as_ref().map(|plan| (plan.desk(), plan.ear()));
        Self { renderers, fate, present: fate.presence(names), sound }
    }

    /// Renders the modality at this place among the names.
    fn render(&mut self, modality: usize, factors: &[f64]) -> Shown {
        let all = self.renderers;
        let (seed, specimen) = (self.fate.seed, self.fate.specimen);
        let subject = Subject { factors, seed, specimen };
        let mut place = modality;
        if let Some(plan) = &all.image {
            if place == 0 {
                let mut pixels = vec![0; plan.bytes()];
                plan.paint(subject, &mut pixels);
                plan.disturb(self.fate, &mut pixels);
                return Shown::Picture(pixels);
            }
            place -= 1;
        }
        if let (Some(plan), Some((desk, ear))) = (&all.sound, &mut self.sound) {
            if place == 0 {
                let mut samples = vec![0; plan.samples()];
                plan.synthesise(subject, desk, &mut samples);
                plan.disturb(self.fate, ear, &mut samples, &mut []);
                return Shown::Sound(samples);
            }
            place -= 1;
        }
        if let Some(plan) = &all.text {
            if place == 0 {
                let mut tokens = Vec::new();
                plan.compose(subject, &mut tokens);
                disturb_tokens(self.fate, &mut tokens);
                return Shown::Sentence(tokens);
            }
            place -= 1;
        }
        let plans = all.vectors.plans();
        let mut vectors: Vec<Vec<f32>> = plans.iter().map(|p| vec![0.0; p.length()]).collect();
        plans[place].make(subject, &mut Vec::new(), &mut vectors[place]);
        all.vectors.disturb(self.fate, &mut vectors);
        Shown::Vector(vectors.swap_remove(place))
    }
}
