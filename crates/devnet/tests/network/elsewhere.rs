//! Chains that are not like Ethereum's main one: Rootstock's rules, and geth with its own pool and blocks of twelve seconds.

use anyhow::{Context, Result, ensure};
use chain::geth::{Geth, GethSettings, find_or_skip};
use devnet::{Options, Rules};
use protocol::Wei;

use crate::{
    groups::{changed, digits, fresh_folder},
    slow::{self, SHORT},
    watched::Watched,
};

const ROUNDS: u64 = 2;
/// Gas of a block there, and by how much its dates may be ahead at most.
const ROOTSTOCK: Rules = Rules { block_gas: Some(6_800_000), legacy_gas: true, ahead_s: 7_200 };
/// What the payer has: a thousand coins.
const COINS: Wei = Wei(1_000_000_000_000_000_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn rounds_fit_into_blocks_of_rootstock_at_plain_gas_prices_and_dates_far_ahead_confuse_no_deadline() -> Result<()> {
    let options = Options { rounds: ROUNDS, rules: ROOTSTOCK, group: digits(), ..Options::default() };
    let mut network = Watched::start("rootstock", options).await?;
    network.until("all rounds", ROUNDS + 2, slow::are_over).await?;
    slow::check_deposits(&network)?;
    slow::check_reverts(&network).await?;
    for number in 0..=network.devnet.network.chain().latest().await?.number {
        let receipts = slow::receipts(network.devnet.rpc_url(), number).await?;
        // The coins of the cast come from the developer's account, and of the same kind.
        ensure!(receipts.iter().all(|receipt| receipt["type"] == "0x0"), "a transaction of another kind in block {number}");
    }
    slow::check_book(&mut network).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a quarter of an hour: setting a network up at twelve seconds a block; run it by `cargo xtask geth`"]
async fn rounds_are_won_on_geth_with_its_own_pool_and_twelve_second_blocks() -> Result<()> {
    let Some(program) = find_or_skip(env!("CARGO_TARGET_TMPDIR")).await else { return Ok(()) };
    let folder = fresh_folder("geth-slow")?;
    let geth = Geth::start(&program, &folder.join("geth"), &GethSettings { period_s: 12, ..GethSettings::default() }).await?;
    let payer = geth.funded(COINS).await?;
    let (rpc, chain_id) = (geth.settings().rpc.first_url().to_owned(), Some(geth.settings().chain_id));
    let group = changed(&folder, SHORT).context("a group")?;
    let options = Options {
        rounds: ROUNDS,
        validators: 3,
        block_time: 12.0,
        confirmations: 2,
        rpc: Some(rpc),
        chain_id,
        group,
        ..Options::default()
    };
    let mut network = Watched::start("geth", Options { payer: Some(payer), ..options }).await?;
    network.until("all rounds", ROUNDS + 2, slow::are_over).await?;
    slow::check_deposits(&network)?;
    slow::check_reverts(&network).await?;
    slow::check_book(&mut network).await
}
