//! Where the parameters lie on a card: what one series of products reads lies side by side.

use super::super::shape::{Fusion, Layer, Shape};

/// A dense layer behind the encoders.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Where its weight begins.
    pub weight: usize,
    /// Where its bias begins.
    pub bias: usize,
    /// Numbers of a row that it reads, and that it makes.
    pub widths: [usize; 2],
}

/// Where everything begins, in words from the first parameter.
#[derive(Clone, Debug, Default)]
pub struct Arrangement {
    /// The first layer of every encoder.
    pub first: Vec<usize>,
    /// Their biases side by side.
    pub first_bias: usize,
    /// The second layers side by side.
    pub second: usize,
    /// Their biases side by side.
    pub second_bias: usize,
    /// The joint network of `concat`; its first layer reads all features side by side.
    pub trunk: Vec<Dense>,
    /// The weight of the head; those of all modalities side by side where each has a head.
    pub head: usize,
    /// The same for the bias.
    pub head_bias: usize,
    /// The instrument's queries and keys side by side, and its values.
    pub instrument: Option<[usize; 2]>,
    /// Where each parameter begins, in the order of [`Shape::entries`].
    pub offsets: Vec<usize>,
    /// Words of all parameters and of what lies between them.
    pub words: usize,
}

impl Arrangement {
    /// The arrangement of a network.
    pub fn of(shape: &Shape) -> Self {
        let mut own = Self { offsets: vec![0; shape.entries.len()], ..Self::default() };
        let modalities = shape.features.len();
        let (encoders, others) = shape.layers.split_at(2 * modalities);
        let firsts = || encoders.iter().step_by(2);
        let seconds = || encoders.iter().skip(1).step_by(2);
        own.first = firsts().map(|layer| layer.weight).collect();
        own.first = own.first.clone().iter().map(|&start| own.place(shape, [start])).collect();
        own.first_bias = own.place(shape, firsts().filter_map(|layer| layer.bias));
        own.second = own.place(shape, seconds().map(|layer| layer.weight));
        own.second_bias = own.place(shape, seconds().filter_map(|layer| layer.bias));
        let (trunk, heads) = match &shape.fusion {
            Some(Fusion::Late { .. }) => others.split_at(0),
            Some(Fusion::Joint { .. }) | None => others.split_at(others.len() - 1),
        };
        if trunk.len() >= modalities {
            let (joint, others) = trunk.split_at(modalities);
            own.trunk(shape, joint);
            others.iter().for_each(|layer| own.trunk(shape, std::slice::from_ref(layer)));
        }
        own.head = own.place(shape, heads.iter().map(|layer| layer.weight));
        own.head_bias = own.place(shape, heads.iter().filter_map(|layer| layer.bias));
        own.instrument = shape.instrument.as_ref().map(|instrument| {
            let [query, key, value] = instrument.weights;
            [own.place(shape, [query, key]), own.place(shape, [value])]
        });
        own
    }

    /// Some layers of the joint network that are one.
    fn trunk(&mut self, shape: &Shape, layers: &[Layer]) {
        let inputs = layers.iter().map(|layer| layer.inputs).sum();
        let outputs = layers.first().map_or(0, |layer| layer.outputs);
        let weight = self.place(shape, layers.iter().map(|layer| layer.weight));
        let bias = self.place(shape, layers.iter().filter_map(|layer| layer.bias));
        self.trunk.push(Dense { weight, bias, widths: [inputs, outputs] });
    }

    /// Places the parameters that begin so in the network one after another.
    fn place(&mut self, shape: &Shape, starts: impl IntoIterator<Item = usize>) -> usize {
        let first = self.words.next_multiple_of(64);
        self.words = first;
        for start in starts {
            let found = shape.entries.iter().position(|entry| entry.start == start);
            // Layers and instrument begin where a parameter does.
            let Some(entry) = found else { continue };
            self.offsets[entry] = self.words;
            self.words += shape.entries[entry].count();
        }
        first
    }

    /// The numbers of all parameters as they lie here, from how they lie in the network.
    pub fn spread(&self, shape: &Shape, values: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.words];
        for (entry, &offset) in shape.entries.iter().zip(&self.offsets) {
            out[offset..][..entry.count()].copy_from_slice(&values[entry.start..][..entry.count()]);
        }
        out
    }

    /// The numbers of all parameters as they lie in the network, from how they lie here.
    pub fn gather(&self, shape: &Shape, values: &[f32]) -> Vec<f32> {
        let entries = shape.entries.iter().zip(&self.offsets);
        entries.flat_map(|(entry, &offset)| &values[offset..][..entry.count()]).copied().collect()
    }
}
