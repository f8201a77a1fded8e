//! Connecting: what is found out at once, and what is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chain::{ChainError, Connection, Settings};
use protocol::money::Wei;

use crate::faulty::{Fault, Faulty};
use crate::support::{anvil, connect, dev_account, quick};

#[tokio::test]
async fn an_address_that_is_none_is_named() {
    for text in ["", "127.0.0.1:8545", "ftp://localhost", "http://"] {
        let failure = Connection::connect(Settings { rpc: text.into(), ..Settings::default() }).await.err();
        assert!(matches!(failure, Some(ChainError::BadUrl(_))), "{text}: {failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_the_secret_in_its_address() {
    let rpc = "http://127.0.0.1:9/v3/secret".into();
    let failure = Connection::connect(Settings { rpc, ..Settings::default() }).await.err().expect("nobody listens");
    let text = failure.to_string();
    assert!(text.starts_with("no answer from the RPC at http://127.0.0.1:9 "), "{text}");
    assert!(!text.contains("secret"), "{text}");
    assert!(!failure.is_refusal());
}

#[tokio::test]
async fn the_wrong_chain_is_refused() {
    let anvil = anvil(0).await;
    let failure = Connection::connect(Settings { chain_id: 1, ..anvil.settings() }).await.err();
    assert!(matches!(failure, Some(ChainError::WrongChain { found: 31_337, expected: 1, .. })), "{failure:?}");
}

#[tokio::test]
async fn whoever_wants_any_chain_learns_its_id() {
    let anvil = anvil(0).await;
    let chain = Connection::connect_to_any(Settings { chain_id: 1, ..anvil.settings() }).await.expect("the chain answers");
    assert_eq!((chain.chain_id(), chain.settings().chain_id), (31_337, 31_337));
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let anvil = anvil(0).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let script = move |_: &str, _: &_| if counter.fetch_add(1, Ordering::SeqCst) < 2 { Fault::Busy } else { Fault::Pass };
    let faulty = Faulty::before(anvil.url(), script).await;
    connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await;
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up_and_named() {
    let faulty = Faulty::before("http://127.0.0.1:9", |_, _| Fault::Busy).await;
    let failure = Connection::connect(Settings { rpc: faulty.url.into(), ..Settings::default() }).await.err();
    assert!(matches!(failure, Some(ChainError::RateLimited { .. })), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let rpc = format!("http://{}", listener.local_addr().expect("an address")).into();
    let failure = Connection::connect(Settings { rpc, request_timeout_s: 1, ..Settings::default() }).await.err();
    let text = failure.expect("nobody answers").to_string();
    assert!(text.contains("timed out"), "{text}");
}

#[tokio::test]
async fn the_first_block_since_a_time_is_found() {
    let anvil = anvil(0).await;
    let chain = connect(quick(anvil.settings())).await;
    for _ in 0..12 {
        anvil.advance(10).await.expect("a block");
    }
    for number in 1..=12 {
        let block = chain.block(number).await.expect("a block");
        for time_s in [block.time_s, block.time_s - 9] {
            let found = chain.first_block_since(time_s).await.expect("an answer");
            assert_eq!(found, Some(block), "at {time_s}");
        }
    }
    let first = chain.block(0).await.expect("a block");
    assert_eq!(chain.first_block_since(0).await.expect("an answer"), Some(first));
    let latest = chain.latest().await.expect("a block");
    assert_eq!(chain.first_block_since(latest.time_s + 1).await.expect("an answer"), None);
}

#[tokio::test]
async fn coin_can_be_given_and_read() {
    let anvil = anvil(0).await;
    let account = chain::Account::random().address();
    anvil.set_coin(account, Wei(7)).await.expect("coins");
    assert_eq!(anvil.chain().coin(account).await.expect("a balance"), Wei(7));
    assert!(anvil.chain().coin(dev_account(0).address()).await.expect("a balance") > Wei(1));
}
