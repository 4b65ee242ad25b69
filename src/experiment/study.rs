//! Training on stored data: the same models and objectives, without a world to ask.

use std::sync::Arc;
use std::time::Instant;

use rand::RngExt as _;

use super::Entrant;
use super::feed::Feed;
use crate::causal::noise::{StreamId, stream};
use crate::dataset::read::{Data, SplitData};
use crate::learn::{
    Batch, Compute, DecisionCurve, LearnError, Learner, StepLosses, new_learner_on,
};
use crate::measure::condition::Reach;
use crate::measure::from_data::{columns as from_data, scope};
use crate::measure::table::Answers;
use crate::measure::{Evaluated, FactorCausation, Table, fold, step_of};
use crate::modality::audio::{AudioError, MelShape};
use crate::scene::training::Training;

/// The stream that orders the specimens of an epoch.
const ORDER: StreamId = StreamId::of("data:order");
/// The stream that chooses each specimen's twin.
const TWIN: StreamId = StreamId::of("data:twin");
/// Specimens that are asked at a time.
const FRAME: usize = 512;

/// Why stored data can't be trained on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// There is no split to train on.
    #[error(
        "the data have the splits {found}, and none is named `train`; name the training files train*.npz"
    )]
    NoTraining {
        /// The splits that there are.
        found: String,
    },
    /// There are too few specimens to hold some back.
    #[error("the split `train` has {rows} specimens; at least 10 are needed to hold some back")]
    TooFew {
        /// How many there are.
        rows: usize,
    },
    /// The objective needs twins and none are stored.
    #[error(
        "the objective `{objective}` learns from twins, and the data hold none; generate them with \
         --twins each-factor, or choose erm or c3r"
    )]
    NoTwins {
        /// The objective's name.
        objective: &'static str,
    },
    /// The sounds can't be heard.
    #[error("the sounds can't be made into spectrograms: {0}")]
    Sound(#[from] AudioError),
    /// The model can't be built or asked.
    #[error(transparent)]
    Model(#[from] LearnError),
}

/// Stored data made ready for training.
pub struct Study {
    data: Data,
    feed: Feed,
    training: Training,
    seed: u64,
    engine: Compute,
}

impl Study {
    /// A study of `data`. Without a split besides `train`, its last fifth is held back for the
    /// examination.
    ///
    /// # Errors
    /// No `train`, too few specimens, no twins where the objective needs them, or sounds of which
    /// no spectrogram of shape `mel` can be made.
    pub fn new(
        mut data: Data,
        training: &Training,
        seed: u64,
        mel: MelShape,
    ) -> Result<Self, StudyError> {
        let names: Vec<&str> = data.splits.iter().map(|s| s.name.as_str()).collect();
        let found = names.join(", ");
        let Some(place) = names.iter().position(|name| *name == "train") else {
            return Err(StudyError::NoTraining { found });
        };
        if data.splits.len() == 1 {
            let train = &mut data.splits[place];
            if train.rows < 10 {
                return Err(StudyError::TooFew { rows: train.rows });
            }
            let rest = train.split_off(train.rows - train.rows / 5, "held_out");
            data.splits.push(rest);
        }
        let objective = training.objective;
        if objective.needs_twins() && data.splits[place].worlds.len() < 2 {
            return Err(StudyError::NoTwins { objective: objective.name() });
        }
        let feed = Feed::new(&data.shapes, mel)?;
        Ok(Self { data, feed, training: training.clone(), seed, engine: Compute::default() })
    }

    /// The same study with its updates computed by `engine`, and on its device.
    #[must_use]
    pub fn on(self, engine: impl Into<Compute>) -> Self {
        Self { engine: engine.into(), ..self }
    }

    /// Trains for the updates of the training section; `watch` is told every update's losses and
    /// may end it by saying false. Specimens come in an order of chance, epoch after epoch.
    ///
    /// # Errors
    /// A model that can't be built.
    pub fn train(
        &self,
        mut watch: impl FnMut(usize, &StepLosses) -> bool,
    ) -> Result<(Entrant, bool), StudyError> {
        let specs = self.feed.specs();
        let classes = self.data.shapes.classes.len();
        let (training, engine) = (&self.training, self.engine);
        let mut learner = new_learner_on(engine, specs, classes, training, self.seed)?;
        let start = Instant::now();
        let (mut curve, mut failure, mut complete) = (Vec::new(), None, true);
        let mut decisions = DecisionCurve::default();
        let (mut real, mut twin) = (Batch::default(), Batch::default());
        let Some(train) = self.data.split("train") else {
            return Err(StudyError::NoTraining { found: String::new() });
        };
        let mut order = Order::new(self.seed, train.rows);
        // A twin in which nothing follows has no label of its own to learn.
        let is_total = |twin: &usize| {
            let named = self.data.shapes.twin_factor(twin - 1);
            named.is_none_or(|(.., reach)| reach == Reach::Total)
        };
        let twins: Vec<usize> = (1..train.worlds.len()).filter(is_total).collect();
        for step in 1..=self.training.steps {
            let rows: Vec<usize> = (0..self.training.batch).map(|_| order.next()).collect();
            let worlds: Vec<(usize, usize)> = rows.iter().map(|&row| (row, 0)).collect();
            self.feed.fill(train, &worlds, &mut real);
            let with_twin = self.training.objective.needs_twins().then(|| {
                let mut choice = stream(self.seed, step as u64, TWIN);
                let chosen =
                    rows.iter().map(|&row| (row, twins[choice.random_range(0..twins.len())]));
                self.feed.fill(train, &chosen.collect::<Vec<_>>(), &mut twin);
                &twin
            });
            match learner.update(&real, with_twin) {
                Ok(losses) => {
                    curve.push(losses);
                    decisions.record(step, &learner.decisions());
                    if !watch(step, &losses) {
                        complete = false;
                        break;
                    }
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let failure = failure.or_else(|| learner.check_weights().err());
        let training = self.training.clone();
        let entrant = Entrant {
            training,
            learner,
            curve,
            decisions,
            seconds,
            failure,
            metrics: None,
            table: None,
        };
        Ok((entrant, complete))
    }

    /// Evaluates a trained model on every split but `train`: of the first of them all that is
    /// stored tells, of the others the accuracy.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn judge(&self, folder: &str, entrant: &mut Entrant) -> Result<(), StudyError> {
        let shapes = &self.data.shapes;
        let scope = scope(&self.data);
        let mut columns = Vec::new();
        for split in self.data.splits.iter().filter(|split| split.name != "train") {
            columns.extend(from_data(&scope, shapes, split, |world| {
                self.ask(&*entrant.learner, split, world)
            })?);
        }
        let Some(source) = columns.first().map(|column| column.source.clone()) else {
            return Ok(());
        };
        let table = Table { scope: Arc::new(scope), samples: usize::MAX, columns };
        let evaluation = fold(&table, None, &source);
        let notes = notes(&self.data, &evaluation.causation);
        let scene = shapes.scene.clone().unwrap_or_default();
        entrant.take(&scene, self.seed, Evaluated { evaluation, table });
        if let Some(metrics) = &mut entrant.metrics {
            (metrics.data, metrics.notes) = (Some(folder.to_owned()), notes);
        }
        Ok(())
    }

    /// What a model says of one world of every sample of a split.
    fn ask(
        &self,
        learner: &dyn Learner,
        split: &SplitData,
        world: usize,
    ) -> Result<Answers, LearnError> {
        let mut batch = Batch::default();
        let mut answers = Answers::default();
        for rows in frames(split.rows) {
            self.feed.fill(split, &rows.map(|row| (row, world)).collect::<Vec<_>>(), &mut batch);
            answers.predict(&learner.logits(&batch)?, batch.rows);
            if world == 0 {
                let both = learner.counterfactual(&batch, step_of(&self.training))?;
                answers.counterfactual.append(&both, batch.rows);
            }
        }
        Ok(answers)
    }
}

fn frames(rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..rows).step_by(FRAME).map(move |first| first..rows.min(first + FRAME))
}

/// What the data don't tell, in words.
fn notes(data: &Data, causation: &[FactorCausation]) -> Vec<String> {
    let mut notes = Vec::new();
    let twins = data.splits.iter().all(|split| split.worlds.len() > 1);
    let names = |open: &dyn Fn(&FactorCausation) -> bool| {
        let open = causation.iter().filter(|factor| open(factor));
        open.map(|factor| factor.factor.as_str()).collect::<Vec<_>>().join(", ")
    };
    if !twins {
        notes.push("The data hold no twins, so what the model learned of each factor can't be told: generate them with --twins contrasts, or train on the scene.".to_owned());
        return notes;
    }
    if causation.is_empty() {
        notes.push("The stored twins name no factor of `keys`, or the factors' values (`latents`) are missing, so what the model learned of each factor can't be told.".to_owned());
        return notes;
    }
    let total = |factor: &FactorCausation| factor.reliance(Reach::Total).is_none();
    let direct = |factor: &FactorCausation| factor.reliance(Reach::Direct).is_none();
    let open = names(&total);
    if !open.is_empty() {
        notes.push(format!("PNS and reliance stay open for {open}: the stored worlds don't show every sample at both ends of the contrast (--twins contrasts does)."));
    }
    let open = names(&|factor| direct(factor) && !total(factor));
    if !open.is_empty() {
        notes.push(format!("Direct reliance stays open for {open}: other factors follow in the stored twins (--twins contrasts has both)."));
    }
    notes
}

/// Specimens in an order of chance, each once an epoch.
struct Order {
    seed: u64,
    epoch: u64,
    rows: Vec<usize>,
    place: usize,
}

impl Order {
    fn new(seed: u64, rows: usize) -> Self {
        Self { seed, epoch: 0, rows: (0..rows).collect(), place: rows }
    }

    fn next(&mut self) -> usize {
        if self.place >= self.rows.len() {
            let mut chance = stream(self.seed, self.epoch, ORDER);
            for i in (1..self.rows.len()).rev() {
                self.rows.swap(i, chance.random_range(0..=i));
            }
            (self.epoch, self.place) = (self.epoch + 1, 0);
        }
        self.place += 1;
        self.rows[self.place - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_specimen_comes_once_an_epoch() {
        let epoch = |order: &mut Order| {
            let mut rows: Vec<usize> = (0..7).map(|_| order.next()).collect();
            let as_drawn = rows.clone();
            rows.sort_unstable();
            assert_eq!(rows, [0, 1, 2, 3, 4, 5, 6]);
            as_drawn
        };
        let mut order = Order::new(3, 7);
        let (first, second) = (epoch(&mut order), epoch(&mut order));
        assert_ne!(first, second);
        assert_eq!(epoch(&mut Order::new(3, 7)), first);
    }
}
