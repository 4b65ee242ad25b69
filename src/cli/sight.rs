//! What `check` says of a scene's styles: where each factor is seen, and what lies beyond its range.

use super::console;
use crate::scene::{Seen, Sight, Stage, strays, visibility};

/// Tells where each factor can be seen, which can't, and what lies beyond the ranges of styles.
pub fn tell(stage: &Stage) {
    let sights = visibility(stage);
    let names = stage.renderers.names();
    let head: Vec<&str> = ["factor"].into_iter().chain(names.iter().copied()).collect();
    let row = |sight: &Sight| {
        let of = |name: &&str| sight.seen.iter().find(|seen| seen.modality == **name).map(cell);
        let cells = names.iter().map(|name| of(name).unwrap_or_default());
        [sight.factor.clone()].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = sights.iter().map(row).collect();
    let samples = sights.iter().flat_map(|s| &s.seen).map(|seen| seen.samples).max().unwrap_or(0);
    console::note(&format!(
        "where each factor's change is seen: slots, with the range that they show where it isn't 0 to \
         1, and the share of {samples} samples that differ from their twin\n{}",
        console::table(&head, &rows)
    ));
    for line in strays(stage) {
        console::note(&line);
    }
    for sight in &sights {
        let Some(why) = sight.unseen() else { continue };
        let name = &sight.factor;
        console::note(&match &sight.through[..] {
            [] => format!("warning: the change of `{name}` is seen nowhere ({why})"),
            through => {
                let through: Vec<String> = through.iter().map(|n| format!("`{n}`")).collect();
                let through = through.join(", ");
                format!("note: the change of `{name}` is seen only by that of {through} ({why})")
            }
        });
    }
}

/// The slots of a modality, and how often they tell the two values apart.
fn cell(seen: &Seen) -> String {
    let slot = |(name, why): &(String, Option<&str>)| {
        why.map_or_else(|| name.clone(), |why| format!("{name} ({why})"))
    };
    let slots: Vec<String> = seen.slots.iter().map(slot).collect();
    let share = match seen.share() {
        share if share > 0.0 && share < 0.005 => "<0.01".to_owned(),
        share => format!("{share:.2}"),
    };
    format!("{} {share}", slots.join(", "))
}
