//! Gradients of linear layers, norms and functions, and the step of AdamW: sums over rows run in their order, from the first.
//!
//! A gradient goes on from what is there, so that tapes are added one after the other, in the order of the batch.

use super::functions::{ROOT_HALF, erf, exp_below, gelu_tanh_and_slope};
use super::matmul::REST_ROWS;
use super::matrix::{Matrix, MatrixMut};
use super::real::{LANES, Vector};
use super::rows::{Spread, moments, part, store_part};
use super::sums::{Factors, Panels, accumulate};
use super::tiles::{load_tile, store_tile};

/// 1 / √(2π).
const NORMAL: f32 = f32::from_bits(0x3ecc_422a);

/// Rows `first` and following of a weight's gradient.
pub(crate) struct Slice<'a> {
    /// Row-major without padding.
    pub(crate) values: &'a mut [f32],
    /// The first of these rows among all outputs.
    pub(crate) first: usize,
    /// Values of a row.
    pub(crate) inputs: usize,
}

impl Slice<'_> {
    /// How many these are.
    fn rows(&self) -> usize {
        self.values.len() / self.inputs
    }
}

/// Adds gradientᵀ · input of each pair, one pair after the other, row after row.
#[inline(always)]
pub(crate) fn outer<V: Vector, const ROWS: usize, const PANELS: usize>(pairs: &[(Matrix<'_>, Matrix<'_>)], into: Slice<'_>) {
    let mut into = into;
    for (gradient, input) in pairs {
        assert!(input.rows == gradient.rows && input.columns == into.inputs, "a gradient fits its rows");
        assert!(into.first + into.rows() <= gradient.columns, "a part within the outputs");
        let whole = input.columns.next_multiple_of(LANES) <= input.stride && input.values.len() >= input.rows * input.stride;
        assert!(whole, "rows have whole lanes");
    }
    let mut column = 0;
    while column < into.inputs {
        if PANELS == 2 && column + LANES < into.inputs {
            outer_panels::<V, ROWS, 2>(pairs, &mut into, column);
            column += 2 * LANES;
        } else {
            outer_panels::<V, ROWS, 1>(pairs, &mut into, column);
            column += LANES;
        }
    }
}

/// All rows of the part, for the inputs of some panels from `column` on.
#[inline(always)]
fn outer_panels<V: Vector, const ROWS: usize, const PANELS: usize>(
    pairs: &[(Matrix<'_>, Matrix<'_>)],
    into: &mut Slice<'_>,
    column: usize,
) {
    let (rows, mut row) = (into.rows(), 0);
    while row + ROWS <= rows {
        outer_tile::<V, ROWS, PANELS>(pairs, into, row, column);
        row += ROWS;
    }
    while row + REST_ROWS <= rows {
        outer_tile::<V, REST_ROWS, PANELS>(pairs, into, row, column);
        row += REST_ROWS;
    }
    while row < rows {
        outer_tile::<V, 1, PANELS>(pairs, into, row, column);
        row += 1;
    }
}

/// A tile, from what was there through all pairs in their order.
#[inline(always)]
fn outer_tile<V: Vector, const ROWS: usize, const PANELS: usize>(
    pairs: &[(Matrix<'_>, Matrix<'_>)],
    into: &mut Slice<'_>,
    row: usize,
    column: usize,
) {
    let (stride, first) = (into.inputs, into.first + row);
    let values = &mut into.values[row * stride..][..ROWS * stride];
    let mut sums: [[V; PANELS]; ROWS] = load_tile(values, stride, column, stride);
    for (gradient, input) in pairs {
        let factors = Factors { values: gradient.values[first..].as_ptr(), row: 1, step: gradient.stride };
        let panels = Panels { values: input.values[column..].as_ptr(), panel: LANES, step: input.stride };
        // SAFETY: `outer` asserted that `gradient` has ROWS columns from `first` on, rows of `input` whole lanes, both as many rows.
        unsafe { accumulate(&mut sums, factors, panels, input.rows) };
    }
    store_tile(&sums, values, stride, column, stride);
}

/// Adds every row.
#[inline(always)]
pub(crate) fn column_sums<V: Vector>(gradient: Matrix<'_>, into: &mut [f32]) {
    for column in (0..gradient.columns).step_by(LANES) {
        let mut sum: V = part(into, column, 0.0);
        for row in 0..gradient.rows {
            sum = sum.plus(part(gradient.row(row), column, 0.0));
        }
        store_part(sum, &mut into[column..]);
    }
}

/// Adds gradient · normalised input of every row: the gradient of a norm's weight.
#[inline(always)]
pub(crate) fn norm_sums<V: Vector>(gradient: Matrix<'_>, input: Matrix<'_>, spread: Spread, into: &mut [f32]) {
    for row in 0..input.rows {
        let (values, pulls) = (input.row(row), gradient.row(row));
        let (mean, scale) = moments::<V>(values, spread);
        for column in (0..values.len()).step_by(LANES) {
            let normal = part::<V>(values, column, 0.0).minus(mean).times(scale);
            let sum = part::<V>(pulls, column, 0.0).fma(normal, part(into, column, 0.0));
            store_part(sum, &mut into[column..]);
        }
    }
}

/// What the gradient of a norm's inputs is computed from.
#[derive(Clone, Copy)]
pub(crate) struct NormBack<'a> {
    /// Which norm it is.
    pub(crate) spread: Spread,
    /// Of the outputs of the norm.
    pub(crate) gradient: Matrix<'a>,
    /// What it normalised.
    pub(crate) input: Matrix<'a>,
    /// Its weight.
    pub(crate) weight: &'a [f32],
}

/// `output` = `before` (or 0) + scale · (g − mean of g − normal · mean of g · normal), g = gradient · weight; where no mean is taken off
/// the input, none is of g.
#[inline(always)]
pub(crate) fn norm_back<V: Vector>(norm: NormBack<'_>, before: Option<Matrix<'_>>, output: MatrixMut<'_>) {
    let NormBack { spread, gradient, input, weight } = norm;
    let mut output = output;
    let count = V::splat(input.columns as f32);
    for row in 0..input.rows {
        let (values, pulls) = (input.row(row), gradient.row(row));
        let (mean, scale) = moments::<V>(values, spread);
        let (mut sums, mut products) = (V::splat(0.0), V::splat(0.0));
        for column in (0..values.len()).step_by(LANES) {
            let pull = part::<V>(pulls, column, 0.0).times(part(weight, column, 0.0));
            let normal = part::<V>(values, column, mean.lanes()[0]).minus(mean).times(scale);
            sums = sums.plus(pull);
            products = pull.fma(normal, products);
        }
        let sum = match spread {
            Spread::Deviation => V::splat(sums.sum()).over(count),
            Spread::Size(_) => V::splat(0.0),
        };
        let product = V::splat(products.sum()).over(count);
        let target = &mut output.row(row)[..values.len()];
        for column in (0..values.len()).step_by(LANES) {
            let pull = part::<V>(pulls, column, 0.0).times(part(weight, column, 0.0));
            let normal = part::<V>(values, column, 0.0).minus(mean).times(scale);
            let inner = pull.minus(sum).minus(normal.times(product));
            let start = match before {
                Some(before) => part(before.row(row), column, 0.0),
                None => V::splat(0.0),
            };
            store_part(inner.fma(scale, start), &mut target[column..]);
        }
    }
}

/// `gelu` of every value x, written elsewhere; Φ(x) + x · φ(x) replaces it.
#[inline(always)]
pub(crate) fn gelu_and_slopes<V: Vector>(values: &mut [f32], outputs: &mut [f32]) {
    for column in (0..values.len()).step_by(LANES) {
        let x: V = part(values, column, 0.0);
        let both = V::splat(1.0).plus(erf(x.times(V::splat(ROOT_HALF))));
        let density = exp_below(x.times(x).times(V::splat(-0.5))).times(V::splat(NORMAL));
        store_part(x.times(V::splat(0.5)).times(both), &mut outputs[column..]);
        store_part(x.fma(density, V::splat(0.5).times(both)), &mut values[column..]);
    }
}

/// `gelu_tanh` of every value, written elsewhere; its slope replaces the value.
#[inline(always)]
pub(crate) fn gelu_tanh_and_slopes<V: Vector>(values: &mut [f32], outputs: &mut [f32]) {
    for column in (0..values.len()).step_by(LANES) {
        let (output, slope) = gelu_tanh_and_slope::<V>(part(values, column, 0.0));
        store_part(output, &mut outputs[column..]);
        store_part(slope, &mut values[column..]);
    }
}

/// Keeps the gradients where the outputs of `relu` are above 0.
#[inline(always)]
pub(crate) fn relu_back<V: Vector>(outputs: &[f32], gradients: &mut [f32]) {
    let zero = V::splat(0.0);
    for column in (0..gradients.len()).step_by(LANES) {
        let kept = part::<V>(outputs, column, 0.0).if_greater(zero, part(gradients, column, 0.0), zero);
        store_part(kept, &mut gradients[column..]);
    }
}

/// Turns log-probabilities into probabilities · share.
#[inline(always)]
pub(crate) fn probabilities<V: Vector>(values: &mut [f32], share: f32) {
    for column in (0..values.len()).step_by(LANES) {
        let probability = exp_below::<V>(part(values, column, 0.0));
        store_part(probability.times(V::splat(share)), &mut values[column..]);
    }
}

/// Sum of squares in sixteen lanes, added to `total`.
#[inline(always)]
pub(crate) fn squares<V: Vector>(values: &[f32], total: &mut f32) {
    let mut sums = V::splat(0.0);
    for column in (0..values.len()).step_by(LANES) {
        let value: V = part(values, column, 0.0);
        sums = value.fma(value, sums);
    }
    *total += sums.sum();
}

/// Numbers of one step of AdamW.
#[derive(Clone, Copy)]
pub(crate) struct Adam {
    /// Length of a step.
    pub(crate) learning_rate: f32,
    /// Memory of the mean of gradients.
    pub(crate) beta_1: f32,
    /// Memory of the mean of their squares.
    pub(crate) beta_2: f32,
    /// Added to the root of the second mean.
    pub(crate) epsilon: f32,
    /// learning rate · weight decay.
    pub(crate) decay: f32,
    /// 1 − βᵗ of both means.
    pub(crate) correction_1: f32,
    pub(crate) correction_2: f32,
    /// Factor of every gradient, for clipping.
    pub(crate) scale: f32,
}

/// One step: means of gradients and of their squares, decoupled decay, weight.
#[inline(always)]
pub(crate) fn adamw<V: Vector>(weights: &mut [f32], gradients: &[f32], first: &mut [f32], second: &mut [f32], adam: Adam) {
    let (beta_1, beta_2) = (V::splat(adam.beta_1), V::splat(adam.beta_2));
    let (rest_1, rest_2) = (V::splat(1.0 - adam.beta_1), V::splat(1.0 - adam.beta_2));
    for column in (0..weights.len()).step_by(LANES) {
        let gradient = part::<V>(gradients, column, 0.0).times(V::splat(adam.scale));
        let mean = beta_1.times(part(first, column, 0.0)).plus(rest_1.times(gradient));
        let square = beta_2.times(part(second, column, 0.0)).plus(rest_2.times(gradient).times(gradient));
        store_part(mean, &mut first[column..]);
        store_part(square, &mut second[column..]);
        let root = square.over(V::splat(adam.correction_2)).root().plus(V::splat(adam.epsilon));
        let step = mean.over(V::splat(adam.correction_1)).over(root).times(V::splat(adam.learning_rate));
        let weight: V = part(weights, column, 0.0);
        let decayed = weight.minus(weight.times(V::splat(adam.decay)));
        store_part(decayed.minus(step), &mut weights[column..]);
    }
}

/// Numbers of one step of plain descent.
#[derive(Clone, Copy)]
pub(crate) struct Descent {
    pub(crate) learning_rate: f32,
    /// learning rate · weight decay.
    pub(crate) decay: f32,
    /// Factor of every gradient, for clipping.
    pub(crate) scale: f32,
}

/// One step: decoupled decay, weight.
#[inline(always)]
pub(crate) fn descend<V: Vector>(weights: &mut [f32], gradients: &[f32], descent: Descent) {
    for column in (0..weights.len()).step_by(LANES) {
        let gradient = part::<V>(gradients, column, 0.0).times(V::splat(descent.scale));
        let weight: V = part(weights, column, 0.0);
        let decayed = weight.minus(weight.times(V::splat(descent.decay)));
        store_part(decayed.minus(gradient.times(V::splat(descent.learning_rate))), &mut weights[column..]);
    }
}
