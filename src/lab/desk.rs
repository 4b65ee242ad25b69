//! The desk: all panels laid out in the window, and the keys. It knows nothing of Bevy.

use std::path::Path;

use bevy_egui::egui::{self, CentralPanel, Event, Key, Panel, RichText, ScrollArea, Ui};

use super::panel::{
    CausationPanel, FactorsPanel, GraphPanel, HelpPanel, KEYS, RepresentationPanel, ScenePanel,
    SheetPanel, SpecimenPanel, StatusPanel, TrainingPanel,
};
use super::session::{Command, View, Wanted};
use super::tokens::{self, GAP};

/// What the middle of the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Tab {
    /// One specimen in both worlds, and the contact sheet.
    #[default]
    Specimen,
    /// The causal graph.
    Graph,
    /// Z on two axes.
    Representation,
    /// Sufficiency and necessity, where the window is narrow.
    Causes,
    /// Training, where the window is narrow.
    Training,
}

impl Tab {
    const fn name(self) -> &'static str {
        match self {
            Self::Specimen => "Specimen",
            Self::Graph => "Graph",
            Self::Representation => "Representation",
            Self::Causes => "Causes",
            Self::Training => "Training",
        }
    }
}

/// All panels, and what is open.
pub struct Desk {
    /// The tab in the middle.
    pub tab: Tab,
    /// Light or dark.
    pub dark: bool,
    /// Keys and the hint.
    pub help: HelpPanel,
    scene: ScenePanel,
    factors: FactorsPanel,
    graph: GraphPanel,
    specimen: SpecimenPanel,
    sheet: SheetPanel,
    causation: CausationPanel,
    training: TrainingPanel,
    representation: RepresentationPanel,
    status: StatusPanel,
    themed: Option<bool>,
}

impl Desk {
    /// A desk that offers the scenes of a folder.
    pub fn new(scenes: &Path) -> Self {
        Self {
            tab: Tab::Specimen,
            dark: true,
            help: HelpPanel::default(),
            scene: ScenePanel::new(scenes),
            factors: FactorsPanel::default(),
            graph: GraphPanel::default(),
            specimen: SpecimenPanel::default(),
            sheet: SheetPanel::default(),
            causation: CausationPanel::default(),
            training: TrainingPanel::default(),
            representation: RepresentationPanel::default(),
            status: StatusPanel,
            themed: None,
        }
    }

    /// Draws everything and collects what is asked for. `frames` is the frame rate to show.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, frames: f64, out: &mut Vec<Command>) {
        if self.themed != Some(self.dark) {
            tokens::apply(ui.ctx(), self.dark);
            self.themed = Some(self.dark);
        }
        self.keys(ui, view, out);
        let width = ui.available_width();
        let narrow = width < tokens::NARROW;
        // In a very wide window the columns grow with it.
        let grow = (width / 1600.0).clamp(1.0, 1.5);
        Panel::bottom("status").show(ui, |ui| self.status.ui(ui, view, frames));
        Panel::left("left")
            .resizable(!narrow)
            .default_size(tokens::LEFT * grow)
            .size_range(230.0..=520.0)
            .show(ui, |ui| {
                self.title(ui);
                ScrollArea::vertical().id_salt("left").auto_shrink(false).show(ui, |ui| {
                    self.scene.ui(ui, view, out);
                    ui.separator();
                    ui.heading("Factors");
                    self.factors.ui(ui, view, out);
                });
            });
        if !narrow {
            Panel::right("right")
                .resizable(true)
                .default_size(tokens::RIGHT * grow)
                .size_range(300.0..=640.0)
                .show(ui, |ui| {
                    ScrollArea::vertical().id_salt("right").auto_shrink(false).show(ui, |ui| {
                        ui.heading("Sufficiency and necessity");
                        self.causation.ui(ui, view, out);
                        ui.add_space(GAP);
                        ui.separator();
                        ui.heading("Training");
                        self.training.ui(ui, view, out);
                    });
                });
        }
        CentralPanel::default().show(ui, |ui| self.middle(ui, view, narrow, out));
        self.help.ui(ui);
    }

    fn title(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.heading("twinworld");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let help = ui.button("?").on_hover_text("Keys");
                help.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "keys")
                });
                if help.clicked() {
                    self.help.open = !self.help.open;
                }
                let words = if self.dark { "Light" } else { "Dark" };
                if ui.button(words).on_hover_text("Light or dark (t)").clicked() {
                    self.dark = !self.dark;
                }
            });
        });
        ui.add_space(2.0);
    }

    fn middle(&mut self, ui: &mut Ui, view: &View, narrow: bool, out: &mut Vec<Command>) {
        let mut tabs = vec![Tab::Specimen, Tab::Graph, Tab::Representation];
        if narrow {
            tabs.extend([Tab::Causes, Tab::Training]);
        } else if !tabs.contains(&self.tab) {
            self.tab = Tab::Specimen;
        }
        ui.horizontal_wrapped(|ui| {
            for tab in tabs {
                let words = RichText::new(tab.name()).size(14.0);
                if ui.selectable_label(self.tab == tab, words).clicked() {
                    self.tab = tab;
                }
            }
        });
        ui.separator();
        self.help.hint(ui);
        match self.tab {
            Tab::Graph => self.graph.ui(ui, view, out),
            Tab::Representation => self.representation.ui(ui, view, out),
            tab => {
                ScrollArea::vertical().id_salt("middle").auto_shrink(false).show(
                    ui,
                    |ui| match tab {
                        Tab::Causes => self.causation.ui(ui, view, out),
                        Tab::Training => self.training.ui(ui, view, out),
                        _ => {
                            self.specimen.ui(ui, view, out);
                            ui.separator();
                            self.sheet.ui(ui, view, out);
                        }
                    },
                );
            }
        }
    }

    fn keys(&mut self, ui: &Ui, view: &View, out: &mut Vec<Command>) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        // Held keys repeat; only the first press counts.
        let pressed: Vec<Key> = ui.input(|input| {
            let press = |event: &Event| match event {
                Event::Key { key, pressed: true, repeat: false, modifiers, .. }
                    if !modifiers.command && !modifiers.alt =>
                {
                    Some(if *key == Key::Slash && modifiers.shift {
                        Key::Questionmark
                    } else {
                        *key
                    })
                }
                _ => None,
            };
            input.events.iter().filter_map(press).collect()
        });
        let focused = ui.ctx().memory(|memory| memory.focused().is_some());
        for key in pressed {
            if !KEYS.iter().any(|(_, known, _)| *known == key) {
                continue;
            }
            match key {
                // Space and arrows belong to the control that has the focus.
                Key::Space | Key::ArrowLeft | Key::ArrowRight if focused => {}
                Key::Space if view.training.running => out.push(Command::Pause),
                Key::Space => out.push(Command::Start),
                Key::N => out.push(Command::Train(1)),
                Key::R => out.push(Command::Reset),
                Key::Z => out.push(Command::Undo),
                Key::F => out.push(Command::Search(Wanted::Flip)),
                Key::W => out.push(Command::Search(Wanted::Wrong)),
                Key::ArrowRight => out.push(Command::Select(view.selected + 1)),
                Key::ArrowLeft => out.push(Command::Select(view.selected.saturating_sub(1))),
                Key::Slash => {
                    self.factors.focus = true;
                    // The stroke that moves the focus is no part of the line.
                    ui.ctx().input_mut(|i| i.events.retain(|e| *e != Event::Text("/".to_owned())));
                }
                Key::T => self.dark = !self.dark,
                Key::Questionmark => self.help.open = !self.help.open,
                _ => {}
            }
        }
    }
}
