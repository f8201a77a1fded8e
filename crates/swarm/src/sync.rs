//! How one node copies another's log: request and response of `/neuron/…/log/1`, and their bytes.
//!
//! The table of PROTOCOL 14, Copying, in code; `golden/log-sync-1.hex` holds one of each. A list is read
//! from a cursor on, in the order of arrival at the answering node, so that what is new there comes last
//! and is found by the next look.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use protocol::{Digest, GroupId};

/// Ids in one list, and most ids that a node reads of one: 128 KiB.
pub const LIST_MAX: usize = 4096;
/// Messages asked for in one request.
pub const GET_MAX: usize = 512;
/// Messages in one response stay below this, whatever their number (js-libp2p peers need less than 1 MiB).
pub const MESSAGES_BYTES_MAX: usize = 512 * 1024;

/// First byte of every message: the version of the format.
const FORMAT: u8 = 1;
/// Second byte: what is asked for, or answered.
const KIND_LIST: u8 = 1;
const KIND_GET: u8 = 2;
const ID_BYTES: usize = 32;
/// The longest request: ids, and what stands before them.
const REQUEST_BYTES_MAX: usize = 32 + ID_BYTES * GET_MAX;
/// The larger of both responses, with the lengths of all messages.
const RESPONSE_BYTES_MAX: usize = 32 + MESSAGES_BYTES_MAX + 4 * GET_MAX;

/// What one node asks another about a group's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Which messages do you keep, from this place of your order of arrival on? 0, or the cursor of the
    /// last list.
    List { group: GroupId, cursor: u64 },
    /// Send me these messages, at most [`GET_MAX`] of them.
    Get { group: GroupId, ids: Vec<Digest> },
}

/// The answers; empty ones if the group's log is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Ids in the order of arrival, and where the next list begins; `more` if there are further ones now.
    List { cursor: u64, more: bool, ids: Vec<Digest> },
    /// As many of those asked for as are kept and fit.
    Messages(Vec<Vec<u8>>),
}

impl Request {
    /// Its bytes; the end of the stream ends them.
    fn encode(&self) -> Vec<u8> {
        let (kind, group) = match self {
            Request::List { group, .. } => (KIND_LIST, group),
            Request::Get { group, .. } => (KIND_GET, group),
        };
        let mut bytes = vec![FORMAT, kind];
        bytes.extend(group.0.to_be_bytes());
        match self {
            Request::List { cursor, .. } => bytes.extend(cursor.to_be_bytes()),
            Request::Get { ids, .. } => put_ids(&mut bytes, ids),
        }
        bytes
    }

    /// The message of these bytes; `None` for anything that `encode` does not write.
    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let [FORMAT, kind] = *take(&mut bytes)? else { return None };
        let group = GroupId(u64::from_be_bytes(*take(&mut bytes)?));
        match kind {
            KIND_LIST => {
                let cursor = u64::from_be_bytes(*take(&mut bytes)?);
                bytes.is_empty().then_some(Request::List { group, cursor })
            }
            KIND_GET => Some(Request::Get { group, ids: ids(bytes, GET_MAX)? }),
            _ => None,
        }
    }
}

impl Response {
    fn encode(&self) -> Vec<u8> {
        match self {
            Response::List { cursor, more, ids } => {
                let mut bytes = vec![FORMAT, KIND_LIST];
                bytes.extend(cursor.to_be_bytes());
                bytes.push(u8::from(*more));
                put_ids(&mut bytes, ids);
                bytes
            }
            Response::Messages(messages) => {
                let mut bytes = vec![FORMAT, KIND_GET];
                for message in messages {
                    bytes.extend((message.len() as u32).to_be_bytes());
                    bytes.extend(message);
                }
                bytes
            }
        }
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let [FORMAT, kind] = *take(&mut bytes)? else { return None };
        match kind {
            KIND_LIST => {
                let cursor = u64::from_be_bytes(*take(&mut bytes)?);
                let [more @ (0 | 1)] = *take(&mut bytes)? else { return None };
                Some(Response::List { cursor, more: more == 1, ids: ids(bytes, LIST_MAX)? })
            }
            KIND_GET => messages(bytes).map(Response::Messages),
            _ => None,
        }
    }
}

/// Ids one after the other, 32 bytes each.
fn put_ids(bytes: &mut Vec<u8>, ids: &[Digest]) {
    for id in ids {
        bytes.extend(id.0);
    }
}

/// Ids to the end of the bytes, at most so many.
fn ids(bytes: &[u8], limit: usize) -> Option<Vec<Digest>> {
    let (ids, []) = bytes.as_chunks::<ID_BYTES>() else { return None };
    (ids.len() <= limit).then(|| ids.iter().copied().map(Digest).collect())
}

/// Messages to the end of the bytes, each behind its length.
fn messages(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_be_bytes(*take(&mut bytes)?);
        let (message, rest) = bytes.split_at_checked(length as usize)?;
        bytes = rest;
        messages.push(message.to_vec());
    }
    (messages.len() <= GET_MAX).then_some(messages)
}

/// The next `N` bytes, if there are as many.
fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

/// Reads and writes both with their sizes bounded; the end of the stream ends a message. Whatever cannot be
/// read fails the exchange, and the peer is asked again later.
#[derive(Debug, Clone, Default)]
pub struct SyncCodec;

impl Codec for SyncCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Request> {
        Request::decode(&read(stream, REQUEST_BYTES_MAX).await?).ok_or_else(malformed)
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Response> {
        Response::decode(&read(stream, RESPONSE_BYTES_MAX).await?).ok_or_else(malformed)
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        request: Request,
    ) -> io::Result<()> {
        stream.write_all(&request.encode()).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        response: Response,
    ) -> io::Result<()> {
        stream.write_all(&response.encode()).await
    }
}

/// A whole message of at most so many bytes; what is longer is cut, and read as damaged.
async fn read<T: AsyncRead + Unpin + Send>(stream: &mut T, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// What a stream fails with that brings something else.
fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a message of the log's protocol, version 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> [Request; 2] {
        let ids = vec![Digest([0xaa; 32]), Digest([0xbb; 32])];
        [Request::List { group: GroupId(7), cursor: 258 }, Request::Get { group: GroupId(7), ids }]
    }

    fn responses() -> [Response; 2] {
        let list = Response::List { cursor: 3, more: true, ids: vec![Digest([0xcc; 32])] };
        [list, Response::Messages(vec![b"one".to_vec(), Vec::new()])]
    }

    #[test]
    fn all_have_the_golden_bytes_and_survive_them() {
        let golden = include_str!("../golden/log-sync-1.hex");
        let lines: Vec<Vec<u8>> = golden.lines().map(|line| hex::decode(line).unwrap()).collect();
        let (requests, responses) = (requests(), responses());
        let encoded: Vec<Vec<u8>> = requests.iter().map(Request::encode).chain(responses.iter().map(Response::encode)).collect();
        assert_eq!(encoded, lines);
        let decoded: Vec<Request> = lines[..2].iter().filter_map(|line| Request::decode(line)).collect();
        assert_eq!(decoded, requests);
        let decoded: Vec<Response> = lines[2..].iter().filter_map(|line| Response::decode(line)).collect();
        assert_eq!(decoded, responses);
    }

    #[test]
    fn cut_foreign_and_oversized_bytes_are_refused() {
        let cut = |bytes: &[u8]| (0..bytes.len()).map(|end| bytes[..end].to_vec()).collect::<Vec<_>>();
        let [list, get] = requests().map(|request| request.encode());
        assert!(cut(&list).iter().all(|bytes| Request::decode(bytes).is_none()));
        assert!(cut(&get).iter().all(|bytes| Request::decode(bytes).is_none() || (bytes.len() - 10) % 32 == 0));
        let [list, messages] = responses().map(|response| response.encode());
        assert!(cut(&list).iter().all(|bytes| Response::decode(bytes).is_none() || bytes.len() == 11));
        assert!(cut(&messages).iter().all(|bytes| Response::decode(bytes).is_none() || [2, 9].contains(&bytes.len())));
        for foreign in [vec![2, KIND_LIST], vec![FORMAT, 3]] {
            let bytes = [foreign, vec![0; 16]].concat();
            assert!(Request::decode(&bytes).is_none() && Response::decode(&bytes).is_none());
        }
        let many = Request::Get { group: GroupId(1), ids: vec![Digest::ZERO; GET_MAX + 1] };
        assert!(Request::decode(&many.encode()).is_none());
    }
}
