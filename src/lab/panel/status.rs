//! The line at the foot of the window: what goes on, and what was last said.

use bevy_egui::egui::{self, RichText, Ui};

use crate::lab::session::View;
use crate::lab::tokens;

/// See the module.
#[derive(Default)]
pub struct StatusPanel;

impl StatusPanel {
    /// Draws the line.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, frames: f64) {
        let palette = tokens::palette(ui);
        let training = &view.training;
        ui.horizontal_wrapped(|ui| {
            let state = match (&training.failure, training.running) {
                (Some(_), _) => RichText::new("failed").color(palette.wrong),
                (None, true) => RichText::new("training").color(palette.right),
                (None, false) => RichText::new("paused").color(palette.weak),
            };
            ui.label(state.strong());
            ui.label(format!("step {}", training.steps));
            if training.running {
                let specimens = training.rate * training.settings.batch as f64;
                ui.label(format!("{:.1} steps/s, {specimens:.0} specimens/s", training.rate));
            }
            if frames > 0.0 {
                ui.weak(format!("{frames:.0} frames/s"));
            }
            ui.separator();
            if let Some(busy) = &view.busy {
                ui.spinner();
                ui.label(busy);
            } else if let Some(notice) = &view.notice {
                let colour = if notice.wrong { palette.wrong } else { palette.text };
                ui.add(egui::Label::new(RichText::new(&notice.text).color(colour)).wrap());
            } else if view.operations.is_empty() {
                ui.weak("no do-operation: the hypothetical world is the real one");
            } else {
                ui.label(format!("do {}", view.operations.join(", ")));
            }
        });
    }
}
