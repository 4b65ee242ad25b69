//! The report: `report.html`, one self-contained page that sets truth and learned side by side.
//!
//! [`render`] turns a [`Report`] into HTML with inline CSS and SVG and with pictures and sound as
//! `data:` URIs. The page needs no network and no scripts. The same report gives the same bytes.

mod accuracy;
mod bars;
mod causation_bars;
mod check;
mod curves;
mod exhibits;
mod factors;
pub(in crate::experiment) mod figures;
mod headline;
pub(in crate::experiment) mod media;
pub(in crate::experiment) mod page;
mod risk;
#[cfg(test)]
mod sample;
pub(in crate::experiment) mod scale;
mod settings;
#[cfg(test)]
pub(in crate::experiment) mod tags;
mod vectors;
mod verdicts;
mod words;

use crate::measure::Metrics;

/// Everything that one page shows: one run (`train`) or several runs of one scene (`compare`).
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The heading of the page.
    pub title: String,
    /// One paragraph that says what the scene is.
    pub scene_paragraph: String,
    /// How the 95% intervals were made, as a clause: "bootstrap over 2000 specimens".
    pub intervals: String,
    /// The runs, in the order in which they are coloured and listed; at least one.
    pub runs: Vec<RunReport>,
    /// Specimens beside their twins.
    pub sheet: Vec<Exhibit>,
    /// Specimens on which the runs disagree; shown when there are several runs.
    pub disagreements: Vec<Exhibit>,
}

/// One trained model: what was measured of it and how its training went.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The figures of `metrics.json`.
    pub metrics: Metrics,
    /// The course of training, by rising step; may be empty.
    pub curve: Vec<CurvePoint>,
}

/// The losses of one update.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    /// The update, counted from 0.
    pub step: usize,
    /// Each part of the objective by name. A value that is not finite leaves a gap in its line.
    pub losses: Vec<(String, f64)>,
    /// Share of the batch that was judged rightly, 0 to 1.
    pub accuracy: f64,
}

/// A specimen and its twin under one do-operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Exhibit {
    /// The specimen's index.
    pub specimen: u64,
    /// The do-operation, as in `do lake=0`.
    pub operation: String,
    /// Why it is shown.
    pub note: String,
    /// The specimen as drawn.
    pub real: World,
    /// The same specimen (same exogenous noise) under the operation.
    pub twin: World,
}

/// What can be seen, heard and read of one specimen in one world, and how it is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The image, where the scene has one.
    pub picture: Option<Picture>,
    /// The sound, where the scene has one.
    pub sound: Option<Sound>,
    /// The text, where the scene has one.
    pub words: Option<String>,
    /// The names of the scene's vectors and their numbers.
    pub vectors: Vec<(String, Vec<f32>)>,
    /// Factor names and their values, in scene order.
    pub factors: Vec<(String, String)>,
    /// The true label.
    pub label: String,
    /// What each run says, at most one entry per run.
    pub verdicts: Vec<Verdict>,
}

/// An image, 8 bits a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// `3 * width * height` bytes: red, green, blue, row by row from the top.
    pub rgb: Vec<u8>,
}

/// A mono sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples per second.
    pub rate: u32,
    /// 16-bit samples.
    pub samples: Vec<i16>,
    /// The spectrogram as `(frames, bands, values)`, `frames * bands` values, frame by frame, the
    /// lowest band first. Without it the waveform is drawn.
    pub mel: Option<(usize, usize, Vec<f32>)>,
}

/// One run's judgement of one world.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Index into [`Report::runs`].
    pub run: usize,
    /// The label it gives.
    pub label: String,
    /// The probability it gives that label, 0 to 1.
    pub probability: f64,
    /// Whether that is the true label of this world.
    pub correct: bool,
}

/// Why a report can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no run to report.
    #[error("report `{title}` holds no run; train or load at least one before rendering it")]
    NoRuns {
        /// The report's title.
        title: String,
    },
    /// The runs are of different scenes, so their truths differ.
    #[error(
        "report `{title}` mixes scene `{first}` with scene `{other}`; compare runs of one scene"
    )]
    MixedScenes {
        /// The report's title.
        title: String,
        /// Scene of the first run.
        first: String,
        /// Scene of a later run.
        other: String,
    },
    /// A verdict names a run that is not in the report.
    #[error(
        "specimen {specimen} ({operation}) has a verdict of run {run}, but the report holds {runs} \
         (counted from 0); leave the verdict out or add its run"
    )]
    UnknownRun {
        /// The specimen's index.
        specimen: u64,
        /// The exhibit's do-operation.
        operation: String,
        /// The run that the verdict names.
        run: usize,
        /// How many runs there are.
        runs: usize,
    },
    /// A buffer's length does not fit its shape.
    #[error(
        "the {what} of specimen {specimen} ({operation}) needs {expected} values and has {found}; \
         hand over the whole buffer"
    )]
    Shape {
        /// `picture` or `spectrogram`.
        what: &'static str,
        /// The specimen's index.
        specimen: u64,
        /// The exhibit's do-operation.
        operation: String,
        /// Values that the shape asks for.
        expected: usize,
        /// Values there are.
        found: usize,
    },
    /// A picture could not be encoded.
    #[error("the picture of specimen {specimen} could not be written as PNG; check its size")]
    Png {
        /// The specimen's index.
        specimen: u64,
        /// What the encoder said.
        source: png::EncodingError,
    },
}

/// The whole page.
///
/// # Errors
///
/// [`ReportError`] when there is no run, when the runs are of different scenes, when a verdict
/// names an unknown run, or when a picture's or spectrogram's buffer does not fit its shape.
pub fn render(report: &Report) -> Result<String, ReportError> {
    check::check(report)?;
    page::page(report).map(maud::PreEscaped::into_string)
}
