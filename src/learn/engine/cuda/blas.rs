//! A product as cuBLAS wants to hear it: matrices column after column.
//!
//! Rows of ours, `step` numbers apart, are columns there. So `out = left right` is asked for as
//! `out^T = right^T left^T`, with the factors changed over and no matrix moved.

use super::program::{Product, REGIONS};

/// One matrix: whether it is turned round, its address, how far columns lie apart, and how far
/// matrices of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// `CUBLAS_OP_T` rather than `CUBLAS_OP_N`; never for a result.
    pub turned: bool,
    /// Its first number.
    pub address: u64,
    /// `lda`, `ldb` or `ldc`.
    pub leading: i32,
    /// From one matrix to the next.
    pub stride: i64,
}

/// The arguments of `cublasGemmStridedBatchedEx` that differ from call to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gemm {
    /// m, n and k.
    pub shape: [i32; 3],
    /// A, B and C.
    pub matrices: [Matrix; 3],
    /// beta is 1 rather than 0.
    pub adds: bool,
    /// How many products.
    pub count: i32,
}

impl Gemm {
    /// A product whose memories begin at `bases`.
    pub fn of(product: &Product, bases: &[u64; REGIONS]) -> Self {
        let matrix = |side: super::program::Side| Matrix {
            turned: side.turned,
            address: side.at.address(bases),
            leading: side.step as i32,
            stride: side.stride as i64,
        };
        let [rows, inner, columns] = product.shape.map(|size| size as i32);
        Self {
            shape: [columns, rows, inner],
            matrices: [product.right, product.left, product.out].map(matrix),
            adds: product.adds,
            count: product.count as i32,
        }
    }
}
