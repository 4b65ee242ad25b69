//! The panels as a person meets them: found by their labels, clicked, and read.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bevy_egui::egui::{Event, Key, Modifiers, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::lab::desk::{Desk, Tab};
use crate::lab::session::{Command, Opening, Pace, Session, View};
use crate::scene::{load, with_overrides};

struct Bed {
    desk: Desk,
    session: Session,
}

/// The whole desk with a small model on its bench.
fn bed(size: [f32; 2]) -> Harness<'static, Bed> {
    let stage = load(Path::new("scenes/duck.ron")).unwrap();
    let small = ["training.batch=16".to_owned()];
    let stage = Arc::new(with_overrides(stage, &small).unwrap());
    let training = stage.scene.training.clone();
    let opening = Opening { stage, path: None, training, model: None };
    let session = Session::start(opening, 256, Pace::default()).unwrap();
    let mut desk = Desk::new(Path::new("scenes"));
    desk.help.hint_read = true;
    let draw = |ui: &mut bevy_egui::egui::Ui, bed: &mut Bed| {
        let (view, mut out) = (bed.session.view(), Vec::new());
        bed.desk.ui(ui, &view, 0.0, &mut out);
        out.into_iter().for_each(|command| bed.session.send(command));
    };
    let mut harness =
        Harness::builder().with_size(size).build_ui_state(draw, Bed { desk, session });
    harness.run_steps(3);
    harness
}

/// Draws on until the view is so; on a busy machine that may take long.
fn until(harness: &mut Harness<'_, Bed>, what: &str, so: impl Fn(&View) -> bool) -> Arc<View> {
    let start = Instant::now();
    loop {
        harness.run_steps(1);
        let view = harness.state().session.view();
        if so(&view) {
            harness.run_steps(2);
            return view;
        }
        assert!(start.elapsed() < Duration::from_secs(300), "{what} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Drawing asks for nothing.
#[test]
fn a_desk_that_nobody_touches_sends_nothing() {
    let mut harness = bed([1280.0, 800.0]);
    harness.state_mut().desk.tab = Tab::Specimen;
    harness.run_steps(10);
    until(&mut harness, "a measurement", |v| v.settled);
    let view = harness.state().session.view();
    assert!(view.operations.is_empty() && !view.scene.changed && view.notice.is_none());
}

fn click(harness: &mut Harness<'_, Bed>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

#[test]
fn a_factor_is_held_and_let_go() {
    let mut harness = bed([1280.0, 800.0]);
    click(&mut harness, "do(lake = 0)");
    until(&mut harness, "lake=0", |v| v.operations == ["lake=0"]);
    assert!(harness.get_all_by_label("do lake=0").count() > 0);
    harness.get_by_label_contains("the label of 0.0%");
    click(&mut harness, "undo");
    until(&mut harness, "undo", |v| v.operations.is_empty());
    click(&mut harness, "do(wings = 1)");
    click(&mut harness, "do(flat_bill = 0)");
    until(&mut harness, "two", |v| v.operations == ["wings=1", "flat_bill=0"]);
    click(&mut harness, "flat_bill own");
    until(&mut harness, "one", |v| v.operations == ["wings=1"]);
    click(&mut harness, "Undo all");
    until(&mut harness, "none", |v| v.operations.is_empty());
    click(&mut harness, "soft interventions on lake");
    click(&mut harness, "lake~Bernoulli(0.5)");
    until(&mut harness, "a soft one", |v| v.operations == ["lake~Bernoulli(0.5)"]);
}

#[test]
fn a_line_is_written_and_what_cannot_be_is_told() {
    let mut harness = bed([1280.0, 800.0]);
    harness.key_press(Key::Slash);
    harness.run_steps(2);
    for (line, operations) in [
        ("size+=0.2", vec!["size+=0.2"]),
        ("--do lake=1 --do wings=0", vec!["size+=0.2", "lake=1", "wings=0"]),
    ] {
        harness.event(Event::Text(line.to_owned()));
        harness.run_steps(1);
        click(&mut harness, "Do");
        until(&mut harness, line, |v| v.operations == operations);
        // The picture shows sizes up to 1.
        let told = |v: &View| {
            v.notice.as_ref().is_some_and(|n| n.text.contains("outside the range 0 to 1"))
        };
        until(&mut harness, "a word on the range", told);
        harness.key_press(Key::Slash);
        harness.run_steps(2);
    }
    harness.event(Event::Text("lake=7".to_owned()));
    harness.run_steps(1);
    click(&mut harness, "Do");
    let told =
        |v: &View| v.notice.as_ref().is_some_and(|n| n.text.contains("has the values 0 to 1"));
    until(&mut harness, "a complaint", told);
    harness.get_by_label_contains("has the values 0 to 1");
}

#[test]
fn training_is_started_stepped_and_reset() {
    let mut harness = bed([1280.0, 800.0]);
    click(&mut harness, "One step");
    until(&mut harness, "a step", |v| v.training.steps == 1);
    click(&mut harness, "Start");
    until(&mut harness, "ten steps", |v| v.training.steps > 10);
    click(&mut harness, "Pause");
    until(&mut harness, "a rest", |v| v.settled);
    harness.get_by_label_contains("C3 risk");
    harness.get_by_label_contains("accuracy flipped");
    harness.get_by_label_contains("PNS of lake: true 0.00, learned");
    click(&mut harness, "Reset");
    until(&mut harness, "a new model", |v| v.training.steps == 0);
    harness.key_press(Key::N);
    until(&mut harness, "a step by key", |v| v.training.steps == 1);
}

#[test]
fn a_bar_lists_the_specimens_behind_it() {
    let mut harness = bed([1280.0, 800.0]);
    let view = until(&mut harness, "a measurement", |v| v.settled);
    let count = view.latest.behind[0].pns.len();
    let bar = harness.get_by_label_contains("PNS of flat_bill");
    bar.click();
    let view = until(&mut harness, "the list", |v| v.listed.is_some());
    assert_eq!(view.listed.as_ref().unwrap().1.len(), count);
    assert_eq!(view.operations, ["flat_bill=0"]);
    click(&mut harness, "Show all");
    until(&mut harness, "all", |v| v.listed.is_none());
}

#[test]
fn specimens_are_picked_and_found() {
    let mut harness = bed([1280.0, 800.0]);
    click(&mut harness, "specimen 3");
    until(&mut harness, "specimen 3", |v| v.selected == 3);
    harness.get_by_label("Specimen 3");
    click(&mut harness, ">");
    until(&mut harness, "specimen 4", |v| v.selected == 4);
    click(&mut harness, "find");
    click(&mut harness, "the model is wrong here");
    let view = until(&mut harness, "a mistake", |v| v.busy.is_none() && v.selected != 4);
    let (said, _) = view.answers.verdicts(view.selected).unwrap();
    assert_ne!(said, view.show.worlds[view.selected].0.label);
    harness.get_by_label("picture of the hypothetical world");
    harness.get_by_label("spectrogram of the real world");
    assert!(
        harness.get_by_label("play the real world").accesskit_node().is_disabled()
            || cfg!(feature = "playback")
    );
}

#[test]
fn a_node_of_the_graph_is_chosen_and_held() {
    let mut harness = bed([1280.0, 800.0]);
    click(&mut harness, "Graph");
    for node in ["habitat", "lake", "duck", "image", "audio", "text"] {
        harness.get_by_label(&format!("node {node}"));
    }
    click(&mut harness, "node lake");
    harness.get_by_label_contains("follows from habitat");
    click(&mut harness, "do lake=1");
    until(&mut harness, "lake=1", |v| v.operations == ["lake=1"]);
}

#[test]
fn the_representation_is_coloured_by_any_factor() {
    let mut harness = bed([1280.0, 800.0]);
    click(&mut harness, "Representation");
    harness.get_by_label_contains("two main axes");
    harness.get_by_label_contains("reduced");
    click(&mut harness, "colour by");
    harness.get_by_label_contains("the label");
}

#[test]
fn a_wrong_scene_shows_where_and_the_good_one_stays() {
    let mut harness = bed([1280.0, 800.0]);
    harness.state().session.send(Command::Open("tests/broken/unknown_parent.ron".into()));
    until(&mut harness, "the error", |v| v.scene.error.is_some());
    harness.get_by_label_contains("unknown_parent.ron:");
    harness.get_by_label_contains("`duck` goes on as it was");
}

#[test]
fn a_run_is_saved_and_loaded_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("mine").display().to_string();
    let mut harness = bed([1280.0, 2000.0]);
    click(&mut harness, "One step");
    until(&mut harness, "a step", |v| v.training.steps == 1);
    click(&mut harness, "Runs");
    harness.run_steps(20);
    harness.get_by_role_and_label(Role::TextInput, "directory").click();
    harness.run_steps(2);
    harness.event(Event::Text(run.clone()));
    harness.run_steps(2);
    click(&mut harness, "Save run");
    until(&mut harness, "saving", |v| !v.training.unsaved);
    assert!(Path::new(&run).join("report.html").is_file());
    click(&mut harness, "Load run");
    until(&mut harness, "loading", |v| {
        v.notice.as_ref().is_some_and(|n| n.text.contains("goes on"))
    });
}

#[test]
fn keys_are_listed_and_work() {
    let mut harness = bed([1280.0, 800.0]);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Slash);
    harness.run_steps(4);
    harness.get_by_label("start or pause training");
    click(&mut harness, "Close");
    assert!(harness.query_by_label("start or pause training").is_none());
    let dark = harness.state().desk.dark;
    harness.key_press(Key::T);
    harness.run_steps(2);
    assert_ne!(harness.state().desk.dark, dark);
    harness.key_press(Key::ArrowRight);
    until(&mut harness, "the next one", |v| v.selected == 1);
    click(&mut harness, "do(lake = 1)");
    until(&mut harness, "lake=1", |v| !v.operations.is_empty());
    harness.key_press(Key::Z);
    until(&mut harness, "undo", |v| v.operations.is_empty());
}

/// Every control has a name, and at every size stands within the window or in what scrolls.
#[test]
fn every_control_has_a_name_at_every_size() {
    for size in [[900.0, 600.0], [1280.0, 800.0], [3840.0, 2160.0]] {
        let mut harness = bed(size);
        let tabs = [Tab::Specimen, Tab::Graph, Tab::Representation, Tab::Causes, Tab::Training];
        for tab in tabs {
            harness.state_mut().desk.tab = tab;
            harness.run_steps(3);
            for node in harness.root().children_recursive() {
                let node = node.accesskit_node();
                let control = matches!(
                    node.role(),
                    Role::Button
                        | Role::CheckBox
                        | Role::ComboBox
                        | Role::Slider
                        | Role::SpinButton
                        | Role::TextInput
                        | Role::RadioButton
                );
                let named = node.label().is_some_and(|l| !l.trim().is_empty())
                    || node.labelled_by().next().is_some();
                assert!(
                    !control || named,
                    "{size:?} {tab:?}: {:?} {:?}",
                    node.role(),
                    node.bounding_box()
                );
            }
        }
    }
}
