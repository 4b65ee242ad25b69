//! What the window asks of the bench.

use std::path::PathBuf;

use crate::causal::NodeId;
use crate::lab::dial::Dial;
use crate::scene::training::Training;

/// Something to be done between two pieces of work.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens a scene file. Training begins anew.
    Open(PathBuf),
    /// Turns a dial of the scene. The model stays and goes on in the changed world.
    Turn(Dial, f64),
    /// Writes the scene as it now stands to a new file.
    SaveScene(PathBuf),
    /// Puts a do-operation in force, in the words of the command line: `lake=0`.
    Do(String),
    /// Takes back the last do-operation.
    Undo,
    /// Gives one node its own mechanism back.
    UndoNode(NodeId),
    /// Gives all nodes their own mechanisms back.
    UndoAll,
    /// Trains until told otherwise.
    Start,
    /// Stops training after the step that is under way.
    Pause,
    /// Trains for so many steps.
    Train(usize),
    /// Begins a new model.
    Reset,
    /// Goes on under other settings. Another method begins a new model.
    Tune(Box<Training>),
    /// Shows the specimen in this row.
    Select(usize),
    /// Shows the next specimens of the stream.
    Forward,
    /// Shows those before.
    Back,
    /// Looks ahead in the stream for a specimen.
    Search(Wanted),
    /// Shows the specimens behind a count.
    Behind(usize, Count),
    /// Shows the specimens as they come again.
    ShowAll,
    /// Writes a run directory: the files that `train` writes.
    SaveRun(PathBuf),
    /// Writes only the model, where it has updates that no run directory holds.
    Keep(PathBuf),
    /// Goes on with the model of a run directory.
    LoadRun(PathBuf),
    /// Ends the work.
    Quit,
}

impl Command {
    /// Whether the next command makes this one idle: the same hold or dial at another place.
    pub fn is_outdone_by(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Do(old), Self::Do(new)) => {
                let set = |line: &str| line.split_once('=').map(|(node, _)| node.to_owned());
                set(old).is_some() && set(old) == set(new)
            }
            (Self::Turn(old, _), Self::Turn(new, _)) => old == new,
            _ => false,
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A specimen with this label.
    Label(usize),
    /// A specimen on which the model is wrong.
    Wrong,
    /// A specimen whose verdict the do-operations change.
    Flip,
    /// A specimen whose verdict they change though the label stays.
    Shortcut,
}

/// One of the three counts of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Those behind the probability of necessity.
    Pn,
    /// Those behind the probability of sufficiency.
    Ps,
    /// Those behind the probability of both.
    Pns,
}

impl Count {
    /// All of them, in the order of the bars.
    pub const ALL: [Self; 3] = [Self::Pn, Self::Ps, Self::Pns];

    /// The one of three that it is about.
    pub fn of<T>(self, pn: T, ps: T, pns: T) -> T {
        match self {
            Self::Pn => pn,
            Self::Ps => ps,
            Self::Pns => pns,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pn => "PN",
            Self::Ps => "PS",
            Self::Pns => "PNS",
        }
    }
}
