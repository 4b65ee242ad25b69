//! What the bench shows of itself: a snapshot that nobody changes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::causal::Interventions;
use crate::learn::StepLosses;
use crate::measure::Latest;
use crate::scene::Stage;
use crate::scene::training::Training;
use crate::world::Played;

use super::projection::Cloud;

/// Everything that the panels show.
#[derive(Clone)]
pub struct View {
    /// The scene that is played.
    pub scene: SceneView,
    /// The do-operations in force, as lines of text, in the order in which they were done.
    pub operations: Vec<String>,
    /// The same for the model.
    pub held: Interventions,
    /// The specimens that are shown.
    pub show: Arc<Show>,
    /// What the model says of them; empty until it was asked.
    pub answers: Arc<Answers>,
    /// The row of the specimen in the middle of the window.
    pub selected: usize,
    /// The rows to choose from where not all are listed, and why these.
    pub listed: Option<(String, Vec<usize>)>,
    /// The model in training.
    pub training: TrainingView,
    /// What is measured of it.
    pub latest: Arc<Latest>,
    /// Step and causal error, round by round.
    pub errors: Arc<Vec<[f64; 2]>>,
    /// The representations of the specimens that are shown.
    pub cloud: Option<Arc<Cloud>>,
    /// The last thing that was said.
    pub notice: Option<Notice>,
    /// What is under way that takes long.
    pub busy: Option<String>,
    /// Whether nothing goes on, and all is measured as the model stands.
    pub settled: bool,
}

/// The scene that is played.
#[derive(Clone)]
pub struct SceneView {
    /// The checked scene.
    pub stage: Arc<Stage>,
    /// Its file; `None` for the one that is built in.
    pub path: Option<PathBuf>,
    /// Whether a dial was turned since it was read.
    pub changed: bool,
    /// Why the file can't be played as it stands: the last good scene goes on.
    pub error: Option<String>,
}

/// Specimens of the stream with their twins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Show {
    /// The index of the first.
    pub first: u64,
    /// Counts up with every change, for textures.
    pub revision: u64,
    /// Real and hypothetical world, row by row.
    pub worlds: Vec<(Played, Played)>,
}

/// The model's probabilities, row by row and class by class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// In the real world.
    pub real: Vec<Vec<f32>>,
    /// In the hypothetical world.
    pub twin: Vec<Vec<f32>>,
}

/// The class with the largest probability; the first of equals.
pub fn verdict(probabilities: &[f32]) -> usize {
    let best = |best, class| if probabilities[class] > probabilities[best] { class } else { best };
    (1..probabilities.len()).fold(0, best)
}

impl Answers {
    /// Verdicts on a row in both worlds, once the model was asked.
    pub fn verdicts(&self, row: usize) -> Option<(usize, usize)> {
        Some((verdict(self.real.get(row)?), verdict(self.twin.get(row)?)))
    }
}

/// The model in training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingView {
    /// Whether it learns right now.
    pub running: bool,
    /// Updates so far.
    pub steps: usize,
    /// Its settings.
    pub settings: Training,
    /// Losses against steps, thinned out to a few hundred points.
    pub curve: Arc<Vec<(usize, StepLosses)>>,
    /// The last losses.
    pub last: Option<StepLosses>,
    /// Updates per second, lately.
    pub rate: f64,
    /// Why it can't go on.
    pub failure: Option<String>,
    /// What was changed on the way: step and words.
    pub changes: Vec<(usize, String)>,
    /// Whether there are updates that no run directory holds.
    pub unsaved: bool,
}

/// A message to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub text: String,
    /// Whether something went wrong.
    pub wrong: bool,
}

/// How one world of a specimen differs from the other.
pub fn changed_factors(view: &View, row: usize) -> Vec<usize> {
    let Some((real, twin)) = view.show.worlds.get(row) else { return Vec::new() };
    (0..real.factors.len()).filter(|&i| real.factors.get(i) != twin.factors.get(i)).collect()
}
