//! Gradients of causal attention of one head.
//!
//! Shares are computed again from queries and keys; gradients of queries are sums over earlier rows, those of keys and values over
//! later ones, each in ascending order.

use std::ops::Range;

use super::attention::{Head, pack_keys, pack_values};
use super::matmul::REST_ROWS;
use super::matrix::Matrix;
use super::real::{LANES, Vector};
use super::rows::{part, softmax, store_part};
use super::sums::{Factors, Panels, accumulate, products};
use super::tiles::{load_tile, store_tile, store_whole_tile};

/// What a head's gradients are computed from; all rows are those of one example.
#[derive(Clone, Copy)]
pub(crate) struct Gathering<'a> {
    /// Queries as they were: the head's place holds what it gathered.
    pub(crate) queries: Matrix<'a>,
    /// Rows of queries, keys and values, of which the last two are read.
    pub(crate) values: &'a [f32],
    /// Gradients of what the head gathered.
    pub(crate) pulls: Matrix<'a>,
    pub(crate) head: Head,
    /// Whether another head with the same keys and values has left its gradients of them: these go on from there.
    pub(crate) goes_on: bool,
}

/// Values of scratch space that `attention_back` needs.
pub(crate) fn back_len(rows: usize, size: usize) -> usize {
    let (rows, size) = (rows.next_multiple_of(LANES), size.next_multiple_of(LANES));
    5 * rows * size + 2 * rows * rows
}

/// Writes the gradients of queries, keys and values to the head's places in `gradients`, rows as far apart as those of the values.
#[inline(always)]
pub(crate) fn attention_back<V: Vector, const ROWS: usize, const PANELS: usize>(
    from: Gathering<'_>,
    gradients: &mut [f32],
    scratch: &mut [f32],
) {
    let head = from.head;
    let (padded_rows, padded_size) = (head.rows.next_multiple_of(LANES), head.size.next_multiple_of(LANES));
    let mut scratch = scratch;
    let mut take = |length: usize| {
        let (taken, rest) = std::mem::take(&mut scratch).split_at_mut(length);
        scratch = rest;
        taken
    };
    let [turned_keys, turned_values] = [take(padded_rows * head.size), take(padded_rows * head.size)];
    let [keys, queries, pulls] = [take(padded_size * head.rows), take(padded_size * head.rows), take(padded_size * head.rows)];
    let [shares, slopes] = [take(padded_rows * padded_rows), take(padded_rows * padded_rows)];
    pack_keys::<V>(head.part(from.values, 1), turned_keys);
    pack_keys::<V>(head.part(from.values, 2), turned_values);
    pack_values(head.part(from.values, 1), keys);
    pack_values(from.queries, queries);
    pack_values(from.pulls, pulls);
    let mut pass = Pass { from, turned_keys, turned_values, keys, shares, slopes, padded_rows, gradients };
    pass.all_rows::<V, ROWS>();
    pass.all_columns::<V, ROWS>(Sums::Keys, queries);
    pass.all_columns::<V, ROWS>(Sums::Values, pulls);
}

/// Whose gradients are sums over later rows.
#[derive(Clone, Copy)]
enum Sums {
    Keys,
    Values,
}

/// What the tiles of a head share: packed inputs, shares and slopes of all rows.
struct Pass<'a> {
    from: Gathering<'a>,
    /// Keys and values with their columns turned into steps.
    turned_keys: &'a [f32],
    turned_values: &'a [f32],
    keys: &'a [f32],
    /// Softmax of every row, 0 behind its own place.
    shares: &'a mut [f32],
    /// Gradients of the products of queries and keys, likewise.
    slopes: &'a mut [f32],
    padded_rows: usize,
    gradients: &'a mut [f32],
}

impl Pass<'_> {
    /// Queries, as many rows at a time as a tile has.
    #[inline(always)]
    fn all_rows<V: Vector, const ROWS: usize>(&mut self) {
        let (count, mut row) = (self.from.head.rows, 0);
        while row + ROWS <= count {
            self.rows::<V, ROWS>(row);
            row += ROWS;
        }
        while row + REST_ROWS <= count {
            self.rows::<V, REST_ROWS>(row);
            row += REST_ROWS;
        }
        while row < count {
            self.rows::<V, 1>(row);
            row += 1;
        }
    }

    /// Keys or values, likewise.
    #[inline(always)]
    fn all_columns<V: Vector, const ROWS: usize>(&mut self, sums: Sums, packed: &[f32]) {
        let (count, mut row) = (self.from.head.rows, 0);
        while row + ROWS <= count {
            self.columns::<V, ROWS>(row, sums, packed);
            row += ROWS;
        }
        while row + REST_ROWS <= count {
            self.columns::<V, REST_ROWS>(row, sums, packed);
            row += REST_ROWS;
        }
        while row < count {
            self.columns::<V, 1>(row, sums, packed);
            row += 1;
        }
    }

    /// Shares, slopes and gradients of the queries of some rows.
    #[inline(always)]
    fn rows<V: Vector, const ROWS: usize>(&mut self, first: usize) {
        let (head, length) = (self.from.head, self.padded_rows);
        for panel in head.first(first) / LANES..(first + ROWS).div_ceil(LANES) {
            let at = panel * LANES * head.size;
            let scores = products::<V, ROWS, 1>(self.from.queries.part(first, ROWS), &self.turned_keys[at..], false);
            let pulls = products::<V, ROWS, 1>(self.from.pulls.part(first, ROWS), &self.turned_values[at..], false);
            store_whole_tile(&scores, &mut self.shares[first * length..], length, panel * LANES);
            store_whole_tile(&pulls, &mut self.slopes[first * length..], length, panel * LANES);
        }
        for row in first..first + ROWS {
            let (shares, seen) = (&mut self.shares[row * length..][..length], head.first(row)..row + 1);
            softmax::<V>(shares, seen.start, seen.end, head.scale);
            shares[..seen.start].fill(0.0);
            shares[seen.end..].fill(0.0);
            slope::<V>(shares, &mut self.slopes[row * length..][..length], seen, head.scale);
        }
        let seen = head.first(first);
        let factors = Factors { values: self.slopes[first * length + seen..].as_ptr(), row: length, step: 1 };
        for panel in 0..head.size.div_ceil(LANES) {
            let mut sums = [[V::splat(0.0); 1]; ROWS];
            let panels = Panels { values: self.keys[(panel * head.rows + seen) * LANES..].as_ptr(), panel: 0, step: LANES };
            // SAFETY: `slopes` has `length` values in each row, the panel lanes for each of head.rows rows.
            unsafe { accumulate(&mut sums, factors, panels, first + ROWS - seen) };
            self.store(&sums, first, 0, panel);
        }
    }

    /// Gradients of some keys or values: sums over their own row and all later ones that look at one of them.
    #[inline(always)]
    fn columns<V: Vector, const ROWS: usize>(&mut self, first: usize, sums: Sums, packed: &[f32]) {
        let (head, length) = (self.from.head, self.padded_rows);
        let (from, part) = match sums {
            Sums::Keys => (&*self.slopes, 1),
            Sums::Values => (&*self.shares, 2),
        };
        let factors = Factors { values: from[first * length + first..].as_ptr(), row: 1, step: length };
        let end = (first + ROWS - 1).saturating_add(head.window).min(head.rows);
        for panel in 0..head.size.div_ceil(LANES) {
            let mut sums = [[V::splat(0.0); 1]; ROWS];
            if self.from.goes_on {
                sums = load_tile(&self.gradients[first * head.stride + head.places[part]..], head.stride, panel * LANES, head.size);
            }
            let panels = Panels { values: packed[(panel * head.rows + first) * LANES..].as_ptr(), panel: 0, step: LANES };
            // SAFETY: rows from `first` to `end` have ROWS values from column `first` on, the panel lanes for each of them.
            unsafe { accumulate(&mut sums, factors, panels, end - first) };
            self.store(&sums, first, part, panel);
        }
    }

    /// A tile of gradients to its place among queries (0), keys (1) or values (2).
    #[inline(always)]
    fn store<V: Vector, const ROWS: usize>(&mut self, sums: &[[V; 1]; ROWS], first: usize, part: usize, panel: usize) {
        let head = self.from.head;
        let target = &mut self.gradients[first * head.stride + head.places[part]..];
        store_tile(sums, target, head.stride, panel * LANES, head.size);
    }
}

/// Turns pulls at shares into slopes: share · (pull − Σ share · pull) · scale, 0 outside the rows that are `seen`.
#[inline(always)]
fn slope<V: Vector>(shares: &[f32], pulls: &mut [f32], seen: Range<usize>, scale: f32) {
    pulls[..seen.start].fill(0.0);
    pulls[seen.end..].fill(0.0);
    let (first, end) = (seen.start / LANES * LANES, seen.end);
    let mut sums = V::splat(0.0);
    for column in (first..end).step_by(LANES) {
        sums = part::<V>(shares, column, 0.0).fma(part(pulls, column, 0.0), sums);
    }
    let sum = V::splat(sums.sum());
    for column in (first..end).step_by(LANES) {
        let slope = part::<V>(shares, column, 0.0).times(part::<V>(pulls, column, 0.0).minus(sum));
        store_part(slope.times(V::splat(scale)), &mut pulls[column..]);
    }
}
