//! The probe of the paper's appendix H.5 (Table 8): elements of the representation that matter are
//! made smaller, or the others larger, and the head, as it is, is asked again.

use rand::seq::SliceRandom as _;

use super::seen::{iid, need};
use super::{Found, Subject};
use crate::causal::noise::{StreamId, stream};
use crate::learn::Representation;
use crate::measure::condition::{Condition, Depth, Need};
use crate::measure::table::Table;
use crate::scene::Stage;

/// The stream that chooses the elements of the control.
const CONTROL: StreamId = StreamId::of("measure:reweighting");

/// Accuracy of the head on changed representations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reweighted {
    /// As they are.
    pub original: f64,
    /// With the elements that matter halved.
    pub reduce: f64,
    /// With all others doubled, and the whole brought back to its length.
    pub increase: f64,
}

/// Samples at the most.
const ROWS: usize = 2048;

/// Representations.
pub(super) fn needs(stage: &Stage, samples: usize) -> Vec<Need> {
    vec![need(iid(stage), Condition::Natural, samples.min(ROWS), Depth::REPRESENTATION)]
}

/// `reweighting.original`, `.reduce`, `.increase`, and `.random`: as many elements halved as for
/// `reduce`, by chance.
pub(super) fn compute(subject: &Subject, table: &Table, found: &mut Found) {
    let Some(sample) = table.natural(&iid(subject.stage)) else { return };
    // More may have been asked for by other measures.
    let mut z = Representation::default();
    for row in 0..subject.samples.min(ROWS) {
        z.push(&sample.answers.representation, row);
    }
    let labels = &sample.world.labels[..z.rows];
    let Reweighted { original, reduce, increase } =
        reweighted(&z, &highest(&importance(&z)), labels);
    let mut order: Vec<usize> = (0..z.width).collect();
    order.shuffle(&mut stream(subject.seed, 0, CONTROL));
    order.truncate(z.width.div_ceil(5));
    found.note("reweighting.original", original);
    found.note("reweighting.reduce", reduce);
    found.note("reweighting.increase", increase);
    found.note("reweighting.random", reweighted(&z, &order, labels).reduce);
}

/// How much each element of the representation moves the verdict: the spread of the element times
/// the largest difference of its weights between classes.
#[must_use]
pub fn importance(z: &Representation) -> Vec<f64> {
    let classes = z.logits.classes.max(1);
    let rows = z.rows.max(1) as f64;
    let element = |i: usize| z.values.iter().skip(i).step_by(z.width).map(|&v| f64::from(v));
    let spread = |i: usize| {
        let mean = element(i).sum::<f64>() / rows;
        (element(i).map(|v| (v - mean).powi(2)).sum::<f64>() / rows).sqrt()
    };
    let reach = |w: &[f32]| {
        let (low, high) = w.iter().fold((f32::MAX, f32::MIN), |(a, b), &w| (a.min(w), b.max(w)));
        f64::from(high - low)
    };
    z.weight.chunks_exact(classes).enumerate().map(|(i, w)| reach(w) * spread(i)).collect()
}

/// The fifth of the elements that matters most.
#[must_use]
pub fn highest(importance: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..importance.len()).collect();
    order.sort_by(|&a, &b| importance[b].total_cmp(&importance[a]).then(a.cmp(&b)));
    order.truncate(importance.len().div_ceil(5));
    order
}

/// The accuracy of the head as it is, on representations in which some elements are halved, or
/// all others doubled. Whatever a method adds to the head's product stays as it was.
#[must_use]
pub fn reweighted(z: &Representation, elements: &[usize], labels: &[usize]) -> Reweighted {
    let chosen = |i: usize| elements.contains(&i);
    let reduced: Vec<f64> = (0..z.width).map(|i| if chosen(i) { 0.5 } else { 1.0 }).collect();
    let increased: Vec<f64> = (0..z.width).map(|i| if chosen(i) { 1.0 } else { 2.0 }).collect();
    Reweighted {
        original: z.logits.accuracy(labels),
        reduce: moved(z, &reduced, false).accuracy(labels),
        increase: moved(z, &increased, true).accuracy(labels),
    }
}

/// The logits of representations whose elements are multiplied by `factors`, and which then may
/// be brought back to their length.
fn moved(z: &Representation, factors: &[f64], rescale: bool) -> crate::learn::Logits {
    let mut logits = z.logits.clone();
    let classes = logits.classes.max(1);
    let rows = logits.values.chunks_exact_mut(classes).zip(z.values.chunks_exact(z.width.max(1)));
    for (logits, row) in rows {
        let old: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
        let new: Vec<f64> = old.iter().zip(factors).map(|(v, factor)| v * factor).collect();
        let length = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        let scale = if rescale { length(&old) / length(&new).max(1e-12) } else { 1.0 };
        for (class, logit) in logits.iter_mut().enumerate() {
            let pairs = old.iter().zip(&new).zip(z.weight.chunks_exact(classes));
            let by: f64 = pairs.map(|((a, b), w)| (b * scale - a) * f64::from(w[class])).sum();
            *logit += by as f32;
        }
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Logits;

    #[test]
    fn an_element_that_the_head_reads_is_important() {
        // The second element alone is read.
        let z = |added: f32| Representation {
            rows: 2,
            width: 3,
            values: vec![5.0, 1.0, 0.0, -5.0, -1.0, 0.0],
            logits: Logits { rows: 2, classes: 2, values: vec![-1.0, 1.0, 1.0 + added, -1.0] },
            weight: vec![0.0, 0.0, -1.0, 1.0, 0.0, 0.0],
            instrument: Vec::new(),
        };
        assert_eq!(importance(&z(0.0)), [0.0, 2.0, 0.0]);
        assert_eq!(highest(&importance(&z(0.0))), [1]);
        let all = |added| reweighted(&z(added), &[1], &[1, 0]);
        // Where the method adds -1.5 the right class leads by 0.5; halving takes 1 away, and so
        // does doubling the rest, since the whole is brought back to its length.
        assert_eq!(all(-1.5), Reweighted { original: 1.0, reduce: 0.5, increase: 0.5 });
        assert_eq!(all(0.0), Reweighted { original: 1.0, reduce: 1.0, increase: 1.0 });
    }
}
