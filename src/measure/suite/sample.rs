//! Specimens that a measurement looks at: kept for evaluation, so that no training has seen them.

use super::Subject;
use crate::causal::{Interventions, Role};
use crate::learn::{Batch, LearnError, Representation};
use crate::scene::{Factor, Regime};
use crate::world::{EVALUATION, Simulation, TwinPlan};

/// Specimens of a frame, where a measure goes through many.
pub(super) const FRAME: usize = 512;

/// Regimes under which a measure is taken that isn't of every regime.
pub(super) const REGIMES: [&str; 2] = ["iid", "randomised"];

/// Specimens and their twins.
pub(super) struct Sample {
    /// The specimens.
    pub batch: Batch,
    /// Values of all factors, specimen by specimen.
    pub factors: Vec<Vec<f64>>,
    /// The twins.
    pub twin: Batch,
    /// Values of all factors of the twins.
    pub twin_factors: Vec<Vec<f64>>,
}

impl Sample {
    /// The first `rows` specimens of a regime, with twins under `interventions`.
    pub fn new(
        subject: &Subject,
        regime: &Regime,
        rows: usize,
        interventions: Option<Interventions>,
    ) -> Self {
        let mut world = Simulation::new(subject.stage, regime, subject.seed, rows, EVALUATION);
        let twins = interventions.is_some();
        if let Some(interventions) = interventions {
            world.plan_twins(TwinPlan::Under(interventions));
        }
        let frame = world.step();
        let batch = frame.real.clone();
        let twin = if twins { frame.twin.clone() } else { Batch::default() };
        let (factors, twin_factors) =
            world.played().into_iter().map(|(real, twin)| (real.factors, twin.factors)).unzip();
        Self { batch, factors, twin, twin_factors }
    }

    /// The values of some factors, row-major.
    pub fn table(&self, factors: &[usize]) -> Vec<f64> {
        self.factors.iter().flat_map(|row| factors.iter().map(|&factor| row[factor])).collect()
    }

    /// The same of the twins.
    pub fn twin_table(&self, factors: &[usize]) -> Vec<f64> {
        self.twin_factors.iter().flat_map(|row| factors.iter().map(|&factor| row[factor])).collect()
    }
}

impl Subject<'_> {
    /// The regimes of [`REGIMES`].
    pub(super) fn regimes(&self) -> impl Iterator<Item = &Regime> {
        REGIMES.iter().filter_map(|name| self.stage.regime(name))
    }

    /// The places of the factors of a role.
    pub(super) fn of_role(&self, role: Role) -> Vec<usize> {
        let factors = &self.stage.factors;
        (0..factors.len()).filter(|&i| factors[i].role == role).collect()
    }

    /// What makes every factor of the places absent.
    pub(super) fn without(&self, factors: &[usize]) -> Interventions {
        let mut all = Interventions::none();
        for &factor in factors {
            let Factor { node, absent, .. } = self.stage.factors[factor];
            all.insert(node, crate::causal::Action::Set(absent));
        }
        all
    }

    /// The representation of some specimens in double precision.
    pub(super) fn z(&self, batch: &Batch) -> Result<(Representation, Vec<f64>), LearnError> {
        let z = self.learner.representation(batch)?;
        let values = z.values.iter().map(|&value| f64::from(value)).collect();
        Ok((z, values))
    }
}

/// What columns call a role.
pub(super) const fn short(role: Role) -> &'static str {
    match role {
        Role::Snc => "snc",
        Role::Sc => "sc",
        Role::Nc => "nc",
        Role::Spurious => "sp",
        Role::Nuisance => "nuisance",
    }
}

/// The roles in the order of the paper.
pub(super) const ROLES: [Role; 4] = [Role::Snc, Role::Sc, Role::Nc, Role::Spurious];
