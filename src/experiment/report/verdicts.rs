//! What the truth and every run say of a specimen and of its twin.

use maud::{Markup, html};

use super::figures::{run_class, short};
use super::{Exhibit, Verdict, World};

/// A table: the truth first, then the runs, each for both worlds, and whether the label moves.
pub(super) fn table(exhibit: &Exhibit, names: &[String]) -> Markup {
    let moves = exhibit.real.label != exhibit.twin.label;
    html! {
        table.verdicts {
            thead {
                tr {
                    td {}
                    th scope="col" { "as it is" }
                    th scope="col" { "twin" }
                    th scope="col" { "label" }
                }
            }
            tbody {
                tr.truth {
                    th scope="row" { span.chip {} "truth" }
                    td { (exhibit.real.label) }
                    td { (exhibit.twin.label) }
                    td { (moving(moves)) }
                }
                @for (run, name) in names.iter().enumerate() {
                    @let (real, twin) = (said(&exhibit.real, run), said(&exhibit.twin, run));
                    @if real.is_some() || twin.is_some() {
                        tr class=(run_class(run)) {
                            th scope="row" { span.chip {} (name) }
                            (cell(real))
                            (cell(twin))
                            (movement(real, twin, moves))
                        }
                    }
                }
            }
        }
    }
}

fn said(world: &World, run: usize) -> Option<&Verdict> {
    world.verdicts.iter().find(|verdict| verdict.run == run)
}

/// A label with a tick or a cross and the probability it was given.
fn cell(verdict: Option<&Verdict>) -> Markup {
    let Some(verdict) = verdict else {
        return html! { td { "–" } };
    };
    let (sign, meaning) = if verdict.correct { ("✓", "right") } else { ("✗", "wrong") };
    html! {
        td class=[(!verdict.correct).then_some("wrong")] {
            span.sign title=(meaning) aria-label=(meaning) { (sign) } " "
            (verdict.label) " "
            span.interval { (short(verdict.probability)) }
        }
    }
}

/// Whether the run's label moves between the worlds; marked where the truth does otherwise.
fn movement(real: Option<&Verdict>, twin: Option<&Verdict>, truth_moves: bool) -> Markup {
    let (Some(real), Some(twin)) = (real, twin) else {
        return html! { td { "–" } };
    };
    let moves = real.label != twin.label;
    html! {
        td class=[(moves != truth_moves).then_some("wrong")] { (moving(moves)) }
    }
}

fn moving(moves: bool) -> &'static str {
    if moves { "changes" } else { "stays" }
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::*;

    fn verdict(run: usize, label: &str, correct: bool) -> Verdict {
        Verdict { run, label: label.into(), probability: 0.93, correct }
    }

    #[test]
    fn a_label_that_moves_without_cause_is_marked() {
        let mut exhibit = sample::duck(3).sheet.remove(0);
        exhibit.real.label = "duck".into();
        exhibit.twin.label = "duck".into();
        exhibit.real.verdicts = vec![verdict(1, "duck", true), verdict(0, "duck", true)];
        exhibit.twin.verdicts = vec![verdict(0, "other", false), verdict(1, "duck", true)];
        let html = table(&exhibit, &run_names(&sample::duck(3).runs)).into_string();
        let rows: Vec<&str> = html.split("<tr").collect();
        assert_eq!(rows.len(), 5, "head, truth and two runs: {html}");
        assert!(rows[3].contains(">erm<") && rows[3].contains("✗"));
        assert!(rows[3].contains("<td class=\"wrong\">changes</td>"), "{}", rows[3]);
        assert!(rows[4].contains(">c3r<") && !rows[4].contains("✗"));
        assert!(rows[4].contains("<td>stays</td>"), "{}", rows[4]);
        assert!(rows[4].contains(".93"));
    }

    #[test]
    fn a_run_that_saw_one_world_only() {
        let mut exhibit = sample::duck(1).sheet.remove(0);
        exhibit.real.verdicts = vec![verdict(0, "duck", true)];
        exhibit.twin.verdicts.clear();
        let html = table(&exhibit, &["erm".into()]).into_string();
        assert_eq!(html.matches("<td>–</td>").count(), 2);
    }
}
