//! What the node's task knows of logs: how to reach the thread that owns them, whom to copy them from, and how much of
//! what peers send is looked at.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::PeerId;
use libp2p::gossipsub::TopicHash;
use libp2p::request_response::InboundRequestId;
use protocol::GroupId;

use crate::archive::Archive;
use crate::rates::Rates;
use crate::replicas::Replicas;

/// See the module.
pub struct Letters {
    /// Owns them.
    pub archive: Archive,
    /// Copies them.
    pub replicas: Replicas,
    /// How much of what peers send is looked at.
    pub rates: Rates,
    /// Of which group a gossip topic is.
    pub topics: BTreeMap<TopicHash, GroupId>,
    /// Connected peers that this node dialled.
    pub chosen: BTreeSet<PeerId>,
    /// Questions that are being answered.
    pub answers: BTreeSet<InboundRequestId>,
    /// Groups in whose logs this node's addresses could not be written yet.
    pub unannounced: BTreeSet<GroupId>,
}

impl Letters {
    /// With no group yet.
    pub fn new(archive: Archive) -> Self {
        Self {
            archive,
            replicas: Replicas::default(),
            rates: Rates::default(),
            topics: BTreeMap::new(),
            chosen: BTreeSet::new(),
            answers: BTreeSet::new(),
            unannounced: BTreeSet::new(),
        }
    }

    /// This node dialled a peer.
    pub fn chosen(&mut self, peer: PeerId) {
        self.chosen.insert(peer);
    }

    /// A peer has no connection any more.
    pub fn lost(&mut self, peer: PeerId) {
        self.chosen.remove(&peer);
        self.replicas.lost(peer);
    }
}
