//! What is counted of the twins of a data set, shard by shard.

use crate::dataset::{DatasetError, Folder, Schema, Shard, TwinCounts};
use crate::experiment::Collector;

/// What was noted of the twins of all shards, where all are there.
pub fn noted(folder: &Folder, shards: &[Shard]) -> Option<TwinCounts> {
    let mut all = TwinCounts::default();
    for shard in shards {
        all.add(&folder.twins(shard).filter(|_| folder.has(shard))?);
    }
    Some(all)
}

/// What is counted of the twins of all shards: as it was noted, or by playing them again.
pub fn recounted(
    folder: &Folder,
    schema: &Schema,
    shards: &[Shard],
    frame: usize,
    collector: impl Fn() -> Collector,
) -> Result<TwinCounts, DatasetError> {
    let mut all = TwinCounts::default();
    let mut player = None;
    for shard in shards {
        if let Some(counts) = folder.twins(shard) {
            all.add(&counts);
            continue;
        }
        let player = player.get_or_insert_with(&collector);
        let mut counts = TwinCounts::default();
        let end = shard.first + shard.rows;
        for first in (shard.first..end).step_by(frame) {
            let rows = usize::try_from(end - first).unwrap_or(frame);
            counts.add(&TwinCounts::of(schema, player.collect(first, rows)));
        }
        folder.note_twins(shard, &counts)?;
        all.add(&counts);
    }
    Ok(all)
}
