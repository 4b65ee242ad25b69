//! Where the noise of an equation changes its value: what makes thresholded nodes finite.

use super::expression::{Expression, Function, Leaf, Operator, Own, is_true};
use super::law::normal_cdf;

/// Adds the points in (0, 1) at which an expression's own noise can change its value, given the
/// values of its parents; `None` where the noise can't be cut into finitely many cases.
///
/// It can where the expression reads its noise in comparisons alone, each side a straight line in
/// the noise: `0.8 * size + normal > 1`. Without noise of its own an expression has no cuts.
pub(super) fn expression_cuts(
    expression: &Expression<Leaf>,
    values: &[f64],
    cuts: &mut Vec<f64>,
) -> Option<()> {
    if !expression.reads(Leaf::Uniform) && !expression.reads(Leaf::Normal) {
        return Some(());
    }
    collect(expression, values, cuts)
}

/// Adds the cuts of every comparison.
fn collect(expression: &Expression<Leaf>, values: &[f64], cuts: &mut Vec<f64>) -> Option<()> {
    match expression {
        Expression::Number(_) | Expression::Name(Leaf::Node(_)) => Some(()),
        Expression::Name(_) => None,
        Expression::Not(a) | Expression::Negative(a) => collect(a, values, cuts),
        Expression::Binary(operator, a, b) if operator.compares() => {
            let (left, right) = (line(a, values)?, line(b, values)?);
            let slope = [left.slope[0] - right.slope[0], left.slope[1] - right.slope[1]];
            let at_zero = left.at_zero - right.at_zero;
            match slope {
                [0.0, 0.0] => {}
                [uniform, 0.0] => cuts.push(-at_zero / uniform),
                [0.0, normal] => cuts.push(normal_cdf(-at_zero / normal)),
                _ => return None,
            }
            Some(())
        }
        Expression::Binary(_, a, b) => {
            collect(a, values, cuts)?;
            collect(b, values, cuts)
        }
        Expression::Call(_, arguments) => {
            arguments.iter().try_for_each(|argument| collect(argument, values, cuts))
        }
    }
}

/// `at_zero + slope . (uniform, normal)`.
#[derive(Clone, Copy)]
struct Line {
    at_zero: f64,
    slope: [f64; 2],
}

/// An expression as a straight line in its noise, or `None` where it is none.
fn line(expression: &Expression<Leaf>, values: &[f64]) -> Option<Line> {
    let level = |at_zero| Line { at_zero, slope: [0.0; 2] };
    if !expression.reads(Leaf::Uniform) && !expression.reads(Leaf::Normal) {
        return Some(level(expression.value(values, Own::default())));
    }
    match expression {
        Expression::Name(Leaf::Uniform) => Some(Line { at_zero: 0.0, slope: [1.0, 0.0] }),
        Expression::Name(Leaf::Normal) => Some(Line { at_zero: 0.0, slope: [0.0, 1.0] }),
        Expression::Negative(a) => Some(times(line(a, values)?, -1.0)),
        Expression::Binary(operator, a, b) => {
            let (a, b) = (line(a, values)?, line(b, values)?);
            let flat = |line: Line| line.slope == [0.0; 2];
            match operator {
                Operator::Plus => Some(plus(a, b)),
                Operator::Minus => Some(plus(a, times(b, -1.0))),
                Operator::Times if flat(a) => Some(times(b, a.at_zero)),
                Operator::Times if flat(b) => Some(times(a, b.at_zero)),
                Operator::Over if flat(b) && b.at_zero != 0.0 => Some(times(a, 1.0 / b.at_zero)),
                _ => None,
            }
        }
        Expression::Call(Function::If, arguments) => {
            let condition = line(&arguments[0], values)?;
            if condition.slope != [0.0; 2] {
                return None;
            }
            line(&arguments[if is_true(condition.at_zero) { 1 } else { 2 }], values)
        }
        _ => None,
    }
}

fn plus(a: Line, b: Line) -> Line {
    Line {
        at_zero: a.at_zero + b.at_zero,
        slope: [a.slope[0] + b.slope[0], a.slope[1] + b.slope[1]],
    }
}

fn times(a: Line, factor: f64) -> Line {
    Line { at_zero: a.at_zero * factor, slope: a.slope.map(|s| s * factor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::{Mechanism, Scm};

    /// P(y = 1) as enumerated, or `None` where the noise isn't finite.
    fn probability(equation: &str) -> Option<f64> {
        let (x, size) = (Mechanism::Bernoulli(0.4), Mechanism::Uniform(0.0, 1.0));
        let y = Mechanism::Equation(equation.to_owned());
        let scm = Scm::build(&[("x", &x), ("size", &size), ("y", &y)]).unwrap();
        Some(scm.joint(&[2])?.probability(|v| v[0] == 1.0))
    }

    #[test]
    fn thresholded_noise_is_enumerated() {
        let near = |equation: &str, wanted: f64| {
            let found = probability(equation).unwrap();
            assert!((found - wanted).abs() < 1e-12, "{equation}: {found} is not {wanted}");
        };
        near("uniform < 0.3", 0.3);
        near("x + normal > 1", 0.4 * 0.5 + 0.6 * (1.0 - normal_cdf(1.0)));
        near("2 * (normal - x) / 4 <= -0.5 and not x", 0.6 * normal_cdf(-1.0));
        near("if(x, uniform, 1 - uniform) < 0.2 or uniform > 0.9", 0.4 * 0.3 + 0.6 * 0.2);
        near("x xor uniform < 0.15", 0.4 * 0.85 + 0.6 * 0.15);
        // Functions of parents and numbers are numbers, and logic of comparisons may be called.
        near("uniform < 0.5 ^ (1 + x)", 0.4 * 0.25 + 0.6 * 0.5);
        near("normal * exp(x) > log(1 + x)", 0.4 * normal_cdf(-2_f64.ln() / 1_f64.exp()) + 0.3);
        near("max(uniform < 0.1, uniform > 0.8)", 0.3);
        near("if(log(x), uniform < 0.2, uniform < 0.4)", 0.4);
    }

    #[test]
    fn what_cannot_be_cut_is_left() {
        for equation in [
            "uniform",
            "size + normal > 0",
            "normal * normal > x",
            "uniform < normal",
            "exp(normal) > 2",
            "normal ^ 2 > 1",
            "uniform % 0.5 < 0.1",
            "2 ^ uniform > 1.5",
            "log(uniform)",
        ] {
            assert_eq!(probability(equation), None, "{equation}");
        }
    }
}
