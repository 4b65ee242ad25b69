use super::*;
use crate::causal::causation::{Query, truth};
use crate::learn::new_learner;
use crate::measure::evaluate;
use crate::scene::CLASS;
use crate::scene::training::Objective;
use crate::world::{Simulation, input_specs};

const ALL: [Measure; 12] = [
    Measure::Accuracy,
    Measure::WorstGroup,
    Measure::C3Risk,
    Measure::Causation,
    Measure::DistanceCorrelation,
    Measure::Latents,
    Measure::Irs,
    Measure::Instrument,
    Measure::Bound { rho: 1.0, delta: 0.05 },
    Measure::Reweighting,
    Measure::Counterfactuals,
    Measure::HeatMaps { specimens: 2 },
];

/// Updates of the model that is measured.
const UPDATES: usize = 12;

fn measured(scene: &str, objective: Objective, specimens: usize) -> (Arc<Stage>, Found, f64) {
    let stage = crate::scene::load(&std::path::Path::new("scenes").join(scene)).unwrap();
    let stage = Arc::new(stage);
    let training = Training { objective, batch: 64, ..stage.scene.training.clone() };
    let mut learner = new_learner(&input_specs(&stage), stage.classes(), &training, 5).unwrap();
    let mut world = Simulation::new(&stage, stage.iid(), 5, 64, 0);
    for _ in 0..UPDATES {
        learner.update(&world.step().real, None).unwrap();
    }
    let subject = Subject {
        stage: &stage,
        seed: 5,
        learner: &*learner,
        training: &training,
        updates: UPDATES,
        samples: specimens,
    };
    let found = take(&ALL, &[subject], &mut || true).unwrap().remove(0).unwrap();
    assert!(take(&ALL, &[subject], &mut || false).is_none());
    let models = [(&*learner, &training)];
    let all = evaluate(&stage, 5, &models, specimens, || true).unwrap().unwrap();
    let error = all[0].evaluation.headline.causal_error.unwrap();
    (stage, found, error)
}

#[test]
fn measures_agree_with_each_other_and_with_the_examination() {
    let (stage, found, error) = measured("duck.ron", Objective::C3r, 512);
    let value = |name: &str| *found.values.get(name).unwrap_or_else(|| panic!("{name}"));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(value("causal_error"), error);
    for regime in ["iid", "randomised"] {
        let of = |name: &str| value(&format!("{regime}.{name}"));
        near(of("c3_risk"), of("sufficiency_risk") + of("necessity_risk"));
        near(of("sufficiency_risk"), 1.0 - of("accuracy"));
        assert!(of("worst_group") <= of("accuracy") && of("worst_group_size") >= 20.0);
        let before = if regime == "iid" { "" } else { "randomised." };
        let learned = |name: &str| value(&format!("{before}{name}"));
        // The lake has nothing that follows: both reaches are one.
        near(learned("reliance.lake"), learned("direct.reliance.lake"));
        near(learned("reliance.lake"), learned("pns.lake") + learned("reversed.lake"));
        assert!(learned("reliance_worst") >= learned("reliance_mean"));
        for role in ["snc", "sc", "nc", "sp"] {
            let dcor = of(&format!("dcor.{role}"));
            assert!((0.0..=1.0).contains(&dcor));
            assert!(of(&format!("dcor_noise.{role}")) < 0.2);
            assert!(of(&format!("r2.{role}")) <= 1.0);
        }
        near(of("dcor_cause.snc"), 1.0);
        for name in ["mcc", "disentanglement", "completeness"] {
            assert!((0.0..=1.0).contains(&of(name)), "{name}");
        }
        assert!(of("v_relevance") > 0.0 && of("v_relevance") <= 1.0);
        assert!(of("irs") <= 1.0);
    }
    // Nothing but chance is left between lake and bill under a randomised do.
    assert!(value("iid.dcor_cause.sp") > 0.8 && value("randomised.dcor_cause.sp") < 0.15);
    // What is learned is asked of other specimens, but what is true is the same there.
    let randomised = stage.regime("randomised").unwrap();
    for factor in &stage.factors[..4] {
        let (label, class) = (stage.label, CLASS as f64);
        let (absent, present) = (factor.absent, factor.present);
        let query = Query { factor: factor.node, label, class, absent, present };
        let told = value(&format!("randomised.true_pns.{}", factor.name));
        near(truth(&randomised.scm, &query).forward.pns, told);
    }
    assert!((value("randomised.causal_error") - error).abs() < 0.1);
    near(value("bound.n"), (64 * UPDATES) as f64);
    let parts = ["margin_loss", "complexity", "confidence"].map(|p| value(&format!("bound.{p}")));
    near(value("bound.right_side"), parts.iter().sum());
    near(value("bound.risk"), value("iid.sufficiency_risk"));
    near(value("reweighting.original"), value("iid.accuracy"));
    // The twin is its own reference, whoever stays in place is off by one.
    near(value("counterfactual.twin.distance"), 0.0);
    near(value("counterfactual.twin.error"), 0.0);
    assert!(value("counterfactual.transport.error") > 0.1);
    // The twin goes the way of the bill, of which it is the change. A model that has just begun to
    // learn sees the lake, and so a step to the other label goes the lake's way.
    let toward =
        |kind: &str, factor: &str| value(&format!("counterfactual.{kind}.toward.{factor}"));
    near(toward("twin", "flat_bill"), 1.0);
    assert!(toward("twin", "lake") < 0.5 && toward("transport", "lake") > 0.5);
    for kind in ["gradient", "hand", "transport"] {
        assert!(toward(kind, "lake") > toward(kind, "flat_bill"), "{kind}");
    }
    assert_eq!(found.maps.len(), 2);
    let shapes: Vec<(usize, usize)> =
        found.maps[0].panels.iter().map(|panel| (panel.height, panel.width)).collect();
    assert_eq!(shapes.len(), stage.renderers.names().len());
    assert_eq!(shapes[0], (8, 8));
    assert!(found.maps[0].panels.iter().all(|panel| {
        let pieces = panel.height * panel.width;
        panel.sufficiency.len() == pieces && panel.necessity.len() == pieces
    }));
    assert!(found.maps[0].panels[2].words.iter().any(|word| !word.is_empty()));
}

#[test]
fn a_scene_of_vectors_without_an_instrument_has_what_can_be_had() {
    let (_, found, _) = measured("mmlsyn.ron", Objective::Erm, 256);
    let value = |name: &str| found.values.get(name).copied();
    assert_eq!(value("iid.v_relevance"), None);
    // SP is a tenth SNC: hardly more than its noise part.
    assert!(value("iid.dcor_cause.sp").unwrap() < 0.3);
    assert!(value("iid.dcor.snc").unwrap() > value("iid.dcor.sp").unwrap());
    assert!(value("iid.dcor_cause.sc").unwrap() > 0.85);
    assert!(found.values.values().all(|value| value.is_finite()));
    assert_eq!(found.maps[0].panels.len(), 3);
    assert!(found.maps[0].panels.iter().all(|panel| panel.picture.is_none()));
}

#[test]
fn models_that_are_measured_together_have_the_figures_that_they_have_alone() {
    let stage = Arc::new(crate::scene::load(std::path::Path::new("scenes/duck.ron")).unwrap());
    let specs = input_specs(&stage);
    let trained = [(Objective::C3r, 3), (Objective::Erm, 9)].map(|(objective, updates)| {
        let training = Training { objective, batch: 32, ..stage.scene.training.clone() };
        let mut learner = new_learner(&specs, stage.classes(), &training, 5).unwrap();
        let mut world = Simulation::new(&stage, stage.iid(), 5, 32, 0);
        for _ in 0..updates {
            learner.update(&world.step().real, None).unwrap();
        }
        (learner, training, updates)
    });
    let subjects = trained.each_ref().map(|(learner, training, updates)| Subject {
        stage: &stage,
        seed: 5,
        learner: &**learner,
        training,
        updates: *updates,
        samples: 64,
    });
    let found = |subjects: &[Subject]| -> Vec<Found> {
        take(&ALL, subjects, &mut || true).unwrap().into_iter().map(Result::unwrap).collect()
    };
    let together = found(&subjects);
    assert_ne!(together[0], together[1]);
    assert_eq!(together, [found(&subjects[..1]), found(&subjects[1..])].concat());
}
