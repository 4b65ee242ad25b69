//! A checked scene: its models, the truth about them, and its renderers.

use super::check::Checker;
use super::reach;
use super::regime::changed;
use super::roles::{Roles, WrongRoles};
use super::{Note, Regime, Renderers, Scene, SceneError};
use crate::causal::causation::{Truth, findings};
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
    /// The regimes: `iid`, `flipped`, `randomised`, then the scene's own by name. Of `flipped` and
    /// `randomised` one that can't be is left out with a note.
    pub regimes: Vec<Regime>,
    /// The renderers of the scene's modalities.
    pub renderers: Renderers,
    /// What is worth knowing of the scene though it's right.
    pub notes: Vec<Note>,
    /// Declared roles that are wrong: none but where that was allowed ([`WrongRoles::Told`]).
    pub wrong_roles: Vec<SceneError>,
    /// The roles as they were declared; those of `scene` are all there, and right.
    declared_roles: Vec<Option<Role>>,
}

/// The label's class that is asked about: the second, "it is one".
pub const CLASS: usize = 1;

impl Stage {
    /// Checks a declaration. `text` is what it was read from and `path` its name in errors.
    ///
    /// # Errors
    /// The first thing that is wrong with it; of wrong roles all.
    pub fn new(scene: Scene, text: &str, path: &str) -> Result<Self, SceneError> {
        Self::new_as(scene, text, path, WrongRoles::Refused)
    }

    /// As [`Stage::new`], of a scene whose declared roles may be wrong.
    ///
    /// # Errors
    /// As [`Stage::new`].
    pub fn new_as(
        scene: Scene,
        text: &str,
        path: &str,
        wrong: WrongRoles,
    ) -> Result<Self, SceneError> {
        let checker = Checker::new(&scene, text, path);
        let draft = Draft::new(&scene, &checker)?;
        // What takes no time is checked before the truth, which does.
        let mut regimes = draft.regimes(&scene, &checker)?;
        let Draft { iid, label, contrasts, .. } = &draft;
        let findings = findings(&iid.scm, *label, contrasts);
        let roles = Roles::of(&scene, &checker, &iid.scm, *label, contrasts, &findings);
        let refused = if wrong == WrongRoles::Refused { roles.wrong.clone() } else { Vec::new() };
        if let Some(error) = SceneError::together(refused) {
            return Err(error);
        }
        let mut played = scene.clone();
        for (factor, role) in played.factors.iter_mut().zip(&roles.right) {
            factor.role = Some(*role);
        }
        if played != scene {
            regimes = draft.regimes(&played, &checker)?;
        }
        let Draft { iid, label, contrasts, renderers, mut notes } = draft;
        notes.extend(regimes.notes);
        let mut factors = Vec::new();
        for (i, (declared, finding)) in played.factors.iter().zip(findings).enumerate() {
            let Contrast { factor: node, absent, present } = contrasts[i];
            let (name, role) = (declared.name.clone(), roles.right[i]);
            let domain = iid.scm.domain(node);
            let truths = finding.truths;
            factors.push(Factor { name, node, role, domain, absent, present, truths });
        }
        let declared_roles = scene.factors.iter().map(|factor| factor.role).collect();
        let regimes = std::iter::once(iid).chain(regimes.regimes).collect();
        let wrong_roles = roles.wrong;
        let scene = played;
        Ok(Self { scene, label, factors, regimes, renderers, notes, wrong_roles, declared_roles })
    }

    /// The stage with notes and errors that have no line and column: they are of a text that nobody
    /// has seen.
    pub(super) fn placeless(mut self) -> Self {
        self.notes.iter_mut().for_each(|note| note.position = None);
        self.wrong_roles.iter_mut().for_each(|error| error.position = None);
        self
    }

    /// The scene with no other roles than those that were declared.
    #[must_use]
    pub fn declared(&self) -> Scene {
        let mut scene = self.scene.clone();
        for (factor, role) in scene.factors.iter_mut().zip(&self.declared_roles) {
            factor.role = *role;
        }
        scene
    }

    /// The factors whose roles weren't declared, with the roles that they have.
    #[must_use]
    pub fn found_roles(&self) -> String {
        let found = self.factors.iter().zip(&self.declared_roles).filter(|(_, r)| r.is_none());
        let words: Vec<String> = found.map(|(f, _)| format!("{} {}", f.name, f.role)).collect();
        words.join(", ")
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

/// A scene of which all is checked but regimes and roles.
pub(super) struct Draft {
    iid: Regime,
    label: NodeId,
    contrasts: Vec<Contrast>,
    renderers: Renderers,
    notes: Vec<Note>,
}

/// The regimes besides `iid`, and what is to be said of them.
pub(super) struct Regimes {
    regimes: Vec<Regime>,
    notes: Vec<Note>,
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
        reach::check(scene, &iid.scm, &iid, &contrasts, &renderers, checker)?;
        Ok(Self { iid, label, contrasts, renderers, notes: checker.rounded() })
    }

    /// The regimes with the roles of a scene.
    pub(super) fn regimes(&self, scene: &Scene, checker: &Checker) -> Result<Regimes, SceneError> {
        let iid = &self.iid;
        let mut all = Regimes { regimes: Vec::new(), notes: Vec::new() };
        for (name, changes, declared) in checker.regimes()? {
            let regime = match changed(scene, &iid.scm, &name, &changes) {
                Ok(regime) => regime,
                Err((i, fault)) if declared => return Err(checker.regime_fault(&name, i, fault)),
                // The scene is right without the regimes that it didn't ask for.
                Err((_, fault)) => {
                    all.notes.push(checker.left_out(&name, &fault));
                    continue;
                }
            };
            reach::check(scene, &iid.scm, &regime, &self.contrasts, &self.renderers, checker)?;
            all.regimes.push(regime);
        }
        Ok(all)
    }
}
