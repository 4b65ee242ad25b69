//! Element-wise arithmetic that compilers vectorise: the same bits whatever the vector's width.
//!
//! Everything here is inlined into functions that are compiled for several processors. Sums go over
//! a fixed number of lanes, and no multiplication is contracted with an addition, so all of them
//! compute the same.

use multiversion::multiversion;

/// Lanes of a sum.
const LANES: usize = 16;

/// `exp(x)` to two units in the last place between -87 and 88, and beyond what it is at these; a
/// NaN stays one. Cephes' polynomial.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// Added to a number, this leaves the nearest integer in the last bits.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * 0.693_359_4 - whole * -2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4;
    for term in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        sum = sum * rest + term;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (sum * rest * rest + rest + 1.0) * power
}

/// The sum of `term(i)` for all `i` below `count`.
#[inline(always)]
pub fn sum(count: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = count - count % LANES;
    let mut start = 0;
    while start < whole {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += term(start + lane);
        }
        start += LANES;
    }
    for i in whole..count {
        lanes[i - whole] += term(i);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The largest number; a NaN counts for nothing.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let parts = row.chunks_exact(LANES);
    let rest = parts.remainder();
    for part in parts {
        for (lane, &x) in lanes.iter_mut().zip(part) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    let all = lanes.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |best, &x| if x > best { x } else { best })
}

/// The softmax of a row and its logarithm.
#[inline(always)]
pub fn softmax(row: &[f32], log: &mut [f32], probability: &mut [f32]) {
    let count = row.len();
    let (log, probability) = (&mut log[..count], &mut probability[..count]);
    let top = largest(row);
    for i in 0..count {
        log[i] = row[i] - top;
        probability[i] = exp(log[i]);
    }
    let total = sum(count, |i| probability[i]);
    let (shift, share) = (total.ln(), 1.0 / total);
    for i in 0..count {
        log[i] -= shift;
        probability[i] *= share;
    }
}

/// `x . y`, over the length of `x`.
#[inline(always)]
pub fn dot(x: &[f32], y: &[f32]) -> f32 {
    let y = &y[..x.len()];
    sum(x.len(), |i| x[i] * y[i])
}

/// `out += factor x`, over the length of `x`.
#[inline(always)]
pub fn add_scaled(out: &mut [f32], factor: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += factor * x;
    }
}

/// `x + bias` in every row, and then its ELU if `elu`: `x` where it is positive, `exp(x) - 1`
/// elsewhere.
#[multiversion(targets("x86_64+avx2"))]
pub fn finish_layer(values: &mut [f32], bias: &[f32], elu: bool) {
    for row in values.chunks_exact_mut(bias.len()) {
        for (x, bias) in row.iter_mut().zip(bias) {
            *x += bias;
        }
        if elu {
            for x in row {
                let negative = exp(if *x > 0.0 { 0.0 } else { *x }) - 1.0;
                *x = if *x > 0.0 { *x } else { negative };
            }
        }
    }
}

/// The slope before an ELU from the one behind it; `values` are what the ELU gave.
#[multiversion(targets("x86_64+avx2"))]
pub fn before_elu(slope: &mut [f32], values: &[f32]) {
    for (slope, y) in slope.iter_mut().zip(values) {
        *slope *= if *y > 0.0 { 1.0 } else { *y + 1.0 };
    }
}

/// `x` times a factor of its row.
pub fn scale_rows(values: &mut [f32], width: usize, factor: impl Fn(usize) -> f32) {
    for (row, values) in values.chunks_exact_mut(width).enumerate() {
        let factor = factor(row);
        values.iter_mut().for_each(|x| *x *= factor);
    }
}

/// Adds every row to `total`.
#[multiversion(targets("x86_64+avx2"))]
pub fn add_rows(total: &mut [f32], values: &[f32]) {
    for row in values.chunks_exact(total.len()) {
        for (total, x) in total.iter_mut().zip(row) {
            *total += x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exact_to_two_units_and_hides_no_nan() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let expected = f64::from(x).exp();
            assert!((f64::from(exp(x)) / expected - 1.0).abs() < 2.5e-7, "{x}");
        }
        assert!(exp(-1e4) < 2e-38 && exp(0.0) == 1.0 && exp(1e9).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_softmax_and_elu_are_those_of_the_definition() {
        for count in [1, 15, 16, 37, 64] {
            let row: Vec<f32> = (0..count).map(|i| ((i * 7) % 11) as f32 * 0.4 - 2.0).collect();
            let total: f64 = row.iter().map(|&x| f64::from(x)).sum();
            assert!((f64::from(sum(count, |i| row[i])) - total).abs() < 1e-5);
            let powers: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
            let (mut log, mut probability) = (vec![0.0; count], vec![0.0; count]);
            softmax(&row, &mut log, &mut probability);
            for i in 0..count {
                let expected = f64::from(row[i]).exp() / powers;
                assert!((f64::from(probability[i]) - expected).abs() < 1e-6);
                assert!((f64::from(log[i]) - expected.ln()).abs() < 2e-6);
            }
        }
        let mut values = vec![-2.0, 0.5, f32::NAN, -1.0];
        finish_layer(&mut values, &[1.0, -0.5], true);
        assert!((values[0] - ((-1.0_f32).exp() - 1.0)).abs() < 1e-6 && values[1] == 0.0);
        assert!(values[2].is_nan());
        let mut slope = vec![2.0; 4];
        before_elu(&mut slope, &values);
        assert!((slope[0] - 2.0 * (-1.0_f32).exp()).abs() < 1e-6 && slope[1] == 2.0);
    }
}
