//! What the window knows, as JSON: for tests, and for those who plot it elsewhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::script::Measured;
use super::session::View;
use crate::measure::Headline;

/// What the window knows, for tests and for those who plot it elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    scene: String,
    error: Option<String>,
    notice: Option<String>,
    operations: Vec<String>,
    specimen: u64,
    real_label: Option<usize>,
    twin_label: Option<usize>,
    real_verdict: Option<usize>,
    twin_verdict: Option<usize>,
    verdicts_flipped: usize,
    labels_flipped: usize,
    steps: usize,
    running: bool,
    objective: String,
    method: String,
    accuracy: BTreeMap<String, f64>,
    causal_error: Option<f64>,
    headline: Option<Headline>,
    sentence: Option<String>,
    learned_pns: BTreeMap<String, f64>,
    true_pns: BTreeMap<String, f64>,
    measured: BTreeMap<String, Measured>,
    /// Memory that the program holds, where the system tells.
    memory_mib: Option<f64>,
}

/// The resident memory of this program, from Linux's own account.
fn memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

impl State {
    /// The state as it stands.
    pub fn of(view: &View, measured: BTreeMap<String, Measured>) -> Self {
        let stage = &view.scene.stage;
        let worlds = view.show.worlds.get(view.selected);
        let verdicts = view.answers.verdicts(view.selected);
        let found = view.latest.causation.iter().flatten();
        let rows = 0..view.show.worlds.len();
        Self {
            scene: stage.scene.name.clone(),
            error: view.scene.error.clone(),
            notice: view.notice.as_ref().map(|n| n.text.clone()),
            operations: view.operations.clone(),
            specimen: view.show.first + view.selected as u64,
            real_label: worlds.map(|(real, _)| real.label),
            twin_label: worlds.map(|(_, twin)| twin.label),
            real_verdict: verdicts.map(|(real, _)| real),
            twin_verdict: verdicts.map(|(_, twin)| twin),
            verdicts_flipped: rows
                .filter(|&row| view.answers.verdicts(row).is_some_and(|(v, w)| v != w))
                .count(),
            labels_flipped: view.show.worlds.iter().filter(|(a, b)| a.label != b.label).count(),
            steps: view.training.steps,
            running: view.training.running,
            objective: view.training.settings.objective.name().to_owned(),
            method: view.training.settings.method.name().to_owned(),
            accuracy: view.latest.accuracy.clone(),
            headline: view.latest.headline().cloned(),
            sentence: view.latest.sentence(),
            causal_error: view.latest.headline().and_then(|h| h.causal_error),
            learned_pns: found
                .filter_map(|f| Some((f.factor.clone(), f.of_interest()?.total.pns?)))
                .collect(),
            true_pns: stage
                .factors
                .iter()
                .map(|f| (f.name.clone(), f.truth().forward.pns))
                .collect(),
            measured,
            memory_mib: memory_mib(),
        }
    }
}
