//! The window: Bevy draws what the desk lays out, once a frame.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bevy::app::{PluginGroup, PluginGroupBuilder};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::window::{FileDragAndDrop, PrimaryWindow, WindowResolution};
use bevy::winit::{UpdateMode, WinitSettings};
use bevy_egui::{EguiContexts, EguiPlugin, EguiPrimaryContextPass, egui};

use super::desk::Desk;
use super::panel::default_run;
use super::script::{Action, Request, Script};
use super::session::{Command, Opening, Pace, Session};
use super::state::State;
use crate::experiment::write_whole;
use crate::world::one_thread_per_world;

/// How a window begins.
pub struct Start {
    /// What is on the bench.
    pub opening: Opening,
    /// On so many a saved run is examined.
    pub specimens: usize,
    /// Whether training waits for a person.
    pub paused: bool,
    /// What drives the window, if it's no person.
    pub script: Option<Vec<Action>>,
    /// Width and height.
    pub size: (u32, u32),
}

/// The window's plugins, without those of the simulation: that runs on the bench.
struct LabPlugins {
    title: String,
    size: (u32, u32),
}

impl PluginGroup for LabPlugins {
    fn build(self) -> PluginGroupBuilder {
        let window = Window {
            title: self.title,
            resolution: WindowResolution::new(self.size.0, self.size.1),
            ..default()
        };
        let window = WindowPlugin { primary_window: Some(window), ..default() };
        let filter =
            "warn,wgpu_hal=off,wgpu_core=error,bevy_render=error,bevy_winit=error".to_owned();
        DefaultPlugins.set(window).set(LogPlugin { filter, ..default() }).add(EguiPlugin::default())
    }
}

/// What the window's systems share.
#[derive(Resource)]
struct Lab {
    session: Session,
    desk: Desk,
    script: Option<Script>,
    last: Option<Instant>,
    /// What the last frame took, and the mean of late.
    seconds: f64,
    mean: f64,
    /// Set when the picture that a script asked for is written.
    pictured: Arc<AtomicBool>,
    out: Vec<Command>,
}

/// The window is gone: the bench ends, and a model with unsaved updates is kept. Never done in a
/// system: the bench may need the thread that would wait for it.
impl Drop for Lab {
    fn drop(&mut self) {
        let path = default_run(&self.session.view());
        self.session.close(Some(path));
    }
}

/// Opens the window and stays until it's closed.
///
/// # Errors
/// A bench that can't be started, in words.
pub fn run(start: Start) -> Result<AppExit, String> {
    let Start { opening, specimens, paused, script, size } = start;
    let scenes = opening.path.as_deref().and_then(Path::parent).filter(|p| p.ends_with("scenes"));
    let desk = Desk::new(scenes.unwrap_or(Path::new("scenes")));
    let title = format!("twinworld: {}", opening.stage.scene.name);
    share_out();
    let session = Session::start(opening, specimens, Pace::with_window())?;
    if !paused && script.is_none() {
        session.send(Command::Start);
    }
    let lab = Lab {
        session,
        desk,
        script: script.map(Script::new),
        last: None,
        seconds: 0.0,
        mean: 0.0,
        pictured: Arc::default(),
        out: Vec::new(),
    };
    let frame = UpdateMode::reactive(Duration::from_millis(16));
    Ok(App::new()
        .add_plugins(LabPlugins { title, size })
        .insert_resource(WinitSettings { focused_mode: frame, unfocused_mode: frame })
        .insert_resource(ClearColor(Color::srgb(0.09, 0.1, 0.12)))
        .insert_resource(lab)
        .add_systems(Startup, |mut commands: Commands| {
            commands.spawn(Camera2d);
        })
        .add_systems(Update, (count_frames, open_dropped, play_script).chain())
        .add_systems(EguiPrimaryContextPass, draw)
        .add_systems(Last, send)
        .run())
}

/// Gives the window a core of its own where there are several. Tasks of Bevy's pool may be done by
/// whoever waits for others, so the bench, which works long, keeps out of it: with one thread in
/// the pool its systems run where they are called.
fn share_out() {
    one_thread_per_world();
    let cores = bevy::tasks::available_parallelism();
    // A pool that is there already stays as it is.
    let _ = rayon::ThreadPoolBuilder::new().num_threads((cores - 1).max(1)).build_global();
}

fn count_frames(mut lab: ResMut<Lab>) {
    let now = Instant::now();
    if let Some(last) = lab.last.replace(now) {
        lab.seconds = (now - last).as_secs_f64();
        lab.mean = if lab.mean == 0.0 { lab.seconds } else { 0.95 * lab.mean + 0.05 * lab.seconds };
        let seconds = lab.seconds;
        lab.session.pace().frame(seconds);
    }
}

fn open_dropped(mut lab: ResMut<Lab>, mut dropped: MessageReader<FileDragAndDrop>) {
    for message in dropped.read() {
        if let FileDragAndDrop::DroppedFile { path_buf, .. } = message {
            let path = path_buf.clone();
            lab.out.push(if path.is_dir() { Command::LoadRun(path) } else { Command::Open(path) });
        }
    }
}

fn draw(mut contexts: EguiContexts, mut lab: ResMut<Lab>) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let lab = &mut *lab;
    let view = lab.session.view();
    if lab.script.is_some() {
        // Where the pointer rests by chance is no part of a demo.
        ctx.input_mut(|input| input.pointer = egui::PointerState::default());
    }
    let area =
        egui::UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.viewport_rect());
    let mut ui = egui::Ui::new(ctx, "desk".into(), area);
    let frames = if lab.mean > 0.0 { 1.0 / lab.mean } else { 0.0 };
    lab.desk.ui(&mut ui, &view, frames, &mut lab.out);
    Ok(())
}

fn send(mut lab: ResMut<Lab>) {
    for command in std::mem::take(&mut lab.out) {
        lab.session.send(command);
    }
}

fn play_script(
    mut commands: Commands,
    mut lab: ResMut<Lab>,
    mut window: Single<&mut Window, With<PrimaryWindow>>,
    mut exit: MessageWriter<AppExit>,
) {
    let lab = &mut *lab;
    let Some(script) = &mut lab.script else { return };
    if lab.pictured.swap(false, Ordering::AcqRel) {
        script.pictured();
    }
    let view = lab.session.view();
    match script.frame(&view, &mut lab.desk, lab.seconds, &mut lab.out) {
        None => {}
        Some(Request::Resize(width, height)) => window.resolution.set(width, height),
        Some(Request::Screenshot(path)) => {
            let done = Arc::clone(&lab.pictured);
            let write = move |captured: On<ScreenshotCaptured>| {
                if let Err(problem) = write_picture(&captured.image, &path) {
                    error!("{}: {problem}", path.display());
                }
                done.store(true, Ordering::Release);
            };
            commands.spawn(Screenshot::primary_window()).observe(write);
        }
        Some(Request::State(path)) => {
            let state = State::of(&view, script.measured.clone());
            let text = serde_json::to_string_pretty(&state).unwrap_or_default();
            if let Err(problem) = write_whole(&path, text.as_bytes()) {
                error!("{problem}");
            }
        }
        Some(Request::Quit) => {
            exit.write(AppExit::Success);
        }
    }
}

fn write_picture(image: &Image, path: &PathBuf) -> Result<(), String> {
    let picture = image.clone().try_into_dynamic().map_err(|e| e.to_string())?;
    picture.to_rgb8().save(path).map_err(|e| e.to_string())
}
