//! What an event means to somebody who watches.

use node::words;
use protocol::{
    PositionNumber, RoundNumber,
    chain::{ChainEvent, Outcome},
    measures::Act,
};

use crate::{
    devnet::Devnet,
    screen::{nats, nrn},
};

/// What it is about, and what happened; nothing for what only says how.
pub fn describe(devnet: &Devnet, event: &ChainEvent) -> Option<(String, String)> {
    of_round(devnet, event).or_else(|| of_set(devnet, event)).or_else(|| of_stake(devnet, event)).or_else(|| of_bounty(devnet, event))
}

fn of_round(devnet: &Devnet, event: &ChainEvent) -> Option<(String, String)> {
    let name = |address| devnet.cast.name_of(address);
    let round = |number: &RoundNumber| format!("round {number}");
    Some(match event {
        ChainEvent::Opened { round: number, reward, deposit, .. } => {
            (round(number), format!("open: {} NRN to win, deposit {}", nrn(*reward), nrn(*deposit)))
        }
        ChainEvent::Committed { round: number, trainer, .. } => (round(number), format!("{} has sealed a checkpoint", name(*trainer))),
        ChainEvent::Revealed(claim) => (
            round(&claim.round),
            format!("{} claims training loss {} → {} nats", name(claim.trainer), nats(claim.base.0), nats(claim.loss.0)),
        ),
        ChainEvent::Conceded { round: number, trainer, rival, .. } => {
            (round(number), format!("{} concedes to {}", name(*trainer), name(*rival)))
        }
        ChainEvent::Decided { round: number, outcome: Outcome::Won, winner, .. } => {
            let losses = devnet.ledger.rounds.get(number).and_then(|round| round.losses());
            let (base, loss) = losses.map_or((0, 0), |(base, loss)| (base.0, loss.0));
            (round(number), format!("✓ won by {}: training loss {} → {} nats", name(*winner), nats(base), nats(loss)))
        }
        ChainEvent::Decided { round: number, .. } => (round(number), "✗ lost: no claim is true".into()),
        ChainEvent::Judged { round: number, claim, stake, amount, positions, .. } => {
            let book = devnet.ledger.rounds.get(number);
            let is_decided = book.is_some_and(|round| round.outcome != Outcome::None && round.claim == *claim);
            let what = match is_decided {
                true => format!("{} NRN earned by the validators", nrn(*amount)),
                false => format!("{} NRN stand behind a claim", nrn(*stake)),
            };
            (round(number), format!("{} verdicts counted, {what}", positions.len()))
        }
        ChainEvent::Attended { round: number, stake, positions, .. } => {
            let names: Vec<String> = positions.iter().map(|position| signer_of(devnet, *position)).collect();
            (round(number), format!("recorded as present: {}, with {} NRN", names.join(", "), nrn(*stake)))
        }
        ChainEvent::Collected { round: number, winner, issued, .. } => {
            (round(number), format!("{} NRN issued to {}", nrn(*issued), name(*winner)))
        }
        ChainEvent::Settled { round: number, trainer, burned, .. } if !burned.is_zero() => {
            let is_decided = devnet.ledger.rounds.get(number).is_some_and(|round| round.outcome != Outcome::None);
            let lied = is_decided && devnet.cast.liars.iter().any(|liar| liar.address() == *trainer);
            let mark = if lied { "✗ its claim was false: " } else { "" };
            (round(number), format!("{mark}{} loses {} NRN of its deposit, burned", name(*trainer), nrn(*burned)))
        }
        ChainEvent::Struck { round: number, .. } => (round(number), "✗ struck: its coinbase is cancelled".into()),
        _ => return None,
    })
}

fn of_set(devnet: &Devnet, event: &ChainEvent) -> Option<(String, String)> {
    let name = |address| devnet.cast.name_of(address);
    Some(match event {
        ChainEvent::Proposed { delta, author, bond, .. } => {
            (format!("delta {delta}"), format!("proposed by {}, bond {} NRN", name(*author), nrn(*bond)))
        }
        ChainEvent::Cast { period, counted, .. } => {
            (format!("period {period}"), format!("{} signed choices in one transaction", counted.len()))
        }
        ChainEvent::Turned { period, applied, head, .. } if applied.0 > 0 => {
            (format!("period {period}"), format!("delta {applied} applied, head {head}"))
        }
        ChainEvent::Turned { period, .. } => (format!("period {period}"), "the set stays as it is".into()),
        ChainEvent::Refunded { delta, author, bond, issued, .. } => {
            (format!("delta {delta}"), format!("{} has its bond of {} back, and {} NRN", name(*author), nrn(*bond), nrn(*issued)))
        }
        ChainEvent::Displaced { delta, .. } => (format!("delta {delta}"), "a higher bond took its place".into()),
        ChainEvent::Charged { delta, burned, .. } => {
            (format!("delta {delta}"), format!("{} NRN that it had bid for its place are burned: few wanted it", nrn(*burned)))
        }
        ChainEvent::Extended { period, .. } => {
            (format!("period {period}"), "late votes changed what would be applied: the period goes on a little".into())
        }
        ChainEvent::Taken { delta, head, author, burned, .. } => (
            format!("delta {delta}"),
            format!("✗ taken back, head {head}: {} loses its bond of {} NRN, burned", name(*author), nrn(*burned)),
        ),
        _ => return None,
    })
}

fn of_bounty(devnet: &Devnet, event: &ChainEvent) -> Option<(String, String)> {
    let name = |address| devnet.cast.name_of(address);
    let (about, text) = match event {
        ChainEvent::Funded { bounty, sponsor, count, amount, bond, first, last, .. } => (
            bounty,
            format!(
                "{} locks {} NRN, and {} as a bond, for what rounds {first} to {last} improve on {count} examples that he hides",
                name(*sponsor),
                nrn(*amount),
                nrn(*bond)
            ),
        ),
        ChainEvent::Unsealed { bounty, .. } => (bounty, "opened: validators fetch the examples and measure".to_owned()),
        ChainEvent::Found { bounty, stake, positions, .. } => {
            (bounty, format!("{} findings counted, {} NRN stand behind a result", positions.len(), nrn(*stake)))
        }
        ChainEvent::Resolved { bounty, findings, .. } => (bounty, words::of_findings(findings)),
        ChainEvent::BountyPaid { bounty, round, winner, amount, burned: false, .. } => {
            (bounty, format!("{} NRN to {} for round {round}", nrn(*amount), name(*winner)))
        }
        ChainEvent::BountyPaid { bounty, round, amount, .. } => (bounty, format!("{} NRN burned: round {round} was struck", nrn(*amount))),
        ChainEvent::FinderPaid { bounty, position, amount, .. } => {
            (bounty, format!("{} NRN to the owner of {} for measuring", nrn(*amount), signer_of(devnet, *position)))
        }
        ChainEvent::Returned { bounty, amount, burned, .. } => {
            (bounty, format!("{} NRN back to the sponsor, {} burned", nrn(*amount), nrn(*burned)))
        }
        ChainEvent::FoundTwice { bounty, position, reporter, reward, .. } => {
            (bounty, format!("✗ {} signed two results: {} NRN to {}", signer_of(devnet, *position), nrn(*reward), name(*reporter)))
        }
        _ => return None,
    };
    Some((format!("bounty {about}"), text))
}

/// Who signs for a position.
fn signer_of(devnet: &Devnet, position: PositionNumber) -> String {
    devnet.view.position(position).map_or_else(|| "?".to_owned(), |position| devnet.cast.name_of(position.signer))
}

fn of_stake(devnet: &Devnet, event: &ChainEvent) -> Option<(String, String)> {
    let name = |address| devnet.cast.name_of(address);
    let of = |position: PositionNumber| signer_of(devnet, position);
    Some(match event {
        ChainEvent::DoubleSigned { position, round, reporter, reward, .. } => {
            let lost = devnet.ledger.slashes.iter().rev().find(|slash| slash.position == *position).map(|slash| slash.amount);
            let (who, lost) = (of(*position), nrn(lost.unwrap_or_default()));
            let text = format!(
                "✗ {who} signed two claims in round {round}: {lost} NRN of its stake are gone, {} to {}",
                nrn(*reward),
                name(*reporter)
            );
            ("slash".into(), text)
        }
        ChainEvent::Dozed { position, until, .. } => {
            ("doze".into(), format!("{} was absent in eight rounds and is put to sleep until epoch {until}", of(*position)))
        }
        ChainEvent::Compounded { position, amount, .. } => {
            ("stake".into(), format!("{} NRN earned by {} are stake from the next epoch on", nrn(*amount), of(*position)))
        }
        ChainEvent::Enacted { kind, args, .. } => {
            ("measure".into(), format!("enacted: {}", words::of_act(&Act::decode(*kind, args).ok()?)))
        }
        ChainEvent::PaidBack { to, gas, amount } => {
            ("purse".into(), format!("{} of the chain's coin back to {} for {gas} gas", amount.to_nrn(), name(*to)))
        }
        _ => return None,
    })
}
