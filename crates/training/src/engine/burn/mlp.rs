//! The family `mlp`: linear layers with relu between them.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;

use super::Maths;

/// Scores [rows, outputs] of features [rows, inputs].
pub(super) fn scores<B: Backend>(weights: &[Tensor<B, 2>], features: Tensor<B, 2>, maths: Maths) -> Tensor<B, 2> {
    let layers = weights.as_chunks::<2>().0;
    layers.iter().enumerate().fold(features, |values, (index, [weight, bias])| {
        let values = if index == 0 { values } else { relu(values) };
        maths.linear(values, weight, Some(bias))
    })
}
