//! The representation Z on two axes, and how much each of its elements matters.

use bevy_egui::egui::{self, Color32, Ui, vec2};
use egui_plot::{Bar, BarChart, Line, PlotPoints, Points};

use super::causation::plot;
use crate::causal::Domain;
use crate::lab::paint::note;
use crate::lab::session::{Cloud, Command, View};
use crate::lab::tokens::{self, Palette};

/// Twins of so many specimens are joined to them by a line.
const JOINED: usize = 60;

/// See the module.
#[derive(Default)]
pub struct RepresentationPanel {
    /// The factor that gives the colours; the label where none does.
    factor: Option<usize>,
}

impl RepresentationPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, _out: &mut Vec<Command>) {
        let Some(cloud) = &view.cloud else {
            note(ui, "The model was not asked yet.");
            return;
        };
        self.choose(ui, view);
        let palette = tokens::palette(ui);
        let groups = self.groups(view, &palette);
        let joined = !view.operations.is_empty();
        let height = (ui.available_height() - 190.0).clamp(150.0, 560.0);
        plot("representation", height).show_axes(false).show(ui, |plot| {
            if joined {
                for (real, twin) in cloud.real.iter().zip(&cloud.twin).take(JOINED) {
                    let line = Line::new("twin", PlotPoints::from(vec![*real, *twin]));
                    plot.line(line.color(palette.weak.gamma_multiply(0.5)).width(1.0));
                }
                let twins = Points::new(
                    "twins",
                    PlotPoints::from(cloud.twin[..cloud.twin.len().min(JOINED)].to_vec()),
                );
                plot.points(twins.radius(1.6).color(palette.twin));
            }
            for (name, colour, rows) in groups {
                let points: Vec<[f64; 2]> =
                    rows.iter().filter_map(|&row| cloud.real.get(row).copied()).collect();
                plot.points(Points::new(name, PlotPoints::from(points)).radius(2.6).color(colour));
            }
            if let Some(chosen) = cloud.real.get(view.selected) {
                let ring = Points::new("chosen", PlotPoints::from(vec![*chosen]));
                plot.points(ring.radius(5.0).filled(false).color(palette.text));
            }
        });
        let [first, second] = cloud.explained.map(|share| 100.0 * share);
        let twins = if joined { "; lines lead to the twins of the first 60" } else { "" };
        note(
            ui,
            format!(
                "Z of 256 specimens on its two main axes ({first:.0}% and {second:.0}% of the variance){twins}."
            ),
        );
        importance(ui, cloud, &palette);
    }

    fn choose(&mut self, ui: &mut Ui, view: &View) {
        let factors = &view.scene.stage.factors;
        let chosen = self.factor.and_then(|i| factors.get(i));
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("colour by");
            let shown = chosen.map_or("the label", |f| f.name.as_str());
            let list =
                egui::ComboBox::from_id_salt("colour by").selected_text(shown).show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.factor, None, "the label");
                    for (place, factor) in factors.iter().enumerate() {
                        ui.selectable_value(&mut self.factor, Some(place), &factor.name);
                    }
                });
            list.response.labelled_by(label.id);
            let palette = tokens::palette(ui);
            for (name, colour, _) in self.groups(view, &palette) {
                ui.colored_label(colour, name);
            }
        });
    }

    /// Rows in groups of one colour: by class, by value, or by fifths of a continuous factor.
    fn groups(&self, view: &View, palette: &Palette) -> Vec<(String, Color32, Vec<usize>)> {
        let stage = &view.scene.stage;
        let worlds = &view.show.worlds;
        let factor = self.factor.and_then(|i| Some((i, stage.factors.get(i)?)));
        let (count, name, of): (usize, Box<dyn Fn(usize) -> String>, Box<dyn Fn(usize) -> usize>) =
            match factor {
                None => (
                    stage.classes(),
                    Box::new(|k| stage.scene.label.classes[k].clone()),
                    Box::new(|row| worlds[row].0.label),
                ),
                Some((i, factor)) => match factor.domain.size() {
                    Some(size) => (
                        size,
                        Box::new(move |k| format!("{} {k}", factor.name)),
                        Box::new(move |row| worlds[row].0.factors[i] as usize),
                    ),
                    None => {
                        let (low, high) = super::range_of(factor, std::iter::empty());
                        let span = (high - low).max(1e-9);
                        (
                            5,
                            Box::new(move |k| {
                                format!("{:.1}", low + span * (k as f64 + 0.5) / 5.0)
                            }),
                            Box::new(move |row| {
                                let share = (worlds[row].0.factors[i] - low) / span;
                                (5.0 * share).clamp(0.0, 4.0) as usize
                            }),
                        )
                    }
                },
            };
        let continuous = factor.is_some_and(|(_, f)| f.domain == Domain::Continuous);
        let colour = |k: usize| {
            if continuous {
                palette.real.lerp_to_gamma(palette.twin, k as f32 / 4.0)
            } else {
                palette.series(k)
            }
        };
        let mut groups: Vec<(String, Color32, Vec<usize>)> =
            (0..count).map(|k| (name(k), colour(k), Vec::new())).collect();
        for row in 0..worlds.len() {
            if let Some(group) = groups.get_mut(of(row)) {
                group.2.push(row);
            }
        }
        groups
    }
}

/// How much each element moves the verdict, and the probe of appendix H.5.
fn importance(ui: &mut Ui, cloud: &Cloud, palette: &Palette) {
    if cloud.importance.is_empty() {
        return;
    }
    let mut sorted = cloud.importance.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let edge = sorted.get(sorted.len().div_ceil(5) - 1).copied().unwrap_or(0.0);
    ui.label("Importance of each element").on_hover_text(
        "Its reach in the linear head times its standard deviation; the most important fifth is lit",
    );
    let bars: Vec<Bar> = (cloud.importance.iter().enumerate())
        .map(|(i, &v)| {
            Bar::new(i as f64, v).fill(if v >= edge { palette.learned } else { palette.truth })
        })
        .collect();
    plot("importance", 70.0).show_axes([false, false]).show(ui, |plot| {
        plot.bar_chart(BarChart::new("importance", bars).width(0.8));
    });
    if let Some([own, reduced, increased]) = cloud.probed {
        ui.horizontal_wrapped(|ui| {
            ui.label(format!("accuracy {own:.3}"));
            ui.label(format!("reduced {reduced:.3}"))
                .on_hover_text("The important fifth of the elements halved");
            ui.label(format!("increased {increased:.3}"))
                .on_hover_text("The others doubled, and the whole brought back to its length");
        });
    }
    ui.add_space(vec2(0.0, 2.0).y);
}
