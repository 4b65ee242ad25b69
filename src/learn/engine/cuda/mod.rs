//! The fused engine on an NVIDIA card: the same computation as on the CPU, as a list of kernels and
//! matrix products that is captured once for a size of batch and replayed for every update.
//!
//! ```text
//! draft:  plan -> program (kernels, products, places in four memories)
//! card:   program -> graph;  pinned batch k+1 -> card  |  graph on batch k -> losses
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `program` | kernels, products and places as plain data |
//! | `arrangement`, `network` | where parameters, values and slopes lie |
//! | `layers`, `losses`, `sums`, `draft` | an update as a program |
//! | `kernels` | the kernels, in CUDA C++ that a host's compiler takes as well |
//! | `blas` | a product as cuBLAS wants it |
//! | `device`, `card`, `drive` | what a card must do; one that does it |
//! | `library`, `image` | NVIDIA's libraries; the kernels as a card takes them |
//! | `sessions`, `held`, `updates`, `learner` | programs kept by size; the learner |
//! | `check` | one update beside the CPU's |
//!
//! Everything is summed up in an order that the sizes alone fix, without atomics. NVIDIA's libraries
//! are opened when a card is asked for, so one program runs with and without. The tests run the same
//! programs on an emulator: the kernels compiled for the processor, products as cuBLAS defines them.

mod arrangement;
mod blas;
mod card;
mod check;
mod device;
mod draft;
mod drive;
#[cfg(test)]
mod emulator;
mod held;
mod image;
mod kernels;
mod layers;
mod learner;
mod library;
mod losses;
mod network;
mod program;
mod sessions;
mod sums;
#[cfg(test)]
mod tests;
mod updates;

use std::sync::OnceLock;

use super::super::LearnError;
use super::super::plan::Plan;
pub use check::Agreement;
pub use learner::OnCard;

/// The name of the card that updates can run on.
///
/// # Errors
/// [`LearnError::NoCard`] with what is missing.
pub fn card_name() -> Result<String, LearnError> {
    static NAME: OnceLock<Result<String, String>> = OnceLock::new();
    NAME.get_or_init(card::find_name).clone().map_err(LearnError::NoCard)
}

/// The card of this machine; its products round their factors to TF32 if `tf32`.
///
/// # Errors
/// [`LearnError::NoCard`] with what is missing, [`LearnError::Device`].
pub fn open_card(tf32: bool) -> Result<card::Card, LearnError> {
    card::Card::open(tf32)
}

/// Compares one update on the card of this machine with the same on the CPU, under every method,
/// objective and kind of setting; `told` gets each as it comes.
///
/// # Errors
/// [`LearnError::NoCard`] with what is missing, [`LearnError::Device`].
pub fn check_card(mut told: impl FnMut(&Agreement)) -> Result<(), LearnError> {
    // While one is open, the driver keeps what the others would have to build anew.
    let _kept = open_card(false)?;
    for (training, classes, lacking) in check::cases() {
        // As many as several parts of sums, blocks and strips take, and a rest.
        let rows = 75 + 700 * usize::from(lacking);
        let plan = Plan { inputs: check::inputs(), classes, training };
        let batch = check::specimens("specimens", rows, classes, lacking);
        let twin = check::specimens("their twins", rows, classes, lacking);
        told(&check::compare(open_card(false)?, &plan, &batch, &twin)?);
    }
    Ok(())
}
