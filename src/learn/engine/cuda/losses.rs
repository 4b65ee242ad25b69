//! The losses and their slopes as steps of a program.

use super::super::super::twin_network::CounterfactualKind;
use super::layers::arguments;
use super::network::{InputPlaces, Net, Sizes};
use super::program::{Arg, BLOCK_ROWS, Place, Program, Rooms, parts_of};
use crate::scene::training::Step;

/// Terms that are summed up, as the kernels count them.
pub const TERMS: usize = 7;

/// The places of the weights of `c3r-adjust`.
#[derive(Clone, Copy, Debug)]
pub struct Strata {
    /// Stratum and label of every specimen, as the number of a cell.
    pub cells: Place,
    /// The weight of every cell.
    pub weights: Place,
    /// How many specimens are in every cell, for the host.
    pub told: Place,
}

/// How much each of the losses on verdicts counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shares {
    /// The task loss of one specimen.
    pub task: f32,
    /// That of one twin; none where there are no twins.
    pub twin: Option<f32>,
    /// All pairs together.
    pub consistency: f32,
}

/// Room for the sums of the blocks of so many specimens.
pub fn sums(rooms: &mut Rooms, rows: usize) -> Place {
    rooms.room(2 * TERMS * rows.div_ceil(BLOCK_ROWS))
}

/// The places that all losses begin with.
fn heads(net: &Net<'_>) -> (Arg, [Arg; 2]) {
    // The biases of late fusion's heads are in the logits already.
    let bias = match net.values.branches {
        Some(_) => Arg::Null,
        None => Arg::At(net.model.value(net.arrangement.head_bias)),
    };
    (bias, [net.values.branches, net.slopes.branches].map(Arg::maybe))
}

/// The task loss of `rows` specimens, perhaps with twins behind them. `strata` give weights;
/// `found` are what is to be found of a companion, which has no losses of its own on single
/// modalities.
pub fn judge(
    program: &mut Program,
    net: &Net<'_>,
    input: &InputPlaces,
    rows: usize,
    shares: Shares,
    [strata, found]: [Option<Strata>; 2],
    sums: Place,
) {
    let (bias, [branches, branch_slopes]) = heads(net);
    let args = vec![
        Arg::At(net.values.logits),
        bias,
        Arg::At(input.labels),
        branches,
        branch_slopes,
        Arg::At(input.marks),
        Arg::maybe(strata.map(|strata| strata.cells)),
        Arg::maybe(strata.map(|strata| strata.weights)),
        Arg::maybe(found.map(|found| found.cells)),
        Arg::At(input.kept),
        Arg::At(net.slopes.logits),
        Arg::At(sums),
        Arg::Int(rows as i32),
        Arg::Int(i32::from(shares.twin.is_some())),
        Arg::Int(net.sizes.classes as i32),
        Arg::Int(net.sizes.modalities as i32),
        Arg::Int(i32::from(found.is_none())),
        Arg::Float(shares.task),
        Arg::Float(shares.twin.unwrap_or(0.0)),
        Arg::Float(shares.consistency),
    ];
    program.rows("judge", rows, args);
}

/// Threads of a block that goes over cells: as many for each as there is room for.
const fn cell_threads(cells: usize) -> usize {
    if cells > 256 { cells } else { 256 / cells * cells }
}

/// The weights that a companion's verdicts give.
pub fn weigh(program: &mut Program, rooms: &mut Rooms, sizes: &Sizes, strata: Strata) {
    let (part, parts) = parts_of(sizes.rows);
    let cells = sizes.classes.pow(2);
    let counts = rooms.room(parts * cells);
    let args = arguments(&[strata.cells, counts], &[sizes.rows, cells, part]);
    program.launch("count_cells", [parts, 1], cell_threads(cells), args);
    let places = [counts, strata.weights, strata.told];
    let args = arguments(&places, &[sizes.rows, sizes.classes, parts]);
    program.launch("weigh_cells", [1, 1], cells, args);
}

/// The weights of the terms of Eq. 10 over the number of specimens, and how far a step goes.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Of the task loss.
    pub task: f32,
    /// Of the surrogate of the necessity risk.
    pub necessity: f32,
    /// Of `KL(z || v)`; 0 where V isn't computed.
    pub l_v: f32,
    /// Of `max(0, KL(z || z_bar) - budget)`.
    pub l_fe: f32,
    /// That budget, in nats.
    pub budget: f32,
    /// How far the hypothetical branch goes.
    pub kind: CounterfactualKind,
}

/// What the slope of the head's weight gets from the hypothetical branch.
#[derive(Clone, Copy, Debug)]
pub struct HeadSlope {
    /// The slope of `z_bar`, rows x width, and the steps, rows x classes, whose product it is; none
    /// where no loss is on `z_bar`.
    pub pair: Option<[Place; 2]>,
    /// What is added besides, in the order of the head's weight.
    pub extra: Place,
}

/// All of Eq. 10.
pub fn risk(
    program: &mut Program,
    rooms: &mut Rooms,
    net: &Net<'_>,
    input: &InputPlaces,
    terms: Terms,
    sums: Place,
) -> HeadSlope {
    let Sizes { rows, modalities, width, classes, .. } = net.sizes;
    let (bias, [branches, branch_slopes]) = heads(net);
    let heads = net.values.branches.map_or(1, |_| modalities);
    let (turned, gram, spread) =
        (rooms.room(classes * width), rooms.room(classes * classes), rooms.room(1));
    let (step, sign) = match terms.kind {
        CounterfactualKind::Flip(step) => (step, 1.0),
        CounterfactualKind::Literal(step) => (step, -1.0),
    };
    let (kind, reach, parts) = match step {
        Step::Raw(eta) => (0, sign * eta, 0),
        Step::Spread(radius) => (1, sign * radius, parts_of(rows).1),
    };
    let columns = rooms.room(4 * width * parts.max(1));
    if parts > 0 {
        let args = arguments(&[net.values.z, columns], &[rows, width, parts_of(rows).0]);
        program.launch("spread_parts", [parts, 1], 256, args);
    }
    let places = [net.model.value(net.arrangement.head), columns, turned, gram, spread];
    let args = arguments(&places, &[rows, width, classes, heads, parts]);
    program.launch("read_head", [1, 1], 256, args);

    let bar = (terms.l_fe != 0.0).then(|| rooms.room(rows * width));
    let [left, right] = [0, 1].map(|_| rooms.room(2 * rows * classes));
    let v = net.instrument.as_ref();
    let mut args = vec![Arg::At(net.values.logits), bias, Arg::At(input.labels)];
    args.extend([branches, branch_slopes, Arg::At(input.marks), Arg::At(net.values.z)]);
    args.push(Arg::maybe(v.map(|own| own.values.v)));
    args.extend([turned, gram, spread, net.slopes.logits, net.slopes.z].map(Arg::At));
    let v_slope = v.and_then(|own| own.slopes).map(|slopes| slopes.v);
    args.extend([Arg::maybe(v_slope), Arg::maybe(bar)]);
    args.extend([left, right, sums].map(Arg::At));
    let counts = [rows, classes, modalities, width, usize::from(v_slope.is_none()), kind];
    args.extend(counts.map(|count| Arg::Int(count as i32)));
    let Terms { task, necessity, l_v, l_fe, budget, .. } = terms;
    args.extend([reach, task, necessity, l_v, l_fe, budget].map(Arg::Float));
    program.rows("risk", rows, args);

    let (part, parts) = parts_of(2 * rows);
    let (cells, gram_sums) = (classes * classes, rooms.room(parts * classes * classes));
    let args = arguments(&[left, right, gram_sums], &[2 * rows, classes, part]);
    program.launch("gram_parts", [parts, 1], cell_threads(cells), args);
    let extra = rooms.room(width * classes);
    let args = arguments(&[gram_sums, turned, extra], &[width, classes, heads, parts]);
    program.launch("head_back", [1, 1], cells.max(256), args);
    HeadSlope { pair: bar.map(|bar| [bar, left]), extra }
}

/// The weights with which the terms are summed up, in the order in which `close_losses` takes them.
pub type Lambdas = [f32; 6];

/// Sums up all terms, and counts the update if it `counts`.
pub fn close(
    program: &mut Program,
    net: &Net<'_>,
    input: &InputPlaces,
    rows: usize,
    sums: Place,
    lambdas: Lambdas,
    counts: bool,
) {
    let places = [sums, input.kept, net.model.progress()];
    let blocks = rows.div_ceil(BLOCK_ROWS);
    let mut args = arguments(&places, &[blocks, rows, usize::from(counts)]);
    args.extend(lambdas.map(Arg::Float));
    program.launch("close_losses", [1, 1], 256, args);
}
