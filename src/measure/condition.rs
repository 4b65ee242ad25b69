//! What is done to samples before a model is asked about them.

use crate::causal::Interventions;
pub use crate::causal::Reach;

/// An end of a factor's contrast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The value x'.
    Absent,
    /// The value x.
    Present,
}

impl End {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Absent, Self::Present];
}

/// What is done to samples before a model is asked about them.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Nothing. Noise, masks and missing modalities are regimes: they are natural there.
    Natural,
    /// One factor of the scene, by its place, has the value at an end of its contrast.
    Do(usize, End, Reach),
    /// One factor is at the end of its contrast that lies away from its natural value: an absent
    /// factor is present, any other absent.
    Away(usize),
    /// Any do-operations together.
    Under(Interventions),
    /// Behind the samples copies of so many of them without each of their pieces.
    Pieces(usize),
}

/// What a measure wants to know of a model's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// The prediction and its probability.
    pub prediction: bool,
    /// The representation Z, and what is linear in it.
    pub representation: bool,
    /// Both branches of the twin network (the gradient's counterfactual, Eq. 7).
    pub counterfactual: bool,
}

impl Depth {
    /// What factors and label are under the condition; the model isn't asked.
    pub const WORLD: Self =
        Self { prediction: false, representation: false, counterfactual: false };
    /// The prediction.
    pub const PREDICTION: Self = Self { prediction: true, ..Self::WORLD };
    /// The prediction and the representation.
    pub const REPRESENTATION: Self = Self { representation: true, ..Self::PREDICTION };
    /// The prediction and both branches.
    pub const COUNTERFACTUAL: Self = Self { counterfactual: true, ..Self::PREDICTION };

    /// All that either wants.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            prediction: self.prediction || other.prediction,
            representation: self.representation || other.representation,
            counterfactual: self.counterfactual || other.counterfactual,
        }
    }
}

/// Where samples come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A regime of the scene, or a split of stored data.
    pub regime: String,
    /// The index of the first sample.
    pub first: u64,
}

/// What a measure needs to be in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Where the samples come from.
    pub source: Source,
    /// What is done to them.
    pub condition: Condition,
    /// How many samples, from the first on.
    pub rows: usize,
    /// What is asked of the model.
    pub depth: Depth,
}
