//! A tree of clusters: in which order nodes are summed out, and what is passed on.
//!
//! The order is that of least fill: the next node is the one whose neighbours are tied together by
//! the fewest new ties. Every node has a cluster: itself and the neighbours that it has when it's
//! summed out. What its cluster finds goes to the cluster of the first of these.

use super::NodeId;

/// The clusters of some families, each a node with those that it reads.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// By node: its cluster, where it's in a family.
    pub cluster: Vec<Option<usize>>,
    /// By cluster: the one that it passes on to.
    pub parent: Vec<Option<usize>>,
    pub children: Vec<Vec<usize>>,
    /// By cluster: the nodes that it shares with its parent, ascending.
    pub shared: Vec<Vec<NodeId>>,
    /// The families, cluster after cluster, each before those below it.
    pub families: Vec<usize>,
    /// By cluster: where its own families stand among them.
    pub own: Vec<(usize, usize)>,
    /// By cluster: where its own and all those below it stand.
    pub below: Vec<(usize, usize)>,
}

impl Tree {
    /// The tree of these families of a model with so many nodes; `size` is the number of values of
    /// a node.
    pub fn new(nodes: usize, families: &[Vec<NodeId>], size: impl Fn(NodeId) -> usize) -> Self {
        let mut graph = Graph::new(nodes, families, size);
        let mut cluster = vec![None; nodes];
        let mut members = Vec::new();
        while let Some(node) = graph.least() {
            cluster[node] = Some(members.len());
            members.push(graph.sum_out(node));
        }
        let first = |nodes: &[NodeId]| nodes.iter().filter_map(|&n| cluster[n]).min();
        // What is tied to nothing more passes on a number, to the last.
        let last = members.len().saturating_sub(1);
        let parent: Vec<Option<usize>> = (members.iter().enumerate())
            .map(|(i, shared)| first(shared).or((i != last).then_some(last)))
            .collect();
        let mut children = vec![Vec::new(); members.len()];
        for (child, parent) in parent.iter().enumerate() {
            parent.iter().for_each(|&p| children[p].push(child));
        }
        let mut of_cluster = vec![Vec::new(); members.len().max(1)];
        for (family, nodes) in families.iter().enumerate() {
            // A family of nobody is a number, which may stand anywhere.
            of_cluster[first(nodes).unwrap_or(last)].push(family);
        }
        let mut tree = Self {
            cluster,
            parent,
            shared: members,
            families: Vec::with_capacity(families.len()),
            own: vec![(0, 0); children.len()],
            below: vec![(0, 0); children.len()],
            children,
        };
        tree.line_up(&of_cluster);
        tree
    }

    /// Puts the families in a line, so that what is below a cluster stands together.
    fn line_up(&mut self, of_cluster: &[Vec<usize>]) {
        if self.parent.is_empty() {
            self.families.extend(&of_cluster[0]);
            return;
        }
        // A cluster is opened, and once more closed after all that is below it.
        let mut stack = vec![(self.parent.len() - 1, false)];
        while let Some((at, closing)) = stack.pop() {
            if closing {
                self.below[at] = (self.own[at].0, self.families.len());
                continue;
            }
            let start = self.families.len();
            self.families.extend(&of_cluster[at]);
            self.own[at] = (start, self.families.len());
            stack.push((at, true));
            stack.extend(self.children[at].iter().rev().map(|&child| (child, false)));
        }
    }
}

/// Who is tied to whom, among the nodes that aren't summed out yet.
struct Graph {
    ties: Vec<Vec<u64>>,
    /// By node: the pairs of its neighbours that aren't tied; `None` of one that isn't there.
    fill: Vec<Option<usize>>,
    /// By node: the logarithm of its number of values, and the sum of those of its cluster.
    weight: Vec<usize>,
    load: Vec<usize>,
}

impl Graph {
    fn new(nodes: usize, families: &[Vec<NodeId>], size: impl Fn(NodeId) -> usize) -> Self {
        let weight: Vec<usize> =
            (0..nodes).map(|n| (1000.0 * (size(n) as f64).ln()) as usize).collect();
        let ties = vec![vec![0; nodes.div_ceil(64)]; nodes];
        let mut graph = Self { ties, fill: vec![None; nodes], load: weight.clone(), weight };
        families.iter().flatten().for_each(|&n| graph.fill[n] = Some(0));
        families.iter().for_each(|family| graph.tie_all(family));
        graph
    }

    /// The node that is summed out next: of the least fill, then of the smallest cluster.
    fn least(&self) -> Option<NodeId> {
        let there = self.fill.iter().enumerate().filter_map(|(n, fill)| Some((n, (*fill)?)));
        there.min_by_key(|&(n, fill)| (fill, self.load[n])).map(|(n, _)| n)
    }

    /// Takes a node out and ties its neighbours, which are returned.
    fn sum_out(&mut self, node: NodeId) -> Vec<NodeId> {
        let neighbours: Vec<NodeId> = bits(&self.ties[node]).collect();
        self.tie_all(&neighbours);
        for &n in &neighbours {
            // The node itself is one of those that aren't tied to it.
            let untied = self.without(n, node) - 1;
            self.fill[n] = self.fill[n].map(|fill| fill - untied);
            self.ties[n][node / 64] &= !(1 << (node % 64));
            self.load[n] -= self.weight[node];
        }
        self.fill[node] = None;
        neighbours
    }

    fn tie_all(&mut self, nodes: &[NodeId]) {
        for (i, &a) in nodes.iter().enumerate() {
            nodes[i + 1..].iter().for_each(|&b| self.tie(a, b));
        }
    }

    fn tie(&mut self, a: NodeId, b: NodeId) {
        if a == b || self.ties[a][b / 64] >> (b % 64) & 1 == 1 {
            return;
        }
        let both: Vec<u64> = self.ties[a].iter().zip(&self.ties[b]).map(|(a, b)| a & b).collect();
        for n in bits(&both) {
            self.fill[n] = self.fill[n].map(|fill| fill - 1);
        }
        for (n, other) in [(a, b), (b, a)] {
            let untied = self.without(n, other);
            self.fill[n] = self.fill[n].map(|fill| fill + untied);
            self.load[n] += self.weight[other];
        }
        self.ties[a][b / 64] |= 1 << (b % 64);
        self.ties[b][a / 64] |= 1 << (a % 64);
    }

    /// How many neighbours of one node aren't neighbours of another.
    fn without(&self, of: NodeId, other: NodeId) -> usize {
        let pairs = self.ties[of].iter().zip(&self.ties[other]);
        pairs.map(|(a, b)| (a & !b).count_ones() as usize).sum()
    }
}

/// The places of the bits that are set, ascending.
fn bits(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(i, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (bit < 64).then_some(64 * i + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest(tree: &Tree) -> usize {
        tree.shared.iter().map(|shared| shared.len() + 1).max().unwrap_or_default()
    }

    #[test]
    fn a_chain_has_clusters_of_two_and_a_circle_of_three() {
        let chain: Vec<Vec<usize>> = (0..200_usize).map(|i| vec![i, i.saturating_sub(1)]).collect();
        assert_eq!(widest(&Tree::new(200, &chain, |_| 2)), 2);
        let circle: Vec<Vec<usize>> = (0..200).map(|i| vec![i, (i + 1) % 200]).collect();
        assert_eq!(widest(&Tree::new(200, &circle, |_| 2)), 3);
    }

    #[test]
    fn fill_is_the_number_of_untied_pairs_of_neighbours() {
        // A wheel: a hub, a rim of seven, and a chord.
        let mut families: Vec<Vec<usize>> = (0..7).map(|i| vec![i, (i + 1) % 7, 7]).collect();
        families.push(vec![0, 3]);
        let mut graph = Graph::new(8, &families, |_| 2);
        for _ in 0..8 {
            for n in 0..8 {
                let Some(fill) = graph.fill[n] else { continue };
                let around: Vec<usize> = bits(&graph.ties[n]).collect();
                let tied = |a: usize, b: usize| graph.ties[a][0] >> b & 1 == 1;
                let pairs = around.iter().flat_map(|a| around.iter().map(move |b| (*a, *b)));
                assert_eq!(fill, pairs.filter(|&(a, b)| a < b && !tied(a, b)).count());
            }
            let least = graph.least().unwrap();
            graph.sum_out(least);
        }
    }

    #[test]
    fn every_family_is_within_its_cluster_and_stands_below_its_root() {
        // Two parts that aren't tied, and a family of nobody.
        let families = vec![vec![0], vec![1, 0], vec![2, 0], vec![3, 1, 2], vec![5, 4], vec![]];
        let tree = Tree::new(6, &families, |_| 2);
        assert_eq!(tree.families.len(), families.len());
        for (cluster, &(start, end)) in tree.own.iter().enumerate() {
            let node = tree.cluster.iter().position(|c| *c == Some(cluster)).unwrap();
            for &family in &tree.families[start..end] {
                let inside = |n: &usize| *n == node || tree.shared[cluster].contains(n);
                assert!(families[family].iter().all(inside));
            }
            let (from, to) = tree.below[cluster];
            assert!(from <= start && end <= to);
        }
        assert_eq!(tree.below.iter().filter(|b| **b == (0, 6)).count(), 1);
    }
}
