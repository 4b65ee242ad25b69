//! What `c3r-discount` knows of its companion: whether it is trusted, and what its verdict is worth.
//!
//! Eq. 5 holds V fixed and asks what the specimen says besides. In logits that is a sum: what the
//! model says of a specimen and what the verdict v of a companion says without it,
//!
//! ```text
//! o_k = share trust ln( P(k | v) / P(k) )
//! ```
//!
//! and the cross-entropy is that of `l + o`. The model is thus told beforehand what the companion
//! would have told it, has nothing to gain by learning that too, and is asked for `l` alone. Where V
//! says nothing of the label, `o` is 0. Against weights of `1 / P(k | v)` (`c3r-adjust`) this takes
//! the same prior out of the strata, with every specimen weighing alike. Kin: the logit adjustment
//! of Menon et al. 2021, and the products of experts of Clark et al. 2019.
//!
//! V learns from the first updates and then stays as it is, before it gets beyond the easiest cue.
//! Whether that cue is all that it reads can be seen without knowing what it is: a cue that is
//! learned at once is soon learned wholly, and V then keeps its verdicts; one that is on its way
//! through several cues, as where nothing is confounded, changes them. So it is trusted as far as
//! its verdicts half-way and at the end agree beyond chance (ours):
//!
//! ```text
//! trust = max(0, 2 kappa - 1),  kappa = (agreement - by chance) / (1 - by chance)
//! ```
//!
//! with Cohen's kappa (1960) over one batch that V had not seen half-way.
//!
//! What is told by a companion can be told without it once the causes are read, and what is told by a
//! cause can't. So trust is withdrawn for good where, from a quarter of the updates on, the verdict by
//! `l` alone is right for fewer samples than that by `l + o` by more than `discount_lag` of them.
//!
//! Assumption: a cue that is learned at once and wholly, and that others can stand in for, is a
//! companion. Where a cause is that easy, discounting it costs accuracy.

use super::decision::Decision;
use super::{Batch, Logits};
use crate::scene::training::Training;

/// What is left of a count after one more update.
const MEMORY: f64 = 0.98;

/// How many updates are looked at before trust can be withdrawn.
const PATIENCE: u32 = 20;

/// What is known of the companion.
pub struct Discount {
    classes: usize,
    /// The share of what the companion says that is discounted.
    share: f32,
    /// How far the verdict without the companion may lag behind, as a share of samples.
    most_lag: f64,
    /// From how many samples the companion learns.
    exposure: f64,
    /// From how many it has learned, and in how many updates.
    samples: usize,
    updates: i32,
    /// The batch by which it is judged, and its verdicts half-way.
    half_way: Option<(Batch, Vec<usize>)>,
    /// How far its verdicts half-way and at the end agree, and how far it is trusted, from 0 to 1;
    /// once they are known.
    kappa: Option<f64>,
    trust: Option<f32>,
    /// The update at which trust was withdrawn, counted from 1.
    withdrawn_at: Option<usize>,
    /// Specimens of every verdict and label since then, the older the less.
    tally: Vec<f64>,
    /// What was added last, rows x classes.
    last: Vec<f32>,
    /// The share of specimens that are judged rightly without the companion and with it, the older
    /// the less, and over how many updates.
    right: [f64; 2],
    watched: u32,
}

impl Discount {
    /// Nothing is known.
    pub fn new(training: &Training, classes: usize) -> Self {
        Self {
            classes,
            share: training.discount,
            most_lag: training.discount_lag,
            exposure: training.exposure_samples.into(),
            samples: 0,
            updates: 0,
            half_way: None,
            kappa: None,
            trust: None,
            withdrawn_at: None,
            tally: vec![0.0; classes * classes],
            last: Vec::new(),
            right: [0.0; 2],
            watched: 0,
        }
    }

    /// Other settings from now on.
    pub fn retune(&mut self, training: &Training) {
        self.share = training.discount;
        self.most_lag = training.discount_lag;
    }

    /// Whether the companion learns from the next update.
    pub const fn learns(&self) -> bool {
        (self.samples as f64) < self.exposure
    }

    /// The companion has learned from one more update, of so many samples: its number from 1, by
    /// which its Adam goes.
    pub const fn learned(&mut self, rows: usize) -> i32 {
        self.samples += rows;
        self.updates = self.updates.saturating_add(1);
        self.updates
    }

    /// Takes note of the companion's verdicts half-way: on the batch that goes beyond the middle of
    /// what it learns from.
    pub fn note(&mut self, batch: &Batch, verdicts: &[usize]) {
        let reached = 2 * (self.samples + batch.rows);
        if self.learns() && self.half_way.is_none() && reached as f64 > self.exposure {
            self.half_way = Some((batch.clone(), verdicts.to_vec()));
        }
    }

    /// The batch that the companion is to judge once more, now that it has learned all.
    pub fn pending(&self) -> Option<&Batch> {
        let open = !self.learns() && self.trust.is_none();
        self.half_way.as_ref().filter(|_| open).map(|(batch, _)| batch)
    }

    /// Settles how far the companion is trusted, by its verdicts on the pending batch.
    pub fn settle(&mut self, verdicts: &[usize]) {
        let classes = self.classes;
        let before = self.half_way.take();
        self.kappa = before.map(|(_, before)| kappa(&before, verdicts, classes));
        let kappa = self.kappa.unwrap_or(0.0);
        self.trust = Some((2.0 * kappa - 1.0).clamp(0.0, 1.0) as f32);
    }

    /// Whether the companion has a say at all.
    pub fn discounts(&self) -> bool {
        self.trust.is_some_and(|trust| trust * self.share != 0.0)
    }

    /// What is added to the logits of a batch, rows x classes; none where nothing is discounted.
    ///
    /// The counts are those of the last batches, this one included, one more in every cell.
    pub fn offsets(&mut self, verdicts: &[usize], labels: &[usize]) -> Option<Vec<f32>> {
        let scale = f64::from(self.share * self.trust.filter(|_| self.discounts())?);
        self.tally.iter_mut().for_each(|count| *count *= MEMORY);
        for (verdict, label) in verdicts.iter().zip(labels) {
            self.tally[verdict * self.classes + label] += 1.0;
        }
        let cells: Vec<f64> = self.tally.iter().map(|count| count + 1.0).collect();
        let all: f64 = cells.iter().sum();
        let of_label = |k: usize| cells.iter().skip(k).step_by(self.classes).sum::<f64>() / all;
        let labels: Vec<f64> = (0..self.classes).map(of_label).collect();
        let rows: Vec<Vec<f32>> = cells
            .chunks_exact(self.classes)
            .map(|row| {
                let total: f64 = row.iter().sum();
                let ratio = |(count, label): (&f64, &f64)| scale * (count / total / label).ln();
                row.iter().zip(&labels).map(|pair| ratio(pair) as f32).collect()
            })
            .collect();
        self.last.clear();
        self.last.extend(verdicts.iter().flat_map(|&verdict| &rows[verdict]));
        Some(self.last.clone())
    }

    /// Looks at the logits of the batch that offsets were asked for last, before its update, which is
    /// the `step`-th from 1, when the share `progress` of all updates is done: trust is withdrawn where
    /// they lag.
    pub fn watch(&mut self, logits: &Logits, labels: &[usize], step: usize, progress: f32) {
        if !self.discounts() || self.last.len() != logits.values.len() {
            return;
        }
        let pairs = logits.values.iter().zip(&self.last);
        let values = pairs.map(|(logit, offset)| logit + offset).collect();
        let helped = Logits { values, ..logits.clone() };
        let found = [logits.accuracy(labels), helped.accuracy(labels)];
        self.watched += 1;
        // The mean of all at first, of about the last twenty later on.
        let part = 1.0 / f64::from(self.watched.min(PATIENCE));
        let pairs = self.right.iter_mut().zip(found);
        pairs.for_each(|(right, found)| *right += part * (found - *right));
        if self.watched >= PATIENCE && progress >= 0.25 && self.lag() > self.most_lag {
            self.trust = Some(0.0);
            self.withdrawn_at = Some(step);
        }
    }

    /// The share of samples more that are judged rightly with the companion than without it.
    fn lag(&self) -> f64 {
        let [alone, helped] = self.right;
        helped - alone
    }

    /// What is decided so far.
    pub fn decisions(&self) -> Vec<Decision> {
        let lag = (self.watched > 0).then(|| self.lag());
        let told = [
            ("companion_samples", Some(self.samples as f64)),
            ("kappa", self.kappa),
            ("trust", self.trust.map(f64::from)),
            ("lag", lag),
            ("withdrawn_at", self.withdrawn_at.map(|step| step as f64)),
        ];
        told.into_iter().filter_map(|(name, value)| Some(Decision::new(name, value?))).collect()
    }
}

/// The share of a running mean that stays in the `step`-th update from 1: the first ones have no more
/// to hold on to than they have seen.
pub fn staying(averaging: f32, step: usize) -> f32 {
    averaging.min(step as f32 / (step as f32 + 10.0))
}

/// The same as weights of specimens, 1 on average, for a loss that has no logits: the prior of a
/// stratum is taken out of it by `exp(-o_y)`.
pub fn as_weights(offsets: &[f32], labels: &[usize], classes: usize) -> Vec<f32> {
    let rows = offsets.chunks_exact(classes).zip(labels);
    let weights: Vec<f32> = rows.map(|(row, &label)| (-row[label]).exp()).collect();
    let mean = weights.iter().sum::<f32>() / weights.len().max(1) as f32;
    weights.into_iter().map(|weight| weight / mean).collect()
}

/// Agreement beyond chance: 1 where all verdicts are the same, 0 where they agree as often as
/// independent ones would. 0 also where both name one class alone, which is no agreement on a cue.
fn kappa(one: &[usize], other: &[usize], classes: usize) -> f64 {
    let rows = one.len().min(other.len()).max(1) as f64;
    let agreed = one.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / rows;
    let share = |all: &[usize], k: usize| all.iter().filter(|&&v| v == k).count() as f64 / rows;
    let chance: f64 = (0..classes).map(|k| share(one, k) * share(other, k)).sum();
    if chance < 1.0 { (agreed - chance) / (1.0 - chance) } else { 0.0 }
}

#[cfg(test)]
impl Discount {
    /// One that trusts its companion wholly and has learned all from it.
    pub fn settled(training: &Training, classes: usize) -> Self {
        Self { exposure: 0.0, trust: Some(1.0), ..Self::new(training, classes) }
    }

    /// How far the companion is trusted.
    pub const fn trust(&self) -> Option<f32> {
        self.trust
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        Batch { rows: 4, labels: vec![0, 1, 0, 1], ..Batch::default() }
    }

    /// Six lessons with these verdicts half-way and at the end.
    fn taught(half_way: &[usize], end: &[usize]) -> Discount {
        let training = Training { exposure_samples: 24.0, discount: 2.0, ..Training::default() };
        let mut discount = Discount::new(&training, 2);
        for lesson in 0..6 {
            assert!(discount.learns() && discount.pending().is_none());
            discount.note(&batch(), if lesson == 3 { half_way } else { &[0, 0, 0, 0] });
            assert_eq!(discount.offsets(&[0, 1, 0, 1], &[0, 1, 0, 1]), None);
            discount.learned(4);
        }
        assert!(!discount.learns());
        assert_eq!(discount.pending(), Some(&batch()));
        discount.settle(end);
        assert_eq!(discount.pending(), None);
        discount
    }

    #[test]
    fn a_companion_is_trusted_as_far_as_it_keeps_its_verdicts() {
        assert_eq!(taught(&[0, 1, 0, 1], &[0, 1, 0, 1]).trust(), Some(1.0));
        assert_eq!(taught(&[0, 1, 0, 1], &[0, 1, 1, 0]).trust(), Some(0.0));
        assert_eq!(taught(&[0, 1, 0, 1], &[1, 0, 1, 0]).trust(), Some(0.0));
        assert_eq!(taught(&[0, 0, 0, 0], &[0, 0, 0, 0]).trust(), Some(0.0));
        let eight = |last| [0, 1, 0, 1, 0, 1, 0, last];
        // 7 of 8 agree, 1 of 2 by chance: kappa is 3/4.
        assert!((kappa(&eight(1), &eight(0), 2) - 0.75).abs() < 1e-12);
        let three = kappa(&[0, 1, 2], &[0, 1, 2], 3);
        assert!((three - 1.0).abs() < 1e-12);
    }

    /// From how many samples a companion learns in batches of so many, in how many updates, and before
    /// which sample the batch begins that is judged half-way.
    fn exposed(training: &Training, rows: usize) -> (usize, i32, usize) {
        let mut discount = Discount::new(training, 2);
        let batch = Batch { rows, labels: vec![0; rows], ..Batch::default() };
        let mut half_way = None;
        while discount.learns() {
            let before = discount.samples;
            discount.note(&batch, &vec![0; rows]);
            half_way = half_way.or_else(|| discount.half_way.is_some().then_some(before));
            discount.learned(rows);
        }
        (discount.samples, discount.updates, half_way.unwrap())
    }

    #[test]
    fn a_companion_learns_from_as_many_samples_whatever_the_batch() {
        let training = Training::default();
        assert_eq!(exposed(&training, 256), (3840, 15, 7 * 256));
        assert_eq!(exposed(&training, 32), (3840, 120, 60 * 32));
        assert_eq!(exposed(&training, 100), (3900, 39, 19 * 100), "the last batch is a whole one");
        assert_eq!(exposed(&training, 5000), (5000, 1, 0));
        assert!(!Discount::new(&Training { exposure_samples: 0.0, ..training }, 2).learns());
    }

    #[test]
    fn what_is_discounted_is_what_the_verdict_says_of_the_label() {
        let mut discount = taught(&[0, 1, 0, 1], &[0, 1, 0, 1]);
        // 30 and 10 of verdict 0, 10 and 50 of verdict 1; one more in every cell.
        let cells = [(0, 0, 30), (0, 1, 10), (1, 0, 10), (1, 1, 50)];
        let rows = cells.iter().flat_map(|&(v, k, n)| std::iter::repeat_n((v, k), n));
        let (verdicts, labels): (Vec<usize>, Vec<usize>) = rows.unzip();
        let found = discount.offsets(&verdicts, &labels).unwrap();
        assert_eq!(found.len(), 200);
        let wanted = |n: f64, of: f64, label: f64| 2.0 * (n / of / (label / 104.0)).ln();
        let first = [wanted(31.0, 42.0, 42.0), wanted(11.0, 42.0, 62.0)];
        let last = [wanted(11.0, 62.0, 42.0), wanted(51.0, 62.0, 62.0)];
        for (found, wanted) in found[..2].iter().chain(&found[198..]).zip(first.iter().chain(&last))
        {
            assert!((f64::from(*found) - wanted).abs() < 1e-6, "{found} {wanted}");
        }
        let weights = as_weights(&found, &labels, 2);
        assert!((weights.iter().sum::<f32>() / 100.0 - 1.0).abs() < 1e-5);
        assert!(weights[30] > weights[0] && weights[40] > weights[99]);
    }

    #[test]
    fn trust_is_withdrawn_where_nothing_can_stand_in_for_the_companion() {
        let labels: Vec<usize> = (0..40).map(|i| i % 2).collect();
        let logits = |wrong: usize| {
            let sign = |i: usize| if i.is_multiple_of(2) == (i >= wrong) { 0.1 } else { -0.1 };
            let values = (0..40).flat_map(|i| [sign(i), -sign(i)]).collect();
            Logits { rows: 40, classes: 2, values }
        };
        let trust_at = |discount_lag: f64, wrong: usize, updates: usize, progress: f32| {
            let mut discount = taught(&[0, 1, 0, 1], &[0, 1, 0, 1]);
            discount.retune(&Training { discount: 2.0, discount_lag, ..Training::default() });
            for _ in 0..updates {
                // The companion knows every label, and says nothing any more once it isn't trusted.
                if discount.offsets(&labels, &labels).is_none() {
                    break;
                }
                discount.watch(&logits(wrong), &labels, 7, progress);
            }
            discount.trust()
        };
        let trust = |wrong, updates, progress| trust_at(0.1, wrong, updates, progress);
        assert_eq!(trust(20, 20, 0.3), Some(0.0));
        assert_eq!(trust(20, 19, 0.3), Some(1.0), "too soon to tell");
        assert_eq!(trust(20, 60, 0.2), Some(1.0), "causes are still to be learned");
        assert_eq!(trust(3, 60, 1.0), Some(1.0), "3 of 40 is no lag");
        assert_eq!(trust_at(0.05, 3, 60, 1.0), Some(0.0), "unless less is allowed");
        assert_eq!(trust_at(0.6, 20, 60, 1.0), Some(1.0), "half of them is none where more is");
    }

    #[test]
    fn what_is_decided_is_told_once_it_is_known() {
        let told = |discount: &Discount, name: &str| {
            discount.decisions().iter().find(|told| told.name == name).map(|told| told.value)
        };
        let mut discount = taught(&[0, 1, 0, 1], &[0, 1, 0, 1]);
        let all = ["companion_samples", "kappa", "trust", "lag", "withdrawn_at"];
        let wanted = [Some(24.0), Some(1.0), Some(1.0), None, None];
        assert_eq!(all.map(|name| told(&discount, name)), wanted);
        let (verdicts, labels) = ([0, 1, 0, 1], [0, 1, 0, 1]);
        let wrong = Logits { rows: 4, classes: 2, values: [0.1, -0.1].repeat(4) };
        for step in 1..=40 {
            if discount.offsets(&verdicts, &labels).is_some() {
                discount.watch(&wrong, &labels, step, 0.5);
            }
        }
        // Half of them are right without the companion, all with it.
        let wanted = [Some(24.0), Some(1.0), Some(0.0), Some(0.5), Some(20.0)];
        assert_eq!(all.map(|name| told(&discount, name)), wanted);
        let unknown = Discount::new(&Training::default(), 2);
        assert_eq!(unknown.decisions(), [Decision::new("companion_samples", 0.0)]);
    }

    #[test]
    fn a_verdict_that_says_nothing_discounts_nothing() {
        let mut discount = taught(&[0, 1, 0, 1], &[0, 1, 0, 1]);
        // Two labels of three have the class 1, whatever the verdict.
        let verdicts: Vec<usize> = (0..600).map(|i| i % 2).collect();
        let labels: Vec<usize> = (0..600).map(|i| usize::from(i % 3 > 0)).collect();
        let found = discount.offsets(&verdicts, &labels).unwrap();
        assert!(found.iter().all(|offset| offset.abs() < 0.02), "{:?}", &found[..4]);
        // Nor does one that isn't trusted, however well it knows the label.
        let mut doubted = taught(&[0, 1, 0, 1], &[0, 1, 1, 0]);
        assert_eq!(doubted.offsets(&labels, &labels), None);
    }
}
