//! Samples with one piece of one modality taken away at a time: what evidence lies where.

use crate::learn::{Batch, Form, Grid, Input, InputSpec};
use crate::modality::text::{BLANK, PAD, bag_of_words};

/// Pieces of a grid are so many cells high and wide.
const SIDE: usize = 4;

/// The pieces of one modality.
pub struct Pieces {
    /// Pieces down.
    pub height: usize,
    /// Pieces across.
    pub width: usize,
}

/// A batch with, behind its own rows, copies of the first `samples` of them, each without one
/// piece: sample by sample, modality by modality, piece by piece. A piece that is taken away is 0,
/// the middle of every input; a word is blanked.
#[must_use]
pub fn without_pieces(batch: &Batch, specs: &[InputSpec], samples: usize) -> Batch {
    let mut asked = batch.clone();
    for row in 0..samples.min(batch.rows) {
        for (place, spec) in specs.iter().enumerate() {
            let pieces = Pieces::of(spec);
            for piece in 0..pieces.height * pieces.width {
                push_row(&mut asked, specs, row);
                let last = asked.rows - 1;
                pieces.take(piece, spec, &mut asked.inputs[place], last);
            }
        }
    }
    asked
}

impl Pieces {
    /// The pieces of a modality.
    #[must_use]
    pub fn of(spec: &InputSpec) -> Self {
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
}
