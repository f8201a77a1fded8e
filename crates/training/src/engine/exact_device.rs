//! The engine `exact` on a GPU: the bits of the processor, so that a run may go on, or be repeated, on either.

use cuda::{Device, Training};
use evaluator::{Checkpoint, Examples, Snapshot};

use super::Engine;
use crate::error::TrainError;
use crate::settings::Settings;

/// Weights in training on a device.
pub(crate) struct ExactDevice {
    device: &'static dyn Device,
    settings: Settings,
    inner: Training<'static>,
}

impl ExactDevice {
    /// Starts from the weights of `start`.
    pub(crate) fn new(device: &'static dyn Device, start: &Checkpoint, settings: &Settings) -> Result<Self, cuda::Error> {
        let inner = Training::new(device, start, cuda::Settings::default())?;
        Ok(Self { device, settings: settings.clone(), inner })
    }
}

impl Engine for ExactDevice {
    fn step(&mut self, examples: &Examples, batch: &[u32], learning_rate: f32) -> Result<f32, TrainError> {
        match self.inner.step(examples, batch, &self.settings.rule(learning_rate)) {
            Err(cuda::Error::Measure(error)) => Err(error.into()),
            stepped => Ok(stepped?),
        }
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        Ok(self.inner.snapshot()?)
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        match self.inner.restore(&snapshot) {
            // Lengths were checked: it was written by a run that had diverged.
            Err(cuda::Error::Snapshot(_)) => Err(TrainError::Damaged),
            restored => Ok(restored?),
        }
    }

    fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        self.inner.checkpoint()?.map_err(TrainError::Diverged)
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn device_name(&self) -> String {
        self.device.name()
    }
}

#[cfg(all(test, unix, not(target_env = "musl")))]
#[path = "../../../cuda/tests/all/shim.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "another crate's stand-in for a GPU, of which these tests use a part")]
mod shim;

#[cfg(all(test, unix, not(target_env = "musl")))]
mod tests {
    use evaluator::{Compute, Manifest};

    use super::shim::Shim;
    use super::*;
    use crate::engine::exact::Exact;
    use crate::settings::{Optimizer, Settings};

    const MANIFEST: &[u8] = br#"{"version":1,"model":{"family":"gpt","layers":1,"heads":2,"width":18,"context":13,"vocabulary":256,"bias":true,"tied":true,"activation":"gelu_tanh"},"data":{"format":"text","tokenizer":"bytes","stride":5},"loss":"cross_entropy","eval_max":64,"weight_max":4,"weight_price":1000,"frozen":["transformer.wpe.weight"]}"#;

    fn set() -> (Checkpoint, Examples) {
        let manifest = Manifest::from_bytes(MANIFEST).expect("a manifest");
        let text = "Strangers train a model together, and are paid for it.\n";
        let examples = Examples::parse(&manifest, [("a.txt", text)]).expect("a set");
        (Checkpoint::initial(&manifest, [4; 32]), examples)
    }

    fn shim() -> &'static Shim {
        Box::leak(Box::new(Shim::default()))
    }

    #[test]
    fn a_run_goes_from_device_to_processor_and_back_with_the_same_bits() {
        let (start, examples) = set();
        for optimizer in [Optimizer::AdamW, Optimizer::Sgd] {
            let settings = Settings { optimizer, clip: Some(0.5), ..Settings::default() };
            let mut whole = Exact::new(&start, &settings, Compute::detect()).expect("exact");
            let mut first = ExactDevice::new(shim(), &start, &settings).expect("the device");
            let mut middle = Exact::new(&start, &settings, Compute::detect()).expect("exact");
            let mut last = ExactDevice::new(shim(), &start, &settings).expect("the device");
            let mut losses = |engine: &mut dyn Engine, number: u32| {
                let (batch, rate) = ([number % 3, 4, 2], 0.01 / (number + 1) as f32);
                let expected = whole.step(&examples, &batch, rate).expect("a step");
                assert_eq!(engine.step(&examples, &batch, rate).expect("a step").to_bits(), expected.to_bits(), "step {number}");
            };
            (0..2).for_each(|number| losses(&mut first, number));
            middle.restore(first.snapshot().expect("a snapshot")).expect("restored");
            (2..4).for_each(|number| losses(&mut middle, number));
            last.restore(middle.snapshot().expect("a snapshot")).expect("restored");
            (4..6).for_each(|number| losses(&mut last, number));
            assert_eq!(last.checkpoint().expect("weights"), whole.checkpoint().expect("weights"), "{optimizer:?}");
            assert!(last.is_exact() && last.device_name() == "shim");
        }
    }

    #[test]
    fn a_snapshot_of_a_run_that_diverged_is_damaged_there_too() {
        let (start, _) = set();
        let mut device = ExactDevice::new(shim(), &start, &Settings::default()).expect("the device");
        let mut snapshot = device.snapshot().expect("a snapshot");
        snapshot.tensors[0][0] = f32::NAN;
        assert!(matches!(device.restore(snapshot), Err(TrainError::Damaged)));
    }
}
