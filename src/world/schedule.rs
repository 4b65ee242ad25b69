//! The simulation's own schedule: one run of it is one frame, and one frame is one batch.

use bevy::app::MainScheduleOrder;
use bevy::ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel};
use bevy::prelude::*;

/// One frame of the simulation. It runs after `Update`.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct SimulationStep;

/// The stages of a frame, in this order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SimulationSystems {
    /// Do-operations take hold; the next specimens come up and draw their noise.
    Draw,
    /// Mechanisms run: factors and labels of specimens, then of twins.
    Propagate,
    /// Pictures are painted, sounds synthesised, sentences composed.
    Render,
    /// The frame is gathered into plain buffers.
    Gather,
    /// Trainees make one update on the frame.
    Learn,
    /// What the frame showed is counted.
    Measure,
}

impl SimulationSystems {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Draw, Self::Propagate, Self::Render, Self::Gather, Self::Learn, Self::Measure];
}

/// Adds [`SimulationStep`] with its sets. Two systems that touch the same data without an order
/// between them are an error: the frame would depend on luck.
pub struct SchedulePlugin;

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        use SimulationSystems::{Draw, Gather, Learn, Measure, Propagate, Render};
        let mut schedule = Schedule::new(SimulationStep);
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            ..default()
        });
        schedule.configure_sets((Draw, Propagate, Render, Gather, Learn, Measure).chain());
        app.add_schedule(schedule);
        app.world_mut().resource_mut::<MainScheduleOrder>().insert_after(Update, SimulationStep);
    }
}
