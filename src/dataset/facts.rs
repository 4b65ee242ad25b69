//! What is true of one world of a record, as JSON: everything but what is shown.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{NodeKind, Record, Schema, World};
use crate::causal::NodeId;

/// The JSON object beside the picture, sound and sentence of one world.
#[derive(serde::Serialize)]
pub struct Facts<'a> {
    index: u64,
    y: usize,
    label: Option<&'a str>,
    factors: Values<'a>,
    confounders: Values<'a>,
    exogenous: Values<'a>,
    interventions: Interventions<'a>,
    roles: Roles<'a>,
    present: Present<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<&'a [u16]>,
}

impl<'a> Facts<'a> {
    /// The facts of one world of a record; `tokens` where it has a sentence.
    #[must_use]
    pub fn of(
        schema: &'a Schema,
        record: &'a Record,
        world: &'a World,
        tokens: Option<&'a [u16]>,
    ) -> Self {
        let values = &world.values[..];
        Self {
            index: record.index,
            y: world.label,
            label: schema.classes.get(world.label).map(String::as_str),
            factors: Values { schema, nodes: Some(&schema.factors), values },
            confounders: Values { schema, nodes: Some(&schema.confounders), values },
            exogenous: Values { schema, nodes: None, values: &record.exogenous },
            interventions: Interventions { schema, done: &world.interventions },
            roles: Roles(schema),
            present: Present { schema, record },
            tokens,
        }
    }
}

/// Values by node name: of some nodes, or of all.
struct Values<'a> {
    schema: &'a Schema,
    nodes: Option<&'a [NodeId]>,
    values: &'a [f64],
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut entry = |node: NodeId| {
            map.serialize_entry(&self.schema.nodes[node].name, &Number(self.values[node]))
        };
        match self.nodes {
            Some(nodes) => nodes.iter().try_for_each(|&node| entry(node))?,
            None => (0..self.schema.nodes.len()).try_for_each(entry)?,
        }
        map.end()
    }
}

/// The nodes that are intervened on, with their values.
struct Interventions<'a> {
    schema: &'a Schema,
    done: &'a [(NodeId, f64)],
}

impl Serialize for Interventions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = |node: NodeId| &self.schema.nodes[node].name;
        serializer.collect_map(self.done.iter().map(|&(node, v)| (name(node), Number(v))))
    }
}

/// The role of every factor.
struct Roles<'a>(&'a Schema);

impl Serialize for Roles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let roles = self.0.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Factor { role, .. } => Some((&node.name, *role)),
            NodeKind::Confounder | NodeKind::Label => None,
        });
        serializer.collect_map(roles)
    }
}

/// Which modalities the specimen has.
struct Present<'a> {
    schema: &'a Schema,
    record: &'a Record,
}

impl Serialize for Present<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.schema.modalities().into_iter().enumerate();
        serializer.collect_map(all.map(|(i, name)| (name, self.record.has(i))))
    }
}

/// A whole number is written as one, so that a binary factor reads 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < 1e15 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
