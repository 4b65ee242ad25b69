//! Expressions over a plain list of named numbers, for whoever stands outside a model.

use super::expression::{self, Expression, Leaf, Mistake, Own, with_functions};
use super::suggestion;

/// An expression over named numbers: `snc * (block == 0)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    expression: Expression<Leaf>,
}

impl Formula {
    /// Reads an expression whose names are those of `names`, in their order, or dials.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn parse(
        text: &str,
        names: &[&str],
        dials: impl Fn(&str) -> Option<f64>,
    ) -> Result<Self, (String, String)> {
        let parsed = expression::parse(text).map_err(|Mistake { problem, remedy }| {
            let usual = || "write an expression such as \"size * (kind == 0)\"".to_owned();
            (problem, remedy.unwrap_or_else(usual))
        })?;
        let expression = parsed.map(&mut |name: String| {
            if let Some(value) = dials(&name) {
                return Ok(Expression::Number(value));
            }
            match names.iter().position(|known| *known == name) {
                Some(i) => Ok(Expression::Name(Leaf::Node(i))),
                None => {
                    let remedy = with_functions(&suggestion(&name, names.iter().copied()));
                    Err((format!("the expression names `{name}`, which is no factor"), remedy))
                }
            }
        })?;
        Ok(Self { expression })
    }

    /// The value, given the numbers that the names stand for; what is no finite number counts as 0.
    #[must_use]
    pub fn value(&self, numbers: &[f64]) -> f64 {
        let value = self.expression.value(numbers, Own::default());
        if value.is_finite() { value } else { 0.0 }
    }

    /// The positions of the names that it reads, each once.
    #[must_use]
    pub fn reads(&self) -> Vec<usize> {
        self.expression.parents()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_positions_and_dials_numbers() {
        let dials = |name: &str| (name == "s").then_some(0.5);
        let read = |text: &str| Formula::parse(text, &["a", "b"], dials);
        let formula = read("s * b + (a == 1)").unwrap();
        assert_eq!(formula.value(&[1.0, 4.0]), 3.0);
        assert_eq!(formula.reads(), [1, 0]);
        assert_eq!(read("1 / a").unwrap().value(&[0.0, 0.0]), 0.0);
        let (problem, remedy) = read("a + bb").unwrap_err();
        assert!(problem.contains("`bb`, which is no factor") && remedy.contains("`b`"));
        assert!(read("normal").is_err());
    }
}
