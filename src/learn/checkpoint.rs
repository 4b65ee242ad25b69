//! Checkpoints: all parameters in one SafeTensors file, sorted by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::LearnError;
use super::device::LearnDevice;
use super::parameter::{NamedParameter, Parameter};

/// Tensors that a model without an instrument leaves aside: they have no part in its verdict.
const INSTRUMENT: &str = "instrument.";

/// A checkpoint in memory.
pub struct Checkpoint {
    path: PathBuf,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Writes `parameters` to `path`, the same bytes for the same parameters.
///
/// # Errors
/// [`LearnError::CheckpointFile`] if it can't be written.
pub fn write(path: &Path, parameters: &[NamedParameter]) -> Result<(), LearnError> {
    let bytes: Vec<Vec<u8>> = parameters
        .iter()
        .map(|parameter| parameter.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let format = |error: safetensors::SafeTensorError| LearnError::CheckpointFormat {
        path: path.into(),
        reason: error.to_string(),
    };
    let views = parameters
        .iter()
        .zip(&bytes)
        .map(|(parameter, bytes)| {
            let view = TensorView::new(Dtype::F32, parameter.shape.clone(), bytes)?;
            Ok((parameter.name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(format)?;
    let file = serialize(views, None).map_err(format)?;
    // Beside its place first: a file of this name is whole, or the one before.
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    fs::write(&aside, file).and_then(|()| fs::rename(&aside, path)).map_err(|source| {
        let _ = fs::remove_file(&aside);
        LearnError::CheckpointFile { path: path.into(), source }
    })
}

impl Checkpoint {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`LearnError::CheckpointFile`] if there is no such file or it can't be read,
    /// [`LearnError::CheckpointFormat`] if it isn't a SafeTensors file of 32-bit floats.
    pub fn read(path: &Path) -> Result<Self, LearnError> {
        let bytes = fs::read(path)
            .map_err(|source| LearnError::CheckpointFile { path: path.into(), source })?;
        let format = |reason: String| LearnError::CheckpointFormat { path: path.into(), reason };
        let file = SafeTensors::deserialize(&bytes).map_err(|error| format(error.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(format(format!("tensor `{name}` is of type {:?}", view.dtype())));
            }
            let numbers = view.data().chunks_exact(4);
            let values = numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            tensors.insert(name, (view.shape().to_vec(), values));
        }
        Ok(Self { path: path.into(), tensors })
    }

    /// Gives every parameter its value.
    ///
    /// # Errors
    /// As [`Self::values_of`].
    pub fn restore<D: LearnDevice>(
        &self,
        parameters: &mut [&mut Parameter<D>],
    ) -> Result<(), LearnError> {
        let wanted: Vec<_> = parameters.iter().map(|p| (p.name(), p.shape())).collect();
        let found = self.values_of(&wanted)?;
        parameters.iter_mut().zip(found).for_each(|(parameter, found)| parameter.assign(found));
        Ok(())
    }

    /// The values of the parameters that have these names and shapes, in their order.
    ///
    /// # Errors
    /// [`LearnError::MissingTensor`], [`LearnError::WrongShape`] or
    /// [`LearnError::UnknownTensor`] if the file was saved by another model.
    pub fn values_of(&self, wanted: &[(&str, &[usize])]) -> Result<Vec<&[f32]>, LearnError> {
        let mut all = Vec::new();
        for &(name, shape) in wanted {
            let (path, tensor) = (self.path.clone(), name.to_owned());
            let Some((found, values)) = self.tensors.get(name) else {
                return Err(LearnError::MissingTensor { path, tensor });
            };
            if found != shape {
                let (expected, found) = (shape.to_vec(), found.clone());
                return Err(LearnError::WrongShape { path, tensor, expected, found });
            }
            all.push(values.as_slice());
        }
        let unknown = self.tensors.keys().find(|&name| {
            !name.starts_with(INSTRUMENT) && wanted.iter().all(|(wanted, _)| wanted != name)
        });
        match unknown {
            Some(name) => {
                Err(LearnError::UnknownTensor { path: self.path.clone(), tensor: name.clone() })
            }
            None => Ok(all),
        }
    }
}
