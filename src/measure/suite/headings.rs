//! Where counterfactual representations head: the way of which factors they go.
//!
//! Each factor is set to the other end of its contrast in each specimen, and the twin rendered: that
//! moves the representation some way. A counterfactual moves it another way; the cosine of the two
//! says whether it goes where a change of that factor would take it. In a representation of causes
//! alone a step to the other label goes the way of the cause and not that of its companion.

use super::Subject;
use super::seen::{iid, z};
use crate::measure::condition::Condition;
use crate::measure::table::Table;

/// Rows of which a mean is taken at the least.
const FEW: usize = 8;

/// What a change of one factor does to the representations of some specimens.
pub(super) struct Way {
    /// The factor's place in the scene.
    pub factor: usize,
    /// Position among the specimens, and how its representation moves. Of those only whose cause and
    /// whose factor change in the same direction, both to or both from `present`.
    moves: Vec<(usize, Vec<f64>)>,
}

/// The ways of all factors from the representations of the samples `chosen`, whose `cause` a
/// counterfactual is to change. `own` has their representations, row by row.
pub(super) fn ways(
    subject: &Subject,
    table: &Table,
    cause: usize,
    chosen: &[usize],
    own: &[f64],
) -> Option<Vec<Way>> {
    let rows = chosen.iter().max().map_or(0, |last| last + 1);
    let (stage, source) = (subject.stage, iid(subject.stage));
    let natural = table.natural(&source)?;
    let width = stage.factors.len();
    let mut direction = vec![0.0; rows];
    let mut ways = Vec::new();
    let others = (0..width).filter(|&factor| factor != cause);
    for factor in std::iter::once(cause).chain(others) {
        let away = table.column(&source, &Condition::Away(factor))?;
        let (z, values) = z(away, rows);
        let declared = &stage.factors[factor];
        let change = |row: usize| {
            let moved = away.world.row(row, width)[factor] - natural.world.row(row, width)[factor];
            (moved / (declared.present - declared.absent)).signum()
        };
        if factor == cause {
            direction = (0..rows).map(change).collect();
        }
        let alike = chosen.iter().enumerate().filter(|(_, row)| change(**row) == direction[**row]);
        let moves = alike.map(|(i, &row)| {
            let there = &values[row * z.width..(row + 1) * z.width];
            (i, minus(there, &own[i * z.width..(i + 1) * z.width]))
        });
        ways.push(Way { factor, moves: moves.collect() });
    }
    ways.sort_by_key(|way| way.factor);
    Some(ways)
}

impl Way {
    /// The mean cosine between this way and that from `own` to `guess`, specimen by specimen; none
    /// where fewer than eight specimens move at all.
    pub fn cosine(&self, own: &[f64], guess: &[f64]) -> Option<f64> {
        let cosines: Vec<f64> = self
            .moves
            .iter()
            .filter_map(|(i, way)| {
                let at = i * way.len()..(i + 1) * way.len();
                let step = minus(&guess[at.clone()], &own[at]);
                let lengths = (dot(way, way) * dot(&step, &step)).sqrt();
                (lengths > 1e-12).then(|| dot(way, &step) / lengths)
            })
            .collect();
        (cosines.len() >= FEW).then(|| cosines.iter().sum::<f64>() / cosines.len() as f64)
    }
}

fn minus(to: &[f64], from: &[f64]) -> Vec<f64> {
    to.iter().zip(from).map(|(to, from)| to - from).collect()
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_along_the_way_has_cosine_one_and_one_that_stays_has_none() {
        let own = [0.0, 0.0].repeat(FEW);
        let moves = (0..FEW).map(|i| (i, vec![3.0, 4.0])).collect();
        let way = Way { factor: 0, moves };
        let near = |guess: &[f64], cosine: f64| {
            let found = way.cosine(&own, &guess.repeat(FEW)).unwrap();
            assert!((found - cosine).abs() < 1e-12, "{found}");
        };
        near(&[0.3, 0.4], 1.0);
        near(&[-3.0, -4.0], -1.0);
        near(&[4.0, -3.0], 0.0);
        assert_eq!(way.cosine(&own, &own), None);
    }
}
