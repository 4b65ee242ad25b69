//! Counter-based noise: every random number is a function of (seed, specimen, name).
//!
//! A stream is addressed, never advanced by somebody else's draws. So an intervention on one node
//! leaves the noise of every other node as it was, and neither the number of threads nor the size
//! of a batch nor the order of work can change a bit.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Open01};

/// The random stream of one name of one specimen.
pub type NoiseStream = ChaCha8Rng;

/// The address of a stream within a specimen: the hash of a node's or renderer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

impl StreamId {
    /// The address that belongs to `name` (64-bit FNV-1a, the same on every machine).
    #[must_use]
    pub const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
            i += 1;
        }
        Self(hash)
    }
}

/// The address of a second stream of a name, for another purpose. No node's name holds a colon.
#[must_use]
pub fn stream_name(name: &str, purpose: &str) -> StreamId {
    StreamId::of(&format!("{name}:{purpose}"))
}

/// The uniform numbers in (0, 1) of one name, specimen after specimen.
///
/// A specimen's number is its place in the name's ChaCha8 stream (counted in 64-bit words), so
/// one specimen can be asked for alone and many in a row are cheap.
#[derive(Clone, Debug)]
pub struct Uniforms(ChaCha8Rng);

impl Uniforms {
    /// The numbers of `id` from specimen `first` on, in the world that `seed` names. `attempt`
    /// opens another stream of the same name, for noise that is drawn anew.
    #[must_use]
    pub fn new(seed: u64, id: StreamId, attempt: u64, first: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(key(seed, id.0, attempt, *b"twinnode"));
        rng.set_word_pos(2 * u128::from(first));
        Self(rng)
    }

    /// The next specimen's number.
    #[expect(clippy::should_implement_trait, reason = "an endless stream needs no Option")]
    pub fn next(&mut self) -> f64 {
        Open01.sample(&mut self.0)
    }
}

fn key(a: u64, b: u64, c: u64, purpose: [u8; 8]) -> [u8; 32] {
    let mut key = [0; 32];
    for (part, word) in
        key.chunks_exact_mut(8).zip([a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes(), purpose])
    {
        part.copy_from_slice(&word);
    }
    key
}

/// Opens the stream `id` of `specimen` in the world that `seed` names.
#[must_use]
pub fn stream(seed: u64, specimen: u64, id: StreamId) -> NoiseStream {
    ChaCha8Rng::from_seed(key(seed, specimen, id.0, *b"twinwrld"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_in_every_coordinate_and_repeat() {
        let draw = |seed, specimen, name| stream(seed, specimen, StreamId::of(name)).next_u64();
        let base = draw(7, 3, "lake");
        assert_eq!(base, draw(7, 3, "lake"));
        for other in [draw(8, 3, "lake"), draw(7, 4, "lake"), draw(7, 3, "bill")] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn names_are_hashed_by_the_published_function() {
        // FNV-1a test vectors: changing the hash changes every data set made from a seed.
        assert_eq!(StreamId::of(""), StreamId(0xcbf2_9ce4_8422_2325));
        assert_eq!(StreamId::of("a"), StreamId(0xaf63_dc4c_8601_ec8c));
        assert_eq!(StreamId::of("foobar"), StreamId(0x8594_4171_f739_67e8));
    }
}
