//! Forward and backward through all layers, as steps of a program.

use super::network::{InputPlaces, Instrument, Net, Sizes, Views};
use super::program::{Arg, Place, Program, Side};

/// From the inputs to Z and the logits. The bias of a joint head is left to what reads the logits,
/// unless `finished` asks for it here.
pub fn forward(program: &mut Program, net: &Net<'_>, input: &InputPlaces, finished: bool) {
    let Net { arrangement, model, values, sizes, .. } = net;
    let Sizes { rows, modalities, features, width, classes } = *sizes;
    let all = sizes.all();
    for (m, &(place, inputs)) in input.values.iter().enumerate() {
        let weight = Side::rows(model.value(arrangement.first[m]), features);
        let out = Side::rows(values.hidden.past(m * features), all);
        let sides = [Side::rows(place, inputs), weight, out];
        program.product([rows, inputs, features], sides, false, 1);
    }
    let finish = |program: &mut Program, at: Place, bias: usize, width: usize, elu, marks| {
        let args = vec![
            Arg::At(at),
            Arg::At(model.value(bias)),
            Arg::maybe(marks),
            Arg::Int((rows * width) as i32),
            Arg::Int(width as i32),
            Arg::Int(if marks.is_some() { modalities as i32 } else { 1 }),
            Arg::Int(i32::from(elu)),
        ];
        program.each("finish_layer", rows * width, args);
    };
    finish(program, values.hidden, arrangement.first_bias, all, true, None);
    let sides = [
        Side::rows(values.hidden, all).each(features),
        Side::rows(model.value(arrangement.second), features).each(features * features),
        Side::rows(values.features, all).each(features),
    ];
    program.product([rows, features, features], sides, false, modalities);
    finish(program, values.features, arrangement.second_bias, all, true, Some(input.marks));

    let mut feed = values.features;
    for (i, (dense, &out)) in arrangement.trunk.iter().zip(&values.trunk).enumerate() {
        let [inputs, outputs] = dense.widths;
        let weight = Side::rows(model.value(dense.weight), outputs);
        let sides = [Side::rows(feed, inputs), weight, Side::rows(out, outputs)];
        program.product([rows, inputs, outputs], sides, false, 1);
        let last = i + 1 == arrangement.trunk.len();
        finish(program, out, dense.bias, outputs, !last, None);
        feed = out;
    }
    let head = Side::rows(model.value(arrangement.head), classes);
    if let Some(branches) = values.branches {
        let sides = [
            Side::rows(values.features, all).each(features),
            head.each(features * classes),
            Side::rows(branches, modalities * classes).each(classes),
        ];
        program.product([rows, features, classes], sides, false, modalities);
        let places = [
            branches,
            model.value(arrangement.head_bias),
            input.marks,
            values.features,
            values.z,
            values.logits,
        ];
        let counts = [rows, modalities, features, classes];
        program.rows("join", rows, arguments(&places, &counts));
        return;
    }
    let sides = [Side::rows(values.z, width), head, Side::rows(values.logits, classes)];
    program.product([rows, width, classes], sides, false, 1);
    if finished {
        finish(program, values.logits, arrangement.head_bias, classes, false, None);
    }
}

/// Pointers and then whole numbers.
pub fn arguments(places: &[Place], counts: &[usize]) -> Vec<Arg> {
    let counts = counts.iter().map(|&count| Arg::Int(count as i32));
    places.iter().map(|&place| Arg::At(place)).chain(counts).collect()
}

/// The factors of a score: of `<Q_i, K_j>`, and gamma of `|K_j|^2`.
fn factors(features: usize, distance_weight: f32) -> [Arg; 2] {
    let inner = 1.0 / (features as f32).sqrt() + 2.0 * distance_weight;
    [Arg::Float(inner), Arg::Float(distance_weight)]
}

/// V from the features, with the attention of every specimen.
pub fn instrument(program: &mut Program, net: &Net<'_>, own: &Instrument) {
    let Net { model, values, sizes, .. } = net;
    let Sizes { rows, modalities, features, width, .. } = *sizes;
    let views = rows * modalities;
    let sides = [
        Side::rows(values.features, features),
        Side::rows(model.value(own.weights[0]), features).each(features * features),
        Side::rows(own.values.queries, features).each(views * features),
    ];
    program.product([views, features, features], sides, false, 2);
    let Views { queries, keys, mixed, v } = own.values;
    let places = [queries, keys, values.features, own.attention, mixed];
    let mut args = arguments(&places, &[rows, modalities, features]);
    args.extend(factors(features, own.distance_weight));
    program.rows("attend", rows, args);
    let weight = Side::rows(model.value(own.weights[1]), width);
    let sides = [Side::rows(mixed, features), weight, Side::rows(v, width)];
    program.product([rows, features, width], sides, false, 1);
}

/// From the slopes of logits, branches, V and, if it is `wide`, Z to those of all layers, before
/// their ELUs.
pub fn backward(program: &mut Program, net: &Net<'_>, input: &InputPlaces, wide: bool) {
    let Net { arrangement, model, values, slopes, sizes, .. } = net;
    let Sizes { rows, modalities, features, width, classes } = *sizes;
    let all = sizes.all();
    let head = Side::turned(model.value(arrangement.head), classes);
    if let Some(branches) = slopes.branches {
        let sides = [
            Side::rows(branches, modalities * classes).each(classes),
            head.each(features * classes),
            Side::rows(slopes.features, all).each(features),
        ];
        program.product([rows, classes, features], sides, wide, modalities);
    } else {
        let sides = [Side::rows(slopes.logits, classes), head, Side::rows(slopes.z, width)];
        program.product([rows, classes, width], sides, wide, 1);
    }
    let retrace = |program: &mut Program, [slope, value]: [Place; 2], width: usize, marks| {
        let args = vec![
            Arg::At(slope),
            Arg::At(value),
            Arg::maybe(marks),
            Arg::Int((rows * width) as i32),
            Arg::Int(width as i32),
            Arg::Int(if marks.is_some() { modalities as i32 } else { 1 }),
        ];
        program.each("before_elu", rows * width, args);
    };
    for (i, dense) in arrangement.trunk.iter().enumerate().rev() {
        let ([inputs, outputs], slope) = (dense.widths, slopes.trunk[i]);
        if i + 1 < arrangement.trunk.len() {
            retrace(program, [slope, values.trunk[i]], outputs, None);
        }
        let out = if i > 0 { slopes.trunk[i - 1] } else { slopes.features };
        let weight = Side::turned(model.value(dense.weight), outputs);
        let sides = [Side::rows(slope, outputs), weight, Side::rows(out, inputs)];
        program.product([rows, outputs, inputs], sides, false, 1);
    }
    if let Some(own) = &net.instrument {
        uninstrument(program, net, own);
    }
    retrace(program, [slopes.features, values.features], all, Some(input.marks));
    let sides = [
        Side::rows(slopes.features, all).each(features),
        Side::turned(model.value(arrangement.second), features).each(features * features),
        Side::rows(slopes.hidden, all).each(features),
    ];
    program.product([rows, features, features], sides, false, modalities);
    retrace(program, [slopes.hidden, values.hidden], all, None);
}

/// Adds to the slopes of the features what that of V gives, unless V is a constant.
fn uninstrument(program: &mut Program, net: &Net<'_>, own: &Instrument) {
    let Some(slope) = own.slopes else { return };
    let Net { model, values, slopes, sizes, .. } = net;
    let Sizes { rows, modalities, features, width, .. } = *sizes;
    let weight = Side::turned(model.value(own.weights[1]), width);
    let sides = [Side::rows(slope.v, width), weight, Side::rows(slope.mixed, features)];
    program.product([rows, width, features], sides, false, 1);
    let places = [
        slope.mixed,
        own.values.queries,
        own.values.keys,
        values.features,
        own.attention,
        slopes.features,
        slope.queries,
        slope.keys,
    ];
    let mut args = arguments(&places, &[rows, modalities, features]);
    args.extend(factors(features, own.distance_weight));
    program.rows("unmix", rows, args);
    let weights = [own.weights[0], own.weights[0] + features * features];
    for (slope, weight) in [slope.queries, slope.keys].into_iter().zip(weights) {
        let weight = Side::turned(model.value(weight), features);
        let sides = [Side::rows(slope, features), weight, Side::rows(slopes.features, features)];
        program.product([rows * modalities, features, features], sides, true, 1);
    }
}
