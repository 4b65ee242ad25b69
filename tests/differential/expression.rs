//! Expressions as they are written and what they mean.

use statrs::distribution::{ContinuousCDF as _, Normal};

#[derive(Clone, Debug)]
pub enum Expr {
    Num(f64),
    Node(usize),
    Dial,
    Uniform,
    Normal,
    Natural,
    Not(Box<Self>),
    Bin(&'static str, Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

/// Where an expression is read.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub values: &'a [f64],
    pub dial: f64,
    /// The node's own noise, uniform and normal.
    pub uniform: f64,
    pub normal: f64,
    pub natural: f64,
}

impl<'a> At<'a> {
    pub fn of(values: &'a [f64], dial: f64, u: f64) -> Self {
        Self { values, dial, uniform: u, normal: quantile(u), natural: 0.0 }
    }
}

pub fn quantile(u: f64) -> f64 {
    if u <= 0.0 || u >= 1.0 { 0.0 } else { Normal::standard().inverse_cdf(u) }
}

impl Expr {
    pub fn bin(sign: &'static str, a: Self, b: Self) -> Self {
        Self::Bin(sign, Box::new(a), Box::new(b))
    }

    pub fn choice(when: Self, then: Self, other: Self) -> Self {
        Self::If(Box::new(when), Box::new(then), Box::new(other))
    }

    pub fn text(&self, names: &[String]) -> String {
        match self {
            Self::Num(x) if *x < 0.0 => format!("({x:?})"),
            Self::Num(x) => format!("{x:?}"),
            Self::Node(n) => names[*n].clone(),
            Self::Dial => "dial".to_owned(),
            Self::Uniform => "uniform".to_owned(),
            Self::Normal => "normal".to_owned(),
            Self::Natural => "natural".to_owned(),
            Self::Not(a) => format!("(not {})", a.text(names)),
            Self::Bin(sign, a, b) => format!("({} {sign} {})", a.text(names), b.text(names)),
            Self::If(a, b, c) => {
                format!("if({}, {}, {})", a.text(names), b.text(names), c.text(names))
            }
        }
    }

    pub fn value(&self, at: At) -> f64 {
        let truth = |t: bool| f64::from(u8::from(t));
        match self {
            Self::Num(x) => *x,
            Self::Node(n) => at.values[*n],
            Self::Dial => at.dial,
            Self::Uniform => at.uniform,
            Self::Normal => at.normal,
            Self::Natural => at.natural,
            Self::Not(a) => truth(a.value(at) == 0.0),
            Self::If(a, b, c) => {
                if a.value(at) != 0.0 {
                    b.value(at)
                } else {
                    c.value(at)
                }
            }
            Self::Bin(sign, a, b) => {
                let (a, b) = (a.value(at), b.value(at));
                match *sign {
                    "+" => a + b,
                    "-" => a - b,
                    "*" => a * b,
                    "<" => truth(a < b),
                    "<=" => truth(a <= b),
                    ">" => truth(a > b),
                    ">=" => truth(a >= b),
                    "==" => truth(a == b),
                    "!=" => truth(a != b),
                    "and" => truth(a != 0.0 && b != 0.0),
                    "or" => truth(a != 0.0 || b != 0.0),
                    "xor" => truth((a != 0.0) != (b != 0.0)),
                    other => unreachable!("{other}"),
                }
            }
        }
    }

    fn reads(&self, leaf: fn(&Self) -> bool) -> bool {
        leaf(self)
            || match self {
                Self::Not(a) => a.reads(leaf),
                Self::Bin(_, a, b) => a.reads(leaf) || b.reads(leaf),
                Self::If(a, b, c) => a.reads(leaf) || b.reads(leaf) || c.reads(leaf),
                _ => false,
            }
    }

    /// Where the noise, in comparisons that are straight lines in it, changes their outcome.
    pub fn cuts(&self, at: At, cuts: &mut Vec<f64>) {
        match self {
            Self::Bin(sign, a, b) if ["<", "<=", ">", ">=", "==", "!="].contains(sign) => {
                let gap = |noise: f64| {
                    let at = At { uniform: noise, normal: noise, ..at };
                    a.value(at) - b.value(at)
                };
                let slope = gap(1.0) - gap(0.0);
                let noisy = self.reads(|e| matches!(e, Self::Uniform | Self::Normal));
                if noisy && slope != 0.0 {
                    let root = -gap(0.0) / slope;
                    let normal = self.reads(|e| matches!(e, Self::Normal));
                    cuts.push(if normal { Normal::standard().cdf(root) } else { root });
                }
            }
            Self::Not(a) => a.cuts(at, cuts),
            Self::Bin(_, a, b) => [a, b].iter().for_each(|e| e.cuts(at, cuts)),
            Self::If(a, b, c) => [a, b, c].iter().for_each(|e| e.cuts(at, cuts)),
            _ => {}
        }
    }
}
