//! An evaluation in small pieces, for a model that goes on learning meanwhile.
//!
//! What it measures is what [`super::evaluate`] does, on one frame of held-out samples: the table is
//! filled one regime or one factor at a time, and folded by the same measures.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::accuracy::{WorstGroup, accuracy, worst_group};
use super::best::{beside, best_table};
use super::c3_risk::{C3Risk, c3_risk};
use super::causation::causation;
use super::condition::{Condition, Depth, End, Need, Reach};
use super::evaluation::{held_out, operations, regimes, step_of};
use super::from_world::{Asked, WorldFill};
use super::headline::{Headline, headline};
use super::state::{State, state};
use super::table::Table;
use super::{FactorCausation, Metrics, SCHEMA, sentence};
use crate::causal::Role;
use crate::causal::causation::Side;
use crate::learn::{LearnError, Learner};
use crate::scene::training::Training;
use crate::scene::{CLASS, Stage};

/// The samples behind the counts of one factor (total, forward, the class of interest), as rows of
/// the held-out frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// They have factor and prediction, and lose the prediction with the factor.
    pub pn: Vec<usize>,
    /// They have neither, and gain the prediction with the factor.
    pub ps: Vec<usize>,
    /// Their prediction follows the factor both ways.
    pub pns: Vec<usize>,
}

/// What has been measured so far; every piece is the latest of its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latest {
    /// What the predictions show of the model's state.
    pub state: State,
    /// Accuracy under each regime that changes something.
    pub accuracy: BTreeMap<String, f64>,
    /// The group in which the model is right least often.
    pub worst_group: Option<WorstGroup>,
    /// The C3 risk on `iid`.
    pub c3_risk: Option<C3Risk>,
    /// Truth and learned of each factor, in the order of the scene.
    pub causation: Vec<Option<FactorCausation>>,
    /// The samples behind them.
    pub behind: Vec<Behind>,
    /// The model as a whole, once all has been measured.
    pub metrics: Option<Metrics>,
}

impl Latest {
    /// The model in a few numbers, once all has been measured.
    #[must_use]
    pub fn headline(&self) -> Option<&Headline> {
        self.metrics.as_ref().map(|metrics| &metrics.evaluation.headline)
    }

    /// What is to be said of the model, once all has been measured.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        self.metrics.as_ref().map(|metrics| sentence(metrics, "The model"))
    }
}

/// A piece of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Regime(usize),
    Factor(usize),
}

/// Measures a model piece by piece, over and over.
pub struct Evaluator {
    stage: Arc<Stage>,
    seed: u64,
    rows: usize,
    pieces: Vec<Piece>,
    next: usize,
    latest: Latest,
}

impl Evaluator {
    /// An evaluator that measures on the first `rows` of the samples kept for evaluation.
    #[must_use]
    pub fn new(stage: &Arc<Stage>, seed: u64, rows: usize) -> Self {
        let mut order: Vec<usize> = (0..stage.factors.len()).collect();
        order.sort_by_key(|&i| stage.factors[i].role == Role::Nuisance);
        let told: Vec<&str> = regimes(stage).map(|regime| regime.name.as_str()).collect();
        let places = (0..stage.regimes.len())
            .filter(|&i| told.contains(&stage.regimes[i].name.as_str()))
            .map(Piece::Regime);
        let pieces = places.chain(order.into_iter().map(Piece::Factor)).collect();
        let mut evaluator = Self {
            stage: Arc::clone(stage),
            seed,
            rows,
            pieces,
            next: 0,
            latest: Latest::default(),
        };
        evaluator.forget();
        evaluator
    }

    /// What has been measured so far.
    #[must_use]
    pub const fn latest(&self) -> &Latest {
        &self.latest
    }

    /// Forgets what has been measured: the model is another.
    pub fn forget(&mut self) {
        let factors = self.stage.factors.len();
        self.latest = Latest {
            causation: vec![None; factors],
            behind: vec![Behind::default(); factors],
            ..Latest::default()
        };
        self.next = 0;
    }

    /// Measures one piece. True where it was the last of a round.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn measure(
        &mut self,
        learner: &dyn Learner,
        training: &Training,
    ) -> Result<bool, LearnError> {
        let asked = Asked { learner, step: step_of(training) };
        match self.pieces[self.next] {
            Piece::Regime(regime) => self.regime(regime, asked)?,
            Piece::Factor(factor) => self.factor(factor, asked)?,
        }
        self.next = (self.next + 1) % self.pieces.len();
        self.conclude(training);
        Ok(self.next == 0)
    }

    fn fill(&self, needs: &[Need], asked: Asked) -> Result<Table, LearnError> {
        let fill = WorldFill::new(&self.stage, self.seed, self.rows, needs).on_one_thread();
        let tables = fill.fill(&[asked], || true)?;
        Ok(tables.into_iter().flatten().next().unwrap_or_default())
    }

    fn regime(&mut self, regime: usize, asked: Asked) -> Result<(), LearnError> {
        let source = held_out(&self.stage.regimes[regime].name);
        let depth = if regime == 0 { Depth::COUNTERFACTUAL } else { Depth::PREDICTION };
        let condition = Condition::Natural;
        let need = Need { source: source.clone(), condition, rows: self.rows, depth };
        let table = self.fill(&[need], asked)?;
        if let Some(found) = accuracy(&table, &source) {
            self.latest.accuracy.insert(source.regime.clone(), found);
        }
        if regime == 0 {
            self.latest.c3_risk = c3_risk(&table, &source).map(|(risk, _)| risk);
            self.latest.worst_group = worst_group(&table, &source);
            self.latest.state = state(&table, &source).0;
        }
        Ok(())
    }

    fn factor(&mut self, factor: usize, asked: Asked) -> Result<(), LearnError> {
        let source = held_out(&self.stage.iid().name);
        let of_factor = |done: &Condition| matches!(done, Condition::Do(f, ..) if *f == factor);
        let needs: Vec<Need> = operations(self.stage.factors.len())
            .filter(of_factor)
            .map(|condition| Need {
                source: source.clone(),
                condition,
                rows: self.rows,
                depth: Depth::PREDICTION,
            })
            .chain(std::iter::once(Need {
                source: source.clone(),
                condition: Condition::Natural,
                rows: self.rows,
                depth: Depth::PREDICTION,
            }))
            .collect();
        let table = self.fill(&needs, asked)?;
        let mut found = causation(&table, &source);
        beside(&best_table(&self.stage, &table), &source, &mut found);
        self.latest.causation[factor] = found.into_iter().nth(factor);
        self.latest.behind[factor] = behind(&table, factor).unwrap_or_default();
        Ok(())
    }

    /// Once all has been measured: the headline.
    fn conclude(&mut self, training: &Training) {
        let all: Option<Vec<FactorCausation>> = self.latest.causation.iter().cloned().collect();
        let Some(causation) = all else { return };
        let latest = &self.latest;
        let iid = &self.stage.iid().name;
        self.latest.metrics = Some(Metrics {
            schema: SCHEMA,
            scene: self.stage.scene.name.clone(),
            data: None,
            method: training.method.name().to_owned(),
            objective: training.objective.name().to_owned(),
            seed: self.seed,
            seeds: 1,
            steps: 0,
            seconds: 0.0,
            samples_per_second: 0.0,
            decisions: BTreeMap::new(),
            evaluation: super::Evaluation {
                state: latest.state,
                headline: headline(&causation, latest.worst_group.as_ref()),
                measured_on: iid.clone(),
                samples: self.rows,
                accuracy: latest.accuracy.clone(),
                worst_group: latest.worst_group.clone(),
                c3_risk: latest.c3_risk,
                causation,
                ..super::Evaluation::default()
            },
            notes: Vec::new(),
        });
    }
}

fn behind(table: &Table, factor: usize) -> Option<Behind> {
    let source = table.sources().next()?.clone();
    let natural = table.natural(&source)?;
    let at = |end| table.column(&source, &Condition::Do(factor, end, Reach::Total));
    let (absent, present) = (at(End::Absent)?, at(End::Present)?);
    let width = table.scope.factors.len();
    let mut behind = Behind::default();
    for row in 0..natural.world.labels.len() {
        let [actual, without, with] =
            [natural, absent, present].map(|column| column.answers.prediction(row) == Some(CLASS));
        let side = table.scope.factors[factor].side(natural.world.row(row, width)[factor]);
        let note = |rows: &mut Vec<usize>, event: bool| rows.extend(event.then_some(row));
        note(&mut behind.pn, side == Side::Present && actual && !without);
        note(&mut behind.ps, side == Side::Absent && !actual && with);
        note(&mut behind.pns, with && !without);
    }
    Some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::new_learner;
    use crate::measure::evaluate;
    use crate::world::{Simulation, input_specs};

    #[test]
    fn a_round_of_pieces_is_what_an_evaluation_finds() {
        let stage = crate::scene::load(std::path::Path::new("scenes/duck.ron")).unwrap();
        let (stage, training) = (Arc::new(stage), Training::default());
        let specs = input_specs(&stage);
        let mut learner = new_learner(&specs, stage.classes(), &training, 5).unwrap();
        let mut world = Simulation::new(&stage, stage.iid(), 5, 64, 0);
        for _ in 0..12 {
            learner.update(&world.step().real, None).unwrap();
        }
        let mut evaluator = Evaluator::new(&stage, 5, 512);
        while !evaluator.measure(&*learner, &training).unwrap() {}
        let wanted = evaluate(&stage, 5, &[(&*learner, &training)], 512, || true).unwrap().unwrap();
        let (latest, wanted) = (evaluator.latest(), &wanted[0].evaluation);
        assert_eq!(latest.accuracy, wanted.accuracy);
        assert_eq!(latest.c3_risk, wanted.c3_risk);
        assert_eq!(latest.worst_group, wanted.worst_group);
        assert_eq!(latest.headline(), Some(&wanted.headline));
        let found: Vec<_> = latest.causation.iter().flatten().cloned().collect();
        assert_eq!(found, wanted.causation);
        for (behind, learned) in latest.behind.iter().zip(&found) {
            let pns = learned.of_interest().unwrap().total.pns.unwrap();
            assert_eq!(behind.pns.len() as f64 / 512.0, pns);
        }
        evaluator.forget();
        assert_eq!(evaluator.latest().headline(), None);
    }
}
