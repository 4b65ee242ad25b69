//! What comes before an update: the phase it is in, what the method is shown, elections.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::super::Batch;
use super::super::device::LearnDevice;
use super::super::hidden::Hidden;
use super::super::learner::Logits;
use super::super::method::{Dice, Method, Phase, Showing};
use super::super::tape::SharedTape;
use super::Trainer;
use crate::causal::noise::{NoiseStream, StreamId, stream};

/// The stream of what is hidden while a method learns.
const SHOWING: StreamId = StreamId::of("learn:showing");

impl<D: LearnDevice, M: Method<D>> Trainer<D, M> {
    /// The share of the updates that are done.
    pub(super) fn progress(&self) -> f32 {
        self.progress_after(self.steps)
    }

    /// The share that so many updates are.
    pub(super) fn progress_after(&self, updates: usize) -> f32 {
        updates as f32 / self.plan.training.steps.max(1) as f32
    }

    /// Begins the next update: a new phase has an Adam of its own, and there may be an election.
    pub(super) fn begin(&mut self, batch: &Batch) -> Result<(), D::Err> {
        let phase = M::phase(self.progress());
        if phase != self.phase {
            self.phase = phase;
            self.adam_steps = 0;
            self.model.hold(phase == Phase::Probe);
            for parameter in self.model.parameters_mut() {
                parameter.forget()?;
            }
        }
        if M::elects(self.steps, self.plan.training.steps) {
            let alone = self.alone(batch)?;
            self.model.method_mut().elect(&alone);
            if let Some(mean) = &mut self.mean {
                mean.method_mut().elect(&alone);
            }
        }
        Ok(())
    }

    /// Which modalities are hidden in the next update, of so many specimens.
    pub(super) fn hidden(&self, rows: usize) -> Hidden {
        let modalities = self.plan.inputs.len();
        let mut random = stream(self.seed, self.steps as u64, SHOWING);
        match M::showing(self.progress()) {
            Showing::All => Hidden::default(),
            Showing::RandomSubset => {
                let mut hidden = vec![false; modalities];
                let shown = random.random_range(1..=modalities);
                let mut order: Vec<usize> = (0..modalities).collect();
                order.shuffle(&mut random);
                order[shown..].iter().for_each(|&modality| hidden[modality] = true);
                Hidden::alike(hidden)
            }
            Showing::AnySubset => Hidden::alike(but_all(modalities, &mut random)),
            Showing::AnySubsetEach => {
                let rows = (0..rows).flat_map(|_| but_all(modalities, &mut random));
                Hidden::each(modalities, rows.collect())
            }
        }
    }

    /// How well each modality alone judges the specimens of a batch that have it.
    fn alone(&self, batch: &Batch) -> Result<Vec<Dice>, D::Err> {
        let (inputs, modalities) = (self.staging.upload(batch)?, batch.inputs.len());
        let judge = |&modality: &usize| {
            let hidden = Hidden::alike((0..modalities).map(|other| other != modality).collect());
            let pass = self.model.forward(&inputs, &[batch], &hidden, &SharedTape::off())?;
            let has = |row: &usize| {
                batch.present.get(row * modalities + modality).copied().unwrap_or(true)
            };
            Ok(dice(&self.host(pass.joint.answer()), &batch.labels, has))
        };
        self.model.modalities().iter().map(judge).collect()
    }
}

/// Each of so many with chance 1/2, drawn again where it would be all.
fn but_all(count: usize, random: &mut NoiseStream) -> Vec<bool> {
    loop {
        let chosen: Vec<bool> = (0..count).map(|_| random.random()).collect();
        if chosen.contains(&false) {
            return chosen;
        }
    }
}

/// The Dice coefficient of each class over the specimens that `counts` names.
fn dice(logits: &Logits, labels: &[usize], counts: impl Fn(&usize) -> bool) -> Dice {
    let mut found = vec![[0_usize; 2]; logits.classes];
    for row in (0..logits.rows).filter(counts) {
        let (verdict, label) = (logits.verdict(row), labels[row]);
        found[label][0] += 2 * usize::from(verdict == label);
        found[label][1] += 1;
        found[verdict][1] += 1;
    }
    found.into_iter().map(|[right, all]| right as f64 / all.max(1) as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_always_names_one_class_does_not_win_it() {
        let always = Logits { rows: 4, classes: 2, values: [1.0, 0.0].repeat(4) };
        let labels = [0, 0, 1, 1];
        assert_eq!(dice(&always, &labels, |_| true), [4.0 / 6.0, 0.0]);
        assert_eq!(dice(&always, &labels, |&row| row < 2), [1.0, 0.0]);
        assert_eq!(dice(&always, &labels, |_| false), [0.0, 0.0]);
    }
}
