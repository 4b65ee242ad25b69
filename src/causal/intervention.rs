//! do-operations: what replaces a node's mechanism.

use std::sync::Arc;

use super::expression::Own;
use super::{Law, NodeId};

/// What a node does instead of following its own mechanism.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Hard intervention: the node has this value.
    Set(f64),
    /// Soft intervention: the node follows another mechanism, with its own noise as before.
    Follow(Arc<Law>),
    /// Soft intervention: this much is added to the natural value.
    Shift(f64),
    /// Soft intervention: the natural value is multiplied.
    Scale(f64),
    /// Soft intervention: a function of the natural value, from [`Law::of_natural`].
    Apply(Arc<Law>),
}

impl Action {
    /// The value of a node under the action, given the values of the nodes before it, its noise,
    /// and its own mechanism, by which the natural value comes about.
    #[must_use]
    pub fn value(&self, own: &Law, values: &[f64], u: f64) -> f64 {
        match self {
            Self::Set(value) => *value,
            Self::Follow(law) => law.value(values, u),
            Self::Shift(by) => own.value(values, u) + by,
            Self::Scale(factor) => own.value(values, u) * factor,
            Self::Apply(law) => {
                let natural = own.value(values, u);
                law.value_from(values, Own { u, natural })
            }
        }
    }
}

/// How far an operation on a factor reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The twin of the causal model: all that depends on the factor changes too.
    Total,
    /// What the factor itself shows is changed; all else is rendered from its natural values.
    Direct,
}

impl Reach {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Total, Self::Direct];
}

/// At most one action per node, in the order of the nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interventions(Vec<(NodeId, Action)>);

impl Interventions {
    /// No intervention: the twin is its specimen.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// `do(node = value)` alone.
    #[must_use]
    pub fn set(node: NodeId, value: f64) -> Self {
        Self(vec![(node, Action::Set(value))])
    }

    /// Adds an action, or replaces the one that the node has.
    pub fn insert(&mut self, node: NodeId, action: Action) {
        match self.0.binary_search_by_key(&node, |(n, _)| *n) {
            Ok(at) => self.0[at].1 = action,
            Err(at) => self.0.insert(at, (node, action)),
        }
    }

    /// Gives the node its own mechanism back; false where it had it already.
    pub fn remove(&mut self, node: NodeId) -> bool {
        let found = self.0.binary_search_by_key(&node, |(n, _)| *n);
        if let Ok(at) = found {
            self.0.remove(at);
        }
        found.is_ok()
    }

    /// Removes every action.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing is intervened on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The action on a node, if any.
    #[must_use]
    pub fn on(&self, node: NodeId) -> Option<&Action> {
        self.0.binary_search_by_key(&node, |(n, _)| *n).ok().map(|at| &self.0[at].1)
    }

    /// All actions in the order of the nodes.
    pub fn iter(&self) -> impl Iterator<Item = &(NodeId, Action)> {
        self.0.iter()
    }
}
