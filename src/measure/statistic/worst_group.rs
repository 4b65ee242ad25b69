//! Worst-group accuracy: how right a model is where its shortcut fails.
//!
//! Specimens are put into groups, as a rule one for each label and each value of a spurious factor
//! (Sagawa et al., ICLR 2020). From 0 (the worst group is always judged wrongly) to 1 (every
//! group is always judged rightly). A group of few specimens has an accuracy of little meaning, and
//! the least of several such is near 0 by chance alone: groups below a size are left out, and said.

use std::collections::BTreeMap;

use serde::Serialize;

use super::StatisticError;
use super::error::{at_least, equal};

/// How right a model is in one group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The group's number.
    pub group: usize,
    /// Specimens in it, at least 1.
    pub count: usize,
    /// The share of them that is judged rightly.
    pub accuracy: f64,
}

/// How right a model is in all groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupAccuracy {
    /// The group of least accuracy, the first of several; none where all are too small.
    pub worst: Option<Group>,
    /// The groups that are large enough, by number.
    pub groups: Vec<Group>,
    /// Those that aren't: they don't count.
    pub too_small: Vec<Group>,
}

/// The accuracy of every group, where `right` says of each specimen whether it is judged rightly
/// and `group` where it belongs. Groups of fewer than `minimum` don't count.
///
/// # Errors
/// Lists of different length, or no specimen.
pub fn worst_group(
    right: &[bool],
    group: &[usize],
    minimum: usize,
) -> Result<GroupAccuracy, StatisticError> {
    equal("verdicts and groups", right.len(), group.len())?;
    at_least("specimens", 1, right.len())?;
    let mut tally: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (&right, &group) in right.iter().zip(group) {
        let (hits, count) = tally.entry(group).or_default();
        *hits += usize::from(right);
        *count += 1;
    }
    let all = tally.into_iter().map(|(group, (hits, count))| {
        let accuracy = hits as f64 / count as f64;
        Group { group, count, accuracy }
    });
    let (groups, too_small): (Vec<_>, Vec<_>) = all.partition(|g| g.count >= minimum);
    // `min_by` keeps the first of equal ones.
    let worst = groups.iter().copied().min_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
    Ok(GroupAccuracy { worst, groups, too_small })
}

/// The cells of a label and a binary factor: group `2 label + 1` where the factor is present.
///
/// # Errors
/// Lists of different length.
pub fn cells(label: &[usize], present: &[bool]) -> Result<Vec<usize>, StatisticError> {
    equal("labels and factors", label.len(), present.len())?;
    Ok(label
        .iter()
        .zip(present)
        .map(|(label, present)| 2 * label + usize::from(*present))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_found_and_the_small_are_named() {
        let label = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        let present = [false, false, true, true, true, false, true, true, true, true];
        let right = [true, true, true, false, false, false, true, true, true, false];
        let found = worst_group(&right, &cells(&label, &present).unwrap(), 2).unwrap();
        let group = |group, count, accuracy| Group { group, count, accuracy };
        assert_eq!(found.worst, Some(group(1, 3, 1.0 / 3.0)));
        let groups = [group(0, 2, 1.0), group(1, 3, 1.0 / 3.0), group(3, 4, 0.75)];
        assert_eq!(found.groups, groups);
        assert_eq!(found.too_small, [group(2, 1, 0.0)]);
        // Where every group counts, the single specimen is the worst.
        let all = worst_group(&right, &cells(&label, &present).unwrap(), 1).unwrap();
        assert_eq!(all.worst, Some(group(2, 1, 0.0)));
    }

    #[test]
    fn the_first_of_equally_bad_ones() {
        let found = worst_group(&[true, false, true, false], &[9, 9, 4, 4], 0).unwrap();
        assert_eq!(found.worst.unwrap().group, 4);
    }

    #[test]
    fn all_too_small_or_nothing_at_all() {
        let found = worst_group(&[true], &[0], 2).unwrap();
        assert!(found.worst.is_none() && found.groups.is_empty() && found.too_small.len() == 1);
        assert!(worst_group(&[], &[], 1).is_err() && worst_group(&[true], &[], 1).is_err());
        assert!(cells(&[1], &[]).is_err());
    }
}
