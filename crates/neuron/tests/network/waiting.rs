//! `neuron tx` with a chain that mines nothing.

use anyhow::{Result, ensure};
use std::time::Duration;

use crate::small::Small;

const SOMEBODY: &str = "0x5555555555555555555555555555555555555555";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_left_in_the_pool_is_listed_paid_more_for_and_taken_back() -> Result<()> {
    let small = Small::start("tx").await?;
    small.buy(10).await?;
    ensure!(small.neuron(&["tx", "list"]).await?.contains("nothing of"), "all is done");
    small.anvil.set_automine(false).await?;
    let sending = small.neuron(&["token", "send", SOMEBODY, "1"]);
    ensure!(tokio::time::timeout(Duration::from_secs(6), sending).await.is_err(), "nobody mines it");
    let list = small.neuron(&["tx", "list"]).await?;
    let nonce = list.split_whitespace().next().unwrap_or_default().to_owned();
    ensure!(list.contains("transfer") && list.contains("in the pool"), "{list}");
    let raised = small.neuron(&["tx", "speed-up", &nonce]).await?;
    ensure!(raised.contains(&format!("nonce {nonce} is offered")), "{raised}");
    for (arguments, named) in [(["tx", "speed-up", "99"], "no transaction with nonce 99"), (["tx", "cancel", "0"], "nonce 0 is used")] {
        let refusal = small.refusal(&arguments).await?;
        ensure!(refusal.contains(named), "{refusal}");
    }
    let cancelled = small.neuron(&["tx", "cancel", &nonce]).await?;
    ensure!(cancelled.contains("an empty transaction"), "{cancelled}");
    let list = small.neuron(&["tx", "list"]).await?;
    ensure!(list.lines().filter(|line| line.starts_with("    ")).count() == 3 && list.contains("cancel"), "{list}");
    let before = small.balance().await?;
    small.anvil.set_automine(true).await?;
    small.anvil.mine(1).await?;
    ensure!(small.balance().await? == before, "it never happened");
    ensure!(small.neuron(&["tx", "list"]).await?.contains("mined in block"), "it stands");
    small.neuron(&["token", "send", SOMEBODY, "1"]).await?;
    ensure!(!small.neuron(&["tx", "list"]).await?.contains("cancel"), "what is deep is forgotten");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_commands_at_once_with_one_key_are_told_of_each_other() -> Result<()> {
    let small = Small::start("tx-two").await?;
    small.buy(10).await?;
    small.anvil.set_automine(false).await?;
    let first = small.neuron(&["token", "send", SOMEBODY, "1"]);
    let second = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        let list = small.neuron(&["tx", "list"]).await?;
        ensure!(list.contains("a program sends for"), "{list}");
        let refusal = small.refusal(&["token", "send", SOMEBODY, "2"]).await?;
        ensure!(refusal.contains("another program (process") && refusal.contains("wait until it has ended"), "{refusal}");
        small.anvil.set_automine(true).await?;
        small.anvil.mine(1).await?;
        anyhow::Ok(())
    };
    let (first, second) = tokio::join!(first, second);
    ensure!(first?.contains("sent 1 NRN"), "the first one is not disturbed");
    second
}
