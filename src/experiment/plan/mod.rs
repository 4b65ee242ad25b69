//! The experiment file: what is varied, what is held, what is measured, what is shown.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Experiment`] | an experiment as its RON file declares it |
//! | [`Plan`] | an experiment at one size, expanded into its trials |
//! | [`Trial`] | one model: trained and measured as a pure function of its description |

mod check;
mod declaration;
mod expand;
#[cfg(test)]
mod tests;
mod trial;

pub use declaration::{Axis, Chart, Exhibit, Experiment, Grid, Level, Quick};
pub use expand::Plan;
pub use trial::Trial;
