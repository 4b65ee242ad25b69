//! Checkpoints: all parameters in one SafeTensors file, sorted by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use super::LearnError;
use super::device::LearnDevice;
use super::parameter::{NamedParameter, Parameter, broken, check_weights};

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
/// [`LearnError::BrokenWeights`] for what has diverged: nothing is then written;
/// [`LearnError::CheckpointFile`] if it can't be.
pub fn write(path: &Path, parameters: &[NamedParameter]) -> Result<(), LearnError> {
    check_weights(parameters)?;
    let file = encoded(path, parameters)?;
    // Beside its place first: a file of this name is whole, or the one before.
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    fs::write(&aside, file).and_then(|()| fs::rename(&aside, path)).map_err(|source| {
        let _ = fs::remove_file(&aside);
        LearnError::CheckpointFile { path: path.into(), source }
    })
}

/// The bytes of a file of these parameters.
fn encoded(path: &Path, parameters: &[NamedParameter]) -> Result<Vec<u8>, LearnError> {
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
    serialize(views, None).map_err(format)
}

impl Checkpoint {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`LearnError::CheckpointFile`] if there is no such file or it can't be read,
    /// [`LearnError::CheckpointFormat`] if it isn't a SafeTensors file of 32-bit floats,
    /// [`LearnError::BrokenCheckpoint`] if it's that of a model that diverged.
    pub fn read(path: &Path) -> Result<Self, LearnError> {
        let bytes = fs::read(path)
            .map_err(|source| LearnError::CheckpointFile { path: path.into(), source })?;
        let format = |reason: String| LearnError::CheckpointFormat { path: path.into(), reason };
        let file = SafeTensors::deserialize(&bytes).map_err(|error| format(error.to_string()))?;
        let mut tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)> = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(format(format!("tensor `{name}` is of type {:?}", view.dtype())));
            }
            let numbers = view.data().chunks_exact(4);
            let values = numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            tensors.insert(name, (view.shape().to_vec(), values));
        }
        let found = tensors.iter().find_map(|(name, (_, values))| Some((name, broken(values)?)));
        if let Some((tensor, value)) = found {
            let (path, tensor) = (path.into(), tensor.clone());
            return Err(LearnError::BrokenCheckpoint { path, tensor, value });
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

#[cfg(test)]
mod tests {
    use super::super::{InputSpec, load_learner, new_learner};
    use super::*;
    use crate::scene::training::Training;

    #[test]
    fn a_model_that_diverged_is_neither_written_nor_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let inputs = [InputSpec::row("image", 3), InputSpec::row("audio", 2)];
        let training = Training { features: 4, representation: 5, ..Training::default() };
        let learner = new_learner(&inputs, 2, &training, 1).unwrap();
        let whole = learner.parameters().unwrap();
        let place = whole.iter().position(|own| own.name.ends_with("weight")).unwrap();
        for (value, words) in
            [(f32::NAN, "not finite"), (f32::INFINITY, "not finite"), (-3e7, "enormous")]
        {
            let mut broken = whole.clone();
            broken[place].values[1] = value;
            let name = format!("`{}`", broken[place].name);
            let told = |error: LearnError| {
                let text = error.to_string();
                assert!(text.contains(&name) && text.contains(words), "{text}");
                assert!(text.contains("lower learning rate") && !text.contains('\n'), "{text}");
            };
            told(write(&path, &broken).unwrap_err());
            assert!(!path.exists(), "nothing is written of it");
            fs::write(&path, encoded(&path, &broken).unwrap()).unwrap();
            told(load_learner(&path, &inputs, 2, &training).err().unwrap());
            fs::remove_file(&path).unwrap();
        }
        write(&path, &whole).unwrap();
        assert!(load_learner(&path, &inputs, 2, &training).is_ok());
    }
}
