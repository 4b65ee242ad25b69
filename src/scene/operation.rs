//! do-operations as a line of text: what the command line, scripts and panels write and read.
//!
//! | text | what it does |
//! | --- | --- |
//! | `lake=0` | sets the node |
//! | `size+=0.2` | adds to its natural value |
//! | `size*=1.5` | multiplies its natural value |
//! | `size:=min(natural, 0.5)` | a function of its natural value and of other nodes |
//! | `lake~Bernoulli(0.5)` | another mechanism, as a scene file writes it |

use super::load::options;
use crate::causal::{Action, Fault, Mechanism, NodeId, Scm};

/// The signs between node and operand, the longer before those they end in.
const SIGNS: [&str; 5] = ["+=", "*=", ":=", "~", "="];

/// Reads a do-operation such as `lake=0` for the nodes of a model.
///
/// # Errors
/// A [`Fault`] that says what can't be, and what would be right.
pub fn operation(scm: &Scm, text: &str) -> Result<(NodeId, Action), Fault> {
    let found = SIGNS.iter().filter_map(|sign| text.find(sign).map(|at| (at, *sign)));
    let Some((at, sign)) = found.min_by_key(|(at, sign)| (*at, usize::MAX - sign.len())) else {
        let remedy = "write node=value, node+=by, node*=by, node:=function or node~Mechanism(...)";
        return Err(Fault::new(text.trim(), [], "no value is given", remedy));
    };
    let (name, operand) = (text[..at].trim(), text[at + sign.len()..].trim());
    let Some(node) = scm.find(name) else {
        let problem = format!("no node `{name}`");
        return Err(Fault::new(name, [], problem, scm.suggestion(name)));
    };
    let number = || {
        let read: Option<f64> = operand.parse().ok().filter(|v: &f64| v.is_finite());
        read.ok_or_else(|| {
            Fault::new(name, [], format!("`{operand}` is no number"), "give a finite number")
        })
    };
    let action = match sign {
        "+=" => scm.shift(node, number()?)?,
        "*=" => scm.scale(node, number()?)?,
        ":=" => scm.apply(node, operand)?,
        "~" => {
            let mechanism: Mechanism = options().from_str(operand).map_err(|error| {
                let problem = format!("`{operand}` is no mechanism: {}", error.code);
                Fault::new(name, [], problem, "write it as in a scene, such as Bernoulli(0.5)")
            })?;
            scm.soften(node, &mechanism)?
        }
        _ => scm.set(node, number()?)?,
    };
    Ok((node, action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Interventions;

    fn model() -> Scm {
        let (coin, size) = (Mechanism::Bernoulli(0.5), Mechanism::Uniform(0.0, 1.0));
        let big = Mechanism::Equation("size > 0.5 and coin".into());
        Scm::build(&[("coin", &coin), ("size", &size), ("big", &big)]).unwrap()
    }

    #[test]
    fn every_form_does_what_it_says() {
        let scm = model();
        let noise = [0.9, 0.3, 0.5];
        let play = |text: &str| {
            let (node, action) = operation(&scm, text).unwrap();
            let mut interventions = Interventions::none();
            interventions.insert(node, action);
            let mut values = [0.0; 3];
            scm.propagate(&noise, &interventions, &mut values);
            values
        };
        assert_eq!(play("coin=0"), [0.0, 0.3, 0.0]);
        assert_eq!(play(" coin = 1 "), [1.0, 0.3, 0.0]);
        assert_eq!(play("size+=0.5"), [1.0, 0.8, 1.0]);
        assert_eq!(play("size*=2"), [1.0, 0.6, 1.0]);
        assert_eq!(play("size:=max(natural, 0.4 + 0.2 * coin)")[1], 0.4 + 0.2);
        assert_eq!(play("coin:=not natural"), [0.0, 0.3, 0.0]);
        assert_eq!(play("coin~Bernoulli(0.05)"), [0.0, 0.3, 0.0]);
        assert_eq!(play("size~Equation(\"1 - uniform\")"), [1.0, 0.7, 1.0]);
        assert_eq!(play("size~Uniform(0, 2)"), [1.0, 0.6, 1.0]);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let scm = model();
        for (text, part) in [
            ("coin", "no value is given"),
            ("cion=1", "did you mean `coin`?"),
            ("coin=2", "has the values 0 to 1"),
            ("coin+=1", "a discrete node can't be shifted"),
            ("size=much", "`much` is no number"),
            ("size:=big", "cycle: `big` depends on `size`"),
            ("size:=uniform", "`uniform` can't be read here"),
            ("coin~Beta(1)", "is no mechanism"),
            ("coin~Uniform(0, 1)", "other values than the node"),
        ] {
            let message = operation(&scm, text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
