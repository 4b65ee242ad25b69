//! One Parquet file, as `dataset/parquet.rs` writes it.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, UInt16Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::SplitData;
use super::array::Array;
use super::assemble::{Assembly, Row};
use super::shapes::{Kind, Medium, Shapes};
use super::tar::pixels;
use crate::dataset::DatasetError;

/// Reads one file as (a part of) a split.
pub(super) fn read(path: &Path, split: &str, shapes: &Shapes) -> Result<SplitData, DatasetError> {
    let file = File::open(path).map_err(|error| DatasetError::file(path, error))?;
    let wrong = |problem: String| {
        let remedy = "the file isn't as `twinworld generate` wrote it; make it anew";
        DatasetError::unfit(path, problem, remedy)
    };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(64).build())
        .map_err(|error| wrong(error.to_string()))?;
    let mut assembly = Assembly::new(path, split, shapes);
    for batch in reader {
        let batch = batch.map_err(|error| wrong(error.to_string()))?;
        for row in 0..batch.num_rows() {
            let worlds: Result<Vec<Row>, String> =
                suffixes(shapes).map(|suffix| world(&batch, row, &suffix, shapes)).collect();
            let index = batch
                .column_by_name("index")
                .and_then(|index| Some(index.as_primitive_opt::<Int64Type>()?.value(row)));
            let name = index.map_or_else(String::new, |index| index.to_string());
            assembly.add(&name, worlds.map_err(wrong)?)?;
        }
    }
    Ok(assembly.finish())
}

/// What stands behind the columns of each world.
fn suffixes(shapes: &Shapes) -> impl Iterator<Item = String> + '_ {
    // A single twin needs no name.
    let single = shapes.twins.len() == 1 && shapes.twins != shapes.keys;
    let twin = move |name: &String| match single {
        true => "_cf".to_owned(),
        false => format!("_cf_{}", name.replace(':', "_")),
    };
    std::iter::once(String::new()).chain(shapes.twins.iter().map(twin))
}

fn world(batch: &RecordBatch, row: usize, suffix: &str, shapes: &Shapes) -> Result<Row, String> {
    let column = |name: &str| -> Result<&ArrayRef, String> {
        let name = format!("{name}{suffix}");
        batch.column_by_name(&name).ok_or_else(|| format!("the column `{name}` is missing"))
    };
    let label = column("label")?.as_primitive_opt::<Int64Type>().map(|all| all.value(row));
    let factors = column("factors")?.as_struct_opt().ok_or("`factors` has another type")?;
    let value = |key: &String| {
        let values = factors.column_by_name(key)?.as_primitive_opt::<Float64Type>()?;
        Some(values.value(row))
    };
    let latents: Option<Vec<f64>> = shapes.keys.iter().map(value).collect();
    let media: Result<Vec<Option<Array>>, String> = shapes
        .media
        .iter()
        .map(|medium| {
            let column = match medium.kind {
                Kind::Pixels { .. } | Kind::Sound { .. } => column(&medium.name)?,
                Kind::Words { .. } => column("tokens")?,
                Kind::Numbers => column(&format!("vectors_{}", medium.name))?,
            };
            if column.is_null(row) { Ok(None) } else { cells(medium, column, row).map(Some) }
        })
        .collect();
    Ok(Row {
        label: label.and_then(|label| usize::try_from(label).ok()),
        latents: latents.ok_or("a factor is missing")?,
        media: media?,
    })
}

/// One specimen's cell of one modality.
fn cells(medium: &Medium, column: &ArrayRef, row: usize) -> Result<Array, String> {
    let wrong = || format!("the column of `{}` has another type", medium.name);
    let file = || -> Result<&[u8], String> {
        let parts = column.as_struct_opt().ok_or_else(wrong)?;
        let bytes = parts.column_by_name("bytes").ok_or_else(wrong)?;
        Ok(bytes.as_binary_opt::<i32>().ok_or_else(wrong)?.value(row))
    };
    let list = || -> Result<ArrayRef, String> {
        Ok(column.as_list_opt::<i32>().ok_or_else(wrong)?.value(row))
    };
    Ok(match medium.kind {
        Kind::Pixels { .. } => Array::Byte(pixels(file()?)?),
        Kind::Sound { .. } => {
            let sound = hound::WavReader::new(Cursor::new(file()?)).map_err(|e| e.to_string())?;
            let samples: Result<Vec<i16>, _> = sound.into_samples().collect();
            Array::Sample(samples.map_err(|e| e.to_string())?)
        }
        Kind::Words { .. } => {
            let list = list()?;
            let tokens = list.as_primitive_opt::<UInt16Type>().ok_or_else(wrong)?;
            Array::Token(tokens.values().to_vec())
        }
        Kind::Numbers => {
            let list = list()?;
            let numbers = list.as_primitive_opt::<Float32Type>().ok_or_else(wrong)?;
            Array::Float(numbers.values().to_vec())
        }
    })
}
