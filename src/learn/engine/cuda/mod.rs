//! The fused engine on an NVIDIA card.
mod arrangement;
mod blas;
mod card;
mod check;
mod device;
mod draft;
#[cfg(test)]
mod emulator;
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

pub use learner::OnCard;
