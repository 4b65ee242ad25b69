//! What a grammar must hold before its words get numbers.

use std::collections::BTreeSet;

use super::GrammarError;
use super::grammar::{SPECIAL, Scale};
use super::source::Source;
use super::template::{self, FILLER, Piece};

/// A slot whose phrases are still text.
pub(super) struct NamedSlot<'a> {
    pub(super) name: &'a str,
    pub(super) scale: Scale,
    pub(super) values: Vec<&'a [String]>,
}

/// The slots of a file, each with a free name and phrases that tell its values apart.
pub(super) fn slots(source: &Source) -> Result<Vec<NamedSlot<'_>>, GrammarError> {
    let cues = source.cues.0.iter().map(|(name, values)| NamedSlot {
        name,
        scale: Scale::Category,
        values: values.iter().map(Vec::as_slice).collect(),
    });
    let scalars = source.scalars.0.iter().map(|(name, words)| NamedSlot {
        name,
        scale: Scale::Parts,
        values: words.chunks(1).collect(),
    });
    let slots: Vec<_> = cues.chain(scalars).collect();
    for (i, slot) in slots.iter().enumerate() {
        if slot.name == FILLER || slots[..i].iter().any(|other| other.name == slot.name) {
            return Err(GrammarError::NameTaken { slot: slot.name.to_owned() });
        }
        check_phrases(slot)?;
    }
    Ok(slots)
}

fn check_phrases(slot: &NamedSlot<'_>) -> Result<(), GrammarError> {
    let name = || slot.name.to_owned();
    if slot.values.len() < 2 {
        return Err(GrammarError::TooFewValues { slot: name(), values: slot.values.len() });
    }
    for (second, phrases) in slot.values.iter().enumerate() {
        if phrases.is_empty() {
            return Err(GrammarError::NoPhrases { slot: name(), value: second });
        }
        for phrase in *phrases {
            check_phrase(slot.name, phrase)?;
            let earlier = &slot.values[..second];
            if let Some(first) = earlier.iter().position(|other| other.contains(phrase)) {
                let phrase = phrase.clone();
                return Err(GrammarError::Ambiguous { slot: name(), phrase, first, second });
            }
        }
    }
    Ok(())
}

fn check_phrase(slot: &str, phrase: &str) -> Result<(), GrammarError> {
    if phrase.trim().is_empty() || phrase.contains(['{', '}', '[', ']', '<', '>']) {
        return Err(GrammarError::BadPhrase { slot: slot.to_owned(), phrase: phrase.to_owned() });
    }
    Ok(())
}

/// The sentences of a file, each saying every slot once.
pub(super) fn templates<'a>(
    source: &'a Source,
    slots: &[NamedSlot<'_>],
) -> Result<Vec<Vec<template::Part<'a>>>, GrammarError> {
    if source.templates.is_empty() {
        return Err(GrammarError::NoTemplates { grammar: source.name.clone() });
    }
    for word in &source.fillers {
        check_phrase("fillers", word)?;
        if word.split_whitespace().count() != 1 {
            return Err(GrammarError::BadPhrase { slot: "fillers".into(), phrase: word.clone() });
        }
    }
    let checked = source.templates.iter().zip(1..).map(|(text, number)| {
        let parts = template::parse(text, number)?;
        let said: Vec<&str> = parts.iter().filter_map(|part| part.slot).collect();
        if let Some(&slot) = said.iter().find(|name| slots.iter().all(|s| s.name != **name)) {
            let known: Vec<_> = slots.iter().map(|slot| format!("`{}`", slot.name)).collect();
            return Err(GrammarError::UnknownSlot {
                template: number,
                slot: slot.to_owned(),
                known: known.join(", "),
            });
        }
        for slot in slots {
            let times = said.iter().filter(|name| **name == slot.name).count();
            if times != 1 {
                let slot = slot.name.to_owned();
                return Err(GrammarError::NotOnce { template: number, slot, times });
            }
        }
        let has_filler = parts.iter().any(|part| part.pieces.contains(&Piece::Filler));
        if has_filler && source.fillers.is_empty() {
            return Err(GrammarError::NoFillers { template: number });
        }
        Ok(parts)
    });
    checked.collect()
}

/// The special tokens and every word of the grammar once, sorted.
pub(super) fn collect_words(
    source: &Source,
    slots: &[NamedSlot<'_>],
    templates: &[Vec<template::Part<'_>>],
) -> Result<Vec<String>, GrammarError> {
    let phrases = slots.iter().flat_map(|slot| &slot.values).copied().flatten();
    let mut words: BTreeSet<&str> = phrases.flat_map(|phrase| phrase.split_whitespace()).collect();
    words.extend(source.fillers.iter().map(String::as_str));
    words.extend(templates.iter().flatten().flat_map(|part| &part.pieces).filter_map(|piece| {
        match piece {
            Piece::Word(word) => Some(*word),
            Piece::Filler | Piece::Slot(_) => None,
        }
    }));
    if words.len() + SPECIAL.len() > usize::from(u16::MAX) + 1 {
        let grammar = source.name.clone();
        return Err(GrammarError::TooManyWords { grammar, words: words.len() });
    }
    Ok(SPECIAL.into_iter().chain(words).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Grammar;

    const GOOD: &str = r#"(
        name: "small",
        cues: {"bill": [["thin bill"], ["flat bill"]]},
        scalars: {"hue": ["red", "blue"]},
        fillers: ["shy"],
        templates: ["a {filler} {hue} bird [with a {bill}]"],
    )"#;

    #[test]
    fn every_mistake_is_named_with_its_place() {
        assert!(Grammar::parse(GOOD).is_ok());
        for (from, to, said) in [
            ("{hue} bird", "{colour} bird", "template 1 speaks of `colour`; the slots are `bill`"),
            ("{hue} bird", "bird", "template 1 speaks of `hue` 0 times"),
            ("{hue} bird", "{hue} {hue}", "template 1 speaks of `hue` 2 times"),
            (r#"["thin bill"]"#, "[]", "slot `bill` has no phrases for value 0"),
            ("thin bill", "flat bill", "says `flat bill` for values 0 and 1"),
            ("thin bill", " ", "of `bill` can't be said"),
            ("thin bill", "a {hue} bill", "words without {} [] <>"),
            (r#"["red", "blue"]"#, r#"["red"]"#, "`hue` tells 1 value(s) apart"),
            (r#"["shy"]"#, "[]", "template 1 has a `{filler}`"),
            (r#"["shy"]"#, r#"["very shy"]"#, "`very shy` of `fillers`"),
            (r#""hue": ["#, r#""bill": ["#, "slot `bill` can't have this name"),
            (r#""hue": ["#, r#""filler": ["#, "slot `filler` can't have this name"),
            (r#""hue": ["#, r#""hue": ["a", "b"], "hue": ["#, "slot `hue` is there twice"),
            (r#"["a {filler} {hue} bird [with a {bill}]"]"#, "[]", "has no templates"),
            ("fillers", "filers", "5:9: "),
            ("with a {bill}]", "with a {bill}", "template 1: a `[` without its `]`"),
        ] {
            let bad = GOOD.replace(from, to);
            assert_ne!(bad, GOOD, "{from}");
            let message = Grammar::parse(&bad).map(|_| from).unwrap_err().to_string();
            assert!(message.contains(said), "{message:?} should say {said:?}");
        }
    }
}
