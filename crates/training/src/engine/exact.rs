//! The engine `exact`: the evaluator's kernels, backward.

use evaluator::{AdamW, Checkpoint, Compute, Examples, Manifest, Rule, Sgd, Snapshot};

use super::Engine;
use crate::error::TrainError;
use crate::settings::{Optimizer, Settings};

/// Weights in training on the processor, with the same bits on each.
pub(crate) struct Exact {
    compute: Compute,
    settings: Settings,
    manifest: Manifest,
    inner: evaluator::Exact,
}

impl Exact {
    /// Nothing if the family has no exact backward pass.
    pub(crate) fn new(start: &Checkpoint, settings: &Settings, compute: Compute) -> Option<Self> {
        let inner = evaluator::Exact::new(compute, start)?;
        Some(Self { compute, settings: settings.clone(), manifest: start.manifest().clone(), inner })
    }
}

impl Engine for Exact {
    fn step(&mut self, examples: &Examples, batch: &[u32], learning_rate: f32) -> Result<f32, TrainError> {
        let Settings { weight_decay, clip, beta_1, beta_2, .. } = self.settings;
        let rule = match self.settings.optimizer {
            Optimizer::AdamW => Rule::AdamW(AdamW { learning_rate, weight_decay, clip, beta_1, beta_2, ..AdamW::default() }),
            Optimizer::Sgd => Rule::Sgd(Sgd { learning_rate, weight_decay, clip }),
        };
        Ok(self.inner.step(examples, batch, &rule)?)
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
        format!("processor ({}, {} threads)", self.compute.isa(), self.compute.threads())
    }
}
