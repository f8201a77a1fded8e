//! Who takes part in a group and who holds a file, asked of the network's own Kademlia. Time is an argument.
//!
//! A node tells that it takes part in its groups, and which files it provides. It looks for others of a group as long as it
//! is connected to few of them, and for holders of a file when none of those it is connected to has it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use libp2p::kad::{self, GetProvidersOk, Mode, QueryId, QueryResult, RecordKey};
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use protocol::{Digest, GroupId};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use crate::addresses::{Scope, ip_in, scope, site};
use crate::error::SwarmError;
use crate::providers::Providers;

/// With so many peers of a group nobody looks for more.
pub const MEMBERS_WANTED: usize = 8;
/// The first pause between two looks for members; doubled after each.
pub const LOOK_FIRST: Duration = Duration::from_secs(5);
/// The pause grows no longer than this.
pub const LOOK_LAST: Duration = Duration::from_secs(300);
/// What is provided is told again after this, and at once when this node's addresses changed.
pub const PROVIDE_AGAIN: Duration = Duration::from_secs(1200);
/// What others provide is forgotten after this.
const PROVIDED_TIME: Duration = Duration::from_secs(7200);
/// Holders of a file are looked for again after this.
pub const FILE_AGAIN: Duration = Duration::from_secs(30);
/// Lookups that run at a time.
pub const LOOKUPS_MAX: usize = 64;
/// Peers that one lookup finds.
pub const FOUND_MAX: usize = 20;
/// Files whose holders were looked for that are remembered.
pub const LOOKED_MAX: usize = 1024;
/// A lookup takes no longer.
const QUERY_TIME: Duration = Duration::from_secs(20);
/// Neighbours in the tables from one site (24 bits of IPv4, 48 of IPv6): nobody with one network surrounds a node.
pub const SITE_NEIGHBOURS_MAX: usize = 8;
/// Addresses that are kept of a neighbour.
const ADDRESSES_MAX: usize = 8;

/// The Kademlia of a network.
pub type Kad = kad::Behaviour<Providers>;

/// The name of a network's Kademlia protocol.
pub fn protocol(network: &str) -> Result<StreamProtocol, SwarmError> {
    StreamProtocol::try_from_owned(format!("/neuron/{network}/kad/1")).map_err(|error| SwarmError::Setup(error.to_string()))
}

/// A node's part in it: a client until it can be reached.
pub fn kademlia(network: &str, own: PeerId) -> Result<Kad, SwarmError> {
    let mut config = kad::Config::new(protocol(network)?);
    config.set_query_timeout(QUERY_TIME);
    config.disjoint_query_paths(true);
    config.set_parallelism(NonZeroUsize::MIN.saturating_add(2));
    config.set_kbucket_inserts(kad::BucketInserts::Manual);
    config.set_provider_record_ttl(Some(PROVIDED_TIME));
    config.set_provider_publication_interval(Some(PROVIDE_AGAIN));
    config.set_record_ttl(None).set_publication_interval(None).set_replication_interval(None);
    let mut kad = Kad::with_config(own, Providers::new(own), config);
    kad.set_mode(Some(Mode::Client));
    Ok(kad)
}

/// Under which key the nodes of a group are found: sha256("neuron group\n" ‖ network ‖ "\n" ‖ u64be(group)).
pub fn group_key(network: &str, group: GroupId) -> RecordKey {
    key(&[b"neuron group\n", network.as_bytes(), b"\n", &group.0.to_be_bytes()])
}

/// Under which key the holders of a file are found: sha256("neuron file\n" ‖ network ‖ "\n" ‖ digest).
pub fn file_key(network: &str, digest: Digest) -> RecordKey {
    key(&[b"neuron file\n", network.as_bytes(), b"\n", &digest.0])
}

fn key(parts: &[&[u8]]) -> RecordKey {
    let hash: [u8; 32] = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into();
    RecordKey::new(&hash)
}

/// Takes a neighbour into the tables, unless too many of its site are there.
pub fn enter(kad: &mut Kad, peer: PeerId, addresses: &[Multiaddr]) {
    let sites: BTreeSet<_> = addresses.iter().filter_map(ip_in).filter(|ip| scope(*ip) != Scope::Loopback).map(site).collect();
    let mut same = 0;
    for bucket in kad.kbuckets() {
        let others = bucket.iter().filter(|entry| *entry.node.key.preimage() != peer);
        same += others.filter(|entry| entry.node.value.iter().filter_map(ip_in).any(|ip| sites.contains(&site(ip)))).count();
    }
    if same < SITE_NEIGHBOURS_MAX {
        addresses.iter().take(ADDRESSES_MAX).for_each(|address| _ = kad.add_address(&peer, address.clone()));
    }
}

/// Whether anybody could be asked.
pub fn has_neighbours(kad: &mut Kad) -> bool {
    kad.kbuckets().any(|bucket| bucket.num_entries() > 0)
}

/// When something is done next, with growing pauses.
#[derive(Debug, Clone, Copy)]
struct Pace {
    next: Instant,
    pause: Duration,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { next: now, pause: LOOK_FIRST }
    }

    /// Whether it is time, which then is counted.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next <= now;
        if due {
            self.next = now + self.pause;
            self.pause = (self.pause * 2).min(LOOK_LAST);
        }
        due
    }
}

/// For whom a lookup runs.
#[derive(Debug)]
enum Purpose {
    Members,
    File { found: BTreeSet<PeerId>, reply: Option<oneshot::Sender<Vec<PeerId>>> },
}

/// What a node looks for and what it tells.
#[derive(Debug)]
pub struct Discovery {
    network: String,
    groups: BTreeMap<GroupId, Pace>,
    lookups: Vec<(QueryId, Purpose)>,
    /// Files whose holders were looked for, and when again.
    looked: BTreeMap<Digest, Instant>,
    /// When all that is provided is told again; none before anybody could be told.
    next_told: Option<Instant>,
    files: BTreeSet<Digest>,
}

impl Discovery {
    /// Nothing is looked for yet.
    pub fn new(network: &str) -> Self {
        let (groups, looked) = (BTreeMap::new(), BTreeMap::new());
        Self { network: network.into(), groups, lookups: Vec::new(), looked, next_told: None, files: BTreeSet::new() }
    }

    /// This node takes part in the group.
    pub fn join(&mut self, group: GroupId, kad: &mut Kad, now: Instant) {
        self.groups.insert(group, Pace::new(now));
        self.tell(group_key(&self.network, group), kad);
    }

    /// This node holds the file and goes on holding it. Beyond a few thousand files it is told of no further ones.
    pub fn provide(&mut self, digest: Digest, kad: &mut Kad) {
        if self.files.len() < crate::providers::OWN_MAX && self.files.insert(digest) {
            self.tell(file_key(&self.network, digest), kad);
        }
    }

    /// It holds the file no longer.
    pub fn withdraw(&mut self, digest: Digest, kad: &mut Kad) {
        if self.files.remove(&digest) {
            kad.stop_providing(&file_key(&self.network, digest));
        }
    }

    fn tell(&self, key: RecordKey, kad: &mut Kad) {
        if let Err(error) = kad.start_providing(key) {
            tracing::debug!(%error, "not provided");
        }
    }

    /// This node's addresses are others now, so all is told again.
    pub fn moved(&mut self) {
        self.next_told = None;
    }

    /// Tells and looks what is due; `members` are the connected peers of a group.
    pub fn tick(&mut self, now: Instant, kad: &mut Kad, members: impl Fn(GroupId) -> usize) {
        if !has_neighbours(kad) {
            return;
        }
        if self.next_told.is_none_or(|next| next <= now) {
            self.next_told = Some(now + PROVIDE_AGAIN);
            let groups = self.groups.keys().map(|group| group_key(&self.network, *group));
            let keys: Vec<RecordKey> = groups.chain(self.files.iter().map(|file| file_key(&self.network, *file))).collect();
            keys.into_iter().for_each(|key| self.tell(key, kad));
        }
        let lonely: Vec<GroupId> = self.groups.keys().copied().filter(|group| members(*group) < MEMBERS_WANTED).collect();
        for group in lonely {
            if self.lookups.len() < LOOKUPS_MAX && self.groups.get_mut(&group).is_some_and(|pace| pace.is_due(now)) {
                self.lookups.push((kad.get_providers(group_key(&self.network, group)), Purpose::Members));
            }
        }
    }

    /// Looks for holders of a file that nobody who is connected has; again only after a while.
    pub fn miss(&mut self, digest: Digest, now: Instant, kad: &mut Kad) {
        if self.looked.get(&digest).is_none_or(|next| *next <= now) && has_neighbours(kad) {
            self.looked.retain(|_, next| *next > now);
            if self.looked.len() < LOOKED_MAX {
                self.looked.insert(digest, now + FILE_AGAIN);
                self.find(digest, None, kad);
            }
        }
    }

    /// Looks for holders of a file; `reply` gets those that were found, none if too many lookups run.
    pub fn find(&mut self, digest: Digest, reply: Option<oneshot::Sender<Vec<PeerId>>>, kad: &mut Kad) {
        if self.lookups.len() < LOOKUPS_MAX {
            let query = kad.get_providers(file_key(&self.network, digest));
            self.lookups.push((query, Purpose::File { found: BTreeSet::new(), reply }));
        }
    }

    /// What a lookup came to: the peers to be dialled.
    pub fn on_event(&mut self, event: kad::Event) -> Vec<PeerId> {
        let kad::Event::OutboundQueryProgressed { id, result: QueryResult::GetProviders(result), step, .. } = event else {
            return Vec::new();
        };
        let Some(place) = self.lookups.iter().position(|(query, _)| *query == id) else { return Vec::new() };
        let mut peers: Vec<PeerId> = match result {
            Ok(GetProvidersOk::FoundProviders { providers, .. }) => providers.into_iter().take(FOUND_MAX).collect(),
            _ => Vec::new(),
        };
        if let Purpose::File { found, .. } = &mut self.lookups[place].1 {
            peers.retain(|peer| found.len() < FOUND_MAX && found.insert(*peer));
        }
        if step.last
            && let (_, Purpose::File { found, reply: Some(reply) }) = self.lookups.swap_remove(place)
        {
            // Who asked may have given up.
            _ = reply.send(found.into_iter().collect());
        }
        peers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fixed() {
        let group = hex::encode(group_key("31337/0x01", GroupId(7)));
        assert_eq!(group, hex::encode(Sha256::digest(b"neuron group\n31337/0x01\n\0\0\0\0\0\0\0\x07")));
        let file = hex::encode(file_key("31337/0x01", Digest([0x41; 32])));
        assert_eq!(file, hex::encode(Sha256::digest([&b"neuron file\n31337/0x01\n"[..], &[0x41; 32]].concat())));
    }

    #[test]
    fn looks_for_members_have_growing_pauses() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let looks = (0..3600).filter(|s| pace.is_due(now + Duration::from_secs(*s))).count();
        assert!((12..20).contains(&looks), "{looks}");
    }

    #[test]
    fn one_network_does_not_fill_the_tables() {
        let mut kad = kademlia("test", PeerId::random()).unwrap();
        let mut entered = |ip: &str| {
            let before: usize = kad.kbuckets().map(|bucket| bucket.num_entries()).sum();
            (0..32).for_each(|n| enter(&mut kad, PeerId::random(), &[format!("{ip}/tcp/{}", 1 + n).parse().unwrap()]));
            kad.kbuckets().map(|bucket| bucket.num_entries()).sum::<usize>() - before
        };
        assert_eq!(entered("/ip4/8.8.8.8"), SITE_NEIGHBOURS_MAX);
        assert_eq!(entered("/ip4/8.8.4.4"), SITE_NEIGHBOURS_MAX);
        assert!(entered("/ip4/127.0.0.1") > SITE_NEIGHBOURS_MAX, "on one machine all are of one site");
    }
}
