//! A table of numbers, row by row: what every measure reads.

use super::StatisticError;

/// The largest number that a table may hold: sums of squares stay finite in every measure.
const LARGEST: f64 = 1e100;

/// Rows of equal width in one slice; one row is one specimen. Every number is finite, and none is
/// beyond 1e100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Table<'a> {
    rows: usize,
    width: usize,
    values: &'a [f64],
}

impl<'a> Table<'a> {
    /// A table of `rows` rows of `width` numbers each, row after row in `values`.
    ///
    /// # Errors
    /// No rows or no columns, another count of numbers, or a number that isn't finite
    /// or beyond 1e100.
    pub fn new(rows: usize, width: usize, values: &'a [f64]) -> Result<Self, StatisticError> {
        if rows == 0 || width == 0 {
            return Err(StatisticError::Empty { rows, width });
        }
        if rows.checked_mul(width) != Some(values.len()) {
            return Err(StatisticError::Shape { rows, width, values: values.len() });
        }
        if let Some(at) = values.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
            let (row, column) = (at / width, at % width);
            return Err(StatisticError::OutOfRange { row, column, value: values[at] });
        }
        Ok(Self { rows, width, values })
    }

    /// A table of one column.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn column_of(values: &'a [f64]) -> Result<Self, StatisticError> {
        Self::new(values.len(), 1, values)
    }

    /// The number of rows, at least 1.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns, at least 1.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row after row.
    #[must_use]
    pub const fn values(&self) -> &'a [f64] {
        self.values
    }

    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// All rows in their order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.width)
    }

    /// A copy of one column.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.iter().map(|row| row[column]).collect()
    }

    /// Copies of all columns.
    #[must_use]
    pub fn columns(&self) -> Vec<Vec<f64>> {
        (0..self.width).map(|column| self.column(column)).collect()
    }

    /// The first `rows` rows and the others, each at least one.
    ///
    /// # Errors
    /// One of the parts would be empty.
    pub fn split_at(&self, rows: usize) -> Result<(Self, Self), StatisticError> {
        let at = rows.min(self.rows) * self.width;
        let (head, tail) = self.values.split_at(at);
        let part = |rows: usize, values: &'a [f64]| {
            if rows == 0 {
                return Err(StatisticError::Empty { rows, width: self.width });
            }
            Ok(Self { rows, width: self.width, values })
        };
        Ok((part(rows, head)?, part(self.rows.saturating_sub(rows), tail)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_are_where_they_belong() {
        let table = Table::new(3, 2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(table.row(1), [3.0, 4.0]);
        assert_eq!(table.columns(), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]);
        let (head, tail) = table.split_at(1).unwrap();
        assert_eq!((head.rows(), head.values()), (1, &[1.0, 2.0][..]));
        assert_eq!((tail.rows(), tail.row(1)), (2, &[5.0, 6.0][..]));
        assert!(table.split_at(0).is_err() && table.split_at(3).is_err());
        assert!(table.split_at(4).is_err());
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let shape = StatisticError::Shape { rows: 2, width: 2, values: 3 };
        assert_eq!(Table::new(2, 2, &[0.0; 3]), Err(shape));
        assert_eq!(Table::new(0, 2, &[]), Err(StatisticError::Empty { rows: 0, width: 2 }));
        assert!(Table::new(usize::MAX, 2, &[0.0; 2]).is_err());
        let error = Table::new(2, 2, &[0.0, 1.0, 2.0, f64::INFINITY]).unwrap_err();
        let value = f64::INFINITY;
        assert_eq!(error, StatisticError::OutOfRange { row: 1, column: 1, value });
        assert!(Table::column_of(&[0.0, f64::NAN]).is_err());
        assert!(Table::column_of(&[-1e101]).is_err() && Table::column_of(&[-1e100]).is_ok());
    }
}
