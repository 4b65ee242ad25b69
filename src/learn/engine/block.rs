//! A block of specimens: the buffers of all that is computed for them.
//!
//! A batch is cut into blocks by its size alone, and what sums up over specimens is summed block
//! after block in their order; so the bits don't depend on how many threads there are.

use super::super::Batch;
use super::shape::{Fusion, Shape};

/// Rows of a block: enough of them for the matrix products, and enough blocks for the threads.
pub const fn block_rows(rows: usize) -> usize {
    let rows = rows.div_ceil(8).next_multiple_of(16);
    if rows < 32 {
        32
    } else if rows > 256 {
        256
    } else {
        rows
    }
}

/// Sums over the specimens of a block, of terms without their weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// The task loss.
    pub task: f64,
    /// The surrogate of the necessity risk.
    pub necessity: f64,
    /// `KL(z || v)`.
    pub l_v: f64,
    /// What is over the budget of `KL(z || z_bar)`.
    pub l_fe: f64,
    /// The Jeffreys divergence of pairs whose label stays.
    pub consistency: f64,
    /// Specimens judged rightly.
    pub right: usize,
}

/// What the hypothetical branch of a block is computed in.
#[derive(Default)]
pub struct Hypothetical {
    /// Slope with respect to `z_bar`, rows x width.
    pub slope: Vec<f32>,
    /// Class coefficients of the step, rows x classes.
    pub coefficients: Vec<f32>,
    /// The slope of the losses with respect to the gram matrix of the head, classes x classes.
    pub gram: Vec<f32>,
    /// `slope^T coefficients`: with respect to the head's weight, width x classes.
    pub weight: Vec<f32>,
    /// Rows to work in, as wide as Z.
    pub wide: [Vec<f32>; 5],
    /// Rows to work in, of a number per class.
    pub narrow: [Vec<f32>; 6],
}

/// The buffers of a block.
#[derive(Default)]
pub struct Block {
    /// Which of the batches it is of.
    pub lane: usize,
    /// Its first specimen there.
    pub first: usize,
    /// How many it has.
    pub rows: usize,
    /// What is in every slot, row-major.
    pub values: Vec<Vec<f32>>,
    /// The slope of the loss with respect to that; empty where nothing is learned.
    pub slopes: Vec<Vec<f32>>,
    /// Which slopes hold something that the next is to be added to.
    pub seeded: Vec<bool>,
    /// 1 where a specimen has a modality and 0 where not, rows x modalities; empty where all have
    /// all.
    pub marks: Vec<f32>,
    /// The instrument's attention, rows x modalities x modalities; empty where there is none.
    pub attention: Vec<f32>,
    /// Sums of its specimens.
    pub sums: Sums,
    /// The sum of Z and that of its squares, by column.
    pub spread: [Vec<f64>; 2],
    /// The hypothetical branch; empty buffers where there is none.
    pub hypothetical: Hypothetical,
}

impl Block {
    fn new(shape: &Shape, [lane, first, rows]: [usize; 3], learns: bool) -> Self {
        let buffers = || shape.slots.iter().map(|width| vec![0.0; rows * width]).collect();
        let (width, classes, modalities) = (shape.width(), shape.classes(), shape.features.len());
        let hypothetical = Hypothetical {
            slope: vec![0.0; if learns { rows * width } else { 0 }],
            coefficients: vec![0.0; rows * classes],
            gram: vec![0.0; classes * classes],
            weight: vec![0.0; width * classes],
            wide: [(); 5].map(|()| vec![0.0; width]),
            narrow: [(); 6].map(|()| vec![0.0; classes]),
        };
        Self {
            lane,
            first,
            rows,
            values: buffers(),
            slopes: if learns { buffers() } else { Vec::new() },
            seeded: vec![false; shape.slots.len()],
            marks: Vec::with_capacity(rows * modalities),
            attention: vec![0.0; shape.instrument.as_ref().map_or(0, |_| rows * modalities.pow(2))],
            spread: [vec![0.0; width], vec![0.0; width]],
            hypothetical,
            ..Self::default()
        }
    }

    /// The numbers that input `input` has for it, `width` to a specimen.
    pub fn input<'a>(&self, batch: &'a Batch, input: usize, width: usize) -> &'a [f32] {
        &batch.inputs[input].values[self.first * width..][..self.rows * width]
    }

    /// The labels of its specimens.
    pub fn labels<'a>(&self, batch: &'a Batch) -> &'a [usize] {
        &batch.labels[self.first..][..self.rows]
    }

    /// Takes note of which modalities its specimens have.
    pub fn mark(&mut self, shape: &Shape, batch: &Batch) {
        self.marks.clear();
        if batch.present.is_empty() {
            return;
        }
        for present in batch.present.chunks_exact(batch.inputs.len()).skip(self.first) {
            if self.marks.len() == self.rows * shape.modalities.len() {
                return;
            }
            let there = shape.modalities.iter().map(|&m| f32::from(u8::from(present[m])));
            self.marks.extend(there);
        }
    }
}

/// Marks of the modalities that specimens have, as a method needs them.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    marks: &'a [f32],
    modalities: usize,
}

impl<'a> Marks<'a> {
    /// The marks of a block.
    pub const fn of(marks: &'a [f32], modalities: usize) -> Self {
        Self { marks, modalities }
    }

    /// Whether every specimen has all.
    pub const fn all(self) -> bool {
        self.marks.is_empty()
    }

    /// 1 where a specimen has a modality, 0 where not.
    pub fn has(self, row: usize, modality: usize) -> f32 {
        if self.all() { 1.0 } else { self.marks[row * self.modalities + modality] }
    }

    /// The same times how many modalities there are over how many it has.
    pub fn evened(self, row: usize, modality: usize) -> f32 {
        if self.all() {
            return 1.0;
        }
        let row = &self.marks[row * self.modalities..][..self.modalities];
        row[modality] * self.modalities as f32 / row.iter().sum::<f32>().max(1.0)
    }
}

/// Makes the blocks of `lanes` batches of `rows` specimens each, those of one batch after those of
/// the one before, unless `blocks` are of that size already.
pub fn cut(blocks: &mut Vec<Block>, shape: &Shape, rows: usize, lanes: usize, learns: bool) {
    let last = blocks.last().map(|block| (block.first + block.rows, block.lane + 1));
    if last == Some((rows, lanes)) {
        return;
    }
    let step = block_rows(rows);
    blocks.clear();
    for lane in 0..lanes {
        let starts = (0..rows).step_by(step);
        blocks.extend(starts.map(|first| {
            let place = [lane, first, step.min(rows - first)];
            Block::new(shape, place, learns)
        }));
    }
}

/// Whether the method has a head of its own for every modality.
pub const fn branches(shape: &Shape) -> Option<(&Vec<usize>, &Vec<usize>)> {
    match &shape.fusion {
        Some(Fusion::Late { branches, weights }) => Some((branches, weights)),
        Some(Fusion::Joint { .. }) | None => None,
    }
}
