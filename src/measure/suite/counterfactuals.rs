//! Counterfactual representations of several kinds against the rendered twin (the paper's Table 5).
//!
//! The question to all: what would the representation of this specimen be, had its cause been
//! another, so that its label is another? The twin answers it: the same noise, rendered anew. The
//! others have to guess:
//!
//! - `gradient`: the twin network's step, as in training (Eq. 7);
//! - `hand`: a specimen of the other label that a person would pick, the most alike in all factors
//!   but the cause (our reading of the paper's "manually curated example");
//! - `transport`: the specimen that optimal transport between the two labels' representations
//!   assigns (De Lara et al., 2024).

use super::headings::ways;
use super::seen::{iid, need, of_role, z};
use super::{Found, Subject, Trouble};
use crate::causal::Role;
use crate::learn::Representation;
use crate::measure::condition::{Condition, Depth, Need};
use crate::measure::statistic::Table;
use crate::measure::statistic::assignment::assign;
use crate::measure::statistic::wasserstein::{Order, exact};
use crate::measure::table::{Column, Table as Predictions};
use crate::scene::{Factor, Stage};

/// Specimens that are looked through.
const SEARCHED: usize = 2048;
/// Specimens of the comparison at the most: the transport's work grows with the cube.
const ROWS: usize = 256;
/// Samples among which those of the comparison stand: each is rendered once for every factor.
const AMONG: usize = 1024;

/// Representations as samples are and away from every factor's value, and the gradient's.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    let rows = searched(samples);
    let mut all = vec![
        need(iid(stage), Condition::Natural, rows, Depth::REPRESENTATION),
        need(iid(stage), Condition::Natural, rows, Depth::COUNTERFACTUAL),
    ];
    if !of_role(stage, Role::Snc).is_empty() {
        let away = (0..stage.factors.len()).map(Condition::Away);
        all.extend(away.map(|c| need(iid(stage), c, rows.min(AMONG), Depth::REPRESENTATION)));
    }
    all
}

fn searched(samples: usize) -> usize {
    SEARCHED.min(4 * samples)
}

/// For each kind `counterfactual.KIND.accuracy`, the share whose verdict is the twin's label;
/// `.distance`, the second Wasserstein distance of all to all twins; `.error`, the root mean
/// square distance of each to its own twin. Distances are in units of the root mean square
/// distance between specimen and twin, so that staying where one is has error 1. And for each factor
/// `counterfactual.KIND.toward.FACTOR`, the mean cosine between the way to the counterfactual and the
/// way that a change of the factor alone would take ([`ways`]).
///
/// Of kinds `twin` (the reference), `gradient`, `hand`, `transport`. Nothing where the scene has
/// no SNC or too few labels change with it.
pub(super) fn compute(
    subject: &Subject,
    table: &Predictions,
    found: &mut Found,
) -> Result<(), Trouble> {
    let stage = subject.stage;
    let Some(&cause) = of_role(stage, Role::Snc).first() else { return Ok(()) };
    let rows = searched(subject.samples);
    let (Some(sample), Some(away)) =
        (table.natural(&iid(stage)), table.column(&iid(stage), &Condition::Away(cause)))
    else {
        return Ok(());
    };
    let among = rows.min(AMONG);
    let (z, values) = z(sample, rows);
    let (_, twin_values) = super::seen::z(away, among);
    let gradient = &sample.answers.counterfactual.z;
    let gradient: Vec<f64> = gradient.iter().map(|&v| f64::from(v)).collect();
    let wanted = |row: &usize| sample.world.labels[*row] != away.world.labels[*row];
    let chosen: Vec<usize> = (0..among).filter(wanted).take(ROWS).collect();
    if chosen.len() < 8 {
        return Ok(());
    }
    let width = z.width;
    let pick = |table: &[f64], rows: &[usize]| -> Vec<f64> {
        rows.iter().flat_map(|&row| &table[row * width..(row + 1) * width]).copied().collect()
    };
    let twin = pick(&twin_values, &chosen);
    let own = pick(&values, &chosen);
    let unit = root_mean_square(&own, &twin, width).max(1e-12);
    let labels: Vec<usize> = chosen.iter().map(|&row| away.world.labels[row]).collect();
    let by_hand: Vec<usize> = chosen
        .iter()
        .zip(&labels)
        .map(|(&row, &y)| alike(subject, sample, rows, cause, row, y))
        .collect();
    let kinds = [
        ("twin", twin.clone()),
        ("gradient", pick(&gradient, &chosen)),
        ("hand", pick(&values, &by_hand)),
        ("transport", transported(z, &values, &sample.world.labels[..rows], &chosen, &labels)?),
    ];
    let twins = Table::new(chosen.len(), width, &twin)?;
    let ways = ways(subject, table, cause, &chosen, &own).unwrap_or_default();
    for (kind, guess) in &kinds {
        let right = (chosen.iter().zip(&labels).enumerate())
            .filter(|(i, (row, label))| {
                verdict(z, **row, &guess[i * width..(i + 1) * width]) == **label
            })
            .count();
        let mut note = |what: &str, value: f64| {
            found.note(format!("counterfactual.{kind}.{what}"), value);
        };
        note("accuracy", right as f64 / chosen.len() as f64);
        note("error", root_mean_square(guess, &twin, width) / unit);
        let rows = Table::new(chosen.len(), width, guess)?;
        note("distance", exact(&rows, &twins, Order::Two)? / unit);
        for way in &ways {
            if let Some(cosine) = way.cosine(&own, guess) {
                note(&format!("toward.{}", subject.stage.factors[way.factor].name), cosine);
            }
        }
    }
    Ok(())
}

/// The root mean square distance of rows that belong together.
fn root_mean_square(x: &[f64], y: &[f64], width: usize) -> f64 {
    let squares: f64 = x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum();
    (squares / (x.len() / width.max(1)).max(1) as f64).sqrt()
}

/// What the head says of a representation in the place of a row's own.
fn verdict(z: &Representation, row: usize, other: &[f64]) -> usize {
    let classes = z.logits.classes;
    let own = &z.values[row * z.width..(row + 1) * z.width];
    let logit = |class: usize| {
        let moved = own.iter().zip(other).zip(z.weight.chunks_exact(classes));
        let by: f64 = moved.map(|((a, b), w)| (b - f64::from(*a)) * f64::from(w[class])).sum();
        f64::from(z.logits.row(row)[class]) + by
    };
    (1..classes).fold(0, |best, class| if logit(class) > logit(best) { class } else { best })
}

/// The specimen with label `label` that is most alike in all factors but the cause, measured by
/// the squared differences in units of each factor's contrast.
fn alike(
    subject: &Subject,
    sample: &Column,
    rows: usize,
    cause: usize,
    row: usize,
    label: usize,
) -> usize {
    let width = subject.stage.factors.len();
    let away = |other: usize| -> f64 {
        let factors = subject.stage.factors.iter().enumerate().filter(|(i, _)| *i != cause);
        factors
            .map(|(i, &Factor { absent, present, .. })| {
                let difference =
                    sample.world.row(row, width)[i] - sample.world.row(other, width)[i];
                (difference / (present - absent)).powi(2)
            })
            .sum()
    };
    let others = (0..rows).filter(|&other| sample.world.labels[other] == label);
    others.min_by(|&a, &b| away(a).total_cmp(&away(b))).unwrap_or(row)
}

/// The representations that optimal transport assigns: label by label, from the chosen rows to as
/// many rows of the label that they would have.
fn transported(
    z: &Representation,
    values: &[f64],
    labels: &[usize],
    chosen: &[usize],
    wanted: &[usize],
) -> Result<Vec<f64>, Trouble> {
    let width = z.width;
    let at = |row: usize| &values[row * width..(row + 1) * width];
    let mut guess = vec![0.0; chosen.len() * width];
    for label in 0..z.logits.classes {
        let from: Vec<usize> = (0..chosen.len()).filter(|&i| wanted[i] == label).collect();
        let there = (0..labels.len()).filter(|&row| labels[row] == label);
        let to: Vec<usize> = there.take(from.len()).collect();
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let cost: Vec<f64> = from
            .iter()
            .flat_map(|&i| {
                let own = at(chosen[i]);
                to.iter()
                    .map(|&row| own.iter().zip(at(row)).map(|(a, b)| (a - b).powi(2)).sum::<f64>())
            })
            .collect();
        for (i, j) in assign(&Table::new(from.len(), to.len(), &cost)?).pairs {
            guess[from[i] * width..(from[i] + 1) * width].copy_from_slice(at(to[j]));
        }
    }
    Ok(guess)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Logits;

    fn z() -> Representation {
        Representation {
            rows: 4,
            width: 1,
            values: vec![0.0, 1.0, 10.0, 11.0],
            logits: Logits {
                rows: 4,
                classes: 2,
                values: vec![0.0, -5.0, 0.0, -4.0, 0.0, 5.0, 0.0, 6.0],
            },
            weight: vec![0.0, 1.0],
            instrument: Vec::new(),
        }
    }

    #[test]
    fn transport_keeps_the_order_on_a_line() {
        let z = z();
        let values: Vec<f64> = z.values.iter().map(|&v| f64::from(v)).collect();
        let labels = [0, 0, 1, 1];
        let Ok(guess) = transported(&z, &values, &labels, &[1, 0, 3], &[1, 1, 0]) else {
            panic!("four specimens can be paired")
        };
        assert_eq!(guess, [11.0, 10.0, 0.0]);
    }

    #[test]
    fn a_verdict_follows_what_is_put_in_place() {
        assert_eq!(verdict(&z(), 0, &[0.0]), 0);
        assert_eq!(verdict(&z(), 0, &[10.0]), 1);
        assert_eq!(
            root_mean_square(&[0.0, 3.0, 0.0, 0.0], &[0.0, 0.0, 4.0, 0.0], 2),
            12.5_f64.sqrt()
        );
    }
}
