//! The local chain for devnets and tests: an anvil process that ends with its handle.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use alloy::primitives::{B256, U256};
use alloy::providers::{Provider, RootProvider};
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::account::Account;
use crate::connection::Connection;
use crate::convert;
use crate::error::ChainError;
use crate::settings::Settings;

/// Time until the process must listen.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Bytes of its output that are read while it starts.
const GREETING_BYTES_LIMIT: u64 = 256 * 1024;
/// What the process prints once it serves requests.
const LISTENING: &str = "Listening on ";
/// Secret keys of the accounts that anvil fills at its start: public knowledge, worthless anywhere else.
const DEV_KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// How the local chain runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnvilSettings {
    /// Milliseconds from block to block; 0 = a block for every transaction and none without.
    pub block_time_ms: u64,
    /// Where it listens; whoever reaches it there owns it.
    pub host: Ipv4Addr,
    /// Port there; 0 = any free one.
    pub port: u16,
    pub chain_id: u64,
    /// Gas that a block holds; none = anvil's own limit.
    pub block_gas: Option<u64>,
}

impl Default for AnvilSettings {
    fn default() -> Self {
        Self { block_time_ms: 1_000, host: Ipv4Addr::LOCALHOST, port: 0, chain_id: 31_337, block_gas: None }
    }
}

/// Why there is no local chain.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    #[error("anvil was not found; run `npm ci` in the repository, or install Foundry")]
    NotFound,
    #[error("{program} did not start: {reason}")]
    NotStarted { program: PathBuf, reason: String },
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// A running anvil. Dropping it ends the process.
pub struct Anvil {
    process: Child,
    url: String,
    chain: Connection,
}

impl Anvil {
    /// Starts the process and waits until it answers.
    pub async fn start(settings: &AnvilSettings) -> Result<Self, DevError> {
        let program = find_anvil().ok_or(DevError::NotFound)?;
        let mut process = Guard(Some(spawn(&program, settings)?));
        let url = format!("http://{}", listening_address(&program, &mut process).await?);
        let connection = Settings { rpc: url.clone().into(), chain_id: settings.chain_id, ..Settings::default() };
        let chain = Connection::connect(connection).await?;
        let process = process.0.take().ok_or(DevError::NotFound)?;
        Ok(Self { process, url, chain })
    }

    /// Address of its JSON-RPC server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Number of the process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// A connection without an account.
    pub fn chain(&self) -> &Connection {
        &self.chain
    }

    /// Settings with which any program on this machine can connect.
    pub fn settings(&self) -> Settings {
        self.chain.settings().clone()
    }

    /// Account `index` of the ten that own coin from the start.
    pub fn account(index: usize) -> Result<Account, ChainError> {
        let key = DEV_KEYS.get(index).ok_or_else(|| ChainError::Signing("there are ten dev accounts".to_owned()))?;
        Account::from_hex(key)
    }

    /// Gives an account this much of the chain's coin.
    pub async fn set_coin(&self, of: Address, amount: Wei) -> Result<(), ChainError> {
        self.tell("anvil_setBalance", json!([of.to_string(), U256::from(amount.0)])).await
    }

    /// Lets `seconds` pass at once and makes a block.
    pub async fn advance(&self, seconds: u64) -> Result<(), ChainError> {
        self.tell("evm_increaseTime", json!([seconds])).await?;
        self.mine(1).await
    }

    /// Makes `blocks` blocks now.
    pub async fn mine(&self, blocks: u64) -> Result<(), ChainError> {
        self.tell("anvil_mine", json!([U256::from(blocks)])).await
    }

    /// Makes `blocks` blocks now, so many seconds apart by their dates.
    pub async fn mine_apart(&self, blocks: u64, seconds: u64) -> Result<(), ChainError> {
        self.tell("anvil_mine", json!([U256::from(blocks), U256::from(seconds)])).await
    }

    /// From now on there is a block every so many seconds, and none for a transaction.
    pub async fn set_interval(&self, seconds: u64) -> Result<(), ChainError> {
        self.tell("evm_setIntervalMining", json!([seconds])).await
    }

    /// Replaces the last `depth` blocks by empty ones.
    pub async fn reorganise(&self, depth: u64) -> Result<(), ChainError> {
        self.tell("anvil_reorg", json!([depth, []])).await
    }

    /// Throws the last `depth` blocks away.
    pub async fn roll_back(&self, depth: u64) -> Result<(), ChainError> {
        self.tell("anvil_rollback", json!([depth])).await
    }

    /// Whether a transaction makes a block of its own at once.
    pub async fn set_automine(&self, on: bool) -> Result<(), ChainError> {
        self.tell("evm_setAutomine", json!([on])).await
    }

    /// Makes the pool forget a transaction.
    pub async fn drop_transaction(&self, hash: protocol::ids::Digest) -> Result<(), ChainError> {
        let hash: B256 = convert::to_b256(hash);
        self.tell("anvil_dropTransaction", json!([hash])).await
    }

    /// Any request, answered as it comes.
    pub async fn request(&self, method: &'static str, parameters: Value) -> Result<Value, ChainError> {
        let request = |provider: RootProvider| {
            let parameters = parameters.clone();
            async move { provider.raw_request(method.into(), parameters).await }
        };
        self.chain.ask(method, request).await
    }

    async fn tell(&self, method: &'static str, parameters: Value) -> Result<(), ChainError> {
        self.request(method, parameters).await.map(drop)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends a process that was started for nothing.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            end(process);
        }
    }
}

fn end(process: &mut Child) {
    drop(process.kill());
    drop(process.wait());
}

fn spawn(program: &Path, settings: &AnvilSettings) -> Result<Child, DevError> {
    let mut command = Command::new(program);
    command.args(["--host", &settings.host.to_string(), "--port", &settings.port.to_string()]);
    command.args(["--chain-id", &settings.chain_id.to_string()]);
    if settings.block_time_ms > 0 {
        command.args(["--block-time", &format!("{}.{:03}", settings.block_time_ms / 1_000, settings.block_time_ms % 1_000)]);
    }
    if let Some(block_gas) = settings.block_gas {
        command.args(["--gas-limit", &block_gas.to_string()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| not_started(program, error))
}

/// Waits for the line with the address; afterwards the output is read on and thrown away, or the process would block.
async fn listening_address(program: &Path, process: &mut Guard) -> Result<String, DevError> {
    let Guard(Some(child)) = process else { return Err(DevError::NotFound) };
    let (Some(output), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(not_started(program, "it has no output"));
    };
    let (found, address) = oneshot::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let line = output.by_ref().take(GREETING_BYTES_LIMIT).lines().map_while(Result::ok);
        let address = line.filter_map(|line| line.strip_prefix(LISTENING).map(str::to_owned)).next();
        drop(address.map(|address| found.send(address)));
        drop(std::io::copy(&mut output, &mut std::io::sink()));
    });
    let complaint = thread::spawn(move || {
        let mut text = Vec::new();
        drop(errors.by_ref().take(GREETING_BYTES_LIMIT).read_to_end(&mut text));
        drop(std::io::copy(&mut errors, &mut std::io::sink()));
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    match tokio::time::timeout(START_LIMIT, address).await {
        Ok(Ok(address)) => Ok(address.trim().to_owned()),
        Ok(Err(_)) => Err(not_started(program, complaint.join().unwrap_or_default())),
        Err(_) => Err(not_started(program, "it did not listen in time")),
    }
}

fn not_started(program: &Path, reason: impl ToString) -> DevError {
    DevError::NotStarted { program: program.to_owned(), reason: reason.to_string() }
}

/// The program that npm brought, above the working folder or this executable, else the one on PATH. The script that npm
/// links as `anvil` would survive us as the parent of the real process, so the real one is looked for.
pub fn find_anvil() -> Option<PathBuf> {
    let here = env::current_dir().ok();
    let program = env::current_exe().ok();
    let starts = [here.as_deref(), program.as_deref()];
    let in_modules = starts.into_iter().flatten().flat_map(Path::ancestors).find_map(anvil_below);
    in_modules.or_else(anvil_on_path)
}

fn anvil_below(folder: &Path) -> Option<PathBuf> {
    let packages = folder.join("node_modules/@foundry-rs").read_dir().ok()?;
    let candidates = packages.filter_map(Result::ok).map(|package| package.path().join("bin").join(program_name()));
    candidates.filter(|path| path.is_file()).find(|path| is_named_anvil(path))
}

fn is_named_anvil(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("anvil-"))
}

fn anvil_on_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    let candidates = env::split_paths(&folders).map(|folder| folder.join(program_name()));
    candidates.filter(|path| path.is_file()).find(|path| !is_script(path))
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_err() || &start == b"#!"
}

fn program_name() -> String {
    format!("anvil{}", env::consts::EXE_SUFFIX)
}
