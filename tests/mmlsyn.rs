//! MMLSynData is the paper's: its constants give the figures that follow from them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use twinworld::causal::Role;
use twinworld::causal::bounds::Evidence;
use twinworld::causal::causation::Query;
use twinworld::scene::{CLASS, Stage, load, with_overrides, with_variant};
use twinworld::world::Simulation;

fn scene(name: &str) -> Stage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenes/{name}.ron"));
    load(&path).unwrap()
}

/// PN, PS and PNS as observation shows them.
fn observed(stage: &Stage, name: &str) -> [f64; 3] {
    let factor = stage.factor(name).unwrap();
    let query = Query {
        factor: factor.node,
        label: stage.label,
        class: CLASS as f64,
        absent: factor.absent,
        present: factor.present,
    };
    let seen = Evidence::of(stage.scm(), &query);
    assert!(seen.trials.is_none(), "{name} is exact");
    let found = seen.observational();
    [found.pn, found.ps, found.pns]
}

/// From `P(y | 1)` and `P(y | 0)`.
fn contrast(one: f64, zero: f64) -> [f64; 3] {
    let pns = one - zero;
    [pns / one, pns / (1.0 - zero), pns]
}

/// P(y | SC = 1): the leak lets SC in where SNC isn't.
fn leaky(leak: f64) -> [f64; 3] {
    contrast((0.5 * 0.85 + 0.5 * leak * 0.15) / (0.5 + 0.5 * leak), 0.15)
}

/// P(y | NC = 0): NC isn't always kept where SNC is.
fn kept(keep: f64) -> [f64; 3] {
    let absent = 0.5 + 0.5 * (1.0 - keep);
    contrast(0.85, (0.5 * 0.15 + 0.5 * (1.0 - keep) * 0.85) / absent)
}

fn near(found: [f64; 3], wanted: [f64; 3], name: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-9, "{name}: {found} is not {wanted}");
    }
}

#[test]
fn observation_shows_the_figures_of_the_constants() {
    let stage = scene("mmlsyn");
    near(observed(&stage, "snc"), contrast(0.85, 0.15), "snc");
    for (modality, keep) in [(1, 0.5), (2, 0.7), (3, 0.9)] {
        near(observed(&stage, &format!("sc_{modality}")), leaky(0.1), "sc");
        near(observed(&stage, &format!("nc_{modality}")), kept(keep), "nc");
    }
    // As the specification rounds them.
    let rounded = |all: [f64; 3]| all.map(|x| (x * 1e4).round() / 1e4);
    assert_eq!(rounded(leaky(0.1)), [0.8092, 0.7487, 0.6364]);
    assert_eq!(rounded(kept(0.9)), [0.7487, 0.8092, 0.6364]);
    assert_eq!(rounded(kept(0.7))[2], 0.5385);
    assert_eq!(rounded(kept(0.5))[2], 0.4667);
    // Other leaks are a dial.
    let dialled = with_overrides(stage, &["dials.leak=0.3".to_owned()]).unwrap();
    near(observed(&dialled, "sc_2"), leaky(0.3), "sc");
}

#[test]
fn no_one_can_be_right_more_often_than_85_in_100() {
    let stage = scene("mmlsyn");
    let snc = stage.factor("snc").unwrap();
    let joint = stage.scm().joint(&[snc.node, stage.label]).unwrap();
    assert!((joint.probability(|v| v[0] == v[1]) - 0.85).abs() < 1e-12);
    // Theorem 3.2 says 0.70; the flip of the label isn't monotone, so the truth is 0.85 and 0.15.
    assert!((observed(&stage, "snc")[2] - 0.70).abs() < 1e-12);
    let found = snc.truth();
    assert!((found.forward.pns - 0.85).abs() < 1e-12 && (found.reversed.pns - 0.15).abs() < 1e-12);
    for factor in stage.factors.iter().filter(|f| f.name != "snc") {
        assert_eq!(factor.truth().forward.pns, 0.0, "{} is an effect", factor.name);
    }
}

#[test]
fn names_can_be_swapped_and_splits_are_the_papers() {
    let stage = scene("mmlsyn");
    assert_eq!(stage.scene.splits, [("train".to_owned(), 1000), ("test".to_owned(), 200)]);
    let role = |stage: &Stage, name: &str| stage.factor(name).unwrap().role;
    assert_eq!((role(&stage, "sc_1"), role(&stage, "nc_1")), (Role::Nc, Role::Sc));
    for reading in ["mmlsyn", "mmlsyn-majority"] {
        let swapped = with_variant(&scene(reading), "swap_names").unwrap();
        assert_eq!((role(&swapped, "sc_1"), role(&swapped, "nc_1")), (Role::Sc, Role::Nc));
    }
    let swapped = with_variant(&scene("mmlsyn"), "swap_names").unwrap();
    near(observed(&swapped, "sc_3"), kept(0.9), "sc");
    near(observed(&swapped, "nc_3"), leaky(0.1), "nc");
}

/// The vectors of the first specimens.
fn vectors(stage: Stage, count: usize) -> Vec<(Vec<f64>, Vec<Vec<f32>>)> {
    let stage = Arc::new(stage);
    let mut simulation = Simulation::new(&stage, stage.iid(), 5, count, 0);
    simulation.step();
    simulation.played().into_iter().map(|(real, _)| (real.factors, real.vectors)).collect()
}

#[test]
fn each_modality_shows_the_same_causes_in_its_own_way() {
    let all = vectors(scene("mmlsyn"), 400);
    assert!(all.iter().all(|(_, v)| v.len() == 3 && v.iter().all(|x| x.len() == 20)));
    assert!(all.iter().any(|(_, v)| v[0] != v[1]));
    // The first isn't rotated: the mean of its first five entries tells of SNC.
    let mean = |snc: f64| {
        let of: Vec<f64> = all
            .iter()
            .filter(|(f, _)| f[0] == snc)
            .map(|(_, v)| v[0][..5].iter().map(|&x| f64::from(x)).sum::<f64>() / 5.0)
            .collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    assert!(mean(1.0) > mean(0.0) + 0.1, "{} {}", mean(1.0), mean(0.0));
    // The paper's product of the two functions makes x constant.
    let product = with_variant(&scene("mmlsyn"), "product").unwrap();
    let flat = |x: &f32| *x == 0.5;
    assert!(vectors(product, 50).iter().all(|(_, v)| v.iter().flatten().all(flat)));
}

#[test]
fn one_block_at_a_time_is_a_dial() {
    // Without noise and squashing what isn't shown is 0.
    let clear: Vec<String> =
        ["dials.one_block=1", "modalities.x1.noise=0", "modalities.x1.squash=Identity"]
            .map(str::to_owned)
            .to_vec();
    let stage = with_overrides(scene("mmlsyn"), &clear).unwrap();
    let place = stage.factors.iter().position(|f| f.name == "block").unwrap();
    let mut seen = [0; 4];
    for (factors, vectors) in vectors(stage, 400) {
        let block = factors[place] as usize;
        seen[block] += 1;
        for (i, part) in vectors[0].chunks(5).enumerate() {
            assert!(i == block || part.iter().all(|&x| x == 0.0), "block {block}: {part:?}");
        }
    }
    assert!(seen.iter().all(|&n| (70..130).contains(&n)), "{seen:?}");
}

#[test]
fn the_other_reading_needs_two_of_three() {
    let stage = scene("mmlsyn-majority");
    for name in ["snc_1", "snc_2", "snc_3"] {
        let truth = stage.factor(name).unwrap().truth();
        // The other two differ in half of the specimens; then the label follows, or its opposite.
        assert!((truth.forward.pns - 0.5 * 0.85).abs() < 1e-12);
        assert!((truth.reversed.pns - 0.5 * 0.15).abs() < 1e-12);
    }
}
