//! Sequences of tokens: what a modality is cut into for a transformer, and which of it is there.

use dfdx::prelude::{Axis, HasShape, PutTape, ReshapeTo, SumTo, TryMul};

use super::device::LearnDevice;
use super::ops::{scale_rows, upload};
use super::tape::{SharedTape, Var};

/// The tokens of one modality of every specimen.
#[derive(Clone)]
pub struct Tokens<D: LearnDevice> {
    /// One under another, specimen after specimen: (rows length) x width.
    pub x: Var<D>,
    /// Tokens per specimen.
    pub length: usize,
    /// For each row of `x` 1 where there is a token and 0 for padding; none where all are there.
    pub marks: Option<Vec<f32>>,
}

impl<D: LearnDevice> Tokens<D> {
    /// The mean of every specimen's tokens, rows x width; 0 for one that has none.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn mean(&self, device: &D) -> Result<Var<D>, D::Err> {
        let (all, width) = *self.x.shape();
        let rows = all / self.length;
        let x = match &self.marks {
            None => self.x.clone().try_mul(1.0 / self.length as f32)?,
            Some(marks) => {
                let shares = marks.chunks_exact(self.length).flat_map(|marks| {
                    let count = marks.iter().sum::<f32>().max(1.0);
                    marks.iter().map(move |mark| mark / count)
                });
                let shares = device.try_tensor_from_vec(shares.collect(), (all,))?;
                scale_rows(self.x.clone(), shares.put_tape(SharedTape::off()))?
            }
        };
        let cube = x.try_reshape_like(&(rows, self.length, width))?;
        cube.try_sum::<(usize, usize), Axis<1>>()
    }
}

/// Where segments stand in a sequence: `[CLS] x .. x [SEP] x .. x [SEP]`, positions beginning anew
/// in each segment.
pub struct Places {
    /// Tokens of each segment, `[CLS]` and `[SEP]` left out.
    segments: Vec<usize>,
}

/// A place in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The segment it belongs to.
    pub segment: usize,
    /// Its position there.
    pub position: usize,
    /// What stands there.
    pub mark: Mark,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The beginning of the sequence, which the verdict is read from.
    Cls,
    /// The end of a segment.
    Sep,
    /// The token of this number of its segment.
    Token(usize),
}

impl Places {
    /// Places for segments of so many tokens.
    pub const fn of(segments: Vec<usize>) -> Self {
        Self { segments }
    }

    /// All places from the first to the last.
    pub fn all(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (segment, &length) in self.segments.iter().enumerate() {
            let cls = (segment == 0).then_some(Mark::Cls);
            let marks = cls.into_iter().chain((0..length).map(Mark::Token)).chain([Mark::Sep]);
            let place = |(position, mark)| Place { segment, position, mark };
            places.extend(marks.enumerate().map(place));
        }
        places
    }

    /// The most positions of a segment.
    pub fn positions(&self) -> usize {
        self.all().iter().map(|place| place.position + 1).max().unwrap_or(0)
    }

    /// Segments.
    pub const fn segments(&self) -> usize {
        self.segments.len()
    }
}

/// A row for every place, 1 in the column that `column` gives: places x `columns`.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn choices<D: LearnDevice>(
    device: &D,
    places: &[Place],
    columns: usize,
    column: impl Fn(&Place) -> Option<usize>,
) -> Result<Var<D>, D::Err> {
    let mut values = vec![0.0; places.len() * columns];
    for (row, place) in places.iter().enumerate() {
        if let Some(column) = column(place) {
            values[row * columns + column] = 1.0;
        }
    }
    Ok(upload(device, (places.len(), columns), values)?.put_tape(SharedTape::off()))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;

    #[test]
    fn positions_begin_anew_in_every_segment() {
        let places = Places::of(vec![2, 1]);
        let found: Vec<(usize, usize, Mark)> =
            places.all().iter().map(|p| (p.segment, p.position, p.mark)).collect();
        let expected = [
            (0, 0, Mark::Cls),
            (0, 1, Mark::Token(0)),
            (0, 2, Mark::Token(1)),
            (0, 3, Mark::Sep),
            (1, 0, Mark::Token(0)),
            (1, 1, Mark::Sep),
        ];
        assert_eq!(found, expected);
        assert_eq!((places.positions(), places.segments()), (4, 2));
    }

    #[test]
    fn the_mean_leaves_padding_out() {
        let device = Cpu::default();
        let x = upload(&device, (4, 1), vec![1.0, 3.0, 5.0, 9.0]).unwrap();
        let tokens = |marks| Tokens { x: x.clone().put_tape(SharedTape::off()), length: 2, marks };
        assert_eq!(tokens(None).mean(&device).unwrap().as_vec(), [2.0, 7.0]);
        let some = tokens(Some(vec![1.0, 1.0, 1.0, 0.0]));
        assert_eq!(some.mean(&device).unwrap().as_vec(), [2.0, 5.0]);
        let none = tokens(Some(vec![0.0; 4]));
        assert_eq!(none.mean(&device).unwrap().as_vec(), [0.0, 0.0]);
    }
}
