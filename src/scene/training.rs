//! The `training` section of a scene: method, objective, every weight, every budget.
//!
//! The names of the weights follow the paper and `lambda_v`, `lambda_fe` its released code. What a
//! weight multiplies is said at the field; where the paper gives no value, the default is ours.

use serde::{Deserialize, Serialize};

/// How the modalities are joined into one verdict: the host model that C3R is plugged into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Features of all modalities side by side, one joint network and one linear head.
    #[default]
    Concat,
    /// One linear head per modality; the logits are averaged and every branch has its own loss.
    Late,
    /// Pictures alone.
    Image,
    /// Sounds alone.
    Audio,
    /// Sentences alone, as counts of their words.
    Text,
    /// Features of all modalities drawn to one distribution, then averaged (AlignMML).
    Align,
    /// Late fusion that weighs each modality by its energy (QMF).
    Qmf,
    /// Evidence of each modality, combined by a rule of Dempster (TMC).
    Tmc,
    /// TMC with C3R on every modality's own evidence, in place of an auxiliary head.
    TmcViews,
    /// Mean and variance over whichever modalities there are (HMIS).
    Hemis,
    /// Features split in a shared and a specific half (SimMMDG).
    SimMmdg,
    /// Sentences alone, as the sum of frozen random embeddings of their words (Bow).
    Bow,
    /// Sentences alone, read by a small transformer that is not pretrained (BERT-lite).
    Bert,
    /// `Concat` with `Bow`'s encoder for the text (ConcatBow).
    ConcatBow,
    /// `Concat` with `Bert`'s encoder for the text (ConcatBERT).
    ConcatBert,
    /// One transformer over patches and words of all modalities (MMBT), not pretrained.
    Mmbt,
    /// Modalities that are best at a class teach the others (LCKD).
    Lckd,
    /// Features drawn together without labels, then held fixed under a linear probe (CLIP-style).
    Clip,
    /// `Clip` from noisy pairs, with smoothed targets and encoders of its own (ALIGN-style).
    AlignItc,
    /// Every modality's channels gated by what all modalities see, at two levels (MMTM).
    Mmtm,
    /// Gaussians of each modality multiplied, and every modality reconstructed (HVED).
    Hved,
    /// A transformer within each modality and one across all (mmFormer).
    Mmfm,
    /// Content gated and fused, with each modality's style apart from it (RobustSeg).
    Rseg,
}

/// What the model is trained to minimise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objective {
    /// The method's task loss alone.
    #[default]
    Erm,
    /// Eq. 10 with the counterfactual step turned round (ascent), so that necessity can be met.
    C3r,
    /// Eq. 10 as the paper words it: the step descends, and the risk is never below one.
    C3rLiteral,
    /// Eq. 5 read as a back-door adjustment, with the verdict of a slow second model for V.
    C3rAdjust,
    /// Eq. 5 in logits: what a companion says that learned from the first updates alone is told
    /// the model beforehand, as far as the companion is one, and every modality learns by itself too.
    C3rDiscount,
    /// The hypothetical branch is the rendered twin of each specimen under a do-operation.
    C3rTwin,
}

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

impl Method {
    /// All methods, in the order in which they are listed.
    pub const ALL: [Self; 23] = [
        Self::Concat,
        Self::Late,
        Self::Image,
        Self::Audio,
        Self::Text,
        Self::Align,
        Self::Qmf,
        Self::Tmc,
        Self::TmcViews,
        Self::Hemis,
        Self::SimMmdg,
        Self::Bow,
        Self::Bert,
        Self::ConcatBow,
        Self::ConcatBert,
        Self::Mmbt,
        Self::Lckd,
        Self::Clip,
        Self::AlignItc,
        Self::Mmtm,
        Self::Hved,
        Self::Mmfm,
        Self::Rseg,
    ];

    /// The modality that a method of a single one looks at.
    #[must_use]
    pub const fn modality(self) -> Option<&'static str> {
        match self {
            Self::Image => Some("image"),
            Self::Audio => Some("audio"),
            Self::Text | Self::Bow | Self::Bert => Some("text"),
            Self::Concat
            | Self::Late
            | Self::Align
            | Self::Qmf
            | Self::Tmc
            | Self::TmcViews
            | Self::Hemis
            | Self::SimMmdg
            | Self::ConcatBow
            | Self::ConcatBert
            | Self::Mmbt
            | Self::Lckd
            | Self::Clip
            | Self::AlignItc
            | Self::Mmtm
            | Self::Hved
            | Self::Mmfm
            | Self::Rseg => None,
        }
    }

    /// The most modalities that it can join, where there is a limit.
    #[must_use]
    pub const fn most_modalities(self) -> Option<usize> {
        match self {
            // It takes the product of every subset.
            Self::Hved => Some(8),
            Self::Concat
            | Self::Late
            | Self::Image
            | Self::Audio
            | Self::Text
            | Self::Align
            | Self::Qmf
            | Self::Tmc
            | Self::TmcViews
            | Self::Hemis
            | Self::SimMmdg
            | Self::Bow
            | Self::Bert
            | Self::ConcatBow
            | Self::ConcatBert
            | Self::Mmbt
            | Self::Lckd
            | Self::Clip
            | Self::AlignItc
            | Self::Mmtm
            | Self::Mmfm
            | Self::Rseg => None,
        }
    }

    /// Whether it draws modalities together by pairs, and so needs two.
    #[must_use]
    pub const fn needs_pairs(self) -> bool {
        match self {
            Self::Clip | Self::AlignItc => true,
            Self::Concat
            | Self::Late
            | Self::Image
            | Self::Audio
            | Self::Text
            | Self::Align
            | Self::Qmf
            | Self::Tmc
            | Self::TmcViews
            | Self::Hemis
            | Self::SimMmdg
            | Self::Bow
            | Self::Bert
            | Self::ConcatBow
            | Self::ConcatBert
            | Self::Mmbt
            | Self::Lckd
            | Self::Mmtm
            | Self::Hved
            | Self::Mmfm
            | Self::Rseg => false,
        }
    }

    /// Whether it reads the words of a text one by one, beyond their counts, and needs a text.
    #[must_use]
    pub const fn reads_words(self) -> bool {
        match self {
            Self::Bow | Self::Bert | Self::ConcatBow | Self::ConcatBert => true,
            Self::Concat
            | Self::Late
            | Self::Image
            | Self::Audio
            | Self::Text
            | Self::Align
            | Self::Qmf
            | Self::Tmc
            | Self::TmcViews
            | Self::Hemis
            | Self::SimMmdg
            | Self::Mmbt
            | Self::Lckd
            | Self::Clip
            | Self::AlignItc
            | Self::Mmtm
            | Self::Hved
            | Self::Mmfm
            | Self::Rseg => false,
        }
    }

    /// The name on the command line and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Concat => "concat",
            Self::Late => "late",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Text => "text",
            Self::Align => "align",
            Self::Qmf => "qmf",
            Self::Tmc => "tmc",
            Self::TmcViews => "tmc-views",
            Self::Hemis => "hmis",
            Self::SimMmdg => "simmmdg",
            Self::Bow => "bow",
            Self::Bert => "bert",
            Self::ConcatBow => "concat-bow",
            Self::ConcatBert => "concat-bert",
            Self::Mmbt => "mmbt",
            Self::Lckd => "lckd",
            Self::Clip => "clip",
            Self::AlignItc => "align-itc",
            Self::Mmtm => "mmtm",
            Self::Hved => "hved",
            Self::Mmfm => "mmfm",
            Self::Rseg => "rseg",
        }
    }

    /// What it does, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Concat => "features side by side, one joint network, one linear head",
            Self::Late => "one linear head per modality, logits averaged",
            Self::Image => "pictures alone",
            Self::Audio => "sounds alone",
            Self::Text => "sentences alone, as counts of their words",
            Self::Align => "features drawn to one distribution (MMD), then averaged",
            Self::Qmf => "late fusion that weighs each modality by its energy",
            Self::Tmc => "evidence of each modality, combined by a rule of Dempster",
            Self::TmcViews => {
                "tmc with C3R on the evidence of each modality, without a head beside"
            }
            Self::Hemis => "mean and variance over whichever modalities there are",
            Self::SimMmdg => "features split in a shared and a specific half",
            Self::Bow => "sentences alone, as sums of frozen word embeddings",
            Self::Bert => "sentences alone, read by a small transformer (not pretrained)",
            Self::ConcatBow => "concat with bow's encoder for the text",
            Self::ConcatBert => "concat with bert's encoder for the text",
            Self::Mmbt => "one transformer over patches and words of all modalities",
            Self::Lckd => "modalities that are best at a class teach the others",
            Self::Clip => "features drawn together without labels, then a linear probe",
            Self::AlignItc => "clip from noisy pairs, with smoothed targets (ALIGN)",
            Self::Mmtm => "channels gated by what all modalities see, at two levels",
            Self::Hved => "Gaussians of each modality multiplied, all modalities reconstructed",
            Self::Mmfm => "a transformer within each modality and one across all (mmFormer)",
            Self::Rseg => "content gated and fused, each modality's style kept apart",
        }
    }
}

impl Objective {
    /// All objectives, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Erm, Self::C3r, Self::C3rLiteral, Self::C3rAdjust, Self::C3rDiscount, Self::C3rTwin];

    /// The name on the command line and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erm => "erm",
            Self::C3r => "c3r",
            Self::C3rLiteral => "c3r-literal",
            Self::C3rAdjust => "c3r-adjust",
            Self::C3rDiscount => "c3r-discount",
            Self::C3rTwin => "c3r-twin",
        }
    }

    /// What it minimises, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Erm => "the task loss alone",
            Self::C3r => "Eq. 10 with the counterfactual step turned round, so that it can flip",
            Self::C3rLiteral => "Eq. 10 as the paper words it: the step helps the true label",
            Self::C3rAdjust => {
                "the task loss, adjusted for the verdict of a slow second model (Eq. 5)"
            }
            Self::C3rDiscount => {
                "the task loss beside what is learned at once, and of each modality alone (Eq. 5)"
            }
            Self::C3rTwin => "the task loss also on each specimen's rendered twin",
        }
    }

    /// Whether it learns from rendered twins.
    #[must_use]
    pub const fn needs_twins(self) -> bool {
        match self {
            Self::C3rTwin => true,
            Self::Erm | Self::C3r | Self::C3rLiteral | Self::C3rAdjust | Self::C3rDiscount => false,
        }
    }

    /// Whether it has a hypothetical branch by a gradient step (Eq. 7), and with it an instrument.
    #[must_use]
    pub const fn has_gradient_step(self) -> bool {
        match self {
            Self::C3r | Self::C3rLiteral => true,
            Self::Erm | Self::C3rAdjust | Self::C3rDiscount | Self::C3rTwin => false,
        }
    }

    /// Whether it weighs samples by the predictions of a biased second model that learns slowly.
    #[must_use]
    pub const fn adjusts(self) -> bool {
        match self {
            Self::C3rAdjust => true,
            Self::Erm | Self::C3r | Self::C3rLiteral | Self::C3rDiscount | Self::C3rTwin => false,
        }
    }

    /// Whether it discounts the predictions of a biased second model that soon stops learning, with a
    /// loss of each modality alone and a running mean beside that.
    #[must_use]
    pub const fn discounts(self) -> bool {
        match self {
            Self::C3rDiscount => true,
            Self::Erm | Self::C3r | Self::C3rLiteral | Self::C3rAdjust | Self::C3rTwin => false,
        }
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
