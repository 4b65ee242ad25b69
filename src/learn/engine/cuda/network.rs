//! Where a network and all that is computed in it lie on a card.

use super::super::shape::{Fusion, Shape};
use super::arrangement::Arrangement;
use super::program::{Place, Region, Rooms};

/// The sizes that all of a network's steps share.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Specimens of all batches that go through it at once.
    pub rows: usize,
    /// Modalities.
    pub modalities: usize,
    /// Numbers of each modality's features.
    pub features: usize,
    /// Numbers of Z.
    pub width: usize,
    /// Classes of the label.
    pub classes: usize,
}

impl Sizes {
    /// The sizes of a network for so many specimens.
    pub fn of(shape: &Shape, rows: usize) -> Self {
        Self {
            rows,
            modalities: shape.features.len(),
            features: shape.slots[shape.features[0]],
            width: shape.width(),
            classes: shape.classes(),
        }
    }

    /// Numbers of the features of all modalities of a specimen.
    pub const fn all(&self) -> usize {
        self.modalities * self.features
    }
}

/// Parameters, moments, gradient and progress in a memory of their own.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    region: Region,
    /// Words of the parameters.
    pub count: usize,
}

/// Words of what the kernels call `Progress`: steps, halted, two numbers of Adam, seven terms and
/// the total.
pub const PROGRESS: usize = 12;
/// Where its terms begin.
pub const TERMS_AT: usize = 4;
/// Words behind it for the counts of the strata of `c3r-adjust`: a cell for every pair of classes.
pub const CELLS: usize = MOST_CLASSES * MOST_CLASSES;
/// The most classes that the kernels have room for.
pub const MOST_CLASSES: usize = 32;

impl Model {
    /// The model of an arrangement.
    pub const fn of(region: Region, arrangement: &Arrangement) -> Self {
        Self { region, count: arrangement.words.next_multiple_of(64) }
    }

    const fn part(self, part: usize, at: usize) -> Place {
        Place { region: self.region, at: part * self.count + at }
    }

    /// The parameter so many words from the first.
    pub const fn value(self, at: usize) -> Place {
        self.part(0, at)
    }

    /// Adam's moments.
    pub const fn moments(self) -> [Place; 2] {
        [self.part(1, 0), self.part(2, 0)]
    }

    /// The gradient of that parameter.
    pub const fn gradient(self, at: usize) -> Place {
        self.part(3, at)
    }

    /// Steps and losses.
    pub const fn progress(self) -> Place {
        self.part(4, 0)
    }

    /// The counts of the strata of the last batch, right behind that.
    pub const fn strata(self) -> Place {
        self.part(4, PROGRESS)
    }

    /// Words of all of it.
    pub const fn words(self) -> usize {
        4 * self.count + (PROGRESS + CELLS).next_multiple_of(64)
    }
}

/// Where the values of all layers lie, or their slopes.
#[derive(Clone, Debug)]
pub struct Slots {
    /// The first layers of the encoders, rows x modalities x features.
    pub hidden: Place,
    /// The features, the same.
    pub features: Place,
    /// The layers of the joint network, the last of which is Z.
    pub trunk: Vec<Place>,
    /// Z, rows x width.
    pub z: Place,
    /// Logits, rows x classes.
    pub logits: Place,
    /// The logits of single modalities, rows x modalities x classes.
    pub branches: Option<Place>,
}

/// Where the instrument's values lie, or their slopes.
#[derive(Clone, Copy, Debug)]
pub struct Views {
    /// Queries, rows x modalities x features.
    pub queries: Place,
    /// Keys, the same, behind them.
    pub keys: Place,
    /// The mixed features, rows x features.
    pub mixed: Place,
    /// V, rows x width.
    pub v: Place,
}

impl Views {
    fn new(rooms: &mut Rooms, sizes: &Sizes) -> Self {
        let queries = rooms.room(2 * sizes.rows * sizes.all());
        let keys = queries.past(sizes.rows * sizes.all());
        let mixed = rooms.room(sizes.rows * sizes.features);
        Self { queries, keys, mixed, v: rooms.room(sizes.rows * sizes.width) }
    }
}

/// The instrument of a network.
#[derive(Clone, Copy, Debug)]
pub struct Instrument {
    /// Values.
    pub values: Views,
    /// Slopes, unless V is a constant.
    pub slopes: Option<Views>,
    /// The attention of every specimen, rows x modalities x modalities.
    pub attention: Place,
    /// Where the weights of queries and keys begin, and that of values.
    pub weights: [usize; 2],
    /// Gamma of the scores.
    pub distance_weight: f32,
}

impl Instrument {
    /// Rooms for the instrument of an arrangement that has one.
    pub fn new(
        rooms: &mut Rooms,
        arrangement: &Arrangement,
        sizes: &Sizes,
        distance_weight: f32,
        slopes: bool,
    ) -> Option<Self> {
        let weights = arrangement.instrument?;
        let values = Views::new(rooms, sizes);
        let slopes = slopes.then(|| Views::new(rooms, sizes));
        let attention = rooms.room(sizes.rows * sizes.modalities.pow(2));
        Some(Self { values, slopes, attention, weights, distance_weight })
    }
}

impl Slots {
    /// Rooms for values, or for slopes: the slope of late fusion's Z is scaled as it is made, and
    /// lies where that of the features does.
    pub fn new(
        rooms: &mut Rooms,
        shape: &Shape,
        arrangement: &Arrangement,
        sizes: &Sizes,
        slopes: bool,
    ) -> Self {
        let Sizes { rows, modalities, width, classes, .. } = *sizes;
        let (hidden, h) = (rooms.room(rows * sizes.all()), rooms.room(rows * sizes.all()));
        let trunk: Vec<Place> =
            arrangement.trunk.iter().map(|dense| rooms.room(rows * dense.widths[1])).collect();
        let late = matches!(shape.fusion, Some(Fusion::Late { .. }));
        let z = match trunk.last() {
            Some(&z) => z,
            None if late && !slopes => rooms.room(rows * width),
            None => h,
        };
        Self {
            hidden,
            features: h,
            trunk,
            z,
            logits: rooms.room(rows * classes),
            branches: late.then(|| rooms.room(rows * modalities * classes)),
        }
    }
}

/// Where a batch lies, or two of them one after the other.
#[derive(Clone, Debug)]
pub struct InputPlaces {
    /// The numbers of every modality that is used, rows x width, and that width.
    pub values: Vec<(Place, usize)>,
    /// 1 where a specimen has a modality and 0 where not, rows x modalities.
    pub marks: Place,
    /// Labels.
    pub labels: Place,
    /// Pairs whose label stays, at least 1; as a number that isn't whole by type.
    pub kept: Place,
    /// Words of all this.
    pub words: usize,
}

impl InputPlaces {
    /// The places of so many specimens.
    pub fn new(shape: &Shape, rooms: &mut Rooms, rows: usize) -> Self {
        let widths = shape.layers.iter().step_by(2).take(shape.modalities.len());
        let values = widths.map(|layer| (rooms.room(rows * layer.inputs), layer.inputs)).collect();
        let marks = rooms.room(rows * shape.modalities.len());
        let (labels, kept) = (rooms.room(rows), rooms.room(1));
        Self { values, marks, labels, kept, words: rooms.words }
    }
}

/// A network for a number of specimens.
pub struct Net<'a> {
    /// Where its parameters lie.
    pub arrangement: &'a Arrangement,
    /// The memory that they lie in.
    pub model: Model,
    /// Its sizes.
    pub sizes: Sizes,
    /// Where values lie.
    pub values: Slots,
    /// Where slopes lie; where values do if nothing is learned.
    pub slopes: Slots,
    /// The instrument, if it is computed.
    pub instrument: Option<Instrument>,
}

impl<'a> Net<'a> {
    /// Rooms for a network whose parameters lie in a region.
    pub fn new(
        rooms: &mut Rooms,
        shape: &Shape,
        arrangement: &'a Arrangement,
        region: Region,
        rows: usize,
        learns: bool,
    ) -> Self {
        let sizes = Sizes::of(shape, rows);
        let values = Slots::new(rooms, shape, arrangement, &sizes, false);
        let slopes = match learns {
            true => Slots::new(rooms, shape, arrangement, &sizes, true),
            false => values.clone(),
        };
        let model = Model::of(region, arrangement);
        Self { arrangement, model, sizes, values, slopes, instrument: None }
    }
}
