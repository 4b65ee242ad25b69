//! Settings from the command line: `training.lambda_v=0.5`, `factors.lake.mechanism.strength=0.8`.

use std::path::Path;

use super::load::{read, read_beside, read_ron, to_ron};
use super::locate::Tree;
use super::roles::WrongRoles;
use super::{Scene, SceneError, Stage};
use crate::causal::Place;

/// The stage with some values of its scene replaced.
///
/// A way goes from field to field; elements of lists are named by their `name` or by position.
/// The value is RON, as it would stand in the file.
///
/// # Errors
/// A setting without `=`, a way that leads nowhere, or a value that can't stand there.
pub fn with_overrides(stage: Stage, settings: &[String]) -> Result<Stage, SceneError> {
    with_overrides_as(stage, settings, WrongRoles::Refused)
}

/// As [`with_overrides`], of a scene whose declared roles may be wrong.
///
/// # Errors
/// As [`with_overrides`].
pub fn with_overrides_as(
    stage: Stage,
    settings: &[String],
    wrong: WrongRoles,
) -> Result<Stage, SceneError> {
    let mut stage = stage;
    for setting in settings {
        let path = format!("--set {setting}");
        let Some((way, value)) = setting.split_once('=') else {
            return Err(SceneError::of(&path, "no value is given", "write way=value"));
        };
        let text = replaced(&to_ron(&stage.declared()), way, value, &path)?;
        // Files are named as a person in this folder would name them.
        stage = read_beside(&text, &path, Path::new(""))
            .and_then(|scene| Stage::new_as(scene, &text, &path, wrong))
            .map_err(SceneError::placeless)?
            .placeless();
    }
    Ok(stage)
}

/// The stage in one of the variants that its scene names: all of its settings at once.
///
/// # Errors
/// An unknown variant, or as [`with_overrides`].
pub fn with_variant(stage: &Stage, variant: &str) -> Result<Stage, SceneError> {
    with_variant_as(stage, variant, WrongRoles::Refused)
}

/// As [`with_variant`], of a scene whose declared roles may be wrong.
///
/// # Errors
/// As [`with_variant`].
pub fn with_variant_as(
    stage: &Stage,
    variant: &str,
    wrong: WrongRoles,
) -> Result<Stage, SceneError> {
    let path = format!("--variant {variant}");
    let scene = variant_of(&stage.declared(), variant, &path)?;
    let text = to_ron(&scene);
    let stage = Stage::new_as(scene, &text, &path, wrong).map_err(SceneError::placeless)?;
    Ok(stage.placeless())
}

/// A declaration in one of the variants that it names, unchecked. `path` is what errors call it.
///
/// # Errors
/// An unknown variant, a way that leads nowhere, or a value that can't stand there.
pub fn variant_of(scene: &Scene, variant: &str, path: &str) -> Result<Scene, SceneError> {
    let Some(settings) = scene.variants.get(variant) else {
        let known = scene.variants.keys().map(String::as_str);
        let remedy = crate::causal::suggestion(variant, known);
        let problem = format!("the scene has no variant `{variant}`");
        return Err(SceneError::of(path, problem, remedy));
    };
    settled(scene, settings.iter().map(|(way, value)| (way.as_str(), value.as_str())), path)
}

/// A declaration with some of its values replaced, unchecked. `path` is what errors call it.
///
/// # Errors
/// A way that leads nowhere, or a value that can't stand there.
pub fn settled<'a>(
    scene: &Scene,
    settings: impl Iterator<Item = (&'a str, &'a str)>,
    path: &str,
) -> Result<Scene, SceneError> {
    let mut text = to_ron(scene);
    for (way, value) in settings {
        let path = format!("{path}: {way} = {value}");
        text = replaced(&text, way, value, &path)?;
        // Read at once, so that the setting that is wrong is the one that is named.
        read_ron::<Scene>(&text, &path).map_err(SceneError::placeless)?;
    }
    read(&text, path)
}

/// Fields that had another name, and what to write now.
const RENAMED: [(&str, &str); 1] = [(
    "training.companion_exposure",
    "set training.exposure_samples: the updates times training.batch",
)];

/// The text with the value at the end of a way replaced.
fn replaced(text: &str, way: &str, value: &str, path: &str) -> Result<String, SceneError> {
    let steps: Vec<Place> = way
        .split('.')
        .map(str::trim)
        .map(|step| step.parse().map_or_else(|_| step.into(), Place::Index))
        .collect();
    let tree = Tree::read(text);
    let Some(found) = tree.as_ref().and_then(|tree| tree.find(&steps, text)) else {
        let problem = format!("the scene has no `{}`", way.trim());
        let renamed = RENAMED.iter().find(|(old, _)| *old == way.trim());
        let remedy = renamed.map_or("name a field that the resolved scene has", |(_, now)| now);
        return Err(SceneError::of(path, problem, remedy));
    };
    Ok(format!("{}{}{}", &text[..found.start], value.trim(), &text[found.end..]))
}
