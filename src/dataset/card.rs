//! The data card: `README.md`, with the front matter that Hugging Face reads.

use std::fmt::Write as _;

use super::{Format, NodeKind, Request, Schema, TwinCount, TwinCounts, Twins};
use crate::scene::CLASS;

/// The card of a data set; a function of the request alone. What is counted of its twins is known
/// once every shard is there.
#[must_use]
pub fn card(
    schema: &Schema,
    format: Format,
    request: &Request,
    counts: Option<&TwinCounts>,
) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = front_matter(&mut text, schema, format, request);
    let _ = body(&mut text, schema, format, request, counts);
    text
}

fn front_matter(
    out: &mut String,
    schema: &Schema,
    format: Format,
    request: &Request,
) -> std::fmt::Result {
    let splits = request.splits();
    writeln!(out, "---")?;
    writeln!(out, "pretty_name: {}", quoted(&format!("{} (twinworld)", schema.scene)))?;
    writeln!(out, "tags:")?;
    for tag in ["causality", "counterfactual", "multimodal", "synthetic", "twinworld"] {
        writeln!(out, "- {tag}")?;
    }
    writeln!(out, "size_categories:\n- {}", size_category(splits.iter().map(|s| s.samples).sum()))?;
    writeln!(out, "configs:\n- config_name: default\n  data_files:")?;
    for split in &splits {
        writeln!(out, "  - split: {}", split.name)?;
        writeln!(out, "    path: {}", quoted(&format!("{}-*.{}", split.name, format.extension())))?;
    }
    writeln!(out, "---\n")
}

fn body(
    out: &mut String,
    schema: &Schema,
    format: Format,
    request: &Request,
    counts: Option<&TwinCounts>,
) -> std::fmt::Result {
    writeln!(out, "# {}\n", schema.scene)?;
    if !schema.about.is_empty() {
        writeln!(out, "{}\n", schema.about)?;
    }
    writeln!(
        out,
        "Specimens of a structural causal model, shown as {}. Regime `{}`, seed {}. Made by \
         twinworld {}.\n",
        schema.modalities().join(", "),
        schema.regime,
        schema.seed,
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(out, "## Splits\n\n| split | specimens | indices in the stream of the seed |")?;
    writeln!(out, "| --- | --- | --- |")?;
    for split in request.splits() {
        let last = (split.first + split.samples).saturating_sub(1);
        writeln!(out, "| `{}` | {} | {} to {last} |", split.name, split.samples, split.first)?;
    }
    writeln!(
        out,
        "\nIndices count from the beginning of the training stream: `twinworld train` on the scene \
         with this seed learns from the same specimens, so a model that is to be tested on these \
         files needs another seed, or `twinworld train --data` on this folder.\n"
    )?;
    worlds(out, schema)?;
    if let Some(counts) = counts {
        identical(out, schema, counts)?;
    }
    truth(out, schema)?;
    writeln!(out, "## How to read it\n\n{}", reading(schema, format))?;
    writeln!(
        out,
        "`scm.json` holds the graph, the mechanisms, the roles, the truth and the regimes; \
         `adjacency.npy` the graph as a matrix, whose entry [i, j] is 1 where node i is a parent of \
         node j; `scene.ron` makes it all again. `SHA256SUMS` is for `sha256sum -c`, \
         `croissant.json` for `mlcroissant`."
    )
}

fn worlds(out: &mut String, schema: &Schema) -> std::fmt::Result {
    writeln!(out, "## Worlds\n")?;
    if !schema.operations.is_empty() {
        let done: Vec<String> = schema
            .operations
            .iter()
            .map(|(node, value)| format!("`{}={value}`", schema.nodes[*node].name))
            .collect();
        writeln!(out, "Every world lives under do({}).\n", done.join(", "))?;
    }
    match &schema.twins {
        Twins::None => writeln!(out, "Each specimen is shown in the real world alone: no twins.\n"),
        Twins::Under(operation) => writeln!(
            out,
            "Each specimen comes with its twin: the same noise under do({operation}). What the \
             operation doesn't reach is the same to the bit.\n"
        ),
        Twins::EachFactor => writeln!(
            out,
            "Each specimen comes with one twin per factor: the same noise under a do-operation that \
             puts the factor at the far end of its contrast (absent is made present, anything else \
             absent). What the operation doesn't reach is the same to the bit.\n"
        ),
        Twins::Contrasts => writeln!(
            out,
            "Each specimen comes with four twins per factor, with the same noise: the factor is put to \
             either end of its contrast, and what depends on it follows (`:absent`, `:present`), or \
             nothing changes but what the factor itself shows (`:absent:direct`, `:present:direct`; \
             the label is then that of the specimen).\n"
        ),
    }
}

/// Which twins can't be told from their specimens though a factor differs.
fn identical(out: &mut String, schema: &Schema, counts: &TwinCounts) -> std::fmt::Result {
    if counts.0.iter().all(|count| count.identical == 0) {
        let some = counts.0.iter().any(|count| count.changed > 0);
        let line = "Every twin in which a factor differs is shown otherwise than its specimen.\n";
        return if some { writeln!(out, "{line}") } else { Ok(()) };
    }
    writeln!(
        out,
        "Some twins in which a factor differs are shown as their specimen is, to the bit, because \
         nothing shows the factor, or shows it now and then:\n"
    )?;
    writeln!(out, "| twin | a factor differs | shown the same |\n| --- | --- | --- |")?;
    for (name, TwinCount { changed, identical }) in schema.twin_names().iter().zip(&counts.0) {
        writeln!(out, "| `{name}` | {changed} | {identical} |")?;
    }
    writeln!(out, "\n`scm.json` has these numbers under `twin_counts`.\n")
}

fn truth(out: &mut String, schema: &Schema) -> std::fmt::Result {
    let class = schema.classes.get(CLASS).map_or("", String::as_str);
    writeln!(out, "## Factors\n\nWhat makes a specimen `{class}`:\n")?;
    writeln!(out, "| factor | role | absent, present | PN | PS | PNS |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    let mut counted = false;
    for node in &schema.nodes {
        let NodeKind::Factor { role, contrast: (absent, present), truths, .. } = &node.kind else {
            continue;
        };
        let truth = &truths[CLASS];
        let share = |p: Option<f64>| p.map_or_else(|| "–".to_owned(), |p| format!("{p:.4}"));
        counted |= !truth.is_exact();
        writeln!(
            out,
            "| `{}` | {} | {absent}, {present} | {} | {} | {:.4} |",
            node.name,
            role.description(),
            share(truth.forward.pn),
            share(truth.forward.ps),
            truth.forward.pns
        )?;
    }
    writeln!(
        out,
        "\nPN is the probability of necessity (without the factor, would the label be gone?), PS of \
         sufficiency (with it, would the label come?), PNS of both at once. {}\n",
        if counted {
            "Exact where the noise is finite, else counted over replayed twins; `scm.json` has the \
             intervals."
        } else {
            "They are exact: summed over all of the noise."
        }
    )
}

fn reading(schema: &Schema, format: Format) -> String {
    let first = "train";
    let has_twins = schema.twins != Twins::None;
    match format {
        Format::Npz => format!(
            "```python\nimport glob, numpy as np\nshards = [np.load(f) for f in \
             sorted(glob.glob(\"{first}-*.npz\"))]\ny = np.concatenate([s[\"y\"] for s in \
             shards])\n```\n\nKeys: {}. Nothing is pickled.\n",
            npz_keys(schema, has_twins)
        ),
        Format::Parquet => {
            "```python\nfrom datasets import Audio, load_dataset\ndata = load_dataset(\"path/to/\
             this/folder\")\ndata = data.cast_column(\"audio\", Audio(decode=False))  # WAV bytes, \
             without torchcodec\n```\n"
                .to_owned()
        }
        Format::WebDataset => {
            "```python\nimport glob, webdataset\ndata = webdataset.WebDataset(sorted(glob.glob(\
             \"train-*.tar\")), shardshuffle=False)\nsample = next(iter(data.decode(\"rgb8\")))  # \
             keys png, wav, txt, json, and cf.png and so on\n```\n"
                .to_owned()
        }
    }
}

fn npz_keys(schema: &Schema, has_twins: bool) -> String {
    let mut keys: Vec<String> = Vec::new();
    keys.extend(schema.image.map(|_| "images".to_owned()));
    keys.extend(schema.audio.map(|_| "audio".to_owned()));
    if schema.text.is_some() {
        keys.extend(["text".to_owned(), "tokens".to_owned()]);
    }
    keys.extend(schema.vectors.iter().map(|v| format!("vectors_{}", v.name)));
    let facts = ["latents", "confounders", "targets", "target_values", "y"];
    keys.extend(facts.map(str::to_owned));
    let both = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let again = if has_twins { " (each again with `_cf` for the twins)" } else { "" };
    format!(
        "{both}{again}, `epsilon` (the noise), `index`, `present`; of all specimens `keys`, `roles`, \
         `contrast`, `pn`, `ps`, `pns`, `exact`, `node_keys`, `adjacency`, `confounder_keys`, \
         `twin_keys`, `modalities`, `classes`, `vocabulary`, `sampling_rate`, `regime`, `scene`, \
         `seed`"
    )
}

/// The class that Hugging Face sorts data sets of this size into.
fn size_category(samples: u64) -> &'static str {
    match samples {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        1_000_000..10_000_000 => "1M<n<10M",
        _ => "n>10M",
    }
}

/// A string as YAML takes it, whatever is in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
