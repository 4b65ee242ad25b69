//! mmFm: a transformer within each modality and one across all (mmFormer; Zhang et al., MICCAI 2022).

use dfdx::prelude::{Axis, BroadcastTo, HasShape, PutTape, ReshapeTo, TryAdd, TryMatMul, TryMul};

use super::super::InputSpec;
use super::super::attention::Keys;
use super::super::dense::Dense;
use super::super::device::LearnDevice;
use super::super::encoder::{Encoding, tokeniser};
use super::super::features::Features;
use super::super::objective::cross_entropy;
use super::super::ops::{add_all, scale_rows, stacked_sum};
use super::super::parameter::{Parameter, Start};
use super::super::sequence::Tokens;
use super::super::tape::{Cube, Scalar, SharedTape, Var};
use super::super::transformer::{Block, append};
use super::{Joint, Method, Showing, Task};
use crate::scene::training::Training;

/// Tokens `x_m` of every modality and their positions `p_m`, learned:
///
/// `u_m = T_m(x_m + p_m)`, `[v_1; ...; v_M] = T([r_1 u_1 + p_1; ...; r_M u_M + p_M])` with a block of
/// attention `T_m` for each modality and one T across all, `r_m` 0 where a specimen lacks the
/// modality and 1 elsewhere. `Z = (1/M) sum_m mean v_m`, the head `Z W + b`, and
///
/// `CE + sum_m CE(mean u_m; S) + sum_m CE(mean v_m; P_m)`: a classifier S that all modalities share,
/// on each by itself whether it's shown or not, and one `P_m` for what T makes of each one's places.
/// `h_m` is `mean u_m`.
///
/// As in the authors' code the places of a modality that is missing hold their positions alone and
/// still take part in the attention. Padding of a text that is there doesn't. While it learns, every
/// specimen is shown a combination of its own, all with the same chance.
///
/// Deviations: 3 by 3 patches, words and vectors for the deepest maps of convolutional encoders,
/// blocks of four heads and the features' width with a relu for the gelu, no dropout, no skips around
/// the attention; cross-entropy for the weighted cross-entropy and Dice of voxels.
/// Source: YaoZhang93/mmFormer, `mmformer/mmformer.py`, `train.py`.
pub struct Mmfm<D: LearnDevice> {
    positions: Vec<Parameter<D>>,
    within: Vec<Block<D>>,
    across: Block<D>,
    shared: Dense<D>,
    places: Vec<Dense<D>>,
    head: Dense<D>,
    features: usize,
}

impl<D: LearnDevice> Mmfm<D> {
    /// The tokens of a modality with its positions: rows x length x width.
    fn placed(
        &self,
        modality: usize,
        tokens: &Tokens<D>,
        tape: &SharedTape<D>,
    ) -> Result<Cube<D>, D::Err> {
        let (all, width) = *tokens.x.shape();
        let shape = (all / tokens.length, tokens.length, width);
        let position = self.positions[modality].on(tape);
        let x = tokens.x.clone().try_reshape_like(&shape)?;
        x.try_add(position.try_broadcast_like::<_, Axis<0>>(&shape)?)
    }
}

impl<D: LearnDevice> Method<D> for Mmfm<D> {
    fn new(
        start: &Start<D>,
        inputs: &[InputSpec],
        classes: usize,
        training: &Training,
    ) -> Result<Self, D::Err> {
        let features = training.features;
        // As large as what a token's numbers give: uniform in -1 to 1.
        let position = |input: &InputSpec| {
            let shape = (tokeniser::length(input), features);
            start.weight(format!("position.{}", input.name), shape, 1)
        };
        let within =
            |input: &InputSpec| Block::new(start, &format!("within.{}", input.name), features);
        Ok(Self {
            positions: inputs.iter().map(position).collect::<Result<_, _>>()?,
            within: inputs.iter().map(within).collect::<Result<_, _>>()?,
            across: Block::new(start, "across", features)?,
            shared: Dense::new(start, "shared", features, classes)?,
            places: Dense::per_modality(start, "places", inputs, features, classes)?,
            head: Dense::new(start, "head", features, classes)?,
            features,
        })
    }

    fn encoding(_: &InputSpec, _: &Training) -> Encoding {
        Encoding::Tokens
    }

    fn showing(_: f32) -> Showing {
        Showing::AnySubsetEach
    }

    fn width(&self) -> usize {
        self.features
    }

    fn refine(&self, features: Features<D>, tape: &SharedTape<D>) -> Result<Features<D>, D::Err> {
        let device = features.device().clone();
        let (mut h, mut all) = (Vec::new(), Vec::new());
        for (modality, tokens) in features.tokens.iter().enumerate() {
            let keys = Keys::of(&device, tokens.length, &attended(tokens, None))?;
            let shape = *tokens.x.shape();
            let x = self.placed(modality, tokens, tape)?.try_reshape_like(&shape)?;
            let x = self.within[modality].forward(x.clone(), &x, &keys, tape)?;
            let tokens = Tokens { x, ..tokens.clone() };
            h.push(tokens.mean(&device)?);
            all.push(tokens);
        }
        Ok(features.refined(h).made_of(all))
    }

    fn join(&self, features: &Features<D>, tape: &SharedTape<D>) -> Result<Joint<D>, D::Err> {
        let device = features.device();
        let rows = features.rows();
        let (mut blocks, mut marks) = (Vec::new(), Vec::new());
        for (modality, tokens) in features.tokens.iter().enumerate() {
            let shown = features.marks(modality);
            let x = match shown {
                None => tokens.x.clone(),
                Some(shown) => {
                    let each = shown.iter().flat_map(|r| std::iter::repeat_n(*r, tokens.length));
                    scale_rows(tokens.x.clone(), features.constant(each.collect())?)?
                }
            };
            blocks.push(self.placed(modality, &Tokens { x, ..tokens.clone() }, tape)?);
            marks.push(attended(tokens, shown));
        }
        let first = blocks.remove(0);
        let sequence = blocks.into_iter().try_fold(first, append)?;
        let (_, length, width) = *sequence.shape();
        let x = sequence.try_reshape_like(&(rows * length, width))?;
        let row = |row: usize| {
            marks.iter().flat_map(move |marks| {
                let own = marks.len() / rows;
                &marks[row * own..(row + 1) * own]
            })
        };
        let keys: Vec<f32> = (0..rows).flat_map(row).copied().collect();
        let keys = Keys::of(device, length, &keys)?;
        let v = self.across.forward(x.clone(), &x, &keys, tape)?;
        let v = v.try_reshape_like(&(rows, length, width))?;
        let mut first = 0;
        let mut pooled = Vec::new();
        for marks in &marks {
            pooled.push(mean_of_places(device, &v, marks, first)?);
            first += marks.len() / rows;
        }
        let z = stacked_sum(pooled.clone())?.try_mul(1.0 / pooled.len() as f32)?;
        Ok(Joint::through(&self.head, z, tape)?.with_branches(pooled))
    }

    fn auxiliary_loss(
        &self,
        joint: &Joint<D>,
        task: &Task<D>,
    ) -> Result<Option<Scalar<D>>, D::Err> {
        let mut losses = Vec::new();
        for (modality, h) in task.features.h.iter().enumerate() {
            let logits = self.shared.forward(h.clone(), task.tape)?;
            let targets = task.features.targets_of_having(modality, task.targets)?;
            losses.push(cross_entropy(logits, &targets)?);
        }
        for logits in Dense::forward_each(&self.places, &joint.branches, task.tape)? {
            losses.push(cross_entropy(logits, task.targets)?);
        }
        add_all(losses)
    }

    fn parameters(&self) -> Vec<&Parameter<D>> {
        let blocks = self.within.iter().chain([&self.across]).flat_map(Block::parameters);
        let layers = [&self.shared].into_iter().chain(&self.places).chain([&self.head]);
        self.positions.iter().chain(blocks).chain(layers.flat_map(Dense::parameters)).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter<D>> {
        let blocks = self.within.iter_mut().chain([&mut self.across]);
        let layers = [&mut self.shared].into_iter().chain(&mut self.places);
        let layers = layers.chain([&mut self.head]).flat_map(Dense::parameters_mut);
        let positions = self.positions.iter_mut();
        positions.chain(blocks.flat_map(Block::parameters_mut)).chain(layers).collect()
    }
}

/// 1 for each of a modality's places that take part in attention and mean, rows x length: all but
/// padding, and all of a specimen that isn't shown it or has a text without words, since something
/// must be attended to.
fn attended<D: LearnDevice>(tokens: &Tokens<D>, shown: Option<&[f32]>) -> Vec<f32> {
    let mut marks = tokens.marks.clone().unwrap_or_else(|| vec![1.0; tokens.x.shape().0]);
    for (row, marks) in marks.chunks_exact_mut(tokens.length).enumerate() {
        if shown.is_some_and(|shown| shown[row] == 0.0) || !marks.contains(&1.0) {
            marks.fill(1.0);
        }
    }
    marks
}

/// The mean of each sequence over the places that `marks`, rows x own length, has from `first` on:
/// rows x width. As a product: dfdx's slices overwrite gradients.
fn mean_of_places<D: LearnDevice>(
    device: &D,
    sequence: &Cube<D>,
    marks: &[f32],
    first: usize,
) -> Result<Var<D>, D::Err> {
    let (rows, length, width) = *sequence.shape();
    let own = marks.len() / rows;
    let mut shares = vec![0.0; rows * length];
    for (marks, shares) in marks.chunks_exact(own).zip(shares.chunks_exact_mut(length)) {
        let count = marks.iter().sum::<f32>().max(1.0);
        let places = shares[first..].iter_mut().zip(marks);
        places.for_each(|(share, mark)| *share = mark / count);
    }
    let shares = device.try_tensor_from_vec(shares, (rows, 1, length))?;
    let mean = shares.put_tape(SharedTape::off()).try_matmul(sequence.clone())?;
    mean.try_reshape_like(&(rows, width))
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::Cpu;

    use super::*;
    use crate::learn::Batch;
    use crate::learn::hidden::Hidden;
    use crate::learn::ops::upload;
    use crate::learn::tape::{Matrix, backward};

    const ROWS: usize = 3;

    fn method() -> Mmfm<Cpu> {
        let inputs = [
            InputSpec::grid("image", crate::learn::Grid { height: 1, width: 3, channels: 1 }),
            InputSpec::words("text", 2, 5),
        ];
        let training = Training { features: 4, ..Training::default() };
        let start = Start { device: Cpu::default(), seed: 3 };
        Mmfm::<Cpu>::new(&start, &inputs, 2, &training).unwrap()
    }

    /// The tokens of three specimens: a picture of three patches and a text of two words, whose
    /// second is padding in the first specimen and which has no words in the second.
    fn tokens(leaves: &[Matrix<Cpu>; 2], tape: &SharedTape<Cpu>) -> Vec<Tokens<Cpu>> {
        let words = vec![1.0, 0.0, 0.0, 0.0, 1.0, 1.0];
        let parts = leaves.iter().zip([(3, None), (2, Some(words))]);
        let tokens = parts.map(|(leaf, (length, marks))| {
            let x = leaf.clone().put_tape(tape.clone()).try_mul(1.0).unwrap();
            Tokens { x, length, marks }
        });
        tokens.collect()
    }

    fn leaves(size: f32) -> [Matrix<Cpu>; 2] {
        [(3, 1.0), (2, size)].map(|(length, size)| {
            let values = (0..ROWS * length * 4).map(|i| size * ((i * 7 % 5) as f32 - 2.0));
            upload(&Cpu::default(), (ROWS * length, 4), values.collect()).unwrap()
        })
    }

    fn shown(features: Features<Cpu>, hidden: &Hidden) -> Features<Cpu> {
        let inputs = vec![Default::default(); 2];
        let batch = Batch { rows: ROWS, inputs, ..Batch::default() };
        features.shown(&[0, 1], &[&batch], hidden)
    }

    /// The text is taken from the first and the third specimen, the picture from the second.
    fn some_hidden() -> Hidden {
        Hidden::each(2, vec![false, true, true, false, false, true])
    }

    #[test]
    fn what_is_absent_gets_no_gradient_from_the_fused_loss() {
        let method = method();
        let weights = [1.0 / 3.0, 0.0, 0.0, 1.0 / 3.0, 1.0 / 3.0, 0.0];
        let targets = upload(&Cpu::default(), (ROWS, 2), weights.to_vec()).unwrap();
        let moved = |whole: bool| {
            let (leaves, tape) = (leaves(1.0), SharedTape::recording());
            // The tokens within a modality, as its own transformer gave them.
            let own = tokens(&leaves, &tape);
            let h = own.iter().map(|tokens| tokens.mean(&Cpu::default()).unwrap()).collect();
            let features = Features::all(&Cpu::default(), h).made_of(own);
            let features = shown(features, &some_hidden());
            let joint = method.join(&features, &tape).unwrap();
            let mut loss = cross_entropy(joint.heads[0].logits.clone(), &targets).unwrap();
            if whole {
                let (targets, weights) = (&targets, weights.as_slice());
                let (features, tape) = (&features, &tape);
                let task =
                    Task { targets, weights, progress: 0.0, seed: 0, step: 0, features, tape };
                let own = method.auxiliary_loss(&joint, &task).unwrap().unwrap();
                loss = loss.try_add(own).unwrap();
            }
            let mut gradients = backward(loss).unwrap();
            leaves.map(|leaf| {
                gradients.try_alloc_for(&leaf).unwrap();
                let slopes = gradients.get(&leaf).as_vec();
                let rows = slopes.chunks(slopes.len() / ROWS);
                rows.map(|row| row.iter().any(|slope| *slope != 0.0)).collect::<Vec<bool>>()
            })
        };
        let [picture, text] = moved(false);
        assert_eq!((picture, text), (vec![true, false, true], vec![false, true, false]));
        // The classifier that all share sees each by itself; a text without words is none.
        let [picture, text] = moved(true);
        assert_eq!((picture, text), (vec![true; 3], vec![true; 3]));
    }

    #[test]
    fn what_is_absent_is_not_read_and_still_has_its_places() {
        let method = method();
        let tape = SharedTape::off();
        let z = |size: f32, hidden: &Hidden| {
            let own = tokens(&leaves(size), &tape);
            let h = own.iter().map(|tokens| tokens.mean(&Cpu::default()).unwrap()).collect();
            let features = Features::all(&Cpu::default(), h).made_of(own);
            let features = shown(method.refine(features, &tape).unwrap(), hidden);
            let z = method.join(&features, &tape).unwrap().heads[0].z.as_vec();
            assert!(z.iter().all(|z| z.is_finite()));
            z
        };
        let (one, other) = (z(1.0, &some_hidden()), z(-3.0, &some_hidden()));
        assert_eq!((&one[..4], &one[8..]), (&other[..4], &other[8..]));
        assert_ne!(one[4..8], other[4..8]);
        // The places of a text that is absent are all alike to whoever has the same picture.
        assert_ne!(z(1.0, &Hidden::default())[..4], one[..4]);
    }
}
