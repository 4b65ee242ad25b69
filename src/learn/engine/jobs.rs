//! The gradients of all parameters, each at once with its step of Adam, as jobs for the threads.
//!
//! A job has a part of the parameters to itself and goes through all blocks in their order.

use super::super::Batch;
use super::block::Block;
use super::product::{Side, product};
use super::row::add_rows;
use super::shape::{Feed, Fusion, Shape};
use super::store::{Adam, adam_step};

/// Rows of a weight in one job at most.
const ROWS: usize = 256;

/// A part of the parameters.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its first number.
    start: usize,
    /// What its gradient is.
    sum: Sum,
}

#[derive(Clone, Debug)]
enum Sum {
    /// Of `feed^T slope` over all pairs of a feed and the slot of a slope.
    Weight {
        pairs: Vec<(Feed, usize)>,
        /// Numbers of a row of the feed, and of the slope.
        widths: [usize; 2],
        /// The part of the feed's numbers that the job is for.
        from: usize,
        count: usize,
        /// The row of the head's own slope that is added, and its factor.
        direct: Option<(usize, f32)>,
    },
    /// Of the rows of a slope.
    Bias { slot: usize, width: usize },
}

impl Job {
    fn count(&self) -> usize {
        match &self.sum {
            Sum::Weight { widths, count, .. } => count * widths[1],
            Sum::Bias { width, .. } => *width,
        }
    }
}

/// All jobs of a network, in the order of its parameters.
pub fn jobs_of(shape: &Shape) -> Vec<Job> {
    let mut jobs = Vec::new();
    for layer in &shape.layers {
        let widths = [layer.inputs, layer.outputs];
        let direct = |from: usize| match &shape.fusion {
            Some(Fusion::Joint { weight }) if *weight == layer.weight => Some((from, 1.0)),
            Some(Fusion::Late { weights, .. }) => {
                let place = weights.iter().position(|&weight| weight == layer.weight)?;
                Some((place * layer.inputs + from, 1.0 / weights.len() as f32))
            }
            Some(Fusion::Joint { .. }) | None => None,
        };
        cut(&mut jobs, layer.weight, &[(layer.feed, layer.out)], widths, direct);
        if let Some(start) = layer.bias {
            jobs.push(Job { start, sum: Sum::Bias { slot: layer.out, width: layer.outputs } });
        }
    }
    if let Some(own) = &shape.instrument {
        let (features, modalities) = (shape.slots[own.first], shape.features.len());
        for (i, &start) in own.weights[..2].iter().enumerate() {
            let first = own.first + i * modalities;
            let slots = shape.features.iter().map(|&h| Feed::Slot(h)).zip(first..);
            cut(&mut jobs, start, &slots.collect::<Vec<_>>(), [features, features], |_| None);
        }
        let pairs = [(Feed::Slot(own.v - 1), own.v)];
        cut(&mut jobs, own.weights[2], &pairs, [features, shape.width()], |_| None);
    }
    jobs.sort_by_key(|job| job.start);
    jobs
}

/// The jobs of one weight.
fn cut(
    jobs: &mut Vec<Job>,
    start: usize,
    pairs: &[(Feed, usize)],
    widths: [usize; 2],
    direct: impl Fn(usize) -> Option<(usize, f32)>,
) {
    for from in (0..widths[0]).step_by(ROWS) {
        let (pairs, count) = (pairs.to_vec(), ROWS.min(widths[0] - from));
        let sum = Sum::Weight { pairs, widths, from, count, direct: direct(from) };
        jobs.push(Job { start: start + from * widths[1], sum });
    }
}

/// What all jobs read.
pub struct Work<'a> {
    /// The blocks of all batches, their slopes known.
    pub blocks: &'a [Block],
    /// The batches.
    pub batches: &'a [&'a Batch],
    /// The slope of the head's weight beside that of its layer; none where there is none.
    pub direct: Option<&'a [f32]>,
    /// The step of Adam that follows; none where gradients are all that is wanted.
    pub adam: Option<Adam>,
}

/// A part of the buffers of a [`Store`](super::store::Store).
pub struct Part<'a> {
    /// The parameters.
    pub values: &'a mut [f32],
    /// Adam's moments.
    pub moments: [&'a mut [f32]; 2],
    /// The gradient.
    pub gradient: &'a mut [f32],
}

impl<'a> Part<'a> {
    fn split(self, at: usize) -> (Self, Self) {
        let [first, second] = self.moments;
        let (values, first) = (self.values.split_at_mut(at), first.split_at_mut(at));
        let (second, gradient) = (second.split_at_mut(at), self.gradient.split_at_mut(at));
        let part =
            |values, first, second, gradient| Self { values, moments: [first, second], gradient };
        (
            part(values.0, first.0, second.0, gradient.0),
            part(values.1, first.1, second.1, gradient.1),
        )
    }
}

/// Does all jobs on the part of the buffers that is theirs.
pub fn perform(jobs: &[Job], part: Part<'_>, work: &Work<'_>) {
    match jobs {
        [] => {}
        [job] => work.perform(job, part),
        jobs => {
            let (some, others) = jobs.split_at(jobs.len() / 2);
            let (one, other) = part.split(others[0].start - some[0].start);
            rayon::join(|| perform(some, one, work), || perform(others, other, work));
        }
    }
}

impl Work<'_> {
    fn perform(&self, job: &Job, part: Part<'_>) {
        let Part { values, moments: [first, second], gradient } = part;
        debug_assert_eq!(gradient.len(), job.count());
        match &job.sum {
            Sum::Bias { slot, .. } => {
                gradient.fill(0.0);
                self.blocks.iter().for_each(|block| add_rows(gradient, &block.slopes[*slot]));
            }
            Sum::Weight { pairs, widths, from, count, direct } => {
                let mut adds = false;
                for (block, (feed, slot)) in
                    self.blocks.iter().flat_map(|block| pairs.iter().map(move |pair| (block, pair)))
                {
                    if !block.seeded[*slot] {
                        continue;
                    }
                    let feed = match feed {
                        Feed::Input(i) => block.input(self.batches[block.lane], *i, widths[0]),
                        Feed::Slot(slot) => &block.values[*slot],
                    };
                    let left = Side::turned(feed, widths[0]).past(*from);
                    let right = Side::rows(&block.slopes[*slot], widths[1]);
                    product(gradient, (*count, block.rows, widths[1]), left, right, adds);
                    adds = true;
                }
                if !adds {
                    gradient.fill(0.0);
                }
                if let (Some((row, factor)), Some(all)) = (direct, self.direct) {
                    let own = &all[row * widths[1]..][..gradient.len()];
                    gradient.iter_mut().zip(own).for_each(|(g, own)| *g += factor * own);
                }
            }
        }
        if let Some(adam) = &self.adam {
            adam_step(adam, values, first, second, gradient);
        }
    }
}
