//! Learning with dfdx: encoders, instrument, twin network, objectives. Knows nothing of Bevy.
//!
//! ```text
//! inputs -> encoder per modality -> features h --> method -> Z -> linear head -> logits
//!                                        |                   |
//!                                   instrument V        twin network z_bar -> hypothetical logits
//! ```
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Learner`] | a model in training: [`new_learner`], [`load_learner`] |
//! | [`Engine`], [`Device`], [`new_learner_on`] | what computes its updates, and where |
//! | [`Accelerated`] | what a learner on a card offers besides: the next batch comes while one trains |
//! | [`Batch`], [`InputSpec`] | what it is given: every modality's numbers, and the words of a text |
//! | [`Decision`], [`DecisionCurve`] | what a method or an objective decided while it trained |
//! | [`StepLosses`], [`Logits`], [`Counterfactual`], [`Representation`] | what it gives back |
//! | [`c3_risk`] | the empirical C3 risk of both branches' logits (Eq. 8) |
//!
//! A method chooses the kind of encoder it wants for each modality, and may change with the share of
//! the updates that are done: what it's shown, and whether it learns from the objective, from its own
//! loss without labels, or a probe on encoders that are held fixed. One without a linear head on one Z
//! may give a head for every modality instead: the objective then acts on each, and takes the mean.
//!
//! The mathematics: instrument (Eq. 6), twin network (Eq. 7), surrogates of the risk (Eq. 8) and
//! the objective (Eq. 10) each stand in a file of their own, with what the paper says and what is
//! ours.

mod attention;
mod batch;
mod build;
mod checkpoint;
mod companion;
mod criterion;
mod decision;
mod decoder;
mod dense;
mod device;
mod discount;
mod encoder;
mod engine;
mod error;
mod features;
mod gaussian;
mod hidden;
mod input;
mod instrument;
mod layout;
mod learner;
mod loss;
mod method;
mod model;
mod objective;
mod ops;
mod parameter;
mod plan;
mod sequence;
mod staging;
mod strata;
mod tape;
#[cfg(test)]
mod tests;
mod trainer;
mod transformer;
mod twin_network;
#[cfg(any(feature = "cuda", test))]
mod worker;

pub use batch::Batch;
pub use build::{fits, load_learner, load_learner_on, new_learner, new_learner_on};
pub use decision::{Change, Decision, DecisionCurve};
pub use engine::{Agreement, Choice, Compute, Device, Engine, Work, check_card, choose, multiply};
pub use error::LearnError;
pub use input::{Form, Grid, Input, InputSpec};
pub use learner::{Accelerated, Counterfactual, Learner, Logits, Representation, StepLosses};
pub use objective::c3_risk;
pub use parameter::NamedParameter;
pub use twin_network::CounterfactualKind;
