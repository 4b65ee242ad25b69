//! The sounds that an object can give when it is struck: sums of partials, each with an envelope.
//!
//! A sample is a function of its place in the strike alone, so recordings can be made piece by
//! piece. Sines are polynomials rather than tables: whole rows of samples are computed at once.

/// What an object sounds like. All timbres carry the same power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timbre {
    /// One sine that dies away.
    Disc,
    /// Partials that are no multiples of the pitch, all ringing on.
    Bell,
    /// Odd multiples of the pitch that swell and fade.
    Reed,
    /// All multiples of the pitch, plucked: they are soon gone.
    String,
}

impl Timbre {
    /// All timbres, in the order of a cue's values 0 to 3.
    pub const ALL: [Self; 4] = [Self::Disc, Self::Bell, Self::Reed, Self::String];

    /// The highest partial of all, as a multiple of the pitch.
    pub const HIGHEST: f32 = 4.1;

    /// Its partials: ratio to the pitch, and amplitude before [`Timbre::gain`].
    const fn partials(self) -> &'static [(f32, f32)] {
        match self {
            Self::Disc => &[(1.0, 1.0)],
            Self::Bell => &[(1.0, 0.7), (2.4, 1.0), (Self::HIGHEST, 0.7)],
            Self::Reed => &[(1.0, 1.0), (2.0, 0.15), (3.0, 0.9)],
            Self::String => &[(1.0, 1.0), (2.0, 0.9), (3.0, 0.7), (4.0, 0.6)],
        }
    }

    /// The envelope of a strike of which the share `u` is over.
    #[inline(always)]
    fn envelope(self, u: f32) -> f32 {
        let left = 1.0 - u;
        match self {
            Self::Disc | Self::Bell => left * left,
            // 16 times `(u (1 - u))^2`: a hump from 0 to 1 to 0.
            Self::Reed => 16.0 * (u * left) * (u * left),
            Self::String => (left * left) * (left * left),
        }
    }

    /// The mean square of the envelope.
    const fn envelope_power(self) -> f32 {
        match self {
            Self::Disc | Self::Bell => 1.0 / 5.0,
            Self::Reed => 128.0 / 315.0,
            Self::String => 1.0 / 9.0,
        }
    }

    /// What makes it as powerful as a disc.
    fn gain(self) -> f32 {
        let power: f32 = self.partials().iter().map(|(_, amplitude)| amplitude * amplitude).sum();
        (Self::Disc.envelope_power() / (power * self.envelope_power())).sqrt()
    }
}

/// One strike.
#[derive(Clone, Copy, Debug)]
pub struct Strike {
    /// Pitch in hertz.
    pub hertz: f32,
    /// Samples per second.
    pub rate: u32,
    /// How long it rings, in samples.
    pub length: usize,
}

impl Strike {
    /// Adds it to `mix`, whose first sample is the one number `first` of the strike.
    #[inline(always)]
    pub fn add(&self, timbre: Timbre, amplitude: f32, first: usize, mix: &mut [f32]) {
        let amplitude = amplitude * timbre.gain();
        if amplitude == 0.0 {
            return;
        }
        // One loop for each envelope, so that none asks which it is.
        match timbre {
            Timbre::Disc => self.ring(timbre, amplitude, first, mix, |u| Timbre::Disc.envelope(u)),
            Timbre::Bell => self.ring(timbre, amplitude, first, mix, |u| Timbre::Bell.envelope(u)),
            Timbre::Reed => self.ring(timbre, amplitude, first, mix, |u| Timbre::Reed.envelope(u)),
            Timbre::String => {
                self.ring(timbre, amplitude, first, mix, |u| Timbre::String.envelope(u));
            }
        }
    }

    #[inline(always)]
    fn ring(
        &self,
        timbre: Timbre,
        amplitude: f32,
        first: usize,
        mix: &mut [f32],
        envelope: impl Fn(f32) -> f32,
    ) {
        let per_sample = (self.length as f32).recip();
        for &(ratio, share) in timbre.partials() {
            let (step, amplitude) = (step(ratio * self.hertz, self.rate), amplitude * share);
            for (n, sample) in (first as u32..).zip(mix.iter_mut()) {
                let u = per_sample * (n as i32 as f32 + 0.5);
                *sample += amplitude * envelope(u) * sine(n.wrapping_mul(step));
            }
        }
    }
}

/// How far a wave of `hertz` gets from one sample to the next, one period being `2^32`.
pub fn step(hertz: f32, rate: u32) -> u32 {
    (f64::from(hertz) / f64::from(rate) * 4_294_967_296.0).round() as i64 as u32
}

/// The sine of a phase of which `2^32` is one period, to within 0.0012.
#[inline(always)]
pub fn sine(phase: u32) -> f32 {
    // As a signed number it goes from -1/2 to 1/2.
    let turns = phase as i32 as f32 * (1.0 / 4_294_967_296.0);
    // A parabola through the zeros and the peaks, then one step that flattens its error.
    let parabola = turns * (8.0 - 16.0 * turns.abs());
    parabola * (0.775 + 0.225 * parabola.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIKE: Strike = Strike { hertz: 400.0, rate: 8_000, length: 800 };

    fn heard(timbre: Timbre) -> Vec<f32> {
        let mut mix = vec![0.0; STRIKE.length];
        STRIKE.add(timbre, 1.0, 0, &mut mix);
        mix
    }

    #[test]
    fn all_timbres_carry_the_same_power() {
        let power = |timbre| heard(timbre).iter().map(|x| x * x).sum::<f32>();
        let disc = power(Timbre::Disc);
        assert!((disc / STRIKE.length as f32 - 0.1).abs() < 0.002, "a fifth of a sine's half");
        for timbre in Timbre::ALL {
            let ratio = power(timbre) / disc;
            assert!((ratio - 1.0).abs() < 0.03, "{timbre:?}: {ratio}");
        }
    }

    #[test]
    fn a_strike_can_be_made_piece_by_piece() {
        for timbre in Timbre::ALL {
            let mut pieces = vec![0.0; STRIKE.length];
            for (i, piece) in pieces.chunks_mut(77).enumerate() {
                STRIKE.add(timbre, 1.0, 77 * i, piece);
            }
            assert_eq!(pieces, heard(timbre), "{timbre:?}");
        }
    }

    #[test]
    fn a_disc_is_a_decaying_sine_of_its_pitch() {
        for (i, &sample) in heard(Timbre::Disc).iter().enumerate() {
            let t = i as f64;
            let wave = (std::f64::consts::TAU * 400.0 / 8_000.0 * t).sin();
            let left = 1.0 - (t + 0.5) / 800.0;
            assert!((f64::from(sample) - left * left * wave).abs() < 0.002, "sample {i}");
        }
    }

    #[test]
    fn no_partial_is_higher_than_the_highest() {
        let ratios =
            Timbre::ALL.iter().flat_map(|timbre| timbre.partials()).map(|(ratio, _)| *ratio);
        assert_eq!(ratios.fold(0.0, f32::max), Timbre::HIGHEST);
    }
}
