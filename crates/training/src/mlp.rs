//! The family `mlp` as a burn module: linear layers with relu between them.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};
use evaluator::Checkpoint;

/// Layers `layers.0`, `layers.1`, … of the manifest.
#[derive(Module, Debug)]
pub(crate) struct Mlp<B: Backend> {
    layers: Vec<Linear<B>>,
}

impl<B: Backend> Mlp<B> {
    /// Takes the weights of a checkpoint of these sizes.
    pub(crate) fn from_checkpoint(checkpoint: &Checkpoint, sizes: &evaluator::Mlp, device: &B::Device) -> Self {
        let sizes = sizes.layers();
        let pairs = checkpoint.tensors().as_chunks::<2>().0;
        let layers = sizes.iter().zip(pairs).map(|((inputs, outputs), [weight, bias])| {
            let (inputs, outputs) = (*inputs as usize, *outputs as usize);
            let weight = Tensor::<B, 2>::from_data(TensorData::new(weight.clone(), [outputs, inputs]), device);
            let bias = Tensor::<B, 1>::from_data(TensorData::new(bias.clone(), [outputs]), device);
            // burn keeps [inputs, outputs], checkpoints keep PyTorch's [outputs, inputs].
            Linear { weight: Param::from_tensor(weight.transpose()), bias: Some(Param::from_tensor(bias)) }
        });
        Self { layers: layers.collect() }
    }

    /// Values in the order of `Manifest::tensors`; nothing if the device cannot give them back.
    pub(crate) fn tensors(&self) -> Option<Vec<Vec<f32>>> {
        let mut tensors = Vec::new();
        for layer in &self.layers {
            tensors.push(values(layer.weight.val().transpose())?);
            tensors.push(values(layer.bias.as_ref()?.val())?);
        }
        Some(tensors)
    }

    /// Mean negative log-likelihood in nats of `labels` [rows] given `features` [rows, inputs].
    pub(crate) fn loss(&self, features: Tensor<B, 2>, labels: Tensor<B, 1, Int>) -> Tensor<B, 1> {
        let mut values = features;
        for (index, layer) in self.layers.iter().enumerate() {
            values = if index == 0 { layer.forward(values) } else { layer.forward(relu(values)) };
        }
        let chosen = log_softmax(values, 1).gather(1, labels.unsqueeze_dim(1)); // [rows, 1]
        chosen.mean().neg()
    }
}

fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Option<Vec<f32>> {
    tensor.try_into_data().ok()?.to_vec().ok()
}
