//! The overlay that lists the keys, and the hint for those who are here the first time.

use bevy_egui::egui::{self, Align2, Key, Ui};

/// What each key does.
pub const KEYS: [(&str, Key, &str); 11] = [
    ("Space", Key::Space, "start or pause training"),
    ("n", Key::N, "train one step"),
    ("r", Key::R, "begin a new model"),
    ("z", Key::Z, "undo the last do-operation"),
    ("/", Key::Slash, "write a do-operation"),
    ("f", Key::F, "find a specimen whose verdict the operations flip"),
    ("w", Key::W, "find a specimen on which the model is wrong"),
    ("Right", Key::ArrowRight, "next specimen"),
    ("Left", Key::ArrowLeft, "previous specimen"),
    ("t", Key::T, "light or dark"),
    ("?", Key::Questionmark, "show or hide this list"),
];

/// See the module.
#[derive(Default)]
pub struct HelpPanel {
    /// Whether the list of keys is open.
    pub open: bool,
    /// Whether the hint was read.
    pub hint_read: bool,
}

impl HelpPanel {
    /// The three lines for the first time.
    pub fn hint(&mut self, ui: &mut Ui) {
        if self.hint_read {
            return;
        }
        egui::Frame::group(ui.style()).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - 70.0).max(120.0));
                    for line in [
                        "1. A model is learning to tell the label. Watch what it learns on the right: the upper bar is true, the lower one learned.",
                        "2. Take hold of a factor on the left: do(lake = 0) shows every specimen's twin without the lake.",
                        "3. If the verdict changes and the label doesn't, the model took a shortcut. Try objective c3r-twin. Press ? for keys.",
                    ] {
                        ui.add(egui::Label::new(line).wrap());
                    }
                });
                self.hint_read = ui.button("Got it").clicked();
            });
        });
    }

    /// The list of keys, above everything else.
    pub fn ui(&mut self, ui: &mut Ui) {
        if !self.open {
            return;
        }
        let mut open = true;
        egui::Window::new("Keys")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, egui::Vec2::ZERO)
            .show(ui.ctx(), |ui| {
                egui::Grid::new("keys").num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
                    for (name, _, words) in KEYS {
                        ui.monospace(name);
                        ui.label(words);
                        ui.end_row();
                    }
                });
                ui.separator();
                ui.label("Drop a scene file or a run directory on the window to open it.");
                self.open = !ui.button("Close").clicked();
            });
        self.open &= open;
    }
}
