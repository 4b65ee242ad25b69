//! The noise U of one specimen: one number per node, drawn before any mechanism runs.

use rand_distr::{Distribution as _, Open01};

use super::Scm;
use super::noise::stream;

/// Draws the noise of `specimen` into `exogenous`, indexed by node: each uniform in (0, 1).
///
/// A node's noise depends on the seed, the specimen and the node's name, on nothing else. Every
/// mechanism reads this one number, so a soft intervention finds the noise that was there.
pub fn draw(scm: &Scm, seed: u64, specimen: u64, exogenous: &mut [f64]) {
    for (id, node) in scm.in_causal_order() {
        exogenous[id] = Open01.sample(&mut stream(seed, specimen, node.stream));
    }
}
