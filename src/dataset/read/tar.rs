//! One WebDataset tar, as `dataset/webdataset.rs` writes it.

use std::fs::File;
use std::io::{BufReader, Cursor, Read as _};
use std::path::Path;

use serde_json::Value;

use super::SplitData;
use super::array::{Array, Stored};
use super::assemble::{Assembly, Row};
use super::shapes::{Kind, Shapes};
use crate::dataset::DatasetError;

/// Reads one file as (a part of) a split.
pub(super) fn read(path: &Path, split: &str, shapes: &Shapes) -> Result<SplitData, DatasetError> {
    let fail = |error| DatasetError::file(path, error);
    let mut archive = tar::Archive::new(BufReader::new(File::open(path).map_err(fail)?));
    let mut assembly = Assembly::new(path, split, shapes);
    let mut key = String::new();
    let mut worlds: Vec<Row> = Vec::new();
    for entry in archive.entries().map_err(fail)? {
        let mut entry = entry.map_err(fail)?;
        let name = entry.path().map_err(fail)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(fail)?;
        let Some((specimen, ending)) = name.split_once('.') else { continue };
        if specimen != key {
            if !worlds.is_empty() {
                assembly.add(&key, std::mem::take(&mut worlds))?;
            }
            specimen.clone_into(&mut key);
        }
        let (world, ending) = place(ending, shapes);
        if worlds.len() <= world {
            let empty = Row { media: vec![None; shapes.media.len()], ..Row::default() };
            worlds.resize(world + 1, empty);
        }
        take(&mut worlds[world], ending, &bytes, shapes).map_err(|problem| {
            let remedy = "the file isn't as `twinworld generate` wrote it; make it anew";
            DatasetError::unfit(path, format!("{name}: {problem}"), remedy)
        })?;
    }
    if !worlds.is_empty() {
        assembly.add(&key, worlds)?;
    }
    Ok(assembly.finish())
}

/// The world that a file belongs to, and what's left of its ending: `cf.lake.png` is the `png` of
/// the twin of the lake.
fn place<'a>(ending: &'a str, shapes: &Shapes) -> (usize, &'a str) {
    let Some(rest) = ending.strip_prefix("cf.") else { return (0, ending) };
    // The longest name that fits: `lake.absent.direct` is also one of `lake.absent`.
    let named = shapes.twins.iter().enumerate().filter_map(|(i, twin)| {
        let rest = rest.strip_prefix(&twin.replace(':', "."))?.strip_prefix('.')?;
        Some((1 + i, rest))
    });
    named.min_by_key(|(_, rest)| rest.len()).unwrap_or((1, rest))
}

/// Takes one file into its world.
fn take(world: &mut Row, ending: &str, bytes: &[u8], shapes: &Shapes) -> Result<(), String> {
    let medium = |name: &str| shapes.media.iter().position(|m| m.name == name);
    let (place, cells) = match ending {
        "png" => (medium("image"), Array::Byte(pixels(bytes)?)),
        "wav" => {
            let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
            let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
            (medium("audio"), Array::Sample(samples.map_err(|e| e.to_string())?))
        }
        "json" => return facts(world, bytes, shapes),
        _ => {
            let name = ending.strip_suffix(".npy").and_then(|name| name.strip_prefix("vectors_"));
            let Some(name) = name else { return Ok(()) };
            let stored = Stored::read(bytes).map_err(|e| e.to_string())?;
            let numbers = stored.floats().ok_or("it holds no numbers")?;
            (medium(name), Array::Float(numbers.into_iter().map(|x| x as f32).collect()))
        }
    };
    if let Some(place) = place {
        world.media[place] = Some(cells);
    }
    Ok(())
}

/// The RGB bytes of a PNG.
pub(super) fn pixels(file: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info().map_err(|e| e.to_string())?;
    if reader.info().color_type != png::ColorType::Rgb {
        return Err("it isn't RGB".to_owned());
    }
    let mut rgb = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
    reader.next_frame(&mut rgb).map_err(|e| e.to_string())?;
    Ok(rgb)
}

/// Label, factors and tokens of a world's JSON.
fn facts(world: &mut Row, bytes: &[u8], shapes: &Shapes) -> Result<(), String> {
    let facts: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    world.label = facts["y"].as_u64().and_then(|y| usize::try_from(y).ok());
    let value = |key: &String| facts["factors"][key].as_f64();
    let latents: Option<Vec<f64>> = shapes.keys.iter().map(value).collect();
    world.latents = latents.ok_or("a factor is missing")?;
    let words = shapes.media.iter().position(|m| matches!(m.kind, Kind::Words { .. }));
    if let (Some(place), Some(tokens)) = (words, facts["tokens"].as_array()) {
        let token = |token: &Value| token.as_u64().and_then(|t| u16::try_from(t).ok());
        let tokens: Option<Vec<u16>> = tokens.iter().map(token).collect();
        world.media[place] = Some(Array::Token(tokens.ok_or("a token id is out of range")?));
    }
    Ok(())
}
