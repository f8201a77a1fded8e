//! Several endpoints before one chain: which is asked, what is believed, and what is never shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use alloy::primitives::U256;
use alloy::sol;
use chain::dev::Anvil;
use chain::{ChainError, Connection, Contract, Endpoint, Endpoints, Followed, Follower, Settings};
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::faulty::{Fault, Faulty};
use crate::support::{anvil, connect, deploy, dev_account, no_names, quick, rich};

const SOMEBODY: Address = Address([0x55; 20]);
/// Runtime code that answers 7.
const SEVEN: [u8; 10] = [0x60, 0x07, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3];

sol! {
    function seven() external view returns (uint256 number);
}

fn to(urls: impl IntoIterator<Item = String>) -> Endpoints {
    let endpoint = |url| Endpoint { url, ..Endpoint::default() };
    Endpoints::new(urls.into_iter().map(endpoint).collect()).expect("some")
}

/// A connection to several servers before the chain, the first of them with that script.
async fn several(anvil: &Anvil, others: usize, script: impl FnMut(&str, &Value) -> Fault + Send + 'static) -> Connection {
    let mut urls = vec![Faulty::before(anvil.url(), script).await.url];
    for _ in 0..others {
        urls.push(Faulty::before(anvil.url(), |_, _| Fault::Pass).await.url);
    }
    let settings = Settings { rpc: to(urls), request_timeout_s: 2, ..anvil.settings() };
    connect(quick(settings)).await.with_account(dev_account(0))
}

#[tokio::test]
async fn another_endpoint_takes_over_without_a_lost_block_whatever_happens_to_the_first() {
    for fault in [Fault::Page(503), Fault::Page(403), Fault::Page(200), Fault::Close, Fault::Busy, Fault::Late(Duration::from_secs(60))] {
        let anvil = anvil(0).await;
        let (is_broken, spoilt) = (Arc::new(AtomicBool::new(false)), fault.clone());
        let broken = is_broken.clone();
        let chain = several(&anvil, 1, move |_, _| if broken.load(Ordering::SeqCst) { spoilt.clone() } else { Fault::Pass }).await;
        let mut steps = Follower::new(&chain, &[SOMEBODY], 1).spawn();
        let began = Instant::now();
        for number in 1..=20 {
            is_broken.store((5..15).contains(&number), Ordering::SeqCst);
            anvil.mine(1).await.expect("a block");
            match steps.recv().await {
                Some(Followed::Block { block, .. }) => assert_eq!(block.number, number, "{fault:?}"),
                other => panic!("{fault:?}: {other:?}"),
            }
        }
        assert!(began.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn an_endpoint_that_falls_behind_is_left_until_it_is_back() {
    let anvil = anvil(0).await;
    let script = |method: &str, _: &Value| if method == "eth_blockNumber" { Fault::Instead(json!("0x2")) } else { Fault::Pass };
    let chain = several(&anvil, 1, script).await;
    anvil.mine(20).await.expect("blocks");
    let caught_up = async {
        while chain.latest().await.expect("a block").number < 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), caught_up).await.expect("the other one is asked");
    assert_eq!(chain.states().into_iter().map(|(_, state)| state).collect::<Vec<_>>(), ["is behind", "answers"]);
}

#[tokio::test]
async fn a_refusal_counts_only_if_no_other_endpoint_would_take_it() {
    let anvil = anvil(0).await;
    let script = |method: &str, _: &Value| match method {
        "eth_estimateGas" => Fault::Code(3, "execution reverted"),
        _ => Fault::Pass,
    };
    several(&anvil, 1, script).await.pay(SOMEBODY, Wei(1)).await.expect("the first one lags");
    several(&anvil, 0, script).await.pay(SOMEBODY, Wei(1)).await.expect_err("there is no other");
}

#[tokio::test]
async fn what_one_endpoint_forbids_another_one_takes() {
    let anvil = anvil(0).await;
    let script = |method: &str, _: &Value| if method == "eth_sendRawTransaction" { Fault::Page(403) } else { Fault::Pass };
    several(&anvil, 1, script).await.pay(SOMEBODY, Wei(1)).await.expect("paid");
}

#[tokio::test]
async fn the_next_nonce_is_the_highest_that_two_pools_know() {
    let anvil = anvil(0).await;
    rich(&anvil, 0).await.pay(SOMEBODY, Wei(1)).await.expect("paid");
    let script = |method: &str, _: &Value| match method {
        "eth_getTransactionCount" => Fault::Instead(json!("0x0")),
        _ => Fault::Pass,
    };
    let nonce = several(&anvil, 1, script).await.next_nonce(dev_account(0).address()).await;
    assert_eq!(nonce.expect("a count"), 1);
}

#[tokio::test]
async fn a_view_is_what_two_endpoints_say_alike_or_one_says_that_is_alone() {
    let anvil = anvil(0).await;
    let contract = deploy(&rich(&anvil, 0).await, &SEVEN).await;
    let eight = || Fault::Instead(json!(format!("0x{:064x}", 8)));
    for (name, others, lie, wanted) in [
        ("two of three", 2, eight(), Some(7)),
        ("one of two is silent", 1, Fault::Page(503), Some(7)),
        ("alone", 0, eight(), Some(8)),
        ("one against one", 1, eight(), None),
    ] {
        let script = move |method: &str, _: &Value| if method == "eth_call" { lie.clone() } else { Fault::Pass };
        let chain = several(&anvil, others, script).await;
        let read = Contract::new(&chain, contract, no_names).read_at(&sevenCall {}, 1).await;
        assert_eq!(read.as_ref().ok(), wanted.map(U256::from).as_ref(), "{name}: {read:?}");
    }
}

#[tokio::test]
async fn an_endpoint_of_another_chain_is_named_and_one_that_is_silent_at_first_is_asked_for_its_chain_before_it_is_used() {
    let anvil = anvil(0).await;
    let other_chain = |method: &str, _: &Value| if method == "eth_chainId" { Fault::Instead(json!("0x1")) } else { Fault::Pass };
    let other = Faulty::before(anvil.url(), other_chain).await;
    let settings = quick(Settings { rpc: to([anvil.url().to_owned(), other.url]), ..anvil.settings() });
    let failure = Connection::connect(settings).await.err();
    assert!(matches!(failure, Some(ChainError::WrongChain { found: 1, .. })), "{failure:?}");

    let mut asked = 0;
    let script = move |method: &str, parameters: &Value| {
        asked += 1;
        if asked <= 6 { Fault::Page(503) } else { other_chain(method, parameters) }
    };
    let chain = several(&anvil, 1, script).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    while chain.states()[0].1 != "serves another chain" {
        assert_eq!(chain.latest().await.expect("a block").number, 0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn no_endpoint_gets_more_requests_a_second_than_it_may() {
    let anvil = anvil(0).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let script = move |_: &str, _: &Value| {
        counter.fetch_add(1, Ordering::SeqCst);
        Fault::Pass
    };
    let url = Faulty::before(anvil.url(), script).await.url;
    let rpc = Endpoints::new(vec![Endpoint { url, requests_per_second: Some(20), ..Endpoint::default() }]).expect("one");
    let chain = connect(quick(Settings { rpc, ..anvil.settings() })).await;
    let began = Instant::now();
    let coins = futures::future::join_all((0..10).map(|_| chain.coin(SOMEBODY))).await;
    assert!(coins.iter().all(Result::is_ok), "{coins:?}");
    assert!(began.elapsed() >= Duration::from_millis(450), "{:?}", began.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 11);
}

#[tokio::test]
async fn headers_are_sent_and_no_secret_is_ever_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v2/0123456789abcdef", listener.local_addr().expect("an address"));
    let (sender, mut requests) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4_096];
            let read = stream.read(&mut head).await.expect("a request");
            let body = r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"key 0123456789abcdef or hunter2hunter2 is no key"}}"#;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.expect("an answer");
            sender.send(String::from_utf8_lossy(&head[..read]).into_owned()).await.expect("somebody looks");
        }
    });
    let headers = [("authorization".to_owned(), "Bearer hunter2hunter2".to_owned())].into();
    let rpc = Endpoints::new(vec![Endpoint { url, headers, requests_per_second: None }]).expect("one");
    let settings = Settings { rpc, request_timeout_s: 1, ..Settings::default() };
    let shown = format!("{settings:?} {}", Connection::connect_to_any(settings.clone()).await.err().expect("no answer"));
    assert!(requests.recv().await.expect("a request").contains("authorization: Bearer hunter2hunter2"));
    assert!(shown.contains("key … or … is no key"), "{shown}");
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_without_its_value() {
    let endpoint = |name: &str, value: &str| Endpoint {
        url: "http://127.0.0.1:9".into(),
        headers: [(name.to_owned(), value.to_owned())].into(),
        requests_per_second: None,
    };
    for (name, value) in [("x-key", "sec\nret"), ("no header", "secret")] {
        let rpc = Endpoints::new(vec![endpoint(name, value)]).expect("one");
        let text = Connection::connect(Settings { rpc, ..Settings::default() }).await.err().expect("it cannot be sent").to_string();
        assert!(text.contains(name) && !text.contains("ret"), "{text}");
    }
}
