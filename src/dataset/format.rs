//! The formats, and what a writer of any of them does.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::folder::Written;
use super::npz::NpzWriter;
use super::parquet::ParquetWriter;
use super::webdataset::TarWriter;
use super::{DatasetError, Record, Schema};

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

    /// Starts a shard of `rows` records in `file`, which stands at `path`.
    ///
    /// # Errors
    /// The file can't be written to.
    pub fn begin(
        self,
        schema: &Arc<Schema>,
        file: File,
        path: &Path,
        rows: u64,
    ) -> Result<Box<dyn ShardWriter>, DatasetError> {
        Ok(match self {
            Self::Npz => Box::new(NpzWriter::begin(schema, file, path, rows)?),
            Self::Parquet => Box::new(ParquetWriter::begin(schema, file, path)?),
            Self::WebDataset => Box::new(TarWriter::begin(schema, file, path)?),
        })
    }
}

/// Writes one shard, record after record.
pub trait ShardWriter {
    /// Writes the next records.
    ///
    /// # Errors
    /// The file can't be written to.
    fn write(&mut self, records: &[Record]) -> Result<(), DatasetError>;

    /// Ends the shard: everything is handed to the operating system.
    ///
    /// # Errors
    /// The file can't be written to.
    fn finish(self: Box<Self>) -> Result<Written, DatasetError>;
}
