//! Distance correlation of the representation with the factors of each role (Figure 4 and
//! appendix H.3 of the paper; Szekely et al. 2007).

use super::seen::{ROLES, need, of_role, representations, short, usual, values, without, z};
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::measure::condition::{Condition, Depth, Need};
use crate::measure::held_out;
use crate::measure::statistic::distance_correlation::{
    corrected, distance_correlation, noise_floor, partial,
};
use crate::measure::statistic::{Distances, Table};
use crate::measure::table::Table as Predictions;
use crate::scene::Stage;

/// Specimens at the most: memory and time go with the square.
const ROWS: usize = 1000;
/// Shuffles of the noise floor.
const SHUFFLES: usize = 20;

/// Representations, and the factors in the world where every SNC is absent.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    let rows = samples.min(ROWS);
    let absent = without(stage, &of_role(stage, Role::Snc));
    let mut all = representations(stage, rows);
    all.extend(usual(stage).map(|regime| {
        let absent = Condition::Under(absent.clone());
        need(held_out(&regime.name), absent, rows, Depth::WORLD)
    }));
    all
}

/// For every role that the scene has, with R the role's factors as one vector:
///
/// - `REGIME.dcor.R`: the distance correlation of Z and R, biased as in the paper;
/// - `REGIME.dcor_noise.R`: the same after the rows were shuffled: what nothing comes to;
/// - `REGIME.dcor_corrected.R`: bias-corrected, an estimate of its square, around 0 for nothing;
/// - `REGIME.dcor_cause.R`: of the cause SNC itself with R: what a representation of SNC has.
///
/// And of the spurious factors `REGIME.dcor.sp_noise`, their part that SNC doesn't make (their
/// values in the world where every SNC is absent), and `REGIME.dcor_partial.sp`, the partial
/// distance correlation given SNC (squared scale).
pub(super) fn compute(
    subject: &Subject,
    table: &Predictions,
    found: &mut Found,
) -> Result<(), Trouble> {
    let stage = subject.stage;
    let causes = of_role(stage, Role::Snc);
    for regime in usual(stage) {
        let rows = subject.samples.min(ROWS);
        let source = held_out(&regime.name);
        let absent = Condition::Under(without(stage, &causes));
        let (Some(sample), Some(twin)) = (table.natural(&source), table.column(&source, &absent))
        else {
            continue;
        };
        let (z, numbers) = z(sample, rows);
        let z = Distances::of(&Table::new(rows, z.width, &numbers)?);
        let of = |factors: &[usize], numbers: Vec<f64>| {
            Table::new(rows, factors.len(), &numbers).map(|table| Distances::of(&table))
        };
        let cause = if causes.is_empty() {
            None
        } else {
            Some(of(&causes, values(subject, sample, &causes, rows))?)
        };
        let mut note = |what: &str, role: &str, value: f64| {
            found.note(format!("{}.{what}.{role}", regime.name), value);
        };
        for role in ROLES {
            let factors = of_role(stage, role);
            if factors.is_empty() {
                continue;
            }
            let (name, factor) =
                (short(role), of(&factors, values(subject, sample, &factors, rows))?);
            note("dcor", name, distance_correlation(&z, &factor)?);
            note("dcor_corrected", name, corrected(&z, &factor)?);
            note("dcor_noise", name, noise_floor(&z, &factor, SHUFFLES, subject.seed)?.mean);
            let Some(cause) = &cause else { continue };
            note("dcor_cause", name, distance_correlation(cause, &factor)?);
            if role == Role::Spurious {
                let noise = of(&factors, values(subject, twin, &factors, rows))?;
                note("dcor", "sp_noise", distance_correlation(&z, &noise)?);
                note("dcor_corrected", "sp_noise", corrected(&z, &noise)?);
                note("dcor_partial", "sp", partial(&z, &factor, cause)?);
            }
        }
    }
    Ok(())
}
