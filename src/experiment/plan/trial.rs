//! One trial: a model that is trained and measured.

use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::measure::suite::Measure;
use crate::scene::training::{Method, Objective};
use crate::scene::{Scene, Stage, to_ron};

/// A trial: a pure function of its description.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its place among the trials of the experiment.
    pub index: usize,
    /// Its cell: the scene and the levels that it shares with the trials of other seeds, methods and
    /// objectives. Counted from 1.
    pub cell: usize,
    /// Its world among those of the plan: trials whose levels differ in training alone share one.
    pub world: usize,
    /// What it's called by: the hash of all that its outcome depends on.
    pub key: String,
    /// The file of its scene, with its variant, without folder and ending.
    pub scene: String,
    /// Axis and level, in the order of the axes.
    pub levels: Vec<(String, String)>,
    /// The host model.
    pub method: Method,
    /// The objective.
    pub objective: Objective,
    /// The seed.
    pub seed: u64,
    /// The checked scene; its training section is the trial's own but for method, objective, seed.
    pub stage: Arc<Stage>,
}

/// All that an outcome depends on.
#[derive(Serialize)]
struct Description<'a> {
    program: &'a str,
    scene: &'a str,
    /// Of what the renderers are made, grammars beside the scene included.
    renderers: String,
    specimens: usize,
    measures: &'a [Measure],
}

impl Trial {
    /// The declaration that it trains on, with its own method, objective and seed.
    #[must_use]
    pub fn declaration(&self) -> Scene {
        let mut scene = self.stage.scene.clone();
        scene.training.method = self.method;
        scene.training.objective = self.objective;
        scene.seed = self.seed;
        scene
    }

    /// The columns that describe it in tables: name and value.
    #[must_use]
    pub fn columns(&self) -> Vec<(&str, String)> {
        let mut columns = vec![("scene", self.scene.clone())];
        columns.extend(self.levels.iter().map(|(axis, level)| (axis.as_str(), level.clone())));
        columns.push(("method", self.method.name().to_owned()));
        columns.push(("objective", self.objective.name().to_owned()));
        columns.push(("seed", self.seed.to_string()));
        columns
    }

    /// What it has in a column of the tables; empty where it has no such axis.
    #[must_use]
    pub fn level(&self, column: &str) -> String {
        let own = self.columns().into_iter().find(|(name, _)| *name == column);
        own.map_or_else(String::new, |(_, value)| value)
    }

    /// Whether it can be trained beside another, on the same frames.
    #[must_use]
    pub fn sees_the_same_as(&self, other: &Self) -> bool {
        let size = |trial: &Self| {
            let training = &trial.stage.scene.training;
            (trial.world, trial.seed, training.batch, training.steps)
        };
        size(self) == size(other)
    }

    /// What it's called in messages.
    #[must_use]
    pub fn title(&self) -> String {
        let mut columns = self.columns();
        columns.pop();
        let words: Vec<String> = columns.into_iter().map(|(_, value)| value).collect();
        format!("{}, seed {}", words.join(" "), self.seed)
    }

    /// The key of what this trial is.
    pub(super) fn key_of(&self, specimens: usize, measures: &[Measure]) -> String {
        let scene = to_ron(&self.declaration());
        let renderers = format!("{:?}", self.stage.renderers);
        let description = Description {
            program: concat!("twinworld ", env!("CARGO_PKG_VERSION")),
            scene: &scene,
            renderers: fingerprint([renderers.as_str()].into_iter()),
            specimens,
            measures,
        };
        // Numbers, words and lists: JSON has a form for all of them.
        let text = serde_json::to_string(&description).unwrap_or_default();
        fingerprint([text.as_str()].into_iter())
    }
}

/// A short name for some texts that differs where they do.
pub(super) fn fingerprint<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
