//! Specimens drawn and played again, where the noise is infinite or an exact answer takes too long.

use super::independence::BINS;
use super::noise::{Uniforms, stream_name};
use super::worlds::{above, needed, reads};
use super::{Interventions, Law, NodeId, Scm};

/// Specimens that are replayed for an answer.
pub const REPLAYS: usize = 100_000;

/// Where they take too long, no fewer than this are replayed.
const LEAST_REPLAYS: usize = 2_500;

/// The nodes that are played until this few are enough: about two seconds.
const PLAYS: usize = 1 << 26;

/// How many times as many are played where hardly any specimen is kept.
const PLAYS_FOR_THE_LEAST: usize = 8;

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
        let nodes: Vec<_> = needed.in_order(scm).iter().filter_map(law).collect();
        let fresh = scm.fresh.iter().copied().filter(|&id| needed.contains(id)).collect();
        let clock =
            scm.in_causal_order().find(|(id, node)| node.clock.is_some() && needed.contains(*id));
        let clock = clock.map(|(id, _)| id);
        Self { scm, nodes, fresh, clock }
    }

    /// Whether specimens stand at different times of a clock.
    pub const fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// In which span of the time of the first clock a specimen with this noise stands.
    pub fn moment(&self, noise: &[f64]) -> usize {
        self.clock.map_or(0, |clock| ((noise[clock] * BINS as f64) as usize).min(BINS - 1))
    }

    /// Calls `visit(noise, values)` for each kept specimen, of which it returns the number:
    /// [`REPLAYS`] or fewer, where specimens are large or hardly any is kept. Only what is needed is
    /// filled in; `visit` tells how many nodes of twins it played. A clock stands at any time alike.
    pub fn run(&self, mut visit: impl FnMut(&[f64], &[f64]) -> usize) -> usize {
        let open = |id: NodeId, stream| (id, Uniforms::new(SEED, stream, 0, 0));
        let stream =
            |&(id, _): &(NodeId, &Law)| Some(open(id, self.scm.nodes[id].as_ref()?.stream));
        let mut drawn: Vec<(NodeId, Uniforms)> = self.nodes.iter().filter_map(stream).collect();
        let again = |&id| open(id, stream_name(self.scm.name(id), "randomised"));
        let mut fresh: Vec<(NodeId, Uniforms)> = self.fresh.iter().map(again).collect();
        let mut noise = vec![0.0; self.scm.len()];
        let mut values = noise.clone();
        let (mut kept, mut plays) = (0, 0);
        for _ in 0..PATIENCE * REPLAYS {
            drawn.iter_mut().for_each(|(id, uniforms)| noise[*id] = uniforms.next());
            for &(id, law) in &self.nodes {
                values[id] = law.value(&values, noise[id]);
            }
            plays += self.nodes.len();
            let enough = if kept < LEAST_REPLAYS { PLAYS_FOR_THE_LEAST * PLAYS } else { PLAYS };
            if plays > enough {
                break;
            }
            if !self.scm.keeps(&values) {
                continue;
            }
            fresh.iter_mut().for_each(|(id, uniforms)| noise[*id] = uniforms.next());
            if !self.scm.held.is_empty() {
                play(&self.nodes, &self.scm.held, &noise, &mut values);
            }
            plays += visit(&noise, &values);
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

/// The twins of a specimen under operations on single factors, as far as the label sees them.
///
/// Only what depends on a change is played again, and only while something changes.
pub(super) struct Twins<'a> {
    label: NodeId,
    held: &'a Interventions,
    /// All on which the label depends, causes before effects.
    above: Vec<(NodeId, &'a Law)>,
    /// By node: the places of those that read it.
    readers: Vec<Vec<usize>>,
    /// By place, as bits: whether something that it reads has changed.
    stale: Vec<u64>,
    /// The values of the twin, and the nodes whose values aren't those of the specimen.
    values: Vec<f64>,
    changed: Vec<NodeId>,
    /// The nodes played so far.
    pub plays: usize,
}

impl<'a> Twins<'a> {
    pub fn new(scm: &'a Scm, label: NodeId) -> Self {
        let law = |id: &NodeId| Some((*id, scm.law(*id)?));
        let above: Vec<_> = above(scm, &[label]).in_order(scm).iter().filter_map(law).collect();
        let mut readers = vec![Vec::new(); scm.len()];
        for (place, &(id, _)) in above.iter().enumerate() {
            reads(scm, id).into_iter().for_each(|read| readers[read].push(place));
        }
        let (stale, values) = (vec![0; above.len().div_ceil(64)], vec![0.0; scm.len()]);
        Self {
            label,
            held: &scm.held,
            above,
            readers,
            stale,
            values,
            changed: Vec::new(),
            plays: 0,
        }
    }

    /// Turns to another specimen, given by its values.
    pub fn turn_to(&mut self, actual: &[f64]) {
        self.values.copy_from_slice(actual);
    }

    /// The label under `do(factor = x)`, given the specimen's noise and its values.
    pub fn label(&mut self, noise: &[f64], actual: &[f64], factor: NodeId, x: f64) -> f64 {
        if actual[factor] == x {
            return actual[self.label];
        }
        self.change(factor, x);
        let mut word = 0;
        while word < self.stale.len() {
            if self.stale[word] == 0 {
                word += 1;
                continue;
            }
            // What reads stands behind what is read.
            let place = 64 * word + self.stale[word].trailing_zeros() as usize;
            self.stale[word] &= self.stale[word] - 1;
            let (id, law) = self.above[place];
            self.plays += 1;
            if id == factor {
                continue;
            }
            let value = match self.held.on(id) {
                None => law.value(&self.values, noise[id]),
                Some(action) => action.value(law, &self.values, noise[id]),
            };
            if value != actual[id] {
                self.change(id, value);
            }
        }
        let label = self.values[self.label];
        for id in self.changed.drain(..) {
            self.values[id] = actual[id];
        }
        label
    }

    fn change(&mut self, node: NodeId, value: f64) {
        self.values[node] = value;
        self.changed.push(node);
        for &reader in &self.readers[node] {
            self.stale[reader / 64] |= 1 << (reader % 64);
        }
    }
}
