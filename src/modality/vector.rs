//! Vectors: numbers with noise, turned and squashed, as tables of measurements come.
//!
//! ```text
//! entries + noise -> rotation -> squash -> f32
//! ```

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::exponential::exp;

/// What becomes of every entry in the end.
///
/// With an offset `a`, `k1(t)` is `t - a` for `t > 0` and else 0, and `k2(t)` is `t + a` for `t < 0`
/// and else 0: the functions of MMLSynData (C3R paper, appendix D.5), whose text leaves open how
/// they are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Squash {
    /// It stays.
    #[default]
    Identity,
    /// `s(t) = 1 / (1 + exp(-t))`.
    Sigmoid,
    /// `s(k1(t) + k2(t))`: nothing is lost but what lies near 0.
    Sum {
        /// a.
        offset: f64,
    },
    /// `s(k1(t) k1(t))`, as CaSN prints it: `t` and `2 a - t` become one.
    Square {
        /// a.
        offset: f64,
    },
    /// `s(k1(t) k2(t))`, which is 1/2 whatever `t` is: one factor is always 0.
    Product {
        /// a.
        offset: f64,
    },
}

impl Squash {
    /// The squashed entry.
    #[must_use]
    pub fn of(self, t: f64) -> f64 {
        match self {
            Self::Identity => t,
            Self::Sigmoid => sigmoid(t),
            Self::Sum { offset } => sigmoid(above(t, offset) + below(t, offset)),
            Self::Square { offset } => sigmoid(above(t, offset) * above(t, offset)),
            Self::Product { offset } => sigmoid(above(t, offset) * below(t, offset)),
        }
    }
}

/// k1.
fn above(t: f64, offset: f64) -> f64 {
    if t > 0.0 { t - offset } else { 0.0 }
}

/// k2.
fn below(t: f64, offset: f64) -> f64 {
    if t < 0.0 { t + offset } else { 0.0 }
}

fn sigmoid(t: f64) -> f64 {
    1.0 / (1.0 + exp(-t))
}

/// A rotation of space: a square matrix with orthonormal rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    side: usize,
    /// Row by row.
    entries: Vec<f64>,
}

impl Rotation {
    /// A rotation of vectors of `side` entries, uniform over all (reflections included): Gaussian
    /// rows made orthonormal one after another.
    #[must_use]
    pub fn draw(side: usize, noise: &mut impl Rng) -> Self {
        let mut entries: Vec<f64> = Vec::with_capacity(side * side);
        while entries.len() < side * side {
            let mut row: Vec<f64> = (0..side).map(|_| noise.sample(StandardNormal)).collect();
            // Twice: what rounding leaves of the earlier rows the first time goes the second.
            for _ in 0..2 {
                for earlier in entries.chunks_exact(side) {
                    let part = dot(earlier, &row);
                    row.iter_mut().zip(earlier).for_each(|(x, e)| *x -= part * e);
                }
            }
            let length = dot(&row, &row).sqrt();
            // A row in the span of the earlier ones is drawn again.
            if length > 1e-6 {
                entries.extend(row.iter().map(|x| x / length));
            }
        }
        Self { side, entries }
    }

    /// Entry `i` of the turned vector.
    fn turned(&self, i: usize, vector: &[f64]) -> f64 {
        dot(&self.entries[i * self.side..(i + 1) * self.side], vector)
    }
}

/// The sum of products, from the first on.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

/// How the entries of a vector are distorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distortion {
    /// Standard deviation of the Gaussian noise that is added to every entry.
    pub noise_sd: f64,
    /// The rotation that follows.
    pub rotation: Option<Rotation>,
    /// The function that follows.
    pub squash: Squash,
}

impl Distortion {
    /// Distorts `entries` in place and writes what comes out to `out`.
    ///
    /// What is drawn from `noise` depends on the number of entries alone, whatever their values and
    /// the deviation: twins have the same noise.
    ///
    /// # Panics
    /// When `out`, or a rotation's side, is not as long as `entries`: a mistake in the calling code,
    /// not in a scene.
    pub fn apply(&self, entries: &mut [f64], noise: &mut impl Rng, out: &mut [f32]) {
        assert_eq!(entries.len(), out.len(), "entries of a vector");
        for entry in entries.iter_mut() {
            let drawn: f64 = noise.sample(StandardNormal);
            *entry += self.noise_sd * drawn;
        }
        for (i, out) in out.iter_mut().enumerate() {
            let t = self.rotation.as_ref().map_or(entries[i], |r| r.turned(i, entries));
            *out = self.squash.of(t) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn noise(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn distorted(distortion: &Distortion, entries: &[f64], seed: u64) -> Vec<f32> {
        let mut out = vec![0.0; entries.len()];
        distortion.apply(&mut entries.to_vec(), &mut noise(seed), &mut out);
        out
    }

    #[test]
    fn the_product_is_one_half_whatever_it_is_of() {
        let product = Squash::Product { offset: 0.5 };
        for i in -400..=400 {
            assert_eq!(product.of(f64::from(i) / 100.0), 0.5);
        }
    }

    #[test]
    fn squashes_are_what_their_formulas_say() {
        let s = |t: f64| 1.0 / (1.0 + (-t).exp());
        let near = |squash: Squash, t: f64, expected: f64| {
            assert!((squash.of(t) - expected).abs() < 1e-15, "{squash:?} of {t}");
        };
        let offset = 0.4;
        for t in [-3.0, -0.4, -0.1, 0.1, 0.4, 1.0, 3.0] {
            let shifted = if t > 0.0 { t - 0.4 } else { t + 0.4 };
            near(Squash::Identity, t, t);
            near(Squash::Sigmoid, t, s(t));
            near(Squash::Sum { offset }, t, s(shifted));
            near(Squash::Square { offset }, t, if t > 0.0 { s(shifted * shifted) } else { 0.5 });
        }
        let square = Squash::Square { offset: 0.5 };
        near(square, 1.0, square.of(1e-18));
        for squash in [Squash::Sum { offset }, Squash::Square { offset }] {
            near(squash, 0.0, 0.5);
        }
    }

    #[test]
    fn a_rotation_keeps_lengths_and_angles() {
        for side in [1, 2, 20, 60] {
            let rotation = Rotation::draw(side, &mut noise(9));
            let row = |i: usize| &rotation.entries[i * side..(i + 1) * side];
            for i in 0..side {
                for j in 0..=i {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((dot(row(i), row(j)) - expected).abs() < 1e-13, "{i}, {j} of {side}");
                }
            }
            assert_eq!(rotation, Rotation::draw(side, &mut noise(9)));
            assert!(side == 1 || rotation != Rotation::draw(side, &mut noise(10)));
        }
    }

    #[test]
    fn a_rotation_turns_the_noisy_entries() {
        let rotation = Rotation::draw(3, &mut noise(2));
        let (entries, noise_sd) = ([1.0, -2.0, 0.5], 0.3);
        let plain = Distortion { noise_sd, ..Distortion::default() };
        let noisy = distorted(&plain, &entries, 5).into_iter().map(f64::from).collect::<Vec<_>>();
        let turned = Distortion { rotation: Some(rotation.clone()), ..plain };
        for (i, x) in distorted(&turned, &entries, 5).into_iter().enumerate() {
            assert!((f64::from(x) - rotation.turned(i, &noisy)).abs() < 1e-6);
        }
    }

    #[test]
    fn noise_has_the_deviation_asked_for_and_is_the_twins() {
        let distortion = Distortion { noise_sd: 0.4, ..Distortion::default() };
        let (real, twin) = (vec![1.0; 20_000], vec![-2.0; 20_000]);
        let real = distorted(&distortion, &real, 3);
        let mean = real.iter().sum::<f32>() / 20_000.0;
        let sd = (real.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 20_000.0).sqrt();
        assert!((mean - 1.0).abs() < 0.01 && (sd - 0.4).abs() < 0.01, "{mean}, {sd}");
        let pairs = real.iter().zip(distorted(&distortion, &twin, 3));
        assert!(pairs.into_iter().all(|(a, b)| (a - b - 3.0).abs() < 1e-5));
    }

    #[test]
    fn how_much_is_drawn_depends_on_the_length_alone() {
        let after = |distortion: &Distortion, entries: &[f64]| {
            let mut stream = noise(4);
            distortion.apply(&mut entries.to_vec(), &mut stream, &mut vec![0.0; entries.len()]);
            stream
        };
        let silent = after(&Distortion::default(), &[0.0; 7]);
        let squash = Squash::Sum { offset: 0.5 };
        let rotation = Some(Rotation::draw(7, &mut noise(1)));
        assert_eq!(silent, after(&Distortion { noise_sd: 3.0, rotation, squash }, &[9.0; 7]));
    }
}
