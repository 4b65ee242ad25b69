//! Many specimens at once, node by node: tables instead of single specimens.
//!
//! A node's values for all rows lie side by side, and what the noise alone decides (a normal
//! draw) is made once and replayed in every world. The numbers are bit for bit those of
//! [`Scm::propagate`].

use super::law::Form;
use super::{Action, Interventions, Law, NodeId, Scm, exogenous};

/// The noise of some consecutive specimens, ready to be played in any world.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    scm: &'a Scm,
    count: usize,
    /// For each node its noise, uniform in (0, 1).
    uniform: Vec<Vec<f64>>,
    /// For each linear node with noise its normal part, `sd quantile(u)`.
    normal: Vec<Option<Vec<f64>>>,
}

/// The values of every node in one world, node by node.
pub type Columns = Vec<Vec<f64>>;

impl<'a> Rows<'a> {
    /// Draws the noise of `count` specimens from `first` on.
    #[must_use]
    pub fn draw(scm: &'a Scm, seed: u64, first: u64, count: usize) -> Self {
        let width = scm.len();
        let mut rows = vec![0.0; count * width];
        exogenous::draw_rows(scm, seed, first, &mut rows);
        let uniform: Vec<Vec<f64>> = (0..width)
            .map(|node| rows.chunks_exact(width.max(1)).map(|row| row[node]).collect())
            .collect();
        let normal = (0..width)
            .map(|node| match scm.law(node).map(|law| &law.form) {
                Some(Form::Linear { sd, .. }) if *sd != 0.0 => {
                    let ready = uniform[node].iter().map(|&u| sd * super::law::normal_quantile(u));
                    Some(ready.collect())
                }
                _ => None,
            })
            .collect();
        Self { scm, count, uniform, normal }
    }

    /// The number of rows.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The world under some interventions.
    #[must_use]
    pub fn play(&self, interventions: &Interventions) -> Columns {
        let mut columns = vec![Vec::new(); self.scm.len()];
        for (node, _) in self.scm.in_causal_order() {
            columns[node] = self.column(node, interventions, &columns);
        }
        columns
    }

    /// The world under some interventions, given that without them: only what depends on an
    /// intervened node is computed anew, all else is the same.
    #[must_use]
    pub fn twins(&self, natural: &[Vec<f64>], interventions: &Interventions) -> Columns {
        let mut touched = vec![false; self.scm.len()];
        let mut columns = natural.to_vec();
        for (node, law) in self.scm.in_causal_order().map(|(id, node)| (id, &node.law)) {
            touched[node] = interventions.on(node).is_some()
                || law.parents().iter().any(|&parent| touched[parent]);
            if touched[node] {
                columns[node] = self.column(node, interventions, &columns);
            }
        }
        columns
    }

    fn column(
        &self,
        node: NodeId,
        interventions: &Interventions,
        columns: &[Vec<f64>],
    ) -> Vec<f64> {
        let Some(law) = self.scm.law(node) else { return Vec::new() };
        let action = interventions.on(node).or_else(|| self.scm.held.on(node));
        match (action, &law.form) {
            (Some(Action::Set(value)), _) => vec![*value; self.count],
            (None, Form::Linear { weights, intercept, .. }) => {
                self.linear(node, law, weights, *intercept, columns)
            }
            _ => self.any(node, law, action, columns),
        }
    }

    /// `(intercept + sum) + noise`, in the order of operations of [`Law::value`].
    fn linear(
        &self,
        node: NodeId,
        law: &Law,
        weights: &[f64],
        intercept: f64,
        columns: &[Vec<f64>],
    ) -> Vec<f64> {
        // An empty sum of f64 begins at -0.
        let mut column = vec![-0.0; self.count];
        for (&parent, weight) in law.parents().iter().zip(weights) {
            for (x, value) in column.iter_mut().zip(&columns[parent]) {
                *x += weight * value;
            }
        }
        column.iter_mut().for_each(|x| *x += intercept);
        match &self.normal[node] {
            Some(noise) => column.iter_mut().zip(noise).for_each(|(x, n)| *x += n),
            // Without deviation the noise is sd * quantile = 0, of either sign.
            None => column.iter_mut().for_each(|x| *x += 0.0),
        }
        column
    }

    /// Any law or action, row by row.
    fn any(
        &self,
        node: NodeId,
        law: &Law,
        action: Option<&Action>,
        columns: &[Vec<f64>],
    ) -> Vec<f64> {
        let mut parents: Vec<NodeId> = law.parents().to_vec();
        if let Some(Action::Follow(other) | Action::Apply(other)) = action {
            parents.extend_from_slice(other.parents());
        }
        let mut values = vec![0.0; self.scm.len()];
        (0..self.count)
            .map(|row| {
                for &parent in &parents {
                    values[parent] = columns[parent][row];
                }
                let u = self.uniform[node][row];
                match action {
                    None => law.value(&values, u),
                    Some(action) => action.value(law, &values, u),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Mechanism;

    fn model() -> Scm {
        let linear = |terms: &[(&str, f64)], sd| Mechanism::Linear {
            terms: terms.iter().map(|(n, w)| ((*n).to_owned(), *w)).collect(),
            intercept: 0.1,
            sd,
        };
        let (coin, a) = (Mechanism::Bernoulli(0.4), Mechanism::Normal { mean: 1.0, sd: 2.0 });
        let (b, c) = (linear(&[("a", 0.7), ("coin", -0.3)], 0.5), linear(&[("b", 2.0)], 0.0));
        let y = Mechanism::Equation("b + normal > c".into());
        Scm::build(&[("coin", &coin), ("a", &a), ("b", &b), ("c", &c), ("y", &y)]).unwrap()
    }

    #[test]
    fn tables_are_what_single_specimens_are() {
        let mut scm = model();
        for selective in [false, true] {
            if selective {
                scm.select("y or coin").unwrap();
            }
            let rows = Rows::draw(&scm, 3, 17, 200);
            let mut worlds = vec![Interventions::none(), Interventions::set(1, 0.5)];
            let mut soft = Interventions::none();
            soft.insert(2, scm.apply(2, "natural + a").unwrap());
            soft.insert(0, scm.soften(0, &Mechanism::Bernoulli(0.9)).unwrap());
            worlds.push(soft);
            let natural = rows.play(&Interventions::none());
            for world in &worlds {
                let all = rows.play(world);
                let (mut noise, mut values) = (vec![0.0; 5], vec![0.0; 5]);
                for row in 0..rows.count() {
                    exogenous::draw(&scm, 3, 17 + row as u64, &mut noise);
                    scm.propagate(&noise, world, &mut values);
                    let found: Vec<f64> = all.iter().map(|column| column[row]).collect();
                    assert_eq!(found, values, "row {row} under {world:?}");
                }
                assert_eq!(rows.twins(&natural, world), all);
            }
        }
    }
}
