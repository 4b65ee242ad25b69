use std::collections::BTreeMap;

use super::select::{differences, groups, interval, value};
use super::*;
use crate::experiment::plan::{Chart, Experiment, Quick};
use crate::experiment::report::tags::{attribute, elements, unbalanced};
use crate::experiment::trials::Outcome;
use crate::measure::statistic::interval::summary;
use crate::measure::suite::Measure;

const COLUMNS: [&str; 4] = ["scene", "method", "objective", "seed"];

fn row(objective: &str, method: &str, seed: u64, accuracy: f64, masked: f64) -> Row {
    let columns = ["duck", method, objective, &seed.to_string()].map(str::to_owned).to_vec();
    let mut outcome = Outcome::named("key", &columns.join(" "));
    outcome.found.values =
        BTreeMap::from([("iid.accuracy".into(), accuracy), ("masked.accuracy".into(), masked)]);
    Row::new(columns, outcome, false)
}

fn sample() -> Vec<Row> {
    vec![
        row("erm", "concat", 1, 0.9, 0.7),
        row("erm", "concat", 2, 0.8, 0.7),
        row("c3r", "concat", 1, 0.95, 0.8),
        row("c3r", "concat", 2, 0.87, 0.8),
        row("erm", "late", 1, 0.5, 0.5),
    ]
}

fn plan(report: Vec<Exhibit>) -> Plan {
    Plan {
        experiment: Experiment {
            version: 1,
            name: "<toy>".into(),
            about: "About <it>.".into(),
            grids: Vec::new(),
            seeds: vec![1, 2],
            set: BTreeMap::new(),
            regimes: BTreeMap::new(),
            specimens: 8,
            measures: vec![Measure::Accuracy],
            quick: Quick::default(),
            report,
        },
        quick: true,
        specimens: 8,
        trials: Vec::new(),
        fingerprint: "0123".into(),
    }
}

#[test]
fn differences_are_taken_seed_by_seed() {
    let all = sample();
    let c3r: Vec<&Row> = all.iter().filter(|row| row.columns[2] == "c3r").collect();
    let found = differences(&all, &c3r, 2, "erm", "iid.accuracy");
    assert_eq!(found.len(), 2);
    assert!((found[0] - 0.05).abs() < 1e-12 && (found[1] - 0.07).abs() < 1e-12);
    // t(0.975, 1) = 12.706; mean 0.06, deviation 0.01414, over two.
    let [low, high] = interval(&summary(&found).unwrap()).unwrap();
    assert!((high - 0.06 - 12.7062 * 0.01).abs() < 1e-4 && (low + high - 0.12).abs() < 1e-9);
    let drop = value(&all[0], "iid.accuracy - masked.accuracy").unwrap();
    assert!((drop - 0.2).abs() < 1e-12);
    assert_eq!(value(&all[0], "iid.accuracy - nothing"), None);
}

#[test]
fn groups_come_in_the_order_of_the_rows() {
    let all = sample();
    let rows: Vec<&Row> = all.iter().collect();
    let found = groups(&rows, &[1, 2]);
    let keys: Vec<String> = found.iter().map(|(key, _)| key.join(" ")).collect();
    assert_eq!(keys, ["concat erm", "concat c3r", "late erm"]);
    assert_eq!(found[0].1.len(), 2);
}

/// Rows of which a table's values say nothing are left out, unless something failed there.
#[test]
fn a_table_is_of_what_was_measured() {
    let mut rows = sample();
    rows[0].outcome.found.values.insert("heat.x1".into(), 0.25);
    rows[4].outcome.failure = Some("diverged".into());
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let table = Exhibit::Table {
        title: "Heat".into(),
        about: String::new(),
        rows: words(&["method", "objective"]),
        values: words(&["heat.x1"]),
        against: None,
    };
    let columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    let plan = plan(vec![table]);
    let told = |rows| markdown(&Findings { plan: &plan, columns: &columns, rows });
    let text = told(&rows[..]);
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != "| --- | --- | --- |").collect();
    assert_eq!(lines[1..], ["| concat | erm | 0.250 |", "| late | erm | – |"]);
    // A table of nothing says why, on the page as well.
    for (rows, reason) in
        [(&rows[1..4], "None of these trials measures any of it."), (&[], "No trial is there yet.")]
    {
        assert!(told(rows).ends_with(&format!("## Heat\n\n{reason}\n")));
        let page = render(&Findings { plan: &plan, columns: &columns, rows });
        assert!(page.contains(reason) && !page.contains("<table>"));
    }
}

#[test]
fn a_page_is_whole_whatever_is_there() {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let plot = |chart, over: &str| Exhibit::Plot {
        title: "Plot".into(),
        about: String::new(),
        chart,
        over: over.into(),
        values: words(&["iid.accuracy", "masked.accuracy"]),
        colours: words(&["objective"]),
        panels: words(&["method"]),
    };
    let report = vec![
        Exhibit::Table {
            title: "Table".into(),
            about: "Of <all>.".into(),
            rows: words(&["method", "objective"]),
            values: words(&["iid.accuracy", "nobody.measured"]),
            against: Some(("objective".into(), "erm".into())),
        },
        Exhibit::Cross {
            title: "Cross".into(),
            about: String::new(),
            rows: words(&["method"]),
            across: "objective".into(),
            value: "iid.accuracy".into(),
            against: Some("erm".into()),
        },
        plot(Chart::Dots, "objective"),
        plot(Chart::Lines, "seed"),
        plot(Chart::Dots, "value"),
        Exhibit::HeatMaps { title: "Maps".into(), about: String::new() },
    ];
    let plan = plan(report);
    let columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    let mut rows = sample();
    rows.push(row("c3r", "late", 1, f64::NAN, 0.1));
    rows[5].outcome.failure = Some("diverged at <step>".into());
    for rows in [&rows[..], &[]] {
        let html = render(&Findings { plan: &plan, columns: &columns, rows });
        assert_eq!(unbalanced(&html), None);
        assert!(!html.contains("<toy>") && !html.contains("NaN") && !html.contains("<step>"));
        assert_eq!(html, render(&Findings { plan: &plan, columns: &columns, rows }));
    }
    let html = render(&Findings { plan: &plan, columns: &columns, rows: &rows });
    assert!(html.contains("+0.060") && html.contains("diverged at &lt;step&gt;"));
    assert!(!html.contains("nobody.measured"));
    let text = markdown(&Findings { plan: &plan, columns: &columns, rows: &rows });
    let cross: Vec<&str> = text.lines().skip_while(|line| *line != "## Cross").collect();
    assert_eq!(
        cross,
        [
            "## Cross",
            "",
            "| method | erm | c3r |",
            "| --- | --- | --- |",
            "| concat | 0.850 | 0.910 (+0.060 [-0.067, +0.187]) |",
            "| late | 0.500 | – |",
        ]
    );
    // Three plots: dots per method (3 + 2), lines the same, values on the axis.
    assert!(elements(&html, "circle").len() > 10);
    for tag in elements(&html, "circle") {
        let y: f64 = attribute(&tag, "cy").unwrap().parse().unwrap();
        assert!((0.0..=250.0).contains(&y), "{tag}");
    }
}

#[test]
fn many_words_get_a_row_each() {
    let report = vec![Exhibit::Plot {
        title: "Plot".into(),
        about: String::new(),
        chart: Chart::Dots,
        over: "scene".into(),
        values: vec!["iid.accuracy".into()],
        colours: vec!["objective".into()],
        panels: Vec::new(),
    }];
    let plan = plan(report);
    let columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for scene in 0..20 {
        for (objective, accuracy) in [("erm", 0.6), ("c3r", 0.8)] {
            let mut one = row(objective, "concat", 1, accuracy, 0.5);
            one.columns[0] = format!("a-scene-of-many-{scene}");
            rows.push(one);
        }
    }
    let html = render(&Findings { plan: &plan, columns: &columns, rows: &rows });
    assert_eq!(unbalanced(&html), None);
    assert!(html.contains("a-scene-of-many-19<") && !html.contains('…'));
    let number = |tag: &String, name: &str| attribute(tag, name).unwrap().parse::<f64>().unwrap();
    let dots = elements(&html, "circle");
    assert_eq!(dots.len(), 40);
    let mut heights: Vec<f64> = dots.iter().map(|dot| number(dot, "cy")).collect();
    heights.sort_by(f64::total_cmp);
    assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > 4.9), "{heights:?}");
    let right = |colour: usize| number(&dots[20 * colour], "cx");
    assert!(right(1) > right(0));
}

#[test]
fn what_all_marks_share_is_said_once() {
    let shared = |marks: &[&str]| {
        let marks: Vec<String> = marks.iter().map(|mark| (*mark).to_owned()).collect();
        plot::shared(&marks)
    };
    assert_eq!(shared(&["iid.dcor.snc", "iid.dcor.sp", "iid.dcor.sp_noise"]), (9, 0));
    assert_eq!(shared(&["iid.accuracy", "noise-5.accuracy"]), (0, 9));
    assert_eq!(shared(&["x.y", "x.z.y"]), (2, 0));
    assert_eq!(shared(&["alone.here"]), (0, 0));
    assert_eq!(shared(&["a", "b"]), (0, 0));
}
