//! Random scenes as they stand: nodes, mechanisms, and which samples are kept.

use super::expression::Expr;
use super::mechanism::{Mech, Mixture};
use super::model::Model;
use super::random::Random;

/// The most cases of noise of a scene.
pub const CASES: usize = 400;

/// The least share that a selection keeps.
pub const KEPT: f64 = 0.05;

#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// The number of its values; none of a continuous one.
    pub size: Option<usize>,
    /// Whether it's a confounder.
    pub hidden: bool,
    pub contrast: Option<(f64, f64)>,
}

/// A scene as it stands.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Causes first.
    pub nodes: Vec<Node>,
    pub mechanisms: Vec<Mech>,
    pub label: usize,
    pub selection: Option<Expr>,
    pub dial: f64,
    /// Whether answers hang on noise that isn't finite.
    pub counted: bool,
}

impl Draft {
    /// The factors, in the order of the scene.
    pub fn factors(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&n| n != self.label && !self.nodes[n].hidden).collect()
    }

    /// Whether the noise of a node isn't finite.
    pub fn is_infinite(&self, node: usize) -> bool {
        match &self.mechanisms[node] {
            Mech::Uniform | Mech::Normal | Mech::Clock => true,
            Mech::Linear(.., sd) => *sd > 0.0,
            _ => false,
        }
    }

    /// Whether nothing hangs on a node of infinite noise: then its value doesn't matter.
    pub fn is_ignored(&self, node: usize) -> bool {
        self.is_infinite(node) && !self.counted
    }

    pub fn model(&self) -> Model {
        Model {
            mechanisms: self.mechanisms.clone(),
            does: vec![None; self.nodes.len()],
            selection: self.selection.clone(),
            dial: self.dial,
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.name.clone()).collect()
    }

    /// The nodes before one whose values can be read.
    fn before(&self, node: usize) -> Vec<usize> {
        (0..node).filter(|&n| !self.is_ignored(n)).collect()
    }

    pub fn random(random: &mut Random, counted: bool) -> Option<Self> {
        let count = 4 + random.below(4);
        let mut draft = Self {
            nodes: Vec::new(),
            mechanisms: Vec::new(),
            label: count - 1 - usize::from(random.chance(0.25)),
            selection: None,
            dial: random.number(0.1, 0.9),
            counted,
        };
        for node in 0..count {
            let size = match random.below(10) {
                _ if node == draft.label => Some(2 + random.below(3)),
                0..5 => Some(2),
                5..8 => Some(3 + random.below(2)),
                _ => None,
            };
            let (hidden, contrast) = (node != draft.label && random.chance(0.2), None);
            let name = if node == draft.label { "y".to_owned() } else { format!("n{node}") };
            draft.nodes.push(Node { name, size, hidden, contrast });
            let infinite = node != draft.label && size.is_none() && random.chance(0.1);
            let mechanism = if counted && node < 2 {
                draft.nodes[node].size = None;
                if random.chance(0.5) { Mech::Clock } else { Mech::Uniform }
            } else if infinite && !counted {
                match random.below(3) {
                    0 => Mech::Uniform,
                    1 => Mech::Normal,
                    _ => Mech::Linear(draft.terms(random, node, 2), 0.1, 0.5),
                }
            } else {
                draft.mechanism(random, node, true)?
            };
            draft.mechanisms.push(mechanism);
            draft.nodes[node].contrast = draft.contrast(random, node);
        }
        if draft.factors().is_empty() {
            return None;
        }
        if random.chance(0.3) {
            draft.selection = Some(draft.rule(random, &draft.finite()));
        }
        let model = draft.model();
        (model.is_small(&draft, CASES) && model.kept(&draft) > KEPT).then_some(draft)
    }

    /// All nodes but those of infinite noise.
    pub fn finite(&self) -> Vec<usize> {
        (0..self.mechanisms.len()).filter(|&n| !self.is_infinite(n)).collect()
    }

    fn contrast(&self, random: &mut Random, node: usize) -> Option<(f64, f64)> {
        match self.nodes[node].size {
            None => Some((0.2, 0.8)),
            Some(size) if size > 2 && random.chance(0.6) => {
                let (a, step) = (random.below(size), 1 + random.below(size - 1));
                Some((a as f64, ((a + step) % size) as f64))
            }
            Some(_) => random.chance(0.1).then_some((1.0, 0.0)),
        }
    }

    /// A mechanism with the node's values, over nodes before it.
    pub fn mechanism(&self, random: &mut Random, node: usize, calibrated: bool) -> Option<Mech> {
        let before = self.before(node);
        let sized: Vec<usize> =
            before.iter().copied().filter(|&n| self.nodes[n].size.is_some()).collect();
        let binary: Vec<usize> =
            before.iter().copied().filter(|&n| self.nodes[n].size == Some(2)).collect();
        let flip = if random.chance(0.4) { 0.0 } else { random.number(0.05, 0.45) };
        let root = before.is_empty() || random.chance(0.15);
        let Some(size) = self.nodes[node].size else {
            return Some(self.finite_number(random, node, root));
        };
        let same: Vec<usize> =
            before.iter().copied().filter(|&n| self.nodes[n].size == Some(size)).collect();
        if root {
            return Some(match size {
                2 if random.chance(0.3) => Mech::Equation(self.noisy(random, &[])),
                2 => Mech::Bernoulli(random.number(0.1, 0.9)),
                _ => Mech::Categorical(random.probabilities(size)),
            });
        }
        Some(match random.below(if size == 2 { 8 } else { 3 }) {
            0 if !sized.is_empty() => self.table(random, &sized, size),
            1 if !same.is_empty() => Mech::Copy(*random.pick(&same), flip),
            3 => Mech::Threshold(self.terms(random, node, 3), random.number(0.0, 1.5), flip),
            4 => Mech::Logistic(self.terms(random, node, 2), random.number(-1.5, 1.5)),
            5 => Mech::Equation(self.noisy(random, &before)),
            6 => Mech::Gate(self.rule(random, &before), flip),
            7 if calibrated && !binary.is_empty() && !self.hangs_on_infinity(&binary) => {
                self.confounded(random, &binary)?
            }
            _ => {
                let rules = (1..size).map(|_| self.rule(random, &before)).collect();
                Mech::Cases(rules, flip)
            }
        })
    }

    fn hangs_on_infinity(&self, nodes: &[usize]) -> bool {
        self.counted && !nodes.is_empty()
    }

    /// A continuous node of finite noise.
    fn finite_number(&self, random: &mut Random, node: usize, root: bool) -> Mech {
        let value = |random: &mut Random| Expr::Num(*random.pick(&[0.25, 0.75, 1.5, -0.5]));
        if root {
            let below = Expr::bin("<", Expr::Uniform, Expr::Num(random.number(0.1, 0.9)));
            return Mech::Equation(Expr::choice(below, value(random), value(random)));
        }
        let terms = self.terms(random, node, 2);
        if random.chance(0.5) {
            return Mech::Linear(terms, random.number(-0.5, 0.5), 0.0);
        }
        Mech::Equation(Expr::bin("+", weighted(&terms), value(random)))
    }

    fn terms(&self, random: &mut Random, node: usize, most: usize) -> Vec<(usize, f64)> {
        // What is infinite is read in comparisons with tenths alone.
        let before: Vec<usize> =
            self.before(node).into_iter().filter(|&n| !self.is_infinite(n)).collect();
        let mut nodes = random.some(&before, 0.6);
        nodes.truncate(most);
        nodes.iter().map(|&n| (n, random.number(-1.0, 1.5))).collect()
    }

    fn table(&self, random: &mut Random, sized: &[usize], size: usize) -> Mech {
        let mut of = random.some(sized, 0.5);
        of.truncate(2);
        let sizes: Vec<usize> = of.iter().map(|&n| self.nodes[n].size.unwrap()).collect();
        let rows = (0..sizes.iter().product()).map(|mut at| {
            let mut key: Vec<usize> = sizes
                .iter()
                .rev()
                .map(|size| {
                    let value = at % size;
                    at /= size;
                    value
                })
                .collect();
            key.reverse();
            (key, random.probabilities(size))
        });
        let rows = rows.collect();
        Mech::Table(of, rows)
    }

    fn confounded(&self, random: &mut Random, binary: &[usize]) -> Option<Mech> {
        let by = *random.pick(binary);
        let with = random.chance(0.5).then(|| *random.pick(binary));
        self.calibrated(by, with, random.number(-0.95, 0.95))
    }

    /// A share of what can be reached, in this scene with every sample kept.
    pub fn calibrated(&self, by: usize, with: Option<usize>, share: f64) -> Option<Mech> {
        let model = Model {
            mechanisms: self.mechanisms.clone(),
            does: vec![None; self.mechanisms.len()],
            selection: None,
            dial: self.dial,
        };
        let (p, reach) = model.correlation(self, by, with.unwrap_or(by));
        if reach.abs() < 0.01 {
            return None;
        }
        let strength = share * reach.abs();
        Some(Mech::Confounded { by, with, strength, mixture: Mixture::of(strength, reach, p) })
    }

    /// A rule without noise.
    pub fn rule(&self, random: &mut Random, of: &[usize]) -> Expr {
        match random.below(5) {
            0 | 1 if !of.is_empty() => {
                let sign = random.sign(&["and", "or", "xor"]);
                Expr::bin(sign, self.comparison(random, of), self.comparison(random, of))
            }
            2 => Expr::Not(Box::new(self.comparison(random, of))),
            _ => self.comparison(random, of),
        }
    }

    fn comparison(&self, random: &mut Random, of: &[usize]) -> Expr {
        if of.is_empty() {
            return Expr::bin("<", Expr::Num(0.0), Expr::Num(1.0));
        }
        let node = *random.pick(of);
        if self.is_infinite(node) {
            let tenth = (1 + random.below(9)) as f64 / 10.0;
            return Expr::bin(random.sign(&["<", ">"]), Expr::Node(node), Expr::Num(tenth));
        }
        match self.nodes[node].size {
            Some(2) => Expr::bin("==", Expr::Node(node), Expr::Num(1.0)),
            Some(size) => {
                let value = Expr::Num(random.below(size) as f64);
                Expr::bin(random.sign(&["==", "!=", ">", "<="]), Expr::Node(node), value)
            }
            None => {
                let bar = Expr::Num(random.number(-0.5, 1.0));
                Expr::bin(random.sign(&["<", ">="]), Expr::Node(node), bar)
            }
        }
    }

    /// A binary equation that reads its noise in comparisons.
    fn noisy(&self, random: &mut Random, of: &[usize]) -> Expr {
        let finite: Vec<usize> = of.iter().copied().filter(|&n| !self.is_infinite(n)).collect();
        let mut read = random.some(&finite, 0.5);
        read.truncate(2);
        let terms: Vec<(usize, f64)> =
            read.iter().map(|&n| (n, random.number(-0.4, 0.6))).collect();
        let bar = Expr::Num(random.number(0.1, 0.9));
        let noise = match random.below(4) {
            0 => {
                let spread = Expr::bin("*", Expr::Num(random.number(0.3, 1.5)), Expr::Normal);
                Expr::bin(">", Expr::bin("+", weighted(&terms), spread), bar)
            }
            1 => {
                let bar = Expr::bin("*", Expr::Dial, bar);
                Expr::bin("<", Expr::Uniform, Expr::bin("+", bar, weighted(&terms)))
            }
            2 if !of.is_empty() => {
                let turned = Expr::bin("-", Expr::Num(1.0), Expr::Uniform);
                let side = Expr::choice(self.comparison(random, of), Expr::Uniform, turned);
                Expr::bin("<", side, bar)
            }
            _ => Expr::bin("<=", Expr::Uniform, Expr::bin("-", bar, weighted(&terms))),
        };
        if of.is_empty() || random.chance(0.6) {
            return noise;
        }
        let sign = random.sign(&["xor", "or", "and"]);
        Expr::bin(sign, self.comparison(random, of), noise)
    }
}

fn weighted(terms: &[(usize, f64)]) -> Expr {
    let term = |&(n, w): &(usize, f64)| Expr::bin("*", Expr::Num(w), Expr::Node(n));
    let all = terms.iter().map(term);
    all.reduce(|a, b| Expr::bin("+", a, b)).unwrap_or(Expr::Num(0.0))
}
