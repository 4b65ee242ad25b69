//! How often a model is right, and in the group where it is right least often.

use serde::{Deserialize, Serialize};

use super::condition::Source;
use super::statistic::worst_group::worst_group as worst;
use super::table::{Column, Factor, Table};
use crate::causal::causation::Side;
use crate::causal::wilson;

/// Smaller groups say too little of a model to be called the worst.
const LEAST: usize = 20;

/// The share of samples of a source whose prediction is their label; `None` for no samples. What
/// couldn't be read as a prediction is wrong.
#[must_use]
pub fn accuracy(table: &Table, source: &Source) -> Option<f64> {
    let right = right(table, table.natural(source)?);
    let hits = right.iter().filter(|&&right| right).count();
    (!right.is_empty()).then(|| hits as f64 / right.len() as f64)
}

/// Where a column's predictions are the labels of its samples.
#[must_use]
pub fn right(table: &Table, column: &Column) -> Vec<bool> {
    let rows = table.rows(column).min(column.answers.predictions.len());
    let labels = column.world.labels.iter().take(rows);
    labels.enumerate().map(|(row, &y)| column.answers.prediction(row) == Some(y)).collect()
}

/// The group in which a model is right least often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorstGroup {
    /// The share of its samples that are predicted rightly.
    pub accuracy: f64,
    /// Its 95% interval.
    pub interval: [f64; 2],
    /// How many samples are in it.
    pub samples: usize,
    /// The label of its samples.
    pub label: String,
    /// The spurious factor and whether it is present; null where the scene has none.
    pub factor: Option<(String, bool)>,
}

impl WorstGroup {
    /// The group in words: "duck, lake absent".
    #[must_use]
    pub fn words(&self) -> String {
        match &self.factor {
            Some((factor, true)) => format!("{}, {factor} present", self.label),
            Some((factor, false)) => format!("{}, {factor} absent", self.label),
            None => self.label.clone(),
        }
    }
}

/// The worst of the groups that the label makes with each spurious factor, one factor at a time
/// (Sagawa et al., 2020); of the labels alone where there is no spurious factor. Groups of fewer
/// than 20 samples don't count; `None` where all are so small.
#[must_use]
pub fn worst_group(table: &Table, source: &Source) -> Option<WorstGroup> {
    let natural = table.natural(source)?;
    let right = right(table, natural);
    let scope = &table.scope;
    let spurious = scope.places(Factor::is_spurious);
    let width = scope.factors.len();
    let divided: Vec<Option<usize>> =
        if spurious.is_empty() { vec![None] } else { spurious.into_iter().map(Some).collect() };
    let mut found: Option<WorstGroup> = None;
    for factor in divided {
        let present = |row: usize| {
            factor.is_some_and(|f| {
                scope.factors[f].side(natural.world.row(row, width)[f]) == Side::Present
            })
        };
        let group = |row: usize| 2 * natural.world.labels[row] + usize::from(present(row));
        let groups: Vec<usize> = (0..right.len()).map(group).collect();
        let report = worst(&right, &groups, LEAST).ok()?;
        let Some(group) = report.worst else { continue };
        if found.as_ref().is_none_or(|worst| group.accuracy < worst.accuracy) {
            let hits = (group.accuracy * group.count as f64).round() as usize;
            found = Some(WorstGroup {
                accuracy: group.accuracy,
                interval: wilson(hits, group.count),
                samples: group.count,
                label: scope.classes.get(group.group / 2).cloned().unwrap_or_default(),
                factor: factor.map(|f| (scope.factors[f].name.clone(), group.group % 2 == 1)),
            });
        }
    }
    found
}
