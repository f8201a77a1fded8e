//! A group's model as people talk to it: texts go in, texts come out, whatever its tokens are.

mod said;
mod stops;
mod words;

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use evaluator::{Checkpoint, Compute};
use protocol::keccak256;

use said::Said;
use stops::Stops;
pub use words::Words;

/// The most tokens of one text.
pub const MAX_TOKENS: usize = 1_000_000;

/// A checkpoint that reads and writes texts.
pub struct Speaker {
    checkpoint: Arc<Checkpoint>,
    words: Arc<Words>,
    compute: Compute,
}

/// How a text goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// Below 1 likely tokens are drawn more often, at 0 always the likeliest, above 1 less often.
    pub temperature: f32,
    /// Only the likeliest tokens that together have this share are drawn; 1 = all.
    pub top_p: f32,
    /// Start of what is drawn: equal seeds give equal texts on every machine.
    pub seed: u64,
    /// Tokens at most.
    pub most: usize,
    /// Texts before which it ends.
    pub stops: Vec<String>,
}

/// Why a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model or a text to stop at ended it.
    Stop,
    /// It has as many tokens as were asked for.
    Length,
    /// Nobody listens any more.
    Unheard,
}

impl Manner {
    /// Refuses numbers that mean nothing.
    ///
    /// # Errors
    /// With what each must be.
    pub fn check(&self) -> Result<()> {
        ensure!((1..=MAX_TOKENS).contains(&self.most), "--tokens must be 1 to {MAX_TOKENS}");
        ensure!(self.temperature >= 0.0 && self.temperature.is_finite(), "--temperature must be 0 or more");
        ensure!(self.top_p > 0.0 && self.top_p <= 1.0, "--top-p must be more than 0 and at most 1");
        Ok(())
    }
}

impl Speaker {
    /// A model of text and what its tokens stand for.
    ///
    /// # Errors
    /// When `NEURON_ISA` names nothing that the processor has.
    pub fn new(checkpoint: Arc<Checkpoint>, words: Words) -> Result<Self> {
        Ok(Self { checkpoint, words: Arc::new(words), compute: node::machine::compute()? })
    }

    /// The same group's model with other weights.
    #[must_use]
    pub fn with(&self, checkpoint: Arc<Checkpoint>) -> Self {
        Self { checkpoint, words: self.words.clone(), compute: self.compute }
    }

    /// What its tokens stand for.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Tokens of a text that is to be continued.
    ///
    /// # Errors
    /// When it has none, or the model knows one of its characters not.
    pub fn read(&self, text: &str) -> Result<Vec<u32>> {
        let tokens = self.words.encode(text)?;
        ensure!(!tokens.is_empty(), "the text is empty: give at least one character");
        Ok(tokens)
    }

    /// Goes on behind a prompt, and tells each piece of text as soon as it is whole; `tell` answers whether somebody listens still.
    /// Returns why it ended and after how many tokens.
    ///
    /// # Errors
    /// When the prompt has no token, or one that the model has not.
    pub fn go_on(&self, prompt: &[u32], manner: &Manner, mut tell: impl FnMut(&str) -> bool) -> Result<(Finish, usize)> {
        let (start, seed) = (self.checkpoint.clone(), keccak256(&manner.seed.to_be_bytes()));
        let tokens = self.compute.generate_tokens(start, prompt, manner.temperature, seed).context("the prompt cannot be continued")?;
        let tokens = tokens.with_top_p(manner.top_p);
        let (mut said, mut stops, mut count) = (Said::new(&self.words), Stops::new(&manner.stops), 0);
        for token in tokens.take(manner.most) {
            count += 1;
            if self.words.is_end(token) {
                tell(&stops.rest());
                return Ok((Finish::Stop, count));
            }
            let Some(piece) = said.hear(token) else { continue };
            let (told, is_over) = stops.pass(&piece);
            match (told.is_empty() || tell(&told), is_over) {
                (false, _) => return Ok((Finish::Unheard, count)),
                (true, true) => return Ok((Finish::Stop, count)),
                (true, false) => {}
            }
        }
        let (last, is_over) = stops.pass(&said.rest());
        tell(&format!("{last}{}", if is_over { String::new() } else { stops.rest() }));
        Ok((if is_over { Finish::Stop } else { Finish::Length }, count))
    }
}
