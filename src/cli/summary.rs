//! The figures of runs as a table on the terminal.

use comfy_table::Table;

use super::console;
use crate::experiment::spread;
use crate::measure::Metrics;

/// One line per objective, several seeds as mean and standard deviation, beneath the truth.
#[must_use]
pub fn table(objectives: &[(String, Vec<&Metrics>)]) -> Option<Table> {
    let first = objectives.iter().find_map(|(_, seeds)| seeds.first())?;
    let regimes = regimes(first);
    let factors: Vec<usize> =
        (0..first.causation.len()).filter(|&i| first.causation[i].role != "Nuisance").collect();
    let mut head = vec!["objective".to_owned()];
    head.extend(regimes.iter().cloned());
    head.extend(factors.iter().map(|&i| format!("PNS {}", first.causation[i].factor)));
    head.extend(["causal error".to_owned(), "C3 risk".to_owned()]);
    let mut truth = vec!["truth".to_owned()];
    truth.extend(regimes.iter().map(|_| String::new()));
    truth.extend(factors.iter().map(|&i| format!("{:.3}", first.causation[i].truth.pns)));
    truth.extend(["0".to_owned(), String::new()]);
    let mut rows = vec![truth];
    for (name, seeds) in objectives.iter().filter(|(_, seeds)| !seeds.is_empty()) {
        let cell = |f: &dyn Fn(&Metrics) -> f64| {
            let values: Vec<f64> = seeds.iter().map(|m| f(m)).collect();
            let found = spread(&values);
            match found.count {
                1 => format!("{:.3}", found.mean),
                _ => format!("{:.3} ± {:.3}", found.mean, found.deviation),
            }
        };
        let mut row = vec![name.clone()];
        for regime in &regimes {
            row.push(cell(&|m| m.accuracy.get(regime).copied().unwrap_or(f64::NAN)));
        }
        for &i in &factors {
            row.push(cell(&|m| m.causation[i].learned.pns));
        }
        row.push(cell(&|m| m.causal_error));
        row.push(cell(&|m| m.c3_risk.total));
        rows.push(row);
    }
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    Some(console::table(&head, &rows))
}

/// `iid`, `flipped`, `randomised`, then the others by name.
fn regimes(metrics: &Metrics) -> Vec<String> {
    let standard = ["iid", "flipped", "randomised"];
    let known = standard.iter().filter(|r| metrics.accuracy.contains_key(**r));
    let others = metrics.accuracy.keys().filter(|r| !standard.contains(&r.as_str()));
    known.map(|r| (*r).to_owned()).chain(others.cloned()).collect()
}
