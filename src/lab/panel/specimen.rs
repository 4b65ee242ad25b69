//! One specimen: the real world beside the hypothetical one.

use bevy_egui::egui::{self, RichText, Ui, vec2};

use crate::lab::paint::{Texture, marked_words, note, rgb, share_bar, spectrogram, wave};
use crate::lab::play::Player;
use crate::lab::session::{Command, View, Wanted, changed_factors, verdict};
use crate::lab::tokens::{self, GAP};
use crate::scene::Stage;
use crate::world::Played;

use super::value_words;

/// See the module.
#[derive(Default)]
pub struct SpecimenPanel {
    pictures: [Texture; 2],
    spectra: [Texture; 2],
    player: Player,
}

/// What is told of one world.
struct World<'a> {
    place: usize,
    title: &'a str,
    own: &'a Played,
    other: &'a Played,
    probabilities: Option<&'a Vec<f32>>,
}

impl SpecimenPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        steps(ui, view, out);
        let Some((real, twin)) = view.show.worlds.get(view.selected) else { return };
        let answers = &view.answers;
        let title = if view.operations.is_empty() {
            "Hypothetical world: no do yet".to_owned()
        } else {
            format!("Hypothetical world: do {}", view.operations.join(", "))
        };
        let worlds = [
            World {
                place: 0,
                title: "Real world",
                own: real,
                other: twin,
                probabilities: answers.real.get(view.selected),
            },
            World {
                place: 1,
                title: &title,
                own: twin,
                other: real,
                probabilities: answers.twin.get(view.selected),
            },
        ];
        ui.columns(2, |columns| {
            for (ui, world) in columns.iter_mut().zip(&worlds) {
                ui.push_id(world.place, |ui| self.world(ui, view, world));
            }
        });
        ui.add_space(GAP);
        difference(ui, view);
    }

    fn world(&mut self, ui: &mut Ui, view: &View, world: &World) {
        let palette = tokens::palette(ui);
        let colour = if world.place == 0 { palette.real } else { palette.twin };
        let stage = &view.scene.stage;
        let words = ["real world", "hypothetical world"][world.place];
        ui.add(egui::Label::new(RichText::new(world.title).strong().color(colour)).truncate());
        self.picture(ui, view, world, words);
        self.sound(ui, view, world, words, colour);
        if let (Some(tokens), Some(plan)) = (&world.own.tokens, &stage.renderers.text) {
            let split = |tokens: &[u16]| -> Vec<String> {
                plan.grammar().sentence(tokens).split(' ').map(str::to_owned).collect()
            };
            let other = split(world.other.tokens.as_deref().unwrap_or_default());
            let job = marked_words(&split(tokens), &other, &palette);
            ui.add(egui::Label::new(job).wrap());
        }
        for (plan, numbers) in stage.renderers.vectors.plans().iter().zip(&world.own.vectors) {
            let shown: Vec<String> = numbers.iter().take(8).map(|x| format!("{x:.2}")).collect();
            let more = if numbers.len() > 8 { ", ..." } else { "" };
            note(ui, format!("{}: {}{more}", plan.name(), shown.join(", ")));
        }
        let missing = missing(stage, world.own);
        if !missing.is_empty() {
            note(ui, format!("missing: {}", missing.join(", ")));
        }
        verdicts(ui, stage, world);
    }

    fn picture(&mut self, ui: &mut Ui, view: &View, world: &World, words: &str) {
        let plan = view.scene.stage.renderers.image.as_ref();
        let (Some(bytes), Some(plan)) = (&world.own.picture, plan) else { return };
        let (width, height) = (plan.size().width, plan.size().height);
        let side = ui.available_width().min(ui.ctx().content_rect().height() * 0.30);
        let size = vec2(side, side * height as f32 / width.max(1) as f32);
        let key = (view.show.revision, view.selected as u64);
        let id = self.pictures[world.place].get(ui, words, key, || rgb(width, height, bytes));
        ui.add(egui::Image::new((id, size)).alt_text(format!("picture of the {words}")));
    }

    fn sound(
        &mut self,
        ui: &mut Ui,
        view: &View,
        world: &World,
        words: &str,
        colour: egui::Color32,
    ) {
        let plan = view.scene.stage.renderers.sound.as_ref();
        let (Some(sound), Some(plan)) = (&world.own.sound, plan) else { return };
        let dark = ui.visuals().dark_mode;
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 52.0).max(40.0);
            wave(ui, &sound.samples, vec2(width, 30.0), colour, &format!("sound of the {words}"));
            let can = self.player.available();
            let play = ui.add_enabled(can.is_ok(), egui::Button::new("Play"));
            play.widget_info(|| {
                let label = format!("play the {words}");
                egui::WidgetInfo::labeled(egui::WidgetType::Button, can.is_ok(), label)
            });
            let hover = can.err().unwrap_or_else(|| format!("Play the sound of the {words}"));
            let play = play.on_disabled_hover_text(&hover).on_hover_text(&hover);
            if play.clicked() {
                self.player.play(plan.rate(), &sound.samples);
            }
        });
        let mel = plan.mel();
        let key = (view.show.revision, 2 * view.selected as u64 + u64::from(dark));
        let id = self.spectra[world.place].get(ui, "spectrogram", key, || {
            spectrogram(mel.frames, mel.bands, &sound.log_mel, dark)
        });
        let size = vec2(ui.available_width(), 40.0);
        let image = egui::Image::new((id, size)).fit_to_exact_size(size);
        ui.add(image.alt_text(format!("spectrogram of the {words}")));
    }
}

/// Which specimen, and how to come to another.
fn steps(ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ui.strong(format!("Specimen {}", view.show.first + view.selected as u64));
        if ui.button("<").on_hover_text("Previous specimen (Left)").clicked() {
            out.push(Command::Select(view.selected.saturating_sub(1)));
        }
        if ui.button(">").on_hover_text("Next specimen (Right)").clicked() {
            if view.selected + 1 < view.show.worlds.len() {
                out.push(Command::Select(view.selected + 1));
            } else {
                out.extend([Command::Forward, Command::Select(0)]);
            }
        }
        let label = ui.label("find");
        let found = egui::ComboBox::from_id_salt("find").selected_text("a specimen ...").show_ui(
            ui,
            |ui| {
                let mut offer = |words: &str, wanted| {
                    if ui.selectable_label(false, words).clicked() {
                        out.push(Command::Search(wanted));
                    }
                };
                for (class, name) in view.scene.stage.scene.label.classes.iter().enumerate() {
                    offer(&format!("label is {name}"), Wanted::Label(class));
                }
                offer("the model is wrong here", Wanted::Wrong);
            },
        );
        found.response.labelled_by(label.id);
        let flips = ui.add_enabled(!view.operations.is_empty(), egui::Button::new("Find a flip"));
        let flips = flips
            .on_hover_text("Find a specimen whose verdict the do-operations flip (f)")
            .on_disabled_hover_text(
                "Do something first: then a specimen whose verdict it flips can be found",
            );
        if flips.clicked() {
            out.push(Command::Search(Wanted::Flip));
        }
        let shortcut =
            ui.add_enabled(!view.operations.is_empty(), egui::Button::new("Find a shortcut"));
        let shortcut = shortcut
            .on_hover_text("Find a specimen whose verdict changes though its label stays")
            .on_disabled_hover_text("Do something first");
        if shortcut.clicked() {
            out.push(Command::Search(Wanted::Shortcut));
        }
    });
}

/// The modalities that the specimen lacks.
fn missing(stage: &Stage, world: &Played) -> Vec<String> {
    let specs = crate::world::input_specs(stage);
    let absent = specs.into_iter().zip(&world.present).filter(|(_, present)| !**present);
    absent.map(|(spec, _)| spec.name).collect()
}

/// The label and the model's probabilities.
fn verdicts(ui: &mut Ui, stage: &Stage, world: &World) {
    let palette = tokens::palette(ui);
    let classes = &stage.scene.label.classes;
    let name = |class: usize| classes.get(class).map_or("?", String::as_str);
    ui.horizontal_wrapped(|ui| {
        ui.label("label:");
        ui.label(RichText::new(name(world.own.label)).strong().color(palette.label));
        let Some(probabilities) = world.probabilities else { return };
        let said = verdict(probabilities);
        let right = said == world.own.label;
        let colour = if right { palette.right } else { palette.wrong };
        ui.label("model:");
        ui.label(RichText::new(name(said)).strong().color(colour));
        ui.label(RichText::new(if right { "(right)" } else { "(wrong)" }).color(colour));
    });
    for (class, probability) in world.probabilities.into_iter().flatten().enumerate() {
        let words = format!("{} {probability:.2}", name(class));
        let colour = if class == world.own.label { palette.right } else { palette.wrong };
        share_bar(ui, f64::from(*probability), &words, colour);
    }
}

/// What the operations change in this specimen, and in how many verdicts and labels of all.
fn difference(ui: &mut Ui, view: &View) {
    if view.operations.is_empty() {
        return;
    }
    let palette = tokens::palette(ui);
    let stage = &view.scene.stage;
    let Some((real, twin)) = view.show.worlds.get(view.selected) else { return };
    let changed: Vec<String> = changed_factors(view, view.selected)
        .into_iter()
        .filter_map(|i| {
            let factor = stage.factors.get(i)?;
            let value = |world: &Played| value_words(factor.domain, world.factors[i]);
            Some(format!("{} {} to {}", factor.name, value(real), value(twin)))
        })
        .collect();
    let words = if changed.is_empty() {
        "This specimen is so already: nothing changes.".to_owned()
    } else {
        format!("Changed: {}.", changed.join(", "))
    };
    ui.add(egui::Label::new(RichText::new(words).color(palette.twin)).wrap());
    let worlds = &view.show.worlds;
    let labels = worlds.iter().filter(|(real, twin)| real.label != twin.label).count();
    let verdicts = (0..worlds.len()).filter_map(|row| view.answers.verdicts(row));
    let flips = verdicts.filter(|(v, w)| v != w).count();
    let share = |count: usize| 100.0 * count as f64 / worlds.len().max(1) as f64;
    let text = format!(
        "Of {} specimens it changes the label of {:.1}% and the verdict of {:.1}%.",
        worlds.len(),
        share(labels),
        share(flips)
    );
    ui.add(egui::Label::new(text).wrap());
}
