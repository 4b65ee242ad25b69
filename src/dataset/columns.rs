//! The columns of an NPZ: what each shows of a world, and what is true of all specimens.

use std::io;
use std::sync::Arc;

use super::media::append_samples;
use super::npy::{append, append_unicode, array, strings};
use super::{NodeKind, Schema, World};
use crate::causal::causation::Truth;
use crate::scene::CLASS;

/// A column that specimens and twins have alike.
pub struct Both {
    /// Its key.
    pub key: String,
    /// Its type, as NumPy writes it.
    pub dtype: String,
    /// Its shape per world.
    pub shape: Vec<u64>,
    /// The place of the modality that it shows, if it shows one.
    pub modality: Option<usize>,
    /// What it shows.
    pub shown: Shown,
}

/// Appends what a column shows of a world.
pub type Shown = Arc<dyn Fn(&Schema, &World, &mut Vec<u8>) + Send + Sync>;

/// The columns that specimens and twins have alike.
pub fn shown_columns(schema: &Schema) -> Vec<Both> {
    let names = schema.modalities();
    let mut all = Vec::new();
    let mut add = |key: &str, of: &str, dtype: &str, shape: &[usize], shown: Shown| {
        all.push(Both {
            key: key.to_owned(),
            dtype: dtype.to_owned(),
            shape: shape.iter().map(|&n| n as u64).collect(),
            modality: names.iter().position(|name| *name == of),
            shown,
        });
    };
    if let Some(image) = schema.image {
        let shown: Shown = Arc::new(|_, world, out| out.extend_from_slice(&world.image));
        add("images", "image", "|u1", &[image.height, image.width, 3], shown);
    }
    if let Some(audio) = schema.audio {
        let shown: Shown = Arc::new(|_, world, out| append_samples(&world.audio, out));
        add("audio", "audio", "<i2", &[audio.samples], shown);
    }
    if let Some(text) = &schema.text {
        let widest = text.widest();
        let shown: Shown = Arc::new(move |_, world, out| append_unicode(&world.text, widest, out));
        add("text", "text", &format!("<U{widest}"), &[], shown);
        let shown: Shown = Arc::new(|_, world, out| append(out, world.tokens.iter().copied()));
        add("tokens", "text", "<u2", &[text.length], shown);
    }
    for (i, vector) in schema.vectors.iter().enumerate() {
        let key = format!("vectors_{}", vector.name);
        let shown: Shown =
            Arc::new(move |_, world, out| append(out, world.vectors[i].iter().copied()));
        add(&key, &vector.name, "<f4", &[vector.width], shown);
    }
    let shown: Shown = Arc::new(|schema, world, out| {
        append(out, schema.factors.iter().map(|&node| world.values[node] as f32));
    });
    add("latents", "", "<f4", &[schema.factors.len()], shown);
    let shown: Shown = Arc::new(|schema, world, out| {
        append(out, schema.confounders.iter().map(|&node| world.values[node] as f32));
    });
    add("confounders", "", "<f4", &[schema.confounders.len()], shown);
    let nodes = [schema.nodes.len()];
    let shown: Shown = Arc::new(|schema, world, out| {
        let hit = |node: usize| world.interventions.iter().any(|(n, _)| *n == node);
        append(out, (0..schema.nodes.len()).map(hit));
    });
    add("targets", "", "|b1", &nodes, shown);
    let shown: Shown = Arc::new(|schema, world, out| {
        let on = |node: usize| world.interventions.iter().find(|(n, _)| *n == node);
        append(out, (0..schema.nodes.len()).map(|node| on(node).map_or(0.0, |(_, value)| *value)));
    });
    add("target_values", "", "<f8", &nodes, shown);
    let shown: Shown = Arc::new(|_, world, out| append(out, [world.label as i64]));
    add("y", "", "<i8", &[], shown);
    all
}

/// The arrays that are true of all specimens, as whole `.npy` files.
///
/// # Errors
/// None but for want of memory.
pub fn constants(schema: &Schema) -> io::Result<Vec<(&'static str, Vec<u8>)>> {
    let factors: Vec<_> = schema
        .factors
        .iter()
        .filter_map(|&n| match &schema.nodes[n].kind {
            NodeKind::Factor { role, contrast, truths, .. } => Some((*role, *contrast, truths)),
            NodeKind::Confounder | NodeKind::Label => None,
        })
        .collect();
    let roles: Vec<String> = factors.iter().map(|(role, ..)| role.to_string()).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let (f, v) = (factors.len() as u64, schema.nodes.len() as u64);
    let nodes: Vec<usize> = (0..schema.nodes.len()).collect();
    let twins = schema.twin_names();
    let classes: Vec<&str> = schema.classes.iter().map(String::as_str).collect();
    // What is undefined is no number.
    let number = |p: Option<f64>| p.unwrap_or(f64::NAN);
    let of_class = |pick: fn(&Truth) -> Option<f64>| {
        let all: Vec<f64> = factors.iter().map(|(.., t)| number(pick(&t[CLASS]))).collect();
        all.into_iter()
    };
    let directions =
        factors.iter().flat_map(|(.., t)| t.iter()).flat_map(|t| [t.forward, t.reversed]);
    let by_class: Vec<f64> = directions.flat_map(|d| [number(d.pn), number(d.ps), d.pns]).collect();
    let mut all = vec![
        ("keys", strings(&schema.names(&schema.factors))?),
        ("roles", strings(&roles)?),
        ("contrast", array("<f8", &[f, 2], factors.iter().flat_map(|(_, (a, b), _)| [*a, *b]))?),
        ("pn", array("<f8", &[f], of_class(|t| t.forward.pn))?),
        ("ps", array("<f8", &[f], of_class(|t| t.forward.ps))?),
        ("pns", array("<f8", &[f], of_class(|t| Some(t.forward.pns)))?),
        ("truth", array("<f8", &[f, schema.classes.len() as u64, 2, 3], by_class)?),
        ("exact", array("|b1", &[f], factors.iter().map(|(.., t)| t[CLASS].is_exact()))?),
        ("node_keys", strings(&schema.names(&nodes))?),
        ("adjacency", array("|u1", &[v, v], super::adjacency(schema))?),
        ("confounder_keys", strings(&schema.names(&schema.confounders))?),
        ("twin_keys", strings(&twins.iter().map(String::as_str).collect::<Vec<_>>())?),
        ("modalities", strings(&schema.modalities())?),
        ("classes", strings(&classes)?),
        ("regime", strings(&[&schema.regime])?),
        ("scene", strings(&[&schema.scene])?),
        ("seed", array("<u8", &[1], [schema.seed])?),
    ];
    if let Some(audio) = schema.audio {
        all.push(("sampling_rate", array("<i8", &[1], [i64::from(audio.rate)])?));
    }
    if let Some(text) = &schema.text {
        let words: Vec<&str> = text.vocabulary.iter().map(String::as_str).collect();
        all.push(("vocabulary", strings(&words)?));
    }
    Ok(all)
}
