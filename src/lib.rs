//! A laboratory for one question: has a multimodal model learned the causes of its label, or
//! their companions?
//!
//! A scene file declares a structural causal model. Its generating factors are components of
//! specimens, which are entities; systems render every specimen as image, sound and text. Because
//! the program owns the noise, it can render the same specimen under any do-operation: its twin in
//! the hypothetical world. So it knows the exact probabilities of necessity and sufficiency of
//! every factor, trains models on each frame's batch, and measures what they learned by
//! intervening and looking.
//!
//! # Quick reference
//!
//! | to | use |
//! | --- | --- |
//! | read a scene | [`scene::load`], which gives a [`scene::Stage`] |
//! | build a causal model by hand | [`causal::Scm::build`] |
//! | ask for PN, PS, PNS | [`causal::causation::truth`] |
//! | play a world frame by frame | [`world::Simulation`], or [`world::SimulationPlugins`] in an app |
//! | train a model | [`learn::new_learner`], or [`experiment::train`] for a whole contest |
//! | measure it | [`measure::evaluate`], or [`measure::suite::take`] for what experiments ask |
//! | plan an experiment and perform its trials | [`experiment::plan::Plan`], [`experiment::trials::perform()`] |
//! | measure anybody's numbers | [`measure::statistic`], which needs nothing but slices |
//! | report it | [`experiment::report::render`] |
//!
//! Imports go one way: `causal` and `modality` know nobody; `scene` knows them; `world` knows
//! `scene` and `learn`; `measure`, `experiment`, `bench` and `cli` follow in this order. `causal`,
//! `modality` and `learn` know nothing of Bevy.

pub mod bench;
pub mod causal;
pub mod cli;
pub mod dataset;
pub mod experiment;
#[cfg(feature = "lab")]
mod lab;
pub mod learn;
pub mod measure;
pub mod modality;
pub mod scene;
pub mod world;
