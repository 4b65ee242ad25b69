//! The rest of Eq. 10 in one pass over the rows of a block: necessity, `L_v` and `L_fe`, with all
//! their slopes.

use multiversion::multiversion;

use super::block::{Block, Hypothetical};
use super::head::{Head, Reach, share_of};
use super::product::{Side, product};
use super::row::{softmax, sum};
use super::shape::Shape;

/// The weights of the terms over the number of specimens, 0 for one that isn't wanted.
#[derive(Clone, Copy)]
pub struct Terms {
    /// How far the hypothetical branch goes.
    pub reach: Reach,
    /// Of the surrogate of the necessity risk.
    pub necessity: f32,
    /// Of `KL(z || v)`.
    pub l_v: f32,
    /// Whether V is a constant there.
    pub detached: bool,
    /// Of `max(0, KL(z || z_bar) - budget)`.
    pub l_fe: f32,
    /// That budget, in nats.
    pub budget: f32,
}

/// Adds the slopes of the logits, and sets those of Z, of V unless it is a constant, and of the
/// head; sums up the terms.
pub fn risk(shape: &Shape, terms: &Terms, head: &Head, labels: &[usize], block: &mut Block) {
    let wide = terms.l_v != 0.0 || terms.l_fe != 0.0;
    rows(shape, terms, head, labels, block);
    block.seeded[shape.z] = wide;
    if let Some(instrument) = &shape.instrument {
        block.seeded[instrument.v] = terms.l_v != 0.0 && !terms.detached;
    }
    let (width, classes) = (shape.width(), shape.classes());
    let Hypothetical { slope, coefficients, weight, .. } = &mut block.hypothetical;
    if terms.l_fe == 0.0 {
        weight.fill(0.0);
        return;
    }
    let sides = (Side::turned(slope, width), Side::rows(coefficients, classes));
    product(weight, (width, block.rows, classes), sides.0, sides.1, false);
}

#[multiversion(targets("x86_64+avx2"))]
fn rows(shape: &Shape, terms: &Terms, head: &Head, labels: &[usize], block: &mut Block) {
    let (width, classes) = (shape.width(), shape.classes());
    let Block { values, slopes, hypothetical, sums, .. } = block;
    let Hypothetical { slope, coefficients, gram, wide, narrow, .. } = hypothetical;
    let [log, probability, other_log, other, z_bar] = wide;
    let [share, c_slope, moved, room, without, u] = narrow;
    (sums.necessity, sums.l_v, sums.l_fe) = (0.0, 0.0, 0.0);
    gram.fill(0.0);
    slope.fill(0.0);
    for (row, &label) in labels.iter().enumerate() {
        let logits = &values[shape.logits][row * classes..][..classes];
        let c = &mut coefficients[row * classes..][..classes];
        let at = row * width..(row + 1) * width;
        let z = &values[shape.z][at.clone()];
        head.step((logits, label), terms.reach, [share, room], c);
        c_slope.fill(0.0);
        if terms.necessity != 0.0 {
            head.through_gram(c, moved);
            moved.iter_mut().zip(logits).for_each(|(moved, logit)| *moved += logit);
            let all = share_of(moved, None, room);
            sums.necessity += f64::from(all - share_of(moved, Some(label), without));
            let out = &mut slopes[shape.logits][row * classes..][..classes];
            for k in 0..classes {
                moved[k] = terms.necessity * (room[k] - without[k]);
                out[k] += moved[k];
            }
            head.through_gram(moved, c_slope);
            for (c, gram) in c.iter().zip(gram.chunks_exact_mut(classes)) {
                gram.iter_mut().zip(&*moved).for_each(|(gram, slope)| *gram += c * slope);
            }
        }
        if terms.l_v != 0.0 || terms.l_fe != 0.0 {
            slopes[shape.z][at.clone()].fill(0.0);
            softmax(z, log, probability);
        }
        if let Some(instrument) = shape.instrument.as_ref().filter(|_| terms.l_v != 0.0) {
            softmax(&values[instrument.v][at.clone()], other_log, other);
            let kl = divergence(log, probability, other_log);
            sums.l_v += f64::from(kl);
            let out = &mut slopes[shape.z][at.clone()];
            pull(terms.l_v, kl, [log, probability, other_log], out);
            if !terms.detached {
                let out = &mut slopes[instrument.v][at.clone()];
                for i in 0..width {
                    out[i] = terms.l_v * (other[i] - probability[i]);
                }
            }
        }
        if terms.l_fe != 0.0 {
            z_bar.copy_from_slice(z);
            head.add_step(c, z_bar);
            softmax(z_bar, other_log, other);
            let kl = divergence(log, probability, other_log);
            let over = kl - terms.budget;
            if over > 0.0 {
                sums.l_fe += f64::from(over);
                let out = &mut slopes[shape.z][at.clone()];
                pull(terms.l_fe, kl, [log, probability, other_log], out);
                let slope = &mut slope[at];
                for i in 0..width {
                    slope[i] = terms.l_fe * (other[i] - probability[i]);
                    out[i] += slope[i];
                }
                head.add_step_slope(slope, c_slope);
            }
        }
        let out = (&mut slopes[shape.logits][row * classes..][..classes], &mut gram[..]);
        head.step_back(label, terms.reach, c_slope, share, [u, room], out);
    }
}

/// `KL(p || q)` from the logarithms.
#[inline(always)]
fn divergence(log: &[f32], probability: &[f32], other_log: &[f32]) -> f32 {
    let count = log.len();
    let (probability, other_log) = (&probability[..count], &other_log[..count]);
    sum(count, |i| probability[i] * (log[i] - other_log[i]))
}

/// Adds `weight` times the slope of `KL(softmax(z) || q)` with respect to z.
#[inline(always)]
fn pull(weight: f32, kl: f32, [log, probability, other]: [&[f32]; 3], out: &mut [f32]) {
    let count = out.len();
    let (log, probability, other) = (&log[..count], &probability[..count], &other[..count]);
    for i in 0..count {
        out[i] += weight * probability[i] * ((log[i] - other[i]) - kl);
    }
}
