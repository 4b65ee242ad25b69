//! What a learner holds on a card, and what it keeps of it on the host.

use std::collections::VecDeque;

use super::super::super::LearnError;
use super::super::store::Store;
use super::device::{Device, Routine};
use super::draft::Placed;
use super::program::{Place, REGIONS, Region};
use super::sessions::Sessions;

/// What a look at the model needs as well, behind a lock.
pub struct Held<D> {
    /// The card.
    pub device: D,
    /// The model and its companion.
    pub stores: Vec<Store>,
    /// Where these lie on the card.
    pub models: [u64; 2],
    /// Programs ready to run.
    pub sessions: Sessions,
    /// Updates that were begun: their slots, and what was read after them once it was waited for.
    pub begun: VecDeque<(usize, Option<Vec<u32>>)>,
    /// The slot of the next batch.
    pub next: usize,
    /// The last update, and the slot of its batch.
    pub last: Option<(Routine, usize)>,
    /// Kernels and products of the last update.
    pub launches: usize,
}

impl<D: Device> Held<D> {
    /// Nothing but these on a card.
    pub fn new(device: D, stores: Vec<Store>) -> Self {
        let (sessions, begun) = (Sessions::default(), VecDeque::new());
        Self { device, stores, models: [0; 2], sessions, begun, next: 0, last: None, launches: 0 }
    }

    /// Brings the parameters and moments of all models to the card, which has made `steps` updates.
    ///
    /// # Errors
    /// The device's.
    pub fn upload(&mut self, placed: &Placed, steps: usize) -> Result<(), LearnError> {
        let regions = [Region::Model, Region::Companion];
        for (i, (store, region)) in self.stores.iter().zip(regions).enumerate() {
            let model = placed.model(region);
            let mut bases = [0; REGIONS];
            self.models[i] = self.device.allocate(model.words())?;
            bases[region as usize] = self.models[i];
            let [first, second] = model.moments();
            let [one, other] = &store.moments;
            for (place, values) in [(model.value(0), &store.values), (first, one), (second, other)]
            {
                let values = placed.arrangement.spread(&placed.shape, values);
                self.device.write(place.address(&bases), bytemuck::cast_slice(&values))?;
            }
            let step = u32::try_from(steps).unwrap_or(u32::MAX);
            self.device.write(model.progress().address(&bases), &[step])?;
        }
        Ok(())
    }

    /// Numbers that lie on the card as the parameters do, in the order of the network.
    ///
    /// # Errors
    /// The device's.
    pub fn gather(
        &mut self,
        placed: &Placed,
        model: usize,
        place: Place,
    ) -> Result<Vec<f32>, LearnError> {
        let mut words = vec![0; placed.arrangement.words];
        self.device.read(self.models[model] + 4 * place.at as u64, &mut words)?;
        let values: Vec<f32> = words.into_iter().map(f32::from_bits).collect();
        Ok(placed.arrangement.gather(&placed.shape, &values))
    }

    /// Takes parameters and moments back, and gives up all memory on the card.
    ///
    /// # Errors
    /// The device's.
    pub fn withdraw(&mut self, placed: &Placed) -> Result<(), LearnError> {
        self.begun.clear();
        self.last = None;
        self.sessions.clear(&mut self.device)?;
        for i in 0..self.stores.len() {
            let model = placed.model([Region::Model, Region::Companion][i]);
            let values = self.gather(placed, i, model.value(0))?;
            let [first, second] = model.moments();
            let moments = [self.gather(placed, i, first)?, self.gather(placed, i, second)?];
            (self.stores[i].values, self.stores[i].moments) = (values, moments);
            self.device.free(self.models[i])?;
        }
        Ok(())
    }
}
