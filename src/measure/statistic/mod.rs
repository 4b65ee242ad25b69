//! Statistics of representations, factors and verdicts: plain numbers in, a figure out.
//!
//! | measure | what it says |
//! | --- | --- |
//! | [`distance_correlation`] | how much two sets of columns know of each other, with a noise floor |
//! | [`dependence`] | whether an instrument V has the three properties of Theorem 3.4 |
//! | [`mcc`] | mean correlation coefficient: a latent dimension for each factor? |
//! | [`dci`] | disentanglement, completeness, informativeness |
//! | [`irs`] | interventional robustness: does a dimension follow one factor alone? |
//! | [`r2`] | linear probe: how much of a factor a linear function foretells |
//! | [`ridge`] | ridge regression |
//! | [`lasso`] | L1-penalised regression |
//! | [`wasserstein`] | how far one sample is from another |
//! | [`assignment`] | the cheapest pairing of rows with columns |
//! | [`worst_group`] | accuracy of the worst group of specimens |
//! | [`interval`] | means over seeds, paired differences and their intervals |
//!
//! Rows are specimens, in a [`Table`] that has checked its numbers. Every sum is made in a fixed
//! order and every random number comes from a seed, so that a figure is the same bits on every
//! run and for any number of threads. What can't be measured is a [`StatisticError`].

pub mod assignment;
mod column;
pub mod dci;
pub mod dependence;
pub mod distance_correlation;
mod distances;
mod error;
pub mod interval;
pub mod irs;
pub mod lasso;
pub mod mcc;
pub mod r2;
pub mod ridge;
mod shuffle;
mod spread;
mod table;
pub mod wasserstein;
pub mod worst_group;

pub use distances::Distances;
pub use error::StatisticError;
pub use spread::{Spread, spread};
pub use table::Table;
