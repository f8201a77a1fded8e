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

/// What a log of `Purse` says; `None` if it is none of its events.
pub fn purse_event(log: &Log) -> Option<ChainEvent> {
    use Purse::PurseEvents as Event;
    Some(match Event::decode_log(&log.inner).ok()?.data {
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
        Event::Bonded(event) => {
            let (group, position) = place(event.group, event.position)?;
            let (owner, signer) = (address(event.owner), address(event.signer));
            ChainEvent::Bonded { group, position, owner, signer, amount: wei(event.amount)? }
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
            ChainEvent::Withdrawn { group, position, amount: wei(event.amount)? }
        }
        Event::Rotated(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Rotated { group, position, signer: address(event.signer) }
        }
        Event::Compounded(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Compounded { group, position, amount: wei(event.amount)? }
        }
        Event::Slashed(event) => {
            let (group, position) = place(event.group, event.position)?;
            ChainEvent::Slashed { group, position, amount: wei(event.amount)? }
        }
    })
}
