//! One array in memory, in the type that it's stored in.

use std::io::{self, Read};

use npyz::{NpyFile, TypeChar};

/// Numbers of one of the types that media are stored in.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Pictures.
    Byte(Vec<u8>),
    /// Sounds.
    Sample(Vec<i16>),
    /// Token ids.
    Token(Vec<u16>),
    /// Vectors and spectrograms.
    Float(Vec<f32>),
}

impl Array {
    /// How many numbers.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Byte(all) => all.len(),
            Self::Sample(all) => all.len(),
            Self::Token(all) => all.len(),
            Self::Float(all) => all.len(),
        }
    }

    /// Adds so many zeros.
    pub(super) fn append_zeros(&mut self, count: usize) {
        match self {
            Self::Byte(all) => all.resize(all.len() + count, 0),
            Self::Sample(all) => all.resize(all.len() + count, 0),
            Self::Token(all) => all.resize(all.len() + count, 0),
            Self::Float(all) => all.resize(all.len() + count, 0.0),
        }
    }

    /// Adds the numbers of an array of the same type.
    pub(super) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Byte(all), Self::Byte(more)) => all.extend(more),
            (Self::Sample(all), Self::Sample(more)) => all.extend(more),
            (Self::Token(all), Self::Token(more)) => all.extend(more),
            (Self::Float(all), Self::Float(more)) => all.extend(more),
            // Shards whose types differ are refused before.
            _ => {}
        }
    }

    /// Cuts off the numbers from `row` of `rows` on.
    pub(super) fn split_off(&mut self, row: usize, rows: usize) -> Self {
        fn cut<T>(all: &mut Vec<T>, row: usize, rows: usize) -> Vec<T> {
            let width = all.len() / rows.max(1);
            all.split_off(row * width)
        }
        match self {
            Self::Byte(all) => Self::Byte(cut(all, row, rows)),
            Self::Sample(all) => Self::Sample(cut(all, row, rows)),
            Self::Token(all) => Self::Token(cut(all, row, rows)),
            Self::Float(all) => Self::Float(cut(all, row, rows)),
        }
    }

    /// Every `count`-th row from `first` on: one world of several that stand side by side.
    pub(super) fn every(&self, first: usize, count: usize, width: usize) -> Self {
        match self {
            Self::Byte(all) => Self::Byte(every(all, first, count, width)),
            Self::Sample(all) => Self::Sample(every(all, first, count, width)),
            Self::Token(all) => Self::Token(every(all, first, count, width)),
            Self::Float(all) => Self::Float(every(all, first, count, width)),
        }
    }
}

/// Every `count`-th row of `width` numbers, from row `first` on.
pub(super) fn every<T: Clone>(all: &[T], first: usize, count: usize, width: usize) -> Vec<T> {
    all.chunks(width.max(1)).skip(first).step_by(count.max(1)).flatten().cloned().collect()
}

/// An array of numbers of any type, as it stands in a file.
pub(super) struct Stored {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub numbers: Numbers,
}

/// Numbers in the type of the file, or strings.
pub(super) enum Numbers {
    U8(Vec<u8>),
    I16(Vec<i16>),
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Single(Vec<f32>),
    Text(Vec<String>),
}

impl Stored {
    /// Reads a `.npy` file. Booleans come as bytes.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let array = NpyFile::new(file)?;
        let shape: Vec<usize> =
            array.shape().iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
        let described = array.dtype().descr();
        let npyz::DType::Plain(kind) = array.dtype() else {
            return Err(io::Error::other(format!("structured type {described}")));
        };
        if array.order() != npyz::Order::C && shape.len() > 1 {
            return Err(io::Error::other("Fortran order; save it with numpy.ascontiguousarray"));
        }
        let bytes = kind.num_bytes();
        let whole = |numbers: Vec<i64>| Numbers::Integer(numbers);
        let numbers = match (kind.type_char(), bytes) {
            (TypeChar::Bool, _) => {
                let all = array.into_vec::<bool>()?;
                Numbers::U8(all.into_iter().map(u8::from).collect())
            }
            (TypeChar::Uint, Some(1)) => Numbers::U8(array.into_vec()?),
            (TypeChar::Int, Some(1)) => whole(wide(array.into_vec::<i8>()?)),
            (TypeChar::Int, Some(2)) => Numbers::I16(array.into_vec()?),
            (TypeChar::Uint, Some(2)) => whole(wide(array.into_vec::<u16>()?)),
            (TypeChar::Int, Some(4)) => whole(wide(array.into_vec::<i32>()?)),
            (TypeChar::Uint, Some(4)) => whole(wide(array.into_vec::<u32>()?)),
            (TypeChar::Int, Some(8)) => whole(array.into_vec()?),
            (TypeChar::Uint, Some(8)) => {
                let all = array.into_vec::<u64>()?;
                whole(all.into_iter().map(|n| i64::try_from(n).unwrap_or(i64::MAX)).collect())
            }
            (TypeChar::Float, Some(4)) => Numbers::Single(array.into_vec()?),
            (TypeChar::Float, Some(8)) => Numbers::Float(array.into_vec()?),
            (TypeChar::UnicodeStr, _) => Numbers::Text(array.into_vec()?),
            _ => return Err(io::Error::other(format!("type {described}"))),
        };
        Ok(Self { shape, numbers })
    }

    /// The numbers of each row: all sizes after the first multiplied.
    pub fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// What type it is, in NumPy's words.
    pub const fn kind(&self) -> &'static str {
        match self.numbers {
            Numbers::U8(_) => "uint8",
            Numbers::I16(_) => "int16",
            Numbers::Integer(_) => "an integer type",
            Numbers::Float(_) => "float64",
            Numbers::Single(_) => "float32",
            Numbers::Text(_) => "str",
        }
    }

    /// As whole numbers, where it holds such.
    pub fn integers(self) -> Option<Vec<i64>> {
        match self.numbers {
            Numbers::U8(all) => Some(wide(all)),
            Numbers::I16(all) => Some(wide(all)),
            Numbers::Integer(all) => Some(all),
            Numbers::Float(_) | Numbers::Single(_) | Numbers::Text(_) => None,
        }
    }

    /// As numbers, where it holds such.
    pub fn floats(self) -> Option<Vec<f64>> {
        match self.numbers {
            Numbers::Float(all) => Some(all),
            Numbers::Single(all) => Some(all.into_iter().map(f64::from).collect()),
            Numbers::Text(_) => None,
            _ => self.integers().map(|all| all.into_iter().map(|n| n as f64).collect()),
        }
    }

    /// As strings, where it holds such.
    pub fn strings(self) -> Option<Vec<String>> {
        match self.numbers {
            Numbers::Text(all) => {
                Some(all.into_iter().map(|s| s.trim_end_matches('\0').to_owned()).collect())
            }
            _ => None,
        }
    }
}

fn wide<T: Into<i64>>(all: Vec<T>) -> Vec<i64> {
    all.into_iter().map(Into::into).collect()
}
