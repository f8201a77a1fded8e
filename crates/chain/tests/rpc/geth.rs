//! The same against geth, the most used client, whose pool and errors are stricter than anvil's.

use std::path::Path;

use chain::geth::{Geth, GethSettings, find_or_skip};
use chain::{Account, ChainError, Followed, Follower, Settings};
use futures::future::join_all;
use protocol::ids::Address;
use protocol::money::Wei;

use crate::support::{LOGGER, REFUSER, call, connect, deploy, payment, quick, words};

const SOMEBODY: Address = Address([0x55; 20]);
/// A thousand coins.
const COINS: Wei = Wei(1_000_000_000_000_000_000_000);

/// A chain with a block a second, and an account that owns a thousand coins; `None`, with a word, where geth cannot be had.
async fn geth(folder: &Path, block_gas: u64) -> Option<(Geth, Account)> {
    let program = find_or_skip(env!("CARGO_TARGET_TMPDIR")).await?;
    let settings = GethSettings { period_s: 1, block_gas };
    let geth = Geth::start(&program, folder, &settings).await.expect("geth starts");
    let account = geth.funded(COINS).await.expect("coins");
    Some((geth, account))
}

#[tokio::test]
async fn geth_takes_what_is_sent_and_its_refusals_are_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((geth, account)) = geth(folder.path(), 60_000_000).await else { return };
    let reader = connect(quick(geth.settings())).await;
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

#[tokio::test]
async fn geth_gets_plain_gas_prices_where_the_settings_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((geth, account)) = geth(folder.path(), 60_000_000).await else { return };
    let settings = Settings { legacy_gas: true, ..quick(geth.settings()) };
    let chain = connect(settings).await.with_account(account);
    chain.pay(SOMEBODY, Wei(3)).await.expect("paid");
    assert_eq!(chain.coin(SOMEBODY).await.expect("a balance"), Wei(3));
}

#[tokio::test]
async fn what_no_block_of_geth_can_hold_is_refused_before_it_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some((geth, account)) = geth(folder.path(), 100_000).await else { return };
    let chain = connect(quick(geth.settings())).await.with_account(account);
    let refused = chain.deploy("large contract", vec![1; 8_000].into(), crate::support::no_names).await;
    assert!(matches!(&refused, Err(ChainError::TooMuchGas { what: "large contract", .. })), "{refused:?}");
}
