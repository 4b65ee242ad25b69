//! From noise and interventions to values, and which specimens are kept.

use super::expression::Leaf;
use super::kept::enough;
use super::resolve::Resolver;
use super::{Action, Domain, Fault, Interventions, Law, Mechanism, NodeId, Place, Scm};

impl Scm {
    /// The value of every node, given its noise and the interventions, into `values`.
    ///
    /// Interventions stand before those that the model itself holds ([`Scm::hold`]).
    pub fn propagate(&self, exogenous: &[f64], interventions: &Interventions, values: &mut [f64]) {
        for (id, node) in self.in_causal_order() {
            let action = interventions.on(id).or_else(|| self.held.on(id));
            values[id] = match action {
                None => node.law.value(values, exogenous[id]),
                Some(action) => action.value(&node.law, values, exogenous[id]),
            };
        }
    }

    /// Keeps only specimens for which a rule holds in the actual world. Twins share the noise of a
    /// specimen that was kept; they aren't selected again.
    ///
    /// # Errors
    /// A [`Fault`] of the node `selection` where the rule can't be, or keeps less than
    /// [`LEAST_KEPT`](super::kept::LEAST_KEPT), at any time of a clock: so in every model that is
    /// selective a kept specimen can be found. The model is as it was then.
    pub fn select(&mut self, rule: &str) -> Result<(), Fault> {
        let resolver = Resolver { node: "selection", scm: self, written: self };
        let expression = resolver.expression(rule, &[], Vec::new())?;
        let mut selective = self.clone();
        selective.selection = Some(expression);
        enough(&selective)?;
        *self = selective;
        Ok(())
    }

    /// Keeps every specimen again.
    pub fn unselect(&mut self) {
        self.selection = None;
    }

    /// Whether some specimens are left out.
    #[must_use]
    pub const fn is_selective(&self) -> bool {
        self.selection.is_some()
    }

    /// Whether a specimen with these natural values is kept.
    #[must_use]
    pub fn keeps(&self, values: &[f64]) -> bool {
        self.selection.as_ref().is_none_or(|rule| rule.holds(values))
    }

    /// The nodes on which the selection depends.
    #[must_use]
    pub fn selection_parents(&self) -> Vec<NodeId> {
        let mut parents = Vec::new();
        if let Some(rule) = &self.selection {
            rule.names(&mut |leaf| {
                if let Leaf::Node(node) = leaf {
                    parents.push(*node);
                }
            });
        }
        parents
    }

    /// Puts a do-operation in force for good, after the selection. With `fresh` the node draws
    /// its noise anew, as a randomised experiment does: the noise that was there decided whether
    /// the specimen was kept.
    pub fn hold(&mut self, node: NodeId, action: Action, fresh: bool) {
        self.held.insert(node, action);
        if fresh && !self.fresh.contains(&node) {
            self.fresh.push(node);
        }
    }

    /// The model in which the interventions are always in force. Nodes keep their names, and with
    /// them their noise. Where every specimen is kept, setting a node or replacing its mechanism
    /// is simply another mechanism.
    #[must_use]
    pub fn under(&self, interventions: &Interventions) -> Self {
        let mut changed = self.clone();
        for (id, action) in interventions.iter() {
            let law = match action {
                Action::Set(value) => Some(Law::constant(*value, self.domain(*id))),
                Action::Follow(law) => Some(law.as_ref().clone()),
                _ => None,
            };
            match law.filter(|_| !self.is_selective()) {
                Some(law) => changed.replace(*id, law),
                None => changed.hold(*id, action.clone(), false),
            }
        }
        changed
    }

    /// Hard intervention: `node` has this value.
    ///
    /// # Errors
    /// A [`Fault`] where it's none of the node's values.
    pub fn set(&self, node: NodeId, value: f64) -> Result<Action, Fault> {
        let name = self.name(node);
        let problem = format!("`{name}` can't be {value}");
        match self.domain(node).size() {
            Some(size) if value.fract() != 0.0 || !(0.0..size as f64).contains(&value) => {
                let remedy = format!("`{name}` has the values 0 to {}", size - 1);
                Err(Fault::new(name, [], problem, remedy))
            }
            None if !value.is_finite() => {
                Err(Fault::new(name, [], problem, "give a finite number"))
            }
            _ => Ok(Action::Set(value)),
        }
    }

    /// A soft intervention: `node` follows `mechanism` instead of its own. For a discrete node an
    /// equation is rounded to the nearest of the node's values.
    ///
    /// # Errors
    /// A [`Fault`] where the mechanism can't be resolved, has other values, or would close a
    /// cycle.
    pub fn soften(&self, node: NodeId, mechanism: &Mechanism) -> Result<Action, Fault> {
        let law = Law::resolve(mechanism, self.name(node), self)?;
        self.acyclic(node, &law)?;
        let law = law.rounded_to(self.domain(node));
        self.domain(node).has_values_of(&law, self.name(node))?;
        Ok(Action::Follow(law.into()))
    }

    /// A soft intervention: `by` is added to the natural value of a continuous node.
    ///
    /// # Errors
    /// A [`Fault`] where the node is discrete.
    pub fn shift(&self, node: NodeId, by: f64) -> Result<Action, Fault> {
        self.continuous(node, "shifted").map(|()| Action::Shift(by))
    }

    /// A soft intervention: the natural value of a continuous node is multiplied.
    ///
    /// # Errors
    /// A [`Fault`] where the node is discrete.
    pub fn scale(&self, node: NodeId, factor: f64) -> Result<Action, Fault> {
        self.continuous(node, "scaled").map(|()| Action::Scale(factor))
    }

    /// A soft intervention: the node has this function of its `natural` value and of other nodes.
    /// For a discrete node it is rounded to the nearest of the node's values.
    ///
    /// # Errors
    /// A [`Fault`] where the function can't be, or would close a cycle.
    pub fn apply(&self, node: NodeId, function: &str) -> Result<Action, Fault> {
        let law = Law::of_natural(function, self.name(node), self)?;
        self.acyclic(node, &law)?;
        Ok(Action::Apply(law.into()))
    }

    fn continuous(&self, node: NodeId, what: &str) -> Result<(), Fault> {
        if self.domain(node) == Domain::Continuous {
            return Ok(());
        }
        let problem = format!("a discrete node can't be {what}");
        let remedy = "set it, or give a function of its natural value";
        Err(Fault::new(self.name(node), Vec::<Place>::new(), problem, remedy))
    }

    /// Every parent must come before the node in the model's order: mechanisms run in it whatever
    /// is intervened on.
    fn acyclic(&self, node: NodeId, law: &Law) -> Result<(), Fault> {
        let (name, mut below) = (self.name(node), vec![false; self.len()]);
        self.descendants(node).into_iter().for_each(|id| below[id] = true);
        if let Some(&parent) = law.parents().iter().find(|p| below[**p]) {
            let problem = format!("cycle: `{}` depends on `{name}`", self.name(parent));
            return Err(Fault::new(name, [], problem, "let it depend on nodes before it"));
        }
        let mut before = vec![false; self.len()];
        let order = self.in_causal_order().map(|(id, _)| id);
        order.take_while(|&id| id != node).for_each(|id| before[id] = true);
        let Some(&parent) = law.parents().iter().find(|p| !before[**p]) else {
            return Ok(());
        };
        let problem = format!("`{}` comes about after `{name}`", self.name(parent));
        let remedy = format!("declare it before `{name}`");
        Err(Fault::new(name, [], problem, remedy))
    }
}
