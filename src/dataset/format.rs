//! The formats, and what each must do.

use std::fs::File;
use std::io;
use std::path::Path;

use super::folder::Written;
use super::{DatasetError, Record};

/// The formats of shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One NPZ of fixed-shape arrays: `numpy.load` and nothing else.
    Npz,
    /// Parquet with Hugging Face feature metadata: `datasets.load_dataset`.
    Parquet,
    /// A tar of PNG, WAV, TXT and JSON: `webdataset.WebDataset`.
    WebDataset,
}

impl Format {
    /// All formats, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Npz, Self::Parquet, Self::WebDataset];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Parquet => "parquet",
            Self::WebDataset => "webdataset",
        }
    }

    /// How its files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Parquet => "parquet",
            Self::WebDataset => "tar",
        }
    }

    /// The kind of its files, as the web names it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Npz => "application/zip",
            Self::Parquet => "application/x-parquet",
            Self::WebDataset => "application/x-tar",
        }
    }

    /// What it is good for, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Npz => "arrays for numpy.load, one key per column",
            Self::Parquet => "tables for Hugging Face datasets, pyarrow, DuckDB",
            Self::WebDataset => "tar files of PNG, WAV, TXT and JSON, made for streaming",
        }
    }
}

/// How records become the files of a format: what is made of them side by side, and what of that
/// in order.
pub trait ShardFormat: Sync {
    /// What is made of some records before it's written.
    type Chunk: Default + Send;
    /// Writes the chunks of one shard.
    type Writer: ShardWriter<Chunk = Self::Chunk>;

    /// Encodes records into a chunk, in place of what it held.
    ///
    /// # Errors
    /// They don't fit the schema.
    fn encode(&self, records: &[Record], chunk: &mut Self::Chunk) -> io::Result<()>;

    /// Starts a shard of `rows` records in an empty `file`, which stands at `path`.
    ///
    /// # Errors
    /// The file can't be written to.
    fn begin(&self, file: File, path: &Path, rows: u64) -> Result<Self::Writer, DatasetError>;
}

/// Writes one shard, chunk after chunk.
pub trait ShardWriter {
    /// What it writes.
    type Chunk;

    /// Writes the next chunk.
    ///
    /// # Errors
    /// The file can't be written to.
    fn write(&mut self, chunk: &Self::Chunk) -> Result<(), DatasetError>;

    /// Ends the shard: it's on the disk.
    ///
    /// # Errors
    /// The file can't be written to.
    fn finish(self) -> Result<Written, DatasetError>;
}
