//! The speed of one update.
//!
//! `cargo bench --bench step` times every shape and engine with Criterion, then prints a table of
//! our step with dfdx beside the same step as one writes it first (`plain`), both in turn in one
//! run; `cargo bench --bench step -- --table` prints the table alone. `twinworld bench step` puts
//! engines beside the machine's floor, `benches/rivals/step.py` beside PyTorch. The shapes are
//! those of a picture of 32 by 32 pixels in colour, a spectrogram and a text.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod plain;

use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use plain::Plain;
use twinworld::bench::{Spread, random_batch};
use twinworld::learn::{Engine, InputSpec, Learner, new_learner_on};
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

fn learner(engine: Engine, objective: Objective) -> Box<dyn Learner> {
    let training = Training { objective, ..Training::default() };
    new_learner_on(engine, &inputs(), CLASSES, &training, 7).unwrap()
}

fn updates(c: &mut Criterion) {
    for objective in OBJECTIVES {
        let mut group = c.benchmark_group(format!("update, concat, {}", objective.name()));
        group.sample_size(10);
        for rows in ROWS {
            let batch = random_batch(&inputs(), CLASSES, rows);
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

/// Updates of the plain step and of ours in turn: a machine's speed changes from second to second.
fn row<const B: usize, const B3: usize>() {
    let batch = random_batch(&inputs(), CLASSES, B);
    let (mut plain, mut ours) = (Plain::<B, B3>::new(), learner(Engine::Dfdx, Objective::C3r));
    let mut round = || {
        let seconds = plain.update();
        let start = Instant::now();
        ours.update(&batch, None).unwrap();
        [seconds, start.elapsed().as_secs_f64()]
    };
    for _ in 0..3 {
        round();
    }
    let rounds: Vec<[f64; 2]> = (0..(15_000 / B).clamp(7, 51)).map(|_| round()).collect();
    let [plain, ours] =
        [0, 1].map(|i: usize| 1e6 * Spread::of(rounds.iter().map(|times| times[i])).middle);
    let ratio = Spread::of(rounds.iter().map(|[plain, ours]| plain / ours));
    let (least, most) = (ratio.least, ratio.most);
    println!("{B:>6} {plain:>10.0} {ours:>10.0} {:>7.2} ({least:.2}-{most:.2})", ratio.middle);
}

fn table() {
    println!("\n batch      plain       ours   ratio   microseconds per update of c3r, dfdx");
    row::<64, 192>();
    row::<256, 768>();
    row::<1024, 3072>();
    row::<4096, 12288>();
    println!("medians of updates in turn, one of each; in brackets the range of ratios");
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
