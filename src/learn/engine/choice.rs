//! Which engine computes a training.

use super::super::LearnError;
use crate::scene::training::{Distance, Method, Objective, Training};

/// What computes the updates of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// dfdx: every method and every setting, and the GPU where the program is built for it.
    Dfdx,
    /// The fused engine of this program, on the CPU.
    Fused,
    /// The fused engine where it can, dfdx elsewhere.
    #[default]
    Auto,
}

impl Engine {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Dfdx, Self::Fused];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dfdx => "dfdx",
            Self::Fused => "fused",
            Self::Auto => "auto",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Dfdx => "dfdx: every method and setting",
            Self::Fused => "the fused engine: dense methods on the CPU, several times as fast",
            Self::Auto => "the fused engine where it can, dfdx elsewhere",
        }
    }
}

/// Why a training can't be fused; none if it can.
const fn obstacle(training: &Training) -> Option<&'static str> {
    let fused = matches!(
        training.method,
        Method::Concat | Method::Late | Method::Image | Method::Audio | Method::Text
    );
    if !fused {
        return Some("it knows the methods concat, late, image, audio and text; take dfdx or auto");
    }
    let instrumental = matches!(training.objective, Objective::C3r | Objective::C3rLiteral);
    if instrumental && training.lambda_v != 0.0 && !matches!(training.distance, Distance::Kl) {
        return Some("it knows no other distance in L_v than Kl; take dfdx or auto");
    }
    None
}

/// An error if a training can't be fused.
///
/// # Errors
/// [`LearnError::Setting`], with the reason.
pub fn refuse(training: &Training) -> Result<(), LearnError> {
    obstacle(training).map_or(Ok(()), |remedy| {
        let (setting, found) = ("the engine".into(), Engine::Fused.name().into());
        Err(LearnError::Setting { setting, found, remedy })
    })
}

/// The engine that a training gets, which is never [`Engine::Auto`], and why it is that one.
///
/// # Errors
/// [`LearnError::Setting`] where [`Engine::Fused`] is asked for and can't be.
pub fn choose(engine: Engine, training: &Training) -> Result<(Engine, &'static str), LearnError> {
    match (engine, obstacle(training)) {
        (Engine::Dfdx, _) => Ok((Engine::Dfdx, "it was asked for")),
        (Engine::Fused, _) => refuse(training).map(|()| (Engine::Fused, "it was asked for")),
        (Engine::Auto, _) if cfg!(feature = "cuda") => {
            Ok((Engine::Dfdx, "this program is built to train on a GPU"))
        }
        (Engine::Auto, None) => {
            Ok((Engine::Fused, "it knows this method and objective, and is faster"))
        }
        (Engine::Auto, Some(_)) => {
            Ok((Engine::Dfdx, "the fused engine doesn't know this method or distance"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_fused_where_it_can_and_fused_says_why_it_cannot() {
        let plain = Training::default();
        let other = Training { method: Method::Qmf, ..plain.clone() };
        let mse = Training { objective: Objective::C3r, distance: Distance::Mse, ..plain.clone() };
        let auto = |training: &Training| choose(Engine::Auto, training).unwrap().0;
        let fused = if cfg!(feature = "cuda") { Engine::Dfdx } else { Engine::Fused };
        assert_eq!((auto(&plain), auto(&other)), (fused, Engine::Dfdx));
        assert_eq!(auto(&Training { lambda_v: 0.0, ..mse.clone() }), fused);
        assert_eq!(auto(&Training { objective: Objective::Erm, ..mse.clone() }), fused);
        let message =
            |training: &Training| choose(Engine::Fused, training).unwrap_err().to_string();
        assert!(message(&other).contains("concat"), "{}", message(&other));
        assert!(message(&mse).contains("Kl"));
    }
}
