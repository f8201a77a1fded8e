//! What a bounty owes now, and how it is sent.

use std::collections::BTreeSet;

use anyhow::Result;
use governance::{Network, network_event};
use protocol::{
    BountyNumber, PositionNumber, RoundNumber,
    bounty::Findings,
    chain::{ChainEvent, Outcome},
};

use super::events::found;
use super::told::Dated;

/// Payments that nobody has sent.
#[derive(Debug, PartialEq)]
pub struct Due {
    findings: Findings,
    rounds: Vec<RoundNumber>,
    positions: Vec<PositionNumber>,
    rest: bool,
}

impl Due {
    /// What can be sent at `now_s`, after the events of the group.
    pub fn of(dated: &Dated, events: &[ChainEvent], now_s: u64) -> Self {
        let found = found(events, dated.number);
        let mut due = Self {
            rest: !dated.bounty.settled && now_s >= dated.settled_from_s(),
            findings: found.cloned().unwrap_or(Findings { failed: false, base: Default::default(), steps: Vec::new() }),
            rounds: Vec::new(),
            positions: Vec::new(),
        };
        if found.is_some() {
            let is_mature = |round: &RoundNumber| dated.mature_s(*round) <= now_s;
            due.rounds = unpaid_rounds(dated, events).into_iter().filter(is_mature).collect();
            let is_over = now_s >= dated.window_s(dated.bounty.window + 1);
            due.positions = if is_over { unpaid_finders(dated, events).into_iter().collect() } else { Vec::new() };
        }
        due
    }

    pub fn is_nothing(&self) -> bool {
        self.rounds.is_empty() && self.positions.is_empty() && !self.rest
    }

    /// Sends all of it; the events that came of it.
    pub async fn send(&self, network: &Network, number: BountyNumber) -> Result<Vec<ChainEvent>> {
        let mut receipts = Vec::new();
        if !self.rounds.is_empty() {
            receipts.extend(network.pay_rounds(number, &self.findings, &self.rounds).await?);
        }
        if !self.positions.is_empty() {
            receipts.extend(network.pay_finders(number, &self.positions).await?);
        }
        if self.rest {
            receipts.push(network.settle_bounty(number, &self.findings).await?);
        }
        Ok(receipts.iter().flat_map(|receipt| &receipt.logs).filter_map(network_event).collect())
    }
}

/// Won rounds of the term, struck ones too: their part is burned by the same call.
fn unpaid_rounds(dated: &Dated, events: &[ChainEvent]) -> BTreeSet<RoundNumber> {
    let term = dated.bounty.first..=dated.bounty.last;
    let mut unpaid = BTreeSet::new();
    for event in events {
        match event {
            ChainEvent::Decided { round, outcome: Outcome::Won, .. } if term.contains(round) => drop(unpaid.insert(*round)),
            ChainEvent::BountyPaid { bounty, round, .. } if *bounty == dated.number => drop(unpaid.remove(round)),
            _ => {}
        }
    }
    unpaid
}

/// Positions whose finding was counted for what was decided.
fn unpaid_finders(dated: &Dated, events: &[ChainEvent]) -> BTreeSet<PositionNumber> {
    let decided = (dated.number, dated.bounty.window, dated.bounty.result);
    let mut unpaid = BTreeSet::new();
    for event in events {
        match event {
            ChainEvent::Found { bounty, window, result, positions, .. } if (*bounty, *window, *result) == decided => {
                unpaid.extend(positions);
            }
            ChainEvent::FinderPaid { bounty, position, .. } if *bounty == dated.number => drop(unpaid.remove(position)),
            _ => {}
        }
    }
    unpaid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bounty::told::tests::{GROUP, NUMBER, dated, resolved};
    use protocol::{Address, Digest, Wei};

    fn won(round: u64) -> ChainEvent {
        let (claim, winner, file, checkpoint) = (Digest([7; 32]), Address([1; 20]), Digest::ZERO, Digest::ZERO);
        ChainEvent::Decided { group: GROUP, round: RoundNumber(round), outcome: Outcome::Won, claim, winner, file, checkpoint }
    }

    fn counted(window: u64, result: Digest, positions: &[u64]) -> ChainEvent {
        let positions = positions.iter().copied().map(PositionNumber).collect();
        ChainEvent::Found { group: GROUP, bounty: NUMBER, window, result, stake: Wei(1), positions }
    }

    #[test]
    fn what_is_due_is_what_is_mature_or_over_and_was_not_sent() {
        let dated = dated(1, true);
        let result = dated.bounty.result;
        let paid = ChainEvent::BountyPaid {
            group: GROUP,
            bounty: NUMBER,
            round: RoundNumber(11),
            winner: Address([1; 20]),
            amount: Wei(1),
            burned: false,
        };
        let events = [
            [won(9), won(10), won(11), won(13), won(14)].to_vec(),
            vec![counted(0, result, &[8]), counted(1, result, &[1, 2]), counted(1, Digest([5; 32]), &[3]), resolved(), paid],
        ]
        .concat();
        let due = |now_s| {
            let due = Due::of(&dated, &events, now_s);
            (due.rounds.iter().map(|round| round.0).collect::<Vec<_>>(), due.positions.len(), due.rest)
        };
        assert_eq!(due(dated.mature_s(RoundNumber(10)) - 1), (vec![], 0, false));
        assert_eq!(due(dated.mature_s(RoundNumber(10))), (vec![10], 0, false));
        assert_eq!(due(dated.window_s(2)), (vec![10, 13], 2, false));
        assert_eq!(due(dated.settled_from_s()), (vec![10, 13], 2, true));
        assert!(Due::of(&dated, &events, 0).is_nothing());
    }

    #[test]
    fn of_an_undecided_bounty_only_the_rest_is_due() {
        let dated = dated(0, true);
        let due = Due::of(&dated, &[won(10), counted(0, Digest([5; 32]), &[1])], dated.settled_from_s());
        assert!(due.rounds.is_empty() && due.positions.is_empty() && due.rest);
    }
}
