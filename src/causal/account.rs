//! The full account of one factor and one class: the truth, what others would say, and why they err.

use serde::Serialize;

use super::assumption::{exogeneity, monotonicity};
use super::bounds::{Evidence, Identified};
use super::causation::{Direction, Truth};
use super::estimate::{Adjusted, Strata, Tested};
use super::tally::Tally;

/// The truth about a factor and a class beside bounds and estimates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// The truth.
    pub truth: Values,
    /// The 95% intervals of PN, PS and PNS where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<[[f64; 2]; 3]>,
    /// The truth in the other direction: the factor's values exchanged.
    pub reversed: Values,
    /// What is observed and what experiments show.
    pub evidence: Probabilities,
    /// The bounds of Tian and Pearl.
    pub bounds: Intervals,
    /// Whether they hold the truth; counted ones are counted over the same specimens.
    pub bounds_cover: bool,
    /// From observation alone, under exogeneity and monotonicity.
    pub observational: Estimate,
    /// From observation and experiment, under monotonicity: Eq. 2, 3 and 4.
    pub theorem_3_2: Estimate,
    /// By adjusting for V: Eq. 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theorem_3_3: Option<Adjustment>,
    /// `P(y | do(x)) = P(y | x)`, and the same for x'.
    pub exogeneity: Tested,
    /// Nobody has y under do(x') and not under do(x).
    pub monotonicity: Tested,
    /// Both hold, and the factor isn't continuous: then observation alone tells the truth.
    pub observation_suffices: bool,
    /// What fails, and what follows, in plain words.
    pub notes: Vec<String>,
}

/// PN, PS and PNS.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Values {
    /// Probability of necessity; `None` where its condition never holds.
    pub pn: Option<f64>,
    /// Probability of sufficiency; `None` where its condition never holds.
    pub ps: Option<f64>,
    /// Probability of necessity and sufficiency.
    pub pns: f64,
}

impl From<Direction> for Values {
    fn from(Direction { pn, ps, pns }: Direction) -> Self {
        Self { pn, ps, pns }
    }
}

/// An estimate with its error: what it says less what is true.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    #[serde(flatten)]
    pub values: Values,
    /// Its error.
    pub error: Values,
}

/// Lower and upper bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Intervals {
    /// Of PN.
    pub pn: [f64; 2],
    /// Of PS.
    pub ps: [f64; 2],
    /// Of PNS.
    pub pns: [f64; 2],
}

/// Probabilities behind bounds and estimates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probabilities {
    /// `P(y)`.
    pub y: f64,
    /// `P(x, y)`.
    pub xy: f64,
    /// `P(x', not y)`.
    pub neither: f64,
    /// `P(y | x)`.
    pub y_given_x: f64,
    /// `P(y | x')`.
    pub y_given_not_x: f64,
    /// `P(y | do(x))`.
    pub y_do_x: f64,
    /// `P(y | do(x'))`.
    pub y_do_not_x: f64,
    /// The number of specimens over which they are counted; none where they are exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specimens: Option<usize>,
}

/// Eq. 5 with a given V, and what is beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Adjustment {
    /// The name of V.
    pub instrument: String,
    /// The contrast of Eq. 5, meant to be PNS.
    pub pns: f64,
    /// Its error.
    pub error: f64,
    /// The number of strata of V.
    pub strata: usize,
    /// Whether V is continuous and its strata are bins of equal mass.
    pub binned: bool,
    /// The probability of strata in which one value of the factor never holds: they are left out.
    pub dropped: f64,
    /// `P(y | x) - P(y | x')`, for comparison.
    pub observed: f64,
    /// Wald's estimator, of a V with two values that moves the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wald: Option<f64>,
    /// V is independent of Y given the factor.
    pub v_independent_of_y: Tested,
    /// The factor is independent of V; Theorem 3.3 wants that it isn't.
    pub factor_independent_of_v: Tested,
    /// The number of specimens over which this is counted; none where it's exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specimens: Option<usize>,
}

impl Account {
    /// The account of a class, with the strata of a named V where one is given.
    #[must_use]
    pub fn of(tally: &Tally, class: usize, instrument: Option<(&str, &Strata)>) -> Self {
        let (truth, evidence) = (tally.truth(class), Evidence::from_tally(tally, class));
        let bounds = evidence.tian_pearl();
        let mut account = Self {
            truth: truth.forward.into(),
            intervals: truth.intervals,
            reversed: truth.reversed.into(),
            evidence: probabilities(&evidence),
            bounds: Intervals { pn: bounds.pn, ps: bounds.ps, pns: bounds.pns },
            bounds_cover: bounds.cover(&truth),
            observational: estimate(evidence.observational(), &truth),
            theorem_3_2: estimate(evidence.monotone(), &truth),
            theorem_3_3: instrument.map(|(name, strata)| adjustment(name, strata, class, &truth)),
            exogeneity: exogeneity(tally, class),
            monotonicity: monotonicity(tally, class),
            observation_suffices: false,
            notes: Vec::new(),
        };
        account.observation_suffices =
            account.exogeneity.holds && account.monotonicity.holds && !tally.continuous;
        let third = evidence.other_y + evidence.other_not_y > 0.0;
        account.notes = account.remarks(tally.continuous, third);
        account
    }

    fn remarks(&self, continuous: bool, third: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if continuous {
            notes.push(
                "continuous: observed x and x' are the halves of the range nearer to each, so \
                 that the bounds rest on experiments alone, and Eq. 3 and 4, which are for two \
                 values, can't be trusted"
                    .to_owned(),
            );
        }
        if third {
            notes.push("more than two values: Eq. 3 and 4 are for two".to_owned());
        }
        if !self.exogeneity.holds {
            notes.push(format!(
                "not exogenous: P(y | x) is off P(y | do(x)) by up to {:.4}, so the observational \
                 estimate can't be trusted",
                self.exogeneity.gap
            ));
        }
        if !self.monotonicity.holds {
            notes.push(format!(
                "not monotone: {:.4} of all lose y by having x, so Eq. 2 to 4 and the observational \
                 estimate can't be trusted",
                self.monotonicity.gap
            ));
        }
        if let Some(adjustment) = &self.theorem_3_3 {
            adjustment.remark(self.monotonicity.holds, &mut notes);
        }
        notes
    }
}

impl Adjustment {
    fn remark(&self, monotone: bool, notes: &mut Vec<String>) {
        let v = &self.instrument;
        if self.dropped > 0.0 {
            notes.push(format!(
                "V = {v}: strata of {:.4} of all never show both x and x' and are left out",
                self.dropped
            ));
        }
        if self.factor_independent_of_v.holds {
            notes.push(format!("V = {v} doesn't move the factor: nothing is adjusted for"));
        }
        if self.v_independent_of_y.holds {
            notes.push(format!(
                "V = {v} is independent of y given the factor, as Theorem 3.3 assumes: then Eq. 5 \
                 is no more than the observed contrast"
            ));
        } else {
            notes.push(format!(
                "V = {v} isn't independent of y given the factor (by up to {:.4}), against \
                 Theorem 3.3: Eq. 5 is right only if V is all that confounds",
                self.v_independent_of_y.gap
            ));
        }
        if !monotone {
            notes.push("Eq. 5 is at best the effect P(y | do(x)) - P(y | do(x')), not PNS".into());
        }
    }
}

fn probabilities(evidence: &Evidence) -> Probabilities {
    Probabilities {
        y: evidence.y(),
        xy: evidence.xy,
        neither: evidence.neither,
        y_given_x: evidence.y_given_x(),
        y_given_not_x: evidence.y_given_not_x(),
        y_do_x: evidence.y_do_x,
        y_do_not_x: evidence.y_do_not_x,
        specimens: evidence.trials,
    }
}

fn estimate(found: Identified, truth: &Truth) -> Estimate {
    let Identified { pn, ps, pns } = found;
    let Direction { pn: true_pn, ps: true_ps, pns: true_pns } = truth.forward;
    // What is undefined is estimated by nobody.
    let values = Values { pn: true_pn.map(|_| pn), ps: true_ps.map(|_| ps), pns };
    let error =
        Values { pn: true_pn.map(|t| pn - t), ps: true_ps.map(|t| ps - t), pns: pns - true_pns };
    Estimate { values, error }
}

fn adjustment(name: &str, strata: &Strata, class: usize, truth: &Truth) -> Adjustment {
    let Adjusted { contrast, dropped } = strata.adjusted(class);
    Adjustment {
        instrument: name.to_owned(),
        pns: contrast,
        error: contrast - truth.forward.pns,
        strata: strata.len(),
        binned: strata.binned,
        dropped,
        observed: strata.observed(class),
        wald: strata.wald(class),
        v_independent_of_y: strata.v_independent_of_y(class),
        factor_independent_of_v: strata.z_independent_of_v(),
        specimens: strata.how.trials(),
    }
}
