//! A model with all that a regime or a do-operation makes of it, enumerated world by world.

use super::draft::Draft;
use super::expression::{At, Expr};
use super::mechanism::Mech;

/// What a node does instead of following its mechanism, once a sample is kept.
#[derive(Clone, Debug)]
pub enum Does {
    Set(f64),
    /// Another mechanism, with the same noise or with new noise.
    Follow(Mech, bool),
    /// A function of its natural value.
    Apply(Expr),
}

#[derive(Clone, Debug)]
pub struct Model {
    /// By node, causes first.
    pub mechanisms: Vec<Mech>,
    pub does: Vec<Option<Does>>,
    pub selection: Option<Expr>,
    pub dial: f64,
}

/// A world: by nature, or with what nodes do and one of them set.
#[derive(Clone, Copy)]
enum World {
    Nature,
    Actual(Option<(usize, f64)>),
}

/// The probability of what can happen to a factor and the label.
pub struct Events {
    /// On which side the factor is by nature (x', x, neither), the label by nature, under do(x')
    /// and under do(x).
    cells: Vec<(usize, [usize; 3], f64)>,
    /// Value of the factor, label.
    pairs: Vec<(f64, f64, f64)>,
}

impl Events {
    /// Parts and wholes of PN, PS and PNS.
    pub fn of(&self, class: usize, forward: bool) -> [[f64; 2]; 3] {
        let weight = |event: &dyn Fn(usize, [bool; 3]) -> bool| -> f64 {
            let cells = self.cells.iter().map(|&(side, labels, p)| {
                let [actual, absent, present] = labels.map(|label| label == class);
                // The other way round x' is x.
                let (without, with) = if forward { (absent, present) } else { (present, absent) };
                let side = if forward || side == 2 { side } else { 1 - side };
                if event(side, [actual, without, with]) { p } else { 0.0 }
            });
            cells.sum()
        };
        [
            [
                weight(&|side, [y, without, _]| side == 1 && y && !without),
                weight(&|side, [y, ..]| side == 1 && y),
            ],
            [
                weight(&|side, [y, _, with]| side == 0 && !y && with),
                weight(&|side, [y, ..]| side == 0 && !y),
            ],
            [weight(&|_, [_, without, with]| with && !without), weight(&|_, _| true)],
        ]
    }

    /// The largest |P(label | factor) - P(label)|.
    pub fn dependence(&self) -> f64 {
        let p = |x: Option<f64>, y: Option<f64>| -> f64 {
            let fits = |(a, b, _): &&(f64, f64, f64)| {
                x.is_none_or(|x| x == *a) && y.is_none_or(|y| y == *b)
            };
            self.pairs.iter().filter(fits).map(|(.., p)| p).sum()
        };
        let all = p(None, None);
        let gap = |&(x, y, _): &(f64, f64, f64)| {
            let own = p(Some(x), None);
            // A value that comes with rounding alone says nothing.
            if own < 1e-12 {
                0.0
            } else {
                (p(Some(x), Some(y)) / own - p(None, Some(y)) / all).abs()
            }
        };
        let pairs = self.pairs.iter().flat_map(|a| self.pairs.iter().map(|b| (a.0, b.1, 0.0)));
        pairs.map(|pair| gap(&pair)).fold(0.0, f64::max)
    }
}

impl Model {
    /// Calls `visit(probability, worlds)` for every case of the noise that is kept, and stops after
    /// so many cases; false where there are more.
    fn each(
        &self,
        draft: &Draft,
        worlds: &[World],
        most: usize,
        visit: &mut dyn FnMut(f64, &[Vec<f64>]),
    ) -> bool {
        let mut values = vec![vec![0.0; draft.nodes.len()]; worlds.len()];
        let mut left = most;
        self.descend(draft, worlds, 0, 1.0, &mut values, &mut left, visit)
    }

    #[expect(clippy::too_many_arguments, reason = "a recursion")]
    fn descend(
        &self,
        draft: &Draft,
        worlds: &[World],
        node: usize,
        probability: f64,
        values: &mut Vec<Vec<f64>>,
        left: &mut usize,
        visit: &mut dyn FnMut(f64, &[Vec<f64>]),
    ) -> bool {
        if node == self.mechanisms.len() {
            let kept = self.selection.as_ref().is_none_or(|rule| {
                let nature = worlds.iter().position(|w| matches!(w, World::Nature)).unwrap();
                rule.value(At::of(&values[nature], self.dial, 0.5)) != 0.0
            });
            if kept {
                visit(probability, values);
            }
            *left = left.saturating_sub(1);
            return *left > 0;
        }
        let is_new = matches!(&self.does[node], Some(Does::Follow(_, true)));
        let is_new = is_new && self.selection.is_some();
        // The noise by nature, and that which comes after a sample was kept where it's another.
        let mut cuts = [Vec::new(), Vec::new()];
        for (world, values) in worlds.iter().zip(values.iter()) {
            let own = &mut cuts[usize::from(is_new && matches!(world, World::Actual(_)))];
            let mechanism = match (world, &self.does[node]) {
                (World::Actual(Some((n, _))), _) if *n == node => continue,
                (World::Actual(_), Some(Does::Set(_))) => continue,
                (World::Actual(_), Some(Does::Follow(mechanism, _))) => mechanism,
                _ => &self.mechanisms[node],
            };
            if !draft.is_ignored(node) {
                mechanism.cuts(draft.nodes[node].size, values, self.dial, own);
            }
        }
        let [nature, after] = cuts.map(pieces);
        for &(u, p) in &nature {
            for &(other, q) in &after {
                for (i, world) in worlds.iter().enumerate() {
                    let u = if is_new && matches!(world, World::Actual(_)) { other } else { u };
                    values[i][node] = self.value(draft, node, *world, &values[i], u);
                }
                let p = probability * p * q;
                if !self.descend(draft, worlds, node + 1, p, values, left, visit) {
                    return false;
                }
            }
        }
        true
    }

    fn value(&self, draft: &Draft, node: usize, world: World, values: &[f64], u: f64) -> f64 {
        let size = draft.nodes[node].size;
        if draft.is_ignored(node) {
            return 0.0;
        }
        let natural = || self.mechanisms[node].value_of(size, values, self.dial, u);
        match (world, &self.does[node]) {
            (World::Actual(Some((n, x))), _) if n == node => x,
            (World::Nature, _) | (_, None) => natural(),
            (_, Some(Does::Set(x))) => *x,
            (_, Some(Does::Follow(other, _))) => other.value_of(size, values, self.dial, u),
            (_, Some(Does::Apply(function))) => {
                let at = At { natural: natural(), ..At::of(values, self.dial, 0.5) };
                let value = function.value(at);
                size.map_or(value, |size| value.round().clamp(0.0, (size - 1) as f64))
            }
        }
    }

    /// Whether there are no more cases than these with worlds for every factor.
    pub fn is_small(&self, draft: &Draft, most: usize) -> bool {
        let factors: Vec<(usize, f64, f64)> =
            draft.factors().iter().map(|&node| (node, 0.0, 1.0)).collect();
        self.each(draft, &worlds(&factors), most, &mut |_, _| {})
    }

    /// What happens to each factor, given with x' and x, and the label.
    pub fn events(&self, draft: &Draft, factors: &[(usize, f64, f64)]) -> Vec<Events> {
        let mut all: Vec<Events> =
            factors.iter().map(|_| Events { cells: Vec::new(), pairs: Vec::new() }).collect();
        let label = draft.label;
        self.each(draft, &worlds(factors), usize::MAX, &mut |p, values| {
            for (i, (events, &(node, absent, present))) in all.iter_mut().zip(factors).enumerate() {
                let (x, y) = (values[1][node], values[1][label]);
                let side = if draft.nodes[node].size.is_none() {
                    usize::from((x - absent).abs() >= (x - present).abs())
                } else if x == absent {
                    0
                } else if x == present {
                    1
                } else {
                    2
                };
                let under = |world: usize| values[world][label] as usize;
                let labels = [y as usize, under(2 + 2 * i), under(3 + 2 * i)];
                let known = events.cells.iter_mut().find(|c| (c.0, c.1) == (side, labels));
                match known {
                    Some(cell) => cell.2 += p,
                    None => events.cells.push((side, labels, p)),
                }
                match events.pairs.iter_mut().find(|pair| (pair.0, pair.1) == (x, y)) {
                    Some(pair) => pair.2 += p,
                    None => events.pairs.push((x, y, p)),
                }
            }
        });
        all
    }

    /// The distribution of every node; none of those that are ignored.
    pub fn distributions(&self, draft: &Draft) -> Vec<Vec<(f64, f64)>> {
        let mut all = vec![Vec::new(); draft.nodes.len()];
        let mut total = 0.0;
        self.each(draft, &[World::Nature, World::Actual(None)], usize::MAX, &mut |p, values| {
            total += p;
            for (node, found) in all.iter_mut().enumerate() {
                if !draft.is_infinite(node) {
                    let at = values[1][node];
                    match found.iter_mut().find(|(value, _): &&mut (f64, f64)| *value == at) {
                        Some((_, sum)) => *sum += p,
                        None => found.push((at, p)),
                    }
                }
            }
        });
        all.iter_mut().flatten().for_each(|(_, p)| *p /= total);
        all
    }

    /// The share of samples that are kept; where there are clocks, at the time when it's least.
    pub fn kept(&self, draft: &Draft) -> f64 {
        let clocks = (0..draft.nodes.len()).filter(|&n| matches!(self.mechanisms[n], Mech::Clock));
        let clocks: Vec<usize> = clocks.collect();
        let mut kept = 0.0;
        let mut at_times = vec![[0.0; 10]; clocks.len()];
        self.each(draft, &[World::Nature], usize::MAX, &mut |p, values| {
            kept += p;
            for (shares, &clock) in at_times.iter_mut().zip(&clocks) {
                shares[(values[0][clock] * 10.0) as usize] += 10.0 * p;
            }
        });
        at_times.iter().flatten().copied().fold(kept, f64::min)
    }

    /// The joint distribution of two binary nodes by nature: P(1) of the first, and their
    /// correlation.
    pub fn correlation(&self, draft: &Draft, a: usize, b: usize) -> (f64, f64) {
        let mut sums = [0.0; 3];
        self.each(draft, &[World::Nature], usize::MAX, &mut |p, values| {
            let (x, y) = (values[0][a], values[0][b]);
            sums.iter_mut().zip([x, y, x * y]).for_each(|(sum, part)| *sum += p * part);
        });
        let [x, y, both] = sums;
        let scale = x * (1.0 - x) * y * (1.0 - y);
        (x, if scale > 1e-9 { (both - x * y) / scale.sqrt() } else { 0.0 })
    }
}

/// Nature, the actual world, and two for each factor.
fn worlds(factors: &[(usize, f64, f64)]) -> Vec<World> {
    let twins = factors.iter().flat_map(|&(node, absent, present)| {
        [absent, present].map(|x| World::Actual(Some((node, x))))
    });
    [World::Nature, World::Actual(None)].into_iter().chain(twins).collect()
}

/// The pieces of (0, 1) between cuts: middle and length.
fn pieces(mut cuts: Vec<f64>) -> Vec<(f64, f64)> {
    cuts.retain(|c| *c > 0.0 && *c < 1.0);
    cuts.extend([0.0, 1.0]);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    cuts.windows(2).map(|e| (0.5 * (e[0] + e[1]), e[1] - e[0])).collect()
}
