//! The same against geth, the most used client, whose pool and errors are stricter than anvil's.
//! Run with `NEURON_GETH=/path/to/geth cargo test -p chain -- --ignored`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alloy::transports::http::reqwest::Client;
use chain::{Account, Chain, ChainError, Followed, Follower, Settings};
use futures::future::join_all;
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};

use crate::support::{LOGGER, REFUSER, call, connect, deploy, payment, quick, words};

const SOMEBODY: Address = Address([0x55; 20]);

struct Geth {
    process: Child,
    settings: Settings,
    _folder: tempfile::TempDir,
}

impl Drop for Geth {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Geth {
    /// A development chain with a block a second, and an account that owns a thousand coins.
    async fn start() -> (Self, Account) {
        let program = std::env::var("NEURON_GETH").expect("NEURON_GETH names the geth binary");
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut command = Command::new(program);
        command.args(["--dev", "--dev.period", "1", "--http", "--http.api", "eth", "--ipcdisable", "--authrpc.port", "0"]);
        command.args(["--port", "0", "--http.port", &port.to_string()]).arg("--datadir").arg(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("geth starts");
        let settings = Settings { rpc_url: format!("http://127.0.0.1:{port}"), chain_id: 1337, ..Settings::default() };
        let geth = Self { process, settings: quick(settings), _folder: folder };
        geth.wait().await;
        let account = Account::random();
        let owner = geth.request("eth_accounts", json!([])).await[0].clone();
        let gift = json!({ "from": owner, "to": account.address().to_string(), "value": "0x3635c9adc5dea00000" });
        geth.request("eth_sendTransaction", json!([gift])).await;
        let chain = connect(geth.settings.clone()).await;
        while chain.coin(account.address()).await.expect("a balance") == Wei(0) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        (geth, account)
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if Chain::connect(self.settings.clone()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("geth does not answer");
    }

    async fn request(&self, method: &str, parameters: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
        let client = Client::builder().no_proxy().build().expect("a client");
        let request = client.post(&self.settings.rpc_url).header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("an answer").bytes().await.expect("bytes");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }
}

#[tokio::test]
#[ignore = "needs NEURON_GETH"]
async fn geth_takes_what_is_sent_and_its_refusals_are_understood() {
    let (geth, account) = Geth::start().await;
    let reader = connect(geth.settings.clone()).await;
    let chain = reader.with_account(account.clone());
    let logger = deploy(&chain, &LOGGER).await;
    let sent = join_all((1..=20).map(|word| chain.send(call(logger, word)))).await;
    let mut seen: Vec<u64> = sent.into_iter().flat_map(|receipt| words(&receipt.expect("mined").logs)).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());

    let refuser = deploy(&chain, &REFUSER).await;
    let refused = chain.send(call(refuser, 1)).await;
    assert!(matches!(&refused, Err(ChainError::Reverted(revert)) if revert.name.starts_with("unknown error")), "{refused:?}");
    let poor = reader.with_account(Account::random()).pay(SOMEBODY, Wei(1)).await;
    assert!(matches!(poor, Err(ChainError::CannotPay { .. })), "{poor:?}");
    let too_much = chain.send(payment(SOMEBODY, u128::MAX)).await;
    assert!(matches!(too_much, Err(ChainError::CannotPay { .. })), "{too_much:?}");

    let other = reader.with_account(account);
    let both = (0..4).flat_map(|_| [chain.send(payment(SOMEBODY, 1)), other.send(payment(SOMEBODY, 100))]);
    let receipts = join_all(both).await;
    assert!(receipts.iter().all(Result::is_ok), "{receipts:?}");
    assert_eq!(reader.coin(SOMEBODY).await.expect("a balance"), Wei(404));

    let mut follower = Follower::new(&reader, &[logger], 0);
    let (mut numbers, mut logged) = (Vec::new(), Vec::new());
    let tip = reader.confirmed_number().await.expect("a number");
    while numbers.last() != Some(&tip) {
        let Ok(Followed::Block { block, logs }) = follower.next().await else { panic!("no block") };
        numbers.push(block.number);
        logged.extend(words(&logs));
    }
    assert_eq!(numbers, (0..=tip).collect::<Vec<_>>());
    logged.sort_unstable();
    assert_eq!(logged, (1..=20).collect::<Vec<_>>());
}
