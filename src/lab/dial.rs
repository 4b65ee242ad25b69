//! The dials of a scene: numbers that a person may turn while it's played.

use crate::causal::Mechanism;
use crate::scene::{Disturbance, Modality, Scene};

/// A number of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    /// The correlation that a `Confounded` factor has with its companion.
    Strength(String),
    /// A dial that the scene itself names.
    Named(String),
    /// The noise of the modality at this place.
    Noise(usize),
    /// The chance of each modality to be missing.
    Missing,
}

/// A dial as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Which dial.
    pub dial: Dial,
    /// Its words.
    pub label: String,
    /// What it does.
    pub help: String,
    /// Where it stands.
    pub value: f64,
    /// Its ends.
    pub range: (f64, f64),
}

/// All dials of a scene.
pub fn dials(scene: &Scene) -> Vec<Setting> {
    let mut all = Vec::new();
    for factor in &scene.factors {
        if let Mechanism::Confounded { by, with, strength } = &factor.mechanism {
            all.push(Setting {
                dial: Dial::Strength(factor.name.clone()),
                label: format!("{} strength", factor.name),
                help: format!(
                    "How closely {} follows {} through the confounder {by}: 0 not at all, 1 always, -1 never",
                    factor.name,
                    with.as_ref().unwrap_or(by)
                ),
                value: *strength,
                range: (-1.0, 1.0),
            });
        }
    }
    for (name, &value) in &scene.dials {
        let reach = (2.0 * value.abs()).max(1.0);
        all.push(Setting {
            dial: Dial::Named(name.clone()),
            label: name.clone(),
            help: "A number that the scene's rules use".to_owned(),
            value,
            range: (if value < 0.0 { -reach } else { 0.0 }, reach),
        });
    }
    for (place, modality) in scene.modalities.iter().enumerate() {
        let (name, noise) = match modality {
            Modality::Image(image) => ("image", image.noise),
            Modality::Audio(audio) => ("audio", audio.noise),
            Modality::Text(_) | Modality::Vector(_) => continue,
        };
        all.push(Setting {
            dial: Dial::Noise(place),
            label: format!("{name} noise"),
            help: "Standard deviation of the noise, as a share of the full scale".to_owned(),
            value: f64::from(noise),
            range: (0.0, 0.5),
        });
    }
    let missing = scene.disturbances.iter().find_map(|d| match d {
        Disturbance::Missing { on, probability } if on.is_empty() => Some(f64::from(*probability)),
        _ => None,
    });
    if scene.modalities.len() > 1 {
        all.push(Setting {
            dial: Dial::Missing,
            label: "missing".to_owned(),
            help: "Chance of each modality to be missing; one always stays".to_owned(),
            value: missing.unwrap_or(0.0),
            range: (0.0, 0.9),
        });
    }
    all
}

/// The scene with a dial at another number.
pub fn turned(scene: &Scene, dial: &Dial, value: f64) -> Scene {
    let mut scene = scene.clone();
    match dial {
        Dial::Strength(name) => {
            let factor = scene.factors.iter_mut().find(|f| f.name == *name);
            if let Some(Mechanism::Confounded { strength, .. }) =
                factor.map(|factor| &mut factor.mechanism)
            {
                *strength = value;
            }
        }
        Dial::Named(name) => {
            if let Some(own) = scene.dials.get_mut(name) {
                *own = value;
            }
        }
        Dial::Noise(place) => match scene.modalities.get_mut(*place) {
            Some(Modality::Image(image)) => image.noise = value as f32,
            Some(Modality::Audio(audio)) => audio.noise = value as f32,
            _ => {}
        },
        Dial::Missing => {
            let everywhere =
                |d: &Disturbance| matches!(d, Disturbance::Missing { on, .. } if on.is_empty());
            scene.disturbances.retain(|d| !everywhere(d));
            if value > 0.0 {
                let probability = value as f32;
                scene.disturbances.push(Disturbance::Missing { on: Vec::new(), probability });
            }
        }
    }
    scene
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::load;

    #[test]
    fn every_dial_turns_and_turns_back() {
        let stage = load(std::path::Path::new("scenes/duck.ron")).unwrap();
        let all = dials(&stage.scene);
        let labels: Vec<&str> = all.iter().map(|d| d.label.as_str()).collect();
        assert_eq!(labels, ["lake strength", "image noise", "audio noise", "missing"]);
        for setting in all {
            let other = turned(&stage.scene, &setting.dial, 0.25);
            let found = dials(&other).into_iter().find(|d| d.dial == setting.dial).unwrap();
            assert!((found.value - 0.25).abs() < 1e-6, "{}", setting.label);
            assert_eq!(dials(&turned(&other, &setting.dial, setting.value)), dials(&stage.scene));
        }
    }
}
