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
use super::{DatasetError, Record, Schema, ShardWriter, Twins};

/// Columns are gathered in memory up to so many bytes each, then spooled.
const SPOOL: usize = 1 << 18;

/// Writes an NPZ: columns are spooled beside the shard, then joined.
pub struct NpzWriter {
    schema: Arc<Schema>,
    path: PathBuf,
    file: File,
    spool: PathBuf,
    columns: Vec<Column>,
}

/// One array on its way into the file.
struct Column {
    key: String,
    path: PathBuf,
    out: BufWriter<File>,
    /// The place of the modality that it shows; a specimen that lacks it has zeros there.
    modality: Option<usize>,
    fill: Fill,
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

impl NpzWriter {
    /// Starts an NPZ of `rows` records in an empty file.
    ///
    /// # Errors
    /// The place for the columns can't be written to.
    pub fn begin(
        schema: &Arc<Schema>,
        file: File,
        path: &Path,
        rows: u64,
    ) -> Result<Self, DatasetError> {
        let spool = PathBuf::from(format!("{}.columns", path.display()));
        let mut writer = Self {
            schema: Arc::clone(schema),
            path: path.to_path_buf(),
            file,
            spool,
            columns: Vec::new(),
        };
        writer.open(rows).map_err(|error| DatasetError::file(&writer.spool, error))?;
        Ok(writer)
    }

    /// Opens every column.
    fn open(&mut self, rows: u64) -> io::Result<()> {
        // What a run that was killed has left.
        let _ = std::fs::remove_dir_all(&self.spool);
        std::fs::create_dir_all(&self.spool)?;
        let schema = Arc::clone(&self.schema);
        let twins = schema.worlds() as u64 - 1;
        let each = matches!(schema.twins, Twins::EachFactor);
        let nodes = schema.nodes.len() as u64;
        let own: [(&str, &str, Vec<u64>, fn(&Schema, &Record, &mut Vec<u8>)); 3] = [
            ("index", "<i8", vec![], |_, record, out| append(out, [record.index as i64])),
            ("epsilon", "<f8", vec![nodes], |_, r, out| append(out, r.exogenous.iter().copied())),
            ("present", "|b1", vec![schema.modalities().len() as u64], |schema, record, out| {
                out.extend((0..schema.modalities().len()).map(|i| u8::from(record.has(i))));
            }),
        ];
        for (key, dtype, shape, fill) in own {
            let shape: Vec<u64> = [rows].into_iter().chain(shape).collect();
            self.column(key.to_owned(), dtype, &shape, None, Fill::Record(fill))?;
        }
        for Both { key, dtype, shape, modality, shown } in shown_columns(&schema) {
            let real: Vec<u64> = [rows].into_iter().chain(shape.iter().copied()).collect();
            let fill = Fill::Real(Arc::clone(&shown));
            self.column(key.clone(), &dtype, &real, modality, fill)?;
            if twins > 0 {
                let axis = each.then_some(twins);
                let shape: Vec<u64> = [rows].into_iter().chain(axis).chain(shape).collect();
                self.column(format!("{key}_cf"), &dtype, &shape, modality, Fill::Twins(shown))?;
            }
        }
        Ok(())
    }

    fn column(
        &mut self,
        key: String,
        dtype: &str,
        shape: &[u64],
        modality: Option<usize>,
        fill: Fill,
    ) -> io::Result<()> {
        let path = self.spool.join(format!("{key}.npy"));
        let mut out = BufWriter::with_capacity(SPOOL, File::create(&path)?);
        write_head(&mut out, dtype, shape)?;
        self.columns.push(Column { key, path, out, modality, fill });
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
    fn write(&mut self, records: &[Record]) -> Result<(), DatasetError> {
        let mut bytes = Vec::new();
        for column in &mut self.columns {
            for record in records {
                bytes.clear();
                match &column.fill {
                    Fill::Record(fill) => fill(&self.schema, record, &mut bytes),
                    Fill::Real(fill) => fill(&self.schema, &record.real, &mut bytes),
                    Fill::Twins(fill) => {
                        record.twins.iter().for_each(|twin| fill(&self.schema, twin, &mut bytes));
                    }
                }
                if column.modality.is_some_and(|modality| !record.has(modality)) {
                    bytes.fill(0);
                }
                let written = column.out.write_all(&bytes);
                written.map_err(|error| DatasetError::file(&column.path, error))?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, DatasetError> {
        self.join().map_err(|error| DatasetError::file(&self.path, error))
    }
}

/// A shard that isn't finished leaves no columns behind.
impl Drop for NpzWriter {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.spool);
    }
}
