//! Twins in which a factor differs and which are shown the same: how many there are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Record, Schema};

/// What is counted of one kind of twin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwinCount {
    /// Twins that differ from their specimen in some factor.
    pub changed: u64,
    /// Those of them whose picture, sound, sentence and vectors are their specimen's to the bit.
    pub identical: u64,
}

/// The counts of all kinds of twins, in the order of [`Schema::twin_names`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwinCounts(pub Vec<TwinCount>);

impl TwinCounts {
    /// The counts of some records.
    #[must_use]
    pub fn of(schema: &Schema, records: &[Record]) -> Self {
        let mut counts = Self(vec![TwinCount::default(); schema.worlds() - 1]);
        for record in records {
            for (count, twin) in counts.0.iter_mut().zip(&record.twins) {
                let differs = |&node: &usize| record.real.values[node] != twin.values[node];
                if schema.factors.iter().any(differs) {
                    count.changed += 1;
                    count.identical += u64::from(is_shown_alike(schema, record, twin));
                }
            }
        }
        counts
    }

    /// Adds the counts of other records.
    pub fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), TwinCount::default());
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            own.changed += other.changed;
            own.identical += other.identical;
        }
    }

    /// For every kind of twin of which some are identical a sentence.
    #[must_use]
    pub fn told(&self, schema: &Schema) -> Vec<String> {
        let names = schema.twin_names();
        let some = names.iter().zip(&self.0).filter(|(_, count)| count.identical > 0);
        some.map(|(name, TwinCount { changed, identical })| {
            format!(
                "twins of `{name}`: {identical} of the {changed} in which a factor differs are \
                 shown as their specimen is, to the bit"
            )
        })
        .collect()
    }

    /// The counts by the names of the twins.
    #[must_use]
    pub fn json(&self, schema: &Schema) -> Value {
        let names = schema.twin_names();
        let counts = names.iter().zip(&self.0);
        let all: Map<String, Value> =
            counts.map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        Value::Object(all)
    }
}

/// Whether nothing of a twin that the specimen has is shown in another way. What the specimen lacks
/// is shown of neither.
fn is_shown_alike(schema: &Schema, record: &Record, twin: &super::World) -> bool {
    let real = &record.real;
    let mut place = 0;
    let mut same = |there: bool, same: bool| {
        let fits = !there || same || !record.has(place);
        place += usize::from(there);
        fits
    };
    let mut alike = same(schema.image.is_some(), real.image == twin.image);
    alike &= same(schema.audio.is_some(), real.audio == twin.audio);
    alike &= same(schema.text.is_some(), real.tokens == twin.tokens);
    for (one, other) in real.vectors.iter().zip(&twin.vectors) {
        alike &= same(true, one == other);
    }
    alike
}
