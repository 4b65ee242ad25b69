//! From a recording to the logarithm of its power in mel bands, frame by frame.

use std::fmt;

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

use super::fourier::{Fourier, Point, SIGNALS, fourfold_power};
use super::mel::MelBank;
use super::{AudioError, AudioFormat};

/// The least power a band can have; a tone of amplitude 1 (full scale) has power 1.
pub const POWER_FLOOR: f32 = 1e-6;

/// What is subtracted from the natural logarithm of a band's power: about its mean over birds
/// recorded with a microphone noise of 0.03.
pub const LOG_MEAN: f32 = -8.7;

/// What the centred logarithm is divided by: about its standard deviation over the same birds.
pub const LOG_SD: f32 = 1.3;

/// How many frames a window spans.
const OVERLAP: usize = 4;

/// Samples of every frame that are windowed together.
const RUN: usize = 64;

/// The size of a spectrogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MelShape {
    /// Points in time.
    pub frames: usize,
    /// Mel bands.
    pub bands: usize,
}

impl Default for MelShape {
    fn default() -> Self {
        Self { frames: 32, bands: 32 }
    }
}

/// The plan of a spectrogram: window, transform and filters, made once and shared by threads.
pub struct Spectrogrammer {
    format: AudioFormat,
    shape: MelShape,
    window: Vec<f32>,
    fourier: Fourier,
    bank: MelBank,
}

/// The working memory of one thread, from [`Spectrogrammer::scratch`].
#[derive(Clone, Debug)]
pub struct Scratch {
    padded: Vec<f32>,
    points: Vec<Point>,
    spare: Vec<Point>,
    power: Vec<[f32; SIGNALS]>,
}

impl fmt::Debug for Spectrogrammer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spectrogrammer")
            .field("format", &self.format)
            .field("shape", &self.shape)
            .field("window", &self.window.len())
            .finish_non_exhaustive()
    }
}

impl Spectrogrammer {
    /// Plans spectrograms of `shape` for recordings in `format`.
    ///
    /// Frames are centred on equal parts of the recording; beyond its ends there is silence. A
    /// window spans at least four frames and is as long as the next power of two.
    ///
    /// # Errors
    /// The format is out of range, there are no frames or bands, more frames than samples, or bands
    /// narrower than the window can tell apart.
    pub fn new(format: AudioFormat, shape: MelShape) -> Result<Self, AudioError> {
        format.check()?;
        let MelShape { frames, bands } = shape;
        if !(1..=format.samples).contains(&frames) {
            return Err(AudioError::Frames { frames, samples: format.samples });
        }
        let length = (OVERLAP * format.samples.div_ceil(frames)).next_power_of_two();
        Ok(Self {
            format,
            shape,
            window: hann(length),
            fourier: Fourier::new(length),
            bank: MelBank::new(bands, length, format.rate)?,
        })
    }

    /// The recordings it takes.
    #[must_use]
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// The spectrograms it makes.
    #[must_use]
    pub fn shape(&self) -> MelShape {
        self.shape
    }

    /// Working memory for one thread.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch {
            padded: vec![0.0; self.format.samples + self.window.len() + RUN],
            points: vec![Point::default(); self.window.len()],
            spare: vec![Point::default(); self.window.len()],
            power: vec![[0.0; SIGNALS]; self.window.len() / 2 + 1],
        }
    }

    /// Writes `frames x bands` numbers, frame after frame: the natural logarithm of a band's power
    /// (at least [`POWER_FLOOR`]), less [`LOG_MEAN`], over [`LOG_SD`].
    ///
    /// # Panics
    /// When `samples` or `out` are not as long as format and shape say, or `scratch` comes from a
    /// plan of another size: mistakes in the calling code, not in a scene.
    pub fn log_mel(&self, samples: &[i16], scratch: &mut Scratch, out: &mut [f32]) {
        let MelShape { frames, bands } = self.shape;
        assert_eq!(samples.len(), self.format.samples, "samples in a recording");
        assert_eq!(out.len(), frames * bands, "numbers in a spectrogram");
        fill(self, samples, scratch, out);
    }

    /// The first sample of a frame's window in the padded recording.
    fn start(&self, frame: usize) -> usize {
        // The centre is (t + 1/2) samples / frames, and half a window of silence lies before.
        (2 * frame + 1) * self.format.samples / (2 * self.shape.frames)
    }
}

/// Fills a spectrogram, a few frames at a time. Compiled once for any machine and once for wider
/// vector units; both round alike, so they see the same.
///
/// There is no closure in it: one that the compiler doesn't inline is compiled for any machine
/// alone, and a call for every number makes the spectrogram several times slower.
#[multiversion(targets("x86_64+avx2"))]
fn fill(plan: &Spectrogrammer, samples: &[i16], scratch: &mut Scratch, out: &mut [f32]) {
    let Scratch { padded, points, spare, power } = scratch;
    let bands = plan.shape.bands;
    let length = plan.window.len();
    for (padded, &sample) in padded[length / 2..].iter_mut().zip(samples) {
        *padded = f32::from(sample);
    }
    for (batch, out) in out.chunks_mut(SIGNALS * bands).enumerate() {
        let frames = out.len() / bands;
        // Where frames are lacking, the last one comes again, and its numbers aren't read.
        let mut starts = [0; SIGNALS];
        for (i, start) in starts.iter_mut().enumerate() {
            *start = plan.start(batch * SIGNALS + i.min(frames - 1));
        }
        for (run, points) in points.chunks_mut(RUN).enumerate() {
            let window = &plan.window[run * RUN..];
            let mut signals = [&[0.0; RUN]; SIGNALS];
            for (signal, start) in signals.iter_mut().zip(starts) {
                *signal = &padded[start + run * RUN..].as_chunks::<RUN>().0[0];
            }
            for i in 0..RUN.min(points.len()) {
                let mut values = [0.0; SIGNALS];
                for (value, signal) in values.iter_mut().zip(signals) {
                    *value = signal[i];
                }
                points[i] = Point::of(values, window[i]);
            }
        }
        plan.fourier.transform(points, spare);
        for (bin, power) in power.iter_mut().enumerate() {
            *power = fourfold_power(points, bin);
        }
        for (band, filter) in plan.bank.filters().iter().enumerate() {
            let powers = filter.apply(power);
            let mut numbers = [0.0; SIGNALS];
            for (number, power) in numbers.iter_mut().zip(powers) {
                *number = (logarithm(power.max(POWER_FLOOR)) - LOG_MEAN) * (1.0 / LOG_SD);
            }
            for (row, number) in out.chunks_exact_mut(bands).zip(numbers) {
                row[band] = number;
            }
        }
    }
}

/// The natural logarithm of a positive normal number, to within 1e-6 of 1 or of itself.
#[inline(always)]
fn logarithm(x: f32) -> f32 {
    // x = m 2^e with m between the roots of 1/2 and 2: whole numbers all along.
    const ROOT_OF_HALF: u32 = 0x3f35_04f3;
    let exponent = (x.to_bits().wrapping_sub(ROOT_OF_HALF) as i32) >> 23;
    let m = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23));
    // ln m = 2 artanh z, by its series; z is at most 0.172.
    let z = (m - 1.0) / (m + 1.0);
    let square = z * z;
    let series = 1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square * (1.0 / 9.0)));
    exponent as f32 * std::f32::consts::LN_2 + 2.0 * z * (1.0 + square * series)
}

/// A periodic Hann window, scaled so that a 16-bit tone of full amplitude gets power 1 in its bin
/// (a quarter of what [`fourfold_power`] says).
fn hann(length: usize) -> Vec<f32> {
    let shape = |i: usize| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / length as f64).cos();
    // The window sums to length / 2, and a tone of amplitude 1 has half of it in its bin; the root
    // of the quarter is another half.
    let scale = 2.0 / length as f64 / 32_767.0;
    (0..length).map(|i| (scale * shape(i)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 8_000.0;

    fn tone(bin: f64, amplitude: f64) -> Vec<i16> {
        let step = std::f64::consts::TAU * bin / 256.0;
        let wave = |i| 32_767.0 * amplitude * (step * f64::from(i)).sin();
        (0..2_048).map(|i| wave(i).round() as i16).collect()
    }

    fn log_mel(samples: &[i16]) -> Vec<f32> {
        let plan = Spectrogrammer::new(AudioFormat::default(), MelShape::default()).unwrap();
        let mut out = vec![0.0; 32 * 32];
        plan.log_mel(samples, &mut plan.scratch(), &mut out);
        out.iter().map(|x| x * LOG_SD + LOG_MEAN).collect()
    }

    /// A band's filter weight at `hertz`, from the definition of the mel scale.
    fn weight(band: usize, hertz: f64) -> f64 {
        let spacing = 2_595.0 * (1.0 + RATE / 2.0 / 700.0f64).log10() / 33.0;
        let edge = |i: usize| 700.0 * (10f64.powf(spacing * i as f64 / 2_595.0) - 1.0);
        let [left, top, right] = [edge(band), edge(band + 1), edge(band + 2)];
        ((hertz - left) / (top - left)).min((right - hertz) / (right - top)).max(0.0)
    }

    #[test]
    fn a_tone_has_the_power_its_filters_let_through() {
        // A Hann window spreads a tone on a bin over that bin (all of its amplitude) and the two
        // beside it (half of it).
        let (bin, amplitude) = (40, 0.25);
        let heard = log_mel(&tone(f64::from(bin), amplitude));
        for frame in heard.chunks(32).take(29).skip(3) {
            for (band, &heard) in frame.iter().enumerate() {
                let at = |k: i32| weight(band, f64::from(k) * RATE / 256.0);
                let shared = at(bin) + 0.25 * (at(bin - 1) + at(bin + 1));
                let exact = (amplitude * amplitude * shared).max(f64::from(POWER_FLOOR)).ln();
                assert!((f64::from(heard) - exact).abs() < 0.01, "band {band}: {heard} {exact}");
            }
        }
    }

    #[test]
    fn the_logarithm_is_one() {
        for i in -200..400 {
            let x = 1.07f32.powi(i);
            let exact = f64::from(x).ln();
            let tolerance = 1e-6 * exact.abs().max(1.0);
            assert!((f64::from(logarithm(x)) - exact).abs() < tolerance, "ln {x}");
        }
    }

    #[test]
    fn a_frame_is_the_same_in_any_company() {
        // 20 frames are a whole batch and a part of one, 5 of a quarter of the sound a part alone.
        let sound: Vec<i16> =
            (0..2_000i32).map(|i| (i * i * 31 % 20_000 - 10_000) as i16).collect();
        let log_mel = |samples: &[i16], frames| {
            let format = AudioFormat { rate: 8_000, samples: samples.len() };
            let plan = Spectrogrammer::new(format, MelShape { frames, bands: 24 }).unwrap();
            let mut out = vec![0.0; frames * 24];
            plan.log_mel(samples, &mut plan.scratch(), &mut out);
            out
        };
        let (all, part) = (log_mel(&sound, 20), log_mel(&sound[..500], 5));
        // The windows of two of them end before the quarter does. Frames that are transformed as
        // the two parts of complex numbers round each other.
        for (alone, together) in part[..2 * 24].iter().zip(&all) {
            assert!((alone - together).abs() < 1e-5, "{alone} {together}");
        }
        let mut late = vec![0; 2_000];
        late[1_850] = 20_000;
        let heard = log_mel(&late, 20);
        let loudest = (0..20).max_by(|&a, &b| heard[a * 24 + 12].total_cmp(&heard[b * 24 + 12]));
        assert_eq!(loudest, Some(18));
    }

    #[test]
    fn twice_the_amplitude_is_two_logarithms_of_two() {
        let (soft, loud) = (log_mel(&tone(23.5, 0.1)), log_mel(&tone(23.5, 0.2)));
        let audible = soft.iter().zip(&loud).filter(|(soft, _)| **soft > -9.0);
        assert!(audible.clone().count() > 32);
        for (soft, loud) in audible {
            assert!((loud - soft - 2.0 * 2f32.ln()).abs() < 0.01, "{soft} {loud}");
        }
    }

    #[test]
    fn silence_is_the_floor() {
        let floor = POWER_FLOOR.ln();
        assert!(log_mel(&[0; 2_048]).iter().all(|x| (x - floor).abs() < 1e-4));
    }

    #[test]
    fn a_click_sounds_in_the_frames_around_it_and_scratch_leaves_no_trace() {
        let plan = Spectrogrammer::new(AudioFormat::default(), MelShape::default()).unwrap();
        let mut click = vec![0; 2_048];
        click[64 * 10 + 32] = 30_000;
        let (mut scratch, mut out) = (plan.scratch(), vec![0.0; 1_024]);
        plan.log_mel(&click, &mut scratch, &mut out);
        let loudest = (0..32).max_by(|&a, &b| out[a * 32 + 20].total_cmp(&out[b * 32 + 20]));
        assert_eq!(loudest, Some(10));
        plan.log_mel(&[0; 2_048], &mut scratch, &mut out);
        assert!(out.iter().all(|&x| x == out[0]));
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let format = AudioFormat::default();
        let with = |frames, bands| Spectrogrammer::new(format, MelShape { frames, bands }).err();
        assert_eq!(with(0, 32), Some(AudioError::Frames { frames: 0, samples: 2_048 }));
        assert_eq!(with(4_096, 32), Some(AudioError::Frames { frames: 4_096, samples: 2_048 }));
        assert!(matches!(with(32, 0), Some(AudioError::Bands { bands: 0, .. })));
        assert!(matches!(with(256, 16), Some(AudioError::EmptyBand { .. })));
        assert_eq!(with(64, 24), None);
    }

    #[test]
    fn a_plan_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Spectrogrammer>();
    }
}
