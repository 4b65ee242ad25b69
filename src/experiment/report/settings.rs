//! How each run was trained.

use maud::{Markup, html};

use super::RunReport;
use super::figures::{figure, grouped, run_class};

/// The section: one row a run.
pub(super) fn section(runs: &[RunReport], names: &[String]) -> Markup {
    html! {
        section #settings {
            h2 { "Settings" }
            p.lead {
                "How each model was trained. The same settings and seed on the same scene give the "
                "same model again."
            }
            div.scroll {
                table {
                    thead {
                        tr {
                            th scope="col" { "run" }
                            th scope="col" { "method" }
                            th scope="col" { "objective" }
                            th.number scope="col" { "seed" }
                            th.number scope="col" { "steps" }
                            th.number scope="col" { "seconds" }
                            th.number scope="col" { "specimens/s" }
                        }
                    }
                    tbody {
                        @for (run, report) in runs.iter().enumerate() {
                            @let metrics = &report.metrics;
                            tr {
                                th scope="row" class=(run_class(run)) {
                                    span.chip {} (names[run])
                                }
                                td { (metrics.method) }
                                td { (metrics.objective) }
                                td.number { (metrics.seed) }
                                td.number { (grouped(metrics.steps as f64)) }
                                td.number { (figure(metrics.seconds)) }
                                td.number { (grouped(metrics.samples_per_second)) }
                            }
                        }
                    }
                }
            }
            (decisions(runs, names))
        }
    }
}

/// What methods and objectives decided while they trained, as it stood at the end.
fn decisions(runs: &[RunReport], names: &[String]) -> Markup {
    let told: Vec<(usize, &RunReport)> =
        runs.iter().enumerate().filter(|(_, run)| !run.metrics.decisions.is_empty()).collect();
    html! {
        @if !told.is_empty() {
            p {
                "What was decided while training, as it stood at the end ("
                code { "losses.csv" } " has it update by update):"
            }
            ul {
                @for (run, report) in told {
                    @let all = report.metrics.decisions.iter();
                    @let words: Vec<String> =
                        all.map(|(name, value)| format!("{name} {}", figure(*value))).collect();
                    li { b { (names[run]) } ": " (words.join(", ")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::*;

    #[test]
    fn what_was_decided_is_told() {
        let mut runs = sample::duck(2).runs;
        let names = run_names(&runs);
        assert!(!section(&runs, &names).into_string().contains("was decided"));
        runs[1].metrics.decisions.insert("trust".into(), 0.875);
        let html = section(&runs, &names).into_string();
        assert!(html.contains("<b>c3r</b>: trust 0.875"), "{html}");
    }

    #[test]
    fn every_setting_of_every_run_is_there() {
        let runs = sample::duck(3).runs;
        let html = section(&runs, &run_names(&runs)).into_string();
        for run in &runs {
            let metrics = &run.metrics;
            for text in [
                metrics.method.clone(),
                metrics.objective.clone(),
                metrics.seed.to_string(),
                grouped(metrics.steps as f64),
                figure(metrics.seconds),
                grouped(metrics.samples_per_second),
            ] {
                assert!(html.contains(&format!(">{text}</td>")), "{text}");
            }
        }
    }
}
