//! Events of the schedule, the purse and stake as plain values.

use alloy::sol_types::SolEventInterface;
use chain::Log;
use chain::convert::{address, count, wei};
use protocol::chain::ChainEvent;
use protocol::ids::{GroupId, PositionNumber};

use crate::bindings::{Emission, IStake, Purse};

/// What a log of `Emission` says; `None` if it is none of its events.
pub fn emission_event(log: &Log) -> Option<ChainEvent> {
    use Emission::EmissionEvents as Event;
    Some(match Event::decode_log(&log.inner).ok()?.data {
        Event::ScheduleOpened(event) => ChainEvent::ScheduleOpened { supply: wei(event.supply)?, start_s: count(event.start)? },
        Event::Issued(event) => ChainEvent::Issued { to: address(event.to), asked: wei(event.asked)?, issued: wei(event.issued)? },
    })
}

/// What a log of `Purse` says; `None` if it is none of its events, or the first, whose terms the contract itself tells.
pub fn purse_event(log: &Log) -> Option<ChainEvent> {
    use Purse::PurseEvents as Event;
    Some(match Event::decode_log(&log.inner).ok()?.data {
        Event::Begun(_) => return None,
        Event::Received(event) => ChainEvent::Received { from: address(event.from), amount: wei(event.amount)? },
        Event::PaidBack(event) => {
            let (to, gas, amount) = (address(event.to), count(event.gas)?, wei(event.amount)?);
            ChainEvent::PaidBack { to, gas, amount }
        }
    })
}

/// What a log of the stake module says; `None` if it is none of its events.
pub fn stake_event(log: &Log) -> Option<ChainEvent> {
    use IStake::IStakeEvents as Event;
    let place = |group, position| Some((GroupId(count(group)?), PositionNumber(count(position)?)));
    Some(match Event::decode_log(&log.inner).ok()?.data {
        Event::Seated(event) => {
            let (group, position) = place(event.group, event.position)?;
            let (owner, signer, judges) = (address(event.owner), address(event.signer), event.judges);
            ChainEvent::Seated { group, position, owner, signer, judges }
        }
        Event::Bonded(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Bonded { group, position, amount: wei(event.amount)? }
        }
        Event::Woken(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Woken { group, position }
        }
        Event::Rested(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Rested { group, position }
        }
        Event::Unbonded(event) => {
            let (group, position) = place(event.group, event.position)?;
            let (amount, exit_at_s) = (wei(event.amount)?, count(event.exitAt)?);
            ChainEvent::Unbonded { group, position, amount, exit_at_s }
        }
        Event::Withdrawn(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Withdrawn { group, position, to: address(event.to), amount: wei(event.amount)? }
        }
        Event::Rotated(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Rotated { group, position, signer: address(event.signer), judges: event.judges }
        }
        Event::Offered(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Offered { group, position, to: address(event.to) }
        }
        Event::OwnerChanged(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::OwnerChanged { group, position, owner: address(event.owner) }
        }
        Event::Compounded(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Compounded { group, position, amount: wei(event.amount)? }
        }
        Event::Slashed(event) => {
            let (group, position) = place(event.group, event.position)?;
            let (live, next) = (wei(event.live)?, wei(event.next)?);
            let (exiting, exiting_later) = (wei(event.exiting)?, wei(event.exitingLater)?);
            ChainEvent::Slashed { group, position, live, next, exiting, exiting_later }
        }
    })
}
