//! The session as the window sees it: commands in, views out; and the same results as `train`.

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::experiment::{self, Contest, RunDirectory, Watcher};
use crate::learn::Compute;
use crate::scene::training::{Objective, Training};
use crate::scene::{load, with_overrides};

const SMALL: [&str; 1] = ["training.batch=32"];

fn opening(objective: Objective) -> Opening {
    let settings = SMALL.map(str::to_owned);
    let stage = load(Path::new("scenes/duck.ron")).unwrap();
    let stage = Arc::new(with_overrides(stage, &settings).unwrap());
    let training = Training { objective, ..stage.scene.training.clone() };
    Opening { stage, path: None, training, model: None }
}

fn session(objective: Objective) -> Session {
    Session::start(opening(objective), 256, Pace::default()).unwrap()
}

/// Waits until the view is so; a minute at the most.
fn until(session: &Session, what: &str, so: impl Fn(&View) -> bool) -> Arc<View> {
    let start = Instant::now();
    loop {
        let view = session.view();
        if so(&view) {
            return view;
        }
        let notice = view.notice.as_ref().map(|n| n.text.clone());
        assert!(start.elapsed() < Duration::from_secs(300), "{what} never came: {notice:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

struct Quiet;

impl Watcher for Quiet {
    fn trained(&mut self, _: usize, _: &[Option<crate::learn::StepLosses>]) {}
    fn timed(&mut self, _: &experiment::Times) {}
    fn examined(&mut self) {}
    fn wants_end(&mut self) -> bool {
        false
    }
}

#[test]
fn a_session_trains_the_model_that_train_does() {
    for objective in [Objective::C3r, Objective::C3rTwin] {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("lab"), folder.path().join("train"));
        let mut session = session(objective);
        // Looking and operating meanwhile change nothing.
        session.send(Command::Train(5));
        session.send(Command::Do("lake=0".to_owned()));
        session.send(Command::Forward);
        until(&session, "step 5", |v| v.training.steps == 5 && !v.training.running);
        session.send(Command::Train(7));
        until(&session, "step 12", |v| v.training.steps == 12 && !v.training.running);
        session.close(Some(ours.clone()));

        let Opening { stage, training, .. } = opening(objective);
        let training = Training { steps: 12, ..training };
        let seed = stage.scene.seed;
        let trainings = vec![training];
        let contest = Contest {
            stage: Arc::clone(&stage),
            seed,
            trainings,
            specimens: 512,
            engine: Compute::default(),
        };
        let (entrants, _) = experiment::train(&contest, &mut Quiet).unwrap();
        let directory = RunDirectory::create(&theirs).unwrap();
        directory.write_model(&stage, seed, &entrants[0]).unwrap();
        for file in ["model.safetensors", "losses.csv", "scene.ron"] {
            let [a, b] = [&ours, &theirs].map(|d| std::fs::read(d.join(file)).unwrap());
            assert_eq!(a, b, "{file}");
        }
        assert_eq!(std::fs::read_dir(&ours).unwrap().count(), 3);
    }
}

#[test]
fn operations_change_the_twins_and_undo_brings_them_back() {
    let session = session(Objective::Erm);
    session.send(Command::Do("lake=0".to_owned()));
    let view = until(&session, "lake=0", |v| v.operations == ["lake=0"]);
    let lake = view.scene.stage.factors.iter().position(|f| f.name == "lake").unwrap();
    assert!(view.show.worlds.iter().all(|(_, twin)| twin.factors[lake] == 0.0));
    assert!(view.show.worlds.iter().all(|(real, twin)| real.label == twin.label));
    let with_lake = view.show.worlds.iter().position(|(r, _)| r.factors[lake] == 1.0).unwrap();
    assert_eq!(changed_factors(&view, with_lake), [lake]);
    session.send(Command::Do("lake=7".to_owned()));
    let view = until(&session, "a complaint", |v| v.notice.is_some());
    assert!(view.notice.as_ref().unwrap().text.contains("has the values 0 to 1"));
    session.send(Command::Undo);
    let view = until(&session, "undo", |v| v.operations.is_empty());
    assert!(view.show.worlds.iter().all(|(real, twin)| real.factors == twin.factors));
}

#[test]
fn a_broken_scene_is_told_and_the_last_good_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("duck.ron");
    std::fs::copy("scenes/duck.ron", &path).unwrap();
    let session = session(Objective::Erm);
    session.send(Command::Open(path.clone()));
    until(&session, "the copy", |v| v.scene.path.as_ref() == Some(&path));
    let good = std::fs::read_to_string(&path).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(&path, good.replace("of: \"habitat\"", "of: \"habitt\"")).unwrap();
    let view = until(&session, "the error", |v| v.scene.error.is_some());
    let error = view.scene.error.clone().unwrap();
    assert!(error.contains("duck.ron:11:") && error.contains("habitt"), "{error}");
    assert_eq!(view.scene.stage.scene.name, "duck");
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(
        &path,
        good.replace("name: \"duck\",\n    about", "name: \"goose\",\n    about"),
    )
    .unwrap();
    until(&session, "the mended scene", |v| {
        v.scene.error.is_none() && v.scene.stage.scene.name == "goose"
    });
}

#[test]
fn dials_settings_searches_and_counts() {
    let session = session(Objective::Erm);
    session.send(Command::Train(6));
    until(&session, "training", |v| v.training.steps == 6);
    let turn = crate::lab::dial::Dial::Strength("lake".to_owned());
    session.send(Command::Turn(turn, -0.5));
    let view = until(&session, "the dial", |v| v.scene.changed);
    assert_eq!(view.training.steps, 6);
    assert_eq!(view.training.changes[0].0, 6);
    let settings = Training { learning_rate: 0.01, batch: 16, ..view.training.settings.clone() };
    let settings = Training { objective: Objective::C3rTwin, ..settings };
    session.send(Command::Tune(Box::new(settings.clone())));
    until(&session, "the settings", |v| v.training.settings == settings);
    session.send(Command::Train(2));
    until(&session, "two more", |v| v.training.steps == 8 && !v.training.running);
    session.send(Command::Search(Wanted::Label(1)));
    let view = until(&session, "a duck", |v| v.busy.is_none() && v.selected > 0);
    assert_eq!(view.show.worlds[view.selected].0.label, 1);
    let view =
        until(&session, "a round", |v| v.latest.headline().and_then(|h| h.causal_error).is_some());
    assert!(!view.errors.is_empty());
    session.send(Command::Behind(0, Count::Pns));
    let view = until(&session, "the list", |v| v.listed.is_some());
    assert_eq!(view.operations, ["flat_bill=0"]);
    session.send(Command::Reset);
    until(&session, "a new model", |v| v.training.steps == 0 && v.training.changes.is_empty());
}

#[test]
fn a_saved_run_is_loaded_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let first = session(Objective::Erm);
    first.send(Command::Train(3));
    until(&first, "training", |v| v.training.steps == 3);
    first.send(Command::SaveRun(run.clone()));
    let view = until(&first, "saving", |v| !v.training.unsaved);
    assert_eq!(view.training.steps, 3);
    for file in ["model.safetensors", "losses.csv", "scene.ron", "metrics.json", "report.html"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    first.send(Command::LoadRun(folder.path().join("nothing")));
    let view = until(&first, "a complaint", |v| v.notice.as_ref().is_some_and(|n| n.wrong));
    assert!(view.notice.as_ref().unwrap().text.contains("is no run"));
    let second = Session::start(open(None, Some(&run)).unwrap(), 256, Pace::default()).unwrap();
    assert_eq!(second.view().training.steps, 3);
    second.send(Command::Train(1));
    until(&second, "one more", |v| v.training.steps == 4);
}
