//! The calls of the driver, of cuBLAS and of NVRTC, against a stand-in that does everything as late
//! as it may. It must be there before a program begins, so the tests run in another process.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::super::emulator::build;
use super::super::{card_name, open_card};
use super::*;

#[test]
fn a_card_is_driven_as_its_libraries_ask() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = build(folder.path()) else { return };
    for name in ["libcuda.so.1", "libcublas.so.13", "libnvrtc.so.13"] {
        symlink(&library, folder.path().join(name)).unwrap();
    }
    let (_, module) = module_path!().split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--test-threads", "1", module])
        .env("LD_LIBRARY_PATH", folder.path())
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{}", said.concat());
    assert!(said[0].contains("3 passed"), "{}", said.concat());
}

/// Whether the stand-in is there: these tests are nothing for a real card.
fn stands_in() -> bool {
    card_name().is_ok_and(|name| name == "stand-in")
}

#[test]
#[ignore = "another test runs it beside a stand-in for the driver"]
fn an_update_is_that_of_the_processor() {
    assert!(stands_in());
    let cases = cases().into_iter().enumerate().filter(|(i, _)| i % 5 == 0);
    for (i, (training, classes, lacking)) in cases {
        let plan = Plan { inputs: inputs(), classes, training };
        let [batch, twin] = ["one", "other"].map(|name| specimens(name, 43, classes, lacking));
        let found = compare(open_card(i % 2 == 0).unwrap(), &plan, &batch, &twin).unwrap();
        assert!(found.holds(), "{found:?}");
    }
}

#[test]
#[ignore = "another test runs it beside a stand-in for the driver"]
fn a_run_is_that_of_the_emulator_to_the_bit() {
    assert!(stands_in());
    for objective in [Objective::C3r, Objective::C3rAdjust, Objective::C3rTwin] {
        let [training, other] =
            [objective, Objective::Erm].map(|objective| training(Method::Concat, objective));
        let mut card = OnCard::new(open_card(false).unwrap(), plan(&training), 3, None).unwrap();
        let mut expected = on_card(&training).unwrap();
        let sizes = [43, 20, 43, 43, 21, 22, 23, 24, 43, 20];
        let batches = sizes.map(|rows| specimens(&format!("{rows}"), rows, 3, rows % 2 == 0));
        let twins = sizes.map(|rows| specimens(&format!("{rows}'"), rows, 3, false));
        let mut found = Vec::new();
        for (i, (batch, twin)) in batches.iter().zip(&twins).enumerate() {
            // The batch that was given may be filled anew at once.
            card.begin(&batch.clone(), Some(&twin.clone())).unwrap();
            if i > 0 {
                found.push(card.finish().unwrap());
            }
            if i % 3 == 2 {
                let [one, other] = [card.logits(batch), expected.logits(batch)];
                // The card has begun one update more.
                assert_eq!(one.unwrap().rows, other.unwrap().rows);
            }
        }
        found.push(card.finish().unwrap());
        let wanted = batches.iter().zip(&twins);
        let wanted: Vec<_> =
            wanted.map(|(batch, twin)| expected.update(batch, Some(twin)).unwrap()).collect();
        assert_eq!(found, wanted);
        assert_eq!(card.repeat(3).unwrap(), expected.repeat(3).unwrap());
        for training in [&other, &training] {
            card.retune(training).unwrap();
            expected.retune(training).unwrap();
            assert_eq!(run(&mut card, 0..3), run(&mut expected, 0..3));
        }
        assert_eq!(card.parameters().unwrap(), expected.parameters().unwrap());
        let kind = CounterfactualKind::Flip(Step::Spread(1.0));
        let of = |learner: &dyn Learner| learner.counterfactual(&data(0), kind).unwrap();
        assert_eq!(of(&card), of(&expected));
    }
}

#[test]
#[ignore = "another test runs it beside a stand-in for the driver"]
fn a_card_is_chosen_where_there_is_one_and_goes_from_thread_to_thread() {
    use super::super::super::choice::{Compute, Device, Engine, choose};
    assert!(stands_in());
    let training = training(Method::Concat, Objective::C3r);
    let device = Device::Auto;
    let choice = choose(Compute { engine: Engine::Fused, device }, &training).unwrap();
    assert_eq!(choice.compute.device, Device::Cuda);
    assert!(choice.reason.contains("stand-in"), "{}", choice.reason);
    let mut learner = OnCard::new(open_card(true).unwrap(), plan(&training), 3, None).unwrap();
    let losses = std::thread::spawn(move || {
        let first = run(&mut learner, 0..2);
        (first, learner)
    });
    let (first, mut learner) = losses.join().unwrap();
    assert!(first[1].total.is_finite() && learner.launches() < 64);
    run(&mut learner, 2..3);
}
