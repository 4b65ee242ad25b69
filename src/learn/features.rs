//! The features of a batch: one matrix per modality, and which of them there are.

use dfdx::prelude::{HasShape, PutTape, SplitTape, TryAdd, TryMul};

use super::Batch;
use super::device::LearnDevice;
use super::hidden::Hidden;
use super::ops::{scale_rows, stacked_sum};
use super::sequence::Tokens;
use super::tape::{Matrix, Rows, SharedTape, Var};

/// The features h of every modality that a method uses, rows x width each.
pub struct Features<D: LearnDevice> {
    /// One matrix per modality.
    pub h: Vec<Var<D>>,
    /// The tokens that they are made of, for methods whose encoders make some: one set per
    /// modality, or none at all.
    pub tokens: Vec<Tokens<D>>,
    /// What a method keeps of every modality beside them; empty for most.
    pub beside: Vec<Var<D>>,
    /// The numbers of every modality as they were given, rows x width each, for methods that
    /// [reconstruct](super::method::Method::RECONSTRUCTS) them; empty for the others.
    pub originals: Vec<Matrix<D>>,
    /// As `marks`, of what specimens have, whether it's shown or not.
    had: Option<Vec<Vec<f32>>>,
    /// For each modality 1 where a specimen has it and 0 where not; none where all have all.
    marks: Option<Vec<Vec<f32>>>,
    device: D,
}

impl<D: LearnDevice> Features<D> {
    /// Features that every specimen has.
    pub fn all(device: &D, h: Vec<Var<D>>) -> Self {
        let (tokens, beside, originals) = (Vec::new(), Vec::new(), Vec::new());
        let device = device.clone();
        Self { h, tokens, beside, originals, had: None, marks: None, device }
    }

    /// The same features and the tokens that they are made of.
    #[must_use]
    pub fn made_of(self, tokens: Vec<Tokens<D>>) -> Self {
        Self { tokens, ..self }
    }

    /// Other features in the place of h, all else as it is.
    #[must_use]
    pub fn refined(self, h: Vec<Var<D>>) -> Self {
        Self { h, ..self }
    }

    /// The same features and what they were made from.
    #[must_use]
    pub fn made_from(self, originals: Vec<Matrix<D>>) -> Self {
        Self { originals, ..self }
    }

    /// Features of the batches under one another, of which those that a specimen lacks aren't
    /// there, and those that `hidden` names are taken away from every specimen that has another
    /// one. `modalities` are the places of the features' modalities among the inputs.
    #[must_use]
    pub fn shown(self, modalities: &[usize], batches: &[&Batch], hidden: &Hidden) -> Self {
        let all = batches.iter().all(|batch| batch.present.is_empty());
        if all && !hidden.any() {
            return self;
        }
        let mut marks = vec![Vec::new(); modalities.len()];
        let mut had = marks.clone();
        for batch in batches {
            let count = batch.inputs.len();
            for row in 0..batch.rows {
                let there = |m: usize| batch.present.get(row * count + m).copied().unwrap_or(true);
                let left = |m: usize| there(m) && !hidden.hides(row, m);
                let any = modalities.iter().any(|&m| left(m));
                for ((marks, had), &m) in marks.iter_mut().zip(&mut had).zip(modalities) {
                    let shown = if any { left(m) } else { there(m) };
                    marks.push(f32::from(u8::from(shown)));
                    had.push(f32::from(u8::from(there(m))));
                }
            }
        }
        Self { marks: Some(marks), had: Some(had), ..self }
    }

    /// Rows of every matrix.
    pub fn rows(&self) -> usize {
        self.h[0].shape().0
    }

    /// The device that they are on.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// For each specimen 1 where it has a modality and 0 where not; none where all have all.
    #[must_use]
    pub fn marks(&self, modality: usize) -> Option<&[f32]> {
        self.marks.as_ref().map(|marks| marks[modality].as_slice())
    }

    /// The same of what it has, hidden or not.
    #[must_use]
    pub fn had(&self, modality: usize) -> Option<&[f32]> {
        self.had.as_ref().map(|had| had[modality].as_slice())
    }

    /// The tokens, of which those of a modality that a specimen lacks aren't there.
    #[must_use]
    pub fn shown_tokens(&self) -> Vec<Tokens<D>> {
        let shown = |(modality, tokens): (usize, &Tokens<D>)| {
            let there = tokens.marks.clone();
            let marks = self.marks(modality).map_or(there.clone(), |marks| {
                let mut all = there.unwrap_or_else(|| vec![1.0; marks.len() * tokens.length]);
                let specimens = all.chunks_exact_mut(tokens.length).zip(marks);
                specimens.for_each(|(all, mark)| all.iter_mut().for_each(|there| *there *= mark));
                Some(all)
            });
            Tokens { x: tokens.x.clone(), length: tokens.length, marks }
        };
        self.tokens.iter().enumerate().map(shown).collect()
    }

    /// How many modalities each specimen has; none where all have all.
    fn counts(&self) -> Option<Vec<f32>> {
        let marks = self.marks.as_ref()?;
        Some((0..self.rows()).map(|row| marks.iter().map(|m| m[row]).sum::<f32>()).collect())
    }

    /// What part each modality has in every specimen, rows per modality: 1 over how many the specimen
    /// has, and 0 where it lacks the modality.
    #[must_use]
    pub fn shares(&self) -> Vec<Vec<f32>> {
        let (all, counts) = (self.h.len(), self.counts());
        let share = |modality: usize, row: usize| match (self.marks(modality), &counts) {
            (Some(marks), Some(counts)) => marks[row] / counts[row].max(1.0),
            _ => 1.0 / all as f32,
        };
        (0..all).map(|m| (0..self.rows()).map(|row| share(m, row)).collect()).collect()
    }

    /// A constant number per row.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn constant(&self, values: Vec<f32>) -> Result<Rows<D>, D::Err> {
        let rows = values.len();
        Ok(self.device.try_tensor_from_vec(values, (rows,))?.put_tape(SharedTape::off()))
    }

    /// `values`, one matrix per modality, with zeros for specimens that lack it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn masked(&self, values: Vec<Var<D>>) -> Result<Vec<Var<D>>, D::Err> {
        let Some(marks) = &self.marks else { return Ok(values) };
        let pairs = values.into_iter().zip(marks);
        pairs.map(|(value, marks)| scale_rows(value, self.constant(marks.clone())?)).collect()
    }

    /// The same, every specimen's multiplied by how many modalities there are over how many it has:
    /// their sum over all modalities is then as large as if none were missing.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn evened(&self, values: Vec<Var<D>>) -> Result<Vec<Var<D>>, D::Err> {
        let Some(counts) = self.counts() else { return Ok(values) };
        let all = values.len() as f32;
        let factors: Vec<f32> = counts.iter().map(|count| all / count.max(1.0)).collect();
        let masked = self.masked(values)?;
        masked.into_iter().map(|v| scale_rows(v, self.constant(factors.clone())?)).collect()
    }

    /// The mean over the modalities that each specimen has, of one matrix per modality and at least
    /// one; zeros where it has none.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn mean(&self, values: Vec<Var<D>>) -> Result<Var<D>, D::Err> {
        let share = 1.0 / values.len() as f32;
        stacked_sum(self.evened(values)?)?.try_mul(share)
    }

    /// `values`, one matrix per modality, with the mean over those that a specimen has in the place
    /// of each that it lacks.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn filled(&self, values: Vec<Var<D>>) -> Result<Vec<Var<D>>, D::Err> {
        let Some(marks) = &self.marks else { return Ok(values) };
        let mean = self.mean(values.clone())?;
        let pairs = self.masked(values)?.into_iter().zip(marks);
        let fill = |(value, marks): (Var<D>, &Vec<f32>)| {
            let lacking = marks.iter().map(|mark| 1.0 - mark).collect();
            value.try_add(scale_rows(mean.clone(), self.constant(lacking)?)?)
        };
        pairs.map(fill).collect()
    }

    /// `targets`, a row of class weights per specimen, with zeros for those that lack a modality.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn targets_of(&self, modality: usize, targets: &Matrix<D>) -> Result<Matrix<D>, D::Err> {
        self.counted(self.marks(modality), targets)
    }

    /// The same, where a specimen has the modality also if that is hidden.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn targets_of_having(
        &self,
        modality: usize,
        targets: &Matrix<D>,
    ) -> Result<Matrix<D>, D::Err> {
        self.counted(self.had(modality), targets)
    }

    fn counted(&self, marks: Option<&[f32]>, targets: &Matrix<D>) -> Result<Matrix<D>, D::Err> {
        let Some(marks) = marks else { return Ok(targets.clone()) };
        let targets = targets.clone().put_tape(SharedTape::off());
        Ok(scale_rows(targets, self.constant(marks.to_vec())?)?.split_tape().0)
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::Input;
    use crate::learn::ops::upload;

    fn batch(present: Vec<bool>) -> Batch {
        let inputs = vec![Input::of(vec![0.0; 2]); 2];
        Batch { rows: 2, inputs, labels: vec![0, 1], present }
    }

    fn features(present: Vec<bool>, hidden: &[bool]) -> Features<Cpu> {
        let hidden = Hidden::alike(hidden.to_vec());
        let device = Cpu::default();
        let h = [1.0, 3.0].map(|x| {
            upload(&device, (2, 1), vec![x, 10.0 * x]).unwrap().put_tape(SharedTape::off())
        });
        Features::all(&device, h.to_vec()).shown(&[0, 1], &[&batch(present)], &hidden)
    }

    fn mean(features: &Features<Cpu>) -> Vec<f32> {
        features.mean(features.h.clone()).unwrap().as_vec()
    }

    #[test]
    fn a_mean_is_over_what_a_specimen_has() {
        assert_eq!(mean(&features(vec![], &[])), [2.0, 20.0]);
        let some = features(vec![true, false, true, true], &[]);
        assert_eq!(mean(&some), [1.0, 20.0]);
        assert_eq!(some.masked(some.h.clone()).unwrap()[1].as_vec(), [0.0, 30.0]);
        assert_eq!(some.filled(some.h.clone()).unwrap()[1].as_vec(), [1.0, 30.0]);
        assert_eq!(some.shares(), [[1.0, 0.5], [0.0, 0.5]]);
        let none = features(vec![false, false, true, true], &[]);
        assert_eq!(none.shares(), [[0.0, 0.5], [0.0, 0.5]]);
        assert_eq!(mean(&none), [0.0, 20.0]);
    }

    #[test]
    fn what_is_hidden_is_missing_unless_it_is_all_there_is() {
        assert_eq!(mean(&features(vec![], &[true, false])), [3.0, 30.0]);
        let only = features(vec![true, false, true, true], &[true, false]);
        assert_eq!(mean(&only), [1.0, 30.0]);
        assert_eq!(only.marks(0), Some([1.0, 0.0].as_slice()));
        assert_eq!(only.had(0), Some([1.0, 1.0].as_slice()));
        assert_eq!(only.had(1), Some([0.0, 1.0].as_slice()));
    }
}
