//! From stored rows to batches: scaled as the world gathers its frames.

use rayon::prelude::*;

use crate::dataset::read::{Array, Kind, Medium, Shapes, SplitData};
use crate::learn::{Batch, Grid, Input, InputSpec};
use crate::modality::audio::{AudioError, AudioFormat, MelShape, Scratch, Spectrogrammer};
use crate::modality::text::{PAD, UNKNOWN, bag_of_words};
use crate::world::brightness;

/// Turns rows of a split into a learner's batches.
pub struct Feed {
    media: Vec<(Medium, Option<Spectrogrammer>)>,
    specs: Vec<InputSpec>,
}

impl Feed {
    /// A feed for data of these shapes. Sounds become spectrograms of shape `mel`.
    ///
    /// # Errors
    /// The sounds can't be made into such spectrograms.
    pub fn new(shapes: &Shapes, mel: MelShape) -> Result<Self, AudioError> {
        let mut media = Vec::new();
        let mut specs = Vec::new();
        for medium in &shapes.media {
            let (name, numbers) = (medium.name.as_str(), medium.width);
            let (spec, spectrogrammer) = match medium.kind {
                Kind::Pixels { height, width } => {
                    let channels = numbers / (height * width).max(1);
                    (InputSpec::grid(name, Grid { height, width, channels }), None)
                }
                Kind::Numbers => (InputSpec::row(name, numbers), None),
                Kind::Words { vocabulary } => (InputSpec::words(name, numbers, vocabulary), None),
                Kind::Sound { rate } => {
                    let format = AudioFormat { rate, samples: numbers };
                    let grid = Grid { height: mel.frames, width: mel.bands, channels: 1 };
                    (InputSpec::grid(name, grid), Some(Spectrogrammer::new(format, mel)?))
                }
            };
            specs.push(spec);
            media.push((medium.clone(), spectrogrammer));
        }
        Ok(Self { media, specs })
    }

    /// The modalities as a learner sees them.
    #[must_use]
    pub fn specs(&self) -> &[InputSpec] {
        &self.specs
    }

    /// Fills a batch with rows of a split, each from one of its worlds: 0 is the world as it is,
    /// then come the twins. A modality that a specimen lacks is zero, and a text padding.
    pub fn fill(&self, split: &SplitData, rows: &[(usize, usize)], batch: &mut Batch) {
        batch.rows = rows.len();
        batch.labels.clear();
        batch.labels.extend(rows.iter().map(|&(row, world)| split.worlds[world].labels[row]));
        batch.inputs.resize_with(self.specs.len(), Input::default);
        let masks = split.present.len() / split.rows.max(1);
        batch.present.clear();
        if masks > 0 {
            let mask = |&(row, _): &(usize, usize)| &split.present[row * masks..(row + 1) * masks];
            batch.present.extend(rows.iter().flat_map(mask));
        }
        for (i, ((medium, mel), spec)) in self.media.iter().zip(&self.specs).enumerate() {
            let values = &mut batch.inputs[i].values;
            values.resize(rows.len() * spec.width, 0.0);
            let has = |row: usize| masks == 0 || split.present[row * masks + medium.place];
            let scratch = || mel.as_ref().map(Spectrogrammer::scratch);
            values.par_chunks_mut(spec.width).zip(rows).for_each_init(
                scratch,
                |scratch, (out, &(row, world))| {
                    if !has(row) {
                        out.fill(0.0);
                        return;
                    }
                    let cells = row * medium.width..(row + 1) * medium.width;
                    match &split.worlds[world].media[i] {
                        Array::Byte(all) => {
                            let pixels = out.iter_mut().zip(&all[cells]);
                            pixels.for_each(|(x, &pixel)| *x = brightness(pixel));
                        }
                        Array::Sample(all) => hear(mel.as_ref(), scratch, &all[cells], out),
                        Array::Token(all) => bag_of_words(&all[cells], spec.width, out),
                        Array::Float(all) => out.copy_from_slice(&all[cells]),
                    }
                },
            );
            let tokens = &mut batch.inputs[i].tokens;
            tokens.resize(rows.len() * spec.length(), PAD);
            if spec.length() == 0 {
                continue;
            }
            for (out, &(row, world)) in tokens.chunks_exact_mut(spec.length()).zip(rows) {
                match &split.worlds[world].media[i] {
                    Array::Token(all) if has(row) => {
                        read_words(&all[row * medium.width..][..medium.width], spec.width, out);
                    }
                    _ => out.fill(PAD),
                }
            }
        }
    }
}

/// Copies token ids; one that the vocabulary doesn't have becomes [`UNKNOWN`], where it has that.
fn read_words(stored: &[u16], vocabulary: usize, out: &mut [u16]) {
    let has = |token: u16| usize::from(token) < vocabulary;
    let unknown = if has(UNKNOWN) { UNKNOWN } else { PAD };
    let known = |token| if has(token) { token } else { unknown };
    out.iter_mut().zip(stored).for_each(|(out, &token)| *out = known(token));
}

fn hear(
    mel: Option<&Spectrogrammer>,
    scratch: &mut Option<Scratch>,
    samples: &[i16],
    out: &mut [f32],
) {
    if let (Some(mel), Some(scratch)) = (mel, scratch) {
        mel.log_mel(samples, scratch, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_become_unknown_words() {
        let mut words = [9; 4];
        read_words(&[3, 0, 7, 6], 7, &mut words);
        assert_eq!(words, [3, 0, UNKNOWN, 6]);
        read_words(&[0, 1, 0, 0], 1, &mut words);
        assert_eq!(words, [PAD; 4]);
    }
}
