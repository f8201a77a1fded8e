//! Chains and tiny contracts for the tests.

use alloy::primitives::{B256, Bytes, U256};
use chain::dev::{Anvil, AnvilSettings};
use chain::{Account, Connection, Settings, Transaction};
use protocol::ids::Address;
use protocol::money::Wei;

/// Runtime code that writes a log without data and with the first word of the call as its topic.
pub const LOGGER: [u8; 9] = [0x60, 0x00, 0x35, 0x60, 0x00, 0x60, 0x00, 0xa1, 0x00];
/// Runtime code that writes a log without data and with the first word of the call as both of its topics.
pub const TOPICS: [u8; 10] = [0x60, 0x00, 0x35, 0x80, 0x60, 0x00, 0x60, 0x00, 0xa2, 0x00];
/// Runtime code that reverts with the call's own bytes.
pub const REFUSER: [u8; 10] = [0x36, 0x60, 0x00, 0x60, 0x00, 0x37, 0x36, 0x60, 0x00, 0xfd];
/// Runtime code that reverts if the block's time is above the first word of the call.
pub const DEADLINE: [u8; 15] = [0x60, 0x00, 0x35, 0x42, 0x11, 0x60, 0x09, 0x57, 0x00, 0x5b, 0x60, 0x00, 0x60, 0x00, 0xfd];

/// A chain that makes a block for every transaction, or one every `block_time_ms`.
pub async fn anvil(block_time_ms: u64) -> Anvil {
    Anvil::start(&AnvilSettings { block_time_ms, ..AnvilSettings::default() }).await.expect("anvil starts")
}

/// A connection with the dev account `index`, looking at the chain often.
pub async fn rich(anvil: &Anvil, index: usize) -> Connection {
    connect(quick(anvil.settings())).await.with_account(dev_account(index))
}

pub fn quick(settings: Settings) -> Settings {
    Settings { poll_ms: 20, ..settings }
}

pub async fn connect(settings: Settings) -> Connection {
    Connection::connect(settings).await.expect("the chain answers")
}

pub fn dev_account(index: usize) -> Account {
    Anvil::account(index).expect("a dev account")
}

/// Deploys the runtime code behind a constructor that returns it.
pub async fn deploy(chain: &Connection, runtime: &[u8]) -> Address {
    let length = runtime.len() as u8;
    let mut code = vec![0x5f + length];
    code.extend_from_slice(runtime);
    code.extend_from_slice(&[0x60, 0x00, 0x52, 0x60, length, 0x60, 32 - length, 0xf3]);
    chain.deploy("test contract", code.into(), no_names).await.expect("the contract is deployed")
}

/// A call with one word.
pub fn call(to: Address, word: u64) -> Transaction {
    let data = Bytes::from(U256::from(word).to_be_bytes::<32>());
    Transaction { what: "test call", to: Some(to), data, value: Wei(0), explain: no_names }
}

pub fn payment(to: Address, amount: u128) -> Transaction {
    Transaction { what: "payment", to: Some(to), data: Bytes::new(), value: Wei(amount), explain: no_names }
}

pub fn no_names(_: &[u8]) -> Option<(String, String)> {
    None
}

/// The topics of logs as numbers.
pub fn words(logs: &[chain::Log]) -> Vec<u64> {
    logs.iter().filter_map(|log| log.topics().first()).map(|topic: &B256| U256::from_be_bytes(topic.0).to()).collect()
}
