//! The learner whose updates a card computes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::super::checkpoint::Checkpoint;
use super::super::super::decision::Decision;
use super::super::super::learner::{
    Accelerated, Counterfactual, Learner, Logits, Representation, StepLosses,
};
use super::super::super::parameter::NamedParameter;
use super::super::super::plan::Plan;
use super::super::super::strata::Strata;
use super::super::super::twin_network::CounterfactualKind;
use super::super::super::{Batch, LearnError};
use super::super::block::cut;
use super::super::companion::companion_rate;
use super::super::fused::reach;
use super::super::head::{Head, weight_of};
use super::super::imagine::imagine;
use super::super::refuse;
use super::super::store::{Entry, Store};
use super::device::{Device, LOOK};
use super::draft::{Placed, Purpose};
use super::held::Held;
use super::network::MOST_CLASSES;
use super::program::Region;
use super::sessions::pack;
use super::updates::counted;
use crate::scene::training::{Objective, Training};

/// The most classes and modalities that the kernels have room for.
const MOST: [usize; 2] = [MOST_CLASSES, 8];

/// A model in training on a card.
pub struct OnCard<D> {
    pub(super) plan: Plan,
    pub(super) placed: Placed,
    seed: u64,
    pub(super) steps: usize,
    /// Of `c3r-adjust` alone: the strata of the last batch.
    pub(super) strata: Option<Strata>,
    pub(super) card: Mutex<Held<D>>,
}

/// Whether there are kernels for an objective.
const fn knows(objective: Objective) -> bool {
    match objective {
        Objective::Erm
        | Objective::C3r
        | Objective::C3rLiteral
        | Objective::C3rAdjust
        | Objective::C3rTwin => true,
        Objective::C3rDiscount => false,
    }
}

/// The objectives that there are kernels for.
pub(super) fn known() -> impl Iterator<Item = Objective> {
    Objective::ALL.into_iter().filter(|&objective| knows(objective))
}

/// An error for what there are no kernels for, or what they have no room for.
fn fits(plan: &Plan, placed: &Placed) -> Result<(), LearnError> {
    let objective = plan.training.objective;
    if !knows(objective) {
        return Err(LearnError::Setting {
            setting: "the objective on a GPU".into(),
            found: objective.name().into(),
            remedy: "there are no kernels for it yet; take --device cpu",
        });
    }
    let found = [plan.classes, placed.shape.features.len()];
    for ((found, most), what) in found.iter().zip(MOST).zip(["classes", "modalities"]) {
        if *found > most {
            return Err(LearnError::Setting {
                setting: format!("the number of {what} on a GPU"),
                found: found.to_string(),
                remedy: "it takes 32 classes and 8 modalities at most; take --device cpu",
            });
        }
    }
    Ok(())
}

impl<D: Device> OnCard<D> {
    /// A learner on `device` whose parameters come from `seed`, or from `checkpoint` where there is
    /// one.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a plan that the engine can't follow, the checkpoint's, or the
    /// device's.
    pub fn new(
        device: D,
        plan: Plan,
        seed: u64,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, LearnError> {
        refuse(&plan.training)?;
        let placed = Placed::of(&plan);
        fits(&plan, &placed)?;
        let mut store = Store::new(placed.shape.entries.clone(), seed);
        if let Some(checkpoint) = checkpoint {
            store.restore(checkpoint)?;
        }
        let mut stores = vec![store];
        if plan.training.objective.adjusts() {
            stores.push(Store::new(placed.shape.entries.clone(), seed.wrapping_add(1)));
        }
        let mut card = Held::new(device, stores);
        card.upload(&placed, 0)?;
        Ok(Self { plan, placed, seed, steps: 0, strata: None, card: Mutex::new(card) })
    }

    /// The card. Another thread that panicked with it leaves words on it that are still words.
    pub(super) fn card(&self) -> MutexGuard<'_, Held<D>> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn companion(&self) -> Option<f64> {
        companion_rate(&self.plan.training)
    }

    /// The losses of a batch and the gradient of every parameter; the parameters stay as they are.
    ///
    /// # Errors
    /// As [`Learner::update`].
    pub fn gradients(
        &mut self,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<(StepLosses, Vec<NamedParameter>), LearnError> {
        self.start(Purpose::Gradients, batch, twin)?;
        let losses = self.end(false)?;
        let place = self.placed.model(Region::Model).gradient(0);
        let found = self.card().gather(&self.placed, 0, place)?;
        Ok((losses, self.named(&found)))
    }

    fn named(&self, values: &[f32]) -> Vec<NamedParameter> {
        let named = |entry: &Entry| NamedParameter {
            name: entry.name.clone(),
            shape: entry.shape.clone(),
            values: values[entry.start..][..entry.count()].to_vec(),
        };
        self.placed.shape.entries.iter().map(named).collect()
    }

    /// What the network makes of a batch, and its parameters.
    fn look(&self, batch: &Batch) -> Result<(Seen, Vec<f32>), LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        let (placed, rows) = (&self.placed, batch.rows);
        counted(placed, rows)?;
        let shape = &placed.shape;
        let mut card = self.card();
        let Held { device, sessions, models, .. } = &mut *card;
        let wanted = (&self.plan, placed, self.companion());
        let session = sessions.of(device, wanted, *models, Purpose::Look, rows)?;
        let (address, routine) = session.lane(LOOK);
        let input = &session.draft.input;
        device.stage(LOOK, address, input.words, &mut |out| {
            pack(input, &shape.modalities, &[batch], out);
        })?;
        device.run(routine, LOOK, (0, 0))?;
        let mut read = |place, width: usize| {
            let mut words = vec![0; rows * width];
            device.read(session.address(place), &mut words)?;
            Ok::<_, LearnError>(words.into_iter().map(f32::from_bits).collect::<Vec<f32>>())
        };
        let values = &session.draft.values;
        let (z, logits) = (read(values.z, shape.width())?, read(values.logits, shape.classes())?);
        let v = session.draft.v.map(|v| read(v, shape.width())).transpose()?;
        let parameters = card.gather(placed, 0, placed.model(Region::Model).value(0))?;
        let logits = Logits { rows, classes: self.plan.classes, values: logits };
        Ok((Seen { z, logits, v: v.unwrap_or_default() }, parameters))
    }
}

/// What a network made of a batch.
struct Seen {
    z: Vec<f32>,
    logits: Logits,
    v: Vec<f32>,
}

impl<D: Device> Learner for OnCard<D> {
    fn update(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError> {
        self.begin(batch, twin)?;
        // Updates that were begun before end first.
        loop {
            let losses = self.finish()?;
            if self.card().begun.is_empty() {
                return Ok(losses);
            }
        }
    }

    fn decisions(&self) -> Vec<Decision> {
        self.strata.as_ref().map(Strata::decisions).unwrap_or_default()
    }

    fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        let plan = self.plan.retuned(training)?;
        refuse(training)?;
        let placed = Placed::of(&plan);
        fits(&plan, &placed)?;
        let seed = self.seed;
        let card = self.card.get_mut().unwrap_or_else(PoisonError::into_inner);
        card.withdraw(&self.placed)?;
        let entries = &placed.shape.entries;
        match (training.objective.adjusts(), card.stores.len()) {
            (true, 1) => card.stores.push(Store::new(entries.clone(), seed.wrapping_add(1))),
            (false, _) => card.stores.truncate(1),
            (true, _) => {}
        }
        card.stores.iter_mut().for_each(|store| store.hold(entries.clone(), seed));
        card.upload(&placed, self.steps)?;
        (self.plan, self.placed, self.strata) = (plan, placed, None);
        Ok(())
    }

    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        Ok(self.look(batch)?.0.logits)
    }

    fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        let (seen, values) = self.look(batch)?;
        let shape = &self.placed.shape;
        let mut head = Head::default();
        head.read(shape, &values);
        let mut found = Counterfactual { real: seen.logits, ..Counterfactual::default() };
        found.hypothetical = Logits { values: Vec::new(), ..found.real.clone() };
        // The steps of the processor's engine are in its blocks.
        let mut blocks = Vec::new();
        cut(&mut blocks, shape, batch.rows, 1, false);
        for own in &mut blocks {
            for (slot, values) in [(shape.z, &seen.z), (shape.logits, &found.real.values)] {
                let width = shape.slots[slot];
                let rows = &values[own.first * width..][..own.rows * width];
                own.values[slot].copy_from_slice(rows);
            }
        }
        let reach = reach(kind, shape, &mut blocks);
        for own in &mut blocks {
            imagine(shape, &head, reach, own.labels(batch), own, &mut found);
        }
        Ok(found)
    }

    fn representation(&self, batch: &Batch) -> Result<Representation, LearnError> {
        let (seen, values) = self.look(batch)?;
        let shape = &self.placed.shape;
        Ok(Representation {
            rows: batch.rows,
            width: shape.width(),
            values: seen.z,
            logits: seen.logits,
            weight: weight_of(shape, &values),
            instrument: seen.v,
        })
    }

    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError> {
        let place = self.placed.model(Region::Model).value(0);
        let values = self.card().gather(&self.placed, 0, place)?;
        Ok(self.named(&values))
    }

    fn accelerated(&mut self) -> Option<&mut dyn Accelerated> {
        Some(self)
    }
}
