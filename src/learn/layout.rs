//! How a modality's numbers are laid out on the device for the encoder that reads them.

use std::borrow::Cow;

use super::{Form, Grid, Input, InputSpec};

/// The token after the end of a text, which stands for nothing.
pub const PADDING: u16 = 0;

/// How one modality of a batch becomes a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// rows x width: the numbers as they are.
    Rows {
        /// Numbers per specimen.
        width: usize,
    },
    /// rows x vocabulary: how often each word stands in the text, padding left out.
    Counts {
        /// Words of the vocabulary.
        vocabulary: usize,
    },
    /// (rows length) x vocabulary: a row per token, 1 at its id.
    Words {
        /// Words of the vocabulary.
        vocabulary: usize,
    },
    /// (rows patches) x numbers: a row per patch.
    Patches(Patches),
}

/// A grid cut into patches of one size, which go beyond its lower and right edge where it doesn't
/// divide; what lies beyond is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    grid: Grid,
    /// Patches down and across.
    count: [usize; 2],
    /// Rows and columns of a patch.
    size: [usize; 2],
}

impl Patches {
    /// At most `side` patches down and as many across, at least one.
    #[must_use]
    pub fn of(grid: Grid, side: usize) -> Self {
        let size = [grid.height, grid.width].map(|cells| cells.div_ceil(side).max(1));
        let count = [grid.height.div_ceil(size[0]), grid.width.div_ceil(size[1])];
        Self { grid, count, size }
    }

    /// Patches per specimen.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count[0] * self.count[1]
    }

    /// Numbers per patch.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.size[0] * self.size[1] * self.grid.channels
    }

    /// Writes one specimen's patches, each row after row, under one another.
    fn cut(&self, values: &[f32], out: &mut [f32]) {
        let (stride, run) =
            (self.grid.width * self.grid.channels, self.size[1] * self.grid.channels);
        for (patch, out) in out.chunks_exact_mut(self.numbers()).enumerate() {
            let [top, left] = [patch / self.count[1], patch % self.count[1]];
            let left = left * run;
            let there = run.min(stride - left);
            for (row, out) in out.chunks_exact_mut(run).enumerate() {
                let row = top * self.size[0] + row;
                if row < self.grid.height {
                    let start = row * stride + left;
                    out[..there].copy_from_slice(&values[start..start + there]);
                }
            }
        }
    }
}

impl Layout {
    /// The numbers as they are.
    #[must_use]
    pub const fn rows(spec: &InputSpec) -> Self {
        Self::Rows { width: spec.width }
    }

    /// A row for every piece: the words of a text, at most `side` by `side` patches of a grid; of
    /// anything else the whole is one piece.
    #[must_use]
    pub fn pieces(spec: &InputSpec, side: usize) -> Self {
        match spec.form {
            Form::Row => Self::rows(spec),
            Form::Grid(grid) => Self::Patches(Patches::of(grid, side)),
            Form::Words { vocabulary, .. } => Self::Words { vocabulary },
        }
    }

    /// Numbers in a row of the matrix.
    #[must_use]
    pub const fn width(&self) -> usize {
        match self {
            Self::Rows { width } => *width,
            Self::Counts { vocabulary } | Self::Words { vocabulary } => *vocabulary,
            Self::Patches(patches) => patches.numbers(),
        }
    }

    /// The matrix of one modality of `rows` specimens, row-major: its number of rows and its
    /// numbers.
    #[must_use]
    pub fn arrange<'a>(&self, input: &'a Input, rows: usize) -> (usize, Cow<'a, [f32]>) {
        match self {
            Self::Rows { .. } => (rows, Cow::Borrowed(&input.values)),
            Self::Counts { vocabulary } => {
                let mut counts = vec![0.0; rows * vocabulary];
                let texts = input.tokens.chunks(input.tokens.len() / rows.max(1));
                for (text, counts) in texts.zip(counts.chunks_exact_mut(*vocabulary)) {
                    let words = text.iter().filter(|&&token| token != PADDING);
                    words.for_each(|&token| counts[usize::from(token)] += 1.0);
                }
                (rows, Cow::Owned(counts))
            }
            Self::Words { vocabulary } => {
                let mut ones = vec![0.0; input.tokens.len() * vocabulary];
                for (token, row) in input.tokens.iter().zip(ones.chunks_exact_mut(*vocabulary)) {
                    row[usize::from(*token)] = 1.0;
                }
                (input.tokens.len(), Cow::Owned(ones))
            }
            Self::Patches(patches) => {
                let size = patches.count() * patches.numbers();
                let mut cut = vec![0.0; rows * size];
                let specimens = input.values.chunks(input.values.len() / rows.max(1));
                for (values, out) in specimens.zip(cut.chunks_exact_mut(size)) {
                    patches.cut(values, out);
                }
                (rows * patches.count(), Cow::Owned(cut))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_hold_every_number_once_and_zeros_beyond_the_edge() {
        let grid = Grid { height: 3, width: 4, channels: 2 };
        let layout = Layout::pieces(&InputSpec::grid("image", grid), 2);
        let values: Vec<f32> = (1..=48).map(|i| i as f32).collect();
        let input = Input::of(values);
        let (rows, cut) = layout.arrange(&input, 2);
        assert_eq!((rows, layout.width(), cut.len()), (8, 8, 64));
        assert_eq!(cut[..8], [1.0, 2.0, 3.0, 4.0, 9.0, 10.0, 11.0, 12.0]);
        assert_eq!(cut[16..24], [17.0, 18.0, 19.0, 20.0, 0.0, 0.0, 0.0, 0.0]);
        let mut there: Vec<f32> = cut.iter().copied().filter(|x| *x != 0.0).collect();
        there.sort_by(f32::total_cmp);
        assert_eq!(there, input.values);
    }

    #[test]
    fn a_small_grid_has_no_more_patches_than_cells() {
        let grid = Grid { height: 1, width: 5, channels: 1 };
        let patches = Patches::of(grid, 3);
        assert_eq!((patches.count(), patches.numbers()), (3, 2));
    }

    #[test]
    fn words_become_ones_and_counts_leave_padding_out() {
        let spec = InputSpec::words("text", 3, 4);
        let input = Input { values: vec![0.0; 8], tokens: vec![2, 3, 2, 1, 0, 0] };
        let (rows, ones) = Layout::pieces(&spec, 9).arrange(&input, 2);
        assert_eq!(rows, 6);
        assert_eq!(ones[..8], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let (rows, counts) = Layout::Counts { vocabulary: 4 }.arrange(&input, 2);
        assert_eq!(rows, 2);
        assert_eq!(*counts, [0.0, 0.0, 2.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
