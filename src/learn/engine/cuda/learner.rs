//! The learner whose updates a card computes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::super::checkpoint::Checkpoint;
use super::super::super::learner::{
    Accelerated, Counterfactual, Learner, Logits, Representation, StepLosses,
};
use super::super::super::loss::{Term, report};
use super::super::super::parameter::NamedParameter;
use super::super::super::plan::Plan;
use super::super::super::twin_network::CounterfactualKind;
use super::super::super::{Batch, LearnError};
use super::super::block::cut;
use super::super::fused::{companion_rate, reach};
use super::super::head::{Head, weight_of};
use super::super::imagine::imagine;
use super::super::refuse;
use super::super::store::Store;
use super::device::{Device, LOOK, Routine};
use super::draft::{Placed, Purpose};
use super::network::{PROGRESS, TERMS_AT};
use super::program::{Place, Region};
use super::sessions::{Sessions, pack};
use crate::scene::training::{Objective, Training};

/// The most classes and modalities that the kernels have room for.
const MOST: [usize; 2] = [32, 8];

/// A model in training on a card.
pub struct OnCard<D> {
    plan: Plan,
    placed: Placed,
    seed: u64,
    steps: usize,
    card: Mutex<Card<D>>,
}

/// What a look at the model needs as well, behind a lock.
struct Card<D> {
    device: D,
    /// The model and its companion.
    stores: Vec<Store>,
    models: [u64; 2],
    sessions: Sessions,
    /// Updates that were begun: their slots, and what was read after them once it was waited for.
    begun: VecDeque<(usize, Option<Vec<u32>>)>,
    next: usize,
    /// The last update, and the slot of its batch.
    last: Option<(Routine, usize)>,
    launches: usize,
}

/// An error for what the kernels have no room for.
fn fits(plan: &Plan, placed: &Placed) -> Result<(), LearnError> {
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

/// An error for more specimens than the kernels count.
fn counted(placed: &Placed, rows: usize) -> Result<(), LearnError> {
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
        if plan.training.objective == Objective::C3rAdjust {
            stores.push(Store::new(placed.shape.entries.clone(), seed.wrapping_add(1)));
        }
        let mut card = Card {
            device,
            stores,
            models: [0; 2],
            sessions: Sessions::default(),
            begun: VecDeque::new(),
            next: 0,
            last: None,
            launches: 0,
        };
        card.upload(&placed, 0)?;
        Ok(Self { plan, placed, seed, steps: 0, card: Mutex::new(card) })
    }

    /// The card. Another thread that panicked with it leaves words on it that are still words.
    fn card(&self) -> MutexGuard<'_, Card<D>> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn companion(&self) -> Option<f64> {
        companion_rate(&self.plan.training)
    }

    /// Stages a batch and begins to run what `purpose` asks for.
    fn start(
        &mut self,
        purpose: Purpose,
        batch: &Batch,
        twin: Option<&Batch>,
    ) -> Result<(), LearnError> {
        batch.check(&self.plan.inputs, self.plan.classes)?;
        counted(&self.placed, batch.rows)?;
        let batches = match self.plan.training.objective {
            Objective::C3rTwin => vec![batch, self.plan.twins_of(batch, twin)?],
            _ => vec![batch],
        };
        let companion = self.companion();
        let Self { plan, placed, card, .. } = self;
        let card = card.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Card { device, sessions, models, begun, next, last, launches, .. } = card;
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
        device.run(routine, *next, (progress, PROGRESS))?;
        begun.push_back((*next, None));
        *last = (purpose == Purpose::Update).then_some((routine, *next));
        *launches = session.draft.program.steps.len();
        *next = 1 - *next;
        Ok(())
    }

    /// The losses of the update that was begun first.
    fn end(&mut self, counts: bool) -> Result<StepLosses, LearnError> {
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
        } else if counts {
            self.steps += 1;
        }
        losses
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
        let named = |entry: &super::super::store::Entry| NamedParameter {
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
        let Card { device, sessions, models, .. } = &mut *card;
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

impl<D: Device> Card<D> {
    /// Brings the parameters and moments of all models to the card, which has made `steps` updates.
    fn upload(&mut self, placed: &Placed, steps: usize) -> Result<(), LearnError> {
        let regions = [Region::Model, Region::Companion];
        for (i, (store, region)) in self.stores.iter().zip(regions).enumerate() {
            let model = placed.model(region);
            let mut bases = [0; super::program::REGIONS];
            self.models[i] = self.device.allocate(model.words())?;
            bases[region as usize] = self.models[i];
            let [first, second] = model.moments();
            let [one, other] = &store.moments;
            for (place, values) in [(model.value(0), &store.values), (first, one), (second, other)]
            {
                let values = placed.arrangement.spread(&placed.shape, values);
                self.device.write(place.address(&bases), bytemuck::cast_slice(&values))?;
            }
            let step = u32::try_from(steps).unwrap_or(u32::MAX);
            self.device.write(model.progress().address(&bases), &[step])?;
        }
        Ok(())
    }

    /// Numbers that lie on the card as the parameters do, in the order of the network.
    fn gather(
        &mut self,
        placed: &Placed,
        model: usize,
        place: Place,
    ) -> Result<Vec<f32>, LearnError> {
        let mut words = vec![0; placed.arrangement.words];
        self.device.read(self.models[model] + 4 * place.at as u64, &mut words)?;
        let values: Vec<f32> = words.into_iter().map(f32::from_bits).collect();
        Ok(placed.arrangement.gather(&placed.shape, &values))
    }

    /// Takes parameters and moments back, and gives up all memory on the card.
    fn withdraw(&mut self, placed: &Placed) -> Result<(), LearnError> {
        self.begun.clear();
        self.last = None;
        self.sessions.clear(&mut self.device)?;
        let regions = [Region::Model, Region::Companion];
        for i in 0..self.stores.len() {
            let model = placed.model(regions[i]);
            let values = self.gather(placed, i, model.value(0))?;
            let [first, second] = model.moments();
            let moments = [self.gather(placed, i, first)?, self.gather(placed, i, second)?];
            (self.stores[i].values, self.stores[i].moments) = (values, moments);
            self.device.free(self.models[i])?;
        }
        Ok(())
    }
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
        Objective::Erm | Objective::C3rAdjust => {}
    }
    report(&terms, term(7), f64::from(term(6)), step)
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

    fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        let plan = self.plan.retuned(training)?;
        refuse(training)?;
        let placed = Placed::of(&plan);
        fits(&plan, &placed)?;
        let seed = self.seed;
        let card = self.card.get_mut().unwrap_or_else(PoisonError::into_inner);
        card.withdraw(&self.placed)?;
        let entries = &placed.shape.entries;
        match (training.objective == Objective::C3rAdjust, card.stores.len()) {
            (true, 1) => card.stores.push(Store::new(entries.clone(), seed.wrapping_add(1))),
            (false, _) => card.stores.truncate(1),
            (true, _) => {}
        }
        card.stores.iter_mut().for_each(|store| store.hold(entries.clone(), seed));
        card.upload(&placed, self.steps)?;
        (self.plan, self.placed) = (plan, placed);
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
        let progress = self.placed.model(Region::Model).progress();
        let card = self.card.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (address, (routine, slot)) =
            (card.models[0] + 4 * progress.at as u64, card.last.ok_or_else(nothing)?);
        for left in (0..updates).rev() {
            let words = if left == 0 { PROGRESS } else { 0 };
            card.device.run(routine, slot, (address, words))?;
        }
        let read = card.device.results(slot)?;
        self.steps = read.first().map_or(step, |&steps| steps as usize);
        let losses = losses_of(&training, &read, step);
        if losses.is_err() {
            card.device.write(address + 4, &[0])?;
        }
        losses
    }
}
