//! The model: an encoder per modality, the method that joins them, and perhaps the instrument.

use dfdx::prelude::{PutTape, SplitTape};

use super::dense::Dense;
use super::device::LearnDevice;
use super::encoder::{Encoder, Source};
use super::features::Features;
use super::hidden::Hidden;
use super::instrument::Instrument;
use super::method::{Joint, Method};
use super::ops::stack_rows;
use super::parameter::{Parameter, Start};
use super::tape::{Matrix, SharedTape, Var};
use super::{Batch, InputSpec};
use crate::scene::training::{Objective, Training};

/// Everything that has parameters.
pub struct Model<D: LearnDevice, M: Method<D>> {
    device: D,
    /// The modalities that are used, by their place among the inputs, with an encoder each.
    modalities: Vec<usize>,
    encoders: Vec<Encoder<D>>,
    method: M,
    /// Whether encoders are held fixed.
    held: bool,
    instrument: Option<Instrument<D>>,
    /// Of `c3r-discount` alone: a linear head on every modality's features.
    alone: Vec<Dense<D>>,
}

/// What the model makes of a batch.
pub struct Pass<D: LearnDevice> {
    /// The features h of every modality that is used.
    pub features: Features<D>,
    /// The method's verdict.
    pub joint: Joint<D>,
}

impl<D: LearnDevice, M: Method<D>> Model<D, M> {
    /// The model at its start. The instrument is there only for the objectives that use it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let modalities = M::modalities(inputs, training);
        let used: Vec<InputSpec> = modalities.iter().map(|&m| inputs[m].clone()).collect();
        let encoders = used
            .iter()
            .map(|input| {
                Encoder::new(start, M::encoding(input, training), input, training.features)
            })
            .collect::<Result<_, _>>()?;
        let method = M::new(start, &used, classes, training)?;
        let device = start.device.clone();
        let mut model = Self {
            device,
            modalities,
            encoders,
            method,
            held: false,
            instrument: None,
            alone: Vec::new(),
        };
        model.equip(start, inputs, classes, training)?;
        Ok(model)
    }

    /// Gives the model what the objective uses besides the method, or takes it away: the instrument,
    /// and a head on the features of each of the inputs that are used.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn equip(
        &mut self,
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<(), D::Err> {
        if !training.objective.discounts() || training.lambda_alone == 0.0 {
            self.alone.clear();
        } else if self.alone.is_empty() {
            let used = self.modalities.iter().map(|&modality| inputs[modality].clone());
            let used: Vec<InputSpec> = used.collect();
            self.alone = Dense::per_modality(start, "alone", &used, training.features, classes)?;
        }
        match (training.objective, &mut self.instrument) {
            (
                Objective::Erm | Objective::C3rAdjust | Objective::C3rDiscount | Objective::C3rTwin,
                instrument,
            ) => *instrument = None,
            (Objective::C3r | Objective::C3rLiteral, Some(instrument)) => {
                instrument.set_distance_weight(training.distance_weight);
            }
            (Objective::C3r | Objective::C3rLiteral, none) => {
                *none = Some(Instrument::new(
                    start,
                    training.features,
                    self.method.width(),
                    training.distance_weight,
                )?);
            }
        }
        Ok(())
    }

    /// The verdict on the rows of all blocks under one another; `inputs` holds the blocks of
    /// each modality, one for each of `batches`. Modalities that `hidden` marks are taken away.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        inputs: &[Vec<Matrix<D>>],
        batches: &[&Batch],
        hidden: &Hidden,
        tape: &SharedTape<D>,
    ) -> Result<Pass<D>, D::Err> {
        let off = SharedTape::off();
        // What no tape holds has no gradient.
        let features = self.encode(inputs, batches, if self.held { &off } else { tape })?;
        let features = features.shown(&self.modalities, batches, hidden);
        let joint = self.method.join(&features, tape)?;
        Ok(Pass { features, joint })
    }

    /// The features of every modality that is used.
    fn encode(
        &self,
        inputs: &[Vec<Matrix<D>>],
        batches: &[&Batch],
        tape: &SharedTape<D>,
    ) -> Result<Features<D>, D::Err> {
        let (mut h, mut tokens) = (Vec::new(), Vec::new());
        for (encoder, &modality) in self.encoders.iter().zip(&self.modalities) {
            let given = batches.iter().map(|batch| &batch.inputs[modality]).collect();
            let source = Source { blocks: &inputs[modality], inputs: given };
            let encoded = encoder.forward(&self.device, &source, tape)?;
            h.push(encoded.h);
            tokens.extend(encoded.tokens);
        }
        let features = Features::all(&self.device, h).made_of(tokens);
        let originals = if M::RECONSTRUCTS { self.originals(inputs)? } else { Vec::new() };
        self.method.refine(features.made_from(originals), tape)
    }

    /// The blocks of every modality that is used, under one another.
    fn originals(&self, inputs: &[Vec<Matrix<D>>]) -> Result<Vec<Matrix<D>>, D::Err> {
        let whole = |&modality: &usize| {
            let blocks = inputs[modality].iter().map(|b| b.clone().put_tape(SharedTape::off()));
            Ok(stack_rows(blocks.collect())?.split_tape().0)
        };
        self.modalities.iter().map(whole).collect()
    }

    /// Holds the encoders fixed from now on, or no longer.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The places of the modalities that are used, among the inputs.
    pub fn modalities(&self) -> &[usize] {
        &self.modalities
    }

    /// The method.
    pub fn method(&self) -> &M {
        &self.method
    }

    /// The method, to be told something.
    pub const fn method_mut(&mut self) -> &mut M {
        &mut self.method
    }

    /// The instrument, if the objective uses one.
    pub fn instrument(&self) -> Option<&Instrument<D>> {
        self.instrument.as_ref()
    }

    /// What every modality's features say by themselves, rows x classes each; nothing where the
    /// objective doesn't ask for it.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn alone(&self, pass: &Pass<D>, tape: &SharedTape<D>) -> Result<Vec<Var<D>>, D::Err> {
        Dense::forward_each(&self.alone, &pass.features.h, tape)
    }

    /// V of a pass without gradients; none where the objective has no instrument.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn instrument_of(&self, pass: &Pass<D>) -> Result<Option<Var<D>>, D::Err> {
        let Some(instrument) = &self.instrument else { return Ok(None) };
        let features = pass.features.masked(pass.features.h.clone())?;
        instrument.forward(&features, &SharedTape::off()).map(Some)
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<&Parameter<D>> {
        let mut all: Vec<_> = self.encoders.iter().flat_map(Encoder::parameters).collect();
        all.extend(self.method.parameters());
        all.extend(self.instrument.iter().flat_map(Instrument::parameters));
        all.extend(self.alone.iter().flat_map(Dense::parameters));
        all
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let mut all: Vec<_> = self.encoders.iter_mut().flat_map(Encoder::parameters_mut).collect();
        all.extend(self.method.parameters_mut());
        all.extend(self.instrument.iter_mut().flat_map(Instrument::parameters_mut));
        all.extend(self.alone.iter_mut().flat_map(Dense::parameters_mut));
        all
    }
}
