//! Whether there is a model to speak of.

use serde::{Deserialize, Serialize};

use super::accuracy::accuracy;
use super::condition::Source;
use super::table::Table;
use crate::causal::wilson;

/// What became of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It learned something: it is better than always naming the commonest class.
    #[default]
    Trained,
    /// It predicts more than one class and is no better than always naming the commonest.
    AtChance,
    /// It predicts one class, whatever it sees.
    Collapsed,
    /// Its loss became infinite, no number, or enormous: its figures mean nothing.
    Diverged,
}

impl State {
    /// Whether its figures say something of what it learned.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Trained)
    }

    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trained => "trained",
            Self::AtChance => "at_chance",
            Self::Collapsed => "collapsed",
            Self::Diverged => "diverged",
        }
    }
}

/// What the predictions for the samples of a source show of a model's state, and the class that a
/// collapsed one names.
#[must_use]
pub fn state(table: &Table, source: &Source) -> (State, Option<usize>) {
    let Some(natural) = table.natural(source) else { return (State::Trained, None) };
    let rows = table.rows(natural).min(natural.answers.predictions.len());
    let mut predictions = (0..rows).filter_map(|row| natural.answers.prediction(row));
    let Some(first) = predictions.next() else { return (State::Trained, None) };
    let labels = &natural.world.labels[..rows.min(natural.world.labels.len())];
    let count = |class: usize| labels.iter().filter(|&&y| y == class).count();
    let commonest = (0..table.scope.classes.len()).map(count).max().unwrap_or(0);
    // Where all samples have one label there is nothing else to say.
    if predictions.all(|class| class == first) && commonest < labels.len() {
        return (State::Collapsed, Some(first));
    }
    let right = accuracy(table, source).unwrap_or(0.0);
    let hits = (right * rows as f64).round() as usize;
    let chance = commonest as f64 / labels.len().max(1) as f64;
    // Better beyond doubt, or it isn't told from the commonest class.
    let state = if wilson(hits, rows)[0] > chance { State::Trained } else { State::AtChance };
    (if commonest == labels.len() { State::Trained } else { state }, None)
}
