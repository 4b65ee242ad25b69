//! A checked scene: its models, the truth about them, and its renderers.

use super::check::Checker;
use super::reach;
use super::regime::changed;
use super::{Regime, Renderers, Scene, SceneError};
use crate::causal::causation::{Query, Truth, findings};
use crate::causal::tally::Contrast;
use crate::causal::{Domain, NodeId, Role, Scm};

/// A generating factor of a checked scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// Its node in every model of the stage.
    pub node: NodeId,
    /// What it is to the label.
    pub role: Role,
    /// The values it can take.
    pub domain: Domain,
    /// The value x' of its contrast.
    pub absent: f64,
    /// The value x of its contrast.
    pub present: f64,
    /// Its PN, PS and PNS, class by class of the label.
    pub truths: Vec<Truth>,
}

impl Factor {
    /// Its PN, PS and PNS for the label's class of interest ([`CLASS`]).
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.truths[CLASS]
    }
}

/// A scene ready to be played.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The declaration.
    pub scene: Scene,
    /// The label's node in every model.
    pub label: NodeId,
    /// The factors in the order of the scene.
    pub factors: Vec<Factor>,
    /// The regimes: `iid`, `flipped`, `randomised`, then the scene's own by name.
    pub regimes: Vec<Regime>,
    /// The renderers of the scene's modalities.
    pub renderers: Renderers,
}

/// The label's class that is asked about: the second, "it is one".
pub const CLASS: usize = 1;

impl Stage {
    /// Checks a declaration. `text` is what it was read from and `path` its name in errors.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(scene: Scene, text: &str, path: &str) -> Result<Self, SceneError> {
        let checker = Checker::new(&scene, text, path);
        let Draft { label, contrasts, renderers, regimes } = Draft::new(&scene, &checker)?;
        let scm = &regimes[0].scm;
        let mut factors = Vec::new();
        let findings = findings(scm, label, &contrasts);
        for (i, (declared, finding)) in scene.factors.iter().zip(findings).enumerate() {
            let Contrast { factor: node, absent, present } = contrasts[i];
            let query = Query { factor: node, label, class: CLASS as f64, absent, present };
            checker.role(scm, i, &query, &finding)?;
            let truths = finding.truths;
            let (name, role) = (declared.name.clone(), declared.role);
            let domain = scm.domain(node);
            factors.push(Factor { name, node, role, domain, absent, present, truths });
        }
        Ok(Self { scene, label, factors, regimes, renderers })
    }

    /// The model of the scene as it stands.
    #[must_use]
    pub fn scm(&self) -> &Scm {
        &self.iid().scm
    }

    /// The scene as it stands, as a regime.
    #[must_use]
    pub fn iid(&self) -> &Regime {
        // The first regime is `iid`, by construction.
        &self.regimes[0]
    }

    /// The regime of this name.
    #[must_use]
    pub fn regime(&self, name: &str) -> Option<&Regime> {
        self.regimes.iter().find(|regime| regime.name == name)
    }

    /// The number of classes of the label.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.scene.label.classes.len()
    }

    /// The factor of this name.
    #[must_use]
    pub fn factor(&self, name: &str) -> Option<&Factor> {
        self.factors.iter().find(|f| f.name == name)
    }
}

/// A scene of which all is checked but the roles.
pub(super) struct Draft {
    label: NodeId,
    contrasts: Vec<Contrast>,
    renderers: Renderers,
    /// `iid` first.
    regimes: Vec<Regime>,
}

impl Draft {
    pub(super) fn new(scene: &Scene, checker: &Checker) -> Result<Self, SceneError> {
        checker.head()?;
        checker.dials()?;
        let scm = checker.model()?;
        let label = checker.label(&scm)?;
        let mut contrasts = Vec::new();
        for (i, declared) in scene.factors.iter().enumerate() {
            let factor = checker.node(&scm, &declared.name)?;
            let (absent, present) = checker.contrast(&scm, i, factor)?;
            contrasts.push(Contrast { factor, absent, present });
        }
        let renderers = checker.renderers(&scm)?;
        checker.training()?;
        checker.splits()?;
        checker.disturbances(&renderers.names())?;
        let disturbances = scene.disturbances.clone();
        let iid = Regime { name: "iid".to_owned(), changes: Vec::new(), scm, disturbances };
        let mut regimes = vec![iid];
        for (name, changes, declared) in checker.regimes()? {
            let regime = changed(scene, &regimes[0].scm, &name, &changes)
                .map_err(|(i, fault)| checker.regime_fault(&name, declared.then_some(i), fault))?;
            regimes.push(regime);
        }
        for regime in &regimes {
            reach::check(scene, &regimes[0].scm, regime, &contrasts, &renderers, checker)?;
        }
        Ok(Self { label, contrasts, renderers, regimes })
    }
}
