//! The world: specimens are entities, factors and modalities are components, one frame is one
//! batch.
//!
//! | plugin | what it adds |
//! | --- | --- |
//! | [`SchedulePlugin`] | the schedule [`SimulationStep`] and its sets |
//! | [`ClockPlugin`] | how long each stage of the frames takes |
//! | [`OperationsPlugin`] | do-operations as messages |
//! | [`PopulationPlugin`] | the entities, and the noise of each frame's specimens |
//! | [`PropagationPlugin`] | factors and labels of specimens and twins |
//! | [`ModalityPlugin`] | pictures, sounds, sentences and vectors |
//! | [`GatherPlugin`] | the frame as plain buffers |
//! | [`LearnPlugin`] | one update of every trainee per frame |

mod clock;
mod components;
mod gather;
mod learn;
mod modality;
mod operations;
mod population;
mod propagation;
mod schedule;
mod simulation;
mod thread;
mod view;

pub use clock::{Clock, ClockPlugin};
pub use components::{
    CausalFactors, Exogenous, ImagePixels, Label, NonCausalFactors, Present, Row, Specimen, Tokens,
    TwinOf, Twins, Undertaken, Vectors, Waveform,
};
pub use gather::{Frame, GatherPlugin, Gathers, brightness, input_specs};
pub use learn::{Ahead, LearnPlugin, Trainee};
pub use modality::ModalityPlugin;
pub use operations::{Do, DoOperations, OperationsPlugin, Undo, UndoAll};
pub use population::{Hold, PopulationPlugin, Settings, Stream};
pub use propagation::{PropagationPlugin, TwinPlan};
pub use schedule::{SchedulePlugin, SimulationStep, SimulationSystems};
pub use simulation::{EVALUATION, Played, Simulation, SimulationPlugins};
pub use thread::one_thread_per_world;
pub use view::Seen;
