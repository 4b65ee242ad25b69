//! Rules: boolean expressions over nodes, such as `wings and (flat_bill or webbed_paws)`.
//!
//! Grammar, loosest first: `or`, `xor`, `and`, `not`; parentheses; a node's name (true when its
//! value is not 0); comparisons of a node with a number: `size > 0.5`, `species == 2`.

/// A parsed rule over names of type `N`: strings when parsed, node indices when resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule<N> {
    Is(N),
    Compare(N, Comparison, f64),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Xor(Box<Self>, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
}

impl<N> Rule<N> {
    /// Replaces every name, depth first, left to right.
    pub fn map<M, E>(self, f: &mut impl FnMut(N) -> Result<M, E>) -> Result<Rule<M>, E> {
        let mut pair = |a: Box<Self>, b: Box<Self>| -> Result<_, E> {
            Ok((Box::new(a.map(f)?), Box::new(b.map(f)?)))
        };
        Ok(match self {
            Self::And(a, b) => pair(a, b).map(|(a, b)| Rule::And(a, b))?,
            Self::Or(a, b) => pair(a, b).map(|(a, b)| Rule::Or(a, b))?,
            Self::Xor(a, b) => pair(a, b).map(|(a, b)| Rule::Xor(a, b))?,
            Self::Not(a) => Rule::Not(Box::new(a.map(f)?)),
            Self::Is(n) => Rule::Is(f(n)?),
            Self::Compare(n, c, x) => Rule::Compare(f(n)?, c, x),
        })
    }
}

impl Rule<usize> {
    /// Whether the rule holds for these node values.
    pub fn holds(&self, values: &[f64]) -> bool {
        match self {
            Self::Is(n) => values[*n] != 0.0,
            Self::Compare(n, comparison, x) => {
                let v = values[*n];
                match comparison {
                    Comparison::Less => v < *x,
                    Comparison::AtMost => v <= *x,
                    Comparison::Equal => v == *x,
                    Comparison::Unequal => v != *x,
                    Comparison::AtLeast => v >= *x,
                    Comparison::Greater => v > *x,
                }
            }
            Self::Not(a) => !a.holds(values),
            Self::And(a, b) => a.holds(values) && b.holds(values),
            Self::Or(a, b) => a.holds(values) || b.holds(values),
            Self::Xor(a, b) => a.holds(values) != b.holds(values),
        }
    }
}

/// How deeply a rule may be nested.
const DEPTH: usize = 64;

/// Parses a rule; the error says what was found where.
pub(super) fn parse(text: &str) -> Result<Rule<String>, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let rule = parser.binary(0, 0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(rule),
        Some(token) => Err(format!("the rule goes on after its end, at `{token}`")),
    }
}

/// The binary operators, loosest first.
const OPERATORS: [&str; 3] = ["or", "xor", "and"];

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|t| t == wanted);
        self.at += usize::from(found);
        found
    }

    fn binary(&mut self, level: usize, depth: usize) -> Result<Rule<String>, String> {
        if level == OPERATORS.len() {
            return self.unary(depth);
        }
        let mut left = self.binary(level + 1, depth)?;
        while self.take(OPERATORS[level]) {
            let (a, b) = (Box::new(left), Box::new(self.binary(level + 1, depth)?));
            left = match OPERATORS[level] {
                "or" => Rule::Or(a, b),
                "xor" => Rule::Xor(a, b),
                _ => Rule::And(a, b),
            };
        }
        Ok(left)
    }

    fn unary(&mut self, depth: usize) -> Result<Rule<String>, String> {
        if depth > DEPTH {
            return Err(format!("the rule is nested more than {DEPTH} deep"));
        }
        if self.take("not") {
            return Ok(Rule::Not(Box::new(self.unary(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.binary(0, depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err("a `)` is missing".to_owned()) };
        }
        let Some(name) = self.tokens.get(self.at).cloned() else {
            return Err("the rule breaks off where a node's name should stand".to_owned());
        };
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            || OPERATORS.contains(&name.as_str())
        {
            return Err(format!("`{name}` stands where a node's name should"));
        }
        self.at += 1;
        let comparison = match self.tokens.get(self.at).map(String::as_str) {
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::AtMost,
            Some("==") => Comparison::Equal,
            Some("!=") => Comparison::Unequal,
            Some(">=") => Comparison::AtLeast,
            Some(">") => Comparison::Greater,
            _ => return Ok(Rule::Is(name)),
        };
        let number = self.tokens.get(self.at + 1).and_then(|t| t.parse::<f64>().ok());
        match number.filter(|x| x.is_finite()) {
            Some(x) => {
                self.at += 2;
                Ok(Rule::Compare(name, comparison, x))
            }
            None => Err(format!("`{name}` is compared with something that is no number")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '-';
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if ["<=", ">=", "==", "!="].iter().any(|op| rest.starts_with(op)) {
            2
        } else if "()<>".contains(first) {
            1
        } else {
            return Err(format!("`{first}` has no meaning in a rule"));
        };
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, values: &[f64]) -> bool {
        let names = ["a", "b", "c"];
        parse(text)
            .unwrap()
            .map(&mut |n: String| names.iter().position(|x| *x == n).ok_or(n))
            .unwrap()
            .holds(values)
    }

    #[test]
    fn and_binds_tighter_than_xor_and_xor_than_or() {
        assert!(holds("a or b and c", &[1.0, 0.0, 0.0]));
        assert!(!holds("(a or b) and c", &[1.0, 0.0, 0.0]));
        assert!(holds("a xor b and c", &[1.0, 1.0, 0.0]));
        assert!(holds("a or b xor b", &[1.0, 1.0, 0.0]));
        assert!(holds("not a and b", &[0.0, 1.0, 0.0]));
    }

    #[test]
    fn comparisons_read_numbers() {
        assert!(holds("a > -0.5 and b == 2 and c <= 1e-3", &[0.0, 2.0, 0.001]));
        assert!(!holds("a != 0", &[0.0, 0.0, 0.0]));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("", "breaks off"),
            ("a and", "breaks off"),
            ("(a or b", "`)` is missing"),
            ("a b", "after its end, at `b`"),
            ("a & b", "`&` has no meaning"),
            ("a > b", "no number"),
            ("and a", "`and` stands where"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        assert!(parse(&"(".repeat(10_000)).unwrap_err().contains("nested"));
    }
}
