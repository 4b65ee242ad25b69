//! The bindings of a scene resolved: from factor values to what the renderers are told.

use std::path::Path;
use std::sync::Arc;

use super::check::Checker;
use super::{
    AudioDeclaration, CueBinding, ImageDeclaration, Modality, Painter, Scene, SceneError,
    TextDeclaration, Voice,
};
use crate::causal::noise::{StreamId, stream};
use crate::causal::{Domain, Law, Place, Scm};
use crate::modality::Cue;
use crate::modality::audio::{self, BirdVoice, Spectrogrammer, synthesise_bird};
use crate::modality::image::{BirdCues, ImageSize, paint_bird};
use crate::modality::text::{self, Grammar, Mention};

/// The streams of what the scene leaves free. No node's name holds a colon.
const IMAGE: StreamId = StreamId::of("modality:image");
const AUDIO: StreamId = StreamId::of("modality:audio");
const TEXT: StreamId = StreamId::of("modality:text");

/// The grammars that come with the program.
const GRAMMARS: [(&str, &str); 1] = [("bird", include_str!("../../assets/grammars/bird.ron"))];

/// One world of one specimen, as a renderer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The values of all factors, in the order of the scene.
    pub factors: &'a [f64],
    /// The seed of all noise.
    pub seed: u64,
    /// The specimen's index.
    pub specimen: u64,
}

/// The renderers of a scene.
#[derive(Clone, Debug, Default)]
pub struct Renderers {
    /// The image modality.
    pub image: Option<ImagePlan>,
    /// The audio modality.
    pub sound: Option<SoundPlan>,
    /// The text modality.
    pub text: Option<TextPlan>,
}

/// A factor that is shown as a cue.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    factor: usize,
    strength: f32,
}

/// A factor that is shown as a style: its value is mapped to [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Style {
    factor: usize,
    low: f64,
    width: f64,
}

fn cue(shown: Option<Shown>, factors: &[f64]) -> Cue {
    shown.map_or(Cue::HIDDEN, |s| Cue { value: factors[s.factor] as f32, strength: s.strength })
}

fn style(style: Option<Style>, factors: &[f64]) -> f32 {
    style.map_or(0.5, |s| ((factors[s.factor] - s.low) / s.width).clamp(0.0, 1.0) as f32)
}

/// The image modality, resolved.
#[derive(Clone, Debug)]
pub struct ImagePlan {
    size: ImageSize,
    noise: f32,
    shows: Vec<usize>,
    cues: [Option<Shown>; 4],
    styles: [Option<Style>; 6],
}

impl ImagePlan {
    /// Width and height.
    #[must_use]
    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// Bytes per picture.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.size.bytes()
    }

    /// The factors that a picture shows, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Paints a subject into `out`, of [`ImagePlan::bytes`] bytes: RGB, row by row.
    pub fn paint(&self, subject: Subject, out: &mut [u8]) {
        let [bill, feet, wings, background] = self.cues.map(|c| cue(c, subject.factors));
        let [hue, x, y, size, facing, light] = self.styles.map(|s| style(s, subject.factors));
        let cues = BirdCues { bill, feet, wings, background, hue, x, y, size, facing, light };
        let mut noise = stream(subject.seed, subject.specimen, IMAGE);
        paint_bird(self.size, &cues, self.noise, &mut noise, out);
    }
}

/// The audio modality, resolved.
#[derive(Clone, Debug)]
pub struct SoundPlan {
    spectrogrammer: Arc<Spectrogrammer>,
    noise: f32,
    shows: Vec<usize>,
    cues: [Option<Shown>; 4],
    styles: [Option<Style>; 3],
}

impl SoundPlan {
    /// Samples per sound.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.spectrogrammer.format().samples
    }

    /// Samples per second.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.spectrogrammer.format().rate
    }

    /// Frames and bands of the spectrogram.
    #[must_use]
    pub fn mel(&self) -> audio::MelShape {
        self.spectrogrammer.shape()
    }

    /// The factors that a sound tells of, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Working space for [`SoundPlan::synthesise`], one per thread.
    #[must_use]
    pub fn scratch(&self) -> audio::Scratch {
        self.spectrogrammer.scratch()
    }

    /// Synthesises a subject into `samples`, and what a learner hears of it into `log_mel`, frame
    /// by frame.
    pub fn synthesise(
        &self,
        subject: Subject,
        scratch: &mut audio::Scratch,
        samples: &mut [i16],
        log_mel: &mut [f32],
    ) {
        let [call, wing_beats, steps, background] = self.cues.map(|c| cue(c, subject.factors));
        let [pitch, level, onset] = self.styles.map(|s| style(s, subject.factors));
        let voice = BirdVoice { call, wing_beats, steps, background, pitch, level, onset };
        let mut noise = stream(subject.seed, subject.specimen, AUDIO);
        synthesise_bird(self.spectrogrammer.format(), &voice, self.noise, &mut noise, samples);
        self.spectrogrammer.log_mel(samples, scratch, log_mel);
    }
}

/// The text modality, resolved.
#[derive(Clone, Debug)]
pub struct TextPlan {
    grammar: Arc<Grammar>,
    length: usize,
    shows: Vec<usize>,
    /// For each slot of the grammar what it mentions and how often.
    mentions: Vec<Option<(Style, f32)>>,
    wording: Option<usize>,
}

impl TextPlan {
    /// The grammar.
    #[must_use]
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Tokens per sentence.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The factors that a sentence may speak of, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Composes a subject's sentence: exactly [`TextPlan::length`] token ids.
    pub fn compose(&self, subject: Subject, out: &mut Vec<u16>) {
        let mention = |m: &Option<(Style, f32)>| {
            m.map(|(style, probability)| {
                let value = (subject.factors[style.factor] - style.low) / style.width;
                Mention { value: value as f32, probability }
            })
        };
        let mentions: Vec<_> = self.mentions.iter().map(mention).collect();
        let wording = self.wording.map_or(0, |factor| subject.factors[factor] as usize);
        let mut noise = stream(subject.seed, subject.specimen, TEXT);
        text::compose(&self.grammar, &mentions, wording, &mut noise, self.length, out);
    }
}

impl Renderers {
    /// Resolves the modalities of a scene.
    pub(super) fn resolve(scene: &Scene, scm: &Scm, check: &Checker) -> Result<Self, SceneError> {
        let mut all = Self::default();
        for (i, modality) in scene.modalities.iter().enumerate() {
            let mut bind = Binder { scene, scm, check, way: vec!["modalities".into(), i.into()] };
            let twice = match modality {
                Modality::Image(d) => all.image.replace(bind.image(d)?).is_some(),
                Modality::Audio(d) => all.sound.replace(bind.sound(d)?).is_some(),
                Modality::Text(d) => all.text.replace(bind.text(d)?).is_some(),
            };
            if twice {
                let remedy = "give a scene one image, one sound and one text at most";
                return Err(check.error(&bind.way, None, "this modality stands twice", remedy));
            }
        }
        if scene.modalities.is_empty() {
            let remedy = "give at least one of Image, Audio, Text";
            return Err(check.error(&["modalities".into()], None, "nothing is shown", remedy));
        }
        Ok(all)
    }
}

/// Resolves the bindings of one modality.
struct Binder<'a> {
    scene: &'a Scene,
    scm: &'a Scm,
    check: &'a Checker<'a>,
    way: Vec<Place>,
}

impl Binder<'_> {
    fn at(&self, steps: &[&str]) -> Vec<Place> {
        self.way.iter().cloned().chain(steps.iter().map(|s| (*s).into())).collect()
    }

    fn share(&self, x: f32, steps: &[&str], what: &str) -> Result<f32, SceneError> {
        if (0.0..=1.0).contains(&x) {
            return Ok(x);
        }
        let problem = format!("{what} {x} is outside [0, 1]");
        Err(self.check.error(&self.at(steps), None, problem, "give a number from 0 to 1"))
    }

    /// Position and domain of a factor.
    fn factor(&self, name: &str, steps: &[&str]) -> Result<(usize, Domain), SceneError> {
        let node = self.check.shown(self.scm, &self.at(steps), name)?;
        let place = self.scene.factors.iter().position(|f| f.name == name).unwrap_or(0);
        Ok((place, self.scm.domain(node)))
    }

    fn cue(
        &self,
        binding: Option<&CueBinding>,
        part: &str,
        slot: &str,
    ) -> Result<Option<Shown>, SceneError> {
        let Some(binding) = binding else { return Ok(None) };
        let steps = [part, slot, "factor"];
        let (factor, domain) = self.factor(&binding.factor, &steps)?;
        if domain != Domain::Binary {
            let problem = format!("`{slot}` is either one or the other, the factor isn't binary");
            let remedy = "bind a binary factor";
            return Err(self.check.error(&self.at(&steps), Some(&binding.factor), problem, remedy));
        }
        let strength = self.share(binding.strength, &[part, slot, "strength"], "strength")?;
        Ok(Some(Shown { factor, strength }))
    }

    fn style(&self, name: Option<&str>, steps: &[&str]) -> Result<Option<Style>, SceneError> {
        let Some(name) = name else { return Ok(None) };
        let (factor, domain) = self.factor(name, steps)?;
        let bounds = self.scm.find(name).and_then(|n| self.scm.law(n)).and_then(Law::bounds);
        let (low, high) = match (domain.size(), bounds) {
            (Some(size), _) => (0.0, (size - 1) as f64),
            (None, Some(bounds)) => bounds,
            (None, None) => (0.0, 1.0),
        };
        Ok(Some(Style { factor, low, width: high - low }))
    }

    fn image(&mut self, d: &ImageDeclaration) -> Result<ImagePlan, SceneError> {
        let (least, most) = (ImageSize::LEAST, 4096);
        let fits = |n| (least..=most).contains(&n);
        if !fits(d.size.width) || !fits(d.size.height) {
            let problem = format!("a picture can't be {}x{}", d.size.width, d.size.height);
            let remedy = format!("give sides from {least} to {most}");
            return Err(self.check.error(&self.at(&["size"]), None, problem, remedy));
        }
        let noise = self.share(d.noise, &["noise"], "noise")?;
        let Painter::Bird(bird) = &d.painter;
        let cues = [
            self.cue(bird.bill.as_ref(), "painter", "bill")?,
            self.cue(bird.feet.as_ref(), "painter", "feet")?,
            self.cue(bird.wings.as_ref(), "painter", "wings")?,
            self.cue(bird.background.as_ref(), "painter", "background")?,
        ];
        let styles = [
            self.style(bird.hue.as_deref(), &["painter", "hue"])?,
            self.style(bird.x.as_deref(), &["painter", "x"])?,
            self.style(bird.y.as_deref(), &["painter", "y"])?,
            self.style(bird.size.as_deref(), &["painter", "size"])?,
            self.style(bird.facing.as_deref(), &["painter", "facing"])?,
            self.style(bird.light.as_deref(), &["painter", "light"])?,
        ];
        let shows = shown(&cues, &styles);
        Ok(ImagePlan { size: d.size, noise, shows, cues, styles })
    }

    fn sound(&mut self, d: &AudioDeclaration) -> Result<SoundPlan, SceneError> {
        let spectrogrammer = Spectrogrammer::new(d.format, d.mel).map_err(|error| {
            let remedy = "see the defaults: rate 8000, samples 2048, frames 32, bands 32";
            self.check.error(&self.at(&["format"]), None, error.to_string(), remedy)
        })?;
        let noise = self.share(d.noise, &["noise"], "noise")?;
        let Voice::Bird(bird) = &d.voice;
        let cues = [
            self.cue(bird.call.as_ref(), "voice", "call")?,
            self.cue(bird.wing_beats.as_ref(), "voice", "wing_beats")?,
            self.cue(bird.steps.as_ref(), "voice", "steps")?,
            self.cue(bird.background.as_ref(), "voice", "background")?,
        ];
        let styles = [
            self.style(bird.pitch.as_deref(), &["voice", "pitch"])?,
            self.style(bird.level.as_deref(), &["voice", "level"])?,
            self.style(bird.onset.as_deref(), &["voice", "onset"])?,
        ];
        let shows = shown(&cues, &styles);
        Ok(SoundPlan { spectrogrammer: spectrogrammer.into(), noise, shows, cues, styles })
    }

    fn text(&mut self, d: &TextDeclaration) -> Result<TextPlan, SceneError> {
        let most = 512;
        if !(1..=most).contains(&d.length) {
            let problem = format!("a sentence can't have {} tokens", d.length);
            let remedy = format!("give a length from 1 to {most}");
            return Err(self.check.error(&self.at(&["length"]), None, problem, remedy));
        }
        let grammar = self.grammar(&d.grammar)?;
        let mut mentions = vec![None; grammar.slots().len()];
        let mut shows = Vec::new();
        for (slot, binding) in &d.mentions {
            let Some(place) = grammar.slot(slot) else {
                let problem = format!("the grammar has no slot `{slot}`");
                let remedy = crate::causal::suggestion(slot, grammar.slots());
                let way = self.at(&["mentions", slot]);
                return Err(self.check.error(&way, None, problem, remedy));
            };
            let steps = ["mentions", slot, "factor"];
            let (factor, domain) = self.factor(&binding.factor, &steps)?;
            let values = grammar.categories(place);
            if domain.size() != values {
                let problem = format!("slot `{slot}` has words for other values than the factor");
                let remedy = match values {
                    Some(n) => format!("bind a factor with {n} values"),
                    None => "bind a continuous factor".to_owned(),
                };
                let way = self.at(&steps);
                return Err(self.check.error(&way, Some(&binding.factor), problem, remedy));
            }
            let steps = ["mentions", slot, "probability"];
            let probability = self.share(binding.probability, &steps, "probability")?;
            let style = match values {
                Some(_) => Some(Style { factor, low: 0.0, width: 1.0 }),
                None => self.style(Some(&binding.factor), &["mentions", slot, "factor"])?,
            };
            mentions[place] = style.map(|style| (style, probability));
            shows.push(factor);
        }
        let wording =
            d.wording.as_deref().map(|name| self.factor(name, &["wording"])).transpose()?;
        if let (Some((_, Domain::Continuous)), Some(name)) = (wording, d.wording.as_deref()) {
            let problem = "wording chooses among templates, the factor is continuous";
            let remedy = "bind a binary or categorical factor";
            return Err(self.check.error(&self.at(&["wording"]), Some(name), problem, remedy));
        }
        let wording = wording.map(|(factor, _)| factor);
        shows.extend(wording);
        shows.sort_unstable();
        shows.dedup();
        Ok(TextPlan { grammar: grammar.into(), length: d.length, shows, mentions, wording })
    }

    /// A grammar that comes with the program, or the file of that name beside the scene.
    fn grammar(&self, name: &str) -> Result<Grammar, SceneError> {
        let way = self.at(&["grammar"]);
        let known = GRAMMARS.iter().map(|(n, _)| *n);
        let text = match GRAMMARS.iter().find(|(n, _)| *n == name) {
            Some((_, text)) => (*text).to_owned(),
            None if Path::new(name).extension().is_some_and(|e| e == "ron") => {
                let beside = Path::new(self.check.path()).parent().unwrap_or(Path::new(""));
                let file = beside.join(name);
                std::fs::read_to_string(&file).map_err(|error| {
                    let problem = format!("grammar {} can't be read: {error}", file.display());
                    let remedy = "name a .ron file beside the scene";
                    self.check.error(&way, None, problem, remedy)
                })?
            }
            None => {
                let problem = format!("unknown grammar `{name}`");
                let remedy = crate::causal::suggestion(name, known);
                return Err(self.check.error(&way, None, problem, remedy));
            }
        };
        Grammar::parse(&text).map_err(|error| {
            let problem = format!("grammar `{name}`: {error}");
            self.check.error(&way, None, problem, "see assets/grammars/bird.ron for the form")
        })
    }
}

/// The factors behind cues and styles, each once.
fn shown(cues: &[Option<Shown>], styles: &[Option<Style>]) -> Vec<usize> {
    let cues = cues.iter().flatten().map(|c| c.factor);
    let styles = styles.iter().flatten().map(|s| s.factor);
    let mut factors: Vec<usize> = cues.chain(styles).collect();
    factors.sort_unstable();
    factors.dedup();
    factors
}
