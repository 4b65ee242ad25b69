//! Random scenes with all that is asked of them: the file that is written, and the models it means.

use super::draft::{CASES, Draft, KEPT};
use super::expression::Expr;
use super::mechanism::Mech;
use super::model::{Does, Model};
use super::random::Random;

/// A named change of a scene.
pub struct Regime {
    pub name: String,
    text: String,
    pub model: Model,
}

/// A scene with what is asked of it.
pub struct Written {
    pub draft: Draft,
    pub regimes: Vec<Regime>,
    /// do-operations as lines of text.
    pub operations: Vec<(String, Model)>,
}

impl Written {
    pub fn random(random: &mut Random, counted: bool) -> Self {
        let draft = loop {
            if let Some(draft) = Draft::random(random, counted) {
                break draft;
            }
        };
        let mut written = Self { draft, regimes: Vec::new(), operations: Vec::new() };
        for i in 0..if counted { 1 } else { random.below(4) } {
            written.regimes.extend(written.regime(random, i));
        }
        written.regimes.push(written.flipped());
        written.operations.extend(written.operation(random));
        written
    }

    /// The regime that every scene has: strengths reversed.
    fn flipped(&self) -> Regime {
        let mut model = self.draft.model();
        for mechanism in &mut model.mechanisms {
            // Nothing is reversed of a strength of 0.
            if let Mech::Confounded { mixture, strength, .. } = mechanism
                && *strength != 0.0
            {
                mixture.opposite = !mixture.opposite;
                mixture.coin = 1.0 - mixture.coin;
            }
        }
        Regime { name: "flipped".to_owned(), text: String::new(), model }
    }

    fn regime(&self, random: &mut Random, i: usize) -> Option<Regime> {
        let draft = &self.draft;
        let (mut model, mut texts) = (draft.model(), Vec::new());
        let mut free = draft.finite();
        for _ in 0..1 + random.below(3) {
            if free.is_empty() {
                break;
            }
            let at = random.below(free.len());
            let node = free.remove(at);
            texts.push(self.change(random, &mut model, node)?);
        }
        match random.below(6) {
            0 => {
                let rule = draft.rule(random, &draft.finite());
                texts.push(format!("Select(\"{}\")", rule.text(&draft.names())));
                model.selection = Some(rule);
            }
            1 => {
                texts.push("Unselect".to_owned());
                model.selection = None;
            }
            2 => {
                model.dial = random.number(0.1, 0.9);
                texts.push(format!("Dial(\"dial\", {:?})", model.dial));
            }
            _ => {}
        }
        let fits = model.is_small(draft, 3 * CASES) && model.kept(draft) > KEPT;
        let (name, text) = (format!("r{i}"), texts.join(", "));
        fits.then_some(Regime { name, text, model })
    }

    /// A change of one node.
    fn change(&self, random: &mut Random, model: &mut Model, node: usize) -> Option<String> {
        let draft = &self.draft;
        let (names, size) = (draft.names(), draft.nodes[node].size);
        let name = &names[node];
        if let Mech::Confounded { by, with, .. } = draft.mechanisms[node]
            && random.chance(0.4)
        {
            let mut before = draft.clone();
            before.mechanisms.truncate(node);
            let other = before.calibrated(by, with, random.number(-0.95, 0.95))?;
            let Mech::Confounded { strength, .. } = other else { return None };
            model.mechanisms[node] = other;
            return Some(format!("Strength(\"{name}\", {strength:?})"));
        }
        let change = random.below(4);
        if change == 0 {
            let other = draft.mechanism(random, node, false)?;
            let text = format!("Replace(\"{name}\", {})", other.text(&names));
            model.mechanisms[node] = other;
            return Some(text);
        }
        let (does, text) = match (change, size) {
            (1, Some(size)) => {
                let value = random.below(size) as f64;
                (Does::Set(value), format!("Set(\"{name}\", {value:?})"))
            }
            (1, None) => (Does::Set(0.75), format!("Set(\"{name}\", 0.75)")),
            (2, Some(size)) => {
                let even = match size {
                    2 => Mech::Bernoulli(0.5),
                    _ => Mech::Categorical(vec![1.0 / size as f64; size]),
                };
                (Does::Follow(even, true), format!("Randomise(\"{name}\")"))
            }
            (2, None) => {
                let by = random.number(-1.0, 1.0);
                let sum = Expr::bin("+", Expr::Natural, Expr::Num(by));
                (Does::Apply(sum), format!("Shift(\"{name}\", {by:?})"))
            }
            _ => {
                let function = self.function(random, node);
                let text = format!("Apply(\"{name}\", \"{}\")", function.text(&names));
                (Does::Apply(function), text)
            }
        };
        model.does[node] = Some(does);
        Some(text)
    }

    /// A function of a node's natural value and of what its mechanism reads.
    fn function(&self, random: &mut Random, node: usize) -> Expr {
        let read = match &self.draft.mechanisms[node] {
            Mech::Copy(of, _) => Some(*of),
            Mech::Table(of, _) => of.first().copied(),
            Mech::Confounded { by, .. } => Some(*by),
            Mech::Linear(terms, ..) | Mech::Threshold(terms, ..) | Mech::Logistic(terms, ..) => {
                terms.first().map(|term| term.0)
            }
            _ => None,
        };
        let weight = *random.pick(&[-1.0, 0.5, 2.0]);
        let scaled = Expr::bin("*", Expr::Num(weight), Expr::Natural);
        let other = read.map_or(Expr::Num(random.number(0.0, 1.0)), Expr::Node);
        Expr::bin("+", scaled, other)
    }

    fn operation(&self, random: &mut Random) -> Option<(String, Model)> {
        let draft = &self.draft;
        let (mut model, names) = (draft.model(), draft.names());
        let node = *random.pick(&draft.finite());
        let name = &names[node];
        let (does, text) = match (random.below(3), draft.nodes[node].size) {
            (0, Some(size)) => {
                let value = random.below(size) as f64;
                (Does::Set(value), format!("{name}={value}"))
            }
            (0, None) => {
                let by = random.number(0.5, 2.0);
                let product = Expr::bin("*", Expr::Num(by), Expr::Natural);
                (Does::Apply(product), format!("{name}*={by:?}"))
            }
            (1, Some(2)) => {
                let coin = Mech::Bernoulli(random.number(0.1, 0.9));
                let text = format!("{name}~{}", coin.text(&names));
                (Does::Follow(coin, false), text)
            }
            (1, Some(size)) => {
                let even = Mech::Categorical(random.probabilities(size));
                let text = format!("{name}~{}", even.text(&names));
                (Does::Follow(even, false), text)
            }
            _ => {
                let function = self.function(random, node);
                let text = format!("{name}:={}", function.text(&names));
                (Does::Apply(function), text)
            }
        };
        model.does[node] = Some(does);
        model.is_small(draft, 3 * CASES).then_some((text, model))
    }

    /// The scene as a file.
    pub fn text(&self) -> String {
        let Draft { nodes, mechanisms, label, .. } = &self.draft;
        let names = self.draft.names();
        let line = |node: usize| {
            let contrast = nodes[node].contrast.filter(|_| !nodes[node].hidden);
            let contrast =
                contrast.map_or_else(String::new, |(a, b)| format!(", contrast: ({a:?}, {b:?})"));
            let mechanism = mechanisms[node].text(&names);
            format!("(name: \"{}\", mechanism: {mechanism}{contrast})", names[node])
        };
        let list = |all: Vec<usize>| all.into_iter().map(line).collect::<Vec<_>>().join(",\n    ");
        let hidden = (0..nodes.len()).filter(|&n| nodes[n].hidden).collect();
        let classes: Vec<String> =
            (0..nodes[*label].size.unwrap()).map(|class| format!("\"c{class}\"")).collect();
        let rule = |rule: &Expr| format!("selection: \"{}\",", rule.text(&names));
        let selection = self.draft.selection.as_ref().map_or_else(String::new, rule);
        let regimes: Vec<String> = (self.regimes.iter())
            .filter(|regime| regime.name != "flipped")
            .map(|regime| format!("\"{}\": [{}]", regime.name, regime.text))
            .collect();
        format!(
            "(version: 1, name: \"random\", dials: {{\"dial\": {:?}}},\n  confounders: [{}],\n  \
             factors: [\n    {}],\n  label: (name: \"y\", classes: [{}], mechanism: {}),\n  \
             {selection}\n  modalities: [Vector(name: \"v\", entries: [(of: \"{}\")])],\n  \
             regimes: {{{}}})",
            self.draft.dial,
            list(hidden),
            list(self.draft.factors()),
            classes.join(", "),
            mechanisms[*label].text(&names),
            names[self.draft.factors()[0]],
            regimes.join(", "),
        )
    }
}
