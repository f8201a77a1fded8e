//! The family `gpt`: nanoGPT's transformer.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::activation::softmax;
use burn::tensor::backend::Backend;
use burn::tensor::{Bool, Int, Tensor};
use evaluator::Gpt;

use super::Maths;

/// Added to the variance of a row.
const EPSILON: f32 = 1e-5;

/// Scores [examples · context, vocabulary] of tokens [examples, context]; nothing if a tensor is missing.
pub(super) fn scores<B: Backend>(gpt: &Gpt, weights: &[Tensor<B, 2>], tokens: Tensor<B, 2, Int>, maths: Maths) -> Option<Tensor<B, 2>> {
    let [examples, context] = tokens.dims();
    let (rows, width, heads) = (examples * context, gpt.width as usize, gpt.heads as usize);
    let mut weights = Weights { next: weights.iter(), bias: gpt.bias, maths };
    let (embedding, positions) = (weights.next.next()?, weights.next.next()?);
    let embedded = embedding.clone().select(0, tokens.reshape([rows])).reshape([examples, context, width]);
    let mut x = (embedded + positions.clone().unsqueeze()).reshape([rows, width]);
    let attention =
        Attention { maths, shape: [examples, context, heads, width / heads], mask: Tensor::tril_mask([context, context], 0, &x.device()) };
    for _ in 0..gpt.layers {
        let normal = weights.norm(x.clone())?;
        let values = attention.of(weights.linear(normal)?);
        x = x + weights.linear(values)?;
        let normal = weights.norm(x.clone())?;
        let inner = gelu(weights.linear(normal)?);
        x = x + weights.linear(inner)?;
    }
    let normal = weights.norm(x)?;
    let head = if gpt.tied { embedding } else { weights.next.next()? };
    Some(maths.linear(normal, head, None))
}

/// Tensors that were not taken yet.
struct Weights<'a, B: Backend> {
    next: std::slice::Iter<'a, Tensor<B, 2>>,
    bias: bool,
    maths: Maths,
}

impl<B: Backend> Weights<'_, B> {
    /// The next weight and bias on x.
    fn linear(&mut self, x: Tensor<B, 2>) -> Option<Tensor<B, 2>> {
        let weight = self.next.next()?;
        let bias = if self.bias { Some(self.next.next()?) } else { None };
        Some(self.maths.linear(x, weight, bias))
    }

    /// The next layer norm of x.
    fn norm(&mut self, x: Tensor<B, 2>) -> Option<Tensor<B, 2>> {
        let centred = x.clone() - x.mean_dim(1);
        let variance = centred.clone().powi_scalar(2).mean_dim(1);
        let normal = centred / (variance + EPSILON).sqrt() * self.next.next()?.clone();
        Some(if self.bias { normal + self.next.next()?.clone() } else { normal })
    }
}

/// Causal attention.
struct Attention<B: Backend> {
    /// Examples, context, heads, values of a head.
    shape: [usize; 4],
    /// [context, context], true where a token lies ahead.
    mask: Tensor<B, 2, Bool>,
    maths: Maths,
}

impl<B: Backend> Attention<B> {
    /// Of queries, keys and values side by side.
    fn of(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let [examples, context, heads, size] = self.shape;
        let width = heads * size;
        let part = |index: usize| x.clone().narrow(1, index * width, width).reshape(self.shape).swap_dims(1, 2);
        let scores = self.maths.product(part(0), part(1).transpose()) * (size as f64).sqrt().recip();
        let shares = softmax(scores.mask_fill(self.mask.clone().unsqueeze(), f32::NEG_INFINITY), 3);
        self.maths.product(shares, part(2)).swap_dims(1, 2).reshape([examples * context, width])
    }
}

/// x · Φ(x); burn's own differentiates an approximation on some devices.
fn gelu<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let share = (x.clone() * FRAC_1_SQRT_2).erf() + 1.0;
    x * share * 0.5
}
