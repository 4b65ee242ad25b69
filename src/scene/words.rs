//! What a regime changes, in words.

use super::regime::declared;
use super::{Change, Disturbance, Regime, Stage};
use crate::causal::Mechanism;

impl Regime {
    /// What the regime changes in the scene.
    #[must_use]
    pub fn words(&self, stage: &Stage) -> String {
        if self.changes.is_empty() {
            return match self.name.as_str() {
                "iid" => "the scene as it stands".to_owned(),
                _ => "changes nothing: no node is Confounded".to_owned(),
            };
        }
        let words: Vec<String> = self.changes.iter().map(|c| change(c, stage)).collect();
        words.join("; ")
    }
}

fn change(change: &Change, stage: &Stage) -> String {
    match change {
        Change::Strength(node, now) => match strength(stage, node) {
            Some(was) => format!("`{node}` has strength {now} in place of {was}"),
            None => format!("`{node}` has strength {now}"),
        },
        Change::Replace(node, _) => format!("`{node}` comes about by another mechanism"),
        Change::RandomiseNonCausal => {
            let factors = stage.factors.iter().filter(|f| !f.role.is_causal());
            let names: Vec<String> = factors.map(|f| format!("`{}`", f.name)).collect();
            match names.as_slice() {
                [] => "changes nothing: every factor is a cause".to_owned(),
                _ => format!("set at random: {}", names.join(", ")),
            }
        }
        Change::Randomise(node) => format!("set at random: `{node}`"),
        Change::Set(node, value) => format!("`{node}` is {value}"),
        Change::Shift(node, by) => format!("{by} is added to `{node}`"),
        Change::Scale(node, by) => format!("`{node}` is multiplied by {by}"),
        Change::Apply(node, function) => format!("`{node}` is {function}"),
        Change::Dial(dial, value) => match stage.scene.dials.get(dial) {
            Some(was) => format!("dial `{dial}` stands at {value} in place of {was}"),
            None => format!("dial `{dial}` stands at {value}"),
        },
        Change::Select(rule) => format!("only specimens with {rule} are kept"),
        Change::Unselect => "every specimen is kept".to_owned(),
        Change::Disturb(disturbance) => disturbed(disturbance),
    }
}

fn strength(stage: &Stage, node: &str) -> Option<f64> {
    match declared(&stage.scene).into_iter().find(|(name, _)| name == node)?.1 {
        Mechanism::Confounded { strength, .. } => Some(strength),
        _ => None,
    }
}

fn disturbed(disturbance: &Disturbance) -> String {
    let on = |on: &[String]| match on {
        [] => "all modalities".to_owned(),
        some => some.join(", "),
    };
    match disturbance {
        Disturbance::Noise { level, on: names, hit } => {
            format!("noise of level {level} on {} with probability {hit}", on(names))
        }
        Disturbance::Mask { share, on: names, hit, .. } => {
            format!("{share} of {} is masked with probability {hit}", on(names))
        }
        Disturbance::Missing { on: names, probability } => {
            format!("{} missing with probability {probability}", on(names))
        }
    }
}
