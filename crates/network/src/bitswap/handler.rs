//! The streams of one connection: every inbound stream is read, outbound messages share one stream that is
//! reopened at need.
//!
//! A peer may open as many streams as boxo does, one for each message; what they announce together is
//! bounded in bytes before any of it is read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cid::Cid;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, SelectAll};
use futures::{AsyncRead as _, AsyncReadExt, AsyncWriteExt, FutureExt, StreamExt};
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};
use protocol::Digest;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ledger::{Answer, Ledger};
use super::message::{Encoder, Entry, MESSAGE_BYTES_MAX, Message, frame_length};
use crate::cids::{block_digest, digest_in};
use crate::store::BlockStore;
use crate::wire::VARINT_BYTES_MAX;

/// The protocol that Kubo, boxo and Helia speak.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/bitswap/1.2.0");

/// Streams that a peer may have open towards this node; boxo opens one per message.
pub const INBOUND_STREAMS_MAX: usize = 64;
/// Bytes of messages from one connection that are in memory before they are decoded.
pub const INBOUND_BYTES_MAX: usize = 2 * MESSAGE_BYTES_MAX;
/// Our entries that wait for a stream.
pub const ENTRIES_QUEUED_MAX: usize = 16 * 1024;
/// Entries in one message: below 64 KiB.
pub const ENTRIES_SENT_MAX: usize = 1024;
/// Events that wait for the swarm.
const EVENTS_MAX: usize = 64;
/// A message takes no longer than this to be read or written.
const MESSAGE_TIME: Duration = Duration::from_secs(60);
/// So often a message is tried on a new stream.
const ATTEMPTS_MAX: u32 = 3;
/// Bytes that are reserved at a time while a message is read.
const READ_STEP_BYTES: usize = 256 * 1024;

/// What one message of the peer says about our wants.
#[derive(Debug)]
pub struct Received {
    /// Which blocks the peer says that it holds, or does not.
    pub presences: Vec<(Digest, bool)>,
    /// Blocks with the digests that they were found to have.
    pub blocks: Vec<(Digest, Vec<u8>)>,
}

/// What a connection tells of its peer.
#[derive(Debug)]
pub enum ToBehaviour {
    /// Something about our wants.
    Received(Received),
    /// The peer does not speak bitswap 1.2.
    Unsupported,
    /// The peer sent bytes that are no message.
    Junk,
}

/// A message that was read: what the peer wants, and what it says of our wants.
struct Inbound {
    entries: Vec<Entry>,
    full: bool,
    received: Received,
}

/// A message that is to be written, and how often that was tried.
#[derive(Clone, Default)]
struct Outgoing {
    entries: Vec<Entry>,
    answer: Answer,
    attempts: u32,
}

/// The one stream on which messages go out.
enum Outbound {
    Closed,
    Opening,
    Open(Stream),
    Writing(BoxFuture<'static, io::Result<Stream>>),
    Unsupported,
}

/// One connection: what its peer wants, what we want of it, and the streams between.
pub struct Handler {
    store: Arc<BlockStore>,
    ledger: Ledger,
    inbound: SelectAll<BoxStream<'static, io::Result<Inbound>>>,
    inbound_bytes: Arc<Semaphore>,
    outbound: Outbound,
    /// Kept until it is written, to be sent again on a new stream.
    writing: Option<Outgoing>,
    entries: VecDeque<Entry>,
    events: VecDeque<ToBehaviour>,
    stored: Option<BoxFuture<'static, ()>>,
}

impl Handler {
    pub fn new(store: Arc<BlockStore>) -> Self {
        Self {
            store,
            ledger: Ledger::default(),
            inbound: SelectAll::new(),
            inbound_bytes: Arc::new(Semaphore::new(INBOUND_BYTES_MAX)),
            outbound: Outbound::Closed,
            writing: None,
            entries: VecDeque::new(),
            events: VecDeque::new(),
            stored: None,
        }
    }

    /// Reads the next message that is whole; true if there was something.
    fn poll_inbound(&mut self, context: &mut Context<'_>) -> bool {
        if self.events.len() >= EVENTS_MAX {
            return false;
        }
        match self.inbound.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(inbound))) => self.read(inbound),
            Poll::Ready(Some(Err(error))) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::debug!(%error, "bitswap message refused");
                self.events.push_back(ToBehaviour::Junk);
            }
            Poll::Ready(Some(Err(_))) => {}
            Poll::Ready(None) | Poll::Pending => return false,
        }
        true
    }

    /// Notes the peer's wants and passes on what it says of ours.
    fn read(&mut self, inbound: Inbound) {
        self.ledger.read(inbound.entries, inbound.full, &self.store);
        let received = inbound.received;
        if !received.presences.is_empty() || !received.blocks.is_empty() {
            self.events.push_back(ToBehaviour::Received(received));
        }
    }

    /// Serves wants that waited for blocks which the store has got.
    fn poll_stored(&mut self, context: &mut Context<'_>) -> bool {
        if !self.ledger.waits() {
            self.stored = None;
            return false;
        }
        if self.stored.is_none() {
            let mut watch = self.store.watch();
            self.stored = Some(async move { _ = watch.changed().await }.boxed());
            self.ledger.stored(&self.store);
        }
        let changed = self.stored.as_mut().is_some_and(|stored| stored.poll_unpin(context).is_ready());
        if changed {
            self.stored = None;
        }
        changed
    }

    /// Goes on writing; true if it has ended.
    fn poll_writing(&mut self, context: &mut Context<'_>) -> bool {
        let Outbound::Writing(writing) = &mut self.outbound else { return false };
        match writing.poll_unpin(context) {
            Poll::Pending => return false,
            Poll::Ready(Ok(stream)) => {
                self.outbound = Outbound::Open(stream);
                self.writing = None;
            }
            Poll::Ready(Err(error)) => self.stream_failed(&error.to_string()),
        }
        true
    }

    /// Notices that the peer closed or reset the stream, before the next message is written into nothing.
    fn poll_open(&mut self, context: &mut Context<'_>) -> bool {
        let Outbound::Open(stream) = &mut self.outbound else { return false };
        match Pin::new(stream).poll_read(context, &mut [0]) {
            Poll::Pending => return false,
            Poll::Ready(Ok(1..)) => {}
            Poll::Ready(Ok(0) | Err(_)) => self.outbound = Outbound::Closed,
        }
        true
    }

    /// The stream is gone: what was on it is sent on a new one, some times.
    fn stream_failed(&mut self, error: &str) {
        self.outbound = Outbound::Closed;
        let given_up = self.writing.as_mut().is_some_and(|outgoing| {
            outgoing.attempts += 1;
            outgoing.attempts >= ATTEMPTS_MAX
        });
        if given_up {
            tracing::debug!(error, "bitswap message given up");
            self.writing = None;
        }
    }

    /// Starts what the outbound stream should do next; true asks for a new stream.
    fn start_outbound(&mut self) -> bool {
        if self.writing.is_none() {
            self.writing = self.next_outgoing();
        }
        let Some(outgoing) = self.writing.clone() else { return false };
        match std::mem::replace(&mut self.outbound, Outbound::Closed) {
            Outbound::Closed => {
                self.outbound = Outbound::Opening;
                true
            }
            Outbound::Open(stream) => {
                self.outbound = Outbound::Writing(write(stream, outgoing, self.store.clone()).boxed());
                false
            }
            unready => {
                self.outbound = unready;
                false
            }
        }
    }

    /// What is to be sent next: our entries, and answers to the peer's.
    fn next_outgoing(&mut self) -> Option<Outgoing> {
        if matches!(self.outbound, Outbound::Unsupported) {
            (self.entries, self.ledger) = Default::default();
        }
        if self.entries.is_empty() && self.ledger.is_idle() {
            return None;
        }
        let count = self.entries.len().min(ENTRIES_SENT_MAX);
        let entries = self.entries.drain(..count).collect();
        Some(Outgoing { entries, answer: self.ledger.answer(&self.store), attempts: 0 })
    }

    /// No stream was opened: the peer does not speak bitswap, or not now.
    fn open_failed(&mut self, error: StreamUpgradeError<Infallible>) {
        match error {
            StreamUpgradeError::NegotiationFailed => {
                self.outbound = Outbound::Unsupported;
                self.writing = None;
                self.events.push_back(ToBehaviour::Unsupported);
            }
            other => self.stream_failed(&other.to_string()),
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Vec<Entry>;
    type ToBehaviour = ToBehaviour;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    /// Entries beyond the limit are dropped: their wants are moved to other peers when the time is up.
    fn on_behaviour_event(&mut self, entries: Vec<Entry>) {
        let room = ENTRIES_QUEUED_MAX.saturating_sub(self.entries.len());
        self.entries.extend(entries.into_iter().take(room));
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), ToBehaviour>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
            }
            if self.poll_inbound(context) || self.poll_writing(context) || self.poll_open(context) || self.poll_stored(context) {
                continue;
            }
            if self.start_outbound() {
                let protocol = self.listen_protocol();
                return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
            }
            if !self.poll_writing(context) {
                return Poll::Pending;
            }
        }
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: stream, .. })
                if self.inbound.len() < INBOUND_STREAMS_MAX =>
            {
                self.inbound.push(messages(stream, self.inbound_bytes.clone()).boxed());
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol: stream, .. }) => {
                self.outbound = Outbound::Open(stream);
            }
            ConnectionEvent::DialUpgradeError(failed) => self.open_failed(failed.error),
            _ => {}
        }
    }
}

/// All messages of one inbound stream; ends with the stream or after the first error.
fn messages(stream: Stream, budget: Arc<Semaphore>) -> impl futures::Stream<Item = io::Result<Inbound>> {
    futures::stream::unfold(Some(stream), move |stream| {
        let budget = budget.clone();
        async move {
            let mut stream = stream?;
            match read_message(&mut stream, &budget).await {
                Ok(Some(inbound)) => Some((Ok(inbound), Some(stream))),
                Ok(None) => {
                    _ = stream.close().await;
                    None
                }
                Err(error) => Some((Err(error), None)),
            }
        }
    })
}

/// The next message of a stream; none if it has ended between two of them.
async fn read_message(stream: &mut Stream, budget: &Semaphore) -> io::Result<Option<Inbound>> {
    let mut first = [0];
    if stream.read(&mut first).await? == 0 {
        return Ok(None);
    }
    timeout(MESSAGE_TIME, read_rest(stream, first[0], budget)).await?.map(Some)
}

/// A message of which the first byte is there, within the bytes that all streams share.
async fn read_rest(stream: &mut Stream, first: u8, budget: &Semaphore) -> io::Result<Inbound> {
    let length = read_length(stream, first).await?;
    let _permit = budget.acquire_many(length as u32).await.map_err(io::Error::other)?;
    let body = read_exactly(stream, length).await?;
    inbound(&body)
}

/// The length that stands before a message.
async fn read_length(stream: &mut Stream, first: u8) -> io::Result<usize> {
    let mut prefix = vec![first];
    while prefix.last().is_some_and(|&byte| byte >= 0x80) && prefix.len() < VARINT_BYTES_MAX {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        prefix.extend(byte);
    }
    let length = frame_length(&prefix).map_err(invalid)?;
    if length > MESSAGE_BYTES_MAX {
        return Err(invalid(format!("a message of {length} bytes is longer than {MESSAGE_BYTES_MAX}")));
    }
    Ok(length)
}

/// Memory grows with what has come, not with what was announced.
async fn read_exactly(stream: &mut Stream, length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < length {
        let start = body.len();
        body.resize(length.min(start + READ_STEP_BYTES), 0);
        stream.read_exact(&mut body[start..]).await?;
    }
    Ok(body)
}

/// Bytes that are no message, which costs the peer something.
fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Hashes here, on the connection's own task.
fn inbound(body: &[u8]) -> io::Result<Inbound> {
    let message = Message::decode(body).map_err(invalid)?;
    let presences = message.presences.into_iter().filter_map(|(cid, held)| Some((digest_in(&cid)?, held))).collect();
    let blocks = message.blocks.into_iter().map(|block| (block_digest(&block), block)).collect();
    Ok(Inbound { entries: message.entries, full: message.full, received: Received { presences, blocks } })
}

/// Writes a message whole, or not in time.
async fn write(mut stream: Stream, outgoing: Outgoing, store: Arc<BlockStore>) -> io::Result<Stream> {
    let encoded = tokio::task::spawn_blocking(move || encode(outgoing, &store)).await.map_err(io::Error::other)?;
    let written = async {
        stream.write_all(&encoded).await?;
        stream.flush().await
    };
    timeout(MESSAGE_TIME, written).await??;
    Ok(stream)
}

/// Reads the blocks; one that has gone since it was promised is reported missing.
fn encode(outgoing: Outgoing, store: &BlockStore) -> Vec<u8> {
    let read = |cid: Cid| digest_in(&cid).and_then(|digest| store.get(digest).ok().flatten());
    let blocks: Vec<(Cid, Option<Vec<u8>>)> = outgoing.answer.blocks.into_iter().map(|cid| (cid, read(cid))).collect();
    let missing = blocks.iter().filter(|(_, block)| block.is_none()).map(|(cid, _)| (*cid, false));
    let presences: Vec<(Cid, bool)> = outgoing.answer.presences.into_iter().chain(missing).collect();
    let mut encoder = Encoder::new(&outgoing.entries, &presences);
    for (cid, block) in &blocks {
        if let Some(block) = block {
            encoder.block(cid, block);
        }
    }
    encoder.finish()
}
