//! Regimes: the scene's model after named changes.

use std::collections::BTreeMap;

use super::{Change, Disturbance, Scene};
use crate::causal::{Action, Domain, Fault, Interventions, Mechanism, NodeId, Role, Scm};

/// A scene under named changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    /// Its name.
    pub name: String,
    /// What it changes in the scene; nothing for `iid`.
    pub changes: Vec<Change>,
    /// The model.
    pub scm: Scm,
    /// What befalls the modalities.
    pub disturbances: Vec<Disturbance>,
}

/// Every node of a scene with its mechanism: confounders, factors, label.
pub(super) fn declared(scene: &Scene) -> Vec<(String, Mechanism)> {
    let confounders = scene.confounders.iter().map(|c| (c.name.clone(), c.mechanism.clone()));
    let factors = scene.factors.iter().map(|f| (f.name.clone(), f.mechanism.clone()));
    let label = (scene.label.name.clone(), scene.label.mechanism.clone());
    confounders.chain(factors).chain([label]).collect()
}

/// The changes behind `flipped`: every confounded node with its strength reversed.
pub(super) fn flipped(scene: &Scene) -> Vec<Change> {
    let reversed = |(name, mechanism)| match mechanism {
        Mechanism::Confounded { strength, .. } => Some(Change::Strength(name, -strength)),
        _ => None,
    };
    declared(scene).into_iter().filter_map(reversed).collect()
}

/// The node that a change is about.
pub(super) fn node_of(change: &Change) -> Option<&str> {
    match change {
        Change::Strength(node, _)
        | Change::Randomise(node)
        | Change::Set(node, _)
        | Change::Replace(node, _)
        | Change::Shift(node, _)
        | Change::Scale(node, _)
        | Change::Apply(node, _) => Some(node),
        Change::Select(_) | Change::Unselect => Some("selection"),
        Change::RandomiseNonCausal | Change::Dial(..) | Change::Disturb(_) => None,
    }
}

/// The change that is to blame for a fault which shows only when all of them are made: the last
/// one of the node at fault, else the last that changes what naturally comes about.
fn culprit(changes: &[Change], fault: &Fault) -> usize {
    let natural =
        |c: &Change| matches!(c, Change::Strength(..) | Change::Replace(..) | Change::Dial(..));
    let own = changes.iter().rposition(|c| node_of(c) == Some(&fault.node));
    own.or_else(|| changes.iter().rposition(natural)).unwrap_or_default()
}

/// The regime after `changes`, in their order, on top of the scene.
///
/// Node names stay, and with them the noise: a specimen of a regime is the specimen of the scene
/// with other mechanisms. Mechanisms that aren't changed stay as the scene's model has them
/// ([`Scm::revised`]). Where only some specimens are kept, they are chosen as they naturally are;
/// then comes what is set or randomised, and of several operations on a node the last. The error
/// tells which change is at fault.
pub(super) fn changed(
    scene: &Scene,
    scm: &Scm,
    name: &str,
    changes: &[Change],
) -> Result<Regime, (usize, Fault)> {
    let mut draft = Draft {
        scene,
        scm,
        mechanisms: declared(scene),
        changed: Vec::new(),
        dials: scene.dials.iter().map(|(n, v)| (n.clone(), *v)).collect(),
        selection: scene.selection.clone(),
        disturbances: scene.disturbances.clone(),
        operations: BTreeMap::new(),
    };
    for (i, change) in changes.iter().enumerate() {
        draft.apply(change).map_err(|fault| (i, fault))?;
    }
    let scm = draft.build().map_err(|fault| (culprit(changes, &fault), fault))?;
    let changes = changes.to_vec();
    Ok(Regime { name: name.to_owned(), changes, scm, disturbances: draft.disturbances })
}

/// A regime being put together.
struct Draft<'a> {
    scene: &'a Scene,
    /// The model of the scene as it stands.
    scm: &'a Scm,
    /// Every node with its mechanism, by [`NodeId`].
    mechanisms: Vec<(String, Mechanism)>,
    /// The nodes whose own mechanism is another, or reads another dial.
    changed: Vec<NodeId>,
    dials: Vec<(String, f64)>,
    selection: Option<String>,
    disturbances: Vec<Disturbance>,
    /// What comes after the selection.
    operations: BTreeMap<NodeId, Operation>,
}

/// A do-operation that is in force throughout a regime.
enum Operation {
    Randomise(Mechanism),
    Set(f64),
    Shift(f64),
    Scale(f64),
    Apply(String),
}

impl Draft<'_> {
    fn apply(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Strength(name, wanted) => {
                let node = self.node(name)?;
                let Mechanism::Confounded { strength, .. } = &mut self.mechanisms[node].1 else {
                    let problem = "the node has no strength";
                    let remedy = "name a node whose mechanism is Confounded";
                    return Err(Fault::new(name, [0.into()], problem, remedy));
                };
                *strength = *wanted;
                self.changed.push(node);
            }
            Change::Replace(name, other) => {
                let node = self.node(name)?;
                self.mechanisms[node].1 = other.clone();
                self.changed.push(node);
            }
            Change::RandomiseNonCausal => {
                // Where no role is known yet, any factor will do to see whether it can be.
                let causal = |role: Option<Role>| role.is_some_and(Role::is_causal);
                for factor in self.scene.factors.iter().filter(|f| !causal(f.role)) {
                    self.randomise(&factor.name)?;
                }
            }
            Change::Randomise(name) => self.randomise(name)?,
            Change::Set(name, value) => {
                // It has to be a value of the node as the scene has it.
                self.scm.set(self.node(name)?, *value)?;
                self.operate(name, Operation::Set(*value))?;
            }
            Change::Shift(name, by) => self.operate(name, Operation::Shift(*by))?,
            Change::Scale(name, by) => self.operate(name, Operation::Scale(*by))?,
            Change::Apply(name, function) => {
                self.operate(name, Operation::Apply(function.clone()))?;
            }
            Change::Dial(name, value) => self.turn(name, *value)?,
            Change::Select(rule) => self.selection = Some(rule.clone()),
            Change::Unselect => self.selection = None,
            Change::Disturb(disturbance) => self.disturbances.push(disturbance.clone()),
        }
        Ok(())
    }

    fn node(&self, name: &str) -> Result<NodeId, Fault> {
        self.scm
            .find(name)
            .ok_or_else(|| Fault::new(name, [0.into()], "unknown node", self.scm.suggestion(name)))
    }

    fn operate(&mut self, name: &str, operation: Operation) -> Result<(), Fault> {
        self.operations.insert(self.node(name)?, operation);
        Ok(())
    }

    fn turn(&mut self, name: &str, value: f64) -> Result<(), Fault> {
        let Some(dial) = self.dials.iter_mut().find(|(n, _)| n == name) else {
            let known = self.dials.iter().map(|(n, _)| n.as_str());
            let remedy = crate::causal::suggestion(name, known);
            return Err(Fault::new(name, [0.into()], "unknown dial", remedy));
        };
        dial.1 = value;
        let reads = |mechanism: &Mechanism| mechanism.parents().iter().any(|n| n == name);
        let readers = self.mechanisms.iter().enumerate().filter(|(_, (_, m))| reads(m));
        self.changed.extend(readers.map(|(node, _)| node));
        Ok(())
    }

    /// A randomised do: uniform over the node's values. A continuous node without parents is
    /// random by itself and stays, unless it had a part in the selection; one with parents is
    /// drawn between the two ends of its contrast.
    fn randomise(&mut self, name: &str) -> Result<(), Fault> {
        let node = self.node(name)?;
        let own = &self.mechanisms[node].1;
        let drawn = match self.scm.domain(node) {
            Domain::Binary => Mechanism::Bernoulli(0.5),
            Domain::Categorical(k) => Mechanism::Categorical(vec![1.0 / k as f64; k]),
            Domain::Continuous if own.parents().is_empty() => own.clone(),
            Domain::Continuous => {
                let factor = self.scene.factors.iter().find(|f| f.name == name);
                let Some((a, b)) = factor.and_then(|f| f.contrast) else {
                    let problem =
                        "a continuous node with parents has no range to be randomised over";
                    return Err(Fault::new(name, [], problem, "give the factor a contrast"));
                };
                Mechanism::Uniform(a.min(b), a.max(b))
            }
        };
        self.operate(name, Operation::Randomise(drawn))
    }

    fn build(&self) -> Result<Scm, Fault> {
        let pairs: Vec<(&str, &Mechanism)> =
            self.mechanisms.iter().map(|(n, m)| (n.as_str(), m)).collect();
        let mut scm = self.scm.revised(&pairs, &self.changed, &self.dials)?;
        self.shown_as_before(&scm)?;
        if let Some(rule) = &self.selection {
            scm.select(rule)?;
        }
        let mut all = Interventions::none();
        for (&node, operation) in &self.operations {
            all.insert(node, operation.action(&scm, node)?);
        }
        if !scm.is_selective() {
            // The same world as under these do-operations, and exact where that is.
            return Ok(scm.under(&all));
        }
        for (node, action) in all.iter() {
            let fresh = matches!(self.operations.get(node), Some(Operation::Randomise(_)));
            scm.hold(*node, action.clone(), fresh);
        }
        Ok(scm)
    }

    /// Factors and label have no values that the scene doesn't have: they are shown and asked for.
    fn shown_as_before(&self, scm: &Scm) -> Result<(), Fault> {
        for node in self.scene.confounders.len()..scm.len() {
            if let Some(law) = scm.law(node) {
                self.scm.domain(node).has_values_of(law, scm.name(node))?;
            }
        }
        Ok(())
    }
}

impl Operation {
    fn action(&self, scm: &Scm, node: NodeId) -> Result<Action, Fault> {
        match self {
            Self::Randomise(drawn) => scm.soften(node, drawn),
            Self::Set(value) => Ok(Action::Set(*value)),
            Self::Shift(by) => scm.shift(node, *by),
            Self::Scale(by) => scm.scale(node, *by),
            Self::Apply(function) => scm.apply(node, function),
        }
    }
}
