//! Methods that read the words of a text: what each makes of their order, of missing modalities, and
//! what is refused.

use super::*;

/// Every text turned round; its words stay the same, and so do their counts.
fn turned(batch: &Batch) -> Batch {
    let mut turned = batch.clone();
    turned.inputs[2].tokens.chunks_exact_mut(LENGTH).for_each(<[u16]>::reverse);
    turned
}

fn embedding(learner: &dyn Learner) -> Vec<f32> {
    let parameters = learner.parameters().unwrap();
    let found = parameters.into_iter().find(|p| p.name == "encoder.text.embedding");
    found.unwrap().values
}

fn trained(method: Method, objective: Objective) -> [Box<dyn Learner>; 2] {
    let training = training(method, objective);
    [0, 20].map(|steps| {
        let mut learner = new_learner(&all_inputs(), 2, &training, 7).unwrap();
        train_on(&mut *learner, steps, everything);
        learner
    })
}

#[test]
fn a_bag_of_words_knows_no_order_and_its_embedding_never_moves() {
    for objective in OBJECTIVES {
        for method in [Method::Bow, Method::ConcatBow] {
            let [start, end] = trained(method, objective);
            assert_eq!(embedding(&*start), embedding(&*end), "{method:?} {objective:?}");
            let test = everything(99);
            assert_ne!(start.logits(&test).unwrap(), end.logits(&test).unwrap());
            assert_eq!(end.logits(&turned(&test)).unwrap(), end.logits(&test).unwrap());
        }
    }
}

#[test]
fn the_sum_of_embeddings_is_what_a_bag_is_represented_by() {
    let [learner, _] = trained(Method::Bow, Objective::Erm);
    let test = everything(5);
    let (e, z) = (embedding(&*learner), learner.representation(&test).unwrap());
    for (row, text) in test.inputs[2].tokens.chunks_exact(LENGTH).enumerate() {
        for k in 0..z.width {
            let words = text.iter().filter(|&&token| token != 0);
            let sum: f32 = words.map(|&token| e[usize::from(token) * z.width + k]).sum();
            assert!((z.values[row * z.width + k] - sum).abs() < 1e-5);
        }
    }
}

#[test]
fn to_a_transformer_order_matters_and_padding_does_not() {
    let readers = [Method::Bert, Method::ConcatBert, Method::Mmbt, Method::AlignItc, Method::Mmfm];
    for method in readers {
        let [start, end] = trained(method, Objective::Erm);
        assert_ne!(embedding(&*start), embedding(&*end));
        let test = everything(99);
        let (one, other) = (end.logits(&test).unwrap(), end.logits(&turned(&test)).unwrap());
        assert!(one.values.iter().zip(&other.values).any(|(a, b)| (a - b).abs() > 1e-4));
    }
}

#[test]
fn a_text_that_is_not_there_says_nothing() {
    let readers = Method::ALL.into_iter().filter(|method| match method.modality() {
        None => true,
        Some(name) => name == "text",
    });
    for method in readers {
        let [_, learner] = trained(method, Objective::Erm);
        let mut test = everything(99);
        test.present = [true, true, false].repeat(test.rows);
        let one = learner.logits(&test).unwrap();
        test.inputs[2].tokens.fill(0);
        test.inputs[2].values.fill(0.0);
        assert_eq!(one, learner.logits(&test).unwrap(), "{method:?}");
        assert!(one.values.iter().all(|logit| logit.is_finite()));
    }
}

/// All seven ways in which some of three modalities are there, in training and afterwards, and each
/// specimen another one.
#[test]
fn every_method_bears_whatever_is_missing() {
    let with = |seed: u64, ways: &[u8]| {
        let mut batch = everything(seed);
        let way = |row: usize| ways[row % ways.len()];
        let rows = 0..batch.rows;
        batch.present = rows.flat_map(|row| [1, 2, 4].map(|bit| way(row) & bit != 0)).collect();
        batch
    };
    for method in Method::ALL {
        for objective in [Objective::C3r, Objective::C3rTwin] {
            let training = Training { steps: 4, ..training(method, objective) };
            let mut learner = new_learner(&all_inputs(), 2, &training, 7).unwrap();
            for seed in 0..4 {
                let mixed = with(seed, &[1, 2, 3, 4, 5, 6, 7]);
                learner.update(&mixed, Some(&mixed)).unwrap();
            }
            for way in 1..=7 {
                let logits = learner.logits(&with(9, &[way])).unwrap();
                assert!(logits.values.iter().all(|l| l.is_finite()), "{method:?} {way}");
                learner.update(&with(way.into(), &[way]), Some(&with(8, &[way]))).unwrap();
            }
        }
    }
}

#[test]
fn what_has_no_words_cannot_be_read() {
    let refusal = |inputs: &[InputSpec], method| {
        let error = new_learner(inputs, 2, &training(method, Objective::Erm), 1).err();
        error.unwrap().to_string()
    };
    let numbers = [InputSpec::row("image", 3), InputSpec::row("text", 4)];
    for method in [Method::Bow, Method::Bert, Method::ConcatBow, Method::ConcatBert] {
        let message = refusal(&numbers, method);
        assert!(message.contains(method.name()) && message.contains("words"), "{message}");
    }
    let empty = [InputSpec::words("text", 0, 4)];
    assert!(refusal(&empty, Method::Text).contains("length of `text`"));
    assert!(refusal(&numbers[..1], Method::Bert).contains("modality of that name"));
    for method in [Method::Clip, Method::AlignItc] {
        assert!(refusal(&numbers[..1], method).contains("needs two"));
    }
    let many: Vec<InputSpec> = (0..9).map(|i| InputSpec::row(&format!("v{i}"), 2)).collect();
    let message = refusal(&many, Method::Hved);
    assert!(message.contains("hved with 9 modalities") && message.contains("subset"), "{message}");
    assert!(new_learner(&many[..8], 2, &training(Method::Hved, Objective::Erm), 1).is_ok());
}
