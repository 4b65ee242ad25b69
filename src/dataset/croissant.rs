//! Croissant 1.1: the data set as JSON-LD, for those who search and those who load.
//!
//! Every shard stands there with its checksum. The truth about every factor is a record set of its
//! own, written into the metadata; the rows of Parquet files are described column by column.

use serde_json::{Map, Value, json};

use super::folder::Written;
use super::{Format, NodeKind, Schema, Shard};
use crate::scene::CLASS;

/// The metadata of a complete data set; `written` goes with `shards`.
#[must_use]
pub fn croissant(schema: &Schema, format: Format, shards: &[Shard], written: &[Written]) -> String {
    let splits = splits(shards);
    let mut distribution: Vec<Value> =
        shards.iter().zip(written).map(|(s, w)| file_object(s, format, w)).collect();
    let mut record_sets = vec![split_records(&splits), factor_records(schema)];
    if format == Format::Parquet {
        distribution.push(json!({
            "@type": "cr:FileSet",
            "@id": "rows-files",
            "name": "rows-files",
            "description": "Every shard: one row a specimen.",
            "encodingFormat": format.media_type(),
            "includes": splits.iter().map(|s| format!("{s}-*.parquet")).collect::<Vec<_>>(),
        }));
        record_sets.push(rows(schema));
    }
    let label = &schema.nodes[schema.label].name;
    let metadata = json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": identifier(&schema.scene),
        "description": description(schema),
        "version": "1.0.0",
        "keywords": ["causality", "counterfactual", "multimodal", "synthetic", label],
        "rai:dataCollection": format!(
            "Simulated from a structural causal model under the regime `{}`, seed {}.",
            schema.regime, schema.seed
        ),
        "rai:dataBiases": "Spurious factors go with the label by design; scm.json tells which.",
        "rai:personalSensitiveInformation": "None: nothing in it was recorded from the real world.",
        "distribution": distribution,
        "recordSet": record_sets,
    });
    // Plain strings and numbers always have a form in JSON.
    let mut text = serde_json::to_string_pretty(&metadata).unwrap_or_default();
    text.push('\n');
    text
}

/// The context that Croissant 1.1 prescribes.
fn context() -> Value {
    let mut context = Map::new();
    let mut add = |key: &str, value: Value| drop(context.insert(key.to_owned(), value));
    add("@language", json!("en"));
    add("@vocab", json!("https://schema.org/"));
    add("cr", json!("http://mlcommons.org/croissant/"));
    add("rai", json!("http://mlcommons.org/croissant/RAI/"));
    add("dct", json!("http://purl.org/dc/terms/"));
    add("sc", json!("https://schema.org/"));
    add("conformsTo", json!("dct:conformsTo"));
    add("data", json!({"@id": "cr:data", "@type": "@json"}));
    add("dataType", json!({"@id": "cr:dataType", "@type": "@vocab"}));
    add("examples", json!({"@id": "cr:examples", "@type": "@json"}));
    for term in [
        "citeAs",
        "column",
        "equivalentProperty",
        "extract",
        "field",
        "fileProperty",
        "fileObject",
        "fileSet",
        "format",
        "includes",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
        "references",
        "regex",
        "repeated",
        "replace",
        "samplingRate",
        "separator",
        "source",
        "subField",
        "transform",
    ] {
        add(term, json!(format!("cr:{term}")));
    }
    Value::Object(context)
}

fn description(schema: &Schema) -> String {
    let shown = schema.modalities().join(", ");
    let about = if schema.about.is_empty() { String::new() } else { format!("{} ", schema.about) };
    format!(
        "{about}Specimens of a structural causal model shown as {shown}, with their factors, their \
         noise and the exact probabilities of necessity and sufficiency of every factor."
    )
}

/// A name that Croissant takes: letters, digits, `-`, `_`.
fn identifier(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().map(allowed).collect()
}

fn splits(shards: &[Shard]) -> Vec<&str> {
    let mut all: Vec<&str> = shards.iter().map(|s| s.split.as_str()).collect();
    all.dedup();
    all
}

fn file_object(shard: &Shard, format: Format, written: &Written) -> Value {
    json!({
        "@type": "cr:FileObject",
        "@id": shard.name,
        "name": shard.name,
        "description": format!("{} specimens of the split {}.", shard.rows, shard.split),
        "contentUrl": shard.name,
        "contentSize": format!("{} B", written.bytes),
        "encodingFormat": format.media_type(),
        "sha256": written.hex(),
    })
}

fn split_records(splits: &[&str]) -> Value {
    let data: Vec<Value> = splits.iter().map(|s| json!({"splits/name": s})).collect();
    json!({
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [{
            "@type": "cr:Field",
            "@id": "splits/name",
            "name": "name",
            "description": "The split's name; its files begin with it.",
            "dataType": "sc:Text",
        }],
        "data": data,
    })
}

/// What is true of every factor, written out.
fn factor_records(schema: &Schema) -> Value {
    let field = |name: &str, kind: &str, description: &str| {
        json!({
            "@type": "cr:Field",
            "@id": format!("factors/{name}"),
            "name": name,
            "description": description,
            "dataType": kind,
        })
    };
    let fields = [
        field("name", "sc:Text", "The factor's name."),
        field("role", "sc:Text", "What it is to the label: Snc, Sc, Nc, Spurious or Nuisance."),
        field("pn", "sc:Float", "Probability of necessity."),
        field("ps", "sc:Float", "Probability of sufficiency."),
        field("pns", "sc:Float", "Probability of necessity and sufficiency."),
    ];
    let data: Vec<Value> = schema
        .nodes
        .iter()
        .filter_map(|node| match &node.kind {
            NodeKind::Factor { role, truths, .. } => Some(json!({
                "factors/name": node.name,
                "factors/role": role.to_string(),
                "factors/pn": truths[CLASS].forward.pn,
                "factors/ps": truths[CLASS].forward.ps,
                "factors/pns": truths[CLASS].forward.pns,
            })),
            NodeKind::Confounder | NodeKind::Label => None,
        })
        .collect();
    json!({
        "@type": "cr:RecordSet",
        "@id": "factors",
        "name": "factors",
        "description": "The generating factors and the truth about them.",
        "key": {"@id": "factors/name"},
        "field": fields,
        "data": data,
    })
}

/// The rows of Parquet files: what is shown and what is asked for, world by world.
fn rows(schema: &Schema) -> Value {
    let field = |name: &str, kind: &str, description: &str, within: Option<&str>| {
        let mut source = json!({
            "fileSet": {"@id": "rows-files"},
            "extract": {"column": name},
        });
        if let (Some(within), Some(source)) = (within, source.as_object_mut()) {
            source.insert("transform".to_owned(), json!({"jsonPath": within}));
        }
        json!({
            "@type": "cr:Field",
            "@id": format!("rows/{name}"),
            "name": name,
            "description": description,
            "dataType": kind,
            "source": source,
        })
    };
    let mut fields = vec![field("index", "sc:Integer", "The specimen's index.", None)];
    for suffix in schema.suffixes("_") {
        let whose = match suffix.strip_prefix("_cf") {
            None => "the specimen".to_owned(),
            Some("") => "its twin".to_owned(),
            Some(factor) => format!("the twin of {}", factor.trim_start_matches('_')),
        };
        let mut add = |name: &str, kind: &str, what: &str, within: Option<&str>| {
            let description = format!("{what} of {whose}.");
            fields.push(field(&format!("{name}{suffix}"), kind, &description, within));
        };
        if schema.image.is_some() {
            add("image", "sc:ImageObject", "The picture (PNG)", Some("bytes"));
        }
        if schema.audio.is_some() {
            add("audio", "sc:AudioObject", "The sound (WAV)", Some("bytes"));
        }
        if schema.text.is_some() {
            add("text", "sc:Text", "The sentence", None);
        }
        add("label", "sc:Integer", "The class", None);
    }
    json!({
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "description": "One row a specimen.",
        "key": {"@id": "rows/index"},
        "field": fields,
    })
}
