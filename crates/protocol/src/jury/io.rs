//! What a jury is told and what it asks for.

use crate::bounty::Findings;
use crate::chain::{Block, ChainEvent, GroupView};
use crate::eip712::{Domain, Finding, SignedFinding};
use crate::ids::{Address, BountyNumber, Digest, GroupId, PositionNumber, RoundNumber};
use crate::log::FindingBody;
use crate::money::Micronats;
use crate::pace::Tempo;
pub use crate::validator::Fetched;

/// One juror: a signer in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Group whose bounties it measures.
    pub group: GroupId,
    /// Where its findings count.
    pub domain: Domain,
    /// The account whose position finds, and that sends.
    pub signer: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
    /// Findings, won rounds or positions in one transaction; see [`verdicts_a_call`](crate::validator::verdicts_a_call).
    pub findings_a_call: usize,
}

/// What the shell tells. Order: `Group`, then the events of the group since its birth and of its bounties, those of a block before
/// the block itself, and of history the first block from each of [`Term::moments_s`](crate::bounty::Term::moments_s) and the one
/// before it; then `Live`, then whatever comes. What the log holds may come at any time after the event `Funded` that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// History is over: from now on the machine asks for effects.
    Live,
    /// Every confirmed block.
    Block(Block),
    /// The group anew: at the start of an epoch, and after events of stake or group.
    Group(GroupView),
    /// An event of the group or of its bounties.
    Event(ChainEvent),
    /// Findings from the log, one's own included; the signature is checked here.
    Heard(FindingBody),
    /// `position` announced to hold `file`, in the last round of a term; one's own included.
    Have { round: RoundNumber, file: Digest, position: PositionNumber },
    /// Answer to [`Effect::Fetch`].
    Fetched { bounty: BountyNumber, result: Fetched },
    /// Answer to [`Effect::Measure`]: the findings and this signer's probe, 0 if they say that the sponsor failed or no round was
    /// opened; or why it could not be measured here: then it is asked for again.
    Measured { bounty: BountyNumber, window: u64, result: Result<(Findings, Digest), String> },
    /// Answer to [`Effect::Sign`]: the signing log holds another result of this window. That is final; where the disk or a
    /// remote signer failed there is no answer, and it is asked for again.
    Refused { bounty: BountyNumber, window: u64 },
    /// Answer to a transaction; what it did is told by its events.
    Sent(Result<(), String>),
}

/// What is to be measured, by the rules of the protocol's chapter on bounties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Which bounty.
    pub bounty: BountyNumber,
    /// 0 to 2: rounds are measured as its first block left them.
    pub window: u64,
    /// What was sealed.
    pub root: Digest,
    /// Examples behind `root`.
    pub count: u32,
    /// The hidden set; it is held here.
    pub file: Digest,
    /// Training set at the seal, and the patches that were proposed for it then and applied before the term was over: examples of these
    /// are dropped.
    pub head: Digest,
    /// See `head`.
    pub proposed: Vec<Digest>,
    /// Hidden sets that were measured before the seal: examples of these are dropped too.
    pub earlier: Vec<Digest>,
    /// Draws the winners and the probe.
    pub seed: Digest,
    /// The group's checkpoint at the start of the term. None if no round was opened: then nothing is measured but whether the set is
    /// what was sealed, and the findings have base 0, no steps and probe 0.
    pub base: Option<Digest>,
    /// All won rounds of the term, ascending. Those that stand are measured; the others count.
    pub won: Vec<Won>,
    /// The least improvement of the group at the seal.
    pub least: Micronats,
}

/// A won round of the term, as a window found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won {
    /// Which round.
    pub round: RoundNumber,
    /// The checkpoint that won it.
    pub file: Digest,
    /// Whether it had not been struck up to the first block of the window.
    pub stands: bool,
}

/// What the machine asks for. It is asked for again after a while if its answer says that it failed, or if neither an answer nor
/// what it should lead to has come, as long as that can still matter. Of the last five only one is under way at a time: it waits for [`Input::Sent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Get and keep a hidden set.
    Fetch { bounty: BountyNumber, file: Digest },
    /// Tell the log that the file is held here, with the last round of the term.
    Announce { round: RoundNumber, file: Digest },
    /// Measure the hidden set by PROTOCOL 18.
    Measure(Task),
    /// Record, sign and append to the log, with the findings.
    Sign { message: Finding, findings: Findings },
    /// Call `find` with these findings, signed by these positions, none of which is counted yet.
    Post { bounty: BountyNumber, window: u64, findings: Findings, signed: Vec<(PositionNumber, SignedFinding)> },
    /// Call `slashFindings`: the position signed two results in the window.
    Slash { bounty: BountyNumber, window: u64, position: PositionNumber, one: SignedFinding, other: SignedFinding },
    /// Call `payRounds` for rounds that are mature.
    Reward { bounty: BountyNumber, findings: Findings, rounds: Vec<RoundNumber> },
    /// Call `payFinders`.
    PayFinders { bounty: BountyNumber, positions: Vec<PositionNumber> },
    /// Call `settleBounty`.
    Settle { bounty: BountyNumber, findings: Findings },
}
