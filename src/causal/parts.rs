//! A model whose laws read few nodes each: long sums and rules are put together from parts, which
//! are nodes of their own.
//!
//! A law over thirty nodes has a table of a billion rows; its sum, taken node by node, has as many
//! values as differ. The parts are computed as the law computes them, so every value is the same to
//! the last bit.

use std::borrow::Cow;

use super::expression::{Expression, Leaf, Operator};
use super::law::Form;
use super::noise::StreamId;
use super::{Action, Domain, Law, Node, NodeId, Scm};

/// A law that reads no more nodes than these stays whole.
const WHOLE: usize = 3;

/// The model in parts; its nodes keep their numbers, and parts come after them.
pub(super) fn in_parts(scm: &Scm) -> Cow<'_, Scm> {
    let laws = scm.in_causal_order().map(|(_, node)| &node.law);
    let held = scm.held.iter().filter_map(|(_, action)| law_of(action));
    let selection = scm.selection.as_ref().filter(|rule| rule.parents().len() > WHOLE);
    if selection.is_none() && !laws.chain(held).any(is_long) {
        return Cow::Borrowed(scm);
    }
    let mut carver = Carver { next: scm.len(), parts: Vec::new() };
    let mut whole = scm.clone();
    let mut order = Vec::new();
    for &id in &scm.order {
        if let Some(node) = &mut whole.nodes[id] {
            node.law = carver.law(&node.law);
        }
        if let Some(action) = scm.held.on(id) {
            whole.held.insert(id, carver.action(action));
        }
        // Parts stand before the node that they are of.
        carver.place(&mut whole, &mut order);
        order.push(id);
    }
    if let Some(rule) = selection {
        whole.selection = Some(carver.children(rule.clone()).expression);
        carver.place(&mut whole, &mut order);
    }
    whole.order = order;
    Cow::Owned(whole)
}

fn law_of(action: &Action) -> Option<&Law> {
    match action {
        Action::Follow(law) | Action::Apply(law) => Some(law),
        Action::Set(_) | Action::Shift(_) | Action::Scale(_) => None,
    }
}

/// Whether a law is put together from parts.
fn is_long(law: &Law) -> bool {
    let parts = match &law.form {
        Form::Constant(_)
        | Form::Uniform { .. }
        | Form::Table { .. }
        | Form::Copy { .. }
        | Form::Mixture { .. } => false,
        Form::Gate { .. }
        | Form::Equation(_)
        | Form::Part(_)
        | Form::Cases { .. }
        | Form::Linear { .. }
        | Form::Threshold { .. }
        | Form::Logistic { .. } => true,
    };
    parts && law.parents.len() > WHOLE
}

struct Carver {
    next: NodeId,
    /// The parts of the node at hand, those that are read before those that read them.
    parts: Vec<Law>,
}

/// An expression over parts.
struct Carved {
    expression: Expression<Leaf>,
    /// The nodes that it reads.
    reads: Vec<NodeId>,
    /// Whether it reads what belongs to the node itself, which no part can.
    own: bool,
}

impl Carver {
    /// Gives the parts a place in the model.
    fn place(&mut self, scm: &mut Scm, order: &mut Vec<NodeId>) {
        for law in self.parts.drain(..) {
            order.push(scm.nodes.len());
            let (name, stream) = (String::new(), StreamId::of(""));
            scm.names.push(name.clone());
            scm.nodes.push(Some(Node { name, stream, law, clock: None }));
        }
    }

    fn action(&mut self, action: &Action) -> Action {
        match action {
            Action::Follow(law) => Action::Follow(self.law(law).into()),
            Action::Apply(law) => Action::Apply(self.law(law).into()),
            Action::Set(_) | Action::Shift(_) | Action::Scale(_) => action.clone(),
        }
    }

    fn law(&mut self, law: &Law) -> Law {
        if !is_long(law) {
            return law.clone();
        }
        let (form, parents) = match &law.form {
            Form::Gate { rule, flip } => {
                let Carved { expression: rule, reads, .. } = self.children(rule.clone());
                (Form::Gate { rule, flip: *flip }, reads)
            }
            Form::Equation(expression) => {
                let Carved { expression, reads, .. } = self.children(expression.clone());
                (Form::Equation(expression), reads)
            }
            Form::Cases { rules, flip } => {
                (Form::Copy { flip: *flip }, vec![self.first_that_holds(rules)])
            }
            Form::Linear { weights, intercept, sd } => {
                let sum = self.sum(&law.parents, weights);
                (Form::Linear { weights: vec![1.0], intercept: *intercept, sd: *sd }, vec![sum])
            }
            Form::Threshold { weights, above, flip } => {
                let sum = self.sum(&law.parents, weights);
                (Form::Threshold { weights: vec![1.0], above: *above, flip: *flip }, vec![sum])
            }
            Form::Logistic { weights, intercept } => {
                let sum = self.sum(&law.parents, weights);
                (Form::Logistic { weights: vec![1.0], intercept: *intercept }, vec![sum])
            }
            other => (other.clone(), law.parents.clone()),
        };
        Law { form, parents, domain: law.domain }
    }

    /// A new part, which other parts may read.
    fn part(&mut self, expression: Expression<Leaf>, parents: Vec<NodeId>) -> NodeId {
        let domain = if expression.is_binary() { Domain::Binary } else { Domain::Continuous };
        self.parts.push(Law { form: Form::Part(expression), parents, domain });
        self.next += 1;
        self.next - 1
    }

    /// The sum of weighted nodes, added up from the first to the last.
    fn sum(&mut self, nodes: &[NodeId], weights: &[f64]) -> NodeId {
        let name = |node: NodeId| Box::new(Expression::Name(Leaf::Node(node)));
        let plus = |a, b| Expression::Binary(Operator::Plus, a, b);
        let mut terms = nodes.iter().zip(weights).map(|(&node, &weight)| {
            let weight = Box::new(Expression::Number(weight));
            (node, Box::new(Expression::Binary(Operator::Times, weight, name(node))))
        });
        let Some((first, term)) = terms.next() else {
            return self.part(Expression::Number(0.0), Vec::new());
        };
        let (mut before, mut sum) = (first, term);
        for (node, term) in terms {
            before = self.part(plus(sum, term), vec![before, node]);
            sum = name(before);
        }
        before
    }

    /// The position of the first rule that holds, or their number: asked from the last to the first.
    fn first_that_holds(&mut self, rules: &[Expression<Leaf>]) -> NodeId {
        let number = |i: usize| Expression::Number(i as f64);
        let mut rest = Carved { expression: number(rules.len()), reads: Vec::new(), own: false };
        for (i, rule) in rules.iter().enumerate().rev() {
            let rule = self.carve(rule.clone());
            let reads = union(&[&rule.reads, &rest.reads]);
            let choice = vec![rule.expression, number(i), rest.expression];
            let node = self.part(Expression::Call(super::expression::Function::If, choice), reads);
            let expression = Expression::Name(Leaf::Node(node));
            rest = Carved { expression, reads: vec![node], own: false };
        }
        rest.reads.first().copied().unwrap_or_default()
    }

    /// An expression that reads one node at most, or noise.
    fn carve(&mut self, expression: Expression<Leaf>) -> Carved {
        let carved = self.children(expression);
        if carved.own || carved.reads.len() < 2 {
            return carved;
        }
        let node = self.part(carved.expression, carved.reads);
        let expression = Expression::Name(Leaf::Node(node));
        Carved { expression, reads: vec![node], own: false }
    }

    /// An expression of which what it's made of is carved.
    fn children(&mut self, expression: Expression<Leaf>) -> Carved {
        let leaf = |expression, reads, own| Carved { expression, reads, own };
        match expression {
            Expression::Number(_) => leaf(expression, Vec::new(), false),
            Expression::Name(Leaf::Node(node)) => leaf(expression, vec![node], false),
            Expression::Name(_) => leaf(expression, Vec::new(), true),
            Expression::Not(a) => {
                let a = self.carve(*a);
                Carved { expression: Expression::Not(Box::new(a.expression)), ..a }
            }
            Expression::Negative(a) => {
                let a = self.carve(*a);
                Carved { expression: Expression::Negative(Box::new(a.expression)), ..a }
            }
            Expression::Binary(operator, a, b) => {
                let (a, b) = (self.carve(*a), self.carve(*b));
                let reads = union(&[&a.reads, &b.reads]);
                let (x, y) = (Box::new(a.expression), Box::new(b.expression));
                leaf(Expression::Binary(operator, x, y), reads, a.own || b.own)
            }
            Expression::Call(function, arguments) => {
                let carved: Vec<Carved> = arguments.into_iter().map(|a| self.carve(a)).collect();
                let reads = union(&carved.iter().map(|c| &c.reads[..]).collect::<Vec<_>>());
                let own = carved.iter().any(|c| c.own);
                let arguments = carved.into_iter().map(|c| c.expression).collect();
                leaf(Expression::Call(function, arguments), reads, own)
            }
        }
    }
}

/// All nodes of some lists, each once.
fn union(lists: &[&[NodeId]]) -> Vec<NodeId> {
    let mut all: Vec<NodeId> = Vec::new();
    for &node in lists.iter().copied().flatten() {
        if !all.contains(&node) {
            all.push(node);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::noise::Uniforms;
    use crate::causal::{Interventions, Mechanism};

    fn terms() -> Vec<(String, f64)> {
        (0..7).map(|i| (format!("k{i}"), 0.1 + 0.3 * f64::from(i))).collect()
    }

    /// Every law that reads many nodes, on noise of every kind.
    fn model() -> Scm {
        let coin = Mechanism::Categorical(vec![0.3, 0.3, 0.4]);
        let rules = ["k0 and k1", "k2 > k3 + k4", "k5 == k6"].map(str::to_owned).to_vec();
        let mut declared: Vec<(String, Mechanism)> =
            (0..7).map(|i| (format!("k{i}"), coin.clone())).collect();
        let long = "k0 and not k1 or k2 + k3 / k4 > max(k5, k6)";
        let noisy = "if(k0 > k1, k2 - k3 < 0.5 * normal + k4, uniform < 0.2 * k5 * k6)";
        for (name, mechanism) in [
            ("gate", Mechanism::Gate { rule: long.into(), flip: 0.1 }),
            ("equation", Mechanism::Equation(noisy.into())),
            ("ratio", Mechanism::Equation("k0 / (k1 + k2) - k3 / k4 + 1 / k5".into())),
            ("cases", Mechanism::Cases { rules, flip: 0.2 }),
            ("linear", Mechanism::Linear { terms: terms(), intercept: 0.7, sd: 0.3 }),
            ("threshold", Mechanism::Threshold { terms: terms(), above: 2.2, flip: 0.1 }),
            ("logistic", Mechanism::Logistic { terms: terms(), intercept: -2.0 }),
        ] {
            declared.push((name.into(), mechanism));
        }
        let pairs: Vec<(&str, &Mechanism)> =
            declared.iter().map(|(n, m)| (n.as_str(), m)).collect();
        let mut scm = Scm::build(&pairs).unwrap();
        scm.select("k0 + k1 + k2 + k3 + k4 > 1 or threshold").unwrap();
        let (gate, other) = (scm.find("gate").unwrap(), scm.find("logistic").unwrap());
        scm.hold(gate, scm.apply(gate, "natural xor k0 + k1 + k2 + k3 > 3").unwrap(), false);
        let sum = Mechanism::Threshold { terms: terms(), above: 3.0, flip: 0.0 };
        scm.hold(other, scm.soften(other, &sum).unwrap(), true);
        scm
    }

    /// The values without what the model holds.
    fn by_nature(scm: &Scm, noise: &[f64], values: &mut [f64]) {
        for (id, node) in scm.in_causal_order() {
            values[id] = node.law.value(values, noise[id]);
        }
    }

    #[test]
    fn a_model_in_parts_has_the_same_values_to_the_last_bit() {
        let scm = model();
        let parts = in_parts(&scm);
        assert!(parts.len() > scm.len());
        for (id, node) in parts.in_causal_order() {
            let reads = node.law.parents().len();
            // What reads noise beside its parts can't be carved further.
            assert!(reads <= WHOLE || Some(id) == scm.find("equation"), "{reads}");
        }
        let mut uniforms = Uniforms::new(1, StreamId::of("x"), 0, 0);
        let (mut whole, mut carved) = (vec![0.0; scm.len()], vec![0.0; parts.len()]);
        for _ in 0..500 {
            let noise: Vec<f64> = (0..parts.len()).map(|_| uniforms.next()).collect();
            by_nature(&scm, &noise, &mut whole);
            by_nature(&parts, &noise, &mut carved);
            assert_eq!(scm.keeps(&whole), parts.keeps(&carved));
            assert_eq!(whole, carved[..scm.len()]);
            scm.propagate(&noise, &Interventions::none(), &mut whole);
            parts.propagate(&noise, &Interventions::none(), &mut carved);
            assert_eq!(whole, carved[..scm.len()]);
        }
    }

    #[test]
    fn a_model_of_short_laws_is_left_alone() {
        let (coin, y) = (Mechanism::Bernoulli(0.5), Mechanism::Equation("a + b > 1".into()));
        let scm = Scm::build(&[("a", &coin), ("b", &coin), ("y", &y)]).unwrap();
        assert!(matches!(in_parts(&scm), Cow::Borrowed(_)));
    }
}
