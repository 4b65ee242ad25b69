//! A window that is driven by a file: a demo, a series of pictures, a test.
//!
//! The file is a list of actions in RON: `[Open("scenes/duck.ron"), Train(200), Do("lake=0"),
//! Screenshot("lake.png"), Quit]`. An action begins when the one before is done.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::desk::{Desk, Tab};
use super::dial::dials;
use super::session::{Command, Count, View, Wanted};
use crate::scene::training::{Method, Objective, Training};

/// One action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Opens a scene file.
    Open(PathBuf),
    /// Loads a run directory.
    Load(PathBuf),
    /// Saves a run directory.
    Save(PathBuf),
    /// Lets so many frames pass.
    Wait(u32),
    /// Waits until the model is measured as it stands.
    Settle,
    /// A do-operation: `lake=0`.
    Do(String),
    /// Takes back the last do-operation.
    Undo,
    /// Takes back all.
    UndoAll,
    /// Trains until `Pause`.
    Start,
    /// Stops training.
    Pause,
    /// Trains for so many steps and waits for them.
    Train(usize),
    /// Begins a new model.
    Reset,
    /// Turns a dial, by its words: `lake strength`.
    Turn(String, f64),
    /// Chooses the method.
    Method(String),
    /// Chooses the objective.
    Objective(String),
    /// Shows the specimen in this row.
    Select(usize),
    /// Looks for a specimen on which the model is wrong.
    FindWrong,
    /// Looks for a specimen whose verdict the operations flip.
    FindFlip,
    /// Looks for one whose verdict they flip though its label stays.
    FindShortcut,
    /// Shows the specimens behind the PNS of a factor.
    Behind(String),
    /// Opens a tab.
    Show(Tab),
    /// Light or dark.
    Theme(Theme),
    /// Shows or hides the list of keys.
    Help(bool),
    /// Shows or hides the hint for the first time.
    Hint(bool),
    /// Gives the window another size.
    Resize(f32, f32),
    /// Measures so many frames under this name, for `State`.
    Measure(String, u32),
    /// So many actions by chance, a few frames apart.
    Random(u32),
    /// Writes the window into a PNG.
    Screenshot(PathBuf),
    /// Writes what the window knows into a JSON file.
    State(PathBuf),
    /// Closes the window.
    Quit,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What the window itself has to do for an action.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Give the window another size.
    Resize(f32, f32),
    /// Write a picture; the script goes on when it's written.
    Screenshot(PathBuf),
    /// Write the state.
    State(PathBuf),
    /// Close.
    Quit,
}

/// The frame times under one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Frames per second.
    pub rate: f64,
    /// The longest frame, in milliseconds.
    pub worst_ms: f64,
    /// How many frames.
    pub frames: usize,
}

/// A script that is being played.
pub struct Script {
    actions: Vec<Action>,
    next: usize,
    /// Frames that the action under way still takes, and what it waits for.
    wait: u32,
    until: Until,
    chance: u64,
    random: u32,
    times: Vec<f64>,
    /// What was measured, by name.
    pub measured: std::collections::BTreeMap<String, Measured>,
}

#[derive(Clone, Debug, PartialEq)]
enum Until {
    Now,
    Trained(usize),
    Settled,
    Idle,
    Picture,
    Times(String, u32),
}

/// Reads a script.
///
/// # Errors
/// A file that can't be read or isn't a list of actions: `path:line:column: what`.
pub fn read(path: &Path) -> Result<Vec<Action>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    ron::from_str(&text).map_err(|error| {
        let at = error.span.start;
        format!("{}:{}:{}: {}", path.display(), at.line, at.col, error.code)
    })
}

impl Script {
    /// A script at its beginning.
    pub fn new(actions: Vec<Action>) -> Self {
        Self {
            actions,
            next: 0,
            wait: 0,
            until: Until::Now,
            chance: 0x9e37_79b9,
            random: 0,
            times: Vec::new(),
            measured: std::collections::BTreeMap::new(),
        }
    }

    /// The picture that was asked for is written.
    pub fn pictured(&mut self) {
        if self.until == Until::Picture {
            self.until = Until::Now;
        }
    }

    /// Called once a frame; `seconds` is what the last one took.
    pub fn frame(
        &mut self,
        view: &View,
        desk: &mut Desk,
        seconds: f64,
        out: &mut Vec<Command>,
    ) -> Option<Request> {
        if self.wait > 0 {
            self.wait -= 1;
            return None;
        }
        if !self.is_done(view, seconds) {
            return None;
        }
        self.until = Until::Now;
        if self.random > 0 {
            self.random -= 1;
            self.wait = 3;
            let action = self.by_chance(view);
            return self.begin(action, view, desk, out);
        }
        let action = self.actions.get(self.next).cloned()?;
        self.next += 1;
        // What was asked for is seen a little later.
        self.wait = 3;
        self.begin(action, view, desk, out)
    }

    fn is_done(&mut self, view: &View, seconds: f64) -> bool {
        match &self.until {
            Until::Now => true,
            Until::Trained(steps) => {
                view.training.failure.is_some()
                    || (view.training.steps >= *steps && !view.training.running)
            }
            Until::Settled => view.settled,
            Until::Idle => view.busy.is_none(),
            Until::Picture => false,
            Until::Times(name, frames) => {
                self.times.push(seconds);
                if self.times.len() < *frames as usize {
                    return false;
                }
                let total: f64 = self.times.iter().sum();
                let measured = Measured {
                    rate: self.times.len() as f64 / total.max(1e-9),
                    worst_ms: 1000.0 * self.times.iter().copied().fold(0.0, f64::max),
                    frames: self.times.len(),
                };
                self.measured.insert(name.clone(), measured);
                self.times.clear();
                true
            }
        }
    }

    fn begin(
        &mut self,
        action: Action,
        view: &View,
        desk: &mut Desk,
        out: &mut Vec<Command>,
    ) -> Option<Request> {
        let tune = |training: Training| Command::Tune(Box::new(training));
        let settings = || view.training.settings.clone();
        match action {
            Action::Open(path) => out.push(Command::Open(path)),
            Action::Load(path) => out.push(Command::LoadRun(path)),
            Action::Save(path) => {
                out.push(Command::SaveRun(path));
                self.until = Until::Idle;
            }
            Action::Wait(frames) => self.wait = frames,
            Action::Settle => self.until = Until::Settled,
            Action::Do(line) => out.push(Command::Do(line)),
            Action::Undo => out.push(Command::Undo),
            Action::UndoAll => out.push(Command::UndoAll),
            Action::Start => out.push(Command::Start),
            Action::Pause => out.push(Command::Pause),
            Action::Train(steps) => {
                self.until = Until::Trained(view.training.steps + steps);
                out.push(Command::Train(steps));
            }
            Action::Reset => out.push(Command::Reset),
            Action::Turn(words, value) => {
                let all = dials(&view.scene.stage.scene);
                if let Some(setting) = all.into_iter().find(|d| d.label == words) {
                    out.push(Command::Turn(setting.dial, value));
                }
            }
            Action::Method(name) => {
                if let Some(method) = Method::ALL.into_iter().find(|m| m.name() == name) {
                    out.push(tune(Training { method, ..settings() }));
                }
            }
            Action::Objective(name) => {
                if let Some(objective) = Objective::ALL.into_iter().find(|o| o.name() == name) {
                    out.push(tune(Training { objective, ..settings() }));
                }
            }
            Action::Select(row) => out.push(Command::Select(row)),
            Action::FindWrong => self.search(Wanted::Wrong, out),
            Action::FindFlip => self.search(Wanted::Flip, out),
            Action::FindShortcut => self.search(Wanted::Shortcut, out),
            Action::Behind(name) => {
                if let Some(place) = view.scene.stage.factors.iter().position(|f| f.name == name) {
                    out.push(Command::Behind(place, Count::Pns));
                }
            }
            Action::Show(tab) => desk.tab = tab,
            Action::Theme(theme) => desk.dark = theme == Theme::Dark,
            Action::Help(open) => desk.help.open = open,
            Action::Hint(shown) => desk.help.hint_read = !shown,
            Action::Measure(name, frames) => self.until = Until::Times(name, frames),
            Action::Random(count) => self.random = count,
            Action::Resize(width, height) => return Some(Request::Resize(width, height)),
            Action::Screenshot(path) => {
                self.until = Until::Picture;
                return Some(Request::Screenshot(path));
            }
            Action::State(path) => return Some(Request::State(path)),
            Action::Quit => return Some(Request::Quit),
        }
        None
    }

    fn search(&mut self, wanted: Wanted, out: &mut Vec<Command>) {
        self.until = Until::Idle;
        out.push(Command::Search(wanted));
    }

    /// An action by chance, the same for the same place in the script.
    fn by_chance(&mut self, view: &View) -> Action {
        // xorshift64: nothing here needs better chance.
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let (kind, number) = (self.chance % 20, self.chance >> 8);
        let pick = |count: usize| (number % count.max(1) as u64) as usize;
        let factor = &view.scene.stage.factors[pick(view.scene.stage.factors.len())];
        match kind {
            0..=3 => {
                let value = if number & 64 == 0 { factor.absent } else { factor.present };
                Action::Do(format!("{}={value}", factor.name))
            }
            4 => Action::Do(format!("{}+=0.25", factor.name)),
            5 => Action::Undo,
            6 => Action::UndoAll,
            7 | 8 => Action::Start,
            9 => Action::Pause,
            10 => Action::Select(pick(256)),
            11 => Action::FindWrong,
            12 => Action::Behind(factor.name.clone()),
            13 => Action::Objective(Objective::ALL[pick(Objective::ALL.len())].name().to_owned()),
            14 => Action::Method(Method::ALL[pick(Method::ALL.len())].name().to_owned()),
            15 => {
                let all = dials(&view.scene.stage.scene);
                let words = all.get(pick(all.len())).map(|d| d.label.clone()).unwrap_or_default();
                Action::Turn(words, pick(10) as f64 / 20.0)
            }
            16 => Action::Reset,
            17 => Action::Theme(if number & 64 == 0 { Theme::Light } else { Theme::Dark }),
            18 => {
                let tabs =
                    [Tab::Specimen, Tab::Graph, Tab::Representation, Tab::Causes, Tab::Training];
                Action::Show(tabs[pick(tabs.len())])
            }
            _ => {
                let scenes = ["duck", "xor", "weather", "shapes", "nothing", "five-species"];
                let name = scenes[pick(scenes.len())];
                Action::Open(PathBuf::from(format!("scenes/{name}.ron")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_or_says_where_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.ron");
        std::fs::write(
            &path,
            "[Open(\"scenes/duck.ron\"), Wait(3), Do(\"lake=0\"), Theme(Light), Quit]",
        )
        .unwrap();
        assert_eq!(read(&path).unwrap().len(), 5);
        std::fs::write(&path, "[\n  Wait(3),\n  Jump,\n]").unwrap();
        let message = read(&path).unwrap_err();
        assert!(message.contains("demo.ron:3:") && message.contains("Jump"), "{message}");
    }
}
