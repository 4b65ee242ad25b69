//! From the world that is played to the records of a data set.

use std::sync::Arc;

use crate::causal::{Interventions, NodeId, Reach, Scm};
use crate::dataset::{ContrastTwin, Record, Schema, Twins, World};
use crate::scene::{Regime, Stage};
use crate::world::{Seen, Simulation, TwinPlan};

/// Bytes of a frame's records, about: what a core keeps near while it plays, copies and encodes.
const FRAME_BYTES: usize = 1 << 20;

/// Plays a scene on one thread and copies it into records, frame by frame into the same buffers.
pub struct Collector {
    stage: Arc<Stage>,
    scm: Scm,
    schema: Arc<Schema>,
    simulation: Simulation,
    twin: Interventions,
    records: Vec<Record>,
}

impl Collector {
    /// How many specimens of a shard of `rows` are played at a time: frames of about one size that
    /// end where the rows end, so that nothing is played in vain.
    #[must_use]
    pub fn frame(schema: &Schema, rows: usize) -> usize {
        let most = (FRAME_BYTES / schema.record_bytes().max(1)).clamp(16, 512);
        rows.max(1).div_ceil(rows.div_ceil(most).max(1))
    }

    /// A collector of `frame` specimens at a time of what `schema` says of `stage` under a regime
    /// and the do-operations that every world lives under. `twin` holds for the twin besides, where
    /// the schema has a single one.
    #[must_use]
    pub fn new(
        stage: &Arc<Stage>,
        regime: &Regime,
        schema: &Arc<Schema>,
        operations: Interventions,
        twin: Interventions,
        frame: usize,
    ) -> Self {
        let simulation = Simulation::new(stage, regime, schema.seed, frame, 0);
        let mut simulation = simulation.on_one_thread().without_learners();
        simulation.operate(operations);
        Self {
            stage: Arc::clone(stage),
            scm: regime.scm.clone(),
            schema: Arc::clone(schema),
            simulation,
            twin,
            records: vec![Record::default(); frame],
        }
    }

    /// Plays the specimens from `first` on, `rows` of them or as many as a frame has.
    pub fn collect(&mut self, first: u64, rows: usize) -> &[Record] {
        let rows = rows.min(self.records.len());
        let places = self.schema.worlds() - 1;
        for record in &mut self.records {
            record.twins.resize_with(places, World::default);
        }
        self.simulation.seek(first);
        match &self.schema.twins {
            Twins::None => self.simulation.plan_twins(TwinPlan::None),
            Twins::Under(_) => self.simulation.plan_twins(TwinPlan::Under(self.twin.clone())),
            Twins::EachFactor | Twins::Contrasts => {
                self.simulation.plan_twins(plan(&self.stage, &self.schema, 0));
            }
        }
        self.simulation.step();
        let (stage, scm) = (&*self.stage, &self.scm);
        let records = &mut self.records[..rows];
        for (record, seen) in records.iter_mut().zip(self.simulation.specimens()) {
            record.index = seen.specimen;
            record.exogenous.clear();
            record.exogenous.extend_from_slice(seen.exogenous.unwrap_or_default());
            record.present.clear();
            record.present.extend_from_slice(seen.present);
        }
        self.simulation.hold(true);
        for place in 0..places {
            if place > 0 {
                self.simulation.plan_twins(plan(&self.stage, &self.schema, place));
                self.simulation.step();
            }
            let shown = shown(stage, &self.schema, place);
            for (record, seen) in records.iter_mut().zip(self.simulation.twins()) {
                let twin = &mut record.twins[place];
                take(stage, scm, &record.exogenous, seen, twin);
                // Nothing follows: all other values are the specimen's.
                if let Some((node, value)) = shown {
                    twin.values[node] = value;
                    twin.interventions.push((node, value));
                }
            }
        }
        self.simulation.hold(false);
        for (record, seen) in records.iter_mut().zip(self.simulation.specimens()) {
            take(stage, scm, &record.exogenous, seen, &mut record.real);
        }
        &self.records[..rows]
    }
}

/// What is done for the twin at a place of several.
fn plan(stage: &Stage, schema: &Schema, place: usize) -> TwinPlan {
    if schema.twins == Twins::EachFactor {
        return TwinPlan::FarEnd(place);
    }
    let twin = ContrastTwin::at(place);
    let factor = &stage.factors[twin.factor];
    let value = if twin.present { factor.present } else { factor.absent };
    match twin.reach {
        Reach::Total => TwinPlan::Under(Interventions::set(factor.node, value)),
        Reach::Direct => TwinPlan::Shown(twin.factor, Some(value)),
    }
}

/// The node and the value of a twin in which nothing follows; none of other twins.
fn shown(stage: &Stage, schema: &Schema, place: usize) -> Option<(NodeId, f64)> {
    match (&schema.twins, plan(stage, schema, place)) {
        (Twins::Contrasts, TwinPlan::Shown(factor, Some(value))) => {
            Some((stage.factors[factor].node, value))
        }
        _ => None,
    }
}

/// Takes one world over. The simulation keeps factors and label; the hidden common causes follow
/// from the noise as they did there.
fn take(stage: &Stage, scm: &Scm, exogenous: &[f64], seen: Seen, world: &mut World) {
    world.values.resize(scm.len(), 0.0);
    scm.propagate(exogenous, seen.interventions, &mut world.values);
    world.label = seen.label;
    world.interventions.clear();
    let values = &world.values;
    world.interventions.extend(seen.interventions.iter().map(|(node, _)| (*node, values[*node])));
    trade(&mut world.image, seen.picture);
    trade(&mut world.audio, seen.samples);
    world.tokens.clear();
    world.tokens.extend_from_slice(seen.tokens.unwrap_or_default());
    let vectors = seen.vectors.unwrap_or_default();
    world.vectors.resize(vectors.len(), Vec::new());
    world.vectors.iter_mut().zip(vectors).for_each(|(out, vector)| out.clone_from(vector));
    world.text.clear();
    if let (Some(plan), Some(tokens)) = (&stage.renderers.text, seen.tokens) {
        world.text.push_str(&plan.grammar().sentence(tokens));
    }
}

/// Takes a buffer over and leaves its own, which the next frame fills. The first time there is none
/// to leave, and it's copied.
fn trade<T: Clone>(own: &mut Vec<T>, shown: Option<&mut Vec<T>>) {
    match shown {
        None => own.clear(),
        Some(shown) if own.len() == shown.len() => std::mem::swap(own, shown),
        Some(shown) => own.clone_from(shown),
    }
}
