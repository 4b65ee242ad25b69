//! What a record of a data set holds, from a checked scene.

use crate::causal::causation::{Truth, findings};
use crate::causal::tally::Contrast;
use crate::causal::{Domain, Interventions, NodeId, Reach, Role};
use crate::scene::{Regime, Stage};

/// What every record of a data set holds, and what is true of all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The scene's name.
    pub scene: String,
    /// The scene's paragraph.
    pub about: String,
    /// The seed of all noise.
    pub seed: u64,
    /// The regime that is played.
    pub regime: String,
    /// The interventions under which every world lives, node and value.
    pub operations: Vec<(NodeId, f64)>,
    /// Every node of the model: confounders, factors, label.
    pub nodes: Vec<NodeSpec>,
    /// The factors among the nodes, in the order of the scene.
    pub factors: Vec<NodeId>,
    /// The hidden common causes among the nodes.
    pub confounders: Vec<NodeId>,
    /// The label among the nodes.
    pub label: NodeId,
    /// The words for the label's classes.
    pub classes: Vec<String>,
    /// The pictures.
    pub image: Option<ImageSpec>,
    /// The sounds.
    pub audio: Option<AudioSpec>,
    /// The sentences.
    pub text: Option<TextSpec>,
    /// The vector modalities.
    pub vectors: Vec<VectorSpec>,
    /// Which twins each specimen has.
    pub twins: Twins,
}

/// One node of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// What it is in the scene.
    pub kind: NodeKind,
    /// The values it can take.
    pub domain: Domain,
    /// The nodes on which it depends in the model that is played.
    pub parents: Vec<NodeId>,
}

/// What a node is in the scene.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A hidden common cause.
    Confounder,
    /// A generating factor.
    Factor {
        /// What it is to the label.
        role: Role,
        /// The values (absent, present) between which it's asked about.
        contrast: (f64, f64),
        /// PN, PS and PNS in the model that is played, under the operations in force, class by
        /// class of the label.
        truths: Vec<Truth>,
        /// The modalities that show it.
        shown_in: Vec<String>,
    },
    /// The label.
    Label,
}

/// The pictures: RGB, 8 bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSpec {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

/// The sounds: mono, 16 bits a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    /// Samples per second.
    pub rate: u32,
    /// Samples per sound.
    pub samples: usize,
}

/// The sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSpec {
    /// Tokens per sentence, padding included.
    pub length: usize,
    /// The word of every token id; the first is padding.
    pub vocabulary: Vec<String>,
}

/// A vector modality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorSpec {
    /// Its name.
    pub name: String,
    /// Numbers per specimen.
    pub width: usize,
}

/// Which twins each specimen has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twins {
    /// None.
    None,
    /// One, under a do-operation written `lake=0`.
    Under(String),
    /// One per factor, which stands at the far end of its contrast in it: an absent factor is made
    /// present, any other absent.
    EachFactor,
    /// Four per factor: at either end of its contrast with all that depends on it (total), and at
    /// either end with nothing changed but what the factor itself shows (direct). All that a table
    /// of predictions under intervention asks for.
    Contrasts,
}

/// A twin of [`Twins::Contrasts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContrastTwin {
    /// The place of the factor among the schema's.
    pub factor: usize,
    /// Whether the factor is present, or absent.
    pub present: bool,
    /// Whether what depends on the factor follows.
    pub reach: Reach,
}

impl ContrastTwin {
    /// Twins of a factor.
    pub const OF_EACH: usize = 4;

    /// The twin at a place: factor by factor, total before direct, absent before present.
    #[must_use]
    pub const fn at(place: usize) -> Self {
        let reach = if place % 4 < 2 { Reach::Total } else { Reach::Direct };
        Self { factor: place / 4, present: place % 2 == 1, reach }
    }

    /// What is put behind the name of the factor: `:present`, `:absent:direct`, ...
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match (self.present, self.reach) {
            (false, Reach::Total) => ":absent",
            (true, Reach::Total) => ":present",
            (false, Reach::Direct) => ":absent:direct",
            (true, Reach::Direct) => ":present:direct",
        }
    }
}

impl ImageSpec {
    /// Bytes per picture.
    #[must_use]
    pub const fn bytes(self) -> usize {
        3 * self.width * self.height
    }
}

impl TextSpec {
    /// Characters that any sentence of so many words fits in.
    #[must_use]
    pub fn widest(&self) -> usize {
        let longest = self.vocabulary.iter().map(|w| w.chars().count()).max().unwrap_or(0);
        (self.length * (longest + 1)).saturating_sub(1).max(1)
    }
}

impl Schema {
    /// The schema of what a stage plays under a regime.
    #[must_use]
    pub fn new(
        stage: &Stage,
        regime: &Regime,
        seed: u64,
        operations: &Interventions,
        twins: Twins,
    ) -> Self {
        let scm = &regime.scm;
        let played = scm.under(operations);
        let renderers = &stage.renderers;
        let image = renderers
            .image
            .as_ref()
            .map(|plan| ImageSpec { width: plan.size().width, height: plan.size().height });
        let audio = renderers
            .sound
            .as_ref()
            .map(|plan| AudioSpec { rate: plan.rate(), samples: plan.samples() });
        let text = renderers.text.as_ref().map(|plan| TextSpec {
            length: plan.length(),
            vocabulary: plan.grammar().vocabulary().to_vec(),
        });
        let vectors = renderers
            .vectors
            .plans()
            .iter()
            .map(|plan| VectorSpec { name: plan.name().to_owned(), width: plan.length() });
        let unchanged = regime.name == "iid" && operations.is_empty();
        let contrasts: Vec<Contrast> = (stage.factors.iter())
            .map(|f| Contrast { factor: f.node, absent: f.absent, present: f.present })
            .collect();
        let found = if unchanged { Vec::new() } else { findings(&played, stage.label, &contrasts) };
        let kind = |node: NodeId| {
            let Some(place) = stage.factors.iter().position(|f| f.node == node) else {
                let is_label = node == stage.label;
                return if is_label { NodeKind::Label } else { NodeKind::Confounder };
            };
            let factor = &stage.factors[place];
            let (absent, present) = (factor.absent, factor.present);
            let truths = if unchanged { &factor.truths } else { &found[place].truths };
            let shows = [
                ("image", renderers.image.as_ref().map(|p| p.shows())),
                ("audio", renderers.sound.as_ref().map(|p| p.shows())),
                ("text", renderers.text.as_ref().map(|p| p.shows())),
            ];
            let vectors = renderers.vectors.plans().iter().map(|p| (p.name(), Some(p.shows())));
            let shows = shows.into_iter().chain(vectors);
            let shown_in = shows.filter(|(_, s)| s.is_some_and(|s| s.contains(&place)));
            let shown_in = shown_in.map(|(name, _)| name.to_owned()).collect();
            NodeKind::Factor {
                role: factor.role,
                contrast: (absent, present),
                truths: truths.clone(),
                shown_in,
            }
        };
        let nodes: Vec<NodeSpec> = (0..played.len())
            .map(|node| NodeSpec {
                name: played.name(node).to_owned(),
                kind: kind(node),
                domain: scm.domain(node),
                parents: played.law(node).map(|law| law.parents().to_vec()).unwrap_or_default(),
            })
            .collect();
        let confounders =
            (0..nodes.len()).filter(|&n| nodes[n].kind == NodeKind::Confounder).collect();
        // A followed mechanism has no one value to write down; its nodes are named in the records.
        let operations = operations.iter().filter_map(|(node, action)| match action {
            crate::causal::Action::Set(value) => Some((*node, *value)),
            _ => None,
        });
        Self {
            scene: stage.scene.name.clone(),
            about: stage.scene.about.clone(),
            seed,
            regime: regime.name.clone(),
            operations: operations.collect(),
            nodes,
            factors: stage.factors.iter().map(|f| f.node).collect(),
            confounders,
            label: stage.label,
            classes: stage.scene.label.classes.clone(),
            image,
            audio,
            text,
            vectors: vectors.collect(),
            twins,
        }
    }

    /// The modalities in the order in which [`Record::present`](super::Record::present) tells
    /// of them: `image`, `audio`, `text`, then the vectors by name.
    #[must_use]
    pub fn modalities(&self) -> Vec<&str> {
        let mut all = Vec::new();
        all.extend(self.image.is_some().then_some("image"));
        all.extend(self.audio.is_some().then_some("audio"));
        all.extend(self.text.is_some().then_some("text"));
        all.extend(self.vectors.iter().map(|v| v.name.as_str()));
        all
    }

    /// The names of the twins: the do-operation of a single one, the factor of each of several, or
    /// the factor with the end of its contrast: `lake:absent`, `lake:absent:direct`.
    #[must_use]
    pub fn twin_names(&self) -> Vec<String> {
        match &self.twins {
            Twins::None => Vec::new(),
            Twins::Under(operation) => vec![operation.clone()],
            Twins::EachFactor => self.factors.iter().map(|&f| self.nodes[f].name.clone()).collect(),
            Twins::Contrasts => (0..ContrastTwin::OF_EACH * self.factors.len())
                .map(|place| {
                    let twin = ContrastTwin::at(place);
                    format!("{}{}", self.nodes[self.factors[twin.factor]].name, twin.ending())
                })
                .collect(),
        }
    }

    /// What is put behind the name of a column or file to say which world it's of, the real one
    /// first: `""`, then `_cf`, or `_cf_lake` for the twin of a factor. `joint` stands where the
    /// underscores do.
    #[must_use]
    pub fn suffixes(&self, joint: &str) -> Vec<String> {
        let mut all = vec![String::new()];
        match &self.twins {
            Twins::None => {}
            Twins::Under(_) => all.push(format!("{joint}cf")),
            Twins::EachFactor | Twins::Contrasts => {
                let name = |name: &String| name.replace(':', joint);
                let names = self.twin_names();
                all.extend(names.iter().map(|n| format!("{joint}cf{joint}{}", name(n))));
            }
        }
        all
    }

    /// The worlds of each record: one more than its twins.
    #[must_use]
    pub fn worlds(&self) -> usize {
        1 + match self.twins {
            Twins::None => 0,
            Twins::Under(_) => 1,
            Twins::EachFactor => self.factors.len(),
            Twins::Contrasts => ContrastTwin::OF_EACH * self.factors.len(),
        }
    }

    /// The names of some nodes.
    #[must_use]
    pub fn names(&self, nodes: &[NodeId]) -> Vec<&str> {
        nodes.iter().map(|&n| self.nodes[n].name.as_str()).collect()
    }

    /// About how many bytes the buffers of one record take.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        let image = self.image.map_or(0, ImageSpec::bytes);
        let audio = self.audio.map_or(0, |a| 2 * a.samples);
        let text = self.text.as_ref().map_or(0, |t| 12 * t.length);
        let vectors: usize = self.vectors.iter().map(|v| 4 * v.width).sum();
        self.worlds() * (image + audio + text + vectors + 16 * self.nodes.len())
    }
}
