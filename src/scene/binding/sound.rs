//! Bindings of sounds.

use super::{Binder, shown};
use crate::modality::audio::{AudioFormat, Spectrogrammer};
use crate::scene::rendering::{SoundPlan, Timbre};
use crate::scene::{
    AudioDeclaration, BirdVoiceDeclaration, SceneError, ToneVoiceDeclaration, Voice,
};

/// The names of an object's timbres, in the order of the voice's values.
const TIMBRES: [&str; 4] = ["disc", "bell", "reed", "string"];

impl Binder<'_> {
    pub(super) fn sound(&mut self, d: &AudioDeclaration) -> Result<SoundPlan, SceneError> {
        let spectrogrammer = Spectrogrammer::new(d.format, d.mel).map_err(|error| {
            let remedy = "see the defaults: rate 8000, samples 2048, frames 32, bands 32";
            self.check.error(&self.at(&["format"]), None, error.to_string(), remedy)
        })?;
        let noise = self.share(d.noise, &["noise"], "noise")?;
        let (timbre, shows) = match &d.voice {
            Voice::Bird(bird) => self.call(bird)?,
            Voice::Tones(object) => self.tones(object, d.format)?,
        };
        Ok(SoundPlan { spectrogrammer: spectrogrammer.into(), noise, shows, timbre })
    }

    fn call(&mut self, d: &BirdVoiceDeclaration) -> Result<(Timbre, Vec<usize>), SceneError> {
        let cues = [
            self.cue(d.call.as_ref(), "voice", "call")?,
            self.cue(d.wing_beats.as_ref(), "voice", "wing_beats")?,
            self.cue(d.steps.as_ref(), "voice", "steps")?,
            self.cue(d.background.as_ref(), "voice", "background")?,
        ];
        let styles = [
            self.style(d.pitch.as_ref(), &["voice", "pitch"])?,
            self.style(d.level.as_ref(), &["voice", "level"])?,
            self.style(d.onset.as_ref(), &["voice", "onset"])?,
        ];
        let shows = shown(&cues, &[], &styles);
        Ok((Timbre::Bird { cues, styles }, shows))
    }

    fn tones(
        &mut self,
        d: &ToneVoiceDeclaration,
        format: AudioFormat,
    ) -> Result<(Timbre, Vec<usize>), SceneError> {
        if !d.range.fits(format) {
            let problem = format!(
                "{} octaves from {} Hz don't fit a recording of {} samples a second",
                d.range.octaves, d.range.lowest, format.rate
            );
            let remedy = "give a lowest pitch of 20 Hz or more, and a highest one whose partials, \
                          4.1 times as high, stay below half the rate";
            return Err(self.check.error(&self.at(&["voice", "range"]), None, problem, remedy));
        }
        let timbre = self.choice(d.timbre.as_ref(), "voice", "timbre", &TIMBRES)?;
        let cues = [
            self.cue(d.scrape.as_ref(), "voice", "scrape")?,
            self.cue(d.background.as_ref(), "voice", "background")?,
        ];
        let styles = [
            self.style(d.pitch.as_ref(), &["voice", "pitch"])?,
            self.style(d.tempo.as_ref(), &["voice", "tempo"])?,
            self.style(d.level.as_ref(), &["voice", "level"])?,
            self.style(d.onset.as_ref(), &["voice", "onset"])?,
        ];
        let shows = shown(&cues, std::slice::from_ref(&timbre), &styles);
        Ok((Timbre::Tones { timbre, cues, styles, range: d.range }, shows))
    }
}
