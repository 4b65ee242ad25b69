//! What can be wrong with a declared model, said so that it can be mended.

/// A step from a declaration to the part of it that is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The field of this name.
    Field(String),
    /// The element at this position.
    Index(usize),
}

impl From<&str> for Place {
    fn from(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}

impl From<usize> for Place {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// One mistake in a model: what it is, which node has it, where in its mechanism, and what would
/// be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (node `{node}`); {remedy}")]
pub struct Fault {
    /// The node's name.
    pub node: String,
    /// The way from the node's mechanism to the wrong part.
    pub place: Vec<Place>,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

impl Fault {
    /// A fault of `node` at `place`.
    pub fn new(
        node: &str,
        place: impl IntoIterator<Item = Place>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            node: node.to_owned(),
            place: place.into_iter().collect(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}
