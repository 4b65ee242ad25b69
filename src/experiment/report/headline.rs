//! The verdict on each run in one sentence, built from its figures.

use maud::{Markup, html};

use crate::measure::{FactorCausation, Metrics};

use super::RunReport;
use super::factors::is_companion;
use super::figures::{figure, interval, percent, run_class};

/// A PNS this far above the truth is called an answer to the companion; see also [`SLIGHT`].
const STRONG: f64 = 0.1;
/// A PNS this far above the truth, and outside its interval, is worth a word.
const SLIGHT: f64 = 0.02;
/// A model none of whose learned PNS reaches this answers to nothing.
const DEAF: f64 = 0.05;
/// A cause this far from its truth is named.
const MISSED: f64 = 0.1;

/// The section: a sentence and three figures for every run.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    html! {
        section #verdict {
            h2 { "The verdict" }
            p.lead {
                "Has the model learned the causes of its label, or their companions? One sentence "
                "for each model, built from the figures further down."
            }
            @for (run, (report, name)) in runs.iter().zip(names).enumerate() {
                article.verdict.(run_class(run)) {
                    div.words {
                        p.sentence { (sentence(&report.metrics, name)) }
                        @if let Some(cause) = missed_cause(&report.metrics) { p.small { (cause) } }
                    }
                    (tiles(&report.metrics))
                }
            }
        }
    }
}

/// The verdict itself.
fn sentence(metrics: &Metrics, name: &str) -> Markup {
    let name = html! { strong { (name) } };
    let Some(largest) = largest_learned(metrics) else {
        return html! { (name) " was not asked about any factor." };
    };
    if let Some(cause) = unheeded_cause(metrics) {
        return html! {
            (name) " answers to nothing: no switch changes its verdict in more than "
            (percent(largest)) " of specimens; the " b { (cause.factor) } " should in "
            (percent(cause.truth.pns)) "."
        };
    }
    let Some(worst) = worst_companion(metrics) else {
        return html! { (name) " had no companion of the label to be misled by." };
    };
    let excess = worst.learned.pns - worst.truth.pns;
    let beyond_chance = worst.learned.pns_interval[0] > worst.truth.pns;
    let factor = html! { "the " b { (worst.factor) } };
    if excess >= SLIGHT && beyond_chance {
        return html! {
            (name)
            @if excess >= STRONG { " answers to " } @else { " still leans a little on " }
            (factor) ": switching it changes the verdict of " (percent(worst.learned.pns))
            " of specimens; it should change "
            @if worst.truth.pns < 0.0005 { "none" } @else { (percent(worst.truth.pns)) } "."
        };
    }
    html! {
        (name) " leaves the companions alone: even the one it heeds most, " (factor)
        ", changes the verdict of only " (percent(worst.learned.pns)) " of specimens when switched."
    }
}

/// The largest learned PNS of all factors; `None` if no factor was measured.
fn largest_learned(metrics: &Metrics) -> Option<f64> {
    let learned = metrics.causation.iter().map(|factor| factor.learned.pns);
    learned.filter(|pns| pns.is_finite()).reduce(f64::max)
}

/// For a model that answers to nothing: the cause that it should answer to most.
fn unheeded_cause(metrics: &Metrics) -> Option<&FactorCausation> {
    let strongest = metrics
        .causation
        .iter()
        .reduce(|best, next| if next.truth.pns > best.truth.pns { next } else { best })?;
    let deaf = largest_learned(metrics)? < DEAF && strongest.truth.pns > 2.0 * DEAF;
    deaf.then_some(strongest)
}

/// The companion with the largest learned PNS.
fn worst_companion(metrics: &Metrics) -> Option<&FactorCausation> {
    metrics
        .causation
        .iter()
        .filter(|factor| is_companion(&factor.role) && factor.learned.pns.is_finite())
        .reduce(|best, next| if next.learned.pns > best.learned.pns { next } else { best })
}

/// A remark on the cause that is furthest from its truth, if it is far and not in the verdict.
fn missed_cause(metrics: &Metrics) -> Option<Markup> {
    if unheeded_cause(metrics).is_some() {
        return None;
    }
    let gap = |factor: &FactorCausation| (factor.learned.pns - factor.truth.pns).abs();
    let factor = metrics
        .causation
        .iter()
        .filter(|factor| !is_companion(&factor.role) && gap(factor).is_finite())
        .reduce(|best, next| if gap(next) > gap(best) { next } else { best })?;
    (gap(factor) >= MISSED).then(|| {
        html! {
            "Of the causes it is furthest off on the " b { (factor.factor) } ": that changes "
            (percent(factor.learned.pns)) " of verdicts, and should change "
            (percent(factor.truth.pns)) "."
        }
    })
}

/// The three figures beside the sentence.
fn tiles(metrics: &Metrics) -> Markup {
    let worst = worst_companion(metrics);
    let accuracy = |regime: &str| metrics.accuracy.get(regime).copied().unwrap_or(f64::NAN);
    html! {
        dl.tiles {
            div {
                dt { "largest spurious PNS" }
                @match worst {
                    Some(factor) => {
                        dd { (figure(factor.learned.pns)) }
                        dd.aside { (factor.factor) " " (interval(factor.learned.pns_interval)) }
                    }
                    None => { dd { "n/a" } dd.aside { "no companions" } }
                }
            }
            div {
                dt { "causal error" }
                dd { (figure(metrics.causal_error)) }
                dd.aside { "0 is perfect" }
            }
            div {
                dt { "flipped accuracy" }
                dd { (figure(accuracy("flipped"))) }
                dd.aside { "iid " (figure(accuracy("iid"))) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// The words alone.
    fn plain(markup: &Markup) -> String {
        let mut inside = false;
        markup
            .clone()
            .into_string()
            .chars()
            .filter(|&c| {
                inside = (inside || c == '<') && c != '>';
                !inside && c != '>'
            })
            .collect()
    }

    fn metrics() -> Metrics {
        sample::duck(1).runs.remove(0).metrics
    }

    fn set_lake(metrics: &mut Metrics, pns: f64, interval: [f64; 2]) {
        for factor in &mut metrics.causation {
            if factor.factor == "lake" {
                factor.learned.pns = pns;
                factor.learned.pns_interval = interval;
            }
        }
    }

    #[test]
    fn a_model_that_answers_to_a_companion() {
        assert_eq!(
            plain(&sentence(&metrics(), "erm")),
            "erm answers to the lake: switching it changes the verdict of 27% of specimens; it \
             should change none."
        );
    }

    #[test]
    fn small_leans_and_chance() {
        let mut metrics = metrics();
        set_lake(&mut metrics, 0.05, [0.03, 0.07]);
        let words = plain(&sentence(&metrics, "twin"));
        assert!(words.starts_with("twin still leans a little on the lake"), "{words}");
        set_lake(&mut metrics, 0.03, [-0.01, 0.07]);
        let words = plain(&sentence(&metrics, "twin"));
        assert!(words.starts_with("twin leaves the companions alone"), "{words}");
    }

    #[test]
    fn a_collapsed_model_answers_to_nothing() {
        let mut metrics = metrics();
        for factor in &mut metrics.causation {
            factor.learned.pns = 0.004;
        }
        assert_eq!(
            plain(&sentence(&metrics, "c3r-literal")),
            "c3r-literal answers to nothing: no switch changes its verdict in more than 0.4% of \
             specimens; the flat_bill should in 81%."
        );
        assert!(missed_cause(&metrics).is_none());
    }

    #[test]
    fn nothing_measured_or_no_companion() {
        let mut metrics = metrics();
        metrics.causation.retain(|factor| !is_companion(&factor.role));
        assert!(plain(&sentence(&metrics, "erm")).contains("no companion"));
        assert!(plain(&tiles(&metrics)).contains("no companions"));
        metrics.causation.clear();
        assert!(plain(&sentence(&metrics, "erm")).contains("not asked"));
    }

    #[test]
    fn the_furthest_cause_is_named_only_when_far() {
        let mut metrics = metrics();
        let far = plain(&missed_cause(&metrics).unwrap());
        assert!(far.contains("flat_bill") && far.contains("81%"), "{far}");
        for factor in &mut metrics.causation {
            factor.learned.pns = factor.truth.pns + 0.01;
        }
        assert!(missed_cause(&metrics).is_none());
    }
}
