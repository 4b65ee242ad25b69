//! From a plan to a learner, on the device that the program was built for.

use std::path::Path;

use super::checkpoint::Checkpoint;
use super::engine::{Compute, Device, Engine, Fused, OnCard, choose, open_card};
use super::method::{
    Align, AlignItc, Alone, Clip, Concat, Hemis, Hved, Late, Lckd, Method, Mmbt, Mmfm, Mmtm, Qmf,
    Rseg, SimMmdg, Tmc, TmcViews,
};
use super::plan::Plan;
use super::trainer::Trainer;
use super::{InputSpec, LearnError, Learner};
use crate::scene::training::{Method as MethodName, Training};

/// A learner at its start, on the engine that [`choose`] takes. The same seed gives the same start; parameters that two objectives
/// share start the same under both.
///
/// # Errors
/// [`LearnError::Setting`] if no model can be built so, [`LearnError::Device`].
pub fn new_learner(
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
    seed: u64,
) -> Result<Box<dyn Learner>, LearnError> {
    new_learner_on(Engine::Auto, inputs, classes, training, seed)
}

/// The same on an engine, and a device if one is named.
///
/// # Errors
/// As [`new_learner`] and [`choose`].
pub fn new_learner_on(
    compute: impl Into<Compute>,
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
    seed: u64,
) -> Result<Box<dyn Learner>, LearnError> {
    build(compute.into(), inputs, classes, training, seed, None)
}

/// A learner with the parameters of a file that [`Learner::save`] wrote. Adam starts afresh.
///
/// # Errors
/// As [`new_learner`]; [`LearnError::CheckpointFile`], [`LearnError::CheckpointFormat`],
/// [`LearnError::MissingTensor`], [`LearnError::UnknownTensor`] or [`LearnError::WrongShape`] if
/// the file can't be read or was saved by another model, [`LearnError::BrokenCheckpoint`] if that
/// one diverged.
pub fn load_learner(
    path: &Path,
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
) -> Result<Box<dyn Learner>, LearnError> {
    load_learner_on(Engine::Auto, path, inputs, classes, training)
}

/// The same on an engine, and a device if one is named; any engine's file will do.
///
/// # Errors
/// As [`load_learner`] and [`choose`].
pub fn load_learner_on(
    compute: impl Into<Compute>,
    path: &Path,
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
) -> Result<Box<dyn Learner>, LearnError> {
    build(compute.into(), inputs, classes, training, 0, Some(Checkpoint::read(path)?))
}

/// Whether a model can be built so.
///
/// # Errors
/// [`LearnError::Setting`], with what would be right.
pub fn fits(inputs: &[InputSpec], classes: usize, training: &Training) -> Result<(), LearnError> {
    Plan { inputs: inputs.to_vec(), classes, training: training.clone() }.check()
}

fn build(
    compute: Compute,
    inputs: &[InputSpec],
    classes: usize,
    training: &Training,
    seed: u64,
    checkpoint: Option<Checkpoint>,
) -> Result<Box<dyn Learner>, LearnError> {
    let plan = Plan { inputs: inputs.to_vec(), classes, training: training.clone() };
    plan.check()?;
    let chosen = choose(compute, training)?.compute;
    if chosen.engine == Engine::Fused {
        if matches!(chosen.device, Device::Cuda | Device::CudaTf32) {
            let card = open_card(chosen.device == Device::CudaTf32)?;
            match OnCard::new(card, plan.clone(), seed, checkpoint.as_ref()) {
                Ok(learner) => return Ok(Box::new(learner)),
                // What there are no kernels for, or more than they have room for.
                Err(LearnError::Setting { .. }) if compute.device == Device::Auto => {}
                Err(error) => return Err(error),
            }
        }
        return Ok(Box::new(Fused::new(plan, seed, checkpoint.as_ref())?));
    }
    match training.method {
        MethodName::Concat | MethodName::ConcatBow | MethodName::ConcatBert => {
            on_device::start::<Concat<_>>(plan, seed, checkpoint)
        }
        MethodName::Late => on_device::start::<Late<_>>(plan, seed, checkpoint),
        MethodName::Image
        | MethodName::Audio
        | MethodName::Text
        | MethodName::Bow
        | MethodName::Bert => on_device::start::<Alone<_>>(plan, seed, checkpoint),
        MethodName::Align => on_device::start::<Align<_>>(plan, seed, checkpoint),
        MethodName::Qmf => on_device::start::<Qmf<_>>(plan, seed, checkpoint),
        MethodName::Tmc => on_device::start::<Tmc<_>>(plan, seed, checkpoint),
        MethodName::TmcViews => on_device::start::<TmcViews<_>>(plan, seed, checkpoint),
        MethodName::Hemis => on_device::start::<Hemis<_>>(plan, seed, checkpoint),
        MethodName::Mmbt => on_device::start::<Mmbt<_>>(plan, seed, checkpoint),
        MethodName::Lckd => on_device::start::<Lckd<_>>(plan, seed, checkpoint),
        MethodName::Clip => on_device::start::<Clip<_>>(plan, seed, checkpoint),
        MethodName::AlignItc => on_device::start::<AlignItc<_>>(plan, seed, checkpoint),
        MethodName::Mmtm => on_device::start::<Mmtm<_>>(plan, seed, checkpoint),
        MethodName::Hved => on_device::start::<Hved<_>>(plan, seed, checkpoint),
        MethodName::Mmfm => on_device::start::<Mmfm<_>>(plan, seed, checkpoint),
        MethodName::Rseg => on_device::start::<Rseg<_>>(plan, seed, checkpoint),
        MethodName::SimMmdg => on_device::start::<SimMmdg<_>>(plan, seed, checkpoint),
    }
}

#[cfg(not(feature = "cuda"))]
mod on_device {
    use dfdx::prelude::Cpu;

    use super::{Checkpoint, LearnError, Learner, Method, Plan, Trainer};

    pub(super) fn start<M: Method<Cpu> + Send + Sync + 'static>(
        plan: Plan,
        seed: u64,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Learner>, LearnError> {
        let trainer = Trainer::<Cpu, M>::new(Cpu::default(), plan, seed, checkpoint.as_ref())?;
        Ok(Box::new(trainer))
    }
}

#[cfg(feature = "cuda")]
mod on_device {
    use dfdx::prelude::Cuda;

    use super::super::worker::Worker;
    use super::{Checkpoint, LearnError, Learner, Method, Plan, Trainer};

    pub(super) fn start<M: Method<Cuda> + 'static>(
        plan: Plan,
        seed: u64,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Learner>, LearnError> {
        let worker = Worker::start(move || {
            let device = Cuda::try_build(0, 0).map_err(LearnError::device)?;
            Trainer::<Cuda, M>::new(device, plan, seed, checkpoint.as_ref())
        })?;
        Ok(Box::new(worker))
    }
}
