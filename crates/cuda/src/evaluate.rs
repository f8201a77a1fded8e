//! Losses and probes on a device: the same integers and hashes that the processor computes.

use evaluator::{Checkpoint, Examples, Measurement, PROBE_VALUES, mean, micronats, probe_digest, probe_places, weight_price};

use crate::device::Device;
use crate::error::Error;
use crate::layers::Layers;
use crate::memory::{Memory, Queue, STAGE, Span, Tiles};
use crate::network::{Asked, Network, check, right};

/// How a device computes; nothing of it changes a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Rows of activations of a pass, if there is memory for so many: positions of a text, or examples of rows.
    pub rows: u64,
    /// Tiles of products.
    pub tiles: Tiles,
}

impl Default for Settings {
    /// Enough rows to fill a large GPU.
    fn default() -> Self {
        Self { rows: 1 << 14, tiles: Tiles::Chosen }
    }
}

/// A checkpoint on a device.
pub struct Evaluator<'d> {
    queue: Queue<'d>,
    checkpoint: &'d Checkpoint,
    weights: Memory<'d>,
    network: Network<'d>,
}

impl<'d> Evaluator<'d> {
    /// Copies the weights to the device.
    ///
    /// # Errors
    /// [`Error::Memory`] when they and one example have no room there, or what the device says.
    pub fn new(device: &'d dyn Device, checkpoint: &'d Checkpoint, settings: Settings) -> Result<Self, Error> {
        let queue = Queue::new(device, settings.tiles);
        let weights = queue.allocate(checkpoint.manifest().parameters())?;
        let mut first = 0;
        checkpoint.in_parts(STAGE, |part| {
            let to = weights.span().part(first, part.len() as u64);
            first += part.len() as u64;
            queue.upload_values(to, part)
        })?;
        let network = Network::new(&queue, checkpoint.manifest(), settings.rows, false)?;
        Ok(Self { queue, checkpoint, weights, network })
    }

    /// As [`evaluator::evaluate`].
    ///
    /// # Errors
    /// When examples and indices do not belong to the checkpoint, or the device fails.
    pub fn evaluate(&self, examples: &Examples, drawn: &[u32]) -> Result<Measurement, Error> {
        check(self.checkpoint.manifest(), examples)?;
        let asked = drawn.iter().map(|index| right(examples, *index)).collect::<Result<Vec<Asked>, Error>>()?;
        let log_probabilities = self.each(examples, &asked)?;
        let mut rest = log_probabilities.as_slice();
        let losses: Vec<u32> = asked.iter().map(|asked| take_loss(&mut rest, asked.targets.len())).collect();
        let price = weight_price(self.checkpoint, examples.whole_len());
        Ok(Measurement { mean: mean(&losses).saturating_add(price), price, losses })
    }

    /// As [`evaluator::probe`].
    ///
    /// # Errors
    /// When examples and indices do not belong to the checkpoint, or the device fails.
    pub fn probe(&self, examples: &Examples, drawn: &[u32], seed: [u8; 32], signer: [u8; 20]) -> Result<[u8; 32], Error> {
        check(self.checkpoint.manifest(), examples)?;
        let places = probe_places(drawn.len(), examples.outputs(), seed, signer);
        let chosen = places.iter().filter_map(|(place, class)| Some((*drawn.get(*place as usize)?, *class)));
        let asked = chosen.map(|(index, class)| {
            let asked = right(examples, index)?;
            // Only that of the last target is looked at.
            Ok(Asked { targets: vec![class; asked.targets.len()], ..asked })
        });
        let asked = asked.collect::<Result<Vec<Asked>, Error>>()?;
        let log_probabilities = self.each(examples, &asked)?;
        let targets = log_probabilities.len() / PROBE_VALUES;
        Ok(probe_digest(log_probabilities.chunks(targets.max(1)).filter_map(|values| values.last().copied())))
    }

    /// Log-probabilities asked for, of one example after the other.
    fn each(&self, examples: &Examples, asked: &[Asked]) -> Result<Vec<f32>, Error> {
        let layers = Layers { queue: &self.queue, weights: self.weights.span(), gradients: Span::default() };
        let passes = asked.chunks(self.network.examples()).map(|part| self.network.predict(layers, examples, part));
        Ok(passes.collect::<Result<Vec<Vec<f32>>, Error>>()?.concat())
    }
}

/// Mean loss of the next targets in micronats.
fn take_loss(log_probabilities: &mut &[f32], targets: usize) -> u32 {
    let (taken, rest) = log_probabilities.split_at(targets.min(log_probabilities.len()));
    *log_probabilities = rest;
    mean(&taken.iter().map(|value| micronats(-value)).collect::<Vec<u32>>())
}
