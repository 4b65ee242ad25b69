//! All trials as one table, a line each.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Ledger, LedgerError, Outcome};
use crate::experiment::plan::Plan;
use crate::measure::suite::Measure;

/// A trial and its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The columns that describe the trial, in the order of [`Plan::columns`]; empty where the
    /// trial has no such axis.
    pub columns: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether costs count among its values.
    costs: bool,
}

impl Row {
    /// A row, as [`rows`] makes it.
    #[must_use]
    pub const fn new(columns: Vec<String>, outcome: Outcome, costs: bool) -> Self {
        Self { columns, outcome, costs }
    }

    /// The value of a column; none where it wasn't measured.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        if self.outcome.failure.is_some() {
            return None;
        }
        let cost = || {
            let columns = self.outcome.cost.columns();
            let of_name = columns.into_iter().find(|(column, _)| *column == name);
            of_name.filter(|_| self.costs).map(|(_, value)| value)
        };
        self.outcome.found.values.get(name).copied().or_else(cost)
    }
}

/// The rows of all trials that have an outcome, in the order of the plan.
///
/// # Errors
/// An outcome that can't be read.
pub fn rows(plan: &Plan, ledger: &Ledger) -> Result<Vec<Row>, LedgerError> {
    let names = plan.columns();
    let costs = plan.experiment.measures.contains(&Measure::Cost);
    let mut rows = Vec::new();
    for trial in &plan.trials {
        if let Some(outcome) = ledger.read(&trial.key)? {
            let columns = names.iter().map(|name| trial.level(name)).collect();
            rows.push(Row::new(columns, outcome, costs));
        }
    }
    Ok(rows)
}

/// The names of all values that some row has, in order.
#[must_use]
pub fn value_columns(rows: &[Row]) -> Vec<String> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        names.extend(row.outcome.found.values.keys().map(String::as_str));
        if row.costs {
            names.extend(row.outcome.cost.columns().map(|(name, _)| name));
        }
    }
    names.into_iter().map(str::to_owned).collect()
}

/// `trials.csv`: the trial's columns, then `failure`, then the values; a value that wasn't
/// measured is an empty field.
///
/// # Errors
/// None that could come up: the text is made in memory.
pub fn trials_csv(columns: &[String], rows: &[Row]) -> Result<Vec<u8>, csv::Error> {
    let values = value_columns(rows);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = columns.iter().map(String::as_str).chain(["failure"]);
    writer.write_record(head.chain(values.iter().map(String::as_str)))?;
    for row in rows {
        let failure = row.outcome.failure.clone().unwrap_or_default();
        let own = row.columns.iter().cloned().chain([failure]);
        let numbers = values.iter().map(|name| row.value(name).map(|v| v.to_string()));
        writer.write_record(own.chain(numbers.map(Option::unwrap_or_default)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// `trials.parquet`: the same, with nulls for what wasn't measured.
///
/// # Errors
/// None that could come up: the file is made in memory.
pub fn trials_parquet(columns: &[String], rows: &[Row]) -> Result<Vec<u8>, ParquetError> {
    let names = value_columns(rows);
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (i, name) in columns.iter().enumerate() {
        fields.push(Field::new(name, DataType::Utf8, false));
        arrays.push(Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.columns[i]))));
    }
    fields.push(Field::new("failure", DataType::Utf8, true));
    arrays.push(Arc::new(StringArray::from_iter(rows.iter().map(|r| r.outcome.failure.as_ref()))));
    for name in &names {
        fields.push(Field::new(name, DataType::Float64, true));
        arrays.push(Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.value(name)))));
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("twinworld ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    writer.write(&batch)?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::trials::Cost;

    fn row(scene: &str, values: &[(&str, f64)], failure: Option<&str>) -> Row {
        let mut outcome = Outcome::named("k", scene);
        outcome.found.values = values.iter().map(|&(n, v)| (n.to_owned(), v)).collect();
        outcome.failure = failure.map(str::to_owned);
        outcome.cost = Cost { seconds: 2.5, ..Cost::default() };
        Row::new(vec![scene.to_owned()], outcome, false)
    }

    #[test]
    fn what_was_not_measured_is_left_empty() {
        let rows = [row("a, b", &[("x", 0.1), ("y", 1.0)], None), row("c", &[], Some("diverged"))];
        let text = trials_csv(&["scene".to_owned()], &rows).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text, "scene,failure,x,y\n\"a, b\",,0.1,1\nc,diverged,,\n");
    }

    #[test]
    fn costs_are_columns_only_where_they_are_asked_for() {
        let mut one = row("a", &[("x", 0.1)], None);
        assert_eq!(one.value("seconds"), None);
        assert_eq!(value_columns(std::slice::from_ref(&one)), ["x"]);
        one.costs = true;
        assert_eq!(one.value("seconds"), Some(2.5));
        let names = value_columns(&[one]);
        assert_eq!(names, ["parameters", "peak_mib", "seconds", "specimens_per_second", "x"]);
    }
}
