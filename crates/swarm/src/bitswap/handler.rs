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

use futures::future::BoxFuture;
use futures::stream::{BoxStream, SelectAll};
use futures::{AsyncRead as _, FutureExt, StreamExt};
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};
use tokio::sync::Semaphore;

use super::ledger::Ledger;
use super::message::{Entry, MESSAGE_BYTES_MAX};
use super::streams::{Inbound, Outgoing, Received, messages, write};
use crate::store::BlockStore;

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
/// So often a message is tried on a new stream.
const ATTEMPTS_MAX: u32 = 3;
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
    /// A connection on which nothing was said yet; blocks are served from `store`.
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
