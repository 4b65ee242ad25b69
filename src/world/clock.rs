//! Where the time of a frame goes, stage by stage.

use std::time::Instant;

use bevy::prelude::*;

use super::{SimulationStep, SimulationSystems};

/// Seconds that the stages of all frames so far have taken.
#[derive(Resource, Clone, Debug, Default)]
pub struct Clock {
    last: Option<Instant>,
    seconds: [f64; SimulationSystems::ALL.len()],
}

impl Clock {
    /// Seconds of a stage.
    #[must_use]
    pub const fn seconds(&self, stage: SimulationSystems) -> f64 {
        self.seconds[stage as usize]
    }
}

/// Adds the [`Clock`], and a system between every two stages that reads it.
pub struct ClockPlugin;

impl Plugin for ClockPlugin {
    fn build(&self, app: &mut App) {
        let begin = |mut clock: ResMut<Clock>| clock.last = Some(Instant::now());
        app.init_resource::<Clock>()
            .add_systems(SimulationStep, begin.before(SimulationSystems::ALL[0]));
        for (i, stage) in SimulationSystems::ALL.into_iter().enumerate() {
            let end = move |mut clock: ResMut<Clock>| {
                let now = Instant::now();
                let since = clock.last.replace(now).map_or(0.0, |last| (now - last).as_secs_f64());
                clock.seconds[i] += since;
            };
            let end = end.after(stage);
            match SimulationSystems::ALL.get(i + 1) {
                Some(&next) => app.add_systems(SimulationStep, end.before(next)),
                None => app.add_systems(SimulationStep, end),
            };
        }
    }
}
