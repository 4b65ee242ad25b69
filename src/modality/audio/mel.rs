//! A bank of triangular filters, evenly spaced on the mel scale.

use super::AudioError;
use super::fourier::SIGNALS;

/// Hertz to mel, as HTK has it: `2595 log10(1 + f / 700)`.
fn mel(hertz: f64) -> f64 {
    2_595.0 * (1.0 + hertz / 700.0).log10()
}

/// Mel to hertz, the inverse of [`mel`].
fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2_595.0) - 1.0)
}

/// One filter: the weights of neighbouring bins, all others being zero.
pub(super) struct Band {
    first: usize,
    weights: Vec<f32>,
}

/// Triangular filters that cover 0 Hz to half the sampling rate, their feet at their neighbours'
/// tops, each of height 1 (HTK's scale, unnormalised, as in `torchaudio`'s `melscale_fbanks`).
pub(super) struct MelBank(Vec<Band>);

impl MelBank {
    /// `bands` filters over the `window / 2 + 1` bins of a real Fourier transform of `window`
    /// samples taken at `rate`.
    ///
    /// # Errors
    /// There are no bands, more than bins, or one that falls between two bins.
    pub(super) fn new(bands: usize, window: usize, rate: u32) -> Result<Self, AudioError> {
        if !(1..=window / 2).contains(&bands) {
            return Err(AudioError::Bands { bands, window, most: window / 2 });
        }
        let bin_width = f64::from(rate) / window as f64;
        let spacing = mel(f64::from(rate) / 2.0) / (bands + 1) as f64;
        (0..bands)
            .map(|band| {
                let [left, top, right] = [0, 1, 2].map(|i| hertz(spacing * (band + i) as f64));
                let triangle = |bin: usize| {
                    let f = bin_width * bin as f64;
                    ((f - left) / (top - left)).min((right - f) / (right - top)) as f32
                };
                let first = (left / bin_width).floor() as usize + 1;
                let weights: Vec<f32> =
                    (first..=window / 2).map(triangle).take_while(|&w| w > 0.0).collect();
                if weights.is_empty() {
                    return Err(AudioError::EmptyBand { band, bands, window });
                }
                Ok(Band { first, weights })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The filters, from low to high.
    pub(super) fn filters(&self) -> &[Band] {
        &self.0
    }
}

impl Band {
    /// The power that it lets through of each signal. `power` has one row a bin.
    #[inline(always)]
    pub(super) fn apply(&self, power: &[[f32; SIGNALS]]) -> [f32; SIGNALS] {
        let mut sums = [0.0; SIGNALS];
        for (weight, power) in self.weights.iter().zip(&power[self.first..]) {
            for (sum, power) in sums.iter_mut().zip(power) {
                *sum += weight * power;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_hertz_is_a_thousand_mel() {
        assert!((mel(1_000.0) - 1_000.0).abs() < 0.02);
        assert!((hertz(mel(3_210.0)) - 3_210.0).abs() < 1e-9);
    }

    #[test]
    fn neighbouring_filters_add_up_to_one() {
        let bank = MelBank::new(32, 256, 8_000).unwrap();
        let mut sums = vec![0.0; 129];
        for band in &bank.0 {
            for (sum, w) in sums[band.first..].iter_mut().zip(&band.weights) {
                *sum += w;
            }
        }
        let first_top = (hertz(mel(4_000.0) / 33.0) / 31.25).ceil() as usize;
        let last_top = (hertz(mel(4_000.0) * 32.0 / 33.0) / 31.25).floor() as usize;
        for (bin, sum) in sums.iter().enumerate().take(last_top + 1).skip(first_top) {
            assert!((sum - 1.0).abs() < 1e-5, "bin {bin}: {sum}");
        }
    }

    #[test]
    fn a_band_between_two_bins_is_refused() {
        let refused = |bands| Some(AudioError::Bands { bands, window: 256, most: 128 });
        for bands in [0, 129, usize::MAX] {
            assert_eq!(MelBank::new(bands, 256, 8_000).err(), refused(bands));
        }
        let narrow = MelBank::new(100, 256, 8_000).err();
        assert!(matches!(narrow, Some(AudioError::EmptyBand { bands: 100, window: 256, .. })));
    }
}
