//! The cheapest pairing of rows with columns.
//!
//! Shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant 1987): exact,
//! `rows^2 columns` steps where there are no more rows than columns. Of several pairings that
//! cost the same the choice is fixed by the order of the table alone.

use super::Table;

/// A pairing of rows with columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Row and column of each pair, by row: as many as the shorter side is long. No row and no
    /// column is there twice.
    pub pairs: Vec<(usize, usize)>,
    /// The costs of the pairs, added up.
    pub cost: f64,
}

/// The pairing of least cost, where `cost` holds what each row with each column costs. Negative
/// costs are fine: the best pairing by a score is the cheapest by its negative.
#[must_use]
pub fn assign(cost: &Table) -> Assignment {
    let upright = cost.rows() <= cost.width();
    let (rows, columns) =
        if upright { (cost.rows(), cost.width()) } else { (cost.width(), cost.rows()) };
    let at = |row: usize, column: usize| {
        if upright { cost.row(row)[column] } else { cost.row(column)[row] }
    };
    let mut search = Search::new(rows, columns);
    for row in 0..rows {
        search.add(row, at);
    }
    let taken = search.row_of.iter().enumerate();
    let mut pairs: Vec<(usize, usize)> = taken
        .filter_map(|(column, row)| row.map(|row| (row, column)))
        .map(|(row, column)| if upright { (row, column) } else { (column, row) })
        .collect();
    pairs.sort_unstable();
    let cost = pairs.iter().map(|&(row, column)| cost.row(row)[column]).sum();
    Assignment { pairs, cost }
}

/// A cheapest pairing of the rows added so far, with the prices that prove it: no pair costs less
/// than the prices of its row and its column together, and those that are made cost just that.
struct Search {
    row_price: Vec<f64>,
    column_price: Vec<f64>,
    /// The row that has each column.
    row_of: Vec<Option<usize>>,
}

impl Search {
    fn new(rows: usize, columns: usize) -> Self {
        Self {
            row_price: vec![0.0; rows],
            column_price: vec![0.0; columns],
            row_of: vec![None; columns],
        }
    }

    /// Adds a row along the cheapest path of exchanges that ends at a free column (Dijkstra).
    fn add(&mut self, new: usize, cost: impl Fn(usize, usize) -> f64) {
        let columns = self.row_of.len();
        let mut reached = vec![false; columns];
        let mut way = vec![f64::INFINITY; columns];
        // The column whose row leads to this one; none where it is the new row itself.
        let mut before: Vec<Option<usize>> = vec![None; columns];
        let (mut row, mut from, mut length) = (new, None, 0.0);
        let free = loop {
            let mut nearest: Option<usize> = None;
            for column in (0..columns).filter(|&c| !reached[c]) {
                let step = cost(row, column) - self.row_price[row] - self.column_price[column];
                if length + step < way[column] {
                    way[column] = length + step;
                    before[column] = from;
                }
                if nearest.is_none_or(|n| way[column] < way[n]) {
                    nearest = Some(column);
                }
            }
            // There are no more rows than columns, so that one is always left.
            let Some(column) = nearest else { return };
            reached[column] = true;
            length = way[column];
            match self.row_of[column] {
                Some(next) => (row, from) = (next, Some(column)),
                None => break column,
            }
        };
        self.row_price[new] += length;
        for column in (0..columns).filter(|&c| reached[c]) {
            let spare = length - way[column];
            self.column_price[column] -= spare;
            if let Some(row) = self.row_of[column] {
                self.row_price[row] += spare;
            }
        }
        // Every row on the path moves one column on, and the new row takes the first.
        let mut column = free;
        while let Some(previous) = before[column] {
            self.row_of[column] = self.row_of[previous];
            column = previous;
        }
        self.row_of[column] = Some(new);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least cost of all ways to give each row a column of its own.
    fn brute(cost: &Table, row: usize, taken: &mut Vec<usize>) -> f64 {
        if row == cost.rows() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for column in 0..cost.width() {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.min(cost.row(row)[column] + brute(cost, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn a_textbook_case() {
        let values = [4.0, 1.0, 3.0, 2.0, 0.0, 5.0, 3.0, 2.0, 2.0];
        let found = assign(&Table::new(3, 3, &values).unwrap());
        assert_eq!(found, Assignment { pairs: vec![(0, 1), (1, 0), (2, 2)], cost: 5.0 });
    }

    #[test]
    fn the_longer_side_keeps_some_for_itself() {
        let wide = Table::new(2, 3, &[1.0, 9.0, 2.0, 1.0, 9.0, 9.0]).unwrap();
        assert_eq!(assign(&wide).pairs, [(0, 2), (1, 0)]);
        let tall = Table::new(3, 2, &[1.0, 1.0, 9.0, 9.0, 2.0, 9.0]).unwrap();
        assert_eq!(assign(&tall).pairs, [(0, 1), (2, 0)]);
        let one = Table::new(1, 1, &[-3.0]).unwrap();
        assert_eq!(assign(&one), Assignment { pairs: vec![(0, 0)], cost: -3.0 });
    }

    proptest! {
        #[test]
        fn no_pairing_is_cheaper(
            (rows, columns) in (1..=7_usize, 1..=7_usize),
            values in prop::collection::vec(-9.0..9.0_f64, 49),
            whole: bool,
        ) {
            // Whole numbers bring ties.
            let round = |v: &f64| if whole { v.round() } else { *v };
            let values: Vec<f64> = values[..rows * columns].iter().map(round).collect();
            let cost = Table::new(rows, columns, &values).unwrap();
            let found = assign(&cost);
            let turned: Vec<f64> = cost.columns().concat();
            let turned = Table::new(columns, rows, &turned).unwrap();
            let short = if rows <= columns { cost } else { turned };
            let least = brute(&short, 0, &mut Vec::new());
            prop_assert!((found.cost - least).abs() < 1e-9, "{} {least}", found.cost);
            prop_assert_eq!(found.pairs.len(), rows.min(columns));
            for (i, a) in found.pairs.iter().enumerate() {
                prop_assert!(found.pairs[..i].iter().all(|b| a.0 > b.0 && a.1 != b.1));
            }
            prop_assert!((assign(&turned).cost - least).abs() < 1e-9);
        }
    }
}
