//! The world of objects and the vectors, as the program plays them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use twinworld::causal::Interventions;
use twinworld::scene::{Stage, load, parse};
use twinworld::world::{Played, Simulation, TwinPlan, input_specs};

/// Two tables of one machine; the second is rotated and squashed.
const TABLES: &str = r#"(
    version: 1,
    name: "tables",
    factors: [
        (name: "worn", role: Snc, mechanism: Bernoulli(0.5)),
        (name: "heat", role: Nuisance, mechanism: Uniform(0.0, 1.0)),
    ],
    label: (name: "fails", classes: ["runs", "fails"], mechanism: Gate(rule: "worn", flip: 0.05)),
    modalities: [
        Vector(name: "gauges", entries: [(of: "worn", times: 3), (of: "heat")], noise: 0.3),
        Vector(name: "log", entries: [(of: "heat"), (of: "worn")], noise: 0.1, rotation: Some(4),
            squash: Sum(offset: 0.5)),
    ],
)"#;

fn shapes() -> Arc<Stage> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/shapes.ron");
    Arc::new(load(&path).unwrap())
}

/// `n` specimens and their twins under `factor = value`, played in frames of `batch`.
fn play(stage: &Arc<Stage>, n: usize, batch: usize, factor: &str) -> Vec<(Played, Played)> {
    let factor = stage.factor(factor).unwrap();
    let mut simulation = Simulation::new(stage, stage.iid(), 3, batch, 0);
    simulation.plan_twins(TwinPlan::Under(Interventions::set(factor.node, factor.absent)));
    let mut all = Vec::new();
    while all.len() < n {
        simulation.step();
        all.extend(simulation.played());
    }
    all.truncate(n);
    all
}

#[test]
fn objects_do_not_depend_on_the_batch() {
    let stage = shapes();
    let one = play(&stage, 40, 40, "kind");
    assert!(one == play(&stage, 40, 7, "kind"));
    assert!(one[0].0 != one[1].0);
}

#[test]
fn each_factor_is_shown_where_the_scene_says() {
    let stage = shapes();
    for (factor, seen, heard, read) in [
        ("kind", true, true, true),
        ("texture", true, false, false),
        ("hum", false, true, false),
        ("hovering", true, false, true),
        ("slate", true, true, true),
    ] {
        let place = stage.factors.iter().position(|f| f.name == factor).unwrap();
        let worlds = play(&stage, 120, 120, factor);
        let changed: Vec<&(Played, Played)> = worlds
            .iter()
            .filter(|(real, twin)| real.factors[place] != twin.factors[place])
            .collect();
        assert!(changed.len() > 5, "{factor}");
        let any = |differs: &dyn Fn(&Played, &Played) -> bool| {
            changed.iter().any(|(real, twin)| differs(real, twin))
        };
        assert_eq!(any(&|a, b| a.picture != b.picture), seen, "{factor} in pictures");
        assert_eq!(any(&|a, b| a.sound != b.sound), heard, "{factor} in sounds");
        assert_eq!(any(&|a, b| a.tokens != b.tokens), read, "{factor} in notes");
        for (real, twin) in worlds.iter().filter(|(a, b)| a.factors == b.factors) {
            assert!(real == twin, "{factor}: a twin in which nothing changed");
        }
    }
}

#[test]
fn round_things_sound_alike() {
    // Circle and ring share a timbre: a twin of the other round kind looks another way only.
    let stage = shapes();
    let kind = stage.factor("kind").unwrap();
    let place = stage.factors.iter().position(|f| f.name == "kind").unwrap();
    let mut simulation = Simulation::new(&stage, stage.iid(), 3, 80, 0);
    simulation.plan_twins(TwinPlan::Under(Interventions::set(kind.node, 5.0)));
    simulation.step();
    let circles = simulation.played().into_iter().filter(|(real, _)| real.factors[place] == 0.0);
    let mut compared = 0;
    for (circle, ring) in circles {
        assert_eq!(circle.sound, ring.sound);
        assert_eq!(circle.label, ring.label);
        assert!(circle.picture != ring.picture);
        compared += 1;
    }
    assert!(compared > 5);
}

#[test]
fn a_learner_gets_every_vector_by_its_name() {
    let stage = Arc::new(parse(TABLES, "tables").unwrap());
    let specs = input_specs(&stage);
    let named: Vec<(&str, usize)> = specs.iter().map(|s| (s.name.as_str(), s.width)).collect();
    assert_eq!(named, [("gauges", 4), ("log", 2)]);
    let mut simulation = Simulation::new(&stage, stage.iid(), 3, 50, 0);
    let inputs = simulation.step().real.inputs.clone();
    for (row, (real, _)) in simulation.played().into_iter().enumerate() {
        for (input, vector) in inputs.iter().zip(&real.vectors) {
            let width = vector.len();
            assert_eq!(&input.values[row * width..(row + 1) * width], vector);
        }
        assert!(real.vectors[1].iter().all(|x| (0.0..=1.0).contains(x)), "squashed");
    }
}

#[test]
fn twins_share_the_noise_of_their_vectors() {
    let stage = Arc::new(parse(TABLES, "tables").unwrap());
    for (real, twin) in play(&stage, 40, 40, "worn") {
        let less = real.factors[0] - twin.factors[0];
        for (i, (a, b)) in real.vectors[0].iter().zip(&twin.vectors[0]).enumerate() {
            let expected = if i < 3 { less } else { 0.0 };
            assert!((f64::from(a - b) - expected).abs() < 1e-6, "entry {i}");
        }
        assert_eq!(real.vectors[1] == twin.vectors[1], less == 0.0, "a rotation mixes entries");
    }
}
