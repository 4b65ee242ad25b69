//! Periodic waves, computed from a 32-bit phase that wraps by itself.
//!
//! One period is `2^32` steps of the phase, so going round needs no test and gathers no error. A
//! wave is made of additions and multiplications only: every machine computes the same bits, and a
//! vector unit computes eight at a time where a table would be read one by one.

use std::sync::LazyLock;

/// A quarter of a period.
const QUARTER: u32 = 1 << 30;

/// A periodic wave.
pub(super) trait Wave {
    /// The wave at `phase`.
    fn at(&self, phase: u32) -> f32;
}

/// A pure tone.
pub(super) struct Sine;

impl Wave for Sine {
    /// To within 0.00001: an odd polynomial with the sine's zeros, fitted to its peak.
    #[inline(always)]
    fn at(&self, phase: u32) -> f32 {
        // Turns from -1/2 to 1/2.
        let turns = phase as i32 as f32 * (1.0 / 4_294_967_296.0);
        let square = turns * turns;
        let bend = 6.283_042_3 + square * (-16.198_185 + square * (16.559_72 - 8.152_296 * square));
        turns * (1.0 - 4.0 * square) * bend
    }
}

/// A sum of up to eight sines at 1, 2, 3, ... times the pitch.
pub(super) struct Partials {
    /// `sin(h p)` is `sin(p)` times a polynomial in `cos(p)` (Chebyshev's of the second kind), so
    /// their sum is too. Its coefficients, from the constant on.
    polynomial: [f32; 8],
}

impl Partials {
    /// Sines of these amplitudes, scaled to the power of a single one of amplitude 1.
    pub(super) fn new(amplitudes: [f64; 8]) -> Self {
        let power: f64 = amplitudes.iter().map(|a| a * a).sum();
        let scale = power.sqrt().recip();
        // U(0) = 1, U(1) = 2 c, U(h + 1) = 2 c U(h) - U(h - 1).
        let (mut last, mut now) = ([0.0; 8], [0.0; 8]);
        now[0] = 1.0;
        let mut sum = [0.0; 8];
        for amplitude in amplitudes {
            for (sum, term) in sum.iter_mut().zip(now) {
                *sum += scale * amplitude * term;
            }
            let mut next = last.map(|term: f64| -term);
            for (next, term) in next[1..].iter_mut().zip(now) {
                *next += 2.0 * term;
            }
            (last, now) = (now, next);
        }
        Self { polynomial: sum.map(|term| term as f32) }
    }
}

impl Wave for Partials {
    #[inline(always)]
    fn at(&self, phase: u32) -> f32 {
        let cosine = Sine.at(phase.wrapping_add(QUARTER));
        let [a, b, c, d, e, f, g, h] = self.polynomial;
        let upper = e + cosine * (f + cosine * (g + cosine * h));
        let all = a + cosine * (b + cosine * (c + cosine * (d + cosine * upper)));
        Sine.at(phase) * all
    }
}

/// A reed: eight partials with the weight on the third to the fifth, as in a duck's nasal call.
pub(super) static REED: LazyLock<Partials> =
    LazyLock::new(|| Partials::new([0.45, 0.6, 1.0, 0.8, 0.9, 0.5, 0.35, 0.25]));

/// A phase that advances sample by sample, at a steady or evenly changing frequency.
#[derive(Clone, Copy)]
pub(super) struct Phase {
    start: u32,
    step: u32,
    bend: u32,
}

impl Phase {
    /// A frequency of `hertz`, sampled `rate` times a second, from the phase `start`.
    pub(super) fn steady(start: u32, hertz: f32, rate: u32) -> Self {
        Self { start, step: turns(f64::from(hertz) / f64::from(rate)), bend: 0 }
    }

    /// A frequency that goes from `from` to `to` hertz in a straight line over `samples`.
    pub(super) fn gliding(start: u32, from: f32, to: f32, samples: usize, rate: u32) -> Self {
        let change = f64::from(to - from) / f64::from(rate) / samples.max(1) as f64;
        Self { bend: turns(change), ..Self::steady(start, from, rate) }
    }

    /// The phase of sample number `i`, below 65,536 if the frequency changes.
    #[inline(always)]
    pub(super) fn at(&self, i: u32) -> u32 {
        // Before sample i there were i steps, bent 0 + 1 + ... + (i - 1) times.
        let bends = i.wrapping_mul(i.wrapping_sub(1)) >> 1;
        let steps = self.step.wrapping_mul(i);
        self.start.wrapping_add(steps).wrapping_add(self.bend.wrapping_mul(bends))
    }
}

/// Whole and parts of periods as a wrapping phase.
fn turns(periods: f64) -> u32 {
    (periods * 4_294_967_296.0).round() as i64 as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A period of a wave in 4,096 points, beside the exact phases in radians.
    fn period(wave: &impl Wave) -> Vec<(f64, f64)> {
        let points = (0..4_096u32).map(|i| (TAU * f64::from(i) / 4_096.0, wave.at(i << 20)));
        points.map(|(phase, value)| (phase, f64::from(value))).collect()
    }

    #[test]
    fn the_sine_is_a_sine() {
        let phase = Phase::steady(0, 440.0, 8_000);
        for i in 0..8_000 {
            let exact = (TAU * 440.0 * f64::from(i) / 8_000.0).sin() as f32;
            let wave = Sine.at(phase.at(i));
            assert!((exact - wave).abs() < 2e-5, "sample {i}: {exact} {wave}");
        }
    }

    #[test]
    fn partials_are_the_sines_they_are_made_of() {
        let amplitudes = [0.3, -0.2, 0.1, 0.5, 0.0, 0.4, 0.2, 0.6];
        let power: f64 = amplitudes.iter().map(|a| a * a).sum();
        for (phase, value) in period(&Partials::new(amplitudes)) {
            let sines = (1..).zip(amplitudes).map(|(h, a)| a * (f64::from(h) * phase).sin());
            let exact = sines.sum::<f64>() / power.sqrt();
            assert!((exact - value).abs() < 1e-3, "{exact} {value} at {phase}");
        }
    }

    #[test]
    fn a_falling_glide_ends_at_its_last_frequency() {
        let phase = Phase::gliding(0, 1_000.0, 250.0, 100, 8_000);
        for (i, hertz) in [(0, 1_000.0), (50, 625.0), (100, 250.0)] {
            let step = phase.at(i + 1).wrapping_sub(phase.at(i));
            let found = f64::from(step) / 4_294_967_296.0 * 8_000.0;
            assert!((found - hertz).abs() < 0.1, "{found} at sample {i}");
        }
    }

    #[test]
    fn both_waves_carry_the_same_power() {
        let power = |wave: Vec<(f64, f64)>| wave.iter().map(|(_, x)| x * x).sum::<f64>() / 4_096.0;
        assert!((power(period(&Sine)) - 0.5).abs() < 1e-3);
        assert!((power(period(&*REED)) - 0.5).abs() < 1e-3);
    }
}
