//! Events of `Network` as plain values.

use alloy::primitives::{B256, U256};
use alloy::sol_types::SolEventInterface;
use chain::Log;
use chain::convert::{address, count, digest, wei};
use protocol::chain::{Birth, ChainEvent, CountedChoice, Outcome, RevealedClaim, Times};
use protocol::ids::{DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::Micronats;

use crate::bindings::INetwork::INetworkEvents as Event;
use crate::bindings::{IGroups, INetwork};

/// Bits below the position in a counted choice.
const SEQ_BITS: usize = 96;

/// What a log of `Network` says, stake included; `None` if it is none of its events.
pub fn network_event(log: &Log) -> Option<ChainEvent> {
    let event = INetwork::INetworkEvents::decode_log(&log.inner).ok()?.data;
    of_groups(&event).or_else(|| of_rounds(&event)).or_else(|| of_deltas(&event)).or_else(|| token::stake_event(log))
}

fn of_groups(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Created(event) => ChainEvent::Created {
            group: group(event.group)?,
            creator: address(event.creator),
            parent: group(event.parent)?,
            birth: birth(&event.birth),
            head: digest(event.head),
        },
        Event::Moved(event) => ChainEvent::Moved {
            group: group(event.group)?,
            position: position(event.position)?,
            child: group(event.child)?,
            child_position: position(event.childPosition)?,
            amount: wei(event.amount)?,
        },
        Event::Admitted(event) => ChainEvent::Admitted { group: group(event.group)? },
        Event::Revoked(event) => ChainEvent::Revoked { group: group(event.group)? },
        Event::PeriodSet(event) => ChainEvent::PeriodSet { group: group(event.group)?, period_s: count(event.period)? },
        Event::Dozed(event) => ChainEvent::Dozed { group: group(event.group)?, position: position(event.position)? },
        Event::DoubleSigned(event) => ChainEvent::DoubleSigned {
            group: group(event.group)?,
            position: position(event.position)?,
            round: round(event.round)?,
            reporter: address(event.reporter),
            reward: wei(event.reward)?,
        },
        Event::Enacted(event) => {
            ChainEvent::Enacted { kind: event.kind, args: event.args.to_vec(), nonce: Digest(B256::from(event.nonce).0) }
        }
        _ => return None,
    })
}

fn of_rounds(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Opened(event) => opened(event)?,
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
        },
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
        Event::Attended(event) => ChainEvent::Attended {
            group: group(event.group)?,
            round: round(event.round)?,
            counted: count(event.counted)?,
            stake: wei(event.stake)?,
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
        Event::Struck(event) => {
            ChainEvent::Struck { group: group(event.group)?, round: round(event.round)?, checkpoint: digest(event.checkpoint) }
        }
        _ => return None,
    })
}

fn of_deltas(event: &Event) -> Option<ChainEvent> {
    Some(match event {
        Event::Proposed(event) => proposed(event)?,
        Event::Cast(event) => {
            let counted = event.counted.iter().map(|choice| counted_choice(*choice)).collect::<Option<_>>()?;
            ChainEvent::Cast { group: group(event.group)?, period: period(event.period)?, counted }
        }
        Event::Displaced(event) => ChainEvent::Displaced { group: group(event.group)?, delta: delta(event.delta)? },
        Event::Turned(event) => ChainEvent::Turned {
            group: group(event.group)?,
            period: period(event.period)?,
            applied: delta(event.applied)?,
            head: digest(event.head),
            reward: wei(event.reward)?,
            period_end_s: count(event.periodEnd)?,
        },
        Event::Taken(event) => ChainEvent::Taken {
            group: group(event.group)?,
            delta: delta(event.delta)?,
            head: digest(event.head),
            author: address(event.author),
            paid: wei(event.paid)?,
            burned: wei(event.burned)?,
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

/// `position << 96 | seq`.
fn counted_choice(packed: U256) -> Option<CountedChoice> {
    let seq: U256 = packed & ((U256::from(1) << SEQ_BITS) - U256::from(1));
    // A `seq` above 2^64 - 1 is the last one that a client of this kind could write.
    let seq = count(seq).unwrap_or(u64::MAX);
    Some(CountedChoice { position: position(packed >> SEQ_BITS)?, seq })
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

fn group(number: U256) -> Option<GroupId> {
    count(number).map(GroupId)
}

fn round(number: U256) -> Option<RoundNumber> {
    count(number).map(RoundNumber)
}

fn position(number: U256) -> Option<PositionNumber> {
    count(number).map(PositionNumber)
}

fn period(number: U256) -> Option<PeriodNumber> {
    count(number).map(PeriodNumber)
}

fn delta(number: U256) -> Option<DeltaNumber> {
    count(number).map(DeltaNumber)
}
