//! The exact joint distribution of a few nodes.

/// An exact joint distribution of a few nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joint {
    /// Each combination of values with its probability, in the order of first appearance.
    cases: Vec<(Vec<f64>, f64)>,
}

impl Joint {
    /// The distribution of cases that differ from each other.
    pub(super) const fn of(cases: Vec<(Vec<f64>, f64)>) -> Self {
        Self { cases }
    }

    /// Makes the probabilities add up to 1, given what was left out.
    pub(super) fn normalise(&mut self) {
        let sum: f64 = self.cases.iter().map(|(_, p)| p).sum();
        if sum > 0.0 && sum != 1.0 {
            self.cases.iter_mut().for_each(|(_, p)| *p /= sum);
        }
    }

    /// The combinations with their probabilities.
    #[must_use]
    pub fn cases(&self) -> &[(Vec<f64>, f64)] {
        &self.cases
    }

    /// The probability of an event.
    #[must_use]
    pub fn probability(&self, event: impl Fn(&[f64]) -> bool) -> f64 {
        self.cases.iter().filter(|(v, _)| event(v)).map(|(_, p)| p).sum()
    }

    /// `P(event | given)`, or 0 where the condition never holds.
    #[must_use]
    pub fn conditional(
        &self,
        event: impl Fn(&[f64]) -> bool,
        given: impl Fn(&[f64]) -> bool,
    ) -> f64 {
        let condition = self.probability(&given);
        if condition > 0.0 { self.probability(|v| given(v) && event(v)) / condition } else { 0.0 }
    }

    /// Pearson's correlation of the a-th and b-th node; 0 where one of them is constant.
    #[must_use]
    pub fn correlation(&self, a: usize, b: usize) -> f64 {
        let mean =
            |f: &dyn Fn(&[f64]) -> f64| self.cases.iter().map(|(v, p)| p * f(v)).sum::<f64>();
        let (ma, mb) = (mean(&|v| v[a]), mean(&|v| v[b]));
        let covariance = mean(&|v| (v[a] - ma) * (v[b] - mb));
        let scale = mean(&|v| (v[a] - ma).powi(2)) * mean(&|v| (v[b] - mb).powi(2));
        if scale > 0.0 { covariance / scale.sqrt() } else { 0.0 }
    }
}
