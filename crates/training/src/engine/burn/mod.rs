//! The engine `burn`: every device.

mod gpt;
mod mlp;
mod run;

use burn::backend::Flex;
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor};
use evaluator::{Checkpoint, Model};

use super::Engine;
use crate::device::Device;
use crate::error::TrainError;
use crate::settings::Settings;
use run::Run;

/// Inputs of some examples on a device.
enum Inputs<B: Backend> {
    /// [examples, features]
    Features(Tensor<B, 2>),
    /// [examples, context]
    Tokens(Tensor<B, 2, Int>),
}

/// The list: scores [targets, classes] of each family, from tensors in the order of `Manifest::tensors`; a vector is one row.
fn scores<B: Backend>(model: &Model, weights: &[Tensor<B, 2>], inputs: Inputs<B>) -> Option<Tensor<B, 2>> {
    match (model, inputs) {
        (Model::Mlp(_), Inputs::Features(features)) => Some(mlp::scores(weights, features)),
        (Model::Gpt(family), Inputs::Tokens(tokens)) => gpt::scores(family, weights, tokens),
        // Examples of another kind, which no run is started with.
        _ => None,
    }
}

/// x · weightᵀ + bias, with PyTorch's [outputs, inputs].
fn linear<B: Backend>(x: Tensor<B, 2>, weight: &Tensor<B, 2>, bias: Option<&Tensor<B, 2>>) -> Tensor<B, 2> {
    let product = x.matmul(weight.clone().transpose());
    match bias {
        Some(bias) => product + bias.clone(),
        None => product,
    }
}

/// A run on a device that is here.
pub(super) fn start(start: &Checkpoint, settings: &Settings, _device: Device) -> Result<Box<dyn Engine>, TrainError> {
    Ok(Box::new(Run::<Flex>::new(start, settings, Default::default(), "processor".to_owned())))
}
