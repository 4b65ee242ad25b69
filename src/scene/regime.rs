//! Regimes: the scene's model after named changes.

use super::{Change, Disturbance, Scene};
use crate::causal::{Action, Domain, Fault, Mechanism, NodeId, Scm};

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

/// The regime after `changes`, in their order, on top of the scene.
///
/// Node names stay, and with them the noise: a specimen of a regime is the specimen of the scene
/// with other mechanisms. Where the scene keeps only some specimens, they are chosen as they
/// naturally are; then comes what is set or randomised. The error tells which change is at fault.
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
        dials: scene.dials.iter().map(|(n, v)| (n.clone(), *v)).collect(),
        selection: scene.selection.clone(),
        disturbances: scene.disturbances.clone(),
        operations: Vec::new(),
    };
    for (i, change) in changes.iter().enumerate() {
        draft.apply(change).map_err(|fault| (i, fault))?;
    }
    let scm = draft.build().map_err(|fault| {
        let culprit = changes.iter().position(|c| node_of(c) == Some(&fault.node));
        (culprit.unwrap_or(0), fault)
    })?;
    let changes = changes.to_vec();
    Ok(Regime { name: name.to_owned(), changes, scm, disturbances: draft.disturbances })
}

/// A regime being put together.
struct Draft<'a> {
    scene: &'a Scene,
    /// The model of the scene as it stands.
    scm: &'a Scm,
    mechanisms: Vec<(String, Mechanism)>,
    dials: Vec<(String, f64)>,
    selection: Option<String>,
    disturbances: Vec<Disturbance>,
    /// What comes after the selection.
    operations: Vec<Operation>,
}

/// A do-operation that is in force throughout a regime.
enum Operation {
    Randomise(String, Mechanism),
    Set(String, f64),
    Shift(String, f64),
    Scale(String, f64),
    Apply(String, String),
}

impl Draft<'_> {
    fn apply(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::Strength(name, wanted) => {
                let Mechanism::Confounded { strength, .. } = self.mechanism(name)? else {
                    let problem = "the node has no strength";
                    let remedy = "name a node whose mechanism is Confounded";
                    return Err(Fault::new(name, [0.into()], problem, remedy));
                };
                *strength = *wanted;
            }
            Change::Replace(name, other) => *self.mechanism(name)? = other.clone(),
            Change::RandomiseNonCausal => {
                for factor in self.scene.factors.iter().filter(|f| !f.role.is_causal()) {
                    self.randomise(&factor.name)?;
                }
            }
            Change::Randomise(name) => self.randomise(name)?,
            Change::Set(name, value) => self.operate(name, Operation::Set(name.clone(), *value))?,
            Change::Shift(name, by) => self.operate(name, Operation::Shift(name.clone(), *by))?,
            Change::Scale(name, by) => self.operate(name, Operation::Scale(name.clone(), *by))?,
            Change::Apply(name, function) => {
                self.operate(name, Operation::Apply(name.clone(), function.clone()))?;
            }
            Change::Dial(name, value) => {
                let Some(dial) = self.dials.iter_mut().find(|(n, _)| n == name) else {
                    let known = self.dials.iter().map(|(n, _)| n.as_str());
                    let remedy = crate::causal::suggestion(name, known);
                    return Err(Fault::new(name, [0.into()], "unknown dial", remedy));
                };
                dial.1 = *value;
            }
            Change::Select(rule) => self.selection = Some(rule.clone()),
            Change::Unselect => self.selection = None,
            Change::Disturb(disturbance) => self.disturbances.push(disturbance.clone()),
        }
        Ok(())
    }

    fn mechanism(&mut self, name: &str) -> Result<&mut Mechanism, Fault> {
        match self.mechanisms.iter_mut().find(|(n, _)| n == name) {
            Some((_, mechanism)) => Ok(mechanism),
            None => {
                let remedy = self.scm.suggestion(name);
                Err(Fault::new(name, [0.into()], "unknown node", remedy))
            }
        }
    }

    fn operate(&mut self, name: &str, operation: Operation) -> Result<(), Fault> {
        self.mechanism(name)?;
        self.operations.push(operation);
        Ok(())
    }

    /// A randomised do: uniform over the node's values. A continuous node without parents is
    /// random by itself and stays, unless it had a part in the selection; one with parents is
    /// drawn between the two ends of its contrast.
    fn randomise(&mut self, name: &str) -> Result<(), Fault> {
        let own = self.mechanism(name)?.clone();
        let domain = self.scm.find(name).map_or(Domain::Continuous, |node| self.scm.domain(node));
        let drawn = match domain {
            Domain::Binary => Mechanism::Bernoulli(0.5),
            Domain::Categorical(k) => Mechanism::Categorical(vec![1.0 / k as f64; k]),
            Domain::Continuous if own.parents().is_empty() => own,
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
        self.operations.push(Operation::Randomise(name.to_owned(), drawn));
        Ok(())
    }

    /// Builds the model. Without a selection a randomised or set node simply has another
    /// mechanism, which keeps everything finite exact.
    fn build(&mut self) -> Result<Scm, Fault> {
        if self.selection.is_none() {
            let mut left = Vec::new();
            for operation in std::mem::take(&mut self.operations) {
                match operation {
                    Operation::Randomise(name, drawn) => *self.mechanism(&name)? = drawn,
                    // A discrete node keeps its values: what depends on it may need them.
                    Operation::Set(name, value) => {
                        let node = self.scm.find(&name);
                        let size = node.and_then(|node| self.scm.domain(node).size());
                        *self.mechanism(&name)? = constant(size, value);
                    }
                    other => left.push(other),
                }
            }
            self.operations = left;
        }
        let pairs: Vec<(&str, &Mechanism)> =
            self.mechanisms.iter().map(|(n, m)| (n.as_str(), m)).collect();
        let mut scm = Scm::build_with(&pairs, &self.dials)?;
        if let Some(rule) = &self.selection {
            scm.select(rule)?;
        }
        for operation in &self.operations {
            hold(&mut scm, operation)?;
        }
        Ok(scm)
    }
}

/// A mechanism that always gives `value`, with the values of a node that has `size` of them.
fn constant(size: Option<usize>, value: f64) -> Mechanism {
    let at = value as usize;
    match size {
        Some(size) if size > 2 && at < size => {
            let only = |i| if i == at { 1.0 } else { 0.0 };
            Mechanism::Categorical((0..size).map(only).collect())
        }
        _ => Mechanism::Constant(value),
    }
}

fn hold(scm: &mut Scm, operation: &Operation) -> Result<(), Fault> {
    let node = |scm: &Scm, name: &str| -> NodeId { scm.find(name).unwrap_or_default() };
    let (name, action, fresh) = match operation {
        Operation::Randomise(name, drawn) => (name, scm.soften(node(scm, name), drawn)?, true),
        Operation::Set(name, value) => (name, Action::Set(*value), false),
        Operation::Shift(name, by) => (name, scm.shift(node(scm, name), *by)?, false),
        Operation::Scale(name, by) => (name, scm.scale(node(scm, name), *by)?, false),
        Operation::Apply(name, function) => (name, scm.apply(node(scm, name), function)?, false),
    };
    scm.hold(node(scm, name), action, fresh);
    Ok(())
}
