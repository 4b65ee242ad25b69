//! How much a selection keeps: exactly where the noise is finite, else over drawn specimens.

use std::fmt;

use super::eliminate::{Inquiry, eliminate};
use super::noise::Uniforms;
use super::worlds::deciding;
use super::{Domain, Fault, Law, NodeId, Scm};

/// The least share of all specimens that a selection may keep, at any time of a clock.
pub const LEAST_KEPT: f64 = 0.001;

/// At most so many specimens are drawn for a share, and fewer once so many of them were kept.
const DRAWS: usize = 1 << 18;
const ENOUGH: usize = 1 << 10;

/// The time of a clock is looked at in so many spans, or place by place where it has no more.
const SPANS: u64 = 100;
const DRAWS_OF_SPAN: usize = 1 << 17;
const ENOUGH_OF_SPAN: usize = 1 << 8;

/// The seed of these draws: what a scene may say doesn't change with the seed of an experiment.
const SEED: u64 = 0x7457_1d08;

/// The share of all specimens that a selection keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// The share.
    pub share: f64,
    /// The number of drawn specimens of which it's one; `None` where it's exact.
    pub drawn: Option<usize>,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = if self.share == 0.0 { 0.0 } else { four_digits(self.share) };
        match self.drawn {
            Some(drawn) if rounded > 0.0 => {
                write!(f, "about {rounded} of all specimens ({drawn} drawn)")
            }
            Some(drawn) => write!(f, "{rounded} of all specimens ({drawn} drawn)"),
            None => write!(f, "{rounded} of all specimens"),
        }
    }
}

/// A share above 0 with four significant digits.
fn four_digits(share: f64) -> f64 {
    let scale = 10_f64.powf(3.0 - share.log10().floor());
    if scale.is_finite() { (share * scale).round() / scale } else { share }
}

/// The share that a model's selection keeps, clocks standing at any time alike.
#[must_use]
pub fn kept(scm: &Scm) -> Kept {
    if !scm.is_selective() {
        return Kept { share: 1.0, drawn: None };
    }
    exactly(scm).unwrap_or_else(|| counted(scm, None, DRAWS, ENOUGH))
}

/// The error of a selection that keeps less than [`LEAST_KEPT`], always or at a time of a clock.
pub(super) fn enough(scm: &Scm) -> Result<(), Fault> {
    let fault = |kept: Kept, when: String| {
        let problem = format!("the selection keeps {kept}{when}");
        Fault::new("selection", [], problem, format!("let it keep {LEAST_KEPT} or more"))
    };
    let all = kept(scm);
    if all.share < LEAST_KEPT {
        return Err(fault(all, String::new()));
    }
    for clock in deciding(scm).in_order(scm) {
        let named = scm.in_causal_order().find(|(id, _)| *id == clock);
        let Some(period) = named.and_then(|(_, node)| node.clock) else { continue };
        let spans = period.min(SPANS);
        for span in 0..spans {
            let kept = kept_in(scm, clock, span, spans, period);
            if kept.share < LEAST_KEPT {
                let [from, to] = [span, span + 1].map(|edge| edge as f64 / spans as f64);
                let name = scm.name(clock);
                return Err(fault(kept, format!(" while `{name}` goes from {from} to {to}")));
            }
        }
    }
    Ok(())
}

/// The share of those that come in one of the spans of a clock's time.
fn kept_in(scm: &Scm, clock: NodeId, span: u64, spans: u64, period: u64) -> Kept {
    let (low, width) = (span as f64 / spans as f64, 1.0 / spans as f64);
    let count =
        |low, width| counted(scm, Some(Span { clock, low, width }), DRAWS_OF_SPAN, ENOUGH_OF_SPAN);
    if spans < period {
        return count(low, width);
    }
    // The span is one place of the clock.
    let place = low + 0.5 * width;
    let mut still = scm.clone();
    still.replace(clock, Law::constant(place, Domain::Continuous));
    exactly(&still).unwrap_or_else(|| count(place, 0.0))
}

/// The exact share: the probability of a node that is the selection.
fn exactly(scm: &Scm) -> Option<Kept> {
    let rule = scm.selection.clone()?;
    let mut all = scm.as_written().into_owned();
    // No node's name holds a colon.
    let verdict = all.append("selection:kept", Law::of_rule(rule));
    let joint = eliminate(&all, &Inquiry { operations: &[], wanted: &[(0, verdict)] }).ok()?;
    Some(Kept { share: joint.probability(|v| v[0] != 0.0), drawn: None })
}

/// A part of a clock's time.
struct Span {
    clock: NodeId,
    low: f64,
    width: f64,
}

/// The share of drawn specimens.
fn counted(scm: &Scm, span: Option<Span>, draws: usize, enough: usize) -> Kept {
    let deciding = deciding(scm);
    let mut nodes: Vec<(NodeId, &Law, Uniforms)> = (scm.in_causal_order())
        .filter(|(id, _)| deciding.contains(*id))
        .map(|(id, node)| (id, &node.law, Uniforms::new(SEED, node.stream, 0, 0)))
        .collect();
    let mut values = vec![0.0; scm.len()];
    let (mut kept, mut drawn) = (0, 0);
    while drawn < draws && kept < enough {
        for (id, law, uniforms) in &mut nodes {
            let u = uniforms.next();
            let u = match &span {
                Some(span) if span.clock == *id => span.low + span.width * u,
                _ => u,
            };
            values[*id] = law.value(&values, u);
        }
        drawn += 1;
        kept += usize::from(scm.keeps(&values));
    }
    Kept { share: kept as f64 / drawn as f64, drawn: Some(drawn) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    fn model(selection: &str) -> Result<Scm, String> {
        let (coin, rare) = (Mechanism::Bernoulli(0.5), Mechanism::Bernoulli(0.01));
        let size = Mechanism::Uniform(0.0, 1.0);
        let (short, long) = (Mechanism::Clock { period: 10 }, Mechanism::Clock { period: 5000 });
        let drift = Mechanism::Equation("uniform < long".into());
        let declared = [
            ("coin", &coin),
            ("rare", &rare),
            ("size", &size),
            ("short", &short),
            ("long", &long),
            ("drift", &drift),
        ];
        let mut scm = Scm::build(&declared).unwrap();
        scm.select(selection).map(|()| scm).map_err(|fault| fault.problem)
    }

    #[test]
    fn finite_noise_is_summed_and_infinite_noise_counted() {
        let exact = kept(&model("coin or rare").unwrap());
        assert!((exact.share - 0.505).abs() < 1e-12 && exact.drawn.is_none());
        let counted = kept(&model("size < 0.25 and coin").unwrap());
        assert!((counted.share - 0.125).abs() < 0.02 && counted.drawn.is_some());
        let rare = kept(&model("size > 0.9985").unwrap());
        assert!((rare.share - 0.0015).abs() < 0.0004, "{rare}");
    }

    #[test]
    fn what_keeps_too_little_is_told_with_its_share() {
        for (rule, told) in [
            ("0", "the selection keeps 0 of all specimens"),
            ("coin > 2", "the selection keeps 0 of all specimens"),
            ("rare and not rare", "the selection keeps 0 of all specimens"),
            ("size > 2", "the selection keeps 0 of all specimens (262144 drawn)"),
            ("size < 0.0002", "the selection keeps about 0.0002"),
        ] {
            let problem = model(rule).unwrap_err();
            assert!(problem.starts_with(told), "{rule}: {problem}");
        }
        let scm = model("rare").unwrap();
        let exact = kept(&scm);
        assert_eq!(exact.to_string(), "0.01 of all specimens");
        assert_eq!(four_digits(0.000_123_456_7), 0.000_123_5);
    }

    #[test]
    fn every_time_of_a_clock_must_keep_some() {
        assert!(model("short < 0.5 or coin").is_ok());
        assert_eq!(
            model("short < 0.5").unwrap_err(),
            "the selection keeps 0 of all specimens while `short` goes from 0.5 to 0.6"
        );
        assert_eq!(
            model("long < 0.25 and coin").unwrap_err(),
            "the selection keeps 0 of all specimens (131072 drawn) while `long` goes from 0.25 \
             to 0.26"
        );
        // Overall one in a hundred; at the beginning hardly any.
        assert!(model("drift or rare").is_ok());
        let problem = model("drift and long < 0.001").unwrap_err();
        assert!(problem.contains("keeps"), "{problem}");
        // A clock that decides on nothing may go as it likes.
        assert!(model("coin").is_ok());
    }

    #[test]
    fn a_refused_selection_leaves_the_model_as_it_was() {
        let mut scm = model("coin").unwrap();
        let before = scm.clone();
        assert!(scm.select("rare and not rare").is_err());
        assert_eq!(scm, before);
    }
}
