//! Sending: order, refusals, lost answers, forgotten and dropped transactions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chain::{Because, Ceiling, ChainError, Connection, Settings};
use futures::future::join_all;
use protocol::ids::Address;
use protocol::money::Wei;
use serde_json::Value;

use crate::faulty::{Fault, Faulty};
use crate::support::{DEADLINE, LOGGER, REFUSER, anvil, call, connect, deploy, dev_account, payment, quick, rich, words};

const SOMEBODY: Address = Address([0x55; 20]);

#[tokio::test]
async fn a_payment_arrives_and_its_receipt_tells_where() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let receipt = chain.pay(SOMEBODY, Wei(1_000)).await.expect("paid");
    assert_eq!(chain.coin(SOMEBODY).await.expect("a balance"), Wei(1_000));
    assert_eq!((receipt.block, receipt.gas_used, receipt.contract), (1, 21_000, None));
}

#[tokio::test]
async fn twenty_at_once_get_twenty_nonces_in_a_row() {
    let anvil = anvil(500).await;
    let chain = rich(&anvil, 0).await;
    let logger = deploy(&chain, &LOGGER).await;
    let sent = join_all((1..=20).map(|word| chain.send(call(logger, word)))).await;
    let mut seen: Vec<u64> = sent.into_iter().flat_map(|receipt| words(&receipt.expect("mined").logs)).collect();
    seen.sort_unstable();
    assert_eq!(seen, (1..=20).collect::<Vec<_>>());
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), 21);
}

#[tokio::test]
async fn without_an_account_nothing_is_sent() {
    let anvil = anvil(0).await;
    let refused = anvil.chain().pay(SOMEBODY, Wei(1)).await;
    assert!(matches!(refused, Err(ChainError::NoAccount)), "{refused:?}");
}

#[tokio::test]
async fn a_call_that_would_fail_is_named_and_costs_nothing() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let refuser = deploy(&chain, &REFUSER).await;
    let before = chain.next_nonce(dev_account(0).address()).await.expect("a count");
    let mut transaction = call(refuser, 0x1234);
    transaction.explain = |data| data.ends_with(&[0x12, 0x34]).then(|| ("TooSmall".to_owned(), "send more".to_owned()));
    let Err(ChainError::Reverted(revert)) = chain.send(transaction).await else { panic!("it must be refused") };
    assert_eq!(revert.to_string(), "`test call` was refused: TooSmall: send more");
    assert_eq!(revert.transaction, None);
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), before);
}

#[tokio::test]
async fn the_refusals_of_every_contract_are_read() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let refuser = deploy(&chain, &REFUSER).await;
    let error = "08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000\
                 0000000000000000000000000000000568656c6c6f000000000000000000000000000000000000000000000000000000";
    let panic = format!("4e487b71{:064x}", 0x11);
    for (data, name) in
        [(error.replace(char::is_whitespace, ""), "Error: hello"), (panic, "Panic"), ("01020304".into(), "unknown error 0x01020304")]
    {
        let mut transaction = call(refuser, 0);
        transaction.data = hex::decode(&data).expect("hex").into();
        let text = chain.send(transaction).await.expect_err("it reverts").to_string();
        assert!(text.starts_with(&format!("`test call` was refused: {name}")), "{text}");
    }
}

#[tokio::test]
async fn a_call_that_fails_in_its_block_is_told_with_its_transaction() {
    let anvil = anvil(0).await;
    let chain = rich(&anvil, 0).await;
    let contract = deploy(&chain, &DEADLINE).await;
    let deadline_s = chain.latest().await.expect("a block").time_s + 100;
    anvil.set_automine(false).await.expect("no blocks");
    let late = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        anvil.advance(1_000).await.expect("a block");
    };
    let (sent, ()) = tokio::join!(chain.send(call(contract, deadline_s)), late);
    let Err(ChainError::Reverted(revert)) = sent else { panic!("it must fail: {sent:?}") };
    assert!(revert.transaction.is_some(), "{revert:?}");
}

#[tokio::test]
async fn the_poor_are_told_what_they_lack() {
    let anvil = anvil(0).await;
    let chain = connect(quick(anvil.settings())).await.with_account(chain::Account::random());
    let refused = chain.pay(SOMEBODY, Wei(1)).await;
    assert!(matches!(refused, Err(ChainError::CannotPay { .. })), "{refused:?}");
}

#[tokio::test]
async fn gas_above_the_limit_is_not_paid() {
    let anvil = anvil(0).await;
    let settings = Settings { max_fee_gwei: Some(0), ..quick(anvil.settings()) };
    let chain = connect(settings).await.with_account(dev_account(0));
    let refused = chain.pay(SOMEBODY, Wei(1)).await;
    assert!(matches!(refused, Err(ChainError::FeeTooHigh { ceiling: Ceiling { limit: 0, because: Because::Setting }, .. })), "{refused:?}");
}

#[tokio::test]
async fn two_programs_with_one_key_get_on() {
    let anvil = anvil(0).await;
    let (one, two) = (rich(&anvil, 0).await, rich(&anvil, 0).await);
    // Different amounts, for two transactions that are the same to the byte are one transaction.
    let both = (0..5).flat_map(|_| [one.send(payment(SOMEBODY, 1)), two.send(payment(SOMEBODY, 100))]);
    for receipt in join_all(both).await {
        receipt.expect("mined");
    }
    assert_eq!(anvil.chain().coin(SOMEBODY).await.expect("a balance"), Wei(505));
}

/// A chain behind a server that fails at `eth_sendRawTransaction`; `fault` sees how often it was called before.
async fn behind(anvil: &chain::dev::Anvil, fault: impl Fn(usize) -> Fault + Send + 'static) -> Connection {
    let calls = AtomicUsize::new(0);
    let script = move |method: &str, _: &Value| match method {
        "eth_sendRawTransaction" => fault(calls.fetch_add(1, Ordering::SeqCst)),
        _ => Fault::Pass,
    };
    let faulty = Faulty::before(anvil.url(), script).await;
    connect(quick(Settings { rpc: faulty.url.into(), ..anvil.settings() })).await.with_account(dev_account(0))
}

#[tokio::test]
async fn an_answer_that_is_lost_never_makes_it_pay_twice() {
    let anvil = anvil(0).await;
    let chain = behind(&anvil, |calls| if calls.is_multiple_of(2) { Fault::LoseAnswer } else { Fault::Pass }).await;
    for _ in 0..3 {
        chain.pay(SOMEBODY, Wei(1)).await.expect("paid");
    }
    assert_eq!(chain.coin(SOMEBODY).await.expect("a balance"), Wei(3));
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), 3);
}

#[tokio::test]
async fn a_pool_that_finds_the_fee_too_low_gets_a_better_offer() {
    let anvil = anvil(0).await;
    let too_low = "transaction underpriced: gas tip cap 1, minimum needed 2";
    let chain = behind(&anvil, move |calls| if calls < 2 { Fault::Error(too_low) } else { Fault::Pass }).await;
    chain.pay(SOMEBODY, Wei(1)).await.expect("paid");
}

#[tokio::test]
async fn a_pool_that_refuses_for_good_is_named() {
    let anvil = anvil(0).await;
    let chain = behind(&anvil, |_| Fault::Error("transaction type not supported")).await;
    let text = chain.pay(SOMEBODY, Wei(1)).await.expect_err("refused").to_string();
    assert!(text.contains("refused payment: transaction type not supported"), "{text}");
}

#[tokio::test]
async fn a_transaction_that_a_reorganisation_dropped_is_sent_again() {
    let anvil = anvil(0).await;
    let settings = Settings { confirmations: 5, ..quick(anvil.settings()) };
    let chain = connect(settings).await.with_account(dev_account(0));
    let logger = deploy(&chain, &LOGGER).await;
    anvil.mine(8).await.expect("blocks");
    chain.send(call(logger, 1)).await.expect("mined");
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), 2);
    anvil.roll_back(1).await.expect("a shorter chain");
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), 1, "it is gone");
    let again = async {
        while chain.next_nonce(dev_account(0).address()).await.expect("a count") < 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("it is sent again");
}

/// A chain that mines only when told, with a sender that is quick to offer again.
async fn idle(anvil: &chain::dev::Anvil, settings: Settings) -> Connection {
    anvil.set_automine(false).await.expect("no blocks");
    connect(quick(settings)).await.with_account(dev_account(0))
}

#[tokio::test]
async fn a_transaction_that_the_pool_forgot_is_offered_again() {
    let anvil = anvil(0).await;
    let chain = idle(&anvil, Settings { offer_again_s: 1, ..anvil.settings() }).await;
    let forgetting = async {
        let hash = pending(&anvil).await;
        anvil.drop_transaction(hash).await.expect("it is dropped");
        assert_eq!(pending(&anvil).await, hash, "it is back");
        anvil.mine(1).await.expect("a block");
        hash
    };
    let (receipt, hash) = tokio::join!(chain.pay(SOMEBODY, Wei(1)), forgetting);
    assert_eq!(receipt.expect("paid").hash, hash);
}

#[tokio::test]
async fn a_transaction_that_nobody_mines_is_offered_for_more_and_paid_once() {
    let anvil = anvil(0).await;
    let settings = Settings { offer_again_s: 1, raise_fee_after_s: 1, ..anvil.settings() };
    let chain = idle(&anvil, settings).await;
    let waiting = async {
        let first = pending(&anvil).await;
        while pending(&anvil).await == first {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anvil.mine(1).await.expect("a block");
    };
    let (receipt, ()) = tokio::join!(chain.pay(SOMEBODY, Wei(1)), waiting);
    receipt.expect("paid");
    assert_eq!(chain.coin(SOMEBODY).await.expect("a balance"), Wei(1));
    assert_eq!(chain.next_nonce(dev_account(0).address()).await.expect("a count"), 1);
}

#[tokio::test]
async fn a_transaction_that_is_never_mined_is_given_up_by_name() {
    let anvil = anvil(0).await;
    let chain = idle(&anvil, Settings { mined_timeout_s: 1, ..anvil.settings() }).await;
    let (given_up, hash) = tokio::join!(chain.pay(SOMEBODY, Wei(1)), pending(&anvil));
    let Err(ChainError::NotMined(found)) = given_up else { panic!("nobody mined it: {given_up:?}") };
    assert_eq!(found, hash);
}

/// Waits for the one transaction in the pool.
pub async fn pending(anvil: &chain::dev::Anvil) -> protocol::ids::Digest {
    loop {
        let block = anvil.request("eth_getBlockByNumber", serde_json::json!(["pending", false])).await.expect("an answer");
        if let Some(hash) = block["transactions"][0].as_str() {
            return hash.parse().expect("a hash");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
