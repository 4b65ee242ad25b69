//! A model with some mechanisms changed, and all others as they were.
//!
//! Mechanisms are fixed by the scene as it's written: what a change does to the causes of another
//! node never changes that node's own law. So a strength that was found once stays, and another
//! one is found where the first was, whatever else is changed with it.

use super::{Fault, Law, Mechanism, NodeId, Scm};

impl Scm {
    /// The model with other mechanisms for the nodes of `changed`, and other values of dials.
    ///
    /// `declared` are all nodes in their order, as they are after the change. A changed node's law
    /// is resolved anew; a strength is calibrated in this model, with every specimen kept. All
    /// other nodes keep their laws, but for copies and tables of a node that has more values now.
    /// The answer keeps every specimen and holds nothing.
    ///
    /// # Errors
    /// A [`Fault`] for an unknown parent, a cycle, or a mechanism that can't be.
    pub fn revised(
        &self,
        declared: &[(&str, &Mechanism)],
        changed: &[NodeId],
        dials: &[(String, f64)],
    ) -> Result<Self, Fault> {
        let written = self.as_written();
        let mut scm = self.emptied(dials);
        for id in self.order_after(declared, changed)? {
            let (name, mechanism) = declared[id];
            let old = self.law(id);
            let grown = |&parent: &NodeId| !self.domain(parent).includes(scm.domain(parent));
            let follows = !matches!(mechanism, Mechanism::Confounded { .. })
                && old.is_some_and(|law| law.parents().iter().any(grown));
            let law = match old {
                Some(law) if !changed.contains(&id) && !follows => law.clone(),
                _ => Law::resolve_beside(mechanism, name, &scm, &written)?,
            };
            scm.place(id, law.rounded_to(self.domain(id)), mechanism.period());
        }
        Ok(scm)
    }

    /// The order that the nodes have now where it still serves, else another one.
    fn order_after(
        &self,
        declared: &[(&str, &Mechanism)],
        changed: &[NodeId],
    ) -> Result<Vec<NodeId>, Fault> {
        let needs: Vec<Vec<NodeId>> = (declared.iter().enumerate())
            .map(|(id, (_, mechanism))| match self.law(id) {
                Some(law) if !changed.contains(&id) => law.parents().to_vec(),
                _ => mechanism.parents().iter().filter_map(|name| self.find(name)).collect(),
            })
            .collect();
        let own: Vec<NodeId> = self.in_causal_order().map(|(id, _)| id).collect();
        let mut placed = vec![false; self.len()];
        let serves = own.iter().all(|&id| {
            let ready = needs[id].iter().all(|&need| placed[need]);
            placed[id] = true;
            ready
        });
        if serves { Ok(own) } else { self.ordered(&needs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confounded(strength: f64) -> Mechanism {
        Mechanism::Confounded { by: "h".into(), with: Some("bill".into()), strength }
    }

    fn copy(of: &str, flip: f64) -> Mechanism {
        Mechanism::NoisyCopy { of: of.into(), flip }
    }

    fn equation(text: &str) -> Mechanism {
        Mechanism::Equation(text.into())
    }

    fn probability(scm: &Scm, node: NodeId) -> f64 {
        scm.joint(&[node]).unwrap().probability(|v| v[0] != 0.0)
    }

    #[test]
    fn a_changed_cause_leaves_a_calibrated_node_its_law() {
        let (h, bill, lake) = (Mechanism::Bernoulli(0.2), copy("h", 0.05), confounded(0.5));
        let scm = Scm::build(&[("h", &h), ("bill", &bill), ("lake", &lake)]).unwrap();
        let even = Mechanism::Bernoulli(0.5);
        let after = [("h", &even), ("bill", &bill), ("lake", &lake)];
        let revised = scm.revised(&after, &[0], &[]).unwrap();
        assert_eq!(revised.law(2), scm.law(2));
        // The law is that of the model as written: a copy of h mixed with a coin of 0.2.
        let reach = scm.joint(&[0, 1]).unwrap().correlation(0, 1);
        let mixed = 0.5 / reach * 0.5 + (1.0 - 0.5 / reach) * 0.2;
        assert!((probability(&revised, 2) - mixed).abs() < 1e-12);
        // A new strength is found in the model as written, though its causes are changed as well.
        let other = confounded(-0.3);
        let both = [("h", &even), ("bill", &bill), ("lake", &other)];
        let revised = scm.revised(&both, &[0, 2], &[]).unwrap();
        let alone = [("h", &h), ("bill", &bill), ("lake", &other)];
        let alone = scm.revised(&alone, &[2], &[]).unwrap();
        assert_eq!(revised.law(2), alone.law(2));
        assert!((alone.joint(&[1, 2]).unwrap().correlation(0, 1) + 0.3).abs() < 1e-12);
    }

    #[test]
    fn a_selection_has_no_part_in_a_new_strength() {
        let (h, bill, lake) = (Mechanism::Bernoulli(0.4), copy("h", 0.1), confounded(0.5));
        let mut scm = Scm::build(&[("h", &h), ("bill", &bill), ("lake", &lake)]).unwrap();
        let other = confounded(0.2);
        let after = [("h", &h), ("bill", &bill), ("lake", &other)];
        let all = scm.revised(&after, &[2], &[]).unwrap();
        scm.select("bill or lake").unwrap();
        assert_eq!(scm.revised(&after, &[2], &[]).unwrap().law(2), all.law(2));
    }

    #[test]
    fn new_parents_bring_a_new_order_or_a_cycle() {
        let (coin, follow) = (Mechanism::Bernoulli(0.5), copy("a", 0.0));
        let scm = Scm::build(&[("a", &coin), ("b", &follow), ("c", &coin)]).unwrap();
        let late = equation("c and uniform < 0.5");
        let revised =
            scm.revised(&[("a", &late), ("b", &follow), ("c", &coin)], &[0], &[]).unwrap();
        let order: Vec<NodeId> = revised.in_causal_order().map(|(id, _)| id).collect();
        assert_eq!(order, [2, 0, 1]);
        assert!((probability(&revised, 1) - 0.25).abs() < 1e-12);
        let round = copy("b", 0.0);
        let fault = scm.revised(&[("a", &round), ("b", &follow), ("c", &coin)], &[0], &[]);
        assert!(fault.unwrap_err().problem.contains("cycle: a <- b <- a"));
    }

    #[test]
    fn dials_turn_what_is_named_and_no_more() {
        let (a, b) = (equation("uniform < s"), equation("uniform < s"));
        let dials = [("s".to_owned(), 0.2)];
        let declared = [("a", &a), ("b", &b)];
        let scm = Scm::build_with(&declared, &dials).unwrap();
        let turned = scm.revised(&declared, &[1], &[("s".to_owned(), 0.9)]).unwrap();
        assert!((probability(&turned, 0) - 0.2).abs() < 1e-12);
        assert!((probability(&turned, 1) - 0.9).abs() < 1e-12);
    }

    #[test]
    fn copies_follow_a_node_that_has_more_values_now() {
        let (coin, follow) = (Mechanism::Bernoulli(0.5), copy("a", 0.3));
        let scm = Scm::build(&[("a", &coin), ("b", &follow)]).unwrap();
        let three = Mechanism::Categorical(vec![0.25, 0.25, 0.5]);
        let revised = scm.revised(&[("a", &three), ("b", &follow)], &[0], &[]).unwrap();
        assert_eq!(revised.domain(1).size(), Some(3));
        // With fewer values a node is as it was, and so are its copies.
        let scm = Scm::build(&[("a", &three), ("b", &follow)]).unwrap();
        let revised = scm.revised(&[("a", &coin), ("b", &follow)], &[0], &[]).unwrap();
        assert_eq!(revised.law(1), scm.law(1));
        let two = revised.joint(&[1]).unwrap().probability(|v| v[0] == 2.0);
        assert!((two - 0.15).abs() < 1e-12);
    }
}
