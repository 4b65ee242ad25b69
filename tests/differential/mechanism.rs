//! Mechanisms as they are written and what they mean.

use super::expression::{At, Expr, quantile};

#[derive(Clone, Debug)]
pub enum Mech {
    Bernoulli(f64),
    Categorical(Vec<f64>),
    Uniform,
    Normal,
    Clock,
    Gate(Expr, f64),
    Equation(Expr),
    Cases(Vec<Expr>, f64),
    Copy(usize, f64),
    Table(Vec<usize>, Vec<(Vec<usize>, Vec<f64>)>),
    Linear(Vec<(usize, f64)>, f64, f64),
    Threshold(Vec<(usize, f64)>, f64, f64),
    Logistic(Vec<(usize, f64)>, f64),
    Confounded { by: usize, with: Option<usize>, strength: f64, mixture: Mixture },
}

/// With probability `copy` a binary node or its opposite, else a coin.
#[derive(Clone, Copy, Debug)]
pub struct Mixture {
    pub copy: f64,
    pub opposite: bool,
    pub coin: f64,
}

impl Mixture {
    /// The mixture that correlates with another node as wanted, if a plain copy correlates by
    /// `reach` and is 1 with probability `p`.
    pub fn of(strength: f64, reach: f64, p: f64) -> Self {
        let copy = if strength == 0.0 { 0.0 } else { strength / reach };
        let coin = if copy < 0.0 { 1.0 - p } else { p };
        Self { copy: copy.abs().min(1.0), opposite: copy < 0.0, coin }
    }
}

impl Mech {
    pub fn text(&self, names: &[String]) -> String {
        let name = |n: usize| format!("\"{}\"", names[n]);
        let terms = |terms: &[(usize, f64)]| {
            let all: Vec<String> =
                terms.iter().map(|(n, w)| format!("({}, {w:?})", name(*n))).collect();
            format!("terms: [{}]", all.join(", "))
        };
        let rule = |e: &Expr| format!("\"{}\"", e.text(names));
        match self {
            Self::Bernoulli(p) => format!("Bernoulli({p:?})"),
            Self::Categorical(p) => format!("Categorical({p:?})"),
            Self::Uniform => "Uniform(0.0, 1.0)".to_owned(),
            Self::Normal => "Normal(mean: 0.5, sd: 1.0)".to_owned(),
            Self::Clock => "Clock(period: 1000)".to_owned(),
            Self::Gate(e, flip) => format!("Gate(rule: {}, flip: {flip:?})", rule(e)),
            Self::Equation(e) => format!("Equation({})", rule(e)),
            Self::Cases(rules, flip) => {
                let rules: Vec<String> = rules.iter().map(rule).collect();
                format!("Cases(rules: [{}], flip: {flip:?})", rules.join(", "))
            }
            Self::Copy(n, flip) => format!("NoisyCopy(of: {}, flip: {flip:?})", name(*n)),
            Self::Table(of, rows) => {
                let of: Vec<String> = of.iter().map(|n| name(*n)).collect();
                let rows: Vec<String> =
                    rows.iter().map(|(k, p)| format!("({k:?}, {p:?})")).collect();
                format!("Table(of: [{}], rows: [{}])", of.join(", "), rows.join(", "))
            }
            Self::Linear(t, intercept, sd) => {
                format!("Linear({}, intercept: {intercept:?}, sd: {sd:?})", terms(t))
            }
            Self::Threshold(t, above, flip) => {
                format!("Threshold({}, above: {above:?}, flip: {flip:?})", terms(t))
            }
            Self::Logistic(t, intercept) => {
                format!("Logistic({}, intercept: {intercept:?})", terms(t))
            }
            Self::Confounded { by, with, strength, .. } => {
                let with = with.map_or_else(String::new, |n| format!("with: {}, ", name(n)));
                format!("Confounded(by: {}, {with}strength: {strength:?})", name(*by))
            }
        }
    }

    /// The value, from the values of the nodes before and the node's own noise.
    pub fn value(&self, values: &[f64], dial: f64, u: f64) -> f64 {
        let truth = |t: bool| f64::from(u8::from(t));
        let at = At::of(values, dial, u);
        match self {
            Self::Bernoulli(p) => truth(u >= 1.0 - p),
            Self::Categorical(p) => first(p, u),
            Self::Uniform | Self::Clock => u,
            Self::Normal => 0.5 + quantile(u),
            Self::Gate(e, flip) => truth((e.value(at) != 0.0) != (u < *flip)),
            Self::Equation(e) => e.value(at),
            Self::Cases(rules, flip) => {
                let found = rules.iter().position(|e| e.value(at) != 0.0);
                turned(found.unwrap_or(rules.len()), rules.len() + 1, *flip, u)
            }
            // The number of values is that of the row below.
            Self::Copy(..) => unreachable!("a copy needs its size"),
            Self::Table(of, rows) => first(&row(of, rows, values).1, u),
            Self::Linear(t, intercept, sd) => sum(t, values) + intercept + sd * quantile(u),
            Self::Threshold(t, above, flip) => truth((sum(t, values) > *above) != (u < *flip)),
            Self::Logistic(t, intercept) => truth(u >= 1.0 - logistic(sum(t, values) + intercept)),
            Self::Confounded { by, mixture: m, .. } => {
                if u < m.copy {
                    truth((values[*by] != 0.0) != m.opposite)
                } else {
                    truth(u < m.copy + (1.0 - m.copy) * m.coin)
                }
            }
        }
    }

    /// As [`Self::value`], of a node with so many values.
    pub fn value_of(&self, size: Option<usize>, values: &[f64], dial: f64, u: f64) -> f64 {
        match self {
            Self::Copy(of, flip) => turned(values[*of] as usize, size.unwrap_or(2), *flip, u),
            _ => self.value(values, dial, u),
        }
    }

    /// Where the noise changes the value.
    pub fn cuts(&self, size: Option<usize>, values: &[f64], dial: f64, cuts: &mut Vec<f64>) {
        let steps = |p: &[f64], cuts: &mut Vec<f64>| {
            let mut sum = 0.0;
            for p in p {
                sum += p;
                cuts.push(sum);
            }
        };
        let turns = |flip: f64, size: usize, cuts: &mut Vec<f64>| {
            cuts.extend((1..size).map(|i| flip * i as f64 / (size - 1) as f64));
        };
        match self {
            Self::Linear(..) | Self::Normal => {}
            Self::Bernoulli(p) => cuts.push(1.0 - p),
            Self::Categorical(p) => steps(p, cuts),
            // Read in comparisons with tenths alone.
            Self::Uniform | Self::Clock => cuts.extend((1..10).map(|i| f64::from(i) / 10.0)),
            Self::Gate(_, flip) | Self::Threshold(_, _, flip) => cuts.push(*flip),
            Self::Equation(e) => e.cuts(At::of(values, dial, 0.5), cuts),
            Self::Cases(rules, flip) => turns(*flip, rules.len() + 1, cuts),
            Self::Copy(_, flip) => turns(*flip, size.unwrap_or(2), cuts),
            Self::Table(of, rows) => steps(&row(of, rows, values).1, cuts),
            Self::Logistic(t, intercept) => {
                cuts.push(1.0 - logistic(sum(t, values) + intercept));
            }
            Self::Confounded { mixture: m, .. } => {
                cuts.extend([m.copy, m.copy + (1.0 - m.copy) * m.coin]);
            }
        }
    }
}

/// The first value whose cumulative probability exceeds `u`.
fn first(probabilities: &[f64], u: f64) -> f64 {
    let mut sum = 0.0;
    for (value, p) in probabilities.iter().enumerate() {
        sum += p;
        if u < sum {
            return value as f64;
        }
    }
    (probabilities.len() - 1) as f64
}

/// A value, or with probability `flip` one of the others, those that follow it first.
fn turned(value: usize, size: usize, flip: f64, u: f64) -> f64 {
    if u >= flip {
        return value as f64;
    }
    let steps = 1 + ((u / flip * (size - 1) as f64) as usize).min(size - 2);
    ((value + steps) % size) as f64
}

fn row<'a>(
    of: &[usize],
    rows: &'a [(Vec<usize>, Vec<f64>)],
    values: &[f64],
) -> &'a (Vec<usize>, Vec<f64>) {
    let fits = |key: &[usize]| of.iter().zip(key).all(|(&n, &v)| values[n] == v as f64);
    rows.iter().find(|(key, _)| fits(key)).unwrap()
}

fn sum(terms: &[(usize, f64)], values: &[f64]) -> f64 {
    terms.iter().map(|(n, w)| w * values[*n]).sum()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
