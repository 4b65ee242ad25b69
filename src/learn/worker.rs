//! A trainer that lives on a thread of its own.
//!
//! dfdx's GPU device can't be sent between threads, while the rest of the program moves its
//! learner about. So the device is opened on one thread and stays there; jobs are sent to it.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::decision::Decision;
use super::device::LearnDevice;
use super::learner::{Counterfactual, Learner, Logits, Representation, StepLosses};
use super::method::Method;
use super::parameter::NamedParameter;
use super::trainer::Trainer;
use super::twin_network::CounterfactualKind;
use super::{Batch, LearnError};
use crate::scene::training::Training;

type Job<D, M> = Box<dyn FnOnce(&mut Trainer<D, M>) + Send>;

/// The handle of a trainer on another thread. The thread ends when the handle is dropped.
pub struct Worker<D: LearnDevice, M: Method<D>> {
    jobs: Sender<Job<D, M>>,
}

impl<D: LearnDevice, M: Method<D> + 'static> Worker<D, M> {
    /// Starts the thread and builds the trainer there.
    ///
    /// # Errors
    /// What `build` returns; [`LearnError::WorkerGone`] if the thread can't be started.
    pub fn start(
        build: impl FnOnce() -> Result<Trainer<D, M>, LearnError> + Send + 'static,
    ) -> Result<Self, LearnError> {
        let (jobs, inbox) = channel::<Job<D, M>>();
        let (ready, built) = channel();
        let run = move || {
            let mut trainer = match build() {
                Ok(trainer) => trainer,
                // The receiver waits for this answer, so it can't be gone.
                Err(error) => return drop(ready.send(Err(error))),
            };
            drop(ready.send(Ok(())));
            for job in inbox {
                job(&mut trainer);
            }
        };
        let named = thread::Builder::new().name("learner".into());
        named.spawn(run).map_err(LearnError::device)?;
        built.recv().map_err(|_| LearnError::WorkerGone)??;
        Ok(Self { jobs })
    }

    /// Has `job` done on the trainer's thread and waits for its result.
    fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Trainer<D, M>) -> R + Send + 'static,
    ) -> Result<R, LearnError> {
        let (answer, result) = channel();
        let job = move |trainer: &mut Trainer<D, M>| drop(answer.send(job(trainer)));
        self.jobs.send(Box::new(job)).map_err(|_| LearnError::WorkerGone)?;
        result.recv().map_err(|_| LearnError::WorkerGone)
    }
}

impl<D: LearnDevice, M: Method<D> + 'static> Learner for Worker<D, M> {
    fn update(&mut self, batch: &Batch, twin: Option<&Batch>) -> Result<StepLosses, LearnError> {
        let (batch, twin) = (batch.clone(), twin.cloned());
        self.call(move |trainer| trainer.update(&batch, twin.as_ref()))?
    }

    fn decisions(&self) -> Vec<Decision> {
        // A thread that has ended says so at the next update.
        self.call(|trainer| trainer.decisions()).unwrap_or_default()
    }

    fn retune(&mut self, training: &Training) -> Result<(), LearnError> {
        let training = training.clone();
        self.call(move |trainer| trainer.retune(&training))?
    }

    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        let batch = batch.clone();
        self.call(move |trainer| trainer.logits(&batch))?
    }

    fn counterfactual(
        &self,
        batch: &Batch,
        kind: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        let batch = batch.clone();
        self.call(move |trainer| trainer.counterfactual(&batch, kind))?
    }

    fn representation(&self, batch: &Batch) -> Result<Representation, LearnError> {
        let batch = batch.clone();
        self.call(move |trainer| trainer.representation(&batch))?
    }

    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError> {
        self.call(|trainer| trainer.parameters())
    }
}
