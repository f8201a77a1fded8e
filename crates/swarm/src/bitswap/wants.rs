//! Which block is asked of whom: sessions, HAVE and DONT_HAVE, the least-loaded peer, failover. Time is an argument.
//!
//! A block is asked of one peer, the one that owes least among those that said that they hold it or that had
//! others of its file; those that a fetch was told of come first. One that has not come for [`LATE`], or for
//! [`LATE_AT_LAST`] when nothing else is left to be asked for, is asked of a second one too. Who delivers
//! nothing for [`FAILOVER`] loses what it owes to others. Of what nobody is known to hold, peers are asked
//! again every [`ASK_AGAIN`], by turns where there are many.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use protocol::Digest;

use super::message::{Entry, Want};
use super::suppliers::Supplier;
pub use super::suppliers::WINDOW_BLOCKS;
use crate::cids::{Codec, block_cid};

/// A peer that delivers nothing for so long loses its turn.
pub const FAILOVER: Duration = Duration::from_secs(10);
/// So often peers are asked again for a block that nobody had.
pub const ASK_AGAIN: Duration = Duration::from_secs(2);
/// A block that was not delivered in so long is asked of another one, too.
pub const LATE: Duration = Duration::from_secs(2);
/// The same for the last blocks, when others have nothing to do.
pub const LATE_AT_LAST: Duration = Duration::from_millis(500);
/// Peers that are asked for one block at a time.
pub const ASKED_PEERS_MAX: usize = 3;
/// At most so many peers are asked at once whether they hold a block.
pub const BROADCAST_PEERS_MAX: usize = 32;
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
    since: Instant,
    asked: BTreeMap<PeerId, Instant>,
    holders: BTreeSet<PeerId>,
    /// Have refused or failed since everybody was asked last.
    refused: BTreeSet<PeerId>,
    /// Hold an entry of ours that must be cancelled.
    told: BTreeSet<PeerId>,
    broadcasts: u32,
    next_broadcast: Instant,
}

impl Open {
    fn new(session: u64, codec: Codec, now: Instant) -> Self {
        Self {
            session,
            codec,
            since: now,
            asked: BTreeMap::new(),
            holders: BTreeSet::new(),
            refused: BTreeSet::new(),
            told: BTreeSet::new(),
            broadcasts: 0,
            next_broadcast: now,
        }
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
    /// Whom a broadcast told last: the next one goes on behind it.
    told_last: Option<PeerId>,
}

impl Wants {
    /// Adds a want; `holders` are asked before it is known whether they have it. False: there are too many, or it is there
    /// already.
    pub fn want(&mut self, digest: Digest, codec: Codec, session: u64, holders: &[PeerId], now: Instant) -> bool {
        if self.open.len() >= WANTS_MAX || self.open.contains_key(&digest) {
            return false;
        }
        let is_new = !self.sessions.contains_key(&session);
        let connected = holders.iter().filter(|holder| self.peers.contains_key(holder));
        self.sessions.entry(session).or_default().extend(connected);
        if self.sessions.len() > SESSIONS_MAX {
            self.sessions.pop_first();
        }
        self.open.insert(digest, Open::new(session, codec, now));
        self.idle.insert(digest);
        self.schedule(digest, now);
        // The first block of a file finds those who have it beside the ones that were named.
        if is_new && !self.idle.contains(&digest) {
            self.broadcast(digest, now);
        }
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

    /// Nobody waits for the block any more, or it came from elsewhere.
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
        if open.asked.contains_key(&peer) {
            self.release(digest, peer);
            self.schedule(digest, now);
        }
    }

    /// A block with this digest came from a peer.
    pub fn block(&mut self, peer: PeerId, digest: Digest, now: Instant) -> Arrival {
        let known = self.peers.get_mut(&peer).filter(|known| known.was_asked(digest));
        let Some(known) = known else {
            self.take_back(|asked, _| asked == peer, now);
            return Arrival::Wrong;
        };
        known.delivered(now);
        let Some(session) = self.open.get(&digest).map(|open| open.session) else { return Arrival::Late };
        self.sessions.entry(session).or_default().insert(peer);
        self.close(digest, Some(peer));
        self.fill(now);
        Arrival::Wanted
    }

    /// Moves what peers fail to deliver to others, asks others too for what is late, and again for what nobody had.
    pub fn tick(&mut self, now: Instant) {
        let progress: BTreeMap<PeerId, Instant> = self.peers.iter().filter_map(|(id, peer)| Some((*id, peer.last_block?))).collect();
        let failed = |peer: PeerId, since: Instant| {
            let since = progress.get(&peer).map_or(since, |&last| last.max(since));
            now.saturating_duration_since(since) >= FAILOVER
        };
        for peer in self.take_back(failed, now) {
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.failures = peer.failures.saturating_add(1);
            }
        }
        self.fill(now);
        self.hurry(now);
    }

    /// What is to be sent, by peer.
    pub fn take_outgoing(&mut self) -> BTreeMap<PeerId, Vec<Entry>> {
        std::mem::take(&mut self.outgoing)
    }

    /// Takes wants back from the peers that `which` names, and tells those peers.
    fn take_back(&mut self, which: impl Fn(PeerId, Instant) -> bool, now: Instant) -> BTreeSet<PeerId> {
        let asked = self.open.iter().flat_map(|(digest, open)| open.asked.iter().map(|(peer, since)| (*digest, *peer, *since)));
        let lost: Vec<(Digest, PeerId)> =
            asked.filter(|&(_, peer, since)| which(peer, since)).map(|(digest, peer, _)| (digest, peer)).collect();
        for &(digest, peer) in &lost {
            self.release(digest, peer);
            self.send(peer, digest, Want::Cancel);
            if let Some(open) = self.open.get_mut(&digest) {
                open.holders.remove(&peer);
                open.refused.insert(peer);
            }
        }
        for &(digest, _) in &lost {
            self.schedule(digest, now);
        }
        lost.into_iter().map(|(_, peer)| peer).collect()
    }

    /// The asked peer owes the block no longer.
    fn release(&mut self, digest: Digest, peer: PeerId) {
        let Some(open) = self.open.get_mut(&digest) else { return };
        if open.asked.remove(&peer).is_none() {
            return;
        }
        if open.asked.is_empty() {
            self.idle.insert(digest);
        }
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.release();
        }
    }

    /// The want is over: whoever was told of it is told so, but for who delivered.
    fn close(&mut self, digest: Digest, deliverer: Option<PeerId>) {
        let Some(open) = self.open.get(&digest) else { return };
        let told: Vec<PeerId> = open.told.iter().copied().filter(|&peer| Some(peer) != deliverer).collect();
        for peer in open.asked.keys().copied().collect::<Vec<_>>() {
            self.release(digest, peer);
        }
        for peer in told {
            self.send(peer, digest, Want::Cancel);
        }
        self.idle.remove(&digest);
        self.open.remove(&digest);
    }

    /// Asks for idle blocks as long as peers have room.
    fn fill(&mut self, now: Instant) {
        for digest in self.idle.clone() {
            self.schedule(digest, now);
        }
    }

    /// Asks second ones for what is late; where none is known, looks for some.
    fn hurry(&mut self, now: Instant) {
        let late = if self.idle.is_empty() { LATE_AT_LAST } else { LATE };
        let is_late = |open: &Open| {
            let last = open.asked.values().max();
            open.asked.len() < ASKED_PEERS_MAX && last.is_some_and(|last| now.saturating_duration_since(*last) >= late)
        };
        let slow: Vec<Digest> = self.open.iter().filter(|(_, open)| is_late(open)).map(|(digest, _)| *digest).collect();
        for digest in slow {
            let is_urgent = self.open.get(&digest).is_some_and(|open| now.saturating_duration_since(open.since) >= LATE);
            match self.best(digest, now) {
                Some((true, peer)) if self.is_faster(peer, digest, now) => self.ask(peer, digest, now),
                None if is_urgent => self.look(digest, now),
                _ => {}
            }
        }
    }

    /// Whether a peer that delivers at all is not as slow as those that were asked.
    fn is_faster(&self, peer: PeerId, digest: Digest, now: Instant) -> bool {
        let turn = |peer: &PeerId| self.peers.get(peer).map_or(Duration::ZERO, |known| known.turn(now));
        let Some(open) = self.open.get(&digest) else { return false };
        let trusted = self.peers.get(&peer).is_some_and(|known| known.failures == 0);
        trusted
            && open
                .asked
                .keys()
                .any(|asked| self.peers.get(asked).is_none_or(|known| known.last_block.is_none()) || turn(&peer) < turn(asked))
    }

    /// The least-loaded peer that may hold the block and was not asked for it, and whether it has room.
    fn best(&self, digest: Digest, now: Instant) -> Option<(bool, PeerId)> {
        let open = self.open.get(&digest)?;
        let session = self.sessions.get(&open.session);
        let candidates = open.holders.iter().chain(session.into_iter().flatten());
        let free = candidates.filter(|peer| !open.refused.contains(peer) && !open.asked.contains_key(peer));
        let known = free.filter_map(|id| Some((self.peers.get(id)?, *id)));
        let best = known.min_by_key(|(peer, id)| (!peer.has_room(), peer.failures, peer.turn(now) * peer.owes as u32, peer.owes, *id));
        best.map(|(peer, id)| (peer.has_room(), id))
    }

    /// Asks the least-loaded peer that may hold the block; if there is none, asks everybody whether they do.
    fn schedule(&mut self, digest: Digest, now: Instant) {
        if !self.idle.contains(&digest) {
            return;
        }
        match self.best(digest, now) {
            Some((true, peer)) => self.ask(peer, digest, now),
            Some((false, _)) => {}
            None => self.look(digest, now),
        }
    }

    /// Asks peers whether they hold the block, unless that was done just now.
    fn look(&mut self, digest: Digest, now: Instant) {
        if self.open.get(&digest).is_some_and(|open| open.next_broadcast <= now) {
            self.broadcast(digest, now);
        }
    }

    /// Asks one peer for the block.
    fn ask(&mut self, peer: PeerId, digest: Digest, now: Instant) {
        self.send(peer, digest, Want::Block);
        self.idle.remove(&digest);
        if let Some(open) = self.open.get_mut(&digest) {
            open.asked.insert(peer, now);
        }
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.ask(now);
        }
    }

    /// Every second time under the other codec, while nobody is asked for it: stores that look up by CID know a block under
    /// one of them only.
    fn broadcast(&mut self, digest: Digest, now: Instant) {
        let Some(open) = self.open.get_mut(&digest) else { return };
        if open.broadcasts > 0 && open.asked.is_empty() {
            open.codec = open.codec.other();
        }
        open.broadcasts = open.broadcasts.saturating_add(1);
        open.next_broadcast = now + ASK_AGAIN;
        open.refused.clear();
        let asked: BTreeSet<PeerId> = open.asked.keys().copied().collect();
        let peers: Vec<PeerId> = self.next_peers().filter(|peer| !asked.contains(peer)).take(BROADCAST_PEERS_MAX).collect();
        if self.peers.len() > BROADCAST_PEERS_MAX {
            self.told_last = peers.last().copied();
        }
        for peer in peers {
            self.send(peer, digest, Want::Have);
        }
    }

    /// All peers once, from the one behind whom the last broadcast ended.
    fn next_peers(&self) -> impl Iterator<Item = PeerId> {
        let after = self.told_last.map_or(Bound::Unbounded, Bound::Excluded);
        let before = self.told_last.into_iter().flat_map(|last| self.peers.range(..=last));
        self.peers.range((after, Bound::Unbounded)).chain(before).map(|(peer, _)| *peer)
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
