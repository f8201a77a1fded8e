//! What the messages of the log say: typed bodies, JSON inside an envelope.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::Kind;
use crate::bounty::{Findings, MAX_STEPS};
use crate::eip712::{Domain, Finding, Node, Signature, Signed, SignedChoice, SignedFinding, SignedVerdict, Typed as _, recover};
use crate::ids::{Address, Digest, GroupId, NodeId, PositionNumber, RoundNumber};
use crate::measures::Measure;

/// Addresses in one announcement at most.
pub const MAX_ADDRESSES: usize = 16;
/// Bytes of one address at most.
pub const MAX_ADDRESS_BYTES: usize = 256;
/// Bytes of a note, a reason or the settings of a run at most.
pub const MAX_TEXT: usize = 4096;
/// Files that a training run starts from at most.
pub const MAX_RUN_STARTS: usize = 16;

/// Why a body cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// No JSON of that kind, or of another kind than the envelope says.
    #[error("body is not what its kind says: ignore the message")]
    Form,
    /// Above [`MAX_TEXT`], [`MAX_ADDRESSES`], [`MAX_ADDRESS_BYTES`], [`MAX_RUN_STARTS`], the steps of findings or those of a plan.
    #[error("body has too many or too long parts: make it smaller")]
    TooLarge,
}

/// A message of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// A vote for a claim of a round; evidence too, if there are two of one round.
    Verdict(SignedVerdict),
    /// A vote for a delta; stewards bring it to the chain.
    Choice(SignedChoice),
    /// Agreement to a measure; whoever has gathered enough enacts it.
    Assent(AssentBody),
    /// The author holds a revealed file and serves it.
    Have { round: RoundNumber, file: Digest },
    /// A verdict whose probe is not what the model gives; anybody can replay it.
    Alarm { verdict: SignedVerdict, reason: String },
    /// Multiaddresses at which the author can be dialled.
    Announcement { addresses: Vec<String> },
    /// The account for which the author speaks.
    Binding(Binding),
    /// Words for people.
    Note(String),
    /// A measure that is proposed, in full.
    Measure(MeasureBody),
    /// A vote for a result of a bounty, in full.
    Finding(FindingBody),
    /// The root of the training set at a head, as the author has built it (PROTOCOL 15, Sets and runs).
    Dataset { head: Digest, root: Digest },
    /// How a revealed file of the author's account was trained (PROTOCOL 15, Sets and runs).
    Training(TrainingBody),
    /// A file that tells of the group as of the beginning of a round (PROTOCOL 14, Copies).
    Copy { round: RoundNumber, file: Digest },
}

/// How anybody gets the same file; it says nothing about a claim's truth, and no rule needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingBody {
    /// Round of the claim.
    pub round: RoundNumber,
    /// The claim's file.
    pub file: Digest,
    /// Files that training started from, 1 to [`MAX_RUN_STARTS`]: one, or several whose average in this order was the start.
    pub starts: Vec<Digest>,
    /// Names the training set.
    pub head: Digest,
    /// The recipe.
    pub plan: TrainingPlan,
    /// Steps that were made when the file was taken.
    pub done: u32,
}

/// The recipe of a training run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingPlan {
    /// What the run's program is told, [`MAX_TEXT`] bytes of JSON at most; keys ascending.
    pub settings: Value,
    /// Draws the batches.
    pub seed: u64,
    /// Steps that the learning rate was planned for.
    pub steps: u32,
}

/// A measure that somebody proposes; it moves nothing until stake assents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureBody {
    /// What is proposed.
    pub measure: Measure,
    /// Why it should be carried.
    pub reason: String,
}

/// Agreement of a position to a measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssentBody {
    /// What is agreed to; its name alone would not tell a newcomer what it does.
    pub measure: Measure,
    /// Group and number of the position that agrees.
    pub group: GroupId,
    /// See `group`.
    pub position: PositionNumber,
    /// Over the measure, by the signer or the owner of the position.
    pub signature: Signature,
}

impl AssentBody {
    /// The account that agreed, if the signature is one.
    pub fn signer(&self, domain: &Domain) -> Option<Address> {
        recover(self.measure.digest(domain), &self.signature).ok()
    }
}

/// What a position found about a bounty, and all that its hash stands for: whoever hears it can bring it to the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingBody {
    /// What was signed: a hash of the findings.
    pub message: Finding,
    /// By the key of a position, in the epoch of the window.
    pub signature: Signature,
    /// What the hash stands for.
    pub findings: Findings,
}

impl FindingBody {
    /// What was signed, if it is about the findings beside it.
    pub fn signed(&self) -> Option<SignedFinding> {
        let signed = Signed { message: self.message, signature: self.signature };
        (self.findings.hash() == self.message.result).then_some(signed)
    }
}

/// The account says which node is its own; the node says the same by signing the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Who owns the node.
    pub account: Address,
    /// Over `Node(node)`.
    pub signature: Signature,
}

impl Binding {
    /// Whether the account signed the author of the envelope.
    pub fn binds(&self, author: NodeId, domain: &Domain) -> bool {
        recover(Node { node: author }.digest(domain), &self.signature) == Ok(self.account)
    }
}

impl TrainingBody {
    /// JSON with the keys of the message: what a program that trains can read.
    pub fn to_json(&self) -> String {
        // Names, numbers and lists only: there is nothing to refuse.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`TrainingBody::to_json`] wrote, or such a program.
    ///
    /// # Errors
    /// [`BodyError`] if it is something else, or too large.
    pub fn from_json(text: &str) -> Result<Self, BodyError> {
        let read: Self = serde_json::from_str(text).map_err(|_| BodyError::Form)?;
        if read.fits() { Ok(read) } else { Err(BodyError::TooLarge) }
    }

    fn fits(&self) -> bool {
        let settings = self.plan.settings.to_string();
        (1..=MAX_RUN_STARTS).contains(&self.starts.len()) && settings.len() <= MAX_TEXT && self.done <= self.plan.steps
    }
}

impl Body {
    /// The kind that its envelope has to name.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Verdict(_) => Kind::Verdict,
            Self::Choice(_) => Kind::Choice,
            Self::Assent(_) => Kind::Assent,
            Self::Have { .. } => Kind::Have,
            Self::Alarm { .. } => Kind::Alarm,
            Self::Announcement { .. } => Kind::Announcement,
            Self::Binding(_) => Kind::Binding,
            Self::Note(_) => Kind::Note,
            Self::Measure(_) => Kind::Measure,
            Self::Finding(_) => Kind::Finding,
            Self::Dataset { .. } => Kind::Dataset,
            Self::Training(_) => Kind::Training,
            Self::Copy { .. } => Kind::Copy,
        }
    }

    /// Topic under which messages of this kind replace one another; one for each kind.
    pub fn topic(&self) -> &'static str {
        match self.kind() {
            Kind::Verdict => "verdict",
            Kind::Choice => "choice",
            Kind::Assent => "assent",
            Kind::Have => "have",
            Kind::Alarm => "alarm",
            Kind::Announcement => "announcement",
            Kind::Binding => "binding",
            Kind::Note => "note",
            Kind::Measure => "measure",
            Kind::Finding => "finding",
            Kind::Dataset => "dataset",
            Kind::Training => "training",
            Kind::Copy => "copy",
        }
    }

    /// JSON for an envelope.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] above a limit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BodyError> {
        self.within_limits()?;
        serde_json::to_vec(self).map_err(|_| BodyError::Form)
    }

    /// Reads the body of an envelope of that kind.
    ///
    /// # Errors
    /// [`BodyError`] if it is something else.
    pub fn from_bytes(kind: Kind, bytes: &[u8]) -> Result<Self, BodyError> {
        let body: Self = serde_json::from_slice(bytes).map_err(|_| BodyError::Form)?;
        body.within_limits()?;
        match body.kind() == kind {
            true => Ok(body),
            false => Err(BodyError::Form),
        }
    }

    fn within_limits(&self) -> Result<(), BodyError> {
        let fits = match self {
            Self::Note(text) | Self::Alarm { reason: text, .. } => text.len() <= MAX_TEXT,
            Self::Assent(assent) => assent.measure.args.len() <= MAX_TEXT,
            Self::Measure(body) => body.measure.args.len() <= MAX_TEXT && body.reason.len() <= MAX_TEXT,
            Self::Finding(body) => body.findings.steps.len() <= MAX_STEPS,
            Self::Training(body) => body.fits(),
            Self::Announcement { addresses } => {
                addresses.len() <= MAX_ADDRESSES && addresses.iter().all(|address| address.len() <= MAX_ADDRESS_BYTES)
            }
            _ => true,
        };
        fits.then_some(()).ok_or(BodyError::TooLarge)
    }
}
