//! The directory of a run: the model, the resolved scene, the figures, the report.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::Entrant;
use crate::learn::{DecisionCurve, LearnError, Learner, StepLosses, load_learner};
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
    /// A run without a model: its training diverged.
    #[error(
        "{} has no model: its training diverged; train again with a lower learning rate",
        path.display()
    )]
    NoModel {
        /// The directory.
        path: PathBuf,
    },
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
    /// of an earlier run in the same place are taken away: they would be of another model. Of one
    /// whose weights are those of a failure no model is written.
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
        let model = self.file("model.safetensors");
        match entrant.learner.save(&model) {
            Err(broken @ LearnError::BrokenWeights { .. }) => {
                // One of an earlier run isn't the model of these losses.
                let _ = std::fs::remove_file(&model);
                if entrant.failure.is_none() {
                    return Err(broken.into());
                }
            }
            saved => saved?,
        }
        write_whole(
            &self.file("losses.csv"),
            losses_csv(&entrant.curve, &entrant.decisions).as_bytes(),
        )
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
        if !model.exists() && self.file("losses.csv").exists() {
            return Err(RunError::NoModel { path: self.path.clone() });
        }
        let learner = load_learner(&model, &specs, stage.classes(), training)?;
        Ok(SavedRun { stage: Arc::new(stage), learner })
    }

    /// The losses of every update, and what was decided in them, as `losses.csv` has them; nothing
    /// where there is no such file.
    #[must_use]
    pub fn curve(&self) -> (Vec<StepLosses>, DecisionCurve) {
        read_losses(&std::fs::read_to_string(self.file("losses.csv")).unwrap_or_default())
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

/// The columns of `losses.csv` that are always there: the update and its losses.
const LOSSES: [&str; 9] =
    ["step", "total", "sufficiency", "necessity", "l_v", "l_fe", "twin", "consistency", "accuracy"];

/// A line for every update: its losses, then a column for every decision that was ever told, empty
/// where it wasn't told yet.
fn losses_csv(curve: &[StepLosses], decisions: &DecisionCurve) -> String {
    let mut text = format!("{}{}\n", LOSSES.join(","), decisions.csv_head());
    for (i, l) in curve.iter().enumerate() {
        text += &format!(
            "{},{},{},{},{},{},{},{},{}{}\n",
            i + 1,
            l.total,
            l.sufficiency,
            l.necessity,
            l.l_v,
            l.l_fe,
            l.twin,
            l.consistency,
            l.accuracy,
            decisions.csv_row(i + 1)
        );
    }
    text
}

/// Reads `losses.csv` back, up to the first line that isn't whole.
fn read_losses(text: &str) -> (Vec<StepLosses>, DecisionCurve) {
    let line = |line: &str| -> Option<StepLosses> {
        let mut numbers = line.split(',').skip(1).map(|cell| cell.trim().parse::<f64>().ok());
        let mut next = || numbers.next().flatten();
        Some(StepLosses {
            total: next()?,
            sufficiency: next()?,
            necessity: next()?,
            l_v: next()?,
            l_fe: next()?,
            twin: next()?,
            consistency: next()?,
            accuracy: next()?,
        })
    };
    let curve: Vec<StepLosses> = text.lines().skip(1).map_while(line).collect();
    let whole: Vec<&str> = text.lines().take(1 + curve.len()).collect();
    (curve, DecisionCurve::read_csv(&whole.join("\n"), LOSSES.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Decision;

    #[test]
    fn decisions_stand_behind_the_losses_of_their_update() {
        let mut decisions = DecisionCurve::default();
        decisions.record(2, &[Decision::new("trust", 0.5)]);
        let curve = [StepLosses { total: 0.25, ..StepLosses::default() }; 2];
        let text = losses_csv(&curve, &decisions);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "step,total,sufficiency,necessity,l_v,l_fe,twin,consistency,accuracy,trust"
        );
        assert_eq!(lines[1..], ["1,0.25,0,0,0,0,0,0,0,", "2,0.25,0,0,0,0,0,0,0,0.5"]);
        assert_eq!(read_losses(&text), (curve.to_vec(), decisions));
        let broken = text.replace("2,0.25", "2,");
        assert_eq!(read_losses(&broken), (curve[..1].to_vec(), DecisionCurve::default()));
        let plain = losses_csv(&curve, &DecisionCurve::default());
        assert_eq!(plain.lines().nth(2), Some("2,0.25,0,0,0,0,0,0,0"));
        assert_eq!(read_losses(&plain).0, curve);
    }

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
