//! The engine on a card against the one on the processor, on the emulator.

use super::super::super::plan::Plan;
use super::check::{cases, compare, inputs, specimens};
use super::emulator::Emulator;
use super::learner::OnCard;

mod agreement;
