//! A checked scene: its models, the truth about them, and its renderers.

use super::check::Checker;
use super::regime::changed;
use super::{Change, Renderers, Scene, SceneError};
use crate::causal::causation::{Query, Truth, truth};
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
    /// Its PN, PS and PNS for the label's class of interest.
    pub truth: Truth,
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
    /// Each regime with its model: `iid`, `flipped`, `randomised`, then the scene's own by name.
    pub regimes: Vec<(String, Scm)>,
    /// What each regime changes in the scene, in the order of `regimes`; nothing for `iid`.
    pub changes: Vec<(String, Vec<Change>)>,
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
        checker.head()?;
        let scm = checker.model()?;
        let label = checker.label(&scm)?;
        let mut factors = Vec::new();
        for (i, declared) in scene.factors.iter().enumerate() {
            let node = checker.node(&scm, &declared.name)?;
            let (absent, present) = checker.contrast(&scm, i, node)?;
            let query = Query { factor: node, label, class: CLASS as f64, absent, present };
            let truth = truth(&scm, &query);
            checker.role(&scm, i, node, label, &truth)?;
            let (name, role) = (declared.name.clone(), declared.role);
            let domain = scm.domain(node);
            factors.push(Factor { name, node, role, domain, absent, present, truth });
        }
        let renderers = checker.renderers(&scm)?;
        checker.training()?;
        let mut regimes = vec![("iid".to_owned(), scm.clone())];
        let mut made = vec![("iid".to_owned(), Vec::new())];
        for (name, changes, declared) in checker.regimes()? {
            let model = changed(&scene, &scm, &changes)
                .map_err(|(i, fault)| checker.regime_fault(&name, declared.then_some(i), fault))?;
            regimes.push((name.clone(), model));
            made.push((name, changes));
        }
        Ok(Self { scene, label, factors, regimes, changes: made, renderers })
    }

    /// The model of the scene as it stands.
    #[must_use]
    pub fn scm(&self) -> &Scm {
        // The first regime is `iid`, by construction.
        &self.regimes[0].1
    }

    /// The model of a regime.
    #[must_use]
    pub fn regime(&self, name: &str) -> Option<&Scm> {
        self.regimes.iter().find(|(n, _)| n == name).map(|(_, scm)| scm)
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
