//! What each model has learned: the sentence built from its figures, and its headline.

use maud::{Markup, html};

use super::RunReport;
use super::figures::{figure, interval, run_class};
use crate::measure::Metrics;
use crate::measure::condition::Reach;
use crate::measure::sentence::{CAUSAL_ERROR, ONE_SEED, RELIANCE, sentence};

/// The section: a sentence and the headline of every run.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    html! {
        section #verdict {
            h2 { "What was learned" }
            p.lead {
                "Has the model learned the causes of its label, or shortcuts? A sentence for each "
                "model, built from the figures further down."
                @if runs.iter().all(|run| run.metrics.seeds == 1) { " " (ONE_SEED) }
            }
            @for (run, (report, name)) in runs.iter().zip(names).enumerate() {
                article.verdict.(run_class(run)) {
                    div.words { (words(&report.metrics, name)) }
                    (tiles(&report.metrics))
                }
            }
            p.small { (RELIANCE) " " (CAUSAL_ERROR) }
        }
    }
}

/// The sentence, the model's name in bold.
fn words(metrics: &Metrics, name: &str) -> Markup {
    let text = sentence(metrics, name);
    let rest = text.strip_prefix(name).unwrap_or(&text);
    html! { p.sentence { strong { (name) } (rest) } }
}

/// The figures beside the sentence.
fn tiles(metrics: &Metrics) -> Markup {
    let found = &metrics.evaluation;
    let number = |value: Option<f64>| figure(value.unwrap_or(f64::NAN));
    let iid = &found.measured_on;
    let relied = found.headline.reliance.factor.as_ref();
    let relied = relied.and_then(|name| found.causation.iter().find(|f| f.factor == *name));
    html! {
        dl.tiles {
            div {
                dt { "worst group" }
                dd { (number(found.headline.worst_group)) }
                dd.aside {
                    @if let Some(group) = &found.worst_group { (group.words()) "; " }
                    "all " (number(found.accuracy.get(iid).copied()))
                    @if let Some(best) = found.best_accuracy.get(iid) {
                        ", best possible " (figure(*best))
                    }
                }
            }
            div {
                dt { "reliance on what is no cause" }
                @match relied {
                    Some(factor) => {
                        dd { (number(factor.reliance(Reach::Direct))) }
                        dd.aside {
                            (factor.title()) " "
                            (factor.reliance_interval(Reach::Direct).map(interval).unwrap_or_default())
                            "; mean " (number(found.headline.reliance.mean))
                        }
                    }
                    None => { dd { "n/a" } dd.aside { "no such factor" } }
                }
            }
            div {
                dt { "grasp of the causes" }
                dd { (number(found.headline.grasp)) }
                dd.aside { "0 is perfect; causal error " (number(found.headline.causal_error)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_sentence_and_every_number_of_the_headline_are_there() {
        let runs = sample::duck(2).runs;
        let names = ["erm".to_owned(), "c3r".to_owned()];
        let html = section(&runs, &names).into_string();
        assert!(html.contains("<strong>erm</strong> answers to lake"), "{html}");
        for run in &runs {
            let headline = &run.metrics.evaluation.headline;
            for value in [headline.worst_group, headline.reliance.worst, headline.grasp] {
                assert!(html.contains(&figure(value.unwrap())), "{value:?}");
            }
        }
        assert!(html.contains("One training seed") && html.contains("both directions"));
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        let mut metrics = sample::duck(1).runs.remove(0).metrics;
        metrics.evaluation.headline.reliance = crate::measure::Reliance::default();
        metrics.evaluation.headline.worst_group = None;
        let html = tiles(&metrics).into_string();
        assert_eq!(html.matches("<dd>n/a</dd>").count(), 2, "{html}");
    }
}
