//! Causal attention of one head: each row looks at itself and the rows before it, perhaps only so many.
//!
//! Scores of a tile of rows with all keys up to the last of them, softmax of each row over its own part, then sums of values over the
//! same part: what lies behind a row, or before its window, takes no part, not even as zeros.

use super::matmul::{REST_ROWS, pack, pack_transposed};
use super::matrix::Matrix;
use super::real::{LANES, Vector};
use super::rows::softmax;
use super::sums::{Factors, Panels, accumulate, products};
use super::tiles::{store_tile, store_whole_tile};

/// Most rows of a tile, of any instruction set.
const TILE_ROWS_MAX: usize = 12;

/// Where one head lies in rows of queries, keys and values.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Positions of the example.
    pub(crate) rows: usize,
    /// The first of them that gathers: of those before it only keys and values are there.
    pub(crate) from: usize,
    /// From one position to the next.
    pub(crate) stride: usize,
    /// First of its queries, keys and values in a row; several heads may share the last two.
    pub(crate) places: [usize; 3],
    /// Values of this head.
    pub(crate) size: usize,
    /// Factor of the products of queries and keys.
    pub(crate) scale: f32,
    /// Most rows that a row looks at, itself included; `usize::MAX` = all before it.
    pub(crate) window: usize,
}

impl Head {
    /// Queries (0), keys (1) or values (2) of this head.
    pub(crate) fn part(self, values: &[f32], index: usize) -> Matrix<'_> {
        Matrix::new(&values[self.places[index]..], self.rows, self.size, self.stride)
    }

    /// The first row that a row looks at.
    pub(crate) fn first(self, row: usize) -> usize {
        (row + 1).saturating_sub(self.window)
    }
}

/// Values of scratch space that `attention` needs.
pub(crate) fn scratch_len(rows: usize, size: usize) -> usize {
    let (rows, size) = (rows.next_multiple_of(LANES), size.next_multiple_of(LANES));
    2 * rows * size + TILE_ROWS_MAX * rows
}

/// Replaces the queries of a head by what it gathers, from row `from` on.
#[inline(always)]
pub(crate) fn attention<V: Vector, const ROWS: usize, const PANELS: usize>(values: &mut [f32], head: Head, scratch: &mut [f32]) {
    const { assert!(ROWS <= TILE_ROWS_MAX) };
    let padded_rows = head.rows.next_multiple_of(LANES);
    let (keys, scratch) = scratch.split_at_mut(padded_rows * head.size);
    let (gathered, scores) = scratch.split_at_mut(head.size.next_multiple_of(LANES) * head.rows);
    pack_keys::<V>(head.part(values, 1), keys);
    pack_values(head.part(values, 2), gathered);
    let mut pass = Pass { values, head, keys, gathered, scores, padded_rows };
    let mut row = head.from;
    while row + ROWS <= head.rows {
        pass.tile::<V, ROWS, PANELS>(row);
        row += ROWS;
    }
    while row + REST_ROWS <= head.rows {
        pass.tile::<V, REST_ROWS, PANELS>(row);
        row += REST_ROWS;
    }
    while row < head.rows {
        pass.tile::<V, 1, PANELS>(row);
        row += 1;
    }
}

/// Panels of sixteen rows, their columns turned into steps: [size, LANES] each.
#[inline(always)]
pub(crate) fn pack_keys<V: Vector>(all: Matrix<'_>, keys: &mut [f32]) {
    for (index, panel) in keys.chunks_exact_mut(all.columns * LANES).enumerate() {
        let first = index * LANES;
        pack_transposed::<V>(all.part(first, LANES.min(all.rows - first)), panel);
    }
}

/// Panels of sixteen columns: [rows, LANES] each.
#[inline(always)]
pub(crate) fn pack_values(all: Matrix<'_>, values: &mut [f32]) {
    for (index, panel) in values.chunks_exact_mut(all.rows * LANES).enumerate() {
        pack(all, index * LANES, panel);
    }
}

/// What the tiles of a head share.
struct Pass<'a> {
    values: &'a mut [f32],
    head: Head,
    keys: &'a [f32],
    gathered: &'a [f32],
    scores: &'a mut [f32],
    padded_rows: usize,
}

impl Pass<'_> {
    /// Rows `first` to `first + ROWS`.
    #[inline(always)]
    fn tile<V: Vector, const ROWS: usize, const PANELS: usize>(&mut self, first: usize) {
        let panels = (first + ROWS).div_ceil(LANES);
        let mut panel = self.head.first(first) / LANES;
        while PANELS == 2 && panel + 2 <= panels {
            self.scores::<V, ROWS, 2>(first, panel);
            panel += 2;
        }
        while panel < panels {
            self.scores::<V, ROWS, 1>(first, panel);
            panel += 1;
        }
        for (row, scores) in self.scores.chunks_exact_mut(self.padded_rows).take(ROWS).enumerate() {
            softmax::<V>(scores, self.head.first(first + row), first + row + 1, self.head.scale);
        }
        let panels = self.head.size.div_ceil(LANES);
        let mut panel = 0;
        while PANELS == 2 && panel + 2 <= panels {
            self.gather::<V, ROWS, 2>(first, panel);
            panel += 2;
        }
        while panel < panels {
            self.gather::<V, ROWS, 1>(first, panel);
            panel += 1;
        }
    }

    /// Products of the queries with sixteen keys from each of `PANELS` panels.
    #[inline(always)]
    fn scores<V: Vector, const ROWS: usize, const PANELS: usize>(&mut self, first: usize, panel: usize) {
        let head = self.head;
        let queries = head.part(self.values, 0).part(first, ROWS);
        let sums = products::<V, ROWS, PANELS>(queries, &self.keys[panel * LANES * head.size..], false);
        store_whole_tile(&sums, self.scores, self.padded_rows, panel * LANES);
    }

    /// Sums of the values, each times its share, over the rows that each row looks at: those before the first that all rows of the tile
    /// look at, then as many as all do, then those up to each row's own.
    #[inline(always)]
    fn gather<V: Vector, const ROWS: usize, const PANELS: usize>(&mut self, first: usize, panel: usize) {
        let head = self.head;
        let distance = LANES * head.rows;
        let packed = &self.gathered[panel * distance..][..PANELS * distance];
        let shares = Matrix::new(self.scores, ROWS, first + ROWS, self.padded_rows);
        let common = head.first(first + ROWS - 1).min(first + 1);
        let mut sums = [[V::splat(0.0); PANELS]; ROWS];
        for row in 0..ROWS {
            for at in head.first(first + row)..common {
                add_share(&mut sums[row], shares.values[row * shares.stride + at], &packed[at * LANES..], distance);
            }
        }
        let factors = Factors { values: shares.values[common..].as_ptr(), row: shares.stride, step: 1 };
        let panels = Panels { values: packed[common * LANES..].as_ptr(), panel: distance, step: LANES };
        // SAFETY: `shares` holds ROWS rows, `packed` PANELS times head.rows lanes, of which those from `common` to `first` are read.
        unsafe { accumulate(&mut sums, factors, panels, first + 1 - common) };
        for row in 1..ROWS {
            for at in head.first(first + row).max(first + 1)..=first + row {
                add_share(&mut sums[row], shares.values[row * shares.stride + at], &packed[at * LANES..], distance);
            }
        }
        let target = &mut self.values[first * head.stride + head.places[0]..];
        store_tile(&sums, target, head.stride, panel * LANES, head.size);
    }
}

/// Adds one value, times its share, to each panel of a row; `packed` begins at its lanes in the first panel.
#[inline(always)]
fn add_share<V: Vector, const PANELS: usize>(sums: &mut [V; PANELS], share: f32, packed: &[f32], distance: usize) {
    for panel in 0..PANELS {
        let lanes = &packed[panel * distance..].as_chunks::<LANES>().0[0];
        sums[panel] = V::splat(share).fma(V::load(lanes), sums[panel]);
    }
}
