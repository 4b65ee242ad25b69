//! A method that learns without labels first: nothing of them may be seen before their time.

use super::*;

/// Updates without labels, of as many again with them.
const HALF: u64 = 6;

fn contrast(method: Method, objective: Objective) -> Box<dyn Learner> {
    let training = Training { steps: 2 * HALF as usize, ..training(method, objective) };
    new_learner(&all_inputs(), 2, &training, 7).unwrap()
}

/// Both methods that learn without labels first, under every objective.
fn both() -> impl Iterator<Item = (Method, Objective)> {
    let with = |method| OBJECTIVES.map(|objective| (method, objective));
    [Method::Clip, Method::AlignItc].into_iter().flat_map(with)
}

fn flipped(seed: u64) -> Batch {
    let mut batch = everything(seed);
    batch.labels.iter_mut().for_each(|label| *label = 1 - *label);
    batch
}

/// The parameters whose names begin with `prefix`, or all others.
fn some(learner: &dyn Learner, prefix: &str, these: bool) -> Vec<NamedParameter> {
    let all = learner.parameters().unwrap().into_iter();
    all.filter(|p| p.name.starts_with(prefix) == these).collect()
}

#[test]
fn pretraining_reads_no_label_and_leaves_the_head_alone() {
    for (method, objective) in both() {
        let [mut one, mut other] = [(), ()].map(|()| contrast(method, objective));
        let start = one.parameters().unwrap();
        let head = some(&*one, "head.", true);
        let first = train_on(&mut *one, HALF, everything);
        train_on(&mut *other, HALF, flipped);
        let end = one.parameters().unwrap();
        assert_eq!(end, other.parameters().unwrap(), "{method:?} {objective:?}");
        assert_eq!(some(&*one, "head.", true), head);
        assert_ne!(start, end);
        let others = [first[0].necessity, first[0].l_v, first[0].l_fe, first[0].twin];
        assert_eq!(others, [0.0; 4], "no objective has a say");
        assert!(first[0].total > 0.0);
    }
}

#[test]
fn a_probe_leaves_the_encoders_alone() {
    for (method, objective) in both() {
        let mut learner = contrast(method, objective);
        train_on(&mut *learner, HALF, everything);
        let fixed = |learner: &dyn Learner| {
            let mut all = some(learner, "head.", false);
            let learns = |name: &str| name.starts_with("instrument.") || name.starts_with("alone.");
            all.retain(|p| !learns(&p.name));
            all
        };
        let (before, head) = (fixed(&*learner), some(&*learner, "head.", true));
        train_on(&mut *learner, HALF, everything);
        assert_eq!(fixed(&*learner), before, "{method:?} {objective:?}");
        assert_ne!(some(&*learner, "head.", true), head, "{method:?} {objective:?}");
    }
}

#[test]
fn the_phase_of_the_last_update_is_told() {
    let mut learner = contrast(Method::Clip, Objective::C3rAdjust);
    train_on(&mut *learner, HALF, everything);
    assert_eq!(
        learner.decisions(),
        [Decision::new("pretraining", 1.0)],
        "no stratum has a say yet"
    );
    train_on(&mut *learner, 1, everything);
    let told = learner.decisions();
    assert_eq!(told[0], Decision::new("pretraining", 0.0));
    assert!(told.iter().any(|told| told.name == "weight_max" && told.value >= 1.0), "{told:?}");
}

#[test]
fn only_a_method_of_one_phase_asks_for_twins_from_the_start() {
    let mut learner = contrast(Method::Clip, Objective::C3rTwin);
    for step in 0..HALF {
        learner.update(&everything(step), None).unwrap();
    }
    let late = learner.update(&everything(HALF), None);
    assert!(matches!(late, Err(LearnError::TwinMissing)));
}
