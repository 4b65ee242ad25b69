//! Exhibits for the report: samples beside their twins, with the prediction of every model. They are
//! chosen from the models' tables; only what is shown is played.

use std::sync::Arc;

use super::report::{Exhibit, Picture, Sound, Verdict, World};
use crate::causal::{Domain, Interventions, Role};
use crate::measure::condition::{Condition, End, Reach};
use crate::measure::table::{Answers, Column};
use crate::measure::{Table, held_out};
use crate::scene::{Factor, Stage};
use crate::world::{EVALUATION, Played, Simulation, TwinPlan};

/// Samples in which exhibits are looked for.
const SEARCHED: usize = 512;

/// Exhibits of one factor at the most.
const PER_FACTOR: usize = 3;

/// Samples whose twin has one factor taken away: for every factor that isn't mere nuisance, the
/// first few that have it. Tables come with the place of their run in the report.
#[must_use]
pub fn sheet(stage: &Arc<Stage>, seed: u64, tables: &[(usize, &Table)]) -> Vec<Exhibit> {
    let mut exhibits = Vec::new();
    let mut stager = Stager::new(stage, seed);
    let mut first = 0;
    for looked in looks(stage, tables) {
        let rows: Vec<usize> =
            (first..looked.rows()).filter(|&row| looked.has_factor(row)).take(PER_FACTOR).collect();
        for row in rows {
            let role = looked.factor.role.description();
            let note = format!("{} is {role}", looked.factor.name);
            exhibits.push(stager.exhibit(&looked, row, note));
            first = row + 1;
        }
    }
    exhibits
}

/// Samples on which the models disagree, each with a twin that shows why: some model changes its
/// prediction with a factor though the label stays, or keeps it though the label goes.
#[must_use]
pub fn disagreements(
    stage: &Arc<Stage>,
    seed: u64,
    names: &[String],
    tables: &[(usize, &Table)],
) -> Vec<Exhibit> {
    let mut exhibits = Vec::new();
    let mut stager = Stager::new(stage, seed);
    let mut taken = Vec::new();
    for looked in looks(stage, tables) {
        let mut found = 0;
        for row in 0..looked.rows() {
            if found == PER_FACTOR {
                break;
            }
            if !looked.disagree(row) || !looked.has_factor(row) || taken.contains(&row) {
                continue;
            }
            if let Some(note) = looked.explanation(row, names) {
                exhibits.push(stager.exhibit(&looked, row, note));
                taken.push(row);
                found += 1;
            }
        }
    }
    exhibits
}

/// One factor taken away, as the tables of all models have it.
struct Look<'a> {
    stage: &'a Stage,
    place: usize,
    factor: &'a Factor,
    /// Of every model its run, and the samples as they are and without the factor.
    columns: Vec<(usize, [&'a Column; 2])>,
}

/// Every factor that isn't mere nuisance, the spurious ones first: they are what goes wrong.
fn looks<'a>(stage: &'a Stage, tables: &[(usize, &'a Table)]) -> Vec<Look<'a>> {
    let source = held_out(&stage.iid().name);
    let mut places: Vec<usize> = (0..stage.factors.len())
        .filter(|&place| stage.factors[place].role != Role::Nuisance)
        .collect();
    places.sort_by_key(|&place| stage.factors[place].role.is_causal());
    let look = |place: usize| {
        let absent = Condition::Do(place, End::Absent, Reach::Total);
        let pair = |(run, table): &(usize, &'a Table)| {
            Some((*run, [table.natural(&source)?, table.column(&source, &absent)?]))
        };
        let columns: Vec<(usize, [&Column; 2])> = tables.iter().filter_map(pair).collect();
        (!columns.is_empty() && columns.len() == tables.len()).then(|| Look {
            stage,
            place,
            factor: &stage.factors[place],
            columns,
        })
    };
    places.into_iter().filter_map(look).collect()
}

impl Look<'_> {
    fn rows(&self) -> usize {
        self.columns[0].1[0].answers.predictions.len().min(SEARCHED)
    }

    /// Whether the sample has the factor that its twin lacks.
    fn has_factor(&self, row: usize) -> bool {
        let world = &self.columns[0].1[0].world;
        world.row(row, self.stage.factors.len())[self.place] == self.factor.present
    }

    /// Whether models say different things of the sample as it is.
    fn disagree(&self, row: usize) -> bool {
        let said = |(_, columns): &(usize, [&Column; 2])| columns[0].answers.prediction(row);
        self.columns.iter().any(|columns| said(columns) != said(&self.columns[0]))
    }

    /// What the first model that errs does, if one does.
    fn explanation(&self, row: usize, names: &[String]) -> Option<String> {
        let name = &self.factor.name;
        let [real, twin] = self.columns[0].1.map(|column| column.world.labels[row]);
        self.columns.iter().find_map(|(run, [actual, without])| {
            let model = names.get(*run)?;
            let changes = actual.answers.prediction(row) != without.answers.prediction(row);
            match (real == twin, changes) {
                (true, true) => {
                    Some(format!("{model} changes its prediction with {name}; the label stays"))
                }
                (false, false) => {
                    Some(format!("{model} keeps its prediction without {name}; the label goes"))
                }
                _ => None,
            }
        })
    }
}

/// Plays single samples for being shown.
struct Stager<'a> {
    stage: &'a Stage,
    simulation: Simulation,
}

impl<'a> Stager<'a> {
    fn new(stage: &'a Arc<Stage>, seed: u64) -> Self {
        Self { stage, simulation: Simulation::new(stage, stage.iid(), seed, 1, EVALUATION) }
    }

    fn exhibit(&mut self, looked: &Look, row: usize, note: String) -> Exhibit {
        let absent = Interventions::set(looked.factor.node, looked.factor.absent);
        self.simulation.seek(EVALUATION + row as u64);
        self.simulation.plan_twins(TwinPlan::Under(absent));
        self.simulation.step();
        let (real, twin) = self.simulation.played().into_iter().next().unwrap_or_default();
        let said = |side: usize| -> Vec<(usize, &Answers)> {
            looked.columns.iter().map(|(run, columns)| (*run, &columns[side].answers)).collect()
        };
        Exhibit {
            specimen: row as u64,
            operation: format!("do {}={}", looked.factor.name, looked.factor.absent),
            note,
            real: self.world(&real, &said(0), row),
            twin: self.world(&twin, &said(1), row),
        }
    }

    fn world(&self, played: &Played, answers: &[(usize, &Answers)], row: usize) -> World {
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
        let verdict = |&(run, answers): &(usize, &Answers)| {
            let class = answers.prediction(row)?;
            Some(Verdict {
                run,
                label: classes[class].clone(),
                probability: f64::from(answers.probabilities[row]),
                correct: class == played.label,
            })
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
            verdicts: answers.iter().filter_map(verdict).collect(),
        }
    }
}

fn shown((factor, value): (&Factor, &f64)) -> (String, String) {
    let value = match factor.domain {
        Domain::Continuous => format!("{value:.2}"),
        Domain::Binary | Domain::Categorical(_) => value.to_string(),
    };
    (factor.name.clone(), value)
}
