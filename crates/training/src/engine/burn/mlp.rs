//! The family `mlp`: linear layers with relu between them.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;

use super::ops::{Maths, Values};

/// Scores [rows, outputs] of features [rows, inputs].
pub(super) fn scores<B: Backend>(weights: &[Values<B>], features: Tensor<B, 2>, maths: Maths) -> Values<B> {
    let layers = weights.as_chunks::<2>().0;
    layers.iter().enumerate().fold(Tensor::from_inner(features), |values, (index, [weight, bias])| {
        let values = if index == 0 { values } else { relu(values) };
        maths.linear(values, weight, Some(bias))
    })
}
