//! Where the evidence lies: what each piece of a picture, sound, sentence or vector does for
//! sufficiency and for necessity (the heat maps of the paper's appendix H.5).
//!
//! A piece is taken away and the twin network asked again. For sufficiency its importance is what the
//! real branch loses in the probability of the label; for necessity what the hypothetical branch
//! gains: how much of the flip hangs on it. These are the changes of the two halves of the soft risk.
//! Where the paper has weights that are learned beside the frozen model, this asks the model itself.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::seen::{iid, need};
use super::{Found, Subject};
use crate::learn::{Form, Grid, Input, InputSpec, Logits};
use crate::measure::condition::{Condition, Depth, Need};
use crate::measure::from_world::FRAME;
use crate::measure::pieces::Pieces;
use crate::measure::table::Table;
use crate::modality::text::PAD;
use crate::scene::Stage;
use crate::world::input_specs;

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

/// The first samples without each of their pieces. The step of the counterfactual is measured by the
/// spread of what is asked about, so they are asked about among a frame of others.
pub(super) fn needs(stage: &Stage, samples: usize, drawn: usize) -> Vec<Need> {
    let rows = samples.clamp(drawn.min(FRAME), FRAME);
    vec![need(iid(stage), Condition::Pieces(drawn.min(rows)), rows, Depth::COUNTERFACTUAL)]
}

/// `heat.MODALITY.sufficiency` and `.necessity`: the sums over pieces of what is above 0, averaged
/// over the specimens that are drawn; and the maps themselves.
pub(super) fn compute(subject: &Subject, table: &Table, drawn: usize, found: &mut Found) {
    let specs = input_specs(subject.stage);
    let drawn = drawn.min(subject.samples.clamp(drawn.min(FRAME), FRAME));
    let Some(column) = table.column(&iid(subject.stage), &Condition::Pieces(drawn)) else { return };
    let Some(shown) = &column.inputs else { return };
    let answer = &column.answers.counterfactual;
    let classes = &subject.stage.scene.label.classes;
    let mut start = shown.rows;
    for row in 0..drawn {
        let label = column.world.labels[row];
        let verdict = classes.get(answer.real.verdict(row)).cloned().unwrap_or_default();
        let mut map = HeatMap { specimen: row, verdict, ..HeatMap::default() };
        map.label = classes.get(label).cloned().unwrap_or_default();
        for (place, spec) in specs.iter().enumerate() {
            let Pieces { height, width } = Pieces::of(spec);
            let change = |logits: &Logits| -> Vec<f32> {
                let whole = logits.probability(row, label);
                let of = |piece| logits.probability(start + piece, label) - whole;
                (0..height * width).map(of).collect()
            };
            let input = &shown.inputs[place];
            map.panels.push(Panel {
                modality: spec.name.clone(),
                height,
                width,
                picture: picture(spec, input, row),
                words: words(subject, spec, input, row),
                sufficiency: change(&answer.real).into_iter().map(|lost| -lost).collect(),
                necessity: change(&answer.hypothetical),
            });
            start += height * width;
        }
        found.maps.push(map);
    }
    for (place, spec) in specs.iter().enumerate() {
        let mean = |pick: &dyn Fn(&Panel) -> &Vec<f32>| {
            let panels = found.maps.iter().map(|map| &map.panels[place]);
            let sums =
                panels.map(|panel| pick(panel).iter().map(|&v| f64::from(v.max(0.0))).sum::<f64>());
            sums.sum::<f64>() / drawn.max(1) as f64
        };
        let (s, n) = (mean(&|panel| &panel.sufficiency), mean(&|panel| &panel.necessity));
        found.note(format!("heat.{}.sufficiency", spec.name), s);
        found.note(format!("heat.{}.necessity", spec.name), n);
    }
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
