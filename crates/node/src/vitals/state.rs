//! What a node says of itself: the one form from which `/status`, `/metrics` and `neuron top` are made. What is not known is absent.

use protocol::{
    chain::{Outcome, Phase},
    ids::{Address, Digest, GroupId, RoundNumber},
    money::{Micronats, Wei},
};
use serde::{Deserialize, Serialize};

use crate::logging::recent::Line;

/// Of the form below; another number is another form. Fields may be added without one.
pub const VERSION: u32 = 1;

/// A node at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// [`VERSION`].
    pub version: u32,
    /// `trainer-node`, `validator-node` or `neuron serve`.
    pub program: String,
    /// Version of the program.
    pub build: String,
    /// Its name among peers.
    pub peer: String,
    /// For which it acts; none of a node that only serves.
    pub account: Option<Address>,
    /// Second of its start, since 1970.
    pub started_s: u64,
    /// Second of this moment.
    pub now_s: u64,
    /// Each group that it serves.
    pub groups: Vec<Group>,
    /// Its chain.
    pub chain: Chain,
    /// Its neighbours, and what they exchange.
    pub peers: Peers,
    /// Its files.
    pub store: Store,
    /// What it runs on.
    pub machine: Machine,
    /// What is not as it should be; the node goes on.
    pub degraded: Vec<Trouble>,
    /// Why it is not ready; empty if it is.
    pub not_ready: Vec<String>,
}

/// The newest lines of a node's log: what `/events` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// [`VERSION`].
    pub version: u32,
    /// Second of its start, since 1970: lines are numbered anew from there.
    pub started_s: u64,
    /// The oldest first.
    pub events: Vec<Line>,
}

/// A group, as the node sees it by confirmed blocks and the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its number.
    pub group: GroupId,
    /// Whether its history is told and the node acts.
    pub is_live: bool,
    /// Whether its rounds are paid.
    pub is_paid: Option<bool>,
    /// The running round.
    pub round: Option<RoundNumber>,
    /// Its phase.
    pub phase: Option<Phase>,
    /// Seconds until the phase ends.
    pub left_s: Option<u64>,
    /// Seconds that it lasts.
    #[serde(default)]
    pub phase_s: Option<u64>,
    /// The file that won last.
    pub checkpoint: Option<Digest>,
    /// Names the training set.
    pub head: Option<Digest>,
    /// The newest block that was heard.
    pub block: Option<u64>,
    /// Blocks of the chain after that one.
    pub lag_blocks: Option<u64>,
    /// Seconds since that one, by this machine's clock.
    pub lag_s: Option<u64>,
    /// Seconds since that one came in.
    pub quiet_s: Option<u64>,
    /// Commits of the running round.
    pub commits: Option<u64>,
    /// Claims that were revealed in it.
    pub claims: Option<u64>,
    /// The best of them.
    pub best: Option<Best>,
    /// The best ones, the best first.
    #[serde(default)]
    pub leaders: Vec<Claim>,
    /// What this node's account claims in it.
    pub own_loss: Option<Micronats>,
    /// The last round that was decided.
    pub last: Option<Last>,
    /// Losses of the files that won, as far as they are known, the oldest first.
    #[serde(default)]
    pub curve: Vec<Point>,
    /// Verdicts of the running round and the one before it that were read in the log since the start.
    pub verdicts_seen: u64,
    /// This node's own among them.
    pub verdicts_sent: u64,
    /// Rounds since the start that others decided and this node's awake position gave no verdict for.
    pub verdicts_missed: u64,
    /// Rounds that its account has won.
    pub rounds_won: Option<u64>,
    /// What its account has won and collected, and what its position has earned, ever.
    pub pay: Option<Wei>,
    /// Stake of its position in this epoch.
    pub stake: Option<Wei>,
    /// Whether that may sign.
    pub is_awake: Option<bool>,
    /// Things heard that waited for the node when it was last looked at.
    pub heard_waiting: Option<u64>,
    /// Answers to what it asked for that did.
    pub answers_waiting: Option<u64>,
}

/// A claim that leads its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Best {
    /// Who claims.
    pub trainer: Address,
    /// Loss of the round's base, in millionths of a nat.
    pub base: Micronats,
    /// Loss of the claimed file.
    pub loss: Micronats,
}

/// A claim of the running round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who claims.
    pub trainer: Address,
    /// Loss of the claimed file.
    pub loss: Micronats,
    /// Nodes that wrote a verdict for it into the log; whether they have stake is not looked at here.
    pub verdicts: u64,
}

/// The loss of a file that won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// In which round.
    pub round: RoundNumber,
    /// On the examples of that round.
    pub loss: Micronats,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Which one.
    pub round: RoundNumber,
    /// How.
    pub outcome: Outcome,
    /// Who won, if somebody did.
    pub winner: Option<Address>,
    /// Loss of the winner's file, if it is known.
    pub loss: Option<Micronats>,
}

/// The chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    /// Its id.
    pub id: u64,
    /// The highest block that an endpoint told of.
    pub block: Option<u64>,
    /// By how many blocks a block is confirmed.
    pub confirmations: u64,
    /// Those of the network file.
    pub endpoints: Vec<Endpoint>,
    /// The account's coin, for gas.
    pub coin: Option<Wei>,
    /// Rounds for whose gas it lasts at today's price.
    pub coin_rounds: Option<u64>,
    /// Transactions that were sent and are not deep in the chain.
    pub transactions_waiting: Option<u64>,
}

/// A server of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its address without what may be secret.
    pub address: String,
    /// How it is, in a word or two.
    pub state: String,
    /// Whether it answers and is not behind the others.
    pub is_up: bool,
}

/// Peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peers {
    /// Connected ones.
    pub connected: Option<u64>,
    /// Bytes that went to them since the start.
    pub sent_bytes: u64,
    /// Bytes that came from them.
    pub received_bytes: u64,
}

/// Files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// Blocks that are held.
    pub blocks: Option<u64>,
    /// Their bytes, and those that are promised room.
    pub held_bytes: Option<u64>,
    /// What they may be together.
    pub limit_bytes: Option<u64>,
    /// Blocks that fetches wait for.
    pub wanted_blocks: u64,
    /// Why a file found no room in the last minutes.
    pub full: Option<String>,
}

/// The machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Bytes of the data folder's disk that the node may still use.
    pub disk_free_bytes: Option<u64>,
    /// Bytes of that disk.
    pub disk_bytes: Option<u64>,
    /// Memory of the process that is in use.
    pub resident_bytes: Option<u64>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// One of few.
    pub reason: String,
    /// More of it, in words that others may have written.
    pub detail: String,
}
