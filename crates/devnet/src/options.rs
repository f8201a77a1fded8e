//! What the devnet is asked for.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use chain::Account;
use clap::Args;

/// The most processes of one kind; each takes a core's share and a tenth of a second of every second.
const MAX_NODES: usize = 16;
/// Rounds within which a poisoned delta is proposed, applied, trained on, seen, taken back, and forgotten.
const POISON_ROUNDS: u64 = 10;
/// Rounds within which a validator signs twice, is absent in eight and in the two after them, and is put to sleep.
const LIARS_ROUNDS: u64 = 12;

/// Seconds from block to block, and blocks that confirm, at most.
const MAX_BLOCK_S: f64 = 600.0;
const MAX_CONFIRMATIONS: u64 = 64;

/// Rounds of a bounty's term, and the one in which it is funded; they are over before the last one's end.
const BOUNTY_ROUNDS: u64 = 4;

/// Run the whole network on this machine.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Rounds to run; with --bounty at least 4, with --poison at least 10, with --liars at least 12.
    #[arg(long, default_value_t = 5)]
    pub rounds: u64,
    /// Trainer processes.
    #[arg(long, default_value_t = 2)]
    pub trainers: usize,
    /// Validator processes.
    #[arg(long, default_value_t = 4)]
    pub validators: usize,
    /// Further accounts that cheat: each a trainer that claims what is not so, and a validator that signs two verdicts in one
    /// round, with probes that it has not computed, and then none at all.
    #[arg(long, default_value_t = 0)]
    pub liars: usize,
    /// Let a delta with wrong examples be voted in, seen, and taken back by a measure.
    #[arg(long)]
    pub poison: bool,
    /// Let a sponsor pay for what is better on examples that only he knows until its term is over.
    #[arg(long)]
    pub bounty: bool,
    /// The training group to found.
    #[arg(long, default_value = "configs/groups/digits.toml")]
    pub group: PathBuf,
    /// How a trainer of its own kind trains: a trainer's settings file without [node], whose keys take the place of what the group's file
    /// says. Once for each such trainer, the first one first.
    #[arg(long = "trainer-file", value_name = "FILE")]
    pub trainer_files: Vec<PathBuf>,
    /// Start of everything random: keys, first weights, order of training.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Leave the network running and say how to use it.
    #[arg(long)]
    pub keep: bool,
    /// Write what happened to this file (JSON).
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Folder for keys, data and logs; a new temporary one by default.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Seconds from block to block; phases are made long enough for it. Of a slower chain of its own what sets the network up is mined at once.
    #[arg(long, default_value_t = 1.0)]
    pub block_time: f64,
    /// How many blocks deep an event lies when nodes act on it; 1 = the newest block.
    #[arg(long, default_value_t = 1)]
    pub confirmations: u64,
    /// Port of the local chain; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Run on the chain at this JSON-RPC address instead of a local one of its own; it must make a block about every
    /// --block-time seconds. The account at --key pays for everything.
    #[arg(long, conflicts_with = "port")]
    pub rpc: Option<String>,
    /// Refuse another chain there than the one with this EIP-155 id.
    #[arg(long, requires = "rpc")]
    pub chain_id: Option<u64>,
    /// What stands before the chain for each node, trainers first; those beyond the last go to the chain itself.
    #[arg(skip)]
    pub providers: Vec<String>,
    /// Where each node runs, trainers first; those beyond the last run beside this program.
    #[arg(skip)]
    pub hosts: Vec<Host>,
    /// Where the node that publishes the group's files listens, if not on this machine alone.
    #[arg(skip)]
    pub listen: Vec<String>,
    /// How a chain of its own differs from a usual one.
    #[arg(skip)]
    pub rules: Rules,
    /// Who pays on that chain.
    #[arg(skip)]
    pub payer: Option<Account>,
}

/// Where a node runs.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// What its command begins with, such as `ip netns exec NAME`; the program must take the process over.
    pub enter: Vec<String>,
    /// Where it listens; nothing = as its configuration has it by default.
    pub listen: Vec<String>,
}

/// Rules of other chains than Ethereum's, and a date that is not the clock's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Gas that a block holds; none = as usual.
    pub block_gas: Option<u64>,
    /// No transactions of type 2.
    pub legacy_gas: bool,
    /// Seconds by which dates are ahead of the clock.
    pub ahead_s: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 5,
            trainers: 2,
            validators: 4,
            liars: 0,
            poison: false,
            bounty: false,
            group: "configs/groups/digits.toml".into(),
            trainer_files: Vec::new(),
            seed: 1,
            keep: false,
            report: None,
            dir: None,
            block_time: 1.0,
            confirmations: 1,
            port: 0,
            rpc: None,
            chain_id: None,
            providers: Vec::new(),
            hosts: Vec::new(),
            listen: Vec::new(),
            rules: Rules::default(),
            payer: None,
        }
    }
}

impl Options {
    /// Rounds that are run.
    pub fn rounds(&self) -> u64 {
        let poison = if self.poison { POISON_ROUNDS } else { 0 };
        let liars = if self.liars > 0 { LIARS_ROUNDS } else { 0 };
        let bounty = if self.bounty { BOUNTY_ROUNDS } else { 0 };
        self.rounds.max(poison).max(liars).max(bounty)
    }

    /// Seconds of a block, whole ones.
    pub fn slot_s(&self) -> u64 {
        self.block_time.ceil() as u64
    }

    /// Checks what can be checked before anything is started.
    ///
    /// # Errors
    /// A number out of range, or a report that cannot be written.
    pub fn check(&self) -> Result<()> {
        ensure!(self.rounds >= 1, "--rounds must be at least 1");
        ensure!((1..=MAX_NODES).contains(&self.trainers), "--trainers must be 1 to {MAX_NODES}");
        ensure!((1..=MAX_NODES).contains(&self.validators), "--validators must be 1 to {MAX_NODES}");
        let (files, trainers) = (self.trainer_files.len(), self.trainers);
        ensure!(files <= trainers, "{files} times --trainer-file are more than --trainers {trainers}: start as many trainers");
        let is_time = (0.1..=MAX_BLOCK_S).contains(&self.block_time);
        ensure!(is_time, "--block-time must be 0.1 to {MAX_BLOCK_S} seconds");
        ensure!((1..=MAX_CONFIRMATIONS).contains(&self.confirmations), "--confirmations must be 1 to {MAX_CONFIRMATIONS}");
        let most = self.validators.saturating_sub(1) / 2;
        ensure!(self.liars <= most, "--liars must be at most {most}, or the honest validators would not be more than two thirds");
        if let Some(path) = &self.report {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            ensure!(folder.is_none_or(std::path::Path::is_dir), "the folder of --report {} does not exist", path.display());
        }
        Ok(())
    }
}
