//! The assumptions of Theorem 3.2, tested on the model instead of taken for granted.

use super::causation::Side;
use super::estimate::Tested;
use super::independence::{ROUNDING, Table, independent};
use super::tally::{Cell, Tally};

/// Exogeneity: whether `P(y | do(x)) = P(y | x)`, and the same for x'.
///
/// By consistency `P(y | x)` is `P(y_x | x)`: it's tested whether the label under either operation
/// is independent of the factor's natural side.
#[must_use]
pub fn exogeneity(tally: &Tally, class: usize) -> Tested {
    let under = |side: Side, has_y: fn(Cell, usize) -> bool| {
        let weight = |on_side: bool, y: bool| {
            tally.weight(|c| (c.side == side) == on_side && has_y(c, class) == y)
        };
        let row = |on_side| vec![weight(on_side, true), weight(on_side, false)];
        (row(true), row(false))
    };
    let all = [
        under(Side::Present, |cell, class| cell.with == class),
        under(Side::Absent, |cell, class| cell.without == class),
    ];
    let share = |row: &[f64]| row[0] / row.iter().sum::<f64>();
    // |P(y_x | x) - P(y_x)|; where x never holds there is nothing to compare.
    let gap = |(on, off): &(Vec<f64>, Vec<f64>)| {
        let whole = [on[0] + off[0], on[1] + off[1]];
        if on.iter().sum::<f64>() > 0.0 { (share(on) - share(&whole)).abs() } else { 0.0 }
    };
    let largest = all.iter().map(gap).fold(0.0, f64::max);
    let tables = all.map(|(on, off)| Table::of_rows(vec![on, off]));
    Tested { holds: independent(&tables, tally.how.trials().is_some()), gap: largest }
}

/// Monotonicity: whether no specimen has y under do(x') and loses it under do(x).
///
/// The gap is the probability of those that do. Counted specimens can only speak against it.
#[must_use]
pub fn monotonicity(tally: &Tally, class: usize) -> Tested {
    let opposing = tally.weight(|c| c.without == class && c.with != class);
    let gap = opposing / tally.weight(|_| true).max(f64::MIN_POSITIVE);
    let tolerance = if tally.how.trials().is_some() { 0.0 } else { ROUNDING };
    Tested { holds: gap <= tolerance, gap }
}
