//! Specimens drawn and played again, where the noise is infinite.

use super::independence::BINS;
use super::noise::{Uniforms, stream_name};
use super::worlds::{above, needed, reads};
use super::{Interventions, Law, NodeId, Scm};

/// Specimens that are replayed where the noise is infinite.
pub const REPLAYS: usize = 100_000;

/// How many times as many are drawn at most where only some are kept.
const PATIENCE: usize = 32;

/// The seed of replayed specimens: the truth doesn't change with the seed of an experiment.
const SEED: u64 = 0x7457_1d07;

/// The part of a model that has to be played.
pub(super) struct Replay<'a> {
    scm: &'a Scm,
    nodes: Vec<(NodeId, &'a Law)>,
    /// The nodes that are drawn anew once a specimen is kept.
    fresh: Vec<NodeId>,
    /// The first clock, if there is any.
    clock: Option<NodeId>,
}

impl<'a> Replay<'a> {
    /// What `wanted` depends on.
    pub fn new(scm: &'a Scm, wanted: &[NodeId]) -> Self {
        let needed = needed(scm, wanted);
        let law = |id: &NodeId| Some((*id, scm.law(*id)?));
        let nodes = needed.in_order(scm).iter().filter_map(law).collect();
        let fresh = scm.fresh.iter().copied().filter(|&id| needed.contains(id)).collect();
        let clock =
            scm.in_causal_order().find(|(id, node)| node.clock.is_some() && needed.contains(*id));
        let clock = clock.map(|(id, _)| id);
        Self { scm, nodes, fresh, clock }
    }

    /// In which span of the time of the first clock a specimen with this noise stands.
    pub fn moment(&self, noise: &[f64]) -> usize {
        self.clock.map_or(0, |clock| ((noise[clock] * BINS as f64) as usize).min(BINS - 1))
    }

    /// Calls `visit(noise, values)` for each kept specimen, of which it returns the number:
    /// [`REPLAYS`], or fewer where hardly any is kept. Only what is needed is filled in. A clock
    /// stands at any time alike.
    pub fn run(&self, mut visit: impl FnMut(&[f64], &[f64])) -> usize {
        let open = |id: NodeId, stream| (id, Uniforms::new(SEED, stream, 0, 0));
        let mut drawn: Vec<(NodeId, Uniforms)> = (self.scm.in_causal_order())
            .filter(|(id, _)| self.nodes.iter().any(|(n, _)| n == id))
            .map(|(id, node)| open(id, node.stream))
            .collect();
        let again = |&id| open(id, stream_name(self.scm.name(id), "randomised"));
        let mut fresh: Vec<(NodeId, Uniforms)> = self.fresh.iter().map(again).collect();
        let mut noise = vec![0.0; self.scm.len()];
        let mut values = noise.clone();
        let mut kept = 0;
        for _ in 0..PATIENCE * REPLAYS {
            drawn.iter_mut().for_each(|(id, uniforms)| noise[*id] = uniforms.next());
            for &(id, law) in &self.nodes {
                values[id] = law.value(&values, noise[id]);
            }
            if !self.scm.keeps(&values) {
                continue;
            }
            fresh.iter_mut().for_each(|(id, uniforms)| noise[*id] = uniforms.next());
            if !self.scm.held.is_empty() {
                play(&self.nodes, &self.scm.held, &noise, &mut values);
            }
            visit(&noise, &values);
            kept += 1;
            if kept == REPLAYS {
                break;
            }
        }
        kept
    }
}

fn play(nodes: &[(NodeId, &Law)], actions: &Interventions, noise: &[f64], values: &mut [f64]) {
    for &(id, law) in nodes {
        values[id] = match actions.on(id) {
            None => law.value(values, noise[id]),
            Some(action) => action.value(law, values, noise[id]),
        };
    }
}

/// The twins of a specimen under operations on one factor, as far as the label sees them.
pub(super) struct Twins<'a> {
    factor: NodeId,
    label: NodeId,
    /// What lies between factor and label, with the label, causes before effects.
    between: Vec<(NodeId, &'a Law)>,
    held: &'a Interventions,
    values: Vec<f64>,
}

impl<'a> Twins<'a> {
    pub fn new(scm: &'a Scm, factor: NodeId, label: NodeId) -> Self {
        let mut reached = vec![false; scm.len()];
        reached[factor] = true;
        let mut between = Vec::new();
        for id in above(scm, &[label]).in_order(scm) {
            if !reached[id] && reads(scm, id).iter().any(|&p| reached[p]) {
                reached[id] = true;
                between.extend(scm.law(id).map(|law| (id, law)));
            }
        }
        Self { factor, label, between, held: &scm.held, values: vec![0.0; scm.len()] }
    }

    /// The label under `do(factor = x)`, given the specimen's noise and its values.
    pub fn label(&mut self, noise: &[f64], actual: &[f64], x: f64) -> f64 {
        if self.between.is_empty() || actual[self.factor] == x {
            return actual[self.label];
        }
        self.values.copy_from_slice(actual);
        self.values[self.factor] = x;
        play(&self.between, self.held, noise, &mut self.values);
        self.values[self.label]
    }
}
