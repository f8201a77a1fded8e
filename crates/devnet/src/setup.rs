//! From an empty chain to an admitted group: deploy, sell, deliver, create, bond, wake, admit.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use chain::Connection;
use futures::future::try_join_all;
use governance::{Network, Terms, deploy};
use node::{
    Site, birth,
    config::{GroupFile, NetworkFile, Phases, Times},
};
use protocol::{Digest, GroupId, Wei, eip712::Consent, keccak256, measures::Measure};
use token::SaleTerms;
use training::Settings;

use crate::{
    actors::{Actor, Cast, Hands},
    ground::{Ground, SALE_BLOCKS},
    options::Options,
};

/// Name of the file that all programs need.
pub const NETWORK: &str = "network.toml";
/// Wei of the chain's coin for one NRN.
const PRICE: Wei = Wei(1_000_000_000_000);
/// 0.01 NRN.
const MIN_DEPOSIT: Wei = Wei(10_000_000_000_000_000);
/// What the purse adds to the base fee: 1 gwei.
const TIP: Wei = Wei(1_000_000_000);
/// Blocks that TRAIN has at least, beside those by which the newest is ahead: two before its end carry a commit.
const TRAIN_BLOCKS: u32 = 4;
/// The same for REVEAL.
const REVEAL_BLOCKS: u32 = 3;
/// The same for JUDGE, in which the first who posts is seen before it is the last chance for the others.
const JUDGE_BLOCKS: u32 = 4;
/// Epochs within which the admission must be enacted.
const ADMISSION_EPOCHS: u64 = 4;

/// The clock of a group on a development network: a period is two rounds. A phase is as long as its group file says on a chain whose
/// blocks take a second and are confirmed at once; else it has room for what is sent in it, for what confirms that, and for a block more.
pub fn times(file: &GroupFile, options: &Options) -> Times {
    let (slot_s, lag) = (options.slot_s() as u32, options.confirmations as u32 - 1);
    let long = |phase_s: u32, blocks: u32| (phase_s + lag * slot_s).max((lag + blocks) * slot_s);
    let Phases { train_s, reveal_s, judge_s } = file.devnet;
    let (train_s, reveal_s, judge_s) = (long(train_s, TRAIN_BLOCKS), long(reveal_s, REVEAL_BLOCKS), long(judge_s, JUDGE_BLOCKS + lag));
    Times { train_s, reveal_s, judge_s, period_s: 2 * (train_s + reveal_s + judge_s), ..file.times }
}

/// Deploys the eight contracts; the sale ends `sale_s` from now. An epoch is a round, and so is the wait for a coinbase; who
/// leaves waits for four periods, in which a bounty has room.
pub async fn contracts(founder: &Connection, times: &Times, sale_s: u64) -> Result<Network> {
    let now_s = founder.latest().await?.time_s;
    let sale = SaleTerms { price: PRICE, deadline_s: now_s + sale_s, minimum: Wei::nrn(1) };
    let period_s = u64::from(times.period_s);
    let (epoch_s, exit_s) = (period_s / 2, 4 * period_s);
    let terms = Terms { sale, epoch_s, exit_s, maturity_s: epoch_s, min_deposit: MIN_DEPOSIT, tip: TIP };
    let addresses = deploy(founder, &terms, |_| ()).await?;
    Ok(Network::open(founder, addresses.network).await?)
}

/// Everybody buys, the sale closes, everybody gets what was bought.
pub async fn sale(cast: &Cast, hands: &Hands, ground: &Ground) -> Result<Wei> {
    let buyers: Vec<&Actor> = cast.everybody().filter(|actor| actor.buys > 0).collect();
    try_join_all(buyers.iter().map(|buyer| async {
        let cost = token::cost_of(Wei::nrn(buyer.buys), PRICE);
        let bought = hands.of(buyer)?.sale().buy(cost).await;
        bought.with_context(|| format!("{} could not buy in the sale", buyer.name))
    }))
    .await?;
    let founder = hands.of(&cast.founder)?;
    let deadline_s = founder.sale().terms().await?.deadline_s;
    ground.until(deadline_s).await?;
    founder.sale().close().await?;
    try_join_all(buyers.iter().map(|buyer| async { anyhow::Ok(hands.of(buyer)?.sale().claim().await?) })).await?;
    Ok(founder.neuron().supply().await?)
}

/// Each owner bonds what it has for its validator in one transaction, with the validator's consent, and wakes the position.
pub async fn stake(cast: &Cast, hands: &Hands, group: GroupId) -> Result<()> {
    try_join_all(cast.stakes().map(|(owner, signer)| async {
        let network = hands.of(owner)?;
        let consent = signer.account.sign(Consent { group, owner: owner.address() }, &network.domain()).await?.signature;
        let stake = network.stake();
        let position = stake.bond(group, signer.address(), Wei::nrn(owner.buys), Some(&consent)).await?;
        anyhow::Ok(stake.wake(group, position).await?)
    }))
    .await
    .map(drop)
}

/// In the next epoch, when the stake counts, all validators assent and the founder brings it to the chain.
pub async fn admit(cast: &Cast, hands: &Hands, ground: &Ground, group: GroupId) -> Result<()> {
    let founder = hands.of(&cast.founder)?;
    let (now_s, terms) = (founder.chain().latest().await?.time_s, *founder.terms());
    let next_epoch_s = terms.genesis_s + ((now_s - terms.genesis_s) / terms.epoch_s + 1) * terms.epoch_s;
    ground.until(next_epoch_s).await?;
    let view = founder.view(group).await?;
    let expiry_s = next_epoch_s + ADMISSION_EPOCHS * terms.epoch_s;
    let admission = Measure::admit(group, view.name, Digest(keccak256(b"first admission")), expiry_s);
    let mut assents = Vec::new();
    for signer in &cast.signers {
        let position = view.position_of(signer.address()).with_context(|| format!("{} has no position", signer.name))?.number;
        let assent = signer.account.sign(admission.clone(), &founder.domain()).await?.signature;
        assents.push((group, position, assent));
    }
    let enacted = founder.enact(&admission, &assents).await?;
    ensure!(
        enacted.done,
        "assents of {} NRN did not admit the group, it takes more than {}",
        enacted.weight.to_nrn(),
        enacted.needed.to_nrn()
    );
    Ok(())
}

/// Writes the network file for all programs; `peers` are where to find the first node.
pub async fn network_file(path: &Path, network: &Network, confirmations: u64, peers: Vec<String>) -> Result<Site> {
    let settings = network.chain().settings();
    let file = NetworkFile {
        name: "devnet".into(),
        rpc: settings.rpc.clone(),
        chain_id: settings.chain_id,
        confirmations,
        deployed_block: network.first_block().await?.saturating_sub(SALE_BLOCKS),
        poll_ms: settings.poll_ms,
        legacy_gas: settings.legacy_gas,
        peers,
        contract: network.address().to_string(),
        ..NetworkFile::default()
    };
    fs::write(path, toml::to_string(&file)?).with_context(|| format!("cannot write {}", path.display()))?;
    Site::open(path).await
}

/// The group file, checked with its data, and with its settings as a trainer will read them, before anything is started.
pub fn group_file(path: &Path) -> Result<GroupFile> {
    let file = GroupFile::read(path)?;
    check(&file).with_context(|| path.display().to_string())?;
    Ok(file)
}

fn check(file: &GroupFile) -> Result<()> {
    let settings: Settings = toml::Value::from(file.training.clone()).try_into().context("[training]")?;
    settings.check().context("[training]")?;
    birth::check(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_the_shipped_groups_suit_their_manifests_and_a_trainer_takes_their_settings() {
        for name in ["digits", "tiny-gpt", "tiny-llama", "small-gpt", "medium-llama"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/groups/{name}.toml"));
            group_file(&path).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }
}
