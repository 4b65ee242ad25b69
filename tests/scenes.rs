//! Scene files: the good ones load, the broken ones say what is wrong and where.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use twinworld::causal::Role;
use twinworld::scene::{RolesBy, Stage, load, parse, to_ron, with_overrides};

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

/// The text without any declared role.
fn without_roles(text: &str) -> String {
    ["Snc", "Sc", "Nc", "Spurious", "Nuisance"]
        .iter()
        .fold(text.to_owned(), |text, role| text.replace(&format!(" role: {role},"), ""))
}

#[test]
fn roles_that_are_left_out_are_found_and_hold() {
    for path in files("scenes") {
        let text = std::fs::read_to_string(&path).unwrap();
        let (declared, bare) = (load(&path).unwrap(), without_roles(&text));
        assert_ne!(text, bare);
        let stage = parse(&bare, "bare").unwrap_or_else(|error| panic!("{error}"));
        assert!(stage.declared().factors.iter().all(|factor| factor.role.is_none()));
        // What is written has them, and is right.
        let written = to_ron(&stage.scene);
        let again = parse(&written, "written").unwrap_or_else(|error| panic!("{error}"));
        for (i, factor) in stage.factors.iter().enumerate() {
            assert_eq!(again.scene.factors[i].role, Some(factor.role));
            let observed = stage.scene.roles == RolesBy::Observation;
            let known = declared.factors[i].role;
            assert!(observed || factor.role.is_causal() == known.is_causal(), "{}", factor.name);
            let nuisance = [factor.role, known].map(|role| role == Role::Nuisance);
            assert_eq!(nuisance[0], nuisance[1], "{}: {}", path.display(), factor.name);
        }
    }
}

/// A network of four nodes with the roles that are given for them.
fn network(roles: [&str; 4]) -> String {
    let [a, b, c, d] = roles;
    format!(
        r#"(version: 1, name: "network", factors: [
    (name: "a", {a}mechanism: Bernoulli(0.4)),
    (name: "b", {b}mechanism: NoisyCopy(of: "a", flip: 0.2)),
    (name: "c", {c}mechanism: NoisyCopy(of: "a", flip: 0.3)),
    (name: "d", {d}mechanism: Bernoulli(0.5)),
],
label: (name: "y", classes: ["no", "perhaps", "yes"],
    mechanism: Cases(rules: ["not b", "0"])),
modalities: [Vector(name: "v", entries: [(of: "b"), (of: "d")])])"#
    )
}

/// Setting `a` or `b` moves the label between its first and its third class; the second, which is
/// asked about, it never changes.
#[test]
fn all_wrong_roles_are_told_at_once_with_the_right_ones() {
    let text = network(["role: Spurious, ", "role: Nuisance, ", "role: Snc, ", "role: Spurious, "]);
    let error = parse(&text, "net.ron").unwrap_err();
    let told: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    assert_eq!(told.len(), 4, "{error}");
    for (line, (start, right)) in told.iter().zip([
        ("net.ron:2:23: role Spurious is contradicted by the truth: its PNS", "role: Snc"),
        ("net.ron:3:23: role Nuisance is contradicted by the truth: its PNS", "role: Snc"),
        ("net.ron:4:23: role Snc is contradicted by the truth: its PNS is 0", "role: Spurious"),
        ("net.ron:5:23: role Spurious is contradicted by the truth: it is ind", "role: Nuisance"),
    ]) {
        assert!(line.starts_with(start), "{line}");
        assert!(line.contains(&format!("declare {right}, or change the mechanisms")), "{line}");
    }
    // One of four: the others are found.
    let stage = parse(&network(["", "", "role: Spurious, ", ""]), "net.ron").unwrap();
    let roles: Vec<Role> = stage.factors.iter().map(|factor| factor.role).collect();
    assert_eq!(roles, [Role::Snc, Role::Snc, Role::Spurious, Role::Nuisance]);
    let declared: Vec<_> = stage.declared().factors.iter().map(|factor| factor.role).collect();
    assert_eq!(declared, [None, None, Some(Role::Spurious), None]);
}

#[test]
fn a_setting_may_change_what_a_role_that_was_left_out_is() {
    let stage = parse(&network([""; 4]), "net.ron").unwrap();
    let cut = ["factors.b.mechanism=Bernoulli(0.5)".to_owned()];
    let stage = with_overrides(stage, &cut).unwrap();
    let roles: Vec<Role> = stage.factors.iter().map(|factor| factor.role).collect();
    assert_eq!(roles, [Role::Nuisance, Role::Snc, Role::Nuisance, Role::Nuisance]);
}

#[test]
fn rows_that_miss_one_by_rounding_are_normalised_and_noted() {
    let text = r#"(version: 1, name: "rounded",
confounders: [(name: "h", mechanism: Categorical([0.166667, 0.333333, 0.4999995]))],
factors: [
    (name: "a", mechanism: Table(of: ["h"], rows: [
        ([0], [0.25, 0.75]), ([1], [0.1428571, 0.8571428]), ([2], [0.1666667, 0.8333334])])),
    (name: "b", mechanism: Bernoulli(0.5)),
],
label: (name: "y", classes: ["0", "1"], mechanism: Gate(rule: "a")),
regimes: {"other": [Replace("b", Categorical([0.1234567, 0.8765432]))]},
modalities: [Vector(name: "v", entries: [(of: "a")])])"#;
    let stage = parse(text, "rounded.ron").unwrap();
    let notes: Vec<String> = stage.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "rounded.ron:2:50: note: the probabilities miss 1 by up to 5.0e-7, as by rounding, and \
             are normalised (node `h`)",
            "rounded.ron:5:36: note: 2 rows of probabilities, this one first, miss 1 by up to \
             1.0e-7, as by rounding, and are normalised (node `a`)",
            "rounded.ron:9:46: note: the probabilities miss 1 by up to 1.0e-7, as by rounding, and \
             are normalised (node `b`)",
        ]
    );
    let sum = 0.166_667 + 0.333_333 + 0.499_999_5;
    let h = stage.scm().joint(&[0]).unwrap();
    assert!((h.probability(|v| v[0] == 2.0) - 0.499_999_5 / sum).abs() < 1e-12);
    // A thousandth of a thousandth is the most.
    for (row, right) in [("0.499998", false), ("0.500001", true), ("0.5000011", false)] {
        let text = text.replace("0.4999995", row);
        assert_eq!(parse(&text, "row").is_ok(), right, "{row}");
    }
}
