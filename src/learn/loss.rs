//! A loss as a weighted sum of named terms.

use dfdx::prelude::{TryAdd, TryMul};

use super::device::LearnDevice;
use super::tape::Scalar;
use super::{LearnError, StepLosses};

/// The terms that losses are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The method's task loss on the real branch.
    Sufficiency,
    /// The surrogate of the necessity risk on the hypothetical branch.
    Necessity,
    /// `L_v = KL(z || v)`.
    Instrument,
    /// `L_fe = max(0, KL(z || z_bar) - kl_budget)`.
    Divergence,
    /// The method's task loss on the rendered twins.
    Twin,
    /// The Jeffreys divergence between the verdicts on specimen and twin.
    Consistency,
}

impl Term {
    /// The term's name, as the fields of [`StepLosses`] are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sufficiency => "sufficiency",
            Self::Necessity => "necessity",
            Self::Instrument => "l_v",
            Self::Divergence => "l_fe",
            Self::Twin => "twin",
            Self::Consistency => "consistency",
        }
    }
}

/// `sum_t weight_t value_t`, at least one term (Eq. 10 for the C3R objectives).
pub struct Loss<D: LearnDevice> {
    values: Vec<(Term, f32)>,
    total: Scalar<D>,
}

impl<D: LearnDevice> Loss<D> {
    /// The loss that has the single term `weight * value`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn of(term: Term, weight: f32, value: Scalar<D>) -> Result<Self, D::Err> {
        let values = vec![(term, value.as_vec()[0])];
        Ok(Self { values, total: value.try_mul(weight)? })
    }

    /// This loss and the term `weight * value`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn and(mut self, term: Term, weight: f32, value: Scalar<D>) -> Result<Self, D::Err> {
        self.values.push((term, value.as_vec()[0]));
        self.total = self.total.try_add(value.try_mul(weight)?)?;
        Ok(self)
    }

    /// Every term's value, without its weight.
    #[must_use]
    pub fn values(&self) -> &[(Term, f32)] {
        &self.values
    }

    /// The sum on the host.
    #[must_use]
    pub fn total_value(&self) -> f32 {
        self.total.as_vec()[0]
    }

    /// The sum, in the graph.
    #[must_use]
    pub fn total(self) -> Scalar<D> {
        self.total
    }
}

/// The losses of the `step`-th update as figures.
///
/// # Errors
/// [`LearnError::Diverged`], naming the first term that isn't finite.
pub fn report(
    values: &[(Term, f32)],
    total: f32,
    accuracy: f64,
    step: usize,
) -> Result<StepLosses, LearnError> {
    let mut losses = StepLosses { accuracy, ..StepLosses::default() };
    let diverged = |term, value| LearnError::Diverged { step, term, value };
    for &(term, value) in values {
        if !value.is_finite() {
            return Err(diverged(term.name(), value));
        }
        let place = match term {
            Term::Sufficiency => &mut losses.sufficiency,
            Term::Necessity => &mut losses.necessity,
            Term::Instrument => &mut losses.l_v,
            Term::Divergence => &mut losses.l_fe,
            Term::Twin => &mut losses.twin,
            Term::Consistency => &mut losses.consistency,
        };
        *place = f64::from(value);
    }
    if !total.is_finite() {
        return Err(diverged("total", total));
    }
    losses.total = f64::from(total);
    Ok(losses)
}
