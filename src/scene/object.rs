//! The types of a scene file for the world of objects: painter and voice.

use serde::{Deserialize, Serialize};

use super::{CueBinding, StyleBinding};
use crate::modality::audio::PitchRange;

/// A cue with several looks: which factor it shows, how strongly, and which looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceBinding {
    /// A binary or categorical factor.
    pub factor: String,
    /// From 0 (not to be perceived) to 1 (as clear as can be).
    pub strength: f32,
    /// For each value of the factor a look: `["circle", "star"]`. Left out, the factor has as many
    /// values as there are looks, in the order of the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What the picture of an object shows. A cue that is left out shows neither look, a choice its
/// first one; a style that is left out stays in the middle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShapePainter {
    /// `circle`, `square`, `triangle`, `star`, `cross` or `ring`.
    pub kind: Option<ChoiceBinding>,
    /// `plain`, `stripes`, `dots` or `checks`.
    pub texture: Option<ChoiceBinding>,
    /// Slate (1) or sand (0).
    pub ground: Option<CueBinding>,
    /// A shadow (1) or none (0).
    pub shadow: Option<CueBinding>,
    /// Colour of the object.
    pub hue: Option<StyleBinding>,
    /// Place from left to right.
    pub x: Option<StyleBinding>,
    /// Place from top to bottom.
    pub y: Option<StyleBinding>,
    /// Size, from 0.6 to 1 times the largest.
    pub size: Option<StyleBinding>,
    /// Turn, from half a one to the left to half a one to the right.
    pub rotation: Option<StyleBinding>,
    /// Place of the lamp from left to right.
    pub lamp: Option<StyleBinding>,
    /// Brightness.
    pub light: Option<StyleBinding>,
}

/// What an object sounds like; see [`ShapePainter`] for what is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToneVoiceDeclaration {
    /// `disc` (one sine that dies away), `bell`, `reed` or `string`.
    pub timbre: Option<ChoiceBinding>,
    /// Something scrapes (1) or nothing does (0).
    pub scrape: Option<CueBinding>,
    /// The room hums (1) or hisses (0).
    pub background: Option<CueBinding>,
    /// Pitch within the range.
    pub pitch: Option<StyleBinding>,
    /// The pitches that there are: `(lowest: 220.0, octaves: 2.0)` unless said otherwise.
    pub range: PitchRange,
    /// How fast strike follows strike.
    pub tempo: Option<StyleBinding>,
    /// Loudness of the object.
    pub level: Option<StyleBinding>,
    /// When the first strike comes.
    pub onset: Option<StyleBinding>,
}
