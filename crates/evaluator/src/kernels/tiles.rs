//! Tiles between registers and memory: rows at a fixed distance, sixteen columns for each panel.
//!
//! Whole tiles go in one piece; those at the right edge lane by lane, with zeros behind the end.

use super::real::{LANES, Vector};
use super::rows::{part, store_part};

/// Columns from `first` on, of which there are `end`; behind it the tile holds 0.
#[inline(always)]
pub(crate) fn load_tile<V: Vector, const ROWS: usize, const PANELS: usize>(
    values: &[f32],
    stride: usize,
    first: usize,
    end: usize,
) -> [[V; PANELS]; ROWS] {
    if first + PANELS * LANES > end {
        return load_edge(values, stride, first, end);
    }
    load_whole_tile(values, stride, first)
}

/// Columns from `first` on, all of which are there.
#[inline(always)]
pub(crate) fn load_whole_tile<V: Vector, const ROWS: usize, const PANELS: usize>(
    values: &[f32],
    stride: usize,
    first: usize,
) -> [[V; PANELS]; ROWS] {
    assert!(values.len() >= (ROWS - 1) * stride + first + PANELS * LANES, "a tile within its rows");
    let mut tile = [[V::splat(0.0); PANELS]; ROWS];
    for row in 0..ROWS {
        for panel in 0..PANELS {
            // SAFETY: sixteen values behind the beginning of one of ROWS rows, as just asserted.
            tile[row][panel] = unsafe { V::read(values.as_ptr().add(row * stride + first + panel * LANES)) };
        }
    }
    tile
}

/// Replaces the columns from `first` on, of which there are `end`.
#[inline(always)]
pub(crate) fn store_tile<V: Vector, const ROWS: usize, const PANELS: usize>(
    tile: &[[V; PANELS]; ROWS],
    values: &mut [f32],
    stride: usize,
    first: usize,
    end: usize,
) {
    if first + PANELS * LANES > end {
        return store_edge(*tile, values, stride, first, end);
    }
    store_whole_tile(tile, values, stride, first);
}

/// Replaces the columns from `first` on, all of which are there.
#[inline(always)]
pub(crate) fn store_whole_tile<V: Vector, const ROWS: usize, const PANELS: usize>(
    tile: &[[V; PANELS]; ROWS],
    values: &mut [f32],
    stride: usize,
    first: usize,
) {
    assert!(values.len() >= (ROWS - 1) * stride + first + PANELS * LANES, "a tile within its rows");
    for row in 0..ROWS {
        for panel in 0..PANELS {
            // SAFETY: sixteen values behind the beginning of one of ROWS rows, as just asserted.
            unsafe { tile[row][panel].write(values.as_mut_ptr().add(row * stride + first + panel * LANES)) };
        }
    }
}

/// Part of a tile is missing. Apart, so that whole tiles stay in registers.
#[inline(always)]
fn load_edge<V: Vector, const ROWS: usize, const PANELS: usize>(
    values: &[f32],
    stride: usize,
    first: usize,
    end: usize,
) -> [[V; PANELS]; ROWS] {
    let mut tile = [[V::splat(0.0); PANELS]; ROWS];
    for row in 0..ROWS {
        for panel in 0..PANELS {
            tile[row][panel] = part(&values[row * stride..][..end], (first + panel * LANES).min(end), 0.0);
        }
    }
    tile
}

/// Likewise, on the way back.
#[inline(always)]
fn store_edge<V: Vector, const ROWS: usize, const PANELS: usize>(
    tile: [[V; PANELS]; ROWS],
    values: &mut [f32],
    stride: usize,
    first: usize,
    end: usize,
) {
    for row in 0..ROWS {
        for panel in 0..PANELS {
            store_part(tile[row][panel], &mut values[row * stride..][..end][(first + panel * LANES).min(end)..]);
        }
    }
}
