//! What the learner is given: plain buffers, one row a specimen.

use super::{Input, InputSpec, LearnError};

/// A batch: every modality and the label of every specimen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Specimens.
    pub rows: usize,
    /// One entry per [`InputSpec`], in its order.
    pub inputs: Vec<Input>,
    /// Class index of each specimen.
    pub labels: Vec<usize>,
    /// Row-major, `rows * inputs`: whether a specimen has a modality. The numbers of one that it
    /// lacks are 0. Empty where every specimen has all.
    pub present: Vec<bool>,
}

impl Batch {
    /// Whether the batch has the shape that `inputs` and `classes` ask for.
    ///
    /// # Errors
    /// [`LearnError::Batch`], naming the first part that doesn't fit.
    pub fn check(&self, inputs: &[InputSpec], classes: usize) -> Result<(), LearnError> {
        let wrong = |what: &str, expected: String, found: String| {
            Err(LearnError::Batch { what: what.into(), expected, found })
        };
        if self.rows == 0 {
            return wrong("the number of specimens", "at least 1".into(), "0".into());
        }
        if self.inputs.len() != inputs.len() {
            let (expected, found) = (inputs.len().to_string(), self.inputs.len().to_string());
            return wrong("the number of modalities", expected, found);
        }
        for (spec, input) in inputs.iter().zip(&self.inputs) {
            let (expected, found) = (self.rows * spec.width, input.values.len());
            if expected != found {
                let what = format!("the count of numbers of `{}`", spec.name);
                let expected = format!("{} x {} = {expected}", self.rows, spec.width);
                return wrong(&what, expected, found.to_string());
            }
            self.check_tokens(spec, input)?;
        }
        let mask = self.rows * inputs.len();
        if !self.present.is_empty() && self.present.len() != mask {
            let found = self.present.len().to_string();
            return wrong("the count of marks of presence", mask.to_string(), found);
        }
        if self.labels.len() != self.rows {
            let (expected, found) = (self.rows.to_string(), self.labels.len().to_string());
            return wrong("the number of labels", expected, found);
        }
        match self.labels.iter().find(|&&label| label >= classes) {
            Some(label) => wrong("every label", format!("below {classes}"), label.to_string()),
            None => Ok(()),
        }
    }

    /// Whether there are as many token ids as a text has, and none beyond its vocabulary.
    fn check_tokens(&self, spec: &InputSpec, input: &Input) -> Result<(), LearnError> {
        let length = spec.length();
        let (expected, found) = (self.rows * length, input.tokens.len());
        if expected != found {
            let what = format!("the count of token ids of `{}`", spec.name);
            let expected = format!("{} x {length} = {expected}", self.rows);
            return Err(LearnError::Batch { what, expected, found: found.to_string() });
        }
        match input.tokens.iter().find(|&&token| usize::from(token) >= spec.width) {
            None => Ok(()),
            Some(token) => Err(LearnError::Batch {
                what: format!("every token id of `{}`", spec.name),
                expected: format!("below {}", spec.width),
                found: token.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_misfit_is_named() {
        let inputs = [InputSpec::row("image", 2), InputSpec::words("text", 3, 5)];
        let good = Batch {
            rows: 2,
            inputs: vec![
                Input::of(vec![0.0; 4]),
                Input { values: vec![0.0; 10], tokens: vec![4; 6] },
            ],
            labels: vec![0, 1],
            present: Vec::new(),
        };
        assert!(good.check(&inputs, 2).is_ok());
        let message = |change: &dyn Fn(&mut Batch)| {
            let mut batch = good.clone();
            change(&mut batch);
            batch.check(&inputs, 2).unwrap_err().to_string()
        };
        assert!(message(&|b| b.rows = 0).contains("specimens"));
        assert!(message(&|b| b.inputs.clear()).contains("modalities"));
        let short = message(&|b| b.inputs[0].values.truncate(3));
        assert!(short.contains("`image`") && short.contains("2 x 2 = 4") && short.contains("is 3"));
        let few = message(&|b| b.inputs[1].tokens.truncate(5));
        assert!(few.contains("`text`") && few.contains("2 x 3 = 6") && few.contains("is 5"));
        assert!(message(&|b| b.inputs[1].tokens[5] = 5).contains("below 5"));
        assert!(message(&|b| b.inputs[0].tokens.push(0)).contains("`image`"));
        assert!(message(&|b| b.present.push(true)).contains("presence"));
        assert!(message(&|b| b.labels.truncate(1)).contains("labels"));
        assert!(message(&|b| b.labels[1] = 2).contains("below 2"));
    }
}
