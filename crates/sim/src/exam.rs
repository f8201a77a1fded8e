//! By what a round is judged.

use protocol::{Digest, RoundNumber};

/// A base, the hash that draws the examples on which files are compared with it, and how many commits raise the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exam {
    pub round: RoundNumber,
    pub base: Digest,
    pub seed: Digest,
    pub commits: u64,
}
