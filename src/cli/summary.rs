//! What was measured of models, on the terminal: the sentences, the headline, factor by factor.

use comfy_table::Table;

use super::console;
use crate::experiment::{average, spread};
use crate::measure::condition::Reach;
use crate::measure::sentence::{CAUSAL_ERROR, ONE_SEED, RELIANCE, sentence};
use crate::measure::{Causation, FactorCausation, Metrics};

/// A model with its metrics, seed by seed.
pub type Row<'a> = (String, Vec<&'a Metrics>);

/// Prints what there is to say of some models of one scene: a sentence on each, the headline, and
/// what each learned of every factor that isn't mere nuisance. Nothing where nothing was measured.
pub fn say(models: &[Row]) {
    let whole: Vec<&Row> = models.iter().filter(|(_, seeds)| !seeds.is_empty()).collect();
    let averaged: Vec<(&str, Metrics)> =
        (whole.iter()).filter_map(|(name, seeds)| Some((name.as_str(), average(seeds)?))).collect();
    let Some((_, first)) = averaged.first() else { return };
    if averaged.iter().all(|(_, metrics)| metrics.seeds == 1) {
        console::say(&ONE_SEED);
    }
    for (name, metrics) in &averaged {
        console::say(&sentence(metrics, name));
    }
    console::say(&headline(&whole, first));
    console::say(&CAUSAL_ERROR);
    console::say(&RELIANCE);
    if let Some(table) = factors(&whole, first) {
        console::say(&table);
    }
}

/// One line per model, several seeds as mean and standard deviation, beneath what is best.
fn headline(models: &[&Row], first: &Metrics) -> Table {
    let regimes = regimes(first);
    let mut head = vec![String::new()];
    head.extend(regimes.iter().cloned());
    let numbers = ["worst group", "reliance", "on", "grasp", "causal error", "C3 risk"];
    head.extend(numbers.map(str::to_owned));
    let best = |regime: &String| {
        first.evaluation.best_accuracy.get(regime).map_or(String::new(), |a| format!("{a:.3}"))
    };
    let mut best_row = vec!["best possible".to_owned()];
    best_row.extend(regimes.iter().map(best));
    best_row.extend(["", "0", "", "0", "0", ""].map(str::to_owned));
    let mut rows = vec![best_row];
    for (name, seeds) in models {
        let cell = |f: &dyn Fn(&Metrics) -> Option<f64>| {
            let values: Vec<f64> = seeds.iter().filter_map(|m| f(m)).collect();
            if values.is_empty() { "–".to_owned() } else { spread_of(&values) }
        };
        let mut row = vec![name.clone()];
        for regime in &regimes {
            row.push(cell(&|m| m.evaluation.accuracy.get(regime).copied()));
        }
        row.push(cell(&|m| m.evaluation.headline.worst_group));
        row.push(cell(&|m| m.evaluation.headline.reliance.mean));
        row.push(worst(seeds));
        row.push(cell(&|m| m.evaluation.headline.grasp));
        row.push(cell(&|m| m.evaluation.headline.causal_error));
        row.push(cell(&|m| m.evaluation.c3_risk.map(|risk| risk.total)));
        rows.push(row);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    console::table(&head, &rows)
}

/// The factor that is no cause and is relied on most, over all seeds, and how much.
fn worst(seeds: &[&Metrics]) -> String {
    let worst = average(seeds).map(|m| m.evaluation.headline.reliance);
    let named = worst.and_then(|w| Some((w.factor?, w.worst?)));
    named.map_or_else(|| "–".to_owned(), |(factor, value)| format!("{factor} {value:.3}"))
}

fn spread_of(values: &[f64]) -> String {
    let found = spread(values);
    match found.count {
        1 => format!("{:.3}", found.mean),
        _ => format!("{:.3} ± {:.3}", found.mean, found.deviation),
    }
}

/// A row for each factor that isn't mere nuisance: PNS of the class of interest, forward and
/// reversed, of the truth and of every model, and how much each model relies on it directly.
fn factors(models: &[&Row], first: &Metrics) -> Option<Table> {
    let all = &first.evaluation.causation;
    let places: Vec<usize> = (0..all.len()).filter(|&i| all[i].role != "Nuisance").collect();
    let class = all.first()?.of_interest()?.class.clone();
    let mut head =
        vec![format!("PNS of `{class}`, and reversed"), "true".to_owned(), "best".to_owned()];
    for (name, _) in models {
        head.extend([name.clone(), "direct reliance".to_owned()]);
    }
    let mut rows = Vec::new();
    for place in places {
        let factor = &all[place];
        let class = factor.of_interest()?;
        let both = |c: Option<Causation>| {
            c.map_or("–".to_owned(), |c| format!("{} {}", figure(c.pns), figure(c.reversed)))
        };
        let mut row = vec![factor.title(), both(class.truth), both(class.best)];
        for (_, seeds) in models {
            let of = |f: &dyn Fn(&FactorCausation) -> Option<f64>| {
                let values: Vec<f64> =
                    seeds.iter().filter_map(|m| f(m.evaluation.causation.get(place)?)).collect();
                if values.is_empty() { None } else { Some(spread(&values).mean) }
            };
            let pns = of(&|f| f.of_interest()?.total.pns);
            let reversed = of(&|f| f.of_interest()?.total.reversed);
            row.push(format!("{} {}", figure(pns), figure(reversed)));
            row.push(figure(of(&|f| f.reliance(Reach::Direct))));
        }
        rows.push(row);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    (!rows.is_empty()).then(|| console::table(&head, &rows))
}

/// All that was learned of the class of interest, with intervals, beside what is true.
#[must_use]
pub fn causation(metrics: &Metrics) -> Table {
    let interval = |value: Option<f64>, ends: Option<[f64; 2]>| match (value, ends) {
        (Some(v), Some([low, high])) => format!("{v:.3} [{low:.3}, {high:.3}]"),
        (value, _) => figure(value),
    };
    let rows: Vec<Vec<String>> = (metrics.evaluation.causation.iter())
        .filter_map(|f| {
            let class = f.of_interest()?;
            let (t, l) = (class.truth.unwrap_or_default(), class.total);
            let i = l.intervals.unwrap_or_default();
            let d = class.direct;
            Some(vec![
                f.title(),
                figure(t.pn),
                interval(l.pn, i.pn),
                figure(t.ps),
                interval(l.ps, i.ps),
                figure(t.pns),
                interval(l.pns, i.pns),
                figure(t.reversed),
                interval(l.reversed, i.reversed),
                interval(d.reliance, d.intervals.and_then(|i| i.reliance)),
            ])
        })
        .collect();
    let head = [
        "factor",
        "PN",
        "learned",
        "PS",
        "learned",
        "PNS",
        "learned",
        "reversed",
        "learned",
        "direct reliance",
    ];
    console::table(&head, &rows)
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"))
}

/// `iid`, `flipped`, `randomised`, then the others by name.
fn regimes(metrics: &Metrics) -> Vec<String> {
    let accuracy = &metrics.evaluation.accuracy;
    let standard = ["iid", "flipped", "randomised"];
    let known = standard.iter().filter(|r| accuracy.contains_key(**r));
    let others = accuracy.keys().filter(|r| !standard.contains(&r.as_str()));
    known.map(|r| (*r).to_owned()).chain(others.cloned()).collect()
}
