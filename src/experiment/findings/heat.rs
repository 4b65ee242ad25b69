//! Heat maps: specimens with what their pieces do for sufficiency and for necessity.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use maud::{Markup, html};

use super::Findings;
use crate::experiment::report::media::png_uri;
use crate::measure::suite::{HeatMap, Panel};

/// How many times a grid's cells are enlarged before they are drawn.
const ZOOM: usize = 4;

/// The smallest scale of a map: what changes less is as good as nothing.
const LEAST: f32 = 0.01;

/// The maps of every trial of the first seed.
pub(super) fn heat_maps(findings: &Findings) -> Markup {
    let first = findings.plan.trials.first().map(|trial| trial.seed.to_string());
    let of_first = findings.rows.iter().filter(|row| row.columns.last() == first.as_ref());
    let rows: Vec<_> = of_first.filter(|row| !row.outcome.found.maps.is_empty()).collect();
    html! {
        p.small {
            "Orange speaks for the label, blue against it: for sufficiency what the real branch "
            "loses without the piece, for necessity how much of the counterfactual's flip hangs on "
            "it. Every map has its own scale, the number below it: what its darkest piece changes "
            "in the probability of the label. Changes far below 0.01 are left without colour."
        }
        @for row in rows {
            h3 { (row.outcome.trial) }
            div.sheet {
                @for map in &row.outcome.found.maps { (specimen(map)) }
            }
        }
    }
}

fn specimen(map: &HeatMap) -> Markup {
    html! {
        article.exhibit {
            h3 { "specimen " (map.specimen) ": " (map.label) }
            p.small { "verdict: " (map.verdict) }
            @for panel in &map.panels {
                p.world { (panel.modality) }
                div.worlds {
                    div { (one(panel, &panel.sufficiency)) p.small { "sufficiency, " (most(&panel.sufficiency)) } }
                    div { (one(panel, &panel.necessity)) p.small { "necessity, " (most(&panel.necessity)) } }
                }
            }
        }
    }
}

/// The largest change, as it's shown below a map.
fn most(values: &[f32]) -> String {
    format!("{:.3}", largest(values))
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}

fn one(panel: &Panel, values: &[f32]) -> Markup {
    let scale = largest(values).max(LEAST);
    if let Some((height, width, text)) = &panel.picture {
        let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
        let uri = drawn(panel, *height, *width, &bytes, values, scale);
        return html! {
            @if let Some(uri) = uri { img.picture src=(uri) alt={ "heat map of " (panel.modality) } {} }
        };
    }
    if panel.words.is_empty() {
        return html! { (strip(values, scale)) };
    }
    html! {
        p.words {
            @for (word, value) in panel.words.iter().zip(values) {
                @if !word.is_empty() {
                    span style={ "background:" (tint(value / scale)) } { (word) } " "
                }
            }
        }
    }
}

/// The cells in grey with the colours of their pieces over them.
fn drawn(
    panel: &Panel,
    height: usize,
    width: usize,
    bytes: &[u8],
    values: &[f32],
    scale: f32,
) -> Option<String> {
    if bytes.len() != 3 * height * width || values.len() != panel.height * panel.width {
        return None;
    }
    // Spectrograms are stored frame by frame; a person expects time to the right.
    let upright = panel.modality != "audio";
    let (down, across) = if upright { (height, width) } else { (width, height) };
    let mut rgb = Vec::with_capacity(3 * down * across * ZOOM * ZOOM);
    for y in 0..down * ZOOM {
        for x in 0..across * ZOOM {
            let (row, column) =
                if upright { (y / ZOOM, x / ZOOM) } else { (x / ZOOM, width - 1 - y / ZOOM) };
            let cell = &bytes[3 * (row * width + column)..][..3];
            let grey = cell.iter().map(|&b| f32::from(b)).sum::<f32>() / 3.0;
            let piece = row * panel.height / height * panel.width + column * panel.width / width;
            let share = values[piece] / scale;
            let colour = if share > 0.0 { [232.0, 122.0, 3.0] } else { [58.0, 110.0, 215.0] };
            let weight = share.abs() * 0.8;
            rgb.extend(colour.map(|c| {
                (0.75 * grey * (1.0 - weight) + c * weight + 30.0 * (1.0 - weight)) as u8
            }));
        }
    }
    let side = |cells: usize| u32::try_from(cells * ZOOM).ok();
    png_uri(side(across)?, side(down)?, &rgb).ok()
}

/// A vector as a row of bars, up for the label and down against it.
fn strip(values: &[f32], scale: f32) -> Markup {
    let width = 8 * values.len();
    html! {
        svg.vector viewBox={ "0 0 " (width) " 40" } preserveAspectRatio="none" role="img"
            aria-label="importance of each number" {
            @for (i, value) in values.iter().enumerate() {
                @let share = value / scale;
                @let height = (share.abs() * 19.0).max(0.4);
                @let top = if share > 0.0 { 20.0 - height } else { 20.0 };
                rect x=(8 * i + 1) y=(format!("{top:.2}")) width="6" height=(format!("{height:.2}"))
                    style={ "fill:" (if share > 0.0 { "#e87a03" } else { "#3a6ed7" }) } {}
            }
        }
    }
}

fn tint(share: f32) -> String {
    let part = (share.abs() * 70.0).round();
    let colour = if share > 0.0 { "#e87a03" } else { "#3a6ed7" };
    format!("color-mix(in srgb, {colour} {part}%, transparent)")
}
