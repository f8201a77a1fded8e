//! One training run: from a base checkpoint, step by step, to the checkpoint of a claim.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamW, AdamWConfig, GradientsParams, Optimizer as _, Sgd, SgdConfig};
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Tensor, TensorData};
use evaluator::{Checkpoint, CheckpointError, Examples, Manifest, Model};

use crate::batches::Batches;
use crate::device::{Backend, Device, device};
use crate::mlp::Mlp;
use crate::settings::{Optimizer, Settings, SettingsError};

/// PyTorch's; burn's own default is a thousand times greater.
const ADAM_EPSILON: f32 = 1e-8;

type Inner = <Backend as AutodiffBackend>::InnerBackend;

/// Weights, optimiser and batches of a run. Blocking and single: run it on a thread of its own.
pub struct Trainer<'a> {
    manifest: Manifest,
    examples: &'a Examples,
    learning_rate: f64,
    device: Device,
    model: Mlp<Backend>,
    rule: Rule,
    batches: Batches,
}

enum Rule {
    AdamW(OptimizerAdaptor<AdamW, Mlp<Backend>, Backend>),
    Sgd(OptimizerAdaptor<Sgd<Inner>, Mlp<Backend>, Backend>),
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: u32,
    /// Steps of the run.
    pub steps: u32,
    /// Loss in nats of the last batch, before its step.
    pub loss: f32,
}

/// Why a run gave no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings outside their limits.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Examples and base have other inputs or outputs.
    #[error("these examples belong to another manifest than the base: parse them with its own")]
    OtherManifest,
    /// No module of that family.
    #[error("this program cannot train the family of this manifest: use a trainer that has it")]
    Family,
    /// The weights became NaN or infinite.
    #[error("training diverged ({0}): lower learning_rate and train again")]
    Diverged(CheckpointError),
    /// The device failed.
    #[error("the device did not give the weights back: train again")]
    Device,
    /// The stop flag was set.
    #[error("training was stopped")]
    Stopped,
}

/// Runs `settings.steps` steps from `base`; `stop` is looked at before each step, `progress` is called after it.
pub fn train(
    base: &Checkpoint,
    examples: &Examples,
    settings: &Settings,
    seed: u64,
    stop: &AtomicBool,
    mut progress: impl FnMut(Progress),
) -> Result<Checkpoint, TrainError> {
    let mut trainer = Trainer::new(base, examples, settings, seed)?;
    for step in 1..=settings.steps {
        if stop.load(Ordering::Relaxed) {
            return Err(TrainError::Stopped);
        }
        let loss = trainer.step()?;
        progress(Progress { step, steps: settings.steps, loss });
    }
    trainer.checkpoint()
}

impl<'a> Trainer<'a> {
    /// Starts from the weights of `base`; `seed` orders the examples.
    pub fn new(base: &Checkpoint, examples: &'a Examples, settings: &Settings, seed: u64) -> Result<Self, TrainError> {
        settings.check()?;
        let manifest = base.manifest().clone();
        if manifest.inputs() as usize != examples.inputs() || manifest.outputs() != examples.outputs() {
            return Err(TrainError::OtherManifest);
        }
        let Model::Mlp(sizes) = base.manifest().model() else { return Err(TrainError::Family) };
        let device = device();
        Ok(Self {
            manifest,
            examples,
            learning_rate: settings.learning_rate,
            model: Mlp::from_checkpoint(base, sizes, &device),
            device,
            rule: Rule::new(settings),
            batches: Batches::new(examples, settings.batch as usize, seed),
        })
    }

    /// One step on the next batch; returns its mean loss in nats before the step.
    pub fn step(&mut self) -> Result<f32, TrainError> {
        let batch = self.batches.next(self.examples);
        let rows = batch.labels.len();
        let features = TensorData::new(batch.features, [rows, self.examples.inputs()]);
        let features = Tensor::<Backend, 2>::from_data(features, &self.device);
        let labels = Tensor::from_data(TensorData::new(batch.labels, [rows]), &self.device);
        let loss = self.model.loss(features, labels);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let model = self.model.clone();
        self.model = match &mut self.rule {
            Rule::AdamW(rule) => rule.step(self.learning_rate, model, gradients),
            Rule::Sgd(rule) => rule.step(self.learning_rate, model, gradients),
        };
        let nats = loss.try_into_data().ok().and_then(|data| data.to_vec::<f32>().ok());
        nats.and_then(|nats| nats.first().copied()).ok_or(TrainError::Device)
    }

    /// The weights as they are now, each clamped to `weight_max`.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        let mut tensors = self.model.tensors().ok_or(TrainError::Device)?;
        let most = self.manifest.weight_max();
        // What is not finite stays so and is refused: clamped, a diverged run would look like a result.
        let finite = tensors.iter_mut().flatten().filter(|value| value.is_finite());
        finite.for_each(|value| *value = value.clamp(-most, most));
        Checkpoint::from_tensors(&self.manifest, tensors).map_err(TrainError::Diverged)
    }
}

impl Rule {
    fn new(settings: &Settings) -> Self {
        let decay = settings.weight_decay;
        match settings.optimizer {
            Optimizer::AdamW => Self::AdamW(AdamWConfig::new().with_epsilon(ADAM_EPSILON).with_weight_decay(decay).init()),
            Optimizer::Sgd => {
                let decay = (decay > 0.0).then(|| WeightDecayConfig::new(decay));
                Self::Sgd(SgdConfig::new().with_weight_decay(decay).init())
            }
        }
    }
}
