//! One training run: from a start, step by step, to the checkpoint of a claim.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use evaluator::{Checkpoint, Compute, Examples};

use crate::device::Device;
use crate::engine::{self, Engine};
use crate::error::TrainError;
use crate::order::Order;
use crate::plan::Plan;
use crate::saved::Header;
use crate::schedule::learning_rate;
use crate::settings::{STEPS_MAX, Settings};

/// Steps that `steps_within` measures at least, after one to warm up.
const TRIAL_STEPS: u32 = 3;
/// Longest that it goes on measuring.
const TRIAL: Duration = Duration::from_millis(500);
/// Share of the time that it keeps in reserve.
const RESERVE: f64 = 0.1;

/// Weights, optimiser and batches of a run. Blocking and single: run it on a thread of its own.
pub struct Trainer<'a> {
    examples: &'a Examples,
    plan: Plan,
    engine: Box<dyn Engine>,
    order: Order,
    header: Header,
    done: u32,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps done.
    pub step: u32,
    /// Steps of the run.
    pub steps: u32,
    /// Loss in nats of the last batch, before its step, without the price of the weights.
    pub loss: f32,
}

impl<'a> Trainer<'a> {
    /// Starts from the weights of `start`. `compute` counts on the processor alone.
    ///
    /// # Errors
    /// When settings, device and examples do not fit each other or the start. Of a set of shards those of each batch must be held when its
    /// step is made: train on [`Examples::part`] of one that does not fit here.
    pub fn new(start: &Checkpoint, examples: &'a Examples, plan: &Plan, device: Device, compute: Compute) -> Result<Self, TrainError> {
        plan.check()?;
        // Measures nothing: only asks whether they belong together.
        compute.evaluate(start, examples, &[])?;
        let engine = engine::start(start, &plan.settings, device, compute)?;
        let Settings { batch, accumulate, .. } = plan.settings;
        Ok(Self {
            examples,
            order: Order::new(examples.len() as u32, batch * accumulate, plan.seed),
            header: Header::new(start, examples, plan, engine.is_exact()),
            plan: plan.clone(),
            engine,
            done: 0,
        })
    }

    /// Goes on where `save` was called; the engine `exact` takes the same way to the last bit.
    ///
    /// # Errors
    /// Those of `new`, and when the saved run is damaged or has another plan, start or training set.
    pub fn resume(
        saved: &[u8],
        start: &Checkpoint,
        examples: &'a Examples,
        plan: &Plan,
        device: Device,
        compute: Compute,
    ) -> Result<Self, TrainError> {
        let mut trainer = Self::new(start, examples, plan, device, compute)?;
        let (done, snapshot) = trainer.header.read(saved, start.manifest(), plan.steps)?;
        trainer.engine.restore(snapshot)?;
        trainer.done = done;
        Ok(trainer)
    }

    /// One step on the next batch; returns its mean loss in nats before the step, without the price of the weights.
    ///
    /// # Errors
    /// When the device fails or all steps of the plan are done.
    pub fn step(&mut self) -> Result<f32, TrainError> {
        if self.done == self.plan.steps {
            return Err(TrainError::Finished(self.done));
        }
        let rate = learning_rate(&self.plan, self.done);
        let loss = self.engine.step(self.examples, self.order.batch(self.done), rate)?;
        self.done += 1;
        Ok(loss)
    }

    /// Steps done since the start.
    pub fn steps_done(&self) -> u32 {
        self.done
    }

    /// Tokens that a step predicts, or examples.
    pub fn targets_per_step(&self) -> u64 {
        let targets = if self.examples.has_tokens() { self.examples.inputs() } else { 1 };
        self.order.batch_len() as u64 * targets as u64
    }

    /// Everything that the rest of the run depends on, as bytes for `resume`: about three times a checkpoint.
    ///
    /// # Errors
    /// When the device fails.
    pub fn save(&self) -> Result<Vec<u8>, TrainError> {
        Ok(self.header.write(self.done, &self.engine.snapshot()?))
    }

    /// The weights as they are now, each clamped to `weight_max`.
    ///
    /// # Errors
    /// When a weight is not finite or the device fails.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        self.engine.checkpoint()
    }

    /// Whether start, examples, plan and number of steps determine the weights to the bit.
    pub fn is_exact(&self) -> bool {
        self.engine.is_exact()
    }

    /// Where the run computes, in words.
    pub fn device_name(&self) -> String {
        self.engine.device_name()
    }

    /// Goes on to `steps`; `stop` is looked at before each step, `progress` is called after it.
    ///
    /// # Errors
    /// Those of `step`, and when it was stopped.
    pub fn run(&mut self, steps: u32, stop: &AtomicBool, mut progress: impl FnMut(Progress)) -> Result<(), TrainError> {
        while self.done < steps {
            if stop.load(Ordering::Relaxed) {
                return Err(TrainError::Stopped);
            }
            let loss = self.step()?;
            progress(Progress { step: self.done, steps, loss });
        }
        Ok(())
    }
}

/// Steps that fit into a time, at least 1, judged by a few steps on a copy of the start.
///
/// # Errors
/// Those of a run.
pub fn steps_within(
    start: &Checkpoint,
    examples: &Examples,
    settings: &Settings,
    device: Device,
    compute: Compute,
    time: Duration,
) -> Result<u32, TrainError> {
    let plan = Plan { settings: settings.clone(), seed: 0, steps: STEPS_MAX };
    let mut trainer = Trainer::new(start, examples, &plan, device, compute)?;
    trainer.step()?;
    let begin = Instant::now();
    let mut done = 0;
    while done < TRIAL_STEPS || begin.elapsed() < TRIAL.min(time / 20) {
        trainer.step()?;
        done += 1;
    }
    // A device may work on after a step was ordered: the weights wait for it.
    trainer.checkpoint()?;
    let step_s = begin.elapsed().as_secs_f64() / f64::from(done);
    let steps = time.as_secs_f64() * (1.0 - RESERVE) / step_s;
    Ok((steps as u32).clamp(1, STEPS_MAX))
}
