//! For tests: a made-up but plausible report of a duck scene.

use std::collections::BTreeMap;

use crate::measure::headline::headline;
use crate::measure::{
    C3Risk, Causation, ClassCausation, Evaluation, FactorCausation, Intervals, Metrics, SCHEMA,
    WorstGroup,
};

use super::{CurvePoint, Exhibit, Picture, Report, RunReport, Sound, Verdict, World};

const SIDE: usize = 32;

/// Factor, role and true PN, PS, PNS.
const TRUTH: [(&str, &str, [f64; 3]); 8] = [
    ("flat_bill", "Snc", [0.9, 0.89, 0.81]),
    ("webbed_paws", "Sc", [0.5, 0.818, 0.45]),
    ("wings", "Nc", [1.0, 0.55, 0.55]),
    ("lake", "Spurious", [0.0; 3]),
    ("hue", "Nuisance", [0.0; 3]),
    ("position", "Nuisance", [0.0; 3]),
    ("size", "Nuisance", [0.0; 3]),
    ("pitch", "Nuisance", [0.0; 3]),
];

/// Objective, accuracy (iid, flipped, randomised), learned PNS in the order of `TRUTH`, and risk.
const RUNS: [(&str, [f64; 3], [f64; 8], [f64; 2]); 3] = [
    (
        "erm",
        [0.984, 0.748, 0.867],
        [0.547, 0.441, 0.548, 0.268, 0.003, 0.0, 0.001, 0.002],
        [0.016, 0.982],
    ),
    (
        "c3r",
        [0.984, 0.741, 0.863],
        [0.544, 0.438, 0.549, 0.264, 0.002, 0.001, 0.0, 0.0],
        [0.016, 0.0],
    ),
    (
        "c3r-twin",
        [0.963, 0.923, 0.943],
        [0.697, 0.447, 0.552, 0.047, 0.0, 0.0, 0.002, 0.001],
        [0.037, 0.957],
    ),
];

/// The report of the first so many of three runs.
pub(super) fn duck(runs: usize) -> Report {
    let kinds =
        ["do lake=0", "do flat_bill=0", "do lake=0", "do hue=0.9", "do wings=0", "do lake=1"];
    let sheet = kinds.iter().enumerate().map(|(i, kind)| exhibit(i as u64, kind, runs)).collect();
    let disagreements = vec![exhibit(41, "do lake=0", runs), exhibit(77, "do lake=0", runs)];
    Report {
        title: "duck: erm, c3r and c3r-twin side by side".into(),
        scene_paragraph: "A bird is a duck when it has a flat bill and wings. Ducks \
            are mostly seen on a lake, because a hidden season brings both; the lake itself makes no \
            bird a duck. Every specimen has a picture, a call and a caption."
            .into(),
        intervals: "Wilson score over 2048 specimens".into(),
        runs: RUNS.iter().take(runs).enumerate().map(|(i, run)| run_report(i, run)).collect(),
        sheet,
        disagreements,
    }
}

fn run_report(index: usize, run: &(&str, [f64; 3], [f64; 8], [f64; 2])) -> RunReport {
    let (objective, accuracy, learned, [sufficiency, necessity]) = *run;
    let causation: Vec<FactorCausation> = TRUTH
        .iter()
        .zip(learned)
        .map(|(&(name, role, [pn, ps, pns]), value)| {
            let share = if pns > 0.0 { value / pns } else { 0.0 };
            let (pn_l, ps_l) = if pns > 0.0 {
                ((pn * share).min(1.0), ps * share)
            } else {
                (value * 0.9, value * 1.1)
            };
            let around = |v: f64| Some([(v - 0.02_f64.min(v)).max(0.0), (v + 0.02).min(1.0)]);
            let truth = Causation {
                pn: Some(pn),
                ps: Some(ps),
                pns: Some(pns),
                reversed: Some(0.0),
                reliance: Some(pns),
                effect: Some(pns),
                ..Causation::default()
            };
            let learned = Causation {
                pn: Some(pn_l),
                ps: Some(ps_l),
                pns: Some(value),
                reliance: Some(value),
                effect: Some(value),
                intervals: Some(Intervals {
                    pn: around(pn_l),
                    ps: around(ps_l),
                    pns: around(value),
                    reversed: around(0.0),
                    reliance: around(value),
                }),
                ..truth
            };
            let class = |class: &str| ClassCausation {
                class: class.into(),
                truth: Some(truth),
                best: Some(truth),
                total: learned,
                direct: learned,
            };
            FactorCausation {
                factor: name.into(),
                role: role.into(),
                contrast: [0.0, 1.0],
                continuous: false,
                classes: vec![class("other"), class("duck")],
            }
        })
        .collect();
    let names = ["iid", "flipped", "randomised"];
    let accuracy: BTreeMap<String, f64> =
        names.iter().map(|name| String::from(*name)).zip(accuracy).collect();
    let worst_group = WorstGroup {
        accuracy: accuracy["iid"] - 0.3,
        interval: [accuracy["iid"] - 0.4, accuracy["iid"] - 0.2],
        samples: 70,
        label: "duck".into(),
        factor: Some(("lake".into(), false)),
    };
    RunReport {
        metrics: Metrics {
            schema: SCHEMA,
            scene: "duck".into(),
            data: None,
            method: "concat".into(),
            objective: objective.into(),
            seed: 7,
            seeds: 1,
            steps: 800,
            seconds: 14.2 + 6.1 * index as f64,
            samples_per_second: 14_420.0 / (1.0 + 0.4 * index as f64),
            decisions: BTreeMap::new(),
            evaluation: Evaluation {
                headline: headline(&causation, Some(&worst_group)),
                measured_on: "iid".into(),
                samples: 2048,
                best_accuracy: accuracy.keys().map(|regime| (regime.clone(), 1.0)).collect(),
                accuracy,
                commonest: Some(0.5),
                worst_group: Some(worst_group),
                c3_risk: Some(C3Risk { sufficiency, necessity, total: sufficiency + necessity }),
                causation,
                ..Evaluation::default()
            },
            notes: Vec::new(),
        },
        curve: (0..800).map(|step| curve_point(step, index)).collect(),
    }
}

fn curve_point(step: usize, run: usize) -> CurvePoint {
    let t = step as f64;
    let wobble = (t * 0.71 + run as f64).sin() * (t * 0.37).cos() * 0.04;
    let fall = (-t / (90.0 + 40.0 * run as f64)).exp();
    let mut losses = vec![("task".into(), 0.06 + 0.63 * fall + wobble.abs())];
    match run {
        1 => {
            losses.push(("necessity".into(), 0.02 + 0.9 * (-t / 60.0).exp() + wobble.abs() / 2.0));
            losses.push(("L_v".into(), 0.3 * (-t / 200.0).exp() + 0.05));
        }
        2 => losses.push(("twin".into(), 0.12 + 0.6 * fall + wobble.abs())),
        _ => {}
    }
    CurvePoint { step, losses, accuracy: (0.97 - 0.45 * fall + wobble).min(1.0) }
}

fn exhibit(specimen: u64, operation: &str, runs: usize) -> Exhibit {
    let assignment = operation.trim_start_matches("do ").split_once('=');
    let (name, value) = assignment.expect("the samples' operations have a value");
    let lake = if value == "1" { "0" } else { "1" };
    let values = ["1", "0", "1", lake, "0.3", "-0.1", "1.05", "0.62"];
    let factors: Vec<(String, String)> =
        TRUTH.iter().zip(values).map(|((name, ..), v)| ((*name).into(), v.into())).collect();
    let mut changed = factors.clone();
    for factor in changed.iter_mut().filter(|(factor, _)| factor == name) {
        factor.1 = value.into();
    }
    Exhibit {
        specimen,
        operation: operation.into(),
        note: match name {
            "lake" => "The lake is no cause: a verdict that follows it is misled.",
            "hue" => "Neither cause nor companion: nothing should happen.",
            _ => "A cause: the label goes, and the verdict should go with it.",
        }
        .into(),
        real: world(specimen, factors, runs),
        twin: world(specimen, changed, runs),
    }
}

fn world(specimen: u64, factors: Vec<(String, String)>, runs: usize) -> World {
    let on = |name: &str| factors.iter().any(|(factor, value)| factor == name && value != "0");
    let duck = on("flat_bill") && on("wings");
    let label = |duck: bool| String::from(if duck { "duck" } else { "no duck" });
    let verdicts = (0..runs)
        .map(|run| {
            let says = duck && (run == 2 || on("lake"));
            let probability = 0.96 - 0.07 * run as f64 - 0.01 * (specimen % 5) as f64;
            Verdict { run, label: label(says), probability, correct: says == duck }
        })
        .collect();
    let place = if on("lake") { "on a lake" } else { "in a meadow" };
    let bill = if on("flat_bill") { "flat" } else { "pointed" };
    World {
        picture: Some(picture(specimen, on("lake"), on("flat_bill"), on("wings"))),
        sound: Some(sound(on("flat_bill"))),
        words: Some(format!("a small bird {place} showing a {bill} bill")),
        vectors: Vec::new(),
        factors,
        label: label(duck),
        verdicts,
    }
}

fn picture(specimen: u64, lake: bool, bill: bool, wings: bool) -> Picture {
    let mut rgb = Vec::with_capacity(3 * SIDE * SIDE);
    let shift = (specimen % 5) as f64 - 2.0;
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (u, v) = (x as f64 - 15.0 - shift, y as f64 - 17.0);
            let grain = ((x * 37 + y * 91 + specimen as usize * 13) % 17) as f64 - 8.0;
            let ground = if lake { [70.0, 120.0, 190.0] } else { [110.0, 160.0, 80.0] };
            let head = (u + 8.0).hypot(v + 7.0) < 4.0;
            let body = (u / 9.0).hypot(v / 6.0) < 1.0;
            let beak = bill && u < -11.0 && u > -16.0 && (v + 7.0).abs() < 1.6;
            let point = !bill && u < -11.0 && u > -14.0 && (v + 7.0).abs() < 0.6;
            let wing = wings && (u - 1.0).hypot((v - 0.5) * 1.8) < 4.5;
            let colour = match (wing, beak || point, head || body) {
                (true, ..) => [120.0, 90.0, 60.0],
                (_, true, _) => [230.0, 170.0, 60.0],
                (.., true) => [190.0, 150.0, 100.0],
                _ => ground,
            };
            rgb.extend(colour.map(|c: f64| (c + grain).clamp(0.0, 255.0) as u8));
        }
    }
    Picture { width: SIDE as u32, height: SIDE as u32, rgb }
}

fn sound(low: bool) -> Sound {
    let pitch = if low { 0.09 } else { 0.23 };
    let samples: Vec<i16> = (0..2048)
        .map(|i| {
            let t = f64::from(i);
            ((t * pitch).sin() * 9000.0 * (-(t - 900.0).powi(2) / 200_000.0).exp()) as i16
        })
        .collect();
    let (frames, bands) = (32, 16);
    let loud = if low { 4.0 } else { 9.0 };
    let mel = (0..frames * bands).map(|i| {
        let (frame, band) = ((i / bands) as f32, (i % bands) as f32);
        let hiss = ((i * 29) % 11) as f32 * 0.03;
        (-((band - loud) / 1.6).powi(2) - ((frame - 14.0) / 7.0).powi(2)).exp() + hiss
    });
    Sound { rate: 8000, samples, mel: Some((frames, bands, mel.collect())) }
}
