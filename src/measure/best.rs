//! The best possible model of a scene, measured as any other: it sees every factor that is shown, as
//! it is, and knows all but the noise of the label.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::causation::{FactorCausation, causation};
use super::condition::Source;
use super::table::{Answers, Column, Table};
use crate::causal::best::Best;
use crate::scene::{Regime, Stage};

/// The table that the best possible model fills under the conditions of another table, each regime
/// by the best model of that regime. Of a regime whose best model isn't known there are no columns.
#[must_use]
pub fn best_table(stage: &Stage, table: &Table) -> Table {
    let columns = table.columns.iter().filter_map(|column| {
        let regime = stage.regime(&column.source.regime)?;
        let predictions = predictions(stage, regime, column)?;
        Some(Column { answers: Answers { predictions, ..Answers::default() }, ..bare(column) })
    });
    let (scope, samples) = (Arc::clone(&table.scope), table.samples);
    Table { scope, samples, columns: columns.collect() }
}

/// A column without answers.
fn bare(column: &Column) -> Column {
    Column {
        source: column.source.clone(),
        condition: column.condition.clone(),
        world: Arc::clone(&column.world),
        answers: Answers::default(),
        inputs: None,
    }
}

fn predictions(stage: &Stage, regime: &Regime, column: &Column) -> Option<Vec<u32>> {
    let shown = stage.renderers.shows();
    let nodes: Vec<usize> = shown.iter().map(|&place| stage.factors[place].node).collect();
    let best = Best::of(&regime.scm, stage.label, &nodes)?;
    let places: Vec<usize> = (best.reads().iter())
        .filter_map(|node| stage.factors.iter().position(|factor| factor.node == *node))
        .collect();
    let width = stage.factors.len();
    let mut values = vec![0.0; regime.scm.len()];
    // Samples whose factors are the same get the same answer.
    let mut known: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
    let rows = 0..column.world.labels.len();
    let one = |row: usize| {
        let factors = column.world.row(row, width);
        let key: Vec<u64> = places.iter().map(|&place| factors[place].to_bits()).collect();
        *known.entry(key).or_insert_with(|| {
            places.iter().for_each(|&place| values[stage.factors[place].node] = factors[place]);
            best.predict(&values) as u32
        })
    };
    Some(rows.map(one).collect())
}

/// Puts what the best possible model would show beside what was learned.
pub fn beside(best: &Table, source: &Source, learned: &mut [FactorCausation]) {
    for (own, best) in learned.iter_mut().zip(causation(best, source)) {
        for (own, best) in own.classes.iter_mut().zip(best.classes) {
            own.best = Some(best.total).filter(|best| best.pns.is_some());
        }
    }
}
