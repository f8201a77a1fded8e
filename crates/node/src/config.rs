//! What a program is told: the network file, the group file, and the settings of a node.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use evaluator::Manifest;
use protocol::Address;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use crate::network_file::{Deploy, Named, NetworkFile};
use crate::{
    groups::Groups,
    http::HttpConfig,
    keys::{KeyPlace, PASSWORD_VARIABLE},
    logging::LogConfig,
    machine::EvaluatorConfig,
    password::PasswordSource,
    traces::TraceConfig,
};

/// The largest configuration file that is read, bytes.
const MAX_FILE: u64 = 64 * 1024;
/// Less is no store: a set may have 64 MiB, and there are checkpoints beside it.
const STORE_BYTES_LEAST: u64 = 256 << 20;
/// Seconds of a phase of a development network; nodes send nothing shortly before the end of one.
const PHASE_S: RangeInclusive<u32> = 4..=86_400;

/// Reads a TOML file into `T`; unknown keys are errors.
///
/// # Errors
/// A missing, oversized or malformed file, with its path and the place.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let meta = fs::metadata(path).with_context(|| format!("cannot read {}: give the path of an existing file", path.display()))?;
    ensure!(meta.is_file() && meta.len() <= MAX_FILE, "{} is no file of at most {MAX_FILE} bytes", path.display());
    let text = fs::read_to_string(path).with_context(|| format!("{} is not UTF-8 text", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is malformed: correct the line named below", path.display()))
}

/// The `[node]` part of a program's settings; relative paths in it count from the file's folder.
///
/// # Errors
/// As [`read`]; when there is no such part.
pub fn node_of(path: &Path) -> Result<NodeConfig> {
    let node: Option<NodeConfig> = part(path, "node")?;
    let node = node.with_context(|| format!("{} has no part [node]: name the settings of a node", path.display()))?;
    Ok(node.relative_to(path.parent().unwrap_or(Path::new("."))))
}

/// The `[evaluator]` part of a program's settings; without it the processor computes.
///
/// # Errors
/// As [`read`].
pub fn evaluator_of(path: &Path) -> Result<EvaluatorConfig> {
    Ok(part(path, "evaluator")?.unwrap_or_default())
}

/// The `[http]` part of a program's settings; without it the room stays closed.
///
/// # Errors
/// As [`read`].
pub fn http_of(path: &Path) -> Result<HttpConfig> {
    Ok(part(path, "http")?.unwrap_or_default())
}

/// The `[log]` part of a program's settings; a relative path in it counts from the file's folder.
///
/// # Errors
/// As [`read`].
pub fn log_of(path: &Path) -> Result<LogConfig> {
    let log: LogConfig = part(path, "log")?.unwrap_or_default();
    Ok(log.relative_to(path.parent().unwrap_or(Path::new("."))))
}

/// The `[trace]` part of a program's settings; without it nothing is sent.
///
/// # Errors
/// As [`read`].
pub fn trace_of(path: &Path) -> Result<TraceConfig> {
    Ok(part(path, "trace")?.unwrap_or_default())
}

fn part<T: DeserializeOwned>(path: &Path, name: &str) -> Result<Option<T>> {
    let mut table: toml::Table = read(path)?;
    let read = table.remove(name).map(|part| part.try_into().with_context(|| format!("[{name}] in {} is malformed", path.display())));
    read.transpose()
}

/// What every node is told. The defaults serve a first node of a local network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeConfig {
    /// The network file; a relative path counts from this file's folder.
    pub network: PathBuf,
    /// Which groups are served: `1`, `[1, 4]`, or `"all I have stake in"`.
    pub group: Groups,
    /// Folder of keys, blocks, log and signing log; made if missing.
    pub data: PathBuf,
    /// Encrypted key of the account (Web3 secret storage, version 3).
    pub keystore: PathBuf,
    /// File whose first line is its password; without it the variable `NEURON_PASSWORD` is read, or the terminal.
    pub password_file: Option<PathBuf>,
    /// Whether a byte order mark, a carriage return or blanks at the ends of that line belong to the password.
    pub password_as_is: bool,
    /// Address of a remote signer (Web3Signer in its mode `eth1`), which stands for the keystore.
    pub signer: Option<String>,
    /// The account whose key the remote signer holds.
    pub account: Option<Address>,
    /// Addresses to listen on, as multiaddrs, TCP or QUIC; port 0 lets the system choose. Without any: free ports of this machine, for itself
    /// alone if all peers that are named are on it, else for everybody.
    pub listen: Vec<String>,
    /// Addresses under which others reach this node, if it does not listen on them itself: a router's, or a name.
    pub external: Vec<String>,
    /// Further peers to dial, beside those of the network file.
    pub peers: Vec<String>,
    /// Connections that others may open; without it 128, of which a quarter is kept for peers that are known.
    pub inbound_connections: Option<u32>,
    /// Connections that this node opens; without it 64.
    pub outbound_connections: Option<u32>,
    /// Connections that one host may open; without it 8, and from this machine any number.
    pub connections_per_host: Option<u32>,
    /// Bytes a second that go out to peers at most.
    pub upload_bytes_per_s: Option<u64>,
    /// Bytes a second that come in from peers at most.
    pub download_bytes_per_s: Option<u64>,
    /// Whether nodes of the local network are looked for; without it, where the node listens on more than this machine.
    pub mdns: Option<bool>,
    /// Whether the router is asked to forward the ports that the node listens on.
    pub upnp: bool,
    /// Whether this node relays for others, once it is reached itself.
    pub relay: bool,
    /// Whether it leans on relays of others as long as it is not.
    pub lean_on_relays: bool,
    /// Bytes that all files of peers and of this node may have together; without it 64 GiB. What must stay is never removed for others.
    pub store_bytes: Option<u64>,
    /// Trustless IPFS gateways, like `https://gateway.example`, that are asked for what peers do not give in a while.
    pub gateways: Vec<String>,
    /// RPC of an IPFS node of the owner's, like `http://127.0.0.1:5001`: it gets and pins what this node holds, and gives what it has.
    pub kubo: Option<String>,
    /// Seconds, by confirmed blocks, before the end of a phase in which nothing is sent any more; without it a block (two seconds at
    /// least) and those by which the newest block is ahead, as measured.
    pub edge_s: Option<u64>,
    /// Coins of the chain that one NRN is worth to you, in digits: no call pays more gas than it brings.
    pub nrn_price: Option<String>,
    /// Coins that a round must bring above its gas at that price, or it is not played; may be 0.
    pub least_profit: Option<String>,
    /// It is said when the account's coin lasts for fewer rounds than this.
    pub coin_rounds: u64,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            network: "network.toml".into(),
            group: Groups::from(1),
            data: "data".into(),
            keystore: "account.json".into(),
            password_file: None,
            password_as_is: false,
            signer: None,
            account: None,
            listen: Vec::new(),
            external: Vec::new(),
            peers: Vec::new(),
            inbound_connections: None,
            outbound_connections: None,
            connections_per_host: None,
            upload_bytes_per_s: None,
            download_bytes_per_s: None,
            mdns: None,
            upnp: false,
            relay: false,
            lean_on_relays: true,
            store_bytes: None,
            gateways: Vec::new(),
            kubo: None,
            edge_s: None,
            nrn_price: None,
            least_profit: None,
            coin_rounds: 20,
        }
    }
}

impl NodeConfig {
    /// Makes relative paths count from `folder`, the folder of the file that held them.
    pub fn relative_to(mut self, folder: &Path) -> Self {
        for path in [&mut self.network, &mut self.data, &mut self.keystore] {
            *path = folder.join(&*path);
        }
        self.password_file = self.password_file.map(|path| folder.join(path));
        self
    }

    /// How many bytes its files may have.
    ///
    /// # Errors
    /// When that is less than the files of one group need.
    pub fn store_bytes(&self) -> Result<Option<u64>> {
        let is_enough = self.store_bytes.is_none_or(|bytes| bytes >= STORE_BYTES_LEAST);
        ensure!(is_enough, "`store_bytes` of [node] is too small: give it at least {STORE_BYTES_LEAST}, or leave it out for 64 GiB");
        Ok(self.store_bytes)
    }

    /// Where the account's key is.
    ///
    /// # Errors
    /// When only one of `signer` and `account` is named.
    pub fn key(&self) -> Result<KeyPlace> {
        let password = PasswordSource { file: self.password_file.clone(), variable: PASSWORD_VARIABLE, as_is: self.password_as_is };
        KeyPlace::new(&self.keystore, password, self.signer.as_ref(), self.account).context("`signer` and `account` of [node] go together")
    }
}

/// A training group before it is born: the model, its clock, its data. `configs/groups/*.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupFile {
    pub name: String,
    #[serde(default)]
    pub times: Times,
    #[serde(default)]
    pub devnet: Phases,
    pub data: Data,
    /// What a trainer of this group starts with; each trainer may set its own.
    pub training: toml::Table,
    pub manifest: Manifest,
}

impl GroupFile {
    /// Reads a group file; its manifest must be one that every client accepts. Relative paths in it are made to count from
    /// its folder.
    ///
    /// # Errors
    /// With what is wrong and where.
    pub fn read(path: &Path) -> Result<Self> {
        let mut file: Self = read(path)?;
        Manifest::from_bytes(&file.manifest.to_bytes()).with_context(|| format!("the manifest in {}", path.display()))?;
        let Phases { train_s, reveal_s, judge_s } = file.devnet;
        let fit = [train_s, reveal_s, judge_s].iter().all(|phase_s| PHASE_S.contains(phase_s));
        ensure!(fit, "each time of [devnet] in {} must be {} to {} s", path.display(), PHASE_S.start(), PHASE_S.end());
        let folder = path.parent().unwrap_or(Path::new("."));
        file.data.paths_mut().for_each(|data| *data = folder.join(&*data));
        Ok(file)
    }
}

/// The clock of a group, seconds; a winner must be better by `base >> improve`, and by `least` micronats.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Times {
    pub train_s: u32,
    pub reveal_s: u32,
    pub judge_s: u32,
    pub period_s: u32,
    pub improve: u8,
    pub least: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self { train_s: 2400, reveal_s: 300, judge_s: 900, period_s: 604_800, improve: 10, least: 1_000 }
    }
}

/// The clock of a group on a development network, seconds; its period is two rounds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phases {
    pub train_s: u32,
    pub reveal_s: u32,
    pub judge_s: u32,
}

impl Default for Phases {
    fn default() -> Self {
        Self { train_s: 5, reveal_s: 5, judge_s: 6 }
    }
}

/// Files and folders of examples; relative paths count from the folder of the group file. Of a folder those files are taken
/// whose names end as the manifest's format says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The set at the group's birth.
    pub genesis: PathBuf,
    /// What the development network proposes: further rows, or texts that are added under their names or take the place of
    /// those there.
    #[serde(default)]
    pub proposed: Vec<PathBuf>,
    /// Examples that are never put into the set.
    #[serde(default)]
    pub heldout: Option<PathBuf>,
    /// The first weights; left out: drawn.
    #[serde(default)]
    pub checkpoint: Option<PathBuf>,
    /// The `tokenizer.json` that a manifest of tokens names.
    #[serde(default)]
    pub tokenizer: Option<PathBuf>,
    /// Folder of the shards that lines of a set of tokens name.
    #[serde(default)]
    pub shards: Option<PathBuf>,
}

impl Data {
    /// All that are named.
    fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let files = [&mut self.heldout, &mut self.checkpoint, &mut self.tokenizer, &mut self.shards];
        [&mut self.genesis].into_iter().chain(&mut self.proposed).chain(files.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_groups_and_networks_are_well_formed() {
        let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
        let files = |folder| fs::read_dir(configs.join(folder)).expect("a folder").map(|entry| entry.expect("a file").path());
        for path in files("groups") {
            let mut group = GroupFile::read(&path).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(path.file_stem(), Some(group.name.as_ref()), "a group is named as its file");
            assert_eq!(group.times.period_s, 604_800, "{}", group.name);
            assert!(group.data.paths_mut().count() == 4 && group.data.paths_mut().all(|path| path.exists()), "{:?}", group.data);
        }
        for path in files("networks") {
            let network: NetworkFile = read(&path).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(path.file_stem(), Some(network.name.as_ref()), "a network is named as its file");
            let deploy = network.deploy.expect("each can be deployed");
            deploy.terms(0).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
            assert!(deploy.deadline_s().expect("a moment").is_none(), "{}: a deadline would pass", path.display());
        }
    }

    #[test]
    fn bad_files_are_refused_with_their_path_and_the_line() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("network.toml");
        for (text, wanted) in [
            ("name = 1", "name"),
            ("name = \"x\"\nrpc = \"http://x\"\nchain_id = 1\ncontract = \"0x0\"\ncolour = 3", "colour"),
            ("name = ", "line 1"),
        ] {
            fs::write(&path, text).expect("written");
            let error = format!("{:#}", read::<NetworkFile>(&path).expect_err(text));
            assert!(error.contains(wanted) && error.contains("network.toml"), "{error}");
        }
        fs::write(&path, vec![b'#'; MAX_FILE as usize + 1]).expect("written");
        assert!(read::<NetworkFile>(&path).expect_err("too large").to_string().contains("at most"));
    }
}
