//! The bindings of a scene resolved: slots of renderers find their factors, or say why not.

use std::path::Path;

use super::check::Checker;
use super::rendering::{ImagePlan, Renderers, Shown, SoundPlan, Style, TextPlan};
use super::{
    AudioDeclaration, CueBinding, ImageDeclaration, Modality, Painter, Scene, SceneError,
    TextDeclaration, Voice,
};
use crate::causal::{Domain, Law, Place, Scm};
use crate::modality::audio::Spectrogrammer;
use crate::modality::image::ImageSize;
use crate::modality::text::Grammar;

/// The grammars that come with the program.
const GRAMMARS: [(&str, &str); 1] = [("bird", include_str!("../../assets/grammars/bird.ron"))];

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
