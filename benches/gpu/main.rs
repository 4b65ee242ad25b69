//! The fused engine on an NVIDIA card: whether it computes what the CPU does, and how fast.
//!
//! Needs nothing but the driver and cuBLAS to run, so it can be built elsewhere and brought along:
//! `cargo bench --bench gpu --no-run` says where it is. Without a card it says what is missing.
//!
//! ```text
//! gpu [check] [speed] [--tf32] [--against FILE]
//! ```
//!
//! `check` compares one update with the CPU's under every method, objective and kind of setting,
//! and fails if one is off. `speed` times updates of `concat`: `repeated` on a batch that is on the
//! card already, `brought` one after the other from the program's memory, and `beside` with the next
//! batch brought while one trains. `--against FILE` adds the ratio to the steps that `PyTorch` made,
//! from lines such as `torch-graph B=1024 1375.5 steps/s 727.0 us/step`. Without a word it does both.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use twinworld::learn::{
    Batch, Compute, Device, Engine, Input, InputSpec, LearnError, Learner, check_card, choose,
    new_learner_on,
};
use twinworld::scene::training::{Objective, Training};

const CLASSES: usize = 4;
const ROWS: [usize; 5] = [64, 256, 1024, 4096, 16384];

fn inputs() -> Vec<InputSpec> {
    [("image", 3072), ("audio", 1024), ("text", 64)]
        .map(|(name, width)| InputSpec::row(name, width))
        .to_vec()
}

/// Random specimens.
fn batch(rows: usize, seed: u64) -> Batch {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |n: usize| (0..n).map(|_| 2.0 * random.random::<f32>() - 1.0).collect();
    let inputs = inputs().iter().map(|spec| Input::of(draw(rows * spec.width))).collect();
    let labels = (0..rows).map(|row| row % CLASSES).collect();
    Batch { rows, inputs, labels, ..Batch::default() }
}

/// Prints every comparison; whether all held.
fn check() -> Result<bool, LearnError> {
    println!("one update on the card and on the CPU: relative differences");
    println!("{:>9} {:>9} {:>9}", "losses", "gradients", "step");
    let (mut count, mut wrong) = (0, 0);
    check_card(|found| {
        count += 1;
        wrong += usize::from(!found.holds());
        let verdict = if found.holds() { "" } else { "OFF: " };
        let (gradients, name) = &found.gradients;
        let (losses, step) = (found.losses, found.step);
        println!("{losses:>9.1e} {gradients:>9.1e} {step:>9.1e}  {verdict}{} ({name})", found.case);
    })?;
    println!("{count} updates compared, {wrong} off\n");
    Ok(wrong == 0)
}

/// Microseconds of one of `count` updates.
fn time(count: usize, updates: impl FnOnce()) -> f64 {
    let start = Instant::now();
    updates();
    start.elapsed().as_secs_f64() * 1e6 / count as f64
}

/// Microseconds of an update: repeated, brought, and beside; and its launches.
fn speed_of(learner: &mut dyn Learner, rows: usize) -> ([f64; 3], usize) {
    let batches = [7, 8].map(|seed| batch(rows, seed));
    let count = (200_000 / rows).clamp(20, 2000);
    for batch in &batches {
        learner.update(batch, None).unwrap();
    }
    let card = learner.accelerated().unwrap();
    card.repeat(20).unwrap();
    let repeated = time(count, || {
        card.repeat(count).unwrap();
    });
    let few = (count / 10).max(10);
    let beside = time(few, || {
        card.begin(&batches[0], None).unwrap();
        for i in 1..few {
            card.begin(&batches[i % 2], None).unwrap();
            card.finish().unwrap();
        }
        card.finish().unwrap();
    });
    let launches = card.launches();
    let brought = time(few, || {
        for i in 0..few {
            learner.update(&batches[i % 2], None).unwrap();
        }
    });
    ([repeated, brought, beside], launches)
}

/// Microseconds of `PyTorch` steps by kind and batch.
fn steps_of(text: &str) -> BTreeMap<(String, usize), f64> {
    let read = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let kind = words.first()?.strip_prefix("torch-")?;
        let rows = words.get(1)?.strip_prefix("B=")?.parse().ok()?;
        let place = words.iter().position(|word| *word == "us/step")?;
        let time = words.get(place.checked_sub(1)?)?.parse().ok()?;
        Some(((kind.to_owned(), rows), time))
    };
    text.lines().filter_map(read).collect()
}

fn speed(device: Device, against: &BTreeMap<(String, usize), f64>) {
    println!("microseconds per update, concat, {}", device.name());
    println!(
        "{:<12} {:>6} {:>8} {:>9} {:>9} {:>9} {:>14}",
        "objective", "batch", "launches", "repeated", "brought", "beside", "PyTorch graph"
    );
    for objective in Objective::ALL.into_iter().filter(|objective| !objective.needs_twins()) {
        let training = Training { objective, ..Training::default() };
        let compute = Compute { engine: Engine::Fused, device };
        let mut learner = new_learner_on(compute, &inputs(), CLASSES, &training, 7).unwrap();
        for rows in ROWS {
            let ([repeated, brought, beside], launches) = speed_of(&mut *learner, rows);
            let ratio = match against.get(&("graph".to_owned(), rows)) {
                Some(theirs) if objective == Objective::C3r => {
                    format!("{theirs:.0} ({:.2}x)", theirs / repeated)
                }
                _ => String::new(),
            };
            println!(
                "{:<12} {rows:>6} {launches:>8} {repeated:>9.1} {brought:>9.1} {beside:>9.1} {ratio:>14}",
                objective.name()
            );
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !given("check") && !given("speed");
    let device = if given("--tf32") { Device::CudaTf32 } else { Device::Cuda };
    let compute = Compute { engine: Engine::Fused, device };
    match choose(compute, &Training::default()) {
        Ok(choice) => println!("{}\n", choice.reason),
        Err(error) => {
            println!("nothing to time: {error}");
            // As one of many benches it has no part here; asked for by name it has failed.
            return if all { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    }
    let mut held = true;
    if all || given("check") {
        held = check().unwrap();
    }
    if all || given("speed") {
        let file = arguments.iter().skip_while(|argument| *argument != "--against").nth(1);
        let text = file.map(|file| std::fs::read_to_string(file).unwrap()).unwrap_or_default();
        speed(device, &steps_of(&text));
    }
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
