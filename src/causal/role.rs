//! What a factor is to the label.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::causation::Truth;

/// The role a scene declares for a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Sufficient and necessary cause.
    Snc,
    /// Sufficient, unnecessary cause.
    Sc,
    /// Necessary, insufficient cause.
    Nc,
    /// Correlated with the label, no cause of it.
    Spurious,
    /// Independent of the label.
    Nuisance,
}

/// How far PN and PS of a sufficient-and-necessary cause may lie apart, as a share of the larger.
const BALANCE: f64 = 0.2;

impl Role {
    /// Whether the factor is a cause of the label.
    #[must_use]
    pub const fn is_causal(self) -> bool {
        matches!(self, Self::Snc | Self::Sc | Self::Nc)
    }

    /// The words for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Snc => "sufficient and necessary",
            Self::Sc => "sufficient, unnecessary",
            Self::Nc => "necessary, insufficient",
            Self::Spurious => "spurious",
            Self::Nuisance => "nuisance",
        }
    }

    /// Why the truth contradicts this role, or `None` where it doesn't.
    ///
    /// A cause has `PNS > 0` in one direction or the other. `Sc` is more sufficient than necessary,
    /// `Nc` the reverse, and `Snc` has PN and PS within a fifth of each other. The other roles have
    /// PNS 0; `associated` tells them apart: a spurious factor is correlated with the label, a
    /// nuisance isn't.
    #[must_use]
    pub fn contradiction(self, truth: &Truth, associated: bool) -> Option<String> {
        let causal = truth.is_causal();
        let [pn, ps] = [truth.forward.pn, truth.forward.ps].map(Option::unwrap_or_default);
        match self {
            Self::Snc | Self::Sc | Self::Nc if !causal => {
                Some("its PNS is 0: no intervention on it ever changes the label".to_owned())
            }
            Self::Spurious | Self::Nuisance if causal => Some(format!(
                "its PNS is {:.4}: intervening on it changes the label",
                truth.forward.pns.max(truth.reversed.pns)
            )),
            Self::Spurious if !associated => {
                Some("it is independent of the label, so it is a nuisance".to_owned())
            }
            Self::Nuisance if associated => {
                Some("it is correlated with the label, so it is spurious".to_owned())
            }
            Self::Sc if ps < pn - truth.slack() => {
                Some(format!("PS {ps:.4} is below PN {pn:.4}: more necessary than sufficient"))
            }
            Self::Nc if pn < ps - truth.slack() => {
                Some(format!("PN {pn:.4} is below PS {ps:.4}: more sufficient than necessary"))
            }
            Self::Snc if (pn - ps).abs() > BALANCE * pn.max(ps) + truth.slack() => {
                Some(format!("PN {pn:.4} and PS {ps:.4} lie more than a fifth apart"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
