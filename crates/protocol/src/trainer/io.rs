//! What a trainer is told and what it asks for.

use crate::chain::{Block, ChainEvent, GroupView, Outcome, RevealedClaim};
use crate::ids::{Address, Digest, GroupId, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::pace::Tempo;

/// One trainer: an account in a group.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Group in which it races.
    pub group: GroupId,
    /// Account that commits and earns.
    pub account: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
    /// Seconds kept at the end of TRAIN for storing the file and committing.
    pub commit_s: u64,
    /// Whether to race in a group that is not admitted, whose rounds pay nothing.
    pub unpaid: bool,
    /// Once the group has had this many rounds no further one is begun; what was begun is brought home.
    pub rounds: Option<u64>,
    /// Hides files behind their seals; never leaves this machine.
    pub secret: [u8; 32],
}

/// The file and salt behind a seal, as they stand on disk: only what stands there was ever committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Round for which the file was trained.
    pub round: RoundNumber,
    /// Digest of the checkpoint's bytes.
    pub file: Digest,
    /// Hides `file` behind the seal; see [`seal`](crate::rules::seal).
    pub salt: Digest,
}

/// What the shell tells. Order: `Group`, then blocks and events as they stand on the chain (from `maturity`
/// and two rounds ago), then `Live`, then whatever comes. Events of a block may come before or after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// History is over: from now on the machine asks for effects.
    Live,
    /// Every confirmed block.
    Block(Block),
    /// The group anew: at the start of a round, and after events of the group.
    Group(GroupView),
    /// An event of the group.
    Event(ChainEvent),
    /// Answer to [`Effect::Train`]: the file is stored; its losses estimated on the training set.
    Trained { round: RoundNumber, attempt: u32, file: Digest, base: Micronats, loss: Micronats },
    /// Answer to [`Effect::Train`].
    TrainFailed { round: RoundNumber, attempt: u32, reason: String },
    /// Answer to [`Effect::Remember`].
    Remembered { round: RoundNumber, result: Result<(), String> },
    /// Answer to [`Effect::Measure`]: exact losses on the examples of the round.
    Measured { round: RoundNumber, result: Result<Measured, String> },
    /// Answer to [`Effect::Check`]: whether that claim is true, as far as it could be found out here.
    Checked { round: RoundNumber, claim: Digest, result: Result<bool, String> },
    /// Answer to a transaction, one for each round of a [`Effect::Collect`]; what it did is told by its event.
    Sent { what: Transaction, round: RoundNumber, result: Result<(), Failed> },
}

/// Why a transaction did not go through, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The contract refuses it, or a rule of the chain: it would be refused again.
    Refused(String),
    /// Nobody has judged it: in a moment it may go through.
    Passing(String),
}

impl Failed {
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// The words alone.
    pub fn reason(self) -> String {
        match self {
            Self::Refused(reason) | Self::Passing(reason) => reason,
        }
    }
}

/// Exact losses on the examples of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Mean loss of the round's base, with the price for its weights.
    pub base: Micronats,
    /// The same of the file.
    pub loss: Micronats,
    /// Merkle root over the pairs of losses, one for each example drawn (PROTOCOL 12, Loss, claim, probe).
    pub loss_root: Digest,
    /// Whether the improvement is beyond luck, by the group's terms (PROTOCOL 12, Certainty).
    pub is_certain: bool,
}

/// The transactions of a trainer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transaction {
    /// Seals a file in TRAIN, for a deposit.
    Commit,
    /// Claims its losses in REVEAL.
    Reveal,
    /// Opens the seal in REVEAL without a claim.
    Concede,
    /// Gets back what is left of the deposit.
    Settle,
    /// Gets R of won rounds, once they are mature.
    Collect,
}

impl Transaction {
    /// First second at which it is worth nothing any more: that after its phase. None if it can be made up for later.
    pub fn until_s(self, group: &GroupView, round: RoundNumber) -> Option<u64> {
        match self {
            Self::Commit => Some(group.times.reveal_start_s(group.genesis_s, round)),
            Self::Reveal | Self::Concede => Some(group.times.judge_start_s(group.genesis_s, round)),
            Self::Settle | Self::Collect => None,
        }
    }
}

/// What the machine asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Train from `base` on the set at `head` until `until_s`, then store the file and answer with the same `attempt`. For
    /// the next round it may come while the running one is judged. `starts` are the best files that were revealed in the round
    /// before, best first: training may start from them too.
    Train { round: RoundNumber, attempt: u32, base: Digest, head: Digest, starts: Vec<Digest>, until_s: u64 },
    /// Stop training for the round; no answer is awaited.
    Cancel { round: RoundNumber },
    /// Write to disk, before the commit goes out.
    Remember { round: RoundNumber, file: Digest, salt: Digest },
    /// Commit in that round and no other, for a deposit of `max_deposit` at most.
    Commit { round: RoundNumber, seal: Digest, max_deposit: Wei },
    /// Evaluate `base` and `file` exactly on the examples drawn by `seed` from the set at `head`; `commits` of the round.
    Measure { round: RoundNumber, base: Digest, file: Digest, head: Digest, seed: Digest, commits: u64 },
    /// Open the seal and claim what was measured.
    Reveal { round: RoundNumber, salt: Digest, file: Digest, measured: Measured },
    /// Measure somebody else's claim, in JUDGE, that stands before all that is known to be true.
    Check { claim: RevealedClaim, hash: Digest, base: Digest, head: Digest, seed: Digest, commits: u64 },
    /// Open the seal and claim nothing, since a claim of `rival` stands revealed.
    Concede { round: RoundNumber, salt: Digest, file: Digest, rival: Address },
    /// Tell the log that the file is held here.
    Have { round: RoundNumber, file: Digest },
    /// Settle one's own deposit; asked for once that can be done.
    Settle { round: RoundNumber },
    /// Collect R and the rest of the deposit of these rounds, in one transaction.
    Collect { rounds: Vec<RoundNumber> },
    /// Tell the log how this file of one's own came about, if that was written down: its claim stands revealed.
    Publish { round: RoundNumber, file: Digest },
    /// Build the set at this head and tell the log its root.
    TellRoot { head: Digest },
    /// Tell people that another process has written this message of the log with the node's key since this one began; once.
    Doubled { message: Digest },
    /// An end was asked for. What is left for a later start: coinbases, and deposits that wait until they are mature.
    Finishing { coinbases: usize, waiting: usize },
    /// The round is over (its deposit and coinbase may come later).
    Done(RaceReport),
}

/// A round as this trainer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaceReport {
    /// Which round.
    pub round: RoundNumber,
    /// Whether a seal of this trainer stands on chain.
    pub committed: bool,
    /// What was revealed.
    pub revealed: Option<Measured>,
    /// Whether the seal was opened without a claim.
    pub conceded: bool,
    /// How the round ended, as far as it was told by then.
    pub outcome: Outcome,
    /// Whether this trainer's claim won.
    pub won: bool,
    /// R of the round.
    pub reward: Wei,
    /// The last thing that went wrong here.
    pub trouble: Option<String>,
}
