//! The last frame to look at, without copies: what it shows may be traded for other buffers.

use bevy::ecs::query::QueryFilter;
use bevy::prelude::*;

use super::{
    Exogenous, ImagePixels, Label, Present, Row, Simulation, Specimen, Tokens, TwinOf, Undertaken,
    Vectors, Waveform,
};
use crate::causal::Interventions;

/// One world of one specimen as it stands in the last frame.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The specimen's index.
    pub specimen: u64,
    /// The noise U, one number per node; `None` for a twin, whose noise is its specimen's.
    pub exogenous: Option<&'a [f64]>,
    /// The interventions under which the world came about.
    pub interventions: &'a Interventions,
    /// The label's class.
    pub label: usize,
    /// RGB bytes, if the scene has pictures. Another picture of the same size may be put there.
    pub picture: Option<&'a mut Vec<u8>>,
    /// 16-bit samples, if the scene has sounds. Others, as many, may be put there.
    pub samples: Option<&'a mut Vec<i16>>,
    /// Token ids, if the scene has sentences.
    pub tokens: Option<&'a [u16]>,
    /// The vectors, if the scene has any.
    pub vectors: Option<&'a [Vec<f32>]>,
    /// Which modalities the specimen has, in the order in which a learner gets them.
    pub present: &'a [bool],
}

impl Simulation {
    /// The specimens of the last frame, row by row. Twins that live anew under
    /// [`hold`](Self::hold) take over what their specimens show: trade it after the last of them.
    pub fn specimens(&mut self) -> Vec<Seen<'_>> {
        look::<Without<TwinOf>>(self.app.world_mut())
    }

    /// The twins of the last frame, row by row. Where none are wanted they are as they were left.
    pub fn twins(&mut self) -> Vec<Seen<'_>> {
        look::<With<TwinOf>>(self.app.world_mut())
    }
}

type Parts = (
    &'static Row,
    &'static Specimen,
    Option<&'static Exogenous>,
    &'static Undertaken,
    &'static Label,
    Option<&'static mut ImagePixels>,
    Option<&'static mut Waveform>,
    Option<&'static Tokens>,
    Option<&'static Vectors>,
    &'static Present,
);

fn look<F: QueryFilter>(world: &mut World) -> Vec<Seen<'_>> {
    let mut query = world.query_filtered::<Parts, F>();
    let mut all: Vec<(Row, Seen)> = query
        .iter_mut(world)
        .map(
            |(
                row,
                specimen,
                noise,
                undertaken,
                label,
                picture,
                sound,
                tokens,
                vectors,
                present,
            )| {
                let seen = Seen {
                    specimen: specimen.index,
                    exogenous: noise.map(|noise| &noise.0[..]),
                    interventions: &undertaken.0,
                    label: label.0,
                    picture: picture.map(|picture| &mut picture.into_inner().0),
                    samples: sound.map(|sound| &mut sound.into_inner().samples),
                    tokens: tokens.map(|tokens| &tokens.0[..]),
                    vectors: vectors.map(|vectors| &vectors.0[..]),
                    present: &present.0,
                };
                (*row, seen)
            },
        )
        .collect();
    all.sort_by_key(|(row, _)| *row);
    all.into_iter().map(|(_, seen)| seen).collect()
}
