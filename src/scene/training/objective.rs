//! What a model is trained to minimise.

use serde::{Deserialize, Serialize};

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
