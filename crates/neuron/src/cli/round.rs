//! `neuron round`: what became of a round, and alarms about its verdicts.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use governance::Round;
use protocol::{
    Address, GroupId, RoundNumber, Wei,
    chain::{ChainEvent, Outcome},
};

use super::{
    alarms,
    context::{Context, history},
};
use crate::words;

#[derive(Subcommand)]
pub enum Command {
    /// A round; the last one that somebody committed in by default.
    Show {
        number: Option<u64>,
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
    println!("round {number} of group {group} (now: round {}, {:?})", clock.round, clock.phase);
    println!("  base      {}", round.checkpoint);
    let is_undecided = clock.round == number && round.outcome == Outcome::None;
    println!("  outcome   {}", if is_undecided { "not decided yet" } else { outcome(&round) });
    println!("  reward    {} NRN{}", round.reward.to_nrn(), if round.collected { ", collected" } else { "" });
    println!("  deposits  {} × {} NRN, {} revealed", round.commits, round.deposit.to_nrn(), round.reveals);
    println!("  verdicts  {} of {} NRN awake; {} NRN paid", round.judged.to_nrn(), round.awake.to_nrn(), round.paid.to_nrn());
    let of_round = events.iter().filter(|event| event.round() == Some(number));
    of_round.filter_map(|event| line(event, round.winner)).for_each(|line| println!("  {line}"));
    Ok(())
}

fn outcome(round: &Round) -> &'static str {
    match words::of_outcome(round.outcome, round.reveals as usize) {
        "void" if round.attended => "void: no decision; who judged was recorded",
        "void" => "void: no decision",
        "struck" => "struck: won, then its coinbase was cancelled by a measure",
        other => other,
    }
}

/// What somebody did in the round.
fn line(event: &ChainEvent, winner: Address) -> Option<String> {
    let burned = |burned: &Wei| if burned.is_zero() { String::new() } else { format!(", {} burned", burned.to_nrn()) };
    Some(match event {
        ChainEvent::Revealed(claim) => {
            let won = if claim.trainer == winner { "  ← won" } else { "" };
            let (number, base, loss, trainer) = (claim.number, claim.base, claim.loss, claim.trainer);
            format!("claim {number}   {base} → {loss} nats by {trainer}{won}\n            {}", claim.file)
        }
        ChainEvent::Conceded { trainer, number, .. } => format!("claim {number}   conceded by {trainer}"),
        ChainEvent::Attended { counted, stake, .. } => format!("attended  {counted} positions with {} NRN", stake.to_nrn()),
        ChainEvent::DoubleSigned { position, reporter, reward, .. } => {
            format!("slashed   position {position} signed two claims; {reporter} got {} NRN for showing it", reward.to_nrn())
        }
        ChainEvent::Settled { trainer, refunded, burned: lost, .. } => {
            format!("settled   {} NRN back to {trainer}{}", refunded.to_nrn(), burned(lost))
        }
        _ => return None,
    })
}
