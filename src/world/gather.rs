//! The frame as a learner gets it: plain buffers, one row a specimen.

use bevy::prelude::*;

use super::population::specimens_come_up;
use super::propagation::twins_are_wanted;
use super::{
    ImagePixels, Label, Present, Row, Settings, SimulationStep, SimulationSystems, Tokens, TwinOf,
    Vectors, Waveform,
};
use crate::learn::{Batch, Grid, Input, InputSpec};
use crate::modality::text::{PAD, bag_of_words};
use crate::scene::Stage;

/// The batch of a frame: specimens, and their twins where the plan wants them.
#[derive(Resource, Clone, Debug, Default)]
pub struct Frame {
    /// The real world.
    pub real: Batch,
    /// The hypothetical world, row by row the twin of the real one.
    pub twin: Batch,
}

/// Whether frames are gathered for learners at all.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathers(pub bool);

impl Default for Gathers {
    fn default() -> Self {
        Self(true)
    }
}

fn frames_are_gathered(gathers: Res<Gathers>) -> bool {
    gathers.0
}

/// Adds the system that fills [`Frame`].
pub struct GatherPlugin;

impl Plugin for GatherPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Frame>().init_resource::<Gathers>().add_systems(
            SimulationStep,
            (gather_specimens.run_if(specimens_come_up), gather_twins.run_if(twins_are_wanted))
                .chain()
                .run_if(frames_are_gathered)
                .in_set(SimulationSystems::Gather),
        );
    }
}

/// The modalities of a scene as a learner sees them: `image` (numbers of the pixels), `audio`
/// (log-mel spectrogram), `text` (bag of words, and the words), and every vector by its name (its
/// numbers).
#[must_use]
pub fn input_specs(stage: &Stage) -> Vec<InputSpec> {
    let renderers = &stage.renderers;
    let mut specs = Vec::new();
    if let Some(image) = &renderers.image {
        let size = image.size();
        let grid = Grid { height: size.height, width: size.width, channels: 3 };
        specs.push(InputSpec::grid("image", grid));
    }
    if let Some(sound) = &renderers.sound {
        let mel = sound.mel();
        let grid = Grid { height: mel.frames, width: mel.bands, channels: 1 };
        specs.push(InputSpec::grid("audio", grid));
    }
    if let Some(text) = &renderers.text {
        specs.push(InputSpec::words("text", text.length(), text.grammar().vocabulary().len()));
    }
    let vectors = renderers.vectors.plans().iter();
    specs.extend(vectors.map(|vector| InputSpec::row(vector.name(), vector.length())));
    specs
}

/// A pixel's brightness becomes `(brightness - PIXEL_MEAN) * PIXEL_SCALE`: mean near 0, standard
/// deviation near 1/2 over the pictures of the scenes.
const PIXEL_MEAN: f32 = 0.45;
/// See [`PIXEL_MEAN`].
const PIXEL_SCALE: f32 = 3.0;

/// A pixel as a learner gets it.
#[must_use]
pub fn brightness(pixel: u8) -> f32 {
    (f32::from(pixel) / 255.0 - PIXEL_MEAN) * PIXEL_SCALE
}

fn gather_specimens(
    settings: Res<Settings>,
    mut frame: ResMut<Frame>,
    specimens: Query<Media, Without<TwinOf>>,
) {
    gather(&settings, &mut frame.real, specimens.iter());
}

fn gather_twins(
    settings: Res<Settings>,
    mut frame: ResMut<Frame>,
    twins: Query<Media, With<TwinOf>>,
) {
    gather(&settings, &mut frame.twin, twins.iter());
}

/// What is gathered of an entity.
type Media<'a> = (
    &'a Row,
    &'a Label,
    Option<&'a ImagePixels>,
    Option<&'a Waveform>,
    Option<&'a Tokens>,
    Option<&'a Vectors>,
    &'a Present,
);

/// Copies entities into their rows; the order in which they come doesn't matter.
fn gather<'a>(settings: &Settings, batch: &mut Batch, entities: impl Iterator<Item = Media<'a>>) {
    let specs = input_specs(&settings.stage);
    batch.rows = settings.batch;
    batch.labels.resize(settings.batch, 0);
    batch.inputs.resize_with(specs.len(), Input::default);
    for (input, spec) in batch.inputs.iter_mut().zip(&specs) {
        input.values.resize(settings.batch * spec.width, 0.0);
        input.tokens.resize(settings.batch * spec.length(), PAD);
    }
    batch.present.resize(settings.batch * specs.len(), true);
    for (row, label, image, sound, text, vectors, present) in entities {
        batch.labels[row.0] = label.0;
        let there = row.0 * specs.len()..(row.0 + 1) * specs.len();
        batch.present[there].copy_from_slice(&present.0);
        let mut rows = batch.inputs.iter_mut().zip(&specs).map(|(input, spec)| {
            let values = &mut input.values[row.0 * spec.width..(row.0 + 1) * spec.width];
            (values, &mut input.tokens[row.0 * spec.length()..(row.0 + 1) * spec.length()])
        });
        if let (Some(image), Some((out, _))) = (image, image.and_then(|_| rows.next())) {
            for (x, &pixel) in out.iter_mut().zip(&image.0) {
                *x = brightness(pixel);
            }
        }
        if let (Some(sound), Some((out, _))) = (sound, sound.and_then(|_| rows.next())) {
            out.copy_from_slice(&sound.log_mel);
        }
        if let (Some(text), Some((out, words))) = (text, text.and_then(|_| rows.next())) {
            bag_of_words(&text.0, out.len(), out);
            words.copy_from_slice(&text.0);
        }
        for (vector, (out, _)) in vectors.into_iter().flat_map(|vectors| &vectors.0).zip(rows) {
            out.copy_from_slice(vector);
        }
        for (place, (input, spec)) in batch.inputs.iter_mut().zip(&specs).enumerate() {
            if !present.0[place] {
                // Zero is the middle of every input: the learner is told nothing.
                input.values[row.0 * spec.width..(row.0 + 1) * spec.width].fill(0.0);
                input.tokens[row.0 * spec.length()..(row.0 + 1) * spec.length()].fill(PAD);
            }
        }
    }
}
