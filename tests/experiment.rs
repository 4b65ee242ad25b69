//! `twinworld experiment` on the real binary: whole, killed and resumed, in parts and merged.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use parquet::file::reader::{FileReader as _, SerializedFileReader};

const TOY: &str = r#"(
    version: 1,
    name: "toy",
    about: "Two objectives, two rates, of which one is far too large.",
    grids: [(
        scenes: ["SCENES/duck-paws.ron"],
        axes: [(name: "rate", of: "training.learning_rate", values: ["0.001", "1e30"])],
        methods: [Concat],
        objectives: [Erm, C3r],
    )],
    seeds: [1, 2],
    set: {"training.batch": "16", "training.steps": "4", "training.features": "8"},
    regimes: {"masked": [Disturb(Mask(share: 0.3))]},
    specimens: 32,
    measures: [Accuracy, C3Risk],
    quick: (seeds: [1]),
    report: [
        Table(title: "All", rows: ["rate", "objective"],
              values: ["iid.accuracy", "iid.accuracy - masked.accuracy"], against: ("objective", "erm")),
        Plot(title: "Risk", chart: Dots, over: "objective", values: ["iid.c3_risk"], panels: ["rate"]),
    ],
)"#;

fn toy(folder: &Path) -> String {
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let path = folder.join("toy.ron");
    std::fs::write(&path, TOY.replace("SCENES", &scenes.to_string_lossy())).unwrap();
    path.to_string_lossy().into_owned()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinworld"));
    command.arg("experiment").args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The tables and the report of a folder.
fn tables(folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    ["trials.csv", "trials.parquet", "tables.md", "report.html"]
        .map(|name| (name, std::fs::read(folder.join(name)).unwrap()))
        .into()
}

fn outcomes(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder.join("trials")).into_iter().flatten();
    entries.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "json")).count()
}

#[test]
fn parts_and_what_was_killed_end_with_the_same_tables() {
    let home = tempfile::tempdir().unwrap();
    let file = toy(home.path());
    let at = |name: &str| home.path().join(name);
    let whole = at("whole");
    let output = run(&[&file, "--out", whole.to_str().unwrap(), "--jobs", "2"]);
    // Half of the trials diverge, are written down, and don't stop the rest.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("4 trials failed"), "{}", said(&output));
    assert_eq!(outcomes(&whole), 8);
    let wanted = tables(&whole);
    let csv = String::from_utf8(wanted["trials.csv"].clone()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 9);
    assert!(lines[0].starts_with("scene,rate,method,objective,seed,failure,"), "{}", lines[0]);
    let failed = lines.iter().filter(|line| line.contains(",1e30,") && line.contains("step"));
    assert_eq!(failed.count(), 4, "{csv}");
    let parquet =
        SerializedFileReader::new(std::fs::File::open(whole.join("trials.parquet")).unwrap());
    assert_eq!(parquet.unwrap().metadata().file_metadata().num_rows(), 8);
    let page = String::from_utf8(wanted["report.html"].clone()).unwrap();
    assert!(page.contains("Failures"));
    assert!(page.contains("iid.<wbr>accuracy - masked.<wbr>accuracy"));

    // Killed after the first outcome, then gone on with.
    let killed = at("killed");
    let arguments = [&*file, "--out", killed.to_str().unwrap(), "--jobs", "1"];
    let mut child = command(&arguments).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while outcomes(&killed) == 0 && start.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!((1..8).contains(&outcomes(&killed)));
    let output = run(&[&*file, "--out", killed.to_str().unwrap(), "--resume"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(tables(&killed) == wanted);

    // Three parts, made anywhere, and joined.
    let parts = ["1/3", "2/3", "3/3"].map(|shard| {
        let part = at(&format!("part{}", &shard[..1]));
        let out = part.to_str().unwrap().to_owned();
        run(&[&file, "--out", &out, "--shard", shard]);
        out
    });
    assert_eq!(parts.each_ref().map(|part| outcomes(Path::new(part))), [3, 3, 2]);
    let joined = at("joined");
    let merge = [&*file, "--out", joined.to_str().unwrap(), "--merge"];
    let output = run(&[&merge[..], &[&*parts[0], &*parts[1]]].concat());
    assert!(said(&output).contains("6 of 8 trials are there"), "{}", said(&output));
    run(&[&merge[..], &parts.each_ref().map(|part| part.as_str())].concat());
    assert!(tables(&joined) == wanted);

    // A part of another size is refused, and so is another experiment's folder.
    let quick = at("quick");
    let output = run(&[&file, "--quick", "--out", quick.to_str().unwrap()]);
    assert_eq!((output.status.code(), outcomes(&quick)), (Some(1), 4));
    let output = run(&[&merge[..], &[quick.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("another size"), "{}", said(&output));
    let output = run(&[&file, "--out", quick.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(outcomes(&quick), 4);
}

#[test]
fn trials_are_listed_and_can_be_performed_one_by_one() {
    let home = tempfile::tempdir().unwrap();
    let file = toy(home.path());
    let listed = run(&[&file, "--quick", "--list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.lines().count(), 4);
    assert!(listed.contains("duck-paws 0.001 concat c3r, seed 1"), "{listed}");
    let key = listed.split_whitespace().next().unwrap();
    let out = home.path().join("one");
    let out = out.to_str().unwrap();
    let output = run(&[&file, "--quick", "--out", out, "--trial", key]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(outcomes(Path::new(out)), 1);
    let output = run(&[&file, "--quick", "--out", out, "--trial", "nobody"]);
    assert_eq!(output.status.code(), Some(2));
    // Side by side they come to what they come to alone.
    let keys: Vec<&str> =
        listed.lines().take(2).filter_map(|l| l.split_whitespace().next()).collect();
    let both = home.path().join("both");
    let both = both.to_str().unwrap();
    let output = run(&[&file, "--quick", "--out", both, "--trial", &keys.join(",")]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(outcomes(Path::new(both)), 2);
    let found = |folder: &str| {
        let text = std::fs::read(Path::new(folder).join(format!("trials/{key}.json"))).unwrap();
        let mut outcome: serde_json::Value = serde_json::from_slice(&text).unwrap();
        outcome.as_object_mut().unwrap().remove("cost").unwrap();
        outcome
    };
    assert!(found(out)["values"]["iid.accuracy"].is_number());
    assert_eq!(found(out), found(both));
}

/// The processes that a process has started, by number and command line.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<(String, String)> {
    let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let list = list.unwrap_or_default();
    let line = |pid: &str| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (pid.to_owned(), String::from_utf8_lossy(&line).replace('\0', " "))
    };
    list.split_whitespace().map(line).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn trials_whose_process_is_killed_are_each_tried_again_by_themselves() {
    let home = tempfile::tempdir().unwrap();
    let file = toy(home.path());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"training.steps\": \"4\"", "\"training.steps\": \"400\""))
        .unwrap();
    let only = ["--only", "rate=0.001", "--jobs", "1"];
    let whole = home.path().join("whole");
    let output = run(&[&[&*file, "--out", whole.to_str().unwrap()][..], &only].concat());
    assert!(output.status.success(), "{}", said(&output));
    let out = home.path().join("killed");
    let arguments = [&[&*file, "--out", out.to_str().unwrap()][..], &only].concat();
    let mut child = command(&arguments);
    let child = child.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    let company = loop {
        // Two keys with a comma between them: a company.
        let both = children(child.id()).into_iter().find(|(_, line)| {
            let keys = line.split_once("--trial ").map_or("", |(_, rest)| rest);
            keys.split_whitespace().next().is_some_and(|keys| keys.contains(','))
        });
        if let Some((pid, _)) = both {
            break pid;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "no company was started");
        std::thread::sleep(Duration::from_millis(1));
    };
    assert_eq!(outcomes(&out), 0);
    assert!(Command::new("kill").args(["-9", &company]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(outcomes(&out), 4);
    assert!(tables(&out) == tables(&whole));
}

/// Every command of the findings names trials that there are.
#[test]
fn the_commands_of_the_findings_name_trials() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/findings.md")).unwrap().replace("\\\n", " ");
    let commands: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("twinworld experiment ")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for line in commands {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = command(&arguments).arg("--list").current_dir(root).output().unwrap();
        assert!(output.status.success(), "{line}: {}", said(&output));
        assert!(output.stdout.iter().filter(|&&byte| byte == b'\n').count() >= 40, "{line}");
    }
}

#[test]
fn a_part_of_the_trials_is_an_experiment_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let file = toy(home.path());
    let part = ["--only", "rate=0.001", "--only", "objective=erm,c3r", "--only", "seed=2"];
    let listed = run(&[&[&*file, "--list"][..], &part].concat());
    let listed = String::from_utf8(listed.stdout).unwrap();
    let titles: Vec<&str> =
        listed.lines().filter_map(|line| line.split_once("  ")).map(|l| l.1).collect();
    assert_eq!(
        titles,
        ["duck-paws 0.001 concat erm, seed 2", "duck-paws 0.001 concat c3r, seed 2"]
    );
    let out = home.path().join("part");
    let output = run(&[&[&*file, "--out", out.to_str().unwrap()][..], &part].concat());
    assert!(output.status.success(), "{}", said(&output));
    let text = std::fs::read_to_string(out.join("tables.md")).unwrap();
    let head = "| rate | objective | iid.accuracy | Δ from erm | iid.accuracy - masked.accuracy | Δ from erm |";
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != head).collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[2].starts_with("| 0.001 | erm | 0.") && lines[3].starts_with("| 0.001 | c3r | 0.")
    );
    // The whole is another experiment, though it has the same trials.
    let output = run(&[&file, "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    for (only, said_of_it) in [
        ("speed=1", "they have scene, rate, method, objective, seed"),
        ("rate=0.1", "there are `0.001`, `1e30`"),
        ("rate", "write COLUMN=VALUE"),
    ] {
        let output = run(&[&file, "--list", "--only", only]);
        assert_eq!(output.status.code(), Some(2), "{only}");
        assert!(said(&output).contains(said_of_it), "{}", said(&output));
    }
}

#[test]
fn wrong_files_are_refused_with_a_remedy() {
    let home = tempfile::tempdir().unwrap();
    let cases = [
        ("objectives: [Erm, C3r]", "objectives: [Erm, C4r]", "C3r"),
        ("\"training.learning_rate\"", "\"training.learning_speed\"", "training.learning_speed"),
        ("duck-paws.ron", "nowhere.ron", "nowhere.ron"),
        ("rows: [\"rate\"", "rows: [\"rates\"", "rate"),
        ("methods: [Concat]", "methods: []", "grid without trials"),
        ("seeds: [1, 2]", "seeds: [1, 1]", "seeds"),
        ("Mask(share: 0.3)", "Mask(share: 3.0)", "share"),
        ("\"1e30\"", "\"quick\"", "quick"),
        ("name: \"rate\"", "name: \"seed\"", "another name"),
        ("version: 1", "version: 2", "version: 1"),
    ];
    for (old, new, expected) in cases {
        let file = toy(home.path());
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{old}");
        std::fs::write(&file, text.replacen(old, new, 1)).unwrap();
        let output = run(&[&file, "--list"]);
        assert_eq!(output.status.code(), Some(2), "{new}: {}", said(&output));
        assert!(said(&output).contains(expected), "{new}: {}", said(&output));
    }
    let file = toy(home.path());
    let empty = home.path().join("empty");
    let output = run(&[&file, "--resume", "--out", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("leave --resume out"), "{}", said(&output));
    let output = run(&[&file, "--out", home.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("isn't empty"), "{}", said(&output));
}

#[test]
fn every_shipped_experiment_has_its_trials_at_both_sizes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ron"))
        .collect();
    files.sort();
    assert!(files.len() >= 12);
    for file in files {
        for quick in [false, true] {
            let plan = twinworld::experiment::plan::Plan::load(&file, quick).unwrap();
            assert!(!plan.trials.is_empty() && !plan.experiment.report.is_empty(), "{file:?}");
            assert!(plan.experiment.about.len() > 200, "{file:?}");
        }
    }
}

#[test]
fn the_experiment_of_the_docs_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/experiments.md")).unwrap();
    let (_, rest) = page.split_once("```ron\n").unwrap();
    let (text, rest) = rest.split_once("```").unwrap();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("docs.ron");
    std::fs::write(&file, text.replace("../scenes", &root.join("scenes").to_string_lossy()))
        .unwrap();
    let plan = twinworld::experiment::plan::Plan::load(&file, false).unwrap();
    assert_eq!(plan.trials.len(), 3 * 2 * 3 * 5);
    // The table of what is shipped tells how many trials each file has.
    let folder = root.join("experiments");
    let lines = rest.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(".ron` |"));
    let mut told = 0;
    for (name, line) in lines {
        let path = folder.join(format!("{name}.ron"));
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        for (quick, cell) in [(true, cells[1]), (false, cells[2])] {
            let plan = twinworld::experiment::plan::Plan::load(&path, quick).unwrap();
            assert_eq!(cell.parse(), Ok(plan.trials.len()), "{name}");
        }
        told += 1;
    }
    assert_eq!(told, std::fs::read_dir(folder).unwrap().count());
}
