//! The types of a scene file for styles: which factor is shown, and over which range.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A style: a factor's name, or the factor with the rule by which its values are shown.
///
/// The name alone is for factors whose range is known, and shows all of it. Every other factor needs
/// a rule: a range with what lies beyond it, or a squash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct StyleBinding {
    /// The factor.
    pub factor: String,
    /// The value that is shown at the style's low end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// The value that is shown at its high end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// What becomes of values beyond the range. Left out, no value may lie there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Beyond>,
    /// A function that takes every value into the range, in place of `from`, `to` and `beyond`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub squash: Option<StyleSquash>,
}

/// What becomes of values beyond the range of a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beyond {
    /// They are shown at the nearer end.
    Clamp,
    /// They are thrown back from the end, as light from a mirror.
    Reflect,
    /// They come in again at the other end, as on a circle.
    Wrap,
}

/// Rising functions from all numbers into the range of a style.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum StyleSquash {
    /// The distribution function of a normal law: what follows this law is shown evenly.
    Normal {
        /// Its mean, shown in the middle.
        mean: f64,
        /// Its standard deviation.
        sd: f64,
    },
    /// `1 / (1 + exp(-(x - centre) / scale))`.
    Logistic {
        /// The value that is shown in the middle.
        centre: f64,
        /// How wide it is.
        scale: f64,
    },
}

impl StyleBinding {
    /// The factor with no rule.
    #[must_use]
    pub fn plain(factor: &str) -> Self {
        Self { factor: factor.to_owned(), ..Self::default() }
    }

    fn is_plain(&self) -> bool {
        *self == Self::plain(&self.factor)
    }
}

impl Serialize for StyleBinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            return serializer.serialize_str(&self.factor);
        }
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for StyleBinding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrRule)
    }
}

struct NameOrRule;

impl<'de> Visitor<'de> for NameOrRule {
    type Value = StyleBinding;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a factor's name or (factor: \"NAME\", from: LOW, to: HIGH)")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<StyleBinding, E> {
        Ok(StyleBinding::plain(name))
    }

    fn visit_map<A: MapAccess<'de>>(self, rule: A) -> Result<StyleBinding, A::Error> {
        StyleBinding::deserialize(MapAccessDeserializer::new(rule))
    }
}
