//! How a training ended.

use std::fmt;

use serde::Serialize;

use super::Entrant;
use crate::learn::{LearnError, StepLosses};

/// A loss above this, in nats a sample at the last update, is that of a model that has learned nothing:
/// guessing costs `ln K`.
const ENORMOUS: f64 = 1e4;

/// How a training ended. In JSON a word, or a word with what belongs to it:
/// `"trained"`, `{"diverged": {"step": 7, "term": "sufficiency", "value": null}}`. A value that isn't
/// finite is null there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingState {
    /// All updates were made, and losses and weights are those of a model.
    Trained,
    /// It was ended before all updates were made.
    Stopped {
        /// Updates that were made.
        step: usize,
    },
    /// A loss or a weight isn't finite, or is enormous.
    Diverged {
        /// The update at which it was seen, counted from 1; the last one for weights.
        step: usize,
        /// The term of the loss, as `losses.csv` calls it, or the tensor.
        term: String,
        /// Its value.
        value: f64,
    },
    /// It broke off for another reason, such as a device that failed.
    Failed {
        /// Updates that were made.
        step: usize,
        /// What was said.
        reason: String,
    },
}

impl TrainingState {
    /// The state after these updates of `steps` that were wanted.
    fn of(failure: Option<&LearnError>, curve: &[StepLosses], steps: usize) -> Self {
        let step = curve.len();
        let diverged = |step, term: &str, value| Self::Diverged { step, term: term.into(), value };
        match failure {
            Some(LearnError::Diverged { step, term, value }) => {
                return diverged(*step, term, f64::from(*value));
            }
            Some(LearnError::BrokenWeights { tensor, value }) => {
                return diverged(step, tensor, f64::from(*value));
            }
            Some(error) => return Self::Failed { step, reason: error.to_string() },
            None => {}
        }
        if let Some((term, value)) = curve.last().and_then(enormous) {
            return diverged(step, term, value);
        }
        if step < steps { Self::Stopped { step } } else { Self::Trained }
    }
}

/// The first term of a loss that is enormous, without its weight.
fn enormous(losses: &StepLosses) -> Option<(&'static str, f64)> {
    let StepLosses { sufficiency, necessity, l_v, l_fe, twin, consistency, .. } = *losses;
    let terms = [
        ("sufficiency", sufficiency),
        ("necessity", necessity),
        ("l_v", l_v),
        ("l_fe", l_fe),
        ("twin", twin),
        ("consistency", consistency),
    ];
    terms.into_iter().find(|(_, value)| !value.is_finite() || *value > ENORMOUS)
}

impl fmt::Display for TrainingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trained => write!(f, "trained"),
            Self::Stopped { step } => write!(f, "stopped after {step} updates"),
            Self::Diverged { step, term, value } => {
                write!(f, "diverged: `{term}` is {value:.4e} at update {step}")
            }
            Self::Failed { step, reason } => write!(f, "failed after {step} updates: {reason}"),
        }
    }
}

impl Entrant {
    /// How its training ended. That it predicts the same for every sample, which is no divergence,
    /// is for an evaluation to find.
    #[must_use]
    pub fn state(&self) -> TrainingState {
        TrainingState::of(self.failure.as_ref(), &self.curve, self.training.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(state: &TrainingState) -> String {
        serde_json::to_string(state).unwrap()
    }

    #[test]
    fn a_training_is_what_its_losses_and_weights_say() {
        let fine = StepLosses { total: 0.5, sufficiency: 0.5, ..StepLosses::default() };
        let of = |failure: Option<&LearnError>, curve: &[StepLosses]| {
            TrainingState::of(failure, curve, 3)
        };
        assert_eq!(of(None, &[fine; 3]), TrainingState::Trained);
        assert_eq!(of(None, &[fine; 2]), TrainingState::Stopped { step: 2 });
        let wild = StepLosses { l_fe: 2e4, ..fine };
        let found = of(None, &[fine, fine, wild]);
        let wanted = TrainingState::Diverged { step: 3, term: "l_fe".into(), value: 2e4 };
        assert_eq!((&found, found.to_string().contains("`l_fe`")), (&wanted, true), "{found}");
        assert_eq!(of(None, &[wild, wild, fine]), TrainingState::Trained, "it has recovered");
        // A heavy weight isn't a divergence.
        let heavy = StepLosses { total: 1e6, ..fine };
        assert_eq!(of(None, &[heavy; 3]), TrainingState::Trained);

        let nan = LearnError::Diverged { step: 3, term: "sufficiency", value: f32::NAN };
        let found = of(Some(&nan), &[fine; 2]);
        let wanted = r#"{"diverged":{"step":3,"term":"sufficiency","value":null}}"#;
        assert_eq!(json(&found), wanted);
        let weights = LearnError::BrokenWeights { tensor: "head.bias".into(), value: 1e9 };
        let wanted = TrainingState::Diverged { step: 3, term: "head.bias".into(), value: 1e9 };
        assert_eq!(of(Some(&weights), &[fine; 3]), wanted);
        let gone = of(Some(&LearnError::WorkerGone), &[fine]);
        assert!(
            matches!(&gone, TrainingState::Failed { step: 1, reason } if reason.contains("thread"))
        );
        assert_eq!(json(&TrainingState::Trained), "\"trained\"");
        assert_eq!(json(&TrainingState::Stopped { step: 2 }), r#"{"stopped":{"step":2}}"#);
    }
}
