//! Representations on two axes, and what becomes of the verdict when their elements are changed.

use crate::learn::Representation;

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

/// Fills in the importance of each element, and the probe of the paper's appendix H.5: the fifth
/// of the elements that matters most is halved (reduce), or the rest doubled and the whole brought
/// back to its length (increase), and the head, as it is, asked again.
pub fn weigh(cloud: &mut Cloud, z: &Representation, labels: &[usize]) {
    let classes = z.logits.classes;
    if z.rows == 0 || classes == 0 {
        return;
    }
    let weight: Vec<&[f32]> = z.weight.chunks_exact(classes).collect();
    let rows: Vec<Vec<f64>> = z
        .values
        .chunks_exact(z.width)
        .map(|row| row.iter().map(|&v| f64::from(v)).collect())
        .collect();
    let spread = |i: usize| {
        let mean = rows.iter().map(|r| r[i]).sum::<f64>() / rows.len() as f64;
        (rows.iter().map(|r| (r[i] - mean).powi(2)).sum::<f64>() / rows.len() as f64).sqrt()
    };
    let reach = |w: &[f32]| {
        let (low, high) = w.iter().fold((f32::MAX, f32::MIN), |(a, b), &w| (a.min(w), b.max(w)));
        f64::from(high - low)
    };
    cloud.importance = (0..z.width).map(|i| reach(weight[i]) * spread(i)).collect();
    let mut order: Vec<usize> = (0..z.width).collect();
    order.sort_by(|&a, &b| cloud.importance[b].total_cmp(&cloud.importance[a]).then(a.cmp(&b)));
    let high = &order[..z.width.div_ceil(5)];
    let changed = |factor: &dyn Fn(usize) -> f64, rescale: bool| -> Vec<Vec<f64>> {
        let one = |row: &Vec<f64>| {
            let new: Vec<f64> = row.iter().enumerate().map(|(i, v)| v * factor(i)).collect();
            let scale = dot(row, row).sqrt() / dot(&new, &new).sqrt().max(1e-12);
            if rescale { new.iter().map(|v| v * scale).collect() } else { new }
        };
        rows.iter().map(one).collect()
    };
    let reduced = changed(&|i| if high.contains(&i) { 0.5 } else { 1.0 }, false);
    let increased = changed(&|i| if high.contains(&i) { 1.0 } else { 2.0 }, true);
    // Whatever the method adds to the head's product stays as it was.
    let accuracy = |changed: &[Vec<f64>]| {
        let mut logits = z.logits.clone();
        for ((logits, old), new) in logits.values.chunks_exact_mut(classes).zip(&rows).zip(changed)
        {
            for (class, logit) in logits.iter_mut().enumerate() {
                let moved = old.iter().zip(new).zip(&weight);
                let by: f64 = moved.map(|((a, b), w)| (b - a) * f64::from(w[class])).sum();
                *logit += by as f32;
            }
        }
        logits.accuracy(labels)
    };
    cloud.probed = Some([accuracy(&rows), accuracy(&reduced), accuracy(&increased)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::Logits;

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

    #[test]
    fn an_element_that_the_head_reads_is_important() {
        // The second element alone is read.
        let z = |added: f32| Representation {
            logits: Logits { rows: 2, classes: 2, values: vec![-1.0, 1.0, 1.0 + added, -1.0] },
            weight: vec![0.0, 0.0, -1.0, 1.0, 0.0, 0.0],
            ..representation(&[[5.0, 1.0, 0.0], [-5.0, -1.0, 0.0]])
        };
        let probed = |added| {
            let z = z(added);
            let mut cloud = project(&z, &z, None);
            weigh(&mut cloud, &z, &[1, 0]);
            cloud
        };
        // Where the method adds -1.5 the right class leads by 0.5; halving takes 1 away, and so does
        // doubling the rest, since the whole is brought back to its length.
        assert_eq!(probed(-1.5).probed, Some([1.0, 0.5, 0.5]));
        let cloud = probed(0.0);
        assert_eq!(cloud.importance, [0.0, 2.0, 0.0]);
        assert_eq!(cloud.probed, Some([1.0, 1.0, 1.0]));
    }
}
