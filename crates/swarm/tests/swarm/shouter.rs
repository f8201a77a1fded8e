//! A gossip peer that publishes whatever it likes.

use std::time::Duration;

use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, SwarmBuilder, noise, tcp, yamux};
use protocol::log::{Draft, Envelope, Kind};
use swarm::Event;

use crate::support::{GROUP, TestNode, address, bytes, next, node, notes};

/// Publishes the messages as soon as somebody listens.
async fn shout(address: Multiaddr, messages: Vec<Vec<u8>>) -> PeerId {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| gossipsub::MessageId::new(&message.data))
        .max_transmit_size(1 << 20)
        .build()
        .unwrap();
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            gossipsub::Behaviour::<gossipsub::IdentityTransform, gossipsub::AllowAllSubscriptionFilter>::new(
                MessageAuthenticity::Anonymous,
                config,
            )
            .unwrap()
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build();
    let name = *swarm.local_peer_id();
    swarm.dial(address).unwrap();
    tokio::spawn(async move {
        loop {
            let event = swarm.select_next_some().await;
            if let SwarmEvent::Behaviour(gossipsub::Event::Subscribed { topic, .. }) = event {
                for message in &messages {
                    _ = swarm.behaviour_mut().publish(IdentTopic::new(topic.as_str()), message.clone());
                }
            }
        }
    });
    name
}

async fn member() -> TestNode {
    let node = node(1, &[]).await;
    node.client.subscribe(GROUP).await.unwrap();
    node
}

fn signed(body: &str) -> Envelope {
    let body = format!("{{\"note\":\"{body}\"}}").into_bytes();
    let draft = Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq: 5, parents: Vec::new(), body };
    Envelope::sign(draft, &ed25519_dalek::SigningKey::from_bytes(&[9; 32])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_not_kept_and_its_sender_is_banned() {
    let mut victim = member().await;
    let forged = |place: usize| {
        let mut bytes = signed("forged").bytes().to_vec();
        bytes[place] ^= 1;
        bytes
    };
    let of_the_version = [&[1], &bytes(10_000)[..]].concat();
    let junk = vec![of_the_version, forged(8), forged(60), forged(90)];
    let shouter = shout(address(&victim.client).await, junk).await;
    let banned = next(&mut victim.events, |event| match event {
        Event::PeerBanned(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(banned.await, shouter);
    assert!(notes(&victim.client).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_with_one_number_are_reported_as_evidence() {
    let mut victim = member().await;
    let twins = [signed("yes"), signed("no")];
    let messages = twins.iter().map(|twin| twin.bytes().to_vec()).collect();
    shout(address(&victim.client).await, messages).await;
    let (author, mut pair) = next(&mut victim.events, |event| match event {
        Event::Evidence { author, first, second, .. } => Some((author, [first, second])),
        _ => None,
    })
    .await;
    let mut expected = [twins[0].id(), twins[1].id()];
    pair.sort();
    expected.sort();
    assert_eq!((author, pair), (twins[0].author(), expected));
}
