//! Programs with their memory, kept for the sizes of batches that come.

use rayon::prelude::*;

use super::super::super::plan::Plan;
use super::super::super::{Batch, LearnError};
use super::device::{Device, Routine, write_tables};
use super::draft::{Draft, Placed, Purpose};
use super::network::InputPlaces;
use super::program::{REGIONS, Region};

/// How many programs are kept.
const KEPT: usize = 4;

/// A program ready to run on batches of one size.
pub struct Session {
    /// What it is for.
    pub purpose: Purpose,
    /// Specimens of a batch.
    pub rows: usize,
    /// The program.
    pub draft: Draft,
    work: u64,
    /// A memory and a routine for every batch that can be on its way.
    lanes: Vec<(u64, Routine)>,
    bases: [u64; REGIONS],
}

impl Session {
    /// The address of a place that isn't in a batch's own memory.
    pub const fn address(&self, place: super::program::Place) -> u64 {
        place.address(&self.bases)
    }

    /// Where the batch of a lane goes, and what runs on it.
    pub fn lane(&self, lane: usize) -> (u64, Routine) {
        self.lanes[lane % self.lanes.len()]
    }
}

/// The programs of one model.
#[derive(Default)]
pub struct Sessions {
    all: Vec<Session>,
}

impl Sessions {
    /// The program for a purpose and a size, made if it isn't there. The parameters of the model
    /// and of its companion begin at `models`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn of(
        &mut self,
        device: &mut dyn Device,
        (plan, placed, companion): (&Plan, &Placed, Option<f64>),
        models: [u64; 2],
        purpose: Purpose,
        rows: usize,
    ) -> Result<&Session, LearnError> {
        let fits = |own: &Session| own.purpose == purpose && own.rows == rows;
        if let Some(found) = self.all.iter().position(fits) {
            // The last used is the last to go.
            let own = self.all.remove(found);
            self.all.push(own);
        } else {
            if self.all.len() >= KEPT {
                let oldest = self.all.remove(0);
                discard(device, oldest)?;
            }
            let draft = Draft::new(plan, placed, purpose, rows, companion);
            let work = device.allocate(draft.work)?;
            let mut bases = [models[0], models[1], work, 0];
            let mut session = Session { purpose, rows, draft, work, lanes: Vec::new(), bases };
            let lanes = if purpose == Purpose::Update { 2 } else { 1 };
            for _ in 0..lanes {
                let input = device.allocate(session.draft.input_words)?;
                bases[Region::Input as usize] = input;
                write_tables(device, &session.draft.program, &bases)?;
                let routine = device.prepare(&session.draft.program, bases)?;
                session.lanes.push((input, routine));
            }
            self.all.push(session);
        }
        let last = self.all.len() - 1;
        Ok(&self.all[last])
    }

    /// Whether a program is still there.
    pub fn has(&self, routine: Routine) -> bool {
        self.all.iter().any(|own| own.lanes.iter().any(|(_, lane)| *lane == routine))
    }

    /// Forgets all programs.
    ///
    /// # Errors
    /// The device's.
    pub fn clear(&mut self, device: &mut dyn Device) -> Result<(), LearnError> {
        self.all.drain(..).try_for_each(|session| discard(device, session))
    }
}

fn discard(device: &mut dyn Device, session: Session) -> Result<(), LearnError> {
    device.synchronise()?;
    for (input, routine) in session.lanes {
        device.forget(routine)?;
        device.free(input)?;
    }
    device.free(session.work)
}

/// Copies words, large numbers of them side by side.
fn copy(out: &mut [u32], from: &[u32]) {
    const PART: usize = 1 << 18;
    if from.len() < 4 * PART {
        return out.copy_from_slice(from);
    }
    let parts = out.par_chunks_mut(PART).zip(from.par_chunks(PART));
    parts.for_each(|(out, from)| out.copy_from_slice(from));
}

/// Writes a batch, and its twins behind it, as a program wants to find them.
pub fn pack(input: &InputPlaces, modalities: &[usize], batches: &[&Batch], out: &mut [u32]) {
    let rows = batches.first().map_or(0, |batch| batch.rows);
    for (&(place, width), &m) in input.values.iter().zip(modalities) {
        let parts = out[place.at..].chunks_exact_mut((rows * width).max(1));
        for (part, batch) in parts.zip(batches) {
            copy(part, bytemuck::cast_slice(&batch.inputs[m].values));
        }
    }
    let marks = out[input.marks.at..].chunks_exact_mut((rows * modalities.len()).max(1));
    for (part, batch) in marks.zip(batches) {
        for (row, part) in part.chunks_exact_mut(modalities.len()).enumerate() {
            for (mark, &m) in part.iter_mut().zip(modalities) {
                let place = row * batch.inputs.len() + m;
                let there = batch.present.get(place).copied().unwrap_or(true);
                *mark = f32::from(u8::from(there)).to_bits();
            }
        }
    }
    for (part, batch) in out[input.labels.at..].chunks_exact_mut(rows.max(1)).zip(batches) {
        part.iter_mut().zip(&batch.labels).for_each(|(out, &label)| *out = label as u32);
    }
    let kept = match batches {
        [batch, twin] => {
            batch.labels.iter().zip(&twin.labels).filter(|(one, other)| one == other).count()
        }
        _ => 1,
    };
    out[input.kept.at] = (kept.max(1) as f32).to_bits();
}
