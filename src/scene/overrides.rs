//! Settings from the command line: `training.lambda_v=0.5`, `factors.lake.mechanism.strength=0.8`.

use super::load::{parse, to_ron};
use super::locate::Tree;
use super::{SceneError, Stage};
use crate::causal::Place;

/// The stage with some values of its scene replaced.
///
/// A way goes from field to field; elements of lists are named by their `name` or by position.
/// The value is RON, as it would stand in the file.
///
/// # Errors
/// A setting without `=`, a way that leads nowhere, or a value that can't stand there.
pub fn with_overrides(stage: Stage, settings: &[String]) -> Result<Stage, SceneError> {
    let mut stage = stage;
    for setting in settings {
        let fail = |problem: String, remedy: &str| SceneError {
            path: format!("--set {setting}"),
            position: None,
            problem,
            node: None,
            remedy: remedy.to_owned(),
        };
        let Some((way, value)) = setting.split_once('=') else {
            return Err(fail("no value is given".to_owned(), "write way=value"));
        };
        let text = to_ron(&stage.scene);
        let steps: Vec<Place> = way
            .split('.')
            .map(|step| step.trim())
            .map(|step| step.parse().map_or_else(|_| step.into(), Place::Index))
            .collect();
        let tree = Tree::read(&text);
        let Some(found) = tree.as_ref().and_then(|tree| tree.find(&steps, &text)) else {
            let problem = format!("the scene has no `{}`", way.trim());
            return Err(fail(problem, "name a field that the resolved scene has"));
        };
        let text = format!("{}{}{}", &text[..found.start], value.trim(), &text[found.end..]);
        stage = parse(&text, &format!("--set {setting}"))
            .map_err(|error| SceneError { position: None, ..error })?;
    }
    Ok(stage)
}
