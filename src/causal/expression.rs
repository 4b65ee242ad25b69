//! Expressions over nodes: `wings and (flat_bill or webbed_paws)`, `0.7 * size + 0.2 * normal`.
//!
//! One language for rules, structural equations and functions of a node's natural value. Loosest
//! first: `or`, `xor`, `and`, `not`; the comparisons `<  <=  ==  !=  >=  >`; `+  -`; `*  /`; a
//! leading `-`; numbers, names, parentheses and the functions of [`FUNCTIONS`]. What is not 0 is
//! true; comparisons and logic give 1 or 0.

mod parser;
mod reach;

pub(super) use parser::parse;

use super::NodeId;

/// An expression whose names are of type `N`: strings when parsed, [`Leaf`]s when resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression<N> {
    Number(f64),
    Name(N),
    Not(Box<Self>),
    Negative(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leaf {
    /// The value of a node.
    Node(NodeId),
    /// The node's own noise, uniform in (0, 1).
    Uniform,
    /// The node's own noise as a standard normal number: its quantile.
    Normal,
    /// The value that the node would have by its own mechanism.
    Natural,
}

/// The reserved names of [`Leaf`], which no node may have.
pub(crate) const RESERVED: [&str; 8] =
    ["and", "or", "xor", "not", "uniform", "normal", "natural", "if"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    Xor,
    And,
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    If,
    Min,
    Max,
    Clamp,
    Abs,
    Floor,
    Round,
    Sqrt,
    Exp,
}

/// The functions with the number of their arguments.
pub(super) const FUNCTIONS: [(&str, Function, usize); 9] = [
    ("if", Function::If, 3),
    ("min", Function::Min, 2),
    ("max", Function::Max, 2),
    ("clamp", Function::Clamp, 3),
    ("abs", Function::Abs, 1),
    ("floor", Function::Floor, 1),
    ("round", Function::Round, 1),
    ("sqrt", Function::Sqrt, 1),
    ("exp", Function::Exp, 1),
];

impl Operator {
    /// Levels from the loosest, each with its operators; `not` stands between the third and the
    /// fourth.
    const LEVELS: [&[(&'static str, Self)]; 6] = [
        &[("or", Self::Or)],
        &[("xor", Self::Xor)],
        &[("and", Self::And)],
        &[
            ("<", Self::Less),
            ("<=", Self::AtMost),
            ("==", Self::Equal),
            ("!=", Self::Unequal),
            (">=", Self::AtLeast),
            (">", Self::Greater),
        ],
        &[("+", Self::Plus), ("-", Self::Minus)],
        &[("*", Self::Times), ("/", Self::Over)],
    ];

    /// Whether it compares two numbers.
    pub(super) const fn compares(self) -> bool {
        matches!(
            self,
            Self::Less | Self::AtMost | Self::Equal | Self::Unequal | Self::AtLeast | Self::Greater
        )
    }

    /// Whether it is one of `and`, `or`, `xor`.
    pub(super) const fn joins(self) -> bool {
        matches!(self, Self::Or | Self::Xor | Self::And)
    }

    fn of(self, a: f64, b: f64) -> f64 {
        let truth = |t: bool| f64::from(u8::from(t));
        match self {
            Self::Or => truth(a != 0.0 || b != 0.0),
            Self::Xor => truth((a != 0.0) != (b != 0.0)),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Less => truth(a < b),
            Self::AtMost => truth(a <= b),
            Self::Equal => truth(a == b),
            Self::Unequal => truth(a != b),
            Self::AtLeast => truth(a >= b),
            Self::Greater => truth(a > b),
            Self::Plus => a + b,
            Self::Minus => a - b,
            Self::Times => a * b,
            Self::Over => a / b,
        }
    }
}

impl Function {
    fn of(self, x: &[f64]) -> f64 {
        match self {
            Self::If => x[if x[0] == 0.0 { 2 } else { 1 }],
            Self::Min => x[0].min(x[1]),
            Self::Max => x[0].max(x[1]),
            Self::Clamp => x[0].max(x[1]).min(x[2]),
            Self::Abs => x[0].abs(),
            Self::Floor => x[0].floor(),
            Self::Round => x[0].round(),
            Self::Sqrt => x[0].max(0.0).sqrt(),
            Self::Exp => x[0].exp(),
        }
    }
}

impl<N> Expression<N> {
    /// Replaces every name by an expression, depth first, left to right.
    pub fn map<M, E>(
        self,
        f: &mut impl FnMut(N) -> Result<Expression<M>, E>,
    ) -> Result<Expression<M>, E> {
        Ok(match self {
            Self::Number(x) => Expression::Number(x),
            Self::Name(name) => f(name)?,
            Self::Not(a) => Expression::Not(Box::new(a.map(f)?)),
            Self::Negative(a) => Expression::Negative(Box::new(a.map(f)?)),
            Self::Binary(operator, a, b) => {
                let (a, b) = (Box::new(a.map(f)?), Box::new(b.map(f)?));
                Expression::Binary(operator, a, b)
            }
            Self::Call(function, arguments) => {
                let arguments =
                    arguments.into_iter().map(|a| a.map(f)).collect::<Result<_, _>>()?;
                Expression::Call(function, arguments)
            }
        })
    }

    /// Calls `visit` for every name, left to right.
    pub fn names(&self, visit: &mut impl FnMut(&N)) {
        match self {
            Self::Number(_) => {}
            Self::Name(name) => visit(name),
            Self::Not(a) | Self::Negative(a) => a.names(visit),
            Self::Binary(_, a, b) => {
                a.names(visit);
                b.names(visit);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|a| a.names(visit)),
        }
    }

    /// Whether its value is 0 or 1 by form: a comparison, logic, or a choice between such.
    pub fn is_binary(&self) -> bool {
        match self {
            Self::Not(_) => true,
            Self::Binary(operator, ..) => operator.compares() || operator.joins(),
            Self::Number(x) => *x == 0.0 || *x == 1.0,
            Self::Call(Function::If, arguments) => arguments[1..].iter().all(Self::is_binary),
            Self::Name(_) | Self::Negative(_) | Self::Call(..) => false,
        }
    }
}

/// What an expression reads besides the values of nodes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    /// The node's noise, uniform in (0, 1).
    pub u: f64,
    /// The value that the node has by its own mechanism.
    pub natural: f64,
}

impl Expression<Leaf> {
    /// The value for these node values.
    pub fn value(&self, values: &[f64], own: Own) -> f64 {
        match self {
            Self::Number(x) => *x,
            Self::Name(Leaf::Node(n)) => values[*n],
            Self::Name(Leaf::Uniform) => own.u,
            Self::Name(Leaf::Normal) => super::law::normal_quantile(own.u),
            Self::Name(Leaf::Natural) => own.natural,
            Self::Not(a) => f64::from(u8::from(a.value(values, own) == 0.0)),
            Self::Negative(a) => -a.value(values, own),
            Self::Binary(operator, a, b) => operator.of(a.value(values, own), b.value(values, own)),
            Self::Call(function, arguments) => {
                let mut x = [0.0; 3];
                for (x, argument) in x.iter_mut().zip(arguments) {
                    *x = argument.value(values, own);
                }
                function.of(&x)
            }
        }
    }

    /// Whether it holds: its value isn't 0. For expressions without noise of their own.
    pub fn holds(&self, values: &[f64]) -> bool {
        self.value(values, Own::default()) != 0.0
    }

    /// The nodes that it names, each once, in the order of their first appearance.
    pub fn parents(&self) -> Vec<NodeId> {
        let mut parents = Vec::new();
        self.names(&mut |leaf| {
            if let Leaf::Node(node) = leaf
                && !parents.contains(node)
            {
                parents.push(*node);
            }
        });
        parents
    }

    /// Whether it names the leaf.
    pub fn reads(&self, wanted: Leaf) -> bool {
        let mut found = false;
        self.names(&mut |leaf| found |= *leaf == wanted);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, values: &[f64]) -> f64 {
        let names = ["a", "b", "c"];
        let own = Own { u: 0.975, natural: 5.0 };
        parse(text)
            .unwrap()
            .map(&mut |n: String| {
                Ok::<_, String>(Expression::Name(match n.as_str() {
                    "uniform" => Leaf::Uniform,
                    "normal" => Leaf::Normal,
                    "natural" => Leaf::Natural,
                    name => Leaf::Node(names.iter().position(|x| *x == name).ok_or(n)?),
                }))
            })
            .unwrap()
            .value(values, own)
    }

    fn holds(text: &str, values: &[f64]) -> bool {
        value(text, values) != 0.0
    }

    #[test]
    fn and_binds_tighter_than_xor_and_xor_than_or() {
        assert!(holds("a or b and c", &[1.0, 0.0, 0.0]));
        assert!(!holds("(a or b) and c", &[1.0, 0.0, 0.0]));
        assert!(holds("a xor b and c", &[1.0, 1.0, 0.0]));
        assert!(holds("a or b xor b", &[1.0, 1.0, 0.0]));
        assert!(holds("not a and b", &[0.0, 1.0, 0.0]));
        assert!(!holds("not a > 1", &[2.0, 0.0, 0.0]));
    }

    #[test]
    fn comparisons_read_numbers_and_sums() {
        assert!(holds("a > -0.5 and b == 2 and c <= 1e-3", &[0.0, 2.0, 0.001]));
        assert!(!holds("a != 0", &[0.0, 0.0, 0.0]));
        assert!(holds("a + b + c >= 2", &[1.0, 0.0, 1.0]));
        assert!(holds("a - -b == 3", &[1.0, 2.0, 0.0]));
    }

    #[test]
    fn arithmetic_is_as_usual() {
        let values = [2.0, 3.0, 0.5];
        for (text, wanted) in [
            ("1 + a * b - c", 6.5),
            ("a - b - c", -1.5),
            ("12 / a / b", 2.0),
            ("-(a + 1) * 2e+0", -6.0),
            ("clamp(a * b, 0, 4.5)", 4.5),
            ("if(a > b, 1, max(c, min(a, b)))", 2.0),
            ("abs(-a) + floor(1.9) + round(c) + sqrt(4) + exp(0)", 7.0),
            ("uniform", 0.975),
            ("natural + 1", 6.0),
        ] {
            assert_eq!(value(text, &values), wanted, "{text}");
        }
        assert!((value("normal", &values) - 1.959_964).abs() < 1e-6);
    }

    #[test]
    fn what_is_binary_by_form() {
        for (text, wanted) in [
            ("a", false),
            ("a and b", true),
            ("a + 1 > b", true),
            ("if(a, 0, b < 1)", true),
            ("if(a, 2, 0)", false),
            ("not a", true),
            ("a * b", false),
        ] {
            assert_eq!(parse(text).unwrap().is_binary(), wanted, "{text}");
        }
    }
}
