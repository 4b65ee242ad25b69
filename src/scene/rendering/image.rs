//! Pictures: factors to a painter's cues.

use super::{Choice, Shown, Style, Subject};
use crate::causal::noise::{StreamId, stream};
use crate::modality::image::{BirdCues, ImageSize, ShapeCues, paint_bird, paint_shape};

/// The stream of what the scene leaves free. No node's name holds a colon.
const IMAGE: StreamId = StreamId::of("modality:image");

/// The image modality, resolved.
#[derive(Clone, Debug)]
pub struct ImagePlan {
    pub(in crate::scene) size: ImageSize,
    pub(in crate::scene) noise: f32,
    pub(in crate::scene) shows: Vec<usize>,
    pub(in crate::scene) look: Look,
}

/// What is painted, with the factors in the order of the painter's fields.
#[derive(Clone, Debug)]
pub(in crate::scene) enum Look {
    Bird { cues: [Option<Shown>; 4], styles: [Option<Style>; 6] },
    Shapes { choices: [Option<Choice>; 2], cues: [Option<Shown>; 2], styles: [Option<Style>; 7] },
}

impl ImagePlan {
    /// Width and height.
    #[must_use]
    pub const fn size(&self) -> ImageSize {
        self.size
    }

    /// Bytes per picture.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.size.bytes()
    }

    /// The factors that a picture shows, by position in the scene.
    #[must_use]
    pub fn shows(&self) -> &[usize] {
        &self.shows
    }

    /// Paints a subject into `out`, of [`ImagePlan::bytes`] bytes: RGB, row by row.
    pub fn paint(&self, subject: Subject, out: &mut [u8]) {
        let factors = subject.factors;
        let mut noise = stream(subject.seed, subject.specimen, IMAGE);
        match &self.look {
            Look::Bird { cues, styles } => {
                let [bill, feet, wings, background] = cues.map(|c| Shown::cue(c, factors));
                let [hue, x, y, size, facing, light] = styles.map(|s| Style::value(s, factors));
                let cues =
                    BirdCues { bill, feet, wings, background, hue, x, y, size, facing, light };
                paint_bird(self.size, &cues, self.noise, &mut noise, out);
            }
            Look::Shapes { choices, cues, styles } => {
                let [kind, texture] = choices.each_ref().map(|c| Choice::cue(c.as_ref(), factors));
                let [ground, shadow] = cues.map(|c| Shown::cue(c, factors));
                let [hue, x, y, size, rotation, lamp, light] =
                    styles.map(|s| Style::value(s, factors));
                let cues = ShapeCues {
                    kind,
                    texture,
                    ground,
                    shadow,
                    hue,
                    x,
                    y,
                    size,
                    rotation,
                    lamp,
                    light,
                };
                paint_shape(self.size, &cues, self.noise, &mut noise, out);
            }
        }
    }
}
