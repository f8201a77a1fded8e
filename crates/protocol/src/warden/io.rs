//! What a warden is told and what it asks for.

use crate::chain::{Block, ChainEvent, GroupView};
use crate::eip712::{Domain, SignedVerdict};
use crate::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use crate::pace::Tempo;

/// One warden: a signer in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Group that it watches.
    pub group: GroupId,
    /// Where verdicts are signed for.
    pub domain: Domain,
    /// The account that sends; its position is never accused.
    pub signer: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
    /// Verdicts in one transaction; see [`verdicts_a_call`](crate::validator::verdicts_a_call).
    pub verdicts_a_call: usize,
    /// One's pay is made stake once it is this part of the stake (64: one 64th); 0: never.
    pub compound_part: u64,
}

/// What the shell tells. Order: `Group`, then blocks and events as they stand on the chain, then `Live`, then whatever
/// comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// History is over: from now on the machine asks for effects.
    Live,
    /// Every confirmed block.
    Block(Block),
    /// The group anew: at the start of a round, and after events of stake or group.
    Group(GroupView),
    /// An event of the group.
    Event(ChainEvent),
    /// A verdict from the log, one's own included; its signature is checked here.
    Heard(SignedVerdict),
    /// An alarm in the log about this verdict, one's own included.
    Alarmed(SignedVerdict),
    /// Answer to [`Effect::ReadAbsent`].
    Absent(Result<Vec<PositionNumber>, String>),
    /// Answer to [`Effect::Replay`]: verdicts whose probe is not what the model gives, each with what it should be.
    Replayed { round: RoundNumber, wrong: Vec<(SignedVerdict, String)> },
    /// Answer to [`Effect::Replay`]: base or set cannot be had. It is asked for again.
    NotReplayed { round: RoundNumber, reason: String },
    /// Answer to a transaction; what it did is told by its event.
    Sent { duty: Duty, result: Result<(), String> },
}

/// The transactions of a warden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Records presence in a round.
    Attend(RoundNumber),
    /// Puts an absent position to rest.
    Doze(PositionNumber),
    /// Shows two claims that a position signed in a round.
    Slash(PositionNumber, RoundNumber),
    /// Makes one's own pay stake.
    Compound(PositionNumber),
}

/// A verdict to be replayed: the file whose probe it should hold, none for that of the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Whose probe it is: the draw of its places depends on the account.
    pub signer: Address,
    /// With the probe to compare.
    pub verdict: SignedVerdict,
    /// Checkpoint that the verdict is about.
    pub file: Option<Digest>,
}

/// What the machine asks for. It is asked for again after a while, a few times at most, if its answer says that it failed, or if
/// neither an answer nor what it should lead to has come: an event, or for an alarm the log's word that it holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Record who judged the round before the running one and was not counted by its decision.
    Attend { round: RoundNumber, verdicts: Vec<(PositionNumber, SignedVerdict)> },
    /// Read whom the contract would put to rest: awake in the counted rounds before the newest two and present in none.
    ReadAbsent,
    /// Put an absent position to rest.
    Doze { position: PositionNumber },
    /// Show two claims that one position signed in a round.
    SlashDouble { position: PositionNumber, round: RoundNumber, one: SignedVerdict, other: SignedVerdict },
    /// Compute the probes of others on the examples drawn by `seed` from the set at `head`; `checkpoint` is the base.
    Replay { round: RoundNumber, checkpoint: Digest, head: Digest, seed: Digest, verdicts: Vec<Replay> },
    /// Tell the log that a verdict's probe is wrong.
    Alarm { verdict: SignedVerdict, reason: String },
    /// Make one's pay stake.
    Compound { position: PositionNumber },
}
