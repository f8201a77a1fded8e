//! A bitswap peer that promises every block and sends other bytes, one message per stream.

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, Codec, Message, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use swarm::{Event, digest_of};

use crate::support::{SOON, address, bytes, eventually, next, node};

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

fn promise(cid: &[u8]) -> Vec<u8> {
    let presence = [&[0x0a][..], &field_of(cid), &[0x10, 0]].concat();
    [&[0x22][..], &field_of(&presence)].concat()
}

fn wrong_block() -> Vec<u8> {
    let payload = [&[0x0a, 4, 1, 0x55, 0x12, 0x20, 0x12][..], &field_of(b"not what was asked for")].concat();
    [&[0x1a][..], &field_of(&payload)].concat()
}

/// Answers each want with a promise, and each promised block with other bytes.
async fn lie(address: Multiaddr) -> PeerId {
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
    tokio::spawn(async move {
        loop {
            let event = swarm.select_next_some().await;
            let SwarmEvent::Behaviour(request_response::Event::Message { peer, message, .. }) = event else { continue };
            let Message::Request { request, .. } = message else { continue };
            for (cid, is_block) in wanted(&request) {
                let lie = if is_block { wrong_block() } else { promise(&cid) };
                swarm.behaviour_mut().send_request(&peer, lie);
            }
        }
    });
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_are_not_kept_the_file_comes_from_another_and_the_liar_is_banned() {
    let mut victim = node(1, &[]).await;
    let liar = lie(address(&victim.client).await).await;
    eventually("the liar is connected", || async { victim.client.peers().await.unwrap().contains(&liar) }).await;
    let file = bytes(5_000_000);
    let digest = digest_of(&file);
    let (client, length) = (victim.client.clone(), file.len() as u64);
    let fetch = tokio::spawn(async move { client.fetch(digest, length, SOON).await });
    let banned = next(&mut victim.events, |event| match event {
        Event::PeerBanned(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(banned.await, liar);
    let honest = node(2, &[&victim]).await;
    honest.client.add(file.clone()).await.unwrap();
    assert_eq!(fetch.await.unwrap().unwrap(), file);
    assert!(!victim.client.peers().await.unwrap().contains(&liar));
    assert!(!victim.client.has(digest_of(b"not what was asked for")).await.unwrap());
}
