//! The figures of `metrics.json` as columns of experiments.

use super::{Found, Subject};
use crate::measure::accuracy::{accuracy, worst_group};
use crate::measure::c3_risk::c3_risk;
use crate::measure::causation::causation;
use crate::measure::condition::{Condition, Depth, Need, Reach};
use crate::measure::headline::headline;
use crate::measure::state::{State, state};
use crate::measure::table::Table;
use crate::measure::{held_out, operations, regimes};
use crate::scene::Stage;

use super::seen::{need, usual};

/// The predictions under every regime that changes something.
pub(super) fn natural(stage: &Stage, samples: usize) -> Vec<Need> {
    let one = |name: &str| need(held_out(name), Condition::Natural, samples, Depth::PREDICTION);
    regimes(stage).map(|regime| one(&regime.name)).collect()
}

/// `REGIME.accuracy`; and `collapsed`, 1 of a model that always predicts one class, and `at_chance`.
pub(super) fn accuracies(subject: &Subject, table: &Table, found: &mut Found) {
    for regime in regimes(subject.stage) {
        if let Some(share) = accuracy(table, &held_out(&regime.name)) {
            found.note(format!("{}.accuracy", regime.name), share);
        }
    }
    let (state, _) = state(table, &held_out(&subject.stage.iid().name));
    let flag = |holds: bool| f64::from(u8::from(holds));
    found.note("collapsed", flag(state == State::Collapsed));
    found.note("at_chance", flag(state == State::AtChance));
}

/// `REGIME.worst_group` and `REGIME.worst_group_size`: groups are label x each spurious factor.
pub(super) fn worst_groups(subject: &Subject, table: &Table, found: &mut Found) {
    for regime in regimes(subject.stage) {
        if let Some(group) = worst_group(table, &held_out(&regime.name)) {
            found.note(format!("{}.worst_group", regime.name), group.accuracy);
            found.note(format!("{}.worst_group_size", regime.name), group.samples as f64);
        }
    }
}

/// Both branches of the twin network.
pub(super) fn branches(stage: &Stage, samples: usize) -> Vec<Need> {
    let one = |name: &str| need(held_out(name), Condition::Natural, samples, Depth::COUNTERFACTUAL);
    usual(stage).map(|regime| one(&regime.name)).collect()
}

/// `REGIME.c3_risk` with `.sufficiency_risk` and `.necessity_risk`; `.flip_rate`, the share of
/// samples whose prediction the step turns over; `.kl`, the mean divergence of both branches.
pub(super) fn risks(subject: &Subject, table: &Table, found: &mut Found) {
    for regime in usual(subject.stage) {
        let Some((risk, step)) = c3_risk(table, &held_out(&regime.name)) else { continue };
        let mut note = |name: &str, value: f64| {
            found.note(format!("{}.{name}", regime.name), value);
        };
        note("sufficiency_risk", risk.sufficiency);
        note("necessity_risk", risk.necessity);
        note("c3_risk", risk.total);
        note("flip_rate", step.flip_rate);
        note("kl", step.divergence);
    }
}

/// Every factor at both ends of its contrast, with both reaches.
pub(super) fn both_ends(stage: &Stage, samples: usize) -> Vec<Need> {
    let mut all = natural(stage, samples);
    for regime in usual(stage) {
        let source = held_out(&regime.name);
        all.extend(
            operations(stage.factors.len())
                .map(|done| need(source.clone(), done, samples, Depth::PREDICTION)),
        );
    }
    all
}

/// `pn.FACTOR`, `ps.FACTOR`, `pns.FACTOR`, `reversed.FACTOR` and `reliance.FACTOR` (total),
/// `direct.pns.FACTOR`, `direct.reversed.FACTOR` and `direct.reliance.FACTOR`, `true_pns.FACTOR` and
/// `true_reversed.FACTOR`, all of the class of interest; and over all classes, directions and factors
/// `causal_error`, `grasp`, `reliance_mean`, `reliance_worst`. On samples of the scene as it is, and
/// with `randomised.` before the names where the factors that cause nothing are randomised, which
/// leaves the truth as it is.
pub(super) fn causations(subject: &Subject, table: &Table, found: &mut Found) {
    for regime in usual(subject.stage) {
        let source = held_out(&regime.name);
        let before = if regime.name == subject.stage.iid().name { "" } else { "randomised." };
        let all = causation(table, &source);
        let mut note = |name: String, value: Option<f64>| {
            if let Some(value) = value {
                found.note(format!("{before}{name}"), value);
            }
        };
        for factor in &all {
            let name = &factor.factor;
            let Some(class) = factor.of_interest() else { continue };
            let truth = class.truth.unwrap_or_default();
            note(format!("pn.{name}"), class.total.pn);
            note(format!("ps.{name}"), class.total.ps);
            note(format!("pns.{name}"), class.total.pns);
            note(format!("reversed.{name}"), class.total.reversed);
            note(format!("reliance.{name}"), factor.reliance(Reach::Total));
            note(format!("direct.pns.{name}"), class.direct.pns);
            note(format!("direct.reversed.{name}"), class.direct.reversed);
            note(format!("direct.reliance.{name}"), factor.reliance(Reach::Direct));
            note(format!("true_pns.{name}"), truth.pns);
            note(format!("true_reversed.{name}"), truth.reversed);
        }
        let headline = headline(&all, None);
        note("causal_error".to_owned(), headline.causal_error);
        note("grasp".to_owned(), headline.grasp);
        note("reliance_mean".to_owned(), headline.reliance.mean);
        note("reliance_worst".to_owned(), headline.reliance.worst);
    }
}
