//! Following: every block once and in order, logs in their blocks, reorganisations, long absences.

use std::time::Duration;

use chain::dev::Anvil;
use chain::{Connection, Followed, Follower, Settings};
use protocol::chain::Block;
use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};
use crate::support::{LOGGER, TOPICS, anvil, call, connect, deploy, dev_account, quick, rich, words};

async fn next_block(follower: &mut Follower) -> (Block, Vec<u64>) {
    match step(follower).await {
        Followed::Block { block, logs } => (block, words(&logs)),
        Followed::Reorganised { from } => panic!("reorganised from {from}"),
    }
}

async fn step(follower: &mut Follower) -> Followed {
    let next = tokio::time::timeout(Duration::from_secs(20), follower.next()).await;
    next.expect("a step in time").expect("a step")
}

/// Follows until block `last` and returns the numbers of blocks and the words that were logged.
pub async fn read_until(follower: &mut Follower, last: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut numbers, mut seen) = (Vec::new(), Vec::new());
    while numbers.last().is_none_or(|number| *number < last) {
        let (block, words) = next_block(follower).await;
        numbers.push(block.number);
        seen.extend(words);
    }
    (numbers, seen)
}

#[tokio::test]
async fn every_block_comes_once_in_order_with_its_logs() {
    let anvil = anvil(0).await;
    let chain = connect(quick(Settings { every_block_within: 64, ..anvil.settings() })).await.with_account(dev_account(0));
    let (logger, other) = (deploy(&chain, &LOGGER).await, deploy(&chain, &LOGGER).await);
    for word in 1..=50 {
        chain.send(call(if word % 5 == 0 { other } else { logger }, word)).await.expect("mined");
    }
    let mut follower = Follower::new(&chain, &[logger], 1);
    let (numbers, seen) = read_until(&mut follower, 52).await;
    assert_eq!(numbers, (1..=52).collect::<Vec<_>>());
    assert_eq!(seen, (1..=50).filter(|word| word % 5 != 0).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_block_waits_for_its_confirmations() {
    let anvil = anvil(0).await;
    let chain = connect(Settings { confirmations: 3, ..quick(anvil.settings()) }).await;
    anvil.mine(5).await.expect("blocks");
    let mut follower = Follower::new(&chain, &[protocol::ids::Address([1; 20])], 1);
    let (numbers, _) = read_until(&mut follower, 3).await;
    assert_eq!(numbers, [1, 2, 3]);
    let waiting = tokio::time::timeout(Duration::from_millis(300), follower.next()).await;
    assert!(waiting.is_err(), "block 4 is not deep enough");
    anvil.mine(1).await.expect("a block");
    assert_eq!(next_block(&mut follower).await.0.number, 4);
}

#[tokio::test]
async fn a_reorganisation_is_told_and_its_blocks_come_anew() {
    for (depth, longer) in [(1, 0), (3, 0), (3, 4), (10, 1)] {
        check_reorganisation(depth, longer).await;
    }
}

/// Replaces `depth` blocks, and adds `longer` of them before anybody looks.
async fn check_reorganisation(depth: u64, longer: u64) {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let logger = deploy(&chain, &LOGGER).await;
    anvil.mine(20).await.expect("blocks");
    chain.send(call(logger, 7)).await.expect("mined");
    let tip = chain.latest().await.expect("a block").number;
    let mut follower = Follower::new(&chain, &[logger], 1);
    assert_eq!(read_until(&mut follower, tip).await.1, [7]);
    anvil.reorganise(depth).await.expect("other blocks");
    if longer > 0 {
        anvil.mine(longer).await.expect("blocks");
    }
    let Followed::Reorganised { from } = step(&mut follower).await else { panic!("nothing told at depth {depth}") };
    assert_eq!(from, tip + 1 - depth);
    let new_tip = chain.latest().await.expect("a block").number;
    let (numbers, _) = read_until(&mut follower, new_tip).await;
    assert_eq!(numbers, (from..=new_tip).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_chain_that_only_got_shorter_is_noticed_when_it_grows_another_way() {
    let anvil = anvil(0).await;
    let chain = connect(quick(anvil.settings())).await;
    anvil.mine(10).await.expect("blocks");
    let mut follower = Follower::new(&chain, &[protocol::ids::Address([1; 20])], 1);
    read_until(&mut follower, 10).await;
    anvil.roll_back(4).await.expect("a shorter chain");
    let waiting = tokio::time::timeout(Duration::from_millis(300), follower.next()).await;
    assert!(waiting.is_err(), "a server may lag behind; nothing is wrong yet");
    anvil.advance(100).await.expect("another block 7");
    let Followed::Reorganised { from } = step(&mut follower).await else { panic!("nothing told") };
    assert_eq!(from, 7);
    assert_eq!(next_block(&mut follower).await.0.number, 7);
}

#[tokio::test]
async fn after_a_long_absence_logs_come_without_the_empty_blocks() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 500).await;
    let chain = connect(far(quick(anvil.settings()))).await;
    let mut follower = Follower::new(&chain, &[logger], 1);
    let (numbers, seen) = read_until(&mut follower, tip).await;
    assert_eq!(seen, [1, 2]);
    // Block 2 has a log; from 453 on every block is near; each query before spans 40 blocks.
    let far = [2].into_iter().chain((40..=440).step_by(40)).chain([452]);
    assert_eq!(numbers, far.chain(453..=tip).collect::<Vec<_>>());
}

/// Few blocks are near, and queries are short.
fn far(settings: Settings) -> Settings {
    Settings { every_block_within: 50, log_blocks: 40, ..settings }
}

#[tokio::test]
async fn a_server_that_answers_short_stretches_only_is_asked_for_those() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 500).await;
    let faulty = Faulty::before(anvil.url(), |method, parameters| match method {
        "eth_getLogs" if stretch(parameters) > 7 => Fault::Error("query exceeds max block range 8"),
        _ => Fault::Pass,
    });
    let chain = connect(far(quick(Settings { rpc: faulty.await.url.into(), ..anvil.settings() }))).await;
    let (_, seen) = read_until(&mut Follower::new(&chain, &[logger], 1), tip).await;
    assert_eq!(seen, [1, 2]);
}

/// A chain with a log near its start and one `blocks` later; returns the contract and the last block.
pub async fn logged_over(anvil: &Anvil, blocks: u64) -> (protocol::ids::Address, u64) {
    let chain = rich(anvil, 0).await;
    let logger = deploy(&chain, &LOGGER).await;
    chain.send(call(logger, 1)).await.expect("mined");
    anvil.mine(blocks).await.expect("blocks");
    let receipt = chain.send(call(logger, 2)).await.expect("mined");
    (logger, receipt.block)
}

pub fn stretch(parameters: &Value) -> u64 {
    let number = |name: &str| {
        let digits = parameters[0][name].as_str().and_then(|text| text.strip_prefix("0x"));
        digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
    };
    number("toBlock") - number("fromBlock")
}

#[tokio::test]
async fn a_server_that_has_a_block_before_its_logs_does_not_hide_them() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 3).await;
    let faulty = Faulty::before(anvil.url(), |method, parameters| match method {
        "eth_getLogs" if parameters[0].get("blockHash").is_none() => Fault::Instead(json!([])),
        _ => Fault::Pass,
    });
    let chain = connect(quick(Settings { rpc: faulty.await.url.into(), ..anvil.settings() })).await;
    let (_, seen) = read_until(&mut Follower::new(&chain, &[logger], 1), tip).await;
    assert_eq!(seen, [1, 2]);
}

#[tokio::test]
async fn a_follower_in_its_own_task_outlives_a_silent_server() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 3).await;
    let mut refused = 0;
    let script = move |method: &str, _: &Value| {
        if method == "eth_getBlockByNumber" && refused < 6 {
            refused += 1;
            return Fault::Busy;
        }
        Fault::Pass
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let chain: Connection = connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await;
    let mut steps = Follower::new(&chain, &[logger], 1).spawn();
    let mut numbers = Vec::new();
    while numbers.last() != Some(&tip) {
        match tokio::time::timeout(Duration::from_secs(30), steps.recv()).await.expect("a step in time") {
            Some(Followed::Block { block, .. }) => numbers.push(block.number),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(numbers, (1..=tip).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_many_topics_only_those_asked_for_are_read() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let logger = deploy(&chain, &TOPICS).await;
    for word in 1..=12 {
        chain.send(call(logger, word)).await.expect("mined");
    }
    let tip = chain.latest().await.expect("a block").number;
    let topics = [3u64, 7, 99].map(|word| alloy::primitives::U256::from(word).into());
    for log_blocks in [2, 2_000] {
        let chain = connect(far(quick(Settings { log_blocks, every_block_within: 4, ..anvil.settings() }))).await;
        let mut follower = Follower::new(&chain, &[logger], 1).with_topics(topics);
        assert_eq!(read_until(&mut follower, tip).await.1, [3, 7]);
    }
}

#[tokio::test]
async fn who_comes_back_goes_on_behind_what_he_has_and_from_the_fork_if_the_chain_went_another_way_meanwhile() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 300).await;
    let chain = connect(quick(anvil.settings())).await;
    let mut blocks = Vec::new();
    let mut follower = Follower::new(&chain, &[logger], 1);
    while blocks.last().is_none_or(|block: &Block| block.number < tip) {
        blocks.push(next_block(&mut follower).await.0);
    }
    anvil.mine(100).await.expect("blocks");
    let mut back = Follower::new(&chain, &[logger], 1).after(blocks.clone());
    assert_eq!(back.place(), tip + 1);
    assert_eq!(back.rewind().await.expect("asked"), None);
    assert!(next_block(&mut back).await.0.number > tip);
    // Far below what is read one by one, where only some blocks are known.
    anvil.reorganise(390).await.expect("other blocks");
    anvil.mine(100).await.expect("blocks");
    let fork = chain.latest().await.expect("a block").number - 100 - 390;
    let kept = blocks.iter().filter(|block| block.number <= fork).map(|block| block.number).max().expect("the first");
    let mut back = Follower::new(&chain, &[logger], 1).after(blocks.clone());
    assert_eq!(back.rewind().await.expect("asked"), Some(kept + 1));
    assert_eq!(back.place(), kept + 1);
    let mut told = Follower::new(&chain, &[logger], 1).after(blocks);
    let Followed::Reorganised { from } = step(&mut told).await else { panic!("nothing told") };
    assert_eq!(from, kept + 1);
    assert!(next_block(&mut told).await.0.number > kept);
}
