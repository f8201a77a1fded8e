//! Which block is asked of whom: sessions, HAVE and DONT_HAVE, the least-loaded peer, failover. Time is an argument.
//!
//! A block is asked of one peer at a time, the one that owes least among those that said that they hold it
//! or that had others of its file. Who delivers nothing for [`FAILOVER`] loses what it owes to others. Of
//! what nobody is known to hold, everybody is asked again every [`ASK_AGAIN`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use libp2p::PeerId;
use protocol::Digest;

use super::message::{Entry, Want};
use crate::cids::{Codec, block_cid};

/// A peer that delivers nothing for so long loses its turn.
pub const FAILOVER: Duration = Duration::from_secs(10);
/// So often all peers are asked again for a block that nobody had.
pub const ASK_AGAIN: Duration = Duration::from_secs(2);
/// At most so many peers are asked at once whether they hold a block.
pub const BROADCAST_PEERS_MAX: usize = 32;
/// Blocks that a peer may owe at a time.
pub const WINDOW_BLOCKS: usize = 32;
/// The same while a peer may be JavaScript: its frames would overrun the window of yamux.
pub const WINDOW_BLOCKS_CAREFUL: usize = 4;
/// Asked digests that are remembered per peer, to tell late blocks from wrong ones.
pub const ASKED_MAX: usize = 4096;
/// Sessions that are remembered; the oldest is forgotten first.
pub const SESSIONS_MAX: usize = 256;
/// Wants of all fetches together.
pub const WANTS_MAX: usize = 4096;

/// What a block that came in turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A fetch waits for it.
    Wanted,
    /// Asked for earlier and no longer needed.
    Late,
    /// Never asked of this peer: its bytes do not have the digest of anything asked for.
    Wrong,
}

/// A block that is waited for: of whom it was asked, and what peers said of it.
#[derive(Debug)]
struct Open {
    session: u64,
    codec: Codec,
    asked: Option<(PeerId, Instant)>,
    holders: BTreeSet<PeerId>,
    /// Have refused or failed since everybody was asked last.
    refused: BTreeSet<PeerId>,
    /// Hold an entry of ours that must be cancelled.
    told: BTreeSet<PeerId>,
    broadcasts: u32,
    next_broadcast: Instant,
}

/// What is known of a connected peer: what it can take, what it owes, how well it delivers.
#[derive(Debug)]
struct Supplier {
    window: usize,
    owes: usize,
    /// Failures since the last delivered block.
    failures: u32,
    last_block: Option<Instant>,
    asked: BTreeSet<Digest>,
    asked_order: VecDeque<Digest>,
}

impl Supplier {
    /// Careful until identify says what it runs.
    fn new() -> Self {
        Self { window: WINDOW_BLOCKS_CAREFUL, owes: 0, failures: 0, last_block: None, asked: BTreeSet::new(), asked_order: VecDeque::new() }
    }

    /// That the digest was asked of it, to tell late blocks from wrong ones.
    fn remember(&mut self, digest: Digest) {
        if !self.asked.insert(digest) {
            return;
        }
        self.asked_order.push_back(digest);
        if self.asked_order.len() > ASKED_MAX
            && let Some(oldest) = self.asked_order.pop_front()
        {
            self.asked.remove(&oldest);
        }
    }

    /// One that failed gets one block at a time until it delivers.
    fn has_room(&self) -> bool {
        self.owes < if self.failures > 0 { 1 } else { self.window }
    }
}

/// All blocks that fetches of this node wait for.
#[derive(Debug, Default)]
pub struct Wants {
    open: BTreeMap<Digest, Open>,
    /// Those that are asked of nobody right now.
    idle: BTreeSet<Digest>,
    peers: BTreeMap<PeerId, Supplier>,
    /// Peers that delivered or hold blocks of a session.
    sessions: BTreeMap<u64, BTreeSet<PeerId>>,
    outgoing: BTreeMap<PeerId, Vec<Entry>>,
}

impl Wants {
    /// Adds a want. False: there are too many, or it is there already.
    pub fn want(&mut self, digest: Digest, codec: Codec, session: u64, now: Instant) -> bool {
        if self.open.len() >= WANTS_MAX || self.open.contains_key(&digest) {
            return false;
        }
        self.sessions.entry(session).or_default();
        if self.sessions.len() > SESSIONS_MAX {
            self.sessions.pop_first();
        }
        self.open.insert(
            digest,
            Open {
                session,
                codec,
                asked: None,
                holders: BTreeSet::new(),
                refused: BTreeSet::new(),
                told: BTreeSet::new(),
                broadcasts: 0,
                next_broadcast: now,
            },
        );
        self.idle.insert(digest);
        self.schedule(digest, now);
        true
    }

    /// Blocks that everybody was asked for twice and nobody is known to hold, the first of each session: that of its root, as long
    /// as nothing of the file has come.
    pub fn missed(&self) -> Vec<Digest> {
        let mut sessions = BTreeSet::new();
        let lonely = self.idle.iter().filter_map(|digest| Some((digest, self.open.get(digest)?)));
        let lonely = lonely.filter(|(_, open)| open.broadcasts >= 2 && open.holders.is_empty());
        lonely.filter(|(_, open)| sessions.insert(open.session)).map(|(digest, _)| *digest).collect()
    }

    /// Nobody waits for the block any more.
    pub fn cancel(&mut self, digest: Digest) {
        self.close(digest, None);
    }

    /// A peer to ask: it is told at once what nobody delivers now.
    pub fn connected(&mut self, peer: PeerId) {
        self.peers.entry(peer).or_insert_with(Supplier::new);
        for digest in self.idle.clone() {
            self.send(peer, digest, Want::Have);
        }
    }

    /// Identify said what the peer runs.
    pub fn set_window(&mut self, peer: PeerId, blocks: usize) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.window = blocks;
        }
    }

    /// The peer, or the connection that its entries went over, is gone.
    pub fn disconnected(&mut self, peer: PeerId, now: Instant) {
        self.peers.remove(&peer);
        self.outgoing.remove(&peer);
        for holders in self.sessions.values_mut() {
            holders.remove(&peer);
        }
        for open in self.open.values_mut() {
            open.holders.remove(&peer);
            open.told.remove(&peer);
        }
        self.take_back(|asked, _| asked == peer, now);
    }

    /// The peer says that it holds a block.
    pub fn have(&mut self, peer: PeerId, digest: Digest, now: Instant) {
        let Some(open) = self.open.get_mut(&digest) else { return };
        if !open.told.contains(&peer) {
            return;
        }
        open.holders.insert(peer);
        open.refused.remove(&peer);
        let session = open.session;
        self.sessions.entry(session).or_default().insert(peer);
        if self.idle.contains(&digest) {
            self.schedule(digest, now);
        }
    }

    /// The peer says that it has not: another one is asked.
    pub fn dont_have(&mut self, peer: PeerId, digest: Digest, now: Instant) {
        let Some(open) = self.open.get_mut(&digest) else { return };
        open.holders.remove(&peer);
        open.refused.insert(peer);
        if open.asked.is_some_and(|(asked, _)| asked == peer) {
            self.release(digest);
            self.schedule(digest, now);
        }
    }

    /// A block with this digest came from a peer.
    pub fn block(&mut self, peer: PeerId, digest: Digest, now: Instant) -> Arrival {
        let known = self.peers.get_mut(&peer).filter(|known| known.asked.contains(&digest));
        let Some(known) = known else {
            self.take_back(|asked, _| asked == peer, now);
            return Arrival::Wrong;
        };
        known.last_block = Some(now);
        known.failures = 0;
        let Some(session) = self.open.get(&digest).map(|open| open.session) else { return Arrival::Late };
        self.sessions.entry(session).or_default().insert(peer);
        self.close(digest, Some(peer));
        self.fill(now);
        Arrival::Wanted
    }

    /// Moves what is late to other peers, and asks again for what nobody had.
    pub fn tick(&mut self, now: Instant) {
        let progress: BTreeMap<PeerId, Instant> = self.peers.iter().filter_map(|(id, peer)| Some((*id, peer.last_block?))).collect();
        let late = |peer: PeerId, since: Instant| {
            let since = progress.get(&peer).map_or(since, |&last| last.max(since));
            now.saturating_duration_since(since) >= FAILOVER
        };
        let failed = self.take_back(late, now);
        for peer in failed {
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.failures = peer.failures.saturating_add(1);
            }
        }
        self.fill(now);
    }

    /// What is to be sent, by peer.
    pub fn take_outgoing(&mut self) -> BTreeMap<PeerId, Vec<Entry>> {
        std::mem::take(&mut self.outgoing)
    }

    /// Takes wants back from the peers that `which` names, and tells those peers.
    fn take_back(&mut self, which: impl Fn(PeerId, Instant) -> bool, now: Instant) -> BTreeSet<PeerId> {
        let mut taken = BTreeSet::new();
        let lost: Vec<(Digest, PeerId)> = self
            .open
            .iter()
            .filter_map(|(digest, open)| open.asked.map(|(peer, since)| (*digest, peer, since)))
            .filter(|&(_, peer, since)| which(peer, since))
            .map(|(digest, peer, _)| (digest, peer))
            .collect();
        for &(digest, peer) in &lost {
            self.release(digest);
            self.send(peer, digest, Want::Cancel);
            if let Some(open) = self.open.get_mut(&digest) {
                open.holders.remove(&peer);
                open.refused.insert(peer);
            }
            taken.insert(peer);
        }
        for (digest, _) in lost {
            self.schedule(digest, now);
        }
        taken
    }

    /// The asked peer owes the block no longer.
    fn release(&mut self, digest: Digest) {
        let asked = self.open.get_mut(&digest).and_then(|open| open.asked.take());
        if let Some((peer, _)) = asked {
            self.idle.insert(digest);
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.owes = peer.owes.saturating_sub(1);
            }
        }
    }

    /// The want is over: whoever was told of it is told so, but for who delivered.
    fn close(&mut self, digest: Digest, deliverer: Option<PeerId>) {
        self.release(digest);
        self.idle.remove(&digest);
        let Some(open) = self.open.get(&digest) else { return };
        let told: Vec<PeerId> = open.told.iter().copied().filter(|&peer| Some(peer) != deliverer).collect();
        for peer in told {
            self.send(peer, digest, Want::Cancel);
        }
        self.open.remove(&digest);
    }

    /// Asks for idle blocks as long as peers have room.
    fn fill(&mut self, now: Instant) {
        for digest in self.idle.clone() {
            self.schedule(digest, now);
        }
    }

    /// Asks the least-loaded peer that may hold the block; if there is none, asks everybody whether they do.
    fn schedule(&mut self, digest: Digest, now: Instant) {
        let Some(open) = self.open.get(&digest) else { return };
        let session = self.sessions.get(&open.session);
        let candidates = open.holders.iter().chain(session.into_iter().flatten()).filter(|peer| !open.refused.contains(peer));
        let known = candidates.filter_map(|id| Some((self.peers.get(id)?, *id)));
        let best = known.min_by_key(|(peer, id)| (!peer.has_room(), peer.failures, peer.owes, *id));
        match best.map(|(peer, id)| (peer.has_room(), id)) {
            Some((true, peer)) => self.ask(peer, digest, now),
            Some((false, _)) => {}
            None if open.next_broadcast <= now => self.broadcast(digest, now),
            None => {}
        }
    }

    /// Asks one peer for the block.
    fn ask(&mut self, peer: PeerId, digest: Digest, now: Instant) {
        self.send(peer, digest, Want::Block);
        self.idle.remove(&digest);
        if let Some(open) = self.open.get_mut(&digest) {
            open.asked = Some((peer, now));
        }
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.owes += 1;
        }
    }

    /// Every second time under the other codec: stores that look up by CID know a block under one of them only.
    fn broadcast(&mut self, digest: Digest, now: Instant) {
        let Some(open) = self.open.get_mut(&digest) else { return };
        if open.broadcasts > 0 {
            open.codec = open.codec.other();
        }
        open.broadcasts = open.broadcasts.saturating_add(1);
        open.next_broadcast = now + ASK_AGAIN;
        open.refused.clear();
        let peers: Vec<PeerId> = self.peers.keys().copied().take(BROADCAST_PEERS_MAX).collect();
        for peer in peers {
            self.send(peer, digest, Want::Have);
        }
    }

    /// Notes an entry for a peer, and what it will know then.
    fn send(&mut self, peer: PeerId, digest: Digest, want: Want) {
        let (Some(known), Some(open)) = (self.peers.get_mut(&peer), self.open.get_mut(&digest)) else { return };
        match want {
            Want::Cancel => _ = open.told.remove(&peer),
            Want::Block | Want::Have => {
                open.told.insert(peer);
                known.remember(digest);
            }
        }
        let entry = Entry { cid: block_cid(digest, open.codec), want, send_dont_have: want != Want::Cancel };
        self.outgoing.entry(peer).or_default().push(entry);
    }
}

#[cfg(test)]
mod tests;
