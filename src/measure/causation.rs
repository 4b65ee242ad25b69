//! What a model has learned of every factor, beside what is true: intervene, ask, count.
//!
//! With x and x' the present and the absent end of a factor's contrast, k a class, and the model's
//! prediction in the place of the label Y (Pearl, *Causality*, chapter 9), forward
//!
//! - `PN  = P(Y_x' != k | X = x, Y = k)`
//! - `PS  = P(Y_x = k | X = x', Y != k)`
//! - `PNS = P(Y_x = k, Y_x' != k)`
//!
//! and reversed the same with x and x' exchanged. `reliance = P(Y_x != Y_x')` over all classes, and
//! `effect` is PNS less PNS reversed. *Total*: what depends on the factor changes with it. *Direct*:
//! only what the factor itself shows is changed.

use serde::{Deserialize, Serialize};

use super::condition::{Reach, Source};
use super::table::{Column, Factor, Table};
use crate::causal::causation::{Direction, Side};
use crate::causal::wilson;

/// Probabilities of causation of one factor and one class. What can't be told is null: its
/// condition never holds, or the twins that would tell aren't there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Causation {
    /// Probability of necessity: without the factor, the class would be gone.
    pub pn: Option<f64>,
    /// Probability of sufficiency: with it, the class would come.
    pub ps: Option<f64>,
    /// Probability of both.
    pub pns: Option<f64>,
    /// PNS with the ends of the contrast exchanged: the class comes without the factor.
    pub reversed: Option<f64>,
    /// PN with the ends exchanged.
    pub pn_reversed: Option<f64>,
    /// PS with the ends exchanged.
    pub ps_reversed: Option<f64>,
    /// The share of samples whose answer differs at all between the two ends.
    pub reliance: Option<f64>,
    /// `pns` less `reversed`.
    pub effect: Option<f64>,
    /// The 95% intervals; none of what is exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
}

/// The 95% intervals of a [`Causation`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// Of PN.
    pub pn: Option<[f64; 2]>,
    /// Of PS.
    pub ps: Option<[f64; 2]>,
    /// Of PNS.
    pub pns: Option<[f64; 2]>,
    /// Of PNS reversed.
    pub reversed: Option<[f64; 2]>,
    /// Of the reliance.
    pub reliance: Option<[f64; 2]>,
}

/// One factor and one class: the truth beside what was learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassCausation {
    /// The class.
    pub class: String,
    /// What the structural causal model says; null where it isn't known.
    #[serde(rename = "true")]
    pub truth: Option<Causation>,
    /// What the best possible model would show, which knows all but the noise of the label; null
    /// where it isn't known.
    #[serde(default)]
    pub best: Option<Causation>,
    /// Learned, with all that depends on the factor changing too.
    pub total: Causation,
    /// Learned, with nothing changed but what the factor itself shows.
    pub direct: Causation,
}

/// One factor: truth and learned, class by class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorCausation {
    /// The factor's name.
    pub factor: String,
    /// The role that the scene gives it; empty where it isn't known.
    pub role: String,
    /// The two values between which it is asked: absent, present.
    pub contrast: [f64; 2],
    /// Whether it is continuous: then absent and present mean nearer to either end.
    pub continuous: bool,
    /// Class by class of the label.
    pub classes: Vec<ClassCausation>,
}

impl FactorCausation {
    /// The label's class of interest: the second, "it is one".
    #[must_use]
    pub fn of_interest(&self) -> Option<&ClassCausation> {
        self.classes.get(crate::scene::CLASS)
    }

    /// What was learned of a class.
    #[must_use]
    pub fn reliance(&self, reach: Reach) -> Option<f64> {
        self.classes.first().and_then(|class| class.learned(reach).reliance)
    }

    /// Its interval.
    #[must_use]
    pub fn reliance_interval(&self, reach: Reach) -> Option<[f64; 2]> {
        self.classes.first().and_then(|class| class.learned(reach).intervals?.reliance)
    }

    /// Whether it is no cause of the label, by its role.
    #[must_use]
    pub fn is_no_cause(&self) -> bool {
        ["Spurious", "Nuisance"].contains(&self.role.as_str())
    }

    /// Whether it is a cause of the label, by its role.
    #[must_use]
    pub fn is_cause(&self) -> bool {
        ["Snc", "Sc", "Nc"].contains(&self.role.as_str())
    }

    /// The name, and of a continuous factor the two values between which it is asked.
    #[must_use]
    pub fn title(&self) -> String {
        let [absent, present] = self.contrast;
        if self.continuous {
            format!("{} ({absent} to {present})", self.factor)
        } else {
            self.factor.clone()
        }
    }
}

impl ClassCausation {
    /// What was learned.
    #[must_use]
    pub const fn learned(&self, reach: Reach) -> &Causation {
        match reach {
            Reach::Total => &self.total,
            Reach::Direct => &self.direct,
        }
    }

    /// The distances of the learned PNS (total) from the true one, in both directions.
    pub fn errors(&self) -> impl Iterator<Item = f64> {
        let pair = |learned: Option<f64>, truth: Option<f64>| Some((learned? - truth?).abs());
        let truth = self.truth.unwrap_or_default();
        pair(self.total.pns, truth.pns).into_iter().chain(pair(self.total.reversed, truth.reversed))
    }
}

/// Truth and learned of every factor, over the samples of one source.
#[must_use]
pub fn causation(table: &Table, source: &Source) -> Vec<FactorCausation> {
    let Some(natural) = table.natural(source) else { return Vec::new() };
    let scope = &table.scope;
    let of = |(place, factor): (usize, &Factor)| {
        let learned = Reach::ALL.map(|reach| {
            let ends = table.ends(source, place, reach);
            Counted::of(table, place, natural, ends)
        });
        let classes = scope.classes.iter().enumerate().map(|(k, class)| ClassCausation {
            class: class.clone(),
            truth: truth(factor, k),
            best: None,
            total: learned[0].causation(k),
            direct: learned[1].causation(k),
        });
        FactorCausation {
            factor: factor.name.clone(),
            role: factor.role.clone(),
            contrast: factor.contrast,
            continuous: factor.domain.size().is_none(),
            classes: classes.collect(),
        }
    };
    scope.factors.iter().enumerate().map(of).collect()
}

/// The truth about a factor and a class, where it's known.
fn truth(factor: &Factor, class: usize) -> Option<Causation> {
    let [forward, reversed] = *factor.truth.get(class)?;
    // The label differs between the ends where it has some class at one and another at the other.
    let reliance = factor.truth.iter().map(|[forward, _]| forward.pns).sum();
    let known = |way: Direction| (!way.pns.is_nan()).then_some(way.pns);
    let (pns, back) = (known(forward), known(reversed));
    Some(Causation {
        pn: forward.pn,
        ps: forward.ps,
        pns,
        reversed: back,
        pn_reversed: reversed.pn,
        ps_reversed: reversed.ps,
        reliance: Some(reliance).filter(|r: &f64| !r.is_nan()),
        effect: pns.zip(back).map(|(a, b)| a - b),
        intervals: None,
    })
}

/// A count of some of all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Share {
    part: usize,
    whole: usize,
    /// Samples that belong to the whole and whose answer isn't known.
    open: usize,
}

impl Share {
    fn add(&mut self, event: Option<bool>) {
        match event {
            Some(event) => {
                self.part += usize::from(event);
                self.whole += 1;
            }
            None => self.open += 1,
        }
    }

    /// The share, unless it is one of nobody or of a part that the twins happen to show.
    fn value(self) -> Option<f64> {
        (self.whole > 0 && self.open == 0).then(|| self.part as f64 / self.whole as f64)
    }

    fn interval(self) -> Option<[f64; 2]> {
        self.value().map(|_| wilson(self.part, self.whole))
    }
}

/// What was counted of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct ClassCounts {
    pn: Share,
    ps: Share,
    pns: Share,
    reversed: Share,
    pn_reversed: Share,
    ps_reversed: Share,
}

/// What was counted of one factor under one reach.
struct Counted {
    classes: Vec<ClassCounts>,
    reliance: Share,
}

impl Counted {
    fn of(table: &Table, place: usize, natural: &Column, ends: Option<[&Column; 2]>) -> Self {
        let (factor, width) = (&table.scope.factors[place], table.scope.factors.len());
        let classes = table.scope.classes.len();
        let mut counted =
            Self { classes: vec![ClassCounts::default(); classes], reliance: Share::default() };
        let Some([absent, present]) = ends else { return counted };
        for row in 0..table.rows(natural) {
            let Some(actual) = natural.answers.prediction(row) else { continue };
            let side = factor.side(natural.world.row(row, width)[place]);
            let (without, with) = (absent.answers.prediction(row), present.answers.prediction(row));
            counted.add(side, actual, without, with);
        }
        counted
    }

    fn add(&mut self, side: Side, actual: usize, without: Option<usize>, with: Option<usize>) {
        let both = without.zip(with);
        self.reliance.add(both.map(|(a, b)| a != b));
        for (k, counts) in self.classes.iter_mut().enumerate() {
            let is = |class: Option<usize>| class.map(|class| class == k);
            let isnt = |class: Option<usize>| class.map(|class| class != k);
            match (side, actual == k) {
                (Side::Present, true) => counts.pn.add(isnt(without)),
                (Side::Absent, false) => counts.ps.add(is(with)),
                (Side::Absent, true) => counts.pn_reversed.add(isnt(with)),
                (Side::Present, false) => counts.ps_reversed.add(is(without)),
                (Side::Other, _) => {}
            }
            counts.pns.add(both.map(|(without, with)| with == k && without != k));
            counts.reversed.add(both.map(|(without, with)| without == k && with != k));
        }
    }

    fn causation(&self, class: usize) -> Causation {
        let counts = self.classes[class];
        let (pns, reversed) = (counts.pns.value(), counts.reversed.value());
        Causation {
            pn: counts.pn.value(),
            ps: counts.ps.value(),
            pns,
            reversed,
            pn_reversed: counts.pn_reversed.value(),
            ps_reversed: counts.ps_reversed.value(),
            reliance: self.reliance.value(),
            effect: pns.zip(reversed).map(|(a, b)| a - b),
            intervals: Some(Intervals {
                pn: counts.pn.interval(),
                ps: counts.ps.interval(),
                pns: counts.pns.interval(),
                reversed: counts.reversed.interval(),
                reliance: self.reliance.interval(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::condition::{Condition, End};
    use super::super::table::{Answers, Scope, UNKNOWN, World};
    use super::*;
    use crate::causal::Domain;
    use std::sync::Arc;

    fn source() -> Source {
        Source { regime: "iid".into(), first: 0 }
    }

    /// A table of one binary factor whose values, answers and answers at either end these are.
    fn table(classes: usize, rows: &[(f64, u32, u32, u32)], truth: Vec<[Direction; 2]>) -> Table {
        let factor = Factor {
            name: "lake".into(),
            role: "Spurious".into(),
            domain: Domain::Binary,
            contrast: [0.0, 1.0],
            truth,
        };
        let classes = (0..classes).map(|k| format!("class {k}")).collect();
        let scope = Arc::new(Scope { factors: vec![factor], classes });
        let world = Arc::new(World {
            labels: vec![0; rows.len()],
            factors: rows.iter().map(|row| row.0).collect(),
        });
        let column = |condition, predictions: Vec<u32>| Column {
            source: source(),
            condition,
            world: Arc::clone(&world),
            answers: Answers { predictions, ..Answers::default() },
            inputs: None,
        };
        let mut columns = vec![column(Condition::Natural, rows.iter().map(|r| r.1).collect())];
        for reach in Reach::ALL {
            let at = |end| Condition::Do(0, end, reach);
            columns.push(column(at(End::Absent), rows.iter().map(|r| r.2).collect()));
            columns.push(column(at(End::Present), rows.iter().map(|r| r.3).collect()));
        }
        Table { scope, samples: rows.len(), columns }
    }

    #[test]
    fn both_directions_of_every_class_are_counted() {
        // Factor, answer, answer without, answer with.
        let rows = [(1.0, 1, 0, 1), (1.0, 0, 2, 0), (0.0, 0, 0, 1), (0.0, 2, 2, 2)];
        let found = causation(&table(3, &rows, Vec::new()), &source());
        let of = |k: usize| found[0].classes[k].total;
        assert_eq!(found[0].classes[1].truth, None);
        // Class 1 comes with the factor in two of four and never goes with it.
        assert_eq!((of(1).pns, of(1).reversed, of(1).effect), (Some(0.5), Some(0.0), Some(0.5)));
        assert_eq!((of(1).pn, of(1).ps), (Some(1.0), Some(0.5)));
        assert_eq!((of(1).pn_reversed, of(1).ps_reversed), (None, Some(0.0)));
        // Class 2 goes with the factor in one of four.
        assert_eq!((of(2).pns, of(2).reversed), (Some(0.0), Some(0.25)));
        assert_eq!((of(2).pn, of(2).pn_reversed), (None, Some(0.0)));
        assert_eq!(of(2).ps_reversed, Some(0.5));
        // Class 0 both comes and goes: the effect hides it, the reliance doesn't.
        assert_eq!((of(0).pns, of(0).reversed, of(0).effect), (Some(0.25), Some(0.5), Some(-0.25)));
        assert!((0..3).all(|k| of(k).reliance == Some(0.75)));
        let intervals = of(0).intervals.unwrap();
        assert_eq!((intervals.pns, intervals.pn), (Some(wilson(1, 4)), Some(wilson(1, 1))));
    }

    #[test]
    fn an_answer_that_is_not_known_leaves_open_what_needs_it() {
        let rows = [(1.0, 1, 0, 1), (0.0, 0, 0, UNKNOWN), (1.0, 1, 1, 1)];
        let found = causation(&table(2, &rows, Vec::new()), &source());
        let of = found[0].classes[1].total;
        assert_eq!((of.pn, of.ps), (Some(0.5), None));
        assert_eq!((of.pns, of.reversed, of.reliance, of.effect), (None, None, None, None));
    }

    #[test]
    fn the_truth_stands_beside_it_and_errors_are_two_sided() {
        let way = |pns| Direction { pn: None, ps: Some(pns), pns };
        let truth = vec![[way(0.25), way(0.5)], [way(0.5), way(0.25)]];
        let rows = [(1.0, 1, 0, 1), (0.0, 0, 0, 0)];
        let found = causation(&table(2, &rows, truth), &source());
        let class = &found[0].classes[1];
        let truth = class.truth.unwrap();
        assert_eq!((truth.pn, truth.pns, truth.reversed), (None, Some(0.5), Some(0.25)));
        assert_eq!((truth.reliance, truth.effect), (Some(0.75), Some(0.25)));
        // Learned 0.5 forward and 0 reversed.
        assert_eq!(class.errors().collect::<Vec<_>>(), [0.0, 0.25]);
    }
}
