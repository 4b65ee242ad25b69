//! Questions about many factors of one label, within the steps that they may take together.

use std::cell::Cell;
use std::rc::Rc;

use super::eliminate::{Inquiry, LIMIT, Obstacle};
use super::joint::Joint;
use super::solver::Solver;
use super::{NodeId, Scm};

/// One solver for the causes of the label, to which nothing but what stands above it matters, and
/// one for all other factors. Each is made when it's first asked.
pub(super) struct Questions<'a> {
    scm: &'a Scm,
    label: NodeId,
    /// Causes, and other factors.
    factors: [Vec<NodeId>; 2],
    solvers: [Option<Solver<'a>>; 2],
    /// The steps that they took together.
    spent: Rc<Cell<usize>>,
}

impl<'a> Questions<'a> {
    pub fn new(scm: &'a Scm, label: NodeId, causes: Vec<NodeId>, others: Vec<NodeId>) -> Self {
        let factors = [causes, others];
        Self { scm, label, factors, solvers: [None, None], spent: Rc::default() }
    }

    /// What is asked of a factor and the label.
    pub fn ask(
        &mut self,
        factor: NodeId,
        inquiry: &Inquiry,
        limit: usize,
    ) -> Result<Joint, Obstacle> {
        let kind = usize::from(!self.factors[0].contains(&factor));
        let nodes = || {
            let [causes, others] = &self.factors;
            let all = if kind == 0 { causes } else { others };
            all.iter().copied().chain([self.label]).collect::<Vec<NodeId>>()
        };
        let label = self.label;
        let solver = self.solvers[kind].get_or_insert_with(|| {
            Solver::new(self.scm, &nodes(), &[label], Rc::clone(&self.spent))
        });
        solver.ask(inquiry, limit)
    }

    /// The answers to so many questions. Those that take few steps are answered first, so that
    /// they don't wait for those that take more than there are.
    pub fn all<T>(
        &mut self,
        number: usize,
        mut answer: impl FnMut(&mut Self, usize, usize) -> Result<T, Obstacle>,
    ) -> Vec<Result<T, Obstacle>> {
        let mut all: Vec<Result<T, Obstacle>> =
            (0..number).map(|_| Err(Obstacle::TooMany)).collect();
        for limit in [LIMIT >> 8, LIMIT >> 4, LIMIT] {
            for (i, found) in all.iter_mut().enumerate() {
                if matches!(found, Err(Obstacle::TooMany)) {
                    *found = answer(self, i, limit);
                }
            }
        }
        all
    }
}
