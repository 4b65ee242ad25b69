//! The types of an experiment file, as a person writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::SPECIMENS;
use crate::measure::suite::Measure;
use crate::scene::Change;
use crate::scene::training::{Method, Objective};

/// An experiment: trials, and what is made of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The version of the format: 1.
    pub version: u32,
    /// The experiment's name.
    pub name: String,
    /// A paragraph for readers: what it reproduces, and where it differs.
    pub about: String,
    /// What is varied: the trials are those of all grids. A trial that two grids share is run once.
    pub grids: Vec<Grid>,
    /// The seeds of every cell.
    pub seeds: Vec<u64>,
    /// Settings of every scene, as `--set` would make them: `{"training.steps": "600"}`.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Regimes besides those of the scenes.
    #[serde(default)]
    pub regimes: BTreeMap<String, Vec<Change>>,
    /// Specimens of each measurement.
    #[serde(default = "usual_specimens")]
    pub specimens: usize,
    /// What is measured of every trained model.
    pub measures: Vec<Measure>,
    /// What `--quick` makes smaller.
    #[serde(default)]
    pub quick: Quick,
    /// The tables and plots of the report, in their order.
    #[serde(default)]
    pub report: Vec<Exhibit>,
}

const fn usual_specimens() -> usize {
    SPECIMENS
}

/// A product: every scene with every level of every axis, every method and every objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Scene files, from the folder of the experiment file: `"../scenes/duck.ron"`, or one of a
    /// scene's variants: `"../scenes/mmlsyn.ron#square"`.
    pub scenes: Vec<String>,
    /// What else is varied.
    #[serde(default)]
    pub axes: Vec<Axis>,
    /// The host models.
    pub methods: Vec<Method>,
    /// The objectives.
    pub objectives: Vec<Objective>,
}

/// Something that is varied besides scene, method, objective and seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Its name; a column of the tables.
    pub name: String,
    /// One value of the scene, by its way: `"dials.s"`. With `values`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// The values of `of`, as RON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// In place of `of` and `values`: levels that each make several settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
}

/// A level of an axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// What tables and plots call it.
    pub name: String,
    /// The settings that it makes.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
}

/// The small size of an experiment, to see that all of it runs. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quick {
    /// Other grids.
    pub grids: Option<Vec<Grid>>,
    /// Other seeds.
    pub seeds: Option<Vec<u64>>,
    /// Settings on top of the experiment's own.
    pub set: BTreeMap<String, String>,
    /// Fewer specimens of each measurement.
    pub specimens: Option<usize>,
}

/// A table or plot of the report.
///
/// A value is the name of a column, `"iid.accuracy"`, or the difference of two:
/// `"iid.accuracy - masked.accuracy"`. Rows, lines and bars are made of the trials' columns
/// (`scene`, `method`, `objective`, the axes), over whose seeds the mean is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Exhibit {
    /// Mean, spread, worst and number of seeds of some values, cell by cell.
    Table {
        /// The heading.
        title: String,
        /// What the reader is to see in it.
        #[serde(default)]
        about: String,
        /// The columns of the trials that make up a row.
        rows: Vec<String>,
        /// The values, one column each.
        values: Vec<String>,
        /// A column of the trials and the value to compare with, such as `("objective", "erm")`:
        /// every other is set against it, seed by seed, with the 95% interval of the difference.
        #[serde(default)]
        against: Option<(String, String)>,
    },
    /// The mean of one value, the levels of a column of the trials beside one another.
    Cross {
        /// The heading.
        title: String,
        /// What the reader is to see in it.
        #[serde(default)]
        about: String,
        /// The columns of the trials that make up a row.
        rows: Vec<String>,
        /// The column of the trials whose levels are the table's columns.
        across: String,
        /// The value.
        value: String,
        /// The level of `across` that the others are set against, seed by seed.
        #[serde(default)]
        against: Option<String>,
    },
    /// Values over a column of the trials.
    Plot {
        /// The heading.
        title: String,
        /// What the reader is to see in it.
        #[serde(default)]
        about: String,
        /// Lines or dots.
        #[serde(default)]
        chart: Chart,
        /// The column of the trials along the axis below, or `"value"` for the values themselves.
        over: String,
        /// The values.
        values: Vec<String>,
        /// The columns of the trials that make up a colour.
        #[serde(default)]
        colours: Vec<String>,
        /// The columns of the trials that make up a picture of its own.
        #[serde(default)]
        panels: Vec<String>,
    },
    /// The maps that `HeatMaps` draws: for each trial of the first seed some specimens, and where
    /// the evidence lies.
    HeatMaps {
        /// The heading.
        title: String,
        /// What the reader is to see in it.
        #[serde(default)]
        about: String,
    },
}

/// How a plot is drawn; either way with the range over seeds of each mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chart {
    /// Lines over numbers.
    #[default]
    Lines,
    /// Dots beside one another over words.
    Dots,
}

impl Exhibit {
    /// Its heading.
    #[must_use]
    pub fn title(&self) -> &str {
        let (Self::Table { title, .. }
        | Self::Cross { title, .. }
        | Self::Plot { title, .. }
        | Self::HeatMaps { title, .. }) = self;
        title
    }
}

impl Axis {
    /// Its levels, however they are written.
    #[must_use]
    pub fn all(&self) -> Vec<Level> {
        let one = |value: &String| Level {
            name: value.trim_matches('"').to_owned(),
            set: BTreeMap::from([(self.of.clone(), value.clone())]),
        };
        self.values.iter().map(one).chain(self.levels.iter().cloned()).collect()
    }
}
