//! The noise U of one specimen: one number per node, drawn before any mechanism runs.
//!
//! A node's noise depends on the seed, the specimen and the node's name, on nothing else. Every
//! mechanism reads this one number, so a soft intervention finds the noise that was there.

use super::noise::{Uniforms, stream_name};
use super::{Node, Scm};

/// From this specimen on the stream is for evaluation: training never comes so far, and clocks
/// stand at any time alike.
pub const HORIZON: u64 = 1 << 40;

/// How often the noise of a specimen is drawn until one is kept. A selection that keeps one
/// specimen in a thousand fails once in `e^65` times.
const ATTEMPTS: u64 = 1 << 16;

/// Draws the noise of `specimen` into `exogenous`, indexed by node: each uniform in (0, 1).
///
/// Where the model keeps only some specimens, the noise is drawn until one is kept.
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
            row[id] = at_clock(node, specimen).unwrap_or_else(|| uniforms.next());
        }
    }
    if scm.is_selective() {
        let mut values = vec![0.0; width];
        for (row, specimen) in rows.chunks_exact_mut(width).zip(first..) {
            select(scm, seed, specimen, row, &mut values);
        }
    }
    for &id in &scm.fresh {
        let stream = stream_name(scm.name(id), "randomised");
        let mut uniforms = Uniforms::new(seed, stream, 0, first);
        rows.chunks_exact_mut(width).for_each(|row| row[id] = uniforms.next());
    }
}

/// Draws until the specimen is kept.
fn select(scm: &Scm, seed: u64, specimen: u64, row: &mut [f64], values: &mut [f64]) {
    for attempt in 1..ATTEMPTS {
        scm.propagate_naturally(row, values);
        if scm.keeps(values) {
            return;
        }
        for (id, node) in scm.in_causal_order() {
            let again = || Uniforms::new(seed, node.stream, attempt, specimen).next();
            row[id] = at_clock(node, specimen).unwrap_or_else(again);
        }
    }
}

/// The noise of a clock: the middle of the specimen's place in the stream.
fn at_clock(node: &Node, specimen: u64) -> Option<f64> {
    let period = node.clock.filter(|_| specimen < HORIZON)?;
    Some(((specimen % period) as f64 + 0.5) / period as f64)
}

/// The share of specimens that a selection keeps, over so many draws.
#[must_use]
pub fn kept_share(scm: &Scm, seed: u64, draws: u64) -> f64 {
    const TOGETHER: u64 = 512;
    let width = scm.len().max(1);
    let (mut rows, mut values) = (Vec::new(), vec![0.0; width]);
    let mut all = scm.clone();
    all.unselect();
    let mut kept = 0_u64;
    for first in (0..draws).step_by(TOGETHER as usize) {
        let count = TOGETHER.min(draws - first) as usize;
        rows.resize(count * width, 0.0);
        draw_rows(&all, seed, first, &mut rows);
        for row in rows.chunks_exact(width) {
            scm.propagate_naturally(row, &mut values);
            kept += u64::from(scm.keeps(&values));
        }
    }
    kept as f64 / draws.max(1) as f64
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
        assert!((kept_share(&scm, 1, 20_000) - 0.55).abs() < 0.02);
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
