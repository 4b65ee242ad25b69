//! From a declared mechanism to a law: names become nodes, numbers are checked.

use super::expression::{self, Expression, FUNCTIONS, Leaf, Mistake, with_functions};
use super::law::Form;
use super::{Domain, Fault, Law, Mechanism, NodeId, Place, Scm, suggestion};

impl Law {
    /// Resolves the mechanism of `node` against `scm`, which holds all of its parents.
    ///
    /// # Errors
    /// A [`Fault`] that says which part of the mechanism can't be, and what could.
    pub fn resolve(mechanism: &Mechanism, node: &str, scm: &Scm) -> Result<Self, Fault> {
        Self::resolve_beside(mechanism, node, scm, scm)
    }

    /// As [`Law::resolve`]; what is calibrated is so in `written`, the model as the scene has it.
    pub(super) fn resolve_beside(
        mechanism: &Mechanism,
        node: &str,
        scm: &Scm,
        written: &Scm,
    ) -> Result<Self, Fault> {
        Resolver { node, scm, written }.resolve(mechanism)
    }

    /// Resolves a function of the natural value of `node`: an expression over `natural` and other
    /// nodes.
    ///
    /// # Errors
    /// A [`Fault`] that says which part of the expression can't be.
    pub fn of_natural(text: &str, node: &str, scm: &Scm) -> Result<Self, Fault> {
        let resolver = Resolver { node, scm, written: scm };
        let expression = resolver.expression(text, &[("natural", Leaf::Natural)], Vec::new())?;
        let domain = scm.find(node).map_or(Domain::Continuous, |id| scm.domain(id));
        Ok(Self { parents: expression.parents(), form: Form::Equation(expression), domain })
    }
}

/// How far probabilities of one row may be from adding up to one, as sums of numbers with all
/// their digits are, and as those of rounded ones. What is beyond the first is normalised.
pub(super) const SUM_TOLERANCE: f64 = 1e-9;
const ROUNDING: f64 = 1e-6;

/// The most rows of a table.
const MOST_ROWS: usize = 1 << 16;

pub(super) struct Resolver<'a> {
    pub(super) node: &'a str,
    pub(super) scm: &'a Scm,
    /// The model in which strengths are calibrated: that of the scene as it's written.
    pub(super) written: &'a Scm,
}

impl Resolver<'_> {
    fn resolve(&self, mechanism: &Mechanism) -> Result<Law, Fault> {
        let root = |form, domain| Ok(Law { form, parents: Vec::new(), domain });
        match mechanism {
            Mechanism::Constant(value) => {
                self.finite(*value, [0.into()])?;
                let binary = *value == 0.0 || *value == 1.0;
                let domain = if binary { Domain::Binary } else { Domain::Continuous };
                root(Form::Constant(*value), domain)
            }
            Mechanism::Bernoulli(p) => {
                self.probability(*p, [0.into()])?;
                let rows = vec![vec![1.0 - p, 1.0]];
                root(Form::Table { sizes: Vec::new(), rows }, Domain::Binary)
            }
            Mechanism::Categorical(probabilities) => {
                let rows = vec![self.cumulative(probabilities, &[0.into()])?];
                let domain = Domain::discrete(probabilities.len());
                root(Form::Table { sizes: Vec::new(), rows }, domain)
            }
            Mechanism::Uniform(low, high) => {
                self.finite(*low, [0.into()])?;
                self.finite(*high, [1.into()])?;
                if low >= high {
                    let problem = format!("the lower bound {low} isn't below the upper {high}");
                    return Err(self.fault([0.into()], problem, "write Uniform(lower, upper)"));
                }
                root(Form::Uniform { low: *low, width: high - low }, Domain::Continuous)
            }
            Mechanism::Normal { mean, sd } => {
                self.finite(*mean, ["mean".into()])?;
                self.deviation(*sd)?;
                let form = Form::Linear { weights: Vec::new(), intercept: *mean, sd: *sd };
                root(form, Domain::Continuous)
            }
            Mechanism::Clock { period } => {
                if *period == 0 {
                    let remedy = "give the number of specimens from beginning to end";
                    return Err(self.fault(["period".into()], "a period of 0 has no end", remedy));
                }
                root(Form::Uniform { low: 0.0, width: 1.0 }, Domain::Continuous)
            }
            Mechanism::Gate { rule, flip } => self.gate(rule, *flip),
            Mechanism::Equation(text) => self.equation(text),
            Mechanism::Cases { rules, flip } => self.cases(rules, *flip),
            Mechanism::NoisyCopy { of, flip } => {
                self.probability(*flip, ["flip".into()])?;
                let parent = self.discrete(of, vec!["of".into()])?;
                let domain = self.scm.domain(parent);
                Ok(Law { form: Form::Copy { flip: *flip }, parents: vec![parent], domain })
            }
            Mechanism::Table { of, rows } => self.table(of, rows),
            Mechanism::Linear { terms, intercept, sd } => {
                let (parents, weights) = self.terms(terms)?;
                self.finite(*intercept, ["intercept".into()])?;
                self.deviation(*sd)?;
                let form = Form::Linear { weights, intercept: *intercept, sd: *sd };
                Ok(Law { form, parents, domain: Domain::Continuous })
            }
            Mechanism::Threshold { terms, above, flip } => {
                let (parents, weights) = self.terms(terms)?;
                self.finite(*above, ["above".into()])?;
                self.probability(*flip, ["flip".into()])?;
                let form = Form::Threshold { weights, above: *above, flip: *flip };
                Ok(Law { form, parents, domain: Domain::Binary })
            }
            Mechanism::Logistic { terms, intercept } => {
                let (parents, weights) = self.terms(terms)?;
                self.finite(*intercept, ["intercept".into()])?;
                let form = Form::Logistic { weights, intercept: *intercept };
                Ok(Law { form, parents, domain: Domain::Binary })
            }
            Mechanism::Confounded { by, with, strength } => {
                self.confounded(by, with.as_deref(), *strength)
            }
        }
    }

    fn gate(&self, text: &str, flip: f64) -> Result<Law, Fault> {
        self.probability(flip, ["flip".into()])?;
        let rule = self.expression(text, &[], vec!["rule".into()])?;
        let parents = rule.parents();
        Ok(Law { form: Form::Gate { rule, flip }, parents, domain: Domain::Binary })
    }

    fn equation(&self, text: &str) -> Result<Law, Fault> {
        let noise = [("uniform", Leaf::Uniform), ("normal", Leaf::Normal)];
        let expression = self.expression(text, &noise, vec![0.into()])?;
        let binary = expression.is_binary();
        let domain = if binary { Domain::Binary } else { Domain::Continuous };
        Ok(Law { parents: expression.parents(), form: Form::Equation(expression), domain })
    }

    fn cases(&self, texts: &[String], flip: f64) -> Result<Law, Fault> {
        self.probability(flip, ["flip".into()])?;
        if texts.is_empty() {
            let problem = "there are no cases";
            return Err(self.fault(["rules".into()], problem, "give one rule or more"));
        }
        let mut rules = Vec::new();
        let mut parents = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            let rule = self.expression(text, &[], vec!["rules".into(), i.into()])?;
            parents.extend(rule.parents());
            rules.push(rule);
        }
        let mut seen = Vec::new();
        parents.retain(|parent| {
            let first = !seen.contains(parent);
            seen.push(*parent);
            first
        });
        let domain = Domain::discrete(rules.len() + 1);
        Ok(Law { form: Form::Cases { rules, flip }, parents, domain })
    }

    /// Parses an expression; its names are `own` leaves, dials or nodes.
    pub(super) fn expression(
        &self,
        text: &str,
        own: &[(&str, Leaf)],
        place: Vec<Place>,
    ) -> Result<Expression<Leaf>, Fault> {
        let parsed = expression::parse(text).map_err(|Mistake { problem, remedy }| {
            let usual =
                || "write a rule such as \"wings and (flat_bill or webbed_paws)\"".to_owned();
            self.fault(place.clone(), problem, remedy.unwrap_or_else(usual))
        })?;
        parsed.map(&mut |name: String| {
            if let Some((_, leaf)) = own.iter().find(|(word, _)| *word == name) {
                return Ok(Expression::Name(*leaf));
            }
            if let Some(value) = self.scm.dial(&name) {
                return Ok(Expression::Number(value));
            }
            if ["uniform", "normal", "natural"].contains(&name.as_str()) {
                let problem = format!("`{name}` can't be read here");
                let remedy = "uniform and normal belong to an Equation, natural to a do-operation";
                return Err(self.fault(place.clone(), problem, remedy));
            }
            let node = self.scm.find(&name);
            node.map(|node| Expression::Name(Leaf::Node(node)))
                .ok_or_else(|| self.unknown(&name, own, place.clone()))
        })
    }

    /// A name in an expression that stands for nothing: what is near it, or all that there is.
    fn unknown(&self, name: &str, own: &[(&str, Leaf)], place: Vec<Place>) -> Fault {
        let words = own.iter().map(|(word, _)| *word);
        let known = self.scm.names().chain(self.scm.dial_names()).chain(words);
        let remedy = match FUNCTIONS.iter().any(|(function, ..)| *function == name) {
            true => format!("a function has its arguments in parentheses: {name}(...)"),
            false => with_functions(&suggestion(name, known)),
        };
        self.fault(place, format!("unknown parent `{name}`"), remedy)
    }

    fn table(&self, of: &[String], rows: &[(Vec<usize>, Vec<f64>)]) -> Result<Law, Fault> {
        let mut parents = Vec::new();
        for (i, name) in of.iter().enumerate() {
            parents.push(self.discrete(name, vec!["of".into(), i.into()])?);
        }
        let sizes: Vec<usize> =
            parents.iter().map(|&p| self.scm.domain(p).size().unwrap_or(2)).collect();
        // Before anything is made of that size.
        let count = sizes.iter().try_fold(1_usize, |n, size| n.checked_mul(*size));
        let Some(count) = count.filter(|&count| count <= MOST_ROWS) else {
            let problem = format!("a table over {} parents has too many rows", of.len());
            let remedy = format!("let it have {MOST_ROWS} at most, or write an Equation");
            return Err(self.fault(["of".into()], problem, remedy));
        };
        let values = rows.first().map_or(0, |(_, p)| p.len());
        let mut resolved: Vec<Option<Vec<f64>>> = vec![None; count];
        for (r, (when, probabilities)) in rows.iter().enumerate() {
            let key = || vec!["rows".into(), r.into(), 0.into()];
            let place = vec!["rows".into(), r.into(), 1.into()];
            let fits = when.len() == sizes.len() && when.iter().zip(&sizes).all(|(v, s)| v < s);
            if !fits {
                let problem = format!("row {when:?} is no combination of the parents' values");
                let remedy = format!("give one value for each of {of:?}, below {sizes:?}");
                return Err(self.fault(key(), problem, remedy));
            }
            if probabilities.len() != values {
                let problem = format!("row {when:?} has {} probabilities", probabilities.len());
                return Err(self.fault(place, problem, format!("give {values}, as the first row")));
            }
            let at = when.iter().zip(&sizes).fold(0, |at, (v, s)| at * s + v);
            if resolved[at].replace(self.cumulative(probabilities, &place)?).is_some() {
                let problem = format!("row {when:?} stands twice");
                return Err(self.fault(key(), problem, "give each combination once"));
            }
        }
        let given = resolved.iter().flatten().count();
        let Some(rows) = resolved.into_iter().collect::<Option<Vec<_>>>() else {
            let problem = format!("the table has {given} of {count} rows");
            let remedy = "give one row for every combination of the parents' values";
            return Err(self.fault(["rows".into()], problem, remedy));
        };
        Ok(Law { form: Form::Table { sizes, rows }, parents, domain: Domain::discrete(values) })
    }

    fn confounded(&self, by: &str, with: Option<&str>, strength: f64) -> Result<Law, Fault> {
        let parent = self.binary(self.scm, by, "by")?;
        self.binary(self.written, by, "by")?;
        let other = with.map_or(Ok(parent), |name| self.binary(self.written, name, "with"))?;
        if !(-1.0..=1.0).contains(&strength) {
            let problem = format!("strength {strength} is outside [-1, 1]");
            return Err(self.fault(
                ["strength".into()],
                problem,
                "a correlation goes from -1 to 1",
            ));
        }
        let Some(joint) = self.written.as_written().joint(&[parent, other]) else {
            let problem = format!("the correlation of `{by}` with its companion isn't exact");
            let remedy = "let both follow from finitely many noise values";
            return Err(self.fault(["by".into()], problem, remedy));
        };
        let p = joint.probability(|v| v[0] != 0.0);
        let reach = joint.correlation(0, 1);
        let copy = if strength == 0.0 { 0.0 } else { strength / reach };
        // A correlation is known to rounding; 1e-9 above 1 is 1.
        if !copy.is_finite() || copy.abs() > 1.0 + 1e-9 {
            let problem = format!("strength {strength} can't be reached");
            let remedy = format!("`{by}` itself correlates {reach:.4}: stay within it");
            return Err(self.fault(["strength".into()], problem, remedy));
        }
        let opposite = copy < 0.0;
        let base = if opposite { 1.0 - p } else { p };
        let form = Form::Mixture { copy: copy.abs().min(1.0), opposite, base };
        Ok(Law { form, parents: vec![parent], domain: Domain::Binary })
    }

    fn fault(
        &self,
        place: impl IntoIterator<Item = Place>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Fault {
        Fault::new(self.node, place, problem, remedy)
    }

    fn parent(&self, name: &str, place: Vec<Place>) -> Result<NodeId, Fault> {
        self.scm.find(name).ok_or_else(|| {
            let problem = format!("unknown parent `{name}`");
            self.fault(place, problem, self.scm.suggestion(name))
        })
    }

    fn discrete(&self, name: &str, place: Vec<Place>) -> Result<NodeId, Fault> {
        let node = self.parent(name, place.clone())?;
        if self.scm.domain(node).size().is_some() {
            return Ok(node);
        }
        let problem = format!("parent `{name}` is continuous");
        Err(self.fault(place, problem, "name a binary or categorical node"))
    }

    fn binary(&self, scm: &Scm, name: &str, field: &str) -> Result<NodeId, Fault> {
        let node = self.parent(name, vec![field.into()])?;
        if scm.domain(node) == Domain::Binary {
            return Ok(node);
        }
        let problem = format!("`{name}` isn't binary");
        Err(self.fault([field.into()], problem, "name a binary node"))
    }

    fn terms(&self, terms: &[(String, f64)]) -> Result<(Vec<NodeId>, Vec<f64>), Fault> {
        let (mut parents, mut weights) = (Vec::new(), Vec::new());
        for (i, (name, weight)) in terms.iter().enumerate() {
            let parent = self.parent(name, vec!["terms".into(), i.into(), 0.into()])?;
            self.finite(*weight, ["terms".into(), i.into(), 1.into()])?;
            if parents.contains(&parent) {
                let problem = format!("`{name}` stands twice in the sum");
                let place = ["terms".into(), i.into(), 0.into()];
                return Err(self.fault(place, problem, "add its weights up"));
            }
            parents.push(parent);
            weights.push(*weight);
        }
        Ok((parents, weights))
    }

    fn probability(&self, p: f64, place: impl IntoIterator<Item = Place>) -> Result<(), Fault> {
        if (0.0..=1.0).contains(&p) {
            return Ok(());
        }
        let problem = format!("probability {p} is outside [0, 1]");
        Err(self.fault(place, problem, "give a number from 0 to 1"))
    }

    fn cumulative(&self, probabilities: &[f64], place: &[Place]) -> Result<Vec<f64>, Fault> {
        if probabilities.len() < 2 {
            let problem = format!("{} probabilities are no choice", probabilities.len());
            return Err(self.fault(place.to_vec(), problem, "give two or more"));
        }
        let mut sum = 0.0;
        let mut cumulative = Vec::new();
        for (i, &p) in probabilities.iter().enumerate() {
            self.probability(p, place.iter().cloned().chain([i.into()]))?;
            sum += p;
            cumulative.push(sum);
        }
        let off = (sum - 1.0).abs();
        // A difference such as 1e-6 is known to rounding itself.
        if off > ROUNDING + SUM_TOLERANCE {
            let problem = format!("the probabilities add up to {sum}");
            return Err(self.fault(place.to_vec(), problem, "let them add up to 1"));
        }
        if off > SUM_TOLERANCE {
            cumulative.iter_mut().for_each(|c| *c /= sum);
        }
        Ok(cumulative)
    }

    fn deviation(&self, sd: f64) -> Result<(), Fault> {
        if sd.is_finite() && sd >= 0.0 {
            return Ok(());
        }
        let problem = format!("standard deviation {sd} can't be");
        Err(self.fault(["sd".into()], problem, "give a number of 0 or more"))
    }

    fn finite(&self, x: f64, place: impl IntoIterator<Item = Place>) -> Result<(), Fault> {
        if x.is_finite() {
            return Ok(());
        }
        Err(self.fault(place, format!("{x} is no finite number"), "give a finite number"))
    }
}
