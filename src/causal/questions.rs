//! Questions about many factors of one label, within the steps that they may take together.

use std::cell::Cell;
use std::rc::Rc;

use super::eliminate::{Inquiry, LIMIT, Obstacle};
use super::joint::Joint;
use super::solver::Solver;
use super::worlds::above;
use super::{NodeId, Scm};

/// One solver for the causes of the label, to which nothing but what stands above it matters, and
/// one for all other factors. Each is made when it's first asked.
pub(super) struct Questions<'a> {
    scm: &'a Scm,
    label: NodeId,
    /// By node: whether the label depends on it.
    is_cause: Vec<bool>,
    factors: Vec<NodeId>,
    solvers: [Option<Solver<'a>>; 2],
    /// The steps that they took together.
    spent: Rc<Cell<usize>>,
}

impl<'a> Questions<'a> {
    pub fn new(scm: &'a Scm, label: NodeId, factors: Vec<NodeId>) -> Self {
        let above = above(scm, &[label]);
        let is_cause = (0..scm.len()).map(|node| above.contains(node)).collect();
        Self { scm, label, is_cause, factors, solvers: [None, None], spent: Rc::default() }
    }

    /// What is asked of a factor and the label.
    pub fn ask(
        &mut self,
        factor: NodeId,
        inquiry: &Inquiry,
        limit: usize,
    ) -> Result<Joint, Obstacle> {
        let kind = self.is_cause[factor];
        let of_kind = self.factors.iter().copied().filter(|&f| self.is_cause[f] == kind);
        let nodes = || of_kind.chain([self.label]).collect::<Vec<NodeId>>();
        let label = self.label;
        let solver = self.solvers[usize::from(kind)].get_or_insert_with(|| {
            Solver::new(self.scm, &nodes(), &[label], Rc::clone(&self.spent))
        });
        solver.ask(inquiry, limit)
    }

    /// The answers to so many questions about factors. Those that take few steps are answered
    /// first, so that they don't wait for those that take more than there are; and those about
    /// causes last, as they take the most.
    pub fn all<T>(
        &mut self,
        factors: &[NodeId],
        mut answer: impl FnMut(&mut Self, usize, usize) -> Result<T, Obstacle>,
    ) -> Vec<Result<T, Obstacle>> {
        let mut order: Vec<usize> = (0..factors.len()).collect();
        order.sort_by_key(|&i| self.is_cause[factors[i]]);
        let mut all: Vec<Result<T, Obstacle>> =
            factors.iter().map(|_| Err(Obstacle::TooMany)).collect();
        for limit in [LIMIT >> 8, LIMIT >> 4, LIMIT] {
            for &i in &order {
                if matches!(all[i], Err(Obstacle::TooMany)) {
                    all[i] = answer(self, i, limit);
                }
            }
        }
        all
    }
}
