//! The fused engine: forward, backward and Adam by hand for the methods whose networks are dense
//! layers, on the CPU or, in `cuda`, on an NVIDIA card.
//!
//! dfdx is the reference, and this computes the same to rounding: the parameters have the same
//! names, shapes and starts, so a run can begin in one and go on in the other.
//!
//! ```text
//! blocks of specimens, side by side:  layers -> Z, logits, V
//!                                     losses and their slopes (Eq. 10 in one pass over rows)
//!                                     layers backwards
//! parts of the parameters, side by side:  gradient over all blocks in order -> Adam
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `shape`, `store` | the layers of a method; all parameters in one buffer |
//! | `block`, `pass`, `instrument` | the buffers of some specimens; forward and backward there |
//! | `task`, `risk`, `head`, `imagine` | the losses, and the hypothetical branch |
//! | `jobs`, `network`, `fused` | gradients and Adam; all together; the learner |
//! | `companion` | the second model of some objectives |
//! | `product`, `row` | matrix products; arithmetic on rows |
//! | `work` | what an update must at least do |
//!
//! Buffers are kept between updates. Blocks depend on the size of a batch alone and sums go over
//! them in their order, so the bits don't depend on the number of threads.

mod block;
mod choice;
mod companion;
mod cuda;
mod fused;
mod head;
mod imagine;
mod instrument;
mod jobs;
mod network;
mod pass;
pub(super) mod product;
mod risk;
pub(super) mod row;
mod shape;
mod store;
mod task;
#[cfg(test)]
mod tests;
mod work;

pub(super) use block::block_rows;
use choice::refuse;
pub use choice::{Choice, Compute, Device, Engine, choose};
pub(super) use cuda::open_card;
pub use cuda::{Agreement, OnCard, check_card};
pub use fused::Fused;
pub use product::multiply;
pub use work::Work;
