//! The progress bars of a contest.

use std::time::Instant;

use indicatif::ProgressBar;

use super::{console, interrupt};
use crate::experiment::{Contest, Times, Watcher};
use crate::learn::StepLosses;
use crate::measure::renderings;

/// Shows training with losses and specimens per second, then the examination.
pub struct Bars {
    names: Vec<&'static str>,
    batch: usize,
    start: Instant,
    training: ProgressBar,
    examining: ProgressBar,
}

impl Bars {
    /// The bars of one contest.
    #[must_use]
    pub fn of(contest: &Contest) -> Self {
        let first = contest.trainings.first();
        Self {
            names: contest.trainings.iter().map(|t| t.objective.name()).collect(),
            batch: first.map_or(0, |t| t.batch),
            start: Instant::now(),
            training: console::bar("training", first.map_or(0, |t| t.steps)),
            examining: console::bar("measuring", renderings(&contest.stage, contest.specimens)),
        }
    }
}

impl Watcher for Bars {
    fn trained(&mut self, step: usize, losses: &[Option<StepLosses>]) {
        self.training.set_position(step as u64);
        let rate = (step * self.batch) as f64 / self.start.elapsed().as_secs_f64().max(1e-9);
        let shown = self.names.iter().zip(losses).map(|(name, losses)| match losses {
            Some(losses) => format!("{name} {:.3}", losses.total),
            None => format!("{name} diverged"),
        });
        let shown: Vec<String> = shown.collect();
        self.training.set_message(format!("{} | {rate:.0} specimens/s", shown.join("  ")));
        if Some(step as u64) == self.training.length() {
            self.training.finish_and_clear();
            let seconds = self.start.elapsed().as_secs_f64();
            let shown = shown.join("  ");
            console::note(&format!(
                "trained {step} updates in {seconds:.1} s, {rate:.0} specimens/s; loss: {shown}"
            ));
        }
    }

    fn timed(&mut self, times: &Times) {
        console::note(&format!(
            "time: frames {:.1} s (noise {:.1}, mechanisms {:.1}, rendering {:.1}, gathering {:.1}; each \
             with its waits for a thread), updates {:.1} s, each frame beside the update on the last: \
             {:.1} s in all",
            times.making(),
            times.drawing,
            times.propagating,
            times.rendering,
            times.gathering,
            times.learning,
            times.whole
        ));
    }

    fn examined(&mut self) {
        self.examining.inc(1);
        if Some(self.examining.position()) == self.examining.length() {
            self.examining.finish_and_clear();
        }
    }

    fn wants_end(&mut self) -> bool {
        interrupt::asked()
    }
}
