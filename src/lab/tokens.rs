//! Colours, sizes and distances of the window, for light and dark.

use bevy_egui::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals,
};

use crate::causal::Role;

/// The colours that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The real world.
    pub real: Color32,
    /// The hypothetical world, and what a do-operation changed.
    pub twin: Color32,
    /// What is true.
    pub truth: Color32,
    /// What the model learned.
    pub learned: Color32,
    /// Causes of the label.
    pub cause: Color32,
    /// What only goes with the label.
    pub spurious: Color32,
    /// What has nothing to do with it.
    pub nuisance: Color32,
    /// Hidden common causes.
    pub confounder: Color32,
    /// The label.
    pub label: Color32,
    /// What went wrong.
    pub wrong: Color32,
    /// What is right.
    pub right: Color32,
    /// The empty part of a bar.
    pub trough: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight.
    pub weak: Color32,
}

const DARK: Palette = Palette {
    real: Color32::from_rgb(96, 165, 250),
    twin: Color32::from_rgb(251, 146, 60),
    truth: Color32::from_rgb(148, 163, 184),
    learned: Color32::from_rgb(56, 189, 170),
    cause: Color32::from_rgb(74, 202, 132),
    spurious: Color32::from_rgb(248, 113, 113),
    nuisance: Color32::from_rgb(129, 140, 153),
    confounder: Color32::from_rgb(192, 132, 252),
    label: Color32::from_rgb(250, 204, 80),
    wrong: Color32::from_rgb(252, 129, 129),
    right: Color32::from_rgb(94, 214, 150),
    trough: Color32::from_rgb(46, 51, 58),
    text: Color32::from_rgb(222, 226, 230),
    weak: Color32::from_rgb(160, 168, 178),
};

const LIGHT: Palette = Palette {
    real: Color32::from_rgb(29, 100, 216),
    twin: Color32::from_rgb(194, 84, 4),
    truth: Color32::from_rgb(112, 124, 140),
    learned: Color32::from_rgb(10, 138, 120),
    cause: Color32::from_rgb(18, 128, 62),
    spurious: Color32::from_rgb(200, 38, 38),
    nuisance: Color32::from_rgb(102, 112, 124),
    confounder: Color32::from_rgb(126, 58, 214),
    label: Color32::from_rgb(150, 104, 0),
    wrong: Color32::from_rgb(190, 28, 28),
    right: Color32::from_rgb(14, 122, 60),
    trough: Color32::from_rgb(224, 228, 233),
    text: Color32::from_rgb(28, 32, 38),
    weak: Color32::from_rgb(88, 96, 106),
};

/// The colours of the theme in force.
pub fn palette(ui: &egui::Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The same where there is only a context.
pub fn palette_of(ctx: &egui::Context) -> Palette {
    if ctx.theme() == egui::Theme::Dark { DARK } else { LIGHT }
}

impl Palette {
    /// The colour of a role.
    pub const fn role(&self, role: Role) -> Color32 {
        match role {
            Role::Snc | Role::Sc | Role::Nc => self.cause,
            Role::Spurious => self.spurious,
            Role::Nuisance => self.nuisance,
        }
    }

    /// A colour of a series, by its place.
    pub fn series(&self, place: usize) -> Color32 {
        let all = [
            self.learned,
            self.twin,
            self.real,
            self.confounder,
            self.label,
            self.spurious,
            self.cause,
            self.truth,
        ];
        all[place % all.len()]
    }
}

/// Distance between parts.
pub const GAP: f32 = 8.0;
/// Distance within a part.
pub const TIGHT: f32 = 4.0;
/// Width of the column of scene and factors.
pub const LEFT: f32 = 290.0;
/// Width of the column of learning.
pub const RIGHT: f32 = 390.0;
/// Below this width columns become tabs.
pub const NARROW: f32 = 1100.0;
/// Height of a bar.
pub const BAR: f32 = 7.0;
/// Height of a plot.
pub const PLOT: f32 = 120.0;
/// Side of a thumbnail.
pub const THUMB: f32 = 36.0;
/// Size of text.
pub const TEXT: f32 = 13.0;
/// Size of small text.
pub const SMALL: f32 = 11.0;

/// Gives egui the theme.
pub fn apply(ctx: &egui::Context, dark: bool) {
    let palette = if dark { DARK } else { LIGHT };
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    let (panel, field) = if dark {
        (Color32::from_rgb(24, 27, 31), Color32::from_rgb(15, 17, 20))
    } else {
        (Color32::from_rgb(248, 249, 251), Color32::WHITE)
    };
    (visuals.panel_fill, visuals.window_fill, visuals.extreme_bg_color) = (panel, panel, field);
    visuals.faint_bg_color = palette.trough.gamma_multiply(0.4);
    visuals.override_text_color = Some(palette.text);
    visuals.weak_text_color = Some(palette.weak);
    visuals.error_fg_color = palette.wrong;
    visuals.selection.bg_fill = palette.learned.gamma_multiply(if dark { 0.45 } else { 0.30 });
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    visuals.window_corner_radius = CornerRadius::same(6);
    let theme = if dark { egui::Theme::Dark } else { egui::Theme::Light };
    ctx.set_visuals_of(theme, visuals);
    ctx.set_theme(theme);
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(TIGHT + 2.0, TIGHT);
        style.spacing.button_padding = egui::vec2(6.0, 2.0);
        let size = |size: f32, family: FontFamily| FontId::new(size, family);
        style.text_styles = [
            (TextStyle::Heading, size(15.0, FontFamily::Proportional)),
            (TextStyle::Body, size(TEXT, FontFamily::Proportional)),
            (TextStyle::Button, size(TEXT, FontFamily::Proportional)),
            (TextStyle::Small, size(SMALL, FontFamily::Proportional)),
            (TextStyle::Monospace, size(TEXT - 1.0, FontFamily::Monospace)),
        ]
        .into();
    });
}
