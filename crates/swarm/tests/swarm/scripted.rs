//! Bitswap peers that follow a script: one message per stream, answers when and as the script says.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Message, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Streams of bitswap, seen as requests without responses.
#[derive(Clone, Default)]
struct Frames;

impl Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = ();

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Vec<u8>> {
        let mut length = 0;
        for place in 0.. {
            let mut byte = [0];
            stream.read_exact(&mut byte).await?;
            length |= usize::from(byte[0] & 0x7f) << (7 * place);
            if byte[0] < 0x80 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(body)
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<()> {
        Ok(())
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T, body: Vec<u8>) -> io::Result<()> {
        let frame = field_of(&body);
        stream.write_all(&frame).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T, _: ()) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes with their length before them.
fn field_of(bytes: &[u8]) -> Vec<u8> {
    let (mut length, mut out) = (bytes.len(), Vec::new());
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}

/// The 36 bytes of each sha2-256 CID in a message, and whether the block itself is wanted.
fn wanted(body: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let starts = (0..body.len().saturating_sub(40))
        .filter(|&at| body[at..].starts_with(&[0x0a, 36, 1]) && body[at + 4..].starts_with(&[0x12, 0x20]));
    starts
        .map(|at| {
            let rest = &body[at + 38..];
            (body[at + 2..at + 38].to_vec(), !rest.windows(2).take(6).any(|pair| pair == [0x20, 1] || pair == [0x18, 1]))
        })
        .collect()
}

pub fn promise(cid: &[u8]) -> Vec<u8> {
    let presence = [&[0x0a][..], &field_of(cid), &[0x10, 0]].concat();
    [&[0x22][..], &field_of(&presence)].concat()
}

/// A message with a block.
pub fn block(bytes: &[u8]) -> Vec<u8> {
    let payload = [&[0x0a, 4, 1, 0x55, 0x12, 0x20, 0x12][..], &field_of(bytes)].concat();
    [&[0x1a][..], &field_of(&payload)].concat()
}

/// What a peer does about an entry of a want list.
pub enum Deed {
    /// Sends that message, after a while.
    Send(Duration, Vec<u8>),
    /// Does not answer.
    Nothing,
    /// Is gone.
    Vanish,
}

/// Dials the address and answers each entry as the script says: by the last 32 bytes of its CID, and whether the block itself is wanted.
pub async fn play(address: Multiaddr, mut script: impl FnMut(&[u8], bool) -> Deed + Send + 'static) -> PeerId {
    let protocol = (StreamProtocol::new("/ipfs/bitswap/1.2.0"), ProtocolSupport::Full);
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| request_response::Behaviour::<Frames>::new([protocol], request_response::Config::default()))
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build();
    let name = *swarm.local_peer_id();
    swarm.dial(address).unwrap();
    let (later, mut due) = mpsc::channel::<(PeerId, Vec<u8>)>(4096);
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                event = swarm.select_next_some() => event,
                Some((peer, message)) = due.recv() => {
                    swarm.behaviour_mut().send_request(&peer, message);
                    continue;
                }
            };
            let SwarmEvent::Behaviour(request_response::Event::Message { peer, message, .. }) = event else { continue };
            let Message::Request { request, .. } = message else { continue };
            for (cid, is_block) in wanted(&request) {
                match script(&cid, is_block) {
                    Deed::Send(after, message) => {
                        let later = later.clone();
                        tokio::spawn(async move {
                            sleep(after).await;
                            _ = later.send((peer, message)).await;
                        });
                    }
                    Deed::Nothing => {}
                    Deed::Vanish => return,
                }
            }
        }
    });
    name
}
