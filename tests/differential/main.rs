//! The truth of random scenes against an enumeration of all of their noise that is written here.
//!
//! Nothing of the program is used but what a scene's author sees: the scene is written as a file, and
//! its answers are read. What mechanisms, regimes, selections and do-operations mean is told again in
//! `mechanism.rs` and `model.rs`, from their documentation.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod draft;
mod expression;
mod mechanism;
mod model;
mod random;
mod scene;

use draft::Draft;
use model::{Events, Model};
use random::Random;
use scene::Written;
use twinworld::causal::causation::{Direction, Truth};
use twinworld::causal::tally::{Contrast, Tally, tallies};
use twinworld::causal::{NodeId, Scm};
use twinworld::scene::{Factor, Stage, operation, parse};

/// The scenes with finite noise, and those with noise that has to be counted.
const EXACT: u64 = 1900;
const COUNTED: u64 = 100;

/// What rounding may do.
const ROUNDING: f64 = 1e-9;

/// A condition of a smaller probability is rounding itself.
const NOTHING: f64 = 1e-12;

#[derive(Default)]
struct Found {
    differences: Vec<String>,
    figures: usize,
    intervals: usize,
    covered: usize,
}

impl Found {
    fn near(&mut self, what: &str, found: f64, wanted: f64) {
        self.figures += 1;
        if (found - wanted).abs() > ROUNDING {
            self.differences.push(format!("{what}: {found} is not {wanted}"));
        }
    }
}

#[test]
fn two_thousand_random_scenes_have_the_truth_that_an_enumeration_finds() {
    let mut found = Found::default();
    let (mut refused, mut regimes, mut operations) = (Vec::new(), 0, 0);
    for seed in 0..EXACT + COUNTED {
        let written = Written::random(&mut Random::of(seed), seed >= EXACT);
        let text = written.text();
        let stage = match parse(&text, "random.ron") {
            Ok(stage) => stage,
            Err(error) => {
                refused.push(format!("scene {seed}: {error}\n{text}"));
                continue;
            }
        };
        let before = found.differences.len();
        examine(&mut found, &written, &stage, "iid", &written.draft.model());
        for (factor, declared) in stage.factors.iter().zip(&written.draft.factors()) {
            let name = &written.draft.nodes[*declared].name;
            assert_eq!(&factor.name, name);
            let without = written.draft.is_ignored(*declared);
            assert!(!without || factor.truths.iter().all(|truth| !truth.is_causal()), "{name}");
        }
        for regime in &written.regimes {
            regimes += 1;
            examine(&mut found, &written, &stage, &regime.name, &regime.model);
        }
        for (line, model) in &written.operations {
            operations += 1;
            let (node, action) = operation(stage.scm(), line).unwrap();
            let mut interventions = twinworld::causal::Interventions::none();
            interventions.insert(node, action);
            let scm = stage.scm().under(&interventions);
            distributions(&mut found, &written.draft, &scm, line, model);
        }
        for difference in &mut found.differences[before..] {
            *difference = format!("scene {seed}: {difference}\n{text}");
        }
    }
    let Found { differences, figures, intervals, covered } = &found;
    assert!(refused.is_empty(), "{} refused, first:\n{}", refused.len(), refused[0]);
    assert!(differences.is_empty(), "{} differ, first:\n{}", differences.len(), differences[0]);
    assert!(*figures > 50_000, "{figures}");
    assert!(regimes > 1000 && operations > 1000, "{regimes} {operations}");
    // 95% intervals, of which those of one scene don't err independently: they are of the same
    // samples. How often they cover is held where they are made.
    let share = *covered as f64 / *intervals as f64;
    assert!(*intervals > 100 && share > 0.9, "{share} of {intervals}");
}

/// The truth of every factor, class and direction in a regime, and the distribution of every node.
fn examine(found: &mut Found, written: &Written, stage: &Stage, regime: &str, model: &Model) {
    let scm = &stage.regime(regime).unwrap().scm;
    // Those of infinite noise on which nothing hangs have no effect; the scene was checked for it.
    let factors: Vec<(usize, &Factor)> = (written.draft.factors().into_iter().zip(&stage.factors))
        .filter(|(node, _)| !written.draft.is_ignored(*node))
        .collect();
    let contrasts: Vec<Contrast> = (factors.iter())
        .map(|(_, f)| Contrast { factor: f.node, absent: f.absent, present: f.present })
        .collect();
    let asked: Vec<(usize, f64, f64)> =
        factors.iter().map(|&(node, f)| (node, f.absent, f.present)).collect();
    let wanted = model.events(&written.draft, &asked);
    for ((tally, events), (node, factor)) in
        tallies(scm, stage.label, &contrasts).iter().zip(&wanted).zip(&factors)
    {
        let what = format!("{regime}, {}", written.draft.nodes[*node].name);
        for class in 0..tally.classes() {
            let what = format!("{what}, class {class}");
            compare(found, &what, tally, class, events);
            if regime == "iid" && factor.truths[class].is_exact() && tally.how.trials().is_none() {
                let (loaded, asked) = (factor.truths[class], tally.truth(class));
                assert_eq!((loaded.forward, loaded.reversed), (asked.forward, asked.reversed));
            }
        }
        let (dependence, exact) = (events.dependence(), tally.how.trials().is_none());
        let certain = !(1e-10..1e-8).contains(&dependence);
        if exact && certain && tally.associated != (dependence > ROUNDING) {
            let problem = format!("{what}: associated is not {dependence}");
            found.differences.push(problem);
        }
    }
    distributions(found, &written.draft, scm, regime, model);
}

fn compare(found: &mut Found, what: &str, tally: &Tally, class: usize, events: &Events) {
    let Truth { forward, reversed, intervals, .. } = tally.truth(class);
    for (way, Direction { pn, ps, pns }, is_forward) in
        [("forward", forward, true), ("reversed", reversed, false)]
    {
        let [wanted_pn, wanted_ps, wanted_pns] = events.of(class, is_forward);
        let share = |[part, whole]: [f64; 2]| part / whole;
        if tally.how.trials().is_some() && !tally.idle {
            let Some(intervals) = intervals.filter(|_| is_forward) else { continue };
            for (interval, wanted) in intervals.iter().zip([wanted_pn, wanted_ps, wanted_pns]) {
                covers(found, what, *interval, wanted);
            }
            continue;
        }
        for (name, found_value, wanted) in [("PN", pn, wanted_pn), ("PS", ps, wanted_ps)] {
            let what = format!("{what}, {way} {name}");
            match found_value {
                Some(value) if wanted[1] > NOTHING => found.near(&what, value, share(wanted)),
                None if wanted[1] > NOTHING => found.differences.push(format!("{what}: undefined")),
                // Counted samples that never show a condition don't prove that it never holds.
                Some(value) if wanted[1] == 0.0 && !(tally.idle && value == 0.0) => {
                    found.differences.push(format!("{what}: {value} of what never holds"));
                }
                _ => {}
            }
        }
        found.near(&format!("{what}, {way} PNS"), pns, share(wanted_pns));
    }
}

/// An interval of counted samples against what is true.
fn covers(found: &mut Found, what: &str, [low, high]: [f64; 2], [part, whole]: [f64; 2]) {
    if whole < NOTHING {
        return;
    }
    let (truth, width) = (part / whole, high - low);
    // What is certain is always covered, and says nothing.
    if truth > 1e-4 && truth < 1.0 - 1e-4 {
        found.intervals += 1;
        found.covered += usize::from((low..=high).contains(&truth));
    }
    if width <= 0.0 || truth < low - width - ROUNDING || truth > high + width + ROUNDING {
        found.differences.push(format!("{what}: {truth} is far from [{low}, {high}]"));
    }
}

/// The distribution of every node of finite noise.
fn distributions(found: &mut Found, draft: &Draft, scm: &Scm, regime: &str, model: &Model) {
    let wanted = model.distributions(draft);
    let finite = draft.nodes.iter().zip(&wanted).filter(|(_, wanted)| !wanted.is_empty());
    for (node, wanted) in finite {
        let id: NodeId = scm.find(&node.name).unwrap();
        // What depends on a clock is told by counting.
        let Some(joint) = scm.joint(&[id]) else {
            assert!(draft.counted, "{regime}: P({}) isn't exact", node.name);
            continue;
        };
        for &(value, probability) in wanted {
            let p = joint.probability(|v| v[0] == value);
            found.near(&format!("{regime}: P({} = {value})", node.name), p, probability);
        }
    }
}
