//! The family `llama`: rotary positions, RMS norms, grouped heads, gated layers.

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};
use evaluator::{Llama, sine_and_cosine};

use super::ops::{Maths, Turns, Values, mask, share, size_norm, swiglu, turn};

/// Scores [examples · context, vocabulary] of tokens [examples, context]; nothing if a tensor is missing.
pub(super) fn scores<B: Backend>(llama: &Llama, weights: &[Values<B>], tokens: Tensor<B, 2, Int>, maths: Maths) -> Option<Values<B>> {
    let [examples, context] = tokens.dims();
    let (rows, device) = (examples * context, tokens.device());
    let window = llama.window.map_or(context, |window| window as usize);
    let (mask, turns) = (mask(context, window, &device), turns(llama, context, &device));
    let mut model = Model { llama, next: weights.iter(), maths, shape: [examples, context], turns };
    let embedding = model.next.next()?;
    let mut x = embedding.clone().select(0, Tensor::from_inner(tokens.reshape([rows])));
    for _ in 0..llama.layers {
        x = model.block(x, &mask)?;
    }
    let weight = model.next.next()?;
    let head = if llama.tied { embedding } else { model.next.next()? };
    Some(maths.linear(model.norm(x, weight), head, None))
}

/// Cosines and sines of each pair at each position, as the evaluator has them.
fn turns<B: Backend>(llama: &Llama, context: usize, device: &B::Device) -> Turns<B> {
    let frequencies = llama.frequencies();
    let angles = (0..context).flat_map(|position| frequencies.iter().map(move |frequency| position as f32 * frequency));
    let (sines, cosines): (Vec<f32>, Vec<f32>) = angles.map(sine_and_cosine).unzip();
    let table = |values| Tensor::from_data(TensorData::new(values, [1, context, 1, frequencies.len()]), device);
    Turns { cosines: table(cosines), sines: table(sines) }
}

/// Tensors that were not taken yet, and what every block needs.
struct Model<'a, B: Backend> {
    llama: &'a Llama,
    next: std::slice::Iter<'a, Values<B>>,
    maths: Maths,
    /// Examples and context.
    shape: [usize; 2],
    turns: Turns<B>,
}

/// Weight and bias of a layer, and the norm of its heads.
type Layer<'a, B> = (&'a Values<B>, Option<&'a Values<B>>);

impl<'a, B: Backend> Model<'a, B> {
    /// x with what the next block adds to it.
    fn block(&mut self, x: Values<B>, mask: &Tensor<B, 2>) -> Option<Values<B>> {
        let [queries, keys, values] = [self.layer()?, self.layer()?, self.layer()?];
        let out = self.next.next()?;
        let [query_norm, key_norm] = [self.head_norm()?, self.head_norm()?];
        let [gate, up, down] = [self.next.next()?, self.next.next()?, self.next.next()?];
        let [norm_1, norm_2] = [self.next.next()?, self.next.next()?];
        let Llama { heads, key_value_heads: shared, .. } = *self.llama;
        let normal = self.norm(x.clone(), norm_1);
        let queries = self.turned(self.linear(&normal, queries), heads, query_norm);
        let keys = self.turned(self.linear(&normal, keys), shared, key_norm);
        let (keys, values) = (self.for_all(keys), self.for_all(self.linear(&normal, values)));
        let [examples, context] = self.shape;
        let side_by_side = Tensor::cat(vec![queries, keys, values], 1);
        let gathered = self.maths.attention(side_by_side, [examples, context, heads as usize, self.size()], mask);
        let x = x + self.maths.linear(gathered, out, None);
        let normal = self.norm(x.clone(), norm_2);
        let passed = swiglu(self.linear(&normal, (gate, None)), self.linear(&normal, (up, None)));
        Some(x + self.maths.linear(passed, down, None))
    }

    /// Values of a head.
    fn size(&self) -> usize {
        self.llama.head_size as usize
    }

    /// The next weight, and its bias where there are any.
    fn layer(&mut self) -> Option<Layer<'a, B>> {
        let weight = self.next.next()?;
        Some((weight, if self.llama.bias { Some(self.next.next()?) } else { None }))
    }

    /// The next norm of heads, if they have any.
    fn head_norm(&mut self) -> Option<Option<&'a Values<B>>> {
        Some(if self.llama.head_norms { Some(self.next.next()?) } else { None })
    }

    fn linear(&self, x: &Values<B>, (weight, bias): Layer<'_, B>) -> Values<B> {
        self.maths.linear(x.clone(), weight, bias)
    }

    fn norm(&self, x: Values<B>, weight: &Values<B>) -> Values<B> {
        size_norm(x, weight, (f64::from(self.llama.epsilon) / 1e9) as f32)
    }

    /// Each head with its norm, then turned.
    fn turned(&self, x: Values<B>, heads: u32, norm: Option<&Values<B>>) -> Values<B> {
        let [rows, columns] = x.dims();
        let x = match norm {
            Some(weight) => self.norm(x.reshape([rows * heads as usize, self.size()]), weight).reshape([rows, columns]),
            None => x,
        };
        let [examples, context] = self.shape;
        turn(x, [examples, context, heads as usize, self.size()], &self.turns)
    }

    /// Shared keys or values, once for each head that looks at them.
    fn for_all(&self, x: Values<B>) -> Values<B> {
        let (heads, shared) = (self.llama.heads as usize, self.llama.key_value_heads as usize);
        share(x, [shared, heads / shared, self.size()])
    }
}
