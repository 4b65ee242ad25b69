//! The bench: it owns the world, the model and the measurements, and works piece by piece.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::command::{Command, Count, Wanted};
use super::operations::Operations;
use super::pace::Pace;
use super::projection::Cloud;
use super::showcase::{ROWS, Showcase};
use super::trial::{Trial, read_curve};
use super::view::{Answers, Notice, SceneView, TrainingView, View};
use super::watch::Watch;
use super::{Shelf, saving};
use crate::experiment::RunDirectory;
use crate::lab::dial;
use crate::learn::{LearnError, Learner, StepLosses};
use crate::measure::{Gauge, Reading};
use crate::scene::training::Training;
use crate::scene::{Stage, load, parse, to_ron};

/// Time between two views.
const SHOWN_EVERY: Duration = Duration::from_millis(60);
/// The model is asked about the shown specimens this often while it learns.
const ASKED_EVERY: Duration = Duration::from_millis(700);
/// Frames of the stream that a search looks at.
const SEARCHED: usize = 40;
/// Measurement takes this much of the time of training.
const MEASURED: f64 = 0.35;

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
    /// A model with the losses of its updates, to go on with.
    pub model: Option<(Box<dyn Learner>, Vec<StepLosses>)>,
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
        let curve = std::fs::read_to_string(directory.file("losses.csv")).unwrap_or_default();
        let training = saved.stage.scene.training.clone();
        let path = Some(directory.file("scene.ron"));
        let model = Some((saved.learner, read_curve(&curve)));
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

/// See the module.
pub struct Bench {
    scene: SceneView,
    operations: Operations,
    trial: Option<Trial>,
    gauge: Gauge,
    showcase: Showcase,
    watch: Watch,
    pace: Arc<Pace>,
    /// Steps to go; `None` without end.
    budget: Option<usize>,
    failure: Option<String>,
    changes: Vec<(usize, String)>,
    saved: usize,
    selected: usize,
    listed: Option<(String, Vec<usize>)>,
    search: Option<(Wanted, usize)>,
    answers: Arc<Answers>,
    cloud: Option<Arc<Cloud>>,
    /// The step at which the model was asked last, and when.
    asked: Option<(usize, Instant)>,
    reading: Arc<Reading>,
    errors: Arc<Vec<[f64; 2]>>,
    /// The step at which the round of measurement that is under way began, and whether it's the
    /// last that is needed.
    round: (usize, bool),
    measured: f64,
    trained: f64,
    rate: Rate,
    notice: Option<Notice>,
}

impl Bench {
    /// A bench at rest.
    pub fn new(opening: Opening, pace: Arc<Pace>) -> Result<Self, String> {
        let Opening { stage, path, training, model } = opening;
        let seed = stage.scene.seed;
        let trial = match model {
            Some((learner, curve)) => Trial::resume(&stage, &training, learner, curve),
            None => Trial::new(&stage, &training, seed).map_err(|e| e.to_string())?,
        };
        let steps = trial.steps();
        let mut watch = Watch::default();
        watch.set(path.as_deref());
        let operations = Operations::default();
        let mut bench = Self {
            showcase: Showcase::new(&stage, 0, operations.held()),
            gauge: Gauge::new(&stage, seed, ROWS),
            scene: SceneView { stage, path, changed: false, error: None },
            operations,
            trial: Some(trial),
            watch,
            pace,
            budget: Some(0),
            failure: None,
            changes: Vec::new(),
            saved: steps,
            selected: 0,
            listed: None,
            search: None,
            answers: Arc::default(),
            cloud: None,
            asked: None,
            reading: Arc::default(),
            errors: Arc::default(),
            round: (steps, false),
            measured: 0.0,
            trained: 0.0,
            rate: Rate::default(),
            notice: None,
        };
        bench.ask();
        bench.reading = Arc::new(bench.gauge.reading().clone());
        Ok(bench)
    }

    /// Works until told to quit.
    pub fn run(mut self, inbox: &Receiver<Command>, shelf: &Shelf) {
        let mut shown = Instant::now();
        loop {
            let work = self.has_work();
            self.pace.working(work && self.is_training());
            let start = Instant::now();
            if work {
                self.work();
            }
            let rest =
                if work { self.pace.rest(start.elapsed()) } else { Duration::from_millis(100) };
            if shown.elapsed() >= SHOWN_EVERY || !work {
                shelf.put(self.view());
                shown = Instant::now();
            }
            let mut next = if rest.is_zero() {
                inbox.try_recv().ok()
            } else {
                match inbox.recv_timeout(rest) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            };
            let told = next.is_some();
            while let Some(command) = next {
                next = inbox.try_recv().ok();
                if command == Command::Quit {
                    return;
                }
                // Of a slider that is dragged only the last place counts.
                if !next.as_ref().is_some_and(|next| command.is_outdone_by(next)) {
                    self.obey(command, shelf);
                }
            }
            if let Some(path) = self.watch.poll() {
                self.reload(&path);
            }
            if told {
                shelf.put(self.view());
            }
        }
    }

    fn is_training(&self) -> bool {
        self.failure.is_none() && self.budget != Some(0)
    }

    fn has_work(&self) -> bool {
        self.search.is_some() || (self.pace.ready() && (self.is_training() || !self.round.1))
    }

    fn steps(&self) -> usize {
        self.trial.as_ref().map_or(0, Trial::steps)
    }

    /// One piece: of a search, of training, or of measurement.
    fn work(&mut self) {
        if self.search.is_some() {
            return self.look_on();
        }
        if self.is_training() {
            self.train();
            let due = self.asked.is_none_or(|(_, at)| at.elapsed() > ASKED_EVERY);
            if due || !self.is_training() {
                self.ask();
            }
            if self.measured > MEASURED * self.trained {
                return;
            }
        }
        self.measure();
    }

    fn train(&mut self) {
        let Some(trial) = &mut self.trial else { return };
        let start = Instant::now();
        match trial.step() {
            Ok(_) => {
                self.budget = self.budget.map(|left| left.saturating_sub(1));
                self.round.1 = false;
                self.rate.step();
            }
            Err(failure) => {
                self.failure = Some(failure.clone());
                self.budget = Some(0);
                self.complain(failure);
            }
        }
        self.trained += start.elapsed().as_secs_f64();
    }

    fn measure(&mut self) {
        let steps = self.steps();
        let Some(trial) = &mut self.trial else { return };
        let start = Instant::now();
        let training = trial.training().clone();
        let gauge = &mut self.gauge;
        let outcome = trial.ask(|learner| gauge.measure(learner, &training));
        self.measured += start.elapsed().as_secs_f64();
        self.reading = Arc::new(self.gauge.reading().clone());
        match outcome {
            Some(Ok(false)) => {}
            Some(Ok(true)) => {
                if let Some(error) = self.reading.causal_error() {
                    push_error(Arc::make_mut(&mut self.errors), steps, error);
                }
                // A whole round without a step in between: there is nothing new to be found.
                self.round = (steps, self.round.0 == steps);
            }
            Some(Err(error)) => self.fail(&error),
            None => self.round.1 = true,
        }
    }

    /// Asks the model about what is shown.
    fn ask(&mut self) {
        let steps = self.steps();
        let classes = self.scene.stage.classes();
        let Some(trial) = &mut self.trial else { return };
        let (showcase, before) = (&self.showcase, self.cloud.as_deref());
        let asked = trial
            .ask(|learner| Ok((showcase.ask(learner)?, showcase.cloud(learner, classes, before)?)));
        match asked {
            Some(Ok((answers, cloud))) => {
                (self.answers, self.cloud) = (Arc::new(answers), Some(Arc::new(cloud)));
            }
            Some(Err(error)) => self.fail(&error),
            None => {}
        }
        self.asked = Some((steps, Instant::now()));
    }

    fn fail(&mut self, error: &LearnError) {
        self.round.1 = true;
        self.complain(error.to_string());
    }

    fn complain(&mut self, text: String) {
        self.notice = Some(Notice { text, wrong: true });
    }

    fn say(&mut self, text: String) {
        self.notice = Some(Notice { text, wrong: false });
    }

    /// What can be seen now.
    pub fn view(&self) -> View {
        let trial = self.trial.as_ref();
        let training = TrainingView {
            running: self.is_training(),
            steps: self.steps(),
            settings: trial.map(|t| t.training().clone()).unwrap_or_default(),
            curve: Arc::new(trial.map(Trial::curve).unwrap_or_default()),
            last: trial.and_then(Trial::last),
            rate: if self.is_training() { self.rate.per_second() } else { 0.0 },
            failure: self.failure.clone(),
            changes: self.changes.clone(),
            unsaved: self.steps() != self.saved,
        };
        View {
            scene: self.scene.clone(),
            operations: self.operations.lines(),
            held: self.operations.held().clone(),
            show: self.showcase.show(),
            answers: Arc::clone(&self.answers),
            selected: self.selected,
            listed: self.listed.clone(),
            training,
            reading: Arc::clone(&self.reading),
            errors: Arc::clone(&self.errors),
            cloud: self.cloud.clone(),
            notice: self.notice.clone(),
            settled: self.search.is_none() && !self.is_training() && self.round.1,
            busy: self.search.map(|_| "looking through the stream".to_owned()),
        }
    }

    fn obey(&mut self, command: Command, shelf: &Shelf) {
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
                Ok(()) => self.hold(),
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
        match Self::new(opening, Arc::clone(&self.pace)) {
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
    fn reload(&mut self, path: &Path) {
        match load(path) {
            Ok(stage) if stage.scene == self.scene.stage.scene => self.scene.error = None,
            Ok(stage) => {
                let training = stage.scene.training.clone();
                let path = Some(path.to_path_buf());
                self.replace(Opening { stage: Arc::new(stage), path, training, model: None });
                self.say("the scene's file changed and was read again".to_owned());
            }
            Err(error) => self.scene.error = Some(error.to_string()),
        }
    }

    /// Goes on in a changed scene with the same model.
    fn turn(&mut self, dial: &dial::Dial, value: f64) {
        let scene = dial::turned(&self.scene.stage.scene, dial, value);
        if scene == self.scene.stage.scene {
            return;
        }
        let path = self.scene.path.as_ref().map_or_else(String::new, |p| p.display().to_string());
        let stage = match parse(&to_ron(&scene), &path) {
            Ok(stage) => Arc::new(stage),
            // The text that was checked is not the one in the file: its lines say nothing.
            Err(error) => {
                let text = match &error.node {
                    Some(node) => format!("{} (node `{node}`); {}", error.problem, error.remedy),
                    None => format!("{}; {}", error.problem, error.remedy),
                };
                return self.complain(format!("the scene can't be so: {text}"));
            }
        };
        let word = dial::dials(&scene).into_iter().find(|d| d.dial == *dial).map(|d| d.label);
        self.note_change(format!("{} {value:.2}", word.unwrap_or_default()));
        self.change(&stage, None);
        self.gauge = Gauge::new(&stage, stage.scene.seed, ROWS);
        self.reading = Arc::new(self.gauge.reading().clone());
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
        let Some(trial) = self.trial.take() else { return };
        let training = training.cloned().unwrap_or_else(|| trial.training().clone());
        self.trial = match trial.change(stage, &training) {
            Ok(new) => {
                self.failure = None;
                Some(new)
            }
            Err((old, error)) => {
                self.complain(error.to_string());
                Some(old)
            }
        };
        self.round = (self.steps(), false);
    }

    fn tune(&mut self, training: Training) {
        let Some(old) = self.trial.as_ref().map(|t| t.training().clone()) else { return };
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
        let training = self.trial.as_ref().map(|t| t.training().clone());
        self.begin(&training.unwrap_or_else(|| self.scene.stage.scene.training.clone()));
    }

    /// Begins a new model.
    fn begin(&mut self, training: &Training) {
        match Trial::new(&self.scene.stage, training, self.scene.stage.scene.seed) {
            Ok(trial) => {
                self.trial = Some(trial);
                self.failure = None;
                self.changes.clear();
                self.saved = 0;
                self.gauge.forget();
                self.reading = Arc::new(self.gauge.reading().clone());
                self.errors = Arc::default();
                self.round = (0, false);
                (self.measured, self.trained) = (0.0, 0.0);
                self.cloud = None;
                self.ask();
            }
            Err(error) => self.complain(error.to_string()),
        }
    }

    fn look_on(&mut self) {
        let Some((wanted, looked)) = self.search else { return };
        let from = if looked == 0 { self.selected + 1 } else { 0 };
        if let Some(row) = self.showcase.find(wanted, &self.answers, from) {
            (self.selected, self.search) = (row, None);
        } else if looked == SEARCHED {
            self.search = None;
            self.say(format!("none among the next {} specimens", SEARCHED * ROWS));
        } else {
            self.search = Some((wanted, looked + 1));
            self.showcase.go(1);
            self.ask();
        }
    }

    /// Lists the specimens behind a count, under the do-operation that shows it.
    fn list_behind(&mut self, factor: usize, count: Count) {
        let (Some(declared), Some(behind)) =
            (self.scene.stage.factors.get(factor), self.reading.behind.get(factor))
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
        let Some(trial) = &mut self.trial else { return };
        let mut view = None;
        let stage = Arc::clone(&self.scene.stage);
        let outcome = saving::write_run(trial, &stage, path, |done, all| {
            let mut view = view.take().unwrap_or_else(|| (*shelf.get()).clone());
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
        if let Some(Err(error)) = self.trial.as_mut().map(|t| t.write(path, |_, _| Ok(()))) {
            self.complain(error.to_string());
        } else {
            self.saved = steps;
        }
    }
}

/// Adds a point to the course of the causal error; a long course is thinned out.
fn push_error(errors: &mut Vec<[f64; 2]>, steps: usize, error: f64) {
    let step = steps as f64;
    match errors.last_mut() {
        Some(last) if last[0] == step => last[1] = error,
        _ => errors.push([step, error]),
    }
    if errors.len() >= 400 {
        let mut place = 0;
        errors.retain(|_| {
            place += 1;
            place % 2 == 1
        });
    }
}

/// Steps per second over the last few.
#[derive(Default)]
struct Rate {
    last: Option<Instant>,
    seconds: f64,
}

impl Rate {
    fn step(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            let passed = (now - last).as_secs_f64();
            // After a pause the count begins anew.
            let anew = self.seconds == 0.0 || passed > 2.0;
            self.seconds = if anew { passed.min(2.0) } else { 0.9 * self.seconds + 0.1 * passed };
        }
    }

    fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { 1.0 / self.seconds } else { 0.0 }
    }
}
