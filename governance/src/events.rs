//! Events of `Network` as plain values.

use alloy::primitives::{B256, U256};
use alloy::sol_types::SolEventInterface;
use chain::Log;
use chain::convert::{address, count, digest, wei};
use protocol::chain::{Birth, ChainEvent, Outcome, RevealedClaim, Times};
use protocol::ids::{DeltaNumber, Digest, GroupId, PeriodNumber, RoundNumber};
use protocol::money::Micronats;

use crate::bindings::{IGroups, Network};

/// What a log of `Network` says, stake included; `None` if it is none of its events.
pub fn network_event(log: &Log) -> Option<ChainEvent> {
    use Network::NetworkEvents as Event;
    Some(match Event::decode_log(&log.inner).ok()?.data {
        Event::Created(event) => ChainEvent::Created {
            group: group(event.group)?,
            creator: address(event.creator),
            parent: group(event.parent)?,
            birth: birth(&event.birth),
            head: digest(event.head),
        },
        Event::Admitted(event) => ChainEvent::Admitted { group: group(event.group)? },
        Event::Opened(event) => opened(&event)?,
        Event::Committed(event) => ChainEvent::Committed {
            group: group(event.group)?,
            round: round(event.round)?,
            trainer: address(event.trainer),
            number: count(event.number)?,
            seal: digest(event.seal),
        },
        Event::Revealed(event) => ChainEvent::Revealed(revealed(&event)?),
        Event::Decided(event) => ChainEvent::Decided {
            group: group(event.group)?,
            round: round(event.round)?,
            outcome: outcome(event.outcome)?,
            claim: digest(event.claim),
            winner: address(event.winner),
            file: digest(event.file),
        },
        Event::Judged(event) => ChainEvent::Judged {
            group: group(event.group)?,
            round: round(event.round)?,
            claim: digest(event.claim),
            counted: count(event.counted)?,
            stake: wei(event.stake)?,
            amount: wei(event.amount)?,
        },
        Event::Settled(event) => ChainEvent::Settled {
            group: group(event.group)?,
            round: round(event.round)?,
            trainer: address(event.trainer),
            refunded: wei(event.refunded)?,
            burned: wei(event.burned)?,
        },
        Event::Collected(event) => ChainEvent::Collected {
            group: group(event.group)?,
            round: round(event.round)?,
            winner: address(event.winner),
            asked: wei(event.asked)?,
            issued: wei(event.issued)?,
        },
        Event::Proposed(event) => proposed(&event)?,
        Event::Cast(event) => {
            ChainEvent::Cast { group: group(event.group)?, period: period(event.period)?, counted: count(event.counted)? }
        }
        Event::Turned(event) => ChainEvent::Turned {
            group: group(event.group)?,
            period: period(event.period)?,
            applied: delta(event.applied)?,
            head: digest(event.head),
            reward: wei(event.reward)?,
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
        Event::Enacted(event) => {
            ChainEvent::Enacted { kind: event.kind, args: event.args.to_vec(), nonce: Digest(B256::from(event.nonce).0) }
        }
        _ => return token::stake_event(log),
    })
}

fn opened(event: &Network::Opened) -> Option<ChainEvent> {
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
    })
}

fn revealed(event: &Network::Revealed) -> Option<RevealedClaim> {
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

fn proposed(event: &Network::Proposed) -> Option<ChainEvent> {
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
    }
}

/// The contract's `Outcome`; `None` for a number that it does not have.
pub(crate) fn outcome(number: u8) -> Option<Outcome> {
    match number {
        0 => Some(Outcome::None),
        1 => Some(Outcome::Won),
        2 => Some(Outcome::Lost),
        _ => None,
    }
}

fn group(number: U256) -> Option<GroupId> {
    count(number).map(GroupId)
}

fn round(number: U256) -> Option<RoundNumber> {
    count(number).map(RoundNumber)
}

fn period(number: U256) -> Option<PeriodNumber> {
    count(number).map(PeriodNumber)
}

fn delta(number: U256) -> Option<DeltaNumber> {
    count(number).map(DeltaNumber)
}
