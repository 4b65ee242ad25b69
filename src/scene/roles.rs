//! Roles: checked where a scene declares them, found where it doesn't.

use super::check::Checker;
use super::{CLASS, FactorDeclaration, RolesBy, Scene, SceneError};
use crate::causal::bounds::Evidence;
use crate::causal::causation::{Direction, Finding, Truth};
use crate::causal::tally::{Contrast, How, Tally, tallies};
use crate::causal::{NodeId, Role, Scm, Standing};

/// What is done with declared roles that are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongRoles {
    /// The scene is refused.
    Refused,
    /// The scene is played with the right ones, and the stage tells of the wrong ones.
    Told,
}

/// The roles of a scene's factors.
pub(super) struct Roles {
    /// For each factor the declared role where it's right, else the one that was found.
    pub right: Vec<Role>,
    /// An error for each declared role that is wrong.
    pub wrong: Vec<SceneError>,
}

impl Roles {
    /// Judges what is declared by what was found of each factor.
    pub fn of(
        scene: &Scene,
        checker: &Checker,
        scm: &Scm,
        label: NodeId,
        contrasts: &[Contrast],
        findings: &[Finding],
    ) -> Self {
        let mut roles = Self { right: Vec::new(), wrong: Vec::new() };
        let mut seen = observed(scene, scm, label, contrasts).into_iter();
        for (i, (declared, finding)) in scene.factors.iter().zip(findings).enumerate() {
            let known = Known {
                operated: Standing::of(&finding.truths, CLASS, finding.associated),
                observed: seen.next().unwrap_or(Observed::NotAsked),
            };
            let found = known.role();
            let contradiction = declared.role.and_then(|role| known.contradiction(role));
            let error = contradiction.map(|why| wrong(checker, i, declared, found, &why));
            roles.right.push(match (declared.role, &error) {
                (Some(role), None) => role,
                _ => found,
            });
            roles.wrong.extend(error);
        }
        roles
    }
}

fn wrong(
    checker: &Checker,
    i: usize,
    declared: &FactorDeclaration,
    found: Role,
    why: &str,
) -> SceneError {
    let way = ["factors".into(), i.into(), "role".into()];
    let role = declared.role.unwrap_or(found);
    let problem = format!("role {role} is contradicted by the truth: {why}");
    let remedy = format!("declare role: {found}, or change the mechanisms");
    checker.error(&way, Some(&declared.name), problem, remedy)
}

/// What roles are judged by.
struct Known {
    operated: Standing,
    observed: Observed,
}

/// What observation shows of a factor.
enum Observed {
    /// The factor's role isn't judged by it.
    NotAsked,
    /// Not exactly enough to judge by it.
    Inexactly,
    Exactly(Standing),
}

impl Known {
    /// Why a role is wrong. Causes are judged by observation where the scene wants it; where that
    /// shows nothing of a factor that is one, and for all other roles, by interventions.
    fn contradiction(&self, role: Role) -> Option<String> {
        match &self.observed {
            Observed::Exactly(seen)
                if role.is_causal() && (seen.causal || !self.operated.causal) =>
            {
                role.contradiction(seen)
            }
            Observed::Inexactly if role.is_causal() && !self.operated.causal => Some(
                "no intervention on it ever changes the label, and what is observed of it isn't \
                 exact: its noise or the label's isn't finite"
                    .to_owned(),
            ),
            _ => role.contradiction(&self.operated),
        }
    }

    /// The right role: the strictest that nothing contradicts.
    fn role(&self) -> Role {
        let by = match &self.observed {
            Observed::Exactly(seen) if seen.causal => seen,
            _ => &self.operated,
        };
        Role::of(by)
    }
}

/// What observation shows of each factor whose role may be judged by it.
fn observed(scene: &Scene, scm: &Scm, label: NodeId, contrasts: &[Contrast]) -> Vec<Observed> {
    let asked = |factor: &FactorDeclaration| {
        scene.roles == RolesBy::Observation && factor.role.is_none_or(Role::is_causal)
    };
    let pairs = || scene.factors.iter().zip(contrasts);
    let wanted: Vec<Contrast> = pairs().filter(|(f, _)| asked(f)).map(|(_, c)| *c).collect();
    let mut tallies = tallies(scm, label, &wanted).into_iter();
    let of = |tally: Tally| {
        if tally.how != How::Exact {
            return Observed::Inexactly;
        }
        let truths: Vec<Truth> = (0..tally.classes()).map(|class| seen(&tally, class)).collect();
        Observed::Exactly(Standing::of(&truths, CLASS, tally.associated))
    };
    pairs()
        .map(|(factor, _)| if asked(factor) { tallies.next() } else { None })
        .map(|tally| tally.map_or(Observed::NotAsked, of))
        .collect()
}

/// The truth as it looks to one who assumes exogeneity and monotonicity.
fn seen(tally: &Tally, class: usize) -> Truth {
    let evidence = Evidence::from_tally(tally, class);
    let [with, without] = [evidence.y_given_x(), evidence.y_given_not_x()];
    let direction = |with: f64, without: f64| match with - without {
        pns if pns > 0.0 => {
            Direction { pn: Some(pns / with), ps: Some(pns / (1.0 - without)), pns }
        }
        _ => Direction::NONE,
    };
    let (forward, reversed) = (direction(with, without), direction(without, with));
    Truth { forward, reversed, ..Truth::NONE }
}
