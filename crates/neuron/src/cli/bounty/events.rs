//! What events tell of bounties: findings, hidden losses, payments.

use std::collections::BTreeMap;

use protocol::{BountyNumber, RoundNumber, bounty::Findings, chain::ChainEvent};

/// What was decided about a bounty.
pub fn found(events: &[ChainEvent], number: BountyNumber) -> Option<&Findings> {
    events.iter().find_map(|event| match event {
        ChainEvent::Resolved { bounty, findings, .. } if *bounty == number => Some(findings),
        _ => None,
    })
}

/// Of measured rounds: the best hidden loss before them and theirs.
pub fn hidden_losses(events: &[ChainEvent]) -> BTreeMap<RoundNumber, Vec<String>> {
    let mut losses: BTreeMap<RoundNumber, Vec<String>> = BTreeMap::new();
    for event in events {
        let ChainEvent::Resolved { bounty, findings, .. } = event else { continue };
        let mut best = findings.base;
        for step in findings.steps.iter().filter(|_| !findings.failed) {
            let better = if step.better { "" } else { ", not better" };
            let line = format!("hidden loss {best} → {} nats in bounty {bounty}{better}", step.loss);
            losses.entry(step.round).or_default().push(line);
            best = if step.better { step.loss } else { best };
        }
    }
    losses
}

/// The bounty that a payment belongs to.
pub fn bounty_of(event: &ChainEvent) -> Option<BountyNumber> {
    match event {
        ChainEvent::BountyPaid { bounty, .. }
        | ChainEvent::FinderPaid { bounty, .. }
        | ChainEvent::Returned { bounty, .. }
        | ChainEvent::FoundTwice { bounty, .. } => Some(*bounty),
        _ => None,
    }
}

/// Who got what of a bounty, and for what.
pub fn of_payment(event: &ChainEvent) -> Option<String> {
    Some(match event {
        ChainEvent::BountyPaid { round, amount, burned: true, .. } => {
            format!("round {round}: {} NRN burned, the round was struck", amount.to_nrn())
        }
        ChainEvent::BountyPaid { round, winner, amount, .. } => format!("round {round}: {} NRN to {winner}", amount.to_nrn()),
        ChainEvent::FinderPaid { position, owner, amount, .. } => format!("position {position}: {} NRN to {owner}", amount.to_nrn()),
        ChainEvent::Returned { amount, burned, .. } => format!("sponsor: {} NRN back, {} NRN burned", amount.to_nrn(), burned.to_nrn()),
        ChainEvent::FoundTwice { position, window, reporter, burned, reward, .. } => format!(
            "position {position} signed two results in window {}: {} NRN of its stake burned, {} NRN to {reporter} for showing it",
            window + 1,
            burned.to_nrn(),
            reward.to_nrn()
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bounty::told::tests::resolved;

    #[test]
    fn a_measured_round_shows_its_hidden_loss_after_the_best_before_it() {
        let losses = hidden_losses(&[resolved()]);
        assert_eq!(losses[&RoundNumber(11)], ["hidden loss 0.250000 → 0.260000 nats in bounty 3, not better"]);
        assert_eq!(losses[&RoundNumber(13)], ["hidden loss 0.250000 → 0.200000 nats in bounty 3"]);
    }
}
