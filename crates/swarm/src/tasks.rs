//! What the thread that owns the logs is asked for, and what it tells.

use libp2p::PeerId;
use libp2p::gossipsub::{MessageAcceptance, MessageId};
use libp2p::request_response::ResponseChannel;
use protocol::log::{Body, Ranges, Standing};
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::oneshot;

use crate::error::LogsError;
use crate::logs::{Compared, Entry, News};
use crate::sync::{Pulse, Response};

/// Where an answer to a client goes.
pub type Reply<T> = oneshot::Sender<Result<T, LogsError>>;

/// What the thread is asked for.
pub enum Task {
    /// Take part in a group; answered by the node's task, once it listens.
    Open { group: GroupId, reply: Reply<()> },
    /// What the chain says of a group's accounts.
    Stand { group: GroupId, standing: Box<Standing>, reply: Reply<()> },
    /// Write a message of this node under a topic.
    Append { group: GroupId, topic: String, body: Body, reply: Reply<Digest> },
    /// Write where this node can be dialled, unless the log says so already.
    Announce { group: GroupId, addresses: Vec<String> },
    /// Read messages of a group from a number on.
    Read { group: GroupId, cursor: u64, reply: Reply<Vec<Entry>> },
    /// Take a gossiped message.
    Hear { peer: PeerId, group: GroupId, message: Vec<u8>, name: MessageId },
    /// Take the answer to a question for these messages.
    Take { peer: PeerId, group: GroupId, asked: Vec<Digest>, messages: Vec<Vec<u8>> },
    /// Take what a peer says is lacking here.
    Put { peer: PeerId, group: GroupId, messages: Vec<Vec<u8>>, channel: ResponseChannel<Response> },
    /// Answer a peer that compares.
    Answer { group: GroupId, ranges: Ranges, channel: ResponseChannel<Response> },
    /// Answer a peer that asks for messages.
    Give { group: GroupId, ids: Vec<Digest>, channel: ResponseChannel<Response> },
    /// Begin to compare a log with a peer's, whose newest messages these are.
    Begin { peer: PeerId, group: GroupId, heads: Vec<Digest> },
    /// Go on with that by the peer's answer.
    Compare { peer: PeerId, group: GroupId, answer: Ranges },
    /// Read messages that a peer lacks.
    Collect { peer: PeerId, group: GroupId, ids: Vec<Digest> },
    /// End.
    End,
}

/// What the thread tells.
pub enum Report {
    /// A log was opened: it in short, and what it says of addresses. Whoever asked is answered once the node listens.
    Opened { group: GroupId, pulse: Pulse, announced: Vec<(NodeId, Vec<String>)>, reply: Reply<()> },
    /// A message of this node is on the disk: it may be sent, and then told to whoever wrote it.
    Appended { news: News, reply: Option<Reply<Digest>> },
    /// A message of somebody else is new.
    News(News),
    /// Another machine writes with this node's key.
    Double { group: GroupId, message: Digest },
    /// Nodes that are seen to speak for accounts with stake.
    Speakers(Vec<NodeId>),
    /// Whether a gossiped message is passed on.
    Heard { peer: PeerId, name: MessageId, acceptance: MessageAcceptance },
    /// A peer sent what no honest peer sends.
    Misdeed { peer: PeerId },
    /// What became of messages that were asked for.
    Took { peer: PeerId, group: GroupId, took: Took },
    /// An answer for a peer.
    Answered { channel: ResponseChannel<Response>, response: Response },
    /// How far a comparison has come; in words what is wrong with the peer's part.
    Compared { peer: PeerId, group: GroupId, compared: Result<Compared, String> },
    /// Messages that a peer lacks, as many as fit, and the ids of the rest.
    Collected { peer: PeerId, group: GroupId, messages: Vec<Vec<u8>>, rest: Vec<Digest> },
    /// A log changed.
    Pulse { group: GroupId, pulse: Pulse },
}

/// What became of messages that were asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Of those that came, so many are new and kept.
    pub fresh: usize,
    /// So many came at all.
    pub came: usize,
    /// Asked for, and behind the last one that came: a response that is full leaves these out.
    pub left: Vec<Digest>,
}
