//! Matrix products on one thread, by the `gemm` crate: the one place that hands out pointers.

use gemm::Parallelism;

/// A matrix that is only read: numbers, and how far rows and columns lie apart.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    values: &'a [f32],
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Side<'a> {
    /// Row-major numbers, `width` to a row.
    pub const fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, row_stride: width, column_stride: 1 }
    }

    /// The same matrix turned round: its columns become rows.
    pub const fn turned(values: &'a [f32], width: usize) -> Self {
        Self { values, row_stride: 1, column_stride: width }
    }

    /// Without the first `rows` rows.
    pub fn past(self, rows: usize) -> Self {
        Self { values: &self.values[rows * self.row_stride..], ..self }
    }

    /// Whether `rows x columns` numbers, at least one, lie within the slice.
    const fn holds(&self, rows: usize, columns: usize) -> bool {
        (rows - 1) * self.row_stride + (columns - 1) * self.column_stride < self.values.len()
    }
}

/// `out = left right`, or `out += left right` if it `adds`. `out` is row-major, `rows x columns`;
/// `left` is `rows x inner`, `right` `inner x columns`.
///
/// The calling thread does all of it, so the bits depend on the shapes and the processor alone.
///
/// # Panics
/// If a slice is too short for its shape.
#[expect(unsafe_code, reason = "gemm takes pointers")]
pub fn product(
    out: &mut [f32],
    (rows, inner, columns): (usize, usize, usize),
    left: Side<'_>,
    right: Side<'_>,
    adds: bool,
) {
    assert_eq!(out.len(), rows * columns, "a product of another shape than its place");
    if out.is_empty() {
        return;
    }
    if inner == 0 {
        if !adds {
            out.fill(0.0);
        }
        return;
    }
    assert!(left.holds(rows, inner) && right.holds(inner, columns), "a matrix is too short");
    // SAFETY: with these strides every element of the three matrices lies within its slice, as has
    // just been asserted; `out` is borrowed mutably, so it overlaps neither of the others; f32 has
    // no invalid values; strides of slices in memory fit an isize.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            columns as isize,
            adds,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// `out = left right` of row-major matrices: `left` is rows x inner, `right` inner x columns.
///
/// # Panics
/// If a slice is too short for its shape.
pub fn multiply(out: &mut [f32], [rows, inner, columns]: [usize; 3], left: &[f32], right: &[f32]) {
    let sides = (Side::rows(left, inner), Side::rows(right, columns));
    product(out, (rows, inner, columns), sides.0, sides.1, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * step) % 17) as f32 - 8.0).collect()
    }

    #[test]
    fn it_is_the_sum_of_the_definition_either_way_round() {
        for (rows, inner, columns) in [(1, 1, 1), (5, 3, 4), (33, 70, 64), (7, 0, 2)] {
            let (left, right) = (numbers(rows * inner, 5), numbers(inner * columns, 7));
            let turn = |values: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                (0..rows * columns).map(|i| values[(i % rows) * columns + i / rows]).collect()
            };
            let expected: Vec<f32> = (0..rows * columns)
                .map(|i| {
                    let term = |k| left[i / columns * inner + k] * right[k * columns + i % columns];
                    (0..inner).map(term).sum()
                })
                .collect();
            let mut out = vec![f32::NAN; rows * columns];
            let shape = (rows, inner, columns);
            product(&mut out, shape, Side::rows(&left, inner), Side::rows(&right, columns), false);
            assert_eq!(out, expected);
            let (left, right) = (turn(&left, rows, inner), turn(&right, inner, columns));
            let sides = (Side::turned(&left, rows), Side::turned(&right, inner));
            product(&mut out, shape, sides.0, sides.1, true);
            assert!(out.iter().zip(&expected).all(|(out, expected)| *out == 2.0 * expected));
        }
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_matrix_that_is_too_short_is_refused() {
        let numbers = [0.0; 5];
        let side = Side::rows(&numbers, 3);
        product(&mut [0.0; 4], (2, 3, 2), side, side, false);
    }
}
