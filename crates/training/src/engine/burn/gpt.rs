//! The family `gpt`: nanoGPT's transformer.

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor};
use evaluator::{Gelu, Gpt};

use super::ops::{Maths, Values, gelu, gelu_tanh, mask, norm};

/// Scores [examples · context, vocabulary] of tokens [examples, context]; nothing if a tensor is missing.
pub(super) fn scores<B: Backend>(gpt: &Gpt, weights: &[Values<B>], tokens: Tensor<B, 2, Int>, maths: Maths) -> Option<Values<B>> {
    let [examples, context] = tokens.dims();
    let (rows, width, heads) = (examples * context, gpt.width as usize, gpt.heads as usize);
    let mask = mask(context, context, &tokens.device());
    let mut weights = Weights { next: weights.iter(), bias: gpt.bias, maths };
    let (embedding, positions) = (weights.next.next()?, weights.next.next()?);
    let embedded = embedding.clone().select(0, Tensor::from_inner(tokens.reshape([rows]))).reshape([examples, context, width]);
    let mut x = (embedded + positions.clone().unsqueeze()).reshape([rows, width]);
    for _ in 0..gpt.layers {
        let normal = weights.norm(x.clone())?;
        let values = maths.attention(weights.linear(normal)?, [examples, context, heads, width / heads], &mask);
        x = x + weights.linear(values)?;
        let normal = weights.norm(x.clone())?;
        let inner = weights.linear(normal)?;
        let inner = match gpt.activation {
            Gelu::Exact => gelu(inner),
            Gelu::Tanh => gelu_tanh(inner),
        };
        x = x + weights.linear(inner)?;
    }
    let normal = weights.norm(x)?;
    let head = if gpt.tied { embedding } else { weights.next.next()? };
    Some(maths.linear(normal, head, None))
}

/// Tensors that were not taken yet.
struct Weights<'a, B: Backend> {
    next: std::slice::Iter<'a, Values<B>>,
    bias: bool,
    maths: Maths,
}

impl<'a, B: Backend> Weights<'a, B> {
    /// The next weight, and its bias where there are any.
    fn pair(&mut self) -> Option<(&'a Values<B>, Option<&'a Values<B>>)> {
        let weight = self.next.next()?;
        Some((weight, if self.bias { Some(self.next.next()?) } else { None }))
    }

    fn linear(&mut self, x: Values<B>) -> Option<Values<B>> {
        let (weight, bias) = self.pair()?;
        Some(self.maths.linear(x, weight, bias))
    }

    fn norm(&mut self, x: Values<B>) -> Option<Values<B>> {
        let (weight, bias) = self.pair()?;
        Some(norm(x, weight, bias))
    }
}
