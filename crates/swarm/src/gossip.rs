//! Gossip: how messages of logs spread among those who are connected, and what peers are scored by.
//!
//! Envelopes carry their author's signature, so gossip adds none; each is checked before it is passed on, and
//! named by its own hash, so that two copies are one. Whoever sends what no honest node sends falls out of the
//! meshes of others before it is banned; whoever is merely slow or quiet does not.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use libp2p::gossipsub::{
    Behaviour, ConfigBuilder, IdentTopic, MessageAuthenticity, MessageId, PeerScoreParams, PeerScoreThresholds, TopicScoreParams,
    ValidationMode, score_parameter_decay,
};
use protocol::GroupId;
use protocol::log::MAX_ENVELOPE;

use crate::cids::block_digest;
use crate::error::SwarmError;

/// A gossip message is an envelope and a little framing.
const GOSSIP_BYTES_MAX: usize = MAX_ENVELOPE + 1024;
/// Messages that wait for one peer.
const GOSSIP_QUEUE_MAX: usize = 1024;
/// Copies of a message are known for copies so long; older ones are found in the log itself.
const COPIES_KNOWN: Duration = Duration::from_secs(30);
/// Peers behind one address that cost nothing: homes and relays have several.
const PEERS_OF_ADDRESS: f64 = 16.0;
/// What an invalid message costs is halved twice in this time, and forgotten after some more.
const INVALID_KNOWN: Duration = Duration::from_secs(600);
/// Peers deliver what is new, and the more the better, up to this.
const DELIVERIES_MAX: f64 = 100.0;
/// Promises that a busy peer may break at once: it then hears what it asked for from another.
const BROKEN_PROMISES: f64 = 8.0;
/// Messages that a busy peer may leave in its queue at once.
const SLOW_MESSAGES: f64 = 256.0;

/// The behaviour, scores included.
///
/// # Errors
/// `Setup`, if gossipsub refuses these settings.
pub fn gossip() -> Result<Behaviour, SwarmError> {
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::new(&block_digest(&message.data).0))
        .max_transmit_size(GOSSIP_BYTES_MAX)
        .connection_handler_queue_len(GOSSIP_QUEUE_MAX)
        .duplicate_cache_time(COPIES_KNOWN)
        .build()
        .map_err(|error| SwarmError::Setup(error.to_string()))?;
    let mut gossip = Behaviour::new(MessageAuthenticity::Anonymous, config).map_err(|error| SwarmError::Setup(error.into()))?;
    gossip.with_peer_score(scores(), PeerScoreThresholds::default()).map_err(SwarmError::Setup)?;
    Ok(gossip)
}

/// What a peer is scored by, whatever the topic: many keys behind one address, promises that it breaks, and how slowly it reads.
fn scores() -> PeerScoreParams {
    PeerScoreParams {
        topic_score_cap: 50.0,
        ip_colocation_factor_weight: -1.0,
        ip_colocation_factor_threshold: PEERS_OF_ADDRESS,
        // Networks of one machine are all behind one address.
        ip_colocation_factor_whitelist: HashSet::from([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]),
        behaviour_penalty_weight: -1.0,
        behaviour_penalty_threshold: BROKEN_PROMISES,
        behaviour_penalty_decay: 0.9,
        slow_peer_weight: -0.05,
        slow_peer_threshold: SLOW_MESSAGES,
        retain_score: INVALID_KNOWN,
        ..PeerScoreParams::default()
    }
}

/// What a peer is scored by in a group: invalid messages count squared, new ones a little; a quiet log costs nobody.
pub fn topic_scores() -> TopicScoreParams {
    TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 1000.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: DELIVERIES_MAX,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -10.0,
        invalid_message_deliveries_decay: score_parameter_decay(INVALID_KNOWN),
        ..TopicScoreParams::default()
    }
}

/// Where the messages of a group's log are gossiped: `/neuron/<network>/log/<group>` (PROTOCOL 14, Gossip).
pub fn topic(network: &str, group: GroupId) -> IdentTopic {
    IdentTopic::new(format!("/neuron/{network}/log/{group}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_ones_that_gossipsub_takes() {
        let mut gossip = gossip().unwrap();
        gossip.set_topic_params(topic("1/0x00", GroupId(7)), topic_scores()).unwrap();
        topic_scores().validate().unwrap();
    }

    #[test]
    fn three_invalid_messages_outweigh_all_that_a_peer_can_have_earned() {
        let of = topic_scores();
        let earned = of.time_in_mesh_weight * of.time_in_mesh_cap + of.first_message_deliveries_weight * of.first_message_deliveries_cap;
        let invalid = of.invalid_message_deliveries_weight * 9.0;
        assert!(earned.min(scores().topic_score_cap) + invalid < PeerScoreThresholds::default().publish_threshold);
    }
}
