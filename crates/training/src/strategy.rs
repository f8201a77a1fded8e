//! Where a round's training starts: at its base, or at an average of what the last round's trainers revealed.

use evaluator::{Checkpoint, MeasureError, average};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::note::STARTS_MAX;

/// Where a round's training starts.
pub trait Strategy: Send + Sync {
    /// Chooses among the base and averages of `revealed`, checkpoints of the last round; `loss` gives a mean in micronats.
    ///
    /// # Errors
    /// When a loss cannot be measured or the checkpoints have other manifests.
    fn start(&self, base: &Checkpoint, revealed: &[Checkpoint], loss: &mut Loss<'_>) -> Result<Start, TrainError>;
}

/// Mean loss of a checkpoint in micronats, with the price of its weights.
pub type Loss<'a> = dyn FnMut(&Checkpoint) -> Result<u32, MeasureError> + 'a;

/// What a strategy chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Weights to start from.
    pub checkpoint: Checkpoint,
    /// Places in `revealed` of those whose average they are, in this order; none = the base.
    pub parts: Vec<usize>,
}

/// Strategies by their name in a trainer's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StrategyName {
    /// The base.
    #[default]
    Solo,
    /// The best average found.
    Merge,
}

impl StrategyName {
    /// The strategy of this name.
    pub fn strategy(self) -> Box<dyn Strategy> {
        match self {
            Self::Solo => Box::new(Solo),
            Self::Merge => Box::new(Merge),
        }
    }
}

/// Starts from the base.
pub struct Solo;

impl Strategy for Solo {
    fn start(&self, base: &Checkpoint, _revealed: &[Checkpoint], _loss: &mut Loss<'_>) -> Result<Start, TrainError> {
        Ok(Start { checkpoint: base.clone(), parts: Vec::new() })
    }
}

/// A greedy soup (Wortsman et al., 2022): of the best candidates, the best first, each stays in the average that lowers its loss.
pub struct Merge;

impl Strategy for Merge {
    fn start(&self, base: &Checkpoint, revealed: &[Checkpoint], loss: &mut Loss<'_>) -> Result<Start, TrainError> {
        let mut start = Start { checkpoint: base.clone(), parts: Vec::new() };
        let mut least = loss(base)?;
        let losses: Result<Vec<u32>, MeasureError> = revealed.iter().map(&mut *loss).collect();
        let mut candidates: Vec<(u32, usize)> = losses?.into_iter().zip(0..).collect();
        candidates.sort_unstable();
        for (own, place) in candidates.into_iter().take(STARTS_MAX) {
            let parts = [start.parts.as_slice(), &[place]].concat();
            let chosen: Vec<&Checkpoint> = parts.iter().map(|place| &revealed[*place]).collect();
            let (checkpoint, found) = match chosen.as_slice() {
                [only] => ((*only).clone(), own),
                several => {
                    let checkpoint = average(several)?;
                    let found = loss(&checkpoint)?;
                    (checkpoint, found)
                }
            };
            // The base is often the best of those revealed: equal to it, that one opens the average.
            if found < least || (found == least && start.parts.is_empty()) {
                (start, least) = (Start { checkpoint, parts }, found);
            }
        }
        Ok(start)
    }
}
