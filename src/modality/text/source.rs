//! The grammar file as it is written.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// The grammar's name.
    pub(super) name: String,
    /// For each slot: for each value, its synonyms.
    #[serde(default)]
    pub(super) cues: Entries<Vec<Vec<String>>>,
    /// For each slot: the words of equal parts of `[0, 1]`.
    #[serde(default)]
    pub(super) scalars: Entries<Vec<String>>,
    /// Words that mean nothing.
    #[serde(default)]
    pub(super) fillers: Vec<String>,
    /// The sentences.
    pub(super) templates: Vec<String>,
}

/// A map in the order in which it is written, which is the order of the grammar's slots.
#[derive(Debug)]
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from slot names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries: Vec<(String, T)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(Error::custom(format_args!("slot `{name}` is there twice")));
            }
            entries.push((name, value));
        }
        Ok(Entries(entries))
    }
}
