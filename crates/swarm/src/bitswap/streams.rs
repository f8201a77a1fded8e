//! Whole messages on a stream: read within what all streams of a connection may announce together, written in time or not at all.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::Stream;
use protocol::Digest;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ledger::Answer;
use super::message::{Encoder, Entry, MESSAGE_BYTES_MAX, Message, frame_length};
use crate::cids::{block_digest, digest_in};
use crate::store::BlockStore;
use crate::wire::VARINT_BYTES_MAX;

/// A message takes no longer than this to be read or written.
const MESSAGE_TIME: Duration = Duration::from_secs(60);
/// Bytes that are reserved at a time while a message is read.
const READ_STEP_BYTES: usize = 256 * 1024;

/// Longer messages are decoded and hashed off the async threads.
const HASHED_HERE_BYTES: usize = 32 * 1024;

/// What one message of the peer says about our wants.
#[derive(Debug)]
pub struct Received {
    /// Which blocks the peer says that it holds, or does not.
    pub presences: Vec<(Digest, bool)>,
    /// Blocks with the digests that they were found to have.
    pub blocks: Vec<(Digest, Vec<u8>)>,
}

/// A message that was read: what the peer wants, and what it says of our wants.
pub struct Inbound {
    /// What the peer wants, or wants no more.
    pub entries: Vec<Entry>,
    /// Whether they replace all entries before.
    pub full: bool,
    /// What it says of our wants.
    pub received: Received,
}

/// A message that is to be written, and how often that was tried.
#[derive(Clone, Default)]
pub struct Outgoing {
    /// What we want, or want no more.
    pub entries: Vec<Entry>,
    /// What we say of the peer's wants.
    pub answer: Answer,
    /// Streams on which it failed.
    pub attempts: u32,
}

/// All messages of one inbound stream; ends with the stream or after the first error.
pub fn messages(stream: Stream, budget: Arc<Semaphore>) -> impl futures::Stream<Item = io::Result<Inbound>> {
    futures::stream::unfold(Some(stream), move |stream| {
        let budget = budget.clone();
        async move {
            let mut stream = stream?;
            match read_message(&mut stream, &budget).await {
                Ok(Some(inbound)) => Some((Ok(inbound), Some(stream))),
                Ok(None) => {
                    _ = stream.close().await;
                    None
                }
                Err(error) => Some((Err(error), None)),
            }
        }
    })
}

/// The next message of a stream; none if it has ended between two of them.
async fn read_message(stream: &mut Stream, budget: &Semaphore) -> io::Result<Option<Inbound>> {
    let mut first = [0];
    if stream.read(&mut first).await? == 0 {
        return Ok(None);
    }
    timeout(MESSAGE_TIME, read_rest(stream, first[0], budget)).await?.map(Some)
}

/// A message of which the first byte is there, within the bytes that all streams share.
async fn read_rest(stream: &mut Stream, first: u8, budget: &Semaphore) -> io::Result<Inbound> {
    let length = read_length(stream, first).await?;
    let _permit = budget.acquire_many(length as u32).await.map_err(io::Error::other)?;
    let body = read_exactly(stream, length).await?;
    if body.len() < HASHED_HERE_BYTES {
        return inbound(&body);
    }
    tokio::task::spawn_blocking(move || inbound(&body)).await.map_err(io::Error::other)?
}

/// The length that stands before a message.
async fn read_length(stream: &mut Stream, first: u8) -> io::Result<usize> {
    let mut prefix = vec![first];
    while prefix.last().is_some_and(|&byte| byte >= 0x80) && prefix.len() < VARINT_BYTES_MAX {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        prefix.extend(byte);
    }
    let length = frame_length(&prefix).map_err(invalid)?;
    if length > MESSAGE_BYTES_MAX {
        return Err(invalid(format!("a message of {length} bytes is longer than {MESSAGE_BYTES_MAX}")));
    }
    Ok(length)
}

/// Memory grows with what has come, not with what was announced.
async fn read_exactly(stream: &mut Stream, length: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < length {
        let start = body.len();
        body.resize(length.min(start + READ_STEP_BYTES), 0);
        stream.read_exact(&mut body[start..]).await?;
    }
    Ok(body)
}

/// Bytes that are no message, which costs the peer something.
fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Decodes a message and hashes its blocks.
fn inbound(body: &[u8]) -> io::Result<Inbound> {
    let message = Message::decode(body).map_err(invalid)?;
    let presences = message.presences.into_iter().filter_map(|(cid, held)| Some((digest_in(&cid)?, held))).collect();
    let blocks = message.blocks.into_iter().map(|block| (block_digest(&block), block)).collect();
    Ok(Inbound { entries: message.entries, full: message.full, received: Received { presences, blocks } })
}

/// Writes a message whole, or not in time.
pub async fn write(mut stream: Stream, outgoing: Outgoing, store: Arc<BlockStore>) -> io::Result<Stream> {
    let (length, body) = tokio::task::spawn_blocking(move || encode(outgoing, &store)).await.map_err(io::Error::other)?;
    let written = async {
        stream.write_all(&length).await?;
        stream.write_all(&body).await?;
        stream.flush().await
    };
    timeout(MESSAGE_TIME, written).await??;
    Ok(stream)
}

/// Reads the blocks into the message; one that has gone since it was promised is reported missing.
fn encode(outgoing: Outgoing, store: &BlockStore) -> (Vec<u8>, Vec<u8>) {
    let mut encoder = Encoder::new(&outgoing.entries, &outgoing.answer.presences);
    for cid in &outgoing.answer.blocks {
        let digest = digest_in(cid).unwrap_or(Digest::ZERO);
        let length = store.length(digest).unwrap_or(0) as usize;
        let read = |body: &mut Vec<u8>| store.get_into(digest, body).unwrap_or(false);
        if !encoder.block(cid, length, read) {
            encoder.missing(cid);
        }
    }
    encoder.finish()
}
