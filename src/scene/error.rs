//! Errors of scene files: `path:line:column: what, which node, what would be right`.

use std::fmt;

/// What is wrong with a scene, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneError {
    /// The file.
    pub path: Box<str>,
    /// Line and column, both from 1, where they are known.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub problem: String,
    /// The node or part of the scene that has it.
    pub node: Option<String>,
    /// What would be right.
    pub remedy: Box<str>,
    /// What else is wrong, where more than one thing is found at once; none of them has others.
    pub others: Box<[Self]>,
}

impl SceneError {
    /// An error of a whole file, or of something that is no part of one.
    #[must_use]
    pub fn of(path: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            position: None,
            problem: problem.into(),
            node: None,
            remedy: remedy.into().into(),
            others: Box::default(),
        }
    }

    /// One error of several, or `None` of none.
    #[must_use]
    pub fn together(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let first = errors.next()?;
        Some(Self { others: errors.collect(), ..first })
    }

    /// The error without lines and columns, where they are of a text that nobody has seen.
    #[must_use]
    pub fn placeless(self) -> Self {
        let others = self.others.into_iter().map(Self::placeless).collect();
        Self { position: None, others, ..self }
    }
}

impl fmt::Display for SceneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.problem)?;
        if let Some(node) = &self.node {
            write!(f, " (node `{node}`)")?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        self.others.iter().try_for_each(|other| write!(f, "\n{other}"))
    }
}

impl std::error::Error for SceneError {}
