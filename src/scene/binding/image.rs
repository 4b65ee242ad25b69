//! Bindings of pictures.

use super::{Binder, shown};
use crate::modality::image::ImageSize;
use crate::scene::rendering::{ImagePlan, Look};
use crate::scene::{BirdPainter, ImageDeclaration, Painter, SceneError, ShapePainter};

/// The names of an object's kinds, in the order of the painter's values.
const KINDS: [&str; 6] = ["circle", "square", "triangle", "star", "cross", "ring"];
/// The names of its textures.
const TEXTURES: [&str; 4] = ["plain", "stripes", "dots", "checks"];

impl Binder<'_> {
    pub(super) fn image(&mut self, d: &ImageDeclaration) -> Result<ImagePlan, SceneError> {
        let (least, most) = (ImageSize::LEAST, 4096);
        let fits = |n| (least..=most).contains(&n);
        if !fits(d.size.width) || !fits(d.size.height) {
            let problem = format!("a picture can't be {}x{}", d.size.width, d.size.height);
            let remedy = format!("give sides from {least} to {most}");
            return Err(self.check.error(&self.at(&["size"]), None, problem, remedy));
        }
        let noise = self.share(d.noise, &["noise"], "noise")?;
        let (look, shows) = match &d.painter {
            Painter::Bird(bird) => self.bird(bird)?,
            Painter::Shapes(object) => self.object(object)?,
        };
        Ok(ImagePlan { size: d.size, noise, shows, look })
    }

    fn bird(&mut self, d: &BirdPainter) -> Result<(Look, Vec<usize>), SceneError> {
        let cues = [
            self.cue(d.bill.as_ref(), "painter", "bill")?,
            self.cue(d.feet.as_ref(), "painter", "feet")?,
            self.cue(d.wings.as_ref(), "painter", "wings")?,
            self.cue(d.background.as_ref(), "painter", "background")?,
        ];
        let styles = [
            self.style(d.hue.as_ref(), &["painter", "hue"])?,
            self.style(d.x.as_ref(), &["painter", "x"])?,
            self.style(d.y.as_ref(), &["painter", "y"])?,
            self.style(d.size.as_ref(), &["painter", "size"])?,
            self.style(d.facing.as_ref(), &["painter", "facing"])?,
            self.style(d.light.as_ref(), &["painter", "light"])?,
        ];
        let shows = shown(&cues, &[], &styles);
        Ok((Look::Bird { cues, styles }, shows))
    }

    fn object(&mut self, d: &ShapePainter) -> Result<(Look, Vec<usize>), SceneError> {
        let choices = [
            self.choice(d.kind.as_ref(), "painter", "kind", &KINDS)?,
            self.choice(d.texture.as_ref(), "painter", "texture", &TEXTURES)?,
        ];
        let cues = [
            self.cue(d.ground.as_ref(), "painter", "ground")?,
            self.cue(d.shadow.as_ref(), "painter", "shadow")?,
        ];
        let styles = [
            self.style(d.hue.as_ref(), &["painter", "hue"])?,
            self.style(d.x.as_ref(), &["painter", "x"])?,
            self.style(d.y.as_ref(), &["painter", "y"])?,
            self.style(d.size.as_ref(), &["painter", "size"])?,
            self.style(d.rotation.as_ref(), &["painter", "rotation"])?,
            self.style(d.lamp.as_ref(), &["painter", "lamp"])?,
            self.style(d.light.as_ref(), &["painter", "light"])?,
        ];
        let shows = shown(&cues, &choices, &styles);
        Ok((Look::Shapes { choices, cues, styles }, shows))
    }
}
