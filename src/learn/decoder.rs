//! Decoders: from a hidden vector back to the numbers of a modality, and how far they are off.

use dfdx::prelude::{Axis, HasShape, PutTape, SumTo, TryMul, TrySub};

use super::dense::Dense;
use super::device::LearnDevice;
use super::features::Features;
use super::ops::{scale_rows, sum_rows};
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, Rows, Scalar, SharedTape, Var};
use super::{Form, InputSpec};

/// How the numbers of a picture, a sound or a vector are held against their reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// `mean (x - x')^2`.
    Square,
    /// `mean |x - x'|`.
    Absolute,
}

/// One dense layer from a vector to the numbers of a modality; of a text it gives the logits of its
/// words.
pub struct Decoder<D: LearnDevice> {
    layer: Dense<D>,
    words: bool,
}

impl<D: LearnDevice> Decoder<D> {
    /// A decoder of `input` from vectors of `width` numbers, with parameters under
    /// `decoder.<name>`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, input: &InputSpec, width: usize) -> Result<Self, D::Err> {
        let name = format!("decoder.{}", input.name);
        let words = matches!(input.form, Form::Words { .. });
        Ok(Self { layer: Dense::new(start, &name, width, input.width)?, words })
    }

    /// How far what it makes of `x` is from the `original`, in the mean that `weights`, one per row,
    /// say. A text's is the cross-entropy `-sum_v (n_v / n) log p_v` of its bag of words, `n_v` the
    /// count of a word and `n` that of all.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn loss(
        &self,
        x: Var<D>,
        original: &Matrix<D>,
        gap: Gap,
        weights: Vec<f32>,
        (features, tape): (&Features<D>, &SharedTape<D>),
    ) -> Result<Scalar<D>, D::Err> {
        let made = self.layer.forward(x, tape)?;
        let share = 1.0 / made.shape().1 as f32;
        let rows: Rows<D> = match (self.words, gap) {
            (true, _) => {
                let shares = frequencies(original)?;
                sum_rows(made.try_log_softmax::<Axis<1>>()?.try_mul(shares)?)?.try_negate()?
            }
            (false, Gap::Square) => {
                sum_rows(made.try_sub(original.clone())?.try_square()?)?.try_mul(share)?
            }
            (false, Gap::Absolute) => {
                sum_rows(made.try_sub(original.clone())?.try_abs()?)?.try_mul(share)?
            }
        };
        rows.try_mul(features.constant(weights)?)?.try_sum::<(), _>()
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        self.layer.parameters()
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        self.layer.parameters_mut()
    }
}

/// Counts of words over how many there are; of a text without words zeros.
fn frequencies<D: LearnDevice>(counts: &Matrix<D>) -> Result<Var<D>, D::Err> {
    let counts = counts.clone().put_tape(SharedTape::off());
    let all = sum_rows(counts.clone())?.try_clamp(1.0, f32::MAX)?;
    scale_rows(counts, all.try_recip()?)
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::ops::upload;

    /// The loss of two rows, the second of which doesn't count, whose reconstruction is the bias.
    fn loss(input: &InputSpec, gap: Gap, original: Vec<f32>, made: &[f32]) -> f32 {
        let device = Cpu::default();
        let start = Start { device: device.clone(), seed: 1 };
        let mut decoder = Decoder::<Cpu>::new(&start, input, 2).unwrap();
        decoder.parameters_mut().nth(1).unwrap().assign(made);
        let zeros = upload(&device, (2, 2), vec![0.0; 4]).unwrap().put_tape(SharedTape::off());
        let original = upload(&device, (2, input.width), original).unwrap();
        let features = Features::all(&device, vec![zeros.clone()]);
        let place = (&features, &SharedTape::off());
        decoder.loss(zeros, &original, gap, vec![1.0, 0.0], place).unwrap().as_vec()[0]
    }

    #[test]
    fn numbers_are_off_by_squares_or_by_what_they_are_and_words_by_their_surprise() {
        let row = InputSpec::row("image", 2);
        let original = vec![1.0, -2.0, 9.0, 9.0];
        assert_eq!(loss(&row, Gap::Square, original.clone(), &[0.0, 1.0]), 5.0);
        assert_eq!(loss(&row, Gap::Absolute, original, &[0.0, 1.0]), 2.0);
        let words = InputSpec::words("text", 4, 3);
        let counts = vec![0.0, 3.0, 1.0, 0.0, 0.0, 0.0];
        let (a, b, c) = (0.2_f32, 1.0_f32, -0.5_f32);
        let norm = (a.exp() + b.exp() + c.exp()).ln();
        let expected = 0.75 * (norm - b) + 0.25 * (norm - c);
        let found = loss(&words, Gap::Square, counts, &[a, b, c]);
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        assert_eq!(loss(&words, Gap::Square, vec![0.0; 6], &[a, b, c]), 0.0);
    }
}
