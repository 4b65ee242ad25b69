//! A mechanism resolved against its model: names are node indices, probabilities are checked.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::cuts::expression_cuts;
use super::expression::{Expression, Leaf, Own};
use super::{Domain, NodeId};

/// A resolved mechanism.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    pub(super) form: Form,
    pub(super) parents: Vec<NodeId>,
    pub(super) domain: Domain,
}

/// What a law computes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Constant(f64),
    /// Cumulative probabilities of the values 0.. for each combination of parents, the last
    /// parent running fastest. The value is the first whose cumulative probability exceeds u.
    Table {
        sizes: Vec<usize>,
        rows: Vec<Vec<f64>>,
    },
    Uniform {
        low: f64,
        width: f64,
    },
    Gate {
        rule: Expression<Leaf>,
        flip: f64,
    },
    /// The value of an expression that may read the node's own noise and its natural value.
    Equation(Expression<Leaf>),
    /// A part of another node's law, whatever its value is.
    Part(Expression<Leaf>),
    /// The position of the first rule that holds, else their number.
    Cases {
        rules: Vec<Expression<Leaf>>,
        flip: f64,
    },
    Copy {
        flip: f64,
    },
    /// Normal and linear: `intercept + sum + sd quantile(u)`.
    Linear {
        weights: Vec<f64>,
        intercept: f64,
        sd: f64,
    },
    Threshold {
        weights: Vec<f64>,
        above: f64,
        flip: f64,
    },
    Logistic {
        weights: Vec<f64>,
        intercept: f64,
    },
    /// With probability `copy` the parent (or its opposite), else 1 with probability `base`.
    Mixture {
        copy: f64,
        opposite: bool,
        base: f64,
    },
}

impl Law {
    /// Always `value`, whatever stood there before; it still is one of the values of `domain`.
    #[must_use]
    pub(super) const fn constant(value: f64, domain: Domain) -> Self {
        Self { form: Form::Constant(value), parents: Vec::new(), domain }
    }

    /// 1 where a rule holds, else 0.
    #[must_use]
    pub(super) fn of_rule(rule: Expression<Leaf>) -> Self {
        let parents = rule.parents();
        Self { form: Form::Gate { rule, flip: 0.0 }, parents, domain: Domain::Binary }
    }

    /// The law in the place of another with these values: an equation is rounded to them, and a
    /// constant is one of them where it can be.
    #[must_use]
    pub(super) fn rounded_to(self, domain: Domain) -> Self {
        let rounds = match (&self.form, domain.size()) {
            (Form::Equation(_), Some(_)) => self.domain == Domain::Continuous,
            (Form::Constant(value), Some(_)) => domain.fit(*value) == *value,
            _ => false,
        };
        if rounds { Self { domain, ..self } } else { self }
    }

    /// The nodes on which the value depends.
    #[must_use]
    pub fn parents(&self) -> &[NodeId] {
        &self.parents
    }

    /// Whether it's a part of another node's law.
    pub(super) const fn is_part(&self) -> bool {
        matches!(self.form, Form::Part(_))
    }

    /// The values that the node can take.
    #[must_use]
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// The value, given the values of all nodes before and the node's own noise, uniform in
    /// (0, 1). A normal draw is its quantile at u, so that every law reads the same noise.
    #[must_use]
    pub fn value(&self, values: &[f64], u: f64) -> f64 {
        self.value_from(values, Own { u, natural: 0.0 })
    }

    /// As [`Law::value`], for an expression that also reads the node's natural value.
    pub(super) fn value_from(&self, values: &[f64], own: Own) -> f64 {
        let u = own.u;
        let binary = |truth: bool| f64::from(u8::from(truth));
        match &self.form {
            Form::Constant(value) => *value,
            Form::Table { sizes, rows } => {
                let cumulative = &rows[self.row(sizes, values)];
                let last = cumulative.len() - 1;
                cumulative[..last].partition_point(|&c| c <= u) as f64
            }
            Form::Uniform { low, width } => low + width * u,
            Form::Gate { rule, flip } => binary(rule.holds(values) != (u < *flip)),
            Form::Equation(expression) => self.domain.fit(expression.value(values, own)),
            Form::Part(expression) => expression.value(values, own),
            Form::Cases { rules, flip } => {
                let first = rules.iter().position(|rule| rule.holds(values));
                self.flipped(first.unwrap_or(rules.len()) as f64, u, *flip)
            }
            Form::Copy { flip } => self.flipped(values[self.parents[0]], u, *flip),
            Form::Linear { weights, intercept, sd } => {
                intercept + self.sum(weights, values) + sd * normal_quantile(u)
            }
            Form::Threshold { weights, above, flip } => {
                binary((self.sum(weights, values) > *above) != (u < *flip))
            }
            Form::Logistic { weights, intercept } => {
                binary(u >= 1.0 - logistic(intercept + self.sum(weights, values)))
            }
            Form::Mixture { copy, opposite, base } => {
                if u < *copy {
                    binary((values[self.parents[0]] != 0.0) != *opposite)
                } else {
                    binary(u < copy + (1.0 - copy) * base)
                }
            }
        }
    }

    /// A discrete value, or with probability `flip` one of the other values.
    fn flipped(&self, value: f64, u: f64, flip: f64) -> f64 {
        if u >= flip {
            return value;
        }
        // u / flip is uniform again: it picks one of the other values.
        let others = self.domain.size().unwrap_or(2) - 1;
        let pick = ((u / flip * others as f64) as usize).min(others - 1);
        ((value as usize + 1 + pick) % (others + 1)) as f64
    }

    /// Adds the points at which the uniform noise changes the value, given the parents' values, in
    /// no order; `None` where the noise can't be cut into finitely many cases.
    pub(super) fn cuts(&self, values: &[f64], cuts: &mut Vec<f64>) -> Option<()> {
        match &self.form {
            Form::Constant(_) | Form::Part(_) => {}
            Form::Table { sizes, rows } => {
                // The last is 1, up to rounding.
                let cumulative = &rows[self.row(sizes, values)];
                cuts.extend(&cumulative[..cumulative.len() - 1]);
            }
            Form::Gate { flip, .. } | Form::Threshold { flip, .. } => cuts.push(*flip),
            Form::Equation(expression) => expression_cuts(expression, values, cuts)?,
            Form::Copy { flip } | Form::Cases { flip, .. } => {
                let others = self.domain.size()? - 1;
                cuts.extend((1..=others).map(|i| flip * i as f64 / others as f64));
            }
            Form::Linear { sd, .. } if *sd == 0.0 => {}
            Form::Uniform { .. } | Form::Linear { .. } => return None,
            Form::Logistic { weights, intercept } => {
                cuts.push(1.0 - logistic(intercept + self.sum(weights, values)));
            }
            Form::Mixture { copy, base, .. } => cuts.extend([*copy, copy + (1.0 - copy) * base]),
        }
        Some(())
    }

    /// The row of a table.
    fn row(&self, sizes: &[usize], values: &[f64]) -> usize {
        let parents = self.parents.iter().zip(sizes);
        parents.fold(0, |row, (&p, size)| row * size + (values[p] as usize).min(size - 1))
    }

    /// The weighted sum of the parents.
    fn sum(&self, weights: &[f64], values: &[f64]) -> f64 {
        self.parents.iter().zip(weights).map(|(&p, w)| w * values[p]).sum()
    }

    /// The bounds of a node that is uniform by itself.
    #[must_use]
    pub const fn bounds(&self) -> Option<(f64, f64)> {
        match self.form {
            Form::Uniform { low, width } => Some((low, low + width)),
            _ => None,
        }
    }
}

/// The quantile of the standard normal distribution at `u`.
pub(super) fn normal_quantile(u: f64) -> f64 {
    Normal::standard().inverse_cdf(u)
}

/// The standard normal distribution function.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
