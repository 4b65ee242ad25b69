//! Distance correlation of the representation with the factors of each role (Figure 4 and
//! appendix H.3 of the paper; Szekely et al. 2007).

use super::sample::{ROLES, Sample, short};
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::measure::statistic::distance_correlation::{
    corrected, distance_correlation, noise_floor, partial,
};
use crate::measure::statistic::{Distances, Table};

/// Specimens at the most: memory and time go with the square.
const ROWS: usize = 1000;
/// Shuffles of the noise floor.
const SHUFFLES: usize = 20;

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
pub(super) fn measure(subject: &Subject, found: &mut Found) -> Result<(), Trouble> {
    let causes = subject.of_role(Role::Snc);
    for regime in subject.regimes() {
        let rows = subject.specimens.min(ROWS);
        let sample = Sample::new(subject, regime, rows, Some(subject.without(&causes)));
        let (z, values) = subject.z(&sample.batch)?;
        let z = Distances::of(&Table::new(rows, z.width, &values)?);
        let of = |factors: &[usize], values: Vec<f64>| {
            Table::new(rows, factors.len(), &values).map(|table| Distances::of(&table))
        };
        let cause =
            if causes.is_empty() { None } else { Some(of(&causes, sample.table(&causes))?) };
        let mut note = |what: &str, role: &str, value: f64| {
            found.note(format!("{}.{what}.{role}", regime.name), value);
        };
        for role in ROLES {
            let factors = subject.of_role(role);
            if factors.is_empty() {
                continue;
            }
            let (name, factor) = (short(role), of(&factors, sample.table(&factors))?);
            note("dcor", name, distance_correlation(&z, &factor)?);
            note("dcor_corrected", name, corrected(&z, &factor)?);
            note("dcor_noise", name, noise_floor(&z, &factor, SHUFFLES, subject.seed)?.mean);
            let Some(cause) = &cause else { continue };
            note("dcor_cause", name, distance_correlation(cause, &factor)?);
            if role == Role::Spurious {
                let noise = of(&factors, sample.twin_table(&factors))?;
                note("dcor", "sp_noise", distance_correlation(&z, &noise)?);
                note("dcor_corrected", "sp_noise", corrected(&z, &noise)?);
                note("dcor_partial", "sp", partial(&z, &factor, cause)?);
            }
        }
    }
    Ok(())
}
