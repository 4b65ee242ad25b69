//! Representations on two axes, and what becomes of the verdict when their elements are changed.

use crate::learn::Representation;
use crate::measure::suite::{highest, importance, reweighted};

/// Steps of the power iteration for each axis.
const STEPS: usize = 30;

/// The representations of the shown specimens and of their twins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cloud {
    /// Specimens on the two axes.
    pub real: Vec<[f64; 2]>,
    /// Their twins.
    pub twin: Vec<[f64; 2]>,
    /// The share of the variance on each axis.
    pub explained: [f64; 2],
    /// The axes, for the next time.
    pub axes: [Vec<f64>; 2],
    /// How far each element moves the verdict: weight in the head times standard deviation.
    pub importance: Vec<f64>,
    /// Accuracy as it is, with the important elements halved, with the others doubled.
    pub probed: Option<[f64; 3]>,
}

/// Lays representations out on the two axes of their largest variance. The axes begin as
/// `before`, so that they turn slowly from one time to the next.
pub fn project(real: &Representation, twin: &Representation, before: Option<&Cloud>) -> Cloud {
    let (rows, width) = (real.rows, real.width);
    let at = |z: &Representation, row: usize| -> Vec<f64> {
        z.values[row * width..(row + 1) * width].iter().map(|&v| f64::from(v)).collect()
    };
    let mut mean = vec![0.0; width];
    for row in 0..rows {
        mean.iter_mut().zip(at(real, row)).for_each(|(m, v)| *m += v / rows as f64);
    }
    let centred = |z: &Representation, row: usize| -> Vec<f64> {
        at(z, row).iter().zip(&mean).map(|(v, m)| v - m).collect()
    };
    let points: Vec<Vec<f64>> = (0..rows).map(|row| centred(real, row)).collect();
    let total: f64 = points.iter().flatten().map(|v| v * v).sum();
    let mut axes: [Vec<f64>; 2] = Default::default();
    let mut explained = [0.0; 2];
    for (axis, share) in explained.iter_mut().enumerate() {
        let start = before.map(|b| b.axes[axis].clone()).filter(|a| a.len() == width);
        let start = start.unwrap_or_else(|| {
            (0..width).map(|i| 1.0 + ((i * 7 + axis * 3) % 11) as f64 / 11.0).collect()
        });
        let across = (axis == 1).then(|| axes[0].clone());
        let found = main_axis(&points, start, across.as_deref());
        let along: f64 = points.iter().map(|p| dot(p, &found).powi(2)).sum();
        *share = if total > 0.0 { along / total } else { 0.0 };
        axes[axis] = found;
    }
    let place = |p: &[f64]| [dot(p, &axes[0]), dot(p, &axes[1])];
    let twin = (0..twin.rows).map(|row| place(&centred(twin, row))).collect();
    let real = points.iter().map(|p| place(p)).collect();
    Cloud { real, twin, explained, axes, importance: Vec::new(), probed: None }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The axis of the largest variance, at right angles to `across`.
fn main_axis(points: &[Vec<f64>], start: Vec<f64>, across: Option<&[f64]>) -> Vec<f64> {
    let mut axis = start;
    for _ in 0..STEPS {
        let mut next = vec![0.0; axis.len()];
        for point in points {
            let along = dot(point, &axis);
            next.iter_mut().zip(point).for_each(|(n, p)| *n += along * p);
        }
        if let Some(across) = across {
            let along = dot(&next, across);
            next.iter_mut().zip(across).for_each(|(n, a)| *n -= along * a);
        }
        let length = dot(&next, &next).sqrt();
        if length < 1e-12 {
            break;
        }
        axis = next.iter().map(|n| n / length).collect();
    }
    axis
}

/// Fills in the importance of each element, and what the head says where the elements that matter
/// are halved or the others doubled (the paper's appendix H.5).
pub fn weigh(cloud: &mut Cloud, z: &Representation, labels: &[usize]) {
    if z.rows == 0 || z.logits.classes == 0 {
        return;
    }
    cloud.importance = importance(z);
    let found = reweighted(z, &highest(&cloud.importance), labels);
    cloud.probed = Some([found.original, found.reduce, found.increase]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn representation(rows: &[[f32; 3]]) -> Representation {
        Representation { rows: rows.len(), width: 3, values: rows.concat(), ..Default::default() }
    }

    #[test]
    fn the_first_axis_is_the_longest() {
        let z = representation(&[
            [10.0, 0.0, 1.0],
            [-10.0, 0.0, 1.0],
            [0.0, 2.0, 1.0],
            [0.0, -2.0, 1.0],
        ]);
        let cloud = project(&z, &z, None);
        assert!(cloud.real[0][0].abs() > 9.99 && cloud.real[2][1].abs() > 1.99);
        assert!((cloud.explained[0] - 200.0 / 208.0).abs() < 1e-6);
        assert_eq!(cloud.real, cloud.twin);
        let again = project(&z, &z, Some(&cloud));
        assert!((again.real[0][0] - cloud.real[0][0]).abs() < 1e-9);
    }
}
