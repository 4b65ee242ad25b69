//! What can be wrong with a grammar file, said so that it can be mended.

/// Why a grammar can't be used. Values are counted from 0, as factors have them, templates from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarError {
    /// The text isn't a grammar in RON.
    #[error("{line}:{column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What RON says.
        message: String,
    },
    /// There is nothing to say, or no way to say it.
    #[error("grammar `{grammar}` has no templates; give at least one sentence")]
    NoTemplates {
        /// The grammar's name.
        grammar: String,
    },
    /// A slot has fewer values than two.
    #[error("slot `{slot}` tells {values} value(s) apart; give it phrases for at least two")]
    TooFewValues {
        /// The slot.
        slot: String,
        /// The values it has.
        values: usize,
    },
    /// A value has no phrases.
    #[error("slot `{slot}` has no phrases for value {value}; give at least one")]
    NoPhrases {
        /// The slot.
        slot: String,
        /// The value, from 0.
        value: usize,
    },
    /// A phrase stands for two values of one slot.
    #[error("slot `{slot}` says `{phrase}` for values {first} and {second}; keep it for one")]
    Ambiguous {
        /// The slot.
        slot: String,
        /// The phrase.
        phrase: String,
        /// The first value, from 0.
        first: usize,
        /// The second value, from 0.
        second: usize,
    },
    /// A phrase is empty or holds a sign that templates use.
    #[error(
        "`{phrase}` of `{slot}` can't be said; a phrase is one or more words without {{}} [] <>"
    )]
    BadPhrase {
        /// The slot, or `fillers`.
        slot: String,
        /// The phrase.
        phrase: String,
    },
    /// A slot is named twice, or `filler`.
    #[error("slot `{slot}` can't have this name; it is taken")]
    NameTaken {
        /// The slot.
        slot: String,
    },
    /// A template names a slot that the grammar doesn't have.
    #[error("template {template} speaks of `{slot}`; the slots are {known}, and `filler`")]
    UnknownSlot {
        /// The template, from 1.
        template: usize,
        /// The name in braces.
        slot: String,
        /// The slots there are.
        known: String,
    },
    /// A template says a slot not once.
    #[error("template {template} speaks of `{slot}` {times} times; every template says it once")]
    NotOnce {
        /// The template, from 1.
        template: usize,
        /// The slot.
        slot: String,
        /// How often it is there.
        times: usize,
    },
    /// A template has a filler and the grammar none.
    #[error("template {template} has a `{{filler}}`; list some words under `fillers`")]
    NoFillers {
        /// The template, from 1.
        template: usize,
    },
    /// A template's brackets or braces don't fit together.
    #[error("template {template}: {problem}")]
    Template {
        /// The template, from 1.
        template: usize,
        /// What doesn't fit, and how it would.
        problem: String,
    },
    /// More words than token ids.
    #[error("grammar `{grammar}` has {words} words; token ids reach to 65535")]
    TooManyWords {
        /// The grammar's name.
        grammar: String,
        /// Its words.
        words: usize,
    },
}
