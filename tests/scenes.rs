//! Scene files: the good ones load, the broken ones say what is wrong and where.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use twinworld::scene::{load, parse, to_ron};

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
