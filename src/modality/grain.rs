//! Noise by the thousand: what a sensor or a microphone adds to every value it reads.
//!
//! A specimen's noise stream gives the seed, 32 generators side by side do the rest. They step
//! together, so a vector unit runs eight or more of them at once, and every machine draws the same
//! numbers.

use rand::Rng;

/// Generators side by side: so many that the compiler keeps the loop over them, as vectors.
const LANES: usize = 32;

/// Numbers drawn at once: two halves of a word of each generator.
pub const DRAWN: usize = 2 * LANES;

/// A source of nearly Gaussian numbers: [`LANES`] times xoshiro128++ (Blackman and Vigna, "Scrambled
/// linear pseudorandom number generators", 2021).
#[derive(Clone, Debug, Default)]
pub struct Grain {
    state: [[u32; LANES]; 4],
}

impl Grain {
    /// Words of the noise stream that make its seed.
    pub const WORDS: usize = 4 * LANES;

    /// Seeds it with [`Grain::WORDS`] of `noise`.
    pub fn new(noise: &mut impl Rng) -> Self {
        let mut seed = [0; 4 * Self::WORDS];
        noise.fill_bytes(&mut seed);
        let (words, _) = seed.as_chunks();
        let word = |generator| u32::from_le_bytes(words[generator]);
        Self { state: std::array::from_fn(|i| std::array::from_fn(|lane| word(i * LANES + lane))) }
    }

    /// One word of every generator.
    #[inline(always)]
    fn words(&mut self) -> [u32; LANES] {
        let [a, b, c, d] = &mut self.state;
        let mut words = [0; LANES];
        for i in 0..LANES {
            words[i] = a[i].wrapping_add(d[i]).rotate_left(7).wrapping_add(a[i]);
            let shifted = b[i] << 9;
            c[i] ^= a[i];
            d[i] ^= b[i];
            b[i] ^= c[i];
            a[i] ^= d[i];
            c[i] ^= shifted;
            d[i] = d[i].rotate_left(11);
        }
        words
    }

    /// Draws numbers of mean 0 and standard deviation 1: see [`bell`].
    #[inline(always)]
    pub fn draw(&mut self) -> [f32; DRAWN] {
        let words = self.words();
        let mut drawn = [0.0; DRAWN];
        for i in 0..LANES {
            drawn[i] = bell(words[i] & 0xffff);
            drawn[LANES + i] = bell(words[i] >> 16);
        }
        drawn
    }
}

/// Bends a uniform whole number below 65,536 into a bell curve.
///
/// A ratio of polynomials in place of the inverse of the normal distribution function: fitted to it
/// by least squares, then scaled to a standard deviation of 1. Within 0.04 of it up to 3 deviations
/// from the mean, never beyond 3.87, excess kurtosis -0.002. `n` and `65,535 - n` give the same
/// number but for its sign.
#[inline(always)]
fn bell(uniform: u32) -> f32 {
    // From -1 to 1, never 0; exact. The detour over i32 is a conversion every vector unit has.
    let x = uniform as i32 as f32 * (1.0 / 32_768.0) - (1.0 - 1.0 / 65_536.0);
    let square = x * x;
    let above = 1.285_880_3 + square * (0.818_689_1 * square - 2.101_913);
    let below = 1.0 + square * (0.810_830_7 * square - 1.810_145_9);
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_bell_is_normal() {
        let numbers: Vec<f64> = (0..65_536).map(|n| f64::from(bell(n))).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "rising");
        assert!((0..32_768).all(|n| numbers[n] == -numbers[65_535 - n]), "even-handed");
        let moment =
            |power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64;
        assert!((moment(2) - 1.0).abs() < 1e-3, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.01, "{}", moment(4));
        // Known quantiles: how much lies below 1, 2 and 3 deviations.
        for (deviations, share) in [(1.0, 0.841_345), (2.0, 0.977_250), (3.0, 0.998_650)] {
            let below = numbers.iter().filter(|x| **x < deviations).count() as f64 / 65_536.0;
            assert!((below - share).abs() < 0.003, "{below} below {deviations}");
        }
    }

    #[test]
    fn every_generator_is_the_published_one() {
        // xoshiro128++ from the state 1, 2, 3, 4: the reference's first numbers.
        let state = [[1; LANES], [2; LANES], [3; LANES], [4; LANES]];
        let mut grain = Grain { state };
        for word in [641, 1_573_767, 3_222_811_527, 3_517_856_514, 836_907_274] {
            assert_eq!(grain.words(), [word; LANES]);
        }
    }

    #[test]
    fn neighbours_are_strangers() {
        let mut grain = Grain::new(&mut ChaCha8Rng::seed_from_u64(1));
        let numbers: Vec<f64> = (0..2_048).flat_map(|_| grain.draw()).map(f64::from).collect();
        for lag in [1, 2, LANES, DRAWN, 2 * DRAWN] {
            let pairs = numbers.iter().zip(&numbers[lag..]);
            let mean = pairs.map(|(a, b)| a * b).sum::<f64>() / (numbers.len() - lag) as f64;
            assert!(mean.abs() < 0.01, "{mean} at a distance of {lag}");
        }
    }
}
