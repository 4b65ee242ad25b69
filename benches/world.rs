//! The speed of the world, part by part, and beside rivals.
//!
//! `cargo bench` times the parts with Criterion, then prints a table of whole tasks with the
//! figure of a rival that does the same in the same run, where Python has it (`PYTHON` names
//! another one than `python3`; see benches/rivals). `cargo bench --bench world -- --table` prints
//! the table alone.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use rayon::prelude::*;
use twinworld::causal::rows::Rows;
use twinworld::causal::{Interventions, Mechanism, Scm, exogenous};
use twinworld::scene::{Stage, Subject, load};
use twinworld::world::{Simulation, TwinPlan};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn stage(path: &str) -> Arc<Stage> {
    Arc::new(load(&root().join(path)).unwrap())
}

/// The linear model of eleven nodes that DoWhy and Antecedent are timed on.
fn eleven() -> Scm {
    let mut declared = vec![("C".to_owned(), Mechanism::Normal { mean: 0.0, sd: 1.0 })];
    for i in 0..10 {
        let mut terms = Vec::new();
        if i > 0 {
            terms.push((format!("X{}", i - 1), 0.7));
        }
        if i == 0 || i == 9 {
            terms.push(("C".to_owned(), 1.0));
        }
        declared.push((format!("X{i}"), Mechanism::Linear { terms, intercept: 0.0, sd: 1.0 }));
    }
    let declared: Vec<(&str, &Mechanism)> = declared.iter().map(|(n, m)| (n.as_str(), m)).collect();
    Scm::build(&declared).unwrap()
}

const ROWS: usize = 50_000;

fn tables(c: &mut Criterion) {
    let scm = eleven();
    let mut group = c.benchmark_group("tables of 11 nodes");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    group.bench_function("noise and values", |b| {
        b.iter(|| Rows::draw(&scm, 1, 0, ROWS).play(&Interventions::none()));
    });
    let rows = Rows::draw(&scm, 1, 0, ROWS);
    let natural = rows.play(&Interventions::none());
    let set = Interventions::set(scm.find("X3").unwrap(), 1.0);
    group.bench_function("twins", |b| b.iter(|| rows.twins(&natural, &set)));
    group.finish();
}

/// The renderers of a scene, one specimen after another on one core.
fn renderers(c: &mut Criterion, name: &str, path: &str) {
    let stage = stage(path);
    let plans = &stage.renderers;
    let worlds = factors(&stage, 256);
    let mut next = 0;
    let mut subject = move || {
        next = (next + 1) % 256;
        next
    };
    let of = |i: usize| Subject { factors: &worlds[i], seed: 7, specimen: i as u64 };
    let mut group = c.benchmark_group(name);
    if let Some(plan) = &plans.image {
        let mut out = vec![0; plan.bytes()];
        group.bench_function("picture", |b| b.iter(|| plan.paint(of(subject()), &mut out)));
    }
    if let Some(plan) = &plans.sound {
        let (mut desk, mut ear) = (plan.desk(), plan.ear());
        let mut samples = vec![0; plan.samples()];
        let mut log_mel = vec![0.0; plan.mel().frames * plan.mel().bands];
        group.bench_function("sound", |b| {
            b.iter(|| plan.synthesise(of(subject()), &mut desk, &mut samples));
        });
        group.bench_function("log-mel", |b| {
            b.iter(|| plan.hear(&samples, &mut ear, &mut log_mel));
        });
    }
    if let Some(plan) = &plans.text {
        let mut out = Vec::new();
        group.bench_function("caption", |b| b.iter(|| plan.compose(of(subject()), &mut out)));
    }
    group.finish();
}

fn all_renderers(c: &mut Criterion) {
    renderers(c, "duck", "scenes/duck.ron");
    renderers(c, "object", "scenes/shapes.ron");
    renderers(c, "disc of 64 px, 1 s at 16 kHz", "benches/scenes/disc.ron");
}

fn frames(c: &mut Criterion) {
    let stage = stage("scenes/duck.ron");
    let mut group = c.benchmark_group("frame of 256 ducks");
    group.throughput(Throughput::Elements(256));
    for (name, plan) in [("alone", TwinPlan::None), ("with twins", TwinPlan::OneFactor)] {
        let mut simulation = Simulation::new(&stage, stage.iid(), 7, 256, 0);
        simulation.plan_twins(plan);
        group.bench_function(name, |b| b.iter(|| black_box(simulation.step().real.rows)));
    }
    group.finish();
}

/// The factors of the first specimens.
fn factors(stage: &Stage, count: usize) -> Vec<Vec<f64>> {
    let scm = stage.scm();
    let (mut noise, mut values) = (vec![0.0; scm.len()], vec![0.0; scm.len()]);
    (0..count as u64)
        .map(|specimen| {
            exogenous::draw(scm, 7, specimen, &mut noise);
            scm.propagate(&noise, &Interventions::none(), &mut values);
            stage.factors.iter().map(|f| values[f.node]).collect()
        })
        .collect()
}

/// Noise, mechanisms, picture, sound and caption of `count` specimens, 256 to a task.
fn in_memory(stage: &Stage, count: u64) {
    const TASK: u64 = 256;
    (0..count.div_ceil(TASK)).into_par_iter().for_each(|task| {
        let (scm, plans) = (stage.scm(), &stage.renderers);
        let mut rows = vec![0.0; TASK as usize * scm.len()];
        exogenous::draw_rows(scm, 7, task * TASK, &mut rows);
        let (mut values, mut factors) = (vec![0.0; scm.len()], Vec::new());
        let mut pixels = vec![0; plans.image.as_ref().map_or(0, |p| p.bytes())];
        let mut desk = plans.sound.as_ref().map(|p| p.desk());
        let mut samples = vec![0; plans.sound.as_ref().map_or(0, |p| p.samples())];
        let mut tokens = Vec::new();
        for (noise, specimen) in rows.chunks_exact(scm.len()).zip(task * TASK..) {
            scm.propagate(noise, &Interventions::none(), &mut values);
            factors.clear();
            factors.extend(stage.factors.iter().map(|f| values[f.node]));
            let subject = Subject { factors: &factors, seed: 7, specimen };
            plans.image.iter().for_each(|plan| plan.paint(subject, &mut pixels));
            if let (Some(plan), Some(desk)) = (&plans.sound, &mut desk) {
                plan.synthesise(subject, desk, &mut samples);
            }
            plans.text.iter().for_each(|plan| plan.compose(subject, &mut tokens));
            black_box((&pixels, &samples, &tokens));
        }
    });
}

/// The best of some runs, in units a second.
fn rate(units: f64, times: usize, mut run: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..times {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed());
    }
    units / best.as_secs_f64()
}

fn on_one_thread<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run)
}

/// Samples a second of the real binary, into WebDataset shards with twins.
fn end_to_end(folder: &Path) -> f64 {
    const PAIRS: usize = 24_000;
    let out = folder.join("ours");
    let speed = rate(2.0 * PAIRS as f64, 1, || {
        let status = Command::new(env!("CARGO_BIN_EXE_twinworld"))
            .current_dir(root())
            .args(["generate", "benches/scenes/disc.ron", "--format", "webdataset"])
            .args(["--twins", "size=0.9", "--samples", &PAIRS.to_string(), "--out"])
            .arg(&out)
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    });
    std::fs::remove_dir_all(&out).unwrap();
    speed
}

/// What a rival's script prints, where Python and its libraries are there.
fn rival(script: &str, arguments: &[&str]) -> Option<serde_json::Value> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = root().join("benches/rivals").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

fn table() {
    // Memory-backed where there is such a place.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(place).unwrap();
    let scm = eleven();
    let rows = Rows::draw(&scm, 1, 0, ROWS);
    let natural = rows.play(&Interventions::none());
    let set = Interventions::set(scm.find("X3").unwrap(), 1.0);
    let (duck, disc) = (stage("scenes/duck.ron"), stage("benches/scenes/disc.ron"));
    let place = folder.path().to_string_lossy();
    let lines = [
        contest("twins, 11 nodes, 1 thread (rows/s)", "DoWhy gcm", "dowhy", &["tables.py"], || {
            rate(ROWS as f64, 5, || drop(black_box(rows.twins(&natural, &set))))
        }),
        contest("the same", "Antecedent", "antecedent", &["tables.py"], || {
            rate(ROWS as f64, 5, || drop(black_box(rows.twins(&natural, &set))))
        }),
        contest(
            "64 px + 1 s + caption in memory, 1 thread",
            "NumPy",
            "memory",
            &["files.py", "memory"],
            || on_one_thread(|| rate(16_384.0, 1, || in_memory(&disc, 16_384))),
        ),
        contest(
            "the same with twins in tar files, 2 cores",
            "NumPy, 2 processes",
            "two_processes",
            &["files.py", "files", &place],
            || end_to_end(folder.path()),
        ),
        Line {
            task: "ducks in memory, 2 cores (specimens/s)",
            ours: rate(65_536.0, 5, || in_memory(&duck, 65_536)),
            theirs: None,
        },
    ];
    println!("\n{:<44} {:>12} {:>12}  {:<20} {:>14}", "task", "twinworld", "rival", "", "ratio");
    for Line { task, ours, theirs } in lines {
        let rest = theirs.map_or_else(String::new, |(name, theirs, [least, middle, most])| {
            format!("{theirs:>12.0}  {name:<20} {middle:>5.1} ({least:.1}-{most:.1})")
        });
        println!("{task:<44} {ours:>12.0} {rest}");
    }
    println!(
        "medians of {ROUNDS} rounds, in each a run of ours and then a rival's; in brackets their range"
    );
    println!("state per specimen: {} bytes (duck)", bytes(&duck));
}

/// How often a task is timed beside its rival: a machine's speed changes from second to second.
const ROUNDS: usize = 5;

/// A line of the table: units a second, and the rival's name, figure and ratios.
struct Line {
    task: &'static str,
    ours: f64,
    theirs: Option<(&'static str, f64, [f64; 3])>,
}

/// Times a task and its rival in turn. `script` prints a line of JSON with the figure `key`.
fn contest(
    task: &'static str,
    name: &'static str,
    key: &str,
    script: &[&str],
    run: impl Fn() -> f64,
) -> Line {
    let round = |_| (run(), rival(script[0], &script[1..]).and_then(|v| v.get(key)?.as_f64()));
    let rounds: Vec<(f64, Option<f64>)> = (0..ROUNDS).map(round).collect();
    let ours = middle(rounds.iter().map(|(ours, _)| *ours).collect())[1];
    let pairs: Option<Vec<(f64, f64)>> =
        rounds.iter().map(|(ours, theirs)| Some((*ours, (*theirs)?))).collect();
    let theirs = pairs.map(|pairs| {
        let figure = middle(pairs.iter().map(|(_, theirs)| *theirs).collect())[1];
        (name, figure, middle(pairs.iter().map(|(ours, theirs)| ours / theirs).collect()))
    });
    Line { task, ours, theirs }
}

/// The least, the middle and the largest number.
fn middle(mut all: Vec<f64>) -> [f64; 3] {
    all.sort_by(f64::total_cmp);
    [all[0], all[all.len() / 2], all[all.len() - 1]]
}

/// Bytes of one specimen's buffers, values and noise.
fn bytes(stage: &Stage) -> usize {
    let plans = &stage.renderers;
    let image = plans.image.as_ref().map_or(0, |p| p.bytes());
    let sound = plans.sound.as_ref().map_or(0, |p| 2 * p.samples());
    let mel = plans.sound.as_ref().map_or(0, |p| 4 * p.mel().frames * p.mel().bands);
    let text = plans.text.as_ref().map_or(0, |p| 2 * p.length());
    image + sound + mel + text + 8 * (stage.scm().len() + stage.factors.len())
}

criterion_group!(parts, tables, all_renderers, frames);

fn main() {
    let only = std::env::args().any(|argument| argument == "--table");
    // `cargo test` builds benches and runs them with --test: then Criterion alone, once through.
    let tested = std::env::args().any(|argument| argument == "--test");
    if !only {
        parts();
        Criterion::default().configure_from_args().final_summary();
    }
    if !tested {
        table();
    }
}
