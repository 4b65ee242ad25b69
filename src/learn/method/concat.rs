//! Concatenation: the features side by side, one joint network, one linear head.

use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::Encoding;
use super::super::features::Features;
use super::super::parameter::{Parameter, Start};
use super::super::tape::{SharedTape, Var};
use super::super::{Form, InputSpec};
use super::{Joint, Method, text_encoding};
use crate::scene::training::Training;

/// Hidden widths of the joint network, as C3R and CaSN give them.
pub const HIDDEN: [usize; 3] = [64, 32, 128];

/// `Z = V4 ELU(V3 ELU(V2 ELU(V1 [h_1; ...; h_M])))` with widths 64, 32, 128 and the
/// representation's, each with a bias, and the head `Z W + b`.
///
/// The first layer is the sum of one product per modality, the same function as a product with
/// the features side by side. A modality that a specimen lacks has features 0.
///
/// With the sum of frozen embeddings for the text it is `concat-bow`, with the transformer
/// `concat-bert`; the other encoders and the head stay. Deviation: in the originals no hidden layer
/// comes before the head. Source: facebookresearch/mmbt, `mmbt/models/concat_{bow,bert}.py`.
pub struct Concat<D: LearnDevice> {
    first: Vec<Parameter<D>>,
    first_bias: Parameter<D>,
    rest: Vec<Dense<D>>,
    head: Dense<D>,
    width: usize,
}

impl<D: LearnDevice> Concat<D> {
    fn first_layer(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        let weights = self.first.iter().map(|weight| weight.on(tape));
        let parts = features.masked(features.h.clone())?.into_iter().zip(weights).collect();
        D::layer(parts, self.first_bias.on(tape), true)
    }
}

impl<D: LearnDevice> Method<D> for Concat<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let (features, width) = (training.features, training.representation);
        let side_by_side = inputs.len() * features;
        let first = inputs
            .iter()
            .map(|input| {
                let name = format!("joint.0.{}.weight", input.name);
                start.weight(name, (features, HIDDEN[0]), side_by_side)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            first,
            first_bias: start.bias("joint.0.bias".into(), HIDDEN[0], side_by_side)?,
            rest: vec![
                Dense::new(start, "joint.1", HIDDEN[0], HIDDEN[1])?,
                Dense::new(start, "joint.2", HIDDEN[1], HIDDEN[2])?,
                Dense::new(start, "joint.3", HIDDEN[2], width)?,
            ],
            head: Dense::new(start, "head", width, classes)?,
            width,
        })
    }

    fn encoding(input: &InputSpec, training: &Training) -> Encoding {
        match input.form {
            Form::Words { .. } => text_encoding(training.method),
            Form::Row | Form::Grid(_) => Encoding::Mlp,
        }
    }

    fn width(&self) -> usize {
        self.width
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let mut z = self.first_layer(features, tape)?;
        for (i, layer) in self.rest.iter().enumerate() {
            let last = i + 1 == self.rest.len();
            z = if last { layer.forward(z, tape)? } else { layer.curved(z, tape)? };
        }
        Joint::through(&self.head, z, tape)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let mut all: Vec<_> = self.first.iter().collect();
        all.push(&self.first_bias);
        all.extend(self.rest.iter().flat_map(Dense::parameters));
        all.extend(self.head.parameters());
        all
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let mut all: Vec<_> = self.first.iter_mut().collect();
        all.push(&mut self.first_bias);
        all.extend(self.rest.iter_mut().flat_map(Dense::parameters_mut));
        all.extend(self.head.parameters_mut());
        all
    }
}
