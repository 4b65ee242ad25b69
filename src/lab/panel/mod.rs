//! The panels: each a small struct that draws a view and collects commands, without Bevy.

mod causation;
mod factors;
mod graph;
mod help;
mod representation;
mod scene;
mod sheet;
mod specimen;
mod status;
#[cfg(test)]
mod tests;
mod training;

pub use causation::CausationPanel;
pub use factors::FactorsPanel;
pub use graph::GraphPanel;
pub use help::{HelpPanel, KEYS};
pub use representation::RepresentationPanel;
pub use scene::ScenePanel;
pub use sheet::SheetPanel;
pub use specimen::SpecimenPanel;
pub use status::StatusPanel;
pub use training::{TrainingPanel, default_run};

use crate::causal::Domain;
use crate::scene::Factor;

/// A factor's value in words: a number for a continuous one, else the value itself.
pub fn value_words(domain: Domain, value: f64) -> String {
    match domain {
        Domain::Continuous => format!("{value:.2}"),
        Domain::Binary | Domain::Categorical(_) => format!("{value}"),
    }
}

/// A number as a slider of two decimals holds it. Any other would be moved by the slider itself,
/// which nobody asked for.
pub fn two_decimals(value: f64) -> f64 {
    format!("{value:.2}").parse().unwrap_or(value)
}

/// The range of a continuous factor's slider: of what is seen and of its contrast.
pub fn range_of(factor: &Factor, seen: impl Iterator<Item = f64>) -> (f64, f64) {
    let start = (factor.absent.min(factor.present), factor.absent.max(factor.present));
    let (low, high) = seen.fold(start, |(low, high), v| (low.min(v), high.max(v)));
    let grain = 0.05;
    (two_decimals((low / grain).floor() * grain), two_decimals((high / grain).ceil() * grain))
}
