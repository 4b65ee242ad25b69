//! Parquet with Hugging Face feature metadata: `datasets.load_dataset` sees pictures, sounds and
//! class labels.
//!
//! One row a specimen. `image`, `audio` (PNG and WAV bytes), `text`, `tokens`, one list per vector
//! modality, `label`, `factors`, `confounders`, `interventions` stand there for the real world, and
//! again with `_cf` for its twin, or with `_cf_lake` for the twin of one factor of several.
//! `index`, `exogenous`, `present` and `roles` are the specimen's own. The footer's key `twinworld`
//! holds `scm.json`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    Float32Builder, Float64Builder, ListBuilder, StringBuilder, StructBuilder, UInt16Builder,
};
use arrow_array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch,
    StringArray, StructArray,
};
use arrow_schema::{DataType, Field, Fields, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

use super::folder::Written;
use super::media::{WavHead, append_png};
use super::sink::Sink;
use super::{DatasetError, NodeKind, Record, Schema, ShardFormat, ShardWriter, World, scm_json};

/// Bytes of a row group, about: readers hold one in memory.
const ROW_GROUP: usize = 32 << 20;

/// Parquet files of one schema.
pub struct ParquetFormat {
    schema: Arc<Schema>,
    wav: Option<WavHead>,
    table: Arc<ArrowSchema>,
    properties: WriterProperties,
}

/// Writes a Parquet file.
pub struct ParquetWriter {
    path: PathBuf,
    writer: ArrowWriter<Sink>,
}

impl ParquetFormat {
    /// The format for records of a schema.
    ///
    /// # Errors
    /// The sounds are longer than WAV files can be.
    pub fn new(schema: &Arc<Schema>) -> io::Result<Self> {
        let wav = schema.audio.map(WavHead::new).transpose()?;
        // Fields come from an empty table, so that table and fields can't differ.
        let columns = columns(schema, wav.as_ref(), &[])?;
        let fields: Fields = columns
            .iter()
            .map(|(name, array, _)| Field::new(name, array.data_type().clone(), true))
            .collect();
        let features: Map<String, Value> =
            columns.into_iter().map(|(name, _, feature)| (name, feature)).collect();
        let hugging_face = json!({"info": {"features": features}}).to_string();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("twinworld ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_max_row_group_row_count(Some(
                (ROW_GROUP / schema.record_bytes().max(1)).clamp(16, 1000),
            ))
            .set_key_value_metadata(Some(vec![
                KeyValue::new("huggingface".to_owned(), hugging_face),
                KeyValue::new("twinworld".to_owned(), scm_json(schema).to_string()),
            ]));
        // Files within a file are compressed already, and no two are alike.
        for suffix in schema.suffixes("_") {
            for kind in ["image", "audio"] {
                let bytes = ColumnPath::new(vec![format!("{kind}{suffix}"), "bytes".to_owned()]);
                properties = properties
                    .set_column_dictionary_enabled(bytes.clone(), false)
                    .set_column_compression(bytes.clone(), Compression::UNCOMPRESSED)
                    .set_column_statistics_enabled(bytes, EnabledStatistics::None);
            }
        }
        let table = Arc::new(ArrowSchema::new(fields));
        Ok(Self { schema: Arc::clone(schema), wav, table, properties: properties.build() })
    }
}

impl ShardFormat for ParquetFormat {
    type Chunk = Option<RecordBatch>;
    type Writer = ParquetWriter;

    fn encode(&self, records: &[Record], chunk: &mut Option<RecordBatch>) -> io::Result<()> {
        let columns = columns(&self.schema, self.wav.as_ref(), records)?;
        let arrays = columns.into_iter().map(|(_, array, _)| array).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.table), arrays);
        *chunk = Some(batch.map_err(io::Error::other)?);
        Ok(())
    }

    fn begin(&self, file: File, path: &Path, _: u64) -> Result<ParquetWriter, DatasetError> {
        let sink = Sink::new(file, path);
        // Without a second schema in Arrow's own form readers take the metadata from the footer.
        let options = ArrowWriterOptions::new()
            .with_properties(self.properties.clone())
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(sink, Arc::clone(&self.table), options)
            .map_err(|error| failure(path, error))?;
        Ok(ParquetWriter { path: path.to_path_buf(), writer })
    }
}

impl ShardWriter for ParquetWriter {
    type Chunk = Option<RecordBatch>;

    fn write(&mut self, chunk: &Option<RecordBatch>) -> Result<(), DatasetError> {
        let written = chunk.iter().try_for_each(|batch| self.writer.write(batch));
        written.map_err(|error| failure(&self.path, error))
    }

    fn finish(self) -> Result<Written, DatasetError> {
        let sink = self.writer.into_inner().map_err(|error| failure(&self.path, error))?;
        sink.finish()
    }
}

/// What went wrong, in the words of the operating system where it's known.
fn failure(path: &Path, error: parquet::errors::ParquetError) -> DatasetError {
    let source = match error {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(inner) => io::Error::other(inner),
        },
        other => io::Error::other(other),
    };
    DatasetError::file(path, source)
}

/// A column: its name, its rows, its Hugging Face feature.
type Column = (String, ArrayRef, Value);

/// Every column with the rows of some records, which may be none.
fn columns(schema: &Schema, wav: Option<&WavHead>, records: &[Record]) -> io::Result<Vec<Column>> {
    let index = Int64Array::from_iter_values(records.iter().map(|r| r.index as i64));
    let mut all: Vec<Column> = vec![("index".to_owned(), Arc::new(index), plain("int64"))];
    for (place, suffix) in schema.suffixes("_").iter().enumerate() {
        let worlds: Vec<(&Record, &World)> =
            records.iter().filter_map(|r| Some((r, r.worlds().nth(place)?))).collect();
        let named = |name: &str| format!("{name}{suffix}");
        let mut modality = 0;
        if let Some(spec) = schema.image {
            let files =
                encoded(&worlds, modality, |world, out| append_png(spec, &world.image, out));
            let array = medium(&worlds, &files?, "png")?;
            all.push((named("image"), array, json!({"_type": "Image"})));
            modality += 1;
        }
        if let (Some(spec), Some(head)) = (schema.audio, wav) {
            let files = encoded(&worlds, modality, |world, out| {
                head.append(&world.audio, out);
                Ok(())
            });
            let array = medium(&worlds, &files?, "wav")?;
            let feature = json!({"_type": "Audio", "sampling_rate": spec.rate});
            all.push((named("audio"), array, feature));
            modality += 1;
        }
        if schema.text.is_some() {
            let has = |record: &Record| record.has(modality);
            let text: StringArray =
                worlds.iter().map(|(r, w)| has(r).then_some(&w.text[..])).collect();
            all.push((named("text"), Arc::new(text), plain("string")));
            let mut tokens = ListBuilder::new(UInt16Builder::new());
            for (record, world) in &worlds {
                tokens.values().append_slice(if has(record) { &world.tokens } else { &[] });
                tokens.append(has(record));
            }
            all.push((named("tokens"), Arc::new(tokens.finish()), list(&plain("uint16"))));
            modality += 1;
        }
        for (i, spec) in schema.vectors.iter().enumerate() {
            let name = named(&format!("vectors_{}", spec.name));
            let mut list_of = ListBuilder::new(Float32Builder::new());
            for (record, world) in &worlds {
                let has = record.has(modality + i);
                list_of.values().append_slice(if has { &world.vectors[i] } else { &[] });
                list_of.append(has);
            }
            all.push((name, Arc::new(list_of.finish()), list(&plain("float32"))));
        }
        let label = Int64Array::from_iter_values(worlds.iter().map(|(_, w)| w.label as i64));
        let classes = json!({"_type": "ClassLabel", "names": schema.classes});
        all.push((named("label"), Arc::new(label), classes));
        for (name, nodes) in [("factors", &schema.factors), ("confounders", &schema.confounders)] {
            let rows = worlds.iter().map(|(_, w)| &w.values[..]).collect::<Vec<_>>();
            all.extend(values(schema, &named(name), nodes, &rows));
        }
        all.push(interventions(schema, &named("interventions"), &worlds));
    }
    let nodes: Vec<usize> = (0..schema.nodes.len()).collect();
    let noise: Vec<&[f64]> = records.iter().map(|r| &r.exogenous[..]).collect();
    all.extend(values(schema, "exogenous", &nodes, &noise));
    all.extend(strings_of(schema, records.len()));
    let present = schema.modalities().into_iter().enumerate().map(|(i, name)| {
        let has: BooleanArray = records.iter().map(|r| Some(r.has(i))).collect();
        (name.to_owned(), Arc::new(has) as ArrayRef, plain("bool"))
    });
    all.extend(structure("present", present.collect()));
    Ok(all)
}

fn plain(dtype: &str) -> Value {
    json!({"_type": "Value", "dtype": dtype})
}

fn list(of: &Value) -> Value {
    json!({"_type": "List", "feature": of})
}

/// The encoded picture or sound of every world that has one.
fn encoded(
    worlds: &[(&Record, &World)],
    modality: usize,
    encode: impl Fn(&World, &mut Vec<u8>) -> io::Result<()>,
) -> io::Result<Vec<Option<Vec<u8>>>> {
    let one = |(record, world): &(&Record, &World)| {
        record
            .has(modality)
            .then(|| {
                let mut out = Vec::new();
                encode(world, &mut out).map(|()| out)
            })
            .transpose()
    };
    worlds.iter().map(one).collect()
}

/// A column of files: their bytes, and the name that each would have.
fn medium(
    worlds: &[(&Record, &World)],
    files: &[Option<Vec<u8>>],
    ending: &str,
) -> io::Result<ArrayRef> {
    let bytes: BinaryArray = files.iter().map(Option::as_deref).collect();
    let names = worlds.iter().zip(files);
    let names: StringArray = names
        .map(|((record, _), file)| file.as_ref().map(|_| format!("{:010}.{ending}", record.index)))
        .collect();
    let nulls = bytes.nulls().cloned();
    let fields: Fields =
        vec![Field::new("bytes", DataType::Binary, true), Field::new("path", DataType::Utf8, true)]
            .into();
    let array = StructArray::try_new(fields, vec![Arc::new(bytes), Arc::new(names)], nulls);
    Ok(Arc::new(array.map_err(io::Error::other)?))
}

/// A column of named columns; none of none.
fn structure(name: &str, parts: Vec<Column>) -> Option<Column> {
    if parts.is_empty() {
        return None;
    }
    let feature: Map<String, Value> =
        parts.iter().map(|(name, _, feature)| (name.clone(), feature.clone())).collect();
    let pairs: Vec<(Arc<Field>, ArrayRef)> = parts
        .into_iter()
        .map(|(name, array, _)| {
            (Arc::new(Field::new(name, array.data_type().clone(), true)), array)
        })
        .collect();
    Some((name.to_owned(), Arc::new(StructArray::from(pairs)), Value::Object(feature)))
}

/// The values of some nodes, one named column each.
fn values(schema: &Schema, name: &str, nodes: &[usize], rows: &[&[f64]]) -> Option<Column> {
    let parts = nodes.iter().map(|&node| {
        let values = Float64Array::from_iter_values(rows.iter().map(|row| row[node]));
        (schema.nodes[node].name.clone(), Arc::new(values) as ArrayRef, plain("float64"))
    });
    structure(name, parts.collect())
}

/// The role of every factor, the same in every row.
fn strings_of(schema: &Schema, rows: usize) -> Option<Column> {
    let parts = schema.nodes.iter().filter_map(|node| match &node.kind {
        NodeKind::Factor { role, .. } => {
            let text = role.to_string();
            let roles = StringArray::from_iter_values(std::iter::repeat_n(&text, rows));
            Some((node.name.clone(), Arc::new(roles) as ArrayRef, plain("string")))
        }
        NodeKind::Confounder | NodeKind::Label => None,
    });
    structure("roles", parts.collect())
}

/// The nodes that are intervened on with their values, as lists of any length.
fn interventions(schema: &Schema, name: &str, worlds: &[(&Record, &World)]) -> Column {
    let fields: Fields = vec![
        Field::new("node", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
    ]
    .into();
    let builders: Vec<Box<dyn arrow_array::builder::ArrayBuilder>> =
        vec![Box::new(StringBuilder::new()), Box::new(Float64Builder::new())];
    let mut list_of = ListBuilder::new(StructBuilder::new(fields, builders));
    for (_, world) in worlds {
        for (node, value) in &world.interventions {
            let done = list_of.values();
            if let Some(names) = done.field_builder::<StringBuilder>(0) {
                names.append_value(&schema.nodes[*node].name);
            }
            if let Some(values) = done.field_builder::<Float64Builder>(1) {
                values.append_value(*value);
            }
            done.append(true);
        }
        list_of.append(true);
    }
    let feature = list(&json!({"node": plain("string"), "value": plain("float64")}));
    (name.to_owned(), Arc::new(list_of.finish()), feature)
}
