//! How much of the machine training takes: so much that the window stays quick.

use std::sync::Mutex;
use std::time::Duration;

/// Frames that are watched before any work, to learn what the window does by itself.
const FIRST: u32 = 12;
/// A frame under work may take so many times an idle one; 60% of the frame rate would be 1.67.
const STRETCH: f64 = 1.4;
/// Rest after work, as a multiple of the work's time, at the most.
const MOST: f64 = 6.0;

/// Frame times of the window, and the rest that follows from them. Results don't depend on it.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    window: bool,
    frames: u32,
    working: bool,
    idle: f64,
    busy: f64,
    rest: f64,
}

impl Pace {
    /// For a bench whose window will report its frames.
    pub fn with_window() -> Self {
        Self(Mutex::new(State { window: true, rest: 1.0, ..State::default() }))
    }

    fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Told by the window: the last frame took so many seconds.
    pub fn frame(&self, seconds: f64) {
        self.with(|s| {
            s.frames = s.frames.saturating_add(1);
            // The first frames make windows and shaders and say nothing.
            if s.frames <= FIRST / 2 {
                return;
            }
            let average = |old: f64| if old == 0.0 { seconds } else { 0.9 * old + 0.1 * seconds };
            if s.working {
                s.busy = average(s.busy);
                let slow = s.busy > STRETCH * s.idle.max(1.0 / 60.0);
                s.rest = if slow {
                    (s.rest * 1.1 + 0.02).min(MOST)
                } else {
                    (s.rest * 0.97 - 0.002).max(0.0)
                };
            } else {
                s.idle = average(s.idle);
            }
        });
    }

    /// Whether work may begin: the window knows its idle frame rate, or there is none.
    pub fn ready(&self) -> bool {
        self.with(|s| !s.window || s.frames > FIRST)
    }

    /// Told by the bench: work goes on, or there is none.
    pub fn working(&self, working: bool) {
        self.with(|s| s.working = working);
    }

    /// How long to rest after work of this length.
    pub fn rest(&self, work: Duration) -> Duration {
        self.with(|s| {
            if s.window {
                work.mul_f64(s.rest).min(Duration::from_millis(500))
            } else {
                Duration::ZERO
            }
        })
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
        (0..40).for_each(|_| pace.frame(0.12));
        let slow = pace.rest(Duration::from_millis(20));
        assert!(slow > Duration::from_millis(40), "{slow:?}");
        (0..400).for_each(|_| pace.frame(0.04));
        assert_eq!(pace.rest(Duration::from_millis(20)), Duration::ZERO);
        assert_eq!(Pace::default().rest(Duration::from_secs(1)), Duration::ZERO);
    }
}
