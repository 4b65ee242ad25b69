//! One modality as the learner sees it: how many numbers a specimen has, and how they lie.

/// One modality as the learner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    /// The modality's name: `image`, `audio`, `text`, ...
    pub name: String,
    /// Numbers per specimen.
    pub width: usize,
    /// How they lie.
    pub form: Form,
}

/// How the numbers of a specimen lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// In no particular way.
    #[default]
    Row,
    /// On a grid: the pixels of a picture, the frames and bands of a spectrogram.
    Grid(Grid),
    /// They count the words of a text, whose ids are given besides.
    Words {
        /// Token ids per specimen, padding included.
        length: usize,
        /// Every id is below this number, which is also how many counts there are.
        vocabulary: usize,
    },
}

/// A grid of numbers, row after row, those of one place next to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows: pixels down, or frames.
    pub height: usize,
    /// Columns: pixels across, or bands.
    pub width: usize,
    /// Numbers at a place: 3 for colours, 1 for loudness.
    pub channels: usize,
}

impl InputSpec {
    /// A modality of `width` numbers.
    #[must_use]
    pub fn row(name: &str, width: usize) -> Self {
        Self { name: name.to_owned(), width, form: Form::Row }
    }

    /// A modality of numbers on a grid.
    #[must_use]
    pub fn grid(name: &str, grid: Grid) -> Self {
        let width = grid.height * grid.width * grid.channels;
        Self { name: name.to_owned(), width, form: Form::Grid(grid) }
    }

    /// A modality of `length` words out of a vocabulary.
    #[must_use]
    pub fn words(name: &str, length: usize, vocabulary: usize) -> Self {
        let form = Form::Words { length, vocabulary };
        Self { name: name.to_owned(), width: vocabulary, form }
    }

    /// Token ids per specimen; 0 for what isn't text.
    #[must_use]
    pub const fn length(&self) -> usize {
        match self.form {
            Form::Words { length, .. } => length,
            Form::Row | Form::Grid(_) => 0,
        }
    }
}

/// One modality's numbers for every specimen of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// Row-major, `rows * width` numbers, roughly of mean 0 and standard deviation 1.
    pub values: Vec<f32>,
    /// Row-major, `rows * length` token ids; empty for what isn't text. 0 is padding, and all that
    /// a text which isn't there consists of.
    pub tokens: Vec<u16>,
}

impl Input {
    /// Numbers alone.
    #[must_use]
    pub fn of(values: Vec<f32>) -> Self {
        Self { values, tokens: Vec::new() }
    }
}
