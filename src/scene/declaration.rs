//! The types of a scene file, as a person writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::object::{ShapePainter, ToneVoiceDeclaration};
use super::style::{Beyond, StyleBinding, StyleSquash};
use super::training::Training;
use super::vector::VectorDeclaration;
use crate::causal::{Mechanism, Role};
use crate::modality::audio::{AudioFormat, MelShape};
use crate::modality::image::ImageSize;

/// A scene: a structural causal model, how it is shown, and how a model is trained on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// The version of the format: 1.
    pub version: u32,
    /// The scene's name.
    pub name: String,
    /// A paragraph for readers: what is confounded, what a naive learner will do, what is true.
    #[serde(default)]
    pub about: String,
    /// The seed of all noise.
    #[serde(default)]
    pub seed: u64,
    /// Named numbers that rules, equations and vector entries may use, to be turned with
    /// `--set dials.NAME=...`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dials: BTreeMap<String, f64>,
    /// Hidden common causes: they are never shown.
    #[serde(default)]
    pub confounders: Vec<Confounder>,
    /// The generating factors, causal and not.
    pub factors: Vec<FactorDeclaration>,
    /// What a model is asked for.
    pub label: LabelDeclaration,
    /// Which truth the roles of causes are checked against.
    #[serde(default)]
    pub roles: RolesBy,
    /// A rule over factors, confounders and label: only specimens for which it holds, as they
    /// naturally are, are kept. Twins aren't selected again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// How factors become pictures, sounds and words.
    pub modalities: Vec<Modality>,
    /// What befalls the modalities after they are rendered, in training and in every regime.
    #[serde(default)]
    pub disturbances: Vec<Disturbance>,
    /// Named changes of the scene for evaluation. `iid`, `flipped` and `randomised` are always
    /// there; an entry of the same name takes the place of the last two.
    #[serde(default)]
    pub regimes: BTreeMap<String, Vec<Change>>,
    /// The splits that `twinworld generate` writes unless it's told others: names and specimens,
    /// in the order of the stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splits: Vec<(String, u64)>,
    /// Other readings of the scene: for each name the settings that `--variant` makes, as `--set`
    /// would: `{"factors.lake.mechanism.strength": "0.5"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<String, BTreeMap<String, String>>,
    /// Training defaults.
    #[serde(default)]
    pub training: Training,
}

/// Which truth the roles `Snc`, `Sc` and `Nc` are checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolesBy {
    /// PN and PS under interventions: a cause is what changes the label when it's set.
    #[default]
    Intervention,
    /// PN and PS as observation shows them to one who assumes exogeneity and monotonicity. For
    /// worlds in which the label, or its cause, makes the factors.
    Observation,
}

/// A hidden common cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confounder {
    /// Its name.
    pub name: String,
    /// How its value comes about.
    pub mechanism: Mechanism,
}

/// A generating factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorDeclaration {
    /// Its name.
    pub name: String,
    /// What it is to the label; checked against the truth, and found where it's left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How its value comes about.
    pub mechanism: Mechanism,
    /// The two values between which PN, PS and PNS are asked: (absent, present). Left out it is
    /// (0, 1), or a tenth from either end of a uniform factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<(f64, f64)>,
}

/// The label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelDeclaration {
    /// Its name.
    pub name: String,
    /// The words for its values 0, 1, ...
    pub classes: Vec<String>,
    /// How its value comes about.
    pub mechanism: Mechanism,
}

/// One modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a scene has a handful of them")]
pub enum Modality {
    /// RGB pictures.
    Image(ImageDeclaration),
    /// Sound, which a learner sees as a log-mel spectrogram.
    Audio(AudioDeclaration),
    /// Sentences of a small grammar.
    Text(TextDeclaration),
    /// Numbers, with noise and distorted. A scene may have several.
    Vector(VectorDeclaration),
}

/// An on-off cue: which factor it shows, and how strongly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CueBinding {
    /// A binary factor.
    pub factor: String,
    /// From 0 (not to be perceived) to 1 (as clear as can be).
    pub strength: f32,
}

/// The image modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageDeclaration {
    /// Width and height in pixels.
    #[serde(default)]
    pub size: ImageSize,
    /// Standard deviation of the sensor noise, as a share of full brightness.
    pub noise: f32,
    /// What is drawn.
    pub painter: Painter,
}

/// The painters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Painter {
    /// One bird in front of a lake or a meadow.
    Bird(BirdPainter),
    /// One coloured object on sand or slate.
    Shapes(ShapePainter),
}

/// What the bird picture shows. A cue that is left out shows neither look; a style that is left
/// out stays in the middle.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BirdPainter {
    /// Flat (1) or pointed (0) bill.
    pub bill: Option<CueBinding>,
    /// Webbed (1) or clawed (0) feet.
    pub feet: Option<CueBinding>,
    /// A wing (1) or none (0).
    pub wings: Option<CueBinding>,
    /// Lake (1) or meadow (0).
    pub background: Option<CueBinding>,
    /// Colour of the plumage.
    pub hue: Option<StyleBinding>,
    /// Place from left to right.
    pub x: Option<StyleBinding>,
    /// Place from top to bottom.
    pub y: Option<StyleBinding>,
    /// Size.
    pub size: Option<StyleBinding>,
    /// Looks left (below a half) or right.
    pub facing: Option<StyleBinding>,
    /// Brightness.
    pub light: Option<StyleBinding>,
}

/// The audio modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudioDeclaration {
    /// Sampling rate and length.
    #[serde(default)]
    pub format: AudioFormat,
    /// Frames and bands of the spectrogram.
    #[serde(default)]
    pub mel: MelShape,
    /// Standard deviation of the microphone's noise, as a share of full scale.
    pub noise: f32,
    /// What is heard.
    pub voice: Voice,
}

/// The voices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Voice {
    /// One bird by water or in the wind.
    Bird(BirdVoiceDeclaration),
    /// One object that is struck, in a room that hums or hisses.
    Tones(ToneVoiceDeclaration),
}

/// What the bird sounds like; see [`BirdPainter`] for what is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BirdVoiceDeclaration {
    /// Quack (1) or chirp (0).
    pub call: Option<CueBinding>,
    /// Beating wings (1) or none (0).
    pub wing_beats: Option<CueBinding>,
    /// Paddling (1) or stepping (0).
    pub steps: Option<CueBinding>,
    /// Water (1) or wind (0).
    pub background: Option<CueBinding>,
    /// Pitch of the call.
    pub pitch: Option<StyleBinding>,
    /// Loudness of the bird.
    pub level: Option<StyleBinding>,
    /// When the first call comes.
    pub onset: Option<StyleBinding>,
}

/// The text modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextDeclaration {
    /// Tokens per sentence; shorter ones are padded.
    #[serde(default = "sixteen")]
    pub length: usize,
    /// A grammar that comes with the program (`"bird"`, `"shapes"`), a `.ron` file beside the
    /// scene, or the text of such a file.
    pub grammar: String,
    /// Which factor each slot of the grammar speaks of.
    pub mentions: BTreeMap<String, MentionBinding>,
    /// The factor that chooses the order of words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

const fn sixteen() -> usize {
    16
}

/// What a slot of a sentence says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MentionBinding {
    /// The factor.
    pub factor: String,
    /// The share of sentences that mention it.
    pub probability: f32,
    /// For each value of the factor a phrase of the slot: `["circle", "star"]`. Left out, the
    /// factor has as many values as the slot, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Where the slot has words for parts of a range: as in a [`StyleBinding`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// As in a [`StyleBinding`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// As in a [`StyleBinding`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Beyond>,
    /// As in a [`StyleBinding`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub squash: Option<StyleSquash>,
}

impl MentionBinding {
    /// The factor with its rule, for a slot that has words for parts of a range.
    #[must_use]
    pub fn style(&self) -> StyleBinding {
        let Self { factor, from, to, beyond, squash, .. } = self.clone();
        StyleBinding { factor, from, to, beyond, squash }
    }
}

/// Something that befalls rendered modalities, the same for a specimen and its twins.
///
/// `on` names modalities (`image`, `audio`, `text`, or a vector's name); empty means all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Disturbance {
    /// Noise of a level, each modality of each specimen being hit with probability `hit`.
    ///
    /// On pictures grey Gaussian noise of deviation `10 level / 255` of the range, clipped; on
    /// sounds white noise of as large a share of the loudest sample; in texts every word is
    /// blanked with probability `level / 10`; on vectors noise of deviation `10 level / 255`.
    Noise {
        /// The level, usually 0, 5 or 10.
        level: f32,
        /// The modalities.
        #[serde(default)]
        on: Vec<String>,
        /// Chance of being hit.
        #[serde(default = "half")]
        hit: f32,
    },
    /// A part of the area is taken out: a rectangle of the picture (or 4 x 4 patches all over),
    /// a stretch of the sound, words of the text, a stretch of the vector.
    Mask {
        /// The share of the area.
        #[serde(default = "third")]
        share: f32,
        /// The modalities.
        #[serde(default)]
        on: Vec<String>,
        /// Chance of being hit.
        #[serde(default = "one")]
        hit: f32,
        /// Scattered pieces instead of one.
        #[serde(default)]
        scattered: bool,
    },
    /// A modality isn't there at all. At least one of a specimen's modalities always is.
    Missing {
        /// The modalities.
        #[serde(default)]
        on: Vec<String>,
        /// Chance of each to be missing.
        #[serde(default = "one")]
        probability: f32,
    },
}

const fn half() -> f32 {
    0.5
}

const fn third() -> f32 {
    0.3
}

const fn one() -> f32 {
    1.0
}

/// One change that a regime makes to the scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// Another strength for a `Confounded` node.
    Strength(String, f64),
    /// Every factor that is no cause of the label, under a randomised do.
    RandomiseNonCausal,
    /// One node under a randomised do: uniform over its values.
    Randomise(String),
    /// One node held at a value.
    Set(String, f64),
    /// Another mechanism for a node.
    Replace(String, Mechanism),
    /// So much is added to the natural value of a continuous node.
    Shift(String, f64),
    /// The natural value of a continuous node is multiplied.
    Scale(String, f64),
    /// A node has this function of its `natural` value: `Apply("size", "min(natural, 0.5)")`.
    Apply(String, String),
    /// Another value for a dial.
    Dial(String, f64),
    /// Another rule by which specimens are kept.
    Select(String),
    /// Every specimen is kept.
    Unselect,
    /// A disturbance besides those of the scene.
    Disturb(Disturbance),
}
