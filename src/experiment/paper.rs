//! What is written of examined models: figures and report.

use std::path::PathBuf;
use std::sync::Arc;

use super::report::{CurvePoint, Report, RunReport, render};
use super::{Entrant, RunDirectory, RunError, sheet, write_whole};
use crate::learn::StepLosses;
use crate::measure::Metrics;
use crate::scene::Stage;

/// Writes `metrics.json` and `report.html` of one examined model; returns the path of the report,
/// or `None` where it was not examined. `specimens` is how many it was examined on.
///
/// # Errors
/// A model that can't be asked, or a file that can't be written.
pub fn write_paper(
    directory: &RunDirectory,
    stage: &Arc<Stage>,
    seed: u64,
    entrant: &Entrant,
    specimens: usize,
) -> Result<Option<PathBuf>, RunError> {
    let Some(metrics) = &entrant.metrics else { return Ok(None) };
    directory.write_metrics(metrics)?;
    let report = Report {
        title: format!("{}: {} with {}", metrics.scene, metrics.method, metrics.objective),
        scene_paragraph: stage.scene.about.clone(),
        intervals: format!("Wilson score, over {specimens} specimens"),
        runs: run_reports(&[(metrics.clone(), &entrant.curve)]),
        sheet: entrant
            .table
            .iter()
            .map(|table| sheet(stage, seed, &[(0, table)]))
            .next()
            .unwrap_or_default(),
        disagreements: Vec::new(),
    };
    let page = directory.file("report.html");
    write_whole(&page, render(&report)?.as_bytes())?;
    Ok(Some(page))
}

/// Metrics and loss curves as the report wants them; a term that is 0 throughout is left out.
pub fn run_reports(runs: &[(Metrics, &[StepLosses])]) -> Vec<RunReport> {
    let terms = |l: &StepLosses| {
        [
            ("total", l.total),
            ("sufficiency", l.sufficiency),
            ("necessity", l.necessity),
            ("L_v", l.l_v),
            ("L_fe", l.l_fe),
            ("twin", l.twin),
            ("consistency", l.consistency),
        ]
    };
    let one = |(metrics, curve): &(Metrics, &[StepLosses])| {
        let used = |i: usize| curve.iter().any(|l| terms(l)[i].1 != 0.0);
        let used: Vec<bool> = (0..7).map(used).collect();
        let point = |(step, l): (usize, &StepLosses)| CurvePoint {
            step,
            losses: terms(l)
                .into_iter()
                .zip(&used)
                .filter(|(_, used)| **used)
                .map(|((name, value), _)| (name.to_owned(), value))
                .collect(),
            accuracy: l.accuracy,
        };
        let curve = curve.iter().enumerate().map(point).collect();
        RunReport { metrics: metrics.clone(), curve }
    };
    runs.iter().map(one).collect()
}
