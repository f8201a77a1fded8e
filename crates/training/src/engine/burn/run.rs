//! A run on a burn backend: weights in binary32, gradients in the precision chosen, the rules of `exact`.

use std::thread;

use burn::tensor::backend::Backend;
use burn::tensor::{DType, Int, Tensor, TensorData};
use evaluator::{AdamW, Checkpoint, Examples, Manifest, Snapshot, TensorSpec, price_slope};

use super::ops::{Maths, Values, cross_entropy};
use super::{Inputs, scores};
use crate::engine::Engine;
use crate::error::TrainError;
use crate::settings::{Optimizer, Precision, Settings};

/// Weights in training on a device.
pub(super) struct Run<B: Backend> {
    manifest: Manifest,
    settings: Settings,
    device: B::Device,
    device_name: String,
    /// Of the processor, each with a part of the batch; 1 on GPUs.
    threads: usize,
    /// A vector is one row.
    weights: Vec<Tensor<B, 2>>,
    /// Means of gradients and of their squares.
    first: Vec<Tensor<B, 2>>,
    second: Vec<Tensor<B, 2>>,
    /// β₁ᵗ and β₂ᵗ.
    powers: (f64, f64),
}

impl<B: Backend> Run<B> {
    /// # Errors
    /// When the device lacks the precision.
    pub(super) fn start(
        start: &Checkpoint,
        settings: &Settings,
        device: B::Device,
        device_name: String,
        threads: usize,
    ) -> Result<Box<dyn Engine>, TrainError> {
        if settings.precision == Precision::Bf16 && !B::supports_dtype(&device, DType::BF16) {
            return Err(TrainError::Precision);
        }
        let (manifest, settings) = (start.manifest().clone(), settings.clone());
        let weights = on_device(&manifest, start.to_tensors(), &device);
        let zeros: Vec<Tensor<B, 2>> = weights.iter().map(Tensor::zeros_like).collect();
        let run =
            Self { manifest, settings, device, device_name, threads, weights, first: zeros.clone(), second: zeros, powers: (1.0, 1.0) };
        Ok(Box::new(run))
    }

    /// Adds to each gradient what the price of its weight grows with.
    fn add_price(&self, gradients: Vec<Tensor<B, 2>>, slope: f32) -> Vec<Tensor<B, 2>> {
        let weights = self.weights.iter().zip(self.manifest.tensors());
        let priced = |(gradient, (weight, spec)): (_, (&Tensor<B, 2>, TensorSpec))| {
            if spec.is_frozen { gradient } else { gradient + (weight.clone() - spec.rest()) * slope }
        };
        gradients.into_iter().zip(weights).map(priced).collect()
    }

    /// Mean loss of a batch, and its gradients in the order of the weights.
    fn backward(&self, examples: &Examples, batch: &[u32]) -> Result<(f32, Vec<Tensor<B, 2>>), TrainError> {
        let parts: Vec<&[u32]> = batch.chunks((self.settings.batch as usize).div_ceil(self.threads)).collect();
        let mut sum: Option<(f32, Vec<Tensor<B, 2>>)> = None;
        for group in parts.chunks(self.threads) {
            let found: Vec<_> = thread::scope(|scope| {
                let [first, others @ ..] = group else { return Vec::new() };
                let run = |part: &[u32]| self.part(examples, part, part.len() as f64 / batch.len() as f64);
                let others: Vec<_> = others.iter().map(|part| scope.spawn(move || run(part))).collect();
                let first = run(first);
                let others = others.into_iter().map(|thread| thread.join().unwrap_or(Err(TrainError::Lost)));
                [first].into_iter().chain(others).collect()
            });
            for found in found {
                let (loss, gradients) = found?;
                sum = Some(match sum {
                    None => (loss, gradients),
                    Some((all, sums)) => (all + loss, sums.into_iter().zip(gradients).map(|(sum, more)| sum + more).collect()),
                });
            }
        }
        sum.ok_or(TrainError::Lost)
    }

    /// Loss and gradients of some examples that make up `share` of their batch.
    fn part(&self, examples: &Examples, part: &[u32], share: f64) -> Result<(f32, Vec<Tensor<B, 2>>), TrainError> {
        let maths = Maths { precision: self.settings.precision };
        let specs = self.manifest.tensors();
        let leaf = |(weight, spec): (&Tensor<B, 2>, &TensorSpec)| {
            let leaf = Tensor::from_inner(weight.clone());
            if spec.is_frozen { leaf } else { leaf.require_grad() }
        };
        let leaves: Vec<Values<B>> = self.weights.iter().zip(&specs).map(leaf).collect();
        let (inputs, targets) = self.read(examples, part)?;
        let scores = scores(self.manifest.model(), &leaves, inputs, maths).ok_or(TrainError::Lost)?;
        let loss = cross_entropy(scores, targets) * share;
        let mut found = loss.backward();
        // Of a frozen tensor none is found.
        let gradient = |leaf: Values<B>| leaf.grad_remove(&mut found).unwrap_or_else(|| leaf.inner().zeros_like());
        let gradients = leaves.into_iter().map(gradient).collect();
        let loss = values(loss.inner())?.first().copied().ok_or(TrainError::Lost)?;
        Ok((loss, gradients))
    }

    /// Inputs of some examples and the class or next token of each row.
    fn read(&self, examples: &Examples, part: &[u32]) -> Result<(Inputs<B>, Tensor<B, 1, Int>), TrainError> {
        let (rows, inputs) = (part.len(), examples.inputs());
        let part = part.iter().map(|index| *index as usize);
        let integers = |values: Vec<i32>| Tensor::<B, 1, Int>::from_data(TensorData::from(values.as_slice()), &self.device);
        if examples.has_tokens() {
            // A shard was let go after the step had begun.
            let windows: Option<Vec<Vec<u32>>> = part.map(|index| examples.window(index)).collect();
            let windows = windows.ok_or(TrainError::Lost)?;
            // A token is below 2²⁰: the cast is exact.
            let tokens =
                |first: usize| windows.iter().flat_map(|window| &window[first..first + inputs]).map(|token| *token as i32).collect();
            Ok((Inputs::Tokens(integers(tokens(0)).reshape([rows, inputs])), integers(tokens(1))))
        } else {
            let features: Vec<f32> = part.clone().filter_map(|index| examples.features(index)).flatten().copied().collect();
            // A class is below 65,536: the cast is exact.
            let labels = part.filter_map(|index| examples.label(index)).map(|label| label as i32).collect();
            let features = Tensor::from_data(TensorData::new(features, [rows, inputs]), &self.device);
            Ok((Inputs::Features(features), integers(labels)))
        }
    }

    /// Factor that keeps the gradient of all trained weights together within `clip`: those of others are 0.
    fn scale(&self, gradients: &[Tensor<B, 2>]) -> Option<Tensor<B, 2>> {
        let clip = self.settings.clip?;
        let squares = gradients.iter().map(|gradient| gradient.clone().powi_scalar(2).sum());
        let norm = squares.reduce(|left, right| left + right)?.sqrt();
        Some((norm.clamp_min(clip).recip() * clip).unsqueeze())
    }

    fn update(&mut self, gradients: Vec<Tensor<B, 2>>, learning_rate: f32) {
        let scale = self.scale(&gradients);
        let Settings { optimizer, weight_decay, beta_1, beta_2, .. } = self.settings;
        self.powers.0 *= f64::from(beta_1);
        self.powers.1 *= f64::from(beta_2);
        let correction_1 = 1.0 - self.powers.0;
        let correction_2 = 1.0 - self.powers.1;
        let epsilon = AdamW::default().epsilon;
        let tensors = gradients.into_iter().zip(self.manifest.tensors()).enumerate();
        for (index, (gradient, spec)) in tensors.filter(|(_, (_, spec))| !spec.is_frozen) {
            let gradient = match &scale {
                Some(scale) => gradient * scale.clone(),
                None => gradient,
            };
            let step = match optimizer {
                Optimizer::Sgd => gradient,
                Optimizer::AdamW => {
                    let (first, second) = (self.first[index].clone(), self.second[index].clone());
                    let first = first * beta_1 + gradient.clone() * (1.0 - beta_1);
                    let second = second * beta_2 + gradient.powi_scalar(2) * (1.0 - beta_2);
                    (self.first[index], self.second[index]) = (first.clone(), second.clone());
                    (first / correction_1) / ((second / correction_2).sqrt() + epsilon)
                }
            };
            let decay = if spec.shape.len() > 1 { weight_decay } else { 0.0 };
            let weight = self.weights[index].clone() * (1.0 - learning_rate * decay);
            self.weights[index] = weight - step * learning_rate;
        }
    }
}

impl<B: Backend> Engine for Run<B> {
    fn step(&mut self, examples: &Examples, batch: &[u32], learning_rate: f32) -> Result<f32, TrainError> {
        examples.check_held(batch)?;
        let (loss, mut gradients) = self.backward(examples, batch)?;
        if let Some(slope) = price_slope(&self.manifest, examples.whole_len()) {
            gradients = self.add_price(gradients, slope);
        }
        self.update(gradients, learning_rate);
        Ok(loss)
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let read = |tensors: &[Tensor<B, 2>]| tensors.iter().cloned().map(values).collect::<Result<_, _>>();
        Ok(Snapshot { tensors: read(&self.weights)?, first: read(&self.first)?, second: read(&self.second)?, powers: self.powers })
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        let [weights, first, second] =
            [snapshot.tensors, snapshot.first, snapshot.second].map(|values| on_device(&self.manifest, values, &self.device));
        (self.weights, self.first, self.second, self.powers) = (weights, first, second, snapshot.powers);
        Ok(())
    }

    fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        let tensors: Result<_, _> = self.weights.iter().cloned().map(values).collect();
        Checkpoint::clamped(&self.manifest, tensors?).map_err(TrainError::Diverged)
    }

    fn is_exact(&self) -> bool {
        false
    }

    fn device_name(&self) -> String {
        self.device_name.clone()
    }
}

/// Values in the order and shapes of `Manifest::tensors`.
fn on_device<B: Backend>(manifest: &Manifest, values: Vec<Vec<f32>>, device: &B::Device) -> Vec<Tensor<B, 2>> {
    let tensor = |(values, spec): (Vec<f32>, TensorSpec)| {
        let columns = spec.shape.last().map_or(1, |columns| *columns as usize);
        let rows = values.len() / columns;
        Tensor::from_data(TensorData::new(values, [rows, columns]), device)
    };
    values.into_iter().zip(manifest.tensors()).map(tensor).collect()
}

/// Values row by row.
fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Result<Vec<f32>, TrainError> {
    tensor.try_into_data().ok().and_then(|data| data.into_vec().ok()).ok_or(TrainError::Lost)
}
