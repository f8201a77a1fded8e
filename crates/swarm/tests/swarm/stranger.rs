//! Peers that speak gossip and the log's protocol by a script, and messages that they carry.

use std::io;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode};
use libp2p::request_response::{self, Codec, Message, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, identify, noise, tcp, yamux};
use protocol::eip712::{Domain, Node, SignedVerdict, Typed as _, Verdict, address_of, sign};
use protocol::log::{Binding, Body, Draft, Envelope};
use protocol::{Address, Digest, NodeId, RoundNumber};

use crate::support::GROUP;

/// What the networks of these tests sign for: their name is no chain's.
pub const DOMAIN: Domain = Domain { chain_id: 0, network: Address([0; 20]) };

/// A message of one of these authors.
pub fn say(author: u8, seq: u64, body: &Body) -> Envelope {
    let (kind, topic, bytes) = (body.kind(), body.topic().to_owned(), body.to_bytes().unwrap());
    let draft = Draft { group: GROUP, kind, topic, seq, parents: Vec::new(), body: bytes };
    Envelope::sign(draft, &SigningKey::from_bytes(&[author; 32])).unwrap()
}

/// A verdict of that account in that round.
pub fn verdict(account: u8, round: u64) -> Body {
    let key = k256::ecdsa::SigningKey::from_slice(&[account; 32]).unwrap();
    let message = Verdict { group: GROUP, round: RoundNumber(round), claim: Digest([1; 32]), probe: Digest([account; 32]) };
    Body::Verdict(SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key).unwrap() })
}

/// An account, and the message by which that node speaks for it.
pub fn bound(node: NodeId) -> (Address, Body) {
    let key = k256::ecdsa::SigningKey::from_slice(&[77; 32]).unwrap();
    let (account, signature) = (address_of(key.verifying_key()), sign(Node { node }.digest(&DOMAIN), &key).unwrap());
    (account, Body::Binding(Binding { account, signature }))
}

/// Bytes of the log's protocol, as they are.
#[derive(Clone, Default)]
pub struct Raw;

impl Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, protocol: &StreamProtocol, stream: &mut T) -> io::Result<Vec<u8>> {
        self.read_request(protocol, stream).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T, bytes: Vec<u8>) -> io::Result<()> {
        stream.write_all(&bytes).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T, bytes: Vec<u8>) -> io::Result<()> {
        stream.write_all(&bytes).await
    }
}

#[derive(NetworkBehaviour)]
struct Tongues {
    gossip: gossipsub::Behaviour,
    log: request_response::Behaviour<Raw>,
}

/// The response to a request, if there is one.
type Answer = Box<dyn FnMut(&[u8]) -> Option<Vec<u8>> + Send>;

/// What a stranger does.
#[derive(Default)]
pub struct Script {
    /// Published as soon as the node listens.
    pub publish: Vec<Vec<u8>>,
    /// Requests of the log's protocol that are sent then.
    pub ask: Vec<Vec<u8>>,
    /// Answers requests; those without an answer wait for ever.
    pub answer: Option<Answer>,
}

fn swarm() -> Swarm<Tongues> {
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .message_id_fn(|message| gossipsub::MessageId::new(&message.data))
        .max_transmit_size(1 << 20)
        .connection_handler_queue_len(100_000)
        .publish_queue_duration(Duration::from_secs(60))
        .build()
        .unwrap();
    let protocol = (StreamProtocol::new("/neuron/test/log/2"), ProtocolSupport::Full);
    let tongues = Tongues {
        gossip: gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config).unwrap(),
        log: request_response::Behaviour::new([protocol], request_response::Config::default()),
    };
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| tongues)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build()
}

/// Takes part in the group of these tests at that node, by its script.
pub fn stranger(address: Multiaddr, mut script: Script) -> PeerId {
    let mut swarm = swarm();
    let name = *swarm.local_peer_id();
    swarm.behaviour_mut().gossip.subscribe(&IdentTopic::new(format!("/neuron/test/log/{GROUP}"))).unwrap();
    swarm.dial(address).unwrap();
    let mut waiting = Vec::new();
    tokio::spawn(async move {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(TonguesEvent::Gossip(gossipsub::Event::Subscribed { topic, peer_id })) => {
                    for message in script.publish.drain(..) {
                        _ = swarm.behaviour_mut().gossip.publish(IdentTopic::new(topic.as_str()), message);
                    }
                    for request in script.ask.drain(..) {
                        swarm.behaviour_mut().log.send_request(&peer_id, request);
                    }
                }
                SwarmEvent::Behaviour(TonguesEvent::Log(request_response::Event::Message { message, .. })) => {
                    let Message::Request { request, channel, .. } = message else { continue };
                    match script.answer.as_mut().and_then(|answer| answer(&request)) {
                        Some(answer) => _ = swarm.behaviour_mut().log.send_response(channel, answer),
                        None => waiting.push(channel),
                    }
                }
                _ => {}
            }
        }
    });
    name
}

/// Connects, and says of itself all that fits into one message: a name without end, and that it listens at these addresses.
pub fn boaster(address: Multiaddr, claimed: &[String]) -> PeerId {
    let boast = |key: &libp2p::identity::Keypair| {
        identify::Behaviour::new(identify::Config::new("/neuron/1".into(), key.public()).with_agent_version("boast ".repeat(400)))
    };
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(boast)
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build();
    claimed.iter().for_each(|address| swarm.add_external_address(address.parse().unwrap()));
    let name = *swarm.local_peer_id();
    swarm.dial(address).unwrap();
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    name
}
