//! Fills tables from a scene's world: samples are played, operated on, rendered anew and shown to
//! the models.

use std::sync::Arc;

use super::condition::{Condition, Depth, End, Need, Reach, Source};
use super::pieces::without_pieces;
use super::table::{Answers, Column, Scope, Table, World};
use crate::causal::{Domain, Interventions};
use crate::learn::{Batch, CounterfactualKind, LearnError, Learner};
use crate::scene::Stage;
use crate::world::{Simulation, TwinPlan, input_specs};

/// Samples that are played at a time, where there are as many.
pub const FRAME: usize = 512;

/// A model that is asked.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The model.
    pub learner: &'a dyn Learner,
    /// The step of its counterfactual.
    pub step: CounterfactualKind,
}

/// Tables of several models of one scene, which see the same frames, and the number of frames.
pub struct WorldFill<'a> {
    stage: &'a Arc<Stage>,
    seed: u64,
    samples: usize,
    sessions: Vec<Session>,
    one_thread: bool,
}

/// What is played of one source.
struct Session {
    source: Source,
    natural: Rows,
    passes: Vec<Pass>,
    columns: Vec<Wanted>,
}

/// How many samples are wanted, by what is wanted of them.
#[derive(Clone, Copy, Default)]
struct Rows {
    any: usize,
    prediction: usize,
    representation: usize,
    counterfactual: usize,
}

impl Rows {
    fn add(&mut self, rows: usize, depth: Depth) {
        let most = |own: &mut usize, wanted: bool| *own = (*own).max(if wanted { rows } else { 0 });
        most(&mut self.any, true);
        most(&mut self.prediction, depth.prediction);
        most(&mut self.representation, depth.representation);
        most(&mut self.counterfactual, depth.counterfactual);
    }
}

/// One rendering of a frame's twins.
struct Pass {
    kind: Kind,
    rows: Rows,
}

/// What a pass shows.
#[derive(Clone, PartialEq)]
enum Kind {
    /// The factor at the far end of its contrast.
    Away(usize, Reach),
    /// The factor at one end of it, whatever its value is.
    At(usize, End, Reach),
    /// Several do-operations.
    Under(Interventions),
}

/// A column of the table.
struct Wanted {
    condition: Condition,
    /// The pass that it's taken from; none for the samples as they are.
    pass: Option<usize>,
    rows: Rows,
}

impl<'a> WorldFill<'a> {
    /// What has to be played so that `needs` can be met, for measurements on so many samples. A need of a regime that the scene doesn't
    /// have is left out.
    #[must_use]
    pub fn new(stage: &'a Arc<Stage>, seed: u64, samples: usize, needs: &[Need]) -> Self {
        let mut sessions: Vec<Session> = Vec::new();
        for need in needs.iter().filter(|n| stage.regime(&n.source.regime).is_some()) {
            let place = sessions.iter().position(|s| s.source == need.source);
            let place = place.unwrap_or_else(|| {
                let source = need.source.clone();
                let rows = Rows::default();
                sessions.push(Session { source, natural: rows, passes: vec![], columns: vec![] });
                sessions.len() - 1
            });
            sessions[place].want(stage, need);
        }
        Self { stage, seed, samples, sessions, one_thread: false }
    }

    /// The same on the thread that fills, for programs that have others to do with theirs.
    #[must_use]
    pub fn on_one_thread(self) -> Self {
        Self { one_thread: true, ..self }
    }

    /// The renderings that [`Self::fill`] makes: one for each frame and each thing done to it.
    #[must_use]
    pub fn renderings(&self) -> usize {
        let of = |session: &Session| {
            let frame = session.frame();
            let frames = |rows: &Rows| rows.any.div_ceil(frame);
            let passes = session.passes.iter().map(|pass| frames(&pass.rows));
            frames(&session.natural) + passes.sum::<usize>()
        };
        self.sessions.iter().map(of).sum()
    }

    /// Plays the samples and asks the models. `go_on` is asked after every rendering; `None` where
    /// it says no.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn fill(
        &self,
        models: &[Asked],
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Option<Vec<Table>>, LearnError> {
        let scope = Arc::new(Scope::of(self.stage));
        let empty =
            || Table { scope: Arc::clone(&scope), samples: self.samples, columns: Vec::new() };
        let mut tables: Vec<Table> = models.iter().map(|_| empty()).collect();
        for session in &self.sessions {
            let Some(columns) = session.play(self, models, &mut go_on)? else {
                return Ok(None);
            };
            tables.iter_mut().zip(columns).for_each(|(table, own)| table.columns.extend(own));
        }
        Ok(Some(tables))
    }
}

impl Session {
    fn want(&mut self, stage: &Stage, need: &Need) {
        let kind = match &need.condition {
            Condition::Natural | Condition::Pieces(_) => None,
            Condition::Away(factor) => Some(Kind::Away(*factor, Reach::Total)),
            Condition::Do(factor, end, reach) => {
                // Where no other factor that is shown follows, both reaches look the same.
                let reach = if follows(stage, *factor) { *reach } else { Reach::Total };
                Some(match stage.factors[*factor].domain {
                    // By consistency a sample is its own twin at the end where it stands.
                    Domain::Binary => Kind::Away(*factor, reach),
                    _ => Kind::At(*factor, *end, reach),
                })
            }
            Condition::Under(operations) => Some(Kind::Under(operations.clone())),
        };
        // Whatever is done to samples, they are known as they are, and so is what the model says of
        // them: where one is its own twin, that is its answer.
        self.natural.add(need.rows, need.depth);
        let pass = kind.map(|kind| {
            let place = self.passes.iter().position(|pass| pass.kind == kind);
            let place = place.unwrap_or_else(|| {
                self.passes.push(Pass { kind, rows: Rows::default() });
                self.passes.len() - 1
            });
            self.passes[place].rows.add(need.rows, need.depth);
            place
        });
        match self.columns.iter_mut().find(|column| column.condition == need.condition) {
            Some(column) => column.rows.add(need.rows, need.depth),
            None => {
                let mut rows = Rows::default();
                rows.add(need.rows, need.depth);
                self.columns.push(Wanted { condition: need.condition.clone(), pass, rows });
            }
        }
    }

    fn frame(&self) -> usize {
        self.natural.any.clamp(1, FRAME)
    }

    fn play(
        &self,
        fill: &WorldFill,
        models: &[Asked],
        go_on: &mut impl FnMut() -> bool,
    ) -> Result<Option<Vec<Vec<Column>>>, LearnError> {
        let stage = fill.stage;
        let Some(regime) = stage.regime(&self.source.regime) else { return Ok(Some(vec![])) };
        let size = self.frame();
        let mut simulation = Simulation::new(stage, regime, fill.seed, size, self.source.first);
        if fill.one_thread {
            simulation = simulation.on_one_thread();
        }
        let mut growing: Vec<Growing> =
            self.columns.iter().map(|_| Growing::of(models.len())).collect();
        for first in (0..self.natural.any).step_by(size) {
            simulation.hold(false);
            simulation.plan_twins(TwinPlan::None);
            let asked = ask(models, &simulation.step().real, &self.natural, first)?;
            if first == 0 {
                self.take_pieces(stage, models, &simulation.frame().real, &mut growing)?;
            }
            let (factors, labels) = simulation.values(false);
            let natural = Seen { factors, labels, answers: asked };
            if !go_on() {
                return Ok(None);
            }
            // From now on the same samples, with one twin after the other.
            simulation.hold(true);
            let mut twins = Vec::with_capacity(self.passes.len());
            for pass in &self.passes {
                if first >= pass.rows.any {
                    twins.push(Seen::default());
                    continue;
                }
                simulation.plan_twins(pass.kind.plan(stage));
                let asked = ask(models, &simulation.step().twin, &pass.rows, first)?;
                let (factors, labels) = simulation.values(true);
                twins.push(Seen { factors, labels, answers: asked });
                if !go_on() {
                    return Ok(None);
                }
            }
            for (column, growing) in self.columns.iter().zip(&mut growing) {
                let twin = column.pass.map(|pass| &twins[pass]);
                growing.grow(column, stage, first, size, &natural, twin);
            }
        }
        let mut columns = vec![Vec::with_capacity(self.columns.len()); models.len()];
        for (column, grown) in self.columns.iter().zip(growing) {
            let world = Arc::new(grown.world);
            for (own, answers) in columns.iter_mut().zip(grown.answers) {
                own.push(Column {
                    source: self.source.clone(),
                    condition: column.condition.clone(),
                    world: Arc::clone(&world),
                    answers,
                    inputs: grown.inputs.clone(),
                });
            }
        }
        Ok(Some(columns))
    }

    /// Asks about the first samples without each of their pieces, where a column wants that.
    fn take_pieces(
        &self,
        stage: &Stage,
        models: &[Asked],
        batch: &Batch,
        growing: &mut [Growing],
    ) -> Result<(), LearnError> {
        for (column, growing) in self.columns.iter().zip(growing) {
            let Condition::Pieces(samples) = column.condition else { continue };
            let asked = without_pieces(batch, &input_specs(stage), samples);
            for (model, answers) in models.iter().zip(&mut growing.answers) {
                answers.counterfactual = model.learner.counterfactual(&asked, model.step)?;
            }
            growing.inputs = Some(Arc::new(batch.clone()));
        }
        Ok(())
    }
}

impl Kind {
    fn plan(&self, stage: &Stage) -> TwinPlan {
        let value = |factor: usize, end: End| match end {
            End::Absent => stage.factors[factor].absent,
            End::Present => stage.factors[factor].present,
        };
        match self {
            Self::Away(factor, Reach::Total) => TwinPlan::FarEnd(*factor),
            Self::Away(factor, Reach::Direct) => TwinPlan::Shown(*factor, None),
            Self::At(factor, end, Reach::Direct) => {
                TwinPlan::Shown(*factor, Some(value(*factor, *end)))
            }
            Self::At(factor, end, Reach::Total) => {
                let node = stage.factors[*factor].node;
                TwinPlan::Under(Interventions::set(node, value(*factor, *end)))
            }
            Self::Under(operations) => TwinPlan::Under(operations.clone()),
        }
    }
}

/// Whether another factor that some modality shows depends on this one.
pub fn follows(stage: &Stage, factor: usize) -> bool {
    let below = stage.scm().descendants(stage.factors[factor].node);
    let shown = stage.renderers.shows();
    shown.iter().any(|&other| other != factor && below.contains(&stage.factors[other].node))
}

/// A frame, and what every model says of it.
#[derive(Default)]
struct Seen {
    factors: Vec<f64>,
    labels: Vec<usize>,
    answers: Vec<Answers>,
}

/// Asks all models what is wanted of a frame whose first sample is the `first` of its source.
fn ask(
    models: &[Asked],
    batch: &Batch,
    rows: &Rows,
    first: usize,
) -> Result<Vec<Answers>, LearnError> {
    let one = |model: &Asked| {
        let mut answers = Answers::default();
        if first < rows.prediction {
            answers.predict(&model.learner.logits(batch)?, batch.rows);
        }
        if first < rows.representation {
            answers.representation = model.learner.representation(batch)?;
        }
        if first < rows.counterfactual {
            answers.counterfactual = model.learner.counterfactual(batch, model.step)?;
        }
        Ok(answers)
    };
    models.iter().map(one).collect()
}

/// A column that is being filled, for all models.
struct Growing {
    world: World,
    answers: Vec<Answers>,
    inputs: Option<Arc<Batch>>,
}

impl Growing {
    fn of(models: usize) -> Self {
        Self { world: World::default(), answers: vec![Answers::default(); models], inputs: None }
    }

    /// Adds a frame of `size` samples, of which the first is the `first` of its source.
    fn grow(
        &mut self,
        column: &Wanted,
        stage: &Stage,
        first: usize,
        size: usize,
        natural: &Seen,
        twin: Option<&Seen>,
    ) {
        let width = stage.factors.len();
        let rows = size.min(column.rows.any.saturating_sub(first));
        for row in 0..rows {
            let own = &natural.factors[row * width..(row + 1) * width];
            let operated = match column.condition {
                Condition::Do(factor, end, _) => {
                    let declared = &stage.factors[factor];
                    let ends = [declared.absent, declared.present];
                    Some((factor, ends[end as usize]))
                }
                _ => None,
            };
            // A sample whose factor stands where it is put is its own twin.
            let itself = operated.is_some_and(|(factor, value)| own[factor] == value);
            let seen = if itself { natural } else { twin.unwrap_or(natural) };
            match (&column.condition, operated) {
                (Condition::Do(_, _, Reach::Direct), Some((factor, value))) => {
                    let start = self.world.factors.len();
                    self.world.factors.extend_from_slice(own);
                    self.world.factors[start + factor] = value;
                    self.world.labels.push(natural.labels[row]);
                }
                _ => {
                    let values = &seen.factors[row * width..(row + 1) * width];
                    self.world.factors.extend_from_slice(values);
                    self.world.labels.push(seen.labels[row]);
                }
            }
            for (grown, said) in self.answers.iter_mut().zip(&seen.answers) {
                if first + row < column.rows.prediction {
                    grown.predictions.push(said.predictions[row]);
                    grown.probabilities.push(said.probabilities[row]);
                }
                if first + row < column.rows.representation {
                    grown.representation.push(&said.representation, row);
                }
            }
        }
        if column.condition == Condition::Natural {
            let left = column.rows.counterfactual.saturating_sub(first).min(size);
            for (grown, said) in self.answers.iter_mut().zip(&natural.answers) {
                grown.counterfactual.append(&said.counterfactual, left);
            }
        }
    }
}
