//! `train --data`: on our files and on anyone's, with errors that say what is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use npyz::{DType, WriterBuilder as _};
use serde_json::Value;
use twinworld::experiment::RunDirectory;
use twinworld::measure::condition::{Condition, Depth, Need, Source};
use twinworld::measure::from_world::{Asked, WorldFill};
use twinworld::measure::{fold, operations, step_of};

fn twinworld(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinworld"));
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeed(arguments: &[&str]) -> String {
    let output = twinworld(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn metrics(run: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(run.join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn a_model_learns_from_our_files_and_is_judged_by_their_twins() {
    let home = tempfile::tempdir().unwrap();
    let (data, run) = (home.path().join("duck"), home.path().join("run"));
    let (data, out) = (data.to_str().unwrap(), run.to_str().unwrap());
    let split = ["--split", "train=900,test=300", "--shard-size", "500"];
    let made = ["generate", "scenes/duck.ron", "--out", data, "--twins", "each-factor"];
    succeed(&[&made[..], &split].concat());
    let train = ["train", "--data", data, "--objective", "c3r-twin", "--steps", "60", "--out"];
    let shown = succeed(&[&train[..], &[out]].concat());
    assert!(shown.contains("causal error"), "{shown}");
    let found = metrics(&run);
    assert_eq!(found["scene"], "duck");
    assert!(found["accuracy"]["test"].as_f64().unwrap() > 0.7, "{found}");
    assert!(found["accuracy"].get("train").is_none());
    let causation = found["causation"].as_array().unwrap();
    assert_eq!(causation.len(), 12);
    let factor = |name: &str| {
        let named = causation.iter().find(|f| f["factor"] == name).unwrap();
        &named["classes"][1]
    };
    assert!((factor("flat_bill")["true"]["pns"].as_f64().unwrap() - 0.81).abs() < 1e-9);
    assert_eq!((&found["samples"], &found["measured_on"]), (&300.into(), &"test".into()));
    assert!(factor("hue")["total"]["pns"].is_null(), "a twin shows one end of the hue");
    assert!(factor("hue")["total"]["pn"].is_number());
    // Nothing follows the lake, so its total twin is its direct one.
    assert_eq!(factor("lake")["direct"], factor("lake")["total"]);
    let gap = |f: &Value, way: &str| -> Option<f64> {
        Some((f["total"][way].as_f64()? - f["true"][way].as_f64()?).abs())
    };
    let errors: Vec<f64> = (causation.iter())
        .flat_map(|f| f["classes"].as_array().unwrap())
        .flat_map(|class| [gap(class, "pns"), gap(class, "reversed")])
        .flatten()
        .collect();
    let saved = found["headline"]["causal_error"].as_f64().unwrap();
    assert!((saved - errors.iter().sum::<f64>() / errors.len() as f64).abs() < 1e-9);
    // The same again has the same model; and it can be probed, for the scene is known.
    let again = home.path().join("again");
    succeed(&[&train[..], &[again.to_str().unwrap()]].concat());
    let model = |run: &Path| std::fs::read(run.join("model.safetensors")).unwrap();
    assert!(model(&run) == model(&again));
    assert!(succeed(&["probe", out, "--specimens", "512"]).contains("causal error"));
}

/// Two values of JSON are the same; where they aren't, the first place is told.
fn same(a: &Value, b: &Value, way: &str) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            assert!(x.keys().eq(y.keys()), "{way}");
            x.iter().for_each(|(key, value)| same(value, &y[key], &format!("{way}.{key}")));
        }
        (Value::Array(x), Value::Array(y)) => {
            assert_eq!(x.len(), y.len(), "{way}");
            x.iter().zip(y).enumerate().for_each(|(i, (a, b))| same(a, b, &format!("{way}[{i}]")));
        }
        _ => assert_eq!(a, b, "{way}"),
    }
}

/// A table that is filled from stored twins is the one that is filled from the world: every sample of
/// the split, every end of every contrast, total and direct.
#[test]
fn stored_twins_of_every_contrast_say_what_the_world_says() {
    let home = tempfile::tempdir().unwrap();
    let (data, run) = (home.path().join("mediator"), home.path().join("run"));
    let (data, out) = (data.to_str().unwrap(), run.to_str().unwrap());
    let request = ["--split", "test=96,train=200", "--twins", "contrasts", "--out", data];
    succeed(&[&["generate", "scenes/mediator.ron"][..], &request].concat());
    succeed(&["train", "--data", data, "--steps", "40", "--batch", "32", "--out", out]);
    let stored = metrics(&run);
    let saved = RunDirectory::create(&run).unwrap().read().unwrap();
    let (stage, training) = (&saved.stage, &saved.stage.scene.training);
    let source = Source { regime: "iid".into(), first: 0 };
    let need = |condition, depth| Need { source: source.clone(), condition, rows: 96, depth };
    let mut needs = vec![need(Condition::Natural, Depth::COUNTERFACTUAL)];
    needs.extend(operations(stage.factors.len()).map(|c| need(c, Depth::PREDICTION)));
    let asked = [Asked { learner: &*saved.learner, step: step_of(training) }];
    let fill = WorldFill::new(stage, stage.scene.seed, 96, &needs);
    let table = fill.fill(&asked, || true).unwrap().unwrap().remove(0);
    // By way of text, in which a last digit may be another.
    let own = serde_json::to_string(&fold(&table, None, &source)).unwrap();
    let own: Value = serde_json::from_str(&own).unwrap();
    for key in ["headline", "causation", "worst_group", "commonest", "state"] {
        same(&own[key], &stored[key], key);
    }
    assert_eq!(own["accuracy"]["iid"], stored["accuracy"]["test"]);
    // The bill works through the paws, so its total twin isn't its direct one.
    let bill = &stored["causation"][0]["classes"][1];
    assert_ne!(bill["total"], bill["direct"]);
}

/// A method that cuts pictures and sounds in patches and reads words one by one, so that shapes,
/// order and ids all count.
#[test]
fn what_a_transformer_reads_is_the_same_in_every_format() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: String| home.path().join(name).to_str().unwrap().to_owned();
    let model = |format: &str| {
        let (data, run) = (path(format.to_owned()), path(format!("run-{format}")));
        let made = ["generate", "scenes/duck.ron", "--out", &data, "--format", format];
        succeed(&[&made[..], &["--split", "train=64,test=32"]].concat());
        let train = ["train", "--data", &data, "--method", "mmbt", "--steps", "2", "--batch", "32"];
        succeed(&[&train[..], &["--out", &run]].concat());
        std::fs::read(Path::new(&run).join("model.safetensors")).unwrap()
    };
    let npz = model("npz");
    assert!(model("parquet") == npz && model("webdataset") == npz);
}

#[test]
fn without_twins_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    let (data, run) = (home.path().join("plain"), home.path().join("run"));
    let (data, out) = (data.to_str().unwrap(), run.to_str().unwrap());
    succeed(&["generate", "scenes/duck.ron", "--out", data, "--samples", "400"]);
    let shown = succeed(&["train", "--data", data, "--steps", "5", "--out", out]);
    assert!(shown.contains("The data hold no twins"), "{shown}");
    let found = metrics(&run);
    assert!(
        found["accuracy"]["held_out"].is_number() && found["headline"]["causal_error"].is_null()
    );
    // The truth is known, and of what was learned nothing.
    for factor in found["causation"].as_array().unwrap() {
        let class = &factor["classes"][1];
        assert!(class["true"]["pns"].is_number(), "{class}");
        for reach in ["total", "direct"] {
            for key in ["pn", "ps", "pns", "reversed", "reliance", "effect"] {
                assert!(class[reach][key].is_null(), "{class}");
            }
        }
    }
    let twin = twinworld(&["train", "--data", data, "--objective", "c3r-twin", "--out", out]);
    assert_eq!(twin.status.code(), Some(1));
    assert!(told(&twin).contains("--twins each-factor"), "{}", told(&twin));
}

/// A `.npy` file of numbers that are already in their bytes.
fn npy(dtype: &str, shape: &[u64], bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let options = npyz::WriteOptions::<std::convert::Infallible>::new_header_only();
    let dtype = DType::Plain(dtype.parse().unwrap());
    options.dtype(dtype).shape(shape).writer(&mut out).write_header_only().unwrap();
    out.extend_from_slice(bytes);
    out
}

fn labels(all: &[i64]) -> Vec<u8> {
    npy("<i8", &[all.len() as u64], &all.iter().flat_map(|y| y.to_le_bytes()).collect::<Vec<_>>())
}

/// Writes `train.npz` with these arrays, deflated as `numpy.savez_compressed` does it.
fn write(folder: &Path, arrays: &[(&str, Vec<u8>)]) {
    std::fs::create_dir_all(folder).unwrap();
    let mut zip = zip::ZipWriter::new(File::create(folder.join("train.npz")).unwrap());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (key, array) in arrays {
        zip.start_file(format!("{key}.npy"), options).unwrap();
        zip.write_all(array).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn anyones_npz_will_do() {
    let home = tempfile::tempdir().unwrap();
    let (folder, run) = (home.path().join("theirs"), home.path().join("run"));
    // A grey square that is bright for class 2, a vector that says class 1.
    let y: Vec<i64> = (0..300).map(|i| i % 3).collect();
    let images: Vec<u8> = y.iter().flat_map(|&y| [if y == 2 { 220u8 } else { 30 }; 16]).collect();
    let vectors: Vec<u8> = y
        .iter()
        .flat_map(|&y| [f32::from(u8::from(y == 1)), 0.5])
        .flat_map(f32::to_le_bytes)
        .collect();
    write(
        &folder,
        &[
            ("images", npy("|u1", &[300, 4, 4], &images)),
            ("vectors", npy("<f4", &[300, 2], &vectors)),
            ("y", labels(&y)),
        ],
    );
    let (data, out) = (folder.to_str().unwrap(), run.to_str().unwrap());
    let arguments = ["train", "--data", data, "--steps", "150", "--batch", "64", "--out", out];
    succeed(&arguments);
    assert_eq!(metrics(&run)["accuracy"]["held_out"], 1.0);
    assert!(run.join("model.safetensors").is_file() && !run.join("scene.ron").exists());
    let set = twinworld(&["train", "--data", data, "--set", "training.steps=2", "--out", out]);
    assert_eq!(set.status.code(), Some(2));
    assert!(told(&set).contains("has no scene.ron"));
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let home = tempfile::tempdir().unwrap();
    let images = || npy("|u1", &[4, 2, 2, 3], &[7; 48]);
    let y = || labels(&[0, 1, 0, 1]);
    let classes = || npy("<U1", &[2], &[97, 0, 0, 0, 98, 0, 0, 0]);
    let cases: Vec<(&str, Vec<(&str, Vec<u8>)>)> = vec![
        ("the key `y` is missing", vec![("images", images())]),
        ("nothing to learn from", vec![("y", y())]),
        ("`images` has 3 rows, `y` 4", vec![("images", npy("|u1", &[3, 4], &[0; 12])), ("y", y())]),
        (
            "`images` is float32; store it as uint8",
            vec![("images", npy("<f4", &[4, 1], &[0; 16])), ("y", y())],
        ),
        ("`images` has the shape [4]", vec![("images", npy("|u1", &[4], &[0; 4])), ("y", y())]),
        ("holds the label -1", vec![("images", images()), ("y", labels(&[0, 1, -1, 1]))]),
        (
            "a label is 5, and `classes` names 2",
            vec![("images", images()), ("y", labels(&[0, 5, 0, 1])), ("classes", classes())],
        ),
        (
            "`audio` comes without a sampling rate",
            vec![("audio", npy("<i2", &[4, 300], &[0; 2400])), ("y", y())],
        ),
        (
            "`pns` holds 3 numbers instead of 2",
            vec![
                ("images", images()),
                ("y", y()),
                ("keys", classes()),
                ("pns", npy("<f8", &[3], &[0; 24])),
            ],
        ),
        (
            "`images_cf` has 6 numbers per specimen",
            vec![
                ("images", images()),
                ("y", y()),
                ("y_cf", y()),
                ("images_cf", npy("|u1", &[4, 6], &[0; 24])),
            ],
        ),
        (
            "`present` has 2 columns, there are 1",
            vec![("images", images()), ("y", y()), ("present", npy("|b1", &[4, 2], &[1; 8]))],
        ),
        ("not of objects", vec![("images", npy("|O", &[4, 2], &[0; 64])), ("y", y())]),
    ];
    for (i, (part, arrays)) in cases.iter().enumerate() {
        let folder = home.path().join(i.to_string());
        write(&folder, arrays);
        let output = twinworld(&["train", "--data", folder.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{part}: {}", told(&output));
        assert!(told(&output).contains(part), "{part}: {}", told(&output));
        assert!(told(&output).contains("train.npz") || i == 6, "{}", told(&output));
    }
    let folder = home.path().join("text");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("train.npz"), "no archive").unwrap();
    let output = twinworld(&["train", "--data", folder.to_str().unwrap()]);
    assert!(told(&output).contains("it is no NPZ"), "{}", told(&output));
    std::fs::remove_file(folder.join("train.npz")).unwrap();
    let output = twinworld(&["train", "--data", folder.to_str().unwrap()]);
    assert!(told(&output).contains("no .npz, .parquet or .tar file in it"), "{}", told(&output));
}
