//! Bindings of sentences.

use std::path::Path;

use super::{Binder, Looks, once};
use crate::causal::{Domain, suggestion};
use crate::modality::text::Grammar;
use crate::scene::rendering::{Choice, Said, Shows, TextPlan};
use crate::scene::{MentionBinding, SceneError, StyleBinding, TextDeclaration};

/// The grammars that come with the program.
const GRAMMARS: [(&str, &str); 2] = [
    ("bird", include_str!("../../../assets/grammars/bird.ron")),
    ("shapes", include_str!("../../../assets/grammars/shapes.ron")),
];

/// Whether a scene's `grammar` is the grammar itself: its parenthesis, or a comment or attribute
/// before it.
fn is_written_out(grammar: &str) -> bool {
    ["(", "//", "/*", "#!"].iter().any(|start| grammar.trim_start().starts_with(start))
}

/// The file that a scene's `grammar` names.
pub(in crate::scene) fn grammar_file(grammar: &str) -> Option<&Path> {
    let file = Path::new(grammar);
    let names = !is_written_out(grammar) && file.extension().is_some_and(|e| e == "ron");
    names.then_some(file)
}

impl Binder<'_> {
    pub(super) fn text(&mut self, d: &TextDeclaration) -> Result<TextPlan, SceneError> {
        let most = 512;
        if !(1..=most).contains(&d.length) {
            let problem = format!("a sentence can't have {} tokens", d.length);
            let remedy = format!("give a length from 1 to {most}");
            return Err(self.check.error(&self.at(&["length"]), None, problem, remedy));
        }
        let grammar = self.grammar(&d.grammar)?;
        let mut mentions = vec![None; grammar.slots().len()];
        let mut spoken_of = Vec::new();
        for (slot, binding) in &d.mentions {
            let Some(place) = grammar.slot(slot) else {
                let problem = format!("the grammar has no slot `{slot}`");
                let remedy = suggestion(slot, grammar.slots());
                let way = self.at(&["mentions", slot]);
                return Err(self.check.error(&way, None, problem, remedy));
            };
            let (factor, said) = self.mention(&grammar, place, slot, binding)?;
            let shows = match &said {
                Said::Choice(choice) => Shows::Choice(choice.clone()),
                Said::Style(style, probability) => Shows::Style(*style, *probability),
            };
            self.note(slot, factor, shows);
            mentions[place] = Some(said);
            spoken_of.push(factor);
        }
        let way = self.at(&["wording"]);
        let wording = d.wording.as_deref().map(|name| self.factor(name, &way)).transpose()?;
        if let (Some((_, Domain::Continuous)), Some(name)) = (wording, d.wording.as_deref()) {
            let problem = "wording chooses among templates, the factor is continuous";
            let remedy = "bind a binary or categorical factor";
            return Err(self.check.error(&way, Some(name), problem, remedy));
        }
        let wording = wording.map(|(factor, _)| factor);
        if let Some(factor) = wording {
            self.note("wording", factor, Shows::Plainly);
        }
        spoken_of.extend(wording);
        let shows = once(spoken_of.into_iter());
        Ok(TextPlan { grammar: grammar.into(), length: d.length, shows, mentions, wording })
    }

    /// What one slot of a grammar says, and the factor that it speaks of.
    fn mention(
        &self,
        grammar: &Grammar,
        place: usize,
        slot: &str,
        binding: &MentionBinding,
    ) -> Result<(usize, Said), SceneError> {
        let steps = ["mentions", slot];
        let way = self.at(&["mentions", slot, "probability"]);
        let probability = binding.probability;
        if !(0.0..=1.0).contains(&probability) {
            let problem = format!("probability {probability} is outside [0, 1]");
            return Err(self.check.error(&way, None, problem, "give a number from 0 to 1"));
        }
        if grammar.categories(place).is_some() {
            let names = grammar.names(place);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let looks = Looks { slot, what: "phrase", names: &names, steps: &steps };
            let find = |phrase: &str| grammar.value(place, phrase);
            if binding.style() != StyleBinding::plain(&binding.factor) {
                let problem = format!("slot `{slot}` has one phrase for each value and no range");
                let remedy = "leave out from, to, beyond and squash";
                let name = Some(binding.factor.as_str());
                return Err(self.check.error(&self.at(&steps), name, problem, remedy));
            }
            let (factor, looks) = self.looks(&binding.factor, &binding.values, &looks, find)?;
            return Ok((factor, Said::Choice(Choice { factor, strength: probability, looks })));
        }
        let way = self.at(&["mentions", slot, "factor"]);
        let (factor, domain) = self.factor(&binding.factor, &way)?;
        if domain != Domain::Continuous || !binding.values.is_empty() {
            let problem = format!("slot `{slot}` has words for parts of a range");
            let remedy = "bind a continuous factor, without values";
            return Err(self.check.error(&way, Some(&binding.factor), problem, remedy));
        }
        let style = self.ruled(&binding.style(), &steps)?;
        Ok((factor, Said::Style(style, probability)))
    }

    /// A grammar that comes with the program, or one that is written out.
    fn grammar(&self, grammar: &str) -> Result<Grammar, SceneError> {
        let way = self.at(&["grammar"]);
        let known = GRAMMARS.iter().find(|(name, _)| *name == grammar);
        let (text, shown) = match known {
            Some((name, text)) => (*text, format!("grammar `{name}`")),
            None if is_written_out(grammar) => (grammar, "the scene's own grammar".to_owned()),
            None => {
                let problem = format!("unknown grammar `{grammar}`");
                let remedy = suggestion(grammar, GRAMMARS.iter().map(|(name, _)| *name));
                return Err(self.check.error(&way, None, problem, remedy));
            }
        };
        Grammar::parse(text).map_err(|error| {
            let problem = format!("{shown}: {error}");
            self.check.error(&way, None, problem, "see assets/grammars/bird.ron for the form")
        })
    }
}
