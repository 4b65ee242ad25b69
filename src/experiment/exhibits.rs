//! Exhibits for the report: specimens beside their twins, with the verdict of every model.

use std::sync::Arc;

use super::report::{Exhibit, Picture, Sound, Verdict, World};
use crate::causal::{Domain, Interventions, Role};
use crate::learn::{LearnError, Learner, Logits};
use crate::scene::{Factor, Stage};
use crate::world::{EVALUATION, Played, Simulation, TwinPlan};

/// Specimens in which exhibits are looked for.
const SEARCHED: usize = 512;

/// Exhibits of one factor at the most.
const PER_FACTOR: usize = 3;

/// One frame under a do-operation, with what every model says of it.
struct Scrutiny<'a> {
    stage: &'a Stage,
    factor: &'a Factor,
    worlds: Vec<(Played, Played)>,
    real: Vec<Logits>,
    twin: Vec<Logits>,
}

/// Specimens whose twin has one factor taken away: for every factor that isn't mere nuisance, the
/// first few that have it.
///
/// # Errors
/// A model that can't be asked.
pub fn sheet(
    stage: &Arc<Stage>,
    seed: u64,
    models: &[&dyn Learner],
) -> Result<Vec<Exhibit>, LearnError> {
    let mut exhibits = Vec::new();
    let mut first = 0;
    for scrutiny in scrutinies(stage, seed, models)? {
        let rows: Vec<usize> =
            (first..SEARCHED).filter(|&row| scrutiny.has_factor(row)).take(PER_FACTOR).collect();
        for row in rows {
            let role = scrutiny.factor.role.description();
            let note = format!("{} is {role}", scrutiny.factor.name);
            exhibits.push(scrutiny.exhibit(row, note));
            first = row + 1;
        }
    }
    Ok(exhibits)
}

/// Specimens on which the models disagree, each with a twin that shows why: some model changes
/// its verdict with a factor though the label stays, or keeps it though the label goes.
///
/// # Errors
/// A model that can't be asked.
pub fn disagreements(
    stage: &Arc<Stage>,
    seed: u64,
    names: &[String],
    models: &[&dyn Learner],
) -> Result<Vec<Exhibit>, LearnError> {
    let mut exhibits = Vec::new();
    let mut taken = Vec::new();
    for scrutiny in scrutinies(stage, seed, models)? {
        let mut found = 0;
        for row in 0..SEARCHED {
            if found == PER_FACTOR {
                break;
            }
            let disagree =
                scrutiny.real.iter().any(|l| l.verdict(row) != scrutiny.real[0].verdict(row));
            if !disagree || !scrutiny.has_factor(row) || taken.contains(&row) {
                continue;
            }
            if let Some(note) = scrutiny.explanation(row, names) {
                exhibits.push(scrutiny.exhibit(row, note));
                taken.push(row);
                found += 1;
            }
        }
    }
    Ok(exhibits)
}

/// Every factor that isn't mere nuisance, the spurious ones first: they are what goes wrong.
fn scrutinies<'a>(
    stage: &'a Arc<Stage>,
    seed: u64,
    models: &[&dyn Learner],
) -> Result<Vec<Scrutiny<'a>>, LearnError> {
    let mut simulation = Simulation::new(stage, stage.iid(), seed, SEARCHED, EVALUATION);
    let mut factors: Vec<&Factor> =
        stage.factors.iter().filter(|f| f.role != Role::Nuisance).collect();
    factors.sort_by_key(|f| f.role.is_causal());
    let mut all = Vec::new();
    for factor in factors {
        simulation.seek(EVALUATION);
        simulation.plan_twins(TwinPlan::Under(Interventions::set(factor.node, factor.absent)));
        let frame = simulation.step();
        let real = models.iter().map(|m| m.logits(&frame.real)).collect::<Result<_, _>>()?;
        let twin = models.iter().map(|m| m.logits(&frame.twin)).collect::<Result<_, _>>()?;
        all.push(Scrutiny { stage, factor, worlds: simulation.played(), real, twin });
    }
    Ok(all)
}

impl Scrutiny<'_> {
    /// Whether the specimen has the factor that its twin lacks.
    fn has_factor(&self, row: usize) -> bool {
        let place = self.stage.factors.iter().position(|f| f.name == self.factor.name);
        place.is_some_and(|i| self.worlds[row].0.factors[i] == self.factor.present)
    }

    /// What the first model that errs does, if one does.
    fn explanation(&self, row: usize, names: &[String]) -> Option<String> {
        let (real, twin) = &self.worlds[row];
        let name = &self.factor.name;
        (0..self.real.len()).find_map(|model| {
            let changes = self.real[model].verdict(row) != self.twin[model].verdict(row);
            match (real.label == twin.label, changes) {
                (true, true) => Some(format!(
                    "{} changes its verdict with {name}; the label stays",
                    names[model]
                )),
                (false, false) => Some(format!(
                    "{} keeps its verdict without {name}; the label goes",
                    names[model]
                )),
                _ => None,
            }
        })
    }

    fn exhibit(&self, row: usize, note: String) -> Exhibit {
        let (real, twin) = &self.worlds[row];
        Exhibit {
            specimen: row as u64,
            operation: format!("do {}={}", self.factor.name, self.factor.absent),
            note,
            real: self.world(real, &self.real, row),
            twin: self.world(twin, &self.twin, row),
        }
    }

    fn world(&self, played: &Played, answers: &[Logits], row: usize) -> World {
        let stage = self.stage;
        let classes = &stage.scene.label.classes;
        let renderers = &stage.renderers;
        let picture = played.picture.as_ref().zip(renderers.image.as_ref()).map(|(rgb, plan)| {
            let size = plan.size();
            Picture { width: size.width as u32, height: size.height as u32, rgb: rgb.clone() }
        });
        let sound = played.sound.as_ref().zip(renderers.sound.as_ref()).map(|(wave, plan)| Sound {
            rate: plan.rate(),
            samples: wave.samples.clone(),
            mel: Some((plan.mel().frames, plan.mel().bands, wave.log_mel.clone())),
        });
        let plans = renderers.vectors.plans().iter();
        let words = played.tokens.as_ref().zip(renderers.text.as_ref());
        let verdict = |(run, logits): (usize, &Logits)| {
            let class = logits.verdict(row);
            Verdict {
                run,
                label: classes[class].clone(),
                probability: probability(logits.row(row), class),
                correct: class == played.label,
            }
        };
        World {
            picture,
            sound,
            words: words.map(|(tokens, plan)| plan.grammar().sentence(tokens)),
            vectors: plans
                .zip(&played.vectors)
                .map(|(p, x)| (p.name().to_owned(), x.clone()))
                .collect(),
            factors: stage.factors.iter().zip(&played.factors).map(shown).collect(),
            label: classes[played.label].clone(),
            verdicts: answers.iter().enumerate().map(verdict).collect(),
        }
    }
}

/// The softmax of one class.
fn probability(logits: &[f32], class: usize) -> f64 {
    let sum: f64 = logits.iter().map(|&l| f64::from(l - logits[class]).exp()).sum();
    1.0 / sum
}

fn shown((factor, value): (&Factor, &f64)) -> (String, String) {
    let value = match factor.domain {
        Domain::Continuous => format!("{value:.2}"),
        Domain::Binary | Domain::Categorical(_) => value.to_string(),
    };
    (factor.name.clone(), value)
}
