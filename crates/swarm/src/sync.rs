//! How one node compares its log with another's: requests and responses of `/neuron/…/log/2`, and their bytes.
//!
//! The table of PROTOCOL 14, Copying, in code; `golden/log-sync-2.hex` holds one of each. What a range is, and
//! how two sides find out in which messages they differ, `protocol` says ([`Ranges`]).

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use protocol::log::{MAX_RANGES_BYTES, Ranges, Summary};
use protocol::{Digest, GroupId};

/// Messages asked for, or put, in one request.
pub const GET_MAX: usize = 512;
/// Messages in one request or response stay below this, whatever their number (js-libp2p peers need less than 1 MiB).
pub const MESSAGES_BYTES_MAX: usize = 512 * 1024;
/// Newest messages that a node names of its log.
pub const HEADS_MAX: usize = 16;

/// First byte of every message: the version of the format.
const FORMAT: u8 = 2;
/// Second byte: what is asked for, or answered.
const KIND_NOTHING: u8 = 0;
const KIND_PULSE: u8 = 1;
const KIND_COMPARE: u8 = 2;
const KIND_GET: u8 = 3;
const KIND_PUT: u8 = 4;
const ID_BYTES: usize = 32;
/// The longest of requests and responses: messages with their lengths, or ranges, and what stands before them.
const BYTES_MAX: usize = 32 + max(MESSAGES_BYTES_MAX + 4 * GET_MAX, MAX_RANGES_BYTES);

const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// A log in short: whoever has the same has the same messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pulse {
    /// Of all ids.
    pub summary: Summary,
    /// Messages that no other one names as a parent, at most [`HEADS_MAX`].
    pub heads: Vec<Digest>,
}

/// What one node says to another about a group's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// This is my log in short; what is yours?
    Tell { group: GroupId, pulse: Pulse },
    /// What is in these ranges of yours?
    Compare { group: GroupId, ranges: Ranges },
    /// Send me these messages, at most [`GET_MAX`] of them.
    Get { group: GroupId, ids: Vec<Digest> },
    /// You lack these messages, at most [`GET_MAX`].
    Put { group: GroupId, messages: Vec<Vec<u8>> },
}

/// The answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The group's log is not kept here, or there is no time for it.
    Nothing,
    /// To `Tell`.
    Pulse(Pulse),
    /// To `Compare`.
    Ranges(Ranges),
    /// To `Get`: as many of those asked for as are kept and fit, in that order.
    Messages(Vec<Vec<u8>>),
    /// To `Put`: how many of them were new and are kept.
    Taken(u32),
}

impl Request {
    /// Of which group it is.
    pub fn group(&self) -> GroupId {
        match self {
            Self::Tell { group, .. } | Self::Compare { group, .. } | Self::Get { group, .. } | Self::Put { group, .. } => *group,
        }
    }

    /// Its bytes; the end of the stream ends them.
    fn encode(&self) -> Vec<u8> {
        let kind = match self {
            Self::Tell { .. } => KIND_PULSE,
            Self::Compare { .. } => KIND_COMPARE,
            Self::Get { .. } => KIND_GET,
            Self::Put { .. } => KIND_PUT,
        };
        let mut bytes = vec![FORMAT, kind];
        bytes.extend(self.group().0.to_be_bytes());
        match self {
            Self::Tell { pulse, .. } => put_pulse(&mut bytes, pulse),
            Self::Compare { ranges, .. } => bytes.extend(ranges.to_bytes()),
            Self::Get { ids, .. } => put_ids(&mut bytes, ids),
            Self::Put { messages, .. } => put_messages(&mut bytes, messages),
        }
        bytes
    }

    /// The message of these bytes; `None` for anything that `encode` does not write.
    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let [FORMAT, kind] = *take(&mut bytes)? else { return None };
        let group = GroupId(u64::from_be_bytes(*take(&mut bytes)?));
        match kind {
            KIND_PULSE => Some(Self::Tell { group, pulse: pulse(bytes)? }),
            KIND_COMPARE => Some(Self::Compare { group, ranges: Ranges::from_bytes(bytes).ok()? }),
            KIND_GET => Some(Self::Get { group, ids: ids(bytes, GET_MAX)? }),
            KIND_PUT => Some(Self::Put { group, messages: messages(bytes)? }),
            _ => None,
        }
    }
}

impl Response {
    fn encode(&self) -> Vec<u8> {
        let kind = match self {
            Self::Nothing => KIND_NOTHING,
            Self::Pulse(_) => KIND_PULSE,
            Self::Ranges(_) => KIND_COMPARE,
            Self::Messages(_) => KIND_GET,
            Self::Taken(_) => KIND_PUT,
        };
        let mut bytes = vec![FORMAT, kind];
        match self {
            Self::Nothing => {}
            Self::Pulse(pulse) => put_pulse(&mut bytes, pulse),
            Self::Ranges(ranges) => bytes.extend(ranges.to_bytes()),
            Self::Messages(messages) => put_messages(&mut bytes, messages),
            Self::Taken(count) => bytes.extend(count.to_be_bytes()),
        }
        bytes
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let [FORMAT, kind] = *take(&mut bytes)? else { return None };
        match kind {
            KIND_NOTHING => bytes.is_empty().then_some(Self::Nothing),
            KIND_PULSE => pulse(bytes).map(Self::Pulse),
            KIND_COMPARE => Ranges::from_bytes(bytes).ok().map(Self::Ranges),
            KIND_GET => messages(bytes).map(Self::Messages),
            KIND_PUT => Some(Self::Taken(u32::from_be_bytes(bytes.try_into().ok()?))),
            _ => None,
        }
    }
}

/// Count, fingerprint, heads.
fn put_pulse(bytes: &mut Vec<u8>, pulse: &Pulse) {
    bytes.extend(pulse.summary.count.to_be_bytes());
    bytes.extend(pulse.summary.fingerprint);
    put_ids(bytes, &pulse.heads);
}

/// A pulse to the end of the bytes.
fn pulse(mut bytes: &[u8]) -> Option<Pulse> {
    let count = u64::from_be_bytes(*take(&mut bytes)?);
    let fingerprint = *take(&mut bytes)?;
    Some(Pulse { summary: Summary { fingerprint, count }, heads: ids(bytes, HEADS_MAX)? })
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

/// Messages one after the other, each behind its length.
fn put_messages(bytes: &mut Vec<u8>, messages: &[Vec<u8>]) {
    for message in messages {
        bytes.extend((message.len() as u32).to_be_bytes());
        bytes.extend(message);
    }
}

/// Messages to the end of the bytes, within the limits of both.
fn messages(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    if bytes.len() > MESSAGES_BYTES_MAX + 4 * GET_MAX {
        return None;
    }
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_be_bytes(*take(&mut bytes)?);
        let (message, rest) = bytes.split_at_checked(length as usize)?;
        bytes = rest;
        messages.push(message.to_vec());
        if messages.len() > GET_MAX {
            return None;
        }
    }
    Some(messages)
}

/// The next `N` bytes, if there are as many.
fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

/// Reads and writes both with their sizes bounded; the end of the stream ends a message. A response that cannot be
/// read fails the exchange; a request that cannot be read is none, for libp2p tells nobody of requests that fail.
#[derive(Debug, Clone, Default)]
pub struct SyncCodec;

impl Codec for SyncCodec {
    type Protocol = StreamProtocol;
    type Request = Option<Request>;
    type Response = Response;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Option<Request>> {
        Ok(Request::decode(&read(stream).await?))
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, stream: &mut T) -> io::Result<Response> {
        Response::decode(&read(stream).await?).ok_or_else(malformed)
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        request: Option<Request>,
    ) -> io::Result<()> {
        stream.write_all(&request.map(|request| request.encode()).unwrap_or_default()).await
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

/// A whole message; of what is longer than any, one byte too many is read, and it is malformed.
async fn read<T: AsyncRead + Unpin + Send>(stream: &mut T) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).await?;
    Ok(if bytes.len() > BYTES_MAX { Vec::new() } else { bytes })
}

/// What a stream fails with that brings something else.
fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a message of the log's protocol, version 2")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse_of(heads: usize) -> Pulse {
        let heads = (0..heads).map(|head| Digest([head as u8; 32])).collect();
        Pulse { summary: Summary { fingerprint: [0x55; 16], count: 258 }, heads }
    }

    fn requests() -> Vec<Request> {
        let (group, ids) = (GroupId(7), vec![Digest([0xaa; 32]), Digest([0xbb; 32])]);
        vec![
            Request::Tell { group, pulse: pulse_of(2) },
            Request::Compare { group, ranges: Ranges::default() },
            Request::Get { group, ids },
            Request::Put { group, messages: vec![b"one".to_vec(), Vec::new()] },
        ]
    }

    fn responses() -> Vec<Response> {
        let messages = vec![b"one".to_vec(), Vec::new()];
        let compared = [Response::Nothing, Response::Pulse(pulse_of(1)), Response::Ranges(Ranges::default())];
        compared.into_iter().chain([Response::Messages(messages), Response::Taken(3)]).collect()
    }

    #[test]
    fn all_have_the_golden_bytes_and_survive_them() {
        let golden = include_str!("../golden/log-sync-2.hex");
        let lines: Vec<Vec<u8>> = golden.lines().map(|line| hex::decode(line).unwrap()).collect();
        let (requests, responses) = (requests(), responses());
        let encoded: Vec<Vec<u8>> = requests.iter().map(Request::encode).chain(responses.iter().map(Response::encode)).collect();
        assert_eq!(encoded.iter().map(hex::encode).collect::<Vec<_>>(), golden.lines().collect::<Vec<_>>());
        let (asked, answered) = lines.split_at(requests.len());
        assert_eq!(asked.iter().filter_map(|line| Request::decode(line)).collect::<Vec<_>>(), requests);
        assert_eq!(answered.iter().filter_map(|line| Response::decode(line)).collect::<Vec<_>>(), responses);
    }

    #[test]
    fn what_is_cut_is_refused_or_is_something_shorter() {
        for request in requests() {
            let whole = request.encode();
            let cut = (0..whole.len()).filter_map(|end| Request::decode(&whole[..end]));
            assert!(cut.into_iter().all(|other| other != request));
        }
        for response in responses() {
            let whole = response.encode();
            let cut = (0..whole.len()).filter_map(|end| Response::decode(&whole[..end]));
            assert!(cut.into_iter().all(|other| other != response));
        }
    }

    #[test]
    fn foreign_and_oversized_bytes_are_refused() {
        for foreign in [vec![1, KIND_PULSE], vec![3, KIND_PULSE], vec![FORMAT, 5], vec![]] {
            let bytes = [foreign, vec![0; 32]].concat();
            assert!(Request::decode(&bytes).is_none() && Response::decode(&bytes).is_none());
        }
        let group = GroupId(1);
        for many in [
            Request::Get { group, ids: vec![Digest::ZERO; GET_MAX + 1] },
            Request::Put { group, messages: vec![Vec::new(); GET_MAX + 1] },
            Request::Put { group, messages: vec![vec![0; MESSAGES_BYTES_MAX + 4 * GET_MAX]] },
            Request::Tell { group, pulse: pulse_of(HEADS_MAX + 1) },
        ] {
            assert!(Request::decode(&many.encode()).is_none());
        }
        assert!(Response::decode(&[FORMAT, KIND_NOTHING, 0]).is_none());
        assert!(Response::decode(&[FORMAT, KIND_PUT, 0, 0, 0]).is_none());
    }
}
