//! Plots: lines over numbers, dots over words, with the range over seeds of each mean.

use maud::{Markup, html};

use super::Findings;
use super::rows::lying;
use super::select::{figure_of, groups, places};
use crate::experiment::plan::Chart;
use crate::experiment::report::figures::{at, figure, legend, run_class};
use crate::experiment::report::scale::{label, range, tick_unit, ticks};
use crate::experiment::trials::Row;
use crate::measure::statistic::interval::Summary;

const HEIGHT: f64 = 250.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;
/// Width of a panel with lines.
const LINES: f64 = 420.0;
/// Widest panel.
pub(super) const WIDEST: f64 = 960.0;
/// Width of a letter of a mark.
pub(super) const LETTER: f64 = 6.2;
/// Room of one dot.
const DOT: f64 = 15.0;

/// A plot as it's asked for.
pub(super) struct Request<'a> {
    pub chart: Chart,
    pub over: &'a str,
    pub values: &'a [String],
    pub colours: &'a [String],
    pub panels: &'a [String],
}

/// A point: where on the axis below, and the figure there.
pub(super) struct Point {
    pub place: usize,
    pub figure: Summary,
}

/// A colour: its name and its points.
pub(super) struct Series {
    pub name: String,
    pub points: Vec<Point>,
}

/// A picture of its own: what stands along its axis, and its colours.
pub(super) struct Panel {
    pub name: String,
    pub marks: Vec<String>,
    pub series: Vec<Series>,
}

/// One panel for each value of the request's panel columns, all on the same scale.
pub(super) fn plot(findings: &Findings, request: &Request) -> Markup {
    let over = places(findings, &[request.over.to_owned()]);
    // What has nothing along the axis has no place on it.
    let placed = |row: &&Row| over.iter().all(|&place| !row.columns[place].is_empty());
    let whole = findings.rows.iter().filter(|row| row.outcome.failure.is_none());
    let rows: Vec<&Row> = whole.filter(placed).collect();
    let all = marks(findings, request, &rows);
    let numbered = numbers(&all).is_some();
    let panels: Vec<Panel> = groups(&rows, &places(findings, request.panels))
        .into_iter()
        .map(|(name, rows)| {
            // Numbers have one axis for all panels, words are those of the panel.
            let marks = if numbered { all.clone() } else { marks(findings, request, &rows) };
            let series = series(findings, request, &rows, &marks);
            Panel { name: panel_name(request, &name), marks, series }
        })
        .filter(|panel| !panel.series.is_empty())
        .collect();
    let mut names: Vec<String> = Vec::new();
    for series in panels.iter().flat_map(|panel| &panel.series) {
        if !names.contains(&series.name) {
            names.push(series.name.clone());
        }
    }
    let all = panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
    let values: Vec<f64> = all.flat_map(|point| [point.figure.min, point.figure.max]).collect();
    if values.is_empty() {
        return html! { p.small { "No trial has measured this yet." } };
    }
    let scale = range(&values);
    html! {
        @if names.len() > 1 || !names[0].is_empty() { (legend(&names, false)) }
        @if values.iter().any(|v| *v != values[0]) {
            p.small { "Dots are means, strokes the range over seeds." }
        }
        div.charts {
            @for panel in &panels { (drawn(panel, &names, request, scale)) }
        }
    }
}

/// A panel's name: a value that is a number is told what it's of.
fn panel_name(request: &Request, values: &[String]) -> String {
    let words = request.panels.iter().zip(values).filter(|(_, value)| !value.is_empty());
    let word = |(column, value): (&String, &String)| match value.parse::<f64>() {
        Ok(_) => format!("{column} {value}"),
        Err(_) => value.clone(),
    };
    words.map(word).collect::<Vec<_>>().join(", ")
}

/// What stands along the axis below.
fn marks(findings: &Findings, request: &Request, rows: &[&Row]) -> Vec<String> {
    if request.over == "value" {
        let there = |value: &&String| figure_of(rows, value).is_some();
        return request.values.iter().filter(there).cloned().collect();
    }
    let place = places(findings, &[request.over.to_owned()]);
    let mut marks: Vec<String> =
        groups(rows, &place).into_iter().map(|(key, _)| key.concat()).collect();
    if let Some(mut numbers) = numbers(&marks) {
        numbers.sort_by(|a, b| a.1.total_cmp(&b.1));
        marks = numbers.into_iter().map(|(mark, _)| mark).collect();
    }
    marks
}

/// The marks with their numbers, if all are numbers.
fn numbers(marks: &[String]) -> Option<Vec<(String, f64)>> {
    let number = |mark: &String| mark.parse::<f64>().ok().map(|number| (mark.clone(), number));
    marks.iter().map(number).collect()
}

/// The series of a panel.
fn series(findings: &Findings, request: &Request, rows: &[&Row], marks: &[String]) -> Vec<Series> {
    let over = places(findings, &[request.over.to_owned()]);
    let mut all = Vec::new();
    for (name, rows) in groups(rows, &places(findings, request.colours)) {
        let name = name.join(", ");
        let point = |place: usize, rows: &[&Row], value: &str| {
            figure_of(rows, value).map(|figure| Point { place, figure })
        };
        if request.over == "value" {
            let points = marks.iter().enumerate();
            let points = points.filter_map(|(place, value)| point(place, &rows, value)).collect();
            all.push(Series { name, points });
            continue;
        }
        let by_mark = groups(&rows, &over);
        for value in request.values {
            let points = marks.iter().enumerate().filter_map(|(place, mark)| {
                let (_, rows) = by_mark.iter().find(|(key, _)| key.concat() == *mark)?;
                point(place, rows, value)
            });
            let points: Vec<Point> = points.collect();
            let name = match (request.values.len(), name.is_empty()) {
                (1, _) => name.clone(),
                (_, true) => value.clone(),
                (_, false) => format!("{name}: {value}"),
            };
            all.push(Series { name, points });
        }
    }
    all.retain(|series| !series.points.is_empty());
    all
}

fn drawn(panel: &Panel, names: &[String], request: &Request, (low, high): (f64, f64)) -> Markup {
    let Panel { name, marks, series } = panel;
    let numbers = numbers(marks).filter(|_| request.chart == Chart::Lines);
    let (start, end) = if request.over == "value" { shared(marks) } else { (0, 0) };
    let shown = |mark: &str| mark[start..mark.len() - end].to_owned();
    let longest = marks.iter().map(|mark| shown(mark).chars().count()).max().unwrap_or(0);
    let cell = (names.len() as f64 * DOT + 18.0).max(LETTER * longest as f64 + 10.0).max(54.0);
    let wanted = LEFT + RIGHT + cell * marks.len() as f64;
    if request.chart == Chart::Dots && wanted > WIDEST && request.over != "value" {
        // More words than stand beside one another: a row for each.
        return lying(panel, names, &request.values.join(", "), (low, high));
    }
    let width = match numbers {
        Some(_) => LINES,
        None => wanted.clamp(LINES, WIDEST),
    };
    let room = width - LEFT - RIGHT;
    let y = |value: f64| {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value.clamp(low, high) - low) / (high - low))
    };
    // Numbers stand where they are, words at equal distances.
    let x = |place: usize| match &numbers {
        Some(numbers) => {
            let (first, last) = (numbers[0].1, numbers[numbers.len() - 1].1);
            // Numbers that grow by factors are read by factors.
            let by_factors = first > 0.0 && last / first >= 20.0;
            let at = |number: f64| if by_factors { number.ln() } else { number };
            let span = at(last) - at(first);
            let share = if span > 0.0 { (at(numbers[place].1) - at(first)) / span } else { 0.5 };
            LEFT + 14.0 + (room - 28.0) * share
        }
        None => LEFT + room * (place as f64 + 0.5) / marks.len() as f64,
    };
    let shift = |colour: usize| match numbers {
        Some(_) => 0.0,
        None => (colour as f64 - (names.len() as f64 - 1.0) / 2.0) * DOT,
    };
    let unit = tick_unit(high - low);
    // What the marks share and don't show.
    let title = match (request.over, marks.first()) {
        ("value", Some(mark)) => {
            let parts = [&mark[..start], &mark[mark.len() - end..]].map(|p| p.trim_matches('.'));
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" … ")
        }
        (over, _) => over.to_owned(),
    };
    html! {
        figure style={ "min-width:" (at(width.min(340.0))) "px;max-width:" (at(width * 1.15)) "px"
            @if width > LINES { ";grid-column:1/-1" } } {
            @if !name.is_empty() { figcaption { (name) } }
            svg.chart viewBox={ "0 0 " (at(width)) " " (at(HEIGHT)) } role="img"
                aria-label={ (name) " over " (request.over) } {
                @for tick in ticks(low, high, unit) {
                    line.grid.base[tick == 0.0] x1=(at(LEFT)) x2=(at(width - RIGHT))
                        y1=(at(y(tick))) y2=(at(y(tick))) {}
                    text.tick x=(at(LEFT - 6.0)) y=(at(y(tick) + 4.0)) { (label(tick)) }
                }
                @for (place, mark) in marks.iter().enumerate() {
                    text.tick.under x=(at(x(place))) y=(at(HEIGHT - 22.0)) { (short(&shown(mark), room / marks.len() as f64)) }
                }
                text.tick.under x=(at(LEFT + room / 2.0)) y=(at(HEIGHT - 5.0)) { (title) }
                @for one in series {
                    @let colour = names.iter().position(|name| *name == one.name).unwrap_or(0);
                    g class=(run_class(colour)) {
                        @let spot = |point: &Point| (x(point.place) + shift(colour), y(point.figure.mean));
                        @if numbers.is_some() {
                            path.curve d=(joined(one.points.iter().map(&spot))) {}
                        }
                        @for point in &one.points {
                            @let (px, py) = spot(point);
                            @if point.figure.count > 1 {
                                path.whisker d={ "M" (at(px)) " " (at(y(point.figure.min)))
                                    "V" (at(y(point.figure.max))) } {}
                            }
                            circle.dot cx=(at(px)) cy=(at(py)) r="3.6" {
                                title { (tip(one, point, marks)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn joined(points: impl Iterator<Item = (f64, f64)>) -> String {
    let words = points
        .enumerate()
        .map(|(i, (x, y))| format!("{}{} {}", if i == 0 { "M" } else { "L" }, at(x), at(y)));
    words.collect()
}

/// What the pointer is told at a point.
pub(super) fn tip(series: &Series, point: &Point, marks: &[String]) -> String {
    let mut text = format!("{} {}", series.name, marks[point.place]);
    text += &format!(": {}", figure(point.figure.mean));
    if point.figure.count > 1 {
        text += &format!(", {} to {}", figure(point.figure.min), figure(point.figure.max));
    }
    text + &format!(", n={}", point.figure.count)
}

/// How many bytes all marks begin with alike, up to and with a full stop, and how many they end
/// with, from and with one.
pub(super) fn shared(marks: &[String]) -> (usize, usize) {
    let Some(first) = marks.first().filter(|_| marks.len() > 1) else { return (0, 0) };
    let mut starts = first.rmatch_indices('.').map(|(place, _)| place + 1);
    let alike = |&end: &usize| marks.iter().all(|mark| mark.starts_with(&first[..end]));
    let start = starts.find(alike).unwrap_or(0);
    let mut ends = first.match_indices('.').map(|(place, _)| first.len() - place);
    // Something of every mark must be left between both.
    let alike = |&end: &usize| {
        let end_of_first = &first[first.len() - end..];
        marks.iter().all(|mark| mark.len() > start + end && mark.ends_with(end_of_first))
    };
    (start, ends.find(alike).unwrap_or(0))
}

/// A mark cut to the room that it has.
fn short(mark: &str, room: f64) -> String {
    let letters = ((room / LETTER) as usize).max(4);
    if mark.chars().count() <= letters {
        return mark.to_owned();
    }
    let start: String = mark.chars().take(letters - 1).collect();
    format!("{start}…")
}
