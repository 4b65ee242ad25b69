//! How much of the machine training takes: so much that the window stays quick.

use std::sync::Mutex;
use std::time::Duration;

/// Frames at the start that make windows and shaders and say nothing.
const FIRST: u32 = 6;
/// Frames without work from which the window's own pace is learned; the first two still feel it.
const PROBE: u32 = 10;
/// Frames under work until the window's own pace is looked at again.
const EVERY: u32 = 300;
/// A frame under work may take so many times an idle one; 60% of the frame rate would be 1.67.
const STRETCH: f64 = 1.35;
/// No frame need be quicker than this, in seconds.
const QUICK: f64 = 1.0 / 60.0;
/// Rest after work, as a multiple of the work's time, at the most.
const MOST: f64 = 2.5;

/// Frame times of the window, and the rest that follows from them. Results don't depend on it.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    window: bool,
    frames: u32,
    working: bool,
    /// Frames of the probe that are still to come.
    probe: u32,
    /// Frames under work since the last probe.
    since: u32,
    idle: f64,
    busy: f64,
    rest: f64,
}

impl State {
    /// A frame while the bench works.
    fn under_work(&mut self, seconds: f64) {
        self.busy = if self.busy == 0.0 { seconds } else { 0.9 * self.busy + 0.1 * seconds };
        let slow = self.busy > (STRETCH * self.idle).max(QUICK);
        let rest = if slow { self.rest * 1.08 + 0.02 } else { self.rest * 0.97 - 0.002 };
        self.rest = rest.clamp(0.0, MOST);
        self.since += 1;
        if self.since >= EVERY {
            (self.since, self.probe) = (0, PROBE);
        }
    }

    /// A frame while it rests.
    fn at_rest(&mut self, seconds: f64) {
        let left = self.probe;
        self.probe = left.saturating_sub(1);
        if left <= PROBE - 2 {
            let quick = 0.7 * self.idle + 0.3 * seconds;
            self.idle = if self.idle == 0.0 { seconds } else { quick };
        }
    }
}

impl Pace {
    /// For a bench whose window will report its frames.
    pub fn with_window() -> Self {
        Self(Mutex::new(State { window: true, rest: 1.0, probe: PROBE, ..State::default() }))
    }

    fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Told by the window: the last frame took so many seconds.
    pub fn frame(&self, seconds: f64) {
        self.with(|s| {
            s.frames = s.frames.saturating_add(1);
            if s.frames <= FIRST {
                return;
            }
            if s.working { s.under_work(seconds) } else { s.at_rest(seconds) }
        });
    }

    /// Whether work may go on: not while the window's own pace is looked at.
    pub fn ready(&self) -> bool {
        self.with(|s| !s.window || s.probe == 0)
    }

    /// Told by the bench: work goes on, or there is none.
    pub fn working(&self, working: bool) {
        self.with(|s| s.working = working);
    }

    /// How long to rest after work of this length.
    pub fn rest(&self, work: Duration) -> Duration {
        let rest = self.with(|s| if s.window { s.rest } else { 0.0 });
        work.mul_f64(rest).min(Duration::from_millis(500))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_grows_while_frames_are_slow_and_shrinks_again() {
        let pace = Pace::with_window();
        assert!(!pace.ready());
        (0..20).for_each(|_| pace.frame(0.04));
        assert!(pace.ready());
        pace.working(true);
        (0..60).for_each(|_| pace.frame(0.12));
        let slow = pace.rest(Duration::from_millis(20));
        assert!(slow > Duration::from_millis(40), "{slow:?}");
        (0..220).for_each(|_| pace.frame(0.04));
        assert_eq!(pace.rest(Duration::from_millis(20)), Duration::ZERO);
        // Now and then the window's own pace is looked at again.
        (0..20).for_each(|_| pace.frame(0.04));
        assert!(!pace.ready());
        pace.working(false);
        (0..10).for_each(|_| pace.frame(0.04));
        assert!(pace.ready());
        assert_eq!(Pace::default().rest(Duration::from_secs(1)), Duration::ZERO);
    }
}
