//! A sine made of additions and multiplications only, so that every machine draws the same bits.

/// sin(2 pi `turns`) to within 0.0012, for `turns` between -1000 and 1000.
#[inline(always)]
#[must_use]
pub fn sine(turns: f32) -> f32 {
    // Adding 3 x 2^22 rounds to a whole number: without the whole turns, [-1/2, 1/2] is left.
    let rest = turns - ((turns + 12_582_912.0) - 12_582_912.0);
    // A parabola through the zeros and the peaks, then one step that flattens its error.
    let parabola = rest * (8.0 - 16.0 * rest.abs());
    parabola * (0.775 + 0.225 * parabola.abs())
}

/// cos(2 pi `turns`), by the same formula.
#[inline(always)]
#[must_use]
pub fn cosine(turns: f32) -> f32 {
    sine(turns + 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    #[test]
    fn it_follows_the_sine() {
        for i in -300..300 {
            let turns = i as f32 / 100.0 + 0.003;
            assert!((sine(turns) - (TAU * turns).sin()).abs() < 0.0012, "sin at {turns}");
            assert!((cosine(turns) - (TAU * turns).cos()).abs() < 0.0012, "cos at {turns}");
        }
    }
}
