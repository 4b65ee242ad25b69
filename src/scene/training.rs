//! The `training` section of a scene: method, objective, every weight, every budget.
//!
//! The names of the weights follow the paper and `lambda_v`, `lambda_fe` its released code. What a
//! weight multiplies is said at the field; where the paper gives no value, the default is ours.

mod method;
mod objective;

use serde::{Deserialize, Serialize};

pub use method::Method;
pub use objective::Objective;

/// How far `z` is from the instrument `v` in `L_v` (the paper's appendix H.7). All but `Mse` are
/// between the softmaxes p of z and q of v over feature dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distance {
    /// `sum p log(p / q)`, as in Eq. 10.
    #[default]
    Kl,
    /// `|z - v|^2 / width`.
    Mse,
    /// `-sum p log q`.
    CrossEntropy,
    /// `sum |P - Q| / width` with the cumulated P and Q: the first Wasserstein distance between p
    /// and q on feature dimensions laid out from 0 to 1 in their order.
    Wasserstein,
}

/// How far the gradient counterfactual moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// `z + eta grad`: the step shrinks as the model grows confident.
    Raw(f32),
    /// `z + r spread grad / |grad|`, with the spread of z over the batch (root mean square
    /// distance from its mean), detached: every specimen moves, however confident.
    Spread(f32),
}

/// The settings of one training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// The host model.
    pub method: Method,
    /// The objective.
    pub objective: Objective,
    /// Specimens per frame, and so per update.
    pub batch: usize,
    /// Updates.
    pub steps: usize,
    /// Learning rate of Adam.
    pub learning_rate: f32,
    /// Width of each modality's features h.
    pub features: usize,
    /// Width of the joint representation Z.
    pub representation: usize,
    /// Weight of the sufficiency term, the task loss on the real branch.
    pub lambda_s: f32,
    /// Weight of the necessity term on the hypothetical branch.
    pub lambda_n: f32,
    /// Weight of `L_v = KL(z || v)`, which draws z towards the instrument.
    pub lambda_v: f32,
    /// The distance that stands for KL in `L_v`.
    pub distance: Distance,
    /// Weight of `L_fe = max(0, KL(z || z_bar) - kl_budget)`.
    pub lambda_fe: f32,
    /// What the hypothetical branch may differ from the real one for free, in nats.
    pub kl_budget: f32,
    /// The counterfactual step of `C3r`.
    pub step: Step,
    /// The counterfactual step of `C3rLiteral`.
    pub literal_step: Step,
    /// `gamma` of Eq. 6: weight of the feature distance in the attention score.
    pub distance_weight: f32,
    /// Whether `L_v` sees the instrument as a constant (true) or trains it as well.
    pub detach_instrument: bool,
    /// From how many samples at the full learning rate the biased second model learns in all. That of
    /// `C3rAdjust` learns slowly from all: its rate is the [share](Self::exposure_share) of them that
    /// this is. That of `C3rDiscount` learns from so many (its last batch is a whole one), then no
    /// more.
    pub exposure_samples: f32,
    /// The exposure as older files have it, in updates: read in place of `exposure_samples`, and none
    /// ever after ([`Self::in_samples`]).
    #[serde(skip_serializing)]
    pub companion_exposure: Option<f32>,
    /// How much of what the second model of `C3rDiscount` says is discounted: 1 is all that its
    /// verdict says by itself, and more is for what it says together with causes.
    pub discount: f32,
    /// How far the share of samples that `C3rDiscount` predicts rightly without what is discounted may
    /// lag behind the share with it, from a quarter of the updates on, before it stops discounting.
    pub discount_lag: f64,
    /// Weight of the task loss on every modality's features alone, in `C3rDiscount`.
    pub lambda_alone: f32,
    /// The model of `C3rDiscount` that judges is a running mean of the one that learns: this is the
    /// share of it that stays in an update. 0 is no mean.
    pub averaging: f32,
    /// Weight of `Qmf`'s ranking loss.
    pub lambda_rank: f32,
    /// Weight of the task loss on the rendered twin, in `C3rTwin`.
    pub lambda_twin: f32,
    /// Weight of the divergence between the verdicts on specimen and twin where the label stays.
    pub lambda_consistency: f32,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            method: Method::Concat,
            objective: Objective::Erm,
            batch: 256,
            steps: 800,
            learning_rate: 1e-3,
            features: 64,
            representation: 64,
            lambda_s: 1.0,
            lambda_n: 1.0,
            lambda_v: 0.75,
            distance: Distance::Kl,
            lambda_fe: 0.4,
            kl_budget: 0.1,
            step: Step::Spread(1.0),
            literal_step: Step::Raw(1.0),
            distance_weight: 0.1,
            detach_instrument: true,
            exposure_samples: 3840.0,
            companion_exposure: None,
            discount: 1.25,
            discount_lag: 0.1,
            lambda_alone: 0.3,
            averaging: 0.95,
            lambda_rank: 1.0,
            lambda_twin: 3.0,
            lambda_consistency: 3.0,
        }
    }
}

impl Training {
    /// The same with its exposure in samples, where an older file has it in updates of this batch.
    #[must_use]
    pub fn in_samples(self) -> Self {
        let exposure_samples = match self.companion_exposure {
            Some(updates) => updates * self.batch as f32,
            None => self.exposure_samples,
        };
        Self { exposure_samples, companion_exposure: None, ..self }
    }

    /// The exposure as a share of all samples that are trained on, 1 at the most.
    #[must_use]
    pub fn exposure_share(&self) -> f64 {
        let all = self.steps.saturating_mul(self.batch).max(1);
        (f64::from(self.exposure_samples) / all as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{check, load, read, to_ron, with_overrides};

    const DUCK: &str = include_str!("../../scenes/duck.ron");

    fn with(training: &str) -> String {
        assert!(DUCK.contains("training: (batch: 256, steps: 600)"));
        DUCK.replace("training: (batch: 256, steps: 600)", &format!("training: ({training})"))
    }

    #[test]
    fn an_exposure_in_updates_is_read_as_samples() {
        let read = |training: &str| read(&with(training), "a.ron").unwrap();
        let old = read("batch: 128, companion_exposure: 15.0");
        assert_eq!(old.training.exposure_samples, 1920.0);
        assert_eq!(old, read("batch: 128, exposure_samples: 1920.0"));
        let written = to_ron(&old);
        assert!(written.contains("exposure_samples") && !written.contains("companion_exposure"));
        assert_eq!(read("batch: 64").training.exposure_samples, 3840.0);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/duck.ron");
        let old = ["training.companion_exposure=5.0".to_owned()];
        let error = with_overrides(load(&path).unwrap(), &old).unwrap_err().to_string();
        assert!(error.contains("training.exposure_samples"), "{error}");
    }

    #[test]
    fn the_share_of_an_exposure_is_one_of_samples() {
        let share = |batch, steps| {
            Training { batch, steps, ..Training::default() }.exposure_share().to_bits()
        };
        assert_eq!(share(256, 800), (15.0_f64 / 800.0).to_bits(), "as in updates of 256");
        assert_eq!(share(32, 6400), share(256, 800));
        assert_eq!(share(32, 10), 1.0_f64.to_bits(), "never above the full rate");
    }

    #[test]
    fn a_lag_is_a_share() {
        let scene = |lag: &str| check(&with(&format!("discount_lag: {lag}")), "a.ron");
        assert_eq!(scene("0.25").unwrap().training.discount_lag, 0.25);
        for wrong in ["1.5", "-0.1", "NaN"] {
            let error = scene(wrong).unwrap_err().to_string();
            assert!(error.contains("discount_lag") && error.contains("from 0 to 1"), "{error}");
        }
    }
}
