//! The causal model as JSON: graph, mechanisms, roles, truth, regimes.

use std::io;

use serde_json::{Map, Value, json};

use super::facts::Number;
use super::npy::array;
use super::{NodeKind, Schema, Twins};
use crate::causal::Domain;
use crate::causal::causation::Direction;
use crate::scene::{CLASS, Stage};

/// The adjacency matrix, row by row: entry `[i, j]` is 1 where node i is a parent of node j.
#[must_use]
pub fn adjacency(schema: &Schema) -> Vec<u8> {
    let nodes = schema.nodes.len();
    let entry = |i: usize| (0..nodes).map(move |j| u8::from(schema.nodes[j].parents.contains(&i)));
    (0..nodes).flat_map(entry).collect()
}

/// The adjacency matrix as a `.npy` file.
///
/// # Errors
/// None but for want of memory.
pub fn adjacency_file(schema: &Schema) -> io::Result<Vec<u8>> {
    let nodes = schema.nodes.len() as u64;
    array("|u1", &[nodes, nodes], adjacency(schema))
}

/// The model that is played: nodes with kind, domain, parents, role and truth.
#[must_use]
pub fn scm_json(schema: &Schema) -> Value {
    let nodes: Vec<Value> = (0..schema.nodes.len()).map(|node| node_json(schema, node)).collect();
    let edges = schema.nodes.iter().flat_map(|node| {
        node.parents.iter().map(|&parent| json!([schema.nodes[parent].name, node.name]))
    });
    let width = schema.nodes.len().max(1);
    let adjacency: Vec<Vec<u8>> = adjacency(schema).chunks(width).map(<[u8]>::to_vec).collect();
    let operations = schema
        .operations
        .iter()
        .map(|(node, value)| (schema.nodes[*node].name.clone(), json!(Number(*value))));
    json!({
        "scene": schema.scene,
        "about": schema.about,
        "seed": schema.seed,
        "regime": schema.regime,
        "operations": Value::Object(operations.collect()),
        "twins": match &schema.twins {
            Twins::None => "none",
            Twins::Under(operation) => operation,
            Twins::EachFactor => "each-factor",
            Twins::Contrasts => "contrasts",
        },
        "label": {
            "name": schema.nodes[schema.label].name,
            "classes": schema.classes,
            "class_of_interest": CLASS,
        },
        "modalities": schema.modalities(),
        "media": media(schema),
        "nodes": nodes,
        "edges": edges.collect::<Vec<_>>(),
        "adjacency": adjacency,
    })
}

/// [`scm_json`] with what only the scene's declaration says: mechanisms, and what regimes change.
#[must_use]
pub fn declared_json(schema: &Schema, stage: &Stage) -> Value {
    let mut model = scm_json(schema);
    let scene = &stage.scene;
    let confounders = scene.confounders.iter().map(|c| (&c.name, &c.mechanism));
    let factors = scene.factors.iter().map(|f| (&f.name, &f.mechanism));
    let label = [(&scene.label.name, &scene.label.mechanism)];
    let mechanisms: Map<String, Value> = confounders
        .chain(factors)
        .chain(label)
        .filter_map(|(name, mechanism)| Some((name.clone(), serde_json::to_value(mechanism).ok()?)))
        .collect();
    let regimes: Map<String, Value> = stage
        .regimes
        .iter()
        .filter_map(|r| Some((r.name.clone(), serde_json::to_value(&r.changes).ok()?)))
        .collect();
    if let Some(model) = model.as_object_mut() {
        model.insert("mechanisms".to_owned(), Value::Object(mechanisms));
        model.insert("regimes".to_owned(), Value::Object(regimes));
    }
    model
}

/// What the files of each modality hold.
fn media(schema: &Schema) -> Value {
    let mut all = Map::new();
    if let Some(image) = schema.image {
        let said = json!({"width": image.width, "height": image.height, "channels": 3});
        all.insert("image".to_owned(), said);
    }
    if let Some(audio) = schema.audio {
        let said = json!({"sampling_rate": audio.rate, "samples": audio.samples});
        all.insert("audio".to_owned(), said);
    }
    if let Some(text) = &schema.text {
        let said = json!({"length": text.length, "vocabulary": text.vocabulary});
        all.insert("text".to_owned(), said);
    }
    for vector in &schema.vectors {
        all.insert(vector.name.clone(), json!({"width": vector.width}));
    }
    Value::Object(all)
}

fn node_json(schema: &Schema, node: usize) -> Value {
    let spec = &schema.nodes[node];
    let mut object = Map::new();
    let mut add = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
    add("name", json!(spec.name));
    add(
        "kind",
        json!(match spec.kind {
            NodeKind::Confounder => "confounder",
            NodeKind::Factor { .. } => "factor",
            NodeKind::Label => "label",
        }),
    );
    add(
        "domain",
        match spec.domain {
            Domain::Binary => json!("binary"),
            Domain::Categorical(_) => json!("categorical"),
            Domain::Continuous => json!("continuous"),
        },
    );
    add("values", json!(spec.domain.size()));
    add("parents", json!(schema.names(&spec.parents)));
    if let NodeKind::Factor { role, contrast: (absent, present), truths, shown_in } = &spec.kind {
        add("role", json!(role.to_string()));
        add("contrast", json!({"absent": Number(*absent), "present": Number(*present)}));
        add("shown_in", json!(shown_in));
        let truth = &truths[CLASS];
        add("pn", json!(truth.forward.pn));
        add("ps", json!(truth.forward.ps));
        add("pns", json!(truth.forward.pns));
        add("exact", json!(truth.is_exact()));
        if let Some([pn, ps, pns]) = truth.intervals {
            add("intervals", json!({"pn": pn, "ps": ps, "pns": pns}));
        }
        let ways = truths.iter().zip(&schema.classes).map(|(truth, class)| {
            let [forward, reversed] = [truth.forward, truth.reversed].map(direction);
            json!({"class": class, "forward": forward, "reversed": reversed})
        });
        add("truth", Value::Array(ways.collect()));
    }
    Value::Object(object)
}

/// PN, PS and PNS of a direction; null where undefined.
fn direction(found: Direction) -> Value {
    json!({"pn": found.pn, "ps": found.ps, "pns": found.pns})
}
