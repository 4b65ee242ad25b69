//! The scene: which one, what it says of itself, its dials, and where it's kept.

use std::path::{Path, PathBuf};

use bevy_egui::egui::{self, RichText, Slider, Ui};

use crate::lab::dial::{Dial, dials};
use crate::lab::paint::note;
use crate::lab::session::{Command, View};
use crate::lab::tokens;

use super::two_decimals;

/// See the module.
pub struct ScenePanel {
    /// The files to choose from.
    files: Vec<PathBuf>,
    path: String,
    name: String,
    /// A dial that is being turned.
    turning: Option<(Dial, f64)>,
}

impl ScenePanel {
    /// A panel that offers the scenes of a folder.
    pub fn new(folder: &Path) -> Self {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        files.retain(|path| path.extension().is_some_and(|e| e == "ron"));
        files.sort();
        Self { files, path: String::new(), name: String::new(), turning: None }
    }

    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let scene = &view.scene.stage.scene;
        self.choose(ui, view, out);
        if let Some(error) = &view.scene.error {
            let palette = tokens::palette(ui);
            egui::Frame::group(ui.style()).stroke((1.0, palette.wrong)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.add(egui::Label::new(RichText::new(error).color(palette.wrong)).wrap());
                note(ui, format!("`{}` goes on as it was.", scene.name));
            });
        }
        if !scene.about.is_empty() {
            egui::CollapsingHeader::new("About this scene").default_open(false).show(ui, |ui| {
                note(ui, scene.about.as_str());
            });
        }
        egui::CollapsingHeader::new("Dials").default_open(true).show(ui, |ui| {
            self.dials(ui, view, out);
        });
        egui::CollapsingHeader::new("Files").default_open(false).show(ui, |ui| {
            self.files(ui, view, out);
        });
    }

    fn choose(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let name = &view.scene.stage.scene.name;
        let shown = if view.scene.changed { format!("{name} (changed)") } else { name.clone() };
        ui.horizontal(|ui| {
            let label = ui.strong("Scene");
            let list = egui::ComboBox::from_id_salt("scene")
                .width((ui.available_width() - 8.0).max(80.0))
                .selected_text(shown)
                .show_ui(ui, |ui| {
                    for file in &self.files {
                        let stem = file.file_stem().unwrap_or_default();
                        let words = stem.to_string_lossy().into_owned();
                        let chosen = view.scene.path.as_ref() == Some(file);
                        if ui.selectable_label(chosen, words).clicked() {
                            out.push(Command::Open(file.clone()));
                        }
                    }
                    if self.files.is_empty() {
                        ui.label("no scenes here; open one by its path");
                    }
                });
            list.response.labelled_by(label.id).on_hover_text("Scenes of the folder `scenes`");
        });
    }

    fn dials(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        ui.spacing_mut().slider_width = (ui.available_width() - 150.0).clamp(60.0, 240.0);
        for setting in dials(&view.scene.stage.scene) {
            let turning = self.turning.as_ref().filter(|(dial, _)| *dial == setting.dial);
            let mut value = two_decimals(turning.map_or(setting.value, |(_, value)| *value));
            let (low, high) = setting.range;
            let slider = Slider::new(&mut value, low..=high).max_decimals(2).text(&setting.label);
            let response = ui.add(slider).on_hover_text(&setting.help);
            if response.changed() {
                self.turning = Some((setting.dial.clone(), value));
            }
            // A slider that is still held would make a scene of every place that it passes.
            let held = response.dragged() || response.is_pointer_button_down_on();
            if !held && let Some((dial, value)) = self.turning.take_if(|(d, _)| *d == setting.dial)
            {
                out.push(Command::Turn(dial, value));
            }
        }
    }

    fn files(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let file = view.scene.path.as_ref().map(|path| path.display().to_string());
        note(ui, file.unwrap_or_else(|| "the duck that is built in".to_owned()));
        ui.horizontal(|ui| {
            let label = ui.label("open");
            let width = (ui.available_width() - 50.0).max(60.0);
            let field = egui::TextEdit::singleline(&mut self.path)
                .hint_text("path of a .ron file")
                .desired_width(width);
            let entered = ui.add(field).labelled_by(label.id).lost_focus()
                && ui.input(|i| i.key_pressed(egui::Key::Enter));
            if (ui.button("Open").clicked() || entered) && !self.path.trim().is_empty() {
                out.push(Command::Open(PathBuf::from(self.path.trim())));
            }
        });
        ui.horizontal(|ui| {
            let label = ui.label("save");
            let width = (ui.available_width() - 50.0).max(60.0);
            let field = egui::TextEdit::singleline(&mut self.name)
                .hint_text("new file, such as scenes/mine.ron")
                .desired_width(width);
            ui.add(field).labelled_by(label.id);
            if ui.button("Save").clicked() && !self.name.trim().is_empty() {
                out.push(Command::SaveScene(PathBuf::from(self.name.trim())));
            }
        });
    }
}
