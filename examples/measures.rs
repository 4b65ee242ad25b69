//! Measures tables of anybody's numbers, and prints what it finds as JSON.
//!
//! ```text
//! cargo run --release --example measures -- tables.json
//! ```
//!
//! The file holds `{"x": [[..]], "y": [[..]], "z": [[..]]}`, one row a specimen: `x` a
//! representation, `y` factors, `z` another representation of the same specimens (or a cause whose
//! part is taken out). It may also hold what the last measures ask for:
//!
//! - `"interventions": [{"rows": [[..]], "value": [..], "setting": [..]}]`, one a factor, for the
//!   interventional robustness;
//! - `"right": [..], "group": [..]` for the worst group;
//! - `"first": [[seed, figure], ..], "second": ..` for paired differences.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a program talks to its terminal")]

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};
use twinworld::measure::statistic::distance_correlation::{
    corrected, distance_correlation, noise_floor, partial,
};
use twinworld::measure::statistic::irs::{Intervened, irs};
use twinworld::measure::statistic::mcc::{Correlation, mcc};
use twinworld::measure::statistic::wasserstein::{
    Order, direction, exact, one_dimensional, sliced,
};
use twinworld::measure::statistic::{
    Distances, Table, dci::dci, dependence::instrument, interval, lasso::lasso, r2::linear_probe,
    ridge::ridge, worst_group::worst_group,
};

/// The seed of shuffles and directions.
const SEED: u64 = 7;
/// Shuffles for the noise floor.
const SHUFFLES: usize = 200;
/// Directions for the sliced Wasserstein distance.
const DIRECTIONS: usize = 50;
/// The penalty of the ridge regression.
const RIDGE: f64 = 1.0;
/// The penalty of the lasso.
const LASSO: f64 = 0.05;
/// Specimens below which a group doesn't count.
const MINIMUM: usize = 10;

type Error = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Input {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    z: Vec<Vec<f64>>,
    #[serde(default)]
    interventions: Vec<Interventions>,
    #[serde(default)]
    right: Vec<bool>,
    #[serde(default)]
    group: Vec<usize>,
    #[serde(default)]
    first: Vec<(u64, f64)>,
    #[serde(default)]
    second: Vec<(u64, f64)>,
}

#[derive(Deserialize)]
struct Interventions {
    rows: Vec<Vec<f64>>,
    value: Vec<usize>,
    setting: Vec<usize>,
}

/// Rows of equal width, end to end.
struct Flat {
    rows: usize,
    width: usize,
    values: Vec<f64>,
}

impl Flat {
    fn of(rows: &[Vec<f64>]) -> Result<Self, Error> {
        let width = rows.first().map_or(0, Vec::len);
        if let Some(at) = rows.iter().position(|row| row.len() != width) {
            return Err(format!("row {at} has {} numbers, not {width}", rows[at].len()).into());
        }
        Ok(Self { rows: rows.len(), width, values: rows.concat() })
    }

    fn table(&self) -> Result<Table<'_>, Error> {
        Ok(Table::new(self.rows, self.width, &self.values)?)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path] = arguments.as_slice() else {
        eprintln!("usage: measures TABLES.json");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(path).map_err(Error::from).and_then(|text| measured(&text)) {
        Ok(found) => {
            println!("{found:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measured(text: &str) -> Result<Value, Error> {
    let input: Input = serde_json::from_str(text)?;
    let (x, y, z) = (Flat::of(&input.x)?, Flat::of(&input.y)?, Flat::of(&input.z)?);
    let (x, y, z) = (x.table()?, y.table()?, z.table()?);
    let mut found = json!({
        "distance_correlation": dependences(&x, &y, &z)?,
        "mcc": {
            "pearson": mcc(&x, &y, Correlation::Pearson)?,
            "spearman": mcc(&x, &y, Correlation::Spearman)?,
        },
        "linear_probe": linear_probe(&x, &y, RIDGE)?,
        "ridge": ridge(&x, &y, RIDGE)?.weights,
        "lasso": lasso(&x, &y.column(0), LASSO)?,
        "dci": dci(&x, &y)?,
    });
    if x.width() == z.width() {
        found["wasserstein"] = distances(&x, &z)?;
    }
    if !input.interventions.is_empty() {
        found["irs"] = robust(&input.interventions)?;
    }
    if !input.right.is_empty() {
        found["worst_group"] = json!(worst_group(&input.right, &input.group, MINIMUM)?);
    }
    if !input.first.is_empty() {
        let figures: Vec<f64> = input.first.iter().map(|(_, figure)| *figure).collect();
        found["summary"] = json!(interval::summary(&figures)?);
        found["paired"] = json!(interval::paired(&input.first, &input.second)?);
    }
    Ok(found)
}

/// Of `x` and `y`, alone and given `z`; and of `x` as an instrument for `z`, with the first factor
/// as the label and the others as what must not be depended on.
fn dependences(x: &Table, y: &Table, z: &Table) -> Result<Value, Error> {
    let [a, b, c] = [x, y, z].map(Distances::of);
    let factors: Vec<Distances> = y
        .columns()
        .iter()
        .map(|column| Table::column_of(column).map(|table| Distances::of(&table)))
        .collect::<Result<_, _>>()?;
    let (label, others) = factors.split_first().ok_or("there is no factor")?;
    Ok(json!({
        "biased": distance_correlation(&a, &b)?,
        "corrected": corrected(&a, &b)?,
        "partial": partial(&a, &b, &c)?,
        "noise_floor": noise_floor(&a, &b, SHUFFLES, SEED)?,
        "instrument": instrument(&a, &c, label, others)?,
    }))
}

fn distances(x: &Table, z: &Table) -> Result<Value, Error> {
    let of = |order| -> Result<Value, Error> {
        Ok(json!({
            "exact": exact(x, z, order)?,
            "first_column": one_dimensional(&x.column(0), &z.column(0), order)?,
            "sliced": sliced(x, z, order, DIRECTIONS, SEED)?,
        }))
    };
    let directions: Vec<Vec<f64>> =
        (0..DIRECTIONS as u64).map(|turn| direction(x.width(), SEED, turn)).collect();
    Ok(json!({"w1": of(Order::One)?, "w2": of(Order::Two)?, "directions": directions}))
}

fn robust(interventions: &[Interventions]) -> Result<Value, Error> {
    let rows: Vec<Flat> =
        interventions.iter().map(|i| Flat::of(&i.rows)).collect::<Result<_, _>>()?;
    let intervened: Vec<Intervened> = interventions
        .iter()
        .zip(&rows)
        .map(|(i, rows)| {
            Ok(Intervened { rows: rows.table()?, value: &i.value, setting: &i.setting })
        })
        .collect::<Result<_, Error>>()?;
    Ok(json!({"largest": irs(&intervened, 1.0)?, "quantile": irs(&intervened, 0.9)?}))
}
