//! The speed of one update, engine beside engine.
//!
//! `cargo bench --bench step` times every shape with Criterion, then prints a table of both engines
//! timed in turn in one run; `cargo bench --bench step -- --table` prints the table alone. The
//! shapes are those of a picture of 32 by 32 pixels in colour, a spectrogram and a text.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use twinworld::learn::{Batch, Engine, Input, InputSpec, Learner, new_learner_on};
use twinworld::scene::training::{Objective, Training};

const CLASSES: usize = 4;
const OBJECTIVES: [Objective; 2] = [Objective::Erm, Objective::C3r];
const ROWS: [usize; 4] = [64, 256, 1024, 4096];
const ENGINES: [Engine; 2] = [Engine::Dfdx, Engine::Fused];

fn inputs() -> Vec<InputSpec> {
    [("image", 3072), ("audio", 1024), ("text", 64)]
        .map(|(name, width)| InputSpec::row(name, width))
        .to_vec()
}

/// Random specimens.
fn batch(rows: usize) -> Batch {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut draw = |n: usize| (0..n).map(|_| 2.0 * random.random::<f32>() - 1.0).collect();
    let inputs = inputs().iter().map(|spec| Input::of(draw(rows * spec.width))).collect();
    let labels = (0..rows).map(|row| row % CLASSES).collect();
    Batch { rows, inputs, labels, ..Batch::default() }
}

fn learner(engine: Engine, objective: Objective) -> Box<dyn Learner> {
    let training = Training { objective, ..Training::default() };
    new_learner_on(engine, &inputs(), CLASSES, &training, 7).unwrap()
}

fn updates(c: &mut Criterion) {
    for objective in OBJECTIVES {
        let mut group = c.benchmark_group(format!("update, concat, {}", objective.name()));
        group.sample_size(10);
        for rows in ROWS {
            let batch = batch(rows);
            group.throughput(Throughput::Elements(rows as u64));
            for engine in ENGINES {
                let mut learner = learner(engine, objective);
                group.bench_function(BenchmarkId::new(engine.name(), rows), |b| {
                    b.iter(|| learner.update(&batch, None).unwrap());
                });
            }
        }
        group.finish();
    }
}

/// The least, the middle and the largest number.
fn middle(mut all: Vec<f64>) -> [f64; 3] {
    all.sort_by(f64::total_cmp);
    [all[0], all[all.len() / 2], all[all.len() - 1]]
}

/// Microseconds of updates of both engines in turn: a machine's speed changes from second to
/// second.
fn in_turn(objective: Objective, rows: usize) -> Vec<[f64; 2]> {
    let batch = batch(rows);
    let mut learners = ENGINES.map(|engine| learner(engine, objective));
    let mut round = || {
        [0, 1].map(|i: usize| {
            let start = Instant::now();
            learners[i].update(&batch, None).unwrap();
            start.elapsed().as_secs_f64() * 1e6
        })
    };
    for _ in 0..3 {
        round();
    }
    (0..(30_000 / rows).clamp(9, 101)).map(|_| round()).collect()
}

fn table() {
    println!(
        "\n{:<10} {:>6} {:>10} {:>10} {:>14}   microseconds per update, concat, {} threads",
        "objective",
        "batch",
        "dfdx",
        "fused",
        "ratio",
        rayon::current_num_threads()
    );
    for objective in OBJECTIVES {
        for rows in ROWS {
            let rounds = in_turn(objective, rows);
            let [dfdx, fused] =
                [0, 1].map(|i: usize| middle(rounds.iter().map(|round| round[i]).collect())[1]);
            let ratios = middle(rounds.iter().map(|[dfdx, fused]| dfdx / fused).collect());
            println!(
                "{:<10} {rows:>6} {dfdx:>10.0} {fused:>10.0} {:>5.2} ({:.2}-{:.2})",
                objective.name(),
                ratios[1],
                ratios[0],
                ratios[2]
            );
        }
    }
    println!("medians of updates in turn, one of each engine; in brackets the range of ratios");
}

criterion_group!(engines, updates);

fn main() {
    let given = |name: &str| std::env::args().any(|argument| argument == name);
    let only = given("--table");
    if !only {
        engines();
        Criterion::default().configure_from_args().final_summary();
    }
    // `cargo bench` says --bench and `cargo test` doesn't: then Criterion alone, once through.
    if only || given("--bench") {
        table();
    }
}
