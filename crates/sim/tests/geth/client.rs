//! A geth at the beginning of an empty chain, by the rules under which the contracts were compiled; nothing is mined on it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use alloy::providers::{Provider, ProviderBuilder, RootProvider};
use chain::geth;
use serde_json::{Value, json};

/// That of the simulator's chains.
const CHAIN_ID: u64 = 31_337;
/// Time until the process must answer.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running geth; it ends when this is dropped.
pub struct Client {
    process: Child,
    provider: RootProvider,
}

impl Client {
    pub async fn start(program: &Path, folder: &Path) -> Self {
        let genesis = folder.join("genesis.json");
        fs::write(&genesis, genesis_of().to_string()).expect("room for a file");
        let data = folder.join("data");
        let log = || File::options().create(true).append(true).open(folder.join("geth.log")).expect("room for a log");
        let mut begin = Command::new(program);
        begin.arg("init").arg("--datadir").arg(&data).arg(&genesis).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log());
        assert!(begin.status().expect("geth runs").success(), "{}", log_of(folder));
        let port = geth::free_port().expect("a free port");
        let mut run = geth::alone(program, &data, port);
        run.args(["--networkid", &CHAIN_ID.to_string(), "--rpc.gascap", "0", "--rpc.evmtimeout", "0"]).stderr(log());
        let url = format!("http://127.0.0.1:{port}").parse().expect("an address");
        let client = Self { process: run.spawn().expect("geth starts"), provider: ProviderBuilder::default().connect_http(url) };
        client.wait(folder).await;
        client
    }

    async fn wait(&self, folder: &Path) {
        let started = Instant::now();
        while let Err(error) = self.provider.get_chain_id().await {
            assert!(started.elapsed() < START_LIMIT, "{error}: {}", log_of(folder));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it answers.
    pub async fn ask(&self, method: &'static str, parameters: Value) -> Value {
        self.provider.raw_request(method.into(), parameters).await.expect("geth answers")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("geth.log")).unwrap_or_default()
}

/// With all rules up to Cancun's from the first block on.
fn genesis_of() -> Value {
    let mut config = json!({
        "chainId": CHAIN_ID, "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0,
        "blobSchedule": { "cancun": { "target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477 } },
    });
    for rules in ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul", "berlin", "london"] {
        config[format!("{rules}Block")] = json!(0);
    }
    json!({ "config": config, "difficulty": "0x0", "gasLimit": "0x3938700", "baseFeePerGas": "0x3b9aca00", "alloc": {} })
}
