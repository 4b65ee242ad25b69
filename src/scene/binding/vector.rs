//! Bindings of vectors.

use super::{Binder, once};
use crate::causal::noise::{StreamId, stream};
use crate::causal::{Formula, Place};
use crate::modality::vector::{Distortion, Rotation, Squash};
use crate::scene::rendering::{Shows, VectorPlan};
use crate::scene::{SceneError, VectorDeclaration};

/// The names of a learner's other inputs.
const TAKEN: [&str; 3] = ["image", "audio", "text"];

/// The most entries of a vector.
const MOST: usize = 4096;
/// The most entries of one that is rotated: a rotation has their square.
const MOST_ROTATED: usize = 1024;

/// The stream that a rotation is drawn from.
const ROTATION: StreamId = StreamId::of("modality:vector:rotation");

impl Binder<'_> {
    /// A vector that stands after `others` in the scene.
    pub(super) fn vector(
        &mut self,
        d: &VectorDeclaration,
        others: &[VectorPlan],
    ) -> Result<VectorPlan, SceneError> {
        self.name(&d.name, others)?;
        if !d.noise.is_finite() || d.noise < 0.0 {
            let problem = format!("noise {} can't be", d.noise);
            let remedy = "give a standard deviation of 0 or more";
            return Err(self.check.error(&self.at(&["noise"]), None, problem, remedy));
        }
        if let Squash::Sum { offset } | Squash::Square { offset } | Squash::Product { offset } =
            d.squash
            && !offset.is_finite()
        {
            let problem = format!("offset {offset} can't be");
            let way = self.at(&["squash", "offset"]);
            return Err(self.check.error(&way, None, problem, "give a finite number"));
        }
        let mut entries = Vec::new();
        for (i, entry) in d.entries.iter().enumerate() {
            let mut way = self.at(&["entries"]);
            way.push(i.into());
            let source = self.source(&entry.of, &way)?;
            let most = if d.rotation.is_some() { MOST_ROTATED } else { MOST };
            if entry.times == 0 || entry.times > most - entries.len() {
                way.push("times".into());
                let problem = format!("{} more entries can't be", entry.times);
                let remedy = format!("give 1 or more, and {most} altogether at most");
                return Err(self.check.error(&way, None, problem, remedy));
            }
            entries.extend(std::iter::repeat_n(source, entry.times));
        }
        if entries.is_empty() {
            let remedy = "give entries such as (of: \"FACTOR\", times: 5)";
            let way = self.at(&["entries"]);
            return Err(self.check.error(&way, None, "a vector without entries", remedy));
        }
        let rotation =
            d.rotation.map(|seed| Rotation::draw(entries.len(), &mut stream(seed, 0, ROTATION)));
        let shows = once(entries.iter().flat_map(Formula::reads));
        for &factor in &shows {
            let count = entries.iter().filter(|entry| entry.reads().contains(&factor)).count();
            let plural = if count == 1 { "y" } else { "ies" };
            self.note(&format!("{count} entr{plural}"), factor, Shows::Plainly);
        }
        Ok(VectorPlan {
            name: d.name.clone(),
            stream: StreamId::of(&format!("modality:vector:{}", d.name)),
            shows,
            entries,
            distortion: Distortion { noise_sd: d.noise, rotation, squash: d.squash },
        })
    }

    /// Checks that a vector's name is a name of its own.
    fn name(&self, name: &str, others: &[VectorPlan]) -> Result<(), SceneError> {
        let fits = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let problem = if name.is_empty() || !fits {
            format!("`{name}` can't be the name of a vector")
        } else if TAKEN.contains(&name) || others.iter().any(|other| other.name == name) {
            format!("the name `{name}` stands twice")
        } else {
            return Ok(());
        };
        let remedy = "give it a name of its own of letters, digits, _ and -, and none of image, \
                      audio, text";
        Err(self.check.error(&self.at(&["name"]), None, problem, remedy))
    }

    /// What the entries declared at `way` are.
    fn source(&self, of: &str, way: &[Place]) -> Result<Formula, SceneError> {
        let names: Vec<&str> = self.scene.factors.iter().map(|f| f.name.as_str()).collect();
        Formula::parse(of, &names, |name| self.scm.dial(name)).map_err(|(problem, remedy)| {
            let way: Vec<Place> = way.iter().cloned().chain(["of".into()]).collect();
            self.check.error(&way, None, problem, remedy)
        })
    }
}
