//! Writing scenes and runs: the same files as the commands write.

use std::path::Path;
use std::sync::Arc;

use super::trial::Trial;
use crate::experiment::{write_paper, write_whole};
use crate::measure::{evaluate, renderings};
use crate::scene::{Scene, Stage, to_ron};

/// Writes a scene to a new file.
///
/// # Errors
/// A file that is there already or can't be written, in words.
pub fn write_scene(scene: &Scene, path: &Path) -> Result<(), String> {
    if path.exists() {
        return Err(format!("{} is there already; give another name", path.display()));
    }
    write_whole(path, to_ron(scene).as_bytes()).map_err(|error| error.to_string())
}

/// Examines the model on so many specimens and writes its run directory; `watch` is told how far
/// it is.
///
/// # Errors
/// A model that can't be asked or a file that can't be written, in words.
pub fn write_run(
    trial: &mut Trial,
    stage: &Arc<Stage>,
    path: &Path,
    specimens: usize,
    mut watch: impl FnMut(usize, usize),
) -> Result<(), String> {
    let seed = stage.scene.seed;
    let written = trial.write(path, |directory, entrant| {
        if entrant.failure.is_some() {
            return Ok(());
        }
        let all = renderings(stage, specimens);
        let mut done = 0;
        let models = [(&*entrant.learner, &entrant.training)];
        let evaluated = evaluate(stage, seed, &models, specimens, || {
            done += 1;
            watch(done, all);
            true
        })?;
        if let Some(found) = evaluated.into_iter().flatten().next() {
            entrant.take(&stage.scene.name, seed, found);
        }
        write_paper(directory, stage, seed, entrant, specimens).map(drop)
    });
    written.map_err(|error| error.to_string())
}
