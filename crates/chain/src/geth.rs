//! A second local chain, so that nothing depends on anvil: geth in developer mode, built from its Go module.

use std::env;
use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use alloy::primitives::U256;
use alloy::providers::{Provider, RootProvider};
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};

use crate::account::Account;
use crate::connection::Connection;
use crate::dev::DevError;
use crate::error::ChainError;
use crate::settings::Settings;

/// The version that builds from its module alone.
const VERSION: &str = "v1.17.6";
const MODULE: &str = "github.com/ethereum/go-ethereum/cmd/geth";
/// Names a program to be used instead of one that is built.
pub const PROGRAM_VARIABLE: &str = "NEURON_GETH";
/// Chain id of its developer mode.
const CHAIN_ID: u64 = 1_337;
/// Time until the process must answer.
const START_LIMIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How the chain runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GethSettings {
    /// Seconds from block to block.
    pub period_s: u64,
    /// Gas that a block holds.
    pub block_gas: u64,
}

impl Default for GethSettings {
    /// A block a second, as large as on the main network.
    fn default() -> Self {
        Self { period_s: 1, block_gas: 60_000_000 }
    }
}

/// A running geth of one node in a folder that is given. Dropping it ends the process; the folder stays.
pub struct Geth {
    process: Child,
    chain: Connection,
}

impl Geth {
    /// Starts the process on a free port of the loopback interface and waits until it answers.
    pub async fn start(program: &Path, folder: &Path, settings: &GethSettings) -> Result<Self, DevError> {
        let failed = |error: io::Error| DevError::NotStarted { program: program.to_owned(), reason: error.to_string() };
        let port = free_port().map_err(failed)?;
        let mut process = Ended(Some(spawn(program, folder, port, settings).map_err(failed)?));
        let rpc = format!("http://127.0.0.1:{port}").into();
        let chain = connect(Settings { rpc, chain_id: CHAIN_ID, ..Settings::default() }).await?;
        let process = process.0.take().ok_or(DevError::NotFound)?;
        Ok(Self { process, chain })
    }

    /// A connection without an account.
    pub fn chain(&self) -> &Connection {
        &self.chain
    }

    /// Settings with which any program on this machine can connect.
    pub fn settings(&self) -> Settings {
        self.chain.settings().clone()
    }

    /// A new account that the developer's own one, which has all the coins, gives this much of them.
    pub async fn funded(&self, amount: Wei) -> Result<Account, ChainError> {
        let account = Account::random();
        self.give(account.address(), amount).await?;
        Ok(account)
    }

    /// Gives coins, and waits until they are there.
    pub async fn give(&self, to: Address, amount: Wei) -> Result<(), ChainError> {
        let before = self.chain.coin(to).await?;
        let owner = self.request("eth_accounts", json!([])).await?[0].clone();
        let gift = json!({ "from": owner, "to": to.to_string(), "value": U256::from(amount.0) });
        self.request("eth_sendTransaction", json!([gift])).await?;
        while self.chain.coin(to).await? == before {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    async fn request(&self, method: &'static str, parameters: Value) -> Result<Value, ChainError> {
        let request = |provider: RootProvider| {
            let parameters = parameters.clone();
            async move { provider.raw_request(method.into(), parameters).await }
        };
        self.chain.ask(method, request).await
    }
}

impl Drop for Geth {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// Ends a process that was started for nothing.
struct Ended(Option<Child>);

impl Drop for Ended {
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

/// A port of the loopback interface that nobody listens at.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A geth with its data in `folder`: no peers, no other door than the one at `port` of the loopback interface, and nothing printed.
pub fn alone(program: &Path, folder: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["--http", "--http.addr", "127.0.0.1", "--http.port", &port.to_string(), "--http.api", "eth"]);
    command.args(["--port", "0", "--authrpc.port", "0", "--ipcdisable", "--nodiscover", "--maxpeers", "0"]);
    command.arg("--datadir").arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn spawn(program: &Path, folder: &Path, port: u16, settings: &GethSettings) -> io::Result<Child> {
    let GethSettings { period_s, block_gas } = settings;
    alone(program, folder, port).args(["--dev", "--dev.period", &period_s.to_string(), "--dev.gaslimit", &block_gas.to_string()]).spawn()
}

async fn connect(settings: Settings) -> Result<Connection, ChainError> {
    let started = Instant::now();
    loop {
        match Connection::connect(settings.clone()).await {
            Err(error) if !error.is_refusal() && started.elapsed() < START_LIMIT => tokio::time::sleep(LOOK_AGAIN).await,
            other => return other,
        }
    }
}

/// The program that [`PROGRAM_VARIABLE`] names, else the one in `folder`, built there by Go if it is not there yet, which
/// takes minutes. `Err` says why there is none. Blocks: call it off the async threads.
pub fn find_or_build(folder: &Path) -> Result<PathBuf, String> {
    if let Some(program) = env::var_os(PROGRAM_VARIABLE) {
        return Ok(program.into());
    }
    let home = folder.join(format!("geth-{VERSION}"));
    let program = home.join(format!("geth{}", env::consts::EXE_SUFFIX));
    fs::create_dir_all(&home).map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    // Whoever comes while another one builds waits for that one.
    let door = File::create(home.join("lock")).and_then(|door| door.lock().map(|()| door));
    let _door = door.map_err(|error| format!("cannot lock {}: {error}", home.display()))?;
    if !program.is_file() {
        build(&home)?;
    }
    Ok(program)
}

/// The same on a thread that may wait, for tests: without a geth it says so, and that the test is skipped.
pub async fn find_or_skip(folder: &'static str) -> Option<PathBuf> {
    let found = tokio::task::spawn_blocking(|| find_or_build(Path::new(folder))).await.unwrap_or_else(|error| Err(error.to_string()));
    found.inspect_err(|reason| println!("skipped, there is no geth: {reason}")).ok()
}

fn build(home: &Path) -> Result<(), String> {
    let target = format!("{MODULE}@{VERSION}");
    let built = Command::new("go").args(["install", &target]).env("GOBIN", home).stdin(Stdio::null()).output();
    let built = built.map_err(|error| format!("Go cannot be run ({error})"))?;
    if built.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&built.stderr);
    Err(format!("`go install {target}` failed: {}", complaint.lines().last().unwrap_or("without a word")))
}
