//! Eight nodes, each on a host of its own: delay, loss, partitions, and home routers between them.
//!
//! The programs must have been built before: `cargo build --workspace`. Hosts of their own need Linux, root and nftables.
#![cfg(target_os = "linux")]

#[path = "../network/groups.rs"]
#[allow(dead_code, reason = "other groups are tried elsewhere")]
mod groups;
mod homes;
mod logs;
#[path = "../../../neuron/tests/network/refusal.rs"]
#[allow(dead_code, reason = "nothing is refused here")]
mod refusal;
mod stage;
#[path = "../network/watched.rs"]
#[allow(dead_code, reason = "some of it is watched elsewhere")]
mod watched;

use std::time::Instant;

use anyhow::{Result, ensure};
use protocol::RoundNumber;

use crate::{
    stage::{AWAY, AWAY_PLACE, HOME_TRAINER, Stage},
    watched::Watched,
};

/// Rounds that the run may need until the trainer behind a router has won one.
const PATIENCE: u64 = 6;
/// Before JUDGE begins a validator is cut off, so that it has said nothing; seconds.
const BEFORE_S: u64 = 2;

#[test]
#[ignore = "four minutes, and root; run it by `cargo xtask hosts`"]
fn eight_nodes_on_hosts_of_their_own_go_on_through_loss_and_partitions_and_agree() -> Result<()> {
    if !wires::or_skip() {
        return Ok(());
    }
    let start = Instant::now();
    let stage = Stage::open()?;
    stage.runtime()?.block_on(play(&stage))?;
    let counts = stage.internet.net().counts();
    println!("{} s; over the wires went {counts:?}", start.elapsed().as_secs());
    Ok(())
}

async fn play(stage: &Stage) -> Result<()> {
    let mut network = Watched::start("hosts", stage.options()?).await?;
    stage.start_home_trainer(&mut network.devnet)?;
    let _served = homes::serve(&network.devnet, stage)?;
    let first = network.until_won(RoundNumber(0)).await?;
    let second = judge_without_one(&mut network, stage, first).await?;
    ensure!(second.0 == first.0 + 1, "round {} was not won", first.0 + 1);
    vote_without_one(&mut network, stage).await?;
    let home = network.devnet.cast.guest.address();
    let has_won = |network: &Watched| network.devnet.ledger.rounds.values().any(|round| round.winner == home);
    network.until("a round won from behind a router", PATIENCE, has_won).await?;
    check_deposits(&network)?;
    homes::check(&network.devnet, stage).await?;
    logs::check(&mut network, stage).await
}

/// For more than half of JUDGE one validator hears nobody, not even the chain; the others are more than two thirds and decide.
async fn judge_without_one(network: &mut Watched, stage: &Stage, won: RoundNumber) -> Result<RoundNumber> {
    let (view, round) = (&network.devnet.view, RoundNumber(won.0 + 1));
    let (judge_s, end_s) = (view.times.judge_start_s(view.genesis_s, round), network.end_s(round));
    network.until("JUDGE", 2, |network| network.devnet.now_s + BEFORE_S >= judge_s).await?;
    stage.cut_off(AWAY, false)?;
    network.until("more than half of JUDGE", 1, |network| 2 * network.devnet.now_s > judge_s + end_s + 2).await?;
    let signer = network.devnet.cast.signers[AWAY_PLACE].address();
    ensure!(!network.signed.contains_key(&(round, signer)), "{AWAY} was heard");
    stage.internet.heal();
    network.until_over(round).await?;
    network.until_won(won).await
}

/// A validator hears nobody but the chain from before a proposal until the set has turned; then it catches up, and tells the same root.
async fn vote_without_one(network: &mut Watched, stage: &Stage) -> Result<()> {
    let (voting, data) = (network.devnet.votes(), network.devnet.file.data.clone());
    stage.cut_off(AWAY, true)?;
    let votes = tokio::spawn(async move { voting.run(&data).await });
    let has_turned = |network: &Watched| network.devnet.ledger.periods.iter().any(|period| period.applied.0 > 0);
    network.until("a set that has turned", PATIENCE, has_turned).await?;
    votes.abort();
    let told = network.devnet.roots(network.devnet.view.head);
    ensure!(told.get(AWAY).is_some_and(Option::is_none), "{AWAY} knows the set without having heard of it: {told:?}");
    stage.internet.heal();
    let home = network.devnet.cast.guest.address();
    let have_told = |network: &Watched| {
        let devnet = &network.devnet;
        devnet.roots(devnet.view.head).values().all(Option::is_some) && devnet.root_told_by(home, devnet.view.head).is_some()
    };
    network.until("the root of each node", PATIENCE, have_told).await?;
    let devnet = &network.devnet;
    let mut roots: Vec<_> = devnet.roots(devnet.view.head).into_values().chain([devnet.root_told_by(home, devnet.view.head)]).collect();
    roots.dedup();
    ensure!(roots.len() == 1, "{HOME_TRAINER} and the others have built different sets: {roots:?}");
    Ok(())
}

/// Every deposit came home but for the sixteenths that a lost race or a concession costs, and nobody signed twice.
fn check_deposits(network: &Watched) -> Result<()> {
    let trainers = network.devnet.trainers.len() as u128;
    for ((round, trainer), settled) in &network.settled {
        let deposit = settled.refunded.saturating_add(settled.burned);
        let lost = settled.burned.0 * 16 / deposit.0.max(1);
        ensure!(lost <= trainers, "{trainer} lost {lost} sixteenths of its deposit in round {round}");
    }
    for ((round, signer), claims) in &network.signed {
        ensure!(claims.len() == 1, "{signer} signed {} claims in round {round}", claims.len());
    }
    ensure!(!network.settled.is_empty(), "no deposit was settled");
    Ok(())
}
