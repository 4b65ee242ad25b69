//! The exponential function made of operations that IEEE 754 rounds alike everywhere, so that every
//! machine renders the same bits. A system's own `exp` may differ in the last one.

use std::f64::consts::{LN_2, LOG2_E};

/// The first 33 bits of ln 2: a whole number below 2^20 times it is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What is left of ln 2.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Terms of the series: the first one left out is below 2^-57 for arguments up to ln 2 / 2.
const TERMS: u32 = 13;

/// e to the power of `x`, to within 2 units in the last place; beyond -700 and 700 that of the
/// nearer end.
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let whole = nearest(x * LOG2_E);
    scaled(series((x - whole * LN_2_HIGH) - whole * LN_2_LOW), whole)
}

/// 2 to the power of `x`, as exact as [`exp`]; beyond -1000 and 1000 that of the nearer end.
#[must_use]
pub fn exp2(x: f64) -> f64 {
    let x = x.clamp(-1000.0, 1000.0);
    let whole = nearest(x);
    scaled(series((x - whole) * LN_2), whole)
}

/// The nearest whole number.
fn nearest(x: f64) -> f64 {
    // Adding 3 x 2^51 leaves no room for a fraction.
    (x + 6_755_399_441_055_744.0) - 6_755_399_441_055_744.0
}

/// The exponential series by Horner's rule: `1 + x (1 + x / 2 (1 + x / 3 (...)))`.
fn series(x: f64) -> f64 {
    (1..=TERMS).rev().fold(1.0, |sum, n| 1.0 + x * sum / f64::from(n))
}

/// `x` times 2 to the power of a whole number from -1022 to 1023.
fn scaled(x: f64, whole: f64) -> f64 {
    x * f64::from_bits(((whole as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_systems_own() {
        for i in -6_000..=6_000 {
            let x = f64::from(i) * 0.117;
            for (ours, theirs) in [(exp(x), x.clamp(-700.0, 700.0).exp()), (exp2(x), x.exp2())] {
                assert!((ours / theirs - 1.0).abs() < 6e-16, "at {x}: {ours}, {theirs}");
            }
        }
    }

    #[test]
    fn whole_powers_of_two_are_exact() {
        for n in -20..=20 {
            assert_eq!(exp2(f64::from(n)), 2f64.powi(n));
        }
        assert_eq!(exp(0.0), 1.0);
    }
}
