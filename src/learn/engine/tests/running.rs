//! Whole runs: threads, checkpoints, other settings, what can go wrong.

use super::*;

/// Some updates; those of `C3rTwin` get other specimens for twins.
fn run(learner: &mut dyn Learner, updates: usize) -> Vec<StepLosses> {
    let data = |i: usize| batch(&format!("specimens {}", "+".repeat(i)), 3, i % 2 == 1);
    let update = |i| learner.update(&data(i), Some(&data(i + 1))).unwrap();
    (0..updates).map(update).collect()
}

fn of(engine: Engine, training: &Training) -> Box<dyn Learner> {
    new_learner_on(engine, &inputs(), 3, training, 3).unwrap()
}

#[test]
fn any_number_of_threads_computes_the_same_bits() {
    for method in [Name::Concat, Name::Late, Name::Text] {
        for objective in Objective::ALL {
            let training = Training { detach_instrument: false, ..training(method, objective) };
            let results = [1, 2, 4].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| {
                    let mut learner = of(Engine::Fused, &training);
                    let losses = run(&mut *learner, 4);
                    let kind = CounterfactualKind::Flip(Step::Spread(1.0));
                    let found = learner.counterfactual(&batch("test", 3, true), kind).unwrap();
                    (losses, learner.parameters().unwrap(), found)
                })
            });
            assert_eq!(results[0], results[1]);
            assert_eq!(results[0], results[2]);
        }
    }
}

#[test]
fn a_run_goes_the_way_of_dfdx() {
    for method in [Name::Concat, Name::Late] {
        for objective in Objective::ALL {
            let training = training(method, objective);
            let [one, other] = [Engine::Dfdx, Engine::Fused].map(|engine| {
                let mut learner = of(engine, &training);
                run(&mut *learner, 12).iter().map(|losses| losses.total).collect::<Vec<_>>()
            });
            for (step, (one, other)) in one.iter().zip(&other).enumerate() {
                let gap = (one - other).abs() / one.abs();
                assert!(gap < 1e-3, "{training:?} at {step}: {one} {other}");
            }
        }
    }
}

#[test]
fn so_does_one_that_discounts_its_companion_and_is_asked_its_mean() {
    for method in [Name::Concat, Name::Late] {
        let training = Training {
            exposure_samples: 300.0,
            learning_rate: 3e-3,
            ..training(method, Objective::C3rDiscount)
        };
        let [one, other] = [Engine::Dfdx, Engine::Fused].map(|engine| {
            let mut learner = of(engine, &training);
            // The same specimens over and over: the companion knows what it said of them.
            let data = batch("specimens", 3, false);
            let losses: Vec<f64> =
                (0..16).map(|_| learner.update(&data, None).unwrap().total).collect();
            (losses, learner.logits(&data).unwrap(), learner.parameters().unwrap())
        });
        for (step, (one, other)) in one.0.iter().zip(&other.0).enumerate() {
            assert!((one - other).abs() / one.abs() < 1e-3, "{method:?} at {step}: {one} {other}");
        }
        let apart =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart(&one.1.values, &other.1.values) < 2e-3);
        // What is asked is not what learns: without a mean the verdict is another.
        let mut plain = of(Engine::Fused, &Training { averaging: 0.0, ..training.clone() });
        let data = batch("specimens", 3, false);
        for _ in 0..16 {
            plain.update(&data, None).unwrap();
        }
        assert!(apart(&plain.logits(&data).unwrap().values, &other.1.values) > 1e-2);
        let names = |all: &[NamedParameter]| all.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&one.2), names(&other.2));
        assert_eq!(names(&plain.parameters().unwrap()), names(&other.2));
    }
}

#[test]
fn both_engines_decide_alike() {
    for method in [Name::Concat, Name::Late] {
        for objective in [Objective::C3rAdjust, Objective::C3rDiscount] {
            let training = Training {
                exposure_samples: 300.0,
                steps: 40,
                discount: 3.0,
                learning_rate: 3e-3,
                ..training(method, objective)
            };
            let data = batch("specimens", 3, false);
            let [one, other] = [Engine::Dfdx, Engine::Fused].map(|engine| {
                let (mut learner, mut curve) = (of(engine, &training), DecisionCurve::default());
                for step in 1..=30 {
                    learner.update(&data, None).unwrap();
                    curve.record(step, &learner.decisions());
                }
                curve
            });
            let names = |curve: &DecisionCurve| -> Vec<String> {
                curve.names().map(str::to_owned).collect()
            };
            assert_eq!(names(&one), names(&other), "{method:?} {objective:?}");
            let wanted: &[&str] = match objective {
                Objective::C3rDiscount => &["companion_samples", "kappa", "lag", "trust"],
                _ => &["effective_samples", "stratum.0", "stratum.1", "stratum.2", "weight_max"],
            };
            for name in wanted {
                assert!(names(&one).iter().any(|found| found == name), "{name} {:?}", names(&one));
            }
            for (name, step) in one.names().flat_map(|name| (1..=30).map(move |step| (name, step)))
            {
                let pair = (one.at(name, step), other.at(name, step));
                let close = match pair {
                    (Some(one), Some(other)) => (one - other).abs() < 1e-9 * one.abs().max(1.0),
                    (one, other) => one == other,
                };
                assert!(close, "{method:?} {objective:?} {name} at {step}: {pair:?}");
            }
        }
    }
    let plain = of(Engine::Fused, &training(Name::Concat, Objective::C3r));
    assert_eq!(plain.decisions(), [], "nothing is decided");
}

#[test]
fn a_checkpoint_of_either_engine_is_read_by_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let training = training(Name::Concat, Objective::C3r);
    for (engine, other) in [(Engine::Dfdx, Engine::Fused), (Engine::Fused, Engine::Dfdx)] {
        let mut learner = of(engine, &training);
        run(&mut *learner, 2);
        let path = folder.path().join(engine.name());
        learner.save(&path).unwrap();
        let loaded = load_learner_on(other, &path, &inputs(), 3, &training).unwrap();
        assert_eq!(loaded.parameters().unwrap(), learner.parameters().unwrap());
        let again = folder.path().join("again");
        loaded.save(&again).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());
        let plain = Training { objective: Objective::Erm, ..training.clone() };
        assert!(load_learner_on(other, &path, &inputs(), 3, &plain).is_ok());
        let late = Training { method: Name::Late, ..training.clone() };
        let error =
            |engine| load_learner_on(engine, &path, &inputs(), 3, &late).err().unwrap().to_string();
        assert_eq!(error(Engine::Fused), error(Engine::Dfdx));
        assert!(load_learner(&path, &inputs(), 3, &training).is_ok());
    }
}

#[test]
fn a_retuned_model_goes_on_as_one_that_was_built_so() {
    for objective in
        [Objective::C3r, Objective::C3rAdjust, Objective::C3rDiscount, Objective::C3rTwin]
    {
        let built = training(Name::Concat, objective);
        let mut wanted = of(Engine::Fused, &built);
        let mut found = of(Engine::Fused, &training(Name::Concat, Objective::Erm));
        found.retune(&built).unwrap();
        assert_eq!(found.parameters().unwrap(), wanted.parameters().unwrap());
        assert_eq!(run(&mut *found, 3), run(&mut *wanted, 3));
        found.retune(&training(Name::Concat, Objective::Erm)).unwrap();
        assert!(found.parameters().unwrap().iter().all(|p| !p.name.starts_with("instrument")));
        run(&mut *found, 1);
    }
    let mut learner = of(Engine::Fused, &training(Name::Concat, Objective::C3r));
    let mse = Training { distance: Distance::Mse, ..training(Name::Concat, Objective::C3r) };
    let error = learner.retune(&mse).unwrap_err().to_string();
    assert!(error.contains("Kl"), "{error}");
    let other = learner.retune(&training(Name::Late, Objective::Erm)).unwrap_err();
    assert!(other.to_string().contains("begin a new model"), "{other}");
}

#[test]
fn a_loss_that_is_not_finite_stops_the_training_untouched() {
    for objective in Objective::ALL {
        let mut learner = of(Engine::Fused, &training(Name::Concat, objective));
        run(&mut *learner, 2);
        let before = learner.parameters().unwrap();
        let mut broken = batch("broken", 3, false);
        broken.inputs[0].values[9] = f32::NAN;
        let error = learner.update(&broken, Some(&broken)).unwrap_err();
        let sufficiency =
            matches!(error, LearnError::Diverged { step: 3, term: "sufficiency", .. });
        assert!(sufficiency, "{error}");
        assert_eq!(learner.parameters().unwrap(), before);
    }
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let mut learner = of(Engine::Fused, &training(Name::Concat, Objective::C3rTwin));
    let good = batch("good", 3, false);
    assert!(matches!(learner.update(&good, None), Err(LearnError::TwinMissing)));
    let mut short = good.clone();
    short.inputs[1].values.pop();
    assert!(matches!(learner.update(&short, Some(&good)), Err(LearnError::Batch { .. })));
    assert!(matches!(learner.update(&good, Some(&short)), Err(LearnError::Batch { .. })));
    assert!(matches!(learner.logits(&short), Err(LearnError::Batch { .. })));
    let qmf = training(Name::Qmf, Objective::Erm);
    let error = new_learner_on(Engine::Fused, &inputs(), 3, &qmf, 1).err().unwrap();
    assert!(matches!(error, LearnError::Setting { .. }), "{error}");
    assert!(new_learner_on(Engine::Auto, &inputs(), 3, &qmf, 1).is_ok());
}
