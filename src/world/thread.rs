//! A world that keeps to one thread, for programs that have others to do with theirs.

use bevy::ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy::tasks::{ComputeTaskPool, TaskPoolBuilder};

use super::Simulation;

impl Simulation {
    /// The same world with all its systems on the thread that plays it. Its frames are the same.
    /// The entities of a frame are spread out still, unless [`one_thread_per_world`] was said.
    #[must_use]
    pub fn on_one_thread(mut self) -> Self {
        for (_, schedule) in self.app.world_mut().resource_mut::<Schedules>().iter_mut() {
            schedule.set_executor(SingleThreadedExecutor::new());
        }
        self
    }
}

/// From now on the entities of a frame are played by the thread that plays the frame. To be said
/// before the first world of the process is made; later it's of no effect.
pub fn one_thread_per_world() {
    ComputeTaskPool::get_or_init(|| TaskPoolBuilder::new().num_threads(1).build());
}
