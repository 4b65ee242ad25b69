//! What can go wrong while learning, each with its remedy.

use std::path::PathBuf;

use thiserror::Error;

/// An error of the learner.
#[derive(Debug, Error)]
pub enum LearnError {
    /// A setting that no model can be built from.
    #[error("{setting} is {found}: {remedy}")]
    Setting {
        /// The setting's name.
        setting: String,
        /// Its value.
        found: String,
        /// What it may be.
        remedy: &'static str,
    },
    /// A batch that does not fit the model.
    #[error("the batch does not fit the model: {what} should be {expected}, but is {found}")]
    Batch {
        /// The part of the batch that is wrong.
        what: String,
        /// What the model needs.
        expected: String,
        /// What the batch holds.
        found: String,
    },
    /// The objective `C3rTwin` was given no twins.
    #[error("the objective C3rTwin needs the rendered twin of every specimen; pass the twin batch")]
    TwinMissing,
    /// A term of the loss is infinite or not a number; no update was made.
    #[error(
        "training diverged at step {step}: the term `{term}` is {value}; lower the learning rate \
         or the weight of this term"
    )]
    Diverged {
        /// The update that failed, counted from 1.
        step: usize,
        /// The first term that isn't finite.
        term: &'static str,
        /// Its value.
        value: f32,
    },
    /// Weights that no model has that has learned something.
    #[error(
        "the weights of `{tensor}` are {}: the run diverged; train again with a lower learning rate",
        described(*value)
    )]
    BrokenWeights {
        /// The first tensor that has such a number.
        tensor: String,
        /// The number.
        value: f32,
    },
    /// A checkpoint holds weights that no model has that has learned something.
    #[error(
        "checkpoint {}: the weights of `{tensor}` are {}: the run diverged; train again with a lower \
         learning rate", path.display(), described(*value)
    )]
    BrokenCheckpoint {
        /// The file.
        path: PathBuf,
        /// The first tensor that has such a number.
        tensor: String,
        /// The number.
        value: f32,
    },
    /// The device that computes reported an error.
    #[error("the compute device failed: {0}; try a smaller batch")]
    Device(String),
    /// There is no card that can be trained on.
    #[error(
        "there is no GPU to train on: {0}; it takes an NVIDIA card of compute capability 8.0 or \
         more, its driver and cuBLAS (LD_LIBRARY_PATH or CUDA_PATH say where), or --device cpu"
    )]
    NoCard(String),
    /// The thread that owns the compute device has ended.
    #[error("the thread that owns the compute device has ended; build the learner anew")]
    WorkerGone,
    /// A checkpoint could not be read or written.
    #[error("checkpoint {}: {source}", path.display())]
    CheckpointFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A checkpoint is not a SafeTensors file of 32-bit floats.
    #[error("checkpoint {}: {reason}; it should be a SafeTensors file of F32 tensors", path.display())]
    CheckpointFormat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint lacks a tensor that the model needs.
    #[error(
        "checkpoint {}: no tensor `{tensor}`; it was saved by a model with other modalities, \
         method or objective", path.display()
    )]
    MissingTensor {
        /// The file.
        path: PathBuf,
        /// The tensor that is not there.
        tensor: String,
    },
    /// A checkpoint holds a tensor that the model has no place for.
    #[error(
        "checkpoint {}: the model has no parameter `{tensor}`; it was saved by a model with other \
         modalities or another method", path.display()
    )]
    UnknownTensor {
        /// The file.
        path: PathBuf,
        /// The tensor too many.
        tensor: String,
    },
    /// A tensor of a checkpoint has another shape than the model's parameter.
    #[error(
        "checkpoint {}: tensor `{tensor}` has shape {found:?}, the model needs {expected:?}; use \
         the widths it was trained with", path.display()
    )]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The model's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
}

/// What is wrong with a weight, in words.
fn described(value: f32) -> String {
    if value.is_finite() {
        format!("enormous ({value:e})")
    } else {
        format!("not finite ({value})")
    }
}

impl LearnError {
    /// Wraps an error of the compute device.
    pub(super) fn device(error: impl std::fmt::Display) -> Self {
        Self::Device(error.to_string())
    }
}
