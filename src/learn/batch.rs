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
