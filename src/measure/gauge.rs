//! A measurement in small pieces, for a model that goes on learning meanwhile.
//!
//! What it measures is what [`super::examine()`] does, on one frame of held-out specimens: accuracy
//! per regime, C3 risk, and for one factor a piece its learned PN, PS and PNS.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::learned::beside_truth;
use super::{C3Risk, FactorCausation, Failure, causal_error, step_of};
use crate::causal::causation::{Counts, Side, side_of};
use crate::causal::{Interventions, Role};
use crate::learn::{Batch, Learner, c3_risk};
use crate::scene::training::Training;
use crate::scene::{CLASS, Stage};
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// The specimens behind the counts of one factor, as rows of the held-out frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// They have factor and verdict, and lose the verdict with the factor.
    pub pn: Vec<usize>,
    /// They have neither, and gain the verdict with the factor.
    pub ps: Vec<usize>,
    /// Their verdict follows the factor both ways.
    pub pns: Vec<usize>,
}

/// What has been measured so far; every piece is the latest of its kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Accuracy under each regime.
    pub accuracy: BTreeMap<String, f64>,
    /// The indicator C3 risk on `iid`.
    pub c3_risk: Option<C3Risk>,
    /// Truth and learned of each factor, in the order of the scene.
    pub causation: Vec<Option<FactorCausation>>,
    /// The specimens behind them.
    pub behind: Vec<Behind>,
}

impl Reading {
    /// Mean over all factors of `|learned PNS - true PNS|`, once all have been measured.
    #[must_use]
    pub fn causal_error(&self) -> Option<f64> {
        let all: Option<Vec<FactorCausation>> = self.causation.iter().cloned().collect();
        all.filter(|all| !all.is_empty()).map(|all| causal_error(&all))
    }
}

/// A piece of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Regime(usize),
    Factor(usize),
}

/// Measures a model piece by piece, over and over.
pub struct Gauge {
    stage: Arc<Stage>,
    seed: u64,
    rows: usize,
    pieces: Vec<Piece>,
    next: usize,
    /// One per regime; made when first needed.
    regimes: Vec<Option<Simulation>>,
    factors: Simulation,
    /// The specimens as they are, and their factors.
    actual: Batch,
    values: Vec<Vec<f64>>,
    reading: Reading,
}

impl Gauge {
    /// A gauge that measures on the first `rows` of the specimens kept for evaluation.
    #[must_use]
    pub fn new(stage: &Arc<Stage>, seed: u64, rows: usize) -> Self {
        let mut factors =
            Simulation::new(stage, stage.iid(), seed, rows, EVALUATION).on_one_thread();
        let actual = factors.step().real.clone();
        let values = factors.played().into_iter().map(|(real, _)| real.factors).collect();
        let mut order: Vec<usize> = (0..stage.factors.len()).collect();
        order.sort_by_key(|&i| stage.factors[i].role == Role::Nuisance);
        let regimes = (0..stage.regimes.len()).map(Piece::Regime);
        let pieces = regimes.chain(order.into_iter().map(Piece::Factor)).collect();
        let reading = Reading {
            causation: vec![None; stage.factors.len()],
            behind: vec![Behind::default(); stage.factors.len()],
            ..Reading::default()
        };
        Self {
            stage: Arc::clone(stage),
            seed,
            rows,
            pieces,
            next: 0,
            regimes: stage.regimes.iter().map(|_| None).collect(),
            factors,
            actual,
            values,
            reading,
        }
    }

    /// What has been measured so far.
    #[must_use]
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Forgets what has been measured: the model is another.
    pub fn forget(&mut self) {
        self.reading.accuracy.clear();
        self.reading.c3_risk = None;
        self.reading.causation.fill(None);
        self.reading.behind.fill(Behind::default());
        self.next = 0;
    }

    /// Measures one piece. True where it was the last of a round.
    ///
    /// # Errors
    /// A model that can't be asked.
    pub fn measure(&mut self, learner: &dyn Learner, training: &Training) -> Result<bool, Failure> {
        match self.pieces[self.next] {
            Piece::Regime(regime) => self.regime(regime, learner, training)?,
            Piece::Factor(factor) => self.factor(factor, learner)?,
        }
        self.next = (self.next + 1) % self.pieces.len();
        Ok(self.next == 0)
    }

    fn regime(
        &mut self,
        regime: usize,
        learner: &dyn Learner,
        training: &Training,
    ) -> Result<(), Failure> {
        let (stage, seed, rows) = (&self.stage, self.seed, self.rows);
        let declared = &stage.regimes[regime];
        let simulation = self.regimes[regime].get_or_insert_with(|| {
            Simulation::new(stage, declared, seed, rows, EVALUATION).on_one_thread()
        });
        simulation.seek(EVALUATION);
        let frame = simulation.step();
        let accuracy = learner.logits(&frame.real)?.accuracy(&frame.real.labels);
        self.reading.accuracy.insert(declared.name.clone(), accuracy);
        if regime == 0 {
            let answer = learner.counterfactual(&frame.real, step_of(training))?;
            let (sufficiency, necessity) =
                c3_risk(&answer.real, &answer.hypothetical, &frame.real.labels);
            let total = sufficiency + necessity;
            self.reading.c3_risk = Some(C3Risk { sufficiency, necessity, total });
        }
        Ok(())
    }

    fn factor(&mut self, factor: usize, learner: &dyn Learner) -> Result<(), Failure> {
        let declared = &self.stage.factors[factor];
        self.factors.seek(EVALUATION);
        self.factors.operate(Interventions::set(declared.node, declared.absent));
        let present = Interventions::set(declared.node, declared.present);
        self.factors.plan_twins(TwinPlan::Under(present));
        let frame = self.factors.step();
        let actual = learner.logits(&self.actual)?;
        let (without, with) = (learner.logits(&frame.real)?, learner.logits(&frame.twin)?);
        let (mut counts, mut behind) = (Counts::default(), Behind::default());
        for row in 0..self.rows {
            let [actual, without, with] =
                [&actual, &without, &with].map(|logits| logits.verdict(row) == CLASS);
            let value = self.values[row][factor];
            let side = side_of(declared.domain, value, declared.absent, declared.present);
            counts.count(1.0, side, actual, without, with);
            let note = |rows: &mut Vec<usize>, event: bool| rows.extend(event.then_some(row));
            note(&mut behind.pn, side == Side::Present && actual && !without);
            note(&mut behind.ps, side == Side::Absent && !actual && with);
            note(&mut behind.pns, with && !without);
        }
        self.reading.causation[factor] = Some(beside_truth(declared, &counts));
        self.reading.behind[factor] = behind;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::new_learner;
    use crate::measure::examine;
    use crate::world::input_specs;

    #[test]
    fn a_round_of_pieces_is_what_an_examination_finds() {
        let stage = crate::scene::load(std::path::Path::new("scenes/duck.ron")).unwrap();
        let (stage, training) = (Arc::new(stage), Training::default());
        let specs = input_specs(&stage);
        let mut learner = new_learner(&specs, stage.classes(), &training, 5).unwrap();
        let mut world = Simulation::new(&stage, stage.iid(), 5, 64, 0);
        for _ in 0..12 {
            learner.update(&world.step().real, None).unwrap();
        }
        let mut gauge = Gauge::new(&stage, 5, 512);
        while !gauge.measure(&*learner, &training).unwrap() {}
        let wanted = examine(&stage, 5, &[(&*learner, &training)], 512, || true).unwrap().unwrap();
        let reading = gauge.reading();
        assert_eq!(reading.accuracy, wanted[0].accuracy);
        assert_eq!(reading.c3_risk, Some(wanted[0].c3_risk));
        assert_eq!(reading.causal_error(), Some(wanted[0].causal_error));
        let found: Vec<_> = reading.causation.iter().flatten().cloned().collect();
        assert_eq!(found, wanted[0].causation);
        for (behind, learned) in reading.behind.iter().zip(&found) {
            assert_eq!(behind.pns.len() as f64 / 512.0, learned.learned.pns);
        }
        gauge.forget();
        assert_eq!(gauge.reading().causal_error(), None);
    }
}
