//! The table of predictions under intervention: what a model answers for every sample under every
//! condition. Whoever measures a model fills it; every measure is a fold over it.

use std::sync::Arc;

use super::condition::{Condition, End, Reach, Source};
use crate::causal::Domain;
use crate::causal::causation::{Direction, Side, side_of};
use crate::learn::{Batch, Counterfactual, Logits, Representation};
use crate::scene::Stage;

/// What is known of a factor whatever the samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// Its role as scenes write it; empty where it isn't known.
    pub role: String,
    /// The values that it can take.
    pub domain: Domain,
    /// The ends of its contrast: absent, present.
    pub contrast: [f64; 2],
    /// PN, PS and PNS forward and reversed, class by class; empty where they aren't known.
    pub truth: Vec<[Direction; 2]>,
}

impl Factor {
    /// Whether it is a cause of the label, by its role.
    #[must_use]
    pub fn is_cause(&self) -> bool {
        ["Snc", "Sc", "Nc"].contains(&self.role.as_str())
    }

    /// Whether it goes with the label and causes nothing.
    #[must_use]
    pub fn is_spurious(&self) -> bool {
        self.role == "Spurious"
    }

    /// Whether it is no cause of the label, by its role.
    #[must_use]
    pub fn is_no_cause(&self) -> bool {
        self.is_spurious() || self.role == "Nuisance"
    }

    /// The side of its contrast that a value is on.
    #[must_use]
    pub fn side(&self, value: f64) -> Side {
        let [absent, present] = self.contrast;
        side_of(self.domain, value, absent, present)
    }

    /// The value at an end of its contrast.
    #[must_use]
    pub const fn value(&self, end: End) -> f64 {
        self.contrast[end as usize]
    }
}

/// What the samples of a table are about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The factors, in the order of the scene; empty where their values aren't stored.
    pub factors: Vec<Factor>,
    /// The names of the label's classes.
    pub classes: Vec<String>,
}

impl Scope {
    /// That of a scene.
    #[must_use]
    pub fn of(stage: &Stage) -> Self {
        let factor = |f: &crate::scene::Factor| Factor {
            name: f.name.clone(),
            role: f.role.to_string(),
            domain: f.domain,
            contrast: [f.absent, f.present],
            truth: f.truths.iter().map(|truth| [truth.forward, truth.reversed]).collect(),
        };
        Self {
            factors: stage.factors.iter().map(factor).collect(),
            classes: stage.scene.label.classes.clone(),
        }
    }

    /// The places of the factors of which something holds.
    #[must_use]
    pub fn places(&self, holds: impl Fn(&Factor) -> bool) -> Vec<usize> {
        (0..self.factors.len()).filter(|&i| holds(&self.factors[i])).collect()
    }
}

/// What samples are under a condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The label of each sample.
    pub labels: Vec<usize>,
    /// Values of all factors, sample by sample: `rows * factors` numbers.
    pub factors: Vec<f64>,
}

impl World {
    /// The factors of a sample, of which there are `width`.
    #[must_use]
    pub fn row(&self, row: usize, width: usize) -> &[f64] {
        &self.factors[row * width..(row + 1) * width]
    }
}

/// A prediction that wasn't made: the twin isn't stored, or the answer couldn't be read.
pub const UNKNOWN: u32 = u32::MAX;

/// What a model answers under a condition, sample by sample. What wasn't asked is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// The class that is predicted; [`UNKNOWN`] where there is no prediction.
    pub predictions: Vec<u32>,
    /// The probability of that class; not a number where it isn't known.
    pub probabilities: Vec<f32>,
    /// The representation, of as many samples as were asked for.
    pub representation: Representation,
    /// Both branches of the twin network, of as many samples as were asked for.
    pub counterfactual: Counterfactual,
}

impl Answers {
    /// The prediction for a sample, if there is one.
    #[must_use]
    pub fn prediction(&self, row: usize) -> Option<usize> {
        let found = self.predictions.get(row).copied().filter(|&class| class != UNKNOWN)?;
        Some(found as usize)
    }

    /// Adds the predictions of logits.
    pub fn predict(&mut self, logits: &Logits, rows: usize) {
        for row in 0..rows.min(logits.rows) {
            let class = logits.verdict(row);
            self.predictions.push(class as u32);
            self.probabilities.push(logits.probability(row, class));
        }
    }
}

/// One condition of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Where its samples come from.
    pub source: Source,
    /// What was done to them.
    pub condition: Condition,
    /// What they are then. Models that are asked together share it.
    pub world: Arc<World>,
    /// What the model answers.
    pub answers: Answers,
    /// What the model was shown, where that is wanted: for [`Condition::Pieces`] alone.
    pub inputs: Option<Arc<Batch>>,
}

/// The predictions of one model for every sample under every condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the samples are about.
    pub scope: Arc<Scope>,
    /// Samples of a measurement: a column may have more of them, for measures that look at more.
    pub samples: usize,
    /// The conditions, in the order in which they were filled.
    pub columns: Vec<Column>,
}

impl Table {
    /// The samples of a source under a condition.
    #[must_use]
    pub fn column(&self, source: &Source, condition: &Condition) -> Option<&Column> {
        self.columns.iter().find(|c| c.source == *source && c.condition == *condition)
    }

    /// The samples of a source as they are.
    #[must_use]
    pub fn natural(&self, source: &Source) -> Option<&Column> {
        self.column(source, &Condition::Natural)
    }

    /// The samples of a column that are measured.
    #[must_use]
    pub fn rows(&self, column: &Column) -> usize {
        self.samples.min(column.world.labels.len())
    }

    /// A factor at both ends of its contrast.
    #[must_use]
    pub fn ends(&self, source: &Source, factor: usize, reach: Reach) -> Option<[&Column; 2]> {
        let [absent, present] =
            End::ALL.map(|end| self.column(source, &Condition::Do(factor, end, reach)));
        Some([absent?, present?])
    }

    /// The sources whose samples were asked about as they are, in their order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let natural = |c: &&Column| c.condition == Condition::Natural;
        self.columns.iter().filter(natural).map(|column| &column.source)
    }
}
