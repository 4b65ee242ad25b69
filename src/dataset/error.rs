//! What can go wrong with data files, each with its remedy.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the dataset room.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A file or folder can't be written or read.
    #[error("{}: {cause}; check that the place exists, is yours, and has room", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The folder answers another request.
    #[error(
        "{} holds the data of another request: {difference}; choose another --out, or repeat the \
         command that made it", folder.display()
    )]
    OtherRequest {
        /// The folder.
        folder: PathBuf,
        /// What differs, in words.
        difference: String,
    },
    /// The folder holds files that no request made.
    #[error(
        "{} is not empty and holds no data set of this program (`{found}`); choose an empty or new \
         folder", folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// A file that is there.
        found: String,
    },
    /// Another process writes the same shard.
    #[error(
        "{} is being written by another process; wait for it, or give each its own --shard i/n",
        path.display()
    )]
    Busy {
        /// The shard, aside.
        path: PathBuf,
    },
    /// A file isn't what its name says, or lacks what is needed.
    #[error("{}: {problem}; {remedy}", path.display())]
    Unfit {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What would be right.
        remedy: String,
    },
}

impl DatasetError {
    /// An error of the operating system about a file.
    pub(crate) fn file(path: &Path, cause: io::Error) -> Self {
        Self::File { path: path.to_path_buf(), cause }
    }

    /// A file that can't be used as it is.
    pub(super) fn unfit(
        path: &Path,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Unfit { path: path.to_path_buf(), problem: problem.into(), remedy: remedy.into() }
    }
}
