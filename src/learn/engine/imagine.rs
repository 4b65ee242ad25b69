//! The hypothetical branch of specimens that are only looked at.

use super::super::learner::Counterfactual;
use super::block::{Block, Hypothetical};
use super::head::{Head, Reach};
use super::row::{softmax, sum};
use super::shape::Shape;

/// Adds the hypothetical logits, `z_bar` and the divergences of a block's specimens.
pub fn imagine(
    shape: &Shape,
    head: &Head,
    reach: Reach,
    labels: &[usize],
    block: &mut Block,
    found: &mut Counterfactual,
) {
    let (width, classes) = (shape.width(), shape.classes());
    let Block { values, hypothetical, .. } = block;
    let Hypothetical { coefficients, wide, narrow, .. } = hypothetical;
    let [log, probability, other_log, other, z_bar] = wide;
    let [share, moved, room, ..] = narrow;
    let c = &mut coefficients[..classes];
    let rows = values[shape.logits].chunks_exact(classes).zip(values[shape.z].chunks_exact(width));
    for ((logits, z), &label) in rows.zip(labels) {
        head.step((logits, label), reach, [share, room], c);
        head.through_gram(c, moved);
        found.hypothetical.values.extend(logits.iter().zip(&*moved).map(|(l, moved)| l + moved));
        z_bar.copy_from_slice(z);
        head.add_step(c, z_bar);
        softmax(z, log, probability);
        softmax(z_bar, other_log, other);
        found.divergence.push(sum(width, |i| probability[i] * (log[i] - other_log[i])));
        found.z.extend_from_slice(z_bar);
    }
}
