//! What the measures of a table say of models that are known by construction.

use std::path::Path;
use std::sync::Arc;

use super::condition::Reach;
use super::sentence::sentence;
use super::*;
use crate::learn::{
    Batch, Counterfactual, CounterfactualKind, Decision, LearnError, Learner, Logits,
    NamedParameter, Representation, StepLosses,
};
use crate::scene::training::Training;
use crate::scene::{Stage, parse};

/// A model that predicts by a rule over what it is shown.
struct Rule<F>(F);

impl<F: Fn(&Batch, usize) -> usize + Send + Sync> Learner for Rule<F> {
    fn update(&mut self, _: &Batch, _: Option<&Batch>) -> Result<StepLosses, LearnError> {
        Ok(StepLosses::default())
    }

    fn retune(&mut self, _: &Training) -> Result<(), LearnError> {
        Ok(())
    }

    fn logits(&self, batch: &Batch) -> Result<Logits, LearnError> {
        let mut values = Vec::new();
        for row in 0..batch.rows {
            let class = (self.0)(batch, row);
            values.extend((0..2).map(|k| f32::from(u8::from(k == class))));
        }
        Ok(Logits { rows: batch.rows, classes: 2, values })
    }

    fn counterfactual(
        &self,
        batch: &Batch,
        _: CounterfactualKind,
    ) -> Result<Counterfactual, LearnError> {
        let real = self.logits(batch)?;
        let divergence = vec![0.0; batch.rows];
        Ok(Counterfactual { hypothetical: real.clone(), real, divergence, z: Vec::new() })
    }

    fn representation(&self, _: &Batch) -> Result<Representation, LearnError> {
        Ok(Representation::default())
    }

    fn decisions(&self) -> Vec<Decision> {
        Vec::new()
    }

    fn parameters(&self) -> Result<Vec<NamedParameter>, LearnError> {
        Ok(Vec::new())
    }
}

/// What a rule that reads a vector's numbers comes to in a scene.
fn known(stage: &Arc<Stage>, rule: impl Fn(&[f32]) -> usize + Send + Sync) -> Metrics {
    let width = stage.renderers.vectors.plans()[0].length();
    let model = Rule(move |batch: &Batch, row: usize| {
        rule(&batch.inputs[0].values[row * width..(row + 1) * width])
    });
    let training = Training::default();
    let models: [(&dyn Learner, &Training); 1] = [(&model, &training)];
    let found = evaluate(stage, 3, &models, 2000, || true).unwrap().unwrap().remove(0);
    Metrics {
        schema: SCHEMA,
        scene: stage.scene.name.clone(),
        data: None,
        method: "rule".into(),
        objective: "none".into(),
        seed: 3,
        seeds: 1,
        steps: 0,
        seconds: 0.0,
        samples_per_second: 0.0,
        decisions: std::collections::BTreeMap::new(),
        evaluation: found.evaluation,
        notes: Vec::new(),
    }
}

fn stage(name: &str, factors: &str, label: &str) -> Arc<Stage> {
    let text = format!(
        "(version: 1, name: \"{name}\", confounders: [(name: \"h\", mechanism: Bernoulli(0.5))],
          factors: [{factors}],
          label: (name: \"y\", classes: [\"no\", \"yes\"], mechanism: {label}),
          modalities: [Vector(name: \"v\", entries: [(of: \"a\"), (of: \"b\")])])"
    );
    Arc::new(parse(&text, Path::new("test.ron").to_str().unwrap()).unwrap())
}

/// As in `ColoredMNIST`, the shape makes the label and the label the colour.
fn coloured() -> Arc<Stage> {
    stage(
        "coloured",
        "(name: \"a\", role: Snc, mechanism: Bernoulli(0.5)),
         (name: \"b\", role: Spurious, mechanism: NoisyCopy(of: \"y\", flip: 0.1))",
        "NoisyCopy(of: \"a\", flip: 0.25)",
    )
}

fn factor<'a>(metrics: &'a Metrics, name: &str) -> &'a FactorCausation {
    metrics.evaluation.causation.iter().find(|f| f.factor == name).unwrap()
}

#[test]
fn a_model_that_sees_the_colour_alone_knows_nothing_of_the_shape() {
    let found = known(&coloured(), |v| usize::from(v[1] > 0.5));
    let class = factor(&found, "a").of_interest().unwrap();
    // The shape changes the label and the label the colour: all in all it seems to follow the shape.
    assert!(class.total.pns.unwrap() > 0.6);
    assert_eq!((class.direct.pns, class.direct.reversed), (Some(0.0), Some(0.0)));
    assert_eq!(factor(&found, "a").reliance(Reach::Direct), Some(0.0));
    assert_eq!(factor(&found, "b").reliance(Reach::Direct), Some(1.0));
    let headline = &found.evaluation.headline;
    assert_eq!(headline.reliance.factor.as_deref(), Some("b"));
    assert_eq!((headline.reliance.mean, headline.reliance.worst), (Some(1.0), Some(1.0)));
    let words = sentence(&found, "colour");
    assert!(words.starts_with("colour answers to b, which causes nothing"), "{words}");
    // It is wrong wherever the colour isn't that of the label.
    assert_eq!(headline.worst_group, Some(0.0));
}

#[test]
fn a_model_that_sees_the_shape_is_measured_as_the_best_there_is() {
    let found = known(&coloured(), |v| usize::from(v[0] > 0.5));
    let class = factor(&found, "a").of_interest().unwrap();
    assert_eq!((class.total.pns, class.direct.pns), (Some(1.0), Some(1.0)));
    // A quarter of the labels is noise: 0.75 follow the shape and nobody can do better by it.
    assert!((class.truth.unwrap().pns.unwrap() - 0.75).abs() < 1e-12);
    assert!((class.truth.unwrap().reversed.unwrap() - 0.25).abs() < 1e-12);
    let accuracy = found.evaluation.accuracy["iid"];
    assert!((accuracy - 0.75).abs() < 0.03, "{accuracy}");
    // Who sees the colour as well does better, and that is what is possible.
    assert!((found.evaluation.best_accuracy["iid"] - 0.9).abs() < 0.03);
    let words = sentence(&found, "shape");
    assert!(words.starts_with("shape leaves alone what is no cause"), "{words}");
}

/// One direction alone would call this a model that has forgotten the shortcut.
#[test]
fn an_inverted_shortcut_is_reliance() {
    let stage = stage(
        "shortcut",
        "(name: \"a\", role: Snc, mechanism: NoisyCopy(of: \"h\", flip: 0.1)),
         (name: \"b\", role: Spurious, mechanism: NoisyCopy(of: \"h\", flip: 0.1))",
        "NoisyCopy(of: \"a\", flip: 0.0)",
    );
    let found = known(&stage, |v| usize::from(v[0] > 0.5 && v[1] < 0.5));
    let class = factor(&found, "b").of_interest().unwrap();
    assert_eq!(class.total.pns, Some(0.0));
    let reversed = class.total.reversed.unwrap();
    assert!((reversed - 0.5).abs() < 0.03 && class.total.effect == Some(-reversed));
    assert_eq!(factor(&found, "b").reliance(Reach::Direct), Some(reversed));
    assert!(sentence(&found, "it").contains("answers to b"));
    let error = found.evaluation.headline.causal_error.unwrap();
    assert!(error > 0.2, "{error}");
}

#[test]
fn a_constant_prediction_and_chance_are_said_first() {
    let constant = known(&coloured(), |_| 1);
    assert_eq!(constant.evaluation.state, State::Collapsed);
    assert_eq!(constant.evaluation.collapsed_to.as_deref(), Some("yes"));
    let words = sentence(&constant, "it");
    assert!(words.starts_with("it collapsed: it predicts `yes` whatever it sees"), "{words}");
    // Nobody was ever told `no`, so nothing can be said of what makes it go.
    let class = &factor(&constant, "a").classes[0];
    assert_eq!((class.total.pn, class.total.pns), (None, Some(0.0)));
    // Right and wrong as often, by a coin that has nothing to do with the label.
    let chance = known(&coloured(), |v| usize::from((v[0] > 0.5) != (v[1] > 0.5)));
    assert_eq!(chance.evaluation.state, State::AtChance);
    assert!(sentence(&chance, "it").starts_with("it is at chance"), "{}", sentence(&chance, "it"));
}

#[test]
fn what_is_uncertain_is_no_innocence() {
    let mut found = known(&coloured(), |v| usize::from(v[0] > 0.5));
    let (f, c) = (1, 0);
    let class = &mut found.evaluation.causation[f].classes[c];
    class.direct.reliance = Some(0.397);
    class.direct.intervals.as_mut().unwrap().reliance = Some([0.0, 0.794]);
    let words = sentence(&found, "it");
    assert!(words.contains("can't be told") && words.contains("from 0% to 79%"), "{words}");
}

/// A regime that changes nothing has no accuracy of its own.
#[test]
fn what_changes_nothing_is_not_told_twice() {
    let stage = coloured();
    assert!(stage.regime("flipped").is_some());
    let told: Vec<&str> = regimes(&stage).map(|regime| regime.name.as_str()).collect();
    assert_eq!(told, ["iid", "randomised"]);
    let found = known(&stage, |v| usize::from(v[0] > 0.5));
    assert_eq!(found.evaluation.accuracy.keys().collect::<Vec<_>>(), ["iid", "randomised"]);
}
