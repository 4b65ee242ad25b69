//! What a method or an objective decides by itself while it trains, as named numbers.
//!
//! | name | told by | what it is |
//! | --- | --- | --- |
//! | `companion_samples` | `c3r-discount` | samples that the biased model has learned from |
//! | `kappa` | `c3r-discount` | agreement beyond chance of its predictions half-way and at the end |
//! | `trust` | `c3r-discount` | how far it is trusted, from 0 to 1; 0 once trust is withdrawn |
//! | `lag` | `c3r-discount` | share of samples more that are right with what is discounted than without |
//! | `withdrawn_at` | `c3r-discount` | the update at which trust was withdrawn |
//! | `weight_min`, `weight_max` | `c3r-adjust` | smallest and largest weight of a sample; their mean is 1 |
//! | `effective_samples` | `c3r-adjust` | `(sum w)^2 / sum w^2` over the batch |
//! | `stratum.K` | `c3r-adjust` | share of the batch that the biased model takes for class K |
//! | `pretraining` | `clip`, `align-itc` | 1 while no label is looked at, then 0 |
//! | `all_shown` | `lckd` | 1 while all modalities are shown, then 0 |
//! | `teacher.NAME` | `lckd` | 1 where that modality teaches the others, else 0 |
//!
//! What isn't decided yet isn't told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A number that was decided, under a name that stays the same from version to version.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The name.
    pub name: Cow<'static, str>,
    /// The value, as it is after an update.
    pub value: f64,
}

impl Decision {
    /// A decision.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, value: f64) -> Self {
        Self { name: name.into(), value }
    }
}

/// A decision that became another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The update after which it was another, counted from 1.
    pub step: usize,
    /// What it was from then on; none where it is no longer told, as under another objective.
    pub value: Option<f64>,
}

/// The decisions of a whole training: when each changed, and what it became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecisionCurve {
    columns: BTreeMap<String, Vec<Change>>,
}

impl DecisionCurve {
    /// Takes note of all that is told after the `step`-th update, counted from 1. Updates come in
    /// their order.
    pub fn record(&mut self, step: usize, told: &[Decision]) {
        for decision in told {
            let name = decision.name.as_ref();
            match self.columns.get_mut(name) {
                Some(changes) => change(changes, step, Some(decision.value)),
                None => {
                    let first = Change { step, value: Some(decision.value) };
                    self.columns.insert(name.to_owned(), vec![first]);
                }
            }
        }
        let silent = |name: &str| told.iter().all(|decision| decision.name != name);
        let columns = self.columns.iter_mut().filter(|(name, _)| silent(name));
        columns.for_each(|(_, changes)| change(changes, step, None));
    }

    /// The names of all that was ever told, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// When a decision changed, and what it became; nothing for one that was never told.
    #[must_use]
    pub fn changes(&self, name: &str) -> &[Change] {
        self.columns.get(name).map_or(&[], Vec::as_slice)
    }

    /// A decision as it was after the `step`-th update.
    #[must_use]
    pub fn at(&self, name: &str, step: usize) -> Option<f64> {
        let changes = self.changes(name);
        let after = changes.partition_point(|change| change.step <= step);
        changes[..after].last()?.value
    }

    /// All decisions as they were at the end.
    #[must_use]
    pub fn last(&self) -> BTreeMap<String, f64> {
        let last =
            |(name, changes): (&String, &Vec<Change>)| Some((name.clone(), changes.last()?.value?));
        self.columns.iter().filter_map(last).collect()
    }

    /// The header's cells, each behind a comma.
    #[must_use]
    pub fn csv_head(&self) -> String {
        self.names().map(|name| format!(",{name}")).collect()
    }

    /// The cells after the `step`-th update, each behind a comma; empty where nothing was told yet.
    #[must_use]
    pub fn csv_row(&self, step: usize) -> String {
        let mut cells = String::new();
        for name in self.columns.keys() {
            cells.push(',');
            if let Some(value) = self.at(name, step) {
                let _ = write!(cells, "{value}");
            }
        }
        cells
    }

    /// Reads back what [`Self::csv_head`] and [`Self::csv_row`] wrote behind `before` other cells.
    #[must_use]
    pub fn read_csv(text: &str, before: usize) -> Self {
        let mut lines = text.lines();
        let names: Vec<&str> =
            lines.next().map_or_else(Vec::new, |head| head.split(',').skip(before).collect());
        let mut curve = Self::default();
        for (i, line) in lines.enumerate() {
            let cells = line.split(',').skip(before).zip(&names);
            let told: Vec<Decision> = cells
                .filter_map(|(cell, name)| {
                    Some(Decision::new((*name).to_owned(), cell.trim().parse().ok()?))
                })
                .collect();
            curve.record(i + 1, &told);
        }
        curve
    }
}

/// Adds a change where there is one.
fn change(changes: &mut Vec<Change>, step: usize, value: Option<f64>) {
    if changes.last().is_none_or(|last| last.value != value) {
        changes.push(Change { step, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> DecisionCurve {
        let mut curve = DecisionCurve::default();
        let trust = |value| Decision::new("trust", value);
        let lag = |value| Decision::new("lag", value);
        curve.record(1, &[]);
        curve.record(2, &[trust(1.0)]);
        curve.record(3, &[trust(1.0), lag(0.25)]);
        curve.record(4, &[trust(0.0), lag(0.25)]);
        curve.record(5, &[lag(0.5)]);
        curve
    }

    #[test]
    fn a_curve_keeps_when_each_decision_changed() {
        let curve = curve();
        assert_eq!(curve.names().collect::<Vec<_>>(), ["lag", "trust"]);
        let change = |step, value| Change { step, value };
        let wanted = [change(2, Some(1.0)), change(4, Some(0.0)), change(5, None)];
        assert_eq!(curve.changes("trust"), wanted);
        assert_eq!(curve.changes("kappa"), []);
        let trust: Vec<_> = (1..=6).map(|step| curve.at("trust", step)).collect();
        assert_eq!(trust, [None, Some(1.0), Some(1.0), Some(0.0), None, None]);
        assert_eq!(curve.last(), BTreeMap::from([("lag".to_owned(), 0.5)]));
    }

    #[test]
    fn a_table_holds_what_a_curve_does() {
        let curve = curve();
        assert_eq!(curve.csv_head(), ",lag,trust");
        let rows: Vec<String> = (1..=5).map(|step| curve.csv_row(step)).collect();
        assert_eq!(rows, [",,", ",,1", ",0.25,1", ",0.25,0", ",0.5,"]);
        let rows: Vec<String> =
            rows.iter().enumerate().map(|(i, row)| format!("{},7{row}", i + 1)).collect();
        let text = format!("step,total{}\n{}\n", curve.csv_head(), rows.join("\n"));
        assert_eq!(DecisionCurve::read_csv(&text, 2), curve);
        assert_eq!(DecisionCurve::read_csv("step,total\n1,2\n", 2), DecisionCurve::default());
    }
}
