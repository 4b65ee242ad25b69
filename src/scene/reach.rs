//! Whether factors keep within the ranges that their styles show, whatever is done to them:
//! contrasts, regimes, do-operations.
//!
//! A style that says what lies beyond its range takes everything. How much of what is drawn lies
//! there is counted.

use super::check::Checker;
use super::regime::node_of;
use super::rendering::{Rule, Shows, Slot};
use super::{Beyond, Regime, Renderers, Scene, SceneError, Stage};
use crate::causal::exogenous::draw_rows;
use crate::causal::tally::Contrast;
use crate::causal::{Interventions, NodeId, Place, Range, Scm};

/// Samples from which it's counted how many lie beyond a range.
const SAMPLES: usize = 4096;

/// A factor that leaves what a slot shows of it.
struct Leaving<'a> {
    slot: &'a Slot,
    factor: &'a str,
    /// Where it goes.
    own: Range,
    /// What the slot shows.
    shown: Range,
}

impl Leaving<'_> {
    fn problem(&self) -> String {
        let Self { slot, own, shown, .. } = self;
        let name = &slot.name;
        if own.low == own.high {
            let value = crate::causal::short(own.low);
            return format!("{value} is outside the range {shown} that `{name}` shows");
        }
        if own.is_bounded() {
            return format!(
                "the factor goes from {own}, outside the range {shown} that `{name}` shows"
            );
        }
        format!("the factor can leave the range {shown} that `{name}` shows")
    }

    fn remedy(&self) -> String {
        let Self { slot, factor, shown, .. } = self;
        if !matches!(slot.shows, Shows::Style(..)) {
            return format!("give it values from {shown}");
        }
        let (low, high) = (crate::causal::short(shown.low), crate::causal::short(shown.high));
        format!(
            "stay within it, or let `{}` say what lies beyond: (factor: \"{factor}\", from: \
             {low:?}, to: {high:?}, beyond: Clamp)",
            slot.name
        )
    }
}

/// The range that a slot shows and beyond which nothing may lie.
fn kept_within(slot: &Slot, scm: &Scm, node: NodeId) -> Option<Range> {
    match &slot.shows {
        Shows::Style(style, _) => match style.rule.range() {
            Some((range, None)) => Some(range),
            _ => None,
        },
        Shows::Cue(_) | Shows::Choice(_) => {
            let size = scm.domain(node).size()?;
            Some(Range { low: 0.0, high: (size - 1) as f64 })
        }
        Shows::Plainly => None,
    }
}

/// The first slot whose factor leaves what it shows; `scm` is the scene's own model, `ranges` those
/// of the nodes in the world that is asked about.
fn leaving<'a>(
    slots: &'a [Slot],
    factors: &[(&'a str, NodeId)],
    scm: &Scm,
    ranges: &[Range],
) -> Option<Leaving<'a>> {
    slots.iter().find_map(|slot| {
        let (factor, node) = factors[slot.factor];
        let shown = kept_within(slot, scm, node)?;
        let own = ranges[node].tidy();
        (!shown.holds(own)).then_some(Leaving { slot, factor, own, shown })
    })
}

/// Checks the contrasts of a scene under one of its regimes, and the regime. `scm` is the model of the
/// scene as it stands.
pub(super) fn check(
    scene: &Scene,
    scm: &Scm,
    regime: &Regime,
    contrasts: &[Contrast],
    renderers: &Renderers,
    checker: &Checker,
) -> Result<(), SceneError> {
    let slots = &renderers.slots;
    let names = scene.factors.iter().map(|f| f.name.as_str());
    let factors: Vec<(&str, NodeId)> = names.zip(contrasts.iter().map(|c| c.factor)).collect();
    if !slots.iter().any(|slot| kept_within(slot, scm, factors[slot.factor].1).is_some()) {
        return Ok(());
    }
    let ranges = regime.scm.ranges(&Interventions::none());
    if let Some(found) = leaving(slots, &factors, scm, &ranges) {
        let way = way_to_change(scene, regime, &found);
        let problem = format!("regime `{}`: {}", regime.name, found.problem());
        return Err(checker.error(&way, Some(found.factor), problem, found.remedy()));
    }
    // Within its range a factor's setting takes nothing further than that range does.
    let outside = |c: &Contrast, x: f64| !ranges[c.factor].holds(Range::point(x));
    for (i, contrast) in contrasts.iter().enumerate() {
        let ends = [contrast.absent, contrast.present];
        for end in ends.into_iter().filter(|&end| outside(contrast, end)) {
            let done = Interventions::set(contrast.factor, end);
            let ranges = regime.scm.ranges(&done);
            let Some(found) = leaving(slots, &factors, scm, &ranges) else { continue };
            let way = ["factors".into(), i.into(), "contrast".into()];
            let [absent, present] = ends;
            let problem = format!("contrast ({absent}, {present}): {}", found.problem());
            return Err(checker.error(&way, Some(found.factor), problem, found.remedy()));
        }
    }
    Ok(())
}

/// The change of a regime that takes a factor out of its range: the last that is about the factor
/// itself, else the last about any node that it depends on there, else the regime.
fn way_to_change(scene: &Scene, regime: &Regime, found: &Leaving) -> Vec<Place> {
    let mut way: Vec<Place> = vec!["regimes".into(), regime.name.as_str().into()];
    if !scene.regimes.contains_key(&regime.name) {
        return way;
    }
    let above = regime.scm.find(found.factor).map(|node| regime.scm.ancestors(&[node]));
    let is_above = |name: &str| {
        let node = regime.scm.find(name);
        node.zip(above.as_ref()).is_some_and(|(node, above)| above.contains(&node))
    };
    let last = |fits: &dyn Fn(&str) -> bool| {
        regime.changes.iter().rposition(|change| node_of(change).is_some_and(fits))
    };
    let culprit = last(&|name| name == found.factor).or_else(|| last(&is_above));
    way.extend(culprit.map(Place::Index));
    way
}

/// What do-operations take out of the range that a style shows, told in a sentence, or `None` where
/// everything stays within. `scm` is the model in which they are done.
#[must_use]
pub fn beyond_range(stage: &Stage, scm: &Scm, done: &Interventions) -> Option<String> {
    let factors: Vec<(&str, NodeId)> =
        stage.factors.iter().map(|f| (f.name.as_str(), f.node)).collect();
    let found = leaving(&stage.renderers.slots, &factors, stage.scm(), &scm.ranges(done))?;
    Some(format!("{} (node `{}`); {}", found.problem(), found.factor, found.remedy()))
}

/// For every style that says what lies beyond its range, a sentence on how many samples do, as the
/// scene stands and in each regime in which that share is another.
#[must_use]
pub fn strays(stage: &Stage) -> Vec<String> {
    let ruled: Vec<(&Slot, Rule)> = stage
        .renderers
        .slots
        .iter()
        .filter_map(|slot| match &slot.shows {
            Shows::Style(style, _) => Some((slot, style.rule)),
            _ => None,
        })
        .filter(|(_, rule)| matches!(rule.range(), Some((_, Some(_)))))
        .collect();
    if ruled.is_empty() {
        return Vec::new();
    }
    let shares: Vec<(&str, Vec<f64>)> = stage
        .regimes
        .iter()
        .map(|regime| (regime.name.as_str(), shares_beyond(stage, &regime.scm, &ruled)))
        .collect();
    let told = |(i, &(slot, rule)): (usize, &(&Slot, Rule))| {
        let (range, beyond) = rule.range()?;
        let becomes = match beyond? {
            Beyond::Clamp => "shown at its ends",
            Beyond::Reflect => "thrown back into it",
            Beyond::Wrap => "wrapped round into it",
        };
        let own = shares[0].1[i];
        let others = shares[1..].iter().filter(|(_, of)| (of[i] - own).abs() > 0.005);
        let others: Vec<String> =
            others.map(|(name, of)| format!("{name} {:.1}%", 100.0 * of[i])).collect();
        let others =
            if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        Some(format!(
            "`{}` as {} of the {}: {:.1}% of {SAMPLES} samples{others} lie beyond the range \
             {range} and are {becomes}",
            stage.factors[slot.factor].name,
            slot.name,
            slot.modality,
            100.0 * own,
        ))
    };
    ruled.iter().enumerate().filter_map(told).collect()
}

/// For each slot the share of samples whose factor lies beyond its range.
fn shares_beyond(stage: &Stage, scm: &Scm, ruled: &[(&Slot, Rule)]) -> Vec<f64> {
    let width = scm.len().max(1);
    let (mut rows, mut values) = (vec![0.0; SAMPLES * width], vec![0.0; width]);
    draw_rows(scm, stage.scene.seed, 0, &mut rows);
    let mut beyond = vec![0.0; ruled.len()];
    for row in rows.chunks_exact(width) {
        scm.propagate(row, &Interventions::none(), &mut values);
        for ((slot, rule), beyond) in ruled.iter().zip(&mut beyond) {
            let value = Range::point(values[stage.factors[slot.factor].node]);
            let inside = rule.range().is_some_and(|(range, _)| range.holds(value));
            *beyond += f64::from(u8::from(!inside)) / SAMPLES as f64;
        }
    }
    beyond
}
