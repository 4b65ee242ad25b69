//! A transformer that reads a sequence of tokens and says one vector of it.

use dfdx::prelude::{
    Axis, BroadcastTo, HasShape, PutTape, ReshapeTo, TryAdd, TryConcatAlong, TryMatMul,
};

use super::attention::{Attention, Keys};
use super::dense::Dense;
use super::device::LearnDevice;
use super::ops::normalised_rows;
use super::parameter::{Parameter, Start};
use super::sequence::{Mark, Place, Places, Tokens, choices};
use super::tape::{Cube, SharedTape, Var};

/// Blocks of a transformer.
const BLOCKS: usize = 2;

/// `x + Attention(N(x))`, then `x + F(N(x))` with F of two layers, twice as wide between, and a
/// relu. N brings every token to mean 0 and variance 1.
///
/// Pre-norm (BERT has its norms behind the sums), which learns from scratch without a warm-up. A
/// norm's gain and bias are left out: the layer that follows has them.
pub struct Block<D: LearnDevice> {
    attention: Attention<D>,
    layers: [Dense<D>; 2],
}

impl<D: LearnDevice> Block<D> {
    /// A block named `name` for tokens of `width` numbers.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, name: &str, width: usize) -> Result<Self, D::Err> {
        let layer = |i, from, to| Dense::new(start, &format!("{name}.{i}"), from, to);
        Ok(Self {
            attention: Attention::new(start, &format!("{name}.attention"), width)?,
            layers: [layer(0, width, 2 * width)?, layer(1, 2 * width, width)?],
        })
    }

    /// The block's output for `queries`, which are the tokens or the first of each sequence.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(
        &self,
        queries: Var<D>,
        tokens: &Var<D>,
        keys: &Keys<D>,
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        let normalised = normalised_rows(tokens.clone())?;
        let asked = if queries.shape() == tokens.shape() {
            normalised.clone()
        } else {
            normalised_rows(queries.clone())?
        };
        let x = queries.try_add(self.attention.forward(&asked, &normalised, keys, tape)?)?;
        let hidden = self.layers[0].forward(normalised_rows(x.clone())?, tape)?.try_relu()?;
        x.try_add(self.layers[1].forward(hidden, tape)?)
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        self.attention.parameters().chain(self.layers.iter().flat_map(Dense::parameters))
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        let layers = self.layers.iter_mut().flat_map(Dense::parameters_mut);
        self.attention.parameters_mut().chain(layers)
    }
}

/// Reads `[CLS] x .. x [SEP] x .. x [SEP]`: every token with the embeddings of its position and its
/// segment, two blocks, and `tanh(N(CLS) P + p)`.
///
/// Only `[CLS]` is read in the end, so the last block asks for it alone.
pub struct Transformer<D: LearnDevice> {
    places: Places,
    marks: Parameter<D>,
    positions: Parameter<D>,
    segments: Parameter<D>,
    blocks: Vec<Block<D>>,
    pooler: Dense<D>,
}

impl<D: LearnDevice> Transformer<D> {
    /// A transformer named `name` for tokens of `width` numbers.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(start: &Start<D>, name: &str, places: Places, width: usize) -> Result<Self, D::Err> {
        // Embeddings as large as what a token's numbers give: uniform in -1 to 1.
        let embedding =
            |what: &str, count| start.weight(format!("{name}.{what}"), (count, width), 1);
        let block = |i| Block::new(start, &format!("{name}.block.{i}"), width);
        Ok(Self {
            marks: embedding("mark", 2)?,
            positions: embedding("position", places.positions())?,
            segments: embedding("segment", places.segments())?,
            blocks: (0..BLOCKS).map(block).collect::<Result<_, _>>()?,
            pooler: Dense::new(start, &format!("{name}.pooler"), width, width)?,
            places,
        })
    }

    /// What it says of every specimen, rows x width, from one set of tokens for each segment.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn read(
        &self,
        device: &D,
        segments: &[Tokens<D>],
        tape: &SharedTape<D>,
    ) -> Result<Var<D>, D::Err> {
        let cube = self.assemble(device, segments, tape)?;
        let (rows, length, width) = *cube.shape();
        let keys = Keys::of(device, length, &self.marks_of(segments, rows))?;
        let mut x = cube.try_reshape_like(&(rows * length, width))?;
        let mut first = None;
        for (i, block) in self.blocks.iter().enumerate() {
            let queries = match i + 1 == self.blocks.len() {
                true => first_of_each(device, &x, length)?,
                false => x.clone(),
            };
            x = block.forward(queries, &x, &keys, tape)?;
            first = Some(x.clone());
        }
        let first = normalised_rows(first.unwrap_or(x))?;
        self.pooler.forward(first, tape)?.try_tanh()
    }

    /// The sequences with all embeddings: rows x length x width.
    fn assemble(
        &self,
        device: &D,
        segments: &[Tokens<D>],
        tape: &SharedTape<D>,
    ) -> Result<Cube<D>, D::Err> {
        let width = segments[0].x.shape().1;
        let rows = segments[0].x.shape().0 / segments[0].length;
        let nothing = || {
            Ok::<Cube<D>, D::Err>(
                device.try_zeros_like(&(rows, 1, width))?.put_tape(SharedTape::off()),
            )
        };
        let mut sequence = nothing()?;
        for segment in segments {
            let tokens = segment.x.clone().try_reshape_like(&(rows, segment.length, width))?;
            sequence = append(sequence, tokens)?;
            sequence = append(sequence, nothing()?)?;
        }
        let shape = *sequence.shape();
        let frame = self.frame(device, tape)?;
        sequence.try_add(frame.try_broadcast_like::<_, Axis<0>>(&shape)?)
    }

    /// What is added to every sequence: the embeddings of places and segments, `[CLS]` and `[SEP]`.
    fn frame(&self, device: &D, tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        let places = self.places.all();
        let position =
            choices(device, &places, self.places.positions(), |place| Some(place.position))?;
        let segment =
            choices(device, &places, self.places.segments(), |place| Some(place.segment))?;
        let mark = choices(device, &places, 2, |place| match place.mark {
            Mark::Cls => Some(0),
            Mark::Sep => Some(1),
            Mark::Token(_) => None,
        })?;
        let position = position.try_matmul(self.positions.on(tape))?;
        let segment = segment.try_matmul(self.segments.on(tape))?;
        position.try_add(segment)?.try_add(mark.try_matmul(self.marks.on(tape))?)
    }

    /// Which places of every sequence are there, rows x length.
    fn marks_of(&self, segments: &[Tokens<D>], rows: usize) -> Vec<f32> {
        let places = self.places.all();
        let mark = |row: usize, place: &Place| match place.mark {
            Mark::Cls | Mark::Sep => 1.0,
            Mark::Token(token) => {
                let segment = &segments[place.segment];
                segment.marks.as_ref().map_or(1.0, |marks| marks[row * segment.length + token])
            }
        };
        (0..rows).flat_map(|row| places.iter().map(move |place| mark(row, place))).collect()
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        let embeddings = [&self.marks, &self.positions, &self.segments].into_iter();
        embeddings
            .chain(self.blocks.iter().flat_map(Block::parameters))
            .chain(self.pooler.parameters())
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        [&mut self.marks, &mut self.positions, &mut self.segments]
            .into_iter()
            .chain(self.blocks.iter_mut().flat_map(Block::parameters_mut))
            .chain(self.pooler.parameters_mut())
    }
}

/// One cube behind another, along the tokens.
///
/// # Errors
/// The device's, mostly for want of memory.
pub fn append<D: LearnDevice>(one: Cube<D>, other: Cube<D>) -> Result<Cube<D>, D::Err> {
    (one, other).try_concat_along(Axis::<1>)
}

/// The first token of every sequence, as a product: dfdx's slices overwrite gradients.
fn first_of_each<D: LearnDevice>(
    device: &D,
    tokens: &Var<D>,
    length: usize,
) -> Result<Var<D>, D::Err> {
    let (all, width) = *tokens.shape();
    let rows = all / length;
    let mut ones = vec![0.0; all];
    ones.iter_mut().step_by(length).for_each(|one| *one = 1.0);
    let ones = device.try_tensor_from_vec(ones, (rows, 1, length))?.put_tape(SharedTape::off());
    let cube = tokens.clone().try_reshape_like(&(rows, length, width))?;
    ones.try_matmul(cube)?.try_reshape_like(&(rows, width))
}
