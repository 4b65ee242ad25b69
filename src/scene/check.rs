//! What must hold of a scene before it's played, each with the place where it doesn't.

use super::locate::{Tree, line_and_column};
use super::regime::{declared, flipped};
use super::training::Step;
use super::{Change, Disturbance, Note, Renderers, Scene, SceneError};
use crate::causal::{Domain, Fault, Law, Mechanism, NodeId, Place, RESERVED, Scm};

/// Checks one scene and points at the text it came from.
pub(super) struct Checker<'a> {
    scene: &'a Scene,
    text: &'a str,
    path: &'a str,
    tree: Option<Tree>,
}

impl<'a> Checker<'a> {
    pub fn new(scene: &'a Scene, text: &'a str, path: &'a str) -> Self {
        Self { scene, text, path, tree: Tree::read(text) }
    }

    /// An error at the value at the end of `way`, or at the nearest value before it.
    pub fn error(
        &self,
        way: &[Place],
        node: Option<&str>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SceneError {
        let tree = self.tree.as_ref();
        let found =
            tree.and_then(|t| (0..=way.len()).rev().find_map(|n| t.find(&way[..n], self.text)));
        SceneError {
            path: self.path.into(),
            position: found.map(|part| line_and_column(self.text, part.start)),
            problem: problem.into(),
            node: node.map(str::to_owned),
            remedy: remedy.into().into(),
            others: Box::default(),
        }
    }

    /// A note on the value at the end of `way`.
    pub fn note(&self, way: &[Place], node: Option<&str>, text: impl Into<String>) -> Note {
        let SceneError { path, position, problem, node, .. } = self.error(way, node, text, "");
        Note { path: path.into(), position, text: problem, node }
    }

    /// Version and names.
    pub fn head(&self) -> Result<(), SceneError> {
        if self.scene.version != 1 {
            let problem = format!("version {} is unknown", self.scene.version);
            return Err(self.error(&["version".into()], None, problem, "write version: 1"));
        }
        if self.scene.name.trim().is_empty() {
            let remedy = "name the scene, for instance \"duck\"";
            return Err(self.error(&["name".into()], None, "the scene has no name", remedy));
        }
        let factors = self.scene.factors.iter().map(|f| &f.name).enumerate();
        for (i, name) in factors {
            if self.scene.factors[..i].iter().any(|f| f.name == *name) {
                let way = ["factors".into(), i.into(), "name".into()];
                let problem = format!("the name `{name}` stands twice");
                let remedy = "give every node a name of its own";
                return Err(self.error(&way, Some(name), problem, remedy));
            }
        }
        for (name, _) in declared(self.scene) {
            if !is_word(&name) || RESERVED.contains(&name.as_str()) {
                let mut way = self.way_to(&name);
                way.push("name".into());
                let problem = format!("`{name}` can't be a name");
                let remedy =
                    format!("use letters, digits and _, and none of {}", RESERVED.join(", "));
                return Err(self.error(&way, Some(&name), problem, remedy));
            }
        }
        Ok(())
    }

    /// Where a node is declared.
    fn way_to(&self, name: &str) -> Vec<Place> {
        let confounder = self.scene.confounders.iter().position(|c| c.name == name);
        let factor = self.scene.factors.iter().position(|f| f.name == name);
        match (confounder, factor) {
            (Some(i), _) => vec!["confounders".into(), i.into()],
            (None, Some(i)) => vec!["factors".into(), i.into()],
            (None, None) => vec!["label".into()],
        }
    }

    /// The model.
    pub fn model(&self) -> Result<Scm, SceneError> {
        let declared = declared(self.scene);
        let pairs: Vec<(&str, &Mechanism)> =
            declared.iter().map(|(n, m)| (n.as_str(), m)).collect();
        let dials: Vec<(String, f64)> =
            self.scene.dials.iter().map(|(name, value)| (name.clone(), *value)).collect();
        let mut scm = Scm::build_with(&pairs, &dials).map_err(|fault| {
            let mut way = self.way_to(&fault.node);
            way.push("mechanism".into());
            way.extend(fault.place);
            self.error(&way, Some(&fault.node), fault.problem, fault.remedy)
        })?;
        if let Some(rule) = &self.scene.selection {
            scm.select(rule).map_err(|fault| {
                self.error(&["selection".into()], None, fault.problem, fault.remedy)
            })?;
        }
        Ok(scm)
    }

    /// Notes on rows of probabilities that miss 1 by rounding, those of regimes included.
    pub fn rounded(&self) -> Vec<Note> {
        let nodes = declared(self.scene).into_iter().map(|(name, mechanism)| {
            let mut way = self.way_to(&name);
            way.push("mechanism".into());
            (way, name, mechanism)
        });
        let replaced = self.scene.regimes.iter().flat_map(|(regime, changes)| {
            changes.iter().enumerate().filter_map(move |(i, change)| match change {
                Change::Replace(name, mechanism) => {
                    let way = ["regimes".into(), regime.as_str().into(), i.into(), 1.into()];
                    Some((way.to_vec(), name.clone(), mechanism.clone()))
                }
                _ => None,
            })
        });
        let mut notes = Vec::new();
        for (way, name, mechanism) in nodes.chain(replaced) {
            let rows = mechanism.rounded_rows();
            let Some((first, _)) = rows.first() else { continue };
            let most = rows.iter().map(|(_, sum)| (sum - 1.0).abs()).fold(0.0, f64::max);
            let which = match rows.len() {
                1 => "the probabilities miss".to_owned(),
                n => format!("{n} rows of probabilities, this one first, miss"),
            };
            let text = format!("{which} 1 by up to {most:.1e}, as by rounding, and are normalised");
            let way: Vec<Place> = way.into_iter().chain(first.iter().cloned()).collect();
            notes.push(self.note(&way, Some(&name), text));
        }
        notes
    }

    /// The dials: names of their own, finite numbers.
    pub fn dials(&self) -> Result<(), SceneError> {
        let nodes = declared(self.scene);
        for (name, value) in &self.scene.dials {
            let way = ["dials".into(), name.as_str().into()];
            let taken = nodes.iter().any(|(n, _)| n == name) || RESERVED.contains(&name.as_str());
            if taken || !is_word(name) {
                let problem = format!("`{name}` can't be a dial");
                let remedy = "use letters, digits and _, and no name of a node or operator";
                return Err(self.error(&way, None, problem, remedy));
            }
            if !value.is_finite() {
                let problem = format!("dial `{name}` is no finite number");
                return Err(self.error(&way, None, problem, "give a finite number"));
            }
        }
        Ok(())
    }

    /// The node of a name.
    pub fn node(&self, scm: &Scm, name: &str) -> Result<NodeId, SceneError> {
        scm.find(name).ok_or_else(|| {
            self.error(&self.way_to(name), Some(name), "unknown node", scm.suggestion(name))
        })
    }

    /// The label's node: discrete, with a word for every value.
    pub fn label(&self, scm: &Scm) -> Result<NodeId, SceneError> {
        let declared = &self.scene.label;
        let node = self.node(scm, &declared.name)?;
        let name = Some(declared.name.as_str());
        let Some(size) = scm.domain(node).size() else {
            let remedy = "give it a mechanism with finitely many values";
            let way = ["label".into(), "mechanism".into()];
            return Err(self.error(&way, name, "the label is continuous", remedy));
        };
        if declared.classes.len() != size {
            let problem =
                format!("{} classes are named and the label has {size}", declared.classes.len());
            let way = ["label".into(), "classes".into()];
            return Err(self.error(&way, name, problem, "name each class once"));
        }
        Ok(node)
    }

    /// The two values between which a factor is asked about.
    pub fn contrast(&self, scm: &Scm, i: usize, node: NodeId) -> Result<(f64, f64), SceneError> {
        let declared = &self.scene.factors[i];
        let fits = |x: f64| match scm.domain(node).size() {
            Some(size) => x.fract() == 0.0 && (0.0..size as f64).contains(&x),
            None => x.is_finite(),
        };
        let error = |problem: String, remedy: &str| {
            let way = ["factors".into(), i.into(), "contrast".into()];
            Err(self.error(&way, Some(&declared.name), problem, remedy))
        };
        match (declared.contrast, scm.domain(node), scm.law(node).and_then(Law::bounds)) {
            (Some((a, b)), ..) if !fits(a) || !fits(b) || a == b => error(
                format!("contrast ({a}, {b}) isn't two values of the factor"),
                "give two different values that it can take: (absent, present)",
            ),
            (Some(contrast), ..) => Ok(contrast),
            (None, Domain::Continuous, Some((low, high))) => {
                Ok((low + 0.1 * (high - low), high - 0.1 * (high - low)))
            }
            (None, Domain::Continuous, None) => error(
                "a continuous factor needs a contrast".to_owned(),
                "add contrast: (absent, present)",
            ),
            (None, ..) => Ok((0.0, 1.0)),
        }
    }

    /// The modalities with their bindings resolved.
    pub fn renderers(&self, scm: &Scm) -> Result<Renderers, SceneError> {
        Renderers::resolve(self.scene, scm, self)
    }

    /// The node of a factor that a modality shows.
    pub fn shown(&self, scm: &Scm, way: &[Place], factor: &str) -> Result<NodeId, SceneError> {
        let names = self.scene.factors.iter().map(|f| f.name.as_str());
        if names.clone().any(|n| n == factor) {
            return self.node(scm, factor);
        }
        let problem = format!("the binding names `{factor}`, which is no factor");
        let remedy = crate::causal::suggestion(factor, names);
        Err(self.error(way, Some(factor), problem, remedy))
    }

    /// The splits: plain names of their own, one specimen or more.
    pub fn splits(&self) -> Result<(), SceneError> {
        let splits = &self.scene.splits;
        for (i, (name, specimens)) in splits.iter().enumerate() {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let own = splits[..i].iter().all(|(other, _)| other != name);
            if name.is_empty() || !name.chars().all(plain) || !own || *specimens == 0 {
                let problem = format!("the split (\"{name}\", {specimens}) can't be");
                let remedy = "give each a name of its own of letters, digits and _, and specimens";
                return Err(self.error(&["splits".into(), i.into()], None, problem, remedy));
            }
        }
        Ok(())
    }

    /// The disturbances of the scene and of its regimes.
    pub fn disturbances(&self, names: &[&str]) -> Result<(), SceneError> {
        for (i, disturbance) in self.scene.disturbances.iter().enumerate() {
            self.disturbance(&["disturbances".into(), i.into()], disturbance, names)?;
        }
        for (name, changes) in &self.scene.regimes {
            for (i, change) in changes.iter().enumerate() {
                if let Change::Disturb(disturbance) = change {
                    let way = ["regimes".into(), name.as_str().into(), i.into(), 0.into()];
                    self.disturbance(&way, disturbance, names)?;
                }
            }
        }
        Ok(())
    }

    /// A disturbance at the end of a way.
    fn disturbance(
        &self,
        way: &[Place],
        disturbance: &Disturbance,
        names: &[&str],
    ) -> Result<(), SceneError> {
        let (on, numbers) = match disturbance {
            Disturbance::Noise { level, on, hit } => {
                (on, vec![("hit", *hit), ("level", level / 10.0)])
            }
            Disturbance::Mask { share, on, hit, .. } => {
                (on, vec![("hit", *hit), ("share", *share)])
            }
            Disturbance::Missing { on, probability } => (on, vec![("probability", *probability)]),
        };
        let at = |step: &str| way.iter().cloned().chain([step.into()]).collect::<Vec<Place>>();
        for name in on {
            if !names.contains(&name.as_str()) {
                let remedy = crate::causal::suggestion(name, names.iter().copied());
                let problem = format!("the scene has no modality `{name}`");
                return Err(self.error(&at("on"), None, problem, remedy));
            }
        }
        for (field, number) in numbers {
            if !(0.0..=1.0).contains(&number) {
                let problem = format!("{field} is out of range");
                let remedy = "give a level from 0 to 10, anything else from 0 to 1";
                return Err(self.error(&at(field), None, problem, remedy));
            }
        }
        Ok(())
    }

    /// The numbers of the training section.
    pub fn training(&self) -> Result<(), SceneError> {
        let t = &self.scene.training;
        let step = |step: Step| match step {
            Step::Raw(x) | Step::Spread(x) => x,
        };
        let counts = [
            ("batch", t.batch, 2),
            ("steps", t.steps, 1),
            ("features", t.features, 1),
            ("representation", t.representation, 1),
        ];
        let weights = [
            ("lambda_s", t.lambda_s),
            ("lambda_n", t.lambda_n),
            ("lambda_v", t.lambda_v),
            ("lambda_fe", t.lambda_fe),
            ("kl_budget", t.kl_budget),
            ("step", step(t.step)),
            ("literal_step", step(t.literal_step)),
            ("distance_weight", t.distance_weight),
            ("exposure_samples", t.exposure_samples),
            ("discount", t.discount),
            ("lambda_alone", t.lambda_alone),
            ("lambda_rank", t.lambda_rank),
            ("lambda_twin", t.lambda_twin),
            ("lambda_consistency", t.lambda_consistency),
        ];
        let error = |field: &str, problem: String, remedy: String| {
            Err(self.error(&["training".into(), field.into()], None, problem, remedy))
        };
        for (field, count, least) in counts {
            if count < least {
                return error(
                    field,
                    format!("{field} {count} is too small"),
                    format!("give {least} or more"),
                );
            }
        }
        for (field, weight) in weights {
            if !weight.is_finite() || weight < 0.0 {
                let problem = format!("{field} {weight} can't be");
                return error(field, problem, "give a number of 0 or more".to_owned());
            }
        }
        if !(0.0..=1.0).contains(&t.discount_lag) {
            let problem = format!("discount_lag {} can't be", t.discount_lag);
            return error("discount_lag", problem, "give a share from 0 to 1".to_owned());
        }
        if !(0.0..1.0).contains(&t.averaging) {
            let problem = format!("averaging {} can't be", t.averaging);
            return error("averaging", problem, "give a number from 0 to below 1".to_owned());
        }
        if !t.learning_rate.is_finite() || t.learning_rate <= 0.0 {
            let problem = format!("learning_rate {} can't be", t.learning_rate);
            return error("learning_rate", problem, "give a number above 0".to_owned());
        }
        Ok(())
    }

    /// The regimes besides `iid`: their names, changes, and whether the scene declares them.
    pub fn regimes(&self) -> Result<Vec<(String, Vec<Change>, bool)>, SceneError> {
        let own = &self.scene.regimes;
        if own.contains_key("iid") {
            let way = ["regimes".into(), "iid".into()];
            let problem = "the regime `iid` is the scene as it stands";
            return Err(self.error(&way, None, problem, "give the regime another name"));
        }
        let standard =
            [("flipped", flipped(self.scene)), ("randomised", vec![Change::RandomiseNonCausal])];
        let mut all: Vec<_> = standard
            .into_iter()
            .map(|(name, changes)| match own.get(name) {
                Some(declared) => (name.to_owned(), declared.clone(), true),
                None => (name.to_owned(), changes, false),
            })
            .collect();
        let others = own.iter().filter(|(n, _)| *n != "flipped" && *n != "randomised");
        all.extend(others.map(|(n, changes)| (n.clone(), changes.clone(), true)));
        Ok(all)
    }

    /// A note on a regime that the scene doesn't declare and that can't be.
    pub fn left_out(&self, name: &str, fault: &Fault) -> Note {
        let text = format!("there is no regime `{name}`: {}", fault.problem);
        self.note(&["regimes".into()], None, text)
    }

    /// A fault of a regime; `change` is the position of the culprit.
    pub fn regime_fault(&self, name: &str, change: usize, fault: Fault) -> SceneError {
        let mut way = vec!["regimes".into(), name.into(), change.into()];
        way.extend(fault.place);
        let problem = format!("regime `{name}`: {}", fault.problem);
        self.error(&way, Some(&fault.node), problem, fault.remedy)
    }
}

/// Whether a rule can read it as one name.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
