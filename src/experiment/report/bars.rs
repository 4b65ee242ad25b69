//! Grouped bars over a scale from 0 to 1, with interval whiskers, as inline SVG.

use maud::{Markup, html};

use super::figures::{at, run_class, short};

/// Widest drawing, in user units; the style sheet scales it to the page.
const WIDTH: f64 = 960.0;
/// How far a drawing may be enlarged.
const LARGEST: f64 = 1.22;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 6.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 46.0;
/// Space between neighbouring groups.
const GAP: f64 = 24.0;
/// Widest and narrowest slot of one bar.
const SLOT: (f64, f64) = (44.0, 15.0);
/// Narrowest slot that a number fits above.
const LABELLED_SLOT: f64 = 19.5;
/// Narrowest group, so that its name has room.
const NARROWEST_GROUP: f64 = 92.0;

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    /// The structural causal model.
    Truth,
    /// A run, by its index.
    Run(usize),
}

/// One bar.
pub(super) struct Bar {
    /// Whose it is.
    pub series: Series,
    /// Its height, 0 to 1; what is not finite is drawn as `n/a`.
    pub value: f64,
    /// The ends of its whisker.
    pub interval: Option<[f64; 2]>,
    /// The words shown when the pointer rests on it.
    pub tip: String,
}

/// Bars that stand together over one name.
pub(super) struct Group {
    /// The name under the bars.
    pub name: String,
    /// A second, fainter line under it.
    pub note: String,
    /// The bars from left to right.
    pub bars: Vec<Bar>,
}

/// The chart, `plot` units high between 0 and 1; groups that don't fit side by side go on in a
/// further row. `description` is what a screen reader says.
pub(super) fn grouped_bars(groups: &[Group], plot: f64, description: &str) -> Markup {
    let most = groups.iter().map(|group| group.bars.len()).max().unwrap_or(0).max(1) as f64;
    let room = WIDTH - LEFT - RIGHT;
    let least = (most * SLOT.1 + GAP).max(NARROWEST_GROUP);
    let fitting = ((room / least) as usize).max(1);
    let lines = groups.len().div_ceil(fitting).max(1);
    let per_line = groups.len().div_ceil(lines).max(1);
    let cell = (room / per_line as f64).min((most * SLOT.0 + GAP).max(NARROWEST_GROUP));
    let width = LEFT + RIGHT + cell * per_line as f64;
    let line_height = TOP + plot + BOTTOM;
    let height = line_height * lines as f64;
    html! {
        svg.chart viewBox={ "0 0 " (at(width)) " " (at(height)) }
            style={ "max-width:" (at(width * LARGEST)) "px" } role="img" aria-label=(description) {
            @for (line, part) in groups.chunks(per_line).enumerate() {
                g transform={ "translate(0 " (at(line_height * line as f64)) ")" } {
                    (scale(plot, LEFT + cell * part.len() as f64))
                    @for (place, group) in part.iter().enumerate() {
                        (draw_group(group, LEFT + cell * place as f64, cell, plot))
                    }
                }
            }
        }
    }
}

/// Lines and figures at 0, a quarter, a half, three quarters and 1.
fn scale(plot: f64, right: f64) -> Markup {
    html! {
        @for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
            @let y = height_of(tick, plot);
            line.grid.base[tick == 0.0] x1=(at(LEFT)) x2=(at(right)) y1=(at(y)) y2=(at(y)) {}
            text.tick x=(at(LEFT - 6.0)) y=(at(y + 4.0)) { (short(tick)) }
        }
    }
}

fn draw_group(group: &Group, left: f64, cell: f64, plot: f64) -> Markup {
    let count = group.bars.len().max(1) as f64;
    let slot = ((cell - GAP) / count).min(SLOT.0);
    let start = left + (cell - slot * count) / 2.0;
    let middle = left + cell / 2.0;
    let name = fitted(&group.name, cell, 7.4);
    let note = fitted(&group.note, cell, 6.6);
    html! {
        @for (place, bar) in group.bars.iter().enumerate() {
            (draw_bar(bar, start + slot * place as f64, slot, plot))
        }
        text.name x=(at(middle)) y=(at(TOP + plot + 22.0)) {
            @if name != group.name { title { (group.name) } }
            (name)
        }
        text.note x=(at(middle)) y=(at(TOP + plot + 38.0)) { (note) }
    }
}

fn draw_bar(bar: &Bar, left: f64, slot: f64, plot: f64) -> Markup {
    let class = match bar.series {
        Series::Truth => "truth".into(),
        Series::Run(run) => run_class(run),
    };
    let middle = left + slot / 2.0;
    let floor = height_of(0.0, plot);
    let value = if bar.value.is_finite() { bar.value.clamp(0.0, 1.0) } else { 0.0 };
    let top = height_of(value, plot);
    let whisker = bar.interval.filter(|ends| ends.iter().all(|end| end.is_finite()));
    let highest = whisker.map_or(top, |[_, high]| top.min(height_of(high, plot)));
    html! {
        g class=(class) {
            title { (bar.tip) }
            // An empty bar has nothing to rest the pointer on, so its whole column answers.
            rect.hit x=(at(left)) y=(at(TOP)) width=(at(slot)) height=(at(plot)) {}
            rect.bar x=(at(left + slot * 0.09)) y=(at(top)) width=(at(slot * 0.82))
                height=(at(floor - top)) data-value=(bar.value) {}
            // A foot in the bar's colour, so that a bar of height 0 is seen to be there.
            rect.foot x=(at(left + slot * 0.09)) y=(at(floor + 2.5)) width=(at(slot * 0.82))
                height="2.5" {}
            @if let Some([low, high]) = whisker {
                @let (low, high) = (height_of(low, plot), height_of(high, plot));
                @let arm = (slot * 0.18).min(4.0);
                @let path = whisker_path(middle, arm, high, low);
                path.halo d=(path) {}
                path.whisker d=(path) {}
            }
            @if slot >= LABELLED_SLOT || !bar.value.is_finite() {
                text.value x=(at(middle)) y=(at(highest - 4.0)) { (short(bar.value)) }
            }
        }
    }
}

/// An upright stroke from `high` to `low` with an arm across at either end.
fn whisker_path(middle: f64, arm: f64, high: f64, low: f64) -> String {
    let across = |y: f64| format!("M{} {}h{}", at(middle - arm), at(y), at(arm * 2.0));
    format!("M{} {}V{}{}{}", at(middle), at(high), at(low), across(high), across(low))
}

/// The distance from the top of a value, held within the plot.
fn height_of(value: f64, plot: f64) -> f64 {
    TOP + plot * (1.0 - value.clamp(0.0, 1.0))
}

/// A name cut to what fits, where a letter is about `letter` units wide.
fn fitted(name: &str, room: f64, letter: f64) -> String {
    let letters = (room / letter) as usize;
    if name.chars().count() <= letters {
        return name.into();
    }
    name.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tags::{attribute, elements};
    use super::*;

    const PLOT: f64 = 200.0;

    fn chart(values: &[(f64, Option<[f64; 2]>)], groups: usize) -> String {
        let group = |index: usize| Group {
            name: format!("factor_{index}"),
            note: "Snc".into(),
            bars: values
                .iter()
                .enumerate()
                .map(|(run, &(value, interval))| Bar {
                    series: if run == 0 { Series::Truth } else { Series::Run(run - 1) },
                    value,
                    interval,
                    tip: "tip".into(),
                })
                .collect(),
        };
        let groups: Vec<Group> = (0..groups).map(group).collect();
        grouped_bars(&groups, PLOT, "test").into_string()
    }

    fn number(tag: &str, name: &str) -> f64 {
        attribute(tag, name).unwrap().parse().unwrap()
    }

    #[test]
    fn heights_are_proportional_to_the_values() {
        let svg = chart(&[(0.81, None), (0.27, None), (0.0, None), (1.0, None)], 3);
        let bars: Vec<String> = elements(&svg, "rect")
            .into_iter()
            .filter(|tag| attribute(tag, "class").as_deref() == Some("bar"))
            .collect();
        assert_eq!(bars.len(), 12);
        for bar in bars {
            let (value, height) = (number(&bar, "data-value"), number(&bar, "height"));
            assert!((height - value * PLOT).abs() < 0.011, "{bar}");
            assert!((number(&bar, "y") + height - TOP - PLOT).abs() < 0.011, "{bar}");
        }
    }

    #[test]
    fn whiskers_stay_inside_the_plot() {
        let svg = chart(&[(0.98, Some([0.9, 1.4])), (0.01, Some([-0.3, 0.05]))], 2);
        let mut whiskers = elements(&svg, "path");
        whiskers.retain(|tag| attribute(tag, "class").as_deref() == Some("whisker"));
        assert_eq!(whiskers.len(), 4);
        for whisker in whiskers {
            let path = attribute(&whisker, "d").unwrap();
            let upright = path.split('M').nth(1).unwrap();
            let (from, to) = upright.split_once('V').unwrap();
            let top: f64 = from.split(' ').nth(1).unwrap().parse().unwrap();
            let bottom: f64 = to.parse().unwrap();
            assert!(top >= TOP && bottom <= TOP + PLOT && top < bottom, "{path}");
        }
    }

    #[test]
    fn bars_of_a_group_do_not_overlap_and_stay_in_the_drawing() {
        for groups in [1, 4, 8, 30] {
            let svg = chart(&[(0.5, None); 7], groups);
            let view = attribute(&elements(&svg, "svg")[0], "viewBox").unwrap();
            let width: f64 = view.split(' ').nth(2).unwrap().parse().unwrap();
            let mut end = f64::INFINITY;
            for bar in elements(&svg, "rect") {
                if attribute(&bar, "class").as_deref() != Some("bar") {
                    continue;
                }
                let x = number(&bar, "x");
                // A bar left of the last one starts a new row.
                assert!(x >= end || x < 60.0 || end.is_infinite(), "{x} {end}");
                end = x + number(&bar, "width");
                assert!(end <= width, "{end} {width}");
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_said() {
        let svg = chart(&[(f64::NAN, Some([f64::NAN, 1.0]))], 1);
        assert!(svg.contains("n/a"));
        assert!(elements(&svg, "path").is_empty());
        for bar in elements(&svg, "rect") {
            assert!(!attribute(&bar, "height").unwrap().contains("NaN"));
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(fitted("flat_bill", 100.0, 7.0), "flat_bill");
        assert_eq!(fitted("a_very_long_name", 70.0, 7.0), "a_very_lo…");
    }
}
