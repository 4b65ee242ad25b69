//! `twinworld experiment`: the trials of an experiment file, in processes of their own, and the
//! tables and the report of what they found.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;

use super::options::{out_or, part};
use super::{UsageError, console, interrupt};
use crate::dataset::Part;
use crate::experiment::findings::{Findings, markdown, render};
use crate::experiment::plan::{Plan, Trial};
use crate::experiment::trials::{
    Ledger, LedgerError, Outcome, companies, perform, rows, trials_csv, trials_parquet,
};
use crate::measure::suite::Measure;
use crate::world::one_thread_per_world;

/// Arguments of `experiment`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Experiment {
    /// The experiment file
    experiment: PathBuf,
    /// The folder of outcomes, tables and report; new, empty, or begun by the same experiment
    /// [default: runs/NAME, or runs/NAME-quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The small size of the experiment, to see that all of it runs
    #[arg(long)]
    quick: bool,
    /// Those trials alone that have one of these values in a column of the tables, such as
    /// `method=concat,late` or `seed=1,2`; again for another column. A smaller experiment, with a
    /// folder of its own
    #[arg(long, value_name = "COLUMN=VALUES")]
    only: Vec<String>,
    /// Trials at a time [default: one per core, with CUDA one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
    /// Perform part i of n: every n-th trial. Parts may run anywhere; see --merge
    #[arg(long, value_name = "i/n", default_value = "1/1", value_parser = part)]
    shard: Part,
    /// Go on with what is in the folder, and say so if nothing is
    #[arg(long)]
    resume: bool,
    /// Perform the trials that failed once more
    #[arg(long)]
    retry: bool,
    /// Perform nothing: join the folders of parts in --out and make tables and report of them
    #[arg(long, value_name = "DIR", num_args = 1..)]
    merge: Vec<PathBuf>,
    /// List the trials, with their keys, and perform none
    #[arg(long)]
    list: bool,
    /// Perform the trials with these keys alone, in this process. Those that see the same specimens
    /// share their frames
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    trial: Vec<String>,
    /// End with the process that started this one: when standard input does
    #[arg(long, hide = true)]
    leashed: bool,
    /// Where the trials are, so that no other scenes are read
    #[arg(long, hide = true, requires = "trial", value_delimiter = ',')]
    cells: Vec<usize>,
}

/// Trials that share their frames at the most: an end in between costs them all.
const MOST: usize = 12;

const EXAMPLES: &str = "\
Examples:
  twinworld experiment experiments/robustness.ron --quick
  twinworld experiment experiments/robustness.ron --out runs/robustness --jobs 2
  twinworld experiment experiments/robustness.ron --only scene=duck --only objective=erm,c3r
  twinworld experiment experiments/robustness.ron --shard 1/3 --out part1      (and 2/3, 3/3)
  twinworld experiment experiments/robustness.ron --merge part1 part2 part3 --out runs/robustness

A trial is one model: trained, measured, and written to DIR/trials/KEY.json, whole or not at all.
Up to twelve that see the same specimens are trained side by side.
After Ctrl-C, a kill or a crash the same command goes on where it stopped and ends with the same
trials.csv, trials.parquet, tables.md and report.html, byte for byte, unless the experiment measures
Cost. A trial that fails is written down with its reason; the others go on.

docs/experiments.md shows how to write an experiment.";

impl Experiment {
    /// Performs the trials that have no outcome yet, then writes tables and report.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if !self.trial.is_empty() {
            return self.perform_here();
        }
        let plan = self.plan()?;
        if self.list {
            for trial in &plan.trials {
                console::say(&format!("{}  {}", trial.key, trial.title()));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let out = self.out(&plan);
        let ledger = Ledger::open(&out, &plan, self.resume)?;
        interrupt::listen();
        for part in &self.merge {
            join(&plan, &ledger, &Ledger::part(part, &plan)?)?;
        }
        let mine = |trial: &&Trial| self.shard.has(trial.index as u64) && self.merge.is_empty();
        if self.retry {
            for trial in plan.trials.iter().filter(mine) {
                if ledger.read(&trial.key)?.is_some_and(|outcome| outcome.failure.is_some()) {
                    ledger.forget(&trial.key);
                }
            }
        }
        let mut keys = BTreeSet::new();
        let missing: Vec<&Trial> = plan
            .trials
            .iter()
            .filter(mine)
            // Trials that differ in name only are one.
            .filter(|trial| !ledger.has(&trial.key) && keys.insert(trial.key.clone()))
            .collect();
        let done = self.perform_all(&plan, &ledger, &out, &missing)?;
        let failed = self.write(&plan, &ledger)?;
        if !done {
            console::note(&"stopped; the same command goes on from here");
            return Ok(ExitCode::from(interrupt::STOPPED));
        }
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// The trials that are asked for, or those of some cells.
    fn plan(&self) -> anyhow::Result<Plan> {
        let mut plan = Plan::load_part(&self.experiment, self.quick, &self.cells)?;
        for only in &self.only {
            let Some((column, values)) = only.split_once('=') else {
                let message = format!("--only {only}: write COLUMN=VALUE, such as method=concat");
                return Err(UsageError(message).into());
            };
            // The name of a level may have commas itself.
            let whole = plan.trials.iter().any(|trial| trial.level(column) == values);
            let levels: Vec<&str> = if whole { vec![values] } else { values.split(',').collect() };
            plan = plan
                .only(column.trim(), &levels)
                .map_err(|problem| UsageError(format!("--only {only}: {problem}")))?;
        }
        if plan.trials.is_empty() {
            return Err(UsageError("--only leaves no trial".to_owned()).into());
        }
        Ok(plan)
    }

    /// The folder that is asked for, or one named after the experiment.
    fn out(&self, plan: &Plan) -> PathBuf {
        let size = if self.quick { "-quick" } else { "" };
        out_or(self.out.as_deref(), &format!("{}{size}", plan.experiment.name))
    }

    /// The named trials in this process.
    fn perform_here(&self) -> anyhow::Result<ExitCode> {
        let plan = self.plan()?;
        let mut trials = Vec::new();
        for key in &self.trial {
            let Some(trial) = plan.trials.iter().find(|trial| trial.key == *key) else {
                let message = format!("no trial has the key {key}; --list names them");
                return Err(UsageError(message).into());
            };
            trials.push(trial);
        }
        // Who started this one has seen that the folder is right; it holds a part of the plan here.
        let ledger = if self.cells.is_empty() {
            Ledger::open(&self.out(&plan), &plan, self.resume)?
        } else {
            Ledger::trusted(&self.out(&plan))
        };
        interrupt::listen();
        if self.jobs() > 1 {
            one_thread_per_world();
        }
        if self.leashed {
            std::thread::spawn(|| {
                // Nothing is ever written there, so this returns when the other end is gone.
                let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
                std::process::exit(interrupt::STOPPED.into());
            });
        }
        for company in companies(&trials, MOST) {
            let Some(outcomes) = perform(&plan, &company, &mut || !interrupt::asked()) else {
                return Ok(ExitCode::from(interrupt::STOPPED));
            };
            for outcome in &outcomes {
                ledger.keep(outcome)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn jobs(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let usual = if cfg!(feature = "cuda") { 1 } else { cores };
        self.jobs.map_or(usual, |jobs| usize::try_from(jobs).unwrap_or(usual))
    }

    /// Performs trials in processes of their own, so many at a time. False where Ctrl-C ended it.
    fn perform_all(
        &self,
        plan: &Plan,
        ledger: &Ledger,
        out: &Path,
        missing: &[&Trial],
    ) -> anyhow::Result<bool> {
        if missing.is_empty() {
            return Ok(true);
        }
        // Costs are those of a process that a trial has for itself.
        let alone = plan.experiment.measures.contains(&Measure::Cost);
        let most = if alone { 1 } else { (missing.len() / (2 * self.jobs())).clamp(1, MOST) };
        let mut left: VecDeque<Vec<&Trial>> = companies(missing, most).into();
        let jobs = self.jobs().min(left.len());
        console::note(&format!(
            "{}: {} of {} trials to do, {jobs} at a time",
            plan.experiment.name,
            missing.len(),
            plan.trials.len()
        ));
        let bar = console::bar("trials", missing.len());
        let mut running: Vec<Running> = Vec::new();
        let mut failures = 0;
        while !interrupt::asked() {
            while running.len() < jobs
                && let Some(trials) = left.pop_front()
            {
                running.push(self.start(trials, out, jobs)?);
            }
            if running.is_empty() {
                break;
            }
            let titles: Vec<String> = running.iter().map(Running::title).collect();
            bar.set_message(titles.join(" | "));
            let mut still = Vec::new();
            for mut one in running {
                match one.child.try_wait()? {
                    None => still.push(one),
                    Some(status) if status.code() == Some(interrupt::STOPPED.into()) => {
                        interrupt::ask();
                    }
                    Some(status) => {
                        let ended = one.ended(status, ledger, &bar)?;
                        failures += ended.failures;
                        left.extend(ended.again.into_iter().map(|trial| vec![trial]));
                    }
                }
            }
            running = still;
            std::thread::sleep(Duration::from_millis(20));
        }
        bar.finish_and_clear();
        if interrupt::asked() {
            // The terminal tells the trials as well; a kill of this process alone doesn't.
            for one in &mut running {
                let _ = one.child.kill();
                let _ = one.child.wait();
            }
            return Ok(false);
        }
        if failures > 0 {
            console::complain(&format!(
                "{failures} trials failed; their reasons are in the tables, --retry tries again"
            ));
        }
        Ok(true)
    }

    /// Starts a process for some trials.
    fn start<'a>(
        &self,
        trials: Vec<&'a Trial>,
        out: &Path,
        jobs: usize,
    ) -> anyhow::Result<Running<'a>> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("experiment").arg(&self.experiment).arg("--out").arg(out);
        let keys: Vec<&str> = trials.iter().map(|trial| trial.key.as_str()).collect();
        let cells: BTreeSet<usize> = trials.iter().map(|trial| trial.cell).collect();
        let cells: Vec<String> = cells.iter().map(usize::to_string).collect();
        command.args(["--leashed", "--trial", &keys.join(","), "--cells", &cells.join(",")]);
        command.args(["--jobs", &jobs.to_string()]);
        if self.quick {
            command.arg("--quick");
        }
        command.env("RAYON_NUM_THREADS", (cores / jobs).max(1).to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Running { trials, child: command.spawn()?, start: Instant::now() })
    }

    /// Writes the tables and, once all trials have an outcome, the report. Whether some failed.
    fn write(&self, plan: &Plan, ledger: &Ledger) -> anyhow::Result<bool> {
        let rows = rows(plan, ledger)?;
        let columns = plan.columns();
        ledger.write("trials.csv", &trials_csv(&columns, &rows)?)?;
        ledger.write("trials.parquet", &trials_parquet(&columns, &rows)?)?;
        let findings = Findings { plan, columns: &columns, rows: &rows };
        ledger.write("tables.md", markdown(&findings).as_bytes())?;
        ledger.write("report.html", render(&findings).as_bytes())?;
        let (there, all) = (rows.len(), plan.trials.len());
        if there < all {
            console::note(&format!("{there} of {all} trials are there"));
        }
        console::say(&format!("report: {}", ledger.file("report.html").display()));
        Ok(rows.iter().any(|row| row.outcome.failure.is_some()))
    }
}

/// Trials that are being performed.
struct Running<'a> {
    trials: Vec<&'a Trial>,
    child: Child,
    start: Instant,
}

/// What a process left when it ended.
struct Ended<'a> {
    /// Trials that failed.
    failures: usize,
    /// Trials that have no outcome and weren't alone in the process: another may be to blame.
    again: Vec<&'a Trial>,
}

impl<'a> Running<'a> {
    fn title(&self) -> String {
        let first = self.trials.first().map_or_else(String::new, |trial| trial.title());
        let others = self.trials.len().saturating_sub(1);
        if others == 0 { first } else { format!("{first} and {others} more") }
    }

    /// Notes that the process has ended.
    fn ended(
        &mut self,
        status: ExitStatus,
        ledger: &Ledger,
        bar: &ProgressBar,
    ) -> anyhow::Result<Ended<'a>> {
        let mut ended = Ended { failures: 0, again: Vec::new() };
        let seconds = self.start.elapsed().as_secs_f64() / self.trials.len().max(1) as f64;
        let words = self.last_words();
        for &trial in &self.trials {
            let (key, title) = (&trial.key, trial.title());
            if !ledger.has(key) {
                if self.trials.len() > 1 {
                    ended.again.push(trial);
                    continue;
                }
                let reason = format!("its process ended with {status}{words}");
                ledger.keep(&Outcome::failed(key, &title, reason))?;
            }
            bar.inc(1);
            let failure = ledger.read(key)?.and_then(|outcome| outcome.failure);
            if let Some(failure) = &failure {
                ended.failures += 1;
                bar.suspend(|| console::complain(&format!("failed: {title}: {failure}")));
            } else if bar.is_hidden() {
                let (done, all) = (bar.position(), bar.length().unwrap_or(0));
                console::note(&format!("{done}/{all} {title}: {seconds:.1} s"));
            }
        }
        Ok(ended)
    }

    /// The last line that it wrote before it died.
    fn last_words(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            let _ = std::io::Read::read_to_string(&mut errors, &mut text);
        }
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        last.map_or_else(String::new, |line| format!(": {}", line.trim()))
    }
}

/// Copies the outcomes of a part that aren't there.
fn join(plan: &Plan, ledger: &Ledger, part: &Ledger) -> Result<(), LedgerError> {
    for trial in &plan.trials {
        if !ledger.has(&trial.key)
            && let Some(outcome) = part.read(&trial.key)?
        {
            ledger.keep(&outcome)?;
        }
    }
    Ok(())
}
