//! Whether two things are independent: exactly where their distribution is known, else by a test.

use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::eliminate::{Inquiry, eliminate};
use super::replay::{REPLAYS, Replay};
use super::worlds::apart;
use super::{NodeId, Scm};

/// What an exact probability may be off by rounding.
pub const ROUNDING: f64 = 1e-9;

/// The chance with which a test over counted specimens finds a dependence where there is none.
pub const FALSE_ALARM: f64 = 1e-4;

/// The number of quantile bins of a continuous node.
pub const BINS: usize = 10;

/// An expected count below this is too small for the test.
const FEW: f64 = 5.0;

/// Weights of the combinations of two things: rows of one, columns of the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table(Vec<Vec<f64>>);

impl Table {
    /// A table of these rows, all of one length.
    #[must_use]
    pub const fn of_rows(rows: Vec<Vec<f64>>) -> Self {
        Self(rows)
    }

    /// The table of weighted pairs of discrete values.
    #[must_use]
    pub fn of_pairs(pairs: &[(f64, f64, f64)]) -> Self {
        let (a, b) = (distinct(pairs.iter().map(|p| p.0)), distinct(pairs.iter().map(|p| p.1)));
        let mut rows = vec![vec![0.0; b.len()]; a.len()];
        for (x, y, weight) in pairs {
            let at = |all: &[f64], value: f64| all.partition_point(|&v| v < value);
            rows[at(&a, *x)][at(&b, *y)] += weight;
        }
        Self(rows)
    }

    /// Adds the weights of a table of the same form.
    fn add(&mut self, other: &Self) {
        for (row, others) in self.0.iter_mut().zip(&other.0) {
            row.iter_mut().zip(others).for_each(|(weight, other)| *weight += other);
        }
    }

    fn columns(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    fn row(&self, i: usize) -> f64 {
        self.0[i].iter().sum()
    }

    fn column(&self, j: usize) -> f64 {
        self.0.iter().map(|row| row[j]).sum()
    }

    /// How far from independence: the largest `|P(column | row) - P(column)|`.
    #[must_use]
    pub fn dependence(&self) -> f64 {
        let columns: Vec<f64> = (0..self.columns()).map(|j| self.column(j)).collect();
        let total: f64 = columns.iter().sum();
        let mut largest = 0.0_f64;
        for (i, row) in self.0.iter().enumerate().filter(|(i, _)| self.row(*i) > 0.0) {
            for (weight, column) in row.iter().zip(&columns) {
                largest = largest.max((weight / self.row(i) - column / total).abs());
            }
        }
        largest
    }

    /// Pearson's statistic of independence with its degrees of freedom, of a table of counts.
    fn chi_square(&self) -> (f64, usize) {
        let total: f64 = (0..self.columns()).map(|j| self.column(j)).sum();
        let mut statistic = 0.0;
        for (i, row) in self.0.iter().enumerate() {
            for (j, count) in row.iter().enumerate() {
                let expected = self.row(i) * self.column(j) / total;
                if expected >= FEW {
                    statistic += (count - expected).powi(2) / expected;
                }
            }
        }
        let used = |sums: Vec<f64>| sums.iter().filter(|&&s| s > 0.0).count().saturating_sub(1);
        let rows = used((0..self.0.len()).map(|i| self.row(i)).collect());
        (statistic, rows * used((0..self.columns()).map(|j| self.column(j)).collect()))
    }
}

/// Whether rows and columns are independent within each of the tables: up to [`ROUNDING`] where
/// they hold probabilities; where they hold counts, by a chi-squared test that errs with
/// [`FALSE_ALARM`].
#[must_use]
pub fn independent(tables: &[Table], counted: bool) -> bool {
    if !counted {
        return tables.iter().all(|t| t.dependence() <= ROUNDING);
    }
    let (statistic, freedom) = tables
        .iter()
        .map(Table::chi_square)
        .fold((0.0, 0), |(sum, all), (statistic, freedom)| (sum + statistic, all + freedom));
    match ChiSquared::new(freedom as f64) {
        Ok(distribution) => distribution.sf(statistic) >= FALSE_ALARM,
        // No freedom: one of the two is constant.
        Err(_) => true,
    }
}

/// Whether factor and label are associated in the observed world.
///
/// Known by the graph where nothing ties them; else from the exact distribution, where the noise
/// is finite; else by [`independent`] and the correlation over replayed specimens, a continuous factor in
/// [`BINS`], over all time and within spans of a clock's time.
#[must_use]
pub fn associated(scm: &Scm, factor: NodeId, label: NodeId) -> bool {
    if apart(scm, &[factor], label)[0] {
        return false;
    }
    let inquiry = Inquiry { operations: &[], wanted: &[(0, factor), (0, label)] };
    eliminate(scm, &inquiry).map_or_else(
        |_| tested(scm, &[factor], label)[0],
        |joint| {
            let pairs: Vec<(f64, f64, f64)> =
                joint.cases().iter().map(|(v, p)| (v[0], v[1], *p)).collect();
            !independent(&[Table::of_pairs(&pairs)], false)
        },
    )
}

/// As [`associated`] for several factors of one label, by the graph or by a test alone; what has to
/// be replayed is replayed once.
pub(super) fn tested(scm: &Scm, factors: &[NodeId], label: NodeId) -> Vec<bool> {
    let apart = apart(scm, factors, label);
    let open: Vec<NodeId> =
        factors.iter().zip(&apart).filter(|(_, apart)| !**apart).map(|(&f, _)| f).collect();
    if open.is_empty() {
        return vec![false; factors.len()];
    }
    let replay = Replay::new(scm, &[&open[..], &[label]].concat());
    let mut seen = Seen::new(scm, &open, label, replay.has_clock());
    replay.run(|noise, values| {
        seen.add(replay.moment(noise), &open, label, values);
        0
    });
    let mut found = open.iter().enumerate().map(|(i, &factor)| seen.associated(scm, factor, i));
    apart.iter().map(|apart| !apart && found.next().unwrap_or_default()).collect()
}

/// What is seen of some factors and a label in replayed specimens.
pub(super) struct Seen {
    factors: Vec<Kind>,
    /// Where a factor or the label is continuous: the labels, and the moments.
    labels: Vec<f64>,
    at: Vec<usize>,
    keeps_values: bool,
    moments: usize,
}

/// What is seen of one factor.
enum Kind {
    /// Of a discrete factor and a discrete label, how often they meet: by moment, a table.
    Counts(Vec<Table>),
    /// All values, of which bins are made.
    Values(Vec<f64>),
}

impl Seen {
    pub fn new(scm: &Scm, factors: &[NodeId], label: NodeId, has_clock: bool) -> Self {
        let moments = if has_clock { BINS } else { 1 };
        let classes = scm.domain(label).size();
        let kind = |&factor: &NodeId| match scm.domain(factor).size().zip(classes) {
            Some((rows, columns)) => {
                Kind::Counts(vec![Table(vec![vec![0.0; columns]; rows]); moments])
            }
            None => Kind::Values(Vec::with_capacity(REPLAYS)),
        };
        let factors: Vec<Kind> = factors.iter().map(kind).collect();
        let keeps_values = factors.iter().any(|kind| matches!(kind, Kind::Values(_)));
        Self { factors, labels: Vec::new(), at: Vec::new(), keeps_values, moments }
    }

    pub fn add(&mut self, moment: usize, factors: &[NodeId], label: NodeId, values: &[f64]) {
        for (&factor, kind) in factors.iter().zip(&mut self.factors) {
            match kind {
                Kind::Counts(tables) => {
                    tables[moment].0[values[factor] as usize][values[label] as usize] += 1.0;
                }
                Kind::Values(seen) => seen.push(values[factor]),
            }
        }
        if self.keeps_values {
            self.labels.push(values[label]);
            self.at.push(moment);
        }
    }

    /// Whether the i-th factor and the label are associated, over all time or at some time: a
    /// companion that changes sides under a clock is one at every moment and may be none on
    /// average. The correlation is tested too: it sees a slight trend that bins miss.
    pub fn associated(&self, scm: &Scm, factor: NodeId, i: usize) -> bool {
        match &self.factors[i] {
            Kind::Counts(at_moments) => {
                let mut all = at_moments[0].clone();
                at_moments[1..].iter().for_each(|table| all.add(table));
                let pairs = all.0.iter().enumerate().flat_map(|(x, row)| {
                    row.iter().enumerate().map(move |(y, count)| (x as f64, y as f64, *count))
                });
                let trend = trend(pairs);
                !independent(&[all], true) || !independent(at_moments, true) || trend
            }
            Kind::Values(values) => {
                let bins = bins(scm, factor, values);
                let pairs: Vec<(f64, f64, f64)> =
                    bins.iter().zip(&self.labels).map(|(&x, &y)| (x as f64, y, 1.0)).collect();
                let mut by_moment = vec![Vec::new(); self.moments];
                pairs.iter().zip(&self.at).for_each(|(pair, &at)| by_moment[at].push(*pair));
                let at_moments: Vec<Table> =
                    by_moment.iter().map(|pairs| Table::of_pairs(pairs)).collect();
                let single = values.iter().zip(&self.labels).map(|(&x, &y)| (x, y, 1.0));
                !independent(&[Table::of_pairs(&pairs)], true)
                    || !independent(&at_moments, true)
                    || trend(single)
            }
        }
    }
}

/// Whether weighted pairs correlate, as it happens by chance with [`FALSE_ALARM`].
fn trend(pairs: impl Iterator<Item = (f64, f64, f64)> + Clone) -> bool {
    let sum = |of: fn((f64, f64, f64)) -> f64| pairs.clone().map(of).sum::<f64>();
    let total = sum(|p| p.2);
    let (mean_x, mean_y) = (sum(|p| p.2 * p.0) / total, sum(|p| p.2 * p.1) / total);
    let mut sums = [0.0; 3];
    for (x, y, weight) in pairs.clone() {
        let (x, y) = (x - mean_x, y - mean_y);
        let parts = [x * y, x * x, y * y];
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += weight * part);
    }
    let scale = sums[1] * sums[2];
    scale > 0.0 && (sums[0] / scale.sqrt()).abs() * total.sqrt() > DEVIATIONS
}

/// As many standard errors are exceeded with [`FALSE_ALARM`].
const DEVIATIONS: f64 = 3.89;

/// Values from which the edges of bins are found.
const EDGES_FROM: usize = 10_000;

/// The bin of each value of a node: one for each value of a discrete one, [`BINS`] of about equal
/// mass for a continuous one. Equal values are never parted.
#[must_use]
pub fn bins(scm: &Scm, node: NodeId, values: &[f64]) -> Vec<usize> {
    if scm.domain(node).size().is_some() {
        return values.iter().map(|&v| v as usize).collect();
    }
    let mut sorted = values[..values.len().min(EDGES_FROM)].to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> =
        (1..BINS).filter_map(|bin| sorted.get(bin * sorted.len() / BINS).copied()).collect();
    edges.dedup();
    values.iter().map(|&v| edges.partition_point(|&e| e <= v)).collect()
}

/// The different values, ascending.
pub(super) fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    fn gate(rule: &str, flip: f64) -> Mechanism {
        Mechanism::Gate { rule: rule.to_owned(), flip }
    }

    #[test]
    fn association_is_seen_with_and_without_finite_noise() {
        let (h, u) = (Mechanism::Bernoulli(0.5), Mechanism::Uniform(0.0, 1.0));
        let copy = Mechanism::NoisyCopy { of: "h".into(), flip: 0.2 };
        let (finite, infinite) = (gate("h", 0.1), gate("h and u > 0.2", 0.0));
        for y in [finite, infinite] {
            let declared = [("h", &h), ("u", &u), ("lake", &copy), ("alone", &u), ("y", &y)];
            let scm = Scm::build(&declared).unwrap();
            let id = |name| scm.find(name).unwrap();
            assert!(associated(&scm, id("lake"), id("y")));
            assert!(!associated(&scm, id("alone"), id("y")));
        }
    }

    /// No correlation shows it: the label is 1 in the middle.
    #[test]
    fn an_association_that_rises_and_falls_is_seen() {
        let (u, y) = (Mechanism::Uniform(0.0, 1.0), gate("u > 0.3 and u < 0.7", 0.4));
        let scm = Scm::build(&[("u", &u), ("y", &y)]).unwrap();
        assert!(associated(&scm, 0, 1));
    }

    /// Two nodes with a common cause that leaves no trace in their distribution.
    #[test]
    fn a_test_finds_independence_behind_a_common_cause() {
        let (a, b) = (Mechanism::Bernoulli(0.5), Mechanism::Bernoulli(0.5));
        let u = Mechanism::Uniform(0.0, 1.0);
        let (x, y) = (gate("a xor b", 0.0), gate("a and u < 0.5", 0.0));
        let scm = Scm::build(&[("a", &a), ("b", &b), ("u", &u), ("x", &x), ("y", &y)]).unwrap();
        assert!(
            apart(&scm, &[3], 4) == [false] && !associated(&scm, 3, 4) && associated(&scm, 0, 4)
        );
    }

    /// The lake goes with the habitat at the beginning and against it at the end.
    #[test]
    fn a_companion_that_changes_sides_is_associated() {
        let (h, clock) = (Mechanism::Bernoulli(0.5), Mechanism::Clock { period: 1000 });
        let lake = Mechanism::Equation("h xor uniform < clock".into());
        let alone = Mechanism::Equation("uniform < clock".into());
        let y = gate("h", 0.1);
        let declared =
            [("h", &h), ("clock", &clock), ("lake", &lake), ("alone", &alone), ("y", &y)];
        let scm = Scm::build(&declared).unwrap();
        assert_eq!(tested(&scm, &[2, 3], 4), [true, false]);
    }

    /// The correlation is 0.02: too little for bins, enough for 100,000 specimens.
    #[test]
    fn a_slight_trend_is_seen() {
        let h = Mechanism::Bernoulli(0.5);
        let terms = vec![("h".to_owned(), 0.1)];
        let trend = Mechanism::Linear { terms, intercept: 0.0, sd: 0.9 };
        let scm = Scm::build(&[("h", &h), ("trend", &trend), ("y", &gate("h", 0.325))]).unwrap();
        assert!(associated(&scm, 1, 2));
    }

    #[test]
    fn the_statistic_is_the_textbooks() {
        // 10 20 / 30 40: n (ad - bc)^2 over the product of the margins, 0.79365 with 1 freedom.
        let table = Table::of_rows(vec![vec![10.0, 20.0], vec![30.0, 40.0]]);
        let (statistic, freedom) = table.chi_square();
        assert!((statistic - 100.0 * 200.0_f64.powi(2) / (30.0 * 70.0 * 40.0 * 60.0)).abs() < 1e-9);
        assert_eq!(freedom, 1);
        assert!((table.dependence() - (0.4 - 1.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn bins_hold_equal_mass_and_never_part_equal_values() {
        let u = Mechanism::Uniform(0.0, 1.0);
        let scm = Scm::build(&[("u", &u)]).unwrap();
        let values: Vec<f64> = (0..100).rev().map(f64::from).collect();
        let found = bins(&scm, 0, &values);
        assert_eq!((found[0], found[99]), (BINS - 1, 0));
        assert!((0..BINS).all(|b| found.iter().filter(|&&x| x == b).count() == 10));
        let equal = bins(&scm, 0, &[2.0; 50]);
        assert!(equal.iter().all(|&b| b == equal[0]) && bins(&scm, 0, &[]).is_empty());
    }
}
