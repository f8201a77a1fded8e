//! What decides in a node, seen from outside: it hears, is answered, and asks for effects.
//!
//! Whoever drives a machine tells it what it hears, does what it asks for, and tells it what came of that. It needs no network and no
//! chain: here is the start of a round of a trainer, by hand.
//!
//! ```
//! use protocol::chain::{Block, GroupView, Times};
//! use protocol::machine::{Heard, Machine as _};
//! use protocol::pace::Tempo;
//! use protocol::trainer::{Config, Effect, Input, Trainer};
//! # use protocol::{DeltaNumber, PeriodNumber};
//! use protocol::{Address, Digest, GroupId, Micronats, Wei};
//!
//! let group = GroupView {
//!     id: GroupId(1),
//!     genesis_s: 1_000,
//!     times: Times { train_s: 60, reveal_s: 20, judge_s: 20 },
//!     checkpoint: Digest([1; 32]),
//!     head: Digest([2; 32]),
//!     admitted: true,
//!     // … and what else the contracts hold of it.
//! #   name: Digest::ZERO, improve: 10, least: Micronats(1), manifest: Digest::ZERO, parent: GroupId(0), voids: 0, opened: None,
//! #   counted: 0, newest: vec![], recent: vec![], applied: DeltaNumber(0), period_s: 600, period_next_s: 600,
//! #   period_number: PeriodNumber(0), period_end_s: 1_600, extended_s: 0, maturity_s: 60, min_deposit: Wei::nrn(1),
//! #   least_deposit: Wei::nrn(1), epoch_s: 600, exit_s: 900, positions: vec![],
//! };
//! let account = Address([5; 20]);
//! let tempo = Tempo { edge_s: Some(2), ..Tempo::default() };
//! let config = Config { group: group.id, account, tempo, commit_s: 5, unpaid: false, rounds: None, secret: [9; 32] };
//! let mut trainer = Trainer::new(config, []);
//!
//! // The group as it is, the block of that moment, and the end of history: it asks to train, in time for a commit in TRAIN.
//! trainer.hear(Heard::Group(group));
//! trainer.hear(Heard::Block(Block { number: 7, time_s: 1_003, hash: Digest([7; 32]) }));
//! let asked = trainer.hear(Heard::Live);
//! let train = asked.iter().find(|effect| matches!(effect, Effect::Train { .. }));
//! let Some(&Effect::Train { round, attempt, base, until_s, .. }) = train else { panic!("{asked:?}") };
//! assert_eq!((base, until_s), (Digest([1; 32]), 1_053));
//!
//! // A file that is better: its salt goes to disk, and only then its seal to the chain.
//! let (base, loss) = (Micronats(690_000), Micronats(600_000));
//! let asked = trainer.answer(Input::Trained { round, attempt, file: Digest([3; 32]), base, loss });
//! assert!(matches!(asked[..], [Effect::Remember { .. }]));
//! let asked = trainer.answer(Input::Remembered { round, result: Ok(()) });
//! assert!(matches!(asked[..], [Effect::Commit { .. }]));
//! ```

use crate::chain::{Block, ChainEvent, GroupView};
use crate::ids::{Digest, NodeId};
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
    /// Another process writes with this node's key: `message`, which this one did not write, comes after one that it did
    /// ([`Log::double`](crate::log::Log::double)). Told once a process.
    Double { message: Digest },
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
