//! One tape for a whole forward pass, shared by every value on it.
//!
//! dfdx hands its tape from value to value and each operation consumes it; a value that is used
//! twice needs a second, empty tape, and operations on a tape that is dropped before the loss are
//! silently lost. Here every value holds a reference to the same tape, so it may be cloned and
//! used anywhere, and nothing is lost.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use dfdx::shapes::Rank0;
use dfdx::tensor::{
    Gradients, Merge, NoneTape, OwnedTape, PutTape, SplitTape, Storage, Tape, Tensor,
};
use dfdx::tensor_ops::Backward;

use super::device::LearnDevice;

/// A tape that clones refer to together, or none at all when gradients are not wanted.
#[derive(Clone)]
pub struct SharedTape<D: LearnDevice>(Record<D>);

#[derive(Clone)]
enum Record<D: LearnDevice> {
    /// Records nothing.
    Off,
    /// Records as soon as there is something to record: what dfdx makes inside its operations,
    /// to be merged with the tape of the values it works on.
    Blank,
    /// Records.
    On(Rc<RefCell<OwnedTape<f32, D>>>),
}

impl<D: LearnDevice> SharedTape<D> {
    /// A new, empty tape that records.
    #[must_use]
    pub fn recording() -> Self {
        Self(Record::On(Rc::default()))
    }

    /// Whether it records nothing.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        matches!(self.0, Record::Off)
    }

    /// A tape that records nothing: for constants, and for values that are only looked at.
    #[must_use]
    pub fn off() -> Self {
        Self(Record::Off)
    }
}

impl<D: LearnDevice> Default for SharedTape<D> {
    fn default() -> Self {
        Self(Record::Blank)
    }
}

impl<D: LearnDevice> Merge<NoneTape> for SharedTape<D> {
    fn merge(self, _: NoneTape) -> Self {
        self
    }
}

/// A blank tape becomes the other one. Of two that record, the left one takes over the
/// operations of the right one, which dfdx made for an intermediate result; dfdx sorts them by
/// the time they were recorded.
impl<D: LearnDevice> Merge<SharedTape<D>> for SharedTape<D> {
    fn merge(self, other: SharedTape<D>) -> Self {
        match (&self.0, &other.0) {
            (Record::On(mine), Record::On(theirs)) => {
                if !Rc::ptr_eq(mine, theirs) {
                    let theirs = mem::take(&mut *theirs.borrow_mut());
                    let merged = mem::take(&mut *mine.borrow_mut()).merge(theirs);
                    *mine.borrow_mut() = merged;
                }
                self
            }
            (Record::Blank, _) | (Record::Off, Record::On(_)) => other,
            (Record::On(_) | Record::Off, _) => self,
        }
    }
}

impl<D: LearnDevice> Tape<f32, D> for SharedTape<D> {
    const OWNS_TAPE: bool = true;

    fn add_backward_op<F>(&mut self, operation: F)
    where
        F: 'static + FnOnce(&mut Gradients<f32, D>) -> Result<(), D::Err>,
    {
        if let Record::Blank = self.0 {
            *self = Self::recording();
        }
        if let Record::On(tape) = &self.0 {
            tape.borrow_mut().add_backward_op(operation);
        }
    }
}

/// A matrix on the device, without a tape.
pub type Matrix<D> = Tensor<(usize, usize), f32, D>;
/// A matrix in the graph of the loss.
pub type Var<D> = Tensor<(usize, usize), f32, D, SharedTape<D>>;
/// Matrices of one shape, one per specimen, in the graph of the loss.
pub type Cube<D> = Tensor<(usize, usize, usize), f32, D, SharedTape<D>>;
/// One number per row, in the graph of the loss.
pub type Rows<D> = Tensor<(usize,), f32, D, SharedTape<D>>;
/// One number, in the graph of the loss.
pub type Scalar<D> = Tensor<(), f32, D, SharedTape<D>>;
/// Buffer of a device, as gradients and moments are kept in.
pub type Buffer<D> = <D as Storage<f32>>::Vec;

/// The gradients of `loss` with respect to everything on its tape.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn backward<D: LearnDevice>(loss: Scalar<D>) -> Result<Gradients<f32, D>, D::Err> {
    let (loss, tape): (Tensor<Rank0, f32, D>, _) = loss.split_tape();
    let owned = match tape.0 {
        Record::On(tape) => mem::take(&mut *tape.borrow_mut()),
        Record::Off | Record::Blank => OwnedTape::default(),
    };
    loss.put_tape(owned).try_backward()
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Axis, Cpu, SumTo, TryMul, TryStack};

    use super::*;
    use crate::learn::ops::upload;

    fn leaf() -> (Matrix<Cpu>, SharedTape<Cpu>) {
        (upload(&Cpu::default(), (1, 3), vec![1.0, 2.0, 3.0]).unwrap(), SharedTape::recording())
    }

    #[test]
    fn a_value_may_be_used_many_times() {
        let (leaf, tape) = leaf();
        let x = leaf.clone().put_tape(tape);
        let cube = x.clone().try_square().unwrap().try_mul(x).unwrap();
        let gradients = backward(cube.try_sum::<(), _>().unwrap()).unwrap();
        assert_eq!(gradients.get(&leaf).as_vec(), vec![3.0, 12.0, 27.0]);
    }

    #[test]
    fn a_stack_that_is_dropped_takes_no_operation_with_it() {
        let (leaf, tape) = leaf();
        let square = leaf.clone().put_tape(tape).try_square().unwrap();
        let stacked = vec![square.clone(), square.clone().try_exp().unwrap()].try_stack().unwrap();
        drop(stacked);
        let gradients = backward(square.try_sum::<(), _>().unwrap()).unwrap();
        assert_eq!(gradients.get(&leaf).as_vec(), vec![2.0, 4.0, 6.0]);
    }

    #[test]
    fn tapes_made_inside_an_operation_are_joined() {
        let (leaf, tape) = leaf();
        let p = leaf.clone().put_tape(tape).try_softmax::<Axis<1>>().unwrap();
        let gradients = backward(p.try_sum::<(), _>().unwrap()).unwrap();
        for slope in gradients.get(&leaf).as_vec() {
            assert!(slope.abs() < 1e-6, "probabilities always sum to one, so {slope} must be 0");
        }
    }
}
