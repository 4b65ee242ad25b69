//! Which engine computes a training, and on which device.

use super::super::LearnError;
use super::cuda;
use super::shape::Joining;
use crate::scene::training::{Distance, Objective, Training};

/// What computes the updates of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// dfdx: every method and every setting, and the GPU where the program is built for it.
    Dfdx,
    /// The fused engine of this program, on the CPU or on an NVIDIA card.
    Fused,
    /// The fused engine where it can, dfdx elsewhere.
    #[default]
    Auto,
}

impl Engine {
    /// Whether it computes an objective. What an engine doesn't know it refuses; it trains nothing else
    /// in its place.
    #[must_use]
    pub const fn knows(self, objective: Objective) -> bool {
        match self {
            Self::Dfdx => match objective {
                Objective::Erm
                | Objective::C3r
                | Objective::C3rLiteral
                | Objective::C3rAdjust
                | Objective::C3rDiscount
                | Objective::C3rTwin => true,
            },
            // On a card it knows fewer, which are told there.
            Self::Fused => match objective {
                Objective::Erm
                | Objective::C3r
                | Objective::C3rLiteral
                | Objective::C3rAdjust
                | Objective::C3rDiscount
                | Objective::C3rTwin => true,
            },
            Self::Auto => Self::Dfdx.knows(objective) || Self::Fused.knows(objective),
        }
    }

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
            Self::Fused => "the fused engine: dense methods, several times as fast",
            Self::Auto => "the fused engine where it can, dfdx elsewhere",
        }
    }
}

/// Why a training can't be fused; none if it can.
const fn obstacle(training: &Training) -> Option<&'static str> {
    if !Engine::Fused.knows(training.objective) {
        return Some("it doesn't know this objective; take dfdx or auto");
    }
    if Joining::of(training.method).is_none() {
        return Some("it knows the methods concat, late, image, audio and text; take dfdx or auto");
    }
    if training.objective.has_gradient_step()
        && training.lambda_v != 0.0
        && !matches!(training.distance, Distance::Kl)
    {
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

/// Where updates are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// An NVIDIA card where there is one that can be used, the CPU elsewhere.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA card.
    Cuda,
    /// An NVIDIA card, whose matrix products round their factors to 10 bits.
    CudaTf32,
}

impl Device {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Cpu, Self::Cuda, Self::CudaTf32];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::CudaTf32 => "cuda-tf32",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Auto => "an NVIDIA card where the engine can use one, the CPU elsewhere",
            Self::Cpu => "the CPU",
            Self::Cuda => "an NVIDIA card, in 32 bits throughout",
            Self::CudaTf32 => "an NVIDIA card, whose products round their factors to TF32",
        }
    }
}

/// An engine and a device. An engine alone means the CPU, but for dfdx where it was built for a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    /// The engine.
    pub engine: Engine,
    /// The device.
    pub device: Device,
}

impl From<Engine> for Compute {
    fn from(engine: Engine) -> Self {
        let device = if cfg!(feature = "cuda") { Device::Auto } else { Device::Cpu };
        Self { engine, device }
    }
}

impl Default for Compute {
    fn default() -> Self {
        Engine::default().into()
    }
}

/// What a training gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Engine and device, neither of them [`Engine::Auto`] or [`Device::Auto`].
    pub compute: Compute,
    /// Why it is this engine, and why this device.
    pub reason: String,
}

/// The device that dfdx was built for.
const DFDX: Device = if cfg!(feature = "cuda") { Device::Cuda } else { Device::Cpu };

/// dfdx on the device that is asked for.
fn dfdx(device: Device, training: &Training, reason: &str) -> Result<Choice, LearnError> {
    if !Engine::Dfdx.knows(training.objective) {
        let (setting, found) = ("the objective of dfdx".into(), training.objective.name().into());
        let remedy = "it doesn't know this objective; take fused or auto";
        return Err(LearnError::Setting { setting, found, remedy });
    }
    if device != Device::Auto && device != DFDX {
        return Err(LearnError::Setting {
            setting: "the device of dfdx".into(),
            found: device.name().into(),
            remedy: if cfg!(feature = "cuda") {
                "this program has dfdx for `cuda`; take that, or `--engine fused`"
            } else {
                "this program has dfdx for `cpu`; take that, or `--engine fused`"
            },
        });
    }
    let compute = Compute { engine: Engine::Dfdx, device: DFDX };
    Ok(Choice { compute, reason: reason.to_owned() })
}

/// The fused engine on the device that is asked for; `card` says which there is.
fn fused(
    device: Device,
    reason: &str,
    card: impl FnOnce() -> Result<String, LearnError>,
) -> Result<Choice, LearnError> {
    let (device, place) = match (device, card) {
        (Device::Cpu, _) => (Device::Cpu, None),
        (Device::Auto, card) => match card() {
            Ok(name) => (Device::Cuda, Some(format!("there is a card: {name}"))),
            Err(LearnError::NoCard(reason)) => {
                (Device::Cpu, Some(format!("there is no card to take: {reason}")))
            }
            Err(error) => (Device::Cpu, Some(error.to_string())),
        },
        (Device::Cuda | Device::CudaTf32, card) => (device, Some(format!("on the {}", card()?))),
    };
    let reason = match place {
        Some(place) => format!("{reason}; {place}"),
        None => reason.to_owned(),
    };
    Ok(Choice { compute: Compute { engine: Engine::Fused, device }, reason })
}

/// What a training gets, and why.
///
/// # Errors
/// [`LearnError::Setting`] where the fused engine is asked for and can't be, or dfdx on another
/// device than it was built for; [`LearnError::NoCard`] where a card is asked for and there is none.
pub fn choose(compute: impl Into<Compute>, training: &Training) -> Result<Choice, LearnError> {
    let Compute { engine, device } = compute.into();
    match (engine, obstacle(training)) {
        (Engine::Dfdx, _) => dfdx(device, training, "it was asked for"),
        (Engine::Fused, _) => {
            refuse(training)?;
            fused(device, "it was asked for", cuda::card_name)
        }
        (Engine::Auto, None) => {
            let reason = "it knows this method and objective, and is faster";
            fused(device, reason, cuda::card_name)
        }
        (Engine::Auto, Some(_)) => {
            dfdx(device, training, "the fused engine doesn't know this method or distance")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::training::Method;

    #[test]
    fn an_objective_is_known_or_refused() {
        for objective in Objective::ALL {
            let training = Training { objective, ..Training::default() };
            for engine in [Engine::Dfdx, Engine::Fused] {
                let compute = Compute { engine, device: Device::Auto };
                let found = choose(compute, &training);
                assert_eq!(found.is_ok(), engine.knows(objective), "{engine:?} {objective:?}");
            }
            assert!(Engine::Auto.knows(objective), "{objective:?} can't be trained at all");
        }
    }

    #[test]
    fn auto_is_fused_where_it_can_and_fused_says_why_it_cannot() {
        let plain = Training::default();
        let other = Training { method: Method::Qmf, ..plain.clone() };
        let mse = Training { objective: Objective::C3r, distance: Distance::Mse, ..plain.clone() };
        let auto = |training: &Training| choose(Engine::Auto, training).unwrap().compute.engine;
        assert_eq!((auto(&plain), auto(&other)), (Engine::Fused, Engine::Dfdx));
        assert_eq!(auto(&Training { lambda_v: 0.0, ..mse.clone() }), Engine::Fused);
        assert_eq!(auto(&Training { objective: Objective::Erm, ..mse.clone() }), Engine::Fused);
        let message =
            |training: &Training| choose(Engine::Fused, training).unwrap_err().to_string();
        assert!(message(&other).contains("concat"), "{}", message(&other));
        assert!(message(&mse).contains("Kl"));
    }

    #[test]
    fn auto_takes_a_card_where_there_is_one_and_cuda_says_what_is_missing() {
        let there = || Ok("Some Card".to_owned());
        let none = || Err(LearnError::NoCard("the library libcuda isn't there".into()));
        let of = |device| fused(device, "asked", there).unwrap();
        assert_eq!(of(Device::Auto).compute.device, Device::Cuda);
        assert!(of(Device::Auto).reason.contains("Some Card"));
        assert_eq!(of(Device::Cpu).compute.device, Device::Cpu);
        assert_eq!(of(Device::CudaTf32).compute.device, Device::CudaTf32);
        let cpu = fused(Device::Auto, "asked", none).unwrap();
        assert_eq!(cpu.compute.device, Device::Cpu);
        assert!(cpu.reason.contains("libcuda"), "{}", cpu.reason);
        let error = fused(Device::Cuda, "asked", none).unwrap_err().to_string();
        assert!(error.contains("libcuda") && error.contains("--device cpu"), "{error}");
    }

    #[test]
    fn dfdx_is_where_it_was_built_for() {
        let plain = Training::default();
        let of = |device| choose(Compute { engine: Engine::Dfdx, device }, &plain);
        assert_eq!(of(Device::Auto).unwrap(), of(DFDX).unwrap());
        let other = if DFDX == Device::Cpu { Device::Cuda } else { Device::Cpu };
        let error = of(other).unwrap_err().to_string();
        assert!(error.contains("--engine fused"), "{error}");
    }
}
