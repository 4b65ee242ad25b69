//! Text: a note on a specimen in the words of a grammar, as token ids.
//!
//! | item | what it is for |
//! | --- | --- |
//! | [`Grammar`] | the words, the phrases of every slot and the sentences they stand in |
//! | [`Mention`], [`compose()`] | what is to be said of one specimen, and its tokens |
//! | [`bag_of_words`] | tokens to counts |
//!
//! A grammar is a RON file, such as `assets/grammars/bird.ron`:
//!
//! ```
//! use twinworld::modality::text::Grammar;
//!
//! let grammar = Grammar::parse(r#"(
//!     name: "bird",
//!     cues: {"bill": [["thin bill", "narrow beak"], ["broad bill", "flat beak"]]},
//!     scalars: {"hue": ["red", "green", "blue"]},
//!     fillers: ["quiet", "shy"],
//!     templates: ["a {filler} {hue} bird [with a {bill}]", "[{bill} on] a {hue} bird"],
//! )"#)?;
//! assert_eq!(grammar.slot("hue"), Some(1));
//! # Ok::<(), twinworld::modality::text::GrammarError>(())
//! ```

mod check;
mod compose;
mod error;
mod grammar;
mod source;
mod template;

pub use compose::{Mention, bag_of_words, compose};
pub use error::GrammarError;
pub use grammar::{BLANK, Grammar, PAD, UNKNOWN};
