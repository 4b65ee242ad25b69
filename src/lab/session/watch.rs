//! Watching the scene's file for changes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_millis(400);

/// A file with the time of its last change.
#[derive(Debug, Default)]
pub struct Watch {
    file: Option<(PathBuf, Option<SystemTime>)>,
    looked: Option<Instant>,
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

impl Watch {
    /// Watches this file from now on, or none.
    pub fn set(&mut self, path: Option<&Path>) {
        self.file = path.map(|path| (path.to_path_buf(), changed(path)));
    }

    /// The file, once after each change; looks at it only now and then.
    pub fn poll(&mut self) -> Option<PathBuf> {
        if self.looked.is_some_and(|at| at.elapsed() < EVERY) {
            return None;
        }
        self.looked = Some(Instant::now());
        let (path, last) = self.file.as_mut()?;
        let now = changed(path);
        // A file that is gone for a moment is being written anew.
        if now.is_none() || now == *last {
            return None;
        }
        *last = now;
        Some(path.clone())
    }
}
