//! NPZ: one array per column, all of fixed shape, none pickled.
//!
//! | key | type and shape | what it is |
//! | --- | --- | --- |
//! | `images`, `images_cf` | `u8 (N, H, W, 3)`, `u8 (N[, T], H, W, 3)` | RGB |
//! | `audio`, `audio_cf` | `i16 (N, S)`, `i16 (N[, T], S)` | samples at `sampling_rate` |
//! | `text`, `text_cf` | unicode `(N)`, `(N[, T])` | sentences |
//! | `tokens`, `tokens_cf` | `u16 (N, L)`, `(N[, T], L)` | word ids into `vocabulary`, 0 is padding |
//! | `vectors_NAME`, `vectors_NAME_cf` | `f32 (N, D)`, `(N[, T], D)` | a vector modality |
//! | `latents`, `latents_cf` | `f32 (N, F)`, `(N[, T], F)` | factor values in the order of `keys` |
//! | `confounders`, `confounders_cf` | `f32 (N, C)`, `(N[, T], C)` | hidden common causes |
//! | `epsilon` | `f64 (N, V)` | the noise U, one number per node of `node_keys` |
//! | `targets`, `targets_cf` | `bool (N, V)`, `(N[, T], V)` | which nodes are intervened on |
//! | `target_values`, `target_values_cf` | `f64`, as `targets` | and with which value, else 0 |
//! | `y`, `y_cf` | `i64 (N)`, `(N[, T])` | the class |
//! | `present` | `bool (N, M)` | which of `modalities` the specimen has |
//! | `index` | `i64 (N)` | the specimen's place in the stream of `seed` |
//!
//! `T` is there when there is one twin per factor; `twin_keys` names them. What is true of all
//! specimens: `keys`, `roles`, `contrast` (absent, present), `pn`, `ps`, `pns`, `exact` per factor,
//! `node_keys`, `adjacency` (`[i, j]` is 1 where i is a parent of j), `confounder_keys`, `classes`,
//! `vocabulary`, `sampling_rate`, `regime`, `scene`, `seed`.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::columns::{Both, Shown, constants, shown_columns};
use super::folder::{Written, hashed};
use super::npy::{append, write_head};
use super::{DatasetError, Record, Schema, ShardFormat, ShardWriter, Twins};

/// Columns are gathered in memory up to so many bytes each, then spooled.
const SPOOL: usize = 1 << 18;

/// NPZ files of one schema.
pub struct NpzFormat {
    schema: Arc<Schema>,
    columns: Vec<Column>,
}

/// One array of the file.
struct Column {
    key: String,
    dtype: String,
    /// The shape of one record's part.
    shape: Vec<u64>,
    /// The place of the modality that it shows; a specimen that lacks it has zeros there.
    modality: Option<usize>,
    fill: Fill,
}

/// Writes an NPZ: columns are spooled beside the shard, then joined.
pub struct NpzWriter {
    schema: Arc<Schema>,
    path: PathBuf,
    file: File,
    spool: PathBuf,
    columns: Vec<Spooled>,
}

/// A column on its way into the file.
struct Spooled {
    key: String,
    path: PathBuf,
    out: BufWriter<File>,
}

/// What one specimen puts into a column.
enum Fill {
    /// Something of the record itself.
    Record(fn(&Schema, &Record, &mut Vec<u8>)),
    /// Something of the world as it is.
    Real(Shown),
    /// The same of every twin.
    Twins(Shown),
}

impl NpzFormat {
    /// The format for records of a schema.
    #[must_use]
    pub fn new(schema: &Arc<Schema>) -> Self {
        let twins = schema.worlds() as u64 - 1;
        let each = matches!(schema.twins, Twins::EachFactor | Twins::Contrasts);
        let nodes = schema.nodes.len() as u64;
        let own: [(&str, &str, Vec<u64>, fn(&Schema, &Record, &mut Vec<u8>)); 3] = [
            ("index", "<i8", vec![], |_, record, out| append(out, [record.index as i64])),
            ("epsilon", "<f8", vec![nodes], |_, r, out| append(out, r.exogenous.iter().copied())),
            ("present", "|b1", vec![schema.modalities().len() as u64], |schema, record, out| {
                out.extend((0..schema.modalities().len()).map(|i| u8::from(record.has(i))));
            }),
        ];
        let mut columns: Vec<Column> = own
            .into_iter()
            .map(|(key, dtype, shape, fill)| Column {
                key: key.to_owned(),
                dtype: dtype.to_owned(),
                shape,
                modality: None,
                fill: Fill::Record(fill),
            })
            .collect();
        for Both { key, dtype, shape, modality, shown } in shown_columns(schema) {
            let twin = (twins > 0).then(|| Column {
                key: format!("{key}_cf"),
                dtype: dtype.clone(),
                shape: each.then_some(twins).into_iter().chain(shape.iter().copied()).collect(),
                modality,
                fill: Fill::Twins(Arc::clone(&shown)),
            });
            columns.push(Column { key, dtype, shape, modality, fill: Fill::Real(shown) });
            columns.extend(twin);
        }
        Self { schema: Arc::clone(schema), columns }
    }

    /// Appends a column's part of one record.
    fn append(&self, column: &Column, record: &Record, out: &mut Vec<u8>) {
        let start = out.len();
        match &column.fill {
            Fill::Record(fill) => fill(&self.schema, record, out),
            Fill::Real(fill) => fill(&self.schema, &record.real, out),
            Fill::Twins(fill) => {
                record.twins.iter().for_each(|twin| fill(&self.schema, twin, out));
            }
        }
        if column.modality.is_some_and(|modality| !record.has(modality)) {
            out[start..].fill(0);
        }
    }
}

impl ShardFormat for NpzFormat {
    /// The bytes of every column.
    type Chunk = Vec<Vec<u8>>;
    type Writer = NpzWriter;

    fn encode(&self, records: &[Record], chunk: &mut Vec<Vec<u8>>) -> io::Result<()> {
        chunk.resize_with(self.columns.len(), Vec::new);
        for (column, out) in self.columns.iter().zip(chunk) {
            out.clear();
            records.iter().for_each(|record| self.append(column, record, out));
        }
        Ok(())
    }

    fn begin(&self, file: File, path: &Path, rows: u64) -> Result<NpzWriter, DatasetError> {
        let spool = PathBuf::from(format!("{}.columns", path.display()));
        let mut writer = NpzWriter {
            schema: Arc::clone(&self.schema),
            path: path.to_path_buf(),
            file,
            spool,
            columns: Vec::new(),
        };
        writer
            .open(&self.columns, rows)
            .map_err(|error| DatasetError::file(&writer.spool, error))?;
        Ok(writer)
    }
}

impl NpzWriter {
    /// Opens every column.
    fn open(&mut self, columns: &[Column], rows: u64) -> io::Result<()> {
        // What a run that was killed has left.
        let _ = std::fs::remove_dir_all(&self.spool);
        std::fs::create_dir_all(&self.spool)?;
        for Column { key, dtype, shape, .. } in columns {
            let path = self.spool.join(format!("{key}.npy"));
            let mut out = BufWriter::with_capacity(SPOOL, File::create(&path)?);
            let shape: Vec<u64> = [rows].into_iter().chain(shape.iter().copied()).collect();
            write_head(&mut out, dtype, &shape)?;
            self.columns.push(Spooled { key: key.clone(), path, out });
        }
        Ok(())
    }

    fn join(&mut self) -> io::Result<Written> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        let mut zip = ZipWriter::new(BufWriter::with_capacity(SPOOL, &mut self.file));
        // Stored, not deflated: pictures and sounds of a simulation are mostly noise.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        for column in self.columns.drain(..) {
            let mut file = column.out.into_inner().map_err(io::IntoInnerError::into_error)?;
            let large = file.stream_position()? > u64::from(u32::MAX) / 2;
            drop(file);
            zip.start_file(format!("{}.npy", column.key), options.large_file(large))?;
            io::copy(&mut File::open(&column.path)?, &mut zip)?;
            std::fs::remove_file(&column.path)?;
        }
        for (key, array) in constants(&self.schema)? {
            zip.start_file(format!("{key}.npy"), options)?;
            zip.write_all(&array)?;
        }
        zip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.file.sync_all()?;
        std::fs::remove_dir_all(&self.spool)?;
        hashed(&self.path)
    }
}

impl ShardWriter for NpzWriter {
    type Chunk = Vec<Vec<u8>>;

    fn write(&mut self, chunk: &Vec<Vec<u8>>) -> Result<(), DatasetError> {
        for (column, bytes) in self.columns.iter_mut().zip(chunk) {
            let written = column.out.write_all(bytes);
            written.map_err(|error| DatasetError::file(&column.path, error))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Written, DatasetError> {
        self.join().map_err(|error| DatasetError::file(&self.path, error))
    }
}

/// A shard that isn't finished leaves no columns behind.
impl Drop for NpzWriter {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.spool);
    }
}
