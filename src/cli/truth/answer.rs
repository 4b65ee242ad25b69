//! The complete answer of `truth`, as it is printed in JSON.

use serde::Serialize;

use crate::causal::account::{Account, Values};
use crate::causal::eliminate::{LIMIT, LIMIT_OF_ALL, Obstacle};
use crate::causal::estimate::strata_of;
use crate::causal::tally::{Contrast, How, Tally, tallies};
use crate::causal::{NodeId, Scm};
use crate::scene::{CLASS, Factor, Stage};

/// Everything about a scene under a regime.
#[derive(Serialize)]
pub struct Answer<'a> {
    pub scene: &'a str,
    pub regime: &'a str,
    pub label: &'a str,
    pub classes: &'a [String],
    /// Whether only some specimens are kept, among whom all is asked.
    pub selected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<&'a str>,
    pub factors: Vec<FactorAnswer<'a>>,
}

/// Everything about one factor.
#[derive(Serialize)]
pub struct FactorAnswer<'a> {
    pub name: &'a str,
    pub role: String,
    #[serde(skip)]
    pub description: &'static str,
    /// x' and x.
    pub contrast: [f64; 2],
    /// PN, PS and PNS of the class of interest: of the second, or of the one asked for.
    #[serde(flatten)]
    pub truth: Values,
    pub exact: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<[[f64; 2]; 3]>,
    /// How the truth was got.
    pub how: Way,
    /// Factor and label are associated in the observed world.
    pub associated: bool,
    /// The account of each class that was asked about.
    pub accounts: Vec<ClassAccount<'a>>,
}

/// The account of a class.
#[derive(Serialize)]
pub struct ClassAccount<'a> {
    pub class: &'a str,
    #[serde(skip)]
    pub index: usize,
    #[serde(flatten)]
    pub account: Account,
}

/// How a truth was got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Way {
    /// No way leads from the factor to the label: all is 0.
    Graph,
    /// All of the noise was summed out, node by node.
    Elimination,
    /// Twins of replayed specimens were counted.
    Replays { specimens: usize, because: String },
}

impl Way {
    fn of(scm: &Scm, tally: &Tally) -> Self {
        match tally.how {
            _ if tally.idle => Self::Graph,
            How::Exact => Self::Elimination,
            How::Counted { specimens, why } => {
                let because = match why {
                    Some(Obstacle::Infinite(node)) => {
                        format!("the noise of `{}` is infinite", scm.name(node))
                    }
                    Some(Obstacle::TooMany) => {
                        format!("an exact answer takes more than {LIMIT} steps")
                    }
                    Some(Obstacle::TooManyOfAll) => {
                        format!("exact answers for all factors take more than {LIMIT_OF_ALL} steps")
                    }
                    None => "a model was asked".to_owned(),
                };
                Self::Replays { specimens, because }
            }
        }
    }
}

impl<'a> Answer<'a> {
    /// The answer about these classes, with V where one is given.
    pub fn of(
        stage: &'a Stage,
        regime: &'a str,
        scm: &'a Scm,
        classes: &[usize],
        instrument: Option<NodeId>,
    ) -> Self {
        let contrast =
            |f: &Factor| Contrast { factor: f.node, absent: f.absent, present: f.present };
        let contrasts: Vec<Contrast> = stage.factors.iter().map(contrast).collect();
        let tallies = tallies(scm, stage.label, &contrasts);
        let strata = instrument.map(|v| (v, strata_of(scm, stage.label, &contrasts, v)));
        let factors =
            (stage.factors.iter().zip(&tallies).enumerate()).map(|(i, (factor, tally))| {
                // A factor isn't adjusted for itself.
                let strata = strata.as_ref().filter(|(v, _)| *v != factor.node);
                let v = strata.map(|(v, all)| (scm.name(*v), &all[i]));
                let account = |&class: &usize| ClassAccount {
                    class: &stage.scene.label.classes[class],
                    index: class,
                    account: Account::of(tally, class, v),
                };
                let truth = tally.truth(if classes.len() == 1 { classes[0] } else { CLASS });
                FactorAnswer {
                    name: &factor.name,
                    role: factor.role.to_string(),
                    description: factor.role.description(),
                    contrast: [factor.absent, factor.present],
                    truth: truth.forward.into(),
                    exact: truth.is_exact(),
                    intervals: truth.intervals,
                    how: Way::of(scm, tally),
                    associated: tally.associated,
                    accounts: classes.iter().map(account).collect(),
                }
            });
        Self {
            scene: &stage.scene.name,
            regime,
            label: &stage.scene.label.name,
            classes: &stage.scene.label.classes,
            selected: scm.is_selective(),
            instrument: instrument.map(|v| scm.name(v)),
            factors: factors.collect(),
        }
    }
}
