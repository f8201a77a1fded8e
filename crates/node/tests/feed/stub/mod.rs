//! A chain of years, made up as it is asked for: blocks, events of many groups in their true encoding, views, and limits like a
//! provider's. It counts what it is asked.

mod ethereum;
mod events;
mod views;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy::primitives::{B256, Bloom, U256, keccak256};
use alloy::rpc::types::Log;
use protocol::Address;
use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};

/// Blocks that one query for logs may span.
pub const SPAN: u64 = 2_000;
/// Logs that one answer holds at most.
const RESULTS: usize = 10_000;
/// Seconds between two blocks, and of the first of them.
pub const BLOCK_S: u64 = 12;
pub const GENESIS_S: u64 = 1_700_000_000;
/// Seconds of TRAIN, REVEAL and JUDGE, each.
pub const PHASE_S: u32 = 1_200;
/// The chain's id.
pub const CHAIN_ID: u64 = 9_999;

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub blocks: u64,
    pub groups: u64,
    pub events: u64,
    /// Positions of each group.
    pub positions: u64,
}

/// Shared by the server and who counts.
#[derive(Clone)]
pub struct Stub {
    shape: Shape,
    state: Arc<Mutex<State>>,
}

struct State {
    tip: u64,
    /// Since when a block comes each so often.
    grows: Option<(Instant, Duration)>,
    /// From this block on it is another branch, of this number.
    fork: u64,
    branch: u8,
    calls: BTreeMap<String, u64>,
}

/// The contracts' addresses in the order of their deployment.
pub fn address(place: u8) -> Address {
    Address([0xa0 + place; 20])
}

/// The contract `Network`.
pub const NETWORK: u8 = 7;

impl Stub {
    /// Serves; returns where.
    pub async fn start(shape: Shape, tip: u64) -> (Self, String) {
        let state = State { tip, grows: None, fork: u64::MAX, branch: 0, calls: BTreeMap::new() };
        let stub = Self { shape, state: Arc::new(Mutex::new(state)) };
        let served = stub.clone();
        let server = Faulty::before("http://127.0.0.1:9", move |method, parameters| served.answer(method, parameters)).await;
        (stub, server.url)
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_tip(&self, tip: u64) {
        self.with(|state| (state.tip, state.grows) = (tip, None));
    }

    /// From now on a block comes each `every`.
    pub fn grow(&self, every: Duration) {
        self.with(|state| state.grows = Some((Instant::now(), every)));
    }

    /// The chain goes another way from block `fork` on, which is below all earlier forks.
    pub fn reorganise(&self, fork: u64) {
        self.with(|state| (state.fork, state.branch) = (fork, state.branch + 1));
    }

    /// Number of the newest block.
    pub fn tip(&self) -> u64 {
        self.with(|state| match state.grows {
            Some((since, every)) => state.tip + (since.elapsed().as_nanos() / every.as_nanos()) as u64,
            None => state.tip,
        })
    }

    /// Calls since the last time that they were taken, by method.
    pub fn take_calls(&self) -> BTreeMap<String, u64> {
        self.with(|state| std::mem::take(&mut state.calls))
    }

    fn answer(&self, method: &str, parameters: &Value) -> Fault {
        self.with(|state| *state.calls.entry(method.to_owned()).or_default() += 1);
        match method {
            "eth_chainId" => Fault::Instead(json!(U256::from(CHAIN_ID))),
            "eth_blockNumber" => Fault::Instead(json!(U256::from(self.tip()))),
            "eth_getBlockByNumber" => Fault::Instead(self.block(&parameters[0])),
            "eth_getLogs" => self.logs(&parameters[0]),
            "eth_call" => self.call(&parameters[0]),
            _ => Fault::Error("the method does not exist"),
        }
    }

    fn block(&self, which: &Value) -> Value {
        let Some(number) = self.number(which).filter(|number| *number <= self.tip()) else { return Value::Null };
        let mut bloom = Bloom::ZERO;
        self.logs_in(number).iter().for_each(|log| bloom.accrue_log(&log.inner));
        json!({
            "number": U256::from(number), "hash": self.hash(number), "parentHash": self.hash(number.wrapping_sub(1)),
            "timestamp": U256::from(GENESIS_S + BLOCK_S * number), "gasLimit": "0x1c9c380", "logsBloom": bloom,
        })
    }

    fn number(&self, which: &Value) -> Option<u64> {
        match which.as_str()? {
            "latest" => Some(self.tip()),
            number => u64::from_str_radix(number.strip_prefix("0x")?, 16).ok(),
        }
    }

    fn hash(&self, number: u64) -> B256 {
        let branch = self.with(|state| if number >= state.fork { state.branch } else { 0 });
        keccak256([&number.to_be_bytes()[..], &[branch]].concat())
    }

    fn logs(&self, filter: &Value) -> Fault {
        let (first, last) = (self.number(&filter["fromBlock"]), self.number(&filter["toBlock"]));
        let (Some(first), Some(last)) = (first, last) else { return self.logs_by_hash(filter) };
        if last - first >= SPAN {
            return Fault::Code(-32602, "query exceeds max block range 2000");
        }
        let found: Vec<Log> =
            (first..=last.min(self.tip())).flat_map(|number| self.logs_in(number)).filter(|log| fits(filter, log)).collect();
        if found.len() > RESULTS {
            return Fault::Code(-32005, "query returned more than 10000 results");
        }
        Fault::Instead(json!(found))
    }

    fn logs_by_hash(&self, filter: &Value) -> Fault {
        let (tip, asked) = (self.tip(), filter["blockHash"].as_str().unwrap_or_default());
        let near = (tip.saturating_sub(4_096)..=tip).rev().find(|number| self.hash(*number).to_string() == asked);
        match near {
            Some(number) => Fault::Instead(json!(self.logs_in(number).into_iter().filter(|log| fits(filter, log)).collect::<Vec<_>>())),
            None => Fault::Error("unknown block"),
        }
    }

    fn logs_in(&self, number: u64) -> Vec<Log> {
        let each = self.shape.blocks / self.shape.events;
        if number == 0 || !number.is_multiple_of(each) {
            return Vec::new();
        }
        vec![Log {
            inner: alloy::primitives::Log { address: address(NETWORK).0.into(), data: events::event(number / each, self.shape.groups) },
            block_hash: Some(self.hash(number)),
            block_number: Some(number),
            transaction_hash: Some(keccak256(number.to_le_bytes())),
            transaction_index: Some(0),
            log_index: Some(0),
            ..Log::default()
        }]
    }

    fn call(&self, request: &Value) -> Fault {
        let data = request["input"].as_str().or(request["data"].as_str()).unwrap_or_default();
        let data = alloy::hex::decode(data).unwrap_or_default();
        if request["to"].is_string() {
            return views::read(&data, &self.shape).map_or(Fault::Error("execution reverted"), |answer| Fault::Instead(json!(answer)));
        }
        match ethereum::run(&data, &|data| views::read(data, &self.shape)) {
            Some(told) => Fault::Reverted(told),
            None => Fault::Error("invalid opcode"),
        }
    }
}

/// Whether a log is of the contracts and has the first topic that is asked for.
fn fits(filter: &Value, log: &Log) -> bool {
    let among = |wanted: &Value, found: String| match wanted {
        Value::Array(wanted) => wanted.is_empty() || wanted.iter().any(|wanted| wanted.as_str() == Some(&found)),
        Value::String(wanted) => *wanted == found,
        _ => true,
    };
    let address = format!("0x{}", alloy::hex::encode(log.address()));
    among(&filter["address"], address) && log.topics().get(1).is_some_and(|topic| among(&filter["topics"][1], topic.to_string()))
}
