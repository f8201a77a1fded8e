//! A network on a chain whose time is moved by hand, accounts that act, and the fold of its logs.

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, Bytes, U256, address};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use chain::dev::{Anvil, AnvilSettings};
use chain::{Connection, Settings};
use governance::{Addresses, Terms, deploy};
use protocol::ids;
use protocol::money::Wei;
use serde_json::{Value, json};
use token::SaleTerms;
use views::{Contracts, Log, Views};

use crate::asked::INetwork;

pub const EPOCH_S: u64 = 600;
pub const MATURITY_S: u64 = 240;
pub const PERIOD_S: u64 = 400;
pub const SALE_S: u64 = 1_000;
/// Wei of coin for one NRN.
pub const PRICE: u128 = 1_000_000_000;
/// 0.001 NRN.
pub const MIN_DEPOSIT: Wei = Wei(1_000_000_000_000_000);
/// A contract that accepts every signature by ERC-1271.
pub const WALLET: Address = address!("00000000000000000000000000000000000000aa");
const WALLET_CODE: &str = "0x631626ba7e60e01b60005260206000f3";
const GAS: u64 = 20_000_000;
const ACTORS: u8 = 8;
const HOT_KEYS: u8 = 60;

pub struct World {
    pub anvil: Anvil,
    pub at: Addresses,
    pub domain: B256,
    /// Accounts that have coins and send.
    pub actors: Vec<PrivateKeySigner>,
    /// Keys that only sign.
    pub hot: Vec<PrivateKeySigner>,
    pub views: Views,
    /// Names of the network's events that came.
    pub seen: BTreeSet<&'static str>,
    next_block: u64,
    /// Time of the last block.
    pub now_s: u64,
}

pub fn nrn(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

fn key(kind: u8, number: u8) -> PrivateKeySigner {
    let mut bytes = [kind; 32];
    bytes[31] = number;
    PrivateKeySigner::from_bytes(&bytes.into()).expect("a key")
}

pub fn eth(address: ids::Address) -> Address {
    Address::new(address.0)
}

impl World {
    pub async fn deployed() -> Self {
        let anvil = Anvil::start(&AnvilSettings { block_time_ms: 0, ..AnvilSettings::default() }).await.expect("anvil starts");
        // A second from block to block: a seed is one walk, however fast the machine is.
        anvil.request("anvil_setBlockTimestampInterval", json!([1])).await.expect("the chain answers");
        let chain = Connection::connect(Settings { poll_ms: 10, ..anvil.settings() }).await.expect("the chain answers");
        let deadline_s = chain.latest().await.expect("a block").time_s + SALE_S;
        let founder = chain.with_account(Anvil::account(0).expect("an account"));
        let at = deploy(&founder, &terms(deadline_s), |_| {}).await.expect("a network");
        let Addresses { neuron, emission, sale, purse, network, .. } = at;
        let views = Views::new(Contracts { neuron, emission, sale, purse, network });
        let actors: Vec<_> = (1..=ACTORS).map(|number| key(1, number)).collect();
        let hot = (1..=HOT_KEYS).map(|number| key(2, number)).collect();
        let mut world = Self { anvil, at, domain: B256::ZERO, actors, hot, views, seen: BTreeSet::new(), next_block: 0, now_s: 0 };
        world.prepare().await;
        world
    }

    async fn prepare(&mut self) {
        self.ask("anvil_autoImpersonateAccount", json!([true])).await;
        self.ask("anvil_setCode", json!([WALLET, WALLET_CODE])).await;
        let coins = U256::from(10).pow(U256::from(24));
        let accounts: Vec<_> = self.actors.iter().map(PrivateKeySigner::address).chain([WALLET, eth(self.at.network)]).collect();
        for account in accounts {
            self.ask("anvil_setBalance", json!([account, coins])).await;
        }
        let answer = self.call(eth(self.at.network), &INetwork::DOMAIN_SEPARATORCall {}.abi_encode()).await;
        self.domain = B256::from_slice(&answer.expect("a domain"));
        self.follow().await;
    }

    /// Any request that succeeds.
    pub async fn ask(&self, method: &'static str, parameters: Value) -> Value {
        self.anvil.request(method, parameters).await.expect("the chain answers")
    }

    /// What a contract answers now; `None` if it refuses.
    pub async fn call(&self, to: Address, data: &[u8]) -> Option<Bytes> {
        self.call_at(to, data, None).await
    }

    /// What a contract would answer if this were the time.
    pub async fn call_at(&self, to: Address, data: &[u8], time_s: Option<u64>) -> Option<Bytes> {
        let call = json!({"to": to, "data": Bytes::copy_from_slice(data), "gas": "0x1c9c3800"});
        let parameters = match time_s {
            None => json!([call, "latest"]),
            Some(time_s) => json!([call, "latest", {}, {"time": U256::from(time_s)}]),
        };
        let answer = self.anvil.request("eth_call", parameters).await.ok()?;
        serde_json::from_value(answer).ok()
    }

    /// Sends a transaction, which makes the block of the next second. Returns whether it succeeded; the fold has its logs.
    pub async fn send(&mut self, from: Address, to: Address, value: U256, data: Vec<u8>) -> bool {
        self.ask("evm_setNextBlockTimestamp", json!([self.now_s + 1])).await;
        let transaction = json!({
            "from": from, "to": to, "value": value, "data": Bytes::from(data), "gas": U256::from(GAS), "gasPrice": U256::from(5_000_000_000_u64),
        });
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        let mut receipt = Value::Null;
        while receipt.is_null() {
            receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
        }
        self.follow().await;
        receipt["status"] == "0x1"
    }

    /// Lets time pass until `time_s`.
    pub async fn pass(&mut self, time_s: u64) {
        if time_s > self.now_s {
            self.ask("evm_setNextBlockTimestamp", json!([time_s])).await;
            self.ask("evm_mine", json!([])).await;
            self.follow().await;
        }
    }

    /// Feeds the fold with the logs of new blocks.
    async fn follow(&mut self) {
        let latest = self.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        let last = number(&latest["number"]);
        self.now_s = number(&latest["timestamp"]);
        let filter = json!([{"fromBlock": U256::from(self.next_block), "toBlock": U256::from(last)}]);
        let logs = self.ask("eth_getLogs", filter).await;
        for log in logs.as_array().expect("logs") {
            let log = plain(log);
            let selector = log.topics.first().map(|topic| topic.0).unwrap_or_default();
            self.seen.extend(INetwork::INetworkEvents::name_by_selector(selector));
            self.views.apply(&log).expect("a log that fits");
        }
        self.next_block = last + 1;
    }

    /// The key behind an address.
    pub fn key_of(&self, account: Address) -> Option<&PrivateKeySigner> {
        self.hot.iter().chain(&self.actors).find(|key| key.address() == account)
    }
}

fn terms(deadline_s: u64) -> Terms {
    let sale = SaleTerms { price: Wei(PRICE), deadline_s, minimum: Wei::nrn(100) };
    let (exit_s, tip) = (6 * EPOCH_S, Wei(1_000_000_000));
    Terms { sale, epoch_s: EPOCH_S, exit_s, maturity_s: MATURITY_S, min_deposit: MIN_DEPOSIT, tip }
}

fn plain(log: &Value) -> Log {
    let read = |value: &Value| -> Vec<u8> { serde_json::from_value::<Bytes>(value.clone()).expect("bytes").to_vec() };
    let digest = |value: &Value| ids::Digest(read(value).try_into().expect("32 bytes"));
    Log {
        address: ids::Address(read(&log["address"]).try_into().expect("20 bytes")),
        topics: log["topics"].as_array().expect("topics").iter().map(digest).collect(),
        data: read(&log["data"]),
        block: number(&log["blockNumber"]),
        time_s: number(&log["blockTimestamp"]),
    }
}

fn number(value: &Value) -> u64 {
    serde_json::from_value::<U256>(value.clone()).expect("a number").to()
}
