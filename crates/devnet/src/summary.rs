//! From the book to the report, with the check that nothing was issued or burned that the book does not know.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, anyhow, ensure};
use futures::future::try_join_all;
use node::{
    progress::{self, Fresh, Won, stretch},
    words,
};
use protocol::{BountyNumber, DeltaNumber, PositionNumber, RoundNumber, Wei, chain::Outcome};
use token::Position;
use tokio::time::sleep;

use crate::{
    devnet::Devnet,
    heldout::HeldOut,
    ledger::{Bounty, Delta, Ledger, RoundEntry, Slash},
    news::Seen,
    report::{BountyReport, Held, Opening, PeriodReport, PurseReport, Report, RoundReport, SlashReport, TakenReport},
};

/// How often what does not add up is read, and how long after one another.
const READINGS: usize = 10;
const PAUSE: Duration = Duration::from_millis(700);

/// Reads balances and stakes from the chain and everything else from the book.
///
/// # Errors
/// When the supply is not what was sold, plus minted, minus burned, or the contract holds anything but stake, pay and bonds.
pub async fn make(devnet: &Devnet) -> Result<Report> {
    let ledger = &devnet.ledger;
    let (supply, burned) = (devnet.network.neuron().supply().await?, ledger.burned());
    let expected = devnet.genesis_supply.saturating_add(ledger.minted).saturating_sub(burned);
    ensure!(supply == expected, "the supply is {supply} wei, sold + minted − burned are {expected}");
    let view = devnet.network.view(devnet.group).await?;
    let checkpoint = devnet.member.checkpoint(view.checkpoint).await?;
    let heldout = match &devnet.file.data.heldout {
        Some(path) => HeldOut::measure(&devnet.member, checkpoint, path).await?,
        None => HeldOut::default(),
    };
    let length = evaluator::checkpoint_len(&devnet.member.manifest);
    let seen = devnet.seen();
    let (positions, held) = held(devnet).await?;
    let steps = progress::measure(&devnet.member, &won(ledger), view.head).await?;
    let fresh: BTreeMap<RoundNumber, Fresh> = steps.iter().filter_map(|step| Some((step.won.round, step.fresh?))).collect();
    let report = |(number, round): (&RoundNumber, &RoundEntry)| report_round(devnet, *number, round, length, &seen, fresh.get(number));
    Ok(Report {
        length_s: view.times.length_s(),
        rounds: ledger.rounds.iter().map(report).collect(),
        progress: stretch(&steps).as_ref().map(words::of_stretch),
        periods: periods(devnet).await?,
        genesis_supply_wei: devnet.genesis_supply,
        minted_wei: ledger.minted,
        burned_wei: burned,
        supply_wei: supply,
        held,
        purse: purse(devnet).await?,
        bounties: ledger.bounties.iter().map(|(number, bounty)| report_bounty(devnet, *number, bounty)).collect(),
        slashes: ledger.slashes.iter().map(|slash| report_slash(devnet, slash)).collect(),
        dozed: ledger.dozed.iter().map(|position| name_of(devnet, *position)).collect(),
        taken: taken(devnet, &seen),
        balances: balances(devnet).await?,
        stakes: positions.iter().map(|position| (devnet.cast.name_of(position.signer), position.next)).collect(),
        final_checkpoint_cid: swarm::cid_of(view.checkpoint, length).to_string(),
        heldout,
        dataset_roots: devnet.roots(view.head).into_iter().filter_map(|(name, root)| Some((name, root?.to_string()))).collect(),
    })
}

/// What the contract holds, to the wei, and who has stake in it: all deposits are settled when a run is over. Validators go on earning, and
/// make stake of it, while all this is read call by call: what does not add up is read again.
async fn held(devnet: &Devnet) -> Result<(Vec<Position>, Held)> {
    let mut words = String::new();
    for _ in 0..READINGS {
        let positions = positions(devnet).await?;
        let (held, balance) = (parts(devnet, &positions), devnet.network.neuron().balance(devnet.network.address()).await?);
        let expected: Wei = held.parts().into_iter().sum();
        if balance == expected {
            return Ok((positions, held));
        }
        words = format!("the contract holds {balance} wei, stake + pay + exits + bonds + bounties are {expected}");
        sleep(PAUSE).await;
    }
    Err(anyhow!(words))
}

fn parts(devnet: &Devnet, positions: &[Position]) -> Held {
    let sum = |part: fn(&Position) -> Wei| positions.iter().map(part).sum();
    Held {
        stake_wei: sum(|position| position.next),
        earned_wei: sum(|position| position.earned),
        exiting_wei: sum(|position| position.exiting.saturating_add(position.exiting_later)),
        bonds_wei: devnet.ledger.bonds(),
        bounties_wei: devnet.ledger.bounties.values().map(Bounty::left).sum(),
    }
}

async fn purse(devnet: &Devnet) -> Result<PurseReport> {
    let (paid_back_wei, calls) = devnet.ledger.paid_back;
    Ok(PurseReport { paid_back_wei, calls, left_wei: devnet.network.purse().balance().await? })
}

fn name_of(devnet: &Devnet, position: PositionNumber) -> String {
    devnet.view.position(position).map_or_else(|| position.to_string(), |position| devnet.cast.name_of(position.signer))
}

fn report_bounty(devnet: &Devnet, number: BountyNumber, bounty: &Bounty) -> BountyReport {
    let mut winners = BTreeMap::new();
    for (winner, amount) in bounty.rounds.values() {
        let paid: &mut Wei = winners.entry(devnet.cast.name_of(*winner)).or_default();
        *paid = paid.saturating_add(*amount);
    }
    BountyReport {
        number: number.0,
        sponsor: devnet.cast.name_of(bounty.sponsor),
        locked_wei: bounty.locked,
        findings: bounty.findings.clone(),
        winners_wei: winners,
        validators_wei: bounty.paid_finders.0,
        returned_wei: bounty.returned.unwrap_or_default(),
        burned_wei: bounty.burned,
    }
}

fn report_slash(devnet: &Devnet, slash: &Slash) -> SlashReport {
    SlashReport { validator: name_of(devnet, slash.position), lost_wei: slash.amount, reward_wei: slash.reward }
}

fn taken(devnet: &Devnet, seen: &Seen) -> Vec<TakenReport> {
    let report = |(number, delta): (&DeltaNumber, &Delta)| {
        let (burned_wei, fresh) = (delta.taken?, seen.fresh.get(number));
        Some(TakenReport {
            delta: number.0,
            author: devnet.cast.name_of(delta.author),
            bond_wei: delta.bond,
            burned_wei,
            fresh_micronats: fresh.map(|pair| pair.0),
            known_micronats: fresh.map(|pair| pair.1),
        })
    };
    devnet.ledger.deltas.iter().filter_map(report).collect()
}

/// Rounds that were won and not struck.
fn won(ledger: &Ledger) -> Vec<Won> {
    let rounds = ledger.rounds.iter().filter(|(_, round)| round.outcome == Outcome::Won);
    rounds
        .filter_map(|(number, round)| Some(Won { round: *number, base: round.checkpoint, head: round.head, claim: *round.winning()? }))
        .collect()
}

fn report_round(devnet: &Devnet, number: RoundNumber, round: &RoundEntry, length: u64, seen: &Seen, fresh: Option<&Fresh>) -> RoundReport {
    let winning = round.winning();
    RoundReport {
        number: number.0,
        outcome: words::of_outcome(round.outcome, round.claims.len()),
        conceded: round.conceded,
        attended_wei: round.attended,
        heldout: seen.heldout.get(&number).copied().unwrap_or_default(),
        winner: winning.map(|claim| devnet.cast.name_of(claim.trainer)),
        base_micronats: winning.map(|claim| claim.base.0),
        loss_micronats: winning.map(|claim| claim.loss.0),
        fresh_base_micronats: fresh.map(|fresh| fresh.base.0),
        fresh_loss_micronats: fresh.map(|fresh| fresh.loss.0),
        checkpoint_cid: winning.map(|claim| swarm::cid_of(claim.file, length).to_string()),
        opened: Opening { supply_wei: round.supply, awake_wei: round.awake, total_wei: round.total },
        reward_wei: round.collected.map_or(Wei::ZERO, |(_, issued)| issued),
        validators_wei: round.validators(),
        burned_wei: round.burned,
        verdicts: round.verdicts(),
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

async fn positions(devnet: &Devnet) -> Result<Vec<Position>> {
    let stake = devnet.network.stake();
    try_join_all(devnet.view.positions.iter().map(|position| async { anyhow::Ok(stake.position(devnet.group, position.number).await?) }))
        .await
}
