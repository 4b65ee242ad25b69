//! Small things that several panels draw: textures, bars, waves, marked words.

use bevy_egui::egui::{
    self, Color32, ColorImage, CornerRadius, Rect, Sense, Stroke, StrokeKind, TextFormat,
    TextureHandle, TextureId, TextureOptions, Ui, WidgetInfo, WidgetType, pos2, text::LayoutJob,
    vec2,
};

use super::tokens::{self, Palette};

/// A texture that is made again only when its key changes.
#[derive(Default)]
pub struct Texture {
    key: Option<(u64, u64)>,
    handle: Option<TextureHandle>,
}

impl Texture {
    /// The texture of this key.
    pub fn get(
        &mut self,
        ui: &Ui,
        name: &str,
        key: (u64, u64),
        make: impl FnOnce() -> ColorImage,
    ) -> TextureId {
        if let (true, Some(handle)) = (self.key == Some(key), &self.handle) {
            return handle.id();
        }
        self.key = Some(key);
        let image = make();
        let handle = match self.handle.take() {
            Some(mut handle) if handle.size() == image.size => {
                handle.set(image, TextureOptions::NEAREST);
                handle
            }
            _ => ui.ctx().load_texture(name, image, TextureOptions::NEAREST),
        };
        let id = handle.id();
        self.handle = Some(handle);
        id
    }
}

/// A picture of RGB bytes; grey where the bytes don't fill it.
pub fn rgb(width: usize, height: usize, bytes: &[u8]) -> ColorImage {
    if bytes.len() == 3 * width * height {
        ColorImage::from_rgb([width, height], bytes)
    } else {
        ColorImage::filled([width, height], Color32::GRAY)
    }
}

/// A spectrogram as a picture: time to the right, pitch upwards.
pub fn spectrogram(frames: usize, bands: usize, log_mel: &[f32], dark: bool) -> ColorImage {
    let mut image = ColorImage::filled([frames.max(1), bands.max(1)], Color32::TRANSPARENT);
    if log_mel.len() != frames * bands || log_mel.is_empty() {
        return image;
    }
    let low = log_mel.iter().copied().fold(f32::MAX, f32::min);
    let high = log_mel.iter().copied().fold(f32::MIN, f32::max);
    let span = (high - low).max(1e-6);
    for frame in 0..frames {
        for band in 0..bands {
            let level = (log_mel[frame * bands + band] - low) / span;
            let shade = |from: f32, to: f32| (from + (to - from) * level) as u8;
            let colour = if dark {
                Color32::from_rgb(shade(18.0, 250.0), shade(22.0, 200.0), shade(40.0, 110.0))
            } else {
                Color32::from_rgb(shade(245.0, 120.0), shade(247.0, 30.0), shade(250.0, 60.0))
            };
            image.pixels[(bands - 1 - band) * frames + frame] = colour;
        }
    }
    image
}

/// A wave: loudest and softest sample of each column.
pub fn wave(ui: &mut Ui, samples: &[i16], size: egui::Vec2, colour: Color32, name: &str) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, true, name));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CornerRadius::same(2), tokens::palette(ui).trough);
    let columns = (rect.width() as usize).max(1);
    let top = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(1).max(1);
    let y =
        |sample: i16| rect.center().y - 0.46 * rect.height() * f32::from(sample) / f32::from(top);
    for column in 0..columns {
        let part = column * samples.len() / columns..(column + 1) * samples.len() / columns;
        let Some(part) = samples.get(part).filter(|part| !part.is_empty()) else { continue };
        let low = part.iter().copied().min().unwrap_or(0);
        let high = part.iter().copied().max().unwrap_or(0);
        let x = rect.left() + column as f32 + 0.5;
        painter.line_segment([pos2(x, y(high)), pos2(x, y(low) + 0.5)], Stroke::new(1.0, colour));
    }
}

/// A bar with its words on it: `share` of it is filled.
pub fn share_bar(ui: &mut Ui, share: f64, words: &str, colour: Color32) {
    let size = vec2(ui.available_width(), 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::ProgressIndicator, true, words));
    let palette = tokens::palette(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CornerRadius::same(2), palette.trough);
    let filled = Rect::from_min_size(rect.min, vec2(rect.width() * share as f32, rect.height()));
    painter.rect_filled(filled, CornerRadius::same(2), palette.trough.lerp_to_gamma(colour, 0.6));
    painter.text(
        rect.left_center() + vec2(5.0, 0.0),
        egui::Align2::LEFT_CENTER,
        words,
        egui::FontId::proportional(tokens::SMALL + 0.5),
        palette.text,
    );
}

/// The true value above, the learned one with its interval below. True where it's clicked.
pub fn twin_bar(
    ui: &mut Ui,
    truth: f64,
    learned: Option<(f64, [f64; 2])>,
    width: f32,
    words: &str,
    hover: &str,
) -> bool {
    let height = 2.0 * tokens::BAR + 6.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, words));
    let palette = tokens::palette(ui);
    let painter = ui.painter_at(rect.expand(1.0));
    let x = |value: f64| rect.left() + rect.width() * value.clamp(0.0, 1.0) as f32;
    let row = |place: f32, value: f64, colour: Color32| {
        let top = rect.top() + 2.0 + place * (tokens::BAR + 2.0);
        let trough =
            Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), top + tokens::BAR));
        painter.rect_filled(trough, CornerRadius::same(1), palette.trough);
        painter.rect_filled(trough.with_max_x(x(value)), CornerRadius::same(1), colour);
        top + tokens::BAR / 2.0
    };
    row(0.0, truth, palette.truth);
    if let Some((value, [low, high])) = learned {
        let middle = row(1.0, value, palette.learned);
        let stroke = Stroke::new(1.5, palette.text);
        painter.line_segment([pos2(x(low), middle), pos2(x(high), middle)], stroke);
        for end in [low, high] {
            painter.line_segment([pos2(x(end), middle - 3.0), pos2(x(end), middle + 3.0)], stroke);
        }
    } else {
        row(1.0, 0.0, palette.learned);
    }
    if response.hovered() || response.has_focus() {
        let frame = Stroke::new(1.0, palette.learned);
        painter.rect_stroke(rect, CornerRadius::same(2), frame, StrokeKind::Outside);
    }
    response.on_hover_text(hover).clicked()
}

/// A sentence in which the words that the other world doesn't have at their place are marked.
pub fn marked_words(words: &[String], other: &[String], palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (place, word) in words.iter().enumerate() {
        let changed = other.get(place) != Some(word);
        let mut format = TextFormat {
            font_id: egui::FontId::proportional(tokens::TEXT),
            color: palette.text,
            ..TextFormat::default()
        };
        if changed {
            format.color = palette.twin;
            format.underline = Stroke::new(1.5, palette.twin);
        }
        job.append(word, if place == 0 { 0.0 } else { 4.0 }, format);
    }
    job
}

/// A small word in a colour, such as a role.
pub fn tag(ui: &mut Ui, words: &str, colour: Color32) -> egui::Response {
    ui.label(egui::RichText::new(words).small().color(colour))
}

/// Weak small text that breaks into lines.
pub fn note(ui: &mut Ui, words: impl Into<String>) -> egui::Response {
    ui.add(egui::Label::new(egui::RichText::new(words).small().weak()).wrap())
}
