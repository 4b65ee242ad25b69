//! Renderers as systems: every entity paints, sounds and speaks for itself, all in parallel.
//!
//! A twin in which nothing that a modality shows has changed takes over its specimen's buffer:
//! its renderer would write the same bytes.

use bevy::ecs::component::Mutable;
use bevy::prelude::*;

use super::population::specimens_come_up;
use super::propagation::{merge, twins_are_wanted};
use super::{
    CausalFactors, ImagePixels, NonCausalFactors, Present, Settings, SimulationStep,
    SimulationSystems, Specimen, Tokens, TwinOf, Vectors, Waveform,
};
use crate::modality::audio;
use crate::scene::{
    Disturbance, Fate, ImagePlan, Renderers, SoundPlan, Subject, TextPlan, VectorPlans,
    disturb_tokens,
};

/// Adds the renderers.
pub struct ModalityPlugin;

impl Plugin for ModalityPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            SimulationStep,
            (
                decide_presence,
                (
                    render::<ImagePixels>.run_if(specimens_come_up),
                    render_twins::<ImagePixels>.run_if(twins_are_wanted),
                )
                    .chain(),
                (
                    render::<Waveform>.run_if(specimens_come_up),
                    render_twins::<Waveform>.run_if(twins_are_wanted),
                )
                    .chain(),
                (
                    render::<Tokens>.run_if(specimens_come_up),
                    render_twins::<Tokens>.run_if(twins_are_wanted),
                )
                    .chain(),
                (
                    render::<Vectors>.run_if(specimens_come_up),
                    render_twins::<Vectors>.run_if(twins_are_wanted),
                )
                    .chain(),
            )
                .in_set(SimulationSystems::Render),
        );
    }
}

/// A component that a renderer writes.
trait Medium: Component<Mutability = Mutable> + Clone {
    /// The renderer.
    type Plan: Sync;
    /// Its working space, one per batch of entities.
    type Scratch;
    /// The scene's renderer of this kind.
    fn plan(renderers: &Renderers) -> Option<&Self::Plan>;
    /// The factors it shows.
    fn shows(plan: &Self::Plan) -> &[usize];
    /// New working space.
    fn scratch(plan: &Self::Plan) -> Self::Scratch;
    /// Renders one subject.
    fn render(&mut self, plan: &Self::Plan, subject: Subject, scratch: &mut Self::Scratch);
    /// Lets what was rendered meet its fate.
    fn disturb(&mut self, plan: &Self::Plan, fate: Fate, scratch: &mut Self::Scratch);
}

impl Medium for ImagePixels {
    type Plan = ImagePlan;
    type Scratch = ();
    fn plan(renderers: &Renderers) -> Option<&ImagePlan> {
        renderers.image.as_ref()
    }
    fn shows(plan: &ImagePlan) -> &[usize] {
        plan.shows()
    }
    fn scratch(_: &ImagePlan) {}
    fn render(&mut self, plan: &ImagePlan, subject: Subject, (): &mut ()) {
        plan.paint(subject, &mut self.0);
    }
    fn disturb(&mut self, plan: &ImagePlan, fate: Fate, (): &mut ()) {
        plan.disturb(fate, &mut self.0);
    }
}

impl Medium for Waveform {
    type Plan = SoundPlan;
    type Scratch = (audio::Desk, audio::Scratch);
    fn plan(renderers: &Renderers) -> Option<&SoundPlan> {
        renderers.sound.as_ref()
    }
    fn shows(plan: &SoundPlan) -> &[usize] {
        plan.shows()
    }
    fn scratch(plan: &SoundPlan) -> Self::Scratch {
        (plan.desk(), plan.ear())
    }
    fn render(&mut self, plan: &SoundPlan, subject: Subject, (desk, ear): &mut Self::Scratch) {
        plan.synthesise(subject, desk, &mut self.samples);
        // Who only writes data leaves no room for it.
        if !self.log_mel.is_empty() {
            plan.hear(&self.samples, ear, &mut self.log_mel);
        }
    }
    fn disturb(&mut self, plan: &SoundPlan, fate: Fate, (_, ear): &mut Self::Scratch) {
        plan.disturb(fate, ear, &mut self.samples, &mut self.log_mel);
    }
}

impl Medium for Tokens {
    type Plan = TextPlan;
    type Scratch = ();
    fn plan(renderers: &Renderers) -> Option<&TextPlan> {
        renderers.text.as_ref()
    }
    fn shows(plan: &TextPlan) -> &[usize] {
        plan.shows()
    }
    fn scratch(_: &TextPlan) {}
    fn render(&mut self, plan: &TextPlan, subject: Subject, (): &mut ()) {
        plan.compose(subject, &mut self.0);
    }
    fn disturb(&mut self, _: &TextPlan, fate: Fate, (): &mut ()) {
        disturb_tokens(fate, &mut self.0);
    }
}

impl Medium for Vectors {
    type Plan = VectorPlans;
    type Scratch = Vec<f64>;
    fn plan(renderers: &Renderers) -> Option<&VectorPlans> {
        (!renderers.vectors.plans().is_empty()).then_some(&renderers.vectors)
    }
    fn shows(plans: &VectorPlans) -> &[usize] {
        plans.shows()
    }
    fn scratch(_: &VectorPlans) -> Vec<f64> {
        Vec::new()
    }
    fn render(&mut self, plans: &VectorPlans, subject: Subject, scratch: &mut Vec<f64>) {
        for (plan, out) in plans.plans().iter().zip(&mut self.0) {
            plan.make(subject, scratch, out);
        }
    }
    fn disturb(&mut self, plans: &VectorPlans, fate: Fate, _: &mut Vec<f64>) {
        plans.disturb(fate, &mut self.0);
    }
}

/// Decides which modalities every entity has.
fn decide_presence(settings: Res<Settings>, mut entities: Query<(&Specimen, &mut Present)>) {
    let names = settings.stage.renderers.names();
    let missing = |d: &Disturbance| matches!(d, Disturbance::Missing { .. });
    let all_are_there = !settings.disturbances.iter().any(missing);
    entities.par_iter_mut().for_each(|(specimen, mut present)| {
        if !all_are_there || present.0.len() != names.len() {
            present.0 = settings.fate(specimen.index).presence(&names);
        }
    });
}

fn render<M: Medium>(
    settings: Res<Settings>,
    mut specimens: Query<(&Specimen, &CausalFactors, &NonCausalFactors, &mut M), Without<TwinOf>>,
) {
    let Some(plan) = M::plan(&settings.stage.renderers) else { return };
    specimens.par_iter_mut().for_each_init(
        || (Vec::new(), M::scratch(plan)),
        |(factors, scratch), (specimen, causal, other, mut medium)| {
            merge(&settings.stage, causal, other, factors);
            let subject = Subject { factors, seed: settings.seed, specimen: specimen.index };
            medium.render(plan, subject, scratch);
            medium.disturb(plan, settings.fate(specimen.index), scratch);
        },
    );
}

fn render_twins<M: Medium>(
    settings: Res<Settings>,
    specimens: Query<(&CausalFactors, &NonCausalFactors, &M), Without<TwinOf>>,
    mut twins: Query<(&TwinOf, &Specimen, &CausalFactors, &NonCausalFactors, &mut M)>,
) {
    let Some(plan) = M::plan(&settings.stage.renderers) else { return };
    twins.par_iter_mut().for_each_init(
        || (Vec::new(), Vec::new(), M::scratch(plan)),
        |(natural, factors, scratch), (twin_of, specimen, causal, other, mut medium)| {
            let Ok((own_causal, own_other, own)) = specimens.get(twin_of.0) else { return };
            merge(&settings.stage, own_causal, own_other, natural);
            merge(&settings.stage, causal, other, factors);
            if M::shows(plan).iter().all(|&i| natural[i] == factors[i]) {
                medium.clone_from(own);
                return;
            }
            let subject = Subject { factors, seed: settings.seed, specimen: specimen.index };
            medium.render(plan, subject, scratch);
            medium.disturb(plan, settings.fate(specimen.index), scratch);
        },
    );
}
