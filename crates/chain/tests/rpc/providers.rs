//! Providers as people have them: hiccups, pages of gateways, limits in many words, lag, lost logs, lost states.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chain::dev::Anvil;
use chain::{Connection, Failure, Follower, Settings};
use futures::future::join_all;
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};

use crate::faulty::{Fault, Faulty};
use crate::following::{logged_over, read_until, stretch};
use crate::support::{TOPICS, anvil, call, connect, deploy, dev_account, quick, rich};

const SOMEBODY: Address = Address([0x55; 20]);

/// A connection through a server whose answers to `method` are spoilt the first `times`.
async fn spoilt(anvil: &Anvil, method: &'static str, fault: Fault, times: usize) -> (Connection, Arc<AtomicUsize>) {
    spoilt_for(0, anvil, method, fault, times).await
}

/// As of the dev account `index`.
async fn spoilt_for(index: usize, anvil: &Anvil, method: &'static str, fault: Fault, times: usize) -> (Connection, Arc<AtomicUsize>) {
    let struck = Arc::new(AtomicUsize::new(0));
    let counter = struck.clone();
    let script = move |asked: &str, _: &Value| {
        let strikes = asked == method && counter.load(Ordering::SeqCst) < times;
        if strikes {
            counter.fetch_add(1, Ordering::SeqCst);
            return fault.clone();
        }
        Fault::Pass
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let settings = quick(Settings { rpc: faulty.url.into(), ..anvil.settings() });
    (connect(settings).await.with_account(dev_account(index)), struck)
}

#[tokio::test]
async fn hiccups_of_a_provider_keep_no_transaction_back() {
    let anvil = anvil(0).await;
    let faults = [
        Fault::Page(503),
        Fault::Page(200),
        Fault::Busy,
        Fault::Close,
        Fault::Code(-32000, "unknown block"),
        Fault::Code(-32603, "Internal error"),
        Fault::Code(-32000, "something that nobody has said before"),
    ];
    for method in ["eth_estimateGas", "eth_sendRawTransaction", "eth_getBlockByNumber", "eth_getTransactionCount"] {
        let payment = async |(index, fault): (usize, &Fault)| {
            let (chain, struck) = spoilt_for(index, &anvil, method, fault.clone(), 3).await;
            chain.pay(SOMEBODY, Wei(1)).await.unwrap_or_else(|error| panic!("{method}, {fault:?}: {error}"));
            assert_eq!(struck.load(Ordering::SeqCst), 3, "{method}, {fault:?}");
        };
        join_all(faults.iter().enumerate().map(payment)).await;
    }
}

#[tokio::test]
async fn a_block_that_comes_back_as_null_is_waited_for() {
    let anvil = anvil(0).await;
    let (chain, _) = spoilt(&anvil, "eth_getBlockByNumber", Fault::Instead(Value::Null), 4).await;
    chain.pay(SOMEBODY, Wei(1)).await.expect("paid");
}

#[tokio::test]
async fn a_pool_that_takes_one_transaction_at_a_time_gets_the_next_one_later() {
    let anvil = anvil(0).await;
    let limit = "in-flight transaction limit reached for delegated accounts";
    let (chain, struck) = spoilt(&anvil, "eth_sendRawTransaction", Fault::Error(limit), 5).await;
    chain.pay(SOMEBODY, Wei(1)).await.expect("paid");
    assert_eq!(struck.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_failure_of_transport_is_no_refusal_and_a_revert_is_one() {
    let anvil = anvil(0).await;
    for (fault, meaning) in [
        (Fault::Page(403), Failure::AskAnother),
        (Fault::Page(200), Failure::TryAgain),
        (Fault::Page(504), Failure::TryAgain),
        (Fault::Busy, Failure::Slower),
        (Fault::Code(-32000, "unknown block"), Failure::WaitForHead),
        (Fault::Code(-32000, "something that nobody has said before"), Failure::AskAnother),
        (Fault::Code(3, "execution reverted"), Failure::Refused),
    ] {
        let (chain, _) = spoilt(&anvil, "eth_estimateGas", fault.clone(), usize::MAX).await;
        let error = chain.pay(SOMEBODY, Wei(1)).await.expect_err("it fails");
        assert_eq!((error.failure(), error.is_refusal()), (meaning, meaning == Failure::Refused), "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_forbidden_method_is_named_at_once_and_never_a_page_of_html() {
    let anvil = anvil(0).await;
    let (chain, _) = spoilt(&anvil, "eth_sendRawTransaction", Fault::Page(403), usize::MAX).await;
    let began = Instant::now();
    let text = chain.pay(SOMEBODY, Wei(1)).await.expect_err("it is forbidden").to_string();
    assert!(text.ends_with("refused payment: HTTP status 403"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let (chain, _) = spoilt(&anvil, "eth_getBalance", Fault::Page(200), usize::MAX).await;
    let text = chain.coin(SOMEBODY).await.expect_err("a page").to_string();
    assert!(text.contains("it answers with a web page") && !text.contains("html"), "{text}");
}

#[tokio::test]
async fn what_a_provider_says_is_told_in_one_short_line() {
    let anvil = anvil(0).await;
    const LONG: &str = "no\r\n\u{1b}[31mway \u{7} because the quick brown fox jumps over the lazy dog, again and again, and over the lazy \
                        dog, again and again, and over the lazy dog, again and again, and over the lazy dog, again and again";
    let (chain, _) = spoilt(&anvil, "eth_getBalance", Fault::Error(LONG), usize::MAX).await;
    let text = chain.coin(SOMEBODY).await.expect_err("refused").to_string();
    assert!(text.contains(r"no \u{1b}[31mway \u{7} because") && !text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() < 280, "{text}");
}

#[tokio::test]
async fn lag_of_the_newest_block_costs_no_block() {
    let anvil = anvil(1_000).await;
    let started = Instant::now();
    // A block is known by number 400 ms before it is there.
    let mut seen: Option<(u64, Instant)> = None;
    let script = move |method: &str, parameters: &Value| {
        let asked = parameters[0].as_str().and_then(|text| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok());
        let (Some(asked), "eth_getBlockByNumber") = (asked, method) else { return Fault::Pass };
        if seen.is_none_or(|(number, _)| number < asked) {
            seen = Some((asked, Instant::now()));
        }
        let is_new = seen.is_some_and(|(number, since)| number == asked && since.elapsed() < Duration::from_millis(400));
        if is_new { Fault::Instead(Value::Null) } else { Fault::Pass }
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    let chain = connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await;
    let mut steps = Follower::new(&chain, &[SOMEBODY], 1).spawn();
    for _ in 0..5 {
        steps.recv().await.expect("a step");
    }
    assert!(started.elapsed() < Duration::from_millis(7_500), "five blocks of a second took {:?}", started.elapsed());
}

/// A connection that reads few blocks one by one, through a server with that script.
async fn far(anvil: &Anvil, log_blocks: u64, script: impl FnMut(&str, &Value) -> Fault + Send + 'static) -> Connection {
    let faulty = Faulty::before(anvil.url(), script).await;
    let settings = Settings { rpc: faulty.url.into(), every_block_within: 20, log_blocks, request_timeout_s: 1, ..anvil.settings() };
    connect(quick(settings)).await
}

#[tokio::test]
async fn stretches_of_logs_shrink_to_what_a_server_bears_and_what_it_refused_is_not_asked_again_and_again() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 300).await;
    for fault in [
        Fault::Code(-32005, "query returned more than 10000 results"),
        Fault::Code(-32602, "block range is too wide"),
        Fault::Code(-32000, "something that nobody has said before"),
        Fault::Page(504),
        Fault::Late(Duration::from_millis(1_200)),
    ] {
        let refused = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (refused.clone(), fault.clone());
        let script = move |method: &str, parameters: &Value| match method {
            "eth_getLogs" if stretch(parameters) >= 30 => {
                counter.fetch_add(1, Ordering::SeqCst);
                answer.clone()
            }
            _ => Fault::Pass,
        };
        let chain = far(&anvil, 200, script).await;
        let (_, seen) = read_until(&mut Follower::new(&chain, &[logger], 1), tip).await;
        assert_eq!(seen, [1, 2], "{fault:?}");
        let refused = refused.load(Ordering::SeqCst);
        assert!(refused <= 4, "{fault:?}: refused {refused} times");
    }
}

#[tokio::test]
async fn an_answer_without_logs_where_there_were_some_leaves_no_gap() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 600).await;
    for (log_blocks, empty) in [(2_000, json!([])), (50, json!([])), (2_000, Value::Null), (50, Value::Null)] {
        let mut lies = 1;
        let lie = empty.clone();
        let script = move |method: &str, parameters: &Value| match method {
            "eth_getLogs" if parameters[0].get("blockHash").is_none() && lies > 0 => {
                lies -= 1;
                Fault::Instead(lie.clone())
            }
            _ => Fault::Pass,
        };
        let chain = far(&anvil, log_blocks, script).await;
        let (_, seen) = read_until(&mut Follower::new(&chain, &[logger], 1), tip).await;
        assert_eq!(seen, [1, 2], "{log_blocks}, {empty}");
    }
}

#[tokio::test]
async fn history_of_one_topic_is_held_against_the_blooms_too() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let logger = deploy(&chain, &TOPICS).await;
    chain.send(call(logger, 7)).await.expect("mined");
    anvil.mine(10).await.expect("blocks");
    let script = |method: &str, parameters: &Value| match method {
        "eth_getLogs" if parameters[0].get("blockHash").is_none() => Fault::Instead(json!([])),
        _ => Fault::Pass,
    };
    let chain = far(&anvil, 2_000, script).await;
    let logs = chain.logs_with_topic(logger, alloy::primitives::U256::from(7).into(), 0).await.expect("logs");
    assert_eq!(logs.len(), 1);
}

#[tokio::test]
async fn null_instead_of_no_logs_is_none() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 100).await;
    let script = |method: &str, _: &Value| match method {
        "eth_getLogs" => Fault::Changed(|logs| {
            if logs.as_array().is_some_and(Vec::is_empty) {
                *logs = Value::Null;
            }
        }),
        _ => Fault::Pass,
    };
    let chain = far(&anvil, 10, script).await;
    let (_, seen) = read_until(&mut Follower::new(&chain, &[logger], 1), tip).await;
    assert_eq!(seen, [1, 2]);
}

#[tokio::test]
async fn whoever_follows_never_gives_up_says_what_is_wrong_and_that_it_is_over() {
    let anvil = anvil(0).await;
    let (logger, tip) = logged_over(&anvil, 3).await;
    let is_broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let broken = is_broken.clone();
    let script = move |_: &str, _: &Value| if broken.load(Ordering::SeqCst) { Fault::Page(200) } else { Fault::Pass };
    let chain = far(&anvil, 2_000, script).await;
    is_broken.store(true, Ordering::SeqCst);
    let mut degraded = chain.degraded();
    let mut steps = Follower::new(&chain, &[logger], 1).spawn();
    degraded.wait_for(|troubles| troubles.contains_key("following the chain")).await.expect("it is seen");
    is_broken.store(false, Ordering::SeqCst);
    for _ in 1..=tip {
        tokio::time::timeout(Duration::from_secs(10), steps.recv()).await.expect("a step in time").expect("a step");
    }
    assert!(degraded.wait_for(|troubles| troubles.is_empty()).await.is_ok());
}

#[tokio::test]
async fn what_a_program_reverts_with_is_its_answer_however_long() {
    /// Reverts with 40,000 bytes that end with its 1: more than a contract may be long.
    const LONG: [u8; 15] = [0x60, 0x01, 0x61, 0x9c, 0x20, 0x52, 0x61, 0x9c, 0x40, 0x60, 0x00, 0xfd, 0x00, 0x00, 0x00];
    let anvil = anvil(0).await;
    let told = connect(anvil.settings()).await.run_at("a program", LONG.to_vec().into(), 0).await.expect("an answer");
    assert_eq!((told.len(), told.last()), (0x9c40, Some(&1)));
    let script = |method: &str, _: &Value| if method == "eth_call" { Fault::Reverted(vec![7; 9].into()) } else { Fault::Pass };
    let told = far(&anvil, 10, script).await.run_at("a program", LONG.to_vec().into(), 0).await.expect("an answer");
    assert_eq!(told, vec![7; 9]);
    let script = |method: &str, _: &Value| if method == "eth_call" { Fault::Error("execution reverted") } else { Fault::Pass };
    let refused = far(&anvil, 10, script).await.run_at("a program", LONG.to_vec().into(), 0).await.expect_err("no bytes");
    assert_eq!(refused.failure(), Failure::Refused);
}
