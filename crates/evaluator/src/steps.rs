//! The steps of a bounty: how good winners are on examples that none of them has seen (PROTOCOL 18).
//!
//! A step is a winner that is better than the best one before it by more than the group's least improvement and more than luck.

use crate::certainty::{DRAWN_MIN, Terms, is_certain};
use crate::kernels::log;
use crate::loss::{mean, micronats};

/// What a step must reach; fixed when the bounty was sealed, so that no later measure moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hurdle {
    /// Micronats by which the loss must be lower, 1 at least: the least improvement of the group when the bounty was sealed.
    pub least: u32,
    /// Hundredths of a standard error by which the step must exceed luck; none = the rule of luck is not applied.
    pub certainty: Option<u32>,
}

/// A winner on the hidden examples: what validators sign of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Mean loss in micronats, rounded down, without a price of weights.
    pub loss: u32,
    /// Whether it is better than the best before it, and so the one to be better than.
    pub is_better: bool,
}

/// Judges winners in the order of their rounds. `base` and each of `winners` are losses of the same hidden examples, in micronats.
///
/// The examples are a sample of all that the sponsor cares for, so that certainty is that of an endless set; as many may have been
/// lucky as were measured.
///
/// ```
/// use evaluator::{Hurdle, judge};
///
/// let base = vec![900_000; 30];
/// let winners = [vec![800_000; 30], vec![799_900; 30], vec![600_000; 30]];
/// let judged = judge(&base, &winners, Hurdle { least: 1_000, certainty: None });
/// let better: Vec<bool> = judged.iter().map(|winner| winner.is_better).collect();
/// assert_eq!(better, [true, false, true], "a step of 100 micronats is below the least one");
/// ```
pub fn judge(base: &[u32], winners: &[Vec<u32>], hurdle: Hurdle) -> Vec<Judged> {
    let mut best = base;
    let mut judged = Vec::with_capacity(winners.len());
    for new in winners {
        let loss = mean(new);
        let is_better = mean(best).saturating_sub(loss) >= hurdle.least.max(1) && is_beyond_luck(best, new, winners.len(), hurdle);
        if is_better {
            best = new;
        }
        judged.push(Judged { loss, is_better });
    }
    judged
}

/// Whether a step is more than luck, or the rule of luck is not applied; of fewer than thirty examples nothing is.
fn is_beyond_luck(best: &[u32], new: &[u32], winners: usize, hurdle: Hurdle) -> bool {
    let terms = |certainty| Terms { base_price: 0, new_price: 0, examples: None, commits: winners as u64, certainty };
    new.len() as u64 >= DRAWN_MIN && hurdle.certainty.is_none_or(|certainty| is_certain(best, new, terms(certainty)))
}

/// Micronats of a model that gives each of `outputs` classes the same probability: 10⁶ · ln `outputs`.
pub fn uniform_loss(outputs: u32) -> u32 {
    micronats(log(outputs as f32))
}

/// Whether the hidden examples are none of what the group learns: the best of its winners knows them no better than a guess. A sponsor
/// is told so before he funds; of a set without winners nothing can be said.
pub fn is_garbage(judged: &[Judged], outputs: u32) -> bool {
    judged.iter().map(|winner| winner.loss).min().is_some_and(|lowest| lowest >= uniform_loss(outputs))
}
