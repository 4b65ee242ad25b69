//! A plot of dots over many words: a row for each word, values from left to right.

use maud::{Markup, html};

use super::plot::{LETTER, Panel, WIDEST, tip};
use crate::experiment::report::figures::{at, run_class};
use crate::experiment::report::scale::{label, tick_unit, ticks};

/// Room of one dot in its row.
const DOT: f64 = 5.0;
/// Room between rows.
const GAP: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 40.0;
const RIGHT: f64 = 20.0;

/// A panel as rows. `title` stands below the values; colours keep their order within a row.
pub(super) fn lying(
    panel: &Panel,
    names: &[String],
    title: &str,
    (low, high): (f64, f64),
) -> Markup {
    let Panel { name, marks, series } = panel;
    let longest = marks.iter().map(|mark| mark.chars().count()).max().unwrap_or(0);
    let left = LETTER * longest as f64 + 16.0;
    let row = names.len() as f64 * DOT + GAP;
    let height = TOP + row * marks.len() as f64 + BOTTOM;
    let foot = height - BOTTOM;
    let x =
        |value: f64| left + (WIDEST - left - RIGHT) * (value.clamp(low, high) - low) / (high - low);
    let top = |place: usize| TOP + row * place as f64;
    let y = |place: usize, colour: usize| top(place) + (GAP + DOT) / 2.0 + DOT * colour as f64;
    html! {
        figure style={ "min-width:340px;max-width:" (at(WIDEST * 1.15)) "px;grid-column:1/-1" } {
            @if !name.is_empty() { figcaption { (name) } }
            svg.chart viewBox={ "0 0 " (at(WIDEST)) " " (at(height)) } role="img"
                aria-label={ (name) " " (title) } {
                @for tick in ticks(low, high, tick_unit(high - low)) {
                    line.grid.base[tick == 0.0] x1=(at(x(tick))) x2=(at(x(tick)))
                        y1=(at(TOP)) y2=(at(foot)) {}
                    text.tick.under x=(at(x(tick))) y=(at(foot + 17.0)) { (label(tick)) }
                }
                text.tick.under x=(at(f64::midpoint(left, WIDEST))) y=(at(height - 5.0)) { (title) }
                @for (place, mark) in marks.iter().enumerate() {
                    line.grid x1=(at(left)) x2=(at(WIDEST - RIGHT))
                        y1=(at(top(place))) y2=(at(top(place))) {}
                    text.tick x=(at(left - 8.0)) y=(at(top(place) + row / 2.0 + 4.0)) { (mark) }
                }
                @for one in series {
                    @let colour = names.iter().position(|name| *name == one.name).unwrap_or(0);
                    g class=(run_class(colour)) {
                        @for point in &one.points {
                            @let height = at(y(point.place, colour));
                            @if point.figure.count > 1 {
                                path.whisker d={ "M" (at(x(point.figure.min))) " " (height)
                                    "H" (at(x(point.figure.max))) } {}
                            }
                            circle.dot cx=(at(x(point.figure.mean))) cy=(height) r="3.6" {
                                title { (tip(one, point, marks)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
