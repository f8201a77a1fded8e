//! Continues a text, token by token: for people who want to see what a model has learned.
//!
//! Draws with the same stream and the same exp as everything else, so that a seed and a checkpoint give one text on every machine.

use std::borrow::Borrow;

use crate::arena::Arena;
use crate::checkpoint::Checkpoint;
use crate::examples::{DataError, Input, parse_input, tokens_input};
use crate::families::tape::linear_shape;
use crate::families::{Cache, Pass};
use crate::isa::Compute;
use crate::kernels::{Kernels, Packed, exp};
use crate::measure::greatest;
use crate::stream::Stream;

/// Values of weights that are packed once for a whole text (512 MiB); the others are packed panel by panel for every token.
const PACKED_MAX: usize = 1 << 27;

/// Tokens that follow a text, without end: take as many as you want, each as soon as it is drawn. Equal settings give equal tokens on
/// every machine.
///
/// The first costs a pass over the text, each further one a single row: keys and values of all positions are kept, four bytes each.
/// Behind a full context its first token is left out for each new one, so that all positions move and are computed again.
pub struct Generator<C> {
    compute: Compute,
    /// Borrowed, or shared by whoever keeps the generator.
    checkpoint: C,
    /// What the model sees: the end of the text so far.
    tokens: Vec<u32>,
    /// Keys and values of the first of them.
    cache: Cache,
    /// 0 takes the likeliest token.
    temperature: f32,
    /// Share of all chances that a token is drawn from; 1 and more is all.
    top_p: f32,
    stream: Stream,
    arena: Arena,
    /// Weights of linear layers in panels, as far as they fit.
    packed: Vec<Option<Packed>>,
    /// Of the last token drawn.
    row: Vec<f32>,
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
        let Input::Tokens(tokens) = parse_input(checkpoint.borrow().manifest(), prompt)? else { return Err(DataError::NoText) };
        Ok(self.go_on(checkpoint, tokens, temperature, seed))
    }

    /// The same behind tokens: all that a model of shards can be asked for.
    ///
    /// # Errors
    /// When there is no token, one is beyond the vocabulary, or the model is none of text or tokens.
    pub fn generate_tokens<C: Borrow<Checkpoint>>(
        self,
        checkpoint: C,
        prompt: &[u32],
        temperature: f32,
        seed: [u8; 32],
    ) -> Result<Generator<C>, DataError> {
        let Input::Tokens(tokens) = tokens_input(checkpoint.borrow().manifest(), prompt)? else { return Err(DataError::NoText) };
        Ok(self.go_on(checkpoint, tokens, temperature, seed))
    }

    /// Behind what the model sees.
    fn go_on<C: Borrow<Checkpoint>>(self, checkpoint: C, tokens: Vec<u32>, temperature: f32, seed: [u8; 32]) -> Generator<C> {
        let packed = packed(self.kernels(), checkpoint.borrow());
        Generator {
            compute: self,
            checkpoint,
            tokens,
            cache: Cache::default(),
            temperature,
            top_p: 1.0,
            stream: Stream::new("neuron/generate/1", &[&seed]),
            arena: Arena::default(),
            packed,
            row: Vec::new(),
        }
    }
}

/// Weights of linear layers in panels, in the order of the manifest, as long as they fit.
fn packed(kernels: Kernels, checkpoint: &Checkpoint) -> Vec<Option<Packed>> {
    let Some(family) = checkpoint.manifest().family().backward() else { return Vec::new() };
    let (sources, specs, mut left) = (family.sources(), checkpoint.manifest().tensors(), PACKED_MAX);
    let weights = sources.iter().zip(&specs).zip(checkpoint.values());
    let pack = |((sources, spec), values): ((&Vec<_>, _), _)| {
        let (outputs, inputs) = linear_shape(sources, spec)?;
        left = left.checked_sub(Packed::forward_len(outputs, inputs))?;
        let mut packed = Packed::forward(outputs, inputs);
        kernels.pack_weight(values, &mut packed);
        Some(packed)
    };
    weights.map(pack).collect()
}

impl<C: Borrow<Checkpoint>> Iterator for Generator<C> {
    type Item = u32;

    /// Computes the rows that are new, chooses, and slides the context by one token where it is full.
    fn next(&mut self) -> Option<u32> {
        let checkpoint = self.checkpoint.borrow();
        let new = self.tokens.get(self.cache.rows()..)?;
        let tensors = checkpoint.values();
        let pass = Pass { kernels: self.compute.kernels(), tensors: &tensors, packed: &self.packed, arena: &mut self.arena };
        let row = &mut self.row;
        checkpoint.manifest().family().go_on(pass, new, &mut self.cache, &mut |found| {
            row.clear();
            row.extend_from_slice(found);
        });
        let context = checkpoint.manifest().inputs() as usize;
        let place = if self.temperature > 0.0 { self.draw() } else { greatest(&self.row) };
        let token = u32::try_from(place).ok()?;
        if self.tokens.len() == context {
            self.tokens.remove(0);
            self.cache.clear();
        }
        self.tokens.push(token);
        Some(token)
    }
}

impl<C> Generator<C> {
    /// Draws only from the likeliest tokens that together have this share of all chances at `temperature`, 0 to 1: one at least, all at 1
    /// (nucleus sampling: Holtzman et al., The Curious Case of Neural Text Degeneration, 2020). Of equally likely ones the lower number
    /// comes first.
    ///
    /// ```
    /// use evaluator::{Checkpoint, Compute, Manifest};
    ///
    /// let manifest = Manifest::from_bytes(
    ///     br#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":4,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
    /// )?;
    /// let first = Checkpoint::initial(&manifest, [1; 32]);
    /// let text = |top_p| -> Result<Vec<u32>, evaluator::DataError> {
    ///     Ok(Compute::detect().generate(&first, "a", 1.0, [2; 32])?.with_top_p(top_p).take(8).collect())
    /// };
    /// let likeliest: Vec<u32> = Compute::detect().generate(&first, "a", 0.0, [2; 32])?.take(8).collect();
    /// assert_eq!(text(0.0)?, likeliest);
    /// assert_ne!(text(1.0)?, likeliest);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_top_p(mut self, top_p: f32) -> Self {
        self.top_p = top_p;
        self
    }

    /// Log-probabilities of all tokens where the last one was drawn, without temperature and share: those of [`crate::predict`] on the text
    /// before it, to the bit. Nothing before the first.
    pub fn log_probabilities(&self) -> &[f32] {
        &self.row
    }

    /// A place with a chance in proportion to exp(value / temperature), among those of the share.
    fn draw(&mut self) -> usize {
        let likeliest = greatest(&self.row);
        let best = self.row.get(likeliest).copied().unwrap_or_default();
        let chances: Vec<f32> = self.row.iter().map(|value| exp((value - best) / self.temperature)).collect();
        let unit = self.stream.unit();
        let found = if self.top_p < 1.0 { nucleus(&chances, self.top_p, unit) } else { place(chances.iter().copied().enumerate(), unit) };
        found.unwrap_or(likeliest)
    }
}

/// The place where the sum of chances passes the share `unit` of all of them.
fn place(chances: impl Iterator<Item = (usize, f32)> + Clone, unit: f64) -> Option<usize> {
    let total: f64 = chances.clone().map(|(_, chance)| f64::from(chance)).sum();
    let mut left = unit * total;
    let mut passed = chances.skip_while(|(_, chance)| {
        left -= f64::from(*chance);
        left >= 0.0 || left.is_nan()
    });
    passed.next().map(|(place, _)| place)
}

/// The same among the greatest chances, in their order, of which the last one brings their sum to `top_p` of all.
fn nucleus(chances: &[f32], top_p: f32, unit: f64) -> Option<usize> {
    let mut order: Vec<(usize, f32)> = chances.iter().copied().enumerate().collect();
    order.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let limit = f64::from(top_p) * chances.iter().copied().map(f64::from).sum::<f64>();
    let mut sum = 0.0;
    let before = order.iter().take_while(|(_, chance)| {
        sum += f64::from(*chance);
        sum < limit
    });
    let count = before.count() + 1;
    place(order.iter().copied().take(count), unit)
}

#[cfg(test)]
mod tests {
    use super::nucleus;

    #[test]
    fn a_nucleus_holds_the_likeliest_that_reach_the_share_and_no_more() {
        // Of 10: 4, then 3 at place 3, then two of 1 and the last two of one half, the lower numbers first.
        let chances = [1.0, 4.0, 0.5, 3.0, 1.0, 0.5];
        for (top_p, kept) in [
            (-1.0, &[1][..]),
            (0.0, &[1]),
            (0.39, &[1]),
            (0.41, &[1, 3]),
            (0.7, &[1, 3]),
            (0.75, &[1, 3, 0]),
            (0.85, &[1, 3, 0, 4]),
            (0.92, &[1, 3, 0, 4, 2]),
            (0.999, &[1, 3, 0, 4, 2, 5]),
        ] {
            let drawn = |step: u32| nucleus(&chances, top_p, f64::from(step) / 1000.0).expect("a place");
            let found: Vec<usize> = (0..1000).map(drawn).collect();
            let mut places = found.clone();
            places.dedup();
            assert_eq!(places, kept, "{top_p}");
            // In proportion: of those kept, place 1 has 4 of their sum.
            let sum: f32 = kept.iter().map(|place| chances[*place]).sum();
            let share = found.iter().filter(|place| **place == 1).count() as f32 / 1000.0;
            assert!((share - 4.0 / sum).abs() < 0.002, "{top_p}: {share}");
        }
    }

    #[test]
    fn a_nucleus_of_nothing_or_of_what_is_no_number_is_none() {
        assert_eq!(nucleus(&[], 0.5, 0.5), None);
        assert_eq!(nucleus(&[f32::NAN, f32::NAN], 0.5, 0.5), None);
    }
}
