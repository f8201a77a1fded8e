//! API skeleton.
/// Seconds.. see final
pub const MAX_AHEAD_MS: u64 = 600_000;
/// Why a message is not taken.
pub enum LogError {
    Envelope(EnvelopeError),
    Facts(FactsError),
    /// Its seq is more than [`MAX_AHEAD_MS`] ahead of the clock.
    Future,
    /// What it is about cannot count any more.
    Expired,
    /// What it says was said, or newer or better ones fill its room.
    Superseded,
    /// MAX_TWINS others with its author, topic and number are here.
    Twins,
    /// The strangers' ring holds newer ones.
    Ring,
}
impl LogError { /** Whether its sender must have known: signatures that are none, another group. */ pub fn is_misdeed(&self) -> bool }

pub struct Inserted<P> {
    pub id: Digest,
    pub fresh: bool,
    pub twin: Option<Digest>,
    /// Messages that this one pushed out, each with its place.
    pub dropped: Vec<(Digest, P)>,
    /// This message, if it is signed by this node's own key, was not written by this process, and was written after this process wrote one
    pub double: Option<Digest>,
}
/// What a new standing did.
pub struct Moved<P> { pub dropped: Vec<(Digest, P)>, pub double: Option<Digest> }

/// A kept message as the index knows it.
pub struct Kept<'a, P> { pub id: Digest, pub author: NodeId, pub kind: Kind, pub seq: u64, pub topic: &'a str, pub bytes: u32, pub arrival: u64, pub place: &'a P, pub counts: bool /* has room by stake */ }

impl<P> Log<P> {
    /// `own`: the node whose process this is.
    pub fn new(group: GroupId, own: NodeId, standing: Standing) -> Self;
    pub fn group(&self) -> GroupId;
    pub fn standing(&self) -> &Standing;
    /// What `insert` would say, nothing is changed: Ok(true) = it would be kept as new; Ok(false) = it is here.
    pub fn check(&self, facts: &Facts, now_ms: u64) -> Result<bool, LogError>;
    /// A message from a peer, or (at start) from one's own file.
    pub fn insert(&mut self, facts: &Facts, place: P, now_ms: u64) -> Result<Inserted<P>, LogError>;
    /// A message that this process has just written itself: remembered for `double`.
    pub fn write(&mut self, facts: &Facts, place: P, now_ms: u64) -> Result<Inserted<P>, LogError>;
    pub fn stand(&mut self, standing: Standing) -> Moved<P>;
    /// The place changes (compaction of a file).
    pub fn place(&mut self, id: &Digest, place: P) -> Option<P>;
    pub fn get(&self, id: &Digest) -> Option<&P>;
    pub fn kept(&self, id: &Digest) -> Option<Kept<'_, P>>;
    pub fn contains(&self, id: &Digest) -> bool;
    pub fn len(&self) -> usize; pub fn is_empty(&self) -> bool;
    /// ascending
    pub fn ids(&self) -> impl Iterator<Item = Digest>;
    /// Messages in the order of arrival from `cursor` on
    pub fn since(&self, cursor: u64) -> impl Iterator<Item = Kept<'_, P>>;
    /// Messages that no kept one names as a parent: those of accounts that count first.
    pub fn heads(&self) -> impl Iterator<Item = Digest>;
    /// named, not here; at most MAX_MISSING
    pub fn missing(&self) -> impl Iterator<Item = Digest>;
    /// newest of author and topic
    pub fn register(&self, author: &NodeId, topic: &str) -> Option<Kept<'_, P>>;
    pub fn history(&self, author: &NodeId, topic: &str) -> History;
    pub fn is_before(&self, earlier: &Digest, later: &Digest) -> bool;
    /// account for which a node speaks, by a binding that has room.
    pub fn speaks_for(&self, node: &NodeId) -> Option<Address>;
    /// A new message of the own node on top of all that is here: seq = max(last + 1, now_ms), parents: own newest, then heads.
    pub fn draft(&self, kind: Kind, topic: &str, body: Vec<u8>, now_ms: u64) -> Draft;
    pub fn double(&self) -> Option<Digest>;
    // reconciliation
    pub fn summary(&self) -> Summary;
    pub fn answer(&self, question: &Ranges) -> Ranges;
}
impl Comparison {
    pub fn new() -> Self;
    /// None: it is over.
    pub fn question<P>(&mut self, log: &Log<P>) -> Option<Ranges>;
    /// What the partner answered to the last question.
    pub fn hear<P>(&mut self, log: &Log<P>, answer: &Ranges) -> Result<Difference, CompareError>;
}
/// Convenience for holders that keep the messages themselves in memory (sim, tests, docs).
impl Log<Envelope> { pub fn take(&mut self, envelope: Envelope, now_ms: u64) -> Result<Inserted<Envelope>, LogError>; }
impl Envelope {
    /// Reads canonical bytes that this node checked before and kept itself: the signature is not verified again.
    pub fn reread(bytes: &[u8]) -> Result<Self, EnvelopeError>;
}
pub struct History { /** not replaced by any other: one, or several that are concurrent */ pub newest: Vec<Digest>, /** replaced, highest seq first */ pub replaced: Vec<Digest> }
// machine.rs: Heard::Double { message: Digest }: told once by the feed when the log says `double`.
