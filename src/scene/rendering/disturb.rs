//! Disturbances of a scene on rendered modalities.

use rand::RngExt as _;

use super::{ImagePlan, Renderers, SoundPlan, VectorPlans};
use crate::causal::noise::{NoiseStream, StreamId, stream, stream_name};
use crate::modality::{audio, disturb};
use crate::scene::Disturbance;

/// The stream that decides which modalities are missing. No node's name holds a colon.
const MISSING: StreamId = StreamId::of("missing:disturbance");

/// What befalls one specimen, and its twins alike.
#[derive(Clone, Copy, Debug)]
pub struct Fate<'a> {
    /// The disturbances in force, in their order.
    pub disturbances: &'a [Disturbance],
    /// The seed of all noise.
    pub seed: u64,
    /// The specimen's index.
    pub specimen: u64,
}

/// A disturbance that hits a modality.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Blow {
    Noise { level: f32 },
    Mask { share: f32, scattered: bool },
}

impl Fate<'_> {
    /// Calls `strike` for every disturbance that hits the modality; whether there was one.
    fn befall(&self, modality: &str, mut strike: impl FnMut(Blow, &mut NoiseStream)) -> bool {
        let concerned = |on: &[String]| on.is_empty() || on.iter().any(|name| name == modality);
        let mut noise = None;
        let mut hits = false;
        for disturbance in self.disturbances {
            let (on, hit, blow) = match disturbance {
                Disturbance::Noise { level, on, hit } => (on, *hit, Blow::Noise { level: *level }),
                Disturbance::Mask { share, on, hit, scattered } => {
                    (on, *hit, Blow::Mask { share: *share, scattered: *scattered })
                }
                Disturbance::Missing { .. } => continue,
            };
            if !concerned(on) {
                continue;
            }
            let noise = noise.get_or_insert_with(|| {
                stream(self.seed, self.specimen, stream_name(modality, "disturbance"))
            });
            let drawn: f32 = noise.random();
            if drawn < hit {
                strike(blow, noise);
                hits = true;
            }
        }
        hits
    }

    /// Which modalities are there, in the order of [`Renderers::names`].
    #[must_use]
    pub fn presence(&self, names: &[&str]) -> Vec<bool> {
        let mut missing = vec![0.0; names.len()];
        for disturbance in self.disturbances {
            let Disturbance::Missing { on, probability } = disturbance else { continue };
            for (missing, name) in missing.iter_mut().zip(names) {
                if on.is_empty() || on.iter().any(|n| n == name) {
                    // Missing by this one or by one before.
                    *missing = 1.0 - (1.0 - *missing) * (1.0 - probability);
                }
            }
        }
        if missing.iter().all(|p| *p == 0.0) {
            return vec![true; names.len()];
        }
        disturb::presence(&missing, &mut stream(self.seed, self.specimen, MISSING))
    }
}

/// The deviation of noise of a level, as a share of the range: `10 level / 255`.
fn deviation(level: f32) -> f32 {
    10.0 * level / 255.0
}

impl Renderers {
    /// The names of the modalities, in the order in which a learner gets them.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        names.extend(self.image.is_some().then_some("image"));
        names.extend(self.sound.is_some().then_some("audio"));
        names.extend(self.text.is_some().then_some("text"));
        names.extend(self.vectors.plans().iter().map(super::VectorPlan::name));
        names
    }
}

impl ImagePlan {
    /// Lets a specimen's picture meet its fate.
    pub fn disturb(&self, fate: Fate, pixels: &mut [u8]) {
        fate.befall("image", |blow, noise| match blow {
            Blow::Noise { level } => disturb::noise_on_picture(pixels, deviation(level), noise),
            Blow::Mask { share, scattered } => {
                disturb::mask_picture(self.size(), pixels, share, scattered, noise);
            }
        });
    }
}

impl SoundPlan {
    /// Lets a specimen's sound meet its fate, and hears it anew where that changed it.
    pub fn disturb(
        &self,
        fate: Fate,
        scratch: &mut audio::Scratch,
        samples: &mut [i16],
        log_mel: &mut [f32],
    ) {
        let hit = fate.befall("audio", |blow, noise| match blow {
            Blow::Noise { level } => disturb::noise_on_sound(samples, deviation(level), noise),
            Blow::Mask { share, scattered } => {
                disturb::mask_row(samples, share, scattered, noise);
            }
        });
        if hit && !log_mel.is_empty() {
            self.hear(samples, scratch, log_mel);
        }
    }
}

/// Lets a specimen's sentence meet its fate.
pub fn disturb_tokens(fate: Fate, tokens: &mut [u16]) {
    fate.befall("text", |blow, noise| match blow {
        Blow::Noise { level } => disturb::noise_on_text(tokens, level / 10.0, noise),
        Blow::Mask { share, .. } => disturb::mask_text(tokens, share, noise),
    });
}

impl VectorPlans {
    /// Lets a specimen's vectors meet their fate.
    pub fn disturb(&self, fate: Fate, vectors: &mut [Vec<f32>]) {
        for (plan, values) in self.plans().iter().zip(vectors) {
            fate.befall(plan.name(), |blow, noise| match blow {
                Blow::Noise { level } => disturb::noise_on_vector(values, deviation(level), noise),
                Blow::Mask { share, scattered } => {
                    disturb::mask_row(values, share, scattered, noise);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(disturbances: &[Disturbance], specimen: u64) -> Fate<'_> {
        Fate { disturbances, seed: 3, specimen }
    }

    #[test]
    fn a_specimen_is_hit_as_often_as_it_should_and_always_alike() {
        let noise = Disturbance::Noise { level: 5.0, on: vec!["image".into()], hit: 0.5 };
        let all = [noise];
        let hits =
            |name: &str| (0..2000).filter(|&i| fate(&all, i).befall(name, |_, _| {})).count();
        assert!((930..1070).contains(&hits("image")));
        assert_eq!(hits("image"), hits("image"));
        assert_eq!(hits("audio"), 0);
        let mut tokens = [vec![7; 40], vec![7; 40]];
        let blank = [Disturbance::Noise { level: 5.0, on: Vec::new(), hit: 1.0 }];
        tokens.iter_mut().for_each(|tokens| disturb_tokens(fate(&blank, 9), tokens));
        assert!(tokens[0] == tokens[1] && tokens[0] != vec![7; 40]);
    }

    #[test]
    fn missing_modalities_add_up() {
        let on = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let half = Disturbance::Missing { on: on(&["audio"]), probability: 0.5 };
        let never = Disturbance::Missing { on: on(&["text"]), probability: 1.0 };
        let all = [half.clone(), half, never];
        let names = ["image", "audio", "text"];
        let heard = (0..2000).filter(|&i| {
            let present = fate(&all, i).presence(&names);
            assert!(present[0] && !present[2]);
            present[1]
        });
        assert!((430..570).contains(&heard.count()));
        assert_eq!(fate(&[], 1).presence(&names), [true; 3]);
    }
}
