//! The contact sheet: all specimens that are shown, to pick one from.

use bevy_egui::egui::{
    self, Color32, ColorImage, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    WidgetType, pos2, vec2,
};

use crate::lab::paint::{Texture, note};
use crate::lab::session::{Command, View, Wanted, is};
use crate::lab::tokens::{self, THUMB};

/// Thumbnails in a row of the texture.
const ACROSS: usize = 16;

/// See the module.
#[derive(Default)]
pub struct SheetPanel {
    atlas: Texture,
    filter: Filter,
    twins: bool,
}

/// Which specimens are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Filter {
    #[default]
    All,
    Only(Wanted),
}

impl SheetPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        self.choose(ui, view, out);
        let rows: Vec<usize> = match &view.listed {
            Some((_, rows)) => rows.clone(),
            None => (0..view.show.worlds.len()).filter(|&row| self.lists(view, row)).collect(),
        };
        if rows.is_empty() {
            note(ui, "No specimen of this page is so.");
            return;
        }
        egui::ScrollArea::vertical().id_salt("sheet").auto_shrink([false, true]).show(ui, |ui| {
            self.thumbs(ui, view, &rows, out);
        });
    }

    fn choose(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| {
            if let Some((title, _)) = &view.listed {
                ui.strong(title);
                if ui.button("Show all").clicked() {
                    out.push(Command::ShowAll);
                }
                return;
            }
            ui.strong("Specimens");
            let mut offer = |filter: Filter, words: &str| {
                if ui.selectable_label(self.filter == filter, words).clicked() {
                    self.filter = filter;
                }
            };
            offer(Filter::All, "all");
            for (class, name) in view.scene.stage.scene.label.classes.iter().enumerate() {
                offer(Filter::Only(Wanted::Label(class)), name);
            }
            offer(Filter::Only(Wanted::Wrong), "wrong");
            if !view.operations.is_empty() {
                offer(Filter::Only(Wanted::Flip), "flipped");
            }
            ui.checkbox(&mut self.twins, "twins").on_hover_text("Show the hypothetical world");
            let go = |ui: &mut Ui, words: &str, hover: &str| {
                ui.button(words).on_hover_text(hover).clicked()
            };
            if view.show.first > 0 && go(ui, "back", "The 256 specimens before") {
                out.push(Command::Back);
            }
            if go(ui, "more", "The next 256 specimens of the stream") {
                out.push(Command::Forward);
            }
        });
    }

    fn lists(&self, view: &View, row: usize) -> bool {
        match self.filter {
            Filter::All => true,
            Filter::Only(wanted) => is(wanted, &view.show, &view.answers, row),
        }
    }

    fn thumbs(&mut self, ui: &mut Ui, view: &View, rows: &[usize], out: &mut Vec<Command>) {
        let palette = tokens::palette(ui);
        let texture = view.scene.stage.renderers.image.as_ref().map(|plan| {
            let size = [plan.size().width, plan.size().height];
            let key = (view.show.revision, u64::from(self.twins));
            let twins = self.twins;
            self.atlas.get(ui, "sheet", key, || atlas(view, size, twins))
        });
        let across = ((ui.available_width() / (THUMB + 2.0)) as usize).max(1);
        let lines = rows.len().div_ceil(across);
        let size = vec2(across as f32 * (THUMB + 2.0), lines as f32 * (THUMB + 2.0));
        let (whole, _) = ui.allocate_exact_size(size, Sense::hover());
        for (place, &row) in rows.iter().enumerate() {
            let corner = vec2((place % across) as f32, (place / across) as f32) * (THUMB + 2.0);
            let rect = Rect::from_min_size(whole.min + corner, vec2(THUMB, THUMB));
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let Some((real, _)) = view.show.worlds.get(row) else { continue };
            let response = ui.interact(rect, ui.id().with(("thumb", row)), Sense::click());
            let chosen = row == view.selected;
            let words = format!("specimen {}", view.show.first + row as u64);
            response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, chosen, &words));
            let painter = ui.painter();
            match texture {
                Some(id) => {
                    let side = ACROSS as f32;
                    let height = view.show.worlds.len().div_ceil(ACROSS).max(1) as f32;
                    let (x, y) = ((row % ACROSS) as f32, (row / ACROSS) as f32);
                    let uv = Rect::from_min_max(
                        pos2(x / side, y / height),
                        pos2((x + 1.0) / side, (y + 1.0) / height),
                    );
                    painter.image(id, rect, uv, Color32::WHITE);
                }
                None => {
                    let colour = if real.label == 0 { palette.trough } else { palette.label };
                    painter.rect_filled(rect, CornerRadius::same(2), colour);
                }
            }
            let verdict = view.answers.verdicts(row).map(|(real, _)| real);
            if verdict.is_some_and(|v| v != real.label) {
                let dot = rect.right_top() + vec2(-5.0, 5.0);
                painter.circle(dot, 3.5, palette.wrong, Stroke::new(1.0, Color32::WHITE));
            }
            if chosen || response.hovered() || response.has_focus() {
                let stroke = Stroke::new(if chosen { 2.5 } else { 1.0 }, palette.learned);
                painter.rect_stroke(rect, CornerRadius::same(1), stroke, StrokeKind::Outside);
            }
            let label = view.scene.stage.scene.label.classes.get(real.label);
            let hover = format!("{words}: {}", label.map_or("?", String::as_str));
            if response.on_hover_text(hover).clicked() {
                out.push(Command::Select(row));
            }
        }
    }
}

/// All pictures in one.
fn atlas(view: &View, [width, height]: [usize; 2], twins: bool) -> ColorImage {
    let lines = view.show.worlds.len().div_ceil(ACROSS).max(1);
    let mut image = ColorImage::filled([ACROSS * width, lines * height], Color32::GRAY);
    for (row, (real, twin)) in view.show.worlds.iter().enumerate() {
        let world = if twins { twin } else { real };
        let Some(bytes) = world.picture.as_ref().filter(|b| b.len() == 3 * width * height) else {
            continue;
        };
        let (left, top) = (row % ACROSS * width, row / ACROSS * height);
        for (place, pixel) in bytes.chunks_exact(3).enumerate() {
            let (x, y) = (left + place % width, top + place / width);
            image.pixels[y * ACROSS * width + x] = Color32::from_rgb(pixel[0], pixel[1], pixel[2]);
        }
    }
    image
}
