//! The structural causal model: nodes in causal order, each with its law.

use std::borrow::Cow;

use super::eliminate::{Inquiry, eliminate};
use super::expression::{Expression, Leaf};
use super::graph::topological_order;
use super::joint::Joint;
use super::noise::StreamId;
use super::suggestion::suggestion;
use super::{Fault, Interventions, Law, Mechanism};

/// The index of a node in the order in which nodes were declared.
pub type NodeId = usize;

/// The values that a node can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// 0 or 1.
    Binary,
    /// 0 up to one less than this number, which is above 2.
    Categorical(usize),
    /// Any real number.
    Continuous,
}

impl Domain {
    /// The domain of a discrete node with so many values.
    #[must_use]
    pub const fn discrete(values: usize) -> Self {
        if values == 2 { Self::Binary } else { Self::Categorical(values) }
    }

    /// The number of values, where it is finite.
    #[must_use]
    pub const fn size(self) -> Option<usize> {
        match self {
            Self::Binary => Some(2),
            Self::Categorical(values) => Some(values),
            Self::Continuous => None,
        }
    }

    /// Whether all values of another domain are among these.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        match (self.size(), other.size()) {
            (Some(own), Some(new)) => new <= own,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    /// Whether a law has no other values than these; `node` is the one whose law it would be.
    pub(crate) fn has_values_of(self, law: &Law, node: &str) -> Result<(), Fault> {
        if self.includes(law.domain()) {
            return Ok(());
        }
        let problem = "the mechanism has other values than the node";
        Err(Fault::new(node, [], problem, "give one with the node's values"))
    }

    /// The value of this domain nearest to `x`; what is no finite number counts as 0.
    #[must_use]
    pub fn fit(self, x: f64) -> f64 {
        let x = if x.is_finite() { x } else { 0.0 };
        self.size().map_or(x, |size| x.round().clamp(0.0, (size - 1) as f64))
    }
}

/// One node of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, unique in the model.
    pub name: String,
    /// Where its noise is drawn from.
    pub stream: StreamId,
    /// How its value comes about.
    pub law: Law,
    /// Specimens from beginning to end of a node that is a clock: its noise is the place in the
    /// stream.
    pub clock: Option<u64>,
}

/// A structural causal model.
///
/// Given one noise value per node and the interventions, every value is a function: that is what
/// makes twins exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Scm {
    /// Indexed by [`NodeId`]; `None` only while the model is being built.
    pub(super) nodes: Vec<Option<Node>>,
    pub(super) names: Vec<String>,
    pub(super) order: Vec<NodeId>,
    /// Named numbers that expressions may use.
    dials: Vec<(String, f64)>,
    /// What a specimen must satisfy, as it naturally is, to be kept.
    pub(super) selection: Option<Expression<Leaf>>,
    /// do-operations that come after the selection and are always in force.
    pub(super) held: Interventions,
    /// Nodes that draw their noise anew after the selection, because they are randomised.
    pub(super) fresh: Vec<NodeId>,
}

impl Scm {
    /// Builds a model from named mechanisms, in any order.
    ///
    /// # Errors
    /// A [`Fault`] for a repeated name, an unknown parent, a cycle, or a mechanism that can't be.
    pub fn build(declared: &[(&str, &Mechanism)]) -> Result<Self, Fault> {
        Self::build_with(declared, &[])
    }

    /// As [`Scm::build`], with named numbers (dials) that expressions may use.
    ///
    /// # Errors
    /// As [`Scm::build`].
    pub fn build_with(
        declared: &[(&str, &Mechanism)],
        dials: &[(String, f64)],
    ) -> Result<Self, Fault> {
        let names: Vec<String> = declared.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut scm = Self {
            nodes: vec![None; names.len()],
            names,
            order: Vec::new(),
            dials: dials.to_vec(),
            selection: None,
            held: Interventions::none(),
            fresh: Vec::new(),
        };
        for (i, (name, _)) in declared.iter().enumerate() {
            if scm.find(name) != Some(i) {
                let remedy = "give every node a name of its own";
                return Err(Fault::new(
                    name,
                    [],
                    format!("the name `{name}` stands twice"),
                    remedy,
                ));
            }
        }
        let mut needs = Vec::new();
        for (_, mechanism) in declared {
            let parents = mechanism.parents();
            let named = parents.iter().map(String::as_str).chain(mechanism.calibrated_with());
            // Unknown names are left for the resolver, which says where they stand.
            needs.push(named.filter_map(|n| scm.find(n)).collect::<Vec<_>>());
        }
        for id in scm.ordered(&needs)? {
            let (name, mechanism) = declared[id];
            let law = Law::resolve(mechanism, name, &scm)?;
            scm.place(id, law, mechanism.period());
        }
        Ok(scm)
    }

    /// An order in which every node stands after those that it needs.
    pub(super) fn ordered(&self, needs: &[Vec<NodeId>]) -> Result<Vec<NodeId>, Fault> {
        topological_order(needs).map_err(|cycle| {
            let mut way: Vec<&str> = cycle.iter().map(|&n| self.name(n)).collect();
            way.push(way[0]);
            let problem = format!("cycle: {}", way.join(" <- "));
            Fault::new(way[0], [], problem, "no node may depend on itself, even by way of others")
        })
    }

    /// The same names and dials, and no node yet.
    pub(super) fn emptied(&self, dials: &[(String, f64)]) -> Self {
        Self {
            nodes: vec![None; self.len()],
            names: self.names.clone(),
            order: Vec::with_capacity(self.len()),
            dials: dials.to_vec(),
            selection: None,
            held: Interventions::none(),
            fresh: Vec::new(),
        }
    }

    /// Puts a node at the end of the order; `clock` is the period of one that is a clock.
    pub(super) fn place(&mut self, id: NodeId, law: Law, clock: Option<u64>) {
        let name = self.names[id].clone();
        self.nodes[id] = Some(Node { stream: StreamId::of(&name), name, law, clock });
        self.order.push(id);
    }

    /// Adds a node after all others.
    pub(super) fn append(&mut self, name: &str, law: Law) -> NodeId {
        self.names.push(name.to_owned());
        self.nodes.push(None);
        self.place(self.names.len() - 1, law, None);
        self.names.len() - 1
    }

    /// The model as it's written: every specimen is kept, and nothing is held.
    pub(super) fn as_written(&self) -> Cow<'_, Self> {
        if self.selection.is_none() && self.held.is_empty() {
            return Cow::Borrowed(self);
        }
        let held = Interventions::none();
        Cow::Owned(Self { selection: None, held, fresh: Vec::new(), ..self.clone() })
    }

    /// The number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the model has no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes, causes before effects.
    pub fn in_causal_order(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.order.iter().filter_map(|&id| self.nodes[id].as_ref().map(|node| (id, node)))
    }

    /// The node of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.names.iter().position(|n| n == name)
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &str {
        &self.names[node]
    }

    /// The law of a node, if it's resolved.
    #[must_use]
    pub fn law(&self, node: NodeId) -> Option<&Law> {
        self.nodes[node].as_ref().map(|n| &n.law)
    }

    /// Gives a node another law.
    pub(super) fn replace(&mut self, node: NodeId, law: Law) {
        if let Some(node) = &mut self.nodes[node] {
            node.law = law;
        }
    }

    /// The values that a node can take.
    #[must_use]
    pub fn domain(&self, node: NodeId) -> Domain {
        self.law(node).map_or(Domain::Continuous, Law::domain)
    }

    /// The names of all nodes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The names of all dials.
    pub(super) fn dial_names(&self) -> impl Iterator<Item = &str> {
        self.dials.iter().map(|(name, _)| name.as_str())
    }

    /// The number that a dial stands for.
    #[must_use]
    pub fn dial(&self, name: &str) -> Option<f64> {
        self.dials.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
    }

    /// The names that stand near an unknown one, as a remedy for it.
    #[must_use]
    pub fn suggestion(&self, unknown: &str) -> String {
        suggestion(unknown, self.names.iter().map(String::as_str))
    }

    /// The nodes themselves and all nodes on which they depend, in causal order.
    #[must_use]
    pub fn ancestors(&self, of: &[NodeId]) -> Vec<NodeId> {
        let mut wanted = vec![false; self.len()];
        of.iter().for_each(|&n| wanted[n] = true);
        for &id in self.order.iter().rev() {
            if let (true, Some(law)) = (wanted[id], self.law(id)) {
                law.parents().iter().for_each(|&p| wanted[p] = true);
            }
        }
        self.order.iter().copied().filter(|&id| wanted[id]).collect()
    }

    /// The node itself and all nodes that depend on it, in causal order.
    #[must_use]
    pub fn descendants(&self, of: NodeId) -> Vec<NodeId> {
        let mut below = vec![false; self.len()];
        below[of] = true;
        for (id, node) in self.in_causal_order() {
            below[id] |= node.law.parents().iter().any(|&p| below[p]);
        }
        self.order.iter().copied().filter(|&id| below[id]).collect()
    }

    /// The exact joint distribution of some nodes among the specimens that are kept, or `None` where
    /// it can't be had.
    #[must_use]
    pub fn joint(&self, of: &[NodeId]) -> Option<Joint> {
        let wanted: Vec<(usize, NodeId)> = of.iter().map(|&node| (0, node)).collect();
        eliminate(self, &Inquiry { operations: &[], wanted: &wanted }).ok()
    }
}
