//! From an experiment file to its trials.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::check::{check, wrong};
use super::trial::fingerprint;
use super::{Axis, Experiment, Grid, Level, Trial};
use crate::learn::fits;
use crate::scene::training::Training;
use crate::scene::{
    self, Scene, SceneError, Stage, parse, read, read_ron, settled, to_ron, variant_of,
};
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

impl Plan {
    /// Reads an experiment file and all scenes that it names.
    ///
    /// # Errors
    /// A file that can't be read, isn't RON, or declares something that can't be.
    pub fn load(path: &Path, quick: bool) -> Result<Self, SceneError> {
        Self::load_part(path, quick, &[])
    }

    /// The same with the trials of some cells alone, if any are named: who performs a few trials
    /// needs no other scenes.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn load_part(path: &Path, quick: bool, cells: &[usize]) -> Result<Self, SceneError> {
        let shown = path.display().to_string();
        let text = text_of(path, "name a file such as experiments/robustness.ron")?;
        let experiment: Experiment = read_ron(&text, &shown)?;
        check(&experiment, &shown)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::of(experiment, folder, quick, cells, &shown)
    }

    /// The trials of an experiment, or of some of its cells, whose scenes are named from `folder`;
    /// `path` is what errors call it.
    fn of(
        experiment: Experiment,
        folder: &Path,
        quick: bool,
        only: &[usize],
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
        let mut worlds = Worlds::default();
        let mut place = 0;
        for grid in grids {
            for scene in &grid.scenes {
                let (label, file, declared) = declaration(folder, scene, &experiment, path)?;
                for levels in combinations(&grid.axes) {
                    place += 1;
                    if !only.is_empty() && !only.contains(&place) {
                        continue;
                    }
                    let (world, stage) = worlds.settle(&label, &declared, &file, &set, &levels)?;
                    for trial in cell(grid, &label, &stage, &levels, seeds, path)? {
                        let key = trial.key_of(specimens, &experiment.measures);
                        let title = trial.title();
                        match known.insert(title.clone(), key.clone()) {
                            Some(same) if same == key => {}
                            Some(_) => {
                                let problem = format!("two different trials are called `{title}`");
                                return Err(wrong(path, &problem, "give a level another name"));
                            }
                            None => {
                                trials.push(Trial {
                                    index: trials.len(),
                                    key,
                                    cell: place,
                                    world,
                                    ..trial
                                });
                            }
                        }
                    }
                }
            }
        }
        let fingerprint = fingerprint(trials.iter().map(|trial| trial.key.as_str()));
        Ok(Self { experiment, quick, specimens, trials, fingerprint })
    }

    /// The plan with those trials alone that have one of the named levels in a column: a smaller
    /// experiment, whose trials keep their keys.
    ///
    /// # Errors
    /// No trial has such a column, or such a level in it; what there is instead.
    pub fn only(mut self, column: &str, levels: &[&str]) -> Result<Self, String> {
        let columns = self.columns();
        if !columns.iter().any(|name| name == column) {
            return Err(format!("no trial has a `{column}`; they have {}", columns.join(", ")));
        }
        let mut there: Vec<String> = Vec::new();
        for trial in &self.trials {
            let level = trial.level(column);
            if !there.contains(&level) {
                there.push(level);
            }
        }
        if let Some(unknown) = levels.iter().find(|level| !there.iter().any(|one| one == *level)) {
            let there: Vec<String> = there.iter().map(|level| format!("`{level}`")).collect();
            return Err(format!("no {column} is `{unknown}`; there are {}", there.join(", ")));
        }
        self.trials.retain(|trial| levels.contains(&trial.level(column).as_str()));
        for (index, trial) in self.trials.iter_mut().enumerate() {
            trial.index = index;
        }
        self.fingerprint = fingerprint(self.trials.iter().map(|trial| trial.key.as_str()));
        Ok(self)
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
                    cell: 0,
                    world: 0,
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

/// Stages by what makes their world, so that levels which differ in training alone share its truth,
/// which takes longest.
#[derive(Default)]
struct Worlds(Vec<(String, Arc<Stage>)>);

impl Worlds {
    /// The checked scene with the settings of the experiment, then those of the levels, and the
    /// number of its world.
    fn settle(
        &mut self,
        label: &str,
        scene: &Scene,
        file: &str,
        set: &BTreeMap<String, String>,
        levels: &[(String, Level)],
    ) -> Result<(usize, Arc<Stage>), SceneError> {
        let of_levels = levels.iter().flat_map(|(_, level)| &level.set);
        let settings =
            set.iter().chain(of_levels).map(|(way, value)| (way.as_str(), value.as_str()));
        let (training, world): (Vec<_>, Vec<_>) =
            settings.partition(|(way, _)| way.trim_start().starts_with("training"));
        // The file as well: scenes of other folders may have the same label.
        let name = format!("{file} {label} {world:?}");
        let (world, stage) = match self.0.iter().position(|(known, _)| *known == name) {
            Some(world) => (world, Arc::clone(&self.0[world].1)),
            None => {
                let scene = settled(scene, world.into_iter(), file)?;
                let stage = parse(&to_ron(&scene), file).map_err(SceneError::placeless)?;
                let stage = Arc::new(stage);
                self.0.push((name, Arc::clone(&stage)));
                (self.0.len() - 1, stage)
            }
        };
        if training.is_empty() {
            return Ok((world, stage));
        }
        let scene = settled(&stage.scene, training.into_iter(), file)?;
        scene::check(&to_ron(&scene), file).map_err(SceneError::placeless)?;
        let mut trained = (*stage).clone();
        trained.scene = scene;
        Ok((world, Arc::new(trained)))
    }
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
