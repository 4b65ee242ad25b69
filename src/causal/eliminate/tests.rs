//! Large networks: what is known of them by a formula, and what has to be counted.

use super::*;
use crate::causal::causation::{Direction, findings};
use crate::causal::tally::{Contrast, How, Tally, tallies};
use crate::causal::{Action, Mechanism};

fn build(declared: &[(String, Mechanism)]) -> Scm {
    let pairs: Vec<(&str, &Mechanism)> = declared.iter().map(|(n, m)| (n.as_str(), m)).collect();
    Scm::build(&pairs).unwrap()
}

fn gate(rule: &str, flip: f64) -> Mechanism {
    Mechanism::Gate { rule: rule.to_owned(), flip }
}

fn copy(of: String, flip: f64) -> Mechanism {
    Mechanism::NoisyCopy { of, flip }
}

/// A chain: every node copies the one before.
fn chain(nodes: usize, flip: f64) -> Vec<(String, Mechanism)> {
    let link = |i: usize| match i {
        0 => ("c0".to_owned(), Mechanism::Bernoulli(0.5)),
        _ => (format!("c{i}"), copy(format!("c{}", i - 1), flip)),
    };
    (0..nodes).map(link).collect()
}

fn contrasts(factors: impl Iterator<Item = NodeId>) -> Vec<Contrast> {
    factors.map(|factor| Contrast { factor, absent: 0.0, present: 1.0 }).collect()
}

fn exact(tally: &Tally) -> bool {
    tally.how == How::Exact
}

/// Copies that are turned over with probability f: an even number of n turns has probability
/// (1 + (1 - 2f)^n) / 2. Then the label is what the factor is, else the opposite.
#[test]
fn all_causes_in_a_long_chain_have_an_exact_truth() {
    const NODES: usize = 600;
    let scm = build(&chain(NODES, 0.01));
    let label = NODES - 1;
    let found = findings(&scm, label, &contrasts(0..label));
    for (i, finding) in found.iter().enumerate() {
        let even = even_turns(label - i, 0.01);
        let truth = &finding.truths[1];
        let Direction { pn, ps, pns } = truth.forward;
        assert!(truth.is_exact());
        // Whoever has the label with the factor has the other without.
        for (value, wanted) in [(pn.unwrap(), 1.0), (ps.unwrap(), 1.0), (pns, even)] {
            assert!((value - wanted).abs() < 1e-9, "{i}: {value} is not {wanted}");
        }
        assert!((truth.reversed.pns - (1.0 - even)).abs() < 1e-9);
    }
}

fn even_turns(copies: usize, flip: f64) -> f64 {
    0.5 + 0.5 * (1.0 - 2.0 * flip).powi(copies as i32)
}

/// The label stands at the beginning: no cause, and associated as far as it can be told.
#[test]
fn effects_along_a_long_chain_are_associated_as_long_as_it_shows() {
    let scm = build(&chain(400, 0.05));
    let found = findings(&scm, 0, &contrasts(1..400));
    for (i, finding) in found.iter().enumerate() {
        let difference = 0.5 * 0.9_f64.powi(i as i32 + 1);
        assert_eq!(finding.associated, difference > 1e-9, "{i}");
        assert!(!finding.truths[1].is_causal());
    }
}

/// A tree whose leaves are causes and whose root is the label: in a row it has no narrow place.
#[test]
fn a_tree_of_a_thousand_nodes_has_an_exact_truth() {
    let count = 1023;
    let node = |i: usize| {
        let (a, b) = (2 * i + 1, 2 * i + 2);
        let mechanism = if b < count {
            gate(&format!("n{a} or n{b}"), 0.0)
        } else {
            Mechanism::Bernoulli(0.01)
        };
        (format!("n{i}"), mechanism)
    };
    let declared: Vec<(String, Mechanism)> = (0..count).map(node).collect();
    let scm = build(&declared);
    let leaves = contrasts((1..count).step_by(37));
    for tally in tallies(&scm, 0, &leaves) {
        // All leaves that aren't below the factor have to be 0.
        let factor = tally.contrast.factor;
        let depth = (factor + 1).ilog2();
        let below = 1 << (9 - depth);
        let wanted = 0.99_f64.powi(512 - below);
        let found = tally.truth(1).forward.pns;
        assert!(exact(&tally) && (found - wanted).abs() < 1e-9, "{factor}: {found} {wanted}");
    }
}

/// Equal weights have as many sums as there are causes, and different ones 2 to the power of that.
#[test]
fn sums_over_many_causes_are_added_up_and_never_tabled() {
    let model = |causes: usize, weight: fn(usize) -> f64, threshold: bool| {
        let mut declared: Vec<(String, Mechanism)> =
            (0..causes).map(|i| (format!("k{i}"), Mechanism::Bernoulli(0.5))).collect();
        let terms = (0..causes).map(|i| (format!("k{i}"), weight(i))).collect();
        declared.push(match threshold {
            true => ("y".into(), Mechanism::Threshold { terms, above: 19.5, flip: 0.0 }),
            false => ("y".into(), Mechanism::Logistic { terms, intercept: -3.0 }),
        });
        build(&declared)
    };
    let scm = model(40, |_| 1.0, true);
    let all = tallies(&scm, 40, &contrasts(0..40));
    // A cause matters where exactly 19 of the 39 others are 1.
    let others = (1..=19).fold(0.5_f64.powi(39), |p, i| p * f64::from(40 - i) / f64::from(i));
    for tally in &all {
        assert!(exact(tally) && (tally.truth(1).forward.pns - others).abs() < 1e-12);
    }
    let scm = model(60, |i| 0.1 + 0.013 * i as f64, false);
    let all = tallies(&scm, 60, &contrasts([0, 59].into_iter()));
    assert!(all.iter().all(|tally| matches!(tally.how, How::Counted { .. })));
    let [small, large] = [0, 1].map(|i| all[i].truth(1).forward.pns);
    assert!(small < large && all[0].truth(1).intervals.unwrap()[2][1] < 0.2);
}

/// Rules, cases and equations over many nodes are put together from parts too.
#[test]
fn long_rules_have_an_exact_truth() {
    let coins = 48;
    let mut declared: Vec<(String, Mechanism)> =
        (0..coins).map(|i| (format!("a{i}"), Mechanism::Bernoulli(0.5))).collect();
    let names: Vec<String> = (0..coins).map(|i| format!("a{i}")).collect();
    declared.push(("parity".into(), gate(&names.join(" xor "), 0.1)));
    declared.push((
        "count".into(),
        Mechanism::Equation(format!("{} + normal > 24", names.join(" + "))),
    ));
    let scm = build(&declared);
    for label in [coins, coins + 1] {
        let found = tallies(&scm, label, &contrasts(0..2));
        assert!(found.iter().all(exact), "{label}");
        let parity = label == coins;
        let truth = found[0].truth(1);
        // Of parity half is 1 with the coin at 0; a sum only grows.
        let wanted = if parity { 0.5 } else { truth.forward.pns };
        assert!((truth.forward.pns - wanted).abs() < 1e-12 && truth.forward.pns > 0.05);
        assert!((truth.reversed.pns - if parity { 0.5 } else { 0.0 }).abs() < 1e-12);
    }
}

/// A dense network: every node reads the twelve before it. Nothing is waited for, and what is
/// counted covers what a smaller model of the same kind has exactly.
#[test]
fn what_takes_too_many_steps_is_counted() {
    let node = |i: usize| {
        let terms: Vec<(String, f64)> = (i.saturating_sub(12)..i)
            .map(|j| (format!("n{j}"), 0.3 + 0.017 * ((7 * i + 3 * j) % 31) as f64))
            .collect();
        let mechanism = match i {
            0..12 => Mechanism::Bernoulli(0.5),
            _ => Mechanism::Logistic { terms, intercept: -3.3 },
        };
        (format!("n{i}"), mechanism)
    };
    let scm = build(&(0..60).map(node).collect::<Vec<_>>());
    let found = tallies(&scm, 59, &contrasts(0..59));
    for tally in found.iter().filter(|tally| !exact(tally)) {
        let How::Counted { specimens, why } = tally.how else { continue };
        assert!(specimens >= 2_500);
        assert!(matches!(why, Some(Obstacle::TooMany | Obstacle::TooManyOfAll)), "{why:?}");
        let intervals = tally.truth(1).intervals.unwrap();
        assert!(intervals.iter().all(|[low, high]| low < high));
    }
    assert!(!found.iter().all(exact));
}

/// Worlds that differ: a node is held after the selection, and another one is set.
#[test]
fn a_held_and_selected_chain_is_exact_in_every_world() {
    let mut scm = build(&chain(300, 0.002));
    scm.select("c299 or c0").unwrap();
    scm.hold(150, scm.soften(150, &Mechanism::Bernoulli(0.5)).unwrap(), true);
    let operations = &[(200, 0.0), (200, 1.0)];
    let wanted = &[(0, 0), (0, 200), (1, 299), (2, 299)];
    let joint = eliminate(&scm, &Inquiry { operations, wanted }).unwrap();
    let (after, before, all) =
        (even_turns(99, 0.002), even_turns(200, 0.002), even_turns(299, 0.002));
    // Not kept are those with both ends 0 by nature.
    let kept = 1.0 - 0.5 * all;
    let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    near(joint.probability(|v| v[0] == 1.0), 0.5 / kept);
    // The end follows what is set by the turns that had a part in being kept.
    let follows = joint.probability(|v| v[3] == 1.0 && v[2] == 0.0);
    near(follows, after * (1.0 - 0.5 * before) / kept);
    // What is held is drawn anew: it had no part in it.
    let fresh = eliminate(&scm, &Inquiry { operations: &[], wanted: &[(0, 150)] }).unwrap();
    near(fresh.probability(|v| v[0] == 1.0), 0.5);
}

#[test]
fn infinite_noise_is_named() {
    let declared = [
        ("size".to_owned(), Mechanism::Uniform(0.0, 1.0)),
        ("big".to_owned(), gate("size > 0.5", 0.0)),
        ("coin".to_owned(), Mechanism::Bernoulli(0.5)),
    ];
    let mut scm = build(&declared);
    let ask = |scm: &Scm| eliminate(scm, &Inquiry { operations: &[], wanted: &[(0, 1), (0, 2)] });
    assert_eq!(ask(&scm), Err(Obstacle::Infinite(0)));
    // What is held at a value has no noise.
    scm.hold(0, Action::Set(0.7), false);
    assert!((ask(&scm).unwrap().probability(|v| v[0] == 1.0) - 1.0).abs() < 1e-12);
}

/// The noise of an equation is cut for the values that its parents have, also where these are
/// continuous and many.
#[test]
fn equations_over_continuous_nodes_of_finite_noise_are_exact() {
    let equation = |text: &str| Mechanism::Equation(text.to_owned());
    let declared = [
        ("a".to_owned(), Mechanism::Categorical(vec![0.25; 4])),
        ("level".to_owned(), equation("0.1 + 0.2 * a")),
        ("y".to_owned(), equation("uniform < level")),
    ];
    let scm = build(&declared);
    let joint = eliminate(&scm, &Inquiry { operations: &[(1, 0.35)], wanted: &[(0, 2), (1, 2)] });
    let joint = joint.unwrap();
    assert!((joint.probability(|v| v[0] == 1.0) - 0.4).abs() < 1e-12);
    assert!((joint.probability(|v| v[1] == 1.0) - 0.35).abs() < 1e-12);
    // Both share their noise: the rarer one implies the other.
    let level = |a: f64| (0.1 + 0.2 * a).min(0.35);
    let wanted = (0..4).map(|a| 0.25 * level(f64::from(a))).sum::<f64>();
    assert!((joint.probability(|v| v == [1.0, 1.0]) - wanted).abs() < 1e-12);
}

/// Counted intervals say 95%: over models whose truth is known they cover as often.
#[test]
fn intervals_cover_as_often_as_they_say() {
    const MODELS: usize = 200;
    let mut covered = [0; 3];
    for i in 0..MODELS {
        // Other names, other noise. The uniform node can't be summed out.
        let (u, x, y) = (format!("u{i}"), format!("x{i}"), format!("y{i}"));
        let p = 0.02 + 0.9 * (i as f64 / MODELS as f64);
        let declared = [
            (u.clone(), Mechanism::Uniform(0.0, 1.0)),
            (x.clone(), Mechanism::Bernoulli(0.3)),
            (y, gate(&format!("{x} and {u} < {p}"), 0.0)),
        ];
        let scm = build(&declared);
        // Class 0 goes with x = 0.
        let contrast = Contrast { factor: 1, absent: 1.0, present: 0.0 };
        let intervals = tallies(&scm, 2, &[contrast])[0].truth(0).intervals.unwrap();
        // PN: of those with x = 0 and no y all have y under do(1) with probability p.
        for ((covered, [low, high]), wanted) in covered.iter_mut().zip(intervals).zip([p, 1.0, p]) {
            assert!(low < high, "no interval is of no width");
            *covered += usize::from((low..=high).contains(&wanted));
        }
    }
    // 95% of 200 is 190, with a standard deviation of 3.1.
    assert!((180..=199).contains(&covered[0]) && (180..=199).contains(&covered[2]), "{covered:?}");
    assert_eq!(covered[1], MODELS, "what is certain is always covered");
}
