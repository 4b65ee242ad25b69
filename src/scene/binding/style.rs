//! Bindings of styles: the range that a style shows, and whether its factor keeps within it.

use super::Binder;
use crate::causal::exogenous::draw_rows;
use crate::causal::{Interventions, Law, NodeId, Place, Range, short};
use crate::scene::rendering::{Rule, Shows, Style};
use crate::scene::{SceneError, StyleBinding, StyleSquash};

/// Samples from which a range is suggested.
const SAMPLES: usize = 1000;

impl Binder<'_> {
    /// The style of a slot that is always shown.
    pub(super) fn style(
        &mut self,
        binding: Option<&StyleBinding>,
        steps: &[&str],
    ) -> Result<Option<Style>, SceneError> {
        let Some(binding) = binding else { return Ok(None) };
        let style = self.ruled(binding, steps)?;
        let slot = steps.last().copied().unwrap_or_default();
        self.note(slot, style.factor, Shows::Style(style, 1.0));
        Ok(Some(style))
    }

    /// A factor with the rule by which it's shown, declared at the end of `steps`.
    pub(super) fn ruled(
        &self,
        binding: &StyleBinding,
        steps: &[&str],
    ) -> Result<Style, SceneError> {
        let way = |field: &str| self.at(&[steps, &[field]].concat());
        let (factor, domain) = self.factor(&binding.factor, &way("factor"))?;
        let node = self.check.node(self.scm, &binding.factor)?;
        let found = Found {
            slot: steps.last().copied().unwrap_or_default(),
            factor: &binding.factor,
            node,
            own: match domain.size() {
                Some(size) => Range { low: 0.0, high: (size - 1) as f64 },
                None => self.ranges[node].tidy(),
            },
        };
        let rule = match binding.squash {
            Some(squash) => self.squash(binding, squash, &way)?,
            None => self.line(binding, &found, &way)?,
        };
        Ok(Style { factor, rule })
    }

    fn line(
        &self,
        binding: &StyleBinding,
        found: &Found,
        way: &impl Fn(&str) -> Vec<Place>,
    ) -> Result<Rule, SceneError> {
        let error = |field: &str, problem: String, remedy: String| {
            Err(self.check.error(&way(field), Some(found.factor), problem, remedy))
        };
        let slot = found.slot;
        let range = match (binding.from, binding.to) {
            (Some(low), Some(high)) => {
                if !(low.is_finite() && high.is_finite() && low < high) {
                    let problem = format!("`{slot}` can't show a range from {low} to {high}");
                    return error("from", problem, "give a lower from than to".to_owned());
                }
                Range { low, high }
            }
            (None, None) if found.own.is_bounded() => self.shown(found),
            (None, None) => {
                let problem = format!("the values of the factor have no range that `{slot}` shows");
                return error("factor", problem, self.suggestion(found));
            }
            (Some(_), None) | (None, Some(_)) => {
                let problem = format!("the range of `{slot}` has one end");
                let field = if binding.from.is_some() { "from" } else { "to" };
                return error(field, problem, "give both from and to".to_owned());
            }
        };
        if binding.beyond.is_none() && !range.holds(found.own) {
            let problem = if found.own.is_bounded() {
                let own = found.own;
                format!("the factor goes from {own}, outside the range {range} that `{slot}` shows")
            } else {
                format!("the factor can leave the range {range} that `{slot}` shows")
            };
            let remedy = "say what lies beyond it: beyond: Clamp, Reflect or Wrap";
            return error("factor", problem, remedy.to_owned());
        }
        Ok(Rule::of(range, binding.beyond))
    }

    /// The range that is shown of a factor whose own is known. A uniform or discrete factor is shown
    /// from end to end; of others, what keeps within 0 to 1 is shown as it is.
    fn shown(&self, found: &Found) -> Range {
        let unit = Range { low: 0.0, high: 1.0 };
        let declared = self.scm.law(found.node).and_then(Law::bounds);
        let discrete = self.scm.domain(found.node).size().is_some();
        let own = found.own;
        if !discrete && declared.is_none() && unit.holds(own) {
            return unit;
        }
        if own.low == own.high {
            // A single value stands in the middle.
            return Range { low: own.low - 0.5, high: own.high + 0.5 };
        }
        own
    }

    fn squash(
        &self,
        binding: &StyleBinding,
        squash: StyleSquash,
        way: &impl Fn(&str) -> Vec<Place>,
    ) -> Result<Rule, SceneError> {
        let name = Some(binding.factor.as_str());
        let error = |field: &str, problem: &str, remedy: &str| {
            Err(self.check.error(&way(field), name, problem, remedy))
        };
        let besides = [
            ("from", binding.from.is_some()),
            ("to", binding.to.is_some()),
            ("beyond", binding.beyond.is_some()),
        ];
        if let Some((field, _)) = besides.into_iter().find(|(_, given)| *given) {
            let problem = "a squash takes every value into the range";
            return error(field, problem, &format!("leave out {field}, or the squash"));
        }
        let (middle, width) = match squash {
            StyleSquash::Normal { mean, sd } => (mean, sd),
            StyleSquash::Logistic { centre, scale } => (centre, scale),
        };
        if !(middle.is_finite() && width.is_finite() && width > 0.0) {
            let remedy = "give finite numbers, the second above 0";
            return error("squash", "the squash can't be", remedy);
        }
        Ok(Rule::Squash(squash))
    }

    /// A rule for a factor without bounds: from the least to the greatest of some draws.
    fn suggestion(&self, found: &Found) -> String {
        let width = self.scm.len().max(1);
        let (mut rows, mut values) = (vec![0.0; SAMPLES * width], vec![0.0; width]);
        draw_rows(self.scm, self.scene.seed, 0, &mut rows);
        let mut drawn = Range::point(f64::NAN);
        for row in rows.chunks_exact(width) {
            self.scm.propagate(row, &Interventions::none(), &mut values);
            drawn.low = drawn.low.min(values[found.node]);
            drawn.high = drawn.high.max(values[found.node]);
        }
        let tenth = 10_f64.powf((drawn.high - drawn.low).max(1e-9).log10().floor() - 1.0);
        let (low, high) = ((drawn.low / tenth).floor(), (drawn.high / tenth).ceil());
        format!(
            "name one and what lies beyond it: (factor: \"{}\", from: {:?}, to: {:?}, beyond: \
             Clamp)",
            found.factor,
            short(low * tenth),
            short(high * tenth)
        )
    }
}

/// A style's factor.
struct Found<'a> {
    slot: &'a str,
    factor: &'a str,
    node: NodeId,
    /// The values that it can take.
    own: Range,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Domain;
    use crate::scene::load;

    /// The scenes that come with the program name no rules, and are shown as they always were:
    /// discrete and uniform factors from end to end, all others from 0 to 1.
    #[test]
    fn the_scenes_of_the_program_are_shown_as_they_are() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
        let (mut styles, mut computed) = (0, 0);
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != "ron") {
                continue;
            }
            let stage = load(&path).unwrap();
            for slot in &stage.renderers.slots {
                let Shows::Style(style, _) = &slot.shows else { continue };
                let node = stage.factors[style.factor].node;
                let bounds = stage.scm().law(node).and_then(Law::bounds);
                let (low, high) = match (stage.scm().domain(node), bounds) {
                    (Domain::Categorical(size), _) => (0.0, (size - 1) as f64),
                    (Domain::Continuous, Some(bounds)) => bounds,
                    (Domain::Binary, _) | (Domain::Continuous, None) => (0.0, 1.0),
                };
                let expected = Rule::Line { low, width: high - low, beyond: None };
                assert_eq!(style.rule, expected, "{} in {}", slot.name, path.display());
                styles += 1;
                computed +=
                    usize::from(bounds.is_none() && stage.scm().domain(node).size().is_none());
            }
        }
        assert!(styles > 100 && computed >= 4, "{styles}, {computed}");
    }
}
