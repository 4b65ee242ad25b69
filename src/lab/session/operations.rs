//! The do-operations in force, as lines of text in the order in which they were done.

use crate::causal::{Interventions, NodeId, Scm};
use crate::scene::operation;

/// Lines of text, at most one for each node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operations {
    lines: Vec<(NodeId, String)>,
    held: Interventions,
}

impl Operations {
    /// Does what a line says; a leading `do` is allowed. A second operation on a node takes the
    /// place of the first.
    ///
    /// # Errors
    /// What can't be, and what would be right.
    pub fn perform(&mut self, scm: &Scm, text: &str) -> Result<(), String> {
        let line = text.trim();
        let line = line.strip_prefix("--do ").or_else(|| line.strip_prefix("do ")).unwrap_or(line);
        let line = line.trim().trim_matches('\'');
        let (node, action) = operation(scm, line).map_err(|fault| format!("do {line}: {fault}"))?;
        self.lines.retain(|(n, _)| *n != node);
        self.lines.push((node, line.to_owned()));
        self.held.insert(node, action);
        Ok(())
    }

    /// Takes the last one back.
    pub fn undo(&mut self) {
        if let Some((node, _)) = self.lines.pop() {
            self.held.remove(node);
        }
    }

    /// Takes back what is done to a node.
    pub fn release(&mut self, node: NodeId) {
        self.lines.retain(|(n, _)| *n != node);
        self.held.remove(node);
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The lines.
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().map(|(_, line)| line.clone()).collect()
    }

    /// The same for the model.
    pub const fn held(&self) -> &Interventions {
        &self.held
    }

    /// The same operations in another model; those that can't be there are left out.
    pub fn moved(&self, scm: &Scm) -> Self {
        let mut moved = Self::default();
        for (_, line) in &self.lines {
            let _ = moved.perform(scm, line);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    #[test]
    fn lines_are_done_replaced_and_undone() {
        let (coin, size) = (Mechanism::Bernoulli(0.5), Mechanism::Uniform(0.0, 1.0));
        let scm = Scm::build(&[("coin", &coin), ("size", &size)]).unwrap();
        let mut all = Operations::default();
        all.perform(&scm, "do coin=0").unwrap();
        all.perform(&scm, "--do 'size+=0.2'").unwrap();
        all.perform(&scm, "coin=1").unwrap();
        assert_eq!(all.lines(), ["size+=0.2", "coin=1"]);
        assert!(all.perform(&scm, "coin=7").unwrap_err().contains("has the values 0 to 1"));
        all.undo();
        assert_eq!(all.lines(), ["size+=0.2"]);
        let other = Scm::build(&[("coin", &coin)]).unwrap();
        assert!(all.moved(&other).held().is_empty());
        all.release(1);
        assert_eq!(all, Operations::default());
    }
}
