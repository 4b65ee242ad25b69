//! The host models that an objective is plugged into: how modalities are joined into a prediction.

use serde::{Deserialize, Serialize};

/// How the modalities are joined into one prediction: the host model that C3R is plugged into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Features of all modalities side by side, one joint network and one linear head.
    #[default]
    Concat,
    /// One linear head per modality; the logits are averaged and every branch has its own loss.
    Late,
    /// Pictures alone.
    Image,
    /// Sounds alone.
    Audio,
    /// Sentences alone, as counts of their words.
    Text,
    /// Features of all modalities drawn to one distribution, then averaged (AlignMML).
    Align,
    /// Late fusion that weighs each modality by its energy (QMF).
    Qmf,
    /// Evidence of each modality, combined by a rule of Dempster (TMC).
    Tmc,
    /// TMC with C3R on every modality's own evidence, in place of an auxiliary head.
    TmcViews,
    /// Mean and variance over whichever modalities there are (HMIS).
    Hemis,
    /// Features split in a shared and a specific half (SimMMDG).
    SimMmdg,
    /// Sentences alone, as the sum of frozen random embeddings of their words (Bow).
    Bow,
    /// Sentences alone, read by a small transformer that is not pretrained (BERT-lite).
    Bert,
    /// `Concat` with `Bow`'s encoder for the text (ConcatBow).
    ConcatBow,
    /// `Concat` with `Bert`'s encoder for the text (ConcatBERT).
    ConcatBert,
    /// One transformer over patches and words of all modalities (MMBT), not pretrained.
    Mmbt,
    /// Modalities that are best at a class teach the others (LCKD).
    Lckd,
    /// Features drawn together without labels, then held fixed under a linear probe (CLIP-style).
    Clip,
    /// `Clip` from noisy pairs, with smoothed targets and encoders of its own (ALIGN-style).
    AlignItc,
    /// Every modality's channels gated by what all modalities see, at two levels (MMTM).
    Mmtm,
    /// Gaussians of each modality multiplied, and every modality reconstructed (HVED).
    Hved,
    /// A transformer within each modality and one across all (mmFormer).
    Mmfm,
    /// Content gated and fused, with each modality's style apart from it (RobustSeg).
    Rseg,
}

/// What is to be known of a method before it is built.
#[derive(Clone, Copy, Debug)]
struct About {
    name: &'static str,
    description: &'static str,
    modality: Option<&'static str>,
    most_modalities: Option<usize>,
    needs_pairs: bool,
    reads_words: bool,
}

impl About {
    /// A method that joins whichever modalities there are.
    const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            modality: None,
            most_modalities: None,
            needs_pairs: false,
            reads_words: false,
        }
    }

    const fn of(self, modality: &'static str) -> Self {
        Self { modality: Some(modality), ..self }
    }

    const fn joining(self, most: usize) -> Self {
        Self { most_modalities: Some(most), ..self }
    }

    const fn by_pairs(self) -> Self {
        Self { needs_pairs: true, ..self }
    }

    const fn reading_words(self) -> Self {
        Self { reads_words: true, ..self }
    }
}

impl Method {
    /// All methods, in the order in which they are listed.
    pub const ALL: [Self; 23] = [
        Self::Concat,
        Self::Late,
        Self::Image,
        Self::Audio,
        Self::Text,
        Self::Align,
        Self::Qmf,
        Self::Tmc,
        Self::TmcViews,
        Self::Hemis,
        Self::SimMmdg,
        Self::Bow,
        Self::Bert,
        Self::ConcatBow,
        Self::ConcatBert,
        Self::Mmbt,
        Self::Lckd,
        Self::Clip,
        Self::AlignItc,
        Self::Mmtm,
        Self::Hved,
        Self::Mmfm,
        Self::Rseg,
    ];

    const fn about(self) -> About {
        match self {
            Self::Concat => {
                About::new("concat", "features side by side, one joint network, one linear head")
            }
            Self::Late => About::new("late", "one linear head per modality, logits averaged"),
            Self::Image => About::new("image", "pictures alone").of("image"),
            Self::Audio => About::new("audio", "sounds alone").of("audio"),
            Self::Text => {
                About::new("text", "sentences alone, as counts of their words").of("text")
            }
            Self::Align => {
                About::new("align", "features drawn to one distribution (MMD), then averaged")
            }
            Self::Qmf => About::new("qmf", "late fusion that weighs each modality by its energy"),
            Self::Tmc => {
                About::new("tmc", "evidence of each modality, combined by a rule of Dempster")
            }
            Self::TmcViews => About::new(
                "tmc-views",
                "tmc with C3R on the evidence of each modality, without a head beside",
            ),
            Self::Hemis => {
                About::new("hmis", "mean and variance over whichever modalities there are")
            }
            Self::SimMmdg => {
                About::new("simmmdg", "features split in a shared and a specific half")
            }
            Self::Bow => About::new("bow", "sentences alone, as sums of frozen word embeddings")
                .of("text")
                .reading_words(),
            Self::Bert => {
                About::new("bert", "sentences alone, read by a small transformer (not pretrained)")
                    .of("text")
                    .reading_words()
            }
            Self::ConcatBow => {
                About::new("concat-bow", "concat with bow's encoder for the text").reading_words()
            }
            Self::ConcatBert => {
                About::new("concat-bert", "concat with bert's encoder for the text").reading_words()
            }
            Self::Mmbt => {
                About::new("mmbt", "one transformer over patches and words of all modalities")
            }
            Self::Lckd => {
                About::new("lckd", "modalities that are best at a class teach the others")
            }
            Self::Clip => {
                About::new("clip", "features drawn together without labels, then a linear probe")
                    .by_pairs()
            }
            Self::AlignItc => {
                About::new("align-itc", "clip from noisy pairs, with smoothed targets (ALIGN)")
                    .by_pairs()
            }
            Self::Mmtm => {
                About::new("mmtm", "channels gated by what all modalities see, at two levels")
            }
            // It takes the product of every subset.
            Self::Hved => About::new(
                "hved",
                "Gaussians of each modality multiplied, all modalities reconstructed",
            )
            .joining(8),
            Self::Mmfm => About::new(
                "mmfm",
                "a transformer within each modality and one across all (mmFormer)",
            ),
            Self::Rseg => {
                About::new("rseg", "content gated and fused, each modality's style kept apart")
            }
        }
    }

    /// The name on the command line and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// What it does, in a line.
    #[must_use]
    pub const fn description(self) -> &'static str {
        self.about().description
    }

    /// The modality that a method of a single one looks at.
    #[must_use]
    pub const fn modality(self) -> Option<&'static str> {
        self.about().modality
    }

    /// The most modalities that it can join, where there is a limit.
    #[must_use]
    pub const fn most_modalities(self) -> Option<usize> {
        self.about().most_modalities
    }

    /// Whether it draws modalities together by pairs, and so needs two.
    #[must_use]
    pub const fn needs_pairs(self) -> bool {
        self.about().needs_pairs
    }

    /// Whether it reads the words of a text one by one, beyond their counts, and needs a text.
    #[must_use]
    pub const fn reads_words(self) -> bool {
        self.about().reads_words
    }
}
