//! What most commands need: the network, an account, and sometimes a peer-to-peer node for as long as the command runs.

use std::{path::PathBuf, sync::OnceLock, time::Duration};

use anyhow::{Context as _, Result, ensure};
use chain::Account;
use clap::Args;
use governance::Network;
use node::{
    Member, Site,
    keys::{self, KeyPlace},
    output,
    password::PasswordSource,
};
use protocol::{
    Address, GroupId, NodeId,
    chain::ChainEvent,
    eip712::{Choice, Domain},
    log::{Body, Envelope},
};
use swarm::{Client, Progress};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    bars::{Bar, Unit},
    names::Names,
};

/// Where they are unless it is said.
pub const NETWORK_FILE: &str = "network.toml";
/// See [`NETWORK_FILE`].
pub const KEY_FILE: &str = "account.json";
/// How long a command waits for its first peer before it goes on without.
const FIRST_PEER: Duration = Duration::from_secs(10);
/// A log counts as read when nothing new has come for so long …
pub const QUIET: Duration = Duration::from_secs(2);
/// … or after this.
const READ: Duration = Duration::from_secs(20);
/// Between two looks.
const POLL: Duration = Duration::from_millis(100);
/// How long a command that has signed something offers it.
const OFFER: Duration = Duration::from_secs(5);

/// Options that stand before the command.
#[derive(Args, Clone, Debug)]
pub struct Context {
    /// The network file.
    #[arg(long, global = true, default_value = NETWORK_FILE)]
    pub network: PathBuf,
    /// Your encrypted key.
    #[arg(long, global = true, default_value = KEY_FILE)]
    pub key: PathBuf,
    /// Answer from the copy that `neuron group copy` took, without a chain and without peers.
    #[arg(long, global = true)]
    pub offline: bool,
    /// Print what a command that reads has found as JSON (docs/json.md).
    #[arg(long, global = true)]
    pub json: bool,
    /// File whose first line is its password; otherwise NEURON_PASSWORD is read, or you are asked.
    #[arg(long, global = true)]
    pub password_file: Option<PathBuf>,
    /// Take passwords with a byte order mark, a carriage return or blanks at their ends as they are.
    #[arg(long, global = true)]
    pub password_as_is: bool,
    /// A remote signer that holds your key instead of --key: Web3Signer in its mode `eth1`, like https://signer.example:9000.
    #[arg(long, global = true, value_name = "URL")]
    pub remote_signer: Option<String>,
    /// The account whose key the remote signer holds.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub remote_account: Option<Address>,
    /// What the network file calls accounts and groups, once somebody has asked.
    #[arg(skip)]
    pub names: OnceLock<Names>,
}

/// A node that lives as long as a command.
pub struct Visit {
    pub client: Client,
    pub member: Member,
    _folder: tempfile::TempDir,
}

impl Context {
    /// The network, for reading.
    pub async fn site(&self) -> Result<Site> {
        ensure!(!self.offline, "this needs the chain: leave --offline away; `group show`, `delta show` and `predict` do without");
        Site::open(&self.network).await
    }

    /// Where the key of this command is.
    pub fn place(&self) -> Result<KeyPlace> {
        let place = KeyPlace::new(&self.key, self.password(), self.remote_signer.as_ref(), self.remote_account);
        place.context("--remote-signer and --remote-account go together")
    }

    /// The key of this command.
    pub async fn account(&self) -> Result<Account> {
        self.place()?.account().await
    }

    /// The account of this command, without its password where a file names it.
    pub async fn own_address(&self) -> Result<Address> {
        self.place()?.address().await
    }

    /// The password of the key of this command.
    pub fn password(&self) -> PasswordSource {
        self.other_password(self.password_file.as_ref(), keys::PASSWORD_VARIABLE)
    }

    /// Another password.
    pub fn other_password(&self, file: Option<&PathBuf>, variable: &'static str) -> PasswordSource {
        PasswordSource { file: file.cloned(), variable, as_is: self.password_as_is }
    }

    /// The network, for sending as this command's account.
    pub async fn sending(&self) -> Result<Network> {
        let account = self.account().await?;
        self.sender(&self.site().await?, account)
    }

    /// The same for a network and a key that are open.
    pub fn sender(&self, site: &Site, account: Account) -> Result<Network> {
        site.as_account(account, &self.flights()?)
    }

    /// Where what this command's account sends is kept.
    pub fn flights(&self) -> Result<PathBuf> {
        self.place()?.flights()
    }

    /// Starts a node in a folder of its own and joins the group with its whole history.
    pub async fn visit(&self, site: &Site, group: GroupId) -> Result<Visit> {
        let view = site.network.view(group).await.with_context(|| format!("group {group} cannot be read: check --group"))?;
        let folder = tempfile::tempdir()?;
        let key = keys::node_key(folder.path())?;
        let (client, _) = site.join(folder.path(), key, &[], &[]).await?;
        wait_for_peer(&client).await?;
        client.subscribe(group).await?;
        let member = Member::join(&view, &client).await?.telling(fetching());
        member.inherit(&site.network, site.file.deployed_block, &site.chronicles).await?;
        for event in history(site, group).await? {
            member.note(&event).await;
        }
        Ok(Visit { client, member, _folder: folder })
    }
}

impl Visit {
    /// The messages of the group's log and who wrote them, as far as peers have given them.
    pub async fn read_log(&self) -> Result<Vec<(NodeId, Body)>> {
        read_log(&self.client, self.member.group, QUIET).await
    }

    /// Puts messages into the group's log and offers them for a while; then the node ends.
    pub async fn tell(self, bodies: Vec<Body>) -> Result<()> {
        for body in bodies {
            self.client.append(self.member.group, body).await?;
        }
        sleep(OFFER).await;
        self.client.shutdown().await;
        Ok(())
    }
}

/// Where fetches tell how far they are, which a bar shows.
pub fn fetching() -> watch::Sender<Progress> {
    shown("fetching")
}

/// Where work on files tells how far it is, which a bar of that name shows.
pub fn shown(what: &str) -> watch::Sender<Progress> {
    let (tell, told) = watch::channel(Progress::default());
    tokio::spawn(Bar::new(what, Unit::Bytes).follow(told));
    tell
}

/// The messages of a group's log and who wrote them, until nothing new has come for so long.
pub async fn read_log(client: &Client, group: GroupId, quiet: Duration) -> Result<Vec<(NodeId, Body)>> {
    let (start, mut last) = (Instant::now(), Instant::now());
    let (mut cursor, mut bodies) = (0, Vec::new());
    loop {
        let entries = client.log(group, cursor).await?;
        match entries.last() {
            Some(newest) => (cursor, last) = (newest.number + 1, Instant::now()),
            None if last.elapsed() >= quiet || start.elapsed() >= READ => return Ok(bodies),
            None => sleep(POLL).await,
        }
        let read = |envelope: &Envelope| Some((envelope.author(), Body::from_bytes(envelope.kind(), envelope.body()).ok()?));
        bodies.extend(entries.iter().filter_map(|entry| read(&entry.envelope)));
    }
}

/// A choice that a message holds, and who signed it; nothing if it holds none, or its signature is none.
pub fn choice_in(body: &Body, domain: &Domain) -> Option<(Address, Choice)> {
    let Body::Choice(choice) = body else { return None };
    Some((choice.signer(domain).ok()?, choice.message))
}

/// All events of a group so far.
pub async fn history(site: &Site, group: GroupId) -> Result<Vec<ChainEvent>> {
    let bar = Bar::new("reading the chain", Unit::Each("blocks"));
    let events = site.history_telling(group, |done, total| bar.pass(done, total)).await?;
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// Waits for the first peer, and says what stands in the way if none comes.
pub async fn wait_for_peer(client: &Client) -> Result<()> {
    let start = Instant::now();
    while client.peers().await?.is_empty() {
        if start.elapsed() > FIRST_PEER {
            let troubles = client.neighbourhood().await?.troubles;
            troubles.iter().for_each(|(address, trouble)| output::remark(&format!("no answer from {address}: {trouble}")));
            output::remark("no peer answers: check `peers` in the network file; going on without");
            break;
        }
        sleep(POLL).await;
    }
    Ok(())
}
