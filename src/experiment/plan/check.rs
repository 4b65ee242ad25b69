//! What no type says of an experiment.

use std::collections::BTreeSet;

use super::{Axis, Exhibit, Experiment, Grid};
use crate::scene::SceneError;

/// The columns that every trial has.
const COLUMNS: [&str; 4] = ["scene", "method", "objective", "seed"];

/// What is wrong with a file, without a place in it.
pub(super) fn wrong(path: &str, problem: &str, remedy: &str) -> SceneError {
    SceneError::of(path, problem, remedy)
}

/// Whether an experiment has trials, and its report columns that there are.
pub(super) fn check(experiment: &Experiment, path: &str) -> Result<(), SceneError> {
    let fail = |problem: &str, remedy: &str| Err(wrong(path, problem, remedy));
    if experiment.version != 1 {
        return fail(&format!("version {} isn't known", experiment.version), "write version: 1");
    }
    let sized = |name: &str, grids: &[Grid], seeds: &[u64], specimens: usize| {
        if grids.is_empty() || grids.iter().any(Grid::is_empty) {
            return fail(&format!("{name} has a grid without trials"), "fill all of its lists");
        }
        let mut once = BTreeSet::new();
        if seeds.is_empty() || !seeds.iter().all(|seed| once.insert(seed)) {
            return fail(&format!("{name} has no seeds, or one twice"), "write seeds: [1, 2, 3]");
        }
        if specimens < 8 {
            return fail(&format!("{name} measures on {specimens} specimens"), "take 8 or more");
        }
        Ok(())
    };
    let small = &experiment.quick;
    let (grids, seeds) = (&experiment.grids, &experiment.seeds);
    sized("the experiment", grids, seeds, experiment.specimens)?;
    sized(
        "quick",
        small.grids.as_ref().unwrap_or(grids),
        small.seeds.as_ref().unwrap_or(seeds),
        small.specimens.unwrap_or(experiment.specimens),
    )?;
    for axis in grids.iter().chain(small.grids.iter().flatten()).flat_map(|grid| &grid.axes) {
        axis.check().or_else(|(problem, remedy)| fail(&problem, remedy))?;
    }
    if experiment.measures.is_empty() {
        return fail("nothing is measured", "write measures: [Accuracy, ...]");
    }
    let axes: Vec<&str> =
        grids.iter().flat_map(|grid| &grid.axes).map(|axis| axis.name.as_str()).collect();
    for exhibit in &experiment.report {
        for column in exhibit.columns() {
            if !COLUMNS.contains(&column) && !axes.contains(&column) {
                let known = COLUMNS.into_iter().chain(axes.iter().copied());
                let remedy = crate::causal::suggestion(column, known);
                let problem = format!("`{}` has the unknown column `{column}`", exhibit.title());
                return fail(&problem, &remedy);
            }
        }
    }
    Ok(())
}

impl Grid {
    fn is_empty(&self) -> bool {
        self.scenes.is_empty() || self.methods.is_empty() || self.objectives.is_empty()
    }
}

impl Axis {
    fn check(&self) -> Result<(), (String, &'static str)> {
        let name = &self.name;
        if COLUMNS.contains(&name.as_str()) || name.is_empty() {
            return Err((format!("an axis can't be called `{name}`"), "give it another name"));
        }
        if self.of.is_empty() != self.values.is_empty() || self.all().is_empty() {
            let remedy = "write of: \"dials.s\", values: [\"0.1\", \"0.6\"], or levels: [...]";
            return Err((format!("the axis `{name}` has no levels, or values of nothing"), remedy));
        }
        let mut once = BTreeSet::new();
        match self.all().iter().find(|level| !once.insert(level.name.clone())) {
            Some(level) => Err((
                format!("the axis `{name}` has the level `{}` twice", level.name),
                "give each a name of its own",
            )),
            None => Ok(()),
        }
    }
}

impl Exhibit {
    /// The columns of the trials that it's made of.
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Table { rows, against, .. } => {
                let against = against.iter().map(|(column, _)| column.as_str());
                rows.iter().map(String::as_str).chain(against).collect()
            }
            Self::Cross { rows, across, .. } => {
                rows.iter().chain([across]).map(String::as_str).collect()
            }
            Self::Plot { over, colours, panels, .. } => {
                let over = (over != "value").then_some(over);
                over.into_iter().chain(colours).chain(panels).map(String::as_str).collect()
            }
            Self::HeatMaps { .. } => Vec::new(),
        }
    }
}
