//! Operations with backward passes by hand: fewer passes over memory, and no strided copies, than burn's derivatives of many
//! small ones take.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use std::fmt;
use std::marker::PhantomData;

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::backend::Backend;
use burn::tensor::{FloatDType, IndexingUpdateOp, Int, Tensor, TensorData, TensorPrimitive};

use crate::settings::Precision;

/// Values that gradients flow through.
pub(super) type Values<B> = Tensor<Autodiff<B>, 2>;

/// Added to the variance of a row.
const EPSILON: f32 = 1e-5;

/// From here on, on either side, the tanh form of GELU is x or 0.
const CURVE_MOST: f32 = 16.0;
/// 2 · √(2/π), and that times 0.044715.
const CURVE: f64 = 2.0 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
const CURVE_CUBE: f64 = CURVE * 0.044_715;

/// How matrices are multiplied; everything else is binary32.
#[derive(Clone, Copy)]
pub(super) struct Maths {
    pub(super) precision: Precision,
}

impl Maths {
    fn product<B: Backend, const D: usize>(self, left: Tensor<B, D>, right: Tensor<B, D>) -> Tensor<B, D> {
        match self.precision {
            Precision::F32 => left.matmul(right),
            Precision::Bf16 => left.cast(FloatDType::BF16).matmul(right.cast(FloatDType::BF16)).cast(FloatDType::F32),
        }
    }

    /// x · weightᵀ + bias, with PyTorch's [outputs, inputs].
    pub(super) fn linear<B: Backend>(self, x: Values<B>, weight: &Values<B>, bias: Option<&Values<B>>) -> Values<B> {
        let (inputs, values) = (x.clone().inner(), weight.clone().inner());
        let product = self.product(inputs.clone(), values.clone().transpose());
        let wanted = [&x, weight].map(is_wanted);
        // Where a gradient is not wanted, anything stands for it.
        let back = move |gradient: Tensor<B, 2>| {
            let weight = if wanted[1] { self.product(gradient.clone().transpose(), inputs.clone()) } else { values.clone() };
            [if wanted[0] { self.product(gradient, values.clone()) } else { inputs.clone() }, weight]
        };
        match bias {
            None => node([x, weight.clone()], product, back),
            Some(bias) => node([x, weight.clone(), bias.clone()], product + bias.clone().inner(), move |gradient| {
                let [x, weight] = back(gradient.clone());
                [x, weight, gradient.sum_dim(0)]
            }),
        }
    }

    /// Causal attention of queries, keys and values side by side; `shape` = examples, context, heads, values of a head.
    pub(super) fn attention<B: Backend>(self, x: Values<B>, shape: [usize; 4], mask: &Tensor<B, 2>) -> Values<B> {
        let [examples, context, heads, size] = shape;
        let (rows, width, squares) = (examples * context, heads * size, [examples * heads, context * context]);
        let inputs = x.clone().inner().reshape([examples, context, 3 * heads, size]);
        // Views of one head after the other: nothing is copied.
        let part = move |index: usize| inputs.clone().narrow(2, index * heads, heads).swap_dims(1, 2);
        let scale = (size as f64).sqrt().recip();
        let scores = self.product(part(0), part(1).transpose()).reshape(squares) * scale + mask.clone();
        let shares = softmax(scores.reshape([examples, heads, context, context]), 3);
        let output = self.product(shares.clone(), part(2)).swap_dims(1, 2).reshape([rows, width]);
        node([x], output, move |gradient: Tensor<B, 2>| {
            let gradient = gradient.reshape(shape).swap_dims(1, 2);
            let values = self.product(shares.clone().transpose(), gradient.clone());
            let found = self.product(gradient, part(2).transpose()) * shares.clone();
            let scores = (found.clone() - shares.clone() * found.sum_dim(3)) * scale;
            let (queries, keys) = (self.product(scores.clone(), part(1)), self.product(scores.transpose(), part(0)));
            let parts = [queries, keys, values].map(|heads| heads.swap_dims(1, 2));
            [Tensor::cat(parts.into(), 2).reshape([rows, 3 * width])]
        })
    }
}

/// Added to scores, row by row: −∞ where a token lies ahead, or so many or more before.
pub(super) fn mask<B: Backend>(context: usize, window: usize, device: &B::Device) -> Tensor<B, 2> {
    let is_seen = |row: usize, column: usize| column <= row && row - column < window;
    let value = |place: usize| if is_seen(place / context, place % context) { 0.0 } else { f32::NEG_INFINITY };
    let values: Vec<f32> = (0..context * context).map(value).collect();
    Tensor::from_data(TensorData::new(values, [1, context * context]), device)
}

/// Each row with mean 0 and variance 1, times weight, plus bias.
pub(super) fn norm<B: Backend>(x: Values<B>, weight: &Values<B>, bias: Option<&Values<B>>) -> Values<B> {
    let (inputs, factors) = (x.clone().inner(), weight.clone().inner());
    let centred = inputs.clone() - inputs.mean_dim(1);
    let scale = ((centred.clone() * centred.clone()).mean_dim(1) + EPSILON).sqrt().recip();
    let normal = centred * scale.clone();
    let output = normal.clone() * factors.clone();
    let back = move |gradient: Tensor<B, 2>| {
        let (inner, weight) = (gradient.clone() * factors.clone(), (gradient * normal.clone()).sum_dim(0));
        let along = (inner.clone() * normal.clone()).mean_dim(1);
        let x = (inner.clone() - inner.mean_dim(1) - normal.clone() * along) * scale.clone();
        [x, weight]
    };
    match bias {
        None => node([x, weight.clone()], output, back),
        Some(bias) => node([x, weight.clone(), bias.clone()], output + bias.clone().inner(), move |gradient| {
            let [x, weight] = back(gradient.clone());
            [x, weight, gradient.sum_dim(0)]
        }),
    }
}

/// Each row with mean square 1, times weight.
pub(super) fn size_norm<B: Backend>(x: Values<B>, weight: &Values<B>, epsilon: f32) -> Values<B> {
    let (inputs, factors) = (x.clone().inner(), weight.clone().inner());
    let scale = ((inputs.clone() * inputs.clone()).mean_dim(1) + epsilon).sqrt().recip();
    let normal = inputs * scale.clone();
    node([x, weight.clone()], normal.clone() * factors.clone(), move |gradient| {
        let (inner, weight) = (gradient.clone() * factors.clone(), (gradient * normal.clone()).sum_dim(0));
        let along = (inner.clone() * normal.clone()).mean_dim(1);
        [(inner - normal.clone() * along) * scale.clone(), weight]
    })
}

/// gate / (1 + exp(−gate)) · value.
pub(super) fn swiglu<B: Backend>(gates: Values<B>, values: Values<B>) -> Values<B> {
    let (gate, value) = (gates.clone().inner(), values.clone().inner());
    let sigmoid = (gate.clone().neg().exp() + 1.0).recip();
    let open = gate.clone() * sigmoid.clone();
    node([gates, values], open.clone() * value.clone(), move |gradient| {
        let slope = sigmoid.clone() * (gate.clone() * (sigmoid.clone().neg() + 1.0) + 1.0);
        [gradient.clone() * value.clone() * slope, gradient * open.clone()]
    })
}

/// What heads are turned by, [1, context, 1, pairs] each.
#[derive(Clone, Debug)]
pub(super) struct Turns<B: Backend> {
    pub(super) cosines: Tensor<B, 4>,
    pub(super) sines: Tensor<B, 4>,
}

impl<B: Backend> Turns<B> {
    /// The first half of each head turned with the second one.
    fn of(&self, x: Tensor<B, 4>) -> Tensor<B, 4> {
        let half = x.dims()[3] / 2;
        let (first, second) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let (cosines, sines) = (self.cosines.clone(), self.sines.clone());
        let left = first.clone() * cosines.clone() - second.clone() * sines.clone();
        Tensor::cat(vec![left, second * cosines + first * sines], 3)
    }
}

/// Heads turned by their positions; `shape` = examples, context, heads, values of a head.
pub(super) fn turn<B: Backend>(x: Values<B>, shape: [usize; 4], turns: &Turns<B>) -> Values<B> {
    let rows = x.dims();
    let output = turns.of(x.clone().inner().reshape(shape)).reshape(rows);
    let back = Turns { sines: turns.sines.clone().neg(), ..turns.clone() };
    node([x], output, move |gradient| [back.of(gradient.reshape(shape)).reshape(rows)])
}

/// Each head of a row as often as others share it; `shape` = heads, how often, values of a head.
pub(super) fn share<B: Backend>(x: Values<B>, shape: [usize; 3]) -> Values<B> {
    let ([rows, columns], [heads, times, size]) = (x.dims(), shape);
    let output = x.clone().inner().reshape([rows, heads, 1, size]).repeat_dim(2, times).reshape([rows, columns * times]);
    node([x], output, move |gradient| [gradient.reshape([rows, heads, times, size]).sum_dim(2).reshape([rows, columns])])
}

/// x · Φ(x); burn's own differentiates an approximation on some devices.
pub(super) fn gelu<B: Backend>(x: Values<B>) -> Values<B> {
    let inputs = x.clone().inner();
    let share = (inputs.clone() * FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
    node([x], inputs.clone() * share.clone(), move |gradient| {
        let density = (inputs.clone() * inputs.clone() * -0.5).exp() * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        [gradient * (share.clone() + inputs.clone() * density)]
    })
}

/// The tanh form of `gelu`, as x / (1 + exp(−w)).
pub(super) fn gelu_tanh<B: Backend>(x: Values<B>) -> Values<B> {
    let inputs = x.clone().inner();
    let held = inputs.clone().clamp(-CURVE_MOST, CURVE_MOST);
    let square = held.clone() * held.clone();
    let below = (held.clone() * (square.clone() * CURVE_CUBE + CURVE)).neg().exp() + 1.0;
    node([x], inputs / below.clone(), move |gradient| {
        let sigmoid = below.clone().recip();
        let growth = square.clone() * (3.0 * CURVE_CUBE) + CURVE;
        let slope = sigmoid.clone() * (held.clone() * (sigmoid.neg() + 1.0) * growth + 1.0);
        [gradient * slope]
    })
}

/// Mean negative log-likelihood in nats of the target of each row, one value.
pub(super) fn cross_entropy<B: Backend>(scores: Values<B>, targets: Tensor<B, 1, Int>) -> Values<B> {
    let logarithms = log_softmax(scores.clone().inner(), 1);
    let (rows, targets) = (scores.dims()[0], targets.unsqueeze_dim::<2>(1));
    let mean = logarithms.clone().gather(1, targets.clone()).mean().neg().unsqueeze();
    node([scores], mean, move |gradient| {
        let ones = Tensor::ones([rows, 1], &gradient.device()).neg();
        let differences = logarithms.clone().exp().scatter(1, targets.clone(), ones, IndexingUpdateOp::Add);
        [differences * (gradient / rows as f32)]
    })
}

/// Whether a gradient flows through it.
fn is_wanted<B: Backend>(x: &Values<B>) -> bool {
    x.clone().into_primitive().tensor().is_tracked()
}

/// A value whose gradient `back` turns into those of its parents.
fn node<B: Backend, F, const N: usize>(parents: [Values<B>; N], output: Tensor<B, 2>, back: F) -> Values<B>
where
    F: Fn(Tensor<B, 2>) -> [Tensor<B, 2>; N] + Clone + Send + Sync + 'static,
{
    let nodes = parents.map(|parent| parent.into_primitive().tensor().node);
    let output = output.into_primitive().tensor();
    let output = match Node::<F>(PhantomData)
        .prepare::<burn::backend::autodiff::checkpoint::strategy::NoCheckpointing>(nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => prepared.finish(Back(back), output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    Tensor::from_primitive(TensorPrimitive::Float(output))
}

/// Kind of a node of ours.
struct Node<F>(PhantomData<F>);

/// What a node keeps for its backward pass.
#[derive(Clone)]
struct Back<F>(F);

impl<F> fmt::Debug for Node<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Node")
    }
}

impl<F> fmt::Debug for Back<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Back")
    }
}

impl<B: Backend, F, const N: usize> Backward<B, N> for Node<F>
where
    F: Fn(Tensor<B, 2>) -> [Tensor<B, 2>; N] + Clone + Send + Sync + 'static,
{
    type State = Back<F>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let found = ops.state.0(Tensor::from_primitive(TensorPrimitive::Float(gradient)));
        for (parent, gradient) in ops.parents.into_iter().zip(found) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient.into_primitive().tensor());
            }
        }
    }
}
