//! What is done to one row after another: norms, softmax, log-softmax, and functions of each value.
//!
//! Rows are reduced in sixteen lanes that are joined 8-4-2-1; the last lanes are filled up with what changes nothing.

use super::functions::{exp_below, gelu, gelu_tanh, log};
use super::matrix::{Matrix, MatrixMut};
use super::real::{LANES, Lanes, Real, Vector};

/// ε of layer norm, PyTorch's 10⁻⁵.
pub(super) const EPSILON: f32 = f32::from_bits(0x3727_c5ac);

/// What a norm takes a row's values from, and what it divides them by.
#[derive(Clone, Copy)]
pub(crate) enum Spread {
    /// Layer norm: their mean, the root of variance + 10⁻⁵.
    Deviation,
    /// RMS norm: 0, the root of their mean square + this.
    Size(f32),
}

/// Layer norm in two passes over each row of `input`; `bias` may be missing.
#[inline(always)]
pub(crate) fn layer_norm<V: Vector>(input: Matrix<'_>, weight: &[f32], bias: Option<&[f32]>, output: MatrixMut<'_>) {
    norm::<V>(input, Spread::Deviation, (weight, bias), output);
}

/// RMS norm of each row of `input`, with this ε.
#[inline(always)]
pub(crate) fn size_norm<V: Vector>(input: Matrix<'_>, weight: &[f32], epsilon: f32, output: MatrixMut<'_>) {
    norm::<V>(input, Spread::Size(epsilon), (weight, None), output);
}

/// Either norm of each row.
#[inline(always)]
fn norm<V: Vector>(input: Matrix<'_>, spread: Spread, (weight, bias): (&[f32], Option<&[f32]>), output: MatrixMut<'_>) {
    assert!(weight.len() == input.columns && bias.is_none_or(|bias| bias.len() == input.columns), "a norm fits its rows");
    let mut output = output;
    for index in 0..input.rows {
        let row = input.row(index);
        let (mean, scale) = moments::<V>(row, spread);
        let (target, _) = output.row(index).as_chunks_mut::<LANES>();
        for (place, target) in target.iter_mut().enumerate().take(row.len().div_ceil(LANES)) {
            let at = place * LANES;
            let normal = part::<V>(row, at, 0.0).minus(mean).times(scale);
            let weight = part::<V>(weight, at, 0.0);
            let value = match bias {
                Some(bias) => normal.fma(weight, part(bias, at, 0.0)),
                None => normal.times(weight),
            };
            value.store(target);
        }
    }
}

/// What a norm takes off a row, and the reciprocal of what it divides by, everywhere.
#[inline(always)]
pub(crate) fn moments<V: Vector>(row: &[f32], spread: Spread) -> (V, V) {
    let count = row.len() as f32;
    let (mean, epsilon) = match spread {
        Spread::Deviation => (sum::<V>(row) / count, EPSILON),
        Spread::Size(epsilon) => (0.0, epsilon),
    };
    let mut squares = V::splat(0.0);
    for at in (0..row.len()).step_by(LANES) {
        // Padding takes the mean, so that it differs from it by 0.
        let difference = part::<V>(row, at, mean).minus(V::splat(mean));
        squares = difference.fma(difference, squares);
    }
    (V::splat(mean), V::splat(1.0 / (squares.sum() / count + epsilon).sqrt()))
}

/// Sum of a row in sixteen lanes.
#[inline(always)]
fn sum<V: Vector>(row: &[f32]) -> f32 {
    let mut sums = V::splat(0.0);
    for at in (0..row.len()).step_by(LANES) {
        sums = sums.plus(part(row, at, 0.0));
    }
    sums.sum()
}

/// Sixteen values from `at` on, filled up behind the end.
#[inline(always)]
pub(crate) fn part<V: Vector>(values: &[f32], at: usize, fill: f32) -> V {
    match values[at..].first_chunk::<LANES>() {
        Some(lanes) => V::load(lanes),
        None => padded(&values[at..], fill),
    }
}

/// As many lanes as there is room for.
#[inline(always)]
pub(crate) fn store_part<V: Vector>(value: V, target: &mut [f32]) {
    match target.first_chunk_mut::<LANES>() {
        Some(lanes) => value.store(lanes),
        None => {
            let count = target.len();
            target.copy_from_slice(&value.lanes()[..count]);
        }
    }
}

/// The last values of a row, and `fill` in the lanes behind them.
#[inline(always)]
fn padded<V: Vector>(rest: &[f32], fill: f32) -> V {
    let mut lanes: Lanes = [fill; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    V::load(&lanes)
}

/// A function of one value. (A closure would not be compiled for the instruction set of its caller.)
pub(crate) trait Function {
    /// Its result, by operations that round once each.
    fn of<R: Real>(value: R) -> R;
}

/// x · Φ(x).
pub(crate) struct Gelu;

/// x · Φ(x) in the tanh form.
pub(crate) struct GeluTanh;

/// `x > 0 ? x : 0`.
pub(crate) struct Relu;

impl Function for Gelu {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        gelu(value)
    }
}

impl Function for GeluTanh {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        gelu_tanh(value)
    }
}

impl Function for Relu {
    #[inline(always)]
    fn of<R: Real>(value: R) -> R {
        value.larger(R::splat(0.0))
    }
}

/// The function of every value.
#[inline(always)]
pub(crate) fn map<V: Vector, F: Function>(values: &mut [f32]) {
    let (lanes, rest) = values.as_chunks_mut::<LANES>();
    for lanes in lanes {
        F::of(V::load(lanes)).store(lanes);
    }
    if !rest.is_empty() {
        let results = F::of(padded::<V>(rest, 0.0)).lanes();
        rest.copy_from_slice(&results[..rest.len()]);
    }
}

/// `gelu` of every value.
#[inline(always)]
pub(crate) fn gelu_all<V: Vector>(values: &mut [f32]) {
    map::<V, Gelu>(values);
}

/// `gelu_tanh` of every value.
#[inline(always)]
pub(crate) fn gelu_tanh_all<V: Vector>(values: &mut [f32]) {
    map::<V, GeluTanh>(values);
}

/// `relu` of every value.
#[inline(always)]
pub(crate) fn relu_all<V: Vector>(values: &mut [f32]) {
    map::<V, Relu>(values);
}

/// Softmax of scale · row[first..count]; `row` is whole lanes, outside of which lanes next to that part are overwritten.
#[inline(always)]
pub(crate) fn softmax<V: Vector>(row: &mut [f32], first: usize, count: usize, scale: f32) {
    let start = first / LANES * LANES;
    let (lanes, _) = row[start..count.next_multiple_of(LANES)].as_chunks_mut::<LANES>();
    if let Some(lanes) = lanes.first_mut() {
        lanes[..first - start].fill(f32::NEG_INFINITY);
    }
    let count = count - start;
    let mut greatest = V::splat(f32::NEG_INFINITY);
    let full = count / LANES;
    for lanes in &mut lanes[..full] {
        let values = V::load(lanes).times(V::splat(scale));
        values.store(lanes);
        greatest = greatest.larger(values);
    }
    if let Some(lanes) = lanes.get_mut(full) {
        V::load(lanes).times(V::splat(scale)).store(lanes);
        lanes[count - full * LANES..].fill(f32::NEG_INFINITY);
        greatest = greatest.larger(V::load(lanes));
    }
    let greatest = V::splat(greatest.greatest());
    let mut sums = V::splat(0.0);
    for lanes in lanes.iter_mut() {
        let power = exp_below(V::load(lanes).minus(greatest));
        power.store(lanes);
        sums = sums.plus(power);
    }
    let sum = V::splat(sums.sum());
    for lanes in lanes {
        V::load(lanes).over(sum).store(lanes);
    }
}

/// (x − m) − log Σ exp(x − m) of each row, m = its maximum; what stands behind the columns means nothing.
#[inline(always)]
pub(crate) fn log_softmax<V: Vector>(matrix: MatrixMut<'_>) {
    let mut matrix = matrix;
    let columns = matrix.columns;
    for index in 0..matrix.rows {
        let row = &mut matrix.row(index)[..columns.next_multiple_of(LANES)];
        row[columns..].fill(f32::NEG_INFINITY);
        let (lanes, _) = row.as_chunks_mut::<LANES>();
        let mut greatest = V::splat(f32::NEG_INFINITY);
        for lanes in lanes.iter() {
            greatest = greatest.larger(V::load(lanes));
        }
        let greatest = V::splat(greatest.greatest());
        let mut sums = V::splat(0.0);
        for lanes in lanes.iter_mut() {
            let difference = V::load(lanes).minus(greatest);
            difference.store(lanes);
            sums = sums.plus(exp_below(difference));
        }
        let logarithm = log(V::splat(sums.sum()));
        for lanes in lanes {
            V::load(lanes).minus(logarithm).store(lanes);
        }
    }
}
