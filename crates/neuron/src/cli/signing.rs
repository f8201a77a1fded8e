//! `neuron signing`: what a validator has signed, taken from one machine to another.

use std::{fs, fs::OpenOptions, io::Write, path::Path, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use node::{
    NodeConfig, config,
    config::NetworkFile,
    lock::{self, Lock},
    output,
    signing::{
        Logs,
        interchange::{self, Owner},
    },
};
use protocol::{eip712::Verdict, signing_log::SigningLog};

/// The largest file that is taken in, bytes: some hundred thousand verdicts.
const MAX_FILE: u64 = 256 * 1024 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Write everything that this validator has signed into a new file. Its node must not run, and must not run again where the file goes
    /// to another one.
    Export {
        file: PathBuf,
        #[command(flatten)]
        of: Node,
    },
    /// Take in what such a file says: whatever it or this node's own logs forbid is forbidden afterwards.
    Import {
        file: PathBuf,
        #[command(flatten)]
        of: Node,
    },
    /// Forget single verdicts: of each group only the last round is kept, up to which nothing is signed any more.
    Prune {
        #[command(flatten)]
        of: Node,
    },
}

#[derive(Args)]
pub struct Node {
    /// Settings of the validator.
    #[arg(long, default_value = "configs/validator.toml")]
    config: PathBuf,
}

/// The logs of a node, which is kept from starting meanwhile.
struct Opened {
    config: NodeConfig,
    logs: Logs,
    _lock: Lock,
}

impl Node {
    fn open(&self) -> Result<Opened> {
        let config = config::node_of(&self.config)?;
        let lock = lock::lock(&config.data)?;
        Ok(Opened { logs: Logs::read(&config.data)?, config, _lock: lock })
    }
}

impl Opened {
    /// For which network and account the node signs.
    async fn owner(&self) -> Result<Owner> {
        let network: NetworkFile = config::read(&self.config.network)?;
        let path = self.config.network.display();
        let contract = network.contract.parse().with_context(|| format!("`contract` in {path}"))?;
        Ok(Owner { chain_id: network.chain_id, contract, account: self.config.key()?.address().await? })
    }
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Export { file, of } => export(&file, &of.open()?).await,
        Command::Import { file, of } => import(&file, of.open()?).await,
        Command::Prune { of } => prune(of.open()?),
    }
}

async fn export(path: &Path, node: &Opened) -> Result<()> {
    let text = interchange::write(&node.logs, node.owner().await?)?;
    let failure = || format!("cannot write {}: name a new file in a folder that has room", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).with_context(failure)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(failure)?;
    tell(&node.logs)?;
    output::line(&format!(
        "in {}; before another node signs with this account's key, import it there, and never start this one again",
        path.display()
    ))?;
    Ok(())
}

async fn import(path: &Path, mut node: Opened) -> Result<()> {
    let length = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(length <= MAX_FILE, "{} is larger than {MAX_FILE} bytes: prune the log before it is exported", path.display());
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (logs, mut contradictions) = interchange::read(&text, node.owner().await?).with_context(|| path.display().to_string())?;
    contradictions.extend(node.logs.merge(&logs));
    node.logs.write(&node.config.data)?;
    contradictions.iter().for_each(warn);
    tell(&node.logs)
}

fn prune(mut node: Opened) -> Result<()> {
    node.logs.prune();
    node.logs.write(&node.config.data)?;
    tell(&node.logs)
}

fn warn([one, other]: &[Verdict; 2]) {
    let Verdict { group, round, claim, .. } = one;
    output::remark(&format!(
        "warning: {group}/{round} was signed twice, as {claim} and as {}: whoever shows both takes of the stake; nothing is signed there up \
         to {round} any more",
        other.claim
    ));
}

fn tell(logs: &Logs) -> Result<()> {
    for (what, place, log) in [("group", "round", &logs.verdicts), ("bounty", "window", &logs.findings)] {
        for group in log.groups() {
            output::line(&format!("{what} {group}: {}", told(log, group, place)))?;
        }
    }
    if logs == &Logs::default() { output::line("nothing was signed") } else { Ok(()) }
}

fn told(log: &SigningLog, group: protocol::GroupId, place: &str) -> String {
    let signed = log.signed_in(group).count();
    let last = log.last(group).map_or_else(String::new, |last| format!(", the last in {place} {last}"));
    match log.closed(group) {
        Some(through) => format!("closed through {place} {through}, {signed} signed since"),
        None => format!("{signed} signed{last}"),
    }
}
