//! Networks of the simulator, transaction by transaction, beside what geth makes of them: the same gas, results and logs.

mod client;

use alloy::primitives::{Log, U256};
use chain::geth::find_or_skip;
use client::Client;
use serde_json::{Value, json};
use sim::chain::{COINS, Conditions, Mined, Sent};
use sim::{adversaries, people, plan::Plan, trace::Trace, world::World};

/// Transactions that are compared at least.
const TRANSACTIONS: usize = 1000;
/// Blocks that geth plays in one request at most.
const BLOCKS: usize = 256;
const ROUNDS: u64 = 16;
/// With shorter ones two blocks may be of one second, which geth does not take.
const BLOCK_MS: u64 = 5000;
/// Virtual milliseconds after which new blocks are looked at, well before they are forgotten.
const LOOK_MS: u64 = 60_000;

/// Blocks of one second, as one.
struct Played {
    time_s: u64,
    hash: String,
    sent: Vec<Sent>,
    logs: Vec<Log>,
}

/// All of a network's blocks in which something was sent.
fn play(seed: u64) -> Vec<Played> {
    let plan = Plan::calm(seed, ROUNDS);
    let mut world = World::new(plan.clone(), Trace::default(), adversaries::of, people::of).expect("a network");
    let (mut played, mut next) = (Vec::new(), 0);
    for until_ms in (0..=plan.end_ms() + LOOK_MS).step_by(LOOK_MS as usize) {
        world.run_until(until_ms.min(plan.end_ms())).expect("a chain");
        while let Some(mined) = world.chain().block(next) {
            note(&mut played, mined);
            next += 1;
        }
    }
    assert!(world.report().failures.is_empty(), "{:?}", world.report());
    played
}

fn note(played: &mut Vec<Played>, mined: &Mined) {
    let (sent, logs): (Vec<Sent>, Vec<Log>) = (mined.sent().collect(), mined.logs.iter().map(|log| log.inner.clone()).collect());
    let time_s = mined.block.time_s;
    match played.last_mut().filter(|last| last.time_s == time_s) {
        Some(last) => {
            last.sent.extend(sent);
            last.logs.extend(logs);
        }
        None if sent.is_empty() => {}
        None => played.push(Played { time_s, hash: format!("0x{}", hex::encode(mined.block.hash.0)), sent, logs }),
    }
}

fn request(played: &[Played]) -> Value {
    let rich = json!({ "balance": U256::from(COINS.0) });
    let senders: serde_json::Map<String, Value> =
        played.iter().flat_map(|block| &block.sent).map(|sent| (sent.from.to_string(), rich.clone())).collect();
    let blocks: Vec<Value> = (1_u64..).zip(played).map(|(number, block)| one_block(number, block, &senders)).collect();
    json!([{ "blockStateCalls": blocks, "validation": true }, "latest"])
}

fn one_block(number: u64, block: &Played, senders: &serde_json::Map<String, Value>) -> Value {
    let overrides = json!({
        "number": U256::from(number), "time": U256::from(block.time_s), "gasLimit": U256::from(1_u64 << 40), "prevRandao": block.hash,
        "feeRecipient": Mined::proposer(), "baseFeePerGas": U256::from(Conditions::default().base_fee),
    });
    let calls: Vec<Value> = block.sent.iter().map(call).collect();
    let states = if number == 1 { Value::Object(senders.clone()) } else { json!({}) };
    json!({ "blockOverrides": overrides, "stateOverrides": states, "calls": calls })
}

fn call(sent: &Sent) -> Value {
    let mut call = json!({
        "from": sent.from, "input": sent.data, "value": sent.value, "nonce": U256::from(sent.nonce), "gas": U256::from(sent.gas),
        "maxFeePerGas": U256::from(sent.fee), "maxPriorityFeePerGas": U256::from(sent.tip),
    });
    if let Some(to) = sent.to {
        call["to"] = json!(to);
    }
    call
}

/// What differs, told by the transaction.
fn differences(played: &[Played], theirs: &[Value]) -> Vec<String> {
    assert_eq!(theirs.len(), played.len());
    let mut differences = Vec::new();
    for (block, theirs) in played.iter().zip(theirs) {
        let results = theirs["calls"].as_array().cloned().unwrap_or_default();
        assert_eq!(results.len(), block.sent.len());
        for (sent, result) in block.sent.iter().zip(&results) {
            let (gas, status) = (number(&result["gasUsed"]), number(&result["status"]) == 1);
            if (gas, status) != (sent.gas_used, sent.is_done) {
                let ours = (sent.gas_used, sent.is_done);
                differences.push(format!("{} of {}: {ours:?} here, {:?} there: {}", sent.what, sent.from, (gas, status), result["error"]));
            }
        }
        let logs: Vec<Log> = results.iter().flat_map(|result| result["logs"].as_array().cloned().unwrap_or_default()).map(log).collect();
        if logs != block.logs {
            differences.push(format!("logs of second {}: {:?} here, {logs:?} there", block.time_s, block.logs));
        }
    }
    differences
}

fn number(value: &Value) -> u64 {
    value
        .as_str()
        .and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok())
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn log(value: Value) -> Log {
    let part = |name: &str| value[name].clone();
    let topics = serde_json::from_value(part("topics")).expect("topics");
    let data = serde_json::from_value(part("data")).expect("data");
    Log::new(serde_json::from_value(part("address")).expect("an address"), topics, data).expect("at most four topics")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_transactions_cost_the_same_gas_in_geth_and_do_the_same() {
    let Some(program) = find_or_skip(env!("CARGO_TARGET_TMPDIR")).await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let geth = Client::start(&program, folder.path()).await;
    let mut compared = 0;
    for seed in (0..).filter(|seed| Plan::calm(*seed, ROUNDS).block_ms >= BLOCK_MS) {
        let mut played = play(seed);
        played.truncate(BLOCKS);
        let theirs = geth.ask("eth_simulateV1", request(&played)).await;
        let theirs = theirs.as_array().unwrap_or_else(|| panic!("{theirs}"));
        let differences = differences(&played, theirs);
        assert!(differences.is_empty(), "seed {seed}: {} differences\n{}", differences.len(), differences.join("\n"));
        compared += played.iter().map(|block| block.sent.len()).sum::<usize>();
        if compared >= TRANSACTIONS {
            break;
        }
    }
    println!("{compared} transactions: gas, results and logs are the same");
}
