//! Events of bounties.

use alloy::primitives::U256;
use chain::convert::{address, count, digest, wei};
use protocol::bounty::{Findings, Step};
use protocol::chain::ChainEvent;
use protocol::ids::{BountyNumber, PositionNumber, RoundNumber};
use protocol::money::Micronats;

use super::{group, micronats, numbers, position, round};
use crate::bindings::IBounties;
use crate::bindings::INetwork::INetworkEvents as Event;

/// What an event says about a bounty; `None` if it is about something else.
pub(crate) fn bounty_event(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Funded(event) => ChainEvent::Funded {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            sponsor: address(event.sponsor),
            root: digest(event.root),
            count: count(event.count)?.try_into().ok()?,
            target: micronats(event.target)?,
            amount: wei(event.amount)?,
            bond: wei(event.bond)?,
            head: digest(event.head),
            first: round(event.first)?,
            last: round(event.last)?,
            windows: count(event.windows)?,
        },
        Event::Unsealed(event) => {
            ChainEvent::Unsealed { group: group(event.group)?, bounty: number(event.bounty)?, file: digest(event.file) }
        }
        Event::Found(event) => ChainEvent::Found {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            window: count(event.window)?,
            result: digest(event.result),
            stake: wei(event.stake)?,
            positions: numbers(&event.positions)?.into_iter().map(PositionNumber).collect(),
        },
        Event::Resolved(event) => ChainEvent::Resolved {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            window: count(event.window)?,
            result: digest(event.result),
            findings: findings(&event.findings),
        },
        other => return payment(other),
    })
}

fn payment(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::BountyPaid(event) => ChainEvent::BountyPaid {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            round: round(event.round)?,
            winner: address(event.winner),
            amount: wei(event.amount)?,
            burned: event.burned,
        },
        Event::FinderPaid(event) => ChainEvent::FinderPaid {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            position: position(event.position)?,
            owner: address(event.owner),
            amount: wei(event.amount)?,
        },
        Event::BountySettled(event) => ChainEvent::Returned {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            amount: wei(event.returned)?,
            burned: wei(event.burned)?,
        },
        Event::FoundTwice(event) => ChainEvent::FoundTwice {
            group: group(event.group)?,
            bounty: number(event.bounty)?,
            position: position(event.position)?,
            reporter: address(event.reporter),
            window: count(event.window)?,
            burned: wei(event.burned)?,
            reward: wei(event.reward)?,
        },
        _ => return None,
    })
}

fn number(number: U256) -> Option<BountyNumber> {
    count(number).map(BountyNumber)
}

fn findings(result: &IBounties::Result) -> Findings {
    let step = |step: &IBounties::Step| Step {
        round: RoundNumber(step.round.to()),
        won: step.won,
        loss: Micronats(step.loss),
        better: step.better,
    };
    Findings { failed: result.failed, base: Micronats(result.base), steps: result.steps.iter().map(step).collect() }
}
