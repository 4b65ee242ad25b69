//! What a card is told to do for one update: a list of kernels and matrix products over places in
//! its memory. Plain data: built, counted and tested without a card.

/// The memories that a program works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// The parameters of the model, its moments, gradient and progress.
    Model,
    /// The same of a companion.
    Companion,
    /// All that is computed for one batch.
    Work,
    /// What is read of one batch, and tables that point there.
    Input,
}

/// How many regions there are.
pub const REGIONS: usize = 4;

/// A place in a memory, in words of four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The memory.
    pub region: Region,
    /// Words from its beginning.
    pub at: usize,
}

impl Place {
    /// The place so many words further on.
    pub const fn past(self, words: usize) -> Self {
        Self { at: self.at + words, ..self }
    }

    /// Its address, where the memories begin at `bases`.
    pub const fn address(self, bases: &[u64; REGIONS]) -> u64 {
        bases[self.region as usize] + 4 * self.at as u64
    }
}

/// An argument of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arg {
    /// A pointer.
    At(Place),
    /// A pointer to nothing.
    Null,
    /// An `int`.
    Int(i32),
    /// A `float`.
    Float(f32),
}

impl Arg {
    /// A pointer if there is a place.
    pub const fn maybe(place: Option<Place>) -> Self {
        match place {
            Some(place) => Self::At(place),
            None => Self::Null,
        }
    }

    /// Its bits, the low ones first: four bytes of a number count.
    pub const fn bits(self, bases: &[u64; REGIONS]) -> u64 {
        match self {
            Self::At(place) => place.address(bases),
            Self::Null => 0,
            Self::Int(number) => number as u32 as u64,
            Self::Float(number) => number.to_bits() as u64,
        }
    }
}

/// A kernel, how many threads go through it, and its arguments in the order of its declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The kernel's name.
    pub kernel: &'static str,
    /// Blocks, in two directions.
    pub grid: [u32; 2],
    /// Threads of a block.
    pub block: u32,
    /// The arguments.
    pub args: Vec<Arg>,
}

/// A matrix that is only read, as it lies: rows `step` numbers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its first number.
    pub at: Place,
    /// From one row to the next as it lies.
    pub step: usize,
    /// Whether its columns are the rows of the product's factor.
    pub turned: bool,
    /// From one matrix of a series to the next.
    pub stride: usize,
}

impl Side {
    /// Rows that lie `step` numbers apart.
    pub const fn rows(at: Place, step: usize) -> Self {
        Self { at, step, turned: false, stride: 0 }
    }

    /// The same matrix turned round.
    pub const fn turned(at: Place, step: usize) -> Self {
        Self { at, step, turned: true, stride: 0 }
    }

    /// The first of a series of matrices.
    pub const fn each(self, stride: usize) -> Self {
        Self { stride, ..self }
    }
}

/// `out = left right`, or `out += left right` if it `adds`; or a series of such products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Rows of the left factor, columns there, columns of the right one.
    pub shape: [usize; 3],
    /// The left factor.
    pub left: Side,
    /// The right factor.
    pub right: Side,
    /// Where the result goes, and how far its rows and the results of a series lie apart.
    pub out: Side,
    /// Whether it is added to what is there.
    pub adds: bool,
    /// How many products there are.
    pub count: usize,
}

/// A step of a program.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A kernel.
    Launch(Launch),
    /// A matrix product.
    Product(Product),
}

/// A word of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// An address.
    At(Place),
    /// A number.
    Count(usize),
}

/// The steps in their order, and the tables that some read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The steps.
    pub steps: Vec<Step>,
    /// Tables of words of 64 bits.
    pub tables: Vec<(Place, Vec<Word>)>,
}

/// Threads of a block where every thread has a number to itself.
const THREADS: usize = 256;
/// Rows of a block where every warp of 32 threads has a row to itself.
pub const BLOCK_ROWS: usize = 8;

impl Program {
    /// A kernel with a thread for each of `count` numbers.
    pub fn each(&mut self, kernel: &'static str, count: usize, args: Vec<Arg>) {
        self.launch(kernel, [count.div_ceil(THREADS), 1], THREADS, args);
    }

    /// A kernel with a warp for each of `rows` rows.
    pub fn rows(&mut self, kernel: &'static str, rows: usize, args: Vec<Arg>) {
        self.launch(kernel, [rows.div_ceil(BLOCK_ROWS), 1], 32 * BLOCK_ROWS, args);
    }

    /// A kernel with so many blocks of so many threads.
    pub fn launch(&mut self, kernel: &'static str, grid: [usize; 2], block: usize, args: Vec<Arg>) {
        let (grid, block) = (grid.map(|blocks| blocks as u32), block as u32);
        self.steps.push(Step::Launch(Launch { kernel, grid, block, args }));
    }

    /// A product, or a series of `count` of them.
    pub fn product(
        &mut self,
        shape: [usize; 3],
        [left, right, out]: [Side; 3],
        adds: bool,
        count: usize,
    ) {
        self.steps.push(Step::Product(Product { shape, left, right, out, adds, count }));
    }
}

/// Rows that are summed up together, and how many such parts a number of rows has: by this number
/// alone, so sums never depend on the card.
pub fn parts_of(rows: usize) -> (usize, usize) {
    let part = rows.div_ceil(32).next_multiple_of(16).clamp(32, 512);
    (part, rows.div_ceil(part))
}

/// The places of a memory given out one after another, each at a multiple of 256 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Rooms {
    region: Region,
    /// Words that are given out.
    pub words: usize,
}

impl Rooms {
    /// A memory of which nothing is given out.
    pub const fn of(region: Region) -> Self {
        Self { region, words: 0 }
    }

    /// Room for so many words.
    pub const fn room(&mut self, words: usize) -> Place {
        let place = Place { region: self.region, at: self.words };
        self.words = (self.words + words).next_multiple_of(64);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_all_rows_and_rooms_do_not_overlap() {
        for rows in 1..3000 {
            let (part, parts) = parts_of(rows);
            assert!(part * parts >= rows && part * (parts - 1) < rows && parts <= 32, "{rows}");
        }
        assert_eq!(parts_of(16384), (512, 32));
        let mut rooms = Rooms::of(Region::Work);
        let places = [1, 64, 65].map(|words| rooms.room(words).at);
        assert_eq!((places, rooms.words), ([0, 64, 128], 256));
    }
}
