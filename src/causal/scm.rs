//! The structural causal model: nodes in causal order, each with its law.

use super::enumerate::{Atoms, Joint};
use super::graph::topological_order;
use super::noise::StreamId;
use super::{Action, Fault, Interventions, Law, Mechanism};

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
}

/// A structural causal model.
///
/// Given one noise value per node and the interventions, every value is a function: that is what
/// makes twins exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Scm {
    /// Indexed by [`NodeId`]; `None` only while the model is being built.
    nodes: Vec<Option<Node>>,
    names: Vec<String>,
    order: Vec<NodeId>,
}

impl Scm {
    /// Builds a model from named mechanisms, in any order.
    ///
    /// # Errors
    /// A [`Fault`] for a repeated name, an unknown parent, a cycle, or a mechanism that can't be.
    pub fn build(declared: &[(&str, &Mechanism)]) -> Result<Self, Fault> {
        let names: Vec<String> = declared.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut scm = Self {
            nodes: vec![None; names.len()],
            names,
            order: Vec::with_capacity(declared.len()),
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
        let order = topological_order(&needs).map_err(|cycle| {
            let mut way: Vec<&str> = cycle.iter().map(|&n| declared[n].0).collect();
            way.push(way[0]);
            let problem = format!("cycle: {}", way.join(" <- "));
            Fault::new(way[0], [], problem, "no node may depend on itself, even by way of others")
        })?;
        for &id in &order {
            let (name, mechanism) = declared[id];
            let law = Law::resolve(mechanism, name, &scm)?;
            scm.nodes[id] = Some(Node { name: name.to_owned(), stream: StreamId::of(name), law });
            scm.order.push(id);
        }
        Ok(scm)
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

    /// The values that a node can take.
    #[must_use]
    pub fn domain(&self, node: NodeId) -> Domain {
        self.law(node).map_or(Domain::Continuous, Law::domain)
    }

    /// The names that stand near an unknown one, as a remedy for it.
    #[must_use]
    pub fn suggestion(&self, unknown: &str) -> String {
        suggestion(unknown, self.names.iter().map(String::as_str))
    }

    /// The value of every node, given its noise and the interventions, into `values`.
    pub fn propagate(&self, exogenous: &[f64], interventions: &Interventions, values: &mut [f64]) {
        for (id, node) in self.in_causal_order() {
            values[id] = match interventions.on(id) {
                None => node.law.value(values, exogenous[id]),
                Some(Action::Set(value)) => *value,
                Some(Action::Follow(law)) => law.value(values, exogenous[id]),
            };
        }
    }

    /// The model in which the interventions are the mechanisms: nodes keep their names, and with
    /// them their noise.
    #[must_use]
    pub fn under(&self, interventions: &Interventions) -> Self {
        let mut changed = self.clone();
        for (id, action) in interventions.iter() {
            let Some(node) = &mut changed.nodes[*id] else { continue };
            node.law = match action {
                Action::Set(value) => Law::constant(*value, node.law.domain()),
                Action::Follow(law) => law.as_ref().clone(),
            };
        }
        changed
    }

    /// A soft intervention: `node` follows `mechanism` instead of its own.
    ///
    /// # Errors
    /// A [`Fault`] where the mechanism can't be resolved or would close a cycle.
    pub fn soften(&self, node: NodeId, mechanism: &Mechanism) -> Result<Action, Fault> {
        let name = self.name(node);
        let law = Law::resolve(mechanism, name, self)?;
        let below = self.descendants(node);
        if let Some(&parent) = law.parents().iter().find(|p| below.contains(p)) {
            let problem = format!("cycle: `{}` depends on `{name}`", self.name(parent));
            return Err(Fault::new(name, [], problem, "let it depend on nodes before it"));
        }
        Ok(Action::Follow(law.into()))
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

    /// The finitely many noise values on which the given nodes depend, or `None` where they are
    /// infinite or too many ([`super::enumerate::LIMIT`]).
    #[must_use]
    pub fn atoms(&self, of: &[NodeId]) -> Option<Atoms> {
        Atoms::of(self, &self.ancestors(of))
    }

    /// The exact joint distribution of some nodes, under the same condition as [`Scm::atoms`].
    #[must_use]
    pub fn joint(&self, of: &[NodeId]) -> Option<Joint> {
        let atoms = self.atoms(of)?;
        let mut values = vec![0.0; self.len()];
        let mut joint = Joint::default();
        atoms.for_each(|probability, exogenous| {
            self.propagate_some(&atoms, exogenous, &Interventions::none(), &mut values);
            joint.add(of.iter().map(|&n| values[n]).collect(), probability);
        });
        Some(joint)
    }

    /// As [`Scm::propagate`] for the nodes of `atoms` alone: all that an enumeration needs.
    pub fn propagate_some(
        &self,
        atoms: &Atoms,
        exogenous: &[f64],
        interventions: &Interventions,
        values: &mut [f64],
    ) {
        for &id in atoms.nodes() {
            let Some(law) = self.law(id) else { continue };
            values[id] = match interventions.on(id) {
                None => law.value(values, exogenous[id]),
                Some(Action::Set(value)) => *value,
                Some(Action::Follow(law)) => law.value(values, exogenous[id]),
            };
        }
    }
}

/// "did you mean" for the nearest known name, else the list of known names.
#[must_use]
pub(crate) fn suggestion<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().min_by_key(|name| distance(unknown, name));
    match nearest {
        Some(name) if distance(unknown, name) <= 1 + unknown.chars().count() / 4 => {
            format!("did you mean `{name}`?")
        }
        Some(_) => format!("known: {}", known.join(", ")),
        None => "there is none to name".to_owned(),
    }
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
