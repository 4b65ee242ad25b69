//! Which trials a table or plot is made of, and the figures over their seeds.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::Findings;
use crate::experiment::trials::Row;
use crate::experiment::{Spread, spread};

/// The value of an expression: a column, or the difference of two.
pub(super) fn value(row: &Row, expression: &str) -> Option<f64> {
    match expression.split_once(" - ") {
        Some((one, other)) => Some(row.value(one.trim())? - row.value(other.trim())?),
        None => row.value(expression.trim()),
    }
}

/// The places of columns among those that describe trials. `expand` has seen that they're there.
pub(super) fn places(findings: &Findings, names: &[String]) -> Vec<usize> {
    let place = |name: &String| findings.columns.iter().position(|column| column == name);
    names.iter().filter_map(place).collect()
}

/// The rows by what they have in some columns, in the order in which that first comes up.
pub(super) fn groups<'a>(rows: &[&'a Row], places: &[usize]) -> Vec<(Vec<String>, Vec<&'a Row>)> {
    let mut groups: Vec<(Vec<String>, Vec<&Row>)> = Vec::new();
    for row in rows {
        let key: Vec<String> = places.iter().map(|&place| row.columns[place].clone()).collect();
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    groups
}

/// A figure over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub spread: Spread,
    pub least: f64,
    pub most: f64,
}

impl Figure {
    /// The figure of an expression over some rows; none where no row has it.
    pub fn of(rows: &[&Row], expression: &str) -> Option<Self> {
        Self::over(&rows.iter().filter_map(|row| value(row, expression)).collect::<Vec<_>>())
    }

    /// The figure of some values.
    pub fn over(values: &[f64]) -> Option<Self> {
        (!values.is_empty()).then(|| Self {
            spread: spread(values),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    /// The 95% interval of the mean (Student's t); none for a single value.
    pub fn interval(&self) -> Option<[f64; 2]> {
        let Spread { mean, deviation, count } = self.spread;
        if count < 2 {
            return None;
        }
        let quantile = StudentsT::new(0.0, 1.0, (count - 1) as f64).ok()?.inverse_cdf(0.975);
        let half = quantile * deviation / (count as f64).sqrt();
        Some([mean - half, mean + half])
    }
}

/// What pairs of rows differ in, where they are alike but for the column at `place`: of each row
/// of `rows` the value less that of the row with `level` there.
pub(super) fn differences(
    all: &[Row],
    rows: &[&Row],
    place: usize,
    level: &str,
    expression: &str,
) -> Vec<f64> {
    let partner = |row: &Row| {
        all.iter().find(|other| {
            other.columns[place] == level
                && (0..row.columns.len()).all(|i| i == place || row.columns[i] == other.columns[i])
        })
    };
    let difference =
        |row: &&Row| Some(value(row, expression)? - value(partner(row)?, expression)?);
    rows.iter().filter_map(difference).collect()
}
