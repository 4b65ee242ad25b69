//! The gradients of all parameters and the step of Adam, as steps of a program.
//!
//! What is as wide as an image is left to a matrix product. All other weights and all biases are
//! summed up by one kernel, part after part of the rows, and Adam adds up the parts.

use super::layers::arguments;
use super::losses::HeadSlope;
use super::network::{InputPlaces, Net, Sizes};
use super::program::{Arg, Place, Program, Rooms, Side, Word, parts_of};

/// Numbers of a feed beyond which a matrix product is better at its gradient.
const WIDE: usize = 512;
/// Numbers of a feed and of a slope that one block multiplies.
const TILE: usize = 64;
/// Numbers of the parameters that one block moves.
const STRETCH: usize = 1024;

/// Rows of numbers: where, how far apart, and how many of each count.
#[derive(Clone, Copy, Debug)]
struct Rows {
    at: Place,
    step: usize,
    width: usize,
}

impl Rows {
    const fn of(at: Place, width: usize) -> Self {
        Self { at, step: width, width }
    }

    /// Those of one of `count` that lie side by side.
    const fn one(at: Place, place: usize, width: usize, count: usize) -> Self {
        Self { at: at.past(place * width), step: count * width, width }
    }
}

/// A weight or a bias.
struct Target {
    start: usize,
    count: usize,
    /// Its gradient is the sum of `feed^T slope` over these, or of the slope alone; where there
    /// are none it is there already.
    pairs: Vec<(Option<Rows>, Rows)>,
    /// What is added besides.
    extra: Option<Place>,
}

/// The targets of all parameters; products of what is wide go into the program.
fn targets(
    program: &mut Program,
    net: &Net<'_>,
    input: &InputPlaces,
    head: Option<HeadSlope>,
) -> Vec<Target> {
    let Net { arrangement, model, values, slopes, sizes, instrument, .. } = net;
    let Sizes { rows, modalities, features, width, classes } = *sizes;
    let (all, square) = (sizes.all(), features * features);
    let mut targets = Vec::new();
    let mut add = |start, count, pairs| {
        targets.push(Target { start, count, pairs, extra: None });
    };
    let view = |at, m| Rows::one(at, m, features, modalities);
    for (m, &(place, inputs)) in input.values.iter().enumerate() {
        let (start, slope) = (arrangement.first[m], view(slopes.hidden, m));
        let mut pairs = vec![(Some(Rows::of(place, inputs)), slope)];
        if inputs > WIDE {
            let out = Side::rows(model.gradient(start), features);
            let sides = [Side::turned(place, inputs), Side::rows(slope.at, slope.step), out];
            program.product([inputs, rows, features], sides, false, 1);
            pairs.clear();
        }
        add(start, inputs * features, pairs);
    }
    add(arrangement.first_bias, all, vec![(None, Rows::of(slopes.hidden, all))]);
    add(arrangement.second_bias, all, vec![(None, Rows::of(slopes.features, all))]);
    for m in 0..modalities {
        let pair = (Some(view(values.hidden, m)), view(slopes.features, m));
        add(arrangement.second + m * square, square, vec![pair]);
    }
    let mut feed = Rows::of(values.features, all);
    for (i, dense) in arrangement.trunk.iter().enumerate() {
        let outputs = dense.widths[1];
        let slope = Rows::of(slopes.trunk[i], outputs);
        add(dense.weight, feed.width * outputs, vec![(Some(feed), slope)]);
        add(dense.bias, outputs, vec![(None, slope)]);
        feed = Rows::of(values.trunk[i], outputs);
    }
    if let Some([scores, mixing]) = arrangement.instrument {
        let own = instrument.as_ref().and_then(|own| own.slopes.map(|slopes| (own, slopes)));
        for (i, start) in [scores, scores + square].into_iter().enumerate() {
            let pairs = own.iter().flat_map(|(_, slopes)| {
                let slope = [slopes.queries, slopes.keys][i];
                (0..modalities).map(move |m| (Some(view(values.features, m)), view(slope, m)))
            });
            add(start, square, pairs.collect());
        }
        let pair = own.map(|(own, slopes)| {
            (Some(Rows::of(own.values.mixed, features)), Rows::of(slopes.v, width))
        });
        add(mixing, features * width, pair.into_iter().collect());
    }
    // Late fusion has a head per modality, which reads its features.
    let (heads, feed, slope) = match slopes.branches {
        Some(branches) => (modalities, values.features, branches),
        None => (1, values.z, slopes.logits),
    };
    let own_width = width / heads;
    add(arrangement.head_bias, heads * classes, vec![(None, Rows::of(slope, heads * classes))]);
    for m in 0..heads {
        let slope = Rows::one(slope, m, classes, heads);
        let mut pairs = vec![(Some(Rows::one(feed, m, own_width, heads)), slope)];
        if let Some([bar, steps]) = head.and_then(|head| head.pair) {
            let bar = Rows::one(bar, m, own_width, heads);
            pairs.push((Some(bar), Rows::of(steps, classes)));
        }
        let count = own_width * classes;
        let extra = head.map(|head| head.extra.past(m * count));
        targets.push(Target { start: arrangement.head + m * count, count, pairs, extra });
    }
    targets
}

/// The tiles of a target's part of some rows: of a weight, or of a bias where there is no feed.
fn cut(tiles: &mut Vec<[Word; 11]>, feed: Option<Rows>, slope: Rows, out: Place, count: usize) {
    let inputs = feed.map_or(0, |feed| feed.width);
    for from in (0..inputs.max(1)).step_by(TILE) {
        for first in (0..slope.width).step_by(TILE) {
            let slope_at = slope.at.past(first);
            let outputs = TILE.min(slope.width - first);
            let mut tile = [Word::Count(0); 11];
            if let Some(feed) = feed {
                tile[0] = Word::At(feed.at.past(from));
                tile[1] = Word::Count(feed.step);
                tile[2] = Word::Count(TILE.min(inputs - from));
                tile[6] = Word::At(out.past(from * slope.width + first));
                tile[7] = Word::Count(slope.width);
                tile[8] = Word::Count(count);
            } else {
                tile[9] = Word::At(out.past(first));
                tile[10] = Word::Count(count);
            }
            tile[3] = Word::At(slope_at);
            (tile[4], tile[5]) = (Word::Count(slope.step), Word::Count(outputs));
            tiles.push(tile);
        }
    }
}

/// What Adam goes over.
#[derive(Clone, Copy, Debug)]
pub struct Descent {
    stretches: Place,
    blocks: usize,
}

/// The gradients of all parameters but for the sums of their parts, which Adam makes.
pub fn gradients(
    program: &mut Program,
    [work, tables]: [&mut Rooms; 2],
    net: &Net<'_>,
    input: &InputPlaces,
    head: Option<HeadSlope>,
) -> Descent {
    let (part, parts) = parts_of(net.sizes.rows);
    let (mut tiles, mut stretches) = (Vec::new(), Vec::new());
    for target in targets(program, net, input, head) {
        let (pairs, extra, count) = (target.pairs, target.extra, target.count);
        let room = work.room(pairs.len() * parts * count);
        for (i, (feed, slope)) in pairs.iter().enumerate() {
            cut(&mut tiles, *feed, *slope, room.past(i * parts * count), count);
        }
        for start in (0..count).step_by(STRETCH) {
            let length = STRETCH.min(count - start);
            let begin = Word::Count(target.start + start);
            let sums = Word::At(room.past(start));
            let extra = extra.map_or(Word::Count(0), |extra| Word::At(extra.past(start)));
            let [length, parts, step] = [length, pairs.len() * parts, count].map(Word::Count);
            stretches.push([begin, length, sums, parts, step, extra]);
        }
    }
    let (tile_count, blocks) = (tiles.len(), stretches.len());
    let mut table = |words: Vec<Word>| {
        let place = tables.room(2 * words.len());
        program.tables.push((place, words));
        place
    };
    let tiles = table(tiles.into_iter().flatten().collect());
    let stretches = table(stretches.into_iter().flatten().collect());
    let args = vec![Arg::At(tiles), Arg::Int(net.sizes.rows as i32), Arg::Int(part as i32)];
    program.launch("gradients", [tile_count, parts], 256, args);
    Descent { stretches, blocks }
}

/// A step of Adam at this rate, as the progress that lies there counts them; the gradients alone
/// without a rate.
pub fn descend(
    program: &mut Program,
    net: &Net<'_>,
    own: Descent,
    progress: Place,
    rate: Option<f32>,
) {
    let [first, second] = net.model.moments();
    let places =
        [own.stretches, net.model.value(0), first, second, net.model.gradient(0), progress];
    let mut args = arguments(&places, &[usize::from(rate.is_some())]);
    args.push(Arg::Float(rate.unwrap_or(0.0)));
    program.launch("adam", [own.blocks, 1], 256, args);
}
