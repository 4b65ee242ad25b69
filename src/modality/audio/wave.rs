//! Periodic waves, read from tables by a 32-bit phase that wraps by itself.
//!
//! One period is `2^32` steps of the phase, so going round needs no test and gathers no error.

use std::f64::consts::TAU;
use std::sync::LazyLock;

const TABLE_BITS: u32 = 11;

/// One period of a wave.
pub(super) struct Wave([f32; 1 << TABLE_BITS]);

impl Wave {
    /// The sum of sines at 1, 2, 3, ... times the pitch, scaled to the power of a single sine.
    fn of_partials(amplitudes: &[f64]) -> Self {
        let power: f64 = amplitudes.iter().map(|a| a * a).sum();
        let scale = power.sqrt().recip();
        Self(std::array::from_fn(|i| {
            let phase = TAU * i as f64 / f64::from(1u32 << TABLE_BITS);
            let partials = amplitudes.iter().zip(1u32..);
            let sum: f64 = partials.map(|(a, h)| a * (f64::from(h) * phase).sin()).sum();
            (scale * sum) as f32
        }))
    }

    /// The wave at `phase`.
    #[inline]
    pub(super) fn at(&self, phase: u32) -> f32 {
        self.0[(phase >> (32 - TABLE_BITS)) as usize]
    }
}

/// The waves that birds are made of.
pub(super) struct Waves {
    /// A pure tone: whistles, clicks, carriers.
    pub(super) sine: Wave,
    /// A reed: eight partials with the weight on the third to the fifth, as in a duck's nasal call.
    pub(super) reed: Wave,
}

/// The tables, filled on first use.
pub(super) static WAVES: LazyLock<Waves> = LazyLock::new(|| Waves {
    sine: Wave::of_partials(&[1.0]),
    reed: Wave::of_partials(&[0.45, 0.6, 1.0, 0.8, 0.9, 0.5, 0.35, 0.25]),
});

/// A phase that advances sample by sample, at a steady or evenly changing frequency.
pub(super) struct Phase {
    now: u32,
    step: u32,
    bend: u32,
}

impl Phase {
    /// A frequency of `hertz`, sampled `rate` times a second, from the phase `start`.
    pub(super) fn steady(start: u32, hertz: f32, rate: u32) -> Self {
        Self { now: start, step: turns(f64::from(hertz) / f64::from(rate)), bend: 0 }
    }

    /// A frequency that goes from `from` to `to` hertz in a straight line over `samples`.
    pub(super) fn gliding(start: u32, from: f32, to: f32, samples: usize, rate: u32) -> Self {
        let change = f64::from(to - from) / f64::from(rate) / samples.max(1) as f64;
        Self { bend: turns(change), ..Self::steady(start, from, rate) }
    }

    /// The phase of this sample; the next call gives that of the next.
    #[inline]
    pub(super) fn advance(&mut self) -> u32 {
        let now = self.now;
        self.now = now.wrapping_add(self.step);
        self.step = self.step.wrapping_add(self.bend);
        now
    }
}

/// Whole and parts of periods as a wrapping phase.
fn turns(periods: f64) -> u32 {
    (periods * 4_294_967_296.0).round() as i64 as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_table_is_a_sine_to_half_a_step() {
        let mut phase = Phase::steady(0, 440.0, 8_000);
        for i in 0..8_000 {
            let exact = (TAU * 440.0 * f64::from(i) / 8_000.0).sin() as f32;
            let table = WAVES.sine.at(phase.advance());
            assert!((exact - table).abs() < 0.004, "sample {i}: {exact} {table}");
        }
    }

    #[test]
    fn a_falling_glide_ends_at_its_last_frequency() {
        let mut phase = Phase::gliding(0, 1_000.0, 250.0, 100, 8_000);
        (0..100).for_each(|_| {
            phase.advance();
        });
        let hertz = f64::from(phase.step) / 4_294_967_296.0 * 8_000.0;
        assert!((hertz - 250.0).abs() < 0.1, "{hertz}");
    }

    #[test]
    fn both_waves_carry_the_same_power() {
        let power = |wave: &Wave| wave.0.iter().map(|x| x * x).sum::<f32>() / wave.0.len() as f32;
        assert!((power(&WAVES.sine) - 0.5).abs() < 1e-3);
        assert!((power(&WAVES.reed) - 0.5).abs() < 1e-3);
    }
}
