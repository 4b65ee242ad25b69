//! QMF: late fusion that trusts each modality by its energy (Zhang et al., ICML 2023).

use dfdx::prelude::{
    Axis, HasShape, LogSumExpTo, NoneTape, PutTape, ReshapeTo, SumTo, TryAdd, TryMatMul, TryMul,
};

use super::super::InputSpec;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::features::Features;
use super::super::ops::{
    add_all, detach, scale_rows, side_by_side, stack_rows, stacked_sum, upload,
};
use super::super::parameter::{Parameter, Start};
use super::super::tape::{Rows, Scalar, SharedTape, Var};
use super::late::branch_losses;
use super::{Joint, Method, Task};
use crate::scene::training::Training;

/// Confidence per nat of logsumexp, as the authors' code has it.
const TEMPERATURE: f32 = 0.1;

/// `l_m = h_m W_m + b_m`, `c_m = 0.1 logsumexp(l_m)` (the negative energy), fused `l = sum_m c_m
/// l_m` with `c_m` held fixed, trained with `CE(l) + sum_m CE(l_m) + lambda_rank sum_m R_m`.
///
/// `R_m = mean max(0, g_i (c_i - c_j) + q_i)` over neighbours i, j of the batch, with `g_i =
/// sign(k_i - k_j)` and `q_i = |k_i - k_j|`: who was judged worse must be less confident, by as
/// much. The authors' code has `- q_i`; the paper's form is taken.
///
/// Deviation: k is the loss of a specimen over all epochs so far, brought to \[0, 1\]; here specimens
/// come in a stream and are met once, so k is their loss in this batch, brought to \[0, 1\] over it.
/// Source: QingyangZhang/QMF.
pub struct Qmf<D: LearnDevice> {
    heads: Vec<Dense<D>>,
    features: usize,
    rank: f32,
}

impl<D: LearnDevice> Method<D> for Qmf<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        let heads = Dense::per_modality(start, "head", inputs, features, classes)?;
        Ok(Self { heads, features, rank: training.lambda_rank })
    }

    fn width(&self) -> usize {
        self.heads.len() * self.features
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let branches = Dense::forward_each(&self.heads, &features.h, tape)?;
        let trusted = |(value, branch): (&Var<D>, &Var<D>)| {
            scale_rows(value.clone(), confidence(&detach(branch)?)?)
        };
        let weigh = |values: &[Var<D>]| {
            let weighed = values.iter().zip(&branches).map(trusted).collect::<Result<_, _>>()?;
            features.masked(weighed)
        };
        let z = side_by_side(weigh(&features.h)?)?;
        let logits = stacked_sum(weigh(&branches)?)?;
        let weight = stack_rows(self.heads.iter().map(|head| head.weight(tape)).collect())?;
        Ok(Joint::new(z, weight, logits).with_branches(branches))
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let mut losses: Vec<Scalar<D>> =
            branch_losses(&joint.branches, task)?.into_iter().collect();
        if self.rank != 0.0 {
            let rows = ranked_rows(task);
            for branch in &joint.branches {
                losses.push(ranking(branch, task, &rows)?.try_mul(self.rank)?);
            }
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        self.heads.iter().flat_map(Dense::parameters).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        self.heads.iter_mut().flat_map(Dense::parameters_mut).collect()
    }
}

/// How much a modality's logits are trusted.
fn confidence<D: LearnDevice>(branch: &Var<D>) -> Result<Rows<D>, D::Err> {
    branch.clone().try_logsumexp::<(usize,), Axis<1>>()?.try_mul(TEMPERATURE)
}

/// The specimens that count, each with its neighbour in the batch.
fn ranked_rows<D: LearnDevice>(task: &Task<D>) -> Vec<(usize, usize)> {
    let labels = task.labels();
    let counted: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
    let next = counted.iter().cycle().skip(1);
    counted.iter().copied().zip(next.copied()).collect()
}

/// `R_m` of one modality.
fn ranking<D: LearnDevice>(
    branch: &Var<D>,
    task: &Task<D>,
    pairs: &[(usize, usize)],
) -> Result<Scalar<D>, D::Err> {
    let history = history(branch, task);
    let rows = task.features.rows();
    let (mut differences, mut margins) = (vec![0.0; pairs.len() * rows], Vec::new());
    for (pair, &(i, j)) in pairs.iter().enumerate() {
        let [sign, margin] = guide(history[i], history[j]);
        differences[pair * rows + i] += sign;
        differences[pair * rows + j] -= sign;
        margins.push(margin);
    }
    let device = task.features.device();
    let differences = upload(device, (pairs.len(), rows), differences)?.put_tape(task.tape.clone());
    let column = confidence(branch)?.try_reshape_like(&(rows, 1))?;
    let gaps = differences.try_matmul(column)?.try_reshape_like(&(pairs.len(),))?;
    let hinge = gaps.try_add(task.features.constant(margins)?)?.try_relu()?;
    hinge.try_sum::<(), _>()?.try_mul(1.0 / pairs.len().max(1) as f32)
}

/// `g` and `q` of a pair.
fn guide(one: f32, other: f32) -> [f32; 2] {
    let gap = one - other;
    if gap == 0.0 { [0.0, 0.0] } else { [gap.signum(), gap.abs()] }
}

/// The loss of every specimen, brought to \[0, 1\] over those that count; zeros where all are alike.
fn history<D: LearnDevice>(branch: &Var<D>, task: &Task<D>) -> Vec<f32> {
    let classes = branch.shape().1;
    let logits = branch.retaped::<NoneTape>().as_vec();
    let labels = task.labels();
    let losses: Vec<Option<f32>> = logits
        .chunks_exact(classes)
        .zip(&labels)
        .map(|(row, label)| {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = row.iter().map(|l| (l - most).exp()).sum();
            label.map(|label| most + sum.ln() - row[label])
        })
        .collect();
    let counted = losses.iter().flatten().copied();
    let [least, most] =
        [counted.clone().fold(f32::INFINITY, f32::min), counted.fold(0.0, f32::max)];
    let range = most - least;
    let scaled = |loss: Option<f32>| match loss {
        Some(loss) if range > 1e-8 => (loss - least) / range,
        _ => 0.0,
    };
    losses.into_iter().map(scaled).collect()
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::super::Head;
    use super::*;
    use crate::learn::ops::one_hot;
    use crate::learn::tape::backward;

    fn task<'a>(
        targets: &'a super::super::super::tape::Matrix<Cpu>,
        weights: &'a [f32],
        features: &'a Features<Cpu>,
        tape: &'a SharedTape<Cpu>,
    ) -> Task<'a, Cpu> {
        Task { targets, weights, progress: 0.0, seed: 0, step: 0, features, tape }
    }

    #[test]
    fn who_is_judged_worse_and_more_confident_costs() {
        let device = Cpu::default();
        let tape = SharedTape::off();
        // The first is wrong. Where it's more confident too, the pair costs 2 x (0.1 gap + 1).
        let cost = |wrong: f32, right: f32| {
            let logits = upload(&device, (2, 2), vec![wrong, 0.0, 0.0, right]).unwrap();
            let branch = logits.put_tape(tape.clone());
            let features = Features::all(&device, vec![branch.clone()]);
            let weights = [0.0, 0.5, 0.0, 0.5];
            let targets = one_hot(&device, [1, 1].into_iter(), 2).unwrap();
            let task = task(&targets, &weights, &features, &tape);
            let pairs = ranked_rows(&task);
            assert_eq!(pairs, [(0, 1), (1, 0)]);
            ranking(&branch, &task, &pairs).unwrap().as_vec()[0]
        };
        let lse = |x: f32| (1.0 + x.exp()).ln();
        let expected = 0.1 * (lse(6.0) - lse(1.0)) + 1.0;
        assert!((cost(6.0, 1.0) - expected).abs() < 1e-5);
        assert!(cost(1.0, 30.0) == 0.0, "far more confident where it's right");
    }

    #[test]
    fn fusion_sends_no_gradient_through_its_weights() {
        let device = Cpu::default();
        let inputs = ["a", "b"].map(|name| InputSpec::row(name, 1));
        let training = Training { features: 3, ..Training::default() };
        let start = Start { device: device.clone(), seed: 5 };
        let mut qmf = Qmf::<Cpu>::new(&start, &inputs, 2, &training).unwrap();
        let loss = |qmf: &Qmf<Cpu>, tape: &SharedTape<Cpu>| {
            let h = (0..2)
                .map(|m| {
                    let values = (0..12).map(|i| ((i * 5 + m) % 7) as f32 * 0.3 - 0.9).collect();
                    upload(&device, (4, 3), values).unwrap().put_tape(tape.clone())
                })
                .collect();
            let features = Features::all(&device, h);
            let joint = qmf.join(&features, tape).unwrap();
            let Head { z, weight, logits, .. } = Head::whole(&joint.heads).unwrap();
            let product = z.try_matmul(weight).unwrap().as_vec();
            (logits, joint.branches, product)
        };
        let tape = SharedTape::recording();
        let (logits, branches, product) = loss(&qmf, &tape);
        // The fused logits are the head on Z and biases that each confidence weighs.
        let biases: Vec<Vec<f32>> = qmf
            .heads
            .iter()
            .filter_map(|h| h.parameters().nth(1))
            .map(|b| b.named().values)
            .collect();
        let trust: Vec<Vec<f32>> =
            branches.iter().map(|b| confidence(b).unwrap().as_vec()).collect();
        for (i, (logit, product)) in logits.as_vec().iter().zip(&product).enumerate() {
            let bias: f32 = (0..2).map(|m| trust[m][i / 2] * biases[m][i % 2]).sum();
            assert!((logit - product - bias).abs() < 1e-5);
        }
        let mut gradients = backward(logits.try_sum::<(), _>().unwrap()).unwrap();
        // With the confidences held fixed, the sum of the logits has slope sum_i c_i in each bias.
        for (m, head) in qmf.heads.iter_mut().enumerate() {
            let bias = head.parameters().nth(1).unwrap();
            let expected: f32 = trust[m].iter().sum();
            for found in bias.gradient(&mut gradients).unwrap() {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}
