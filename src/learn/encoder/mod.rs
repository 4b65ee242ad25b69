//! Encoders: from one modality's numbers to its features h.

mod mlp;

pub use mlp::Mlp;
