//! Sums of products in registers: what every tile of a matrix product, of attention and of a weight's gradient is computed by.

use super::matrix::Matrix;
use super::real::{LANES, Vector, bring};

/// Values of a line of the cache: so many steps are between two looks ahead.
const LINE: usize = 16;

/// For each row and lane Σ row[k] · panel[k] in ascending k, from +0; `packed` is `PANELS` times [columns, LANES]. With `ahead`, the rows
/// behind these are brought near meanwhile: no processor sees by itself that a tile is at its end and where the next one begins.
#[inline(always)]
pub(crate) fn products<V: Vector, const ROWS: usize, const PANELS: usize>(
    rows: Matrix<'_>,
    packed: &[f32],
    ahead: bool,
) -> [[V; PANELS]; ROWS] {
    assert!(rows.rows == ROWS && packed.len() >= PANELS * LANES * rows.columns, "a tile fits its panels");
    let mut sums = [[V::splat(0.0); PANELS]; ROWS];
    let mut factors = Factors { values: rows.values.as_ptr(), row: rows.stride, step: 1 };
    let mut panels = Panels { values: packed.as_ptr(), panel: LANES * rows.columns, step: LANES };
    for _ in 0..rows.columns / LINE {
        if ahead {
            for row in ROWS..2 * ROWS {
                bring(factors.values.wrapping_add(row * rows.stride));
            }
        }
        // SAFETY: `Matrix` holds ROWS rows of `columns` values, `packed` as many lanes for each panel, as just asserted; so many lines of
        // steps are before their end.
        unsafe { accumulate(&mut sums, factors, panels, LINE) };
        factors.values = factors.values.wrapping_add(LINE);
        panels.values = panels.values.wrapping_add(LINE * LANES);
    }
    // SAFETY: likewise, for the steps that are left.
    unsafe { accumulate(&mut sums, factors, panels, rows.columns % LINE) };
    sums
}

/// Where the factor of a row and a step lies.
#[derive(Clone, Copy)]
pub(crate) struct Factors {
    /// Of the first row and the first step.
    pub(crate) values: *const f32,
    /// From one row to the next.
    pub(crate) row: usize,
    /// From one step to the next.
    pub(crate) step: usize,
}

/// Where the lanes of a panel and a step lie.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    pub(crate) values: *const f32,
    /// From one panel to the next.
    pub(crate) panel: usize,
    /// From one step to the next.
    pub(crate) step: usize,
}

/// Adds `depth` products to each sum, one after the other: four steps a turn, so that addresses are computed for four at once.
///
/// # Safety
/// A factor can be read for each of ROWS rows and `depth` steps, sixteen lanes for each of PANELS panels and `depth` steps.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Vector, const ROWS: usize, const PANELS: usize>(
    sums: &mut [[V; PANELS]; ROWS],
    factors: Factors,
    panels: Panels,
    depth: usize,
) {
    let mut local = *sums;
    let mut k = 0;
    while k + 4 <= depth {
        // SAFETY: four steps from k on are below `depth`.
        unsafe {
            add(&mut local, factors, panels, k);
            add(&mut local, factors, panels, k + 1);
            add(&mut local, factors, panels, k + 2);
            add(&mut local, factors, panels, k + 3);
        }
        k += 4;
    }
    while k < depth {
        // SAFETY: k is below `depth`.
        unsafe { add(&mut local, factors, panels, k) };
        k += 1;
    }
    *sums = local;
}

/// Adds the products of step `k`.
///
/// # Safety
/// A factor can be read for each of ROWS rows in this step, and sixteen lanes for each of PANELS panels.
#[inline(always)]
unsafe fn add<V: Vector, const ROWS: usize, const PANELS: usize>(
    sums: &mut [[V; PANELS]; ROWS],
    factors: Factors,
    panels: Panels,
    k: usize,
) {
    let mut weights = [V::splat(0.0); PANELS];
    for (panel, weight) in weights.iter_mut().enumerate() {
        // SAFETY: the caller has sixteen lanes there.
        *weight = unsafe { V::read(panels.values.add(panel * panels.panel + k * panels.step)) };
    }
    for row in 0..ROWS {
        // SAFETY: the caller has a factor there.
        let value = V::splat(unsafe { factors.values.add(row * factors.row + k * factors.step).read() });
        for panel in 0..PANELS {
            sums[row][panel] = value.fma(weights[panel], sums[row][panel]);
        }
    }
}

/// Adds at least `count` products in tiles as `accumulate` does, but from registers alone: what no kernel can exceed. `value` is what they
/// are made of, and then their sum.
#[inline(always)]
pub(crate) fn busy<V: Vector, const ROWS: usize, const PANELS: usize>(count: usize, value: &mut f32) {
    let factor = V::splat(*value);
    let mut sums = [[factor; PANELS]; ROWS];
    for row in 0..ROWS {
        for panel in 0..PANELS {
            // Each its own value: equal ones would be computed once.
            sums[row][panel] = V::splat((row * PANELS + panel) as f32);
        }
    }
    for _ in 0..count.div_ceil(LANES * ROWS * PANELS) {
        for row in 0..ROWS {
            for panel in 0..PANELS {
                sums[row][panel] = factor.fma(factor, sums[row][panel]);
            }
        }
    }
    let mut total = V::splat(0.0);
    for sum in sums.as_flattened() {
        total = total.plus(*sum);
    }
    *value = total.sum();
}
