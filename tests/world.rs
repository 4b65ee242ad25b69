//! The world: repeatable to the bit, and true to its do-operations.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use twinworld::causal::{Action, Interventions};
use twinworld::scene::{Stage, load};
use twinworld::world::{Do, Played, Simulation, TwinPlan, Undo, UndoAll};

fn duck() -> Arc<Stage> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/duck.ron");
    Arc::new(load(&path).unwrap())
}

/// The first `n` specimens and twins, played in frames of `batch`.
fn play(stage: &Arc<Stage>, n: usize, batch: usize, plan: &TwinPlan) -> Vec<(Played, Played)> {
    let mut simulation = Simulation::new(stage, stage.iid(), 3, batch, 0);
    simulation.plan_twins(plan.clone());
    let mut all = Vec::new();
    while all.len() < n {
        simulation.step();
        all.extend(simulation.played());
    }
    all.truncate(n);
    all
}

#[test]
fn specimens_and_twins_do_not_depend_on_the_batch() {
    let stage = duck();
    let one = play(&stage, 60, 60, &TwinPlan::OneFactor);
    assert!(one == play(&stage, 60, 7, &TwinPlan::OneFactor));
    assert!(one == play(&stage, 60, 1, &TwinPlan::OneFactor));
    assert!(one[0].0 != one[1].0);
}

#[test]
fn a_twin_without_interventions_is_its_specimen() {
    let stage = duck();
    for (real, twin) in play(&stage, 20, 20, &TwinPlan::Under(Interventions::none())) {
        assert!(real == twin);
    }
}

#[test]
fn do_lake_changes_the_background_and_nothing_else() {
    let stage = duck();
    let lake = stage.factor("lake").unwrap();
    let place = stage.factors.iter().position(|f| f.name == "lake").unwrap();
    let plan = TwinPlan::Under(Interventions::set(lake.node, 0.0));
    let mut changed = 0;
    for (real, twin) in play(&stage, 60, 60, &plan) {
        assert_eq!(twin.factors[place], 0.0);
        for i in (0..real.factors.len()).filter(|&i| i != place) {
            assert_eq!(real.factors[i].to_bits(), twin.factors[i].to_bits());
        }
        assert_eq!(real.label, twin.label, "the lake causes no label");
        assert_eq!(real.tokens, twin.tokens, "the lake is not spoken of");
        let had_lake = real.factors[place] == 1.0;
        assert_eq!(real.picture != twin.picture, had_lake);
        assert_eq!(real.sound != twin.sound, had_lake);
        changed += usize::from(had_lake);
    }
    assert!((10..50).contains(&changed));
}

#[test]
fn do_bill_cuts_the_edge_from_the_habitat() {
    let stage = duck();
    let bill = stage.factor("flat_bill").unwrap();
    let of = |name: &str| stage.factors.iter().position(|f| f.name == name).unwrap();
    let (b, w, p, lake) = (of("flat_bill"), of("wings"), of("webbed_paws"), of("lake"));
    let plan = TwinPlan::Under(Interventions::set(bill.node, 1.0));
    let mut freed = 0;
    for (real, twin) in play(&stage, 200, 50, &plan) {
        assert_eq!(twin.factors[b], 1.0);
        assert_eq!(real.factors[lake], twin.factors[lake], "the habitat stays as it was");
        let holds = |f: &[f64]| f[w] == 1.0 && (f[b] == 1.0 || f[p] == 1.0);
        assert_eq!(real.label, usize::from(holds(&real.factors)));
        assert_eq!(twin.label, usize::from(holds(&twin.factors)));
        freed += usize::from(twin.factors[lake] == 0.0);
    }
    assert!(freed > 60, "flat bills in the meadow: {freed}");
}

#[test]
fn a_twin_of_one_factor_differs_in_one_factor() {
    let stage = duck();
    let mut seen = vec![0; stage.factors.len()];
    for (real, twin) in play(&stage, 400, 100, &TwinPlan::OneFactor) {
        let differing: Vec<usize> =
            (0..real.factors.len()).filter(|&i| real.factors[i] != twin.factors[i]).collect();
        assert_eq!(differing.len(), 1, "{differing:?}");
        seen[differing[0]] += 1;
    }
    assert!(seen.iter().all(|&count| count > 10), "every factor has its turn: {seen:?}");
}

#[test]
fn operations_come_as_messages_and_can_be_undone() {
    let stage = duck();
    let of = |name: &str| stage.factors.iter().position(|f| f.name == name).unwrap();
    let (wings, lake) = (of("wings"), of("lake"));
    let node = |name: &str| stage.factor(name).unwrap().node;
    let mut simulation = Simulation::new(&stage, stage.iid(), 3, 100, 0);
    let frame = |simulation: &mut Simulation| {
        simulation.seek(0);
        simulation.step();
        simulation.played().into_iter().map(|(real, _)| real).collect::<Vec<_>>()
    };
    let natural = frame(&mut simulation);
    for name in ["wings", "lake"] {
        simulation.send(Do { node: node(name), action: Action::Set(0.0) });
    }
    let operated = frame(&mut simulation);
    assert!(operated.iter().all(|p| p.factors[wings] == 0.0 && p.factors[lake] == 0.0));
    assert!(operated.iter().all(|p| p.label == 0), "nothing without wings is a duck");
    simulation.send(Undo { node: node("wings") });
    let half = frame(&mut simulation);
    assert!(half.iter().all(|p| p.factors[lake] == 0.0));
    assert!(half.iter().any(|p| p.factors[wings] == 1.0));
    simulation.send(UndoAll);
    assert!(frame(&mut simulation) == natural);
}

#[test]
fn regimes_reverse_or_break_the_confounding() {
    let stage = duck();
    let of = |name: &str| stage.factors.iter().position(|f| f.name == name).unwrap();
    let (bill, lake) = (of("flat_bill"), of("lake"));
    let agreement = |regime: &str| {
        let regime = stage.regime(regime).unwrap();
        let mut simulation = Simulation::new(&stage, regime, 3, 1000, 0);
        simulation.step();
        let all = simulation.played();
        all.iter().filter(|(p, _)| p.factors[bill] == p.factors[lake]).count() as f64 / 1000.0
    };
    assert!((agreement("iid") - 0.95).abs() < 0.03);
    assert!((agreement("flipped") - 0.05).abs() < 0.03);
    assert!((agreement("randomised") - 0.50).abs() < 0.06);
}
