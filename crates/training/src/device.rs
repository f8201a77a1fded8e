//! The one place that names a burn backend and device.

use burn::backend::{Autodiff, Flex};
use burn::tensor::backend::BackendTypes;

/// Backend of every training run: the processor, with gradients.
pub(crate) type Backend = Autodiff<Flex>;
/// Device of that backend.
pub(crate) type Device = <Backend as BackendTypes>::Device;

/// Where tensors live.
pub(crate) fn device() -> Device {
    Device::default()
}
