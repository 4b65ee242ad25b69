//! The factors, each with a hold: do-operations by hand and as lines of text.

use bevy_egui::egui::{self, DragValue, RichText, Slider, Ui};

use crate::causal::{Action, Domain};
use crate::lab::paint::{note, tag};
use crate::lab::session::{Command, View};
use crate::lab::tokens;
use crate::scene::{Factor, Stage};

use super::{range_of, two_decimals};

/// See the module.
#[derive(Default)]
pub struct FactorsPanel {
    line: String,
    /// Whether the line is to be written in now.
    pub focus: bool,
}

impl FactorsPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        self.write(ui, out);
        operations(ui, view, out);
        ui.separator();
        for (place, factor) in view.scene.stage.factors.iter().enumerate() {
            row(ui, view, place, factor, out);
        }
    }

    fn write(&mut self, ui: &mut Ui, out: &mut Vec<Command>) {
        ui.horizontal(|ui| {
            let label = ui.strong("do");
            let width = (ui.available_width() - 40.0).max(60.0);
            let field = egui::TextEdit::singleline(&mut self.line)
                .hint_text("lake=0, size+=0.2, lake~Bernoulli(0.5)")
                .desired_width(width);
            let response = ui.add(field).labelled_by(label.id).on_hover_text(
                "A line as after --do on the command line: =, +=, *=, :=function, ~Mechanism(...)",
            );
            if std::mem::take(&mut self.focus) {
                response.request_focus();
            }
            let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            if (ui.button("Do").clicked() || entered) && !self.line.trim().is_empty() {
                // Several may be pasted from a command line: --do lake=0 --do wings=1.
                for line in self.line.split("--do").filter(|line| !line.trim().is_empty()) {
                    out.push(Command::Do(line.trim().to_owned()));
                }
                self.line.clear();
            }
        });
    }
}

/// The operations in force.
fn operations(ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
    if view.operations.is_empty() {
        note(ui, "Nothing is done yet: hold a factor below.");
        return;
    }
    let palette = tokens::palette(ui);
    for line in &view.operations {
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("do {line}")).monospace().color(palette.twin));
            let node = view.scene.stage.scm().find(name_of(line));
            let undo = ui.small_button("undo").on_hover_text(format!("Take back do {line}"));
            if let (true, Some(node)) = (undo.clicked(), node) {
                out.push(Command::UndoNode(node));
            }
        });
    }
    ui.horizontal(|ui| {
        if ui.button("Undo all").clicked() {
            out.push(Command::UndoAll);
        }
        let copy = ui.button("Copy").on_hover_text("Copy the operations for the command line");
        if copy.clicked() {
            let words = view.operations.iter().map(|line| format!("--do '{line}'"));
            ui.ctx().copy_text(words.collect::<Vec<_>>().join(" "));
        }
    });
}

/// The node's name in a line.
fn name_of(line: &str) -> &str {
    let end = line.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'));
    // `size*=2`, `size+=2` and `size-...` end before their sign.
    line[..end.unwrap_or(line.len())].trim()
}

/// One factor: name, role, and its hold.
fn row(ui: &mut Ui, view: &View, place: usize, factor: &Factor, out: &mut Vec<Command>) {
    let palette = tokens::palette(ui);
    let held = view.held.on(factor.node);
    ui.horizontal(|ui| {
        let colour = palette.role(factor.role);
        let name = RichText::new(&factor.name).color(if held.is_some() {
            palette.twin
        } else {
            palette.text
        });
        let label = ui.label(name).on_hover_text(about(&view.scene.stage, factor));
        tag(ui, role_words(factor), colour).on_hover_text(factor.role.description());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            soft(ui, factor, held, out);
            let own = ui
                .selectable_label(held.is_none(), "own")
                .on_hover_text(format!("{} follows its own mechanism", factor.name));
            own.widget_info(|| {
                egui::WidgetInfo::selected(
                    egui::WidgetType::RadioButton,
                    true,
                    held.is_none(),
                    format!("{} own", factor.name),
                )
            });
            if own.clicked() {
                out.push(Command::UndoNode(factor.node));
            }
            match factor.domain {
                Domain::Binary => binary(ui, factor, held, out),
                Domain::Categorical(values) => categorical(ui, factor, values, held, out),
                Domain::Continuous => continuous(ui, view, place, factor, held, label.id, out),
            }
        });
    });
}

const fn role_words(factor: &Factor) -> &'static str {
    use crate::causal::Role;
    match factor.role {
        Role::Snc => "cause",
        Role::Sc => "sufficient",
        Role::Nc => "necessary",
        Role::Spurious => "spurious",
        Role::Nuisance => "nuisance",
    }
}

/// Role and distribution in words.
fn about(stage: &Stage, factor: &Factor) -> String {
    let declared = stage.scene.factors.iter().find(|f| f.name == factor.name);
    let mechanism = declared.map(|f| format!("{:?}", f.mechanism)).unwrap_or_default();
    format!("{}: {}\n{mechanism}", factor.name, factor.role.description())
}

fn set(factor: &Factor, value: f64) -> Command {
    Command::Do(format!("{}={value}", factor.name))
}

fn is_set(held: Option<&Action>, value: f64) -> bool {
    matches!(held, Some(Action::Set(v)) if *v == value)
}

fn binary(ui: &mut Ui, factor: &Factor, held: Option<&Action>, out: &mut Vec<Command>) {
    for value in [1.0, 0.0] {
        let chosen = is_set(held, value);
        let words = format!("do({} = {value})", factor.name);
        let response = ui.selectable_label(chosen, format!("{value}")).on_hover_text(&words);
        response.widget_info(|| {
            egui::WidgetInfo::selected(egui::WidgetType::RadioButton, true, chosen, &words)
        });
        if response.clicked() {
            out.push(set(factor, value));
        }
    }
}

fn categorical(
    ui: &mut Ui,
    factor: &Factor,
    values: usize,
    held: Option<&Action>,
    out: &mut Vec<Command>,
) {
    let shown = match held {
        Some(Action::Set(value)) => format!("{value}"),
        _ => "set".to_owned(),
    };
    let list = egui::ComboBox::from_id_salt(("do", &factor.name))
        .width(48.0)
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for value in (0..values).map(|v| v as f64) {
                if ui.selectable_label(is_set(held, value), format!("{value}")).clicked() {
                    out.push(set(factor, value));
                }
            }
        });
    let words = format!("do({} = ...)", factor.name);
    list.response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, &words));
    list.response.on_hover_text(words);
}

fn continuous(
    ui: &mut Ui,
    view: &View,
    place: usize,
    factor: &Factor,
    held: Option<&Action>,
    label: egui::Id,
    out: &mut Vec<Command>,
) {
    let worlds = &view.show.worlds;
    let seen = worlds.iter().filter_map(|(real, _)| real.factors.get(place).copied());
    let (low, high) = range_of(factor, seen);
    let own = worlds.get(view.selected).and_then(|(real, _)| real.factors.get(place).copied());
    let shown = match held {
        Some(Action::Set(value)) => *value,
        _ => own.unwrap_or(low),
    };
    let mut value = two_decimals(shown.clamp(low, high));
    ui.spacing_mut().slider_width = (ui.available_width() - 55.0).clamp(40.0, 120.0);
    let hover = format!("do({} = ...)", factor.name);
    let slider = Slider::new(&mut value, low..=high).show_value(false).max_decimals(2);
    let slid = ui.add(slider).labelled_by(label).on_hover_text(&hover).changed();
    let number = DragValue::new(&mut value).range(low..=high).speed(0.01).fixed_decimals(2);
    let typed = ui.add(number).labelled_by(label).on_hover_text(hover).changed();
    if slid || typed {
        out.push(set(factor, two_decimals(value)));
    }
}

/// Soft interventions.
fn soft(ui: &mut Ui, factor: &Factor, held: Option<&Action>, out: &mut Vec<Command>) {
    let chosen = held.is_some_and(|action| !matches!(action, Action::Set(_)));
    let words = if chosen { RichText::new("soft").strong() } else { RichText::new("soft").weak() };
    let menu = ui.menu_button(words, |ui| {
        let name = &factor.name;
        let mut offer = |line: String, words: &str| {
            if ui.button(RichText::new(&line).monospace()).on_hover_text(words).clicked() {
                out.push(Command::Do(line));
                ui.close();
            }
        };
        match factor.domain {
            Domain::Continuous => {
                let by = (factor.present - factor.absent).abs() / 4.0;
                offer(format!("{name}+={by:.2}"), "more than it naturally is");
                offer(format!("{name}+=-{by:.2}"), "less than it naturally is");
                offer(format!("{name}*=0.5"), "half of what it naturally is");
                offer(format!("{name}*=2"), "twice what it naturally is");
            }
            Domain::Binary => {
                offer(format!("{name}~Bernoulli(0.5)"), "a coin, whatever its causes say");
                offer(format!("{name}:=not natural"), "the opposite of what it naturally is");
            }
            Domain::Categorical(values) => {
                let share = vec![format!("{}", 1.0 / values as f64); values].join(", ");
                offer(format!("{name}~Categorical([{share}])"), "all values alike");
            }
        }
    });
    let words = format!("soft interventions on {}", factor.name);
    menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
    menu.response.on_hover_text(words);
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_name_ends_where_the_sign_begins() {
        for line in ["lake=0", "lake+=0.5", "lake *= 2", "lake~Bernoulli(0.5)", "lake:=not natural"]
        {
            assert_eq!(super::name_of(line), "lake");
        }
    }
}
