//! The bench: it owns the world, the model and the measurements, and works piece by piece.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Shelf;
use super::command::{Command, Wanted};
use super::course::{Rate, push_error};
use super::opening::Opening;
use super::operations::Operations;
use super::pace::Pace;
use super::projection::Cloud;
use super::showcase::{ROWS, Showcase};
use super::trial::Trial;
use super::view::{Answers, Notice, SceneView, TrainingView, View};
use super::watch::Watch;
use crate::learn::LearnError;
use crate::measure::{Evaluator, Latest};

/// Time between two views.
const SHOWN_EVERY: Duration = Duration::from_millis(60);
/// The model is asked about the shown specimens this often while it learns.
const ASKED_EVERY: Duration = Duration::from_millis(700);
/// Frames of the stream that a search looks at.
const SEARCHED: usize = 40;
/// Measurement takes this much of the time of training.
const MEASURED: f64 = 0.35;

/// See the module.
pub struct Bench {
    pub(super) scene: SceneView,
    pub(super) operations: Operations,
    pub(super) trial: Trial,
    pub(super) evaluator: Evaluator,
    pub(super) showcase: Showcase,
    pub(super) watch: Watch,
    pub(super) pace: Arc<Pace>,
    /// On so many a saved run is examined.
    pub(super) specimens: usize,
    /// Steps to go; `None` without end.
    pub(super) budget: Option<usize>,
    pub(super) failure: Option<String>,
    pub(super) changes: Vec<(usize, String)>,
    pub(super) saved: usize,
    pub(super) selected: usize,
    pub(super) listed: Option<(String, Vec<usize>)>,
    pub(super) search: Option<(Wanted, usize)>,
    pub(super) answers: Arc<Answers>,
    pub(super) cloud: Option<Arc<Cloud>>,
    /// The step at which the model was asked last, and when.
    pub(super) asked: Option<(usize, Instant)>,
    pub(super) latest: Arc<Latest>,
    pub(super) errors: Arc<Vec<[f64; 2]>>,
    /// The step at which the round of measurement that is under way began, and whether it's the
    /// last that is needed.
    pub(super) round: (usize, bool),
    pub(super) measured: f64,
    pub(super) trained: f64,
    pub(super) rate: Rate,
    pub(super) notice: Option<Notice>,
}

impl Bench {
    /// A bench at rest, whose saved runs are examined on so many specimens.
    pub fn new(opening: Opening, specimens: usize, pace: Arc<Pace>) -> Result<Self, String> {
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
            evaluator: Evaluator::new(&stage, seed, ROWS),
            scene: SceneView { stage, path, changed: false, error: None },
            operations,
            trial,
            watch,
            pace,
            specimens,
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
            latest: Arc::default(),
            errors: Arc::default(),
            round: (steps, false),
            measured: 0.0,
            trained: 0.0,
            rate: Rate::default(),
            notice: None,
        };
        bench.ask();
        bench.latest = Arc::new(bench.evaluator.latest().clone());
        Ok(bench)
    }

    /// Works until told to quit.
    pub fn run(mut self, inbox: &Receiver<Command>, shelf: &Shelf) {
        let mut shown = Instant::now();
        loop {
            let work = self.has_work();
            self.pace.working(work);
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
            let mut patience = 32;
            while let Some(command) = next {
                patience -= 1;
                next = if patience > 0 { inbox.try_recv().ok() } else { None };
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

    pub(super) fn steps(&self) -> usize {
        self.trial.steps()
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
        let trial = &mut self.trial;
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
        let trial = &mut self.trial;
        let start = Instant::now();
        let training = trial.training().clone();
        let evaluator = &mut self.evaluator;
        let outcome = trial.ask(|learner| evaluator.measure(learner, &training));
        if self.budget != Some(0) {
            self.measured += start.elapsed().as_secs_f64();
        }
        self.latest = Arc::new(self.evaluator.latest().clone());
        match outcome {
            Some(Ok(false)) => {}
            Some(Ok(true)) => {
                let error = self.latest.headline().and_then(|h| h.causal_error);
                if let Some(error) = error {
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
    pub(super) fn ask(&mut self) {
        let steps = self.steps();
        let trial = &mut self.trial;
        let (showcase, before) = (&self.showcase, self.cloud.as_deref());
        let asked =
            trial.ask(|learner| Ok((showcase.ask(learner)?, showcase.cloud(learner, before)?)));
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

    pub(super) fn complain(&mut self, text: String) {
        self.notice = Some(Notice { text, wrong: true });
    }

    pub(super) fn say(&mut self, text: String) {
        self.notice = Some(Notice { text, wrong: false });
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

    /// What can be seen now.
    pub fn view(&self) -> View {
        let trial = &self.trial;
        let training = TrainingView {
            running: self.is_training(),
            steps: self.steps(),
            settings: trial.training().clone(),
            curve: Arc::new(trial.curve()),
            last: trial.last(),
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
            latest: Arc::clone(&self.latest),
            errors: Arc::clone(&self.errors),
            cloud: self.cloud.clone(),
            notice: self.notice.clone(),
            settled: self.search.is_none() && !self.is_training() && self.round.1,
            busy: self.search.map(|_| "looking through the stream".to_owned()),
        }
    }
}
