//! The hypothetical branch of the twin network (Eq. 7): a gradient step in closed form.
//!
//! For a linear softmax head with weight W (width x classes) the gradient of one specimen's
//! cross-entropy is `grad_z CE = (p - y) W^T` (exact; rows). So the step is an explicit expression
//! in z, W and b, and first-order automatic differentiation is enough to train through it.

use dfdx::prelude::{
    Axes2, Axis, BroadcastTo, HasShape, NoneTape, PermuteTo, PutTape, TryAdd, TryMatMul, TryMul,
    TrySub,
};

use super::device::LearnDevice;
use super::method::Head;
use super::ops::{scale_rows, sum_rows};
use super::tape::{Matrix, SharedTape, Var};
use crate::scene::training::{Objective, Step, Training};

/// Subtracted from the true class's logit to take that class out of a softmax: `exp(-1e4)` is
/// exactly zero.
pub(super) const EXCLUDED: f32 = 1e4;

/// Which counterfactual is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CounterfactualKind {
    /// Ascent on the true label's loss, away from the label: what necessity needs.
    Flip(Step),
    /// Descent, as the paper words Eq. 7: it makes the true label more probable.
    Literal(Step),
}

impl CounterfactualKind {
    /// The counterfactual that an objective trains with; none for one that makes no gradient step.
    pub(super) const fn of(training: &Training) -> Option<Self> {
        match training.objective {
            Objective::C3r => Some(Self::Flip(training.step)),
            Objective::C3rLiteral => Some(Self::Literal(training.literal_step)),
            Objective::Erm | Objective::C3rAdjust | Objective::C3rDiscount | Objective::C3rTwin => {
                None
            }
        }
    }

    fn step(self) -> Step {
        match self {
            Self::Flip(step) | Self::Literal(step) => step,
        }
    }

    fn sign(self) -> f32 {
        match self {
            Self::Flip(_) => 1.0,
            Self::Literal(_) => -1.0,
        }
    }
}

/// The hypothetical branch: `z_bar = z + C W^T`, with one row of class coefficients C per
/// specimen.
pub struct TwinNetwork<D: LearnDevice> {
    coefficients: Var<D>,
    weight: Var<D>,
}

impl<D: LearnDevice> TwinNetwork<D> {
    /// The hypothetical branch of `head` for the labels in `one_hot`, rows x classes. Specimens that
    /// the head has no say on stay where they are.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        head: &Head<D>,
        one_hot: &Matrix<D>,
        kind: CounterfactualKind,
    ) -> Result<Self, D::Err> {
        let weight = centred(&head.weight)?;
        let coefficients = match kind.step() {
            Step::Raw(eta) => raw(&head.logits, one_hot)?.try_mul(kind.sign() * eta)?,
            Step::Spread(radius) => {
                let length = radius * spread(head);
                normalised(&head.logits, &weight, one_hot)?.try_mul(kind.sign() * length)?
            }
        };
        Ok(Self { coefficients: told(head, coefficients)?, weight })
    }

    /// The head after the step, its logits as [`logits`](Self::logits) has them.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn stepped(&self, head: &Head<D>) -> Result<Head<D>, D::Err> {
        let (z, logits) = (self.z(&head.z)?, self.logits(&head.logits)?);
        Ok(Head { z, logits, ..head.clone() })
    }

    /// `z_bar`, rows x width, for the real branch's `z`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn z(&self, z: &Var<D>) -> Result<Var<D>, D::Err> {
        let turned = self.weight.clone().try_permute::<_, Axes2<1, 0>>()?;
        z.clone().try_add(self.coefficients.clone().try_matmul(turned)?)
    }

    /// The logits of `z_bar`, without going through its space: `l + C W^T W`, up to a number that
    /// all classes of a row share.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn logits(&self, logits: &Var<D>) -> Result<Var<D>, D::Err> {
        logits.clone().try_add(self.coefficients.clone().try_matmul(gram(&self.weight)?)?)
    }
}

/// `coefficients` with zeros for the specimens that the head has no say on.
fn told<D: LearnDevice>(head: &Head<D>, coefficients: Var<D>) -> Result<Var<D>, D::Err> {
    let rows = coefficients.shape().0;
    if (0..rows).all(|row| head.has(row)) {
        return Ok(coefficients);
    }
    let marks = (0..rows).map(|row| f32::from(u8::from(head.has(row)))).collect();
    let marks = coefficients.device().try_tensor_from_vec(marks, (rows,))?;
    scale_rows(coefficients, marks.put_tape(SharedTape::off()))
}

/// The weight less its mean over classes.
///
/// Coefficients add up to 0 over classes, so the step is the same and the logits differ by what
/// all classes share. Rounding isn't the same: in a head that no longer tells its classes apart,
/// the plain product is noise far above their difference, and would decide the verdict.
fn centred<D: LearnDevice>(weight: &Var<D>) -> Result<Var<D>, D::Err> {
    let shape = *weight.shape();
    let means = sum_rows(weight.clone())?.try_mul(1.0 / shape.1 as f32)?;
    weight.clone().try_sub(means.try_broadcast_like::<_, Axis<1>>(&shape)?)
}

/// `W^T W`, classes x classes.
fn gram<D: LearnDevice>(weight: &Var<D>) -> Result<Var<D>, D::Err> {
    // dfdx refuses a product of a tensor with itself, so one side gets an identity of its own.
    let turned = weight.clone().try_mul(1.0)?.try_permute::<_, Axes2<1, 0>>()?;
    turned.try_matmul(weight.clone())
}

/// Coefficients of the raw gradient, `p - y`: they vanish where the model is confident.
fn raw<D: LearnDevice>(logits: &Var<D>, one_hot: &Matrix<D>) -> Result<Var<D>, D::Err> {
    logits.clone().try_softmax::<Axis<1>>()?.try_sub(one_hot.clone())
}

/// Coefficients of the gradient brought to length one.
///
/// `p - y = (1 - p_y) (q - y)`, where q is the softmax over the wrong classes alone. The factor
/// cancels in the norm, so `q - y` is used: the same direction, without the loss of all digits
/// (and of the gradient) where `p_y` rounds to one.
fn normalised<D: LearnDevice>(
    logits: &Var<D>,
    weight: &Var<D>,
    one_hot: &Matrix<D>,
) -> Result<Var<D>, D::Err> {
    let excluded = one_hot.clone().try_mul(EXCLUDED)?;
    let others = logits.clone().try_sub(excluded)?.try_softmax::<Axis<1>>()?;
    let direction = others.try_sub(one_hot.clone())?;
    let products = direction.clone().try_matmul(gram(weight)?)?;
    let squares = sum_rows(products.try_mul(direction.clone())?)?;
    // A head whose rows are all alike has no direction; it then stays where it is.
    let inverse = squares.try_clamp(1e-12, f32::MAX)?.try_sqrt()?.try_recip()?;
    scale_rows(direction, inverse)
}

/// Root mean square distance of the rows of z from their mean, over those that the head has a say
/// on: a constant of the batch.
fn spread<D: LearnDevice>(head: &Head<D>) -> f32 {
    let width = head.z.shape().1;
    let values = head.z.retaped::<NoneTape>().as_vec();
    let all = values.chunks_exact(width).enumerate();
    let counted: Vec<_> = all.filter(|(row, _)| head.has(*row)).map(|(_, values)| values).collect();
    let rows = counted.len().max(1);
    let mut means = vec![0.0_f64; width];
    for row in &counted {
        for (mean, &value) in means.iter_mut().zip(*row) {
            *mean += f64::from(value) / rows as f64;
        }
    }
    let mut squares = 0.0;
    for row in counted {
        squares += row.iter().zip(&means).map(|(&v, m)| (f64::from(v) - m).powi(2)).sum::<f64>();
    }
    (squares / rows as f64).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;
    use rand::RngExt;

    use super::*;
    use crate::causal::noise::{StreamId, stream};
    use crate::learn::ops::{one_hot, upload};

    const ROWS: usize = 6;
    const WIDTH: usize = 5;

    struct Case {
        head: Head<Cpu>,
        labels: Vec<usize>,
        classes: usize,
    }

    impl Case {
        /// Random z and W without a bias; `scale` makes the model confident.
        fn new(classes: usize, scale: f32) -> Self {
            let device = Cpu::default();
            let mut noise = stream(11, 0, StreamId::of("twin network"));
            let mut draw =
                |n: usize, s: f32| (0..n).map(|_| s * (noise.random::<f32>() - 0.5)).collect();
            let z = upload(&device, (ROWS, WIDTH), draw(ROWS * WIDTH, 4.0)).unwrap();
            let weight = upload(&device, (WIDTH, classes), draw(WIDTH * classes, scale)).unwrap();
            let (z, weight) = (z.put_tape(SharedTape::off()), weight.put_tape(SharedTape::off()));
            let logits = z.clone().try_matmul(weight.clone()).unwrap();
            let labels = (0..ROWS).map(|i| i % classes).collect();
            Self { head: Head { z, weight, logits, shares: None }, labels, classes }
        }

        fn twin_network(&self, kind: CounterfactualKind) -> TwinNetwork<Cpu> {
            let device = Cpu::default();
            let labels = one_hot(&device, self.labels.iter().copied(), self.classes).unwrap();
            TwinNetwork::new(&self.head, &labels, kind).unwrap()
        }

        /// The cross-entropy of one row, in double precision and from the definition.
        fn loss(&self, row: usize, z: &[f64]) -> f64 {
            let weight = self.head.weight.as_vec();
            let logit = |k: usize| -> f64 {
                z.iter().enumerate().map(|(i, z)| z * f64::from(weight[i * self.classes + k])).sum()
            };
            let sum: f64 = (0..self.classes).map(|k| logit(k).exp()).sum();
            sum.ln() - logit(self.labels[row])
        }

        /// The gradient of that with respect to z, by central differences.
        fn slope(&self, row: usize) -> Vec<f64> {
            let z = self.head.z.as_vec();
            let z: Vec<f64> = z[row * WIDTH..][..WIDTH].iter().map(|&v| v.into()).collect();
            let moved = |i: usize, by: f64| {
                let mut z = z.clone();
                z[i] += by;
                self.loss(row, &z)
            };
            (0..WIDTH).map(|i| (moved(i, 1e-5) - moved(i, -1e-5)) / 2e-5).collect()
        }

        /// `z_bar - z` of every row.
        fn moves(&self, kind: CounterfactualKind) -> Vec<Vec<f64>> {
            let z_bar = self.twin_network(kind).z(&self.head.z).unwrap().as_vec();
            let pairs = z_bar.iter().zip(self.head.z.as_vec());
            let moves: Vec<f64> = pairs.map(|(&bar, z)| f64::from(bar) - f64::from(z)).collect();
            moves.chunks_exact(WIDTH).map(<[f64]>::to_vec).collect()
        }
    }

    fn norm(v: &[f64]) -> f64 {
        v.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    #[test]
    fn the_raw_step_is_the_gradient_by_finite_differences() {
        for classes in [2, 3, 5] {
            let case = Case::new(classes, 2.0);
            for (kind, sign) in [
                (CounterfactualKind::Flip(Step::Raw(0.7)), 0.7),
                (CounterfactualKind::Literal(Step::Raw(0.7)), -0.7),
            ] {
                for (row, step) in case.moves(kind).iter().enumerate() {
                    for (found, slope) in step.iter().zip(case.slope(row)) {
                        assert!((found - sign * slope).abs() < 1e-5, "{found} {slope}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_normalised_step_keeps_direction_and_length_however_confident() {
        for (classes, scale) in [(2, 2.0), (3, 2.0), (3, 60.0)] {
            let case = Case::new(classes, scale);
            let length = 1.5 * f64::from(spread(&case.head));
            let kind = CounterfactualKind::Flip(Step::Spread(1.5));
            for (row, step) in case.moves(kind).iter().enumerate() {
                assert!((norm(step) / length - 1.0).abs() < 1e-4);
                let slope = case.slope(row);
                if norm(&slope) > 1e-6 {
                    let dot: f64 = step.iter().zip(&slope).map(|(a, b)| a * b).sum();
                    assert!(dot / (norm(step) * norm(&slope)) > 0.9999);
                }
            }
        }
    }

    #[test]
    fn logit_space_and_z_space_agree() {
        let case = Case::new(3, 2.0);
        for step in [Step::Raw(1.0), Step::Spread(0.5)] {
            let twin_network = case.twin_network(CounterfactualKind::Flip(step));
            let short = twin_network.logits(&case.head.logits).unwrap();
            let z_bar = twin_network.z(&case.head.z).unwrap();
            let long = z_bar.try_matmul(case.head.weight.clone()).unwrap();
            let probabilities = |logits: Var<Cpu>| logits.softmax::<Axis<1>>().as_vec();
            for (short, long) in probabilities(short).iter().zip(&probabilities(long)) {
                assert!((short - long).abs() < 1e-5, "{short} {long}");
            }
        }
    }

    #[test]
    fn the_spread_is_the_root_mean_square_distance_from_the_mean() {
        let z = upload(&Cpu::default(), (3, 2), vec![0.0, 0.0, 70.0, -9.0, 6.0, 8.0]).unwrap();
        let z = z.put_tape(SharedTape::off());
        // Of the second specimen the head says nothing.
        let shares = Some(vec![1.0, 0.0, 0.5]);
        let head = Head { weight: z.clone(), logits: z.clone(), z, shares };
        assert_eq!(spread(&head), 5.0);
    }

    #[test]
    fn a_head_without_difference_moves_nobody() {
        let mut case = Case::new(2, 2.0);
        let device = Cpu::default();
        let (width, classes) = *case.head.weight.shape();
        let column: Vec<f32> = (0..width).map(|i| 0.1 + 0.01 * i as f32).collect();
        let alike = column.iter().flat_map(|&w| vec![w; classes]).collect();
        let weight = upload(&device, (width, classes), alike).unwrap();
        case.head.weight = weight.put_tape(SharedTape::off());
        let twin_network = case.twin_network(CounterfactualKind::Literal(Step::Raw(1.0)));
        let moved = twin_network.logits(&case.head.logits).unwrap().as_vec();
        assert_eq!(moved, case.head.logits.as_vec());
    }
}
