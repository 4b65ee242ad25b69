//! Both sides of Theorem 4.1 (Eq. 9), for the linear head.
//!
//! With chance `1 - delta` every head with `|W_k| <= B` on representations with `|z| <= r` has
//! `R <= R_rho + (4 K / rho) B r / sqrt(n) + sqrt(log(1 / delta) / (2 n))`: its risk is at most its
//! margin loss on the n specimens it was trained on, and two terms that shrink with n (Mohri et
//! al., *Foundations of Machine Learning*, Theorem 9.2; the proof of the paper's A.5).
//!
//! What it does not cover: the representation is learned from the same specimens, and the theorem
//! holds for heads on a fixed one; and the proof bounds the risk of the real branch alone, not the
//! C3 risk. So the right side is what the paper's formula says, not a guarantee. The bias counts
//! as one more element of z that is always 1.

use super::seen::{iid, need};
use super::{Found, Subject};
use crate::learn::Representation;
use crate::measure::condition::{Condition, Depth, Need, Source};
use crate::measure::table::Table;
use crate::scene::Stage;

/// Specimens of the training stream that the margin loss is a mean over, at the most.
const LOOKED_AT: usize = 16_384;

/// Sums over specimens.
#[derive(Default)]
struct Sums {
    rows: usize,
    margin_loss: f64,
    wrong: f64,
    /// The largest `|z|^2`.
    largest: f64,
    /// The largest `|W_k|^2`.
    weight: f64,
}

/// `bound.risk` (the left side, on specimens that weren't trained on), `bound.right_side` and its
/// parts `bound.margin_loss`, `bound.complexity`, `bound.confidence`, and `bound.n`.
pub(super) fn compute(subject: &Subject, table: &Table, rho: f64, delta: f64, found: &mut Found) {
    let n = subject.updates * subject.training.batch;
    let Some(trained) = sums(table, &stream(subject.stage), n.min(LOOKED_AT), rho) else { return };
    let Some(fresh) = sums(table, &iid(subject.stage), subject.samples, rho) else { return };
    let classes = subject.stage.classes() as f64;
    let root = (n as f64).sqrt();
    let margin_loss = trained.margin_loss / trained.rows as f64;
    let complexity = 4.0 * classes / rho * trained.weight.sqrt() * trained.largest.sqrt() / root;
    let confidence = ((1.0 / delta).ln() / (2.0 * n as f64)).sqrt();
    found.note("bound.n", n as f64);
    found.note("bound.risk", fresh.wrong / fresh.rows as f64);
    found.note("bound.margin_loss", margin_loss);
    found.note("bound.complexity", complexity);
    found.note("bound.confidence", confidence);
    found.note("bound.right_side", margin_loss + complexity + confidence);
}

/// The samples that the model was trained on.
fn stream(stage: &Stage) -> Source {
    Source { regime: stage.iid().name.clone(), first: 0 }
}

/// Representations of samples of the training stream, of `n` of which the model has learned, and of
/// others.
pub(super) fn needs(stage: &Stage, samples: usize, n: usize) -> Vec<Need> {
    let trained = stream(stage);
    vec![
        need(trained, Condition::Natural, n.min(LOOKED_AT), Depth::REPRESENTATION),
        need(iid(stage), Condition::Natural, samples, Depth::REPRESENTATION),
    ]
}

fn sums(table: &Table, source: &Source, rows: usize, rho: f64) -> Option<Sums> {
    let column = table.natural(source)?;
    let mut z = Representation::default();
    (0..rows).for_each(|row| z.push(&column.answers.representation, row));
    let mut sums = Sums::default();
    add(&mut sums, &z, &column.world.labels[..rows], rho);
    (rows > 0).then_some(sums)
}

/// Adds what a batch has.
fn add(sums: &mut Sums, z: &Representation, labels: &[usize], rho: f64) {
    let classes = z.logits.classes;
    for ((row, &label), values) in (0..z.rows).zip(labels).zip(z.values.chunks_exact(z.width)) {
        let logits = z.logits.row(row);
        let others = (0..classes).filter(|&k| k != label).map(|k| f64::from(logits[k]));
        let margin = f64::from(logits[label]) - others.fold(f64::NEG_INFINITY, f64::max);
        sums.margin_loss += margin_loss(margin, rho);
        sums.wrong += f64::from(u8::from(z.logits.verdict(row) != label));
        let length = 1.0 + values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        sums.largest = sums.largest.max(length);
    }
    sums.rows += z.rows;
    for class in 0..classes {
        let weights = z.weight.chunks_exact(classes).map(|row| f64::from(row[class]).powi(2));
        let bias = bias_of(z, class);
        sums.weight = sums.weight.max(weights.sum::<f64>() + bias * bias);
    }
}

/// `Phi_rho`: 1 for a margin below 0, 0 above `rho`, and straight between.
fn margin_loss(margin: f64, rho: f64) -> f64 {
    (1.0 - margin / rho).clamp(0.0, 1.0)
}

/// What the head adds to `z W` for a class, from the first specimen.
fn bias_of(z: &Representation, class: usize) -> f64 {
    let classes = z.logits.classes;
    let first = z.values.iter().take(z.width).zip(z.weight.chunks_exact(classes));
    let product: f64 = first.map(|(&v, w)| f64::from(v) * f64::from(w[class])).sum();
    z.logits.values.get(class).map_or(0.0, |&logit| f64::from(logit) - product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Logits;

    #[test]
    fn sums_are_those_of_a_small_head() {
        // z W + b with W = [[1, -1], [0, 2]] and b = [0.5, 0].
        let z = Representation {
            rows: 2,
            width: 2,
            values: vec![1.0, 0.0, 3.0, 4.0],
            logits: Logits { rows: 2, classes: 2, values: vec![1.5, -1.0, 3.5, 5.0] },
            weight: vec![1.0, -1.0, 0.0, 2.0],
            instrument: Vec::new(),
        };
        let mut sums = Sums::default();
        add(&mut sums, &z, &[0, 0], 5.0);
        assert_eq!(sums.rows, 2);
        // Margins 2.5 and -1.5 at rho 5: 0.5 and 1.
        assert!((sums.margin_loss - 1.5).abs() < 1e-12);
        assert_eq!(sums.wrong, 1.0);
        assert!((sums.largest - 26.0).abs() < 1e-12);
        assert!((sums.weight - 5.0).abs() < 1e-9);
        assert_eq!(margin_loss(0.0, 1.0), 1.0);
        assert_eq!(margin_loss(1.0, 1.0), 0.0);
    }
}
