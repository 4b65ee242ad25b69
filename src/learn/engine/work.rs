//! What an update must at least do: counted products and moved bytes.

use super::super::plan::Plan;
use super::super::{InputSpec, LearnError};
use super::refuse;
use super::shape::{Feed, Shape};
use crate::scene::training::Training;

/// What one update on a batch must do, whoever computes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Multiplications and additions of the matrix products: forward, for the gradient of every
    /// weight, and for the slope of everything that isn't an input.
    pub operations: f64,
    /// Bytes that can't stay in a cache: every input read once, and of every parameter the value
    /// and both of Adam's moments read and written once, in f32.
    pub bytes: f64,
}

impl Work {
    /// The work of one update on `rows` specimens.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for a method that isn't made of dense layers, or for what no model
    /// can be built from.
    pub fn of(
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
        rows: usize,
    ) -> Result<Self, LearnError> {
        let plan = Plan { inputs: inputs.to_vec(), classes, training: training.clone() };
        plan.check()?;
        refuse(training)?;
        let shape = Shape::of(&plan);
        let mut products = 0;
        for layer in &shape.layers {
            let passes = if matches!(layer.feed, Feed::Input(_)) { 2 } else { 3 };
            products += passes * layer.inputs * layer.outputs;
        }
        if shape.instrument.is_some() && training.lambda_v != 0.0 {
            // V is a constant where it is detached: then its products are made forward alone.
            let passes = if training.detach_instrument { 1 } else { 3 };
            let features = shape.slots[shape.features[0]];
            let projections = 2 * shape.features.len() * features;
            products += passes * features * (projections + shape.width());
        }
        let width: usize = shape.modalities.iter().map(|&i| inputs[i].width).sum();
        // Twins are a second batch; a companion is a second model on the same batch.
        let batches = 1 + usize::from(training.objective.needs_twins());
        // One that is discounted soon stops learning, and may have nothing to say then.
        let models = 1 + usize::from(training.objective.adjusts());
        Ok(Self {
            operations: (2 * products * rows * batches * models) as f64,
            bytes: (4 * (rows * width * batches + 6 * shape.parameters() * models)) as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::training::{Method, Objective};

    #[test]
    fn the_work_of_a_picture_alone_is_counted_by_hand() {
        let inputs = [InputSpec::row("image", 10)];
        let training = Training { method: Method::Image, features: 4, ..Training::default() };
        let found = Work::of(&inputs, 3, &training, 7).unwrap();
        // 10 -> 4 forward and gradient; 4 -> 4 and 4 -> 3 with the slope of what they read.
        assert_eq!(found.operations, f64::from(2 * 7 * (2 * 40 + 3 * 16 + 3 * 12)));
        let parameters = 10 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3;
        assert_eq!(found.bytes, f64::from(4 * (7 * 10 + 6 * parameters)));
        let twin = Training { objective: Objective::C3rTwin, ..training.clone() };
        let twice = Work::of(&inputs, 3, &twin, 7).unwrap();
        assert_eq!(twice.operations, 2.0 * found.operations);
        let other = Training { method: Method::Qmf, ..training };
        assert!(Work::of(&inputs, 3, &other, 7).is_err());
    }
}
