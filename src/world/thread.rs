//! A world that keeps to one thread, for programs that have others to do with theirs.

use bevy::ecs::schedule::SingleThreadedExecutor;

use super::{Simulation, SimulationStep};

impl Simulation {
    /// The same world with all its systems on the thread that plays it. Its frames are the same.
    #[must_use]
    pub fn on_one_thread(mut self) -> Self {
        self.app.edit_schedule(SimulationStep, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::new());
        });
        self
    }
}
