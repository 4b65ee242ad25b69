//! The network of a plan as a list of dense layers, and where their parameters lie.

use super::super::InputSpec;
use super::super::method::HIDDEN;
use super::super::plan::Plan;
use super::store::Entry;
use crate::scene::training::Method;

/// What a layer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The numbers of an input, by its place.
    Input(usize),
    /// What another layer left in a slot.
    Slot(usize),
}

/// `slot = [slot +] feed W [+ b]`, then perhaps an ELU and the marks of a modality.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it reads.
    pub feed: Feed,
    /// Numbers of a row that it reads.
    pub inputs: usize,
    /// Numbers of a row that it makes.
    pub outputs: usize,
    /// Where its weight begins, inputs x outputs.
    pub weight: usize,
    /// Where its bias begins; none for the first of several that add up in one slot.
    pub bias: Option<usize>,
    /// Where it writes.
    pub out: usize,
    /// Whether it adds to what is there.
    pub adds: bool,
    /// Whether an ELU follows.
    pub elu: bool,
    /// The modality whose features it makes: rows that lack it become 0.
    pub of: Option<usize>,
}

/// How a method that is fused joins its modalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// Features side by side under one joint network.
    Concat,
    /// A head per modality.
    Late,
    /// One modality alone.
    Alone,
}

impl Joining {
    /// That of a method; none for one that this engine doesn't know.
    pub const fn of(method: Method) -> Option<Self> {
        match method {
            Method::Concat => Some(Self::Concat),
            Method::Late => Some(Self::Late),
            Method::Image | Method::Audio | Method::Text => Some(Self::Alone),
            Method::Align
            | Method::Qmf
            | Method::Tmc
            | Method::TmcViews
            | Method::Hemis
            | Method::SimMmdg
            | Method::Bow
            | Method::Bert
            | Method::ConcatBow
            | Method::ConcatBert
            | Method::Mmbt
            | Method::Lckd
            | Method::Clip
            | Method::AlignItc
            | Method::Mmtm
            | Method::Hved
            | Method::Mmfm
            | Method::Rseg => None,
        }
    }
}

/// How the features become Z and the logits.
#[derive(Clone, Debug)]
pub enum Fusion {
    /// One head over Z, whose weight begins here. Z is a slot that layers fill.
    Joint {
        /// Where the head's weight begins.
        weight: usize,
    },
    /// A head per modality; Z is all features side by side, the logits are a mean.
    Late {
        /// The slot of each modality's logits.
        branches: Vec<usize>,
        /// Where each head's weight begins.
        weights: Vec<usize>,
    },
}

/// Where the instrument's weights begin, and its slots.
#[derive(Clone, Debug)]
pub struct InstrumentShape {
    /// `W_Q`, `W_K`: features x features; `W_V`: features x width.
    pub weights: [usize; 3],
    /// The first of its slots: each modality's queries, their keys, the mixed features, V.
    pub first: usize,
    /// The slot of V, the last.
    pub v: usize,
}

/// The network of a plan.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The inputs that are used, by their places.
    pub modalities: Vec<usize>,
    /// Numbers of a row in every slot.
    pub slots: Vec<usize>,
    /// All layers but those of the instrument, in order.
    pub layers: Vec<Layer>,
    /// The slot of each modality's features h.
    pub features: Vec<usize>,
    /// The slot of Z.
    pub z: usize,
    /// The slot of the logits.
    pub logits: usize,
    /// How they are made; none while the shape is built.
    pub fusion: Option<Fusion>,
    /// The slot of what each modality's features say alone; none where nobody asks.
    pub alone: Vec<usize>,
    /// The instrument, if the objective uses one.
    pub instrument: Option<InstrumentShape>,
    /// All parameters, in the order of dfdx's model.
    pub entries: Vec<Entry>,
}

impl Shape {
    /// The network of a plan whose method is fused.
    pub fn of(plan: &Plan) -> Self {
        let training = &plan.training;
        let mut shape = Self::default();
        let named = training.method.modality();
        let used = |input: &InputSpec| named.is_none_or(|name| name == input.name);
        shape.modalities = (0..plan.inputs.len()).filter(|&i| used(&plan.inputs[i])).collect();
        let inputs: Vec<&InputSpec> = shape.modalities.iter().map(|&i| &plan.inputs[i]).collect();
        shape.encoders(&inputs, training.features);
        match Joining::of(training.method) {
            Some(Joining::Late) => shape.late(&inputs, training.features, plan.classes),
            Some(Joining::Concat) => {
                shape.trunk(&inputs, training.features, training.representation);
                shape.head(plan.classes);
            }
            // Others are refused before they come here.
            Some(Joining::Alone) | None => {
                shape.z = shape.features[0];
                shape.head(plan.classes);
            }
        }
        if training.objective.has_gradient_step() {
            shape.instrument(training.features);
        }
        if training.objective.discounts() && training.lambda_alone != 0.0 {
            shape.alone(&inputs, training.features, plan.classes);
        }
        shape
    }

    /// How many numbers all parameters have.
    pub fn parameters(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.start + entry.count())
    }

    /// Classes of the label.
    pub fn classes(&self) -> usize {
        self.slots[self.logits]
    }

    /// Numbers in a row of Z.
    pub fn width(&self) -> usize {
        self.slots[self.z]
    }

    fn slot(&mut self, width: usize) -> usize {
        self.slots.push(width);
        self.slots.len() - 1
    }

    fn entry(&mut self, name: String, shape: Vec<usize>, fan_in: usize) -> usize {
        let start = self.parameters();
        self.entries.push(Entry { name, shape, fan_in, start });
        start
    }

    /// A layer of its own name, slot, weight and bias.
    fn dense(&mut self, name: &str, feed: Feed, widths: [usize; 2], elu: bool) -> usize {
        let [inputs, outputs] = widths;
        let weight = self.entry(format!("{name}.weight"), vec![inputs, outputs], inputs);
        let bias = Some(self.entry(format!("{name}.bias"), vec![outputs], inputs));
        let out = self.slot(outputs);
        let (adds, of) = (false, None);
        self.layers.push(Layer { feed, inputs, outputs, weight, bias, out, adds, elu, of });
        out
    }

    /// Two dense layers for every modality, each with an ELU.
    fn encoders(&mut self, inputs: &[&InputSpec], features: usize) {
        for (place, input) in inputs.iter().enumerate() {
            let name = |layer: usize| format!("encoder.{}.{layer}", input.name);
            let feed = Feed::Input(self.modalities[place]);
            let hidden = self.dense(&name(0), feed, [input.width, features], true);
            let h = self.dense(&name(1), Feed::Slot(hidden), [features, features], true);
            if let Some(layer) = self.layers.last_mut() {
                layer.of = Some(place);
            }
            self.features.push(h);
        }
    }

    /// The joint network of `concat`: the first layer is a product per modality.
    fn trunk(&mut self, inputs: &[&InputSpec], features: usize, representation: usize) {
        let (outputs, fan_in) = (HIDDEN[0], inputs.len() * features);
        let out = self.slot(outputs);
        for (place, input) in inputs.iter().enumerate() {
            let name = format!("joint.0.{}.weight", input.name);
            let weight = self.entry(name, vec![features, outputs], fan_in);
            let feed = Feed::Slot(self.features[place]);
            let (adds, elu, of) = (place > 0, false, None);
            let bias = None;
            let inputs = features;
            self.layers.push(Layer { feed, inputs, outputs, weight, bias, out, adds, elu, of });
        }
        let bias = self.entry("joint.0.bias".into(), vec![outputs], fan_in);
        if let Some(last) = self.layers.last_mut() {
            (last.bias, last.elu) = (Some(bias), true);
        }
        let mut slot = Feed::Slot(out);
        let widths = [HIDDEN[0], HIDDEN[1], HIDDEN[2], representation];
        for (i, pair) in widths.windows(2).enumerate() {
            let last = i + 2 == widths.len();
            self.z = self.dense(&format!("joint.{}", i + 1), slot, [pair[0], pair[1]], !last);
            slot = Feed::Slot(self.z);
        }
    }

    fn head(&mut self, classes: usize) {
        let widths = [self.width(), classes];
        self.logits = self.dense("head", Feed::Slot(self.z), widths, false);
        let weight = self.layers.last().map_or(0, |layer| layer.weight);
        self.fusion = Some(Fusion::Joint { weight });
    }

    fn late(&mut self, inputs: &[&InputSpec], features: usize, classes: usize) {
        let (mut branches, mut weights) = (Vec::new(), Vec::new());
        for (place, input) in inputs.iter().enumerate() {
            let (name, feed) = (format!("head.{}", input.name), Feed::Slot(self.features[place]));
            branches.push(self.dense(&name, feed, [features, classes], false));
            weights.extend(self.layers.last().map(|layer| layer.weight));
        }
        self.z = self.slot(inputs.len() * features);
        self.logits = self.slot(classes);
        self.fusion = Some(Fusion::Late { branches, weights });
    }

    /// A head on the features of every modality, as `late` has them.
    fn alone(&mut self, inputs: &[&InputSpec], features: usize, classes: usize) {
        for (place, input) in inputs.iter().enumerate() {
            let (name, feed) = (format!("alone.{}", input.name), Feed::Slot(self.features[place]));
            let slot = self.dense(&name, feed, [features, classes], false);
            self.alone.push(slot);
        }
    }

    fn instrument(&mut self, features: usize) {
        let width = self.width();
        let mut weight = |part: &str, outputs| {
            self.entry(format!("instrument.{part}.weight"), vec![features, outputs], features)
        };
        let weights = [weight("query", features), weight("key", features), weight("value", width)];
        let first = self.slots.len();
        self.slots.resize(first + 2 * self.features.len() + 1, features);
        let v = self.slot(width);
        self.instrument = Some(InstrumentShape { weights, first, v });
    }
}
