//! Whole runs: the way of the processor's, other settings, what comes side by side, what can go
//! wrong, and how many launches an update takes.

use super::*;

#[test]
fn a_run_goes_the_way_of_the_processor() {
    for method in [Method::Concat, Method::Late] {
        for objective in known() {
            let training = training(method, objective);
            let Some(mut card) = on_card(&training) else { return };
            let found = run(&mut card, 0..8);
            let mut processor = on_processor(&training);
            let expected = run(&mut processor, 0..8);
            assert!(gap(&expected, &found) < 1e-3, "{training:?}: {expected:?} {found:?}");
            assert_eq!(card.decisions(), processor.decisions(), "{training:?}");
        }
    }
}

#[test]
fn a_run_goes_on_in_the_other_engine_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let training = training(Method::Concat, Objective::C3r);
    let Some(mut card) = on_card(&training) else { return };
    run(&mut card, 0..2);
    card.save(&path).unwrap();
    let checkpoint = super::super::super::super::checkpoint::Checkpoint::read(&path).unwrap();
    let processor = Fused::new(plan(&training), 1, Some(&checkpoint)).unwrap();
    assert_eq!(processor.parameters().unwrap(), card.parameters().unwrap());
    let again = OnCard::new(Emulator::new().unwrap(), plan(&training), 1, Some(&checkpoint));
    assert_eq!(again.unwrap().parameters().unwrap(), card.parameters().unwrap());
}

#[test]
fn a_retuned_model_goes_on_with_its_moments() {
    let plain = training(Method::Concat, Objective::Erm);
    for objective in [Objective::C3r, Objective::C3rAdjust, Objective::C3rTwin] {
        let other = training(Method::Concat, objective);
        let Some(mut card) = on_card(&plain) else { return };
        let mut processor = on_processor(&plain);
        let mut found = run(&mut card, 0..2);
        let mut expected = run(&mut processor, 0..2);
        for (training, updates) in [(&other, 2..4), (&plain, 4..6)] {
            card.retune(training).unwrap();
            processor.retune(training).unwrap();
            found.extend(run(&mut card, updates.clone()));
            expected.extend(run(&mut processor, updates));
        }
        assert!(gap(&expected, &found) < 1e-3, "{expected:?} {found:?}");
        let names = |parameters: Vec<NamedParameter>| -> Vec<String> {
            parameters.into_iter().map(|parameter| parameter.name).collect()
        };
        assert_eq!(names(card.parameters().unwrap()), names(processor.parameters().unwrap()));
    }
    let Some(mut card) = on_card(&plain) else { return };
    let error = card.retune(&training(Method::Late, Objective::Erm)).unwrap_err();
    assert!(error.to_string().contains("begin a new model"), "{error}");
}

#[test]
fn updates_that_are_on_their_way_at_once_are_the_same() {
    let training = training(Method::Concat, Objective::C3rTwin);
    let (Some(mut card), Some(mut other)) = (on_card(&training), on_card(&training)) else {
        return;
    };
    let expected = run(&mut other, 0..5);
    let mut found = Vec::new();
    for i in 0..5 {
        card.begin(&data(i), Some(&data(i + 1))).unwrap();
        if i > 2 {
            found.push(card.finish().unwrap());
        }
    }
    while found.len() < 5 {
        found.push(card.finish().unwrap());
    }
    assert_eq!(found, expected);
    assert_eq!(card.parameters().unwrap(), other.parameters().unwrap());
    assert!(card.finish().unwrap_err().to_string().contains("begin one first"));
}

#[test]
fn a_batch_that_is_there_is_learned_from_again() {
    let training = training(Method::Concat, Objective::C3r);
    let (Some(mut card), Some(mut other)) = (on_card(&training), on_card(&training)) else {
        return;
    };
    assert!(card.repeat(1).unwrap_err().to_string().contains("make one first"));
    card.update(&data(1), None).unwrap();
    let found = card.repeat(3).unwrap();
    let expected: Vec<StepLosses> = (0..4).map(|_| other.update(&data(1), None).unwrap()).collect();
    assert_eq!(found, expected[3]);
    assert_eq!(run(&mut card, 4..5), run(&mut other, 4..5));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_training_untouched() {
    for objective in known() {
        let Some(mut card) = on_card(&training(Method::Concat, objective)) else { return };
        run(&mut card, 0..2);
        let before = card.parameters().unwrap();
        let mut broken = data(0);
        broken.inputs[0].values[9] = f32::NAN;
        card.begin(&broken, Some(&broken)).unwrap();
        card.begin(&data(1), Some(&data(2))).unwrap();
        let error = card.finish().unwrap_err();
        let sufficiency =
            matches!(error, LearnError::Diverged { step: 3, term: "sufficiency", .. });
        assert!(sufficiency, "{error}");
        assert_eq!(card.parameters().unwrap(), before);
        run(&mut card, 2..3);
        assert_ne!(card.parameters().unwrap(), before);
    }
}

#[test]
fn data_and_plans_that_do_not_fit_are_refused() {
    let Some(mut card) = on_card(&training(Method::Concat, Objective::C3rTwin)) else { return };
    let good = data(0);
    assert!(matches!(card.update(&good, None), Err(LearnError::TwinMissing)));
    let mut short = good.clone();
    short.inputs[1].values.pop();
    assert!(matches!(card.update(&short, Some(&good)), Err(LearnError::Batch { .. })));
    assert!(matches!(card.update(&good, Some(&short)), Err(LearnError::Batch { .. })));
    assert!(matches!(card.logits(&short), Err(LearnError::Batch { .. })));
    let plain = training(Method::Concat, Objective::Erm);
    let of = |plan| OnCard::new(Emulator::new().unwrap(), plan, 1, None).err().unwrap();
    let many = of(Plan { classes: 33, ..plan(&plain) }).to_string();
    assert!(many.contains("32 classes") && many.contains("--device cpu"), "{many}");
    let other = of(plan(&Training { method: Method::Qmf, ..plain }));
    assert!(matches!(other, LearnError::Setting { .. }), "{other}");
}

/// Kernels and products of an update of `concat`, three modalities of which two are wide.
fn launches(objective: Objective) -> [usize; 2] {
    let sizes = Training { features: 64, representation: 64, ..Training::default() };
    let training = Training { objective, ..sizes };
    let inputs = [("image", 3072), ("audio", 1024), ("text", 64)];
    let inputs = inputs.map(|(name, width)| InputSpec::row(name, width)).to_vec();
    let plan = Plan { inputs, classes: 4, training };
    let draft = Draft::new(&plan, &Placed::of(&plan), Purpose::Update, 1024, Some(1e-4));
    let steps = &draft.program.steps;
    let products = steps.iter().filter(|step| matches!(step, ProgramStep::Product(_))).count();
    [steps.len() - products, products]
}

/// The table of `docs/performance.md`.
#[test]
fn an_update_takes_few_launches() {
    let found = known().map(launches).collect::<Vec<_>>();
    assert_eq!(found, [[15, 17], [20, 19], [19, 19], [31, 34], [15, 17]]);
}

#[test]
fn what_there_are_no_kernels_for_is_refused() {
    let training = training(Method::Concat, Objective::C3rDiscount);
    let Some(device) = Emulator::new() else { return };
    let error = OnCard::new(device, plan(&training), 3, None).err().unwrap().to_string();
    assert!(error.contains("c3r-discount") && error.contains("--device cpu"), "{error}");
}

#[test]
fn programs_of_many_sizes_are_made_and_given_up() {
    let Some(mut card) = on_card(&training(Method::Concat, Objective::C3r)) else { return };
    for i in 0..7 {
        let batch = specimens("some", 20 + i, 3, false);
        card.update(&batch, None).unwrap();
        assert_eq!(card.logits(&batch).unwrap().rows, 20 + i);
    }
    assert!(card.launches() > 0 && !card.device().is_empty());
}
