//! A grammar, checked and looked up: what can be said, and the number of every word.

use super::GrammarError;
use super::check::{collect_words, slots, templates};
use super::source::Source;
use super::template::{self, Piece};

/// The token after the end of a note.
pub const PAD: u16 = 0;
/// The token of a word that the grammar doesn't have.
pub const UNKNOWN: u16 = 1;
/// The token of a word that was taken out.
pub const BLANK: u16 = 2;

/// The words of the tokens above.
pub(super) const SPECIAL: [&str; 3] = ["<pad>", "<unk>", "<blank>"];

/// What can be said of a specimen, and how. Read from RON by [`Grammar::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    name: String,
    vocabulary: Vec<String>,
    pub(super) slots: Vec<Slot>,
    pub(super) fillers: Vec<u16>,
    pub(super) templates: Vec<Vec<Part>>,
}

/// One factor's place in the sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) scale: Scale,
    /// For each value its phrases, each a row of tokens.
    pub(super) values: Vec<Vec<Vec<u16>>>,
}

/// How a factor's number names one of a slot's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// It is the value's position.
    Category,
    /// It lies in one of as many equal parts of `[0, 1]` as there are values.
    Parts,
}

/// Tokens that are said together; with a slot, only when it is mentioned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) slot: Option<usize>,
    pub(super) pieces: Vec<Token>,
}

/// One step of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(u16),
    Filler,
    /// The phrase of the part's slot.
    Phrase,
}

impl Grammar {
    /// Reads a grammar from the RON text of its file.
    ///
    /// # Errors
    /// Names the slot, phrase or template that is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        let source: Source = ron::from_str(text).map_err(|error| GrammarError::Syntax {
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })?;
        let slots = slots(&source)?;
        let templates = templates(&source, &slots)?;
        let vocabulary = collect_words(&source, &slots, &templates)?;
        let token = |word: &str| lookup(&vocabulary, word);
        let phrase = |phrase: &String| phrase.split_whitespace().map(token).collect();
        let slots = slots.into_iter().map(|slot| Slot {
            name: slot.name.to_owned(),
            scale: slot.scale,
            values: slot.values.iter().map(|v| v.iter().map(phrase).collect()).collect(),
        });
        let slots: Vec<Slot> = slots.collect();
        let position = |name: &str| slots.iter().position(|slot| slot.name == name);
        let part = |part: &template::Part<'_>| Part {
            slot: part.slot.and_then(position),
            pieces: part.pieces.iter().map(|piece| resolve(piece, token)).collect(),
        };
        let templates: Vec<Vec<Part>> =
            templates.iter().map(|parts| parts.iter().map(part).collect()).collect();
        let fillers = source.fillers.iter().map(|word| token(word)).collect();
        Ok(Self { name: source.name, templates, fillers, slots, vocabulary })
    }

    /// The grammar's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The word of every token id: `<pad>`, `<unk>`, `<blank>`, then the grammar's words sorted by
    /// their bytes.
    #[must_use]
    pub fn vocabulary(&self) -> &[String] {
        &self.vocabulary
    }

    /// The names of the slots in their order: cues as written, then scalars as written.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = &str> {
        self.slots.iter().map(|slot| slot.name.as_str())
    }

    /// The position of the slot of this name.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.slots().position(|slot| slot == name)
    }

    /// How many values the slot at this position tells apart; 0 if there is none.
    #[must_use]
    pub fn values(&self, slot: usize) -> usize {
        self.slots.get(slot).map_or(0, |slot| slot.values.len())
    }

    /// The number of values of a categorical slot; `None` for a scalar one.
    #[must_use]
    pub fn categories(&self, slot: usize) -> Option<usize> {
        let found = self.slots.get(slot).filter(|slot| matches!(slot.scale, Scale::Category));
        found.map(|slot| slot.values.len())
    }

    /// The first phrase of every value of the slot at this position.
    #[must_use]
    pub fn names(&self, slot: usize) -> Vec<String> {
        let values = self.slots.get(slot).map_or(&[][..], |slot| &slot.values);
        values.iter().filter_map(|phrases| phrases.first()).map(|p| self.sentence(p)).collect()
    }

    /// The value of the slot at this position that has this phrase.
    #[must_use]
    pub fn value(&self, slot: usize, phrase: &str) -> Option<usize> {
        let tokens: Vec<u16> = phrase.split_whitespace().map(|word| self.token(word)).collect();
        self.slots.get(slot)?.values.iter().position(|phrases| phrases.contains(&tokens))
    }

    /// The number of wordings.
    #[must_use]
    pub fn wordings(&self) -> usize {
        self.templates.len()
    }

    /// The most tokens a note can have: no [`compose()`](super::compose()) of this length or more cuts
    /// one off.
    #[must_use]
    pub fn longest(&self) -> usize {
        let longest_phrase = |slot: usize| {
            self.slots[slot].values.iter().flatten().map(Vec::len).max().unwrap_or_default()
        };
        let part_length = |part: &Part| {
            let words = part.pieces.iter().filter(|piece| **piece != Token::Phrase).count();
            words + part.slot.map_or(0, longest_phrase)
        };
        let lengths = self.templates.iter().map(|parts| parts.iter().map(part_length).sum());
        lengths.max().unwrap_or_default()
    }

    /// The token id of a word; [`UNKNOWN`] for one that the grammar doesn't have.
    #[must_use]
    pub fn token(&self, word: &str) -> u16 {
        lookup(&self.vocabulary, word)
    }

    /// The words of `tokens` with spaces between them, without padding.
    #[must_use]
    pub fn sentence(&self, tokens: &[u16]) -> String {
        let word = |&token: &u16| self.vocabulary.get(usize::from(token)).map(String::as_str);
        let said = tokens.iter().filter(|&&token| token != PAD);
        let words: Vec<&str> =
            said.map(|token| word(token).unwrap_or(SPECIAL[usize::from(UNKNOWN)])).collect();
        words.join(" ")
    }
}

fn resolve(piece: &Piece<'_>, token: impl Fn(&str) -> u16) -> Token {
    match piece {
        Piece::Word(word) => Token::Word(token(word)),
        Piece::Filler => Token::Filler,
        Piece::Slot(_) => Token::Phrase,
    }
}

/// Words are sorted from the third token on, and there are no more than ids.
fn lookup(vocabulary: &[String], word: &str) -> u16 {
    let found = vocabulary[SPECIAL.len()..].binary_search_by(|known| known.as_str().cmp(word));
    found.ok().and_then(|i| u16::try_from(i + SPECIAL.len()).ok()).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(
        name: "small",
        cues: {"wings": [["folded"], ["beating fast"]], "bill": [["thin"], ["flat"], ["hooked"]]},
        scalars: {"hue": ["red", "blue"]},
        fillers: ["shy"],
        templates: ["a {filler} {hue} [{bill} billed] bird {wings}", "{wings} {bill} {hue}"],
    )"#;

    #[test]
    fn the_vocabulary_is_sorted_after_the_special_tokens() {
        let grammar = Grammar::parse(SMALL).unwrap();
        let expected = "<pad> <unk> <blank> a beating billed bird blue fast flat folded hooked red \
                        shy thin";
        assert_eq!(grammar.vocabulary().join(" "), expected);
        for (id, word) in (0..).zip(grammar.vocabulary()).skip(SPECIAL.len()) {
            assert_eq!(grammar.token(word), id);
        }
        assert_eq!(grammar.token("ostrich"), UNKNOWN);
    }

    #[test]
    fn slots_keep_the_order_of_the_file() {
        let grammar = Grammar::parse(SMALL).unwrap();
        assert_eq!(grammar.slots().collect::<Vec<_>>(), ["wings", "bill", "hue"]);
        assert_eq!(grammar.slot("hue"), Some(2));
        assert_eq!((0..4).map(|slot| grammar.values(slot)).collect::<Vec<_>>(), [2, 3, 2, 0]);
        assert_eq!((grammar.wordings(), grammar.longest()), (2, 8));
    }

    #[test]
    fn values_are_found_by_their_phrases() {
        let grammar = Grammar::parse(SMALL).unwrap();
        assert_eq!(grammar.names(0), ["folded", "beating fast"]);
        assert_eq!(grammar.names(2), ["red", "blue"]);
        assert_eq!(grammar.value(0, "beating  fast"), Some(1));
        assert_eq!(grammar.value(1, "hooked"), Some(2));
        assert_eq!((grammar.value(1, "folded"), grammar.value(9, "red")), (None, None));
    }

    /// A word told by two slots, or by a slot and a template, would tell of the wrong factor; values
    /// of other lengths would move the words that follow.
    #[test]
    fn slots_of_the_grammars_here_share_no_words() {
        for text in [
            include_str!("../../../assets/grammars/bird.ron"),
            include_str!("../../../assets/grammars/shapes.ron"),
        ] {
            let grammar = Grammar::parse(text).unwrap();
            let pieces = grammar.templates.iter().flatten().flat_map(|part| &part.pieces);
            let mut taken: Vec<u16> = grammar.fillers.clone();
            taken.extend(pieces.filter_map(|piece| match piece {
                Token::Word(word) => Some(*word),
                Token::Filler | Token::Phrase => None,
            }));
            for slot in &grammar.slots {
                let own: Vec<u16> = slot.values.iter().flatten().flatten().copied().collect();
                let shared = own.iter().find(|word| taken.contains(word));
                assert_eq!(shared.map(|&word| grammar.sentence(&[word])), None, "{}", slot.name);
                taken.extend(own);
                for phrases in &slot.values {
                    let lengths = phrases.iter().map(Vec::len);
                    assert!(lengths.eq(slot.values[0].iter().map(Vec::len)), "{}", slot.name);
                }
            }
        }
    }

    #[test]
    fn a_sentence_leaves_padding_out_and_names_strangers() {
        let grammar = Grammar::parse(SMALL).unwrap();
        let tokens = [grammar.token("a"), BLANK, grammar.token("bird"), 999, PAD, PAD];
        assert_eq!(grammar.sentence(&tokens), "a <blank> bird <unk>");
    }
}
