//! What the files of a folder hold, and what they say of all specimens.

use crate::causal::Reach;
use crate::causal::causation::Direction;
use crate::scene::CLASS;

/// What the files of a folder hold, and what they say of all specimens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shapes {
    /// The modalities, in the order image, audio, text, vectors.
    pub media: Vec<Medium>,
    /// The words for the classes.
    pub classes: Vec<String>,
    /// The names of the factors; empty where they aren't stored.
    pub keys: Vec<String>,
    /// The role of each factor, in words; empty where they aren't stored.
    pub roles: Vec<String>,
    /// The values (absent, present) of each factor; (0, 1) where they aren't stored.
    pub contrast: Vec<(f64, f64)>,
    /// PN, PS and PNS of each factor, class by class, forward and reversed; empty where they aren't
    /// stored. A PNS that isn't known is no number.
    pub truth: Vec<Vec<[Direction; 2]>>,
    /// The names of the twins: the do-operation of a single one, the factor of each of several.
    pub twins: Vec<String>,
    /// The scene's name, where it's stored.
    pub scene: Option<String>,
}

/// One modality.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// Its name: `image`, `audio`, `text`, or the vector's.
    pub name: String,
    /// The key of its array in the file.
    pub key: String,
    /// Its place in the mask of present modalities.
    pub place: usize,
    /// Stored numbers per specimen.
    pub width: usize,
    /// What its numbers are.
    pub kind: Kind,
}

/// What the numbers of a modality are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Brightness from 0 to 255, as many channels to a pixel as the numbers give.
    Pixels {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },
    /// Samples of 16 bits, so many a second.
    Sound {
        /// Samples per second.
        rate: u32,
    },
    /// Token ids below this number; 0 is padding.
    Words {
        /// The size of the vocabulary.
        vocabulary: usize,
    },
    /// Numbers as they are.
    Numbers,
}

impl Shapes {
    /// Why another file doesn't fit, if it doesn't.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let names =
            |shapes: &Self| -> Vec<String> { shapes.media.iter().map(|m| m.key.clone()).collect() };
        if names(self) != names(other) {
            return Some(format!(
                "it holds {}, the files before {}",
                names(other).join(", "),
                names(self).join(", ")
            ));
        }
        let alike = |a: &Medium, b: &Medium| match (a.kind, b.kind) {
            (Kind::Words { .. }, Kind::Words { .. }) => true,
            (a_kind, b_kind) => a_kind == b_kind && a.width == b.width,
        };
        let mut pairs = self.media.iter().zip(&other.media);
        if let Some((a, b)) = pairs.find(|(a, b)| !alike(a, b)) {
            let (key, found, wanted) = (&a.key, b.width, a.width);
            return Some(format!("`{key}` has {found} numbers per specimen, before it {wanted}"));
        }
        if self.keys != other.keys || self.classes != other.classes {
            return Some("its `keys` or `classes` differ from the files before".to_owned());
        }
        if self.twins != other.twins {
            return Some("its twins differ from the files before".to_owned());
        }
        None
    }

    /// Takes in the words of another file, where no vocabulary is stored.
    pub(super) fn widen(&mut self, other: &Self) {
        for (own, other) in self.media.iter_mut().zip(&other.media) {
            if let (Kind::Words { vocabulary }, Kind::Words { vocabulary: more }) =
                (&mut own.kind, other.kind)
            {
                *vocabulary = (*vocabulary).max(more);
            }
        }
    }

    /// The factor that a twin differs in, the value it has there where the name says it, and whether
    /// all that depends on it differs too: `lake` of a twin per factor, `lake=0` of a single one,
    /// `lake:absent` of an end of a contrast, `lake:absent:direct` where nothing follows.
    #[must_use]
    pub fn twin_factor(&self, twin: usize) -> Option<(usize, Option<f64>, Reach)> {
        let name = self.twins.get(twin)?;
        let place = |name: &str| self.keys.iter().position(|key| key == name);
        if let Some((name, ending)) = name.split_once(':') {
            let factor = place(name)?;
            let (absent, present) = *self.contrast.get(factor)?;
            let (end, reach) = match ending.strip_suffix(":direct") {
                Some(end) => (end, Reach::Direct),
                None => (ending, Reach::Total),
            };
            let value = if end == "present" { present } else { absent };
            return Some((factor, Some(value), reach));
        }
        let (name, value) = match name.split_once('=') {
            None => (name.as_str(), None),
            Some((name, value)) => (name.trim(), Some(value.trim().parse().ok()?)),
        };
        Some((place(name)?, value, Reach::Total))
    }
}

/// A probability, unless it's no number.
pub(super) fn known(probability: f64) -> Option<f64> {
    (!probability.is_nan()).then_some(probability)
}

/// The truth of a factor of which only PN, PS and PNS of the second class are stored.
pub(super) fn truth_of_interest(classes: usize, [pn, ps, pns]: [f64; 3]) -> Vec<[Direction; 2]> {
    let open = Direction { pn: None, ps: None, pns: f64::NAN };
    let mut all = vec![[open; 2]; classes.max(CLASS + 1)];
    all[CLASS][0] = Direction { pn: known(pn), ps: known(ps), pns };
    // Of two classes one comes where the other goes.
    if all.len() == 2 {
        all[0][1].pns = pns;
    }
    all
}
