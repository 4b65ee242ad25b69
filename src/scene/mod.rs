//! The scene file: serde types, loading, checks, and errors that point.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`Scene`] | a scene as its RON file declares it |
//! | [`Stage`] | a scene that has been checked: models, truth and renderers, ready to be played |
//! | [`Note`] | what is worth knowing of a scene that is right |
//! | [`SceneError`] | `path:line:column: what, which node, what would be right` |

mod binding;
mod check;
mod declaration;
mod error;
mod load;
mod locate;
mod note;
mod object;
mod operation;
mod overrides;
mod reach;
mod regime;
mod rendering;
mod roles;
mod stage;
mod style;
pub mod training;
mod vector;
mod visibility;
mod words;

pub use declaration::{
    AudioDeclaration, BirdPainter, BirdVoiceDeclaration, Change, Confounder, CueBinding,
    Disturbance, FactorDeclaration, ImageDeclaration, LabelDeclaration, MentionBinding, Modality,
    Painter, RolesBy, Scene, TextDeclaration, Voice,
};
pub use error::SceneError;
pub use load::{check, load, load_as, parse, read, read_ron, to_ron};
pub use note::Note;
pub use object::{ChoiceBinding, ShapePainter, ToneVoiceDeclaration};
pub use operation::operation;
pub use overrides::{
    settled, variant_of, with_overrides, with_overrides_as, with_variant, with_variant_as,
};
pub use reach::{beyond_range, strays};
pub use regime::Regime;
pub use rendering::{
    Fate, ImagePlan, Renderers, SoundPlan, Subject, TextPlan, VectorPlan, VectorPlans,
    disturb_tokens,
};
pub use roles::WrongRoles;
pub use stage::{CLASS, Factor, Stage};
pub use style::{Beyond, StyleBinding, StyleSquash};
pub use vector::{EntryDeclaration, VectorDeclaration};
pub use visibility::{Seen, Sight, visibility};
