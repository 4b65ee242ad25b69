//! The entities of the world, recycled frame after frame, and their noise.

use std::sync::Arc;

use bevy::prelude::*;

use super::{
    Exogenous, Gathers, ImagePixels, Row, SimulationStep, SimulationSystems, Specimen, Tokens,
    TwinOf, Vectors, Waveform,
};
use crate::causal::{Scm, exogenous};
use crate::scene::{Disturbance, Fate, Regime, Stage};

/// What is played: a scene under one regime.
#[derive(Resource, Clone, Debug)]
pub struct Settings {
    /// The checked scene.
    pub stage: Arc<Stage>,
    /// The model of the regime.
    pub scm: Arc<Scm>,
    /// What befalls the modalities in the regime.
    pub disturbances: Vec<Disturbance>,
    /// The seed of all noise.
    pub seed: u64,
    /// Specimens per frame.
    pub batch: usize,
}

impl Settings {
    /// A stage under one of its regimes.
    #[must_use]
    pub fn new(stage: &Arc<Stage>, regime: &Regime, seed: u64, batch: usize) -> Self {
        Self {
            stage: Arc::clone(stage),
            scm: Arc::new(regime.scm.clone()),
            disturbances: regime.disturbances.clone(),
            seed,
            batch,
        }
    }

    /// What befalls a specimen and its twins.
    #[must_use]
    pub fn fate(&self, specimen: u64) -> Fate<'_> {
        Fate { disturbances: &self.disturbances, seed: self.seed, specimen }
    }
}

/// Where in its endless stream of specimens the world is.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The index of the next frame's first specimen.
    pub next: u64,
}

/// Whether the specimens of the last frame stay as they are, and only their twins live anew.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold(pub bool);

/// Whether new specimens come up in this frame.
pub(super) fn specimens_come_up(hold: Res<Hold>) -> bool {
    !hold.0
}

/// Spawns a specimen and a twin for every row of the batch, and draws the noise of each frame.
pub struct PopulationPlugin;

impl Plugin for PopulationPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Stream>().init_resource::<Hold>().add_systems(Startup, populate);
        app.add_systems(
            SimulationStep,
            (draw_noise, advance).chain().run_if(specimens_come_up).in_set(SimulationSystems::Draw),
        );
    }
}

fn populate(mut commands: Commands, settings: Res<Settings>, gathers: Res<Gathers>) {
    let renderers = &settings.stage.renderers;
    for row in 0..settings.batch {
        let noise = Exogenous(vec![0.0; settings.scm.len()]);
        let specimen = commands.spawn((Specimen::default(), Row(row), noise)).id();
        let twin = commands.spawn((Specimen::default(), Row(row), TwinOf(specimen))).id();
        for world in [specimen, twin] {
            let mut entity = commands.entity(world);
            if let Some(image) = &renderers.image {
                entity.insert(ImagePixels(vec![0; image.bytes()]));
            }
            if let Some(sound) = &renderers.sound {
                // Where nobody learns nobody hears: a spectrogram without room isn't made.
                let heard = if gathers.0 { sound.mel().frames * sound.mel().bands } else { 0 };
                entity.insert(Waveform {
                    samples: vec![0; sound.samples()],
                    log_mel: vec![0.0; heard],
                });
            }
            if renderers.text.is_some() {
                entity.insert(Tokens::default());
            }
            let vectors = renderers.vectors.plans();
            if !vectors.is_empty() {
                entity.insert(Vectors(vectors.iter().map(|v| vec![0.0; v.length()]).collect()));
            }
        }
    }
}

fn draw_noise(
    settings: Res<Settings>,
    stream: Res<Stream>,
    mut rows: Local<Vec<f64>>,
    mut specimens: Query<(&Row, &mut Specimen, &mut Exogenous), Without<TwinOf>>,
) {
    // Consecutive specimens are drawn together: that is many times faster than one by one.
    let width = settings.scm.len();
    rows.resize(settings.batch * width, 0.0);
    exogenous::draw_rows(&settings.scm, settings.seed, stream.next, &mut rows);
    for (row, mut specimen, mut noise) in &mut specimens {
        specimen.index = stream.next + row.0 as u64;
        noise.0.copy_from_slice(&rows[row.0 * width..(row.0 + 1) * width]);
    }
}

fn advance(settings: Res<Settings>, mut stream: ResMut<Stream>) {
    stream.next += settings.batch as u64;
}
