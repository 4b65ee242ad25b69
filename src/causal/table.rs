//! Sparse tables over values that stand in several worlds: joined, and summed over.
//!
//! Only rows of positive weight are there, in the order in which they were first met, so that a sum
//! is always taken in the same order.

use super::NodeId;

/// A value that is summed over: of a node in a world in which it has one of its own.
pub(super) type Slot = (NodeId, usize);

/// Weighted rows of values, given by their bits.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub slots: Vec<Slot>,
    rows: Vec<u64>,
    weights: Vec<f64>,
    /// Where to find a row by its hash: indices, 1 more than that of the row, and 0 where there is
    /// none. At least half of them are 0, and their number is a power of two.
    index: Vec<u32>,
    latest: usize,
}

impl Table {
    pub const fn of(slots: Vec<Slot>) -> Self {
        Self { slots, rows: Vec::new(), weights: Vec::new(), index: Vec::new(), latest: 0 }
    }

    /// The one row of nothing, of weight 1: what changes nothing when it's joined.
    pub fn unit() -> Self {
        let mut unit = Self::of(Vec::new());
        unit.add(&[], 1.0);
        unit
    }

    pub const fn len(&self) -> usize {
        self.weights.len()
    }

    /// The numbers that it holds.
    pub const fn size(&self) -> usize {
        self.rows.len() + self.weights.len()
    }

    pub fn row(&self, at: usize) -> &[u64] {
        let width = self.slots.len();
        &self.rows[at * width..(at + 1) * width]
    }

    pub fn weight(&self, at: usize) -> f64 {
        self.weights[at]
    }

    /// Adds to the weight of a row.
    pub fn add(&mut self, row: &[u64], weight: f64) {
        // Neighbouring pieces of noise mostly lead to the same row.
        if self.latest < self.weights.len() && self.row(self.latest) == row {
            self.weights[self.latest] += weight;
            return;
        }
        if 2 * (self.weights.len() + 1) > self.index.len() {
            self.grow();
        }
        let place = self.place(row);
        if self.index[place] == 0 {
            self.rows.extend_from_slice(row);
            self.weights.push(0.0);
            self.index[place] = self.weights.len() as u32;
        }
        self.latest = self.index[place] as usize - 1;
        self.weights[self.latest] += weight;
    }

    /// The place of a row in the index, or the empty one where it belongs.
    fn place(&self, row: &[u64]) -> usize {
        let mask = self.index.len() - 1;
        let mut place = hash(row.iter().copied()) as usize & mask;
        while self.index[place] != 0 && self.row(self.index[place] as usize - 1) != row {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.index = vec![0; (4 * self.index.len()).max(8)];
        for at in 0..self.weights.len() {
            let place = self.place(self.row(at));
            self.index[place] = at as u32 + 1;
        }
    }

    /// Forgets how to find a row: nothing more is added.
    pub fn close(mut self) -> Self {
        self.index = Vec::new();
        self
    }
}

/// Rows of so many values are wide: those of a joint distribution of very many nodes.
const WIDE: usize = 32;

/// The product of tables, summed over all slots but those for which `keep` holds; `None` where it
/// takes more than `limit` steps, each a row or a pair of rows. Their number is added to `steps`.
pub(super) fn product(
    tables: &[&Table],
    keep: impl Fn(Slot) -> bool,
    limit: usize,
    steps: &mut usize,
) -> Option<Table> {
    let mut left: Vec<&Table> = tables.to_vec();
    let mut all = Table::unit();
    // A single table is joined too: its other slots have to go.
    while !left.is_empty() {
        let next = left.remove(next(&all, &left));
        let wanted = |slot: Slot| keep(slot) || left.iter().any(|t| t.slots.contains(&slot));
        all = join(&all, next, wanted, limit, steps)?;
    }
    Some(all)
}

/// Which table is joined next: one that shares slots, brings few new ones, and is short.
fn next(all: &Table, left: &[&Table]) -> usize {
    let rank = |table: &Table| {
        let new = table.slots.iter().filter(|slot| !all.slots.contains(slot)).count();
        let apart = new == table.slots.len() && !all.slots.is_empty();
        (apart, if all.slots.is_empty() { 0 } else { new }, table.len())
    };
    (0..left.len()).min_by_key(|&i| rank(left[i])).unwrap_or_default()
}

/// Two tables joined on the slots that they share.
fn join(
    a: &Table,
    b: &Table,
    wanted: impl Fn(Slot) -> bool,
    limit: usize,
    steps: &mut usize,
) -> Option<Table> {
    let places = |of: &Table, slots: &[Slot]| -> Vec<usize> {
        slots.iter().filter_map(|s| of.slots.iter().position(|o| o == s)).collect()
    };
    let shared: Vec<Slot> = a.slots.iter().copied().filter(|s| b.slots.contains(s)).collect();
    let (in_a, in_b) = (places(a, &shared), places(b, &shared));
    let from_a: Vec<usize> = (0..a.slots.len()).filter(|&i| wanted(a.slots[i])).collect();
    let from_b: Vec<usize> =
        (0..b.slots.len()).filter(|&i| !in_b.contains(&i) && wanted(b.slots[i])).collect();
    let slots = from_a.iter().map(|&i| a.slots[i]).chain(from_b.iter().map(|&i| b.slots[i]));
    let mut joined = Table::of(slots.collect());
    let matches = Matches::new(b, &in_b);
    *steps += b.len();
    let mut row = vec![0; from_a.len() + from_b.len()];
    // A wide row takes as long, and as much room, as several.
    let step = 1 + (row.len() / WIDE).pow(2);
    for at in 0..a.len() {
        let (before, weight) = (a.row(at), a.weight(at));
        row.iter_mut().zip(&from_a).for_each(|(x, &i)| *x = before[i]);
        *steps += 1;
        let key = |i: usize| before[in_a[i]];
        let mut place = matches.first(key);
        while let Some(other) = place {
            place = matches.after(other);
            let after = b.row(other);
            if in_b.iter().enumerate().any(|(i, &j)| after[j] != key(i)) {
                continue;
            }
            *steps += step;
            row[from_a.len()..].iter_mut().zip(&from_b).for_each(|(x, &i)| *x = after[i]);
            joined.add(&row, weight * b.weight(other));
        }
        if *steps > limit {
            return None;
        }
    }
    Some(joined)
}

/// Rows of a table by the hash of some of their values, each chain in the order of the rows.
struct Matches {
    first: Vec<u32>,
    after: Vec<u32>,
    width: usize,
}

impl Matches {
    fn new(table: &Table, key: &[usize]) -> Self {
        let size = if key.is_empty() { 1 } else { (2 * table.len()).next_power_of_two() };
        let mut matches =
            Self { first: vec![0; size], after: vec![0; table.len()], width: key.len() };
        for at in (0..table.len()).rev() {
            let row = table.row(at);
            let place = hash(key.iter().map(|&i| row[i])) as usize & (size - 1);
            matches.after[at] = std::mem::replace(&mut matches.first[place], at as u32 + 1);
        }
        matches
    }

    fn first(&self, key: impl Fn(usize) -> u64) -> Option<usize> {
        let place = hash((0..self.width).map(key)) as usize & (self.first.len() - 1);
        (self.first[place] as usize).checked_sub(1)
    }

    fn after(&self, at: usize) -> Option<usize> {
        (self.after[at] as usize).checked_sub(1)
    }
}

/// A quick hash. It decides nothing but the speed: rows are compared whole.
fn hash(row: impl Iterator<Item = u64>) -> u64 {
    // 2^64 over the golden ratio: an odd number without pattern.
    const SALT: u64 = 0x9e37_79b9_7f4a_7c15;
    row.fold(SALT, |hash, word| {
        // The bits of 0.0 and 1.0 differ at the top: the halves of the product bring them down.
        let product = u128::from(hash ^ word) * u128::from(SALT);
        (product ^ product >> 64) as u64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(slots: &[Slot], rows: &[(&[u64], f64)]) -> Table {
        let mut table = Table::of(slots.to_vec());
        rows.iter().for_each(|(row, weight)| table.add(row, *weight));
        table
    }

    fn rows(table: &Table) -> Vec<(Vec<u64>, f64)> {
        (0..table.len()).map(|at| (table.row(at).to_vec(), table.weight(at))).collect()
    }

    #[test]
    fn a_product_is_summed_over_what_is_not_kept() {
        let (a, b, c) = ((0, 0), (1, 0), (2, 0));
        let one = table(&[a], &[(&[0], 0.25), (&[1], 0.75)]);
        let two = table(&[a, b], &[(&[0, 0], 0.5), (&[0, 1], 0.5), (&[1, 1], 1.0)]);
        let three = table(&[b, c], &[(&[0, 7], 1.0), (&[1, 7], 0.5), (&[1, 8], 0.5)]);
        let mut steps = 0;
        let all = product(&[&three, &two, &one], |slot| slot == c, 100, &mut steps).unwrap();
        assert_eq!(all.slots, [c]);
        // P(b = 1) = 0.875, of which half goes to either value of c.
        assert_eq!(rows(&all), [(vec![7], 0.5625), (vec![8], 0.4375)]);
        assert!(steps > 0 && product(&[&three, &two, &one], |_| true, 3, &mut 0).is_none());
        let nothing = product(&[], |_| true, 10, &mut steps).unwrap();
        assert_eq!(rows(&nothing), [(vec![], 1.0)]);
    }

    #[test]
    fn many_rows_are_found_again() {
        let mut many = Table::of(vec![(0, 0), (1, 0)]);
        for round in 0..2 {
            for i in 0..1000_u64 {
                many.add(&[i % 40, i / 40], f64::from(round + 1));
            }
        }
        assert!(many.len() == 1000 && (0..1000).all(|at| many.weight(at) == 3.0));
    }
}
