//! The page as a whole: head, heading, contents, and the sections in their order.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::factors::factor_rows;
use super::figures::run_names;
use super::{
    Report, ReportError, accuracy, causation_bars, curves, exhibits, headline, risk, settings,
};

const STYLE: &str = include_str!("style.css");

/// A page with a title and a look; `body` is what it shows.
pub(in crate::experiment) fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// The whole document.
pub(super) fn page(report: &Report) -> Result<Markup, ReportError> {
    let names = run_names(&report.runs);
    let rows = factor_rows(&report.runs);
    let sheet = exhibits::sheet(report, &names)?;
    let disagreements = exhibits::disagreements(report, &names)?;
    let curves = curves::section(&report.runs, &names);
    let contents = [
        ("verdict", "Verdict", true),
        ("truth", "Truth beside learned", true),
        ("accuracy", "Accuracy", true),
        ("risk", "C3 risk and causal error", true),
        ("curves", "Loss curves", !curves.0.is_empty()),
        ("sheet", "Specimens and twins", !sheet.0.is_empty()),
        ("disagreements", "Disagreements", !disagreements.0.is_empty()),
        ("settings", "Settings", true),
    ];
    let body = html! {
        header {
            h1 { (report.title) }
            p.scene { (report.scene_paragraph) }
            nav aria-label="Contents" {
                @for (anchor, words, _) in contents.iter().filter(|(_, _, shown)| *shown) {
                    a href={ "#" (anchor) } { (words) } " "
                }
            }
        }
        main {
            (headline::section(&report.runs, &names))
            (causation_bars::section(&rows, &names, &report.intervals))
            (accuracy::section(&report.runs, &names))
            (risk::section(&report.runs, &names))
            (curves)
            (sheet)
            (disagreements)
            (settings::section(&report.runs, &names))
        }
        footer {
            p { "Scene " b { (report.runs[0].metrics.scene) } ", made by twinworld." }
        }
    };
    Ok(document(&report.title, &body))
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::super::sample;
    use super::super::tags::{attribute, elements, unbalanced};

    #[test]
    fn sections_come_in_their_order() {
        let html = render(&sample::duck(3)).unwrap();
        let order = [
            "verdict",
            "truth",
            "accuracy",
            "risk",
            "curves",
            "sheet",
            "disagreements",
            "settings",
        ];
        let places: Vec<usize> =
            order.iter().map(|id| html.find(&format!("<section id=\"{id}\">")).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        for id in order {
            assert!(html.contains(&format!("href=\"#{id}\"")), "{id}");
        }
    }

    #[test]
    fn tags_are_balanced() {
        for runs in 1..=3 {
            assert_eq!(unbalanced(&render(&sample::duck(runs)).unwrap()), None);
        }
    }

    #[test]
    fn what_a_scene_says_is_escaped() {
        let evil = "<script>alert(\"x\")</script>";
        let mut report = sample::duck(2);
        report.title = evil.into();
        report.scene_paragraph = evil.into();
        report.intervals = evil.into();
        for run in &mut report.runs {
            run.metrics.scene = evil.into();
            run.metrics.method = evil.into();
            run.metrics.objective = evil.into();
            run.metrics.evaluation.accuracy.insert(evil.into(), 0.5);
            run.metrics.evaluation.causation[0].factor = evil.into();
            run.metrics.evaluation.causation[0].role = evil.into();
            run.curve[0].losses.push((evil.into(), 0.1));
        }
        for exhibit in report.sheet.iter_mut().chain(&mut report.disagreements) {
            exhibit.operation = evil.into();
            exhibit.note = evil.into();
            for world in [&mut exhibit.real, &mut exhibit.twin] {
                world.words = Some(evil.into());
                world.label = evil.into();
                world.factors[0] = (evil.into(), evil.into());
                world.verdicts[0].label = evil.into();
            }
        }
        let html = render(&report).unwrap();
        assert!(!html.contains("<script") && !html.contains("alert(\"x\")"));
        assert!(html.contains("&lt;script&gt;"));
        assert_eq!(unbalanced(&html), None);
    }

    #[test]
    fn nothing_is_fetched() {
        let html = render(&sample::duck(3)).unwrap();
        assert!(!html.contains("http://") && !html.contains("https://"));
        assert!(!html.contains("@import") && !html.contains("url("));
        for name in ["img", "audio"] {
            for tag in elements(&html, name) {
                assert!(attribute(&tag, "src").unwrap().starts_with("data:"), "{tag}");
            }
        }
        for name in ["script", "link", "iframe"] {
            assert!(elements(&html, name).is_empty(), "{name}");
        }
    }

    #[test]
    fn figures_that_are_not_numbers_do_not_break_the_page() {
        let mut report = sample::duck(2);
        let metrics = &mut report.runs[0].metrics;
        metrics.samples_per_second = f64::INFINITY;
        let found = &mut metrics.evaluation;
        found.accuracy.values_mut().for_each(|value| *value = f64::NAN);
        found.headline.causal_error = Some(f64::NAN);
        for class in found.causation.iter_mut().flat_map(|factor| &mut factor.classes) {
            class.total.pns = Some(f64::NAN);
            class.total.intervals.as_mut().unwrap().pns = Some([f64::NAN; 2]);
            class.truth.as_mut().unwrap().ps = Some(f64::NAN);
        }
        for point in &mut report.runs[0].curve {
            point.accuracy = f64::NAN;
            point.losses[0].1 = f64::NEG_INFINITY;
        }
        let html = render(&report).unwrap();
        assert_eq!(unbalanced(&html), None);
        assert!(html.contains("n/a"));
        for name in ["rect", "path", "line", "text", "svg", "g"] {
            for tag in elements(&html, name) {
                for part in ["x", "y", "width", "height", "d", "viewBox", "transform"] {
                    let value = attribute(&tag, part).unwrap_or_default();
                    assert!(!value.contains("NaN") && !value.contains("inf"), "{tag}");
                    assert!(!value.contains("n/a"), "{tag}");
                }
            }
        }
    }

    #[test]
    fn the_same_report_gives_the_same_bytes() {
        let report = sample::duck(3);
        assert_eq!(render(&report).unwrap(), render(&report.clone()).unwrap());
    }
}
