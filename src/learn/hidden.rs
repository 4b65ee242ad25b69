//! Which modalities a model isn't shown in a pass.

/// Modalities that are hidden, alike in all specimens of a batch or in each its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// A row for every specimen, or one for all of them; nothing where nothing is hidden.
    marks: Vec<bool>,
    modalities: usize,
}

impl Hidden {
    /// The same modalities in every specimen: true for those that are hidden.
    #[must_use]
    pub fn alike(marks: Vec<bool>) -> Self {
        Self { modalities: marks.len(), marks }
    }

    /// For each specimen a row with true for the `modalities` that are hidden in it.
    #[must_use]
    pub const fn each(modalities: usize, marks: Vec<bool>) -> Self {
        Self { marks, modalities }
    }

    /// Whether anything is hidden.
    #[must_use]
    pub fn any(&self) -> bool {
        self.marks.contains(&true)
    }

    /// Whether a modality is hidden in a specimen. Twins are shown what their specimen is.
    #[must_use]
    pub fn hides(&self, row: usize, modality: usize) -> bool {
        let row = if self.marks.len() > self.modalities { row } else { 0 };
        self.marks.get(row * self.modalities + modality).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_stands_for_all_and_several_for_one_each() {
        let nothing = Hidden::default();
        assert!(!nothing.any() && !nothing.hides(3, 1));
        let alike = Hidden::alike(vec![false, true]);
        assert!(alike.any() && alike.hides(0, 1) && alike.hides(7, 1) && !alike.hides(7, 0));
        let each = Hidden::each(2, vec![true, false, false, true]);
        let found = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(row, m)| each.hides(row, m));
        assert_eq!(found, [true, false, false, true]);
    }
}
