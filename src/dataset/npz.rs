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

use super::folder::{Written, hashed};
use super::media::append_samples;
use super::npy::{append, append_unicode, array, strings, write_head};
use super::{DatasetError, NodeKind, Record, Schema, ShardWriter, Twins, World};

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

/// Appends what a column shows of a world.
type Shown = Arc<dyn Fn(&Schema, &World, &mut Vec<u8>)>;

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
            self.column(key.to_owned(), dtype, &shape, Fill::Record(fill))?;
        }
        for (key, dtype, shape, shown) in shown_columns(&schema) {
            let real: Vec<u64> = [rows].into_iter().chain(shape.iter().copied()).collect();
            self.column(key.clone(), &dtype, &real, Fill::Real(Arc::clone(&shown)))?;
            if twins > 0 {
                let axis = each.then_some(twins);
                let shape: Vec<u64> = [rows].into_iter().chain(axis).chain(shape).collect();
                self.column(format!("{key}_cf"), &dtype, &shape, Fill::Twins(shown))?;
            }
        }
        Ok(())
    }

    fn column(&mut self, key: String, dtype: &str, shape: &[u64], fill: Fill) -> io::Result<()> {
        let path = self.spool.join(format!("{key}.npy"));
        let mut out = BufWriter::with_capacity(SPOOL, File::create(&path)?);
        write_head(&mut out, dtype, shape)?;
        self.columns.push(Column { key, path, out, fill });
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

/// The columns that specimens and twins have alike: key, type, shape per world, and content.
fn shown_columns(schema: &Schema) -> Vec<(String, String, Vec<u64>, Shown)> {
    let mut all: Vec<(String, String, Vec<u64>, Shown)> = Vec::new();
    let mut add = |key: &str, dtype: &str, shape: Vec<u64>, shown: Shown| {
        all.push((key.to_owned(), dtype.to_owned(), shape, shown));
    };
    let (nodes, factors) = (schema.nodes.len() as u64, schema.factors.len() as u64);
    if let Some(image) = schema.image {
        let shape = vec![image.height as u64, image.width as u64, 3];
        add("images", "|u1", shape, Arc::new(|_, w, out| out.extend_from_slice(&w.image)));
    }
    if let Some(audio) = schema.audio {
        let shape = vec![audio.samples as u64];
        add("audio", "<i2", shape, Arc::new(|_, w, out| append_samples(&w.audio, out)));
    }
    if let Some(text) = &schema.text {
        let (length, widest) = (text.length, text.widest());
        let unicode = format!("<U{widest}");
        add(
            "text",
            &unicode,
            vec![],
            Arc::new(move |_, w, out| {
                append_unicode(&w.text, widest, out);
            }),
        );
        add(
            "tokens",
            "<u2",
            vec![length as u64],
            Arc::new(|_, w, out| {
                out.extend(w.tokens.iter().flat_map(|t| t.to_le_bytes()));
            }),
        );
    }
    for (i, vector) in schema.vectors.iter().enumerate() {
        let shape = vec![vector.width as u64];
        add(
            &format!("vectors_{}", vector.name),
            "<f4",
            shape,
            Arc::new(move |_, w, out| {
                out.extend(w.vectors[i].iter().flat_map(|x| x.to_le_bytes()));
            }),
        );
    }
    add(
        "latents",
        "<f4",
        vec![factors],
        Arc::new(|schema, w, out| {
            out.extend(schema.factors.iter().flat_map(|&n| (w.values[n] as f32).to_le_bytes()));
        }),
    );
    let confounders = schema.confounders.len() as u64;
    add(
        "confounders",
        "<f4",
        vec![confounders],
        Arc::new(|schema, w, out| {
            out.extend(schema.confounders.iter().flat_map(|&n| (w.values[n] as f32).to_le_bytes()));
        }),
    );
    add(
        "targets",
        "|b1",
        vec![nodes],
        Arc::new(|schema, w, out| {
            let hit = |node: usize| w.interventions.iter().any(|(n, _)| *n == node);
            out.extend((0..schema.nodes.len()).map(|node| u8::from(hit(node))));
        }),
    );
    add(
        "target_values",
        "<f8",
        vec![nodes],
        Arc::new(|schema, w, out| {
            let on = |node: usize| w.interventions.iter().find(|(n, _)| *n == node);
            append(
                out,
                (0..schema.nodes.len()).map(|node| on(node).map_or(0.0, |(_, value)| *value)),
            );
        }),
    );
    add("y", "<i8", vec![], Arc::new(|_, w, out| append(out, [w.label as i64])));
    all
}

/// The arrays that are true of all specimens, as whole `.npy` files.
fn constants(schema: &Schema) -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let factors: Vec<_> = schema
        .factors
        .iter()
        .filter_map(|&n| match &schema.nodes[n].kind {
            NodeKind::Factor { role, contrast, truth, .. } => Some((*role, *contrast, *truth)),
            NodeKind::Confounder | NodeKind::Label => None,
        })
        .collect();
    let roles: Vec<String> = factors.iter().map(|(role, ..)| role.to_string()).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let (f, v) = (factors.len() as u64, schema.nodes.len() as u64);
    let nodes: Vec<usize> = (0..schema.nodes.len()).collect();
    let classes: Vec<&str> = schema.classes.iter().map(String::as_str).collect();
    let mut all = vec![
        ("keys", strings(&schema.names(&schema.factors))?),
        ("roles", strings(&roles)?),
        ("contrast", array("<f8", &[f, 2], factors.iter().flat_map(|(_, (a, b), _)| [*a, *b]))?),
        ("pn", array("<f8", &[f], factors.iter().map(|(.., t)| t.pn))?),
        ("ps", array("<f8", &[f], factors.iter().map(|(.., t)| t.ps))?),
        ("pns", array("<f8", &[f], factors.iter().map(|(.., t)| t.pns))?),
        ("exact", array("|b1", &[f], factors.iter().map(|(.., t)| t.is_exact()))?),
        ("node_keys", strings(&schema.names(&nodes))?),
        ("adjacency", array("|u1", &[v, v], super::adjacency(schema))?),
        ("confounder_keys", strings(&schema.names(&schema.confounders))?),
        ("twin_keys", strings(&schema.twin_names())?),
        ("modalities", strings(&schema.modalities())?),
        ("classes", strings(&classes)?),
        ("regime", strings(&[&schema.regime])?),
        ("scene", strings(&[&schema.scene])?),
        ("seed", array("<u8", &[1], [schema.seed])?),
    ];
    if let Some(audio) = schema.audio {
        all.push(("sampling_rate", array("<i8", &[1], [i64::from(audio.rate)])?));
    }
    if let Some(text) = &schema.text {
        let words: Vec<&str> = text.vocabulary.iter().map(String::as_str).collect();
        all.push(("vocabulary", strings(&words)?));
    }
    Ok(all)
}
