//! The bindings of a scene resolved: slots of renderers find their factors, or say why not.

mod image;
mod sound;
mod style;
mod text;
mod vector;

pub(super) use text::grammar_file;

use super::check::Checker;
use super::rendering::{Choice, Renderers, Shown, Shows, Slot, Style};
use super::{ChoiceBinding, CueBinding, Modality, Scene, SceneError};
use crate::causal::{Domain, Interventions, Place, Range, Scm, suggestion};

impl Renderers {
    /// Resolves the modalities of a scene.
    pub(super) fn resolve(scene: &Scene, scm: &Scm, check: &Checker) -> Result<Self, SceneError> {
        let mut all = Self::default();
        let ranges = scm.ranges(&Interventions::none());
        for (i, modality) in scene.modalities.iter().enumerate() {
            let modality_name = match modality {
                Modality::Image(_) => "image",
                Modality::Audio(_) => "audio",
                Modality::Text(_) => "text",
                Modality::Vector(d) => &d.name,
            };
            let mut bind = Binder {
                scene,
                scm,
                check,
                ranges: &ranges,
                way: vec!["modalities".into(), i.into()],
                modality: modality_name,
                slots: Vec::new(),
            };
            let twice = match modality {
                Modality::Image(d) => all.image.replace(bind.image(d)?).is_some(),
                Modality::Audio(d) => all.sound.replace(bind.sound(d)?).is_some(),
                Modality::Text(d) => all.text.replace(bind.text(d)?).is_some(),
                Modality::Vector(d) => {
                    let plan = bind.vector(d, all.vectors.plans())?;
                    all.vectors.plans.push(plan);
                    false
                }
            };
            all.slots.append(&mut bind.slots);
            if twice {
                let remedy = "give a scene one image, one sound and one text at most";
                return Err(check.error(&bind.way, None, "this modality stands twice", remedy));
            }
        }
        all.vectors.shows = once(all.vectors.plans.iter().flat_map(|v| v.shows.iter().copied()));
        if scene.modalities.is_empty() {
            let remedy = "give at least one of Image, Audio, Text, Vector";
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
    /// The range of every node.
    ranges: &'a [Range],
    way: Vec<Place>,
    /// The modality's name.
    modality: &'a str,
    /// The slots that are bound so far.
    slots: Vec<Slot>,
}

impl Binder<'_> {
    fn at(&self, steps: &[&str]) -> Vec<Place> {
        self.way.iter().cloned().chain(steps.iter().map(|s| (*s).into())).collect()
    }

    /// Keeps in mind what a slot shows.
    fn note(&mut self, name: &str, factor: usize, shows: Shows) {
        let (modality, name) = (self.modality.to_owned(), name.to_owned());
        self.slots.push(Slot { modality, name, factor, shows });
    }

    fn share(&self, x: f32, steps: &[&str], what: &str) -> Result<f32, SceneError> {
        if (0.0..=1.0).contains(&x) {
            return Ok(x);
        }
        let problem = format!("{what} {x} is outside [0, 1]");
        Err(self.check.error(&self.at(steps), None, problem, "give a number from 0 to 1"))
    }

    /// Position and domain of a factor.
    fn factor(&self, name: &str, way: &[Place]) -> Result<(usize, Domain), SceneError> {
        let node = self.check.shown(self.scm, way, name)?;
        let place = self.scene.factors.iter().position(|f| f.name == name).unwrap_or(0);
        Ok((place, self.scm.domain(node)))
    }

    fn cue(
        &mut self,
        binding: Option<&CueBinding>,
        part: &str,
        slot: &str,
    ) -> Result<Option<Shown>, SceneError> {
        let Some(binding) = binding else { return Ok(None) };
        let way = self.at(&[part, slot, "factor"]);
        let (factor, domain) = self.factor(&binding.factor, &way)?;
        if domain != Domain::Binary {
            let problem = format!("`{slot}` is either one or the other, the factor isn't binary");
            let remedy = "bind a binary factor";
            return Err(self.check.error(&way, Some(&binding.factor), problem, remedy));
        }
        let strength = self.share(binding.strength, &[part, slot, "strength"], "strength")?;
        self.note(slot, factor, Shows::Cue(strength));
        Ok(Some(Shown { factor, strength }))
    }

    /// A choice among looks with these names.
    fn choice(
        &mut self,
        binding: Option<&ChoiceBinding>,
        part: &str,
        slot: &str,
        names: &[&str],
    ) -> Result<Option<Choice>, SceneError> {
        let Some(binding) = binding else { return Ok(None) };
        let steps = [part, slot];
        let looks = Looks { slot, what: "look", names, steps: &steps };
        let find = |name: &str| names.iter().position(|n| *n == name);
        let (factor, looks) = self.looks(&binding.factor, &binding.values, &looks, find)?;
        let strength = self.share(binding.strength, &[part, slot, "strength"], "strength")?;
        let choice = Choice { factor, strength, looks };
        self.note(slot, factor, Shows::Choice(choice.clone()));
        Ok(Some(choice))
    }

    /// A factor, and for each of its values the number of its look.
    fn looks(
        &self,
        factor: &str,
        values: &[String],
        looks: &Looks,
        find: impl Fn(&str) -> Option<usize>,
    ) -> Result<(usize, Vec<u8>), SceneError> {
        let Looks { slot, what, names, steps } = *looks;
        let way = |field: &str| self.at(&[steps, &[field]].concat());
        let error = |way: &[Place], problem: String, remedy: String| {
            Err(self.check.error(way, Some(factor), problem, remedy))
        };
        let (place, domain) = self.factor(factor, &way("factor"))?;
        let Some(size) = domain.size() else {
            let problem = format!("`{slot}` is one of several {what}s, the factor is continuous");
            let remedy = "bind a binary or categorical factor".to_owned();
            return error(&way("factor"), problem, remedy);
        };
        if values.is_empty() {
            if size == names.len() {
                return Ok((place, (0..=u8::MAX).take(size).collect()));
            }
            let problem =
                format!("`{slot}` has {} {what}s, the factor has {size} values", names.len());
            let quoted: Vec<String> =
                names.iter().cycle().take(size).map(|name| format!("\"{name}\"")).collect();
            let remedy = format!(
                "bind a factor with {} values, or choose a {what} for each value, for instance \
                 values: [{}]",
                names.len(),
                quoted.join(", ")
            );
            return error(&way("factor"), problem, remedy);
        }
        if values.len() != size {
            let problem =
                format!("{} {what}s are named and the factor has {size} values", values.len());
            return error(&way("values"), problem, format!("name one {what} for each value"));
        }
        let number = |(i, name): (usize, &String)| match find(name).map(u8::try_from) {
            Some(Ok(number)) => Ok(number),
            _ => {
                let mut way = way("values");
                way.push(i.into());
                let problem = format!("`{slot}` has no {what} `{name}`");
                let remedy = suggestion(name, names.iter().copied());
                Err(self.check.error(&way, Some(factor), problem, remedy))
            }
        };
        let numbers = values.iter().enumerate().map(number).collect::<Result<_, _>>()?;
        Ok((place, numbers))
    }
}

/// The looks that a slot has, or the phrases of a slot of a grammar.
struct Looks<'a> {
    slot: &'a str,
    /// What one of them is called in errors.
    what: &'a str,
    names: &'a [&'a str],
    /// Where in the modality the slot stands.
    steps: &'a [&'a str],
}

/// The factors behind cues, choices and styles, each once.
fn shown(
    cues: &[Option<Shown>],
    choices: &[Option<Choice>],
    styles: &[Option<Style>],
) -> Vec<usize> {
    let cues = cues.iter().flatten().map(|c| c.factor);
    let choices = choices.iter().flatten().map(|c| c.factor);
    let styles = styles.iter().flatten().map(|s| s.factor);
    once(cues.chain(choices).chain(styles))
}

/// Each number once, in rising order.
fn once(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
