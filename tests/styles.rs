//! Styles: what they show of a factor's range, where the change of a factor can be seen, and twins
//! that can't be told from their specimens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use twinworld::causal::Interventions;
use twinworld::scene::{
    Sight, Stage, beyond_range, load, operation, parse, strays, to_ron, visibility,
};
use twinworld::world::{Played, Simulation, TwinPlan};

/// A scene of one cause and these factors, shown in these modalities.
fn scene(factors: &str, modalities: &str, more: &str) -> String {
    format!(
        "(version: 1, name: \"styles\", factors: [(name: \"round\", role: Snc, mechanism: \
         Bernoulli(0.5)), {factors}], label: (name: \"rolls\", classes: [\"rests\", \"rolls\"], \
         mechanism: NoisyCopy(of: \"round\", flip: 0.0)), modalities: [{modalities}], {more})"
    )
}

fn stage(factors: &str, modalities: &str, more: &str) -> Arc<Stage> {
    let text = scene(factors, modalities, more);
    Arc::new(parse(&text, "styles").unwrap_or_else(|error| panic!("{error}\n{text}")))
}

fn refused(factors: &str, modalities: &str, more: &str) -> String {
    parse(&scene(factors, modalities, more), "styles").unwrap_err().to_string()
}

/// A quiet picture of a thing with these styles.
fn picture(styles: &str) -> String {
    format!(
        "Image(noise: 0.0, painter: Shapes(kind: (factor: \"round\", strength: 1.0, values: \
         [\"square\", \"circle\"]), {styles}))"
    )
}

fn sound(styles: &str) -> String {
    format!(
        "Audio(noise: 0.0, voice: Tones(timbre: (factor: \"round\", strength: 1.0, values: \
         [\"bell\", \"reed\"]), {styles}))"
    )
}

/// The first specimen with `factor` at each of `values`, all else equal.
fn at_values(stage: &Arc<Stage>, factor: &str, values: &[f64]) -> Vec<Played> {
    let node = stage.factor(factor).unwrap().node;
    let twin = |&value: &f64| {
        let mut simulation = Simulation::new(stage, stage.iid(), 3, 1, 0);
        simulation.plan_twins(TwinPlan::Under(Interventions::set(node, value)));
        simulation.step();
        simulation.played().remove(0).1
    };
    values.iter().map(twin).collect()
}

/// The mean column of the pixels that differ from an empty place of the same colour.
fn column(stage: &Stage, shown: &Played, other: &Played) -> f64 {
    let width = stage.renderers.image.as_ref().unwrap().size().width;
    let (a, b) = (shown.picture.as_ref().unwrap(), other.picture.as_ref().unwrap());
    let pixels = a.chunks(3).zip(b.chunks(3)).enumerate();
    let columns: Vec<f64> =
        pixels.filter(|(_, (a, b))| a != b).map(|(i, _)| (i % width) as f64).collect();
    columns.iter().sum::<f64>() / columns.len() as f64
}

fn sights(stage: &Stage) -> Vec<Sight> {
    visibility(stage)
}

fn share(stage: &Stage, factor: &str, modality: &str) -> Option<f64> {
    let all = sights(stage);
    let sight = all.iter().find(|s| s.factor == factor).unwrap();
    sight.seen.iter().find(|seen| seen.modality == modality).map(|seen| seen.share())
}

fn unseen(stage: &Stage, factor: &str) -> Option<String> {
    sights(stage).iter().find(|s| s.factor == factor).unwrap().unseen()
}

#[test]
fn a_grid_of_positions_is_drawn_apart() {
    let grid = stage(
        r#"(name: "column", role: Nuisance, mechanism: Equation("floor(32 * uniform)"), contrast: (0.0, 31.0)),
           (name: "paint", role: Nuisance, mechanism: Uniform(0.0, 1.0))"#,
        "Image(size: (width: 128, height: 128), noise: 0.0, painter: Shapes(x: \"column\", hue: \
         \"paint\", size: \"round\"))",
        "",
    );
    let values: Vec<f64> = (0..32).map(f64::from).collect();
    let shown = at_values(&grid, "column", &values);
    let pictures: BTreeSet<_> = shown.iter().map(|s| s.picture.clone().unwrap()).collect();
    assert_eq!(pictures.len(), 32);
    // Another hue shows where the thing is: it goes from left to right by equal steps.
    let paint = grid.factor("paint").unwrap().node;
    let column_node = grid.factor("column").unwrap().node;
    let other = |value: f64, hue: f64| {
        let mut simulation = Simulation::new(&grid, grid.iid(), 3, 1, 0);
        let mut done = Interventions::set(column_node, value);
        done.insert(paint, twinworld::causal::Action::Set(hue));
        simulation.plan_twins(TwinPlan::Under(done));
        simulation.step();
        simulation.played().remove(0).1
    };
    let places: Vec<f64> =
        values.iter().map(|&v| column(&grid, &other(v, 0.0), &other(v, 0.5))).collect();
    // 0.36 of half the side from end to end.
    assert!((places[31] - places[0] - 0.36 * 64.0).abs() < 1.0, "{places:?}");
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    assert!((places[16] - places[0] - (16.0 / 31.0) * (places[31] - places[0])).abs() < 0.5);
}

#[test]
fn known_ranges_are_shown_from_end_to_end_and_unit_ranges_as_they_are() {
    for (mechanism, contrast, shown, same_as) in [
        // Seven octaves of loudness by steps, an angle, a sum of discrete things.
        ("Equation(\"7 * round - 3 * uniform\")", "(-2.0, 6.0)", (-3.0, 7.0), (0.0, 1.0)),
        (
            "Linear(terms: [(\"round\", -180.0)], intercept: 90.0)",
            "(-90.0, 90.0)",
            (-90.0, 90.0),
            (0.0, 1.0),
        ),
        ("Equation(\"0.2 + 0.6 * uniform\")", "(0.2, 0.8)", (0.2, 0.8), (0.2, 0.8)),
        ("Uniform(0.25, 0.75)", "(0.3, 0.7)", (0.25, 0.75), (0.0, 1.0)),
        ("Clock(period: 100)", "(0.3, 0.7)", (0.3, 0.7), (0.3, 0.7)),
    ] {
        let styled = |style: &str| {
            let factors = format!(
                "(name: \"f\", role: Nuisance, mechanism: {mechanism}, contrast: {contrast})"
            );
            stage_of(&factors, style)
        };
        let plain = styled("level: \"f\"");
        let unit =
            stage_of("(name: \"f\", role: Nuisance, mechanism: Uniform(0.0, 1.0))", "level: \"f\"");
        let own = at_values(&plain, "f", &[shown.0, shown.1]);
        let expected = at_values(&unit, "f", &[same_as.0, same_as.1]);
        for (own, expected) in own.iter().zip(&expected) {
            assert_eq!(own.sound, expected.sound, "{mechanism}");
        }
        assert_ne!(own[0].sound, own[1].sound, "{mechanism}");
    }
}

/// A scene in which only `f` varies what is heard.
fn stage_of(factor: &str, style: &str) -> Arc<Stage> {
    // The role of what depends on the cause is no nuisance.
    let factor = if factor.contains("round") {
        factor.replace("role: Nuisance", "role: Spurious")
    } else {
        factor.to_owned()
    };
    stage(&factor, &format!("Audio(noise: 0.0, voice: Tones({style}))"), "")
}

#[test]
fn a_rule_shows_what_lies_beyond_as_it_says() {
    let tone = "(name: \"tone\", role: Nuisance, mechanism: Normal(mean: 440.0, sd: 50.0), contrast: (400.0, 480.0))";
    let heard = |rule: &str, values: &[f64]| {
        let stage = stage_of(tone, &format!("pitch: (factor: \"tone\", {rule})"));
        let again = parse(&to_ron(&stage.scene), "again").unwrap();
        assert_eq!(stage.scene, again.scene);
        let all = at_values(&stage, "tone", values);
        all.into_iter().map(|shown| shown.sound.unwrap().samples).collect::<Vec<_>>()
    };
    let values = [400.0, 420.0, 480.0, 500.0, 380.0];
    let clamped = heard("from: 400.0, to: 480.0, beyond: Clamp", &values);
    assert!(clamped[3] == clamped[2] && clamped[4] == clamped[0] && clamped[1] != clamped[0]);
    let reflected = heard("from: 400.0, to: 480.0, beyond: Reflect", &values);
    assert!(reflected[4] == reflected[1] && reflected[..3] == clamped[..3]);
    let wrapped = heard("from: 400.0, to: 480.0, beyond: Wrap", &values);
    assert!(wrapped[3] == wrapped[1] && wrapped[..3] == clamped[..3]);
    let squashed = heard("squash: Normal(mean: 440.0, sd: 50.0)", &values);
    let different: BTreeSet<_> = squashed.iter().collect();
    assert_eq!(different.len(), 5, "a squash keeps all apart");
    assert_eq!(
        heard("squash: Logistic(centre: 420.0, scale: 5.0)", &values)[1],
        heard("from: 400.0, to: 440.0, beyond: Clamp", &values)[1]
    );
}

#[test]
fn what_lies_beyond_a_range_is_counted() {
    let modalities = picture("hue: (factor: \"colour\", from: -1.0, to: 1.0, beyond: Wrap)");
    let factor = "(name: \"colour\", role: Nuisance, mechanism: Normal(mean: 0.0, sd: 1.0), contrast: (-0.5, 0.5))";
    let stage = stage(factor, &modalities, "regimes: {\"far\": [Shift(\"colour\", 3.0)]}");
    let [told] = &strays(&stage)[..] else { panic!("one style has a rule") };
    // 2 (1 - Phi(1)) = 31.7% as it stands; shifted by 3, 1 - Phi(-2) and a little: 97.7%.
    let number = |after: &str| -> f64 {
        let rest = &told[told.find(after).unwrap() + after.len()..];
        rest.split('%').next().unwrap().trim().parse().unwrap()
    };
    assert!((number("of the image: ") - 31.7).abs() < 2.0, "{told}");
    assert!((number("(far ") - 97.7).abs() < 1.0, "{told}");
    assert!(told.ends_with("lie beyond the range -1 to 1 and are wrapped round into it"), "{told}");
}

#[test]
fn do_operations_out_of_the_range_are_told_of() {
    let factor = "(name: \"size\", role: Nuisance, mechanism: Uniform(0.0, 1.0)),
        (name: \"light\", role: Nuisance, mechanism: Equation(\"1 - size\"), contrast: (0.1, 0.9))";
    let stage = stage(factor, &picture("size: \"size\", light: \"light\""), "");
    let told = |text: &str| {
        let (node, action) = operation(stage.scm(), text).unwrap();
        let mut done = Interventions::none();
        done.insert(node, action);
        beyond_range(&stage, stage.scm(), &done)
    };
    for text in
        ["size=1", "size*=0.5", "size:=min(natural + 0.5, 1)", "size~Uniform(0.2, 0.9)", "round=0"]
    {
        assert_eq!(told(text), None, "{text}");
    }
    let message = told("size+=0.2").unwrap();
    assert!(message.contains("the factor goes from 0.2 to 1.2, outside the range 0 to 1 that `size` shows (node `size`)"), "{message}");
    assert!(told("size=-0.5").unwrap().contains("-0.5 is outside the range 0 to 1"));
    assert!(told("light=2").unwrap().contains("(node `light`)"));
    assert!(told("size~Normal(mean: 0, sd: 1)").unwrap().contains("can leave the range"));
}

#[test]
fn a_factor_is_seen_where_its_slots_show_its_contrast() {
    let factors = r#"
        (name: "hidden", role: Nuisance, mechanism: Bernoulli(0.5)),
        (name: "faint", role: Nuisance, mechanism: Bernoulli(0.5)),
        (name: "alike", role: Nuisance, mechanism: Categorical([0.4, 0.3, 0.3]), contrast: (0.0, 2.0)),
        (name: "rare", role: Nuisance, mechanism: Bernoulli(0.5)),
        (name: "mute", role: Nuisance, mechanism: Bernoulli(0.5)),
        (name: "angle", role: Nuisance, mechanism: Uniform(0.0, 360.0), contrast: (90.0, 450.0)),
        (name: "low", role: Nuisance, mechanism: Normal(mean: 0.0, sd: 1.0), contrast: (-9.0, -5.0)),
        (name: "fine", role: Nuisance, mechanism: Uniform(0.0, 1.0), contrast: (0.9, 0.95)),
        (name: "hand", role: Nuisance, mechanism: Bernoulli(0.5)),
        (name: "shade", role: Nuisance, mechanism: Equation("0.5 * hand"), contrast: (0.0, 0.5)),
        (name: "number", role: Nuisance, mechanism: Normal(mean: 0.0, sd: 1.0), contrast: (-1.0, 1.0))"#;
    let modalities = r#"
        Image(noise: 0.02, painter: Shapes(
            kind: (factor: "round", strength: 1.0, values: ["square", "circle"]),
            ground: (factor: "faint", strength: 0.0),
            texture: (factor: "alike", strength: 1.0, values: ["dots", "plain", "dots"]),
            hue: (factor: "angle", from: 0.0, to: 360.0, beyond: Wrap),
            x: (factor: "low", from: -3.0, to: 3.0, beyond: Clamp),
            lamp: "shade",
        )),
        Text(grammar: "shapes", mentions: {
            "kind": (factor: "rare", probability: 0.25, values: ["square", "circle"]),
            "ground": (factor: "mute", probability: 0.0),
            "size": (factor: "fine", probability: 1.0),
        }),
        Vector(name: "table", entries: [(of: "number", times: 3), (of: "0 * alike")], noise: 1.0)"#;
    let stage = stage(factors, modalities, "");
    assert_eq!(share(&stage, "round", "image"), Some(1.0));
    assert_eq!(share(&stage, "number", "table"), Some(1.0));
    let rare = share(&stage, "rare", "text").unwrap();
    assert!((0.15..0.35).contains(&rare), "{rare}");
    assert_eq!(share(&stage, "round", "text"), None);
    for (factor, why) in [
        ("round", None),
        ("rare", None),
        ("number", None),
        ("hidden", Some("nothing is bound to it")),
        ("faint", Some("ground of image: strength 0")),
        (
            "alike",
            Some(
                "texture of image: both values have one look; 1 entry of table: the same with both values",
            ),
        ),
        ("mute", Some("ground of text: probability 0")),
        ("angle", Some("hue (0 to 360) of image: both values have one place")),
        ("low", Some("x (-3 to 3) of image: both values have one place")),
        ("fine", Some("size of text: the same with both values")),
        ("hand", Some("nothing is bound to it")),
        ("shade", None),
    ] {
        assert_eq!(unseen(&stage, factor).as_deref(), why, "{factor}");
    }
    let all = sights(&stage);
    let through = |name: &str| &all.iter().find(|s| s.factor == name).unwrap().through;
    assert_eq!(*through("hand"), ["shade"]);
    assert!(through("hidden").is_empty() && through("shade").is_empty());
}

/// Every factor of every scene of the program is seen somewhere, but for what the scenes keep to
/// themselves.
#[test]
fn the_scenes_show_their_factors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let mut unseen = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "ron") {
            let stage = load(&path).unwrap();
            assert_eq!(strays(&stage), Vec::<String>::new());
            let name = stage.scene.name.clone();
            let all = sights(&stage).into_iter();
            let told =
                |s: Sight| s.unseen().map(|_| format!("{name}: {}, {:?}", s.factor, s.through));
            unseen.extend(all.filter_map(told));
        }
    }
    unseen.sort();
    // A stranger is heard by its bill, paws and wings; blocks are off but in a variant.
    let expected = [
        "conflict: stranger, [\"heard_bill\", \"heard_paws\", \"heard_wings\"]",
        "conflict: stranger_bill, [\"heard_bill\"]",
        "conflict: stranger_paws, [\"heard_paws\"]",
        "conflict: stranger_wings, [\"heard_wings\"]",
        "mmlsyn-majority: block, []",
        "mmlsyn: block, []",
    ];
    assert_eq!(unseen, expected);
}

#[test]
fn a_style_without_a_range_is_refused_where_it_stands() {
    let factor = "(name: \"tone\", role: Nuisance, mechanism: Normal(mean: 440.0, sd: 30.0), contrast: (400.0, 480.0))";
    let message = refused(factor, &sound("pitch: \"tone\""), "");
    let wanted = "the values of the factor have no range that `pitch` shows (node `tone`); name one \
                  and what lies beyond it: (factor: \"tone\", from: ";
    assert!(message.contains(wanted), "{message}");
    // What is suggested can be written.
    let rule = message.split_once("beyond it: ").unwrap().1;
    let stage = stage(factor, &sound(&format!("pitch: {rule}")), "");
    assert_eq!(unseen(&stage, "tone"), None);
}

fn twinworld(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinworld"));
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const HALF_SEEN: &str = r#"
    (name: "ghost", role: Nuisance, mechanism: Bernoulli(0.5)),
    (name: "rare", role: Nuisance, mechanism: Bernoulli(0.5)),
    (name: "size", role: Nuisance, mechanism: Uniform(0.0, 1.0))"#;

fn half_seen() -> String {
    let text =
        "Text(grammar: \"shapes\", mentions: {\"ground\": (factor: \"rare\", probability: 0.25)})";
    scene(HALF_SEEN, &format!("{}, {text}", picture("size: \"size\"")), "")
}

#[test]
fn check_tells_where_factors_are_seen() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("half.ron");
    std::fs::write(&file, half_seen()).unwrap();
    let output = twinworld(&["check", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", told(&output));
    let said = told(&output);
    let row = |name: &str| said.lines().find(|l| l.contains(&format!(" {name} "))).unwrap();
    assert!(row("round").contains("kind 1.00"), "{said}");
    assert!(row("size").contains("size 1.00"), "{said}");
    assert!(row("rare").contains("ground 0.2") || row("rare").contains("ground 0.3"), "{said}");
    assert!(
        said.contains("warning: the change of `ghost` is seen nowhere (nothing is bound to it)")
    );
    assert_eq!(said.matches("warning").count(), 1, "{said}");
}

#[test]
fn identical_twins_are_counted_and_told() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("half.ron");
    std::fs::write(&file, half_seen()).unwrap();
    let out = home.path().join("data");
    let arguments = |twins: &'static str, out: &Path| {
        [
            "generate",
            file.to_str().unwrap(),
            "--samples",
            "400",
            "--shard-size",
            "150",
            "--twins",
            twins,
            "--out",
            out.to_str().unwrap(),
        ]
        .map(str::to_owned)
    };
    let run = |twins, out: &Path| {
        let arguments = arguments(twins, out);
        twinworld(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let output = run("each-factor", &out);
    assert!(output.status.success(), "{}", told(&output));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let counts = |text: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(text).unwrap()["twin_counts"].clone()
    };
    let model = read("scm.json");
    let found = counts(&model);
    let of = |name: &str, what: &str| found[name][what].as_u64().unwrap();
    assert_eq!([of("round", "changed"), of("round", "identical")], [400, 0]);
    assert_eq!([of("ghost", "changed"), of("ghost", "identical")], [400, 400]);
    assert_eq!([of("size", "changed"), of("size", "identical")], [400, 0]);
    let rare = of("rare", "identical");
    assert!((260..340).contains(&rare), "three of four say nothing of it: {rare}");
    let said = told(&output);
    assert!(said.contains("twins of `ghost`: 400 of the 400 in which a factor differs"), "{said}");
    assert!(said.contains(&format!("twins of `rare`: {rare} of the 400")), "{said}");
    assert!(!said.contains("twins of `round`"), "{said}");
    let card = read("README.md");
    assert!(card.contains("| `ghost` | 400 | 400 |"), "{card}");
    // What was noted may be lost: it's counted again, to the same files.
    for shard in ["0", "2"] {
        let note = format!(".twinworld/train-0000{shard}-of-00003.npz.twins");
        std::fs::remove_file(out.join(note)).unwrap();
    }
    assert!(run("each-factor", &out).status.success());
    assert!(read("scm.json") == model && read("README.md") == card);
    // Of a single twin the samples that have the value already don't count.
    let out = home.path().join("single");
    let output = run("ghost=1", &out);
    let text = std::fs::read_to_string(out.join("scm.json")).unwrap();
    let count = &counts(&text)["ghost=1"];
    assert_eq!(count["changed"], count["identical"]);
    assert!((160..240).contains(&count["changed"].as_u64().unwrap()), "{count}");
    assert!(told(&output).contains("twins of `ghost=1`"));
    let out = home.path().join("seen");
    assert!(!told(&run("round=1", &out)).contains("twins of"));
    let card = std::fs::read_to_string(out.join("README.md")).unwrap();
    assert!(card.contains("is shown otherwise than its specimen"), "{card}");
    let out = home.path().join("none");
    assert!(run("none", &out).status.success());
    let text = std::fs::read_to_string(out.join("scm.json")).unwrap();
    assert!(counts(&text).is_null());
}

#[test]
fn generate_refuses_operations_out_of_range() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("half.ron");
    std::fs::write(&file, half_seen()).unwrap();
    for (option, value, named) in [
        ("--do", "size=2", "--do: 2 is outside the range"),
        ("--twins", "size+=0.5", "--twins: the factor goes from 0.5 to 1.5, outside the range"),
    ] {
        let out = home.path().join("data");
        let output = twinworld(&[
            "generate",
            file.to_str().unwrap(),
            "--samples",
            "4",
            option,
            value,
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(2));
        assert!(told(&output).contains(named), "{}", told(&output));
        assert!(!out.exists());
    }
}
