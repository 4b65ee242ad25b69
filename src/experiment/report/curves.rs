//! Loss curves: one small chart for each part of the objective, all runs in each.
//!
//! The charts are drawn here rather than by plotters so that they take the page's colours in light
//! and dark, which plotters' SVG, with its fixed colours, can't.

use maud::{Markup, html};

use super::figures::{at, legend, run_class};
use super::scale::{label, range, tick_unit, ticks};
use super::{CurvePoint, RunReport};

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// A longer course is drawn as the means of this many stretches.
const STRETCHES: usize = 200;

/// A line: steps and values, `None` where there is nothing to draw.
type Line = Vec<(f64, Option<f64>)>;

/// The section; nothing when no run kept its course.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    if runs.iter().all(|run| run.curve.is_empty()) {
        return html! {};
    }
    let thinned = runs.iter().any(|run| run.curve.len() > STRETCHES);
    html! {
        section #curves {
            h2 { "Loss curves" }
            p.lead {
                "How training went, step by step: one chart for each part of the objective, and "
                "one for the accuracy on the training stream. A falling loss says that the model "
                "does what it was asked to do, not that it was asked the right thing."
                @if thinned { " Each point is the mean of a short stretch of steps." }
            }
            (legend(names, false))
            div.charts {
                @for part in parts(runs) {
                    (chart(&part, runs, &|point| loss(point, &part), false))
                }
                (chart("accuracy while training", runs, &|point| Some(point.accuracy), true))
            }
        }
    }
}

/// The parts of all runs' objectives, in the order in which they first appear.
fn parts(runs: &[RunReport]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.curve).flat_map(|point| &point.losses) {
        if !parts.contains(name) {
            parts.push(name.clone());
        }
    }
    parts
}

fn loss(point: &CurvePoint, part: &str) -> Option<f64> {
    point.losses.iter().find(|(name, _)| name == part).map(|(_, value)| *value)
}

/// One chart. A `share` has the scale from 0 to 1, any other value one that fits.
fn chart(
    title: &str,
    runs: &[RunReport],
    pick: &dyn Fn(&CurvePoint) -> Option<f64>,
    share: bool,
) -> Markup {
    let lines: Vec<Line> = runs.iter().map(|run| line(&run.curve, pick)).collect();
    let steps = runs.iter().flat_map(|run| &run.curve).map(|point| point.step + 1);
    let last = steps.max().unwrap_or(1) as f64;
    let values: Vec<f64> = lines.iter().flatten().filter_map(|(_, value)| *value).collect();
    let (low, high) = if share { (0.0, 1.0) } else { range(&values) };
    let unit = tick_unit(high - low);
    let x = |step: f64| LEFT + (WIDTH - LEFT - RIGHT) * step / last;
    let y = |value: f64| {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value.clamp(low, high) - low) / (high - low))
    };
    html! {
        figure {
            figcaption { (title) }
            svg.chart viewBox={ "0 0 " (at(WIDTH)) " " (at(HEIGHT)) } role="img"
                aria-label={ "Course of " (title) } {
                @for tick in ticks(low, high, unit) {
                    line.grid.base[tick == 0.0] x1=(at(LEFT)) x2=(at(WIDTH - RIGHT))
                        y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x=(at(LEFT - 6.0)) y=(at(y(tick) + 4.0)) { (label(tick)) }
                }
                @let step_unit = tick_unit(last);
                @for tick in ticks(0.0, last, step_unit) {
                    text.tick.under x=(at(x(tick))) y=(at(HEIGHT - 16.0)) { (label(tick)) }
                }
                text.tick.under x=(at((LEFT + WIDTH - RIGHT) / 2.0)) y=(at(HEIGHT - 2.0)) { "step" }
                @if values.is_empty() {
                    text.name x=(at(WIDTH / 2.0)) y=(at(HEIGHT / 2.0)) { "n/a" }
                }
                @for (run, line) in lines.iter().enumerate() {
                    @let path = path(line, &x, &y);
                    @if !path.is_empty() {
                        g class=(run_class(run)) { path.curve d=(path) {} }
                    }
                }
            }
        }
    }
}

/// The course of one value, as it is or as the means of stretches; finite values only.
fn line(curve: &[CurvePoint], pick: &dyn Fn(&CurvePoint) -> Option<f64>) -> Line {
    let stretch = curve.len().div_ceil(STRETCHES).max(1);
    curve
        .chunks(stretch)
        .map(|points| {
            let values: Vec<f64> =
                points.iter().filter_map(pick).filter(|value| value.is_finite()).collect();
            let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
            (points[points.len() / 2].step as f64, (!values.is_empty()).then_some(mean))
        })
        .collect()
}

/// A path that lifts the pen over gaps. A point between two gaps becomes a dot.
fn path(line: &Line, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut down = false;
    for (step, value) in line {
        let Some(value) = value else {
            down = false;
            continue;
        };
        let point = format!("{} {}", at(x(*step)), at(y(*value)));
        path += &if down { format!("L{point}") } else { format!("M{point}h0") };
        down = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::super::tags::{attribute, elements};
    use super::*;

    #[test]
    fn one_chart_for_each_part_and_one_line_for_each_run() {
        let runs = sample::duck(3).runs;
        let html = section(&runs, &run_names(&runs)).into_string();
        let parts = parts(&runs);
        assert!(parts.len() > 1);
        assert_eq!(elements(&html, "figure").len(), parts.len() + 1);
        let having =
            |part: &str| runs.iter().filter(|run| loss(&run.curve[0], part).is_some()).count();
        let lines: usize = parts.iter().map(|part| having(part)).sum();
        assert_eq!(elements(&html, "path").len(), lines + runs.len());
    }

    #[test]
    fn lines_stay_inside_the_plot() {
        let runs = sample::duck(3).runs;
        let html = section(&runs, &run_names(&runs)).into_string();
        for tag in elements(&html, "path") {
            let path = attribute(&tag, "d").unwrap();
            for point in path.split(['M', 'L']).filter(|point| !point.is_empty()) {
                let (x, y) = point.trim_end_matches("h0").split_once(' ').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                assert!(
                    (LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=HEIGHT - BOTTOM).contains(&y)
                );
            }
        }
    }

    #[test]
    fn gaps_and_long_courses() {
        let point = |step: usize| CurvePoint {
            step,
            losses: vec![("task".into(), if step == 1 { f64::NAN } else { step as f64 })],
            accuracy: 0.5,
        };
        let short: Vec<CurvePoint> = (0..4).map(point).collect();
        let course = line(&short, &|point| loss(point, "task"));
        assert_eq!(path(&course, &|x| x, &|y| y), "M0 0h0M2 2h0L3 3");
        let long: Vec<CurvePoint> = (0..1000).map(point).collect();
        let course = line(&long, &|point| loss(point, "task"));
        assert_eq!(course.len(), STRETCHES);
        assert_eq!(course[1], (7.0, Some(7.0)));
    }

    #[test]
    fn scales() {
        assert_eq!(range(&[0.2, 0.69]), (0.0, 0.8));
        assert_eq!(range(&[-1.7, 0.4]), (-2.0, 0.5));
        assert_eq!(range(&[]), (0.0, 1.0));
        assert_eq!(range(&[0.0]), (0.0, 1.0));
        assert_eq!(ticks(0.0, 800.0, tick_unit(800.0)), [0.0, 200.0, 400.0, 600.0, 800.0]);
        assert_eq!(label(0.25), "0.25");
        assert_eq!(label(800.0), "800");
        assert_eq!(label(2e-5), "2e-5");
    }

    #[test]
    fn no_course_no_section() {
        let mut runs = sample::duck(1).runs;
        runs[0].curve.clear();
        assert!(section(&runs, &run_names(&runs)).into_string().is_empty());
    }
}
