//! Which files a data set is made of: splits, shards, and the part of them that one run makes.

/// A run of specimens with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// `train`, `test`, ...
    pub name: String,
    /// Specimens.
    pub samples: u64,
    /// The place of its first specimen among all that the data set holds.
    pub first: u64,
}

impl Split {
    /// Splits of these sizes, one after another from the first specimen on.
    #[must_use]
    pub fn consecutive(sizes: &[(String, u64)]) -> Vec<Self> {
        let mut first = 0;
        let split = |(name, samples): &(String, u64)| {
            let split = Self { name: name.clone(), samples: *samples, first };
            first += samples;
            split
        };
        sizes.iter().map(split).collect()
    }
}

/// One file of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its name: `SPLIT-00000-of-00003.EXT`.
    pub name: String,
    /// The split's name.
    pub split: String,
    /// The place of its first specimen among all that the data set holds.
    pub first: u64,
    /// Specimens.
    pub rows: u64,
}

/// The shards of all splits in order, each of `size` specimens at the most.
#[must_use]
pub fn shards(splits: &[Split], size: u64, extension: &str) -> Vec<Shard> {
    let size = size.max(1);
    let of_split = |split: &Split| {
        let count = split.samples.div_ceil(size);
        let (name, samples, start) = (split.name.clone(), split.samples, split.first);
        (0..count).map(move |i| Shard {
            name: format!("{name}-{i:05}-of-{count:05}.{extension}"),
            split: name.clone(),
            first: start + i * size,
            rows: size.min(samples - i * size),
        })
    };
    splits.iter().flat_map(of_split).collect()
}

/// The i-th of n parts of the work, i from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which part.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Part {
    /// All of the work.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Whether the shard at this place among all shards belongs to the part.
    #[must_use]
    pub const fn has(self, place: u64) -> bool {
        place % self.of == self.number - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_every_specimen_once() {
        let splits = Split::consecutive(&[("train".into(), 25), ("test".into(), 7)]);
        let all = shards(&splits, 10, "npz");
        let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
        let wanted = [
            "train-00000-of-00003.npz",
            "train-00001-of-00003.npz",
            "train-00002-of-00003.npz",
            "test-00000-of-00001.npz",
        ];
        assert_eq!(names, wanted);
        let mut next = 0;
        for shard in &all {
            assert_eq!(shard.first, next);
            next += shard.rows;
        }
        assert_eq!(next, 32);
    }

    #[test]
    fn parts_share_the_shards_out() {
        for of in 1..5 {
            for place in 0..20 {
                let owners = (1..=of).filter(|&number| Part { number, of }.has(place));
                assert_eq!(owners.count(), 1);
            }
        }
    }
}
