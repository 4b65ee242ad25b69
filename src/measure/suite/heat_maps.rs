//! Where the evidence lies: what each piece of a picture, sound, sentence or vector does for
//! sufficiency and for necessity (the heat maps of the paper's appendix H.5).
//!
//! A piece is taken away (made 0, the middle of every input; a word is blanked) and the twin
//! network asked again. For sufficiency its importance is what the real branch loses in the
//! probability of the label; for necessity what the hypothetical branch gains: how much of the
//! flip hangs on it. These are the changes of the two halves of the soft risk. Where the paper has
//! weights that are learned beside the frozen model, this asks the model itself.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::sample::{FRAME, Sample};
use super::{Found, Subject, Trouble};
use crate::learn::{Batch, Form, Grid, Input, InputSpec, Logits};
use crate::measure::step_of;
use crate::modality::text::{BLANK, PAD, bag_of_words};
use crate::world::input_specs;

/// Pieces of a grid are so many cells high and wide.
const SIDE: usize = 4;

/// One specimen with its maps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    /// The specimen's row among those that are kept for evaluation.
    pub specimen: usize,
    /// The name of its class.
    pub label: String,
    /// The name of the class that the model gives it.
    pub verdict: String,
    /// A panel for each modality.
    pub panels: Vec<Panel>,
}

/// The maps of one modality.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// The modality.
    pub modality: String,
    /// Pieces down.
    pub height: usize,
    /// Pieces across.
    pub width: usize,
    /// What is seen: cells down, cells across and, in Base64, three bytes a cell.
    pub picture: Option<(usize, usize, String)>,
    /// The words, where it's a sentence.
    pub words: Vec<String>,
    /// What the label's probability loses without each piece, row by row.
    pub sufficiency: Vec<f32>,
    /// What the label's probability in the hypothetical branch gains without each piece.
    pub necessity: Vec<f32>,
}

/// Pieces of one modality.
struct Pieces {
    height: usize,
    width: usize,
}

/// `heat.MODALITY.sufficiency` and `.necessity`: the sums over pieces of what is above 0, averaged
/// over the specimens that are drawn; and the maps themselves.
pub(super) fn measure(
    subject: &Subject,
    specimens: usize,
    found: &mut Found,
) -> Result<(), Trouble> {
    let specs = input_specs(subject.stage);
    let rows = subject.specimens.clamp(specimens, FRAME.max(specimens));
    let sample = Sample::new(subject, subject.stage.iid(), rows, None);
    // The step of the counterfactual is measured by the spread of what is asked about, so the
    // specimens whose pieces are taken away are asked about among all others.
    let mut asked = sample.batch.clone();
    let mut starts = Vec::new();
    for row in 0..specimens {
        for (place, spec) in specs.iter().enumerate() {
            starts.push(asked.rows);
            let pieces = Pieces::of(spec);
            for piece in 0..pieces.height * pieces.width {
                push_row(&mut asked, &specs, row);
                let last = asked.rows - 1;
                pieces.take(piece, spec, &mut asked.inputs[place], last);
            }
        }
    }
    let answer = subject.learner.counterfactual(&asked, step_of(subject.training))?;
    let classes = &subject.stage.scene.label.classes;
    let mut starts = starts.into_iter();
    for row in 0..specimens {
        let label = sample.batch.labels[row];
        let verdict = classes.get(answer.real.verdict(row)).cloned().unwrap_or_default();
        let mut map = HeatMap { specimen: row, verdict, ..HeatMap::default() };
        map.label = classes.get(label).cloned().unwrap_or_default();
        for (place, spec) in specs.iter().enumerate() {
            let Pieces { height, width } = Pieces::of(spec);
            let start = starts.next().unwrap_or(0);
            let change = |logits: &Logits| -> Vec<f32> {
                let whole = probability(logits, row, label);
                let of = |piece| probability(logits, start + piece, label) - whole;
                (0..height * width).map(of).collect()
            };
            let input = &sample.batch.inputs[place];
            map.panels.push(Panel {
                modality: spec.name.clone(),
                height,
                width,
                picture: picture(spec, input, row),
                words: words(subject, spec, input, row),
                sufficiency: change(&answer.real).into_iter().map(|lost| -lost).collect(),
                necessity: change(&answer.hypothetical),
            });
        }
        found.maps.push(map);
    }
    for (place, spec) in specs.iter().enumerate() {
        let mean = |pick: &dyn Fn(&Panel) -> &Vec<f32>| {
            let panels = found.maps.iter().map(|map| &map.panels[place]);
            let sums =
                panels.map(|panel| pick(panel).iter().map(|&v| f64::from(v.max(0.0))).sum::<f64>());
            sums.sum::<f64>() / specimens.max(1) as f64
        };
        let (s, n) = (mean(&|panel| &panel.sufficiency), mean(&|panel| &panel.necessity));
        found.note(format!("heat.{}.sufficiency", spec.name), s);
        found.note(format!("heat.{}.necessity", spec.name), n);
    }
    Ok(())
}

impl Pieces {
    fn of(spec: &InputSpec) -> Self {
        match spec.form {
            Form::Grid(Grid { height, width, .. }) => {
                Self { height: height.div_ceil(SIDE), width: width.div_ceil(SIDE) }
            }
            Form::Words { length, .. } => Self { height: 1, width: length },
            Form::Row => Self { height: 1, width: spec.width },
        }
    }

    /// Takes a piece of one row away.
    fn take(&self, piece: usize, spec: &InputSpec, input: &mut Input, row: usize) {
        let values = &mut input.values[row * spec.width..(row + 1) * spec.width];
        match spec.form {
            Form::Grid(Grid { height, width, channels }) => {
                let (top, left) = (piece / self.width * SIDE, piece % self.width * SIDE);
                for y in top..(top + SIDE).min(height) {
                    let right = (left + SIDE).min(width);
                    values[(y * width + left) * channels..(y * width + right) * channels].fill(0.0);
                }
            }
            Form::Words { length, vocabulary } => {
                let tokens = &mut input.tokens[row * length..(row + 1) * length];
                if tokens[piece] != PAD {
                    tokens[piece] = BLANK;
                    bag_of_words(tokens, vocabulary, values);
                }
            }
            Form::Row => values[piece] = 0.0,
        }
    }
}

/// A copy of a row at the end of a batch.
fn push_row(batch: &mut Batch, specs: &[InputSpec], row: usize) {
    for (input, spec) in batch.inputs.iter_mut().zip(specs) {
        input.values.extend_from_within(row * spec.width..(row + 1) * spec.width);
        input.tokens.extend_from_within(row * spec.length()..(row + 1) * spec.length());
    }
    if !batch.present.is_empty() {
        batch.present.extend_from_within(row * specs.len()..(row + 1) * specs.len());
    }
    batch.labels.push(batch.labels[row]);
    batch.rows += 1;
}

/// The probability that a row's logits give a class.
fn probability(logits: &Logits, row: usize, class: usize) -> f32 {
    let row = logits.row(row);
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: f32 = row.iter().map(|logit| (logit - most).exp()).sum();
    (row[class] - most).exp() / powers
}

/// A grid as a person sees it: a picture in its colours, a spectrogram upright.
fn picture(spec: &InputSpec, input: &Input, row: usize) -> Option<(usize, usize, String)> {
    let Form::Grid(Grid { height, width, channels }) = spec.form else { return None };
    let values = &input.values[row * spec.width..(row + 1) * spec.width];
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let byte = |value: f32| (255.0 * (value - low) / (high - low).max(1e-6)) as u8;
    let mut bytes = Vec::with_capacity(3 * height * width);
    for cell in values.chunks_exact(channels) {
        let shown = |channel: usize| byte(cell[channel.min(channels - 1)]);
        bytes.extend([0, 1, 2].map(shown));
    }
    Some((height, width, BASE64_STANDARD.encode(bytes)))
}

fn words(subject: &Subject, spec: &InputSpec, input: &Input, row: usize) -> Vec<String> {
    let (Form::Words { length, .. }, Some(plan)) = (spec.form, &subject.stage.renderers.text)
    else {
        return Vec::new();
    };
    let vocabulary = plan.grammar().vocabulary();
    let tokens = &input.tokens[row * length..(row + 1) * length];
    let word = |&token: &u16| match token {
        PAD => String::new(),
        token => vocabulary.get(usize::from(token)).map(|w| w.to_string()).unwrap_or_default(),
    };
    tokens.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_taken_from_one_row_alone() {
        let grid = Grid { height: 5, width: 6, channels: 1 };
        let spec = InputSpec::grid("image", grid);
        let mut input = Input::of(vec![1.0; 60]);
        let pieces = Pieces::of(&spec);
        assert_eq!((pieces.height, pieces.width), (2, 2));
        pieces.take(3, &spec, &mut input, 1);
        // The lower right piece of the second row: one line of two cells.
        let zeros: Vec<usize> = (0..60).filter(|&i| input.values[i] == 0.0).collect();
        assert_eq!(zeros, [30 + 4 * 6 + 4, 30 + 4 * 6 + 5]);
        let spec = InputSpec::words("text", 3, 5);
        let mut input = Input { values: vec![0.0, 0.0, 0.0, 1.0, 1.0], tokens: vec![3, 4, PAD] };
        Pieces::of(&spec).take(1, &spec, &mut input, 0);
        assert_eq!(input.tokens, [3, BLANK, PAD]);
        assert_eq!(input.values, [0.0, 0.0, 1.0, 1.0, 0.0]);
        Pieces::of(&spec).take(2, &spec, &mut input, 0);
        assert_eq!(input.tokens, [3, BLANK, PAD]);
    }

    #[test]
    fn a_pushed_row_is_a_copy() {
        let specs = [InputSpec::row("a", 2), InputSpec::words("text", 1, 2)];
        let mut batch = Batch {
            rows: 2,
            inputs: vec![
                Input::of(vec![1.0, 2.0, 3.0, 4.0]),
                Input { values: vec![1.0, 0.0, 0.0, 1.0], tokens: vec![0, 1] },
            ],
            labels: vec![0, 1],
            present: vec![true, false, true, true],
        };
        push_row(&mut batch, &specs, 0);
        assert_eq!(batch.inputs[0].values, [1.0, 2.0, 3.0, 4.0, 1.0, 2.0]);
        assert_eq!(batch.inputs[1].tokens, [0, 1, 0]);
        assert_eq!((batch.labels, batch.rows), (vec![0, 1, 0], 3));
        assert_eq!(batch.present[4..], [true, false]);
    }

    #[test]
    fn probabilities_are_those_of_a_softmax() {
        let logits = Logits { rows: 1, classes: 2, values: vec![80.0, 80.0 + 3.0_f32.ln()] };
        assert!((probability(&logits, 0, 1) - 0.75).abs() < 1e-5);
    }
}
