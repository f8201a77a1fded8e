//! Events of `Network` as plain values.

mod bounties;

use alloy::primitives::{B256, Bytes, U256};
use alloy::sol_types::SolEventInterface;
use chain::Log;
use chain::convert::{address, count, digest, wei};
use protocol::chain::{Birth, ChainEvent, CountedChoice, Outcome, RevealedClaim, Times};
use protocol::ids::{DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::Micronats;

use crate::bindings::INetwork::INetworkEvents as Event;
use crate::bindings::{IDataset, IGroups, INetwork};

/// What a log of `Network` says, stake included; `None` if it is none of its events.
pub fn network_event(log: &Log) -> Option<ChainEvent> {
    let event = INetwork::INetworkEvents::decode_log(&log.inner).ok()?.data;
    let of_network = of_groups(&event).or_else(|| of_rounds(&event)).or_else(|| of_claims(&event));
    of_network
        .or_else(|| of_deltas(&event))
        .or_else(|| of_measures(&event))
        .or_else(|| bounties::bounty_event(&event))
        .or_else(|| token::stake_event(log))
}

fn of_groups(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Begun(event) => {
            ChainEvent::Begun { registry: address(event.registry), council: address(event.council), bounties: address(event.bountiesCode) }
        }
        Event::Created(event) => ChainEvent::Created {
            group: group(event.group)?,
            creator: address(event.creator),
            parent: group(event.parent)?,
            name: digest(event.name),
            head: digest(event.head),
            period_end_s: count(event.periodEnd)?,
            birth: birth(&event.birth),
        },
        Event::Moved(event) => ChainEvent::Moved {
            group: group(event.group)?,
            position: position(event.position)?,
            child: group(event.child)?,
            child_position: position(event.childPosition)?,
            amount: wei(event.amount)?,
        },
        Event::Dozed(event) => {
            ChainEvent::Dozed { group: group(event.group)?, position: position(event.position)?, until: count(event.until)? }
        }
        Event::DoubleSigned(event) => ChainEvent::DoubleSigned {
            group: group(event.group)?,
            position: position(event.position)?,
            round: round(event.round)?,
            reporter: address(event.reporter),
            burned: wei(event.burned)?,
            reward: wei(event.reward)?,
        },
        _ => return None,
    })
}

fn of_rounds(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Opened(event) => opened(event)?,
        Event::Decided(event) => ChainEvent::Decided {
            group: group(event.group)?,
            round: round(event.round)?,
            outcome: outcome(event.outcome)?,
            claim: digest(event.claim),
            winner: address(event.winner),
            file: digest(event.file),
            checkpoint: digest(event.checkpoint),
        },
        Event::Judged(event) => ChainEvent::Judged {
            group: group(event.group)?,
            round: round(event.round)?,
            claim: digest(event.claim),
            stake: wei(event.stake)?,
            amount: wei(event.amount)?,
            positions: numbers(&event.positions)?.into_iter().map(PositionNumber).collect(),
        },
        Event::Attended(event) => ChainEvent::Attended {
            group: group(event.group)?,
            round: round(event.round)?,
            stake: wei(event.stake)?,
            counts: event.counts,
            positions: numbers(&event.positions)?.into_iter().map(PositionNumber).collect(),
        },
        Event::PayCut(event) => ChainEvent::PayCut {
            group: group(event.group)?,
            round: round(event.round)?,
            position: position(event.position)?,
            asked: wei(event.asked)?,
            given: wei(event.given)?,
        },
        _ => return None,
    })
}

fn of_claims(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Committed(event) => ChainEvent::Committed {
            group: group(event.group)?,
            round: round(event.round)?,
            trainer: address(event.trainer),
            number: count(event.number)?,
            seal: digest(event.seal),
        },
        Event::Revealed(event) => ChainEvent::Revealed(revealed(event)?),
        Event::Conceded(event) => ChainEvent::Conceded {
            group: group(event.group)?,
            round: round(event.round)?,
            trainer: address(event.trainer),
            number: count(event.number)?,
            file: digest(event.file),
            rival: address(event.rival),
            order: count(event.order)?,
        },
        Event::Settled(event) => ChainEvent::Settled {
            group: group(event.group)?,
            round: round(event.round)?,
            trainer: address(event.trainer),
            refunded: wei(event.refunded)?,
            burned: wei(event.burned)?,
            charged: wei(event.charged)?,
        },
        Event::Collected(event) => ChainEvent::Collected {
            group: group(event.group)?,
            round: round(event.round)?,
            winner: address(event.winner),
            to: address(event.to),
            asked: wei(event.asked)?,
            issued: wei(event.issued)?,
            deposit: wei(event.deposit)?,
        },
        _ => return None,
    })
}

fn of_deltas(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Proposed(event) => proposed(event)?,
        Event::Cast(event) => {
            let counted = event.counted.iter().map(counted_choice).collect::<Option<_>>()?;
            ChainEvent::Cast { group: group(event.group)?, period: period(event.period)?, counted }
        }
        Event::Extended(event) => {
            let (group, period) = (group(event.group)?, period(event.period)?);
            ChainEvent::Extended { group, period, period_end_s: count(event.periodEnd)? }
        }
        Event::Displaced(event) => ChainEvent::Displaced { group: group(event.group)?, delta: delta(event.delta)?, by: delta(event.by)? },
        Event::Charged(event) => ChainEvent::Charged { group: group(event.group)?, delta: delta(event.delta)?, burned: wei(event.burned)? },
        Event::Turned(event) => ChainEvent::Turned {
            group: group(event.group)?,
            period: period(event.period)?,
            applied: delta(event.applied)?,
            head: digest(event.head),
            reward: wei(event.reward)?,
            period_s: count(event.length)?,
            period_end_s: count(event.periodEnd)?,
        },
        Event::Refunded(event) => ChainEvent::Refunded {
            group: group(event.group)?,
            delta: delta(event.delta)?,
            author: address(event.author),
            bond: wei(event.bond)?,
            asked: wei(event.asked)?,
            issued: wei(event.issued)?,
        },
        _ => return None,
    })
}

fn of_measures(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Assented(event) => assented(event)?,
        Event::Shown(event) => ChainEvent::Shown {
            measure: digest(event.measure),
            group: group(event.group)?,
            position: position(event.position)?,
            ripe_at: count(event.ripeAt)?,
        },
        Event::Enacted(event) => ChainEvent::Enacted {
            measure: digest(event.measure),
            kind: event.kind,
            args: event.args.to_vec(),
            nonce: word(event.nonce),
            expiry_s: count(event.expiry)?,
        },
        Event::Admitted(event) => ChainEvent::Admitted { group: group(event.group)? },
        Event::Revoked(event) => ChainEvent::Revoked { group: group(event.group)? },
        Event::PeriodSet(event) => ChainEvent::PeriodSet { group: group(event.group)?, period_s: count(event.period)? },
        Event::LeastSet(event) => ChainEvent::LeastSet { group: group(event.group)?, least: micronats(event.least)? },
        Event::Taken(event) => ChainEvent::Taken {
            group: group(event.group)?,
            delta: delta(event.delta)?,
            author: address(event.author),
            head: digest(event.head),
            burned: wei(event.burned)?,
        },
        Event::Struck(event) => ChainEvent::Struck {
            group: group(event.group)?,
            round: round(event.round)?,
            checkpoint: digest(event.checkpoint),
            issued: wei(event.issued)?,
            burned: wei(event.burned)?,
        },
        _ => return None,
    })
}

fn counted_choice(counted: &IDataset::Counted) -> Option<CountedChoice> {
    Some(CountedChoice {
        position: position(counted.position)?,
        delta: delta(counted.delta)?,
        weight: wei(counted.weight)?,
        seq: wei(counted.seq)?.0,
        by_owner: counted.byOwner,
    })
}

fn assented(event: &INetwork::Assented) -> Option<ChainEvent> {
    let voters = numbers(&event.voters)?;
    let (pairs, _) = voters.as_chunks::<2>();
    Some(ChainEvent::Assented {
        measure: digest(event.measure),
        kind: event.kind,
        args: event.args.to_vec(),
        nonce: word(event.nonce),
        expiry_s: count(event.expiry)?,
        weight: wei(event.weight)?,
        needed: wei(event.needed)?,
        voters: pairs.iter().map(|[group, position]| (GroupId(*group), PositionNumber(*position))).collect(),
    })
}

/// A list of numbers of 4 big-endian bytes each; `None` if there is a rest.
pub(crate) fn numbers(list: &Bytes) -> Option<Vec<u64>> {
    let (numbers, rest) = list.as_chunks::<4>();
    rest.is_empty().then(|| numbers.iter().map(|number| u32::from_be_bytes(*number).into()).collect())
}

fn word(number: U256) -> Digest {
    digest(B256::from(number))
}

fn opened(event: &INetwork::Opened) -> Option<ChainEvent> {
    Some(ChainEvent::Opened {
        group: group(event.group)?,
        round: round(event.round)?,
        checkpoint: digest(event.checkpoint),
        head: digest(event.head),
        reward: wei(event.reward)?,
        deposit: wei(event.deposit)?,
        awake: wei(event.awake)?,
        total: wei(event.total)?,
        supply: wei(event.supply)?,
        voids: count(event.voids)?,
    })
}

fn revealed(event: &INetwork::Revealed) -> Option<RevealedClaim> {
    Some(RevealedClaim {
        group: group(event.group)?,
        round: round(event.round)?,
        trainer: address(event.trainer),
        number: count(event.number)?,
        file: digest(event.file),
        base: Micronats(event.base),
        loss: Micronats(event.loss),
        loss_root: digest(event.lossRoot),
    })
}

fn proposed(event: &INetwork::Proposed) -> Option<ChainEvent> {
    Some(ChainEvent::Proposed {
        group: group(event.group)?,
        delta: delta(event.delta)?,
        author: address(event.author),
        digest: digest(event.digest),
        parent: digest(event.parent),
        period: period(event.period)?,
        bond: wei(event.bond)?,
    })
}

fn birth(birth: &IGroups::Birth) -> Birth {
    let times = Times { train_s: birth.train.into(), reveal_s: birth.reveal.into(), judge_s: birth.judge.into() };
    Birth {
        manifest: digest(birth.manifest),
        checkpoint: digest(birth.checkpoint),
        dataset: birth.dataset.iter().copied().map(digest).collect(),
        times,
        period_s: birth.period.into(),
        improve: birth.improve,
        least: Micronats(birth.least),
    }
}

/// The contract's `Outcome`; `None` for a number that it does not have.
pub(crate) fn outcome(number: u8) -> Option<Outcome> {
    match number {
        0 => Some(Outcome::None),
        1 => Some(Outcome::Won),
        2 => Some(Outcome::Lost),
        3 => Some(Outcome::Struck),
        _ => None,
    }
}

pub(crate) fn group(number: U256) -> Option<GroupId> {
    count(number).map(GroupId)
}

pub(crate) fn micronats(loss: U256) -> Option<Micronats> {
    loss.try_into().ok().map(Micronats)
}

pub(crate) fn round(number: U256) -> Option<RoundNumber> {
    count(number).map(RoundNumber)
}

pub(crate) fn position(number: U256) -> Option<PositionNumber> {
    count(number).map(PositionNumber)
}

fn period(number: U256) -> Option<PeriodNumber> {
    count(number).map(PeriodNumber)
}

fn delta(number: U256) -> Option<DeltaNumber> {
    count(number).map(DeltaNumber)
}
