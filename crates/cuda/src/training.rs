//! Exact training on a device: the same weights, bit by bit, that [`evaluator::Exact`] comes to.

use evaluator::{AdamW, Checkpoint, CheckpointError, Examples, Manifest, Rule, Sgd, Snapshot, price_slope};

use crate::arguments::{Adam, Descent, Price, Squares};
use crate::device::Device;
use crate::error::Error;
use crate::evaluate::Settings;
use crate::layers::Layers;
use crate::memory::{Cut, Memory, Queue, Span};
use crate::network::{Asked, Network, check, right};
use crate::parameters::Parameters;

/// Weights in training on a device, and what their rule remembers.
pub struct Training<'d> {
    queue: Queue<'d>,
    manifest: Manifest,
    parameters: Parameters,
    /// Holds what follows.
    _memory: Memory<'d>,
    weights: Span,
    gradients: Span,
    first: Span,
    second: Span,
    /// First value and length of each tensor that is trained, then the sum of squares of each.
    places: Span,
    squares: Span,
    powers: (f64, f64),
    network: Network<'d>,
}

impl<'d> Training<'d> {
    /// Starts from the weights of `base`.
    ///
    /// # Errors
    /// [`Error::Memory`] when weights, gradients and one example have no room, or what the device says.
    pub fn new(device: &'d dyn Device, base: &Checkpoint, settings: Settings) -> Result<Self, Error> {
        Self::resume(device, base.manifest(), &Snapshot::new(base), settings)
    }

    /// Goes on where `snapshot` was taken, on whatever machine.
    ///
    /// # Errors
    /// When the snapshot is none of this manifest, or as [`Training::new`].
    pub fn resume(device: &'d dyn Device, manifest: &Manifest, snapshot: &Snapshot, settings: Settings) -> Result<Self, Error> {
        let (queue, parameters) = (Queue::new(device, settings.tiles), Parameters::new(manifest));
        let (len, count) = (parameters.len, parameters.trained().count() as u64);
        let cut = |cut: &mut Cut| [len, len, len, len, 4 * count, count].map(|len| cut.take(len));
        let mut needed = Cut::default();
        cut(&mut needed);
        let memory = queue.allocate(needed.used())?;
        let [weights, gradients, first, second, places, squares] = cut(&mut Cut::of(&memory));
        let words = |number: u64| [number as u32, (number >> 32) as u32];
        let numbers = parameters.trained().flat_map(|(tensor, _)| [words(tensor.first), words(tensor.len)]);
        queue.upload(places, numbers.flatten())?;
        queue.clear(gradients)?;
        let network = Network::new(&queue, manifest, settings.rows, true)?;
        let (manifest, powers, _memory) = (manifest.clone(), (1.0, 1.0), memory);
        let mut training =
            Self { queue, manifest, parameters, _memory, weights, gradients, first, second, places, squares, powers, network };
        training.restore(snapshot)?;
        Ok(training)
    }

    /// Goes on where `snapshot` was taken, with the memory that it has.
    ///
    /// # Errors
    /// When the snapshot is none of this manifest, or the device fails.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        snapshot.check(&self.manifest)?;
        for (span, tensors) in [(self.weights, &snapshot.tensors), (self.first, &snapshot.first), (self.second, &snapshot.second)] {
            self.queue.upload_values(span, tensors.iter().flatten())?;
        }
        self.powers = snapshot.powers;
        Ok(())
    }

    /// As [`evaluator::Exact::step`].
    ///
    /// # Errors
    /// When the examples are of another manifest, the batch names one that does not exist, or the device fails.
    pub fn step(&mut self, examples: &Examples, batch: &[u32], rule: &Rule) -> Result<f32, Error> {
        let loss = self.backward(examples, batch)?;
        self.update(rule)?;
        Ok(loss)
    }

    /// As [`evaluator::Exact::backward`].
    ///
    /// # Errors
    /// As [`Training::step`].
    pub fn backward(&mut self, examples: &Examples, batch: &[u32]) -> Result<f32, Error> {
        check(&self.manifest, examples)?;
        let asked = batch.iter().map(|index| right(examples, *index)).collect::<Result<Vec<Asked>, Error>>()?;
        let targets = asked.iter().map(|asked| asked.targets.len()).sum::<usize>().max(1);
        self.queue.clear(self.gradients)?;
        let layers = Layers { queue: &self.queue, weights: self.weights, gradients: self.gradients };
        let mut log_probabilities = Vec::with_capacity(targets);
        for part in asked.chunks(self.network.examples()) {
            log_probabilities.extend(self.network.predict(layers, examples, part)?);
            self.network.backward(layers, part.len() as u64, 1.0 / targets as f32)?;
        }
        if let Some(slope) = price_slope(&self.manifest, examples.whole_len()) {
            self.add_price(slope)?;
        }
        let of_tape = |values: &[f32]| values.iter().fold(0.0, |loss, value| loss - f64::from(*value));
        let loss: f64 = log_probabilities.chunks(self.network.targets_per_tape()).map(of_tape).fold(0.0, |sum, loss| sum + loss);
        Ok((loss / targets as f64) as f32)
    }

    fn add_price(&self, slope: f32) -> Result<(), Error> {
        for (tensor, spec) in self.parameters.trained() {
            let (gradients, weights) = (tensor.of(self.gradients), tensor.of(self.weights));
            self.queue.price(Price { gradients, weights, count: tensor.len, slope, rest: spec.rest() })?;
        }
        Ok(())
    }

    /// As [`evaluator::Exact::update`].
    ///
    /// # Errors
    /// When the device fails.
    pub fn update(&mut self, rule: &Rule) -> Result<(), Error> {
        match rule {
            Rule::AdamW(settings) => self.adamw(settings),
            Rule::Sgd(settings) => self.descend(settings),
        }
    }

    fn adamw(&mut self, settings: &AdamW) -> Result<(), Error> {
        let AdamW { learning_rate, beta_1, beta_2, epsilon, weight_decay, clip } = *settings;
        let scale = self.scale(clip)?;
        self.powers.0 *= f64::from(beta_1);
        self.powers.1 *= f64::from(beta_2);
        let (correction_1, correction_2) = ((1.0 - self.powers.0) as f32, (1.0 - self.powers.1) as f32);
        for (tensor, spec) in self.parameters.trained() {
            let [weights, gradients, first, second] = [self.weights, self.gradients, self.first, self.second].map(|all| tensor.of(all));
            let decay = if spec.shape.len() > 1 { learning_rate * weight_decay } else { 0.0 };
            let (count, epsilon) = (tensor.len, epsilon);
            let numbers =
                Adam { count, learning_rate, beta_1, beta_2, epsilon, decay, correction_1, correction_2, scale, ..Adam::default() };
            self.queue.adamw(Adam { weights, gradients, first, second, ..numbers })?;
        }
        Ok(())
    }

    fn descend(&self, settings: &Sgd) -> Result<(), Error> {
        let Sgd { learning_rate, weight_decay, clip } = *settings;
        let scale = self.scale(clip)?;
        for (tensor, spec) in self.parameters.trained() {
            let decay = if spec.shape.len() > 1 { learning_rate * weight_decay } else { 0.0 };
            let (weights, gradients) = (tensor.of(self.weights), tensor.of(self.gradients));
            self.queue.descend(Descent { weights, gradients, count: tensor.len, learning_rate, decay, scale })?;
        }
        Ok(())
    }

    /// Factor that keeps the gradient of all weights together within `clip`; sums of tensors are added in their order.
    fn scale(&self, clip: Option<f32>) -> Result<f32, Error> {
        let Some(clip) = clip else { return Ok(1.0) };
        let count = self.parameters.trained().count() as u64;
        self.queue.squares(Squares { values: self.gradients, tensors: self.places, out: self.squares }, count)?;
        let norm = self.queue.download(self.squares)?.iter().fold(0.0, |sum: f32, square| sum + square).sqrt();
        Ok(if norm > clip { clip / norm } else { 1.0 })
    }

    /// Values of all tensors, each by itself.
    fn tensors(&self, all: Span) -> Result<Vec<Vec<f32>>, Error> {
        self.parameters.tensors.iter().map(|tensor| self.queue.download(tensor.of(all))).collect()
    }

    /// Gradients of the last batch, in the order of [`Manifest::tensors`]; of frozen tensors +0.
    ///
    /// # Errors
    /// When the device fails.
    pub fn gradients(&self) -> Result<Vec<Vec<f32>>, Error> {
        self.tensors(self.gradients)
    }

    /// What a run needs to go on from here, on whatever machine; the weights are not clamped.
    ///
    /// # Errors
    /// When the device fails.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        let [tensors, first, second] = [self.weights, self.first, self.second].map(|all| self.tensors(all));
        Ok(Snapshot { tensors: tensors?, first: first?, second: second?, powers: self.powers })
    }

    /// The weights as they are now, each clamped to `weight_max`.
    ///
    /// # Errors
    /// When the device fails; within, when a weight is not finite: training diverged.
    pub fn checkpoint(&self) -> Result<Result<Checkpoint, CheckpointError>, Error> {
        Ok(Checkpoint::clamped(&self.manifest, self.tensors(self.weights)?))
    }
}
