//! A chain of twelve-second blocks that are believed three deep: two rounds, as on a chain of one-second blocks.

use alloy::transports::http::reqwest::Client;
use anyhow::{Context, Result, ensure};
use devnet::Options;
use protocol::{
    Wei,
    chain::Outcome,
    rules::{self, Commit, Standing},
};
use serde_json::{Value, json};

use crate::{
    groups::{changed, fresh_folder},
    watched::Watched,
};

const ROUNDS: u64 = 2;
/// Blocks of JUDGE that are left at least when its decision is confirmed.
const LEFT: u64 = 2;
/// Blocks after which the book must be right.
const LOOKS: usize = 10;
/// Short runs: it stands beside tests whose rounds last seconds.
pub const SHORT: &str = "training.steps = 60";

#[tokio::test(flavor = "multi_thread")]
async fn two_rounds_of_twelve_second_blocks_and_three_confirmations_lose_no_deposit_and_no_gas() -> Result<()> {
    let group = changed(&fresh_folder("slow-group")?, SHORT)?;
    let options = Options { rounds: ROUNDS, validators: 3, block_time: 12.0, confirmations: 3, group, ..Options::default() };
    let mut network = Watched::beside("slow", options).await?;
    for decided in 1..=ROUNDS as usize {
        network.until("a decision", 2, |network| network.decided.len() >= decided).await?;
        // All has been said: what is left of JUDGE need not be waited for.
        network.devnet.skip(LEFT).await?;
    }
    network.until("all rounds", 2, are_over).await?;
    check_deposits(&network)?;
    check_reverts(&network).await?;
    check_book(&mut network).await
}

/// Whatever was committed in the first rounds is settled.
pub fn are_over(network: &Watched) -> bool {
    let rounds = &network.devnet.ledger.rounds;
    let is_over = |number| network.end_s(number) <= network.devnet.now_s;
    rounds.len() as u64 >= ROUNDS && rounds.keys().all(|number| is_over(*number)) && network.committed.len() == network.settled.len()
}

/// Every round was won, and whoever committed has 15/16 back at least.
pub fn check_deposits(network: &Watched) -> Result<()> {
    let rounds = &network.devnet.ledger.rounds;
    ensure!(rounds.values().all(|round| round.outcome == Outcome::Won), "{:?}", network.decided);
    for ((round, trainer), settled) in &network.settled {
        let deposit = settled.refunded.saturating_add(settled.burned);
        ensure!(settled.burned.0 <= deposit.0.div_ceil(16), "{trainer} lost {} of {} in round {round}", settled.burned.0, deposit.0);
    }
    Ok(())
}

/// Nothing that anybody sent was mined and refused: nobody posted what another one had posted.
pub async fn check_reverts(network: &Watched) -> Result<()> {
    let (mut sent, mut refused) = (0, Vec::new());
    for number in 0..=network.devnet.network.chain().latest().await?.number {
        for receipt in receipts(network.devnet.rpc_url(), number).await? {
            sent += 1;
            refused.extend((receipt["status"] != "0x1").then_some(receipt));
        }
    }
    ensure!(refused.is_empty(), "{} of {sent} transactions were refused in a block: {refused:?}", refused.len());
    Ok(())
}

pub async fn receipts(url: &str, number: u64) -> Result<Vec<Value>> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockReceipts", "params": [format!("{number:#x}")] });
    let client = Client::builder().no_proxy().build()?;
    let answer = client.post(url).header("content-type", "application/json").body(request.to_string()).send().await?;
    let answer: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(answer["result"].as_array().context("receipts of a block")?.clone())
}

/// Nothing was made or lost that the book does not know. It is told of blocks later than the contracts are: they are compared again
/// while collecting goes on.
pub async fn check_book(network: &mut Watched) -> Result<()> {
    for _ in 0..LOOKS {
        if compare(network).await.is_ok() {
            return Ok(());
        }
        let now_s = network.devnet.now_s;
        network.until("a block", 1, |network| network.devnet.now_s > now_s).await?;
    }
    compare(network).await
}

async fn compare(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let burned: Wei = network.settled.values().map(|settled| settled.burned).sum();
    let supply = devnet.genesis_supply.saturating_add(devnet.ledger.minted).saturating_sub(burned);
    ensure!(devnet.network.neuron().supply().await? == supply, "supply = sold + minted − burned");
    // What winners leave until their coinbase is mature, and validators' pay, which is issued with it.
    let (mut kept, mut unissued) = (Wei::ZERO, Wei::ZERO);
    for (number, round) in devnet.ledger.rounds.iter().filter(|(_, round)| round.collected.is_none()) {
        let deposit = devnet.network.round(devnet.group, *number).await?.context("it was opened")?.deposit;
        kept = kept.saturating_add(rules::settle(deposit, Commit::Revealed(Standing::First)).kept);
        unissued = unissued.saturating_add(rules::validators_reward(round.reward));
        ensure!(network.settled[&(*number, round.winner)].burned == Wei::ZERO, "the winner of round {number} loses nothing");
    }
    let held = devnet.network.neuron().balance(devnet.network.address()).await?;
    let (held, due) = (held.saturating_add(unissued), network.bonded().await?.saturating_add(kept));
    // Each position's pay is of whole gweis (PROTOCOL 6).
    let rounded = rules::WEI_PER_GWEI * (devnet.view.positions.len() * devnet.ledger.rounds.len()) as u128;
    ensure!(held.0.abs_diff(due.0) < rounded, "the contract holds {held} with what is not issued yet, and owes {due}");
    ensure!(devnet.ledger.slashes.is_empty() && devnet.ledger.dozed.is_empty(), "nobody cheats or hides");
    Ok(())
}
