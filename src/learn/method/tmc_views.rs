//! TMC with C3R on the evidence of each modality, without a head beside.

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Scalar, SharedTape, Var};
use super::evidence::{answer, gathered, loss};
use super::{Head, Joint, Method, Task};
use crate::scene::training::Training;

/// The model, the answer and the loss of [`Tmc`](super::Tmc), and nothing beside: evidence `e_m =
/// softplus(l_m)` of `l_m = h_m W_m + b_m`, combined by `1 + e_k / K = prod_m (1 + e_mk / K)`, trained
/// with `sum_m L(alpha_m) + L(alpha)` alone.
///
/// C3R needs linear heads, and the `l_m` before their softplus are some. So its terms act on every
/// view's own `z = h_m`, `W = W_m` and `l_m`, and are averaged over the modalities that a specimen has:
///
/// `(1 / M) sum_m [lambda_n N(l_bar_m) + lambda_v KL(h_m || V) + lambda_fe max(0, KL(h_m || h_bar_m) -
/// budget)]`, `h_bar_m` the step of the view by the softmax of its `l_m`, N necessity.
///
/// The instrument V is as wide as a view, and the same for all. The answer of the hypothetical branch
/// is the rule's on `softplus(l_bar_m)`, every view having made its step. As a representation, Z is
/// `[h_1; ...; h_M]` with W the `W_m` under one another; its logits are `sum_m l_m`, which move by
/// `d W` with it and aren't the answer; the companion of `c3r-adjust` judges by them.
///
/// Deviation: TMC's authors know no C3R, and C3R's paper doesn't say how it was put on a method without
/// one linear head. This is one of two honest readings, and `Tmc` the other. Source of the model:
/// hanmenghan/TMC.
pub struct TmcViews<D: LearnDevice> {
    views: Vec<Dense<D>>,
    features: usize,
}

impl<D: LearnDevice> Method<D> for TmcViews<D> {
    const WHOLE_LOSS: bool = true;

    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let views = Dense::per_modality(start, "evidence", inputs, features, classes)?;
        Ok(Self { views, features })
    }

    fn width(&self) -> usize {
        self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let logits = Dense::forward_each(&self.views, &features.h, tape)?;
        // Of what a specimen lacks nothing is known, not even to the steps.
        let logits = features.masked(logits)?;
        let z = features.masked(features.h.clone())?;
        let parts = self.views.iter().zip(z).zip(&logits).zip(features.shares());
        let head = |(((view, z), logits), shares): (((&Dense<D>, _), &Var<D>), _)| {
            let (weight, logits) = (view.weight(tape), logits.clone());
            Head { z, weight, logits, shares: Some(shares) }
        };
        let heads = parts.map(head).collect();
        let branches = gathered(logits, features)?;
        Ok(Joint { heads, answer: Some(answer(&branches)?), branches })
    }

    fn conclude(&self, heads: &[Head<D>], features: &Features<D>) -> Result<Var<D>, D::Err> {
        // Evidence, unlike a softmax, tells what a step adds to all classes alike: so from z.
        let z: Vec<Var<D>> = heads.iter().map(|head| head.z.clone()).collect();
        let logits = Dense::forward_each(&self.views, &z, &SharedTape::off())?;
        answer(&gathered(logits, features)?)
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        loss(&joint.branches, task)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.views.iter().flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.views.iter_mut().flat_map(Dense::parameters_mut).collect()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use rand::RngExt;

    use super::super::evidence::long_form;
    use super::*;
    use crate::causal::noise::{StreamId, stream};
    use crate::learn::plan::Plan;
    use crate::learn::trainer::Trainer;
    use crate::learn::{Batch, CounterfactualKind, Input, Learner};
    use crate::scene::training::{Method as MethodName, Objective, Step};

    const ROWS: usize = 7;
    const CLASSES: usize = 3;
    const FEATURES: usize = 4;
    const STEP: f32 = 1.3;
    const BUDGET: f64 = 0.01;

    fn learner(names: &[&str]) -> Trainer<Cpu, TmcViews<Cpu>> {
        let training = Training {
            method: MethodName::TmcViews,
            objective: Objective::C3r,
            features: FEATURES,
            kl_budget: BUDGET as f32,
            step: Step::Raw(STEP),
            ..Training::default()
        };
        let inputs = names.iter().map(|name| InputSpec::row(name, 5)).collect();
        let plan = Plan { inputs, classes: CLASSES, training };
        Trainer::new(Cpu::default(), plan, 9, None).unwrap()
    }

    /// Specimens whose modalities are the streams of those names; `lacks` tells what isn't there.
    fn batch(names: &[&str], lacks: impl Fn(usize, usize) -> bool) -> Batch {
        let input = |name: &&str| {
            let mut noise = stream(21, 0, StreamId::of(name));
            Input::of((0..ROWS * 5).map(|_| 3.0 * noise.random::<f32>() - 1.5).collect())
        };
        let inputs: Vec<Input> = names.iter().map(input).collect();
        let all = inputs.len();
        let present = (0..ROWS * all).map(|i| !lacks(i / all, i % all)).collect();
        let labels = (0..ROWS).map(|row| row % CLASSES).collect();
        Batch { rows: ROWS, inputs, labels, present }
    }

    fn softmax(x: &[f64]) -> Vec<f64> {
        let sum: f64 = x.iter().map(|x| x.exp()).sum();
        x.iter().map(|x| x.exp() / sum).collect()
    }

    fn kl(z: &[f64], other: &[f64]) -> f64 {
        let (p, q) = (softmax(z), softmax(other));
        p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum()
    }

    /// A single head, `z W + b`.
    struct ByHand {
        weight: Vec<f32>,
        bias: Vec<f32>,
    }

    impl ByHand {
        fn of(learner: &dyn Learner, name: &str) -> Self {
            let all = learner.parameters().unwrap();
            let values = |part: &str| {
                let name = format!("evidence.{name}.{part}");
                all.iter().find(|p| p.name == name).unwrap().values.clone()
            };
            Self { weight: values("weight"), bias: values("bias") }
        }

        fn logits(&self, z: &[f64]) -> Vec<f64> {
            let product = |k: usize| -> f64 {
                let column = self.weight.iter().skip(k).step_by(CLASSES);
                z.iter().zip(column).map(|(z, w)| z * f64::from(*w)).sum()
            };
            (0..CLASSES).map(|k| product(k) + f64::from(self.bias[k])).collect()
        }

        /// `z + eta (p - y) W^T`.
        fn stepped(&self, z: &[f64], label: usize) -> Vec<f64> {
            let mut p = softmax(&self.logits(z));
            p[label] -= 1.0;
            let along =
                |row: &[f32]| -> f64 { row.iter().zip(&p).map(|(w, p)| p * f64::from(*w)).sum() };
            let rows = self.weight.chunks_exact(CLASSES);
            z.iter().zip(rows).map(|(z, row)| z + f64::from(STEP) * along(row)).collect()
        }
    }

    /// What a batch comes to by the definitions, from features and V as the learner gives them.
    #[derive(Default)]
    struct Expected {
        necessity: f64,
        l_v: f64,
        l_fe: f64,
        divergence: Vec<f64>,
        hypothetical: Vec<f64>,
    }

    fn expected(learner: &dyn Learner, names: &[&str], batch: &Batch) -> Expected {
        let z = learner.representation(batch).unwrap();
        assert_eq!((z.width, z.instrument.len()), (FEATURES * names.len(), z.values.len()));
        let heads: Vec<ByHand> = names.iter().map(|name| ByHand::of(learner, name)).collect();
        let mut found = Expected::default();
        for row in 0..ROWS {
            let has = |m: &usize| batch.present[row * names.len() + m];
            let views: Vec<usize> = (0..names.len()).filter(has).collect();
            let share = 1.0 / views.len() as f64;
            let label = batch.labels[row];
            let mut evidence = vec![0.0; CLASSES];
            found.divergence.push(0.0);
            for view in views {
                let part = |values: &[f32]| -> Vec<f64> {
                    let from = row * z.width + view * FEATURES;
                    values[from..from + FEATURES].iter().map(|&v| v.into()).collect()
                };
                let (h, v) = (part(&z.values), part(&z.instrument));
                let h_bar = heads[view].stepped(&h, label);
                let l_bar = heads[view].logits(&h_bar);
                found.necessity -= share * (1.0 - softmax(&l_bar)[label]).ln() / ROWS as f64;
                found.l_v += share * kl(&h, &v) / ROWS as f64;
                found.l_fe += share * (kl(&h, &h_bar) - BUDGET).max(0.0) / ROWS as f64;
                found.divergence[row] += share * kl(&h, &h_bar);
                let own: Vec<f64> = l_bar.iter().map(|l| l.exp().ln_1p()).collect();
                evidence = long_form(&evidence, &own);
            }
            found.hypothetical.extend(evidence.iter().map(|e| e.ln_1p()));
        }
        found
    }

    fn near(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} {expected}");
        }
    }

    /// With one modality everything is that of a single head; with more, the mean over those that
    /// a specimen has; and the answer is combined from every view's step.
    #[test]
    fn the_terms_and_the_answer_are_those_of_single_heads_by_hand() {
        let cases: [(&[&str], fn(usize, usize) -> bool); 3] = [
            (&["audio"], |_, _| false),
            (&["image", "audio"], |_, _| false),
            (&["image", "audio", "text"], |row, m| (row + m) % 3 == 0 || row == 2 && m == 0),
        ];
        for (names, lacks) in cases {
            let (mut learner, batch) = (learner(names), batch(names, lacks));
            let by_hand = expected(&learner, names, &batch);
            let kind = CounterfactualKind::Flip(Step::Raw(STEP));
            let found = learner.counterfactual(&batch, kind).unwrap();
            assert_eq!(found.real, learner.logits(&batch).unwrap());
            near(&found.hypothetical.values, &by_hand.hypothetical);
            near(&found.divergence, &by_hand.divergence);
            let losses = learner.update(&batch, None).unwrap();
            let terms = [losses.necessity, losses.l_v, losses.l_fe].map(|term| term as f32);
            near(&terms, &[by_hand.necessity, by_hand.l_v, by_hand.l_fe]);
            assert!(terms.iter().all(|term| *term > 0.0));
        }
    }

    #[test]
    fn a_view_that_is_missing_has_no_part_in_anything() {
        let both = ["image", "audio"];
        let mut shown = batch(&both, |_, modality| modality == 0);
        let (mut two, mut one) = (learner(&both), learner(&both[1..]));
        let alone = batch(&both[1..], |_, _| false);
        let kind = CounterfactualKind::Flip(Step::Spread(1.0));
        let wide = |values: Vec<f32>| -> Vec<f32> {
            let rows = values.chunks_exact(2 * FEATURES);
            assert!(rows.clone().all(|row| row[..FEATURES].iter().all(|z| *z == 0.0)));
            rows.flat_map(|row| row[FEATURES..].to_vec()).collect()
        };
        let [found, expected] =
            [(&two, &shown), (&one, &alone)].map(|(l, b)| l.counterfactual(b, kind).unwrap());
        let exact = |values: &[f32]| values.iter().map(|&v| v.into()).collect::<Vec<f64>>();
        near(&found.hypothetical.values, &exact(&expected.hypothetical.values));
        near(&found.divergence, &exact(&expected.divergence));
        near(&wide(found.z), &exact(&expected.z));

        let losses = [two.update(&shown, None).unwrap(), one.update(&alone, None).unwrap()];
        // Not L_v: the attention of V also falls on what is missing, which it sees as zeros.
        let [found, expected] = losses.map(|l| [l.sufficiency, l.necessity, l.l_fe]);
        near(&found.map(|term| term as f32), &expected);
        let mut other = learner(&both);
        shown.inputs[0].values.fill(7.0);
        assert_eq!(other.update(&shown, None).unwrap(), losses[0]);
        assert_eq!(other.parameters(), two.parameters());
    }
}
