//! What the machine can do at best: copying, and matrix products.

use std::time::Instant;

use rayon::prelude::*;

use crate::learn::{Work, multiply};

/// Numbers of a part that one thread copies at a time, and of all.
const PART: usize = 1 << 18;
const ALL: usize = 64 * PART;
/// Rows and columns of the products.
const SIDE: usize = 512;
/// How often each is timed; the fastest counts.
const TRIES: usize = 5;

/// The measured rates of this machine's processors, on all threads together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// Bytes per second that a copy reads and writes.
    pub bytes: f64,
    /// Operations per second of square matrix products in f32.
    pub operations: f64,
}

impl Machine {
    /// Measures for about a second.
    #[must_use]
    pub fn measure() -> Self {
        Self {
            threads: rayon::current_num_threads(),
            bytes: copy_rate(),
            operations: product_rate(),
        }
    }

    /// The least time that some work can take here, in seconds: the longer of its two parts, as
    /// both can go on at once.
    #[must_use]
    pub fn floor(&self, work: &Work) -> f64 {
        (work.bytes / self.bytes).max(work.operations / self.operations)
    }
}

fn fastest(mut job: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        job();
        start.elapsed().as_secs_f64()
    };
    (0..TRIES).map(once).fold(f64::INFINITY, f64::min)
}

fn copy_rate() -> f64 {
    let (from, mut to) = (vec![1.0_f32; ALL], vec![0.0_f32; ALL]);
    let seconds = fastest(|| {
        let pairs = to.par_chunks_mut(PART).zip(from.par_chunks(PART));
        pairs.for_each(|(to, from)| to.copy_from_slice(from));
    });
    (2 * size_of::<f32>() * ALL) as f64 / seconds
}

fn product_rate() -> f64 {
    let (left, right) = (vec![0.5_f32; SIDE * SIDE], vec![0.25_f32; SIDE * SIDE]);
    let jobs = 4 * rayon::current_num_threads();
    let mut outs = vec![vec![0.0_f32; SIDE * SIDE]; jobs];
    let seconds = fastest(|| {
        outs.par_iter_mut().for_each(|out| multiply(out, [SIDE; 3], &left, &right));
    });
    (2 * SIDE.pow(3) * jobs) as f64 / seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_longer_part() {
        let machine = Machine { threads: 1, bytes: 10.0, operations: 100.0 };
        assert_eq!(machine.floor(&Work { operations: 50.0, bytes: 20.0 }), 2.0);
        assert_eq!(machine.floor(&Work { operations: 500.0, bytes: 20.0 }), 5.0);
    }
}
