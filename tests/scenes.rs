//! Scene files: the good ones load, the broken ones say what is wrong and where.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use twinworld::scene::{Stage, load, parse, to_ron, with_overrides};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "ron"));
    found.sort();
    found
}

#[test]
fn every_scene_is_checked_and_written_back_without_loss() {
    let scenes = files("scenes");
    assert!(scenes.len() >= 3);
    for path in scenes {
        let stage = load(&path).unwrap_or_else(|error| panic!("{error}"));
        let again = parse(&to_ron(&stage.scene), "written back").unwrap();
        assert_eq!(stage.scene, again.scene, "{}", path.display());
        assert_eq!(stage.regimes, again.regimes, "{}", path.display());
    }
}

/// The first line of a broken scene is the message that it deserves, less the path.
#[test]
fn every_broken_scene_gets_its_message() {
    let broken = files("tests/broken");
    assert!(broken.len() >= 20, "{} broken scenes", broken.len());
    for path in broken {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("// expect: ").unwrap();
        let message = load(&path).expect_err(expected).to_string();
        let wanted = format!("{}:{expected}", path.display());
        assert_eq!(message, wanted);
    }
}

#[test]
fn a_missing_file_is_told_without_a_position() {
    let message = load(Path::new("scenes/goose.ron")).unwrap_err().to_string();
    assert!(message.starts_with("scenes/goose.ron: the scene can't be read:"), "{message}");
}

/// A scene whose grammar is a file of its own holds it from then on: settings, variants and what is
/// written of it need the file no more.
#[test]
fn a_grammar_beside_the_scene_becomes_a_part_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let (scene, words) = (folder.path().join("duck.ron"), folder.path().join("words.ron"));
    let text = std::fs::read_to_string(root.join("scenes/duck.ron")).unwrap();
    let named = "grammar: \"words.ron\"";
    std::fs::write(&scene, text.replace("grammar: \"bird\"", named)).unwrap();
    let message = load(&scene).unwrap_err().to_string();
    assert!(message.contains("words.ron can't be read"), "{message}");
    assert!(message.contains("duck.ron:"), "its place is told: {message}");

    let grammar = std::fs::read_to_string(root.join("assets/grammars/bird.ron")).unwrap();
    std::fs::write(&words, grammar.replace("\"pointed bill\"", "\"needle bill\"")).unwrap();
    let own = load(&scene).unwrap();
    std::fs::remove_file(&words).unwrap();
    let vocabulary = |stage: &Stage| stage.renderers.text.as_ref().unwrap().grammar().clone();
    assert_ne!(vocabulary(&own), vocabulary(&load(&root.join("scenes/duck.ron")).unwrap()));
    let again = parse(&to_ron(&own.scene), "elsewhere/duck.ron").unwrap();
    assert_eq!(again.scene, own.scene);
    assert_eq!(vocabulary(&again), vocabulary(&own));
    let set = with_overrides(own.clone(), &["training.steps=7".to_owned()]).unwrap();
    assert_eq!(set.scene.training.steps, 7);
    assert_eq!(vocabulary(&set), vocabulary(&own));
    let back = ["modalities.2.grammar=\"bird\"".to_owned()];
    assert_ne!(vocabulary(&with_overrides(own.clone(), &back).unwrap()), vocabulary(&own));

    std::fs::write(&words, grammar.replace("fillers:", "filers:")).unwrap();
    let message = load(&scene).unwrap_err().to_string();
    assert!(message.contains("words.ron: "), "{message}");
}
