//! What a validator is told and what it asks for.

use crate::chain::{Block, ChainEvent, GroupView, Outcome, RevealedClaim};
use crate::eip712::{Domain, SignedVerdict, Verdict};
use crate::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use crate::money::Micronats;
use crate::pace::Tempo;
use crate::signing_log::SigningLog;

/// One validator: a signer in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Group in which it judges.
    pub group: GroupId,
    /// Where its verdicts count.
    pub domain: Domain,
    /// Account whose position votes.
    pub signer: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
    /// Verdicts in one transaction; see [`verdicts_a_call`](super::verdicts_a_call).
    pub verdicts_a_call: usize,
    /// What its signing log holds.
    pub signed: SigningLog,
    /// Whether it waits before it signs where the chain or the log shows verdicts of its key that the signing log lacks.
    pub doppelganger_check: bool,
}

/// What the shell tells. Order: `Group`, then blocks and events as they stand on the chain (from before the start of
/// the running round), then `Live`, then whatever comes. Events of a block may come before or after it. Of blocks of long ago
/// some may be left out: a round has a seed if the first block of its REVEAL and the one before it were told one after the other.
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
    /// A verdict from the log, one's own included.
    Heard(SignedVerdict),
    /// Another process has written this message with the node's key since this one began.
    Double { message: Digest },
    /// `position` announced to hold `file`; one's own included.
    Have { round: RoundNumber, file: Digest, position: PositionNumber },
    /// Answer to [`Effect::MeasureBase`].
    BaseMeasured { round: RoundNumber, result: Result<BaseFinding, String> },
    /// Answer to [`Effect::Fetch`].
    Fetched { round: RoundNumber, file: Digest, result: Fetched },
    /// Answer to [`Effect::Measure`].
    Measured { round: RoundNumber, claim: Digest, finding: Finding },
    /// Answer to [`Effect::Sign`]: recorded on disk, signed, appended to the log.
    Signed(SignedVerdict),
    /// Answer to [`Effect::Sign`]: the signing log holds another verdict of this round. That is final.
    Refused { round: RoundNumber, reason: String },
    /// Answer to [`Effect::Sign`]: it could not be recorded or appended to the log. It is asked for again, the very same.
    Untold { round: RoundNumber, reason: String },
    /// Answer to [`Effect::Post`].
    Posted { round: RoundNumber, result: Result<(), String> },
}

/// The base checkpoint on the examples of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseFinding {
    /// Mean loss.
    pub base: Micronats,
    /// This signer's probe of the base, signed if no claim is true.
    pub probe: Digest,
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The file is here, is served, and has the length that the manifest implies.
    Held,
    /// The file has another length: no claim about it is true.
    Wrong(String),
    /// Nobody gave it; it is asked for again.
    Missing(String),
    /// There is no room for it here: it is asked for again, and says nothing about the file.
    NotKept(String),
}

/// How a measurement ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// `base`, `loss` and `loss_root` are equal to one's own, and the improvement is beyond luck; with this signer's probe of
    /// the file.
    True { probe: Digest },
    /// One of them is not, it may be luck, or the file is malformed.
    False { reason: String },
    /// It could not be measured here (memory, disk): it is asked for again, and no verdict is signed about it before.
    Failed { reason: String },
}

/// What the machine asks for. It is asked for again after a while if its answer says that it failed, or if neither an answer
/// nor what it should lead to has come, as long as that can still matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Evaluate the base of the round on the examples drawn by `seed` from the set at `head`.
    MeasureBase { round: RoundNumber, checkpoint: Digest, head: Digest, seed: Digest },
    /// Get and keep a revealed file.
    Fetch { round: RoundNumber, file: Digest },
    /// Tell the log that the file is held here.
    Announce { round: RoundNumber, file: Digest },
    /// Evaluate a claim of a round with so many commits; the base was measured before.
    Measure { claim: RevealedClaim, hash: Digest, head: Digest, seed: Digest, commits: u64 },
    /// Record, sign and append to the log.
    Sign(Verdict),
    /// Call `judge` for `round` with these verdicts, none of which is counted yet; others follow once this is answered. In
    /// the round after it, it adds late ones.
    Post { round: RoundNumber, claim: Digest, verdicts: Vec<(PositionNumber, SignedVerdict)> },
    /// Why nothing is signed, once.
    Doubt(Doubt),
    /// The round is over.
    Done(RecheckReport),
}

/// Why nothing is signed: somebody else may do it with the same key, or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A verdict of this key in `round` is missing in the signing log: nothing is signed before round `from`, after a whole JUDGE in
    /// which nobody else did.
    Waits { round: RoundNumber, from: RoundNumber },
    /// Somebody else signed a verdict with this key in `round` while this one ran, for `claim` if that is known: nothing is signed any
    /// more.
    Stops { round: RoundNumber, claim: Option<Digest> },
    /// Another process has written this message of the log with the node's key since this one began, so it probably has the account's
    /// too: nothing is signed any more.
    Doubled { message: Digest },
}

/// A round as this validator saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecheckReport {
    /// Which round.
    pub round: RoundNumber,
    /// Claims revealed.
    pub claims: usize,
    /// What this validator signed, if it did: a claim, or 0.
    pub signed: Option<Digest>,
    /// How it ended, as far as it was told by then.
    pub outcome: Outcome,
    /// What was decided, 0 if nothing was.
    pub decided: Digest,
    /// The last thing that went wrong here.
    pub trouble: Option<String>,
}
