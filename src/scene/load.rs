//! Reading scene files and writing them back.

use std::path::Path;

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::de::DeserializeOwned;

use super::binding::grammar_file;
use super::check::Checker;
use super::locate::{Tree, byte_at};
use super::roles::WrongRoles;
use super::stage::Draft;
use super::{Modality, Scene, SceneError, Stage};
use crate::causal::suggestion;
use crate::modality::text::Grammar;

/// What a scene file may leave out: `Some(...)` around options, doubled parentheses.
pub(super) fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// Reads and checks a scene file.
///
/// # Errors
/// The file can't be read, isn't RON, or declares something that can't be.
pub fn load(path: &Path) -> Result<Stage, SceneError> {
    load_as(path, WrongRoles::Refused)
}

/// As [`load`], of a scene whose declared roles may be wrong.
///
/// # Errors
/// As [`load`].
pub fn load_as(path: &Path, wrong: WrongRoles) -> Result<Stage, SceneError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let problem = format!("the scene can't be read: {error}");
        SceneError::of(&shown, problem, "name a file such as scenes/duck.ron")
    })?;
    Stage::new_as(read(&text, &shown)?, &text, &shown, wrong)
}

/// Checks the text of a scene; `path` is what errors call it, and where its grammar file is
/// looked for.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, path: &str) -> Result<Stage, SceneError> {
    Stage::new(read(text, path)?, text, path)
}

/// Checks all of a scene's text but whether its roles are true, which takes longest.
///
/// # Errors
/// As [`load`].
pub fn check(text: &str, path: &str) -> Result<Scene, SceneError> {
    let scene = read(text, path)?;
    let checker = Checker::new(&scene, text, path);
    Draft::new(&scene, &checker)?.regimes(&scene, &checker)?;
    Ok(scene)
}

/// Reads the text of a scene, and the file of its grammar, and checks nothing but its form.
///
/// # Errors
/// It isn't RON, has other fields and words than a scene, or names a grammar that can't be read.
pub fn read(text: &str, path: &str) -> Result<Scene, SceneError> {
    read_beside(text, path, Path::new(path).parent().unwrap_or(Path::new("")))
}

/// As [`read`], of a scene that stands in a folder. A grammar that is a file there becomes a part of
/// the scene, and so of all that is made of it and written of it.
pub(super) fn read_beside(text: &str, path: &str, folder: &Path) -> Result<Scene, SceneError> {
    let mut scene: Scene = read_ron(text, path)?;
    scene.training = scene.training.in_samples();
    for i in 0..scene.modalities.len() {
        let Modality::Text(declared) = &scene.modalities[i] else { continue };
        let Some(name) = grammar_file(&declared.grammar) else { continue };
        let file = folder.join(name);
        let wrong = |problem: String, remedy: &str| {
            let way = ["modalities".into(), i.into(), "grammar".into()];
            Checker::new(&scene, text, path).error(&way, None, problem, remedy)
        };
        let grammar = std::fs::read_to_string(&file).map_err(|error| {
            let problem = format!("grammar {} can't be read: {error}", file.display());
            wrong(problem, "name a .ron file beside the scene")
        })?;
        if let Err(error) = Grammar::parse(&grammar) {
            let problem = format!("grammar {}: {error}", file.display());
            return Err(wrong(problem, "see assets/grammars/bird.ron for the form"));
        }
        if let Modality::Text(declared) = &mut scene.modalities[i] {
            declared.grammar = grammar;
        }
    }
    Ok(scene)
}

/// Reads a file of any type that is written as scenes are; errors point as a scene's do.
///
/// # Errors
/// It isn't RON, or has other fields and words than the type.
pub fn read_ron<T: DeserializeOwned>(text: &str, path: &str) -> Result<T, SceneError> {
    options().from_str(text).map_err(|error| {
        let (line, column) = (error.span.start.line, error.span.start.col);
        let byte = byte_at(text, line, column);
        let tree = Tree::read(text);
        let node = tree.as_ref().and_then(|t| t.enclosing_name(byte, text));
        SceneError {
            path: path.into(),
            position: Some((line, column)),
            node: node.map(str::to_owned),
            ..told(&error.code)
        }
    })
}

/// What the reader of RON found wrong, in the words of scenes.
fn told(code: &ron::Error) -> SceneError {
    let say = |problem: String, remedy: String| SceneError::of("", problem, remedy);
    match code {
        ron::Error::NoSuchStructField { expected, found, .. } => {
            say(format!("unknown field `{found}`"), suggestion(found, expected.iter().copied()))
        }
        ron::Error::NoSuchEnumVariant { expected, found, .. } => {
            say(format!("unknown word `{found}`"), suggestion(found, expected.iter().copied()))
        }
        ron::Error::MissingStructField { field, .. } => {
            say(format!("the field `{field}` is missing"), format!("add {field}: ..."))
        }
        ron::Error::DuplicateStructField { field, .. } => {
            say(format!("the field `{field}` stands twice"), "give it once".to_owned())
        }
        ron::Error::SuggestRawIdentifier(found) | ron::Error::InvalidIdentifier(found) => {
            let problem = format!("`{found}` stands where the name of a field should");
            say(problem, "name each field, as in Normal(mean: 0.5, sd: 0.1)".to_owned())
        }
        other => {
            let remedy =
                "see the scenes that come with the program, and their README.md, for the form";
            say(other.to_string(), remedy.to_owned())
        }
    }
}

/// A scene as a file of its own, with every default written out.
#[must_use]
pub fn to_ron(scene: &Scene) -> String {
    let pretty = PrettyConfig::new().depth_limit(4).compact_structs(false).escape_strings(false);
    // Every type of a scene has a form in RON, so this can't fail; an empty text would be told
    // by the reader.
    options().to_string_pretty(scene, pretty).unwrap_or_default()
}
