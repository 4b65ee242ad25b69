//! Truths, bounds and estimates, on random models.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use twinworld::causal::assumption::{exogeneity, monotonicity};
use twinworld::causal::bounds::Evidence;
use twinworld::causal::causation::{
    Counts, Query, Side, Truth, associated, findings, side_of, truth,
};
use twinworld::causal::estimate::Strata;
use twinworld::causal::kept::kept;
use twinworld::causal::tally::{Contrast, How, Tally};
use twinworld::causal::{Action, Domain, Interventions, Mechanism, Scm, exogenous};

/// A model with the place of its label, which is its last node.
#[derive(Clone, Debug)]
struct Model {
    nodes: Vec<(String, Mechanism)>,
    selection: Option<String>,
}

impl Model {
    fn scm(&self) -> Scm {
        let declared: Vec<(&str, &Mechanism)> =
            self.nodes.iter().map(|(n, m)| (n.as_str(), m)).collect();
        let mut scm = Scm::build(&declared).unwrap();
        if let Some(rule) = &self.selection {
            // One that keeps too little is refused, and leaves the model as it was.
            let _ = scm.select(rule);
        }
        scm
    }
}

fn name(i: usize) -> String {
    format!("n{i}")
}

/// Up to six nodes of two to four values, each a table over some of the nodes before it. Rows
/// share a few distributions, so that enumerating all of the noise stays possible.
fn model() -> impl Strategy<Value = Model> {
    let weights = prop::collection::vec(1..=8_u8, 4);
    let node = (2..=4_usize, any::<u8>(), prop::collection::vec(weights, 2), any::<u64>());
    let rule = prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    (prop::collection::vec(node, 2..=6), rule).prop_map(|(nodes, rule)| {
        let sizes: Vec<usize> = nodes.iter().map(|n| n.0).collect();
        let tables = nodes.iter().enumerate().map(|(i, (size, bits, choices, picks))| {
            let parents: Vec<usize> = (0..i).filter(|j| bits >> j & 1 == 1).take(2).collect();
            let count: usize = parents.iter().map(|&p| sizes[p]).product();
            let row = |row: usize| {
                let mut rest = row;
                let when = parents.iter().map(|&p| {
                    let value = rest % sizes[p];
                    rest /= sizes[p];
                    value
                });
                let when = when.collect();
                let weights = &choices[(picks >> (row % 64) & 1) as usize][..*size];
                let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
                (when, weights.iter().map(|&w| f64::from(w) / sum).collect())
            };
            let of = parents.iter().map(|&p| name(p)).collect();
            (name(i), Mechanism::Table { of, rows: (0..count).map(row).collect() })
        });
        let tables: Vec<_> = tables.collect();
        let pick = |i: prop::sample::Index| name(i.index(sizes.len()));
        let selection = rule.map(|(a, b)| format!("{} == 1 or {} != 1", pick(a), pick(b)));
        Model { nodes: tables, selection }
    })
}

/// A query about the last node of a model.
fn query(scm: &Scm, factor: prop::sample::Index) -> Query {
    let label = scm.len() - 1;
    let factor = factor.index(label);
    let last = scm.domain(factor).size().unwrap() - 1;
    Query { factor, label, class: 1.0, absent: 0.0, present: last as f64 }
}

fn label_under(scm: &Scm, noise: &[f64], actions: &Interventions, query: &Query) -> (f64, f64) {
    let mut values = vec![0.0; scm.len()];
    scm.propagate(noise, actions, &mut values);
    (values[query.factor], values[query.label])
}

/// Counts one specimen by playing it three times.
fn play(scm: &Scm, noise: &[f64], query: &Query, weight: f64, counts: &mut Counts) {
    let under = |actions: &Interventions| label_under(scm, noise, actions, query);
    let (factor, actual) = under(&Interventions::none());
    let side = side_of(scm.domain(query.factor), factor, query.absent, query.present);
    let [without, with] = [query.absent, query.present]
        .map(|x| under(&Interventions::set(query.factor, x)).1 == query.class);
    counts.count(weight, side, actual == query.class, without, with);
}

/// The noise of a table, cut wherever one of its rows changes value: the middle of each piece and
/// its length.
fn pieces(mechanism: &Mechanism) -> Vec<(f64, f64)> {
    let Mechanism::Table { rows, .. } = mechanism else { return vec![(0.5, 1.0)] };
    let mut edges = vec![0.0, 1.0];
    for (_, probabilities) in rows {
        let sums = probabilities.iter().scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        });
        edges.extend(sums.filter(|sum| *sum < 1.0));
    }
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges.windows(2).map(|e| (0.5 * (e[0] + e[1]), e[1] - e[0])).collect()
}

/// The truth by visiting every case of the noise, or `None` where there are too many.
fn enumerated(model: &Model, scm: &Scm, query: &Query) -> Option<Counts> {
    let pieces: Vec<Vec<(f64, f64)>> = model.nodes.iter().map(|(_, m)| pieces(m)).collect();
    let cases: usize = pieces.iter().map(Vec::len).product();
    let mut counts = Counts::default();
    let mut values = vec![0.0; scm.len()];
    for case in (0..cases).filter(|_| cases <= 1 << 17) {
        let (mut rest, mut probability) = (case, 1.0);
        let take = |own: &Vec<(f64, f64)>| {
            let (u, share) = own[rest % own.len()];
            rest /= own.len();
            probability *= share;
            u
        };
        let noise: Vec<f64> = pieces.iter().map(take).collect();
        scm.propagate(&noise, &Interventions::none(), &mut values);
        if scm.keeps(&values) {
            play(scm, &noise, query, probability, &mut counts);
        }
    }
    (cases <= 1 << 17).then_some(counts)
}

/// What drawn specimens and their twins show.
fn replayed(scm: &Scm, query: &Query, specimens: u64) -> Counts {
    let (mut counts, mut noise) = (Counts::default(), vec![0.0; scm.len()]);
    for specimen in 0..specimens {
        exogenous::draw(scm, 3, specimen, &mut noise);
        play(scm, &noise, query, 1.0, &mut counts);
    }
    counts
}

/// Whether a counted share may come from a probability: within five standard errors.
fn may_be(part: f64, whole: f64, probability: f64) -> bool {
    let error = (probability * (1.0 - probability) / whole.max(1.0)).sqrt();
    whole < 50.0 || (part / whole - probability).abs() <= 5.0 * error + 1e-9
}

fn agree(exact: &Truth, counts: &Counts) -> bool {
    let ways = [(counts.forward, exact.forward), (counts.reversed, exact.reversed)];
    ways.iter().all(|(counted, exact)| {
        exact.pn.is_none_or(|pn| may_be(counted.lost, counted.with_both, pn))
            && exact.ps.is_none_or(|ps| may_be(counted.gained, counted.with_neither, ps))
            && may_be(counted.follows, counts.total, exact.pns)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn summing_out_node_by_node_is_enumeration(model in model(), factor: prop::sample::Index) {
        let scm = model.scm();
        let query = query(&scm, factor);
        let Some(all) = enumerated(&model, &scm, &query) else {
            return Err(TestCaseError::reject("too many cases of noise"));
        };
        let (wanted, tally) = (all.truth(None), Tally::of(&scm, &query));
        prop_assert_eq!(tally.how, How::Exact);
        let found = tally.truth(1);
        // What is undefined in one has to be so in the other.
        let number = |p: Option<f64>| p.unwrap_or(-1.0);
        for (a, b) in [
            (number(found.forward.pn), number(wanted.forward.pn)),
            (number(found.forward.ps), number(wanted.forward.ps)),
            (found.forward.pns, wanted.forward.pns),
            (number(found.reversed.pn), number(wanted.reversed.pn)),
            (number(found.reversed.ps), number(wanted.reversed.ps)),
            (found.reversed.pns, wanted.reversed.pns),
            (
                tally.weight(|c| c.side == Side::Present && c.actual == 1),
                all.forward.with_both / all.total,
            ),
            (tally.weight(|_| true), 1.0),
        ] {
            prop_assert!((a - b).abs() < 1e-12, "{:?} is not {:?}", found, wanted);
        }
        // Asked with others it is the same, and so it is where no way leads to the label.
        let contrasts = [query.contrast(), Contrast { present: 1.0, ..query.contrast() }];
        let together = findings(&scm, query.label, &contrasts);
        prop_assert!((together[0].truths[1].forward.pns - found.forward.pns).abs() < 1e-12);
        prop_assert_eq!(together[0].associated, associated(&scm, query.factor, query.label));
    }

    #[test]
    fn bounds_cover_the_truth_whatever_the_model(model in model(), factor: prop::sample::Index) {
        let scm = model.scm();
        let query = query(&scm, factor);
        let tally = Tally::of(&scm, &query);
        for class in 0..tally.classes() {
            let (found, evidence) = (tally.truth(class), Evidence::from_tally(&tally, class));
            let bounds = evidence.tian_pearl();
            prop_assert!(bounds.cover(&found), "{:?} {:?} {:?}", evidence, bounds, found);
            let contrast = evidence.y_do_x - evidence.y_do_not_x;
            prop_assert!((contrast - (found.forward.pns - found.reversed.pns)).abs() < 1e-12);
            // The test of exogeneity is about the difference that the evidence shows.
            let tested = exogeneity(&tally, class);
            let both = evidence.xy + evidence.x_only > 0.0 && evidence.y_only + evidence.neither > 0.0;
            prop_assert!(!both || (tested.gap - evidence.confounding()).abs() < 1e-12);
            prop_assert!(!both || tested.holds == (tested.gap <= 1e-9) || tested.gap < 1e-8);
        }
    }

    #[test]
    fn a_selected_and_held_model_is_what_its_specimens_show(
        model in model(), factor: prop::sample::Index, held: prop::sample::Index, way in 0..5_u8,
    ) {
        let mut scm = model.scm();
        let query = query(&scm, factor);
        let node = held.index(scm.len());
        let size = scm.domain(node).size().unwrap();
        let even = Mechanism::Categorical(vec![1.0 / size as f64; size]);
        match way {
            0 => scm.hold(node, Action::Set((size - 1) as f64), false),
            1 => scm.hold(node, scm.soften(node, &even).unwrap(), true),
            2 => scm.hold(node, scm.soften(node, &even).unwrap(), false),
            3 => scm.hold(node, scm.apply(node, "1 - natural").unwrap(), false),
            _ => {}
        }
        // Few are drawn here, so not all too few may be kept.
        prop_assume!(kept(&scm).share > 0.05);
        let (found, counts) = (truth(&scm, &query), replayed(&scm, &query, 3000));
        prop_assert!(found.is_exact());
        prop_assert!(agree(&found, &counts), "{:?} {:?}", found, counts);
    }
}

/// A confounded binary model whose label rises with its factor, whatever the noise: tables share
/// their noise, and each row with x is above its row without.
fn monotone_model() -> impl Strategy<Value = Model> {
    let probability = 0.05..=0.95_f64;
    let ones =
        (prop::collection::vec(probability.clone(), 8), prop::collection::vec(probability, 4));
    ones.prop_map(|(y, rest)| {
        let row = |when: Vec<usize>, one: f64| (when, vec![1.0 - one, one]);
        let rising = (0..4).flat_map(|u| {
            let (low, high) = (y[2 * u].min(y[2 * u + 1]), y[2 * u].max(y[2 * u + 1]));
            [row(vec![0, u / 2, u % 2], low), row(vec![1, u / 2, u % 2], high)]
        });
        let x = vec![row(vec![0], rest[2]), row(vec![1], rest[3])];
        let nodes = vec![
            ("u".to_owned(), Mechanism::Bernoulli(rest[0])),
            ("v".to_owned(), Mechanism::Bernoulli(rest[1])),
            ("x".to_owned(), Mechanism::Table { of: vec!["u".into()], rows: x }),
            (
                "y".to_owned(),
                Mechanism::Table {
                    of: ["x", "u", "v"].map(str::to_owned).to_vec(),
                    rows: rising.collect(),
                },
            ),
        ];
        Model { nodes, selection: None }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn under_the_conditions_of_theorem_3_2_its_equations_hold(
        model in monotone_model(), selective: bool,
    ) {
        // Also among specimens that are kept: there too, consistency and monotonicity hold.
        let selection = selective.then(|| "x or v".to_owned());
        let scm = Model { selection, ..model }.scm();
        let query = Query { factor: 2, label: 3, class: 1.0, absent: 0.0, present: 1.0 };
        let tally = Tally::of(&scm, &query);
        let (found, evidence) = (tally.truth(1), Evidence::from_tally(&tally, 1));
        prop_assert!(monotonicity(&tally, 1).holds);
        let monotone = evidence.monotone();
        let [pn, ps] = [found.forward.pn, found.forward.ps].map(Option::unwrap);
        for (a, b) in
            [(monotone.pn, pn), (monotone.ps, ps), (monotone.pns, found.forward.pns)]
        {
            prop_assert!((a - b).abs() < 1e-9, "{:?} is not {:?}", monotone, found);
        }
        // Eq. 1: PS and PN, weighted, are PNS.
        let weighted = ps * evidence.neither + pn * evidence.xy;
        prop_assert!((weighted - found.forward.pns).abs() < 1e-12);
        // Adjusting for what confounds (Eq. 5) is right, unless kept specimens are asked about.
        let adjusted = Strata::of(&scm, &query, 0).adjusted(1);
        prop_assert!(selective || (adjusted.contrast - found.forward.pns).abs() < 1e-9);
        prop_assert!(evidence.tian_pearl().cover(&found));
    }
}

/// Forty coins behind twenty gates in a row: 2^41 cases of noise.
#[test]
fn a_model_with_a_trillion_cases_of_noise_has_an_exact_truth() {
    let coin = Mechanism::Bernoulli(0.5);
    let mut nodes = vec![("x".to_owned(), coin.clone())];
    for i in 0..20 {
        nodes.extend([(format!("a{i}"), coin.clone()), (format!("b{i}"), coin.clone())]);
    }
    for i in 0..20 {
        let before = if i == 0 { "x".to_owned() } else { format!("g{}", i - 1) };
        let rule = format!("{before} and (a{i} or b{i})");
        nodes.push((format!("g{i}"), Mechanism::Gate { rule, flip: 0.0 }));
    }
    let scm = Model { nodes, selection: None }.scm();
    let label = scm.len() - 1;
    let query = Query { factor: 0, label, class: 1.0, absent: 0.0, present: 1.0 };
    let found = truth(&scm, &query);
    assert!(found.is_exact() && associated(&scm, 0, label));
    let chance = 0.75_f64.powi(20);
    let way = found.forward;
    for (value, wanted) in [(way.pn, 1.0), (way.ps, chance), (Some(way.pns), chance)] {
        assert!((value.unwrap() - wanted).abs() < 1e-12, "{found:?}");
    }
}

/// The counterexample of the specification, section 1: .300, .460, .4905, .300, and .300.
#[test]
fn eq_5_with_a_textbook_instrument_is_worse_than_no_adjustment() {
    let coin = || Mechanism::Bernoulli(0.5);
    let table = |of: [&str; 2], ones: [f64; 4]| Mechanism::Table {
        of: of.map(str::to_owned).to_vec(),
        rows: (0..4).map(|i| (vec![i / 2, i % 2], vec![1.0 - ones[i], ones[i]])).collect(),
    };
    let nodes = [
        ("u", coin()),
        ("v", coin()),
        ("z", table(["v", "u"], [0.1, 0.5, 0.5, 0.9])),
        ("y", table(["z", "u"], [0.1, 0.5, 0.4, 0.8])),
    ];
    let nodes = nodes.map(|(name, mechanism)| (name.to_owned(), mechanism)).to_vec();
    let scm = Model { nodes, selection: None }.scm();
    let query = Query { factor: 2, label: 3, class: 1.0, absent: 0.0, present: 1.0 };
    let tally = Tally::of(&scm, &query);
    let evidence = Evidence::from_tally(&tally, 1);
    let [by_u, by_v] = [0, 1].map(|v| Strata::of(&scm, &query, v));
    for (found, wanted) in [
        (truth(&scm, &query).forward.pns, 0.300),
        (evidence.monotone().pns, 0.300),
        (by_v.observed(1), 0.460),
        (evidence.observational().pns, 0.460),
        (by_v.adjusted(1).contrast, 0.490_476_190_476_190_5),
        (by_u.adjusted(1).contrast, 0.300),
        (by_v.wald(1).unwrap(), 0.300),
    ] {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
    assert!(!exogeneity(&tally, 1).holds && monotonicity(&tally, 1).holds);
    assert!(!by_v.v_independent_of_y(1).holds, "given the collider Z, V tells of U");
}

/// A selected model in which a node is randomised afterwards: exact with coins, and counted with a
/// threshold on uniform noise in the place of a coin.
#[test]
fn replays_of_a_held_model_agree_with_the_exact_answer() {
    let scm = |luck: Mechanism, rule: &str, selection: &str| {
        let gate = |rule: &str| Mechanism::Gate { rule: rule.to_owned(), flip: 0.1 };
        let nodes = vec![
            ("a".to_owned(), Mechanism::Bernoulli(0.3)),
            ("luck".to_owned(), luck),
            ("x".to_owned(), gate("a")),
            ("y".to_owned(), gate(rule)),
        ];
        let mut scm = Model { nodes, selection: Some(selection.to_owned()) }.scm();
        scm.hold(0, scm.soften(0, &Mechanism::Bernoulli(0.5)).unwrap(), true);
        scm
    };
    let exact = scm(Mechanism::Bernoulli(0.25), "x and (a or luck)", "a or luck or x");
    let uniform = Mechanism::Uniform(0.0, 1.0);
    let counted = scm(uniform, "x and (a or luck < 0.25)", "a or luck < 0.25 or x");
    for factor in [0, 2] {
        let query = Query { factor, label: 3, class: 1.0, absent: 0.0, present: 1.0 };
        let (wanted, tally) = (truth(&exact, &query), Tally::of(&counted, &query));
        assert!(wanted.is_exact() && tally.how.trials() == Some(100_000));
        assert!(agree(&wanted, &tally.counts(1)), "{wanted:?} {:?}", tally.counts(1));
        let shown = replayed(&exact, &query, 20_000);
        assert!(agree(&wanted, &shown), "{wanted:?} {shown:?}");
    }
}

/// Infinite noise: what is counted says so, and its intervals cover what is known.
#[test]
fn replays_of_a_continuous_model_cover_what_is_known() {
    let uniform = || Mechanism::Uniform(0.0, 1.0);
    let gate = |rule: &str| Mechanism::Gate { rule: rule.to_owned(), flip: 0.0 };
    let nodes = vec![
        ("size".to_owned(), uniform()),
        ("luck".to_owned(), uniform()),
        ("kind".to_owned(), Mechanism::Bernoulli(0.4)),
        ("y".to_owned(), gate("size > 0.5 and luck < 0.6 and kind")),
    ];
    let scm = Model { nodes, selection: Some("luck < 0.8".to_owned()) }.scm();
    assert_eq!(scm.domain(0), Domain::Continuous);
    // Kept are those with luck below 0.8: P(luck < 0.6) = 0.75.
    for (factor, pn, ps, pns) in [(0, 1.0, 0.3 / 1.0, 0.3), (2, 1.0, 0.375, 0.375)] {
        let query = Query { factor, label: 3, class: 1.0, absent: 0.0, present: 1.0 };
        let found = truth(&scm, &query);
        assert_eq!(found.how.trials(), Some(100_000));
        for (interval, wanted) in found.intervals.unwrap().iter().zip([pn, ps, pns]) {
            let slack = 0.5 * (interval[1] - interval[0]);
            assert!(interval[0] - slack < wanted && wanted < interval[1] + slack, "{found:?}");
        }
        let evidence = Evidence::of(&scm, &query);
        assert!(evidence.tian_pearl().cover(&found), "{evidence:?} {found:?}");
        assert_eq!(evidence.trials, Some(100_000));
    }
}
