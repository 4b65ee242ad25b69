//! The losses on verdicts alone: the task loss, and the consistency of specimens and twins.

use super::block::{Block, Marks, branches};
use super::row::softmax;
use super::shape::Shape;

/// How much the specimens of a block weigh in the task loss.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    /// The weight of the loss over the number of specimens.
    pub share: f32,
    /// A weight for every specimen of the batch, 1 on average; none where all weigh alike.
    pub each: Option<&'a [f32]>,
    /// What is added to the logits of every specimen of the batch, rows x classes; none where nothing
    /// is.
    pub offsets: Option<&'a [f32]>,
    /// The weight of the loss of every modality alone, where there are heads for it.
    pub alone: f32,
}

/// The task loss of a block: its sum, and the slopes of logits and branches, which it sets. The
/// losses of the branches and of modalities alone are left out unless `own` asks for them.
pub fn task(shape: &Shape, labels: &[usize], weights: Weights<'_>, own: bool, block: &mut Block) {
    let (classes, modalities) = (shape.classes(), shape.features.len());
    let Block { values, slopes, seeded, marks, hypothetical, sums, first, .. } = block;
    let marks = Marks::of(marks, modalities);
    let weight = |row: usize| weights.each.map_or(1.0, |each| each[*first + row]);
    let offsets = weights.offsets.map(|all| &all[*first * classes..]);
    let [log, probability, moved, ..] = &mut hypothetical.narrow;
    let mut add = |slot: usize, factor: &dyn Fn(usize) -> f32| {
        let logits = values[slot].chunks_exact(classes);
        let rows = logits.zip(slopes[slot].chunks_exact_mut(classes)).zip(labels);
        let mut total = 0.0;
        seeded[slot] = true;
        for (row, ((logits, slope), &label)) in rows.enumerate() {
            match offsets {
                Some(offsets) => {
                    let pairs = logits.iter().zip(&offsets[row * classes..]);
                    moved
                        .iter_mut()
                        .zip(pairs)
                        .for_each(|(moved, (l, offset))| *moved = l + offset);
                    softmax(moved, log, probability);
                }
                None => softmax(logits, log, probability),
            }
            let factor = factor(row);
            total -= f64::from(factor * log[label]);
            for (k, slope) in slope.iter_mut().enumerate() {
                let target = f32::from(u8::from(k == label));
                *slope = weights.share * factor * (probability[k] - target);
            }
        }
        total
    };
    sums.task = add(shape.logits, &weight);
    for (m, &branch) in branches(shape).into_iter().flat_map(|(slots, _)| slots.iter().enumerate())
    {
        let counts = |row: usize| if own { marks.has(row, m) * weight(row) } else { 0.0 };
        let loss = add(branch, &counts);
        sums.task += if own { loss } else { 0.0 };
    }
    for (m, &head) in shape.alone.iter().enumerate() {
        let counts = |row: usize| weights.alone * marks.has(row, m) * weight(row);
        sums.task += add(head, &counts);
    }
    let verdicts = values[shape.logits].chunks_exact(classes).map(verdict);
    sums.right = verdicts.zip(labels).filter(|(verdict, label)| verdict == *label).count();
}

/// The class with the largest logit; the first of equals.
pub fn verdict(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, k| if logits[k] > logits[best] { k } else { best })
}

/// The Jeffreys divergence of a block and the block of its twins, over pairs whose label stays: its
/// sum, and its slopes times `share`, which are added.
pub fn consistency(
    shape: &Shape,
    labels: [&[usize]; 2],
    share: f32,
    block: &mut Block,
    twins: &mut Block,
) {
    let classes = shape.classes();
    let [log, p, other_log, other_p, ..] = &mut block.hypothetical.narrow;
    block.sums.consistency = 0.0;
    for row in (0..block.rows).filter(|&row| labels[0][row] == labels[1][row]) {
        let place = row * classes..(row + 1) * classes;
        softmax(&block.values[shape.logits][place.clone()], log, p);
        softmax(&twins.values[shape.logits][place.clone()], other_log, other_p);
        let gap = |k: usize| (p[k] - other_p[k], log[k] - other_log[k]);
        let pairs = (0..classes).map(gap);
        block.sums.consistency += pairs.map(|(p, log)| f64::from(p * log)).sum::<f64>();
        // With respect to log p_k, and the same for the twin with the sign turned round.
        let slope = |k: usize, p: &[f32], sign: f32| {
            let (difference, log) = gap(k);
            sign * (difference + p[k] * log)
        };
        let add = |slopes: &mut [f32], p: &[f32], sign: f32| {
            let total: f32 = (0..classes).map(|k| slope(k, p, sign)).sum();
            for (k, out) in slopes.iter_mut().enumerate() {
                *out += share * (slope(k, p, sign) - p[k] * total);
            }
        };
        add(&mut block.slopes[shape.logits][place.clone()], p, 1.0);
        add(&mut twins.slopes[shape.logits][place], other_p, -1.0);
    }
}
