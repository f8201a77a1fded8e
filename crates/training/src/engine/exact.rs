//! The engine `exact`: the evaluator's kernels, backward.

use cuda::Machine;
use evaluator::{Checkpoint, Compute, Examples, Manifest, Snapshot};

use super::Engine;
use crate::error::TrainError;
use crate::settings::Settings;

/// Weights in training on the processor, with the same bits on each.
pub(crate) struct Exact {
    compute: Compute,
    settings: Settings,
    manifest: Manifest,
    inner: evaluator::Exact,
    /// Why it is not on the GPU that was asked for.
    reason: Option<String>,
}

impl Exact {
    /// Nothing if the family has no exact backward pass.
    pub(crate) fn new(start: &Checkpoint, settings: &Settings, compute: Compute) -> Option<Self> {
        let inner = evaluator::Exact::new(compute, start)?;
        Some(Self { compute, settings: settings.clone(), manifest: start.manifest().clone(), inner, reason: None })
    }

    /// The same in place of a GPU, which cannot for this reason.
    pub(crate) fn instead(self, reason: String) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

impl Engine for Exact {
    fn step(&mut self, examples: &Examples, batch: &[u32], learning_rate: f32) -> Result<f32, TrainError> {
        Ok(self.inner.step(examples, batch, &self.settings.rule(learning_rate))?)
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        Ok(self.inner.snapshot())
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        // Lengths were checked: it was written by a run that had diverged.
        self.inner = evaluator::Exact::resume(self.compute, &self.manifest, snapshot).map_err(|_| TrainError::Damaged)?;
        Ok(())
    }

    fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        self.inner.checkpoint().map_err(TrainError::Diverged)
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn device_name(&self) -> String {
        let processor = Machine::processor(self.compute).to_string();
        self.reason.as_ref().map_or_else(|| processor.clone(), |reason| format!("{processor}: {reason}"))
    }
}
