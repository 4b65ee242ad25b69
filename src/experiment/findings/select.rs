//! Which trials a table or plot is made of, and the figures over their seeds.

use super::Findings;
use crate::experiment::trials::Row;
use crate::measure::statistic::Spread;
use crate::measure::statistic::interval::{Summary, half_width, summary};

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

/// The figure of an expression over some rows, which differ in their seeds; none where no row has
/// it.
pub(super) fn figure_of(rows: &[&Row], expression: &str) -> Option<Summary> {
    let values: Vec<f64> = rows.iter().filter_map(|row| value(row, expression)).collect();
    summary(&values).ok()
}

/// The 95% interval of a mean (Student's t); none for a single value.
pub(super) fn interval(figure: &Summary) -> Option<[f64; 2]> {
    let Summary { mean, deviation, count, .. } = *figure;
    let half = half_width(&Spread { mean, deviation, count });
    half.is_finite().then_some([mean - half, mean + half])
}

/// Whether the interval of a difference leaves out 0.
pub(super) fn certain(difference: &Summary) -> bool {
    interval(difference).is_some_and(|[low, high]| low > 0.0 || high < 0.0)
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
    let difference = |row: &&Row| Some(value(row, expression)? - value(partner(row)?, expression)?);
    rows.iter().filter_map(difference).collect()
}
