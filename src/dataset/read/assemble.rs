//! Rows of Parquet and WebDataset files put together, after what `scm.json` says of them.

use std::path::Path;

use serde_json::Value;

use super::array::Array;
use super::shapes::{Kind, Medium, Shapes, truth_of_interest};
use super::{SplitData, WorldData};
use crate::causal::causation::Direction;
use crate::dataset::{ContrastTwin, DatasetError};

/// One world of one specimen as a file has it. A modality that it lacks is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub label: Option<usize>,
    pub latents: Vec<f64>,
    pub media: Vec<Option<Array>>,
}

/// What the `scm.json` of a folder says of all specimens.
pub(super) fn shapes(folder: &Path) -> Result<Shapes, DatasetError> {
    let path = folder.join("scm.json");
    let text = std::fs::read(&path).map_err(|error| DatasetError::file(&path, error))?;
    let wrong = |problem: String| {
        let remedy = "Parquet and WebDataset are read as `twinworld generate` writes them; for data \
                      of your own use NPZ";
        DatasetError::unfit(&path, problem, remedy)
    };
    let model: Value =
        serde_json::from_slice(&text).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
    found(&model).ok_or_else(|| wrong("it doesn't say what the files hold".to_owned()))
}

/// What `scm.json` says of a factor: class by class, or only of the class of interest.
fn truth(node: &Value, classes: usize) -> Vec<[Direction; 2]> {
    let way = |way: &Value| Direction {
        pn: way["pn"].as_f64(),
        ps: way["ps"].as_f64(),
        pns: way["pns"].as_f64().unwrap_or(f64::NAN),
    };
    match node["truth"].as_array() {
        Some(all) => all.iter().map(|c| [way(&c["forward"]), way(&c["reversed"])]).collect(),
        None => {
            let number = |key: &str| node[key].as_f64().unwrap_or(f64::NAN);
            truth_of_interest(classes, [number("pn"), number("ps"), number("pns")])
        }
    }
}

fn found(model: &Value) -> Option<Shapes> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let mut shapes = Shapes { classes: texts(&model["label"]["classes"])?, ..Shapes::default() };
    shapes.scene = model["scene"].as_str().map(str::to_owned);
    for node in model["nodes"].as_array()?.iter().filter(|node| node["kind"] == "factor") {
        let contrast = &node["contrast"];
        shapes.keys.push(node["name"].as_str()?.to_owned());
        shapes.roles.push(node["role"].as_str()?.to_owned());
        shapes.contrast.push((contrast["absent"].as_f64()?, contrast["present"].as_f64()?));
        shapes.truth.push(truth(node, shapes.classes.len()));
    }
    shapes.twins = match model["twins"].as_str()? {
        "none" => Vec::new(),
        "each-factor" => shapes.keys.clone(),
        "contrasts" => (0..ContrastTwin::OF_EACH * shapes.keys.len())
            .map(ContrastTwin::at)
            .map(|twin| format!("{}{}", shapes.keys[twin.factor], twin.ending()))
            .collect(),
        operation => vec![operation.to_owned()],
    };
    let media = &model["media"];
    for (place, name) in texts(&model["modalities"])?.into_iter().enumerate() {
        let said = &media[&name];
        let (width, kind) = match name.as_str() {
            "image" => {
                let (width, height) = (number(&said["width"])?, number(&said["height"])?);
                (3 * width * height, Kind::Pixels { height, width })
            }
            "audio" => {
                let rate = u32::try_from(said["sampling_rate"].as_u64()?).ok()?;
                (number(&said["samples"])?, Kind::Sound { rate })
            }
            "text" => {
                let vocabulary = said["vocabulary"].as_array()?.len();
                (number(&said["length"])?, Kind::Words { vocabulary })
            }
            _ => (number(&said["width"])?, Kind::Numbers),
        };
        shapes.media.push(Medium { key: name.clone(), name, place, width, kind });
    }
    Some(shapes)
}

/// A split that grows row by row.
pub(super) struct Assembly<'a> {
    path: &'a Path,
    shapes: &'a Shapes,
    split: SplitData,
    present: Vec<bool>,
}

impl<'a> Assembly<'a> {
    /// An empty split; `path` is its file's name in errors.
    pub fn new(path: &'a Path, split: &str, shapes: &'a Shapes) -> Self {
        let empty = || {
            let media = shapes.media.iter().map(|medium| match medium.kind {
                Kind::Pixels { .. } => Array::Byte(Vec::new()),
                Kind::Sound { .. } => Array::Sample(Vec::new()),
                Kind::Words { .. } => Array::Token(Vec::new()),
                Kind::Numbers => Array::Float(Vec::new()),
            });
            WorldData { media: media.collect(), ..WorldData::default() }
        };
        let worlds = (0..=shapes.twins.len()).map(|_| empty()).collect();
        let name = split.to_owned();
        let split = SplitData { name, rows: 0, worlds, present: Vec::new() };
        Self { path, shapes, split, present: Vec::new() }
    }

    /// Adds a specimen: the world as it is, then its twins.
    pub fn add(&mut self, specimen: &str, worlds: Vec<Row>) -> Result<(), DatasetError> {
        let wrong = |problem: String| {
            let remedy = "the file isn't as `twinworld generate` wrote it; make it anew";
            DatasetError::unfit(self.path, problem, remedy)
        };
        if worlds.len() != self.split.worlds.len() {
            let (found, wanted) = (worlds.len(), self.split.worlds.len());
            return Err(wrong(format!(
                "specimen {specimen} has {found} worlds instead of {wanted}"
            )));
        }
        for (place, medium) in self.shapes.media.iter().enumerate() {
            let has = worlds.iter().all(|w| w.media.get(place).is_some_and(Option::is_some));
            self.present.push(has);
            for world in &worlds {
                let length = world.media.get(place).and_then(Option::as_ref).map(Array::len);
                if length.is_some_and(|length| length != medium.width) {
                    let name = &medium.name;
                    return Err(wrong(format!(
                        "the {name} of specimen {specimen} has another size"
                    )));
                }
            }
        }
        for (world, row) in self.split.worlds.iter_mut().zip(worlds) {
            let label = row.label.filter(|&label| label < self.shapes.classes.len());
            world.labels.push(label.ok_or_else(|| {
                let count = self.shapes.classes.len();
                wrong(format!("the label of specimen {specimen} is not one of {count} classes"))
            })?);
            world.latents.extend(row.latents);
            let mut media = row.media.into_iter();
            for (array, medium) in world.media.iter_mut().zip(&self.shapes.media) {
                match media.next().flatten() {
                    Some(cells) => array.append(cells),
                    None => array.append_zeros(medium.width),
                }
            }
        }
        self.split.rows += 1;
        Ok(())
    }

    /// The split.
    pub fn finish(mut self) -> SplitData {
        if !self.present.iter().all(|&has| has) {
            self.split.present = self.present;
        }
        self.split
    }
}
