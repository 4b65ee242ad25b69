//! What the engine asks of a card. One implementation drives a real one; the tests have another
//! that runs the same kernels on the processor.

use super::super::super::LearnError;
use super::program::{Program, REGIONS};

/// A program that a device has made ready to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routine(pub usize);

/// Batches that can be on their way at once, and one that is only looked at.
pub const SLOTS: usize = 3;
/// The slot of batches that are only looked at.
pub const LOOK: usize = 2;

/// A card, or what stands in for one. Addresses are the device's; words have four bytes.
///
/// All of its methods fail with [`LearnError::Device`].
pub trait Device: Send {
    /// What it is.
    fn name(&self) -> String;

    /// Memory for so many words, all 0.
    fn allocate(&mut self, words: usize) -> Result<u64, LearnError>;

    /// Gives memory back, once all that runs has ended.
    fn free(&mut self, address: u64) -> Result<(), LearnError>;

    /// Writes words, once all that runs has ended.
    fn write(&mut self, address: u64, words: &[u32]) -> Result<(), LearnError>;

    /// Reads words, once all that runs has ended.
    fn read(&mut self, address: u64, words: &mut [u32]) -> Result<(), LearnError>;

    /// Makes a program ready whose memories begin at `bases`. Its tables are written by
    /// [`write_tables`] before.
    fn prepare(&mut self, program: &Program, bases: [u64; REGIONS]) -> Result<Routine, LearnError>;

    /// Forgets a program.
    fn forget(&mut self, routine: Routine) -> Result<(), LearnError>;

    /// Has `fill` write words that then go to an address, beside what runs; but not before the last
    /// run of this slot has ended.
    fn stage(
        &mut self,
        slot: usize,
        address: u64,
        words: usize,
        fill: &mut dyn FnMut(&mut [u32]),
    ) -> Result<(), LearnError>;

    /// Begins to run a program on what was staged in a slot, and then to read so many words at an
    /// address.
    fn run(&mut self, routine: Routine, slot: usize, read: (u64, usize)) -> Result<(), LearnError>;

    /// Waits for the last run of a slot and gives the words that were read.
    fn results(&mut self, slot: usize) -> Result<Vec<u32>, LearnError>;

    /// Waits for all that runs.
    fn synchronise(&mut self) -> Result<(), LearnError>;
}

/// Writes the tables of a program whose memories begin at `bases`.
///
/// # Errors
/// The device's.
pub fn write_tables(
    device: &mut dyn Device,
    program: &Program,
    bases: &[u64; REGIONS],
) -> Result<(), LearnError> {
    use super::program::Word;
    for (place, table) in &program.tables {
        let words = table.iter().flat_map(|word| {
            let bits = match *word {
                Word::At(place) => place.address(bases),
                Word::Count(count) => count as u64,
            };
            [bits as u32, (bits >> 32) as u32]
        });
        device.write(place.address(bases), &words.collect::<Vec<_>>())?;
    }
    Ok(())
}
