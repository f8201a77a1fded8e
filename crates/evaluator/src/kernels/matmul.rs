//! Matrix products: one accumulator per output, from +0, ascending index, fused multiply-add; blocked over rows and panels.
//!
//! A panel holds sixteen outputs with their weights side by side, so that one load serves a lane of each; a tile is some rows by one or
//! two panels, held in registers over the whole depth. Where the rows are more than the second cache holds, they pass by once for each
//! group of panels, which stay there, instead of once for each panel. Which outputs share a tile, and which tile comes first, changes
//! nothing in any of their sums.

use crate::arena::Aligned;
use crate::values::Values;

use super::matrix::{Matrix, MatrixMut, whole_lanes};
use super::real::{LANES, Lanes, Vector};
use super::sums::products;
use super::tiles::{load_whole_tile, store_whole_tile};

/// Rows of the smaller tile for what the large one leaves.
pub(crate) const REST_ROWS: usize = 4;

/// Values of a group of panels: 256 KiB, which the second cache of nearly every processor holds.
const GROUP: usize = 1 << 16;

/// Most panels of a group; fewer where they are deep.
const GROUP_PANELS: usize = 8;

/// Values of rows that stay in the second cache while panel after panel goes over all of them.
const NEAR: usize = 2 * GROUP;

/// Columns of a weight in a file that are widened at a time: sixteen rows of them stay in the nearest cache.
const WIDENED: usize = 128;

/// A linear layer: weight [outputs, inputs] row-major, bias [outputs].
#[derive(Clone, Copy)]
pub(crate) struct Linear<'a> {
    /// Row-major, [outputs, inputs]; one in a file is widened panel by panel.
    pub(crate) weight: Values<'a>,
    /// [outputs], added after the products, if there is one.
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The weight in panels, if it was packed before.
    pub(crate) packed: Option<&'a Packed>,
}

/// A weight in panels for products in both directions, where few rows at a time would pack it again and again.
pub(crate) struct Packed {
    outputs: usize,
    inputs: usize,
    /// For each sixteen outputs [inputs, LANES].
    forward: Aligned,
    /// For each sixteen inputs [outputs, LANES]; nothing where gradients are not asked for.
    back: Aligned,
}

impl Packed {
    /// Room for a weight [outputs, inputs].
    pub(crate) fn new(outputs: usize, inputs: usize) -> Self {
        Self { back: Aligned::zeros(inputs.next_multiple_of(LANES) * outputs), ..Self::forward(outputs, inputs) }
    }

    /// Room for a weight that is only used forward.
    pub(crate) fn forward(outputs: usize, inputs: usize) -> Self {
        Self { outputs, inputs, forward: Aligned::zeros(Self::forward_len(outputs, inputs)), back: Aligned::zeros(0) }
    }

    /// Values of that room.
    pub(crate) fn forward_len(outputs: usize, inputs: usize) -> usize {
        outputs.next_multiple_of(LANES) * inputs
    }
}

/// Packs a weight.
#[inline(always)]
pub(crate) fn pack_weight<V: Vector>(weight: Values<'_>, packed: &mut Packed) {
    let (outputs, inputs) = (packed.outputs, packed.inputs);
    for (index, panel) in packed.forward.chunks_exact_mut(LANES * inputs).enumerate() {
        let first = index * LANES;
        pack_outputs::<V>(weight, inputs, (first, LANES.min(outputs - first)), panel);
    }
    for (index, panel) in packed.back.chunks_exact_mut(LANES * outputs).enumerate() {
        pack_inputs(weight, inputs, index * LANES, panel);
    }
}

/// Turns at most sixteen rows of a weight, `count` from `first` on, into one panel: [inputs, LANES], missing rows as +0.
#[inline(always)]
fn pack_outputs<V: Vector>(weight: Values<'_>, inputs: usize, (first, count): (usize, usize), panel: &mut [f32]) {
    if let Some(values) = weight.wide() {
        return pack_transposed::<V>(Matrix::new(&values[first * inputs..], count, inputs, inputs), panel);
    }
    let mut wide = [0.0; LANES * WIDENED];
    for column in (0..inputs).step_by(WIDENED) {
        let columns = WIDENED.min(inputs - column);
        for row in 0..count {
            weight.widen((first + row) * inputs + column, &mut wide[row * WIDENED..][..columns]);
        }
        pack_transposed::<V>(Matrix::new(&wide, count, columns, WIDENED), &mut panel[column * LANES..]);
    }
}

/// Copies at most sixteen columns of a weight, from `first` on, into one panel: [outputs, LANES], missing columns as +0.
#[inline(always)]
fn pack_inputs(weight: Values<'_>, inputs: usize, first: usize, panel: &mut [f32]) {
    let outputs = weight.len() / inputs;
    if let Some(values) = weight.wide() {
        return pack(Matrix::new(values, outputs, inputs, inputs), first, panel);
    }
    let count = LANES.min(inputs - first);
    for (row, lanes) in panel.as_chunks_mut::<LANES>().0.iter_mut().enumerate().take(outputs) {
        lanes[count..].fill(0.0);
        weight.widen(row * inputs + first, &mut lanes[..count]);
    }
}

impl Linear<'_> {
    /// That panels, if there are any, are those of a weight of this shape.
    fn check(&self) {
        assert!(self.packed.is_none_or(|packed| (packed.outputs, packed.inputs) == (self.outputs, self.inputs)), "panels of this weight");
    }
}

/// What happens to a result.
#[derive(Clone, Copy)]
pub(crate) enum Then<'a> {
    /// It replaces what was there.
    Store,
    /// It is added to what was there.
    Add,
    /// It is added to what is in the same place here, in rows of whole lanes, and replaces what was there.
    Plus(Matrix<'a>),
    /// What was there is multiplied by it.
    Times,
}

/// Values of packing space that `linear` needs for rows of `inputs`, or of fewer.
pub(crate) fn packing_len(inputs: usize) -> usize {
    let deep = 2 * LANES * inputs;
    deep.max(GROUP.min(GROUP_PANELS * LANES * inputs))
}

/// Outputs of a group: of one tile where the rows stay near, else an even number of panels, so that none is left of pairs.
fn group_outputs(rows: usize, depth: usize, panels: usize) -> usize {
    let most = if rows * depth <= NEAR { panels } else { (GROUP / (LANES * depth)).clamp(2, GROUP_PANELS) / 2 * 2 };
    most * LANES
}

/// `output` = `input` · weightᵀ, then + bias. `packing` has `packing_len(inputs)` values.
#[inline(always)]
pub(crate) fn linear<V: Vector, const ROWS: usize, const PANELS: usize>(
    input: Matrix<'_>,
    layer: Linear<'_>,
    output: MatrixMut<'_>,
    then: Then<'_>,
    packing: &mut [f32],
) {
    assert!(input.columns == layer.inputs && output.columns == layer.outputs && input.rows <= output.rows, "a layer fits its rows");
    assert!(layer.weight.len() == layer.inputs * layer.outputs, "a weight has its shape");
    layer.check();
    let (depth, mut output) = (layer.inputs, output);
    let most = group_outputs(input.rows, depth, PANELS);
    for first in (0..layer.outputs).step_by(most) {
        let count = most.min(layer.outputs - first);
        let packed = match layer.packed {
            Some(packed) => &packed.forward[first * depth..][..whole_lanes(count) * depth],
            None => {
                let packed = &mut packing[..whole_lanes(count) * depth];
                for (panel, packed) in packed.chunks_exact_mut(LANES * depth).enumerate() {
                    let start = panel * LANES;
                    pack_outputs::<V>(layer.weight, depth, (first + start, LANES.min(count - start)), packed);
                }
                packed
            }
        };
        let mut bias = [[0.0; LANES]; GROUP_PANELS];
        if let Some(values) = layer.bias {
            bias.as_flattened_mut()[..count].copy_from_slice(&values[first..first + count]);
        }
        let group = Group { input, packed, bias: layer.bias.map(|_| &bias), then, first };
        group.tiles::<V, ROWS, PANELS>(&mut output);
    }
}

/// `output` = `gradient` · weight, what a layer's outputs pull at its inputs. `packing` has `packing_len(outputs)` values.
#[inline(always)]
pub(crate) fn linear_back<V: Vector, const ROWS: usize, const PANELS: usize>(
    gradient: Matrix<'_>,
    layer: Linear<'_>,
    output: MatrixMut<'_>,
    then: Then<'_>,
    packing: &mut [f32],
) {
    assert!(gradient.columns == layer.outputs && output.columns == layer.inputs && gradient.rows <= output.rows, "a layer fits its rows");
    layer.check();
    let (depth, mut output) = (layer.outputs, output);
    let most = group_outputs(gradient.rows, depth, PANELS);
    for first in (0..layer.inputs).step_by(most) {
        let count = whole_lanes(most.min(layer.inputs - first));
        let packed = match layer.packed {
            Some(packed) => &packed.back[first * depth..][..count * depth],
            None => {
                let packed = &mut packing[..count * depth];
                for (panel, packed) in packed.chunks_exact_mut(LANES * depth).enumerate() {
                    pack_inputs(layer.weight, layer.inputs, first + panel * LANES, packed);
                }
                packed
            }
        };
        Group { input: gradient, packed, bias: None, then, first }.tiles::<V, ROWS, PANELS>(&mut output);
    }
}

/// What the tiles of a group of panels share.
struct Group<'a> {
    input: Matrix<'a>,
    /// Panel after panel, [columns of the input, LANES] each.
    packed: &'a [f32],
    bias: Option<&'a [Lanes; GROUP_PANELS]>,
    then: Then<'a>,
    /// Column of the output that is the first one of the first panel.
    first: usize,
}

impl Group<'_> {
    /// All rows, as many at a time as a tile has.
    #[inline(always)]
    fn tiles<V: Vector, const ROWS: usize, const PANELS: usize>(&self, output: &mut MatrixMut<'_>) {
        let mut row = 0;
        while row + ROWS <= self.input.rows {
            self.across::<V, ROWS, PANELS>(output, row);
            row += ROWS;
        }
        while row + REST_ROWS <= self.input.rows {
            self.across::<V, REST_ROWS, PANELS>(output, row);
            row += REST_ROWS;
        }
        while row < self.input.rows {
            self.across::<V, 1, PANELS>(output, row);
            row += 1;
        }
    }

    /// The tiles of some rows, one beside the other.
    #[inline(always)]
    fn across<V: Vector, const ROWS: usize, const PANELS: usize>(&self, output: &mut MatrixMut<'_>, row: usize) {
        let panels = self.packed.len() / (LANES * self.input.columns);
        let mut panel = 0;
        while PANELS == 2 && panel + 2 <= panels {
            self.tile::<V, ROWS, 2>(output, (row, panel), panel + 2 == panels);
            panel += 2;
        }
        while panel < panels {
            self.tile::<V, ROWS, 1>(output, (row, panel), panel + 1 == panels);
            panel += 1;
        }
    }

    /// One tile: products, bias, and what is to happen to the result. The last one of its rows brings the next rows near.
    #[inline(always)]
    fn tile<V: Vector, const ROWS: usize, const PANELS: usize>(
        &self,
        output: &mut MatrixMut<'_>,
        (row, panel): (usize, usize),
        last: bool,
    ) {
        let (input, first) = (self.input.part(row, ROWS), self.first + panel * LANES);
        let mut sums = products::<V, ROWS, PANELS>(input, &self.packed[panel * LANES * input.columns..], last);
        if let Some(bias) = self.bias {
            for at in 0..PANELS {
                let bias = V::load(&bias[panel + at]);
                for row in 0..ROWS {
                    sums[row][at] = sums[row][at].plus(bias);
                }
            }
        }
        match self.then {
            Then::Store => {}
            Then::Add => add(&mut sums, before(output.read().part(row, ROWS), first)),
            Then::Plus(matrix) => add(&mut sums, before(matrix.part(row, ROWS), first)),
            Then::Times => {
                let before = before::<V, ROWS, PANELS>(output.read().part(row, ROWS), first);
                for at in 0..ROWS {
                    for panel in 0..PANELS {
                        sums[at][panel] = before[at][panel].times(sums[at][panel]);
                    }
                }
            }
        }
        let stride = output.stride;
        store_whole_tile(&sums, &mut output.values[row * stride..], stride, first);
    }
}

/// Columns from `first` on; rows have whole lanes.
#[inline(always)]
fn before<V: Vector, const ROWS: usize, const PANELS: usize>(matrix: Matrix<'_>, first: usize) -> [[V; PANELS]; ROWS] {
    load_whole_tile(matrix.values, matrix.stride, first)
}

/// Adds what was there to each sum, once.
#[inline(always)]
fn add<V: Vector, const ROWS: usize, const PANELS: usize>(sums: &mut [[V; PANELS]; ROWS], before: [[V; PANELS]; ROWS]) {
    for row in 0..ROWS {
        for panel in 0..PANELS {
            sums[row][panel] = before[row][panel].plus(sums[row][panel]);
        }
    }
}

/// Turns at most sixteen rows into one panel: [columns, LANES], missing rows as +0.
#[inline(always)]
pub(crate) fn pack_transposed<V: Vector>(rows: Matrix<'_>, panel: &mut [f32]) {
    assert!(rows.rows <= LANES && panel.len() >= rows.columns * LANES, "a panel has room for its rows");
    if rows.rows == LANES {
        // SAFETY: `Matrix` holds sixteen rows of `columns` values, the panel as many lanes.
        unsafe { V::pack(rows.values.as_ptr(), rows.stride, rows.columns, panel.as_mut_ptr()) };
        return;
    }
    let (lanes, _) = panel.as_chunks_mut::<LANES>();
    for (column, lanes) in lanes.iter_mut().enumerate().take(rows.columns) {
        lanes.fill(0.0);
        for (row, lane) in lanes.iter_mut().enumerate().take(rows.rows) {
            *lane = rows.values[row * rows.stride + column];
        }
    }
}

/// Copies at most sixteen columns of all rows into one panel: [rows, LANES], missing columns as +0.
#[inline(always)]
pub(crate) fn pack(rows: Matrix<'_>, first: usize, panel: &mut [f32]) {
    let count = LANES.min(rows.columns - first);
    for (row, lanes) in panel.as_chunks_mut::<LANES>().0.iter_mut().enumerate().take(rows.rows) {
        let values = &rows.row(row)[first..first + count];
        match values.first_chunk::<LANES>() {
            Some(values) => *lanes = *values,
            None => {
                lanes[count..].fill(0.0);
                lanes[..count].copy_from_slice(values);
            }
        }
    }
}
