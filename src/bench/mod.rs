//! How fast the program is on this machine: one update, and a whole frame.

mod frame;
mod machine;
mod step;

pub use frame::{FrameTimes, time_frames};
pub use machine::Machine;
pub use step::{Rival, StepTimes, random_batch, time_steps};

/// The least, the middle and the largest of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The median; the upper one of two.
    pub middle: f64,
    /// The largest.
    pub most: f64,
}

impl Spread {
    /// The spread of some numbers; zeros for none.
    #[must_use]
    pub fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = numbers.collect();
        all.sort_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (all.first(), all.last()) else { return Self::default() };
        Self { least, middle: all[all.len() / 2], most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_holds_the_middle() {
        let found = Spread::of([3.0, 1.0, 2.0, 9.0, 4.0].into_iter());
        assert_eq!(found, Spread { least: 1.0, middle: 3.0, most: 9.0 });
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }
}
