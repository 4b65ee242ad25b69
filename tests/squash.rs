//! What a linear classifier reads from the vectors of MMLSynData under each squash (C3R paper,
//! appendix D.5, whose text leaves the squash open).

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use twinworld::modality::vector::{Distortion, Squash};

/// Five entries each of SNC, SC, NC and SP.
const SIDE: usize = 20;
/// Samples to learn from, and as many to be tested on.
const SAMPLES: usize = 4_000;
/// The weight of SNC in SP.
const SHARE: f64 = 0.1;

/// One sample: its vector, its SNC and its label.
struct Sample {
    x: Vec<f64>,
    snc: bool,
    y: bool,
}

fn draw(distortion: &Distortion, noise: &mut impl Rng) -> Sample {
    let mut coin = |p: f64| noise.random::<f64>() < p;
    let (snc, flip, leak, keep) = (coin(0.5), coin(0.15), coin(0.1), coin(0.9));
    let number = |is: bool| f64::from(u8::from(is));
    let mut t: Vec<f64> = [snc, snc || leak, snc && keep].map(number).repeat(5);
    t.extend(
        (0..5)
            .map(|_| SHARE * number(snc) + (1.0 - SHARE) * noise.sample::<f64, _>(StandardNormal)),
    );
    let mut x = vec![0.0; SIDE];
    distortion.apply(&mut t, noise, &mut x);
    Sample { x: x.into_iter().map(f64::from).collect(), snc, y: snc != flip }
}

/// Solves `a x = b` by elimination; `a` is symmetric and positive.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for row in i + 1..n {
            let part = a[row][i] / a[i][i];
            let pivot = a[i].clone();
            a[row].iter_mut().zip(&pivot).for_each(|(x, p)| *x -= part * p);
            b[row] -= part * b[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

fn mean(samples: &[&Sample]) -> Vec<f64> {
    let sum = |i: usize| samples.iter().map(|s| s.x[i]).sum::<f64>();
    (0..SIDE).map(|i| sum(i) / samples.len() as f64).collect()
}

/// Accuracy on `test` of the linear discriminant of `class` that `train` gives.
fn accuracy(train: &[Sample], test: &[Sample], class: impl Fn(&Sample) -> bool) -> f64 {
    let (ones, zeros): (Vec<&Sample>, Vec<&Sample>) = train.iter().partition(|s| class(s));
    let (one, zero) = (mean(&ones), mean(&zeros));
    let mut scatter = vec![vec![0.0; SIDE]; SIDE];
    for (samples, centre) in [(&ones, &one), (&zeros, &zero)] {
        for sample in samples {
            for (i, row) in scatter.iter_mut().enumerate() {
                for (j, entry) in row.iter_mut().enumerate() {
                    let product = (sample.x[i] - centre[i]) * (sample.x[j] - centre[j]);
                    *entry += product / train.len() as f64;
                }
            }
        }
    }
    // A constant vector has no scatter at all.
    (0..SIDE).for_each(|i| scatter[i][i] += 1e-9);
    let weights = solve(scatter, one.iter().zip(&zero).map(|(a, b)| a - b).collect());
    let score = |x: &[f64]| weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    let prior = (ones.len() as f64 / zeros.len() as f64).ln();
    let bar = 0.5 * (score(&one) + score(&zero)) - prior;
    test.iter().filter(|s| (score(&s.x) > bar) == class(s)).count() as f64 / test.len() as f64
}

#[test]
fn every_squash_leaves_as_much_as_was_measured() {
    let offset = 0.5;
    for (squash, of_label, of_snc) in [
        (Squash::Product { offset }, 0.5, 0.5),
        (Squash::Square { offset }, 0.80, 0.947),
        (Squash::Sum { offset }, 0.83, 0.970),
        (Squash::Sigmoid, 0.844, 0.989),
    ] {
        let distortion = Distortion { noise_sd: 0.4f64.sqrt(), rotation: None, squash };
        let mut noise = ChaCha8Rng::seed_from_u64(1);
        let mut samples =
            || (0..SAMPLES).map(|_| draw(&distortion, &mut noise)).collect::<Vec<_>>();
        let (train, test) = (samples(), samples());
        // A standard error of the label's accuracy is 0.006, and the source has its own.
        for (found, expected) in [
            (accuracy(&train, &test, |s| s.y), of_label),
            (accuracy(&train, &test, |s| s.snc), of_snc),
        ] {
            assert!((found - expected).abs() < 0.02, "{squash:?}: {found} for {expected}");
        }
    }
}
