//! One NPZ file: its keys, checked one by one.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::ZipArchive;

use super::super::DatasetError;
use super::array::{Array, Numbers, Stored, every};
use super::shapes::{Kind, Medium, Shapes, known, truth_of_interest};
use super::{SplitData, WorldData};
use crate::causal::causation::Direction;

/// A file that is being read.
struct Keys<'a> {
    path: &'a Path,
    archive: ZipArchive<BufReader<File>>,
}

/// Reads one file as (a part of) a split.
pub(super) fn read(path: &Path, split: &str) -> Result<(Shapes, SplitData), DatasetError> {
    let file = File::open(path).map_err(|error| DatasetError::file(path, error))?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
        DatasetError::unfit(path, format!("it is no NPZ: {error}"), "write it with numpy.savez")
    })?;
    let mut keys = Keys { path, archive };
    let (labels, rows) = keys.labels("y")?;
    let mut shapes = keys.constants()?;
    let mut real = WorldData { labels, ..WorldData::default() };
    let found = keys.media()?;
    for (medium, array, count) in found {
        keys.rows(&medium.key, count, rows)?;
        shapes.media.push(medium);
        real.media.push(array);
    }
    if shapes.media.is_empty() {
        let remedy = "give at least one of images, audio, log_mel, tokens, vectors_NAME";
        return Err(DatasetError::unfit(path, "it holds nothing to learn from", remedy));
    }
    if let Some((latents, width)) = keys.latents("latents", rows)? {
        if !shapes.keys.is_empty() && shapes.keys.len() != width {
            let problem = format!("`latents` has {width} columns, `keys` {}", shapes.keys.len());
            return Err(keys.wrong(problem, "name every column of latents in keys"));
        }
        real.latents = latents;
    }
    let twins = keys.twins(&mut shapes, rows)?;
    let present = keys.present(&mut shapes, rows)?;
    let worlds = std::iter::once(real).chain(twins).collect();
    Ok((shapes, SplitData { name: split.to_owned(), rows, worlds, present }))
}

impl Keys<'_> {
    fn wrong(&self, problem: impl Into<String>, remedy: impl Into<String>) -> DatasetError {
        DatasetError::unfit(self.path, problem, remedy)
    }

    fn has(&self, key: &str) -> bool {
        self.archive.index_for_name(&format!("{key}.npy")).is_some()
    }

    /// An array, where it's there.
    fn find(&mut self, key: &str) -> Result<Option<Stored>, DatasetError> {
        if !self.has(key) {
            return Ok(None);
        }
        let path = self.path;
        let entry = self.archive.by_name(&format!("{key}.npy"));
        let stored = entry
            .map_err(std::io::Error::other)
            .and_then(|entry| Stored::read(BufReader::with_capacity(1 << 16, entry)));
        stored.map(Some).map_err(|error| {
            let remedy = "store it as a plain array of numbers or strings, not of objects";
            DatasetError::unfit(path, format!("`{key}` can't be read: {error}"), remedy)
        })
    }

    fn typed<T>(
        &self,
        key: &str,
        wanted: &str,
        kind: &str,
        found: Option<T>,
    ) -> Result<T, DatasetError> {
        let problem = format!("`{key}` is {kind}");
        found.ok_or_else(|| self.wrong(problem, format!("store it as {wanted}")))
    }

    /// Whether an array has a row for every specimen.
    fn rows(&self, key: &str, found: usize, rows: usize) -> Result<(), DatasetError> {
        if found == rows {
            return Ok(());
        }
        let problem = format!("`{key}` has {found} rows, `y` {rows}");
        Err(self.wrong(problem, "give every specimen a row in every array"))
    }

    /// Classes, and how many.
    fn labels(&mut self, key: &str) -> Result<(Vec<usize>, usize), DatasetError> {
        let Some(stored) = self.find(key)? else {
            let remedy = "labels are class numbers from 0 on, one per specimen";
            return Err(self.wrong(format!("the key `{key}` is missing"), remedy));
        };
        let (kind, rows) = (stored.kind(), stored.shape.first().copied().unwrap_or(0));
        let all = self.typed(key, "whole numbers", kind, stored.integers())?;
        if rows == 0 {
            return Err(self.wrong(format!("`{key}` is empty"), "give at least one specimen"));
        }
        let class = |n: i64| usize::try_from(n).ok().filter(|&class| class < 1 << 16);
        let labels: Option<Vec<usize>> = all.iter().map(|&n| class(n)).collect();
        let Some(labels) = labels else {
            let worst = all.iter().find(|&&n| class(n).is_none()).copied().unwrap_or_default();
            let remedy = "labels are class numbers from 0 on";
            return Err(self.wrong(format!("`{key}` holds the label {worst}"), remedy));
        };
        Ok((labels, rows))
    }

    /// What is said of all specimens.
    fn constants(&mut self) -> Result<Shapes, DatasetError> {
        let mut shapes = Shapes::default();
        let texts = ["keys", "roles", "classes", "twin_keys", "scene"];
        let [keys, roles, classes, twins, scene] = texts.map(|key| self.texts(key));
        shapes.keys = keys?;
        shapes.roles = roles?;
        shapes.classes = classes?;
        shapes.twins = twins?;
        shapes.scene = scene?.into_iter().next();
        let factors = shapes.keys.len();
        shapes.contrast = vec![(0.0, 1.0); factors];
        if let Some(contrast) = self.numbers("contrast", 2 * factors)? {
            shapes.contrast = contrast.chunks_exact(2).map(|c| (c[0], c[1])).collect();
        }
        let truth = ["pn", "ps", "pns"].map(|key| self.numbers(key, factors));
        if let [Some(pn), Some(ps), Some(pns)] = {
            let [pn, ps, pns] = truth;
            [pn?, ps?, pns?]
        } {
            let of = |i: usize| truth_of_interest(shapes.classes.len(), [pn[i], ps[i], pns[i]]);
            shapes.truth = (0..factors).map(of).collect();
        }
        let classes = shapes.classes.len();
        if classes > 0
            && let Some(all) = self.numbers("truth", factors * classes * 6)?
        {
            let way = |d: &[f64]| Direction { pn: known(d[0]), ps: known(d[1]), pns: d[2] };
            let class = |c: &[f64]| [way(&c[..3]), way(&c[3..])];
            shapes.truth = all
                .chunks_exact(6 * classes)
                .map(|factor| factor.chunks_exact(6).map(class).collect())
                .collect();
        }
        Ok(shapes)
    }

    fn texts(&mut self, key: &str) -> Result<Vec<String>, DatasetError> {
        let Some(stored) = self.find(key)? else { return Ok(Vec::new()) };
        let kind = stored.kind();
        self.typed(key, "strings of fixed width", kind, stored.strings())
    }

    fn numbers(&mut self, key: &str, count: usize) -> Result<Option<Vec<f64>>, DatasetError> {
        let Some(stored) = self.find(key)? else { return Ok(None) };
        let kind = stored.kind();
        let all = self.typed(key, "numbers", kind, stored.floats())?;
        if all.len() != count {
            let problem = format!("`{key}` holds {} numbers instead of {count}", all.len());
            return Err(self.wrong(problem, "give one entry per factor of `keys`"));
        }
        Ok(Some(all))
    }

    fn latents(
        &mut self,
        key: &str,
        rows: usize,
    ) -> Result<Option<(Vec<f64>, usize)>, DatasetError> {
        let Some(stored) = self.find(key)? else { return Ok(None) };
        let (kind, width) = (stored.kind(), stored.width());
        self.rows(key, stored.shape.first().copied().unwrap_or(0), rows)?;
        Ok(Some((self.typed(key, "numbers", kind, stored.floats())?, width)))
    }

    /// The modalities of the real world with their arrays and rows.
    fn media(&mut self) -> Result<Vec<(Medium, Array, usize)>, DatasetError> {
        let mut all = Vec::new();
        let mut place = 0;
        for (name, key) in [("image", "images"), ("audio", "audio"), ("text", "tokens")] {
            let key = if name == "audio" && self.has("log_mel") { "log_mel" } else { key };
            if let Some((array, rows, width, kind)) = self.medium(key, key)? {
                let (name, key) = (name.to_owned(), key.to_owned());
                all.push((Medium { name, key, place, width, kind }, array, rows));
                place += 1;
            }
        }
        let mut vectors: Vec<String> = self
            .archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
            .filter(|key| key == "vectors" || key.starts_with("vectors_"))
            .filter(|key| !key.ends_with("_cf"))
            .collect();
        // In the order of the file, which is the scene's in ours.
        vectors.dedup();
        for key in vectors {
            if let Some((array, rows, width, kind)) = self.medium(&key, &key)? {
                let name = key.strip_prefix("vectors_").unwrap_or("vector").to_owned();
                all.push((Medium { name, key, place, width, kind }, array, rows));
                place += 1;
            }
        }
        Ok(all)
    }

    /// An array of media: its numbers, rows, width and what it is by its documented `role`.
    fn medium(
        &mut self,
        key: &str,
        role: &str,
    ) -> Result<Option<(Array, usize, usize, Kind)>, DatasetError> {
        let Some(stored) = self.find(key)? else { return Ok(None) };
        let (rows, width) = (stored.shape.first().copied().unwrap_or(0), stored.width());
        let kind_found = stored.kind();
        if stored.shape.len() < 2 || width == 0 {
            let problem = format!("`{key}` has the shape {:?}", stored.shape);
            return Err(self.wrong(problem, "give it one row per specimen, each of some numbers"));
        }
        // Pictures are stored as rows x height x width x channels, or without channels if grey.
        let (height, across) = match *stored.shape {
            [_, height, across] | [_, height, across, _] => (height, across),
            _ => (1, width),
        };
        let (array, kind) = match role {
            "images" => match stored.numbers {
                Numbers::U8(all) => (Array::Byte(all), Kind::Pixels { height, width: across }),
                _ => return self.typed(key, "uint8, from 0 to 255", kind_found, None),
            },
            "audio" => match stored.numbers {
                Numbers::I16(all) => (Array::Sample(all), Kind::Sound { rate: self.rate()? }),
                _ => return self.typed(key, "int16 samples", kind_found, None),
            },
            "tokens" => {
                let all = self.typed(key, "whole numbers", kind_found, stored.integers())?;
                let token = |n: i64| u16::try_from(n).ok();
                let tokens: Option<Vec<u16>> = all.into_iter().map(token).collect();
                let Some(tokens) = tokens else {
                    let problem = format!("`{key}` holds a token id outside 0 to 65535");
                    return Err(self.wrong(problem, "number the words from 1 on, 0 is padding"));
                };
                let most = tokens.iter().copied().max().map_or(1, |most| usize::from(most) + 1);
                let vocabulary = self.texts("vocabulary")?.len().max(most);
                (Array::Token(tokens), Kind::Words { vocabulary })
            }
            _ => {
                let all = self.typed(key, "numbers", kind_found, stored.floats())?;
                if all.iter().any(|x| !x.is_finite()) {
                    let problem = format!("`{key}` holds numbers that aren't finite");
                    return Err(self.wrong(problem, "replace them"));
                }
                (Array::Float(all.into_iter().map(|x| x as f32).collect()), Kind::Numbers)
            }
        };
        Ok(Some((array, rows, width, kind)))
    }

    fn rate(&mut self) -> Result<u32, DatasetError> {
        let stored = self.find("sampling_rate")?.and_then(Stored::integers);
        let rate = stored.and_then(|all| u32::try_from(*all.first()?).ok());
        let remedy = "give `sampling_rate` (samples per second), or `log_mel` instead of `audio`";
        rate.ok_or_else(|| self.wrong("`audio` comes without a sampling rate", remedy))
    }

    /// The stored twins, one world each.
    fn twins(&mut self, shapes: &mut Shapes, rows: usize) -> Result<Vec<WorldData>, DatasetError> {
        let missing = |key: &str| !self.has(&format!("{key}_cf"));
        if missing("y") || shapes.media.iter().any(|m| missing(&m.key)) {
            shapes.twins.clear();
            return Ok(Vec::new());
        }
        let Some(stored) = self.find("y_cf")? else { return Ok(Vec::new()) };
        let count = if stored.shape.len() > 1 { stored.shape[1] } else { 1 };
        self.rows("y_cf", stored.shape.first().copied().unwrap_or(0), rows)?;
        let (labels, _) = self.labels("y_cf")?;
        if shapes.twins.len() != count {
            let names = (0..count).map(|i| shapes.keys.get(i).cloned().unwrap_or_default());
            shapes.twins = if count == shapes.keys.len() {
                names.collect()
            } else {
                vec![String::new(); count]
            };
        }
        let mut worlds: Vec<WorldData> = (0..count)
            .map(|i| WorldData { labels: every(&labels, i, count, 1), ..WorldData::default() })
            .collect();
        for medium in shapes.media.clone() {
            let key = format!("{}_cf", medium.key);
            let Some((array, found, width, _)) = self.medium(&key, &medium.key)? else { continue };
            self.rows(&key, found, rows)?;
            if width != count * medium.width {
                let problem = format!(
                    "`{key}` has {width} numbers per specimen, {count} twins of {} are {}",
                    medium.width,
                    count * medium.width
                );
                return Err(self.wrong(problem, "give twins the shape of their specimens"));
            }
            for (i, world) in worlds.iter_mut().enumerate() {
                world.media.push(array.every(i, count, medium.width));
            }
        }
        if let Some((latents, width)) = self.latents("latents_cf", rows)? {
            let each = width / count;
            for (i, world) in worlds.iter_mut().enumerate() {
                world.latents = every(&latents, i, count, each);
            }
        }
        Ok(worlds)
    }

    /// Which modalities each specimen has; empty where all have all.
    fn present(&mut self, shapes: &mut Shapes, rows: usize) -> Result<Vec<bool>, DatasetError> {
        let Some(stored) = self.find("present")? else { return Ok(Vec::new()) };
        let (kind, width) = (stored.kind(), stored.width());
        self.rows("present", stored.shape.first().copied().unwrap_or(0), rows)?;
        let all = self.typed("present", "bool", kind, stored.integers())?;
        if width != shapes.media.len() {
            let problem =
                format!("`present` has {width} columns, there are {}", shapes.media.len());
            return Err(self.wrong(problem, "give one column per modality"));
        }
        let mask: Vec<bool> = all.into_iter().map(|n| n != 0).collect();
        Ok(if mask.iter().all(|&has| has) { Vec::new() } else { mask })
    }
}
