//! What a model has learned, in a sentence or two, built from its figures. The same words stand on
//! the terminal, in the report and in the window.

use super::causation::FactorCausation;
use super::condition::Reach;
use super::metrics::Metrics;
use super::state::State;

/// A reliance of which at least this much is certain is called an answer to the factor.
const STRONG: f64 = 0.1;
/// A reliance above this is worth a word.
const SLIGHT: f64 = 0.02;
/// An interval wider than this doesn't tell whether a model relies on a factor.
const WIDE: f64 = 0.15;
/// A cause this far from its truth is named.
const MISSED: f64 = 0.1;

/// What is said before all models of one seed.
pub const ONE_SEED: &str = "One training seed: the intervals cover the samples, not other seeds, \
     between which a figure can move by several hundredths (--seeds 5 tells).";

/// What the causal error is, for where it's printed.
pub const CAUSAL_ERROR: &str = "Causal error: mean of |learned - true| PNS over all factors, all \
     classes and both directions; grasp: the same over the causes alone. 0 is perfect.";

/// What the reliance is, for where it's printed.
pub const RELIANCE: &str = "Reliance: share of samples whose prediction changes when nothing is \
     changed but what the factor itself shows; the headline's is on what is no cause.";

/// The sentences on a model, its name first.
#[must_use]
pub fn sentence(metrics: &Metrics, name: &str) -> String {
    let found = &metrics.evaluation;
    let iid = found.accuracy.get(&found.measured_on).copied();
    match found.state {
        State::Diverged => format!(
            "{name} diverged{}: its loss became enormous or no number, and its figures say nothing of \
             what it would have learned.",
            if metrics.seeds > 1 { " in one seed or more" } else { "" }
        ),
        State::Collapsed => format!(
            "{name} collapsed: it predicts `{}` whatever it sees, so it relies on nothing because it \
             learned nothing.",
            found.collapsed_to.as_deref().unwrap_or("one class")
        ),
        State::AtChance => format!(
            "{name} is at chance: it is right for {} of the samples, and always naming the commonest \
             class for {}. {}",
            percent(iid.unwrap_or(f64::NAN)),
            percent(found.commonest.unwrap_or(f64::NAN)),
            relied_on(metrics, "What it changes its mind with says little of what it learned")
                .unwrap_or_default()
        )
        .trim_end()
        .to_owned(),
        State::Trained => {
            let first = reliance(metrics, name);
            match missed(&found.causation) {
                Some(second) => format!("{first} {second}"),
                None => first,
            }
        }
    }
}

/// The factor that is no cause and is relied on most.
fn worst(metrics: &Metrics) -> Option<&FactorCausation> {
    let name = metrics.evaluation.headline.reliance.factor.as_ref()?;
    metrics.evaluation.causation.iter().find(|factor| factor.factor == *name)
}

fn reliance(metrics: &Metrics, name: &str) -> String {
    let causation = &metrics.evaluation.causation;
    if causation.is_empty() {
        return format!("{name} was not asked about any factor.");
    }
    let Some(factor) = worst(metrics) else {
        return if causation.iter().any(FactorCausation::is_no_cause) {
            format!(
                "{name}: what it relies on can't be told, the twins that would show it aren't there."
            )
        } else {
            format!("{name} had nothing to be misled by: every factor is a cause of the label.")
        };
    };
    let value = factor.reliance(Reach::Direct).unwrap_or(0.0);
    let [low, high] = factor.reliance_interval(Reach::Direct).unwrap_or([value; 2]);
    let title = factor.title();
    let changes = format!("changing it alone changes the prediction for {}", percent(value));
    if low >= STRONG {
        return format!(
            "{name} answers to {title}, which causes nothing: {changes} of the samples ({} to {}).",
            percent(low),
            percent(high)
        );
    }
    if high - low > WIDE {
        return format!(
            "{name}: whether it relies on what is no cause can't be told: {title} changes the \
             prediction for {} of the samples, and anything from {} to {} fits.",
            percent(value),
            percent(low),
            percent(high)
        );
    }
    if value >= SLIGHT {
        let how = if value >= STRONG { "answers to" } else { "leans a little on" };
        return format!(
            "{name} {how} {title}, which causes nothing: {changes} of the samples ({} to {}).",
            percent(low),
            percent(high)
        );
    }
    format!(
        "{name} leaves alone what is no cause: even {title}, on which it relies most, changes the \
         prediction for only {} of the samples when it changes alone.",
        percent(value)
    )
}

fn relied_on(metrics: &Metrics, words: &str) -> Option<String> {
    let factor = worst(metrics)?;
    let value = factor.reliance(Reach::Direct)?;
    Some(format!("{words} ({}: {} of the samples).", factor.title(), percent(value)))
}

/// A remark on the cause that is furthest from its truth, if it is far.
fn missed(causation: &[FactorCausation]) -> Option<String> {
    let gap = |factor: &FactorCausation| -> Option<(f64, f64, f64)> {
        let class = factor.of_interest()?;
        let truth = class.truth?;
        let pair = |learned: Option<f64>, truth: Option<f64>| {
            let (learned, truth) = (learned?, truth?);
            Some(((learned - truth).abs(), learned, truth))
        };
        let pairs = [pair(class.total.pns, truth.pns), pair(class.total.reversed, truth.reversed)];
        pairs.into_iter().flatten().reduce(|a, b| if b.0 > a.0 { b } else { a })
    };
    let causes = causation.iter().filter(|factor| factor.is_cause());
    let (factor, (gap, learned, truth)) = causes
        .filter_map(|factor| Some((factor, gap(factor)?)))
        .reduce(|a, b| if b.1.0 > a.1.0 { b } else { a })?;
    (gap >= MISSED).then(|| {
        format!(
            "Of the causes it is furthest off on {}: PNS {} and truly {}.",
            factor.title(),
            figure(learned),
            figure(truth)
        )
    })
}

fn figure(value: f64) -> String {
    format!("{value:.2}")
}

/// A share in words; of a small one a digit more.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}
