//! Batches on the device, as the encoders of a model want them.

use dfdx::prelude::HasShape;

use super::device::LearnDevice;
use super::layout::Layout;
use super::method::Method;
use super::ops::upload;
use super::plan::Plan;
use super::tape::Matrix;
use super::{Batch, Input};

/// One matrix for each batch of a modality; none for one that a method doesn't use.
pub type Blocks<D> = Vec<Vec<Matrix<D>>>;

/// Copies batches to the device.
pub struct Staging<D: LearnDevice> {
    device: D,
    /// How each modality is laid out; none for one that the method doesn't use.
    layouts: Vec<Option<Layout>>,
    /// The last batches: their memory is used again.
    blocks: Blocks<D>,
}

impl<D: LearnDevice> Staging<D> {
    /// A staging for the method `M`.
    pub fn new<M: Method<D>>(device: &D, plan: &Plan) -> Self {
        let used = M::modalities(&plan.inputs, &plan.training);
        let layout = |(place, spec)| {
            let encoding = M::encoding(spec, &plan.training);
            used.contains(&place).then(|| encoding.layout(spec))
        };
        Self {
            device: device.clone(),
            layouts: plan.inputs.iter().enumerate().map(layout).collect(),
            blocks: vec![Vec::new(); plan.inputs.len()],
        }
    }

    /// The batches that were staged last, one block each.
    pub const fn blocks(&self) -> &Blocks<D> {
        &self.blocks
    }

    /// Copies the batches, one block each.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn stage(&mut self, batches: &[&Batch]) -> Result<(), D::Err> {
        for (modality, blocks) in self.blocks.iter_mut().enumerate() {
            let Some(layout) = self.layouts[modality] else { continue };
            blocks.truncate(batches.len());
            for (i, batch) in batches.iter().enumerate() {
                let (rows, values) = layout.arrange(&batch.inputs[modality], batch.rows);
                let shape = (rows, layout.width());
                match blocks.get_mut(i) {
                    Some(block) if block.shape().0 == rows => block.copy_from(&values),
                    Some(block) => *block = upload(&self.device, shape, values.into_owned())?,
                    None => blocks.push(upload(&self.device, shape, values.into_owned())?),
                }
            }
        }
        Ok(())
    }

    /// A batch beside those that are staged.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn upload(&self, batch: &Batch) -> Result<Blocks<D>, D::Err> {
        let block = |(input, layout): (&Input, &Option<Layout>)| {
            let Some(layout) = layout else { return Ok(Vec::new()) };
            let (rows, values) = layout.arrange(input, batch.rows);
            Ok(vec![upload(&self.device, (rows, layout.width()), values.into_owned())?])
        };
        batch.inputs.iter().zip(&self.layouts).map(block).collect()
    }
}
