//! The linear head as the hypothetical branch needs it (Eq. 7): the step of one specimen in the
//! space of classes, and back.
//!
//! `z_bar = z + c W^T` with a coefficient per class, and W less its mean over classes; see dfdx's
//! [`TwinNetwork`](super::super::twin_network::TwinNetwork) for where it comes from.

use super::super::twin_network::CounterfactualKind;
use super::block::Block;
use super::product::{Side, product};
use super::row::{add_scaled, dot, exp};
use super::shape::{Fusion, Shape};
use crate::scene::training::Step;

/// The squared length of a step below which it has no direction.
const SHORTEST: f32 = 1e-12;

/// How far a step goes.
#[derive(Clone, Copy)]
pub enum Reach {
    /// So many times the gradient.
    Raw(f32),
    /// So far in the direction of the gradient.
    Length(f32),
}

impl Reach {
    /// The reach of a counterfactual, given the spread of Z over the batch.
    pub fn of(kind: CounterfactualKind, spread: impl FnOnce() -> f32) -> Self {
        let (step, sign) = match kind {
            CounterfactualKind::Flip(step) => (step, 1.0),
            CounterfactualKind::Literal(step) => (step, -1.0),
        };
        match step {
            Step::Raw(eta) => Self::Raw(sign * eta),
            Step::Spread(radius) => Self::Length(sign * radius * spread()),
        }
    }
}

/// W less its mean over classes, turned round, and its gram matrix.
#[derive(Default)]
pub struct Head {
    /// Classes x width.
    turned: Vec<f32>,
    /// Classes x classes.
    gram: Vec<f32>,
    classes: usize,
    width: usize,
}

/// The number of W, the weight of the head over Z, that stands at row `i` for class `k`.
fn weight_at(shape: &Shape, parameters: &[f32], i: usize, k: usize) -> f32 {
    let (width, classes) = (shape.width(), shape.classes());
    match &shape.fusion {
        Some(Fusion::Late { weights, .. }) => {
            let features = width / weights.len();
            let start = weights[i / features];
            parameters[start + i % features * classes + k] * (1.0 / weights.len() as f32)
        }
        Some(Fusion::Joint { weight }) => parameters[weight + i * classes + k],
        None => 0.0,
    }
}

/// W, width x classes.
pub fn weight_of(shape: &Shape, parameters: &[f32]) -> Vec<f32> {
    let classes = shape.classes();
    let count = shape.width() * classes;
    (0..count).map(|i| weight_at(shape, parameters, i / classes, i % classes)).collect()
}

impl Head {
    /// Takes the head as it is now.
    pub fn read(&mut self, shape: &Shape, parameters: &[f32]) {
        let (width, classes) = (shape.width(), shape.classes());
        (self.width, self.classes) = (width, classes);
        self.turned.resize(classes * width, 0.0);
        self.gram.resize(classes * classes, 0.0);
        for i in 0..width {
            let weight = |k: usize| weight_at(shape, parameters, i, k);
            let mean = (0..classes).map(weight).sum::<f32>() / classes as f32;
            (0..classes).for_each(|k| self.turned[k * width + i] = weight(k) - mean);
        }
        let sides = (Side::rows(&self.turned, width), Side::turned(&self.turned, width));
        product(&mut self.gram, (classes, width, classes), sides.0, sides.1, false);
    }

    /// `c G`, where G is the gram matrix, which is its own turned one.
    #[inline(always)]
    pub fn through_gram(&self, c: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        for (c, row) in c.iter().zip(self.gram.chunks_exact(self.classes)) {
            add_scaled(out, *c, row);
        }
    }

    /// Adds `c W^T`, a step in the space of Z.
    #[inline(always)]
    pub fn add_step(&self, c: &[f32], z: &mut [f32]) {
        for (c, row) in c.iter().zip(self.turned.chunks_exact(self.width)) {
            add_scaled(z, *c, row);
        }
    }

    /// Adds the slope with respect to `c` that a slope with respect to `c W^T` gives.
    #[inline(always)]
    pub fn add_step_slope(&self, slope: &[f32], out: &mut [f32]) {
        for (out, row) in out.iter_mut().zip(self.turned.chunks_exact(self.width)) {
            *out += dot(slope, row);
        }
    }

    /// The coefficients `c` of the step of one specimen. `share` becomes the softmax that they are
    /// made of; `room` is worked in.
    #[inline(always)]
    pub fn step(
        &self,
        (logits, label): (&[f32], usize),
        reach: Reach,
        [share, room]: [&mut [f32]; 2],
        c: &mut [f32],
    ) {
        let factor = match reach {
            Reach::Raw(eta) => {
                share_of(logits, None, share);
                point(share, label, c);
                eta
            }
            Reach::Length(length) => {
                share_of(logits, Some(label), share);
                point(share, label, c);
                self.through_gram(c, room);
                length / longer(dot(c, room)).sqrt()
            }
        };
        c.iter_mut().for_each(|c| *c *= factor);
    }

    /// Adds to the slopes of the logits and of the gram matrix what the slope with respect to the
    /// coefficients of a step gives, from the softmax that [`Self::step`] left.
    #[inline(always)]
    pub fn step_back(
        &self,
        label: usize,
        reach: Reach,
        slope: &mut [f32],
        share: &[f32],
        [u, room]: [&mut [f32]; 2],
        (logits, gram): (&mut [f32], &mut [f32]),
    ) {
        match reach {
            Reach::Raw(eta) => slope.iter_mut().for_each(|slope| *slope *= eta),
            Reach::Length(length) => {
                point(share, label, u);
                self.through_gram(u, room);
                let square = dot(u, room);
                let factor = length / longer(square).sqrt();
                // The length's own slope, unless it is held up.
                let own =
                    if square >= SHORTEST { -0.5 * factor / square * dot(slope, u) } else { 0.0 };
                for (k, slope) in slope.iter_mut().enumerate() {
                    *slope = factor * *slope + 2.0 * own * room[k];
                    add_scaled(&mut gram[k * self.classes..][..self.classes], own * u[k], u);
                }
            }
        }
        let mean = dot(slope, share);
        for ((out, share), slope) in logits.iter_mut().zip(share).zip(slope) {
            *out += share * (*slope - mean);
        }
    }

    /// The slope with respect to W, width x classes, from that of the gram matrix and that of
    /// `c W^T`, which is in `out` already. `gram` becomes that of both its sides.
    pub fn weight_slope(&self, gram: &mut [f32], out: &mut [f32]) {
        let classes = self.classes;
        for i in 0..classes {
            for k in 0..=i {
                let both = gram[i * classes + k] + gram[k * classes + i];
                (gram[i * classes + k], gram[k * classes + i]) = (both, both);
            }
        }
        let sides = (Side::turned(&self.turned, self.width), Side::rows(gram, classes));
        product(out, (self.width, classes, classes), sides.0, sides.1, true);
        for row in out.chunks_exact_mut(classes) {
            let mean = row.iter().sum::<f32>() / classes as f32;
            row.iter_mut().for_each(|slope| *slope -= mean);
        }
    }
}

/// `square`, held up where a step has no direction.
#[inline(always)]
fn longer(square: f32) -> f32 {
    if square < SHORTEST { SHORTEST } else { square }
}

/// `share - y`.
#[inline(always)]
fn point(share: &[f32], label: usize, c: &mut [f32]) {
    for (k, (c, share)) in c.iter_mut().zip(share).enumerate() {
        *c = share - f32::from(u8::from(k == label));
    }
}

/// The softmax over all classes but `without`, which gets 0; gives the logarithm of the sum of the
/// exponentials.
#[inline(always)]
pub fn share_of(logits: &[f32], without: Option<usize>, share: &mut [f32]) -> f32 {
    let counts = |k: usize| without != Some(k);
    let top = (0..logits.len()).filter(|&k| counts(k)).map(|k| logits[k]);
    let top = top.fold(f32::NEG_INFINITY, |best, l| if l > best { l } else { best });
    let mut sum = 0.0;
    for (k, share) in share.iter_mut().enumerate() {
        *share = if counts(k) { exp(logits[k] - top) } else { 0.0 };
        sum += *share;
    }
    share.iter_mut().for_each(|share| *share /= sum);
    top + sum.ln()
}

/// Takes the sum of Z and of its squares over a block, by column.
pub fn sum_up(shape: &Shape, block: &mut Block) {
    let [sums, squares] = &mut block.spread;
    sums.fill(0.0);
    squares.fill(0.0);
    for row in block.values[shape.z].chunks_exact(shape.width()) {
        for ((sum, square), &z) in sums.iter_mut().zip(&mut *squares).zip(row) {
            let z = f64::from(z);
            *sum += z;
            *square += z * z;
        }
    }
}

/// Root mean square distance of the rows of Z from their mean, from the sums of all blocks.
pub fn spread(blocks: &[Block]) -> f32 {
    let rows = blocks.iter().map(|block| block.rows).sum::<usize>() as f64;
    let width = blocks.first().map_or(0, |block| block.spread[0].len());
    let total = |i: usize, part: usize| blocks.iter().map(|b| b.spread[part][i]).sum::<f64>();
    let column = |i| total(i, 1) / rows - (total(i, 0) / rows).powi(2);
    (0..width).map(column).sum::<f64>().max(0.0).sqrt() as f32
}
