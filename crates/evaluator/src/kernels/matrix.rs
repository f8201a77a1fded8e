//! Matrices as kernels see them: rows at a fixed distance in somebody's memory.
//!
//! That a matrix lies within its values is asserted when it is made; kernels rely on it where they read without further checks.

use super::real::LANES;

/// A matrix that is read.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// From the beginning of a row to that of the next.
    pub(crate) stride: usize,
}

/// A matrix that is written; its rows have room for whole lanes, the last one perhaps for no more.
pub(crate) struct MatrixMut<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) stride: usize,
}

/// So many values and what fills the last lanes.
pub(crate) fn whole_lanes(columns: usize) -> usize {
    columns.next_multiple_of(LANES)
}

/// Values from one row to the next: whole lanes, and never a multiple of a page's half, of which a cache holds few.
pub(crate) fn stride_of(columns: usize) -> usize {
    let stride = whole_lanes(columns);
    if stride.is_multiple_of(512) { stride + LANES } else { stride }
}

impl<'a> Matrix<'a> {
    /// The first `columns` of rows that lie `stride` apart.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(columns <= stride && (rows == 0 || values.len() >= (rows - 1) * stride + columns), "a matrix within its values");
        Self { values, rows, columns, stride }
    }

    /// `count` rows from `first` on.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        Self::new(&self.values[first * self.stride..], count, self.columns, self.stride)
    }

    /// One row.
    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.stride..][..self.columns]
    }
}

impl<'a> MatrixMut<'a> {
    /// Rows that lie `stride` apart, each with room for `columns` rounded up to whole lanes.
    pub(crate) fn new(values: &'a mut [f32], rows: usize, columns: usize, stride: usize) -> Self {
        let whole = whole_lanes(columns);
        assert!(whole <= stride && (rows == 0 || values.len() >= (rows - 1) * stride + whole), "a matrix within its values");
        Self { values, rows, columns, stride }
    }

    /// The same, to be read.
    pub(crate) fn read(&self) -> Matrix<'_> {
        Matrix::new(self.values, self.rows, self.columns, self.stride)
    }

    /// `count` rows from `first` on.
    pub(crate) fn part(&mut self, first: usize, count: usize) -> MatrixMut<'_> {
        MatrixMut::new(&mut self.values[first * self.stride..], count, self.columns, self.stride)
    }

    /// One row with its padding.
    pub(crate) fn row(&mut self, index: usize) -> &mut [f32] {
        let start = index * self.stride;
        let end = self.values.len().min(start + self.stride);
        &mut self.values[start..end]
    }
}
