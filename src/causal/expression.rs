//! Expressions over nodes: `wings and (flat_bill or webbed_paws)`, `0.7 * size + 0.2 * normal`.
//!
//! One language for rules, structural equations and functions of a node's natural value. Loosest
//! first: `or`, `xor`, `and`, `not`; the comparisons `<  <=  ==  !=  >=  >`; `+  -`; `*  /  %`; a
//! leading `-`; `^`; numbers, names, parentheses and the functions of [`FUNCTIONS`]. What is not 0
//! is true; comparisons and logic give 1 or 0. Arithmetic is that of `f64`; what is no finite number
//! in the end, or where it's taken as true or false, counts as 0.

mod parser;
mod reach;

pub(super) use parser::{Mistake, parse};

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
    Remainder,
    Power,
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
    Ceil,
    Sqrt,
    Exp,
    Log,
    Sin,
    Cos,
    Tanh,
    Power,
    Remainder,
}

/// The functions with the number of their arguments. They are known by their parenthesis: a node
/// may have the same name.
pub(super) const FUNCTIONS: [(&str, Function, usize); 16] = [
    ("if", Function::If, 3),
    ("min", Function::Min, 2),
    ("max", Function::Max, 2),
    ("clamp", Function::Clamp, 3),
    ("abs", Function::Abs, 1),
    ("floor", Function::Floor, 1),
    ("round", Function::Round, 1),
    ("ceil", Function::Ceil, 1),
    ("sqrt", Function::Sqrt, 1),
    ("exp", Function::Exp, 1),
    ("log", Function::Log, 1),
    ("sin", Function::Sin, 1),
    ("cos", Function::Cos, 1),
    ("tanh", Function::Tanh, 1),
    ("pow", Function::Power, 2),
    ("mod", Function::Remainder, 2),
];

/// The remedy for an unknown name or function: what is near it, and the functions that there are.
pub(super) fn with_functions(near: &str) -> String {
    let all = FUNCTIONS.map(|(name, ..)| name).join(", ");
    match near.ends_with('?') {
        true => format!("{near} Functions are {all}"),
        false => format!("{near}; functions are {all}"),
    }
}

/// Whether a number counts as true.
pub(super) const fn is_true(x: f64) -> bool {
    x.is_finite() && x != 0.0
}

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
        &[("*", Self::Times), ("/", Self::Over), ("%", Self::Remainder)],
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
            Self::Or => truth(is_true(a) || is_true(b)),
            Self::Xor => truth(is_true(a) != is_true(b)),
            Self::And => truth(is_true(a) && is_true(b)),
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
            Self::Remainder => a % b,
            Self::Power => a.powf(b),
        }
    }
}

impl Function {
    fn of(self, x: &[f64]) -> f64 {
        match self {
            Self::If => x[if is_true(x[0]) { 1 } else { 2 }],
            Self::Min => x[0].min(x[1]),
            Self::Max => x[0].max(x[1]),
            Self::Clamp => x[0].max(x[1]).min(x[2]),
            Self::Abs => x[0].abs(),
            Self::Floor => x[0].floor(),
            Self::Round => x[0].round(),
            Self::Ceil => x[0].ceil(),
            Self::Sqrt => x[0].sqrt(),
            Self::Exp => x[0].exp(),
            Self::Log => x[0].ln(),
            Self::Sin => x[0].sin(),
            Self::Cos => x[0].cos(),
            Self::Tanh => x[0].tanh(),
            Self::Power => x[0].powf(x[1]),
            Self::Remainder => x[0] % x[1],
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
            Self::Not(a) => f64::from(u8::from(!is_true(a.value(values, own)))),
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

    /// Whether it holds: its value is true. For expressions without noise of their own.
    pub fn holds(&self, values: &[f64]) -> bool {
        is_true(self.value(values, Own::default()))
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
        is_true(value(text, values))
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
            ("2 ^ 3 ^ 2", 512.0),
            ("-a ^ 2", -4.0),
            ("a ^ -1 * 4", 2.0),
            ("2 * b ^ a", 18.0),
            ("-7 % 4 + mod(7, 4)", 0.0),
            ("7 % 4 * 2", 6.0),
            ("pow(b, 2) - ceil(c)", 8.0),
            ("log(1) + sin(0) + cos(0) + tanh(0)", 1.0),
            ("uniform", 0.975),
            ("natural + 1", 6.0),
        ] {
            assert_eq!(value(text, &values), wanted, "{text}");
        }
        assert!((value("normal", &values) - 1.959_964).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_finite_number_is_not_true() {
        let values = [0.0, -1.0, 2.0];
        for text in ["1 / a", "log(a)", "log(b)", "sqrt(b)", "a / a", "mod(c, a)"] {
            assert!(!holds(text, &values), "{text}");
            assert!(holds(&format!("not {text}"), &values), "{text}");
            assert!(!holds(&format!("{text} and c"), &values), "{text}");
            assert!(holds(&format!("{text} or c"), &values), "{text}");
            assert_eq!(value(&format!("if({text}, 1, 2)"), &values), 2.0, "{text}");
        }
        assert_eq!(value("1 / (1 / a)", &values), 0.0, "on the way it's what it is");
    }

    /// A node may be called as a function is.
    #[test]
    fn functions_are_known_by_their_parenthesis() {
        let names = |text: &str| {
            let mut found = Vec::new();
            parse(text).unwrap().names(&mut |name: &String| found.push(name.clone()));
            found
        };
        assert_eq!(names("log + mod * max(sin, 2)"), ["log", "mod", "sin"]);
        assert_eq!(names("cos (tanh)"), ["tanh"]);
    }

    proptest::proptest! {
        /// Every function and operator is Rust's own.
        #[test]
        fn arithmetic_is_that_of_f64(
            a in -50.0..50.0_f64, b in -50.0..50.0_f64, small in -3.0..3.0_f64,
        ) {
            let x = [a, b, small];
            // The compiler has another way for powers of a number that it knows.
            let two = std::hint::black_box(2.0_f64);
            for (text, wanted) in [
                ("a + b", a + b),
                ("a - b", a - b),
                ("a * b", a * b),
                ("a / b", a / b),
                ("a % b", a % b),
                ("mod(a, c)", a % small),
                ("a ^ c", a.powf(small)),
                ("pow(b, c)", b.powf(small)),
                ("-a ^ 2 ^ c", -a.powf(two.powf(small))),
                ("min(a, b)", a.min(b)),
                ("max(a, c)", a.max(small)),
                ("clamp(a, -c ^ 2, c ^ 2)", a.clamp(-small.powf(two), small.powf(two))),
                ("abs(a)", a.abs()),
                ("floor(c)", small.floor()),
                ("ceil(c)", small.ceil()),
                ("round(a)", a.round()),
                ("sqrt(a)", a.sqrt()),
                ("exp(c)", small.exp()),
                ("log(b)", b.ln()),
                ("sin(a)", a.sin()),
                ("cos(a)", a.cos()),
                ("tanh(c)", small.tanh()),
                ("if(a > b, a, b)", if a > b { a } else { b }),
            ] {
                let found = value(text, &x);
                let same = found == wanted || found.is_nan() && wanted.is_nan();
                proptest::prop_assert!(same, "{}: {} is not {}", text, found, wanted);
            }
        }
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
