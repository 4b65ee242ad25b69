//! The session: a bench on a thread of its own plays the world and trains, and shows snapshots.
//!
//! The window sends [`Command`]s and draws the latest [`View`]; neither waits for the other.

mod bench;
mod command;
mod course;
mod obey;
mod opening;
mod operations;
mod pace;
mod projection;
mod saving;
mod showcase;
mod trial;
mod view;
mod watch;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

pub use command::{Command, Count, Wanted};
pub use opening::{Opening, open};
pub use pace::Pace;
pub use projection::Cloud;
pub use showcase::is;
pub use view::{View, changed_factors, verdict};

/// The latest view, laid out for whoever looks.
pub struct Shelf(Mutex<Arc<View>>);

impl Shelf {
    fn put(&self, view: View) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    fn get(&self) -> Arc<View> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The handle of a bench.
pub struct Session {
    commands: Sender<Command>,
    shelf: Arc<Shelf>,
    pace: Arc<Pace>,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts a bench that plays what was opened and examines saved runs on so many specimens.
    ///
    /// # Errors
    /// A model that can't be built, or a thread that can't be started, in words.
    pub fn start(opening: Opening, specimens: usize, pace: Pace) -> Result<Self, String> {
        let (commands, inbox) = channel();
        let (ready, built) = channel();
        let pace = Arc::new(pace);
        let own = Arc::clone(&pace);
        let run = move || match bench::Bench::new(opening, specimens, own) {
            Ok(bench) => {
                let shelf = Arc::new(Shelf(Mutex::new(Arc::new(bench.view()))));
                let given = ready.send(Ok(Arc::clone(&shelf)));
                if given.is_ok() {
                    bench.run(&inbox, &shelf);
                }
            }
            Err(error) => drop(ready.send(Err(error))),
        };
        let named = std::thread::Builder::new().name("bench".into());
        let thread = named.spawn(run).map_err(|e| format!("no thread can be started: {e}"))?;
        let shelf = built.recv().map_err(|_| "the bench has ended".to_owned())??;
        Ok(Self { commands, shelf, pace, thread: Some(thread) })
    }

    /// Asks for something. A bench that has ended hears nothing.
    pub fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// The latest view.
    pub fn view(&self) -> Arc<View> {
        self.shelf.get()
    }

    /// Where the window reports its frames.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Ends the bench and waits for it; a model with unsaved updates is written to `keep`.
    pub fn close(&mut self, keep: Option<PathBuf>) {
        if let Some(thread) = self.thread.take() {
            if let Some(path) = keep {
                self.send(Command::Keep(path));
            }
            self.send(Command::Quit);
            let _ = thread.join();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close(None);
    }
}

#[cfg(test)]
mod tests;
