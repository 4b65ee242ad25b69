//! Sufficiency and necessity: what is true of each factor beside what the model learned.

use bevy_egui::egui::{self, RichText, Ui, vec2};
use egui_plot::{Line, Plot, PlotPoints};

use crate::causal::Role;
use crate::lab::paint::{note, tag, twin_bar};
use crate::lab::session::{Command, Count, View};
use crate::lab::tokens::{self, PLOT};
use crate::measure::FactorCausation;
use crate::measure::sentence::{CAUSAL_ERROR, RELIANCE};
use crate::scene::Factor;

/// See the module.
#[derive(Default)]
pub struct CausationPanel {
    nuisances: bool,
}

impl CausationPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        legend(ui);
        let factors = view.scene.stage.factors.iter().enumerate();
        let shown = factors.filter(|(_, f)| self.nuisances || f.role != Role::Nuisance);
        let name = 104.0;
        let width = ((ui.available_width() - name) / 3.0 - 8.0).clamp(40.0, 220.0);
        ui.horizontal(|ui| {
            ui.allocate_exact_size(vec2(name, 14.0), egui::Sense::hover());
            for (count, hover) in [
                ("PN", "Probability of necessity: without the factor, would the label be gone?"),
                ("PS", "Probability of sufficiency: with it, would the label come?"),
                ("PNS", "Probability of both: the label follows the factor both ways"),
            ] {
                let size = vec2(width, 14.0);
                ui.add_sized(size, egui::Label::new(RichText::new(count).small().strong()))
                    .on_hover_text(hover);
            }
        });
        for (place, factor) in shown {
            let found = view.latest.causation.get(place).and_then(Option::as_ref);
            row(ui, place, factor, found, (name, width), out);
        }
        let nuisances = view.scene.stage.factors.iter().any(|f| f.role == Role::Nuisance);
        if nuisances {
            ui.checkbox(&mut self.nuisances, "nuisances too");
        }
        self.course(ui, view);
    }

    /// What is to be said of the model, and the causal error over time.
    fn course(&self, ui: &mut Ui, view: &View) {
        // As much room before anything is known as after, so that nothing moves under the pointer.
        let sentence = view.latest.sentence().unwrap_or_default();
        let room = vec2(ui.available_width(), 72.0);
        ui.add_sized(room, egui::Label::new(&sentence).wrap()).on_hover_text(&sentence);
        let headline = view.latest.headline().cloned().unwrap_or_default();
        let figure = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.3}"));
        let words = format!(
            "Worst group {}, reliance {}, grasp {}",
            figure(headline.worst_group),
            figure(headline.reliance.worst),
            figure(headline.grasp)
        );
        ui.add(egui::Label::new(words).truncate())
            .on_hover_text(format!("{RELIANCE}\n{CAUSAL_ERROR}"));
        let error = view.latest.headline().and_then(|h| h.causal_error);
        let now = error.map_or("...".to_owned(), |e| format!("{e:.3}"));
        ui.label(format!("Causal error {now}")).on_hover_text(CAUSAL_ERROR);
        let palette = tokens::palette(ui);
        let points: Vec<[f64; 2]> = view.errors.to_vec();
        plot("causal error", PLOT * 0.7).include_x(0.0).include_y(0.0).include_y(0.05).show(
            ui,
            |plot| {
                plot.line(
                    Line::new("causal error", PlotPoints::from(points)).color(palette.learned),
                );
            },
        );
    }
}

/// A plot that only shows.
pub(super) fn plot(name: &str, height: f32) -> Plot<'_> {
    Plot::new(name)
        .height(height)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_background(false)
        .set_margin_fraction(vec2(0.02, 0.08))
}

fn legend(ui: &mut Ui) {
    let palette = tokens::palette(ui);
    ui.horizontal_wrapped(|ui| {
        tag(ui, "upper bar: true", palette.truth);
        tag(ui, "lower bar: learned, with 95% interval", palette.learned);
    });
}

fn row(
    ui: &mut Ui,
    place: usize,
    factor: &Factor,
    found: Option<&FactorCausation>,
    (name, width): (f32, f32),
    out: &mut Vec<Command>,
) {
    let palette = tokens::palette(ui);
    ui.horizontal(|ui| {
        let words = RichText::new(&factor.name).color(palette.role(factor.role));
        ui.allocate_ui_with_layout(
            vec2(name, 20.0),
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ui.set_min_width(name);
                ui.add(egui::Label::new(words).truncate()).on_hover_text(format!(
                    "{}: {}",
                    factor.name,
                    factor.role.description()
                ));
            },
        );
        for count in Count::ALL {
            let class = found.and_then(FactorCausation::of_interest);
            let truth = factor.truth().forward;
            let truth = count.of(truth.pn, truth.ps, Some(truth.pns));
            let learned = class.and_then(|c| count.of(c.total.pn, c.total.ps, c.total.pns));
            let ends = class.and_then(|c| c.total.intervals);
            let ends = ends.and_then(|i| count.of(i.pn, i.ps, i.pns));
            let said = match (learned, ends) {
                (Some(value), Some([low, high])) => {
                    format!("learned {value:.2} [{low:.2}, {high:.2}]")
                }
                _ if class.is_some() => "learned: undefined, its condition never held".to_owned(),
                _ => "not measured yet".to_owned(),
            };
            let known = truth.map_or("undefined".to_owned(), |truth| format!("{truth:.2}"));
            let words = format!("{} of {}: true {known}, {said}", count.name(), factor.name);
            let more = class.map_or(String::new(), |c| {
                let figure = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.2}"));
                format!(
                    "\nPNS reversed {}, direct reliance {}",
                    figure(c.total.reversed),
                    figure(c.direct.reliance)
                )
            });
            let hover = format!("{words}{more}\nClick to see the samples behind the count.");
            let (truth, learned) = (truth.unwrap_or(0.0), learned.zip(ends));
            if twin_bar(ui, truth, learned, width, &words, &hover) {
                out.push(Command::Behind(place, count));
            }
        }
    });
}

/// What the figures were measured on.
pub(super) fn measured_on(ui: &mut Ui) {
    note(ui, "Measured on 256 specimens that training never sees.");
}
