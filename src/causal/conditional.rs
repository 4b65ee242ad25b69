//! How the values of a node come about from those that it reads, in every world in which it has one
//! of its own: a table, made once for all questions.

use std::collections::BTreeMap;

use super::eliminate::Obstacle;
use super::table::{Slot, Table};
use super::worlds::{SELECTING, Worlds, worlds_of};
use super::{Action, Law, NodeId, Scm};

/// The table of a node: what it reads, and its own values.
pub(super) struct Conditional {
    pub table: Table,
    /// The steps that it took: pieces of noise, each met with values of what the node reads.
    pub cost: usize,
    /// The values that the node can have.
    pub support: usize,
}

/// All tables that were made, and those that can't be.
pub(super) struct Conditionals {
    made: Vec<Conditional>,
    /// By node, and last the selection: tables by all that they depend on.
    known: Vec<BTreeMap<Vec<u64>, Result<usize, Refusal>>>,
    supports: Supports,
    /// The values of all nodes, world by world, where laws read them.
    desk: Vec<Vec<f64>>,
}

/// Why a table isn't there, and within how many steps.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    pub why: Obstacle,
    pub limit: usize,
}

impl Refusal {
    /// Whether the table can't be had within other limits either.
    pub const fn stands(self, limit: usize) -> bool {
        matches!(self.why, Obstacle::Infinite(_)) || limit <= self.limit
    }
}

/// What a table is asked for.
pub(super) struct Asked<'a> {
    pub scm: &'a Scm,
    pub worlds: &'a Worlds<'a>,
    /// By node, as bits: the worlds in which its value matters.
    pub needed: &'a [u32],
    /// By node: the values that it can have.
    pub supports: &'a [usize],
    pub limit: usize,
}

/// A node that is read.
struct Reading {
    node: NodeId,
    /// The values that it can have in the worlds that are read.
    support: usize,
    slots: Vec<Slot>,
    /// Where its values go: from which slot to which world.
    puts: Vec<(usize, usize)>,
    /// Its values in worlds in which an operation sets it.
    set: Vec<(usize, f64)>,
}

impl Conditionals {
    pub fn new(nodes: usize) -> Self {
        Self {
            made: Vec::new(),
            known: vec![BTreeMap::new(); nodes + 1],
            supports: Supports::new(nodes),
            desk: Vec::new(),
        }
    }

    pub fn get(&self, id: usize) -> &Conditional {
        &self.made[id]
    }

    /// The table of a node, or of the selection where `node` is the number of nodes. Says too
    /// how many steps were taken now.
    pub fn of(&mut self, node: NodeId, asked: &Asked) -> (Result<usize, Obstacle>, usize) {
        let readings = self.readings(node, asked);
        let own = own(node, asked);
        let mut key = vec![u64::from(own)];
        for reading in &readings {
            key.extend([reading.node as u64, reading.support as u64]);
            let slot = |&(at, world): &(usize, usize)| (world * 64 + reading.slots[at].1) as u64;
            key.extend(reading.puts.iter().map(slot));
            let set = reading.set.iter().flat_map(|(w, x)| [(*w + 1) as u64 * 4096, x.to_bits()]);
            key.extend(set);
        }
        match self.known[node].get(&key) {
            Some(Ok(id)) => return (Ok(*id), 0),
            Some(Err(refusal)) if refusal.stands(asked.limit) => return (Err(refusal.why), 0),
            _ => {}
        }
        let mut steps = 0;
        let made = self.make(node, own, &readings, asked, &mut steps).map(|table| {
            let support = self.supports.of_table(node, own, &table);
            self.made.push(Conditional { table, cost: steps, support });
            self.made.len() - 1
        });
        let limit = asked.limit;
        self.known[node].insert(key, made.map_err(|why| Refusal { why, limit }));
        (made, steps)
    }

    /// What is read, each node once.
    fn readings(&mut self, node: NodeId, asked: &Asked) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        let selection = asked.scm.selection_parents();
        for world in worlds_of(own(node, asked)) {
            let reads =
                if node == asked.scm.len() { &selection } else { asked.worlds.reads(node, world) };
            for &read in reads {
                let at = readings.iter().position(|r| r.node == read).unwrap_or(readings.len());
                if at == readings.len() {
                    let (slots, puts, set) = (Vec::new(), Vec::new(), Vec::new());
                    readings.push(Reading { node: read, support: 0, slots, puts, set });
                }
                let reading = &mut readings[at];
                if let Some(value) = asked.worlds.set(read, world) {
                    reading.set.push((world, value));
                    continue;
                }
                let slot = (read, asked.worlds.home(read, world));
                let found = reading.slots.iter().position(|s| *s == slot);
                let place = found.unwrap_or(reading.slots.len());
                if found.is_none() {
                    reading.slots.push(slot);
                }
                reading.puts.push((place, world));
            }
        }
        for reading in readings.iter_mut().filter(|r| !r.slots.is_empty()) {
            reading.slots.sort_unstable();
            let worlds = reading.slots.iter().fold(0, |bits, slot| bits | 1 << slot.1);
            // The slots may have moved.
            let place = |world: usize| {
                let slot = (reading.node, asked.worlds.home(reading.node, world));
                reading.slots.iter().position(|s| *s == slot).unwrap_or_default()
            };
            reading.puts = reading.puts.iter().map(|&(_, world)| (place(world), world)).collect();
            reading.support = self.supports.within(asked.supports[reading.node], worlds);
        }
        readings
    }

    fn make(
        &mut self,
        node: NodeId,
        own: u32,
        readings: &[Reading],
        asked: &Asked,
        steps: &mut usize,
    ) -> Result<Table, Obstacle> {
        let worlds: Vec<usize> = worlds_of(own).collect();
        let most = worlds.last().map_or(0, |last| last + 1);
        while self.desk.len() < most {
            self.desk.push(vec![0.0; asked.scm.len()]);
        }
        for (world, node, value) in
            readings.iter().flat_map(|r| r.set.iter().map(|&(world, x)| (world, r.node, x)))
        {
            self.desk[world][node] = value;
        }
        let read: Vec<Slot> = readings.iter().flat_map(|r| r.slots.iter().copied()).collect();
        let width = read.len();
        let mut maker = Maker::new(node, &worlds, asked.scm);
        let shown = if maker.law.is_some() { &worlds[..] } else { &[] };
        let slots = read.into_iter().chain(shown.iter().map(|&world| (node, world)));
        let mut table = Table::of(slots.collect());
        let moving: Vec<&Reading> = readings.iter().filter(|r| !r.slots.is_empty()).collect();
        let mut at = vec![0; moving.len()];
        let mut row = vec![0; width + shown.len()];
        loop {
            let mut start = 0;
            for (reading, &at) in moving.iter().zip(&at) {
                let values = self.supports.row(reading.support, at);
                row[start..start + values.len()].copy_from_slice(values);
                start += values.len();
                for &(place, world) in &reading.puts {
                    self.desk[world][reading.node] = f64::from_bits(values[place]);
                }
            }
            maker.rows(&self.desk, &mut row, width, &mut table, steps)?;
            if *steps > asked.limit {
                return Err(Obstacle::TooMany);
            }
            // The next combination: the last runs fastest.
            let turns = moving.iter().zip(&mut at).rev().find_map(|(reading, at)| {
                *at += 1;
                let more = *at < self.supports.len(reading.support);
                if !more {
                    *at = 0;
                }
                more.then_some(())
            });
            if turns.is_none() {
                return Ok(table.close());
            }
        }
    }
}

/// The worlds in which the value of a node matters, as bits.
fn own(node: NodeId, asked: &Asked) -> u32 {
    asked.needed.get(node).copied().unwrap_or(1 << SELECTING)
}

/// Makes the rows of a table for given values of all that is read.
struct Maker<'a> {
    node: NodeId,
    scm: &'a Scm,
    /// `None` for the selection.
    law: Option<&'a Law>,
    /// The worlds with what the node does in them.
    worlds: Vec<(usize, Option<&'a Action>)>,
    /// Whether the noise in the selecting world is another than in all the others.
    fresh: bool,
    cuts: [Vec<f64>; 2],
    pieces: [Vec<(f64, f64)>; 2],
}

impl<'a> Maker<'a> {
    fn new(node: NodeId, worlds: &[usize], scm: &'a Scm) -> Self {
        let action = |&world: &usize| {
            let held = if world == SELECTING { None } else { scm.held.on(node) };
            (world, held)
        };
        Self {
            node,
            scm,
            law: if node < scm.len() { scm.law(node) } else { None },
            worlds: worlds.iter().map(action).collect(),
            fresh: scm.is_selective() && scm.fresh.contains(&node),
            cuts: [Vec::new(), Vec::new()],
            pieces: [Vec::new(), Vec::new()],
        }
    }

    fn rows(
        &mut self,
        desk: &[Vec<f64>],
        row: &mut [u64],
        width: usize,
        table: &mut Table,
        steps: &mut usize,
    ) -> Result<(), Obstacle> {
        let Some(law) = self.law else {
            *steps += 1;
            let kept = self.node < self.scm.len() || self.scm.keeps(&desk[SELECTING]);
            if kept {
                table.add(row, 1.0);
            }
            return Ok(());
        };
        self.cut(law, desk).ok_or(Obstacle::Infinite(self.node))?;
        let [actual, selecting] = &self.pieces;
        for &(u, chance) in actual {
            for &(other, share) in selecting {
                *steps += 1;
                for (bits, &(world, action)) in row[width..].iter_mut().zip(&self.worlds) {
                    let u = if self.fresh && world == SELECTING { other } else { u };
                    let value = match action {
                        None => law.value(&desk[world], u),
                        Some(action) => action.value(law, &desk[world], u),
                    };
                    // -0.0 and 0.0 are one value, but for what divides by it.
                    *bits = if law.is_part() { value } else { value + 0.0 }.to_bits();
                }
                table.add(row, chance * share);
            }
        }
        Ok(())
    }

    /// Cuts the noise where it changes a value in any world.
    fn cut(&mut self, law: &Law, desk: &[Vec<f64>]) -> Option<()> {
        self.cuts.iter_mut().for_each(Vec::clear);
        for &(world, action) in &self.worlds {
            let cuts = &mut self.cuts[usize::from(self.fresh && world == SELECTING)];
            match action {
                Some(Action::Set(_)) => {}
                Some(Action::Follow(other)) => other.cuts(&desk[world], cuts)?,
                Some(Action::Shift(_) | Action::Scale(_) | Action::Apply(_)) | None => {
                    law.cuts(&desk[world], cuts)?;
                }
            }
        }
        for (cuts, pieces) in self.cuts.iter_mut().zip(&mut self.pieces) {
            cuts.retain(|&c| c > 0.0 && c < 1.0);
            cuts.extend([0.0, 1.0]);
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            pieces.clear();
            // Each piece is represented by its middle and weighted by its length.
            pieces.extend(cuts.windows(2).map(|e| (0.5 * (e[0] + e[1]), e[1] - e[0])));
        }
        Some(())
    }
}

/// The values that nodes can have, in several worlds at once; equal ones are kept once.
struct Supports {
    all: Vec<Support>,
    of_node: Vec<Vec<usize>>,
    within: BTreeMap<(usize, u32), usize>,
}

struct Support {
    node: NodeId,
    worlds: u32,
    width: usize,
    rows: Vec<u64>,
}

impl Supports {
    fn new(nodes: usize) -> Self {
        Self { all: Vec::new(), of_node: vec![Vec::new(); nodes], within: BTreeMap::new() }
    }

    fn row(&self, id: usize, at: usize) -> &[u64] {
        let Support { width, rows, .. } = &self.all[id];
        &rows[at * width..(at + 1) * width]
    }

    fn len(&self, id: usize) -> usize {
        self.all[id].rows.len() / self.all[id].width
    }

    /// What a node can have by its table; the selection has no values.
    fn of_table(&mut self, node: NodeId, worlds: u32, table: &Table) -> usize {
        if node == self.of_node.len() {
            return 0;
        }
        let width = worlds.count_ones() as usize;
        let rows = (0..table.len()).map(|at| &table.row(at)[table.slots.len() - width..]);
        let rows = different(width, rows);
        self.intern(Support { node, worlds, width, rows })
    }

    /// The values in some of the worlds.
    fn within(&mut self, id: usize, worlds: u32) -> usize {
        let Support { node, worlds: all, width, .. } = self.all[id];
        if all == worlds {
            return id;
        }
        if let Some(&known) = self.within.get(&(id, worlds)) {
            return known;
        }
        let places: Vec<usize> = worlds_of(all)
            .enumerate()
            .filter_map(|(place, world)| (worlds >> world & 1 == 1).then_some(place))
            .collect();
        let rows = self.all[id].rows.chunks_exact(width);
        let rows: Vec<Vec<u64>> =
            rows.map(|row| places.iter().map(|&place| row[place]).collect()).collect();
        let rows = different(places.len(), rows.iter().map(Vec::as_slice));
        let found = self.intern(Support { node, worlds, width: places.len(), rows });
        self.within.insert((id, worlds), found);
        found
    }

    fn intern(&mut self, support: Support) -> usize {
        let Support { node, worlds, rows, .. } = &support;
        let same = |id: &&usize| self.all[**id].worlds == *worlds && self.all[**id].rows == *rows;
        if let Some(&known) = self.of_node[*node].iter().find(same) {
            return known;
        }
        self.of_node[*node].push(self.all.len());
        self.all.push(support);
        self.all.len() - 1
    }
}

/// The different rows, ascending.
fn different<'a>(width: usize, rows: impl Iterator<Item = &'a [u64]>) -> Vec<u64> {
    let mut set = Table::of(vec![(0, 0); width]);
    rows.for_each(|row| set.add(row, 1.0));
    let mut all: Vec<&[u64]> = (0..set.len()).map(|at| set.row(at)).collect();
    all.sort_unstable();
    all.concat()
}
