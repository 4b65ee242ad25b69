//! do-operations as messages: panels, commands and tests all speak them.

use bevy::prelude::*;

use super::{SimulationStep, SimulationSystems};
use crate::causal::{Action, Interventions, NodeId};

/// Replaces the mechanism of a node from the next frame on.
#[derive(Message, Clone, Debug, PartialEq)]
pub struct Do {
    /// The node.
    pub node: NodeId,
    /// What it does instead.
    pub action: Action,
}

/// Gives a node its own mechanism back.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The node.
    pub node: NodeId,
}

/// Gives every node its own mechanism back.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoAll;

/// The do-operations in force: specimens and twins alike live under them.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct DoOperations(pub Interventions);

/// Adds the messages and what they do.
pub struct OperationsPlugin;

impl Plugin for OperationsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<DoOperations>()
            .add_message::<Do>()
            .add_message::<Undo>()
            .add_message::<UndoAll>()
            .add_systems(SimulationStep, apply_operations.in_set(SimulationSystems::Draw));
    }
}

/// Within a frame, undoing comes before doing.
fn apply_operations(
    mut all: MessageReader<UndoAll>,
    mut undone: MessageReader<Undo>,
    mut done: MessageReader<Do>,
    mut operations: ResMut<DoOperations>,
) {
    if all.read().count() > 0 {
        operations.0.clear();
    }
    for Undo { node } in undone.read() {
        operations.0.remove(*node);
    }
    for Do { node, action } in done.read() {
        operations.0.insert(*node, action.clone());
    }
}
