//! Continues a text, token by token: for people who want to see what a model has learned.
//!
//! Draws with the same stream and the same exp as everything else, so that a seed and a checkpoint give one text on every machine.

use std::borrow::Borrow;

use crate::arena::Arena;
use crate::checkpoint::Checkpoint;
use crate::examples::{DataError, Input, parse_input};
use crate::isa::Compute;
use crate::kernels::exp;
use crate::measure::greatest;
use crate::stream::Stream;

/// Tokens that follow a text, without end: take as many as you want. Equal settings give equal tokens on every machine. Each costs a
/// pass over the whole context.
pub struct Generator<C> {
    compute: Compute,
    /// Borrowed, or shared by whoever keeps the generator.
    checkpoint: C,
    /// What the model sees: the end of the text so far.
    input: Input,
    /// 0 takes the likeliest token.
    temperature: f32,
    stream: Stream,
    arena: Arena,
}

impl Compute {
    /// Starts behind `prompt`, of which the end counts if it is longer than the context. `temperature` divides the log-probabilities before
    /// a token is drawn by `seed`: below 1 the likely ones are drawn more often, at 0 always the likeliest.
    ///
    /// # Errors
    /// When the prompt is none that the manifest allows, or the model is none of text.
    pub fn generate<C: Borrow<Checkpoint>>(
        self,
        checkpoint: C,
        prompt: &str,
        temperature: f32,
        seed: [u8; 32],
    ) -> Result<Generator<C>, DataError> {
        let input = parse_input(checkpoint.borrow().manifest(), prompt)?;
        if matches!(input, Input::Features(_)) {
            return Err(DataError::NoText);
        }
        let stream = Stream::new("neuron/generate/1", &[&seed]);
        Ok(Generator { compute: self, checkpoint, input, temperature, stream, arena: Arena::default() })
    }
}

impl<C: Borrow<Checkpoint>> Iterator for Generator<C> {
    type Item = u16;

    /// Computes the whole row, chooses, and slides the context by one token where it is full.
    fn next(&mut self) -> Option<u16> {
        let checkpoint = self.checkpoint.borrow();
        let row = self.compute.last_row(&mut self.arena, checkpoint, &self.input);
        let context = checkpoint.manifest().inputs() as usize;
        let place = if self.temperature > 0.0 { self.draw(&row) } else { greatest(&row) };
        let token = u16::try_from(place).ok()?;
        let Input::Tokens(tokens) = &mut self.input else { return None };
        if tokens.len() == context {
            tokens.remove(0);
        }
        tokens.push(token);
        Some(token)
    }
}

impl<C> Generator<C> {
    /// A place with a chance in proportion to exp(value / temperature).
    fn draw(&mut self, row: &[f32]) -> usize {
        let best = row.get(greatest(row)).copied().unwrap_or_default();
        let chances: Vec<f32> = row.iter().map(|value| exp((value - best) / self.temperature)).collect();
        let total: f64 = chances.iter().copied().map(f64::from).sum();
        let mut left = self.stream.unit() * total;
        let found = chances.iter().position(|chance| {
            left -= f64::from(*chance);
            left < 0.0
        });
        found.unwrap_or_else(|| greatest(row))
    }
}
