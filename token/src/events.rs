//! Events of the schedule and of stake as plain values.

use alloy::sol_types::SolEventInterface;
use chain::Log;
use chain::convert::{address, count, wei};
use protocol::chain::ChainEvent;
use protocol::ids::{GroupId, PositionNumber};

use crate::bindings::{Emission, IStake};

/// What a log of `Emission` says; `None` if it is none of its events.
pub fn emission_event(log: &Log) -> Option<ChainEvent> {
    use Emission::EmissionEvents as Event;
    Some(match Event::decode_log(&log.inner).ok()?.data {
        Event::ScheduleOpened(event) => ChainEvent::ScheduleOpened { supply: wei(event.supply)?, start_s: count(event.start)? },
        Event::Issued(event) => ChainEvent::Issued { to: address(event.to), asked: wei(event.asked)?, issued: wei(event.issued)? },
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
    })
}
