//! Regimes: the scene's model after named changes.

use super::{Change, Scene};
use crate::causal::{Domain, Fault, Mechanism, Scm};

/// The model after `changes`, in their order.
///
/// Node names stay, and with them the noise: a specimen of a regime is the specimen of the scene
/// with other mechanisms. The error tells which change is at fault.
pub(super) fn changed(scene: &Scene, scm: &Scm, changes: &[Change]) -> Result<Scm, (usize, Fault)> {
    let mut mechanisms = declared(scene);
    for (i, change) in changes.iter().enumerate() {
        apply(scene, scm, change, &mut mechanisms).map_err(|fault| (i, fault))?;
    }
    let pairs: Vec<(&str, &Mechanism)> = mechanisms.iter().map(|(n, m)| (n.as_str(), m)).collect();
    Scm::build(&pairs).map_err(|fault| {
        let culprit = changes.iter().position(|c| node_of(c) == Some(&fault.node));
        (culprit.unwrap_or(0), fault)
    })
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

fn node_of(change: &Change) -> Option<&String> {
    match change {
        Change::Strength(node, _)
        | Change::Randomise(node)
        | Change::Set(node, _)
        | Change::Replace(node, _) => Some(node),
        Change::RandomiseNonCausal => None,
    }
}

fn apply(
    scene: &Scene,
    scm: &Scm,
    change: &Change,
    mechanisms: &mut [(String, Mechanism)],
) -> Result<(), Fault> {
    if matches!(change, Change::RandomiseNonCausal) {
        for factor in scene.factors.iter().filter(|f| !f.role.is_causal()) {
            randomise(scene, scm, &factor.name, mechanisms)?;
        }
        return Ok(());
    }
    let Some(name) = node_of(change) else { return Ok(()) };
    let Some((_, mechanism)) = mechanisms.iter_mut().find(|(n, _)| n == name) else {
        return Err(Fault::new(name, [0.into()], "unknown node", scm.suggestion(name)));
    };
    match change {
        Change::Strength(_, wanted) => {
            let Mechanism::Confounded { strength, .. } = mechanism else {
                let problem = "the node has no strength";
                let remedy = "name a node whose mechanism is Confounded";
                return Err(Fault::new(name, [0.into()], problem, remedy));
            };
            *strength = *wanted;
        }
        Change::Set(_, value) => *mechanism = Mechanism::Constant(*value),
        Change::Replace(_, other) => *mechanism = other.clone(),
        Change::Randomise(_) => randomise(scene, scm, name, mechanisms)?,
        Change::RandomiseNonCausal => {}
    }
    Ok(())
}

/// A randomised do: uniform over the node's values. A continuous node without parents is random
/// by itself and stays; one with parents is drawn between the two ends of its contrast.
fn randomise(
    scene: &Scene,
    scm: &Scm,
    name: &str,
    mechanisms: &mut [(String, Mechanism)],
) -> Result<(), Fault> {
    let Some(node) = scm.find(name) else { return Ok(()) };
    let Some((_, mechanism)) = mechanisms.iter_mut().find(|(n, _)| n == name) else {
        return Ok(());
    };
    match scm.domain(node) {
        Domain::Binary => *mechanism = Mechanism::Bernoulli(0.5),
        Domain::Categorical(k) => *mechanism = Mechanism::Categorical(vec![1.0 / k as f64; k]),
        Domain::Continuous if mechanism.parents().is_empty() => {}
        Domain::Continuous => {
            let contrast = scene.factors.iter().find(|f| f.name == name).and_then(|f| f.contrast);
            let Some((a, b)) = contrast else {
                let problem = "a continuous node with parents has no range to be randomised over";
                return Err(Fault::new(name, [], problem, "give the factor a contrast"));
            };
            *mechanism = Mechanism::Uniform(a.min(b), a.max(b));
        }
    }
    Ok(())
}
