//! The noise U of one specimen: one number per node, drawn before any mechanism runs.
//!
//! A node's noise depends on the seed, the specimen and the node's name, on nothing else. Every
//! mechanism reads this one number, so a soft intervention finds the noise that was there.

use super::noise::{Uniforms, stream_name};
use super::worlds::deciding;
use super::{Node, NodeId, Scm};

/// From this specimen on the stream is for evaluation: training never comes so far, and clocks
/// stand at any time alike.
pub const HORIZON: u64 = 1 << 40;

/// How often a specimen is drawn anew at its own place of the clocks. A selection that keeps one in
/// a thousand there fails once in ten million times.
const ATTEMPTS: u64 = 1 << 14;
/// How often it's drawn at each of so many later places after that, before it's drawn at any time.
const LATER_ATTEMPTS: u64 = 1 << 6;
const LATER: u64 = 1 << 10;

/// Draws the noise of `specimen` into `exogenous`, indexed by node: each uniform in (0, 1).
///
/// Where the model keeps only some specimens, the noise is drawn until one is kept: at the
/// specimen's own place of the clocks; where nothing is kept there, at the nearest later place at
/// which something is; and where nothing is found there either, with clocks at any time, as in
/// evaluation. A selection keeps some of all ([`Scm::select`]), so this ends.
pub fn draw(scm: &Scm, seed: u64, specimen: u64, exogenous: &mut [f64]) {
    draw_rows(scm, seed, specimen, exogenous);
}

/// Draws the noise of as many consecutive specimens as there are rows of `scm.len()` numbers in
/// `rows`: bit for bit what [`draw`] gives one by one, and much faster.
pub fn draw_rows(scm: &Scm, seed: u64, first: u64, rows: &mut [f64]) {
    let width = scm.len().max(1);
    for (id, node) in scm.in_causal_order() {
        let mut uniforms = Uniforms::new(seed, node.stream, 0, first);
        for (row, specimen) in rows.chunks_exact_mut(width).zip(first..) {
            let drawn = uniforms.next();
            row[id] = at_clock(node, specimen, Some(specimen)).unwrap_or(drawn);
        }
    }
    if scm.is_selective() {
        let mut selecting = Selecting::of(scm, seed);
        for (row, specimen) in rows.chunks_exact_mut(width).zip(first..) {
            selecting.settle(specimen, row);
        }
    }
    for &id in &scm.fresh {
        let stream = stream_name(scm.name(id), "randomised");
        let mut uniforms = Uniforms::new(seed, stream, 0, first);
        rows.chunks_exact_mut(width).for_each(|row| row[id] = uniforms.next());
    }
}

/// Draws specimens until they are kept.
struct Selecting<'a> {
    scm: &'a Scm,
    seed: u64,
    /// The nodes on which being kept depends, causes first, and all others.
    deciding: Vec<(NodeId, &'a Node)>,
    others: Vec<(NodeId, &'a Node)>,
    values: Vec<f64>,
}

impl<'a> Selecting<'a> {
    fn of(scm: &'a Scm, seed: u64) -> Self {
        let decides = deciding(scm);
        let (deciding, others) = scm.in_causal_order().partition(|(id, _)| decides.contains(*id));
        Self { scm, seed, deciding, others, values: vec![0.0; scm.len()] }
    }

    /// Makes the noise of a specimen that of its first attempt that is kept.
    fn settle(&mut self, specimen: u64, row: &mut [f64]) {
        let mut attempt = 0;
        while !self.keeps(row) {
            attempt += 1;
            self.draw(&self.deciding, specimen, attempt, row);
        }
        // What doesn't decide is drawn once, with the attempt that was kept.
        if attempt > 0 {
            self.draw(&self.others, specimen, attempt, row);
        }
    }

    fn keeps(&mut self, row: &[f64]) -> bool {
        for (id, node) in &self.deciding {
            self.values[*id] = node.law.value(&self.values, row[*id]);
        }
        self.scm.keeps(&self.values)
    }

    fn draw(&self, nodes: &[(NodeId, &Node)], specimen: u64, attempt: u64, row: &mut [f64]) {
        let place = place(specimen, attempt);
        for (id, node) in nodes {
            let again = || Uniforms::new(self.seed, node.stream, attempt, specimen).next();
            row[*id] = at_clock(node, specimen, place).unwrap_or_else(again);
        }
    }
}

/// The place in the stream at which an attempt stands; `None` where it's any.
fn place(specimen: u64, attempt: u64) -> Option<u64> {
    let Some(later) = attempt.checked_sub(ATTEMPTS) else { return Some(specimen) };
    let steps = 1 + later / LATER_ATTEMPTS;
    (steps <= LATER).then_some(specimen + steps)
}

/// The noise of a clock: the middle of a place in the stream. In evaluation it's drawn.
fn at_clock(node: &Node, specimen: u64, place: Option<u64>) -> Option<f64> {
    let period = node.clock.filter(|_| specimen < HORIZON)?;
    Some(((place? % period) as f64 + 0.5) / period as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::{Action, Interventions, Mechanism};

    fn rows(scm: &Scm, first: u64, count: usize) -> Vec<f64> {
        let mut rows = vec![0.0; count * scm.len()];
        draw_rows(scm, 7, first, &mut rows);
        rows
    }

    #[test]
    fn rows_are_what_single_draws_give() {
        let (coin, clock) = (Mechanism::Bernoulli(0.5), Mechanism::Clock { period: 10 });
        let mut scm = Scm::build(&[("a", &coin), ("t", &clock), ("b", &coin)]).unwrap();
        for selective in [false, true] {
            if selective {
                scm.select("a or b").unwrap();
            }
            let all = rows(&scm, 5, 40);
            let mut one = vec![0.0; scm.len()];
            for (row, specimen) in all.chunks_exact(scm.len()).zip(5..) {
                draw(&scm, 7, specimen, &mut one);
                assert_eq!(row, one);
            }
            assert_eq!(rows(&scm, 12, 3), all[7 * scm.len()..10 * scm.len()]);
        }
    }

    #[test]
    fn a_clock_goes_round_in_training_and_stands_anywhere_in_evaluation() {
        let clock = Mechanism::Clock { period: 4 };
        let scm = Scm::build(&[("t", &clock)]).unwrap();
        assert_eq!(rows(&scm, 2, 4), [0.625, 0.875, 0.125, 0.375]);
        let later = rows(&scm, HORIZON, 4000);
        let early = later.iter().filter(|u| **u < 0.25).count();
        assert!((900..1100).contains(&early), "{early}");
    }

    #[test]
    fn selection_leaves_what_the_rule_says_and_no_more() {
        let coin = Mechanism::Bernoulli(0.5);
        let rare = Mechanism::Bernoulli(0.1);
        let mut scm = Scm::build(&[("a", &coin), ("b", &rare)]).unwrap();
        scm.select("a or b").unwrap();
        let mut values = vec![0.0; 2];
        let mut counts = [0.0_f64; 4];
        for row in rows(&scm, 0, 20_000).chunks_exact(2) {
            scm.propagate(row, &Interventions::none(), &mut values);
            counts[(2.0 * values[0] + values[1]) as usize] += 1.0 / 20_000.0;
        }
        assert_eq!(counts[0], 0.0);
        for (count, exact) in counts[1..].iter().zip([0.05, 0.45, 0.05]) {
            assert!((count - exact / 0.55).abs() < 0.015, "{counts:?}");
        }
        let joint = scm.joint(&[0, 1]).unwrap();
        assert!((joint.probability(|v| v[0] == 1.0) - 0.5 / 0.55).abs() < 1e-12);
    }

    /// One place in ten is kept, and that is no place of the first specimens.
    #[test]
    fn where_a_clock_stands_at_nothing_that_is_kept_the_nearest_later_place_is_taken() {
        let (clock, coin) = (Mechanism::Clock { period: 1000 }, Mechanism::Bernoulli(0.5));
        let mut scm = Scm::build(&[("t", &clock), ("a", &coin), ("b", &coin)]).unwrap();
        scm.select("floor(1000 * t) - 10 * floor(100 * t) == 7 and a").unwrap();
        let all = rows(&scm, 0, 40);
        for (row, specimen) in all.chunks_exact(3).zip(0_u64..) {
            let next = specimen + (17 - specimen % 10) % 10;
            assert_eq!(row[0], (next as f64 + 0.5) / 1000.0, "specimen {specimen}");
            assert!(row[1] >= 0.5, "a is 1");
        }
        assert_eq!(rows(&scm, 33, 2), all[33 * 3..35 * 3], "alone as among others");
    }

    /// Two clocks go side by side and are never both early or both late: no place keeps anything.
    #[test]
    fn where_no_place_keeps_anything_any_time_will_do() {
        let clock = Mechanism::Clock { period: 10 };
        let mut scm = Scm::build(&[("s", &clock), ("t", &clock)]).unwrap();
        scm.select("s < 0.5 xor t < 0.5").unwrap();
        let all = rows(&scm, 3, 4);
        assert!(all.chunks_exact(2).all(|row| (row[0] < 0.5) != (row[1] < 0.5)), "{all:?}");
    }

    #[test]
    fn the_rarest_selection_is_never_broken() {
        let (size, coin) = (Mechanism::Uniform(0.0, 1.0), Mechanism::Bernoulli(0.5));
        let mut scm = Scm::build(&[("a", &coin), ("z", &size)]).unwrap();
        scm.select("z > 0.9985").unwrap();
        assert!(rows(&scm, 0, 3000).chunks_exact(2).all(|row| row[1] > 0.9985));
    }

    #[test]
    fn a_randomised_node_forgets_why_it_was_kept() {
        let coin = Mechanism::Bernoulli(0.5);
        let mut scm = Scm::build(&[("a", &coin), ("b", &coin)]).unwrap();
        scm.select("a and b").unwrap();
        let follow = scm.soften(0, &coin).unwrap();
        let share = |scm: &Scm| {
            let mut values = vec![0.0; 2];
            let noise = rows(scm, 0, 4000);
            let ones = noise.chunks_exact(2).filter(|row| {
                scm.propagate(row, &Interventions::none(), &mut values);
                assert_eq!(values[1], 1.0, "the other node stays selected");
                values[0] == 1.0
            });
            ones.count()
        };
        assert_eq!(share(&scm), 4000);
        scm.hold(0, follow, true);
        assert!((1800..2200).contains(&share(&scm)));
        scm.hold(0, Action::Set(0.0), false);
        assert_eq!(share(&scm), 0);
    }
}
