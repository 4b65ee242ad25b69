//! The instrument V (Eq. 6) of a block and its slopes; what it is stands with dfdx's
//! [`Instrument`](super::super::instrument::Instrument).
//!
//! Its slots come last: every modality's queries, then their keys, then the mixed features and V.

use multiversion::multiversion;

use super::block::Block;
use super::product::{Side, product};
use super::row::{add_scaled, dot, exp};
use super::shape::{InstrumentShape, Shape};

/// Two factors of the score: of `<Q_i, K_j>`, and gamma of `|K_j|^2`.
type Factors = [f32; 2];

fn factors(features: usize, distance_weight: f32) -> Factors {
    [1.0 / (features as f32).sqrt() + 2.0 * distance_weight, distance_weight]
}

/// V from the features that a block has.
pub fn forward(
    shape: &Shape,
    own: &InstrumentShape,
    parameters: &[f32],
    distance_weight: f32,
    block: &mut Block,
) {
    let (modalities, width) = (shape.features.len(), shape.width());
    let features = shape.slots[shape.features[0]];
    let (others, slots) = block.values.split_at_mut(own.first);
    let square = (block.rows, features, features);
    for (i, out) in slots[..2 * modalities].iter_mut().enumerate() {
        let weight = Side::rows(&parameters[own.weights[i / modalities]..], features);
        let h = Side::rows(&others[shape.features[i % modalities]], features);
        product(out, square, h, weight, false);
    }
    let (projections, rest) = slots.split_at_mut(2 * modalities);
    let factors = factors(features, distance_weight);
    attend(&mut block.attention, projections, block.rows, features, factors);
    mix(&mut rest[0], &block.attention, others, &shape.features, features);
    let (mixed, v) = rest.split_at_mut(1);
    let weight = Side::rows(&parameters[own.weights[2]..], width);
    let widths = (block.rows, features, width);
    product(&mut v[0], widths, Side::rows(&mixed[0], features), weight, false);
}

/// `a_ij` of every specimen, rows x modalities x modalities.
#[multiversion(targets("x86_64+avx2"))]
fn attend(
    attention: &mut [f32],
    projections: &[Vec<f32>],
    rows: usize,
    features: usize,
    factors: Factors,
) {
    let modalities = projections.len() / 2;
    let (queries, keys) = projections.split_at(modalities);
    for row in 0..rows {
        let place = row * features..(row + 1) * features;
        let scores = &mut attention[row * modalities * modalities..][..modalities * modalities];
        for (j, key) in keys.iter().enumerate() {
            let key = &key[place.clone()];
            let penalty = factors[1] * dot(key, key);
            for (i, query) in queries.iter().enumerate() {
                scores[i * modalities + j] = factors[0] * dot(&query[place.clone()], key) - penalty;
            }
        }
        for scores in scores.chunks_exact_mut(modalities) {
            let top = scores.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
            scores.iter_mut().for_each(|score| *score = exp(*score - top));
            let share = 1.0 / scores.iter().sum::<f32>();
            scores.iter_mut().for_each(|score| *score *= share);
        }
    }
}

/// How much a specimen's features of modality `j` weigh: `mean_i a_ij`.
#[inline(always)]
fn weight_of(attention: &[f32], modalities: usize, row: usize, j: usize) -> f32 {
    let own = &attention[row * modalities * modalities..][..modalities * modalities];
    own.iter().skip(j).step_by(modalities).sum::<f32>() / modalities as f32
}

/// The features of all modalities mixed by their weights.
#[multiversion(targets("x86_64+avx2"))]
fn mix(mixed: &mut [f32], attention: &[f32], h: &[Vec<f32>], slots: &[usize], features: usize) {
    for (row, mixed) in mixed.chunks_exact_mut(features).enumerate() {
        mixed.fill(0.0);
        for (j, &slot) in slots.iter().enumerate() {
            let weight = weight_of(attention, slots.len(), row, j);
            add_scaled(mixed, weight, &h[slot][row * features..][..features]);
        }
    }
}

/// The slopes of features, queries and keys from that of V.
pub fn backward(
    shape: &Shape,
    own: &InstrumentShape,
    parameters: &[f32],
    distance_weight: f32,
    block: &mut Block,
) {
    let (modalities, width) = (shape.features.len(), shape.width());
    let features = shape.slots[shape.features[0]];
    for &slot in &shape.features {
        if !block.seeded[slot] {
            block.slopes[slot].fill(0.0);
            block.seeded[slot] = true;
        }
    }
    let (others, slots) = block.slopes.split_at_mut(own.first);
    let (projections, rest) = slots.split_at_mut(2 * modalities);
    block.seeded[own.first..].fill(true);
    let (mixed, v) = rest.split_at_mut(1);
    let weight = &parameters[own.weights[2]..][..features * width];
    let sides = (Side::rows(&v[0], width), Side::turned(weight, width));
    product(&mut mixed[0], (block.rows, width, features), sides.0, sides.1, false);
    let (h, values) = block.values.split_at(own.first);
    let slopes = Slopes { mixed: &mixed[0], projections, features: others };
    let factors = factors(features, distance_weight);
    unmix(slopes, &block.attention, h, values, &shape.features, features, factors);
    let square = (block.rows, features, features);
    for (i, slope) in projections.iter().enumerate() {
        let weight = &parameters[own.weights[i / modalities]..][..features * features];
        let out = &mut others[shape.features[i % modalities]];
        product(out, square, Side::rows(slope, features), Side::turned(weight, features), true);
    }
}

/// Slopes of the mixed features, and those that follow from them.
struct Slopes<'a> {
    mixed: &'a [f32],
    projections: &'a mut [Vec<f32>],
    features: &'a mut [Vec<f32>],
}

#[multiversion(targets("x86_64+avx2"))]
fn unmix(
    slopes: Slopes<'_>,
    attention: &[f32],
    h: &[Vec<f32>],
    projections: &[Vec<f32>],
    slots: &[usize],
    features: usize,
    factors: Factors,
) {
    let modalities = slots.len();
    slopes.projections.iter_mut().for_each(|slope| slope.fill(0.0));
    let (queries, keys) = projections[..2 * modalities].split_at(modalities);
    let (query_slopes, key_slopes) = slopes.projections.split_at_mut(modalities);
    for (row, mixed) in slopes.mixed.chunks_exact(features).enumerate() {
        let place = row * features..(row + 1) * features;
        for (j, &slot) in slots.iter().enumerate() {
            let weight = weight_of(attention, modalities, row, j);
            add_scaled(&mut slopes.features[slot][place.clone()], weight, mixed);
        }
        let pull = |j: usize| dot(mixed, &h[slots[j]][place.clone()]) / modalities as f32;
        let attention = &attention[row * modalities * modalities..][..modalities * modalities];
        for (i, shares) in attention.chunks_exact(modalities).enumerate() {
            let mean = (0..modalities).map(|j| shares[j] * pull(j)).sum::<f32>();
            for (j, share) in shares.iter().enumerate() {
                let slope = share * (pull(j) - mean);
                let (query, key) = (&queries[i][place.clone()], &keys[j][place.clone()]);
                add_scaled(&mut query_slopes[i][place.clone()], factors[0] * slope, key);
                let own = &mut key_slopes[j][place.clone()];
                add_scaled(own, factors[0] * slope, query);
                add_scaled(own, -2.0 * factors[1] * slope, key);
            }
        }
    }
}
