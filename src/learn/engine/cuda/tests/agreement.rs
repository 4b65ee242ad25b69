//! One update of both engines from the same weights on the same batch.

use super::*;

#[test]
fn losses_gradients_and_steps_are_those_of_the_processor() {
    let mut largest = [0.0_f64; 3];
    for (training, classes, lacking) in cases() {
        let Some(device) = Emulator::new() else { return };
        let plan = Plan { inputs: inputs(), classes, training };
        let batch = specimens("specimens", 75, classes, lacking);
        let twin = specimens("their twins", 75, classes, lacking);
        let found = compare(device, &plan, &batch, &twin).unwrap();
        assert!(found.holds(), "{found:?} {plan:?}");
        let figures = [found.losses, found.gradients.0, found.step];
        largest = std::array::from_fn(|i| largest[i].max(figures[i]));
    }
    assert!(largest[1] > 0.0, "{largest:?}");
}

#[test]
fn so_are_they_for_batches_of_several_parts() {
    for objective in [Objective::C3r, Objective::C3rTwin, Objective::C3rAdjust] {
        let Some(device) = Emulator::new() else { return };
        let training = Training { detach_instrument: false, ..training(Method::Late, objective) };
        let [batch, twin] = ["one", "other"].map(|name| specimens(name, 331, 3, true));
        let found = compare(device, &plan(&training), &batch, &twin).unwrap();
        assert!(found.holds(), "{found:?}");
    }
}

#[test]
fn a_kernel_that_is_wrong_would_be_found() {
    let Some(device) = Emulator::new() else { return };
    let training = training(Method::Concat, Objective::C3r);
    let [batch, twin] = ["one", "other"].map(|name| specimens(name, 43, 3, false));
    let mut broken = plan(&training);
    // The same weights and another loss: a slope of a thousandth more.
    broken.training.lambda_n *= 1.001;
    let mut processor = Fused::new(plan(&training), 9, None).unwrap();
    processor.differentiate(&batch, Some(&twin)).unwrap();
    let slopes = processor.gradients(&batch, &twin);
    let mut card = OnCard::new(device, broken, 9, None).unwrap();
    let (_, found) = card.gradients(&batch, Some(&twin)).unwrap();
    let gaps = slopes.iter().zip(&found).map(|(one, other)| apart(&one.values, &other.values));
    assert!(gaps.fold(0.0, f64::max) > 1e-5);
}

#[test]
fn the_order_of_blocks_and_threads_changes_no_bit() {
    for objective in known() {
        for method in [Method::Concat, Method::Late] {
            let training = Training { detach_instrument: false, ..training(method, objective) };
            let results = [false, true].map(|backwards| {
                let mut device = Emulator::new()?;
                device.backwards = backwards;
                let mut card = OnCard::new(device, plan(&training), 3, None).unwrap();
                let losses = run(&mut card, 0..2);
                Some((losses, card.parameters().unwrap()))
            });
            assert_eq!(results[0], results[1]);
        }
    }
}

#[test]
fn what_is_asked_in_between_is_answered_alike() {
    for method in [Method::Concat, Method::Late, Method::Audio] {
        let training = training(method, Objective::C3r);
        let Some(card) = on_card(&training) else { return };
        let processor = on_processor(&training);
        assert_eq!(card.parameters().unwrap(), processor.parameters().unwrap());
        for i in 0..2 {
            let batch = data(i);
            let of = |learner: &dyn Learner| learner.logits(&batch).unwrap();
            assert!(apart(&of(&card).values, &of(&processor).values) < 1e-5);
            for kind in [
                CounterfactualKind::Flip(Step::Spread(1.0)),
                CounterfactualKind::Literal(Step::Raw(2.0)),
            ] {
                let of = |learner: &dyn Learner| learner.counterfactual(&batch, kind).unwrap();
                let (one, other) = (of(&card), of(&processor));
                assert!(apart(&one.hypothetical.values, &other.hypothetical.values) < 1e-5);
                // A divergence near 0 is the difference of numbers that aren't.
                let mut pairs = one.divergence.iter().zip(&other.divergence);
                assert!(pairs.all(|(a, b)| (a - b).abs() < 3e-6 + 1e-5 * a.abs()));
                assert!(apart(&one.z, &other.z) < 1e-5);
            }
            let of = |learner: &dyn Learner| learner.representation(&batch).unwrap();
            let (one, other) = (of(&card), of(&processor));
            assert_eq!(
                (one.rows, one.width, &one.weight),
                (other.rows, other.width, &other.weight)
            );
            assert!(apart(&one.values, &other.values) < 1e-5);
            assert!(apart(&one.instrument, &other.instrument) < 1e-5);
        }
    }
}
