//! From the book to the report, with the check that nothing was issued or burned that the book does not know.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use protocol::{DeltaNumber, RoundNumber, Wei};

use super::{
    Devnet, Round,
    report::{Opening, PeriodReport, Report, RoundReport, outcome_name},
};

/// Reads balances and stakes from the chain and everything else from the book.
///
/// # Errors
/// When the supply is not what was sold, plus minted, minus burned.
pub async fn make(devnet: &Devnet) -> Result<Report> {
    let ledger = &devnet.ledger;
    let supply = devnet.network.neuron().supply().await?;
    let burned: Wei = ledger.rounds.values().map(|round| round.burned).sum();
    let expected = devnet.genesis_supply.saturating_add(ledger.minted).saturating_sub(burned);
    ensure!(supply == expected, "the supply is {supply} wei, sold + minted − burned are {expected}");
    let view = devnet.network.view(devnet.group).await?;
    let checkpoint = devnet.member.checkpoint(view.checkpoint).await?;
    let heldout = devnet.file.data.heldout.as_ref().map(|path| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        node::member::accuracy(&checkpoint, &text)
    });
    let length = evaluator::checkpoint_len(&devnet.member.manifest);
    Ok(Report {
        length_s: view.times.length_s(),
        rounds: ledger.rounds.iter().map(|(number, round)| report_round(devnet, *number, round, length)).collect(),
        periods: periods(devnet).await?,
        genesis_supply_wei: devnet.genesis_supply,
        minted_wei: ledger.minted,
        burned_wei: burned,
        supply_wei: supply,
        balances: balances(devnet).await?,
        stakes: stakes(devnet).await?,
        final_checkpoint_cid: network::cid_of(view.checkpoint, length).to_string(),
        heldout_accuracy: heldout.transpose()?,
        dataset_roots: devnet.roots(view.head).into_iter().filter_map(|(name, root)| Some((name, root?.to_string()))).collect(),
    })
}

fn report_round(devnet: &Devnet, number: RoundNumber, round: &Round, length: u64) -> RoundReport {
    let winning = round.winning();
    RoundReport {
        number: number.0,
        outcome: outcome_name(round.outcome, round.claims.len()),
        winner: winning.map(|claim| devnet.cast.name_of(claim.trainer)),
        base_micronats: winning.map(|claim| claim.base.0),
        loss_micronats: winning.map(|claim| claim.loss.0),
        checkpoint_cid: winning.map(|claim| network::cid_of(claim.file, length).to_string()),
        opened: Opening { supply_wei: round.supply, awake_wei: round.awake, total_wei: round.total },
        reward_wei: round.collected.map_or(Wei::ZERO, |(_, issued)| issued),
        validators_wei: round.validators,
        burned_wei: round.burned,
        verdicts: round.verdicts,
        wall_s: round.decided_at_s.map(|decided_s| decided_s.saturating_sub(round.opened_at_s)),
    }
}

/// Periods in which something was proposed.
async fn periods(devnet: &Devnet) -> Result<Vec<PeriodReport>> {
    let mut reports = Vec::new();
    for period in &devnet.ledger.periods {
        if !devnet.ledger.deltas.values().any(|delta| delta.period == period.number) {
            continue;
        }
        let refunded = devnet.ledger.deltas.get(&period.applied).and_then(|delta| delta.refunded);
        reports.push(PeriodReport {
            number: period.number.0,
            applied_delta: period.applied.0,
            dataset_root: devnet.member.set(period.head).await?.root.to_string(),
            reward_wei: refunded.filter(|_| period.applied != DeltaNumber(0)).unwrap_or(Wei::ZERO),
        });
    }
    Ok(reports)
}

async fn balances(devnet: &Devnet) -> Result<BTreeMap<String, Wei>> {
    let neuron = devnet.network.neuron();
    let balances = devnet.cast.everybody().map(|actor| async { anyhow::Ok((actor.name.clone(), neuron.balance(actor.address()).await?)) });
    let mut balances: BTreeMap<String, Wei> = try_join_all(balances).await?.into_iter().collect();
    balances.insert("the contract".into(), neuron.balance(devnet.network.address()).await?);
    Ok(balances)
}

async fn stakes(devnet: &Devnet) -> Result<BTreeMap<String, Wei>> {
    let stake = devnet.network.stake();
    let stakes = devnet.view.positions.iter().map(|position| async {
        let bonded = stake.position(devnet.group, position.number).await?.next;
        anyhow::Ok((devnet.cast.name_of(position.signer), bonded))
    });
    Ok(try_join_all(stakes).await?.into_iter().collect())
}
