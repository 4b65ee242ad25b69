//! What a session begins with: a run directory, a scene file, or the scene that is built in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::experiment::RunDirectory;
use crate::learn::{DecisionCurve, Learner, StepLosses};
use crate::scene::training::Training;
use crate::scene::{Stage, load, parse};

/// The scene that is built in, for those who start the program anywhere.
const DUCK: &str = include_str!("../../../scenes/duck.ron");

/// What a session begins with.
pub struct Opening {
    /// The scene.
    pub stage: Arc<Stage>,
    /// Its file.
    pub path: Option<PathBuf>,
    /// How to train.
    pub training: Training,
    /// A model with the losses of its updates and what was decided in them, to go on with.
    pub model: Option<(Box<dyn Learner>, (Vec<StepLosses>, DecisionCurve))>,
}

/// Opens a run directory, a scene file, or the scene that is built in.
///
/// # Errors
/// A file that can't be read or isn't right, in words.
pub fn open(scene: Option<&Path>, run: Option<&Path>) -> Result<Opening, String> {
    if let Some(run) = run {
        if !run.join("scene.ron").is_file() {
            let shown = run.display();
            return Err(format!("{shown} is no run; name a directory that `train` has written"));
        }
        let directory = RunDirectory::create(run).map_err(|e| e.to_string())?;
        let saved = directory.read().map_err(|e| e.to_string())?;
        let training = saved.stage.scene.training.clone();
        let path = Some(directory.file("scene.ron"));
        let model = Some((saved.learner, directory.curve()));
        return Ok(Opening { stage: saved.stage, path, training, model });
    }
    let stage = match scene {
        Some(path) => load(path),
        None => parse(DUCK, "scenes/duck.ron"),
    };
    let stage = Arc::new(stage.map_err(|e| e.to_string())?);
    let training = stage.scene.training.clone();
    Ok(Opening { stage, path: scene.map(Path::to_path_buf), training, model: None })
}
