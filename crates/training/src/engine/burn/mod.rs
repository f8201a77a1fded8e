//! The engine `burn`: every device.

mod gpt;
mod llama;
mod mlp;
mod ops;
mod run;

use burn::backend::Flex;
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor};
use evaluator::{Checkpoint, Compute, Model};

use super::Engine;
use crate::device::Device;
use crate::error::TrainError;
use crate::settings::Settings;
use ops::{Maths, Values};
use run::Run;

/// Inputs of some examples on a device.
enum Inputs<B: Backend> {
    /// [examples, features]
    Features(Tensor<B, 2>),
    /// [examples, context]
    Tokens(Tensor<B, 2, Int>),
}

/// The list: scores [targets, classes] of each family, from tensors in the order of `Manifest::tensors`; a vector is one row.
fn scores<B: Backend>(model: &Model, weights: &[Values<B>], inputs: Inputs<B>, maths: Maths) -> Option<Values<B>> {
    match (model, inputs) {
        (Model::Mlp(_), Inputs::Features(features)) => Some(mlp::scores(weights, features, maths)),
        (Model::Gpt(family), Inputs::Tokens(tokens)) => gpt::scores(family, weights, tokens, maths),
        (Model::Llama(family), Inputs::Tokens(tokens)) => llama::scores(family, weights, tokens, maths),
        // Examples of another kind, which no run is started with.
        _ => None,
    }
}

/// A run on a device that is here.
pub(super) fn start(
    start: &Checkpoint,
    settings: &Settings,
    device: Device,
    name: String,
    compute: Compute,
) -> Result<Box<dyn Engine>, TrainError> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(number) => Run::<burn::backend::Cuda>::start(start, settings, burn::backend::cuda::CudaDevice::new(number), name, 1),
        #[cfg(feature = "wgpu")]
        Device::Wgpu(number) => {
            let adapter = crate::device::wgpu::adapters().into_iter().nth(number).ok_or(TrainError::Lost)?;
            Run::<burn::backend::Wgpu>::start(start, settings, adapter.device, name, 1)
        }
        _ => Run::<Flex>::start(start, settings, Default::default(), format!("{name} (burn)"), compute.threads()),
    }
}
