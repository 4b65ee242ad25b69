//! What must hold of a scene before it's played, each with the place where it doesn't.

use super::locate::{Tree, line_and_column};
use super::regime::{declared, flipped};
use super::training::Step;
use super::{CLASS, Change, Disturbance, Renderers, RolesBy, Scene, SceneError};
use crate::causal::bounds::Evidence;
use crate::causal::causation::{Direction, Finding, Query};
use crate::causal::exogenous::kept_share;
use crate::causal::{Domain, Fault, Law, Mechanism, NodeId, Place, RESERVED, Scm};

/// The least share of specimens that a selection may keep, and over how many draws it's found.
const LEAST_KEPT: f64 = 0.001;
const SELECTION_DRAWS: u64 = 10_000;

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
            path: self.path.to_owned(),
            position: found.map(|part| line_and_column(self.text, part.start)),
            problem: problem.into(),
            node: node.map(str::to_owned),
            remedy: remedy.into(),
        }
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
            let error = |problem: String, remedy: String| {
                self.error(&["selection".into()], None, problem, remedy)
            };
            scm.select(rule).map_err(|fault| error(fault.problem, fault.remedy))?;
            let kept = kept_share(&scm, self.scene.seed, SELECTION_DRAWS);
            if kept < LEAST_KEPT {
                let problem = format!("the selection keeps {kept} of all specimens");
                let remedy = format!("let it keep {LEAST_KEPT} or more");
                return Err(error(problem, remedy));
            }
        }
        Ok(scm)
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

    /// The declared role against the truth, or against what observation shows of it.
    pub fn role(
        &self,
        scm: &Scm,
        i: usize,
        query: &Query,
        found: &Finding,
    ) -> Result<(), SceneError> {
        let declared = &self.scene.factors[i];
        let way = ["factors".into(), i.into(), "role".into()];
        let mut judged = found.truths[CLASS];
        if self.scene.roles == RolesBy::Observation && declared.role.is_causal() {
            let evidence = Evidence::of(scm, query);
            if evidence.trials.is_some() {
                let problem = "what is observed of the factor isn't exact";
                let remedy = "let factor and label follow from finitely many noise values";
                return Err(self.error(&way, Some(&declared.name), problem, remedy));
            }
            let seen = evidence.observational();
            let reversed = (-seen.pns).max(0.0);
            judged.forward = Direction { pn: Some(seen.pn), ps: Some(seen.ps), pns: seen.pns };
            judged.reversed.pns = reversed;
        }
        let Some(why) = declared.role.contradiction(&judged, found.associated) else {
            return Ok(());
        };
        let problem = format!("role {} is contradicted by the truth: {why}", declared.role);
        let remedy = "declare the role that the mechanisms give it, or change them";
        Err(self.error(&way, Some(&declared.name), problem, remedy))
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

    /// A fault of a regime; `change` is the position of the culprit where the scene declares it.
    pub fn regime_fault(&self, name: &str, change: Option<usize>, fault: Fault) -> SceneError {
        let mut way = vec!["regimes".into(), name.into()];
        way.extend(change.map(Place::Index));
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
