//! The real binary, end to end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn twinworld(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinworld"));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    twinworld(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[cfg(not(feature = "lab"))]
#[test]
fn a_program_without_the_window_says_how_to_build_it() {
    let output = run(&["lab", "scenes/duck.ron", "--paused"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("--features lab -- lab scenes/duck.ron --paused"), "{said}");
}

#[test]
fn truth_gives_the_table_of_the_duck() {
    let answer: Value =
        serde_json::from_str(&succeed(&["truth", "scenes/duck.ron", "--json"])).unwrap();
    assert_eq!(answer["scene"], "duck");
    let factor = |name: &str| {
        let all = answer["factors"].as_array().unwrap();
        all.iter().find(|f| f["name"] == name).unwrap().clone()
    };
    for (name, role, pn, ps, pns) in [
        ("flat_bill", "Snc", 0.9, 0.81 / 0.91, 0.81),
        ("webbed_paws", "Sc", 0.5, 0.45 / 0.55, 0.45),
        ("wings", "Nc", 1.0, 0.55, 0.55),
        ("lake", "Spurious", 0.0, 0.0, 0.0),
    ] {
        let found = factor(name);
        assert_eq!(found["role"], role);
        assert_eq!(found["exact"], true);
        for (key, wanted) in [("pn", pn), ("ps", ps), ("pns", pns)] {
            let value = found[key].as_f64().unwrap();
            assert!((value - wanted).abs() < 1e-9, "{key} of {name}: {value}");
        }
    }
    let paws: Value =
        serde_json::from_str(&succeed(&["truth", "scenes/duck-paws.ron", "--json"])).unwrap();
    assert_eq!(paws["factors"][0]["ps"], 1.0);
    assert_eq!(paws["factors"][0]["pn"], 0.5);
    let wings: Value =
        serde_json::from_str(&succeed(&["truth", "scenes/duck-wings.ron", "--json"])).unwrap();
    assert_eq!(wings["factors"][0]["ps"], 0.5);
    assert_eq!(wings["factors"][0]["pn"], 1.0);
}

/// Spec section 1: the truth .300, observed .460, Eq. 5 .4905 with the instrument and .300 with
/// the confounder, Wald .300.
#[test]
fn truth_shows_where_adjusting_for_an_instrument_leads() {
    let fins = |instrument: &str| {
        let scene = "tests/scenes/instrument.ron";
        let arguments = ["truth", scene, "--instrument", instrument, "--class", "swimmer"];
        let shown = succeed(&arguments);
        let answer: Value =
            serde_json::from_str(&succeed(&[&arguments[..], &["--json"]].concat())).unwrap();
        let factors = answer["factors"].as_array().unwrap();
        let fins = factors.iter().find(|f| f["name"] == "fins").unwrap();
        (shown, fins["accounts"][0].clone())
    };
    let near = |value: &Value, wanted: f64| {
        assert!((value.as_f64().unwrap() - wanted).abs() < 1e-9, "{value} is not {wanted}");
    };
    let (shown, by_offer) = fins("offer");
    near(&by_offer["truth"]["pns"], 0.300);
    near(&by_offer["theorem_3_2"]["pns"], 0.300);
    near(&by_offer["theorem_3_2"]["error"]["pn"], 0.0);
    near(&by_offer["observational"]["pns"], 0.460);
    near(&by_offer["theorem_3_3"]["pns"], 0.490_476_190_476_190_5);
    near(&by_offer["theorem_3_3"]["error"], 0.190_476_190_476_190_5);
    near(&by_offer["theorem_3_3"]["wald"], 0.300);
    assert_eq!(by_offer["exogeneity"]["holds"], false);
    assert_eq!(by_offer["monotonicity"]["holds"], true);
    assert_eq!(by_offer["theorem_3_3"]["v_independent_of_y"]["holds"], false);
    for part in ["0.4600 (+0.1600)", "0.4905 (+0.1905)", "not exogenous", "V = offer"] {
        assert!(shown.contains(part), "no {part} in\n{shown}");
    }
    near(&fins("current").1["theorem_3_3"]["pns"], 0.300);
}

#[test]
fn truth_is_told_under_any_regime_and_of_any_class() {
    let lake = |arguments: &[&str]| {
        let arguments = [&["truth", "scenes/duck.ron", "--json"], arguments].concat();
        let answer: Value = serde_json::from_str(&succeed(&arguments)).unwrap();
        let all = answer["factors"].as_array().unwrap();
        let lake = all.iter().find(|f| f["name"] == "lake").unwrap().clone();
        assert_eq!(lake["how"]["method"], "graph");
        lake
    };
    let observed = |lake: &Value| lake["accounts"][1]["observational"]["pns"].as_f64().unwrap();
    let (iid, flipped) = (lake(&[]), lake(&["--regime", "flipped"]));
    assert_eq!(iid["accounts"].as_array().unwrap().len(), 2);
    assert!(observed(&iid) > 0.6 && observed(&flipped) < -0.6, "the lake deceives, either way");
    let randomised = lake(&["--regime", "randomised"]);
    assert!(observed(&randomised).abs() < 1e-9);
    assert_eq!(randomised["accounts"][1]["exogeneity"]["holds"], true);
    let other = lake(&["--class", "other bird"]);
    assert_eq!(other["accounts"].as_array().unwrap().len(), 1);
    assert!(succeed(&["truth", "scenes/duck.ron", "--full"]).contains("Tian-Pearl bounds"));
}

#[test]
fn compare_writes_runs_and_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let table = succeed(&[
        "compare",
        "scenes/duck.ron",
        "--steps",
        "3",
        "--batch",
        "64",
        "--specimens",
        "512",
        "--objectives",
        "erm,c3r,c3r-literal,c3r-twin",
        "--out",
        out,
    ]);
    let names = ["erm", "c3r", "c3r-literal", "c3r-twin"];
    // What is to be said of each comes first, and before it what one seed can't tell.
    assert!(table.starts_with("One training seed"), "{table}");
    assert!(table.contains("both directions") && table.contains("best possible"), "{table}");
    for name in names {
        assert!(table.contains(name), "{table}");
        let run = folder.path().join(format!("{name}-seed7"));
        let metrics = json(&run.join("metrics.json"));
        assert_eq!(metrics["scene"], "duck");
        assert_eq!(metrics["method"], "concat");
        assert_eq!(metrics["objective"], name);
        assert_eq!(metrics["seed"], 7);
        assert_eq!(metrics["steps"], 3);
        let number = |v: &Value| v.as_f64().unwrap();
        assert!(number(&metrics["seconds"]) > 0.0);
        assert!(number(&metrics["samples_per_second"]) > 0.0);
        for regime in ["iid", "flipped", "randomised"] {
            assert!((0.0..=1.0).contains(&number(&metrics["accuracy"][regime])));
        }
        // The identity of Eq. 8: sufficiency is what the real branch gets wrong.
        let risk = &metrics["c3_risk"];
        let total = number(&risk["sufficiency"]) + number(&risk["necessity"]);
        assert!((number(&risk["total"]) - total).abs() < 1e-12);
        let accuracy = number(&metrics["accuracy"]["iid"]);
        assert!((number(&risk["sufficiency"]) - (1.0 - accuracy)).abs() < 1e-9);
        let causation = metrics["causation"].as_array().unwrap();
        assert_eq!(causation.len(), 12);
        let (mut error, mut relied) = (0.0, Vec::new());
        for factor in causation {
            let classes = factor["classes"].as_array().unwrap();
            assert_eq!(classes.len(), 2);
            for class in classes {
                for side in ["true", "best", "total", "direct"] {
                    for key in ["pn", "ps", "pns", "reversed", "reliance"] {
                        let share = &class[side][key];
                        // A model that never says the class has no probability of necessity.
                        let open = share.is_null() && (key == "pn" || key == "ps");
                        assert!(open || (0.0..=1.0).contains(&number(share)), "{key}: {class}");
                    }
                    let effect = number(&class[side]["pns"]) - number(&class[side]["reversed"]);
                    assert!((number(&class[side]["effect"]) - effect).abs() < 1e-12);
                }
                for way in ["pns", "reversed"] {
                    error += (number(&class["total"][way]) - number(&class["true"][way])).abs();
                }
            }
            // Of two classes one comes where the other goes.
            assert_eq!(classes[0]["total"]["pns"], classes[1]["total"]["reversed"]);
            if ["Spurious", "Nuisance"].contains(&factor["role"].as_str().unwrap()) {
                relied.push(number(&classes[0]["direct"]["reliance"]));
            }
        }
        assert_eq!(metrics["schema"], 2);
        let headline = &metrics["headline"];
        assert!((number(&headline["causal_error"]) - error / 48.0).abs() < 1e-12);
        let mean = relied.iter().sum::<f64>() / relied.len() as f64;
        assert!((number(&headline["reliance"]["mean"]) - mean).abs() < 1e-12);
        assert_eq!(
            number(&headline["reliance"]["worst"]),
            relied.iter().copied().fold(0.0, f64::max)
        );
        assert!(headline["worst_group"].is_number() && headline["grasp"].is_number());
        assert!((number(&metrics["best_accuracy"]["iid"]) - 1.0).abs() < 1e-12, "no label noise");
        assert!(run.join("model.safetensors").is_file() && run.join("scene.ron").is_file());
        assert_eq!(std::fs::read_to_string(run.join("losses.csv")).unwrap().lines().count(), 4);
    }
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    for name in names.iter().chain(["flat_bill", "lake", "do lake=0"].iter()) {
        assert!(page.contains(name), "the report lacks {name}");
    }
    let fetched = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!fetched.contains("http://") && !fetched.contains("https://"));
}

#[test]
fn the_engine_is_chosen_with_a_reason_and_its_model_can_be_probed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let small = ["--steps", "3", "--batch", "64", "--specimens", "256", "--out", out];
    for (method, engine) in [("late", "fused"), ("qmf", "dfdx")] {
        let chosen = ["train", "scenes/duck.ron", "--engine", "auto", "--method", method];
        let device = if cfg!(feature = "cuda") { "auto" } else { "cpu" };
        let chosen = [&chosen[..], &["--device", device]].concat();
        let output = run(&[&chosen[..], &small[..]].concat());
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(said.contains(&format!("engine: {engine} on ")), "{said}");
        succeed(&["probe", out, "--specimens", "256"]);
    }
}

/// The metrics without what the clock says.
fn timeless(run: &Path) -> Value {
    let mut metrics = json(&run.join("metrics.json"));
    let object = metrics.as_object_mut().unwrap();
    object.remove("seconds");
    object.remove("samples_per_second");
    metrics
}

#[test]
fn a_run_is_the_same_for_any_number_of_threads_and_alone_as_in_company() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs: Vec<PathBuf> = Vec::new();
    for (name, threads) in [("one", "1"), ("two", "2"), ("four", "4"), ("again", "2")] {
        let out = folder.path().join(name);
        let output = twinworld(&["train", "scenes/duck.ron", "--objective", "c3r-twin"])
            .args(["--steps", "6", "--specimens", "512", "--out"])
            .arg(&out)
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(out.join("report.html").is_file());
        runs.push(out);
    }
    let top = folder.path().join("company");
    succeed(&[
        "compare",
        "scenes/duck.ron",
        "--objectives",
        "erm,c3r-twin",
        "--steps",
        "6",
        "--specimens",
        "512",
        "--out",
        top.to_str().unwrap(),
    ]);
    runs.push(top.join("c3r-twin-seed7"));
    let model = |run: &Path| std::fs::read(run.join("model.safetensors")).unwrap();
    for run in &runs[1..] {
        assert!(model(&runs[0]) == model(run), "{} has another model", run.display());
        assert_eq!(timeless(&runs[0]), timeless(run), "{}", run.display());
    }
    assert!(model(&runs[0]) != model(&top.join("erm-seed7")));
}

#[test]
fn a_saved_model_is_measured_as_it_was_and_under_operations() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let run = out.to_str().unwrap();
    succeed(&[
        "train",
        "scenes/duck.ron",
        "--steps",
        "20",
        "--specimens",
        "512",
        "--method",
        "late",
        "--set",
        "training.learning_rate=0.002",
        "--out",
        run,
    ]);
    let answer: Value = serde_json::from_str(&succeed(&[
        "probe",
        run,
        "--specimens",
        "512",
        "--do",
        "wings=0",
        "--do",
        "lake=1",
        "--json",
    ]))
    .unwrap();
    let saved = timeless(&out);
    for key in ["accuracy", "causation", "headline", "c3_risk", "method", "state"] {
        assert_eq!(answer["metrics"][key], saved[key], "{key}");
    }
    assert_eq!(saved["method"], "late");
    assert_eq!(answer["under"]["label_after"], 0.0);
    assert!(answer["under"]["label_before"].as_f64().unwrap() > 0.3);
    let scene = std::fs::read_to_string(out.join("scene.ron")).unwrap();
    assert!(scene.contains("learning_rate: 0.002") && scene.contains("method: Late"), "{scene}");
    let shown = succeed(&["probe", run, "--specimens", "512", "--do", "lake=0"]);
    assert!(shown.contains("do lake=0 changes the label of 0.0%"), "{shown}");
}

#[test]
fn wrong_input_is_told_with_exit_code_2() {
    for (arguments, part) in [
        (&["check", "tests/broken/cycle.ron"][..], "tests/broken/cycle.ron:5:48: cycle: habitat"),
        (&["train", "scenes/goose.ron"], "scenes/goose.ron: the scene can't be read"),
        (&["train", "scenes/duck.ron", "--objective", "c4r"], "possible values: erm, c3r"),
        (&["train", "scenes/duck.ron", "--steps", "0"], "--steps and --specimens 1 or more"),
        (
            &["train", "scenes/duck.ron", "--engine", "fused", "--method", "qmf"],
            "it knows the methods",
        ),
        (&["truth", "scenes/duck.ron", "--set", "training.lamda_v=1"], "has no `training.lamda_v`"),
        (&["truth", "scenes/duck.ron", "--set", "seed"], "no value is given"),
        (
            &["truth", "scenes/duck.ron", "--set", "factors.lake.mechanism.strength=0.99"],
            "strength 0.99 can't be reached",
        ),
        (&["truth", "scenes/duck.ron", "--class", "duk"], "did you mean `duck`?"),
        (&["truth", "scenes/duck.ron", "--regime", "flip"], "no regime `flip`; known: iid"),
        (&["truth", "scenes/duck.ron", "--instrument", "duck"], "the label can't be V"),
        (&["truth", "scenes/duck.ron", "--instrument", "habit"], "no node `habit`"),
        (&["probe", "nowhere"], "nowhere is no directory"),
    ] {
        let output = run(arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
    let shown = succeed(&["check", "scenes/duck.ron", "scenes/duck-paws.ron"]);
    assert_eq!(shown, "scenes/duck.ron: ok\nscenes/duck-paws.ron: ok\n");
}

#[test]
fn truth_answers_though_roles_are_wrong_and_check_says_what_regimes_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.ron");
    let path = file.to_str().unwrap();
    let scene = |bill: &str, lake: &str| {
        format!(
            r#"(version: 1, name: "net",
            confounders: [(name: "h", mechanism: Bernoulli(0.5))],
            factors: [
                (name: "bill", {bill}mechanism: NoisyCopy(of: "h", flip: 0.1)),
                (name: "lake", {lake}mechanism: Confounded(by: "h", with: "bill", strength: 0.5)),
            ],
            label: (name: "y", classes: ["0", "1"], mechanism: Gate(rule: "bill")),
            modalities: [Vector(name: "v", entries: [(of: "bill"), (of: "lake")])])"#
        )
    };
    std::fs::write(&file, scene("role: Nuisance, ", "role: Sc, ")).unwrap();
    let output = run(&["truth", path, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stderr);
    assert!(
        told.contains("declare role: Snc") && told.contains("declare role: Spurious"),
        "{told}"
    );
    let shown: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let bill = &shown["factors"][0];
    assert_eq!(bill["role"], "Snc");
    assert!((bill["pns"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let output = run(&["check", path]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr).lines().count(), 2, "both wrong roles");
    // Without roles all is well; what was found is told, and what is written has it.
    std::fs::write(&file, scene("", "")).unwrap();
    let output = run(&["check", path]);
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stderr);
    for part in [
        "roles that were found: bill Snc, lake Spurious",
        "regime flipped: `lake` has strength -0.5 in place of 0.5",
        "regime randomised: set at random: `lake`",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let out = folder.path().join("data");
    succeed(&["generate", path, "--samples", "10", "--out", out.to_str().unwrap()]);
    let written = std::fs::read_to_string(out.join("scene.ron")).unwrap();
    assert!(written.contains("role: Snc") && written.contains("role: Spurious"), "{written}");
}

#[test]
fn an_unwritable_place_is_told_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let out = file.join("run");
    let output = run(&["train", "scenes/duck.ron", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("check that the place exists"));
}

#[test]
fn help_names_every_command() {
    let help = succeed(&["--help"]);
    for command in ["compare", "train", "truth", "probe", "check"] {
        let line = help.lines().find(|l| l.trim_start().starts_with(command)).unwrap();
        assert!(line.split_whitespace().count() > 3, "{line}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_model_that_can_be_probed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut child = twinworld(&["train", "scenes/duck.ron", "--steps", "100000", "--out"])
        .arg(&out)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The directory is made just before the handler; then some updates.
    let start = Instant::now();
    while !out.exists() && start.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(3));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(30), "it goes on after Ctrl-C");
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("stopped after"));
    assert!(!out.join("metrics.json").exists(), "nothing was measured");
    let run = out.to_str().unwrap();
    assert!(succeed(&["probe", run, "--specimens", "512"]).contains("causal error"));
}
