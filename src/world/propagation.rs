//! Mechanisms run: the factors and the label of every specimen, and of its twin.

use bevy::prelude::*;
use rand::RngExt as _;

use super::population::specimens_come_up;
use super::{
    CausalFactors, DoOperations, Exogenous, Label, NonCausalFactors, Settings, SimulationStep,
    SimulationSystems, Specimen, TwinOf, Undertaken,
};
use crate::causal::causation::{Side, side_of};
use crate::causal::noise::{StreamId, stream};
use crate::causal::{Action, Domain, Interventions};
use crate::scene::{Factor, Stage};

/// In which hypothetical world the twins live.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub enum TwinPlan {
    /// No twins are wanted: they are left as they are.
    #[default]
    None,
    /// All under these interventions, besides the do-operations in force.
    Under(Interventions),
    /// Each with one factor of any role, drawn by chance, at another value than its specimen has.
    OneFactor,
    /// Each with the factor at this place in the scene at the far end of its contrast: an absent
    /// factor is made present, any other absent.
    FarEnd(usize),
    /// Each as its specimen is, but for what the factor at this place shows: its value alone is the
    /// given one, or lies at the far end of its contrast. Nothing else follows, and the label stays.
    Shown(usize, Option<f64>),
}

/// Adds the systems that run the mechanisms.
pub struct PropagationPlugin;

impl Plugin for PropagationPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<TwinPlan>().add_systems(
            SimulationStep,
            (
                propagate_specimens.run_if(specimens_come_up),
                propagate_twins.run_if(twins_are_wanted),
            )
                .chain()
                .in_set(SimulationSystems::Propagate),
        );
    }
}

/// Whether the frame has twins.
pub(super) fn twins_are_wanted(plan: Res<TwinPlan>) -> bool {
    *plan != TwinPlan::None
}

/// The stream that chooses the factor of [`TwinPlan::OneFactor`].
const CHOICE: StreamId = StreamId::of("twin:choice");

type World<'a> =
    (Mut<'a, CausalFactors>, Mut<'a, NonCausalFactors>, Mut<'a, Label>, Mut<'a, Undertaken>);

fn propagate_specimens(
    settings: Res<Settings>,
    operations: Res<DoOperations>,
    mut specimens: Query<
        (&Exogenous, &mut CausalFactors, &mut NonCausalFactors, &mut Label, &mut Undertaken),
        Without<TwinOf>,
    >,
) {
    let nodes = settings.scm.len();
    specimens.par_iter_mut().for_each_init(
        || vec![0.0; nodes],
        |values, (noise, causal, other, label, undertaken)| {
            live(&settings, &noise.0, &operations.0, values, (causal, other, label, undertaken));
        },
    );
}

fn propagate_twins(
    settings: Res<Settings>,
    plan: Res<TwinPlan>,
    operations: Res<DoOperations>,
    specimens: Query<
        (&Specimen, &Exogenous, &CausalFactors, &NonCausalFactors, &Label),
        Without<TwinOf>,
    >,
    mut twins: Query<(
        &TwinOf,
        &mut Specimen,
        &mut CausalFactors,
        &mut NonCausalFactors,
        &mut Label,
        &mut Undertaken,
    )>,
) {
    let nodes = settings.scm.len();
    twins.par_iter_mut().for_each_init(
        || vec![0.0; nodes],
        |values, (twin_of, mut twin, causal, other, label, undertaken)| {
            let Ok((specimen, noise, own_causal, own_other, own_label)) = specimens.get(twin_of.0)
            else {
                return;
            };
            *twin = *specimen;
            if let TwinPlan::Shown(place, value) = &*plan {
                let Some(factor) = settings.stage.factors.get(*place) else { return };
                let natural = value_of(&settings.stage, *place, own_causal, own_other);
                let value = value.unwrap_or_else(|| far_end(factor, natural));
                let (mut causal, mut other, mut label) = (causal, other, label);
                causal.0.clone_from(&own_causal.0);
                other.0.clone_from(&own_other.0);
                label.0 = own_label.0;
                let mut undertaken = undertaken;
                undertaken.0.clone_from(&operations.0);
                *slot(&settings.stage, *place, &mut causal, &mut other) = value;
                return;
            }
            let mut interventions = operations.0.clone();
            match &*plan {
                TwinPlan::None | TwinPlan::Shown(..) => return,
                TwinPlan::Under(all) => {
                    all.iter()
                        .for_each(|(node, action)| interventions.insert(*node, action.clone()));
                }
                TwinPlan::OneFactor => {
                    let natural = |i| value_of(&settings.stage, i, own_causal, own_other);
                    let (factor, value) = choose(&settings, specimen.index, natural);
                    interventions.insert(factor.node, Action::Set(value));
                }
                TwinPlan::FarEnd(place) => {
                    let Some(factor) = settings.stage.factors.get(*place) else { return };
                    let natural = value_of(&settings.stage, *place, own_causal, own_other);
                    interventions.insert(factor.node, Action::Set(far_end(factor, natural)));
                }
            }
            live(&settings, &noise.0, &interventions, values, (causal, other, label, undertaken));
        },
    );
}

/// Runs the mechanisms of one world and writes its components.
fn live(
    settings: &Settings,
    noise: &[f64],
    interventions: &Interventions,
    values: &mut [f64],
    (mut causal, mut other, mut label, mut undertaken): World,
) {
    settings.scm.propagate(noise, interventions, values);
    causal.0.clear();
    other.0.clear();
    for factor in &settings.stage.factors {
        let side = if factor.role.is_causal() { &mut causal.0 } else { &mut other.0 };
        side.push(values[factor.node]);
    }
    label.0 = values[settings.stage.label] as usize;
    if undertaken.0 != *interventions {
        undertaken.0 = interventions.clone();
    }
}

/// The value of the i-th factor of a scene, from the component that holds it.
#[must_use]
pub fn value_of(stage: &Stage, i: usize, causal: &CausalFactors, other: &NonCausalFactors) -> f64 {
    let (side, place) = seat(stage, i);
    if side { causal.0[place] } else { other.0[place] }
}

/// Where the i-th factor of a scene is written.
fn slot<'a>(
    stage: &Stage,
    i: usize,
    causal: &'a mut CausalFactors,
    other: &'a mut NonCausalFactors,
) -> &'a mut f64 {
    let (side, place) = seat(stage, i);
    if side { &mut causal.0[place] } else { &mut other.0[place] }
}

/// Whether the i-th factor of a scene is among the causes, and its place there.
fn seat(stage: &Stage, i: usize) -> (bool, usize) {
    let is_causal = |f: &Factor| f.role.is_causal();
    let side = is_causal(&stage.factors[i]);
    (side, stage.factors[..i].iter().filter(|f| is_causal(f) == side).count())
}

/// Writes the values of all factors, in the order of the scene.
pub(super) fn merge(
    stage: &Stage,
    causal: &CausalFactors,
    other: &NonCausalFactors,
    values: &mut Vec<f64>,
) {
    let (mut a, mut b) = (causal.0.iter(), other.0.iter());
    values.clear();
    values.extend(
        stage.factors.iter().filter_map(|factor| {
            if factor.role.is_causal() { a.next() } else { b.next() }.copied()
        }),
    );
}

/// The end of a factor's contrast that lies away from its value.
fn far_end(factor: &Factor, natural: f64) -> f64 {
    match side_of(factor.domain, natural, factor.absent, factor.present) {
        Side::Absent => factor.present,
        Side::Present | Side::Other => factor.absent,
    }
}

/// Draws the factor that a twin differs in, and the value that it's set to.
fn choose(settings: &Settings, specimen: u64, natural: impl Fn(usize) -> f64) -> (&Factor, f64) {
    let mut random = stream(settings.seed, specimen, CHOICE);
    let i = random.random_range(0..settings.stage.factors.len());
    let factor = &settings.stage.factors[i];
    let value = match factor.domain {
        Domain::Binary => 1.0 - natural(i),
        Domain::Categorical(k) => ((natural(i) as usize + random.random_range(1..k)) % k) as f64,
        Domain::Continuous => {
            factor.absent + (factor.present - factor.absent) * random.random::<f64>()
        }
    };
    (factor, value)
}
