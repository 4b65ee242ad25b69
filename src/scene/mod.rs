//! The scene file: serde types, loading, checks, and errors that point.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`Scene`] | a scene as its RON file declares it |
//! | [`Stage`] | a scene that has been checked: models, truth and renderers, ready to be played |
//! | [`SceneError`] | `path:line:column: what, which node, what would be right` |

mod binding;
mod check;
mod declaration;
mod error;
mod load;
mod locate;
mod object;
mod operation;
mod overrides;
mod reach;
mod regime;
mod rendering;
mod stage;
mod style;
pub mod training;
mod vector;
mod visibility;

pub use declaration::{
    AudioDeclaration, BirdPainter, BirdVoiceDeclaration, Change, Confounder, CueBinding,
    Disturbance, FactorDeclaration, ImageDeclaration, LabelDeclaration, MentionBinding, Modality,
    Painter, RolesBy, Scene, TextDeclaration, Voice,
};
pub use error::SceneError;
pub use load::{check, load, parse, read, read_ron, to_ron};
pub use object::{ChoiceBinding, ShapePainter, ToneVoiceDeclaration};
pub use operation::operation;
pub use overrides::{settled, variant_of, with_overrides, with_variant};
pub use reach::{beyond_range, strays};
pub use regime::Regime;
pub use rendering::{
    Fate, ImagePlan, Renderers, SoundPlan, Subject, TextPlan, VectorPlan, VectorPlans,
    disturb_tokens,
};
pub use stage::{CLASS, Factor, Stage};
pub use style::{Beyond, StyleBinding, StyleSquash};
pub use vector::{EntryDeclaration, VectorDeclaration};
pub use visibility::{Seen, Sight, visibility};
