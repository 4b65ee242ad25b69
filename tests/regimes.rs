//! What scenes and regimes do to specimens: selection, drift, disturbances, missing modalities,
//! soft interventions. Twins and truth stay right.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use twinworld::causal::Interventions;
use twinworld::modality::text::{BLANK, PAD};
use twinworld::scene::{Stage, load, operation, parse, to_ron};
use twinworld::world::{EVALUATION, Played, Simulation, TwinPlan};

fn scene(name: &str) -> Arc<Stage> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenes/{name}.ron"));
    Arc::new(load(&path).unwrap())
}

/// Specimens and twins of a regime, from `first` on.
fn play(
    stage: &Arc<Stage>,
    regime: &str,
    first: u64,
    count: usize,
    plan: TwinPlan,
) -> Vec<(Played, Played)> {
    let mut simulation = Simulation::new(stage, stage.regime(regime).unwrap(), 3, count, first);
    simulation.plan_twins(plan);
    simulation.step();
    simulation.played()
}

fn place(stage: &Stage, factor: &str) -> usize {
    stage.factors.iter().position(|f| f.name == factor).unwrap()
}

/// The share of worlds in which two binary factors agree.
fn agreement(worlds: &[(Played, Played)], a: usize, b: usize) -> f64 {
    let agree = worlds.iter().filter(|(real, _)| real.factors[a] == real.factors[b]).count();
    agree as f64 / worlds.len() as f64
}

#[test]
fn what_is_selected_goes_together_and_twins_are_not_selected_again() {
    let stage = scene("selection");
    let (bill, lake) = (place(&stage, "flat_bill"), place(&stage, "lake"));
    let node = stage.factors[lake].node;
    let twin = TwinPlan::Under(Interventions::set(node, 0.0));
    let worlds = play(&stage, "iid", 0, 2000, twin);
    // Of four kinds as many, two of them kept always and two in one of ten: 1 / 1.1 agree.
    assert!((agreement(&worlds, bill, lake) - 1.0 / 1.1).abs() < 0.02);
    let mut unselected = 0;
    for (real, twin) in &worlds {
        assert_eq!(real.factors[bill], twin.factors[bill], "the same specimen");
        assert_eq!(real.label, twin.label, "the lake causes nothing");
        unselected += usize::from(twin.factors[bill] == 1.0);
    }
    assert!((900..1100).contains(&unselected), "flat bills in the meadow: {unselected}");
    let kept = |regime: &str| agreement(&play(&stage, regime, 0, 2000, TwinPlan::None), bill, lake);
    assert!((kept("flipped") - 0.1 / 1.1).abs() < 0.02);
    assert!((kept("unselected") - 0.5).abs() < 0.04);
    // A randomised lake is drawn anew: it forgets why the specimen was kept.
    assert!((kept("randomised") - 0.5).abs() < 0.04);
}

#[test]
fn the_stream_drifts_and_evaluation_sees_all_times() {
    let stage = scene("drift");
    let (bill, lake) = (place(&stage, "flat_bill"), place(&stage, "lake"));
    let at = |regime: &str, first| {
        agreement(&play(&stage, regime, first, 1000, TwinPlan::None), bill, lake)
    };
    assert!(at("iid", 0) > 0.9, "the lake begins as a companion");
    assert!((at("iid", 76_300) - 0.5).abs() < 0.06, "halfway it is none");
    assert!(at("iid", 152_500) < 0.1, "and ends as an opponent");
    assert!(at("iid", 153_600) > 0.9, "then the clock goes round");
    assert!((at("iid", EVALUATION) - 0.5).abs() < 0.06, "evaluation sees all of it");
    assert!(at("early", EVALUATION) > 0.9 && at("late", EVALUATION) < 0.1);
}

#[test]
fn the_sound_is_anothers_in_one_recording_of_four() {
    let stage = scene("conflict");
    let of = |name: &str| place(&stage, name);
    let worlds = play(&stage, "iid", 0, 2000, TwinPlan::None);
    let strange = worlds.iter().filter(|(real, _)| real.factors[of("stranger")] == 1.0).count();
    assert!((430..570).contains(&strange), "{strange}");
    for (real, _) in &worlds {
        let own = if real.factors[of("stranger")] == 1.0 { "stranger_wings" } else { "wings" };
        assert_eq!(real.factors[of("heard_wings")], real.factors[of(own)]);
    }
    // What is heard of a stranger changes with the stranger alone.
    let wings = stage.factor("wings").unwrap().node;
    let twins = play(&stage, "iid", 0, 300, TwinPlan::Under(Interventions::set(wings, 0.0)));
    for (real, twin) in twins.iter().filter(|(real, _)| real.factors[of("stranger")] == 1.0) {
        assert_eq!(real.sound, twin.sound);
        assert!(real.factors[of("wings")] == 0.0 || real.picture != twin.picture);
    }
}

#[test]
fn disturbances_hit_whom_they_should_and_twins_alike() {
    let stage = scene("weather");
    let lake = stage.factor("lake").unwrap().node;
    let twin = || TwinPlan::Under(Interventions::set(lake, 1.0));
    let clear = play(&stage, "iid", EVALUATION, 600, twin());
    let noisy = play(&stage, "noise-10", EVALUATION, 600, twin());
    let hit = |f: &dyn Fn(&Played, &Played) -> bool| {
        clear.iter().zip(&noisy).filter(|((a, _), (b, _))| f(a, b)).count()
    };
    for hits in [
        hit(&|a, b| a.picture != b.picture),
        hit(&|a, b| a.sound.as_ref().unwrap().samples != b.sound.as_ref().unwrap().samples),
        hit(&|a, b| a.tokens != b.tokens),
    ] {
        assert!((240..360).contains(&hits), "half of 600: {hits}");
    }
    for ((real, _), (disturbed, twin)) in clear.iter().zip(&noisy) {
        assert_eq!(real.factors, disturbed.factors, "noise changes no factor");
        let tokens = disturbed.tokens.as_ref().unwrap();
        if Some(tokens) != real.tokens.as_ref() {
            assert!(tokens.iter().all(|&t| t == BLANK || t == PAD), "level 10 blanks every word");
        }
        assert_eq!(disturbed.tokens, twin.tokens, "the lake is not spoken of");
        assert_eq!(disturbed.present, twin.present);
        let had_lake = real.factors[place(&stage, "lake")] == 1.0;
        assert!(!had_lake || disturbed.picture == twin.picture, "a twin has its specimen's noise");
    }
    for (regime, gone) in [("masked", 306), ("patched", 304)] {
        let masked = play(&stage, regime, EVALUATION, 20, TwinPlan::None);
        for (real, _) in &masked {
            let grey = real.picture.as_ref().unwrap().chunks(3).filter(|p| **p == [115; 3]).count();
            assert!((gone..gone + 5).contains(&grey), "{regime}: {grey}");
        }
    }
}

#[test]
fn a_learner_is_told_nothing_of_what_is_missing() {
    let stage = scene("weather");
    let mut simulation =
        Simulation::new(&stage, stage.regime("half-missing").unwrap(), 3, 500, EVALUATION);
    simulation.plan_twins(TwinPlan::OneFactor);
    let frame = simulation.step().clone();
    let mut missing = [0; 3];
    for batch in [&frame.real, &frame.twin] {
        for (row, present) in batch.present.chunks(3).enumerate() {
            assert!(present.contains(&true), "something is always there");
            for (input, &there) in present.iter().enumerate() {
                let values = &batch.inputs[input].values;
                let width = values.len() / batch.rows;
                let silent = values[row * width..(row + 1) * width].iter().all(|&x| x == 0.0);
                assert_eq!(silent, !there);
                missing[input] += usize::from(!there);
            }
        }
    }
    assert_eq!(frame.real.present, frame.twin.present);
    // Text and sound also lack in one of ten anyway; one stays where all would go.
    assert!(missing.iter().all(|n| (330..600).contains(n)), "{missing:?} of 1000");
    let mut alone = Simulation::new(&stage, stage.regime("image-only").unwrap(), 3, 50, 0);
    assert!(alone.step().real.present.chunks(3).all(|p| p == [true, false, false]));
}

#[test]
fn a_learner_reads_the_words_that_are_there_as_they_were_disturbed() {
    let stage = scene("weather");
    for regime in ["noise-10", "half-missing"] {
        let mut simulation =
            Simulation::new(&stage, stage.regime(regime).unwrap(), 3, 200, EVALUATION);
        let batch = simulation.step().real.clone();
        let length = stage.renderers.text.as_ref().unwrap().length();
        let read = batch.inputs[2].tokens.chunks_exact(length);
        let (mut missing, mut blank) = (0, 0);
        for ((read, (real, _)), present) in
            read.zip(simulation.played()).zip(batch.present.chunks_exact(3))
        {
            match present[2] {
                true => assert_eq!(Some(read), real.tokens.as_deref()),
                false => assert_eq!(read, vec![PAD; length]),
            }
            missing += usize::from(!present[2]);
            blank += usize::from(read.contains(&BLANK));
        }
        let often = if regime == "noise-10" { blank } else { missing };
        assert!(often > 50, "{regime}: {blank} blanked, {missing} missing");
    }
}

#[test]
fn soft_operations_change_what_they_say() {
    let stage = scene("sinking");
    let (size, hue) = (place(&stage, "size"), place(&stage, "hue"));
    let under = |text: &str| {
        let (node, action) = operation(stage.scm(), text).unwrap();
        let mut interventions = Interventions::none();
        interventions.insert(node, action);
        play(&stage, "iid", 0, 400, TwinPlan::Under(interventions))
    };
    for (real, twin) in under("size+=0.25") {
        assert_eq!(twin.factors[size], real.factors[size] + 0.25);
        assert_eq!(twin.factors[hue], real.factors[hue]);
        assert!(twin.label >= real.label, "larger things sink no less");
    }
    for (real, twin) in under("size:=min(natural, 0.3)") {
        assert_eq!(twin.factors[size], real.factors[size].min(0.3));
        assert_eq!(real.picture == twin.picture, real.factors[size] <= 0.3);
    }
    let halved = under("size~Equation(\"0.5 * (0.7 * equipment + 0.3 * uniform)\")");
    for (real, twin) in &halved {
        assert!((twin.factors[size] - 0.5 * real.factors[size]).abs() < 1e-15, "the same noise");
    }
}

#[test]
fn a_regime_of_soft_changes_is_what_it_says() {
    let mut scene = scene("sinking").scene.clone();
    let text = to_ron(&scene).replace(
        "regimes: {",
        "regimes: {\"soft\": [Scale(\"size\", 0.5), Apply(\"pitch\", \"1 - natural\")],",
    );
    let stage = Arc::new(parse(&text, "soft").unwrap());
    let (size, pitch) = (place(&stage, "size"), place(&stage, "pitch"));
    let natural = play(&stage, "iid", 0, 100, TwinPlan::None);
    let soft = play(&stage, "soft", 0, 100, TwinPlan::None);
    for ((a, _), (b, _)) in natural.iter().zip(&soft) {
        assert_eq!(b.factors[size], 0.5 * a.factors[size]);
        assert_eq!(b.factors[pitch], 1.0 - a.factors[pitch]);
    }
    // A selection that keeps nothing is refused.
    scene.selection = Some("size > 2".to_owned());
    let message = parse(&to_ron(&scene), "none").unwrap_err().to_string();
    assert!(message.contains("the selection keeps 0 of all specimens"), "{message}");
}

/// A hidden habitat, a cause that copies it, and companions that are calibrated on one another: as
/// the scene is written, with more lines after the label.
fn companions(more: &str) -> String {
    format!(
        r#"(version: 1, name: "companions",
        confounders: [(name: "habitat", mechanism: Bernoulli(0.3))],
        factors: [
            (name: "bill", mechanism: NoisyCopy(of: "habitat", flip: 0.05)),
            (name: "tag", mechanism: NoisyCopy(of: "habitat", flip: 0.1)),
            (name: "lake", mechanism: Confounded(by: "habitat", with: "bill", strength: 0.8)),
            (name: "mud", mechanism: Confounded(by: "habitat", with: "tag", strength: -0.6)),
            (name: "size", mechanism: Uniform(0.0, 1.0)),
        ],
        label: (name: "duck", classes: ["other", "duck"], mechanism: Gate(rule: "bill", flip: 0.1)),
        modalities: [Vector(name: "v", entries: [(of: "bill"), (of: "lake"), (of: "size")])],
        {more})"#
    )
}

fn stage_of(text: &str) -> Arc<Stage> {
    Arc::new(parse(text, "text").unwrap_or_else(|error| panic!("{error}")))
}

/// `Set` and `Randomise` make the world of the do-operation, specimen by specimen and exactly, with
/// and without a selection that keeps everything.
#[test]
fn a_regime_makes_the_world_of_its_operation() {
    let always = r#"selection: "habitat or not habitat","#;
    for node in ["habitat", "bill", "tag", "lake", "duck"] {
        for (change, text) in [
            (format!("Set(\"{node}\", 0.0)"), format!("{node}=0")),
            (format!("Set(\"{node}\", 1.0)"), format!("{node}=1")),
            (format!("Randomise(\"{node}\")"), format!("{node}~Bernoulli(0.5)")),
        ] {
            let regime = format!("regimes: {{\"there\": [{change}]}}");
            let stage = stage_of(&companions(&regime));
            let (at, action) = operation(stage.scm(), &text).unwrap();
            let mut operations = Interventions::none();
            operations.insert(at, action);
            let twins = play(&stage, "iid", 0, 300, TwinPlan::Under(operations.clone()));
            let there = play(&stage, "there", 0, 300, TwinPlan::None);
            for ((_, twin), (real, _)) in twins.iter().zip(&there) {
                assert_eq!((&twin.factors, twin.label), (&real.factors, real.label), "{change}");
            }
            let all: Vec<usize> = (0..stage.scm().len() - 2).chain([stage.label]).collect();
            let done = stage.scm().under(&operations).joint(&all).unwrap();
            let regime_scm = &stage.regime("there").unwrap().scm;
            assert_eq!(regime_scm.joint(&all).unwrap(), done, "{change}");
            // A selection that keeps everything changes nothing but where noise is fresh.
            let selective = stage_of(&companions(&format!("{always} {regime}")));
            let also = play(&selective, "there", 0, 3000, TwinPlan::None);
            let plain = play(&stage, "there", 0, 3000, TwinPlan::None);
            for factor in 0..4 {
                let share = |worlds: &[(Played, Played)]| {
                    worlds.iter().filter(|w| w.0.factors[factor] == 1.0).count() as f64 / 3000.0
                };
                assert!((share(&also) - share(&plain)).abs() < 0.05, "{change}, factor {factor}");
            }
            if change.starts_with("Set") {
                assert!(also.iter().zip(&plain).all(|(a, b)| a.0.factors == b.0.factors));
            }
        }
    }
}

/// Other strengths are those of the scene as it's written, and nothing else moves.
#[test]
fn a_strength_or_a_mechanism_changes_its_own_node_alone() {
    let stage = stage_of(&companions(
        r#"dials: {"s": 0.5}, regimes: {
            "weak": [Strength("lake", 0.2), Replace("habitat", Bernoulli(0.9))],
            "again": [Replace("lake", Confounded(by: "habitat", with: "bill", strength: 0.2))],
            "still": [Dial("s", 0.1)],
            "onto": [Replace("tag", Equation("lake and size < 0.5"))],
        }"#,
    ));
    let law = |regime: &str, node: &str| {
        let scm = &stage.regime(regime).unwrap().scm;
        scm.law(scm.find(node).unwrap()).unwrap().clone()
    };
    assert_eq!(law("weak", "lake"), law("again", "lake"));
    assert_ne!(law("weak", "lake"), law("iid", "lake"));
    for node in ["bill", "tag", "mud", "size", "duck"] {
        assert_eq!(law("weak", node), law("iid", node), "{node}");
    }
    assert_eq!(stage.regime("still").unwrap().scm.joint(&[0, 3]), stage.scm().joint(&[0, 3]));
    // `mud` was calibrated with `tag`, and `tag` may still follow the lake: no cycle.
    assert_eq!(law("onto", "mud"), law("iid", "mud"));
    let worlds = play(&stage, "onto", 0, 500, TwinPlan::None);
    for (real, _) in &worlds {
        let follows = real.factors[2] == 1.0 && real.factors[4] < 0.5;
        assert_eq!(real.factors[1] == 1.0, follows);
    }
}

/// Whatever is non-causal here is randomised, a node by which another was calibrated included.
#[test]
fn regimes_that_come_with_a_scene_never_refuse_it() {
    let stage = stage_of(&companions(""));
    let scm = &stage.regime("randomised").unwrap().scm;
    let one = |node: usize| scm.joint(&[node]).unwrap().probability(|v| v[0] == 1.0);
    assert!((2..5).all(|node| (one(node) - 0.5).abs() < 1e-12) && stage.notes.is_empty());
    // Turned round the lake never is as the habitat: the selection would keep nothing.
    let text = companions(r#"selection: "lake == habitat","#).replace(
        r#"Confounded(by: "habitat", with: "bill", strength: 0.8)"#,
        r#"Confounded(by: "habitat", strength: 1.0)"#,
    );
    let stage = stage_of(&text);
    assert!(stage.regime("flipped").is_none() && stage.regime("randomised").is_some());
    let note = stage.notes[0].to_string();
    assert!(note.contains("no regime `flipped`: the selection keeps 0 of all"), "{note}");
}

#[test]
fn a_rare_selection_is_never_broken_in_any_regime_or_batch() {
    let stage = stage_of(&companions(
        r#"selection: "size > 0.997 or tag and not habitat and size > 0.99",
        regimes: {"tail": [Select("size < 0.0015")], "free": [Unselect]}"#,
    ));
    for (regime, first) in [("iid", 0), ("iid", EVALUATION), ("randomised", 5), ("tail", 0)] {
        let worlds = play(&stage, regime, first, 400, TwinPlan::None);
        let kept = |factors: &[f64]| match regime {
            "tail" => factors[4] < 0.0015,
            // What was randomised was kept before.
            "randomised" => true,
            _ => factors[4] > 0.99,
        };
        assert!(worlds.iter().all(|(real, _)| kept(&real.factors)), "{regime}");
        let parts = [0, 100].map(|from| play(&stage, regime, first + from, 100, TwinPlan::None));
        for ((real, _), (alone, _)) in worlds.iter().zip(parts.iter().flatten()) {
            assert_eq!(real.factors, alone.factors);
        }
    }
}

/// In each span of the clock's time one place in five is kept.
#[test]
fn a_selection_of_places_moves_specimens_to_the_next_one() {
    let text = companions(r#"selection: "floor(500 * time) % 5 == 3 and bill","#)
        .replace("Uniform(0.0, 1.0)", "Clock(period: 500)")
        .replace("\"size\"", "\"time\"");
    let stage = stage_of(&text);
    let places: Vec<f64> = play(&stage, "iid", 0, 12, TwinPlan::None)
        .iter()
        .map(|(real, _)| (500.0 * real.factors[4]).floor())
        .collect();
    assert_eq!(places, [3.0, 3.0, 3.0, 3.0, 8.0, 8.0, 8.0, 8.0, 8.0, 13.0, 13.0, 13.0]);
}
