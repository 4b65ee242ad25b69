use std::collections::BTreeSet;
use std::path::Path;

use super::*;

const TOY: &str = r#"(
    version: 1,
    name: "toy",
    about: "A toy.",
    grids: [
        (
            scenes: ["SCENES/duck-paws.ron", "SCENES/mmlsyn.ron#square"],
            axes: [
                (name: "rate", of: "training.learning_rate", values: ["0.001", "0.01"]),
                (name: "term", levels: [(name: "whole"), (name: "bare", set: {"training.lambda_v": "0.0", "training.lambda_fe": "0.0"})]),
            ],
            methods: [Concat, Late],
            objectives: [Erm, C3r],
        ),
        // All of it is in the first grid already.
        (
            scenes: ["SCENES/duck-paws.ron"],
            axes: [
                (name: "rate", of: "training.learning_rate", values: ["0.001"]),
                (name: "term", levels: [(name: "whole")]),
            ],
            methods: [Concat],
            objectives: [Erm],
        ),
    ],
    seeds: [1, 2, 3],
    set: {"training.steps": "4"},
    regimes: {"masked": [Disturb(Mask())]},
    measures: [Accuracy],
    quick: (seeds: [7], set: {"training.steps": "2"}, specimens: 16),
)"#;

fn plan(text: &str, quick: bool) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let path = folder.path().join("toy.ron");
    std::fs::write(&path, text.replace("SCENES", &scenes.to_string_lossy())).unwrap();
    Plan::load(&path, quick).map_err(|error| error.to_string())
}

#[test]
fn trials_are_the_product_in_a_fixed_order() {
    let plan = plan(TOY, false).unwrap();
    assert_eq!(plan.trials.len(), 2 * 2 * 2 * 2 * 2 * 3);
    let titles: Vec<String> = plan.trials.iter().map(Trial::title).collect();
    assert_eq!(titles[0], "duck-paws 0.001 whole concat erm, seed 1");
    assert_eq!(titles[3], "duck-paws 0.001 whole concat c3r, seed 1");
    assert_eq!(titles[12], "duck-paws 0.001 bare concat erm, seed 1");
    assert_eq!(titles[48], "mmlsyn#square 0.001 whole concat erm, seed 1");
    let columns = ["scene", "rate", "term", "method", "objective", "seed"];
    assert_eq!(plan.columns(), columns);
    let keys: BTreeSet<&String> = plan.trials.iter().map(|trial| &trial.key).collect();
    assert_eq!(keys.len(), plan.trials.len());
    let bare = &plan.trials[12].stage.scene.training;
    assert_eq!((bare.lambda_v, bare.lambda_fe, bare.steps), (0.0, 0.0, 4));
    assert!(plan.trials.iter().all(|trial| trial.stage.regime("masked").is_some()));
    assert!(plan.trials.iter().enumerate().all(|(i, trial)| trial.index == i));
}

#[test]
fn a_cell_alone_has_the_trials_that_it_has_in_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let path = folder.path().join("toy.ron");
    std::fs::write(&path, TOY.replace("SCENES", &scenes.to_string_lossy())).unwrap();
    let whole = Plan::load(&path, false).unwrap();
    // The ninth is the second grid, whose trials the first has under another cell.
    for cell in 1..=8 {
        let part = Plan::load_part(&path, false, &[cell]).unwrap();
        let keys = |plan: &Plan| -> Vec<String> {
            let own = plan.trials.iter().filter(|trial| trial.cell == cell);
            own.map(|trial| trial.key.clone()).collect()
        };
        assert_eq!(keys(&part), keys(&whole));
        assert_eq!(part.trials.len(), 12);
    }
}

#[test]
fn trials_share_frames_where_world_seed_and_size_are_the_same() {
    let whole = plan(TOY, false).unwrap();
    let of = |title: &str| whole.trials.iter().find(|trial| trial.title() == title).unwrap();
    let one = of("duck-paws 0.001 whole concat erm, seed 1");
    assert!(one.sees_the_same_as(of("duck-paws 0.01 bare late c3r, seed 1")));
    assert!(!one.sees_the_same_as(of("duck-paws 0.001 whole concat erm, seed 2")));
    assert!(!one.sees_the_same_as(of("mmlsyn#square 0.001 whole concat erm, seed 1")));
    let longer = TOY.replace("training.lambda_v\": \"0.0\"", "training.steps\": \"5\"");
    let longer = plan(&longer, false).unwrap();
    let of = |title: &str| longer.trials.iter().find(|trial| trial.title() == title).unwrap();
    let one = of("duck-paws 0.001 whole concat erm, seed 1");
    assert!(!one.sees_the_same_as(of("duck-paws 0.001 bare concat erm, seed 1")));
}

#[test]
fn the_quick_size_is_another_experiment_and_a_report_is_not() {
    let (full, quick) = (plan(TOY, false).unwrap(), plan(TOY, true).unwrap());
    assert_eq!((quick.trials.len(), quick.specimens), (32, 16));
    assert_eq!(quick.trials[0].stage.scene.training.steps, 2);
    assert_ne!(full.fingerprint, quick.fingerprint);
    let table =
        "measures: [Accuracy],\n report: [Table(title: \"T\", rows: [\"rate\"], values: [])],";
    let shown = plan(&TOY.replace("measures: [Accuracy],", table), false).unwrap();
    assert_eq!(shown.fingerprint, full.fingerprint);
    let other = plan(&TOY.replace("measures: [Accuracy]", "measures: [C3Risk]"), false).unwrap();
    assert_ne!(other.fingerprint, full.fingerprint);
}

#[test]
fn different_trials_of_one_name_are_refused() {
    let twice = TOY.replace(
        "of: \"training.learning_rate\", values: [\"0.001\"])",
        "levels: [(name: \"0.001\", set: {\"training.learning_rate\": \"0.5\"})])",
    );
    let said = plan(&twice, false).unwrap_err();
    assert!(said.contains("two different trials are called"), "{said}");
    let said = plan(&TOY.replace("#square", "#round"), false).unwrap_err();
    assert!(said.contains("no variant `round`"), "{said}");
    let said = plan(&TOY.replace("[Concat, Late]", "[Image]"), false).unwrap_err();
    assert!(said.contains("image"), "{said}");
}
