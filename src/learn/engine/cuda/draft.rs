//! The whole program of an update, or of a look at specimens.

use super::super::super::plan::Plan;
use super::super::super::twin_network::CounterfactualKind;
use super::super::shape::Shape;
use super::arrangement::Arrangement;
use super::losses::{self, Lambdas, Shares, Strata, Terms};
use super::network::{InputPlaces, Instrument, Model, Net, Slots};
use super::program::{Place, Program, Region, Rooms};
use super::{layers, sums};
use crate::scene::training::Objective;

/// The network of a plan, and where its parameters lie on a card.
pub struct Placed {
    /// The layers.
    pub shape: Shape,
    /// Where the parameters lie.
    pub arrangement: Arrangement,
}

impl Placed {
    /// The network of a plan whose method is fused.
    pub fn of(plan: &Plan) -> Self {
        let shape = Shape::of(plan);
        Self { arrangement: Arrangement::of(&shape), shape }
    }

    /// The memory of the parameters of a model.
    pub const fn model(&self, region: Region) -> Model {
        Model::of(region, &self.arrangement)
    }
}

/// A program, with what it needs and where it leaves what.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The program.
    pub program: Program,
    /// Where the batch is to be.
    pub input: InputPlaces,
    /// Words of the work memory.
    pub work: usize,
    /// Words of the input memory, tables included.
    pub input_words: usize,
    /// Where values will be.
    pub values: Slots,
    /// Where V will be, if it is computed.
    pub v: Option<Place>,
}

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A step of Adam.
    Update,
    /// The gradients alone.
    Gradients,
    /// Z and the logits alone, and V where there is an instrument.
    Look,
}

impl Draft {
    /// The program for batches of so many specimens. `companion` is the learning rate of the second
    /// model of `c3r-adjust`, which has the same layers.
    pub fn new(
        plan: &Plan,
        placed: &Placed,
        purpose: Purpose,
        rows: usize,
        companion: Option<f64>,
    ) -> Self {
        let training = &plan.training;
        let learns = purpose != Purpose::Look;
        let twins = learns && training.objective.needs_twins();
        let all = if twins { 2 * rows } else { rows };
        let (mut work, mut tables) = (Rooms::of(Region::Work), Rooms::of(Region::Input));
        let Placed { shape, arrangement } = placed;
        let input = InputPlaces::new(shape, &mut tables, all);
        let mut program = Program::default();
        let mut net = Net::new(&mut work, shape, arrangement, Region::Model, all, learns);
        let kind = CounterfactualKind::of(training).filter(|_| learns);
        if purpose == Purpose::Look || kind.is_some() && training.lambda_v != 0.0 {
            let slopes = learns && !training.detach_instrument;
            let gamma = training.distance_weight;
            net.instrument = Instrument::new(&mut work, arrangement, &net.sizes, gamma, slopes);
        }
        layers::forward(&mut program, &net, &input, !learns);
        if let Some(own) = &net.instrument {
            layers::instrument(&mut program, &net, own);
        }
        if learns {
            let mut rooms = [&mut work, &mut tables];
            let companion = companion
                .filter(|_| training.objective.adjusts())
                .map(|rate| companionship(&mut program, &mut rooms, placed, &input, all, rate));
            let strata = companion.as_ref().map(|companion| companion.strata);
            let share = 1.0 / rows as f32;
            let sums = losses::sums(rooms[0], rows);
            let mut head = None;
            if let Some(kind) = kind {
                let terms = terms(plan, share, kind);
                head = Some(losses::risk(&mut program, rooms[0], &net, &input, terms, sums));
            } else {
                let shares = Shares {
                    task: training.lambda_s * share,
                    twin: twins.then_some(training.lambda_twin * share),
                    consistency: if twins { training.lambda_consistency } else { 0.0 },
                };
                losses::judge(&mut program, &net, &input, rows, shares, [strata, None], sums);
            }
            let updates = purpose == Purpose::Update;
            losses::close(&mut program, &net, &input, rows, sums, lambdas(plan), updates);
            let wide = kind.is_some() && (training.lambda_v != 0.0 || training.lambda_fe != 0.0);
            layers::backward(&mut program, &net, &input, wide);
            let descent = sums::gradients(&mut program, rooms, &net, &input, head);
            let progress = net.model.progress();
            let rate = updates.then_some(training.learning_rate);
            sums::descend(&mut program, &net, descent, progress, rate);
            if let Some(Companion { net, descent, rate, .. }) = companion {
                let rate = updates.then_some(rate as f32);
                sums::descend(&mut program, &net, descent, progress, rate);
            }
        }
        let v = net.instrument.map(|own| own.values.v);
        let (work, input_words) = (work.words, tables.words);
        Self { program, input, work, input_words, values: net.values, v }
    }
}

/// The second model of `c3r-adjust` in an update.
struct Companion<'a> {
    net: Net<'a>,
    strata: Strata,
    descent: sums::Descent,
    rate: f64,
}

/// All that the companion does but for its step of Adam.
fn companionship<'a>(
    program: &mut Program,
    [work, tables]: &mut [&mut Rooms; 2],
    placed: &'a Placed,
    input: &InputPlaces,
    rows: usize,
    rate: f64,
) -> Companion<'a> {
    let Placed { shape, arrangement } = placed;
    let net = Net::new(work, shape, arrangement, Region::Companion, rows, true);
    let cells = net.sizes.classes.pow(2);
    let told = placed.model(Region::Model).strata();
    let strata = Strata { cells: work.room(rows), weights: work.room(cells), told };
    layers::forward(program, &net, input, false);
    let shares = Shares { task: 1.0 / rows as f32, ..Shares::default() };
    let sums = losses::sums(work, rows);
    losses::judge(program, &net, input, rows, shares, [None, Some(strata)], sums);
    losses::weigh(program, work, &net.sizes, strata);
    layers::backward(program, &net, input, false);
    let descent = sums::gradients(program, [work, tables], &net, input, None);
    Companion { net, strata, descent, rate }
}

/// The weights of Eq. 10 for one of the specimens.
fn terms(plan: &Plan, share: f32, kind: CounterfactualKind) -> Terms {
    let training = &plan.training;
    Terms {
        task: training.lambda_s * share,
        necessity: training.lambda_n * share,
        l_v: training.lambda_v * share,
        l_fe: training.lambda_fe * share,
        budget: training.kl_budget,
        kind,
    }
}

/// The weights of all terms in the sum that is reported.
fn lambdas(plan: &Plan) -> Lambdas {
    let training = &plan.training;
    let mut lambdas = [0.0; 6];
    lambdas[0] = training.lambda_s;
    match training.objective {
        Objective::C3r | Objective::C3rLiteral => {
            lambdas[1..4].copy_from_slice(&[
                training.lambda_n,
                training.lambda_v,
                training.lambda_fe,
            ]);
        }
        Objective::C3rTwin => {
            lambdas[4..].copy_from_slice(&[training.lambda_twin, training.lambda_consistency]);
        }
        // `C3rDiscount` is refused before it comes here.
        Objective::Erm | Objective::C3rDiscount | Objective::C3rAdjust => {}
    }
    lambdas
}
