//! A folder of data files as a learner wants it: arrays in memory, every shape checked.
//!
//! Ours or anyone's: `train.npz`, `train-00000-of-00002.npz` and so on, with the keys that
//! `dataset/npz.rs` documents. `y` is needed, and at least one of `images`, `audio` (with
//! `sampling_rate`), `log_mel`, `tokens` and `vectors_NAME` (or `vectors`); all others are used
//! where they are there. Parquet and WebDataset are read as `twinworld generate` writes them.

mod array;
mod assemble;
mod npz;
mod shapes;
mod table;
mod tar;

use std::path::{Path, PathBuf};

pub use array::Array;
pub use shapes::{Kind, Medium, Shapes};

use super::DatasetError;

/// Data files read into memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// What every split holds, and what is true of all specimens.
    pub shapes: Shapes,
    /// The splits by name.
    pub splits: Vec<SplitData>,
}

/// One split: its specimens, and their twins where they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitData {
    /// `train`, `test`, ...
    pub name: String,
    /// Specimens.
    pub rows: usize,
    /// The world as it is, then one world per stored twin.
    pub worlds: Vec<WorldData>,
    /// Which modalities a specimen has, row by row; empty where all have all.
    pub present: Vec<bool>,
}

/// One world of every specimen of a split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorldData {
    /// The class of each.
    pub labels: Vec<usize>,
    /// One array per medium of [`Shapes::media`], row after row.
    pub media: Vec<Array>,
    /// Factor values, row after row; empty where they aren't stored.
    pub latents: Vec<f64>,
}

/// Reads all splits of a folder.
///
/// # Errors
/// No data files, one that can't be read, a key that is missing or has the wrong type or shape, a
/// label out of range, or shards that don't fit together.
pub fn read(folder: &Path) -> Result<Data, DatasetError> {
    let files = files(folder)?;
    let mut data: Option<Data> = None;
    for (split, path) in files {
        let (shapes, rows) = match path.extension().and_then(|e| e.to_str()) {
            Some("npz") => npz::read(&path, &split)?,
            ending => {
                let shapes = assemble::shapes(folder)?;
                let rows = match ending {
                    Some("tar") => tar::read(&path, &split, &shapes)?,
                    _ => table::read(&path, &split, &shapes)?,
                };
                (shapes, rows)
            }
        };
        match &mut data {
            None => data = Some(Data { shapes, splits: vec![rows] }),
            Some(data) => data.join(&path, shapes, rows)?,
        }
    }
    let mut data = data.ok_or_else(|| nothing(folder))?;
    data.check(folder)?;
    Ok(data)
}

/// The endings of data files; a folder is read in the first that it has.
const ENDINGS: [&str; 3] = [".npz", ".parquet", ".tar"];

/// The data files of a folder with the split that each belongs to, by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, DatasetError> {
    let entries = std::fs::read_dir(folder).map_err(|error| DatasetError::file(folder, error))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let ending = ENDINGS.into_iter().find(|e| names.iter().any(|name| name.ends_with(e)));
    let of = |name: &String| {
        let stem = name.strip_suffix(ending?)?;
        Some((split_of(stem).to_owned(), folder.join(name)))
    };
    let mut found: Vec<(String, PathBuf)> = names.iter().filter_map(of).collect();
    if found.is_empty() {
        return Err(nothing(folder));
    }
    // `train` first: the model is built for it.
    found.sort_by_key(|(split, path)| (split != "train", split.clone(), path.clone()));
    Ok(found)
}

/// The split in the name of a shard: `train` of `train-00000-of-00003`.
fn split_of(stem: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((front, count)) = stem.rsplit_once("-of-") else { return stem };
    let Some((split, number)) = front.rsplit_once('-') else { return stem };
    if digits(number) && digits(count) { split } else { stem }
}

fn nothing(folder: &Path) -> DatasetError {
    let remedy = "name a folder that `twinworld generate` has written, or one with train.npz in it";
    DatasetError::unfit(folder, "no .npz, .parquet or .tar file in it", remedy)
}

impl Data {
    /// The split of this name.
    #[must_use]
    pub fn split(&self, name: &str) -> Option<&SplitData> {
        self.splits.iter().find(|split| split.name == name)
    }

    /// Adds a shard.
    fn join(&mut self, path: &Path, shapes: Shapes, rows: SplitData) -> Result<(), DatasetError> {
        if let Some(difference) = self.shapes.difference(&shapes) {
            let remedy = "all files of a folder must hold the same keys and shapes";
            return Err(DatasetError::unfit(path, difference, remedy));
        }
        self.shapes.widen(&shapes);
        match self.splits.iter_mut().find(|split| split.name == rows.name) {
            Some(split) => split.append(rows),
            None => self.splits.push(rows),
        }
        Ok(())
    }

    /// What can be said once all is read: labels lie within the classes.
    fn check(&mut self, folder: &Path) -> Result<(), DatasetError> {
        let labels = self.splits.iter().flat_map(|split| &split.worlds).flat_map(|w| &w.labels);
        let most = labels.copied().max().unwrap_or(0);
        if self.shapes.classes.is_empty() {
            self.shapes.classes = (0..=most.max(1)).map(|class| class.to_string()).collect();
        }
        if most >= self.shapes.classes.len() {
            let count = self.shapes.classes.len();
            let problem = format!("a label is {most}, and `classes` names {count}");
            let remedy = format!("labels count from 0 to {}", count.saturating_sub(1));
            return Err(DatasetError::unfit(folder, problem, remedy));
        }
        Ok(())
    }
}

impl SplitData {
    /// Adds the rows of another shard of the same shapes.
    fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.present.extend(other.present);
        for (world, other) in self.worlds.iter_mut().zip(other.worlds) {
            world.labels.extend(other.labels);
            world.latents.extend(other.latents);
            for (array, other) in world.media.iter_mut().zip(other.media) {
                array.append(other);
            }
        }
    }

    /// Cuts off the specimens from `row` on, as a split of their own.
    #[must_use]
    pub fn split_off(&mut self, row: usize, name: &str) -> Self {
        let row = row.min(self.rows);
        let rest = self.rows - row;
        let cut = |all: &mut Vec<f64>, rows: usize| {
            let width = all.len() / rows.max(1);
            all.split_off(row * width)
        };
        let rows = self.rows;
        let worlds = self.worlds.iter_mut().map(|world| WorldData {
            labels: world.labels.split_off(row),
            latents: cut(&mut world.latents, rows),
            media: world.media.iter_mut().map(|array| array.split_off(row, rows)).collect(),
        });
        let worlds = worlds.collect();
        let masks = self.present.len() / rows.max(1);
        let present = self.present.split_off(row * masks);
        self.rows = row;
        Self { name: name.to_owned(), rows: rest, worlds, present }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_in_the_name() {
        assert_eq!(split_of("train-00000-of-00003"), "train");
        assert_eq!(split_of("a-b-00000-of-00003"), "a-b");
        assert_eq!(split_of("train"), "train");
        assert_eq!(split_of("one-of-us"), "one-of-us");
    }

    #[test]
    fn a_split_is_cut_in_two() {
        let world = WorldData {
            labels: vec![0, 1, 2],
            media: vec![Array::Byte(vec![1, 1, 2, 2, 3, 3])],
            latents: vec![0.1, 0.2, 0.3],
        };
        let mut split = SplitData {
            name: "train".into(),
            rows: 3,
            worlds: vec![world],
            present: vec![true, false, true],
        };
        let whole = split.clone();
        let rest = split.split_off(2, "held_out");
        assert_eq!((split.rows, rest.rows), (2, 1));
        assert_eq!(rest.worlds[0].media[0], Array::Byte(vec![3, 3]));
        assert_eq!((rest.worlds[0].latents[0], rest.present[0]), (0.3, true));
        split.append(rest);
        assert_eq!(split, whole);
    }
}
