//! Forward and backward through the layers of a network, one block at a time.

use super::super::Batch;
use super::block::{Block, Marks, branches};
use super::instrument;
use super::product::{Side, product};
use super::row::{before_elu, finish_layer, scale_rows};
use super::shape::{Feed, Layer, Shape};

/// The slots of a block from its inputs to Z and the logits.
pub fn forward(shape: &Shape, parameters: &[f32], block: &mut Block, batch: &Batch) {
    block.mark(shape, batch);
    for layer in &shape.layers {
        apply(layer, shape, parameters, block, batch);
    }
    if let Some((branches, _)) = branches(shape) {
        join(shape, branches, block);
    }
}

fn apply(layer: &Layer, shape: &Shape, parameters: &[f32], block: &mut Block, batch: &Batch) {
    let mut out = std::mem::take(&mut block.values[layer.out]);
    let feed = match layer.feed {
        Feed::Input(input) => block.input(batch, input, layer.inputs),
        Feed::Slot(slot) => &block.values[slot],
    };
    let weight = &parameters[layer.weight..][..layer.inputs * layer.outputs];
    let widths = (block.rows, layer.inputs, layer.outputs);
    let (feed, weight) = (Side::rows(feed, layer.inputs), Side::rows(weight, layer.outputs));
    product(&mut out, widths, feed, weight, layer.adds);
    if let Some(bias) = layer.bias {
        finish_layer(&mut out, &parameters[bias..][..layer.outputs], layer.elu);
    }
    mask(layer, shape, &block.marks, &mut out);
    block.values[layer.out] = out;
}

/// Takes away what a specimen lacks.
fn mask(layer: &Layer, shape: &Shape, marks: &[f32], values: &mut [f32]) {
    let marks = Marks::of(marks, shape.modalities.len());
    if let Some(modality) = layer.of.filter(|_| !marks.all()) {
        scale_rows(values, layer.outputs, |row| marks.has(row, modality));
    }
}

/// Late fusion: Z is the features side by side and the logits the mean of the branches', both over
/// the modalities that a specimen has.
fn join(shape: &Shape, branches: &[usize], block: &mut Block) {
    let (modalities, classes, width) = (branches.len(), shape.classes(), shape.width());
    let marks = Marks::of(&block.marks, modalities);
    let (mut z, mut logits) = (
        std::mem::take(&mut block.values[shape.z]),
        std::mem::take(&mut block.values[shape.logits]),
    );
    logits.fill(0.0);
    let features = width / modalities;
    for row in 0..block.rows {
        for (m, (&h, &branch)) in shape.features.iter().zip(branches).enumerate() {
            let factor = marks.evened(row, m);
            let h = &block.values[h][row * features..][..features];
            let z = &mut z[row * width + m * features..][..features];
            z.iter_mut().zip(h).for_each(|(z, h)| *z = factor * h);
            let branch = &block.values[branch][row * classes..][..classes];
            let logits = &mut logits[row * classes..][..classes];
            let share = factor / modalities as f32;
            logits.iter_mut().zip(branch).for_each(|(l, branch)| *l += share * branch);
        }
    }
    (block.values[shape.z], block.values[shape.logits]) = (z, logits);
}

/// The slopes of a block from those of Z, V, the logits and the branches to every layer's, before
/// its ELU.
pub fn backward(shape: &Shape, parameters: &[f32], distance_weight: f32, block: &mut Block) {
    if let Some((branches, _)) = branches(shape) {
        part(shape, branches, block);
    }
    if let Some(instrument) = &shape.instrument
        && block.seeded[instrument.v]
    {
        instrument::backward(shape, instrument, parameters, distance_weight, block);
    }
    for layer in shape.layers.iter().rev() {
        retrace(layer, shape, parameters, block);
    }
}

fn retrace(layer: &Layer, shape: &Shape, parameters: &[f32], block: &mut Block) {
    let mut slope = std::mem::take(&mut block.slopes[layer.out]);
    if layer.elu {
        before_elu(&mut slope, &block.values[layer.out]);
    }
    mask(layer, shape, &block.marks, &mut slope);
    if let Feed::Slot(slot) = layer.feed {
        let weight = &parameters[layer.weight..][..layer.inputs * layer.outputs];
        let widths = (block.rows, layer.outputs, layer.inputs);
        let sides = (Side::rows(&slope, layer.outputs), Side::turned(weight, layer.outputs));
        product(&mut block.slopes[slot], widths, sides.0, sides.1, block.seeded[slot]);
        block.seeded[slot] = true;
    }
    block.slopes[layer.out] = slope;
}

/// The slopes of late fusion's features and branches from those of Z and the logits. Branches have
/// those of their own losses already.
fn part(shape: &Shape, branches: &[usize], block: &mut Block) {
    let (modalities, classes, width) = (branches.len(), shape.classes(), shape.width());
    let features = width / modalities;
    let (z, logits) = (
        std::mem::take(&mut block.slopes[shape.z]),
        std::mem::take(&mut block.slopes[shape.logits]),
    );
    let marks = Marks::of(&block.marks, modalities);
    for (m, (&h, &branch)) in shape.features.iter().zip(branches).enumerate() {
        for row in 0..block.rows {
            let factor = marks.evened(row, m);
            let share = factor / modalities as f32;
            let slope = &mut block.slopes[branch][row * classes..][..classes];
            let logits = &logits[row * classes..][..classes];
            slope.iter_mut().zip(logits).for_each(|(slope, l)| *slope += share * l);
            if block.seeded[shape.z] {
                let slope = &mut block.slopes[h][row * features..][..features];
                let z = &z[row * width + m * features..][..features];
                slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = factor * z);
            }
        }
        block.seeded[h] = block.seeded[shape.z];
    }
    (block.slopes[shape.z], block.slopes[shape.logits]) = (z, logits);
}
