//! From the text of an expression to its tree, by descent through the levels of its operators.

use super::{Expression, FUNCTIONS, Function, Operator, with_functions};
use crate::causal::suggestion;

/// How deeply an expression may be nested.
const DEPTH: usize = 64;
/// How many words, numbers and signs an expression may have.
const TOKENS: usize = 1024;

/// What is wrong with a text, and what would be right where the text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::causal) struct Mistake {
    pub problem: String,
    pub remedy: Option<String>,
}

impl From<String> for Mistake {
    fn from(problem: String) -> Self {
        Self { problem, remedy: None }
    }
}

/// Parses an expression; the error says what was found where.
pub(in crate::causal) fn parse(text: &str) -> Result<Expression<String>, Mistake> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let expression = parser.binary(0, 0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(token) => Err(format!("the rule goes on after its end, at `{token}`").into()),
    }
}

/// Where `not` stands among the levels of operators.
const NOT: usize = 3;

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

    fn operator(&mut self, level: usize) -> Option<Operator> {
        let token = self.tokens.get(self.at)?;
        let found = Operator::LEVELS[level].iter().find(|(sign, _)| sign == token)?;
        self.at += 1;
        Some(found.1)
    }

    fn binary(&mut self, level: usize, depth: usize) -> Result<Expression<String>, Mistake> {
        if level == Operator::LEVELS.len() {
            return self.unary(depth);
        }
        if level == NOT && self.take("not") {
            deep(depth)?;
            return Ok(Expression::Not(Box::new(self.binary(NOT, depth + 1)?)));
        }
        let mut left = self.binary(level + 1, depth)?;
        while let Some(operator) = self.operator(level) {
            let (a, b) = (Box::new(left), Box::new(self.binary(level + 1, depth)?));
            left = Expression::Binary(operator, a, b);
        }
        Ok(left)
    }

    fn unary(&mut self, depth: usize) -> Result<Expression<String>, Mistake> {
        deep(depth)?;
        if self.take("-") {
            return Ok(match self.unary(depth + 1)? {
                Expression::Number(x) => Expression::Number(-x),
                other => Expression::Negative(Box::new(other)),
            });
        }
        let base = self.primary(depth)?;
        if !self.take("^") {
            return Ok(base);
        }
        // From the right, and the exponent may have a sign: 2 ^ -3 ^ 2 is 2 ^ (-(3 ^ 2)).
        let exponent = self.unary(depth + 1)?;
        Ok(Expression::Binary(Operator::Power, Box::new(base), Box::new(exponent)))
    }

    fn primary(&mut self, depth: usize) -> Result<Expression<String>, Mistake> {
        if self.take("(") {
            let inner = self.binary(0, depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(missing()) };
        }
        let Some(word) = self.tokens.get(self.at).cloned() else {
            return Err("the rule breaks off where a node's name should stand".to_owned().into());
        };
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            self.at += 1;
            let number: Option<f64> = word.parse().ok().filter(|x: &f64| x.is_finite());
            let number = number.map(Expression::Number);
            return number.ok_or_else(|| format!("`{word}` is no number").into());
        }
        let function = FUNCTIONS.iter().find(|(name, ..)| *name == word);
        let called = self.tokens.get(self.at + 1).is_some_and(|t| t == "(");
        if let (Some(&(name, function, count)), true) = (function, called) {
            self.at += 2;
            return self.arguments(name, function, count, depth);
        }
        let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_name || ["or", "xor", "and", "not", "if"].contains(&word.as_str()) {
            return Err(format!("`{word}` stands where a node's name should").into());
        }
        if called {
            return Err(unknown_function(&word));
        }
        self.at += 1;
        Ok(Expression::Name(word))
    }

    fn arguments(
        &mut self,
        name: &str,
        function: Function,
        count: usize,
        depth: usize,
    ) -> Result<Expression<String>, Mistake> {
        let mut arguments = vec![self.binary(0, depth + 1)?];
        while self.take(",") {
            arguments.push(self.binary(0, depth + 1)?);
        }
        if !self.take(")") {
            return Err(missing());
        }
        if arguments.len() != count {
            let found = arguments.len();
            return Err(format!("`{name}` has {found} arguments and takes {count}").into());
        }
        Ok(Expression::Call(function, arguments))
    }
}

fn missing() -> Mistake {
    "a `)` is missing".to_owned().into()
}

fn unknown_function(word: &str) -> Mistake {
    let near = suggestion(word, FUNCTIONS.iter().map(|(name, ..)| *name));
    let remedy = if near.ends_with('?') { with_functions(&near) } else { near };
    Mistake { problem: format!("there is no function `{word}`"), remedy: Some(remedy) }
}

fn deep(depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("the rule is nested more than {DEPTH} deep"));
    }
    Ok(())
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            number(rest)
        } else if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if ["<=", ">=", "==", "!="].iter().any(|op| rest.starts_with(op)) {
            2
        } else if "()<>+-*/%^,".contains(first) {
            1
        } else {
            return Err(format!("`{first}` has no meaning in a rule"));
        };
        if found.len() == TOKENS {
            return Err(format!("the rule has more than {TOKENS} words and signs"));
        }
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// The length of the number at the beginning of a text, an exponent included.
fn number(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = &text[from..];
        from + rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len())
    };
    let end = digits(0);
    let signed = text[..end].ends_with(['e', 'E']) && text[end..].starts_with(['+', '-']);
    if signed { digits(end + 1) } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let deep = format!("{}a{}", "(".repeat(200), ")".repeat(200));
        let long = "a+".repeat(1000);
        for (text, part) in [
            ("", "breaks off"),
            ("a and", "breaks off"),
            ("a b", "goes on after its end, at `b`"),
            ("(a", "`)` is missing"),
            ("and a", "`and` stands where"),
            ("a & b", "`&` has no meaning"),
            ("a < 1x", "`1x` is no number"),
            ("min(a)", "has 1 arguments and takes 2"),
            ("1.2.3", "no number"),
            (&deep, "nested more than"),
            (&"-".repeat(300), "nested more than"),
            (&long, "more than 1024"),
        ] {
            let Mistake { problem, .. } = parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn an_unknown_function_is_told_with_those_that_there_are() {
        let Mistake { problem, remedy } = parse("1 + logg(x)").unwrap_err();
        assert_eq!(problem, "there is no function `logg`");
        let remedy = remedy.unwrap();
        assert!(remedy.starts_with("did you mean `log`? Functions are if, min,"), "{remedy}");
        let remedy = parse("sigmoid(x)").unwrap_err().remedy.unwrap();
        assert!(remedy.starts_with("known: if, min, max"), "{remedy}");
    }
}
