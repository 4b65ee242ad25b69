//! What can be wrong with the numbers that a measure is given.

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatisticError {
    /// A table without a row or without a column.
    #[error("a table of {rows} rows and {width} columns holds nothing to measure")]
    Empty {
        /// Rows that were said.
        rows: usize,
        /// Columns that were said.
        width: usize,
    },
    /// As many numbers as rows times columns were expected.
    #[error("{values} numbers are not {rows} rows of {width}")]
    Shape {
        /// Rows that were said.
        rows: usize,
        /// Columns that were said.
        width: usize,
        /// Numbers that were given.
        values: usize,
    },
    /// An infinite number, none at all, or one whose square is too large to be added up.
    #[error("row {row}, column {column} is {value}: only numbers up to 1e100 can be measured")]
    OutOfRange {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// What stands there.
        value: f64,
    },
    /// Two lists that belong together differ in length.
    #[error("{what}: {left} and {right}, but they belong together one by one")]
    Unequal {
        /// What was counted.
        what: &'static str,
        /// Length of the first.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// Too little to say anything.
    #[error("{found} {what} are too few: at least {least} are needed")]
    TooFew {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        least: usize,
    },
    /// An argument outside its range.
    #[error("{what} is {value}, but must be {range}")]
    Argument {
        /// The argument's name.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// Columns that are sums of each other, without a penalty to choose between them.
    #[error("column {column} is a sum of the others: give the regression a penalty")]
    Singular {
        /// The first such column.
        column: usize,
    },
    /// The same seed twice in one list.
    #[error("seed {seed} is there twice")]
    SeedTwice {
        /// The seed.
        seed: u64,
    },
}

/// Refuses two lengths that differ.
pub(super) const fn equal(
    what: &'static str,
    left: usize,
    right: usize,
) -> Result<(), StatisticError> {
    if left == right { Ok(()) } else { Err(StatisticError::Unequal { what, left, right }) }
}

/// Refuses fewer than `least`.
pub(super) const fn at_least(
    what: &'static str,
    least: usize,
    found: usize,
) -> Result<(), StatisticError> {
    if found >= least { Ok(()) } else { Err(StatisticError::TooFew { what, found, least }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_what_was_counted() {
        let error = equal("rows of x and y", 3, 4).unwrap_err();
        assert_eq!(
            error.to_string(),
            "rows of x and y: 3 and 4, but they belong together one by one"
        );
        let error = at_least("rows", 4, 3).unwrap_err();
        assert_eq!(error.to_string(), "3 rows are too few: at least 4 are needed");
        assert!(equal("rows", 3, 3).is_ok() && at_least("rows", 4, 4).is_ok());
    }
}
