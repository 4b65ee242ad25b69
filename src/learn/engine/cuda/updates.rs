//! Updates as they come and go: a batch is brought while another is learned from.

use std::sync::PoisonError;

use super::super::super::learner::{Accelerated, StepLosses};
use super::super::super::loss::{Term, report};
use super::super::super::strata::Strata;
use super::super::super::{Batch, LearnError};
use super::device::Device;
use super::draft::{Placed, Purpose};
use super::held::Held;
use super::learner::OnCard;
use super::network::{PROGRESS, TERMS_AT};
use super::program::Region;
use super::sessions::pack;
use crate::scene::training::{Objective, Training};

/// An error for more specimens than the kernels count.
///
/// # Errors
/// [`LearnError::Setting`].
pub fn counted(placed: &Placed, rows: usize) -> Result<(), LearnError> {
    let widest =
        placed.shape.slots.iter().max().map_or(1, |slot| slot * placed.shape.features.len());
    if 2 * rows * widest < i32::MAX as usize {
        return Ok(());
    }
    Err(LearnError::Setting {
        setting: "the number of specimens on a GPU".into(),
        found: rows.to_string(),
        remedy: "take smaller batches",
    })
}

/// The losses of an update from the words that the card keeps of it.
fn losses_of(training: &Training, read: &[u32], step: usize) -> Result<StepLosses, LearnError> {
    let term = |i: usize| read.get(TERMS_AT + i).map_or(f32::NAN, |&word| f32::from_bits(word));
    let mut terms = vec![(Term::Sufficiency, term(0))];
    match training.objective {
        Objective::C3rTwin => {
            terms.extend([(Term::Twin, term(4)), (Term::Consistency, term(5))]);
        }
        Objective::C3r | Objective::C3rLiteral => {
            terms.extend([
                (Term::Necessity, term(1)),
                (Term::Instrument, term(2)),
                (Term::Divergence, term(3)),
            ]);
        }
        // `C3rDiscount` is refused before it comes here.
        Objective::Erm | Objective::C3rDiscount | Objective::C3rAdjust => {}
    }
    report(&terms, term(7), f64::from(term(6)), step)
}

impl<D: Device> OnCard<D> {
    /// Stages a batch and begins to run what `purpose` asks for.
    pub(super) fn start(
        &mut self,
        purpose: Purpose,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<(), LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        counted(&self.placed, batch.rows)?;
        let mut batches = vec![batch];
        if self.plan.training.objective.needs_twins() {
            batches.push(self.plan.twins_of(batch, twin)?);
        }
        let companion = self.companion();
        let words = self.told_words();
        let Self { plan, placed, card, .. } = self;
        let card = card.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Held { device, sessions, models, begun, next, last, launches, .. } = card;
        // A third batch waits for the first.
        if begun.len() > 1
            && let Some((slot, read)) = begun.iter_mut().find(|(slot, _)| slot == next)
            && read.is_none()
        {
            *read = Some(device.results(*slot)?);
        }
        let wanted = (&*plan, &*placed, companion);
        let session = sessions.of(device, wanted, *models, purpose, batch.rows)?;
        let (address, routine) = session.lane(*next);
        let input = &session.draft.input;
        let modalities = &placed.shape.modalities;
        device.stage(*next, address, input.words, &mut |out| {
            pack(input, modalities, &batches, out);
        })?;
        let progress = session.address(placed.model(Region::Model).progress());
        device.run(routine, *next, (progress, words))?;
        begun.push_back((*next, None));
        *last = (purpose == Purpose::Update).then_some((routine, *next));
        *launches = session.draft.program.steps.len();
        *next = 1 - *next;
        Ok(())
    }

    /// Words that are read after an update: the progress, and the counts of strata where there are any.
    fn told_words(&self) -> usize {
        let strata = self.companion().map_or(0, |_| self.plan.classes.pow(2));
        PROGRESS + strata
    }

    /// Keeps the strata from the words that were read after an update.
    fn keep_strata(&mut self, read: &[u32]) {
        let counts = read.get(PROGRESS..).filter(|counts| !counts.is_empty());
        self.strata = counts.map(|counts| Strata::counted(counts.to_vec(), self.plan.classes));
    }

    /// The losses of the update that was begun first.
    pub(super) fn end(&mut self, counts: bool) -> Result<StepLosses, LearnError> {
        let (training, step) = (self.plan.training.clone(), self.steps + 1);
        let progress = self.placed.model(Region::Model).progress();
        let card = self.card.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some((slot, read)) = card.begun.pop_front() else {
            return Err(LearnError::Setting {
                setting: "the update to finish".into(),
                found: "none".into(),
                remedy: "begin one first",
            });
        };
        let read = match read {
            Some(read) => read,
            None => card.device.results(slot)?,
        };
        let losses = losses_of(&training, &read, step);
        if losses.is_err() {
            // The card has made no update since; what was begun behind this one is dropped.
            card.begun.clear();
            card.device.synchronise()?;
            card.device.write(card.models[0] + 4 * (progress.at as u64 + 1), &[0])?;
            return losses;
        }
        if counts {
            self.steps += 1;
        }
        self.keep_strata(&read);
        losses
    }
}

impl<D: Device> Accelerated for OnCard<D> {
    fn device(&self) -> String {
        self.card().device.name()
    }

    fn launches(&self) -> usize {
        self.card().launches
    }

    fn begin(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<(), LearnError> {
        self.start(Purpose::Update, batch, twin)
    }

    fn finish(&mut self) -> Result<StepLosses, LearnError> {
        self.end(true)
    }

    fn repeat(&mut self, updates: usize) -> Result<StepLosses, LearnError> {
        let nothing = || LearnError::Setting {
            setting: "the update to repeat".into(),
            found: "none".into(),
            remedy: "make one first",
        };
        let (training, step) = (self.plan.training.clone(), self.steps + updates);
        let (progress, told) = (self.placed.model(Region::Model).progress(), self.told_words());
        let card = self.card.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (address, (routine, slot)) = (
            card.models[0] + 4 * progress.at as u64,
            card.last.filter(|(last, _)| card.sessions.has(*last)).ok_or_else(nothing)?,
        );
        for left in (0..updates).rev() {
            let words = if left == 0 { told } else { 0 };
            card.device.run(routine, slot, (address, words))?;
        }
        let read = card.device.results(slot)?;
        self.steps = read.first().map_or(step, |&steps| steps as usize);
        let losses = losses_of(&training, &read, step);
        if losses.is_err() {
            card.device.write(address + 4, &[0])?;
        } else {
            self.keep_strata(&read);
        }
        losses
    }
}
