//! Sentences with slots: `"a {filler} bird [with a {bill}]"`.

use super::GrammarError;

/// The name that stands for any filler in a template.
pub(super) const FILLER: &str = "filler";

/// One step of a sentence, with names and words not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A word that is always the same.
    Word(&'a str),
    /// A word that means nothing.
    Filler,
    /// What is said of this slot.
    Slot(&'a str),
}

/// Pieces that are said together, or left out together when their slot isn't mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The slot it depends on; without one it is always said.
    pub(super) slot: Option<&'a str>,
    /// Its pieces, in order.
    pub(super) pieces: Vec<Piece<'a>>,
}

/// Splits a sentence into parts. A slot outside brackets is a part of its own.
///
/// # Errors
/// Brackets or braces are open, nested or empty, or a bracket holds more or less than one slot.
/// `number` is the template's, from 1.
pub(super) fn parse(text: &str, number: usize) -> Result<Vec<Part<'_>>, GrammarError> {
    let fault =
        |problem: &str| GrammarError::Template { template: number, problem: problem.to_owned() };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['[', ']']) {
        let (before, bracket) = rest.split_at(open);
        parts.extend(pieces(before, number)?.into_iter().map(always_or_its_own));
        let Some(inside) = bracket.strip_prefix('[') else {
            return Err(fault("a `]` without its `[`; open the part it ends"));
        };
        let Some((inside, after)) = inside.split_once(']') else {
            return Err(fault("a `[` without its `]`; close the part"));
        };
        if inside.contains('[') {
            return Err(fault("a `[` within a part; parts don't nest, close the first"));
        }
        let pieces = pieces(inside, number)?;
        let mut slots = pieces.iter().filter_map(Piece::slot);
        let (Some(slot), None) = (slots.next(), slots.next()) else {
            return Err(fault(&format!("`[{inside}]` needs exactly one {{slot}} to depend on")));
        };
        parts.push(Part { slot: Some(slot), pieces });
        rest = after;
    }
    parts.extend(pieces(rest, number)?.into_iter().map(always_or_its_own));
    Ok(parts)
}

impl<'a> Piece<'a> {
    fn slot(&self) -> Option<&'a str> {
        match self {
            Self::Slot(name) => Some(name),
            Self::Word(_) | Self::Filler => None,
        }
    }
}

fn always_or_its_own(piece: Piece<'_>) -> Part<'_> {
    Part { slot: piece.slot(), pieces: vec![piece] }
}

fn pieces(text: &str, number: usize) -> Result<Vec<Piece<'_>>, GrammarError> {
    text.split_whitespace()
        .map(|word| {
            let name = word.strip_prefix('{').and_then(|word| word.strip_suffix('}'));
            match name {
                Some(FILLER) => Ok(Piece::Filler),
                Some(name) if !name.contains(['{', '}']) => Ok(Piece::Slot(name)),
                None if !word.contains(['{', '}', '<', '>']) => Ok(Piece::Word(word)),
                _ => Err(GrammarError::Template {
                    template: number,
                    problem: format!(
                        "`{word}` is neither a word nor a {{slot}}; put spaces around a slot"
                    ),
                }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_falls_into_parts() {
        let parts = parse("a {filler} {hue} bird [with a {bill}]", 1).unwrap();
        let always = |piece| Part { slot: None, pieces: vec![piece] };
        let bill = vec![Piece::Word("with"), Piece::Word("a"), Piece::Slot("bill")];
        let expected = [
            always(Piece::Word("a")),
            always(Piece::Filler),
            Part { slot: Some("hue"), pieces: vec![Piece::Slot("hue")] },
            always(Piece::Word("bird")),
            Part { slot: Some("bill"), pieces: bill },
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (text, said) in [
            ("a [bird", "close the part"),
            ("a bird]", "without its `[`"),
            ("[a [{bill}]]", "don't nest"),
            ("[a bird]", "exactly one {slot}"),
            ("[{bill} {hue}]", "exactly one {slot}"),
            ("a{bill}", "put spaces"),
            ("{bill}{hue}", "put spaces"),
        ] {
            let message = parse(text, 3).unwrap_err().to_string();
            assert!(message.starts_with("template 3: ") && message.contains(said), "{message}");
        }
    }
}
