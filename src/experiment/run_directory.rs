//! The directory of a run: the model, the resolved scene, the figures, the report.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::Entrant;
use crate::learn::{LearnError, Learner, StepLosses, load_learner};
use crate::scene::{Scene, SceneError, Stage, load, to_ron};
use crate::world::input_specs;

/// Why a run can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file or directory can't be written or read.
    #[error("{}: {source}; check that the place exists, is yours, and has room", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The model can't be written or read.
    #[error(transparent)]
    Model(#[from] LearnError),
    /// The scene of the run is wrong.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The report can't be made.
    #[error("the report can't be made: {0}")]
    Report(#[from] super::report::ReportError),
    /// The figures can't be put into JSON.
    #[error("the figures of {} can't be written: {source}", path.display())]
    Figures {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: serde_json::Error,
    },
}

/// A directory that holds one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// A run read back.
pub struct SavedRun {
    /// The scene it was trained on.
    pub stage: Arc<Stage>,
    /// The model.
    pub learner: Box<dyn Learner>,
}

impl RunDirectory {
    /// Names a directory, and makes it where it isn't there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn create(path: &Path) -> Result<Self, RunError> {
        std::fs::create_dir_all(path)
            .map_err(|source| RunError::File { path: path.to_path_buf(), source })?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a trained model: `scene.ron`, `model.safetensors`, `losses.csv`. Figures and report
    /// of an earlier run in the same place are taken away: they would be of another model.
    ///
    /// # Errors
    /// A file that can't be written; each is whole or isn't there.
    pub fn write_model(&self, stage: &Stage, seed: u64, entrant: &Entrant) -> Result<(), RunError> {
        let training = entrant.training.clone();
        let scene = Scene { seed, training, ..stage.scene.clone() };
        write_whole(&self.file("scene.ron"), to_ron(&scene).as_bytes())?;
        self.write_learner(entrant)
    }

    /// As [`RunDirectory::write_model`] without a scene: `model.safetensors`, `losses.csv`.
    ///
    /// # Errors
    /// A file that can't be written; each is whole or isn't there.
    pub fn write_learner(&self, entrant: &Entrant) -> Result<(), RunError> {
        for stale in ["metrics.json", "report.html"] {
            let _ = std::fs::remove_file(self.file(stale));
        }
        entrant.learner.save(&self.file("model.safetensors"))?;
        write_whole(&self.file("losses.csv"), losses_csv(&entrant.curve).as_bytes())
    }

    /// Writes `metrics.json`.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write_metrics(&self, metrics: &impl Serialize) -> Result<(), RunError> {
        let path = self.file("metrics.json");
        let mut text = serde_json::to_string_pretty(metrics)
            .map_err(|source| RunError::Figures { path: path.clone(), source })?;
        text.push('\n');
        write_whole(&path, text.as_bytes())
    }

    /// Reads the scene and the model of a run.
    ///
    /// # Errors
    /// A file that isn't there or isn't right.
    pub fn read(&self) -> Result<SavedRun, RunError> {
        let stage = load(&self.file("scene.ron"))?;
        let specs = input_specs(&stage);
        let training = &stage.scene.training;
        let model = self.file("model.safetensors");
        let learner = load_learner(&model, &specs, stage.classes(), training)?;
        Ok(SavedRun { stage: Arc::new(stage), learner })
    }
}

/// Writes a file whole or not at all: beside its place first, then renamed into it.
///
/// # Errors
/// The place can't be written to.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let fail = |source| RunError::File { path: path.to_path_buf(), source };
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = PathBuf::from(aside);
    let written = std::fs::File::create(&aside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&aside, path));
    written.map_err(|source| {
        let _ = std::fs::remove_file(&aside);
        fail(source)
    })
}

fn losses_csv(curve: &[StepLosses]) -> String {
    let mut text =
        "step,total,sufficiency,necessity,l_v,l_fe,twin,consistency,accuracy\n".to_owned();
    for (i, l) in curve.iter().enumerate() {
        text += &format!(
            "{},{},{},{},{},{},{},{},{}\n",
            i + 1,
            l.total,
            l.sufficiency,
            l.necessity,
            l.l_v,
            l.l_fe,
            l.twin,
            l.consistency,
            l.accuracy
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_whole(&path, b"first").unwrap();
        write_whole(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        let nowhere = folder.path().join("missing").join("b.txt");
        let message = write_whole(&nowhere, b"x").unwrap_err().to_string();
        assert!(message.contains("b.txt") && message.contains("check that"), "{message}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
