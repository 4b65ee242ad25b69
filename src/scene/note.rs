//! What is worth knowing of a scene that is right: things that were mended or left out.

use std::fmt;

/// A remark on a checked scene, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub path: String,
    /// Line and column, both from 1, where they are known.
    pub position: Option<(usize, usize)>,
    /// What there is to say.
    pub text: String,
    /// The node or part of the scene that it's about.
    pub node: Option<String>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": note: {}", self.text)?;
        if let Some(node) = &self.node {
            write!(f, " (node `{node}`)")?;
        }
        Ok(())
    }
}
