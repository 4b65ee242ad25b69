//! What the learner is given: plain buffers, one row a specimen.

use super::LearnError;

/// One modality as the learner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    /// The modality's name: `image`, `audio`, `text`, ...
    pub name: String,
    /// Numbers per specimen.
    pub width: usize,
}

/// One modality's numbers for every specimen of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// Row-major, `rows * width` numbers, roughly of mean 0 and standard deviation 1.
    pub values: Vec<f32>,
}

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_misfit_is_named() {
        let inputs = [InputSpec { name: "image".into(), width: 2 }];
        let good = Batch {
            rows: 2,
            inputs: vec![Input { values: vec![0.0; 4] }],
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
        assert!(message(&|b| b.present.push(true)).contains("presence"));
        assert!(message(&|b| b.labels.truncate(1)).contains("labels"));
        assert!(message(&|b| b.labels[1] = 2).contains("below 2"));
    }
}
