//! How fast training goes, and how the causal error went.

use std::time::Instant;

/// Adds a point to the course of the causal error; a long course is thinned out.
pub fn push_error(errors: &mut Vec<[f64; 2]>, steps: usize, error: f64) {
    let step = steps as f64;
    match errors.last_mut() {
        Some(last) if last[0] == step => last[1] = error,
        _ => errors.push([step, error]),
    }
    if errors.len() >= 400 {
        let mut place = 0;
        errors.retain(|_| {
            place += 1;
            place % 2 == 1
        });
    }
}

/// Steps per second over the last few.
#[derive(Default)]
pub struct Rate {
    last: Option<Instant>,
    seconds: f64,
}

impl Rate {
    /// A step was made.
    pub fn step(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            let passed = (now - last).as_secs_f64();
            // After a pause the count begins anew.
            let anew = self.seconds == 0.0 || passed > 2.0;
            self.seconds = if anew { passed.min(2.0) } else { 0.9 * self.seconds + 0.1 * passed };
        }
    }

    /// The rate.
    pub fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { 1.0 / self.seconds } else { 0.0 }
    }
}
