//! One update of both engines from the same weights on the same batch.

use super::*;

/// Losses and gradients as dfdx computes them.
fn reference(
    training: &Training,
    classes: usize,
    batch: &Batch,
    twin: &Batch,
) -> (StepLosses, Vec<NamedParameter>) {
    fn of<M: Method<Cpu>>(
        plan: Plan,
        batch: &Batch,
        twin: &Batch,
    ) -> (StepLosses, Vec<NamedParameter>) {
        let mut trainer = Trainer::<Cpu, M>::new(Cpu::default(), plan, 9, None).unwrap();
        trainer.gradients(batch, Some(twin)).unwrap()
    }
    let plan = plan(training, classes);
    match training.method {
        Name::Concat => of::<Concat<Cpu>>(plan, batch, twin),
        Name::Late => of::<Late<Cpu>>(plan, batch, twin),
        _ => of::<Alone<Cpu>>(plan, batch, twin),
    }
}

/// The same with a companion that is trusted wholly from the start.
fn settled_reference(
    training: &Training,
    classes: usize,
    batch: &Batch,
) -> (StepLosses, Vec<NamedParameter>) {
    fn of<M: Method<Cpu>>(plan: Plan, batch: &Batch) -> (StepLosses, Vec<NamedParameter>) {
        let mut trainer = Trainer::<Cpu, M>::new(Cpu::default(), plan, 9, None).unwrap();
        trainer.settle();
        trainer.gradients(batch, None).unwrap()
    }
    let plan = plan(training, classes);
    match training.method {
        Name::Concat => of::<Concat<Cpu>>(plan, batch),
        Name::Late => of::<Late<Cpu>>(plan, batch),
        _ => of::<Alone<Cpu>>(plan, batch),
    }
}

fn ours(
    training: &Training,
    classes: usize,
    batch: &Batch,
    twin: &Batch,
) -> (StepLosses, Vec<NamedParameter>) {
    let mut fused = fused(training, classes);
    let losses = fused.differentiate(batch, Some(twin)).unwrap();
    (losses, fused.gradients(batch, twin))
}

/// The length of `one - other` over that of `one`; 0 where both are nothing.
fn apart(one: &[f32], other: &[f32]) -> f64 {
    let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let pairs = one.iter().zip(other);
    let gap = length(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
    gap / length(&mut one.iter().map(|&a| a.into())).max(1e-6)
}

fn figures(losses: &StepLosses) -> [f64; 8] {
    let StepLosses { total, sufficiency, necessity, l_v, l_fe, twin, consistency, accuracy } =
        *losses;
    [total, sufficiency, necessity, l_v, l_fe, twin, consistency, accuracy]
}

/// The largest relative differences of losses and of gradients.
fn compare(training: &Training, classes: usize, lacking: bool) -> [f64; 2] {
    let batch = batch("specimens", classes, lacking);
    let twin = super::batch("their twins", classes, lacking);
    let (expected, slopes) = reference(training, classes, &batch, &twin);
    let (found, gradients) = ours(training, classes, &batch, &twin);
    let mut largest = [0.0_f64; 2];
    for (found, expected) in figures(&found).iter().zip(figures(&expected)) {
        // What is over the budget is the small difference of two numbers.
        largest[0] = largest[0].max((found - expected).abs() / expected.abs().max(1e-2));
    }
    assert_eq!(gradients.len(), slopes.len());
    for (found, expected) in gradients.iter().zip(&slopes) {
        assert_eq!((&found.name, &found.shape), (&expected.name, &expected.shape));
        let gap = apart(&expected.values, &found.values);
        assert!(gap < 1e-5, "{training:?} {classes} {lacking}: {} by {gap}", found.name);
        largest[1] = largest[1].max(gap);
    }
    assert!(largest[0] < 1e-5, "{training:?}: {found:?} {expected:?}");
    largest
}

#[test]
fn losses_and_gradients_are_those_of_dfdx() {
    let mut largest = [0.0_f64; 2];
    for method in METHODS {
        for objective in Objective::ALL {
            for (classes, lacking) in [(2, false), (4, true), (3, false), (2, true)] {
                let found = compare(&training(method, objective), classes, lacking);
                largest = std::array::from_fn(|i| largest[i].max(found[i]));
            }
        }
    }
    assert!(largest[1] > 0.0, "{largest:?}");
}

#[test]
fn so_are_they_where_a_companion_is_discounted() {
    for (method, classes, lacking) in
        [(Name::Concat, 3, true), (Name::Late, 2, false), (Name::Audio, 4, true)]
    {
        let training = Training {
            discount: 1.7,
            lambda_alone: 0.6,
            ..training(method, Objective::C3rDiscount)
        };
        let (batch, twin) = (batch("specimens", classes, lacking), Batch::default());
        let expected = reference(&training, classes, &batch, &twin);
        let mut plain = ours(&training, classes, &batch, &twin);
        let mut fused = fused(&training, classes);
        fused.settle();
        let losses = fused.differentiate(&batch, None).unwrap();
        let gradients = fused.gradients(&batch, &batch);
        let settled = settled_reference(&training, classes, &batch);
        let gap = (losses.total - settled.0.total).abs() / settled.0.total;
        assert!(gap < 1e-5, "{method:?}: {losses:?} {:?}", settled.0);
        for (found, expected) in gradients.iter().zip(&settled.1) {
            let gap = apart(&expected.values, &found.values);
            assert!(gap < 1e-5, "{method:?}: {} by {gap}", found.name);
        }
        // It isn't what is learned while the companion learns.
        assert!((losses.total - expected.0.total).abs() > 1e-3, "{losses:?} {:?}", expected.0);
        assert!(plain.1.iter().any(|p| p.name.starts_with("alone.")));
        plain.1.retain(|p| p.name.starts_with("alone.") && p.values.iter().any(|&g| g != 0.0));
        let heads = if method == Name::Audio { 1 } else { 3 };
        assert_eq!(plain.1.len(), 2 * heads, "weight and bias of each head learn");
    }
}

#[test]
fn so_are_they_under_other_settings() {
    for method in [Name::Concat, Name::Late, Name::Audio] {
        for objective in [Objective::C3r, Objective::C3rLiteral, Objective::C3rTwin] {
            let plain = training(method, objective);
            let others = [
                Training { detach_instrument: false, ..plain.clone() },
                Training { step: Step::Raw(1.3), literal_step: Step::Spread(0.7), ..plain.clone() },
                Training { lambda_n: 0.0, lambda_s: 0.3, ..plain.clone() },
                Training { lambda_v: 0.0, kl_budget: 0.0, ..plain.clone() },
                Training { lambda_fe: 0.0, distance_weight: 0.4, ..plain.clone() },
                Training { lambda_v: 0.0, lambda_fe: 0.0, ..plain.clone() },
                Training { lambda_consistency: 0.0, lambda_twin: 0.5, ..plain.clone() },
                Training { lambda_v: 0.0, distance: Distance::Mse, ..plain },
            ];
            for other in others {
                compare(&other, 3, true);
            }
        }
    }
}

#[test]
fn the_gradient_of_every_loss_is_that_of_finite_differences() {
    for objective in [Objective::Erm, Objective::C3r, Objective::C3rLiteral, Objective::C3rTwin] {
        for method in [Name::Concat, Name::Late] {
            let training = Training {
                step: Step::Raw(1.3),
                literal_step: Step::Raw(0.8),
                kl_budget: 0.0,
                detach_instrument: false,
                ..training(method, objective)
            };
            slopes_hold(&training);
        }
    }
}

/// Compares the length of every parameter's gradient with the slope of the loss along it.
fn slopes_hold(training: &Training) {
    let (batch, twin) = (batch("specimens", 3, true), batch("their twins", 3, true));
    let mut fused = fused(training, 3);
    fused.differentiate(&batch, Some(&twin)).unwrap();
    let slopes = fused.gradients(&batch, &twin);
    let start = fused.parameters().unwrap();
    for (i, slope) in slopes.iter().enumerate() {
        let length = slope.values.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt();
        assert!(length > 1e-5, "{} has no gradient", slope.name);
        let mut loss_at = |distance: f64| {
            let along = |(v, s): (&f32, &f32)| v + (distance * f64::from(*s) / length) as f32;
            let moved = start[i].values.iter().zip(&slope.values).map(along);
            fused.assign(i, &moved.collect::<Vec<f32>>());
            fused.differentiate(&batch, Some(&twin)).unwrap().total
        };
        let h = 5e-3;
        let found = (loss_at(h) - loss_at(-h)) / (2.0 * h);
        loss_at(0.0);
        let tolerance = 0.01 * length + 5e-4;
        assert!((found - length).abs() < tolerance, "{}: {found} {length}", slope.name);
    }
}

#[test]
fn what_is_asked_in_between_is_answered_alike() {
    for method in METHODS {
        for (lacking, classes) in [(false, 2), (true, 4)] {
            let training = training(method, Objective::C3r);
            let of = |engine| new_learner_on(engine, &inputs(), classes, &training, 3).unwrap();
            let (dfdx, fused) = (of(Engine::Dfdx), of(Engine::Fused));
            assert_eq!(dfdx.parameters().unwrap(), fused.parameters().unwrap());
            let batch = batch("others", classes, lacking);
            let (one, other) = (dfdx.logits(&batch).unwrap(), fused.logits(&batch).unwrap());
            assert!(apart(&one.values, &other.values) < 1e-5);
            for kind in [
                CounterfactualKind::Flip(Step::Spread(1.0)),
                CounterfactualKind::Literal(Step::Raw(2.0)),
            ] {
                let of = |learner: &dyn Learner| learner.counterfactual(&batch, kind).unwrap();
                let (one, other) = (of(&*dfdx), of(&*fused));
                assert!(apart(&one.real.values, &other.real.values) < 1e-5);
                assert!(apart(&one.hypothetical.values, &other.hypothetical.values) < 1e-5);
                // A divergence near 0 is the difference of numbers that aren't.
                let pairs = one.divergence.iter().zip(&other.divergence);
                assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 3e-6 + 1e-5 * a.abs()));
                assert!(apart(&one.z, &other.z) < 1e-5);
            }
            let of = |learner: &dyn Learner| learner.representation(&batch).unwrap();
            let (one, other) = (of(&*dfdx), of(&*fused));
            assert_eq!(
                (one.rows, one.width, &one.weight),
                (other.rows, other.width, &other.weight)
            );
            assert!(apart(&one.values, &other.values) < 1e-5);
            assert!(apart(&one.logits.values, &other.logits.values) < 1e-5);
            assert!(apart(&one.instrument, &other.instrument) < 1e-5);
        }
    }
}
