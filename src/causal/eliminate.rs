//! Exact answers about several worlds at once: the noise is summed out node by node.
//!
//! A dynamic programme over the causal order. Its state holds, for every world, the values that
//! are still to be read; cases of the noise that lead to equal states are one. So the cost is the
//! number of different states, where [`super::enumerate`] visits every case: forty coins in twenty
//! gates are a trillion cases and a few hundred states.

use super::enumerate::Joint;
use super::order::candidates;
use super::worlds::{Piece, Worlds, needed, pieces};
use super::{Action, NodeId, Scm};

/// The largest number of steps, a state met with a piece of noise, before an exact answer is
/// given up: some tenths of a second.
pub const LIMIT: usize = 1 << 21;

/// What is asked of several worlds that share their noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inquiry<'a> {
    /// World 0 is the actual one; world i + 1 is it under the i-th operation, `do(node = value)`.
    pub operations: &'a [(NodeId, f64)],
    /// The wanted values: (world, node).
    pub wanted: &'a [(usize, NodeId)],
}

/// Why there is no exact answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The noise of this node isn't finite.
    Infinite(NodeId),
    /// More than [`LIMIT`] steps.
    TooMany,
}

/// The exact joint distribution of the wanted values among the kept specimens; it has no case
/// where no specimen is ever kept.
///
/// # Errors
/// An [`Obstacle`] where it can't be had.
pub fn eliminate(scm: &Scm, inquiry: &Inquiry) -> Result<Joint, Obstacle> {
    let nodes: Vec<NodeId> = inquiry.wanted.iter().map(|w| w.1).collect();
    let all = needed(scm, &nodes);
    let mut noise = vec![Vec::new(); scm.len()];
    for &id in &all {
        noise[id] = pieces(scm, id, &nodes).ok_or(Obstacle::Infinite(id))?;
    }
    let worlds = Worlds::new(scm, inquiry.operations);
    let plans = candidates(scm, &all, &nodes).map(|order| Plan::new(scm, &worlds, inquiry, order));
    let cost = |plan: &Plan| plan.cost(&noise);
    let [first, rest @ ..] = plans;
    let best = rest.into_iter().fold(first, |a, b| if cost(&b) < cost(&a) { b } else { a });
    best.run(&noise)
}

/// A value that is held: of a node in a world in which it has one of its own.
type Slot = (NodeId, usize);

struct Plan<'a> {
    scm: &'a Scm,
    worlds: &'a Worlds<'a>,
    wanted: &'a [(usize, NodeId)],
    order: Vec<NodeId>,
    /// By node and world: the last step that reads the value; 0 where none does.
    last: Vec<Vec<usize>>,
    /// The step after which it's known whether a specimen is kept.
    decided: Option<usize>,
}

impl<'a> Plan<'a> {
    fn new(
        scm: &'a Scm,
        worlds: &'a Worlds<'a>,
        inquiry: &'a Inquiry<'a>,
        order: Vec<NodeId>,
    ) -> Self {
        let deciders = scm.selection_parents();
        let decided = order.iter().rposition(|n| deciders.contains(n));
        let mut last = vec![vec![0; worlds.selecting() + 1]; scm.len()];
        let mut read = |node: NodeId, world: usize, step: usize| {
            let last = &mut last[node][worlds.home(node, world)];
            *last = step.max(*last);
        };
        for (step, &id) in order.iter().enumerate() {
            for world in worlds.of(id) {
                worlds.reads(id, world).into_iter().for_each(|parent| read(parent, world, step));
            }
        }
        for node in deciders {
            read(node, worlds.selecting(), decided.unwrap_or(0));
        }
        for &(world, node) in inquiry.wanted {
            read(node, world, usize::MAX);
        }
        Self { scm, worlds, wanted: inquiry.wanted, order, last, decided }
    }

    /// What is held after a step, given what was held before it.
    fn held(&self, before: &[Slot], step: usize) -> Vec<Slot> {
        let id = self.order[step];
        let own = self.worlds.of(id).map(|world| (id, world));
        before.iter().copied().chain(own).filter(|&(n, w)| self.last[n][w] > step).collect()
    }

    /// At most so many steps: what the domains would allow.
    fn cost(&self, noise: &[Vec<Piece>]) -> f64 {
        let values = |&(node, world): &Slot| match self.worlds.action(node, world) {
            Some(Action::Set(_)) => 1.0,
            _ => self.scm.domain(node).size().unwrap_or(noise[node].len().max(8)) as f64,
        };
        let mut held = Vec::new();
        let mut cost = 0.0;
        for (step, &id) in self.order.iter().enumerate() {
            cost += held.iter().map(values).product::<f64>() * noise[id].len() as f64;
            held = self.held(&held, step);
        }
        cost
    }

    fn run(&self, noise: &[Vec<Piece>]) -> Result<Joint, Obstacle> {
        let mut held: Vec<Slot> = Vec::new();
        let mut states = States::of_nothing();
        let mut desk = Desk::new(self.scm.len(), self.worlds);
        let mut steps = 0;
        for (step, &id) in self.order.iter().enumerate() {
            steps += states.weights.len() * noise[id].len();
            if steps > LIMIT {
                return Err(Obstacle::TooMany);
            }
            let after = self.held(&held, step);
            states = self.step(step, &noise[id], &held, &after, &states, &mut desk);
            held = after;
        }
        Ok(self.answer(&held, &states))
    }

    /// Sums out the noise of one node: from every state to the states that follow it.
    fn step(
        &self,
        step: usize,
        noise: &[Piece],
        held: &[Slot],
        after: &[Slot],
        states: &States,
        desk: &mut Desk,
    ) -> States {
        let id = self.order[step];
        let mut next = States::with_width(after.len());
        let Some(law) = self.scm.law(id) else { return next };
        let selecting = self.worlds.selecting();
        let decided = self.decided == Some(step);
        // What is read now is put on the desk; what is held on is copied from row to row.
        let mut read: Vec<NodeId> = if decided { self.scm.selection_parents() } else { Vec::new() };
        self.worlds.of(id).for_each(|world| read.extend(self.worlds.reads(id, world)));
        let known: Vec<(usize, Vec<usize>)> = (held.iter().enumerate())
            .filter(|(_, slot)| read.contains(&slot.0))
            .map(|(at, &slot)| (at, desk.places(slot)))
            .collect();
        let old: Vec<usize> = (after.iter())
            .filter_map(|slot| held.iter().position(|before| before == slot))
            .collect();
        let new: Vec<usize> = after[old.len()..].iter().map(|&slot| desk.place(slot)).collect();
        let fresh: Vec<(usize, Option<Action>, Vec<usize>)> = (self.worlds.of(id))
            .map(|world| (world, self.worlds.action(id, world), desk.places((id, world))))
            .collect();
        let mut row = vec![0; after.len()];
        for (at, &weight) in states.weights.iter().enumerate() {
            let before = states.row(at);
            known.iter().for_each(|(at, places)| desk.put(places, f64::from_bits(before[*at])));
            row.iter_mut().zip(&old).for_each(|(bits, &at)| *bits = before[at]);
            for piece in noise {
                for (world, action, places) in &fresh {
                    let u = if *world == selecting { piece.selecting } else { piece.u };
                    let value = match action {
                        None => law.value(desk.world(*world), u),
                        Some(action) => action.value(law, desk.world(*world), u),
                    };
                    // -0.0 and 0.0 are one value.
                    desk.put(places, value + 0.0);
                }
                if decided && !self.scm.keeps(desk.world(selecting)) {
                    continue;
                }
                let own = row[old.len()..].iter_mut().zip(&new);
                own.for_each(|(bits, &place)| *bits = desk.values[place].to_bits());
                next.add(&row, weight * piece.probability);
            }
        }
        next
    }

    /// The wanted values of the last states, with probabilities that add up to 1.
    fn answer(&self, held: &[Slot], states: &States) -> Joint {
        let place = |&(world, node): &(usize, NodeId)| {
            let slot = (node, self.worlds.home(node, world));
            // What is wanted is held to the end.
            held.iter().position(|&s| s == slot).unwrap_or_default()
        };
        let places: Vec<usize> = self.wanted.iter().map(place).collect();
        let mut joint = Joint::default();
        for (at, &weight) in states.weights.iter().enumerate() {
            let row = states.row(at);
            joint.add(places.iter().map(|&p| f64::from_bits(row[p])).collect(), weight);
        }
        joint.normalise();
        joint
    }
}

/// The values of all nodes in all worlds, where laws read them.
struct Desk<'a> {
    nodes: usize,
    worlds: &'a Worlds<'a>,
    values: Vec<f64>,
}

impl<'a> Desk<'a> {
    fn new(nodes: usize, worlds: &'a Worlds<'a>) -> Self {
        Self { nodes, worlds, values: vec![0.0; nodes * (worlds.selecting() + 1)] }
    }

    const fn place(&self, (node, world): Slot) -> usize {
        world * self.nodes + node
    }

    /// The places of a value: one in each world that shares it.
    fn places(&self, (node, world): Slot) -> Vec<usize> {
        let sharing = (0..=self.worlds.selecting()).filter(|&w| self.worlds.home(node, w) == world);
        sharing.map(|w| self.place((node, w))).collect()
    }

    fn put(&mut self, places: &[usize], value: f64) {
        places.iter().for_each(|&place| self.values[place] = value);
    }

    fn world(&self, world: usize) -> &[f64] {
        &self.values[world * self.nodes..(world + 1) * self.nodes]
    }
}

/// Different states with their weights, in the order of first appearance.
struct States {
    width: usize,
    /// The bits of the held values, row after row.
    rows: Vec<u64>,
    weights: Vec<f64>,
    /// Where to find a row by its hash: indices, 1 more than that of the row, and 0 where there is
    /// none. At least half of them are 0, and their number is a power of two.
    table: Vec<u32>,
    latest: usize,
}

impl States {
    fn with_width(width: usize) -> Self {
        Self { width, rows: Vec::new(), weights: Vec::new(), table: vec![0; 64], latest: 0 }
    }

    /// The one state before anything has happened.
    fn of_nothing() -> Self {
        let mut start = Self::with_width(0);
        start.add(&[], 1.0);
        start
    }

    fn row(&self, at: usize) -> &[u64] {
        &self.rows[at * self.width..(at + 1) * self.width]
    }

    fn add(&mut self, row: &[u64], weight: f64) {
        // Neighbouring pieces of noise mostly lead to the same state.
        if self.latest < self.weights.len() && self.row(self.latest) == row {
            self.weights[self.latest] += weight;
            return;
        }
        let place = self.place(row);
        if self.table[place] == 0 {
            self.rows.extend_from_slice(row);
            self.weights.push(0.0);
            self.table[place] = self.weights.len() as u32;
        }
        self.latest = self.table[place] as usize - 1;
        self.weights[self.latest] += weight;
        if 2 * self.weights.len() > self.table.len() {
            self.grow();
        }
    }

    /// The place of a row in the table, or the empty one where it belongs.
    fn place(&self, row: &[u64]) -> usize {
        let mask = self.table.len() - 1;
        let mut place = hash(row) as usize & mask;
        while self.table[place] != 0 && self.row(self.table[place] as usize - 1) != row {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.table = vec![0; 4 * self.table.len()];
        for at in 0..self.weights.len() {
            let place = self.place(self.row(at));
            self.table[place] = at as u32 + 1;
        }
    }
}

/// A quick hash. It decides nothing but the speed: rows are compared whole.
fn hash(row: &[u64]) -> u64 {
    // 2^64 over the golden ratio: an odd number without pattern.
    const SALT: u64 = 0x9e37_79b9_7f4a_7c15;
    row.iter().fold(SALT, |hash, word| {
        // The bits of 0.0 and 1.0 differ at the top: the halves of the product bring them down.
        let product = u128::from(hash ^ word) * u128::from(SALT);
        (product ^ product >> 64) as u64
    })
}
