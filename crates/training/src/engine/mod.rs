//! What computes the steps of a run: the evaluator's own kernels, or burn.

#[cfg(feature = "burn")]
mod burn;
#[cfg(not(feature = "burn"))]
#[path = "without_burn.rs"]
mod burn;
mod exact;
mod exact_device;

use cuda::Gpu;
use evaluator::{Checkpoint, Compute, Examples, Snapshot};

use crate::device::Device;
use crate::error::TrainError;
use crate::settings::{EngineChoice, Precision, Settings};
use exact_device::ExactDevice;

/// Weights in training.
pub(crate) trait Engine: Send {
    /// One step on the examples of these numbers; returns their mean loss in nats before it, without the price of the weights.
    fn step(&mut self, examples: &Examples, batch: &[u32], learning_rate: f32) -> Result<f32, TrainError>;
    /// Everything that further steps depend on.
    fn snapshot(&self) -> Result<Snapshot, TrainError>;
    /// Goes on from a snapshot of an engine of the same kind, manifest and settings.
    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError>;
    /// The weights as they are now, each clamped to `weight_max`.
    fn checkpoint(&self) -> Result<Checkpoint, TrainError>;
    /// Whether its bits are the same everywhere.
    fn is_exact(&self) -> bool;
    /// Where it computes, in words.
    fn device_name(&self) -> String;
}

/// The engine that settings and device ask for.
pub(crate) fn start(start: &Checkpoint, settings: &Settings, device: Device, compute: Compute) -> Result<Box<dyn Engine>, TrainError> {
    if let Some(number) = exact_gpu(settings.engine, device) {
        return on_gpu(start, settings, number, compute);
    }
    let (device, name) = match settings.engine {
        EngineChoice::Exact if device == Device::Auto => Device::Cpu.resolve()?,
        _ => device.resolve()?,
    };
    if device == Device::Cpu && settings.precision != Precision::F32 {
        return Err(TrainError::Precision);
    }
    match settings.engine {
        EngineChoice::Burn => burn::start(start, settings, device, name, compute),
        EngineChoice::Exact if device != Device::Cpu => Err(TrainError::ExactElsewhere),
        EngineChoice::Auto if device != Device::Cpu => burn::start(start, settings, device, name, compute),
        choice => match exact::Exact::new(start, settings, compute) {
            Some(engine) => Ok(Box::new(engine)),
            None if choice == EngineChoice::Exact => Err(TrainError::NotExact),
            None => burn::start(start, settings, device, name, compute),
        },
    }
}

/// The number of the GPU on which the engine exact is asked for: by its name, or where burn was not built for it.
fn exact_gpu(engine: EngineChoice, device: Device) -> Option<u32> {
    let is_exact = match engine {
        EngineChoice::Exact => true,
        EngineChoice::Auto => cfg!(not(feature = "cuda")),
        EngineChoice::Burn => false,
    };
    let Device::Cuda(number) = device else { return None };
    is_exact.then_some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The engine exact on a GPU; where that cannot, on the processor, whose name says why.
fn on_gpu(start: &Checkpoint, settings: &Settings, number: u32, compute: Compute) -> Result<Box<dyn Engine>, TrainError> {
    if settings.precision != Precision::F32 {
        return Err(TrainError::Precision);
    }
    match Gpu::shared(number).and_then(|gpu| ExactDevice::new(gpu, start, settings)) {
        Ok(engine) => Ok(Box::new(engine)),
        Err(reason) => {
            let engine = exact::Exact::new(start, settings, compute).ok_or(TrainError::NotExact)?;
            Ok(Box::new(engine.instead(reason.to_string())))
        }
    }
}
