//! Data sets by the real binary: the same bytes however they come about, whole files or none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use twinworld::dataset::read::{Array, Data, read};

fn twinworld() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinworld"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

/// `generate scenes/duck.ron --out OUT ARGUMENTS`.
fn generate(out: &Path, arguments: &[&str]) -> Command {
    let mut command = twinworld();
    command.args(["generate", "scenes/duck.ron", "--out"]).arg(out).args(arguments);
    command
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                all.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (tree(one), tree(other));
    let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for (name, bytes) in &one {
        assert!(bytes == &other[name], "{} differs", name.display());
    }
}

fn copy_into(from: &Path, to: &Path) {
    for (name, bytes) in tree(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn threads_and_parts_make_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    for format in ["npz", "parquet", "webdataset"] {
        let place = |name: &str| home.path().join(format!("{format}-{name}"));
        let request = ["--split", "train=70,test=25", "--shard-size", "20"];
        let request = [&request[..], &["--format", format, "--twins", "each-factor"]].concat();
        let whole = place("whole");
        succeed(generate(&whole, &request).env("RAYON_NUM_THREADS", "1"));
        let extension = if format == "webdataset" { "tar" } else { format };
        for name in ["train-00003-of-00004", "test-00001-of-00002"] {
            assert!(whole.join(format!("{name}.{extension}")).is_file(), "{name}");
        }
        let threads = place("threads");
        succeed(generate(&threads, &request).env("RAYON_NUM_THREADS", "4"));
        assert_same(&whole, &threads);
        let (together, collected) = (place("together"), place("collected"));
        for part in ["3/3", "1/3", "2/3"] {
            succeed(&mut generate(&together, &[&request[..], &["--shard", part]].concat()));
            let apart = place(&part.replace('/', "-"));
            succeed(&mut generate(&apart, &[&request[..], &["--shard", part]].concat()));
            assert!(!apart.join("SHA256SUMS").exists(), "a part has no checksums of the others");
            copy_into(&apart, &collected);
        }
        assert_same(&whole, &together);
        succeed(&mut generate(&collected, &request));
        assert_same(&whole, &collected);
    }
}

#[test]
fn a_killed_run_leaves_whole_shards_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    for (format, extension) in [("npz", "npz"), ("webdataset", "tar"), ("parquet", "parquet")] {
        let request = ["--samples", "900", "--shard-size", "60", "--format", format];
        let request = [&request[..], &["--twins", "lake=0"]].concat();
        let whole = home.path().join(format!("{format}-whole"));
        succeed(&mut generate(&whole, &request));
        let killed = home.path().join(format!("{format}-killed"));
        let shards = || {
            let entries = std::fs::read_dir(&killed).into_iter().flatten();
            let names = entries.map(|entry| PathBuf::from(entry.unwrap().file_name()));
            let is_shard = |name: &PathBuf| name.extension().is_some_and(|e| e == extension);
            names.filter(is_shard).collect::<Vec<_>>()
        };
        let mut kills = 0;
        for round in 0..4 {
            let mut child = generate(&killed, &request)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let start = Instant::now();
            while shards().len() <= 2 * round + 1 {
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                assert!(start.elapsed() < Duration::from_secs(300), "nothing comes");
                std::thread::sleep(Duration::from_millis(3));
            }
            kills += usize::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            for name in shards() {
                let (found, wanted) = (killed.join(&name), whole.join(&name));
                assert!(
                    std::fs::read(found).unwrap() == std::fs::read(wanted).unwrap(),
                    "{name:?}"
                );
            }
        }
        assert!(kills > 0, "the run was over before it could be killed");
        succeed(&mut generate(&killed, &request));
        assert_same(&whole, &killed);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_files_only() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("data");
    let request = ["--samples", "200000", "--shard-size", "200", "--format", "webdataset"];
    let child = generate(&out, &request).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
    let child = child.unwrap();
    let start = Instant::now();
    while !out.join("train-00001-of-01000.tar").exists() {
        assert!(start.elapsed() < Duration::from_secs(300), "nothing comes");
        std::thread::sleep(Duration::from_millis(10));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", told(&output));
    assert!(told(&output).contains("the same command makes the rest"), "{}", told(&output));
    let left: Vec<PathBuf> = tree(&out).into_keys().collect();
    assert!(left.iter().all(|name| name.extension().is_none_or(|e| e != "part")), "{left:?}");
}

#[test]
fn a_folder_of_another_request_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("data");
    succeed(&mut generate(&out, &["--samples", "20"]));
    let before = tree(&out);
    for (arguments, part) in [
        (&["--samples", "20", "--seed", "8"][..], "seed is 7 there and 8 here"),
        (&["--samples", "20", "--set", "factors.lake.mechanism.strength=0.5"], "the scene differs"),
        (&["--samples", "30"], "splits is [[\"train\",20]] there and [[\"train\",30]] here"),
        (&["--samples", "20", "--twins", "lake=0"], "twins is \"none\" there and \"lake=0\" here"),
        (&["--samples", "20", "--do", "lake=0"], "operations is [] there"),
    ] {
        let output = generate(&out, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains("another request"), "{}", told(&output));
        assert!(told(&output).contains(part), "{}", told(&output));
        assert!(tree(&out) == before);
    }
    let foreign = home.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("thesis.txt"), "mine").unwrap();
    let output = generate(&foreign, &["--samples", "20"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("is not empty") && told(&output).contains("thesis.txt"));
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1);
}

#[test]
fn wrong_words_are_told_with_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("data");
    for (arguments, part) in [
        (&["--split", "train"][..], "write names and sizes"),
        (&["--split", "train=5,train=6"], "the name stands twice"),
        (&["--samples", "4", "--split", "train=5"], "the splits add up to 5"),
        (&["--samples", "4", "--regime", "reversed"], "known: iid, flipped, randomised"),
        (&["--samples", "4", "--twins", "lake"], "--twins lake: no value is given"),
        (&["--samples", "4", "--twins", "laek=0"], "did you mean `lake`?"),
        (&["--samples", "4", "--shard", "5/4"], "write 1/4 for the first of four"),
        (&["--samples", "4", "--format", "hdf5"], "possible values: npz, parquet, webdataset"),
        (&[], "--samples"),
    ] {
        let output = generate(&out, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(part), "{arguments:?}: {}", told(&output));
        assert!(!out.exists());
    }
}

#[cfg(unix)]
#[test]
fn a_disk_without_room_is_told_and_nothing_is_left() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let output = generate(&file.join("data"), &["--samples", "20"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("check that the place exists"), "{}", told(&output));
    for (format, extension) in [("npz", "npz"), ("webdataset", "tar"), ("parquet", "parquet")] {
        let out = home.path().join(format);
        // With a limit on the size of files, writing fails as it does on a full disk.
        let limited = |kilobytes: &str| {
            let script = format!(
                "trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" generate scenes/duck.ron \
                 --samples 300 --format {format} --out \"$1\""
            );
            let mut command = Command::new("bash");
            command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-c", &script]);
            command.arg(env!("CARGO_BIN_EXE_twinworld")).arg(&out).output().unwrap()
        };
        let output = limited("300");
        assert_eq!(output.status.code(), Some(1), "{format}: {}", told(&output));
        assert!(told(&output).contains("File too large"), "{format}: {}", told(&output));
        let left: Vec<PathBuf> = tree(&out).into_keys().collect();
        let data = |name: &&PathBuf| name.to_string_lossy().contains("train-0");
        assert_eq!(left.iter().find(data), None, "{format}");
        assert!(limited("unlimited").status.success());
        assert!(out.join(format!("train-00000-of-00001.{extension}")).is_file());
    }
}

/// A folder that is made and read back.
fn made(home: &Path, name: &str, arguments: &[&str]) -> Data {
    let out = home.join(name);
    succeed(&mut generate(&out, arguments));
    read(&out).unwrap()
}

fn rows(array: &Array, rows: usize) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = match array {
        Array::Byte(all) => all.clone(),
        Array::Sample(all) => all.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Array::Token(all) => all.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Array::Float(all) => all.iter().flat_map(|x| x.to_le_bytes()).collect(),
    };
    bytes.chunks(bytes.len() / rows).map(<[u8]>::to_vec).collect()
}

#[test]
fn twins_are_their_specimens_but_for_what_was_done() {
    let home = tempfile::tempdir().unwrap();
    let data = made(home.path(), "each", &["--samples", "60", "--twins", "each-factor"]);
    let (keys, split) = (&data.shapes.keys, &data.splits[0]);
    assert_eq!(data.shapes.twins, *keys);
    assert_eq!(split.worlds.len(), 1 + keys.len());
    let place = |name: &str| keys.iter().position(|key| key == name).unwrap();
    let width = keys.len();
    for (twin, world) in split.worlds[1..].iter().enumerate() {
        let (absent, present) = data.shapes.contrast[twin];
        for row in 0..split.rows {
            let cells = row * width..(row + 1) * width;
            let (own, other) = (&split.worlds[0].latents[cells.clone()], &world.latents[cells]);
            for factor in (0..width).filter(|&f| f != twin) {
                assert_eq!(own[factor], other[factor], "{} of {}", keys[factor], keys[twin]);
            }
            let ends = [absent as f32, present as f32].map(f64::from);
            assert!(ends.contains(&other[twin]) && own[twin] != other[twin]);
        }
    }
    // The lake is not spoken of and causes nothing; the wording is not to be seen or heard.
    let shown = |world: usize, medium: usize| rows(&split.worlds[world].media[medium], split.rows);
    let (lake, wording) = (1 + place("lake"), 1 + place("wording"));
    assert_eq!(split.worlds[lake].labels, split.worlds[0].labels);
    assert_eq!(shown(lake, 2), shown(0, 2));
    assert!(shown(lake, 0).iter().zip(shown(0, 0)).all(|(a, b)| *a != b));
    assert_eq!(shown(wording, 0), shown(0, 0));
    assert_eq!(shown(wording, 1), shown(0, 1));
    assert_ne!(shown(wording, 2), shown(0, 2));

    let single = made(home.path(), "single", &["--samples", "60", "--twins", "lake=0,wings=1"]);
    let twin = &single.splits[0].worlds[1];
    assert!(
        twin.latents.chunks(width).all(|f| f[place("lake")] == 0.0 && f[place("wings")] == 1.0)
    );
    let under =
        made(home.path(), "under", &["--samples", "60", "--do", "lake=0", "--do", "wings=1"]);
    assert_eq!(under.splits[0].worlds[0], *twin, "a world under an operation is the twin under it");
}

/// Reads `scenes/SCENE.ron` back from every format and compares.
fn assert_formats_agree(home: &Path, scene: &str, twins: &str) {
    let of = |format: &str| {
        let out = home.join(format!("{scene}-{format}-{twins}"));
        let mut command = twinworld();
        command.args(["generate", &format!("scenes/{scene}.ron"), "--out"]).arg(&out);
        command.args(["--split", "train=30,test=9", "--shard-size", "8"]);
        succeed(command.args(["--twins", twins, "--format", format]));
        read(&out).unwrap()
    };
    let npz = of("npz");
    for format in ["parquet", "webdataset"] {
        let other = of(format);
        assert_eq!(npz.shapes.twins, other.shapes.twins);
        assert_eq!(npz.shapes.truth, other.shapes.truth);
        assert_eq!(npz.shapes.classes, other.shapes.classes);
        for (one, other) in npz.splits.iter().zip(&other.splits) {
            assert_eq!((&one.name, one.rows), (&other.name, other.rows));
            assert_eq!(one.present, other.present, "{scene}, {format}");
            for (one, other) in one.worlds.iter().zip(&other.worlds) {
                assert_eq!(one.labels, other.labels);
                assert!(one.media == other.media, "{scene}, {format}, {twins}");
                let near = |(a, b): (&f64, &f64)| (*a as f32) == (*b as f32);
                assert!(one.latents.iter().zip(&other.latents).all(near));
            }
        }
    }
}

#[test]
fn every_format_reads_back_the_same() {
    let home = tempfile::tempdir().unwrap();
    for twins in ["none", "lake=0", "each-factor", "contrasts"] {
        assert_formats_agree(home.path(), "duck", twins);
    }
    // Vectors, and specimens that lack a modality.
    assert_formats_agree(home.path(), "mmlsyn", "snc=0");
    assert_formats_agree(home.path(), "weather", "each-factor");
}
