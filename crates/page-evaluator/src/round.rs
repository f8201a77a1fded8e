//! A round as a page replays it: which examples were drawn, what both sides lose on them, and what a claim about them must say.

use evaluator::{Measurement, Terms, draw, is_certain, loss_root};
use serde::Serialize;

use crate::refusal::Refusal;

/// Bytes of a seed, and of the numbers behind it.
const SEED_BYTES: usize = 32;
const NUMBER_BYTES: usize = 8;

/// Whose examples are drawn, and among how many claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Hash of the first block of REVEAL.
    pub seed: [u8; SEED_BYTES],
    /// Number of the group.
    pub group: u64,
    /// Number of the round.
    pub number: u64,
    /// Commits of the round, at least 1.
    pub commits: u64,
}

/// What one side loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Mean loss in micronats, price included.
    pub mean: u32,
    /// Micronats that the weights cost.
    pub price: u32,
    /// Micronats of each drawn example, in the order drawn.
    pub losses: Vec<u32>,
}

/// What was measured of a file beside its base: what its claim must say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// `base` of the claim.
    pub base: u32,
    /// `loss` of the claim.
    pub loss: u32,
    /// `lossRoot` of the claim, 64 hexadecimal digits.
    pub loss_root: String,
    /// Whether the improvement is beyond luck, or the group does not ask.
    pub is_certain: bool,
}

/// A round measured again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// Indices into the training set.
    pub drawn: Vec<u32>,
    /// The checkpoint that everybody started from.
    pub base: Side,
    /// The file that claims to be better.
    pub new: Side,
    /// What a claim about it must say.
    pub measured: Measured,
}

impl Round {
    /// Seed ‖ u64be group ‖ u64be number ‖ u64be commits.
    ///
    /// # Errors
    /// When there are more or fewer bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let form = Refusal::Form("a seed and three numbers");
        let Some((seed, rest)) = bytes.split_first_chunk::<SEED_BYTES>() else { return Err(form) };
        let (numbers, []) = rest.as_chunks::<NUMBER_BYTES>() else { return Err(form) };
        let [group, number, commits] = numbers else { return Err(form) };
        let [group, number, commits] = [group, number, commits].map(|bytes| u64::from_be_bytes(*bytes));
        Ok(Self { seed: *seed, group, number, commits })
    }

    /// Which examples of so many are measured.
    pub(crate) fn drawn(&self, examples: usize, eval_max: u32) -> Vec<u32> {
        let count = u32::try_from(examples).unwrap_or(u32::MAX);
        draw(self.seed, self.group, self.number, count, eval_max)
    }

    /// What a claim must say of these losses; `certainty` is that of the manifest.
    pub(crate) fn measured(&self, base: &Measurement, new: &Measurement, examples: usize, certainty: Option<u32>) -> Measured {
        let is_certain = certainty.is_none_or(|certainty| {
            let (base_price, new_price, commits) = (base.price, new.price, self.commits.max(1));
            let examples = u32::try_from(examples).ok();
            is_certain(&base.losses, &new.losses, Terms { base_price, new_price, examples, commits, certainty })
        });
        let loss_root = hexadecimal(&loss_root(&base.losses, &new.losses));
        Measured { base: base.mean, loss: new.mean, loss_root, is_certain }
    }
}

impl From<Measurement> for Side {
    fn from(Measurement { losses, price, mean }: Measurement) -> Self {
        Self { mean, price, losses }
    }
}

/// Two digits for each byte.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
