//! `neuron round`: what became of a round, its deposits and its reward, and alarms about its verdicts.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use governance::{Network, Round, network_event};
use node::{network_file::moment, words};
use protocol::{
    Address, Digest, GroupId, PositionNumber, RoundNumber, Wei,
    chain::{ChainEvent, GroupView, Outcome},
    rules::claim_hash,
};

use serde_json::{Value, json};

use super::{
    alarms, bounty,
    context::{Context, history},
};

#[derive(Subcommand)]
pub enum Command {
    /// A round; the last one that somebody committed in by default.
    Show {
        number: Option<u64>,
        /// Number of the group.
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Pay the deposits of a round back, or burn them, as far as that can be done now. Anybody may.
    Settle {
        number: u64,
        /// Whose deposits; all that are left by default.
        trainers: Vec<Address>,
        /// Number of the group.
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Collect what you have won: the rewards of mature rounds with the rest of their deposits.
    Collect {
        /// Of which rounds; all that are mature by default.
        numbers: Vec<u64>,
        /// Who gets it; yourself by default.
        #[arg(long)]
        to: Option<Address>,
        /// Number of the group.
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Verdicts that somebody says were signed without running the model; each is replayed here.
    Alarms {
        /// Of one round only.
        number: Option<u64>,
        /// Number of the group.
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Show { number, group } => show(context, number, GroupId(group)).await,
        Command::Settle { number, trainers, group } => settle(context, GroupId(group), RoundNumber(number), trainers).await,
        Command::Collect { numbers, to, group } => collect(context, GroupId(group), numbers, to).await,
        Command::Alarms { number, group } => alarms::run(context, GroupId(group), number.map(RoundNumber)).await,
    }
}

async fn show(context: &Context, number: Option<u64>, group: GroupId) -> Result<()> {
    let site = context.site().await?;
    let events = history(&site, group).await?;
    let last = events.iter().rev().find_map(|event| matches!(event, ChainEvent::Opened { .. }).then(|| event.round()).flatten());
    let number = number.map(RoundNumber).or(last).context("nobody has committed in this group yet")?;
    let round = site.network.round(group, number).await?.with_context(|| format!("nobody committed in round {number}"))?;
    let view = site.network.view(group).await?;
    let clock = view.clock(site.network.chain().latest().await?.time_s);
    let is_undecided = clock.round == number && round.outcome == Outcome::None;
    let outcome = if is_undecided { "not decided yet" } else { outcome(&round) };
    let mut lines = vec![
        format!("round {number} of group {group} (now: round {}, {:?})", clock.round, clock.phase),
        format!("  base      {}", round.checkpoint),
        format!("  outcome   {outcome}"),
        format!("  reward    {} NRN{}", round.reward.to_nrn(), if round.collected { ", collected" } else { "" }),
        format!("  deposits  {} × {} NRN, {} revealed", round.commits, round.deposit.to_nrn(), round.reveals),
        format!("  verdicts  {} NRN of {} NRN awake; {} NRN earned", round.judged.to_nrn(), round.awake.to_nrn(), round.paid.to_nrn()),
    ];
    let of_round: Vec<&ChainEvent> = events.iter().filter(|event| event.round() == Some(number)).collect();
    if round.outcome == Outcome::None {
        lines.extend(tallies(&site.network, group, number, &of_round).await?);
    }
    lines.push(format!("  present   {}", list(&present(&of_round))));
    lines.extend(of_round.iter().filter_map(|event| line(event, round.winner)).map(|line| format!("  {line}")));
    lines.extend(bounty::hidden_losses(&events).get(&number).into_iter().flatten().map(|line| format!("  bounty    {line}")));
    lines.push(format!("  who was paid, and why: `neuron why {number} --group {group}`"));
    context.answer(&lines, &data(group, number, &round, outcome, &of_round))
}

fn data(group: GroupId, number: RoundNumber, round: &Round, outcome: &str, events: &[&ChainEvent]) -> Value {
    let claims = events.iter().filter_map(|event| match event {
        ChainEvent::Revealed(claim) => Some(json!({
            "claim": claim.number, "trainer": claim.trainer, "base_micronats": claim.base, "loss_micronats": claim.loss, "file": claim.file,
            "won": claim.trainer == round.winner,
        })),
        _ => None,
    });
    json!({
        "group": group, "round": number, "outcome": outcome, "base": round.checkpoint, "winner": round.winner, "reward_wei": round.reward,
        "collected": round.collected, "deposit_wei": round.deposit, "commits": round.commits, "reveals": round.reveals,
        "judged_wei": round.judged, "awake_wei": round.awake, "paid_wei": round.paid, "present": present(events),
        "claims": claims.collect::<Vec<_>>(),
    })
}

fn outcome(round: &Round) -> &'static str {
    match words::of_outcome(round.outcome, round.reveals as usize) {
        "void" if round.attended => "void: no decision; who judged was recorded",
        "void" => "void: no decision",
        "struck" => "struck: decided, then cancelled by a measure",
        other => other,
    }
}

/// What stands behind each claim of a round that is not decided.
async fn tallies(network: &Network, group: GroupId, number: RoundNumber, events: &[&ChainEvent]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let claims = events.iter().filter_map(|event| match event {
        ChainEvent::Revealed(claim) => {
            Some((claim_hash(claim.file, claim.base, claim.loss, claim.loss_root), format!("for claim {}", claim.number)))
        }
        _ => None,
    });
    for (claim, what) in claims.chain([(Digest::ZERO, "against all claims".to_owned())]) {
        let tally = network.tally(group, number, claim).await?;
        if !tally.stake.is_zero() {
            lines.push(format!("  tally     {} NRN {what}", tally.stake.to_nrn()));
        }
    }
    Ok(lines)
}

/// Positions whose verdict for what was decided was counted, or whose presence was shown.
fn present(events: &[&ChainEvent]) -> BTreeSet<PositionNumber> {
    let decided = events.iter().find_map(|event| match event {
        ChainEvent::Decided { claim, .. } => Some(*claim),
        _ => None,
    });
    let of_event = |event: &&ChainEvent| match *event {
        ChainEvent::Judged { claim, positions, .. } if decided == Some(*claim) => positions.clone(),
        ChainEvent::Attended { positions, .. } => positions.clone(),
        _ => Vec::new(),
    };
    events.iter().flat_map(of_event).collect()
}

fn list(positions: &BTreeSet<PositionNumber>) -> String {
    let numbers: Vec<String> = positions.iter().map(ToString::to_string).collect();
    if numbers.is_empty() { "nobody, as far as was shown".to_owned() } else { format!("positions {}", numbers.join(", ")) }
}

/// What somebody did in the round.
fn line(event: &ChainEvent, winner: Address) -> Option<String> {
    Some(match event {
        ChainEvent::Revealed(claim) => {
            let won = if claim.trainer == winner { "  ← won" } else { "" };
            let (number, base, loss, trainer) = (claim.number, claim.base, claim.loss, claim.trainer);
            format!("claim {number}   training loss {base} → {loss} nats by {trainer}{won}\n            {}", claim.file)
        }
        ChainEvent::Conceded { trainer, number, rival, .. } => format!("claim {number}   conceded by {trainer} to {rival}"),
        ChainEvent::Attended { positions, stake, .. } => format!("attended  {} positions with {} NRN", positions.len(), stake.to_nrn()),
        ChainEvent::PayCut { position, asked, given, .. } => {
            format!("cut       position {position} got {} of {} NRN: the schedule allowed no more", given.to_nrn(), asked.to_nrn())
        }
        ChainEvent::DoubleSigned { position, reporter, reward, .. } => {
            format!("slashed   position {position} signed two claims; {reporter} got {} NRN for showing it", reward.to_nrn())
        }
        ChainEvent::Settled { .. } => format!("settled   {}", settlement(event)?),
        ChainEvent::Collected { to, issued, deposit, .. } => {
            format!("collected {} NRN issued and {} NRN of the deposit to {to}", issued.to_nrn(), deposit.to_nrn())
        }
        ChainEvent::Struck { issued, burned, .. } => {
            format!("struck    {} NRN issued to validators{}", issued.to_nrn(), lost(*burned, "burned"))
        }
        _ => return None,
    })
}

/// Where a deposit went.
fn settlement(event: &ChainEvent) -> Option<String> {
    let ChainEvent::Settled { trainer, refunded, burned, charged, .. } = event else { return None };
    Some(format!("{} NRN back to {trainer}{}{}", refunded.to_nrn(), lost(*burned, "burned"), lost(*charged, "to validators")))
}

fn lost(amount: Wei, how: &str) -> String {
    if amount.is_zero() { String::new() } else { format!(", {} {how}", amount.to_nrn()) }
}

async fn settle(context: &Context, group: GroupId, number: RoundNumber, trainers: Vec<Address>) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let trainers = if trainers.is_empty() { unsettled(&history(&site, group).await?, number) } else { trainers };
    ensure!(!trainers.is_empty(), "no deposit of round {number} is left to be settled");
    let receipts = context.sender(&site, account)?.settle(group, number, &trainers).await?;
    let events: Vec<ChainEvent> = receipts.iter().flat_map(|receipt| &receipt.logs).filter_map(network_event).collect();
    let lines: Vec<String> = events.iter().filter_map(settlement).collect();
    lines.iter().try_for_each(|line| context.tell(line))?;
    let left = trainers.len().saturating_sub(lines.len());
    if left > 0 {
        let view = site.network.view(group).await?;
        let from = moment(mature_s(&view, number));
        context.tell(&format!("{left} deposits wait until the round is mature, from {from} on, or were settled before"))?;
    }
    Ok(())
}

/// Who committed in a round and has its deposit still in it.
fn unsettled(events: &[ChainEvent], number: RoundNumber) -> Vec<Address> {
    let mut left = BTreeSet::new();
    for event in events.iter().filter(|event| event.round() == Some(number)) {
        match event {
            ChainEvent::Committed { trainer, .. } => drop(left.insert(*trainer)),
            ChainEvent::Settled { trainer, .. } => drop(left.remove(trainer)),
            ChainEvent::Collected { winner, .. } => drop(left.remove(winner)),
            _ => {}
        }
    }
    left.into_iter().collect()
}

/// First second at which the coinbase of a round can be collected.
fn mature_s(view: &GroupView, number: RoundNumber) -> u64 {
    view.times.round_end_s(view.genesis_s, number).saturating_add(view.maturity_s)
}

async fn collect(context: &Context, group: GroupId, numbers: Vec<u64>, to: Option<Address>) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let own = account.address();
    let mut rounds: Vec<RoundNumber> = numbers.into_iter().map(RoundNumber).collect();
    if rounds.is_empty() {
        let (view, now_s) = (site.network.view(group).await?, site.network.chain().latest().await?.time_s);
        rounds = uncollected(&history(&site, group).await?, own).into_iter().filter(|round| mature_s(&view, *round) <= now_s).collect();
    }
    ensure!(!rounds.is_empty(), "{own} has won no round of group {group} that is mature and not collected yet");
    let network = context.sender(&site, account)?;
    let to = to.unwrap_or(own);
    let issued = network.collect(group, &rounds, to).await?;
    context.tell(&format!("{} NRN issued to {to} for {} rounds, with the rest of their deposits", issued.to_nrn(), rounds.len()))
}

/// Rounds that an account has won and not collected.
fn uncollected(events: &[ChainEvent], own: Address) -> BTreeSet<RoundNumber> {
    let mut won = BTreeSet::new();
    for event in events {
        match event {
            ChainEvent::Decided { round, winner, .. } if *winner == own => drop(won.insert(*round)),
            ChainEvent::Collected { round, .. } | ChainEvent::Struck { round, .. } => drop(won.remove(round)),
            _ => {}
        }
    }
    won
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: GroupId = GroupId(1);
    const OWN: Address = Address([1; 20]);
    const OTHER: Address = Address([2; 20]);

    fn decided(round: u64, winner: Address) -> ChainEvent {
        let (outcome, claim, file, checkpoint) = (Outcome::Won, Digest([7; 32]), Digest::ZERO, Digest::ZERO);
        ChainEvent::Decided { group: GROUP, round: RoundNumber(round), outcome, claim, winner, file, checkpoint }
    }

    #[test]
    fn what_is_left_to_be_settled_and_collected_is_found_in_the_events() {
        let round = RoundNumber(3);
        let committed = |trainer, number| ChainEvent::Committed { group: GROUP, round, trainer, number, seal: Digest::ZERO };
        let settled = |trainer| {
            let (refunded, burned, charged) = (Wei(1), Wei(0), Wei(0));
            ChainEvent::Settled { group: GROUP, round, trainer, refunded, burned, charged }
        };
        let events = [committed(OWN, 1), committed(OTHER, 2), decided(3, OWN), settled(OTHER)];
        assert_eq!(unsettled(&events, round), [OWN]);
        assert_eq!(unsettled(&events, RoundNumber(4)), []);
        let (checkpoint, issued, burned) = (Digest::ZERO, Wei(0), Wei(0));
        let struck = ChainEvent::Struck { group: GROUP, round: RoundNumber(5), checkpoint, issued, burned };
        let events = [decided(3, OWN), decided(4, OTHER), decided(5, OWN), struck];
        assert_eq!(uncollected(&events, OWN), [round].into());
    }

    #[test]
    fn present_is_whose_verdict_counted_for_the_decision_or_was_shown_later() {
        let round = RoundNumber(3);
        let judged = |claim, number| {
            let (stake, amount, positions) = (Wei(1), Wei(1), vec![PositionNumber(number)]);
            ChainEvent::Judged { group: GROUP, round, claim: Digest([claim; 32]), stake, amount, positions }
        };
        let shown = ChainEvent::Attended { group: GROUP, round, stake: Wei(1), counts: false, positions: vec![PositionNumber(4)] };
        let events = [judged(6, 1), decided(3, OWN), judged(7, 2), judged(7, 3), shown];
        let events: Vec<&ChainEvent> = events.iter().collect();
        assert_eq!(list(&present(&events)), "positions 2, 3, 4");
        assert_eq!(list(&present(&events[..1])), "nobody, as far as was shown");
    }
}
