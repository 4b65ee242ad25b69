//! Is V an instrument? The three conditions of Theorem 3.4, each as a number.
//!
//! | condition | measured as | of a valid instrument |
//! | --- | --- | --- |
//! | relevance: V depends on Z | bias-corrected distance correlation of V and Z | clearly above 0 |
//! | independence: V doesn't depend on what confounds | the same of V and each spurious factor or confounder | 0, give or take chance |
//! | exclusion: V tells nothing of Y that Z doesn't | partial distance correlation of V and Y given Z | 0, give or take chance |
//!
//! The paper argues for the second and third from the training of V; nothing in the objective
//! enforces them, so they are measured. Chance is of the order of `1 / rows`: a shuffled V says how
//! much. Three things to know when reading the figures:
//!
//! - Where the spurious factor comes along with the label, a V that depends on the label depends on
//!   it too. Measure independence on specimens whose spurious factors are randomised, or against
//!   the confounder's own noise.
//! - A V that is Z, but for a turn and a scale, has exclusion 0 because nothing is left of it.
//! - A partial distance correlation of 0 is neither necessary nor sufficient for independence
//!   given Z (see [`partial`]).

use serde::Serialize;

use super::distance_correlation::{corrected, partial};
use super::{Distances, StatisticError};

/// How V fares as an instrument. All figures are from -1 to 1, on the scale of a squared
/// correlation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instrument {
    /// Dependence of V and Z: above 0 where V is valid.
    pub relevance: f64,
    /// Dependence of V and each spurious factor or confounder: 0 where V is valid.
    pub independence: Vec<f64>,
    /// Dependence of V and Y given Z: 0 where V is valid.
    pub exclusion: f64,
}

/// Measures the three conditions on the same specimens' V, representation Z and label Y, with the
/// factors that V must not depend on. A label of several classes is best given one column a class.
///
/// # Errors
/// Tables of different length, or of fewer than four rows.
pub fn instrument(
    v: &Distances,
    z: &Distances,
    y: &Distances,
    spurious: &[Distances],
) -> Result<Instrument, StatisticError> {
    Ok(Instrument {
        relevance: corrected(v, z)?,
        independence: spurious
            .iter()
            .map(|factor| corrected(v, factor))
            .collect::<Result<_, _>>()?,
        exclusion: partial(v, y, z)?,
    })
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution as _, StandardNormal};

    use super::super::Table;
    use super::*;
    use crate::causal::noise::{StreamId, stream};

    /// A linear model with instrument v and confounder u: z = v + u + noise, y = z + u + noise.
    /// Then v and u made worse: v that leans on u, v that speaks to y directly.
    fn model(lean: f64, direct: f64) -> Instrument {
        let mut noise = stream(3, 0, StreamId::of("test"));
        let mut draw = || -> f64 { StandardNormal.sample(&mut noise) };
        let mut columns = [const { Vec::new() }; 4];
        for _ in 0..800 {
            let u = draw();
            let v = draw() + lean * u;
            let z = v + 0.3 * u + 0.3 * draw();
            let y = z + direct * v + 0.3 * draw();
            for (column, value) in columns.iter_mut().zip([v, z, y, u]) {
                column.push(value);
            }
        }
        let [v, z, y, u] = columns.map(|c| Distances::of(&Table::column_of(&c).unwrap()));
        instrument(&v, &z, &y, &[u]).unwrap()
    }

    #[test]
    fn a_valid_instrument_is_told_from_others() {
        let valid = model(0.0, 0.0);
        assert!(valid.relevance > 0.5, "{valid:?}");
        assert!(valid.independence[0].abs() < 0.02, "{valid:?}");
        assert!(valid.exclusion.abs() < 0.1, "{valid:?}");
        let leaning = model(1.0, 0.0);
        assert!(leaning.independence[0] > 0.3, "{leaning:?}");
        let direct = model(0.0, 2.0);
        assert!(direct.exclusion > 0.5, "{direct:?}");
    }

    #[test]
    fn tables_of_other_specimens_are_refused() {
        let of = |rows: usize| {
            let values: Vec<f64> = (0..rows).map(|i| i as f64).collect();
            Distances::of(&Table::column_of(&values).unwrap())
        };
        assert!(instrument(&of(5), &of(5), &of(5), &[of(6)]).is_err());
        assert!(instrument(&of(5), &of(5), &of(6), &[]).is_err());
        assert!(instrument(&of(3), &of(3), &of(3), &[]).is_err());
        assert_eq!(instrument(&of(5), &of(5), &of(5), &[]).unwrap().exclusion, 0.0);
    }
}
