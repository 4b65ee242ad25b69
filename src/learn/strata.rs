//! What `c3r-adjust` makes of a batch: how its strata weigh their samples.

use super::decision::Decision;

/// How many samples of a batch have each stratum and label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strata {
    classes: usize,
    /// Stratum by stratum, a count for every label.
    counts: Vec<u32>,
}

impl Strata {
    /// Counts the samples.
    pub fn of(strata: &[usize], labels: &[usize], classes: usize) -> Self {
        let mut counts = vec![0; classes * classes];
        for (stratum, label) in strata.iter().zip(labels) {
            counts[stratum * classes + label] += 1;
        }
        Self { classes, counts }
    }

    /// What was counted elsewhere, `classes * classes` numbers.
    pub const fn counted(counts: Vec<u32>, classes: usize) -> Self {
        Self { classes, counts }
    }

    /// The range of the weights that [`adjustment`](super::companion::adjustment) gives, how many
    /// samples of equal weight they are worth, and the share of every stratum. Nothing for an empty
    /// batch.
    pub fn decisions(&self) -> Vec<Decision> {
        let counts: Vec<f64> = self.counts.iter().map(|&count| f64::from(count)).collect();
        let all: f64 = counts.iter().sum();
        if all == 0.0 {
            return Vec::new();
        }
        let rows = counts.chunks_exact(self.classes);
        let inverse = |row: &[f64]| -> Vec<f64> {
            let total: f64 = row.iter().map(|count| count + 1.0).sum();
            row.iter().map(|count| total / (count + 1.0)).collect()
        };
        let plain: Vec<f64> = rows.clone().flat_map(inverse).collect();
        let cells = || counts.iter().zip(&plain).filter(|(count, _)| **count > 0.0);
        let sum: f64 = cells().map(|(count, weight)| count * weight).sum();
        let squares: f64 = cells().map(|(count, weight)| count * weight * weight).sum();
        let weights = || cells().map(|(_, weight)| weight * all / sum);
        let mut told = vec![
            Decision::new("weight_min", weights().fold(f64::INFINITY, f64::min)),
            Decision::new("weight_max", weights().fold(0.0, f64::max)),
            Decision::new("effective_samples", sum * sum / squares),
        ];
        let shares = rows.map(|row| row.iter().sum::<f64>() / all).enumerate();
        told.extend(shares.map(|(k, share)| Decision::new(format!("stratum.{k}"), share)));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::super::companion::adjustment;
    use super::*;

    #[test]
    fn what_is_told_of_strata_is_what_their_weights_are() {
        let strata: Vec<usize> = (0..160).map(|i| usize::from(i >= 100)).collect();
        let labels: Vec<usize> =
            (0..160).map(|i| usize::from((90..100).contains(&i) || i >= 130)).collect();
        let weights: Vec<f64> =
            adjustment(&strata, &labels, 2).into_iter().map(f64::from).collect();
        let told = Strata::of(&strata, &labels, 2).decisions();
        let sum: f64 = weights.iter().sum();
        let wanted = [
            ("weight_min", weights.iter().copied().fold(9.0, f64::min)),
            ("weight_max", weights.iter().copied().fold(0.0, f64::max)),
            ("effective_samples", sum * sum / weights.iter().map(|w| w * w).sum::<f64>()),
            ("stratum.0", 100.0 / 160.0),
            ("stratum.1", 60.0 / 160.0),
        ];
        assert_eq!(told.len(), wanted.len());
        for (told, (name, value)) in told.iter().zip(wanted) {
            assert_eq!(told.name, name);
            assert!((told.value / value - 1.0).abs() < 1e-5, "{told:?} {value}");
        }
        assert!(told[2].value < 100.0, "unequal weights are worth fewer samples");
        let alike = Strata::of(&[0; 4], &[0, 1, 0, 1], 2).decisions();
        assert_eq!((alike[0].value, alike[1].value, alike[2].value), (1.0, 1.0, 4.0));
        assert_eq!(Strata::of(&[], &[], 2).decisions(), []);
    }
}
