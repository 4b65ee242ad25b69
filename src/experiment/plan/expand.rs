//! From an experiment file to its trials.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::trial::fingerprint;
use super::{Axis, Exhibit, Experiment, Grid, Level, Trial};
use crate::learn::fits;
use crate::scene::training::Training;
use crate::scene::{Scene, SceneError, Stage, parse, read, read_ron, settled, to_ron, variant_of};
use crate::world::input_specs;

/// An experiment at one size, with its trials.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The declaration.
    pub experiment: Experiment,
    /// Whether this is the small size.
    pub quick: bool,
    /// Specimens of each measurement.
    pub specimens: usize,
    /// The trials, in their order.
    pub trials: Vec<Trial>,
    /// What the trials together are called by: another one for other trials.
    pub fingerprint: String,
}

/// The columns that every trial has.
const COLUMNS: [&str; 4] = ["scene", "method", "objective", "seed"];

impl Plan {
    /// Reads an experiment file and all scenes that it names.
    ///
    /// # Errors
    /// A file that can't be read, isn't RON, or declares something that can't be.
    pub fn load(path: &Path, quick: bool) -> Result<Self, SceneError> {
        let shown = path.display().to_string();
        let text = text_of(path, "name a file such as experiments/robustness.ron")?;
        let experiment: Experiment = read_ron(&text, &shown)?;
        check(&experiment, &shown)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::of(experiment, folder, quick, &shown)
    }

    /// The trials of an experiment whose scenes are named from `folder`; `path` is what errors
    /// call it.
    fn of(
        experiment: Experiment,
        folder: &Path,
        quick: bool,
        path: &str,
    ) -> Result<Self, SceneError> {
        let small = &experiment.quick;
        let grids = small.grids.as_ref().filter(|_| quick).unwrap_or(&experiment.grids);
        let seeds = small.seeds.as_ref().filter(|_| quick).unwrap_or(&experiment.seeds);
        let specimens = small.specimens.filter(|_| quick).unwrap_or(experiment.specimens);
        let mut set = experiment.set.clone();
        if quick {
            set.extend(small.set.clone());
        }
        let mut trials: Vec<Trial> = Vec::new();
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for grid in grids {
            for scene in &grid.scenes {
                let (label, file, declared) = declaration(folder, scene, &experiment, path)?;
                for levels in combinations(&grid.axes) {
                    let stage = Arc::new(settle(&declared, &file, &set, &levels)?);
                    for trial in cell(grid, &label, &stage, &levels, seeds, path)? {
                        let key = trial.key_of(specimens, &experiment.measures);
                        let title = trial.title();
                        match known.insert(title.clone(), key.clone()) {
                            Some(same) if same == key => {}
                            Some(_) => {
                                let problem = format!("two different trials are called `{title}`");
                                return Err(wrong(path, &problem, "give a level another name"));
                            }
                            None => trials.push(Trial { index: trials.len(), key, ..trial }),
                        }
                    }
                }
            }
        }
        let fingerprint = fingerprint(trials.iter().map(|trial| trial.key.as_str()));
        Ok(Self { experiment, quick, specimens, trials, fingerprint })
    }

    /// The names of the columns that describe trials, in their order.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let mut axes: Vec<String> = Vec::new();
        for (axis, _) in self.trials.iter().flat_map(|trial| &trial.levels) {
            if !axes.contains(axis) {
                axes.push(axis.clone());
            }
        }
        let mut columns = vec!["scene".to_owned()];
        columns.extend(axes);
        columns.extend(["method", "objective", "seed"].map(str::to_owned));
        columns
    }
}

/// The trials of one scene at one level of every axis.
fn cell(
    grid: &Grid,
    label: &str,
    stage: &Arc<Stage>,
    levels: &[(String, Level)],
    seeds: &[u64],
    path: &str,
) -> Result<Vec<Trial>, SceneError> {
    let mut trials = Vec::new();
    for &method in &grid.methods {
        for &objective in &grid.objectives {
            let training = Training { method, objective, ..stage.scene.training.clone() };
            fits(&input_specs(stage), stage.classes(), &training).map_err(|error| {
                wrong(path, &format!("{label} with {}: {error}", method.name()), "")
            })?;
            for &seed in seeds {
                trials.push(Trial {
                    index: 0,
                    key: String::new(),
                    scene: label.to_owned(),
                    levels: levels.iter().map(|(a, l)| (a.clone(), l.name.clone())).collect(),
                    method,
                    objective,
                    seed,
                    stage: Arc::clone(stage),
                });
            }
        }
    }
    Ok(trials)
}

/// What a scene of the experiment is called, its file, and the scene with the experiment's regimes.
fn declaration(
    folder: &Path,
    name: &str,
    experiment: &Experiment,
    path: &str,
) -> Result<(String, String, Scene), SceneError> {
    let (file, variant) = name.split_once('#').map_or((name, None), |(f, v)| (f, Some(v)));
    let place = folder.join(file);
    let shown = place.display().to_string();
    let text = text_of(&place, "scenes are named from the folder of the experiment file")?;
    let mut scene = read(&text, &shown)?;
    if let Some(variant) = variant {
        scene = variant_of(&scene, variant, path)?;
    }
    scene.regimes.extend(experiment.regimes.clone());
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_else(|| file.to_owned());
    let label = variant.map_or(stem.clone(), |variant| format!("{stem}#{variant}"));
    Ok((label, shown, scene))
}

/// The checked scene with the settings of the experiment, then those of the levels.
fn settle(
    scene: &Scene,
    file: &str,
    set: &BTreeMap<String, String>,
    levels: &[(String, Level)],
) -> Result<Stage, SceneError> {
    let of_levels = levels.iter().flat_map(|(_, level)| &level.set);
    let settings = set.iter().chain(of_levels).map(|(way, value)| (way.as_str(), value.as_str()));
    let scene = settled(scene, settings, file)?;
    parse(&to_ron(&scene), file).map_err(|error| SceneError { position: None, ..error })
}

/// Every way to choose one level of each axis, the last axis turning fastest.
fn combinations(axes: &[Axis]) -> Vec<Vec<(String, Level)>> {
    let mut all = vec![Vec::new()];
    for axis in axes {
        let levels = axis.all();
        all = all
            .into_iter()
            .flat_map(|chosen: Vec<(String, Level)>| {
                let name = axis.name.clone();
                levels.clone().into_iter().map(move |level| {
                    let mut longer = chosen.clone();
                    longer.push((name.clone(), level));
                    longer
                })
            })
            .collect();
    }
    all
}

fn text_of(path: &Path, remedy: &str) -> Result<String, SceneError> {
    std::fs::read_to_string(path).map_err(|error| {
        wrong(&path.display().to_string(), &format!("the file can't be read: {error}"), remedy)
    })
}

fn wrong(path: &str, problem: &str, remedy: &str) -> SceneError {
    SceneError {
        path: path.to_owned(),
        position: None,
        problem: problem.to_owned(),
        node: None,
        remedy: remedy.to_owned(),
    }
}

/// What no type says of an experiment.
fn check(experiment: &Experiment, path: &str) -> Result<(), SceneError> {
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
            Self::Plot { over, colours, panels, .. } => {
                let over = (over != "value").then_some(over);
                over.into_iter().chain(colours).chain(panels).map(String::as_str).collect()
            }
            Self::HeatMaps { .. } => Vec::new(),
        }
    }
}
