//! How numbers, run names and the key to the colours are written, the same all over the page.

use maud::{Markup, html};

use super::RunReport;

/// Number of run colours in the style sheet; later runs start again from the first, paler.
const COLOURS: usize = 6;

/// Three decimals, or `n/a` for what is not finite.
pub(in crate::experiment) fn figure(value: f64) -> String {
    decimals(value, 3)
}

/// So many decimals, or `n/a` for what is not finite; never `-0.000`.
pub(in crate::experiment) fn decimals(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return "n/a".into();
    }
    let text = format!("{value:.places$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.into(),
        _ => text,
    }
}

/// Two decimals without the leading zero, for the tops of narrow bars: `.27`, `1`, `0`.
pub(in crate::experiment) fn short(value: f64) -> String {
    match decimals(value, 2).as_str() {
        "0.00" => "0".into(),
        "1.00" => "1".into(),
        text => text.strip_prefix('0').unwrap_or(text).into(),
    }
}

/// An interval in brackets: `[0.250, 0.290]`.
pub(in crate::experiment) fn interval([low, high]: [f64; 2]) -> String {
    format!("[{}, {}]", figure(low), figure(high))
}

/// A whole number in groups of three, parted by narrow no-break spaces.
pub(in crate::experiment) fn grouped(value: f64) -> String {
    let digits = decimals(value, 0);
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len() - place;
        if place > 0 && left.is_multiple_of(3) && value.is_finite() {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A coordinate of a drawing, to a hundredth of a pixel.
pub(in crate::experiment) fn at(value: f64) -> String {
    let text = decimals(value, 2);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() { "0".into() } else { text.into() }
}

/// A name for every run: the objective, with the method and the seed where those differ, and with
/// a number where even that is not enough.
pub(in crate::experiment) fn run_names(runs: &[RunReport]) -> Vec<String> {
    let differs = |pick: fn(&RunReport) -> String| {
        runs.iter().any(|run| runs.first().is_some_and(|first| pick(run) != pick(first)))
    };
    let methods = differs(|run| run.metrics.method.clone());
    let seeds = differs(|run| run.metrics.seed.to_string());
    let mut names: Vec<String> = Vec::with_capacity(runs.len());
    for run in runs {
        let mut name = run.metrics.objective.clone();
        if methods {
            name = format!("{} {name}", run.metrics.method);
        }
        if seeds {
            name = format!("{name}, seed {}", run.metrics.seed);
        }
        let base = name.clone();
        let mut copy = 1;
        while names.contains(&name) {
            copy += 1;
            name = format!("{base} ({copy})");
        }
        names.push(name);
    }
    names
}

/// The classes that give a run its colour.
pub(in crate::experiment) fn run_class(run: usize) -> String {
    let again = if run < COLOURS { "" } else { " again" };
    format!("run{}{again}", run % COLOURS)
}

/// The key to the colours: the truth, if it is drawn, and every run.
pub(in crate::experiment) fn legend(names: &[String], truth: bool) -> Markup {
    html! {
        ul.legend {
            @if truth { li.truth { span.chip {} "truth" } }
            @for (run, name) in names.iter().enumerate() {
                li class=(run_class(run)) { span.chip {} (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(figure(0.27149), "0.271");
        assert_eq!(figure(-0.0001), "0.000");
        assert_eq!(figure(-0.5), "-0.500");
        assert_eq!(figure(f64::NAN), "n/a");
        assert_eq!(short(0.266), ".27");
        assert_eq!(short(0.001), "0");
        assert_eq!(short(0.999), "1");
        assert_eq!(interval([0.25, 0.29]), "[0.250, 0.290]");
        assert_eq!(grouped(1_234_567.4), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(f64::INFINITY), "n/a");
        assert_eq!(at(12.0), "12");
        assert_eq!(at(0.0), "0");
        assert_eq!(at(100.0), "100");
    }

    #[test]
    fn twelve_runs_look_different() {
        let mut classes: Vec<String> = (0..2 * COLOURS).map(run_class).collect();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes.len(), 2 * COLOURS);
    }

    #[test]
    fn names_say_what_differs() {
        let mut runs = sample::duck(3).runs;
        assert_eq!(run_names(&runs), ["erm", "c3r", "c3r-twin"]);
        runs[1].metrics.seed += 1;
        runs[2].metrics = runs[0].metrics.clone();
        let seed = runs[0].metrics.seed;
        let names = run_names(&runs);
        assert_eq!(names[0], format!("erm, seed {seed}"));
        assert_eq!(names[2], format!("erm, seed {seed} (2)"));
    }
}
