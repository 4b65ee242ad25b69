//! What the bench does when it's told to.

use std::path::Path;
use std::sync::Arc;

use super::bench::Bench;
use super::command::{Command, Count};
use super::opening::{Opening, open};
use super::showcase::{ROWS, Showcase};
use super::trial::Trial;
use super::{Shelf, saving};
use crate::lab::dial;
use crate::measure::Evaluator;
use crate::scene::training::Training;
use crate::scene::{Scene, SceneError, Stage, beyond_range, load, parse, to_ron};

impl Bench {
    /// Does what is asked for.
    pub(super) fn obey(&mut self, command: Command, shelf: &Shelf) {
        self.notice = None;
        match command {
            Command::Open(path) => match open(Some(&path), None) {
                Ok(opening) => self.replace(opening),
                Err(error) => {
                    self.scene.error = Some(error);
                    self.watch.set(Some(&path));
                }
            },
            Command::Turn(dial, value) => self.turn(&dial, value),
            Command::SaveScene(path) => self.save_scene(&path),
            Command::Do(text) => match self.operations.perform(self.scene.stage.scm(), &text) {
                Ok(()) => {
                    self.hold();
                    let stage = &self.scene.stage;
                    // What lies beyond is shown at the end of the range.
                    let told = beyond_range(stage, stage.scm(), self.operations.held());
                    if let Some(told) = told {
                        self.complain(told);
                    }
                }
                Err(error) => self.complain(error),
            },
            Command::Undo => {
                self.operations.undo();
                self.hold();
            }
            Command::UndoNode(node) => {
                self.operations.release(node);
                self.hold();
            }
            Command::UndoAll => {
                self.operations.clear();
                self.hold();
            }
            Command::Start if self.failure.is_none() => self.budget = None,
            Command::Start => self.complain("reset the training first".to_owned()),
            Command::Pause => {
                self.budget = Some(0);
                self.ask();
            }
            Command::Train(steps) => self.budget = Some(steps),
            Command::Reset => self.reset(),
            Command::Tune(training) => self.tune(*training),
            Command::Select(row) => self.selected = row.min(ROWS - 1),
            Command::Forward => self.go(1),
            Command::Back => self.go(-1),
            Command::Search(wanted) => {
                self.listed = None;
                self.search = Some((wanted, 0));
            }
            Command::Behind(factor, count) => self.list_behind(factor, count),
            Command::ShowAll => self.listed = None,
            Command::SaveRun(path) => self.save_run(&path, shelf),
            Command::Keep(path) => self.keep(&path),
            Command::LoadRun(path) => match open(None, Some(&path)) {
                Ok(opening) => {
                    self.replace(opening);
                    self.say(format!("goes on with the model of {}", path.display()));
                }
                Err(error) => self.complain(error),
            },
            Command::Quit => {}
        }
    }

    fn hold(&mut self) {
        self.listed = None;
        self.showcase.hold(self.operations.held());
        self.ask();
    }

    fn go(&mut self, frames: i64) {
        self.listed = None;
        self.showcase.go(frames);
        self.ask();
    }

    /// Takes another scene or run in the place of all that is.
    fn replace(&mut self, opening: Opening) {
        match Self::new(opening, self.specimens, Arc::clone(&self.pace)) {
            Ok(mut new) => {
                let revision = self.showcase.show().revision;
                new.operations = self.operations.moved(new.scene.stage.scm());
                new.showcase = Showcase::new(&new.scene.stage, revision + 1, new.operations.held());
                new.budget = if self.budget.is_none() { None } else { Some(0) };
                new.ask();
                *self = new;
            }
            Err(error) => self.complain(error),
        }
    }

    /// Reads the scene's file again after it changed.
    pub(super) fn reload(&mut self, path: &Path) {
        match load(path) {
            Ok(stage) if self.plays(&stage) => self.scene.error = None,
            Ok(stage) => {
                let training = stage.scene.training.clone();
                let path = Some(path.to_path_buf());
                self.replace(Opening { stage: Arc::new(stage), path, training, model: None });
                self.say("the scene's file changed and was read again".to_owned());
            }
            Err(error) => self.scene.error = Some(error.to_string()),
        }
    }

    /// Whether a scene is the one that is played, but for how to train on it: a saved run writes
    /// that into its scene.
    fn plays(&self, stage: &Stage) -> bool {
        let own = &self.scene.stage.scene;
        Scene { training: own.training.clone(), ..stage.scene.clone() } == *own
    }

    /// Goes on in a changed scene with the same model.
    fn turn(&mut self, dial: &dial::Dial, value: f64) {
        let declared = self.scene.stage.declared();
        let scene = dial::turned(&declared, dial, value);
        if scene == declared {
            return;
        }
        let path = self.scene.path.as_ref().map_or_else(String::new, |p| p.display().to_string());
        let stage = match parse(&to_ron(&scene), &path) {
            Ok(stage) => Arc::new(stage),
            // The text that was checked is not the one in the file: its lines say nothing.
            Err(error) => {
                let words = |error: &SceneError| match &error.node {
                    Some(node) => format!("{} (node `{node}`); {}", error.problem, error.remedy),
                    None => format!("{}; {}", error.problem, error.remedy),
                };
                let all = std::iter::once(&error).chain(&error.others).map(words);
                let text = all.collect::<Vec<_>>().join("; ");
                return self.complain(format!("the scene can't be so: {text}"));
            }
        };
        let word = dial::dials(&scene).into_iter().find(|d| d.dial == *dial).map(|d| d.label);
        self.note_change(format!("{} {value:.2}", word.unwrap_or_default()));
        self.change(&stage, None);
        self.evaluator = Evaluator::new(&stage, stage.scene.seed, ROWS);
        self.latest = Arc::new(self.evaluator.latest().clone());
        self.operations = self.operations.moved(stage.scm());
        let revision = self.showcase.show().revision;
        self.showcase = Showcase::new(&stage, revision + 1, self.operations.held());
        (self.scene.stage, self.scene.changed) = (stage, true);
        self.listed = None;
        self.ask();
    }

    fn note_change(&mut self, text: String) {
        let steps = self.steps();
        if steps > 0 {
            let what = text.rsplit_once(' ').map_or("", |(what, _)| what).to_owned();
            // Dragging a slider is one change.
            self.changes.retain(|(step, old)| *step != steps || !old.starts_with(&what));
            self.changes.push((steps, text));
            let many = self.changes.len().saturating_sub(20);
            self.changes.drain(..many);
        }
    }

    fn change(&mut self, stage: &Arc<Stage>, training: Option<&Training>) {
        let trial = &mut self.trial;
        let training = training.cloned().unwrap_or_else(|| trial.training().clone());
        match trial.change(stage, &training) {
            Ok(()) => self.failure = None,
            Err(error) => self.complain(error.to_string()),
        }
        self.round = (self.steps(), false);
    }

    fn tune(&mut self, training: Training) {
        let old = self.trial.training().clone();
        if training == old {
            return;
        }
        if training.batch < 2 {
            return self.complain("a batch has 2 specimens or more".to_owned());
        }
        let stage = Arc::clone(&self.scene.stage);
        if training.method != old.method {
            return self.begin(&training);
        }
        if training.objective != old.objective {
            self.note_change(format!("objective {}", training.objective.name()));
        } else {
            self.note_change("settings changed".to_owned());
        }
        self.change(&stage, Some(&training));
    }

    fn reset(&mut self) {
        let training = self.trial.training().clone();
        self.begin(&training);
    }

    /// Begins a new model.
    fn begin(&mut self, training: &Training) {
        match Trial::new(&self.scene.stage, training, self.scene.stage.scene.seed) {
            Ok(trial) => {
                self.trial = trial;
                self.failure = None;
                self.changes.clear();
                self.saved = 0;
                self.evaluator.forget();
                self.latest = Arc::new(self.evaluator.latest().clone());
                self.errors = Arc::default();
                self.round = (0, false);
                (self.measured, self.trained) = (0.0, 0.0);
                self.cloud = None;
                self.ask();
            }
            Err(error) => self.complain(error.to_string()),
        }
    }

    /// Lists the specimens behind a count, under the do-operation that shows it.
    fn list_behind(&mut self, factor: usize, count: Count) {
        let (Some(declared), Some(behind)) =
            (self.scene.stage.factors.get(factor), self.latest.behind.get(factor))
        else {
            return;
        };
        let (rows, value) = match count {
            Count::Pn => (behind.pn.clone(), declared.absent),
            Count::Ps => (behind.ps.clone(), declared.present),
            Count::Pns => (behind.pns.clone(), declared.absent),
        };
        let line = format!("{}={value}", declared.name);
        let title = format!("{} of {}: {} of {ROWS}", count.name(), declared.name, rows.len());
        self.operations.clear();
        if let Err(error) = self.operations.perform(self.scene.stage.scm(), &line) {
            return self.complain(error);
        }
        self.showcase.rewind();
        self.hold();
        if let Some(first) = rows.first() {
            self.selected = *first;
        }
        self.listed = Some((title, rows));
    }

    fn save_scene(&mut self, path: &Path) {
        match saving::write_scene(&self.scene.stage.scene, path) {
            Ok(()) => {
                (self.scene.path, self.scene.changed) = (Some(path.to_path_buf()), false);
                self.scene.error = None;
                self.watch.set(Some(path));
                self.say(format!("the scene is in {}", path.display()));
            }
            Err(error) => self.complain(error),
        }
    }

    fn save_run(&mut self, path: &Path, shelf: &Shelf) {
        let steps = self.steps();
        let trial = &mut self.trial;
        let stage = Arc::clone(&self.scene.stage);
        let outcome = saving::write_run(trial, &stage, path, self.specimens, |done, all| {
            let mut view = (*shelf.get()).clone();
            view.busy = Some(format!("examining the model, {done} of {all}"));
            shelf.put(view);
        });
        match outcome {
            Ok(()) => {
                self.saved = steps;
                self.say(format!("the run is in {}", path.display()));
            }
            Err(error) => self.complain(error),
        }
    }

    /// Writes the model alone, where it has unsaved updates: the window closes.
    fn keep(&mut self, path: &Path) {
        let steps = self.steps();
        if steps == self.saved {
            return;
        }
        if let Err(error) = self.trial.write(path, |_, _| Ok(())) {
            self.complain(error.to_string());
        } else {
            self.saved = steps;
        }
    }
}
