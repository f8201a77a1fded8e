//! The least network on which programs can be tried: contracts, one node, groups without stake.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};
use chain::{
    Account,
    dev::{Anvil, AnvilSettings},
    keystore::{self, Cost},
};
use governance::{Network, Terms, deploy};
use node::{
    Intake, Site, birth,
    config::{GroupFile, NetworkFile, Times},
    keys,
};
use protocol::{
    BountyNumber, DeltaNumber, Digest, GroupId, Wei,
    bounty::{Bounty, Calendar},
};
use swarm::{Client, Event, Progress};
use token::SaleTerms;
use tokio::{
    process::Command,
    sync::{mpsc, watch},
};

use crate::groups::{digits, fresh_folder};

/// Rounds that no test outlasts by accident.
const TIMES: Times = Times { train_s: 60, reveal_s: 60, judge_s: 60, period_s: 360, improve: 10, least: 1_000 };
/// Long enough for the sale to end only where a test lets so much time pass.
const SALE_S: u64 = 100_000;
const PASSWORD: &str = "right";

/// A network of one node, whose account founded everything.
pub struct Small {
    pub folder: PathBuf,
    pub file: GroupFile,
    pub account: Account,
    pub client: Client,
    pub anvil: Anvil,
    pub founder: Network,
    _events: mpsc::Receiver<Event>,
}

impl Small {
    pub async fn start(name: &str) -> Result<Self> {
        let (folder, file, account) = (fresh_folder(name)?, GroupFile::read(&digits())?, Anvil::account(0)?);
        write_keys(&folder, &account)?;
        let anvil = Anvil::start(&AnvilSettings { block_time_ms: 0, ..AnvilSettings::default() }).await?;
        let chain = anvil.chain().with_account(account.clone());
        let sale = SaleTerms { price: Wei::nrn(1), deadline_s: chain.latest().await?.time_s + SALE_S, minimum: Wei::nrn(1) };
        let terms = Terms { sale, epoch_s: 180, exit_s: 3_600, maturity_s: 180, min_deposit: Wei::nrn(1), tip: Wei(0) };
        let founder = Network::open(&chain, deploy(&chain, &terms, |_| ()).await?.network).await?;
        let path = folder.join("network.toml");
        fs::write(&path, toml::to_string(&network_file(&anvil, &founder, Vec::new()))?)?;
        let data = folder.join("node");
        fs::create_dir_all(&data)?;
        let (client, events) = Site::open(&path).await?.join(&data, keys::node_key(&data)?, &[], &[]).await?;
        let peers = client.listen_addresses().await?.iter().map(ToString::to_string).collect();
        fs::write(&path, toml::to_string(&network_file(&anvil, &founder, peers))?)?;
        Ok(Self { folder, file, account, client, founder, anvil, _events: events })
    }

    /// A new group of digits; its first checkpoint are these bytes, whatever they are.
    pub async fn group(&self, checkpoint: Option<Vec<u8>>) -> Result<GroupId> {
        self.group_of(&self.file, checkpoint).await
    }

    /// The same for another file.
    pub async fn group_of(&self, file: &GroupFile, checkpoint: Option<Vec<u8>>) -> Result<GroupId> {
        let (told, watched) = watch::channel(Progress::default());
        let intake = Intake::new(&self.client).telling(told);
        let mut birth = birth::prepare(file, &TIMES, 1, self.account.address(), &intake).await?;
        let Progress { done_bytes, total_bytes } = *watched.borrow();
        ensure!(done_bytes == total_bytes && total_bytes > 0, "{done_bytes} of {total_bytes} bytes of its files are told as taken in");
        if let Some(bytes) = checkpoint {
            birth.checkpoint = self.client.add(bytes).await?;
        }
        let group = self.founder.create(&birth).await?;
        self.client.subscribe(group).await?;
        Ok(group)
    }

    /// Lets the account buy so many NRN; the sale is over then.
    pub async fn buy(&self, nrn: u64) -> Result<()> {
        let sale = self.founder.sale();
        sale.buy(Wei::nrn(nrn)).await?;
        self.pass_until(sale.terms().await?.deadline_s).await?;
        sale.close().await?;
        sale.claim().await?;
        Ok(())
    }

    /// Lets time pass up to a second.
    pub async fn pass_until(&self, time_s: u64) -> Result<()> {
        let now_s = self.founder.chain().latest().await?.time_s;
        Ok(self.anvil.advance(time_s.saturating_sub(now_s)).await?)
    }

    /// A bounty, and what its dates are counted by.
    pub async fn bounty(&self, number: BountyNumber) -> Result<(Bounty, Calendar)> {
        let bounty = self.founder.bounty(number).await?;
        Ok((bounty, (&self.founder.view(bounty.group).await?).into()))
    }

    /// NRN of the account.
    pub async fn balance(&self) -> Result<Wei> {
        Ok(self.founder.neuron().balance(self.account.address()).await?)
    }

    /// What the command prints for the account.
    pub async fn neuron(&self, arguments: &[&str]) -> Result<String> {
        let (code, text) = self.ended("network.toml", arguments).await?;
        ensure!(code == Some(0), "{arguments:?}: {text}");
        Ok(text)
    }

    /// How the command ends with another network file, and what it prints.
    pub async fn ended(&self, network: &str, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let output = self.command(network, arguments).output().await?;
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok((output.status.code(), text))
    }

    /// The command, to be started.
    pub fn command(&self, network: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neuron"));
        command.current_dir(&self.folder).args(["--network", network, "--key", "key.json", "--password-file", "password"]);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// What it says when it refuses.
    pub async fn refusal(&self, arguments: &[&str]) -> Result<String> {
        match self.neuron(arguments).await {
            Ok(text) => bail!("{arguments:?} was not refused: {text}"),
            Err(error) => Ok(error.to_string()),
        }
    }

    /// Deltas that were ever proposed.
    pub async fn deltas(&self, group: GroupId) -> Result<u64> {
        Ok(self.founder.deltas(group).await?)
    }

    /// The patch of a delta.
    pub async fn delta(&self, group: GroupId, number: u64) -> Result<Digest> {
        let delta = self.founder.delta(group, DeltaNumber(number)).await?;
        Ok(delta.with_context(|| format!("no delta {number}"))?.digest)
    }

    /// The network file with one value changed.
    pub fn altered(&self, name: &str, key: &str, value: impl Into<toml::Value>) -> Result<PathBuf> {
        let mut table: toml::Table = toml::from_str(&fs::read_to_string(self.folder.join("network.toml"))?)?;
        table.insert(key.to_owned(), value.into());
        let path = self.folder.join(name);
        fs::write(&path, toml::to_string(&table)?).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

fn write_keys(folder: &Path, account: &Account) -> Result<()> {
    keystore::create(&folder.join("key.json"), account, PASSWORD, Cost::Trifling)?;
    fs::write(folder.join("password"), PASSWORD)?;
    fs::write(folder.join("wrong-password"), "wrong")?;
    Ok(())
}

fn network_file(anvil: &Anvil, network: &Network, peers: Vec<String>) -> NetworkFile {
    NetworkFile {
        name: "small".into(),
        rpc: anvil.url().into(),
        chain_id: anvil.settings().chain_id,
        confirmations: 1,
        deployed_block: 0,
        poll_ms: 100,
        peers,
        contract: network.address().to_string(),
        ..NetworkFile::default()
    }
}
