//! What decides in a node, seen from outside: it hears, is answered, and asks for effects.

use crate::chain::{Block, ChainEvent, GroupView};
use crate::ids::NodeId;
use crate::log::Body;

/// One thing that a node hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Forget everything: history is told anew, because a reorganisation went deeper than the confirmations.
    Restart,
    /// The group as it is; first of all, at each new round, and after what changes it. The block as of which it is comes next.
    Group(GroupView),
    /// An event of the group, told before the block that holds it.
    Event { block: Block, event: ChainEvent },
    /// A confirmed block. Long ago those are left out in which nothing happened; see [`Teller`](crate::feed::Teller).
    Block(Block),
    /// History is over.
    Live,
    /// A message of the log; its envelope was signed by `author`.
    Log { author: NodeId, body: Body },
}

/// What decides in a node: told what it hears and what came of what it asked for. It has no clock, disk or network of its own,
/// and the same inputs give the same effects.
pub trait Machine {
    /// What it asks for.
    type Effect;
    /// What came of an effect.
    type Answer;

    /// Takes one thing heard. With [`Heard::Restart`] it begins anew by itself, with its settings and what it remembers from
    /// disk; answers to what it asked for before are dropped by whoever drives it.
    fn hear(&mut self, heard: Heard) -> Vec<Self::Effect>;

    /// Takes the answer to an effect.
    fn answer(&mut self, answer: Self::Answer) -> Vec<Self::Effect>;

    /// A request to end: it finishes what has begun, and begins nothing new.
    fn finish(&mut self) -> Vec<Self::Effect>;

    /// Whether an end was asked for and nothing is left that ending now would lose.
    fn is_finished(&self) -> bool;
}
