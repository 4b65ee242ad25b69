//! Training: its course, its settings, and where its runs are kept.

use std::path::PathBuf;

use bevy_egui::egui::{self, DragValue, RichText, Ui};
use egui_plot::{Legend, Line, PlotPoints};

use super::causation::{measured_on, plot};
use crate::lab::paint::{note, share_bar};
use crate::lab::session::{Command, View};
use crate::lab::tokens::{self, PLOT};
use crate::learn::StepLosses;
use crate::scene::training::{Method, Objective, Training};

/// See the module.
#[derive(Default)]
pub struct TrainingPanel {
    /// Settings that are being changed.
    draft: Option<Training>,
    run: String,
}

/// The terms of the loss, by name.
const TERMS: [(&str, fn(&StepLosses) -> f64); 7] = [
    ("total", |l| l.total),
    ("sufficiency", |l| l.sufficiency),
    ("necessity", |l| l.necessity),
    ("L_v", |l| l.l_v),
    ("L_fe", |l| l.l_fe),
    ("twin", |l| l.twin),
    ("consistency", |l| l.consistency),
];

impl TrainingPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        buttons(ui, view, out);
        choices(ui, view, out);
        if let Some(failure) = &view.training.failure {
            let colour = tokens::palette(ui).wrong;
            ui.add(egui::Label::new(RichText::new(failure).color(colour)).wrap());
        }
        accuracy(ui, view);
        course(ui, view);
        egui::CollapsingHeader::new("Settings").show(ui, |ui| self.settings(ui, view, out));
        egui::CollapsingHeader::new("Runs").show(ui, |ui| self.runs(ui, view, out));
        if !view.training.changes.is_empty() {
            egui::CollapsingHeader::new("Changed on the way").show(ui, |ui| {
                for (step, words) in view.training.changes.iter().rev() {
                    note(ui, format!("step {step}: {words}"));
                }
            });
        }
    }

    fn settings(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let mut settings = self.draft.clone().unwrap_or_else(|| view.training.settings.clone());
        let (mut changed, mut held) = (false, false);
        egui::Grid::new("settings").num_columns(2).show(ui, |ui| {
            let mut number =
                |ui: &mut Ui, name: &str, help: &str, value: &mut f32, speed: f64, low: f32| {
                    let label = ui.label(name).on_hover_text(help);
                    let drag =
                        DragValue::new(value).speed(speed).range(low..=1000.0).max_decimals(5);
                    let response = ui.add(drag).labelled_by(label.id).on_hover_text(help);
                    changed |= response.changed();
                    held |= response.dragged() || response.has_focus();
                    ui.end_row();
                };
            let s = &mut settings;
            number(ui, "learning rate", "of Adam", &mut s.learning_rate, 0.0001, 0.00001);
            let mut batch = s.batch as f32;
            number(ui, "batch", "specimens per step", &mut batch, 1.0, 2.0);
            s.batch = batch.round() as usize;
            number(ui, "lambda_s", "weight of the sufficiency term", &mut s.lambda_s, 0.01, 0.0);
            number(
                ui,
                "lambda_n",
                "weight of the necessity term (c3r)",
                &mut s.lambda_n,
                0.01,
                0.0,
            );
            number(ui, "lambda_v", "weight of KL(z || v) (c3r)", &mut s.lambda_v, 0.01, 0.0);
            number(
                ui,
                "lambda_fe",
                "weight of the divergence above its budget (c3r)",
                &mut s.lambda_fe,
                0.01,
                0.0,
            );
            number(
                ui,
                "kl_budget",
                "divergence that is free, in nats (c3r)",
                &mut s.kl_budget,
                0.01,
                0.0,
            );
            number(
                ui,
                "exposure_samples",
                "from how many samples at the full rate the second model learns in all (c3r-adjust, c3r-discount)",
                &mut s.exposure_samples,
                32.0,
                0.0,
            );
            number(
                ui,
                "discount",
                "how much of what the second model says is discounted (c3r-discount)",
                &mut s.discount,
                0.01,
                0.0,
            );
            number(
                ui,
                "lambda_alone",
                "weight of the loss of each modality alone (c3r-discount)",
                &mut s.lambda_alone,
                0.01,
                0.0,
            );
            number(
                ui,
                "lambda_rank",
                "weight of the ranking loss (qmf)",
                &mut s.lambda_rank,
                0.01,
                0.0,
            );
            number(
                ui,
                "lambda_twin",
                "weight of the loss on the rendered twin (c3r-twin)",
                &mut s.lambda_twin,
                0.01,
                0.0,
            );
            number(
                ui,
                "lambda_consistency",
                "weight of steady verdicts where the label stays (c3r-twin)",
                &mut s.lambda_consistency,
                0.01,
                0.0,
            );
        });
        if changed {
            self.draft = Some(settings);
        }
        if !held && let Some(settings) = self.draft.take() {
            out.push(Command::Tune(Box::new(settings)));
        }
        note(ui, "Changes take hold at once; the model goes on.");
    }

    fn runs(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let training = &view.training;
        let scene = &view.scene.stage.scene;
        let offered = default_run(view);
        ui.horizontal(|ui| {
            let label = ui.label("directory");
            let field = egui::TextEdit::singleline(&mut self.run)
                .hint_text(offered.display().to_string())
                .desired_width((ui.available_width() - 4.0).max(60.0));
            ui.add(field).labelled_by(label.id);
        });
        let typed = self.run.trim();
        let path = if typed.is_empty() { offered } else { PathBuf::from(typed) };
        ui.horizontal(|ui| {
            let save = ui.add_enabled(training.steps > 0, egui::Button::new("Save run"));
            let save = save
                .on_hover_text("Examine the model and write the files that `train` writes")
                .on_disabled_hover_text("Train first");
            if save.clicked() {
                out.push(Command::SaveRun(path.clone()));
            }
            let load =
                ui.button("Load run").on_hover_text("Go on with the model of a run directory");
            if load.clicked() {
                out.push(Command::LoadRun(path));
            }
        });
        let saved = if training.unsaved { "not saved yet" } else { "saved, or nothing to save" };
        note(
            ui,
            format!(
                "{} of seed {}: {saved}. Closing the window saves the model.",
                scene.name, scene.seed
            ),
        );
    }
}

/// Where a run of the lab is kept unless told otherwise.
pub fn default_run(view: &View) -> PathBuf {
    let scene = &view.scene.stage.scene;
    let objective = view.training.settings.objective.name();
    PathBuf::from("runs").join(format!("lab-{}-{objective}-seed{}", scene.name, scene.seed))
}

fn buttons(ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        let running = view.training.running;
        let words = if running { "Pause" } else { "Start" };
        if ui.button(RichText::new(words).strong()).on_hover_text("Space").clicked() {
            out.push(if running { Command::Pause } else { Command::Start });
        }
        if ui.button("One step").on_hover_text("n").clicked() {
            out.push(Command::Train(1));
        }
        if ui.button("Reset").on_hover_text("Begin a new model (r)").clicked() {
            out.push(Command::Reset);
        }
        ui.weak(format!("step {}", view.training.steps));
    });
}

fn choices(ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
    let settings = &view.training.settings;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("objective");
        let list = egui::ComboBox::from_id_salt("objective")
            .width(92.0)
            .selected_text(settings.objective.name())
            .show_ui(ui, |ui| {
                for objective in Objective::ALL {
                    let chosen = objective == settings.objective;
                    let choice = ui.selectable_label(chosen, objective.name());
                    if choice.on_hover_text(objective.description()).clicked() {
                        let settings = Training { objective, ..settings.clone() };
                        out.push(Command::Tune(Box::new(settings)));
                    }
                }
            });
        list.response.labelled_by(label.id).on_hover_text(settings.objective.description());
        let label = ui.label("method");
        let list = egui::ComboBox::from_id_salt("method")
            .width(70.0)
            .selected_text(settings.method.name())
            .show_ui(ui, |ui| {
                for method in Method::ALL {
                    let chosen = method == settings.method;
                    let choice = ui.selectable_label(chosen, method.name());
                    let hover = format!("{}; begins a new model", method.description());
                    if choice.on_hover_text(hover).clicked() {
                        let settings = Training { method, ..settings.clone() };
                        out.push(Command::Tune(Box::new(settings)));
                    }
                }
            });
        list.response.labelled_by(label.id).on_hover_text(settings.method.description());
    });
}

/// Accuracy per regime, and the C3 risk.
fn accuracy(ui: &mut Ui, view: &View) {
    let palette = tokens::palette(ui);
    let latest = &view.latest;
    if latest.accuracy.is_empty() {
        note(ui, "Nothing is measured yet.");
        return;
    }
    let named = view.scene.stage.regimes.iter();
    for regime in named.filter_map(|r| Some((&r.name, *latest.accuracy.get(&r.name)?))) {
        let (name, value) = regime;
        share_bar(ui, value, &format!("accuracy {name} {value:.3}"), palette.learned);
    }
    if let Some(risk) = latest.c3_risk {
        let words = format!(
            "C3 risk {:.3} = sufficiency {:.3} + necessity {:.3}",
            risk.total, risk.sufficiency, risk.necessity
        );
        ui.add(egui::Label::new(words).wrap())
            .on_hover_text("Share judged wrongly, plus share that keeps its label in the gradient's hypothetical world");
    }
    measured_on(ui);
}

/// The terms of the loss against steps.
fn course(ui: &mut Ui, view: &View) {
    let curve = &view.training.curve;
    ui.label("Loss").on_hover_text("Terms of the loss without their weights, against steps");
    plot("loss", PLOT).legend(Legend::default()).include_y(0.0).show(ui, |plot| {
        for (place, (name, term)) in TERMS.iter().enumerate() {
            // A term that isn't used, or that is all there is, says nothing.
            let says = |(_, l): &(usize, StepLosses)| {
                term(l) != 0.0 && (place == 0 || (term(l) - l.total).abs() > 1e-9)
            };
            if !curve.iter().any(says) {
                continue;
            }
            let points: Vec<[f64; 2]> = curve.iter().map(|(s, l)| [*s as f64, term(l)]).collect();
            let colour = tokens::palette_of(plot.ctx()).series(place);
            plot.line(Line::new(*name, PlotPoints::from(points)).color(colour));
        }
    });
}
