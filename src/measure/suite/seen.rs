//! What measures read of a table: representations in double precision, values of factors.

use super::Subject;
use crate::causal::{Action, Interventions, Role};
use crate::learn::Representation;
use crate::measure::condition::{Condition, Depth, Need, Source};
use crate::measure::table::Column;
use crate::measure::{held_out, regimes};
use crate::scene::{Regime, Stage};

/// Regimes under which a measure is taken that isn't of every regime.
const REGIMES: [&str; 2] = ["iid", "randomised"];

/// The regimes of [`REGIMES`] that the scene has and that change something.
pub(super) fn usual(stage: &Stage) -> impl Iterator<Item = &Regime> {
    regimes(stage).filter(|regime| REGIMES.contains(&regime.name.as_str()))
}

/// The held-out samples of the scene as it stands.
pub(super) fn iid(stage: &Stage) -> Source {
    held_out(&stage.iid().name)
}

/// A need of some held-out samples.
pub(super) fn need(source: Source, condition: Condition, rows: usize, depth: Depth) -> Need {
    Need { source, condition, rows, depth }
}

/// The representations of as they are of samples of the usual regimes.
pub(super) fn representations(stage: &Stage, rows: usize) -> Vec<Need> {
    usual(stage)
        .map(|regime| {
            let source = held_out(&regime.name);
            need(source, Condition::Natural, rows, Depth::REPRESENTATION)
        })
        .collect()
}

/// The places of the factors of a role.
pub(super) fn of_role(stage: &Stage, role: Role) -> Vec<usize> {
    (0..stage.factors.len()).filter(|&i| stage.factors[i].role == role).collect()
}

/// What makes every factor of the places absent.
pub(super) fn without(stage: &Stage, factors: &[usize]) -> Interventions {
    let mut all = Interventions::none();
    for &factor in factors {
        let factor = &stage.factors[factor];
        all.insert(factor.node, Action::Set(factor.absent));
    }
    all
}

/// The representation of the first `rows` samples of a column in double precision.
pub(super) fn z(column: &Column, rows: usize) -> (&Representation, Vec<f64>) {
    let z = &column.answers.representation;
    let values = &z.values[..(rows * z.width).min(z.values.len())];
    (z, values.iter().map(|&value| f64::from(value)).collect())
}

/// The values of some factors of the first `rows` samples of a column, row-major.
pub(super) fn values(
    subject: &Subject,
    column: &Column,
    factors: &[usize],
    rows: usize,
) -> Vec<f64> {
    let width = subject.stage.factors.len();
    let row = |row: usize| {
        let all = column.world.row(row, width);
        factors.iter().map(move |&factor| all[factor])
    };
    (0..rows).flat_map(row).collect()
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
