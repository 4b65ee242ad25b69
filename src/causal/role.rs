//! What a factor is to the label.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::causation::{Direction, Truth};

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

/// A PNS up to this is 0 to rounding.
const ROUNDING: f64 = 1e-9;

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

    /// Why what is known of a factor contradicts this role, or `None` where it doesn't.
    ///
    /// A cause has `PNS > 0` for some class in one direction or the other. `Sc` is more sufficient
    /// than necessary, `Nc` the reverse, and `Snc` has PN and PS within a fifth of each other, for
    /// the class that is asked about, from the absent to the present value. The other roles have
    /// PNS 0; association tells them apart: a spurious factor is correlated with the label, a
    /// nuisance isn't.
    #[must_use]
    pub fn contradiction(self, known: &Standing) -> Option<String> {
        match self {
            Self::Snc | Self::Sc | Self::Nc if !known.causal => {
                Some("its PNS is 0: no intervention on it ever changes the label".to_owned())
            }
            Self::Spurious | Self::Nuisance if known.causal => {
                Some(format!("its PNS is {:.4}: intervening on it changes the label", known.pns))
            }
            Self::Spurious if !known.associated => {
                Some("it is independent of the label, so it is a nuisance".to_owned())
            }
            Self::Nuisance if known.associated => {
                Some("it is correlated with the label, so it is spurious".to_owned())
            }
            Self::Spurious | Self::Nuisance => None,
            _ => known.asked.contradiction(self),
        }
    }

    /// The first role, in the order of [`Role::ALL`], that what is known of a factor doesn't
    /// contradict. Where the asked class doesn't come with the factor, PN and PS are those of the
    /// class and direction that it changes most.
    #[must_use]
    pub fn of(known: &Standing) -> Self {
        let fits = |role: &Self| {
            role.contradiction(known).is_none()
                && !(role.is_causal() && known.leading.contradiction(*role).is_some())
        };
        Self::ALL.into_iter().find(fits).unwrap_or(Self::Nuisance)
    }

    /// All roles, the strictest of the causal ones first.
    pub const ALL: [Self; 5] = [Self::Snc, Self::Sc, Self::Nc, Self::Spurious, Self::Nuisance];
}

/// What is known of a factor, as far as it decides on its role.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Whether it changes the label: any class, in any direction.
    pub causal: bool,
    /// Whether it's associated with the label.
    pub associated: bool,
    /// The largest PNS of any class and direction.
    pub pns: f64,
    asked: Balance,
    leading: Balance,
}

/// PN and PS of one class in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Balance {
    pn: f64,
    ps: f64,
    /// How far values may be from others and still be the same.
    slack: f64,
}

impl Standing {
    /// That of a factor with these truths, class by class, of which `class` is asked about.
    #[must_use]
    pub fn of(truths: &[Truth], class: usize, associated: bool) -> Self {
        let balance = |of: &Direction, truth: &Truth| Balance {
            // What is undefined speaks for no role.
            pn: of.pn.unwrap_or_default(),
            ps: of.ps.unwrap_or_default(),
            slack: truth.slack(),
        };
        let mut most = (0.0, Balance::default());
        for truth in truths {
            for direction in [&truth.forward, &truth.reversed] {
                if direction.pns > most.0 {
                    most = (direction.pns, balance(direction, truth));
                }
            }
        }
        let first = &truths[class];
        let comes = first.forward.pns > ROUNDING;
        let asked = if comes { balance(&first.forward, first) } else { Balance::default() };
        let leading = if comes { asked } else { most.1 };
        let causal = truths.iter().any(Truth::is_causal);
        Self { causal, associated, pns: most.0, asked, leading }
    }
}

impl Balance {
    /// Why a causal role isn't that of such a cause.
    fn contradiction(&self, role: Role) -> Option<String> {
        let Self { pn, ps, slack } = *self;
        match role {
            Role::Sc if ps < pn - slack => {
                Some(format!("PS {ps:.4} is below PN {pn:.4}: more necessary than sufficient"))
            }
            Role::Nc if pn < ps - slack => {
                Some(format!("PN {pn:.4} is below PS {ps:.4}: more sufficient than necessary"))
            }
            Role::Snc if (pn - ps).abs() > BALANCE * pn.max(ps) + slack => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(forward: [f64; 3], reversed: [f64; 3]) -> Truth {
        let direction = |[pn, ps, pns]: [f64; 3]| Direction { pn: Some(pn), ps: Some(ps), pns };
        Truth { forward: direction(forward), reversed: direction(reversed), ..Truth::NONE }
    }

    fn standing(forward: [f64; 3], reversed: [f64; 3], associated: bool) -> Standing {
        let [back, forth] = [truth(reversed, forward), truth(forward, reversed)];
        Standing::of(&[back, forth], 1, associated)
    }

    const NO: [f64; 3] = [0.0; 3];

    #[test]
    fn the_found_role_is_the_strictest_that_holds() {
        for (forward, associated, role) in [
            ([0.9, 0.8, 0.5], true, Role::Snc),
            ([0.3, 0.9, 0.2], true, Role::Sc),
            ([0.9, 0.3, 0.2], false, Role::Nc),
            (NO, true, Role::Spurious),
            (NO, false, Role::Nuisance),
        ] {
            assert_eq!(Role::of(&standing(forward, NO, associated)), role, "{forward:?}");
        }
    }

    /// A factor that prevents the class is a cause, and its role that of what comes without it.
    #[test]
    fn a_cause_that_prevents_is_a_cause() {
        let known = standing(NO, [0.2, 0.9, 0.3], true);
        assert_eq!(Role::of(&known), Role::Sc);
        for role in [Role::Spurious, Role::Nuisance] {
            assert!(role.contradiction(&known).unwrap().contains("its PNS is 0.3000"));
        }
        for role in [Role::Snc, Role::Sc, Role::Nc] {
            assert_eq!(role.contradiction(&known), None, "PN and PS of the asked class are 0");
        }
    }

    /// It changes the third class alone, at the cost of the first.
    #[test]
    fn a_cause_of_any_class_is_a_cause() {
        let truths = [truth(NO, [0.9, 0.4, 0.2]), Truth::NONE, truth([0.9, 0.4, 0.2], NO)];
        let known = Standing::of(&truths, 1, true);
        assert!(known.causal && Role::Spurious.contradiction(&known).is_some());
        assert_eq!(Role::of(&known), Role::Nc);
    }

    #[test]
    fn what_is_found_is_never_contradicted() {
        let steps = || (0..=4).map(|i| f64::from(i) / 4.0);
        for (pn, ps) in steps().flat_map(|pn| steps().map(move |ps| (pn, ps))) {
            for (pns, back) in [(0.0, 0.0), (0.2, 0.0), (0.0, 0.2), (0.2, 0.3)] {
                for associated in [false, true] {
                    let forward = if pns > 0.0 { [pn, ps, pns] } else { NO };
                    let reversed = if back > 0.0 { [ps, pn, back] } else { NO };
                    let known = standing(forward, reversed, associated);
                    assert_eq!(Role::of(&known).contradiction(&known), None, "{known:?}");
                }
            }
        }
    }
}
