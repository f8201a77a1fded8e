//! `neuron round`: what became of a round.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use protocol::{
    GroupId, RoundNumber,
    chain::{ChainEvent, Outcome},
};

use super::context::{Context, history};
use crate::devnet::outcome_name;

#[derive(Subcommand)]
pub enum Command {
    /// A round; the last one that somebody committed in by default.
    Show {
        number: Option<u64>,
        /// Number of the group.
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let Command::Show { number, group } = command;
    let (site, group) = (context.site().await?, GroupId(group));
    let events = history(&site, group).await?;
    let last = events.iter().rev().find_map(|event| matches!(event, ChainEvent::Opened { .. }).then(|| event.round()).flatten());
    let number = number.map(RoundNumber).or(last).context("nobody has committed in this group yet")?;
    let round = site.network.round(group, number).await?.with_context(|| format!("nobody committed in round {number}"))?;
    let view = site.network.view(group).await?;
    let clock = view.clock(site.network.chain().latest().await?.time_s);
    println!("round {number} of group {group} (now: round {}, {:?})", clock.round, clock.phase);
    println!("  base      {}", round.checkpoint);
    let is_undecided = clock.round == number && round.outcome == Outcome::None;
    println!("  outcome   {}", if is_undecided { "not decided yet" } else { outcome_name(round.outcome, round.reveals as usize) });
    println!("  reward    {} NRN{}", round.reward.to_nrn(), if round.collected { ", collected" } else { "" });
    println!("  deposits  {} × {} NRN, {} revealed", round.commits, round.deposit.to_nrn(), round.reveals);
    println!("  verdicts  {} of {} NRN awake; {} NRN paid", round.judged.to_nrn(), round.awake.to_nrn(), round.paid.to_nrn());
    for event in &events {
        if let ChainEvent::Revealed(claim) = event
            && claim.round == number
        {
            let won = if claim.trainer == round.winner { "  ← won" } else { "" };
            println!("  claim {}   {} → {} nats by {}{won}", claim.number, claim.base, claim.loss, claim.trainer);
            println!("            {}", claim.file);
        }
    }
    Ok(())
}
