//! `twinworld generate`: a data set from a scene, in files that other programs load.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use super::options::{SceneOptions, interventions, part, within_range};
use super::twin_counts::{noted, recounted};
use super::{UsageError, console, interrupt};
use crate::causal::Interventions;
use crate::dataset::{
    Claim, DatasetError, Folder, Format, NpzFormat, ParquetFormat, Part, Request, Schema, Shard,
    ShardFormat, ShardWriter as _, TarFormat, TwinCounts, Twins, adjacency_file, card,
    checksum_list, croissant, declared_json,
};
use crate::experiment::{Collector, in_order};
use crate::scene::{Stage, to_ron};
use crate::world::one_thread_per_world;

/// Arguments of `generate`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Generate {
    #[command(flatten)]
    scene: SceneOptions,
    /// Specimens [default: the sum of --split]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    samples: Option<u64>,
    /// The folder; new, empty, or begun by the same command
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Splits with their sizes; consecutive specimens from index 0 [default: those of
    /// the scene, or train with all specimens]
    #[arg(long, value_name = "NAME=N,...", value_delimiter = ',')]
    split: Vec<String>,
    /// The regime that is played: iid, flipped, randomised, or one of the scene's own
    #[arg(long, value_name = "R", default_value = "iid")]
    regime: String,
    /// A do-operation that every world lives under, twins included; several are done together
    #[arg(long = "do", value_name = "F=V")]
    operations: Vec<String>,
    /// What each specimen's twin is: none, one under a do-operation (lake=0), each-factor: one twin
    /// per factor, with that factor at the far end of its contrast, or contrasts: four per factor, at
    /// either end, with all that follows and with what the factor shows alone
    #[arg(long, value_name = "none|F=V|each-factor|contrasts", default_value = "none")]
    twins: String,
    /// The format of the shards
    #[arg(long, default_value = "npz", value_parser = formats())]
    format: Format,
    /// Make part i of n: every n-th shard. Parts may run anywhere, put together they are the whole
    #[arg(long, value_name = "i/n", default_value = "1/1", value_parser = part)]
    shard: Part,
    /// The seed of all noise [default: the scene's]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Specimens per shard at the most [default: so many that a shard has 10,000 worlds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    shard_size: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  twinworld generate scenes/duck.ron --samples 1000 --out data/duck
  twinworld generate scenes/duck.ron --split train=8000,test=2000 --twins lake=0 --out data/lake
  twinworld generate scenes/duck.ron --samples 100000 --twins each-factor --format parquet \\
      --out data/duck-parquet
  twinworld generate scenes/duck.ron --samples 1000000 --format webdataset --shard 2/8 --out part2
  twinworld generate scenes/duck.ron --samples 2000 --regime flipped --do wings=1 --out data/flipped

npz loads with numpy.load, parquet with datasets.load_dataset, webdataset with
webdataset.WebDataset; the README.md in the folder says how, and what each key is.

A shard is whole or not there. After Ctrl-C, a kill or a full disk the same command goes on where it
stopped and ends with the same bytes; so do parts made by --shard i/n in one folder, or copied into
one (with .twinworld/) before the command without --shard is run over it.";

/// Worlds of a shard unless told otherwise.
const WORLDS: u64 = 10_000;

impl Generate {
    /// Makes every shard that is asked for and isn't there.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut stage = self.scene.load()?;
        let seed = self.seed.unwrap_or(stage.scene.seed);
        // The scene that is written down makes these files.
        stage.scene.seed = seed;
        let stage = Arc::new(stage);
        let splits = self.splits(&stage.scene.splits)?;
        let Some(regime) = stage.regime(&self.regime) else {
            let known: Vec<&str> = stage.regimes.iter().map(|r| r.name.as_str()).collect();
            let message = format!("no regime `{}`; known: {}", self.regime, known.join(", "));
            return Err(UsageError(message).into());
        };
        let operations = interventions(&stage, &self.operations)?;
        let (twins, twin) = self.twins(&stage)?;
        within_range(&stage, &regime.scm, &[&operations], "--do")?;
        within_range(&stage, &regime.scm, &[&operations, &twin], "--twins")?;
        let schema = Schema::new(&stage, regime, seed, &operations, twins);
        let schema = Arc::new(schema);
        let size = self.shard_size.unwrap_or_else(|| (WORLDS / schema.worlds() as u64).max(1));
        let request = Request::new(&stage, &schema, &self.operations, self.format, &splits, size);
        let folder = Folder::open(&self.out, &request)?;
        let shards = request.shards();
        let counted = noted(&folder, &shards);
        self.describe(&folder, &stage, &schema, &request, counted.as_ref())?;
        let wanted: Vec<&Shard> =
            (0..).zip(&shards).filter(|(i, _)| self.shard.has(*i)).map(|(_, s)| s).collect();
        let missing: Vec<&Shard> =
            wanted.iter().copied().filter(|shard| !folder.has(shard)).collect();
        let most = shards.iter().map(|shard| shard.rows).max().unwrap_or(1);
        let frame = Collector::frame(&schema, usize::try_from(most).unwrap_or(usize::MAX));
        interrupt::listen();
        // Frames are what is played side by side.
        one_thread_per_world();
        let collector =
            || Collector::new(&stage, regime, &schema, operations.clone(), twin.clone(), frame);
        let mut work = Work {
            shards: &missing,
            folder: &folder,
            schema: &schema,
            frame,
            progress: Progress::of(&missing, schema.worlds()),
        };
        let sounds = |error| DatasetError::file(&self.out, error);
        let all = match self.format {
            Format::Npz => work.run(&NpzFormat::new(&schema), collector)?,
            Format::Parquet => {
                work.run(&ParquetFormat::new(&schema).map_err(sounds)?, collector)?
            }
            Format::WebDataset => work.run(&TarFormat::new(&schema).map_err(sounds)?, collector)?,
        };
        if !all {
            let whole = wanted.iter().filter(|shard| folder.has(shard)).count();
            console::note(&format!(
                "stopped; {whole} of {} shards are whole in {}, the same command makes the rest",
                wanted.len(),
                self.out.display()
            ));
            return Ok(ExitCode::from(interrupt::STOPPED));
        }
        let counts = || recounted(&folder, &schema, &shards, frame, collector);
        let describe =
            |counts: &TwinCounts| self.describe(&folder, &stage, &schema, &request, Some(counts));
        self.complete(&folder, &schema, &shards, counts, describe)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The files about the whole; what is counted of the twins is known once every shard is there.
    fn describe(
        &self,
        folder: &Folder,
        stage: &Stage,
        schema: &Schema,
        request: &Request,
        counts: Option<&TwinCounts>,
    ) -> anyhow::Result<()> {
        let counts = counts.filter(|_| schema.twins != Twins::None);
        let mut model = declared_json(schema, stage);
        if let (Some(model), Some(counts)) = (model.as_object_mut(), counts) {
            model.insert("twin_counts".to_owned(), counts.json(schema));
        }
        let mut model = serde_json::to_string_pretty(&model)?;
        model.push('\n');
        folder.write("scene.ron", to_ron(&stage.scene).as_bytes())?;
        folder.write("scm.json", model.as_bytes())?;
        folder.write("adjacency.npy", &adjacency_file(schema)?)?;
        folder.write("README.md", card(schema, self.format, request, counts).as_bytes())?;
        Ok(())
    }

    /// The files that need every shard, once all are there.
    fn complete(
        &self,
        folder: &Folder,
        schema: &Schema,
        shards: &[Shard],
        counts: impl FnOnce() -> Result<TwinCounts, DatasetError>,
        describe: impl FnOnce(&TwinCounts) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(written) = folder.checksums(shards)? else {
            let missing = shards.iter().filter(|shard| !folder.has(shard)).count();
            console::say(&format!(
                "part {}/{} is whole in {}; {missing} shards of the others are missing there",
                self.shard.number,
                self.shard.of,
                self.out.display()
            ));
            return Ok(());
        };
        let counts = counts()?;
        describe(&counts)?;
        let metadata = croissant(schema, self.format, shards, &written);
        folder.write("croissant.json", metadata.as_bytes())?;
        folder.write("SHA256SUMS", checksum_list(folder, shards, &written)?.as_bytes())?;
        folder.tidy();
        let bytes: u64 = written.iter().map(|w| w.bytes).sum();
        let rows: u64 = shards.iter().map(|s| s.rows).sum();
        console::say(&format!(
            "{}: {rows} specimens, {} worlds, {} files, {:.1} MB",
            self.out.display(),
            rows * schema.worlds() as u64,
            shards.len(),
            bytes as f64 / 1e6
        ));
        counts.told(schema).iter().for_each(console::note);
        Ok(())
    }

    /// The splits asked for, else the scene's own.
    fn splits(&self, own: &[(String, u64)]) -> Result<Vec<(String, u64)>, UsageError> {
        let mut all: Vec<(String, u64)> = Vec::new();
        for text in &self.split {
            let parsed = text.split_once('=').and_then(|(name, samples)| {
                let samples: u64 = samples.trim().parse().ok().filter(|n| *n > 0)?;
                let name = name.trim();
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                (!name.is_empty() && name.chars().all(plain)).then(|| (name.to_owned(), samples))
            });
            let Some((name, samples)) = parsed else {
                let message =
                    format!("--split {text}: write names and sizes, train=8000,test=2000");
                return Err(UsageError(message));
            };
            if all.iter().any(|(other, _)| *other == name) {
                return Err(UsageError(format!("--split {name}: the name stands twice")));
            }
            all.push((name, samples));
        }
        let Some(samples) = self.samples else {
            return match (all.is_empty(), own) {
                (false, _) => Ok(all),
                (true, []) => {
                    let message = "how many specimens? give --samples N or --split train=N,test=M";
                    Err(UsageError(message.to_owned()))
                }
                (true, own) => Ok(own.to_vec()),
            };
        };
        if all.is_empty() {
            return Ok(vec![("train".to_owned(), samples)]);
        }
        let sum: u64 = all.iter().map(|(_, n)| n).sum();
        if sum != samples {
            let message =
                format!("--samples {samples}, but the splits add up to {sum}; leave --samples out");
            return Err(UsageError(message));
        }
        Ok(all)
    }

    fn twins(&self, stage: &Stage) -> Result<(Twins, Interventions), UsageError> {
        Ok(match self.twins.trim() {
            "none" => (Twins::None, Interventions::none()),
            "each-factor" => (Twins::EachFactor, Interventions::none()),
            "contrasts" => (Twins::Contrasts, Interventions::none()),
            operations => {
                let parts: Vec<String> = operations.split(',').map(str::to_owned).collect();
                let twin = interventions(stage, &parts)
                    .map_err(|error| UsageError(error.0.replace("--do", "--twins")))?;
                (Twins::Under(operations.to_owned()), twin)
            }
        })
    }
}

/// The shards to be made.
struct Work<'a> {
    shards: &'a [&'a Shard],
    folder: &'a Folder,
    schema: &'a Schema,
    /// Specimens that are played at a time.
    frame: usize,
    progress: Progress,
}

/// Consecutive specimens of one shard.
struct Frame<'a> {
    shard: &'a Shard,
    first: u64,
    rows: u64,
}

impl Frame<'_> {
    fn begins_shard(&self) -> bool {
        self.first == self.shard.first
    }

    fn ends_shard(&self) -> bool {
        self.first + self.rows == self.shard.first + self.shard.rows
    }
}

impl Work<'_> {
    /// Plays and encodes frames side by side, and writes them in their order; false where Ctrl-C
    /// ended it.
    fn run<F: ShardFormat>(
        &mut self,
        format: &F,
        collector: impl Fn() -> Collector + Sync,
    ) -> Result<bool, DatasetError> {
        let step = self.frame as u64;
        let frames = self.shards.iter().flat_map(|shard| {
            (0..shard.rows.div_ceil(step)).map(move |i| Frame {
                shard,
                first: shard.first + i * step,
                rows: step.min(shard.rows - i * step),
            })
        });
        let (folder, schema, progress) = (self.folder, self.schema, &mut self.progress);
        let mut open: Option<(Claim, F::Writer, TwinCounts)> = None;
        let all = in_order(
            rayon::current_num_threads(),
            frames,
            collector,
            |collector, frame: &Frame, (chunk, counts): &mut (F::Chunk, TwinCounts)| {
                let rows = usize::try_from(frame.rows).unwrap_or(usize::MAX);
                let records = collector.collect(frame.first, rows);
                *counts = TwinCounts::of(schema, records);
                format
                    .encode(records, chunk)
                    .map_err(|error| DatasetError::file(&folder.file(&frame.shard.name), error))
            },
            |frame, (chunk, counts)| {
                if interrupt::asked() {
                    return Ok(false);
                }
                if frame.begins_shard() {
                    let claim = folder.claim(frame.shard)?;
                    let (file, aside) = claim.file()?;
                    let writer = format.begin(file, aside, frame.shard.rows)?;
                    open = Some((claim, writer, TwinCounts::default()));
                }
                if let Some((_, writer, counted)) = &mut open {
                    writer.write(chunk)?;
                    counted.add(counts);
                }
                if frame.ends_shard()
                    && let Some((claim, writer, counted)) = open.take()
                {
                    let written = writer.finish()?;
                    folder.note_twins(frame.shard, &counted)?;
                    claim.keep(&written)?;
                }
                progress.advance(frame.rows);
                Ok(true)
            },
        )?;
        if all {
            progress.finish();
        } else {
            progress.bar.abandon();
        }
        Ok(all)
    }
}

/// How far the work is.
struct Progress {
    bar: indicatif::ProgressBar,
    start: Instant,
    worlds: usize,
    done: u64,
}

impl Progress {
    fn of(shards: &[&Shard], worlds: usize) -> Self {
        let rows: u64 = shards.iter().map(|s| s.rows).sum();
        let bar = console::bar("specimens", usize::try_from(rows).unwrap_or(usize::MAX));
        Self { bar, start: Instant::now(), worlds, done: 0 }
    }

    fn rate(&self) -> f64 {
        (self.done as f64 * self.worlds as f64) / self.start.elapsed().as_secs_f64().max(1e-9)
    }

    fn advance(&mut self, rows: u64) {
        self.done += rows;
        self.bar.set_position(self.done);
        self.bar.set_message(format!("{:.0} worlds/s", self.rate()));
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
        if self.done > 0 {
            console::note(&format!(
                "{} specimens in {:.1} s, {:.0} worlds/s",
                self.done,
                self.start.elapsed().as_secs_f64(),
                self.rate()
            ));
        }
    }
}

/// Reads a format's name.
fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|f| PossibleValue::new(f.name()).help(f.description()));
    PossibleValuesParser::new(values)
        .map(|name| Format::ALL.into_iter().find(|f| f.name() == name).unwrap_or(Format::Npz))
}
