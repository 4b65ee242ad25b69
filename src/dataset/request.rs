//! What is asked for: everything that decides the bytes of a data set.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::layout::{Shard, Split, shards};
use super::{Format, Schema, Twins};
use crate::scene::{Stage, to_ron};

/// Everything that decides the bytes of a data set. Two requests that are equal have equal files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Program and version.
    program: String,
    /// The scene, with every default written out.
    scene: String,
    /// The checksum of what the scene's renderers are made of, grammars beside the scene included.
    renderers: String,
    /// The seed of all noise.
    seed: u64,
    /// The regime.
    regime: String,
    /// The do-operations that every world lives under.
    operations: Vec<String>,
    /// `none`, `each-factor`, or the do-operation of the twin.
    twins: String,
    /// The format's name.
    format: String,
    /// Splits with their sizes.
    splits: Vec<(String, u64)>,
    /// Specimens per shard at the most.
    shard_size: u64,
}

impl Request {
    /// A request for some splits of what `schema` says of `stage`.
    #[must_use]
    pub fn new(
        stage: &Stage,
        schema: &Schema,
        operations: &[String],
        format: Format,
        splits: &[(String, u64)],
        shard_size: u64,
    ) -> Self {
        let renderers = Sha256::digest(format!("{:?}", stage.renderers));
        Self {
            program: concat!("twinworld ", env!("CARGO_PKG_VERSION")).to_owned(),
            scene: to_ron(&stage.scene),
            renderers: hex(&renderers),
            seed: schema.seed,
            regime: schema.regime.clone(),
            operations: operations.to_vec(),
            twins: match &schema.twins {
                Twins::None => "none".to_owned(),
                Twins::Under(operation) => operation.clone(),
                Twins::EachFactor => "each-factor".to_owned(),
                Twins::Contrasts => "contrasts".to_owned(),
            },
            format: format.name().to_owned(),
            splits: splits.to_vec(),
            shard_size,
        }
    }

    /// The splits.
    #[must_use]
    pub fn splits(&self) -> Vec<Split> {
        Split::consecutive(&self.splits)
    }

    /// All shards in order.
    #[must_use]
    pub fn shards(&self) -> Vec<Shard> {
        let format = Format::ALL.into_iter().find(|f| f.name() == self.format);
        shards(&self.splits(), self.shard_size, format.map_or("", Format::extension))
    }

    /// The request as text, which is what a folder keeps.
    #[must_use]
    pub fn text(&self) -> String {
        // Plain strings and numbers always have a form in JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// In which part another request differs, if it does.
    #[must_use]
    pub fn difference(&self, other: &str) -> Option<String> {
        if self.text() == other {
            return None;
        }
        let (Ok(Value::Object(own)), Ok(Value::Object(other))) =
            (serde_json::to_value(self), serde_json::from_str(other))
        else {
            return Some("its request can't be read".to_owned());
        };
        let short = |value: Option<&Value>| match value {
            None => "nothing".to_owned(),
            Some(value) => value.to_string(),
        };
        let differing = TOLD.into_iter().find(|key| own.get(*key) != other.get(*key));
        Some(match differing {
            Some("scene" | "renderers") => "the scene differs".to_owned(),
            Some(key) => {
                let (there, here) = (short(other.get(key)), short(own.get(key)));
                format!("{} is {there} there and {here} here", key.replace('_', " "))
            }
            None => "it says more than this one".to_owned(),
        })
    }
}

/// The parts of a request in the order in which a difference is looked for.
const TOLD: [&str; 10] = [
    "program",
    "seed",
    "scene",
    "renderers",
    "regime",
    "operations",
    "twins",
    "format",
    "splits",
    "shard_size",
];

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named() {
        let one = Request {
            program: "twinworld 0".into(),
            scene: "()".into(),
            renderers: String::new(),
            seed: 7,
            regime: "iid".into(),
            operations: vec![],
            twins: "none".into(),
            format: "npz".into(),
            splits: vec![("train".into(), 10)],
            shard_size: 4,
        };
        assert_eq!(one.difference(&one.text()), None);
        let other = Request { seed: 8, ..one.clone() };
        assert_eq!(one.difference(&other.text()).unwrap(), "seed is 8 there and 7 here");
        let other = Request { scene: "(1)".into(), ..one.clone() };
        assert_eq!(one.difference(&other.text()).unwrap(), "the scene differs");
        assert!(one.difference("{").unwrap().contains("can't be read"));
        assert_eq!(one.shards().len(), 3);
    }
}
