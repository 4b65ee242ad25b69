//! The gradient of every whole loss against finite differences, and what a detached V is.

use dfdx::prelude::{Cpu, HasShape};
use rand::RngExt;

use super::super::method::{
    Align, AlignItc, Clip, Concat, Hemis, Hved, Late, Lckd, Mmbt, Mmfm, Mmtm, Qmf, Rseg, SimMmdg,
    Tmc, TmcViews,
};
use super::super::objective::{Distribution, mean};
use super::*;
use crate::causal::noise::{StreamId, stream};
use crate::learn::ops::upload;
use crate::learn::{Grid, Input, InputSpec};
use crate::scene::training::{Method as MethodName, Step, Training};

const ROWS: usize = 12;
const CLASSES: usize = 3;

fn inputs() -> Vec<InputSpec> {
    let grid = Grid { height: 5, width: 1, channels: 1 };
    vec![InputSpec::grid("image", grid), InputSpec::row("audio", 4)]
}

fn batch(name: &str) -> Batch {
    let mut noise = stream(21, 0, StreamId::of(name));
    let mut draw = |n: usize| (0..n).map(|_| 3.0 * noise.random::<f32>() - 1.5).collect();
    let inputs = inputs().iter().map(|spec| Input::of(draw(ROWS * spec.width))).collect();
    let labels = (0..ROWS).map(|_| (noise.random::<f32>() * CLASSES as f32) as usize).collect();
    Batch { rows: ROWS, inputs, labels, ..Batch::default() }
}

fn training(objective: Objective, method: MethodName) -> Training {
    Training {
        method,
        objective,
        features: 4,
        representation: 5,
        kl_budget: 0.0,
        step: Step::Raw(1.3),
        literal_step: Step::Raw(0.8),
        detach_instrument: false,
        ..Training::default()
    }
}

fn trainer<M: Method<Cpu>>(training: Training) -> Trainer<Cpu, M> {
    let plan = Plan { inputs: inputs(), classes: CLASSES, training };
    Trainer::new(Cpu::default(), plan, 9, None).unwrap()
}

/// Compares, for every parameter that `chosen` picks, the length of its gradient with the slope
/// of the loss along it.
fn check<M: Method<Cpu>>(training: Training, chosen: impl Fn(&str) -> bool) {
    let mut trainer = trainer::<M>(training);
    let (batch, twin) = (batch("specimens"), batch("twins"));
    let mut gradients = trainer.differentiate(&batch, Some(&twin)).unwrap().gradients;
    let slopes: Vec<Vec<f32>> =
        trainer.model.parameters().iter().map(|p| p.gradient(&mut gradients).unwrap()).collect();
    let mut checked = 0;
    for (i, slope) in slopes.iter().enumerate() {
        let start = trainer.model.parameters()[i].named();
        if !chosen(&start.name) {
            continue;
        }
        let length = slope.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt();
        assert!(length > 1e-5, "{} has no gradient", start.name);
        let mut loss_at = |distance: f64| {
            let along = |(v, s): (&f32, &f32)| v + (distance * f64::from(*s) / length) as f32;
            let moved: Vec<f32> = start.values.iter().zip(slope).map(along).collect();
            trainer.model.parameters_mut()[i].assign(&moved);
            trainer.differentiate(&batch, Some(&twin)).unwrap().losses.total
        };
        let h = 5e-3;
        let found = (loss_at(h) - loss_at(-h)) / (2.0 * h);
        loss_at(0.0);
        let tolerance = 0.01 * length + 5e-4;
        assert!((found - length).abs() < tolerance, "{}: {found} against {length}", start.name);
        checked += 1;
    }
    assert!(checked > 1);
}

#[test]
fn the_gradient_of_every_loss_is_that_of_finite_differences() {
    let companionless = [
        Objective::Erm,
        Objective::C3r,
        Objective::C3rLiteral,
        // In the first update its companion has nothing to say, and every modality learns alone.
        Objective::C3rDiscount,
        Objective::C3rTwin,
    ];
    for objective in companionless {
        check::<Concat<Cpu>>(training(objective, MethodName::Concat), |_| true);
        check::<Late<Cpu>>(training(objective, MethodName::Late), |_| true);
    }
}

#[test]
fn so_is_the_gradient_of_every_method_that_holds_nothing_fixed() {
    // Align and QMF hold a median and confidences fixed: their own tests say of what.
    for objective in [Objective::Erm, Objective::C3r] {
        check::<Tmc<Cpu>>(training(objective, MethodName::Tmc), |_| true);
        check::<TmcViews<Cpu>>(training(objective, MethodName::TmcViews), |_| true);
        // Some modality may be hidden in this update, and its encoder gets no gradient then.
        check::<Hemis<Cpu>>(training(objective, MethodName::Hemis), |name| {
            name.starts_with("head.")
        });
        check::<SimMmdg<Cpu>>(training(objective, MethodName::SimMmdg), |_| true);
        // With so few tokens hardly anything depends on the attention, which has a test of its own.
        check::<Mmbt<Cpu>>(training(objective, MethodName::Mmbt), |name| {
            !name.contains("attention")
        });
        // Before there are labels the head has no part in the loss.
        let unlabelled =
            |name: &str| !name.starts_with("head.") && !name.starts_with("instrument.");
        check::<Clip<Cpu>>(training(objective, MethodName::Clip), unlabelled);
        check::<AlignItc<Cpu>>(training(objective, MethodName::AlignItc), unlabelled);
        check::<Mmtm<Cpu>>(training(objective, MethodName::Mmtm), |_| true);
        check::<Mmfm<Cpu>>(training(objective, MethodName::Mmfm), |name| {
            !name.contains("attention")
        });
        // The noise of an update is what it is; the divergences reach what is hidden, too.
        check::<Hved<Cpu>>(training(objective, MethodName::Hved), |_| true);
        // Content that is hidden gets no gradient, nor does its gate; and the logarithm of a
        // variance near zero bends too much for differences.
        check::<Rseg<Cpu>>(training(objective, MethodName::Rseg), |name| {
            !["content.", "gate."].iter().any(|part| name.starts_with(part))
                && !name.contains(".beta.")
        });
    }
}

/// Whether the next update shows each modality of its first specimen.
fn shown<M: Method<Cpu>>(trainer: &Trainer<Cpu, M>) -> Vec<bool> {
    let hidden = trainer.hidden(ROWS);
    (0..inputs().len()).map(|modality| !hidden.hides(0, modality)).collect()
}

#[test]
fn hemis_is_shown_any_number_of_modalities_and_never_none() {
    let mut hemis = trainer::<Hemis<Cpu>>(training(Objective::Erm, MethodName::Hemis));
    let mut seen = vec![0usize; inputs().len() + 1];
    for step in 0..200 {
        hemis.steps = step;
        seen[shown(&hemis).into_iter().filter(|shown| *shown).count()] += 1;
    }
    assert_eq!(seen[0], 0);
    // Each number as often as any other, to within what chance does to 200 draws.
    let share = 200 / inputs().len();
    assert!(seen[1..].iter().all(|&n| n.abs_diff(share) < 30), "{seen:?}");
    let concat = trainer::<Concat<Cpu>>(training(Objective::Erm, MethodName::Concat));
    assert!(!concat.hidden(ROWS).any());
}

/// How often each of the three ways in which some of two modalities are shown comes up.
fn ways(hidden: impl Iterator<Item = [bool; 2]>) -> [usize; 3] {
    let mut seen = [0; 3];
    for [one, other] in hidden {
        assert!(!(one && other));
        seen[if one { 0 } else { 1 + usize::from(other) }] += 1;
    }
    seen
}

#[test]
fn every_combination_is_shown_as_often_as_any_other() {
    // A third each, to within what chance does to 600 draws.
    let even = |seen: [usize; 3]| assert!(seen.iter().all(|n| n.abs_diff(200) < 40), "{seen:?}");
    let mut rseg = trainer::<Rseg<Cpu>>(training(Objective::Erm, MethodName::Rseg));
    even(ways((0..600).map(|step| {
        rseg.steps = step;
        let hidden = rseg.hidden(ROWS);
        let rows = (0..ROWS).map(|row| [0, 1].map(|m| hidden.hides(row, m)));
        assert!(rows.clone().all(|row| rows.clone().next() == Some(row)), "a batch is shown alike");
        [0, 1].map(|m| hidden.hides(0, m))
    })));
    let mmfm = trainer::<Mmfm<Cpu>>(training(Objective::Erm, MethodName::Mmfm));
    let hidden = mmfm.hidden(600);
    assert_eq!(hidden, mmfm.hidden(600));
    even(ways((0..600).map(|row| [0, 1].map(|m| hidden.hides(row, m)))));
}

/// The class stands in the second modality alone.
fn planted(step: usize) -> Batch {
    let mut batch = batch(&format!("planted {step}"));
    for (row, &label) in batch.labels.iter().enumerate() {
        let values = &mut batch.inputs[1].values[4 * row..4 * (row + 1)];
        values[..CLASSES].iter_mut().for_each(|x| *x = 0.0);
        values[label] = 3.0;
    }
    batch
}

#[test]
fn the_modality_that_tells_the_class_is_elected() {
    let training = Training { learning_rate: 1e-2, ..training(Objective::Erm, MethodName::Lckd) };
    let mut lckd = trainer::<Lckd<Cpu>>(training);
    assert_eq!(lckd.model.method().teachers(), [0]);
    for step in 0..101 {
        lckd.update(&planted(step), None).unwrap();
    }
    assert_eq!(lckd.model.method().teachers(), [1]);
    let told = |name| lckd.decisions().iter().find(|told| told.name == name).map(|told| told.value);
    assert_eq!(["teacher.image", "teacher.audio"].map(told), [Some(0.0), Some(1.0)]);
    assert_eq!((told("all_shown"), told("pretraining")), (Some(1.0), None));
}

#[test]
fn lckd_is_shown_everything_first() {
    let mut lckd = trainer::<Lckd<Cpu>>(training(Objective::Erm, MethodName::Lckd));
    let mut hides = |from: usize, to: usize| {
        (from..to).any(|step| {
            lckd.steps = step;
            lckd.hidden(ROWS).any()
        })
    };
    assert!(!hides(0, 328) && hides(328, 400), "of 800 updates");
}

#[test]
fn a_missing_modality_is_not_looked_at() {
    fn answers<M: Method<Cpu>>(name: MethodName) -> [Vec<f32>; 2] {
        let trainer = trainer::<M>(training(Objective::Erm, name));
        [0.0, 5.0].map(|content| {
            let mut batch = batch("specimens");
            batch.present = vec![true; batch.rows * batch.inputs.len()];
            for row in 0..batch.rows {
                batch.present[row * batch.inputs.len()] = false;
            }
            batch.inputs[0].values.fill(content);
            trainer.logits(&batch).unwrap().values
        })
    }
    let all = [
        answers::<Concat<Cpu>>(MethodName::Concat),
        answers::<Late<Cpu>>(MethodName::Late),
        answers::<Align<Cpu>>(MethodName::Align),
        answers::<Qmf<Cpu>>(MethodName::Qmf),
        answers::<Tmc<Cpu>>(MethodName::Tmc),
        answers::<TmcViews<Cpu>>(MethodName::TmcViews),
        answers::<Hemis<Cpu>>(MethodName::Hemis),
        answers::<SimMmdg<Cpu>>(MethodName::SimMmdg),
        answers::<Mmbt<Cpu>>(MethodName::Mmbt),
        answers::<Lckd<Cpu>>(MethodName::Lckd),
        answers::<Clip<Cpu>>(MethodName::Clip),
        answers::<AlignItc<Cpu>>(MethodName::AlignItc),
        answers::<Mmtm<Cpu>>(MethodName::Mmtm),
        answers::<Hved<Cpu>>(MethodName::Hved),
        answers::<Mmfm<Cpu>>(MethodName::Mmfm),
        answers::<Rseg<Cpu>>(MethodName::Rseg),
    ];
    for [one, other] in all {
        assert_eq!(one, other);
    }
}

#[test]
fn the_gradient_through_a_normalised_step_reaches_the_head() {
    // The spread is a constant of the batch by definition, so only parameters that don't move z
    // can be checked by differences.
    let training =
        Training { step: Step::Spread(1.2), ..training(Objective::C3r, MethodName::Concat) };
    check::<Concat<Cpu>>(training, |name| name.starts_with("head."));
}

/// The gradients of a loss that is `L_v` alone.
fn instrument_gradients(detach_instrument: bool) -> Vec<(String, Vec<f32>)> {
    let mut trainer = trainer::<Concat<Cpu>>(Training {
        lambda_s: 0.0,
        lambda_n: 0.0,
        lambda_fe: 0.0,
        lambda_v: 1.0,
        detach_instrument,
        ..training(Objective::C3r, MethodName::Concat)
    });
    let mut gradients = trainer.differentiate(&batch("specimens"), None).unwrap().gradients;
    let all = trainer.model.parameters().into_iter();
    all.map(|p| (p.name().to_owned(), p.gradient(&mut gradients).unwrap())).collect()
}

#[test]
fn a_detached_instrument_is_a_constant() {
    let mut trainer = trainer::<Concat<Cpu>>(training(Objective::C3r, MethodName::Concat));
    trainer.staging.stage(&[&batch("specimens")]).unwrap();
    let tape = SharedTape::recording();
    let pass = trainer
        .model
        .forward(trainer.staging.blocks(), &[&batch("specimens")], &Hidden::default(), &tape)
        .unwrap();
    let instrument = trainer.model.instrument().unwrap();
    let v = instrument.forward(&pass.features.h, &tape).unwrap();
    // By way of the host nothing can leak.
    let constant = upload(&trainer.device, *v.shape(), v.as_vec()).unwrap();
    let constant = dfdx::prelude::PutTape::put_tape(constant, SharedTape::off());
    let loss = mean(Distribution::of(pass.joint.heads[0].z.clone()).divergence(constant).unwrap())
        .unwrap();
    let mut gradients = backward(loss).unwrap();

    let detached = instrument_gradients(true);
    for (parameter, (name, found)) in trainer.model.parameters().iter().zip(&detached) {
        let expected = parameter.gradient(&mut gradients).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{name}: {found} against {expected}");
        }
    }
    let moves = |gradients: &[(String, Vec<f32>)], prefix: &str| {
        let chosen = gradients.iter().filter(|(name, _)| name.starts_with(prefix));
        chosen.flat_map(|(_, slope)| slope).any(|slope| *slope != 0.0)
    };
    assert!(!moves(&detached, "instrument."));
    assert!(moves(&detached, "encoder."));
    assert!(moves(&instrument_gradients(false), "instrument."));
}
