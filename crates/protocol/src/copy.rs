//! What a node tells others of its group for times without a chain: the view at one block, and the events that still matter.
//!
//! As of the first block of a round, so that all nodes that follow one chain write the same bytes, and the digest that many of them tell
//! stands for all. Who takes one over without a chain believes those who told it; with a chain everything in it can be read again.
//!
//! Format, version 1: the line `neuron copy 1`, one line with the [`Front`] as JSON, then one for each event, `[block, event]`.

use serde::{Deserialize, Serialize};

use crate::chain::{Block, ChainEvent, GroupView};
use crate::ids::{Address, GroupId, RoundNumber};

/// The first line.
pub const TITLE: &str = "neuron copy 1";
/// The longest copy that is read, bytes.
pub const MAX_COPY: u64 = 64 * 1024 * 1024;
/// Rounds whose events are told, the newest.
pub const ROUNDS: u64 = 256;
/// Events of one copy at most.
pub const MAX_EVENTS: usize = 1_000_000;

/// Why bytes are no copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// The first line is another one.
    #[error("this is no copy of a group, or one of a newer program: its first line is not `{TITLE}`")]
    Title,
    /// Above [`MAX_COPY`] or [`MAX_EVENTS`].
    #[error("the copy is too long: take another one")]
    TooLong,
    /// A line is not what stands there in a copy.
    #[error("line {line} of the copy cannot be read: take another one")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// It is about another network, or another group.
    #[error("the copy is of group {group} on the network {network} of chain {chain_id}: take one of the group that was asked for")]
    Other {
        /// What it is about.
        chain_id: u64,
        /// See `chain_id`.
        network: Address,
        /// See `chain_id`.
        group: GroupId,
    },
}

/// What a copy is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Front {
    /// EIP-155.
    pub chain_id: u64,
    /// The contract `Network`.
    pub network: Address,
    /// As of the end of this block.
    pub block: Block,
    /// The group.
    pub view: GroupView,
}

/// A group as of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCopy {
    /// What it is about.
    pub front: Front,
    /// With the number of the block, in the order of the chain; of the groups that it was forked from those that made its set.
    pub events: Vec<(u64, ChainEvent)>,
}

impl GroupCopy {
    /// Of all events up to the block those that still matter.
    pub fn new(front: Front, events: impl IntoIterator<Item = (u64, ChainEvent)>) -> Self {
        let (group, newest) = (front.view.id, front.view.clock(front.block.time_s).round);
        let matters = |number: u64, event: &ChainEvent| number <= front.block.number && matters(group, newest, event);
        let events = events.into_iter().filter(|(number, event)| matters(*number, event)).collect();
        Self { front, events }
    }

    /// Its bytes.
    ///
    /// # Errors
    /// `TooLong`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CopyError> {
        let mut bytes = format!("{TITLE}\n").into_bytes();
        push(&mut bytes, 2, &self.front)?;
        for (index, event) in self.events.iter().enumerate() {
            push(&mut bytes, index + 3, event)?;
        }
        Ok(bytes)
    }

    /// The copy of `group` on that network with these bytes.
    ///
    /// # Errors
    /// [`CopyError`], with the line that is wrong.
    pub fn from_bytes(bytes: &[u8], (chain_id, network): (u64, Address), group: GroupId) -> Result<Self, CopyError> {
        if bytes.len() as u64 > MAX_COPY {
            return Err(CopyError::TooLong);
        }
        let text = bytes.strip_suffix(b"\n").ok_or(CopyError::Title)?;
        let mut lines = text.split(|byte| *byte == b'\n');
        if lines.next() != Some(TITLE.as_bytes()) {
            return Err(CopyError::Title);
        }
        let front: Front = read(2, lines.next().unwrap_or_default())?;
        if (front.chain_id, front.network, front.view.id) != (chain_id, network, group) {
            return Err(CopyError::Other { chain_id: front.chain_id, network: front.network, group: front.view.id });
        }
        let lines = lines.take(MAX_EVENTS + 1).enumerate();
        let events = lines.map(|(index, line)| read(index + 3, line)).collect::<Result<Vec<_>, _>>()?;
        if events.len() > MAX_EVENTS { Err(CopyError::TooLong) } else { Ok(Self { front, events }) }
    }

    /// The events without their blocks.
    pub fn events(&self) -> impl Iterator<Item = &ChainEvent> {
        self.events.iter().map(|(_, event)| event)
    }
}

/// Positions stand in the view; of old rounds only the group's sums are told.
fn matters(group: GroupId, newest: RoundNumber, event: &ChainEvent) -> bool {
    use ChainEvent::{Cast, Charged, Created, Displaced, Extended, Proposed, Refunded, Taken, Turned};
    match event {
        Created { .. } | Proposed { .. } | Turned { .. } | Taken { .. } => true,
        Cast { .. } | Charged { .. } | Displaced { .. } | Extended { .. } | Refunded { .. } => event.group() == Some(group),
        event => event.group() == Some(group) && event.round().is_some_and(|round| round.0 + ROUNDS > newest.0),
    }
}

fn push(bytes: &mut Vec<u8>, line: usize, value: &impl Serialize) -> Result<(), CopyError> {
    serde_json::to_writer(&mut *bytes, value).map_err(|_| CopyError::Line { line })?;
    bytes.push(b'\n');
    if bytes.len() as u64 > MAX_COPY { Err(CopyError::TooLong) } else { Ok(()) }
}

fn read<'a, T: Deserialize<'a>>(line: usize, bytes: &'a [u8]) -> Result<T, CopyError> {
    serde_json::from_slice(bytes).map_err(|_| CopyError::Line { line })
}
