//! What a model is built from, and whether it can be.

use super::{Batch, Form, InputSpec, LearnError};
use crate::scene::training::Training;

/// What a model is built from.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The modalities.
    pub inputs: Vec<InputSpec>,
    /// Classes of the label.
    pub classes: usize,
    /// Method, objective, widths and weights.
    pub training: Training,
}

impl Plan {
    /// Whether a model can be built so.
    pub fn check(&self) -> Result<(), LearnError> {
        let wrong = |setting: &str, found: String, remedy| {
            Err(LearnError::Setting { setting: setting.into(), found, remedy })
        };
        let training = &self.training;
        if self.inputs.is_empty() {
            return wrong("the number of modalities", "0".into(), "declare at least one");
        }
        for (i, input) in self.inputs.iter().enumerate() {
            if self.inputs[..i].iter().any(|other| other.name == input.name) {
                let remedy = "give every modality a name of its own";
                return wrong("the name of a modality", format!("`{}` twice", input.name), remedy);
            }
            if matches!(input.form, Form::Words { length: 0, .. }) {
                let setting = format!("the length of `{}`", input.name);
                return wrong(&setting, "0".into(), "it must hold at least one word");
            }
            if input.width == 0 {
                let setting = format!("the width of `{}`", input.name);
                return wrong(&setting, "0".into(), "it must hold at least one number");
            }
        }
        if let Some(name) = training.method.modality()
            && !self.inputs.iter().any(|input| input.name == name)
        {
            let remedy = "it needs a modality of that name; choose another method";
            return wrong("method", training.method.name().into(), remedy);
        }
        let named = |input: &InputSpec| training.method.modality().is_none_or(|n| n == input.name);
        let words = |input: &InputSpec| named(input) && matches!(input.form, Form::Words { .. });
        if training.method.reads_words() && !self.inputs.iter().any(words) {
            let remedy = "it needs a text, whose words it reads; choose another method";
            return wrong("method", training.method.name().into(), remedy);
        }
        if training.method.needs_pairs() && self.inputs.len() < 2 {
            let remedy = "it draws modalities together and needs two; choose another method";
            return wrong("method", training.method.name().into(), remedy);
        }
        if let Some(most) = training.method.most_modalities()
            && self.inputs.len() > most
        {
            let found = format!("{} with {} modalities", training.method.name(), self.inputs.len());
            let remedy = "it takes every subset of the modalities, which are too many; choose \
                another method";
            return wrong("method", found, remedy);
        }
        if self.classes < 2 {
            let found = self.classes.to_string();
            return wrong("the number of classes", found, "a label needs at least two");
        }
        for (setting, width) in
            [("features", training.features), ("representation", training.representation)]
        {
            if width == 0 {
                return wrong(setting, "0".into(), "it must be at least 1");
            }
        }
        if !(training.learning_rate > 0.0 && training.learning_rate.is_finite()) {
            let found = training.learning_rate.to_string();
            return wrong("learning_rate", found, "it must be a number above 0, such as 0.001");
        }
        Ok(())
    }
    /// The same plan under other settings.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for another method or other widths, which are another model, or for
    /// what no model can be built from.
    pub fn retuned(&self, training: &Training) -> Result<Self, LearnError> {
        let shape = |t: &Training| (t.method, t.features, t.representation);
        if shape(&self.training) != shape(training) {
            return Err(LearnError::Setting {
                setting: "the method or a width".into(),
                found: "changed".into(),
                remedy: "begin a new model for it",
            });
        }
        let plan = Self { training: training.clone(), ..self.clone() };
        plan.check()?;
        Ok(plan)
    }

    /// The twins of a batch.
    ///
    /// # Errors
    /// [`LearnError::TwinMissing`] where there are none, [`LearnError::Batch`] where they don't fit.
    pub fn twins_of<'a>(
        &self,
        batch: &Batch,
        twin: Option<&'a Batch>,
    ) -> Result<&'a Batch, LearnError> {
        let twin = twin.ok_or(LearnError::TwinMissing)?;
        twin.check(&self.inputs, self.classes)?;
        if twin.rows == batch.rows {
            return Ok(twin);
        }
        Err(LearnError::Batch {
            what: "the number of twins".into(),
            expected: batch.rows.to_string(),
            found: twin.rows.to_string(),
        })
    }
}
