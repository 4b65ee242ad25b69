//! Answers many questions about one model: what clusters pass on to each other is kept, and most of
//! it serves the next question too.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::conditional::{Asked, Conditionals, Refusal};
use super::eliminate::{Inquiry, LIMIT_OF_ALL, Obstacle};
use super::joint::Joint;
use super::parts::in_parts;
use super::table::{Slot, Table, product};
use super::tree::Tree;
use super::worlds::{ACTUAL, OPERATIONS, SELECTING, Worlds, all_reads, needed, under};
use super::{NodeId, Scm};

/// The most numbers that are kept from question to question.
const ROOM: usize = 1 << 23;

/// Answers questions about some nodes of a model.
pub(super) struct Solver<'a> {
    scm: Cow<'a, Scm>,
    /// What every node reads in the actual world.
    reads: Vec<Vec<NodeId>>,
    tree: Tree,
    /// By node, and last the selection: its place among the families of the tree.
    place: Vec<Option<usize>>,
    /// Whose values are passed on to the end, by node.
    kept: Vec<bool>,
    conditionals: Conditionals,
    /// By node and the worlds that matter, where no operation touches it: its table.
    plain: Vec<[Option<usize>; 4]>,
    /// By direction: what is passed on, by the tables from which it comes.
    passed: Vec<BTreeMap<Vec<u32>, Result<Rc<Passed>, Refusal>>>,
    /// The numbers that are kept.
    stored: usize,
    /// The steps taken for all questions, which other solvers may share.
    spent: Rc<Cell<usize>>,
}

/// What one cluster passes on to another.
struct Passed {
    table: Table,
    /// The steps that it takes with all that it comes from.
    cost: usize,
}

/// A table that isn't there.
const NONE: u32 = u32::MAX;

/// From a cluster to its parent, or from the parent to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Up(usize),
    Down(usize),
}

impl<'a> Solver<'a> {
    /// For questions about `nodes`: each about those of `kept` and one more.
    pub fn new(scm: &'a Scm, nodes: &[NodeId], kept: &[NodeId], spent: Rc<Cell<usize>>) -> Self {
        let scm = in_parts(scm);
        let reads = all_reads(&scm);
        let selection = scm.selection_parents();
        let mut owners = needed(&scm, nodes).in_order(&scm);
        let mut families: Vec<Vec<NodeId>> = (owners.iter())
            .map(|&node| {
                let own = scm.law(node).filter(|_| scm.is_selective());
                let natural = own.map_or(&[][..], |law| law.parents());
                [&[node], &reads[node][..], natural].concat()
            })
            .collect();
        if scm.is_selective() {
            owners.push(scm.len());
            families.push(selection);
        }
        let size = |node: NodeId| scm.domain(node).size().unwrap_or(8);
        let tree = Tree::new(scm.len(), &families, size);
        let mut place = vec![None; scm.len() + 1];
        tree.families.iter().enumerate().for_each(|(at, &f)| place[owners[f]] = Some(at));
        let mut is_kept = vec![false; scm.len()];
        kept.iter().for_each(|&node| is_kept[node] = true);
        Self {
            reads,
            place,
            kept: is_kept,
            conditionals: Conditionals::new(scm.len()),
            plain: vec![[None; 4]; scm.len()],
            passed: vec![BTreeMap::new(); 2 * tree.parent.len()],
            tree,
            stored: 0,
            spent,
            scm,
        }
    }

    /// The exact joint distribution of the wanted values, within `limit` steps.
    pub fn ask(&mut self, inquiry: &Inquiry, limit: usize) -> Result<Joint, Obstacle> {
        if inquiry.operations.len() > OPERATIONS {
            return Err(Obstacle::TooMany);
        }
        self.spend(0)?;
        if self.stored > ROOM {
            self.passed.iter_mut().for_each(BTreeMap::clear);
            self.stored = 0;
        }
        let worlds = Worlds::new(&self.scm, &self.reads, inquiry.operations);
        let world = |world: usize| world.checked_sub(1).map_or(ACTUAL, under);
        let wanted: Vec<Slot> = inquiry.wanted.iter().map(|&(w, node)| (node, world(w))).collect();
        let set: Vec<Option<f64>> = wanted.iter().map(|&(n, w)| worlds.set(n, w)).collect();
        let slots: Vec<Slot> = wanted.iter().map(|&(n, w)| (n, worlds.home(n, w))).collect();
        let codes = {
            let needed = worlds.needed(&wanted);
            let mut tables = Tables {
                asked: &worlds,
                scm: &self.scm,
                conditionals: &mut self.conditionals,
                plain: &mut self.plain,
                spent: &self.spent,
            };
            tables.codes(&needed, &self.place, limit)?
        };
        let root = wanted.iter().map(|w| w.0).find(|&n| !self.kept[n]);
        let root = root.or(wanted.first().map(|w| w.0));
        let root = root.and_then(|node| self.tree.cluster[node]);
        let root = root.unwrap_or(self.tree.parent.len().saturating_sub(1));
        let table = self.gather(root, &codes, &slots, limit)?;
        Ok(answer(&table, &slots, &set))
    }

    /// All tables multiplied at a cluster and summed over all but some slots.
    fn gather(
        &mut self,
        root: usize,
        codes: &[u32],
        slots: &[Slot],
        limit: usize,
    ) -> Result<Table, Obstacle> {
        let mut question = Question { codes, found: BTreeMap::new(), there: vec![0] };
        for &code in codes {
            let before = question.there.last().copied().unwrap_or_default();
            question.there.push(before + u32::from(code != NONE));
        }
        let ways = self.inward(root, None);
        // A way is opened, and once more closed after all that it comes from.
        let mut stack: Vec<(Way, bool)> = ways.iter().map(|&way| (way, false)).collect();
        while let Some((way, closing)) = stack.pop() {
            if question.found.contains_key(&way) || question.is_empty(&self.tree, way) {
                continue;
            }
            let (from, to) = self.ends(way);
            if closing {
                let keep = |slot: Slot| {
                    let shared = match way {
                        Way::Up(cluster) | Way::Down(cluster) => &self.tree.shared[cluster],
                    };
                    self.kept[slot.0] || shared.binary_search(&slot.0).is_ok()
                };
                let inputs = self.inward(from, to);
                let mut steps = 0;
                let found = self.multiply(from, &inputs, &question, keep, limit, &mut steps);
                self.spend(steps)?;
                let key = question.key(&self.tree, way);
                self.stored += key.len() / 2 + found.as_ref().map_or(0, |p| p.table.size());
                let kept = found.map(Rc::new);
                let refusal = |why| Refusal { why, limit };
                let known = kept.clone().map_err(refusal);
                self.passed[index(way)].insert(key, known);
                question.found.insert(way, kept?);
                continue;
            }
            match self.passed[index(way)].get(&question.key(&self.tree, way)) {
                Some(Ok(known)) if known.cost <= limit => {
                    question.found.insert(way, Rc::clone(known));
                }
                Some(Ok(_)) => return Err(Obstacle::TooMany),
                Some(Err(refusal)) if refusal.stands(limit) => return Err(refusal.why),
                _ => {
                    stack.push((way, true));
                    stack.extend(self.inward(from, to).into_iter().map(|way| (way, false)));
                }
            }
        }
        let mut steps = 0;
        let keep = |slot: Slot| slots.contains(&slot);
        let found = self.multiply(root, &ways, &question, keep, limit, &mut steps);
        self.spend(steps)?;
        found.map(|passed| passed.table)
    }

    /// Multiplies the tables of a cluster and what comes into it.
    fn multiply(
        &self,
        cluster: usize,
        ways: &[Way],
        question: &Question,
        keep: impl Fn(Slot) -> bool,
        limit: usize,
        steps: &mut usize,
    ) -> Result<Passed, Obstacle> {
        let (start, end) = self.tree.own.get(cluster).copied().unwrap_or((0, question.codes.len()));
        let own = question.codes[start..end].iter().filter(|&&code| code != NONE);
        let own: Vec<_> = own.map(|&code| self.conditionals.get(code as usize)).collect();
        let into: Vec<&Rc<Passed>> =
            ways.iter().filter_map(|way| question.found.get(way)).collect();
        let cost = own.iter().map(|c| c.cost).sum::<usize>()
            + into.iter().map(|passed| passed.cost).sum::<usize>();
        let left = limit.checked_sub(cost).ok_or(Obstacle::TooMany)?;
        let tables: Vec<&Table> =
            own.iter().map(|c| &c.table).chain(into.iter().map(|p| &p.table)).collect();
        let table = product(&tables, keep, left, steps).ok_or(Obstacle::TooMany)?;
        Ok(Passed { table: table.close(), cost: cost + *steps })
    }

    fn spend(&mut self, steps: usize) -> Result<(), Obstacle> {
        self.spent.set(self.spent.get() + steps);
        if self.spent.get() > LIMIT_OF_ALL { Err(Obstacle::TooManyOfAll) } else { Ok(()) }
    }

    /// The cluster where a way begins, and the one where it ends.
    fn ends(&self, way: Way) -> (usize, Option<usize>) {
        match way {
            Way::Up(cluster) => (cluster, self.tree.parent[cluster]),
            Way::Down(cluster) => (self.tree.parent[cluster].unwrap_or(cluster), Some(cluster)),
        }
    }

    /// The ways into a cluster, but for those from `without`.
    fn inward(&self, cluster: usize, without: Option<usize>) -> Vec<Way> {
        let Some(children) = self.tree.children.get(cluster) else { return Vec::new() };
        let above = self.tree.parent[cluster].filter(|&parent| Some(parent) != without);
        let up = children.iter().filter(|&&child| Some(child) != without);
        up.map(|&child| Way::Up(child)).chain(above.map(|_| Way::Down(cluster))).collect()
    }
}

/// The place of what is passed on in a direction.
const fn index(way: Way) -> usize {
    match way {
        Way::Up(cluster) => 2 * cluster,
        Way::Down(cluster) => 2 * cluster + 1,
    }
}

/// A question under way.
struct Question<'a> {
    /// The table of every family of the tree, in its line.
    codes: &'a [u32],
    /// How many are there before each place of the line.
    there: Vec<u32>,
    found: BTreeMap<Way, Rc<Passed>>,
}

impl Question<'_> {
    /// Whether nothing is passed on: no table stands behind it.
    fn is_empty(&self, tree: &Tree, way: Way) -> bool {
        let count = |from: usize, to: usize| self.there[to] - self.there[from];
        match way {
            Way::Up(cluster) => count(tree.below[cluster].0, tree.below[cluster].1) == 0,
            Way::Down(cluster) => {
                let (from, to) = tree.below[cluster];
                count(0, from) + count(to, self.codes.len()) == 0
            }
        }
    }

    /// The tables from which that comes which is passed on.
    fn key(&self, tree: &Tree, way: Way) -> Vec<u32> {
        match way {
            Way::Up(cluster) => {
                let (from, to) = tree.below[cluster];
                self.codes[from..to].to_vec()
            }
            Way::Down(cluster) => {
                let (from, to) = tree.below[cluster];
                [&self.codes[..from], &self.codes[to..]].concat()
            }
        }
    }
}

/// Finds the tables for a question.
struct Tables<'a> {
    asked: &'a Worlds<'a>,
    scm: &'a Scm,
    conditionals: &'a mut Conditionals,
    plain: &'a mut [[Option<usize>; 4]],
    spent: &'a Cell<usize>,
}

impl Tables<'_> {
    /// The table of every family of the tree, in its line.
    fn codes(
        &mut self,
        needed: &[u32],
        place: &[Option<usize>],
        limit: usize,
    ) -> Result<Vec<u32>, Obstacle> {
        let mut codes = vec![NONE; place.iter().flatten().count()];
        let mut supports = vec![0; self.scm.len()];
        let selection = self.scm.is_selective().then_some(self.scm.len());
        let order = self.scm.order.iter().copied().filter(|&node| needed[node] != 0);
        for node in order.chain(selection) {
            let plain = needed.get(node).map(|&bits| bits as usize).filter(|_| {
                const { assert!(ACTUAL < 2 && SELECTING < 2) }
                !self.asked.is_touched(node)
            });
            let known = plain.and_then(|bits| *self.plain[node].get(bits)?);
            let id = match known {
                Some(id) => id,
                None => {
                    let (scm, worlds) = (self.scm, self.asked);
                    let asked = Asked { scm, worlds, needed, supports: &supports, limit };
                    let (found, steps) = self.conditionals.of(node, &asked);
                    self.spent.set(self.spent.get() + steps);
                    found?
                }
            };
            if let Some(slot) = plain.and_then(|bits| self.plain[node].get_mut(bits)) {
                *slot = Some(id);
            }
            if node < self.scm.len() {
                supports[node] = self.conditionals.get(id).support;
            }
            if let Some(place) = place[node] {
                codes[place] = id as u32;
            }
        }
        Ok(codes)
    }
}

/// The wanted values with probabilities that add up to 1.
fn answer(table: &Table, slots: &[Slot], set: &[Option<f64>]) -> Joint {
    let places: Vec<usize> = slots
        .iter()
        .map(|slot| table.slots.iter().position(|s| s == slot).unwrap_or_default())
        .collect();
    let case = |at: usize| {
        let row = table.row(at);
        let value = |(&place, set): (&usize, &Option<f64>)| {
            set.unwrap_or_else(|| f64::from_bits(row[place]))
        };
        (places.iter().zip(set).map(value).collect(), table.weight(at))
    };
    let mut joint = Joint::of((0..table.len()).map(case).collect());
    joint.normalise();
    joint
}
