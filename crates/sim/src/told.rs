//! Events in a few words, for traces and stories.

use protocol::{Digest, chain::ChainEvent};

/// An event in one short line.
pub fn short(event: &ChainEvent) -> String {
    match event {
        ChainEvent::Opened { round, deposit, voids, .. } => format!("round {round} is opened, deposit {}, voids {voids}", deposit.to_nrn()),
        ChainEvent::Committed { round, trainer, number, .. } => format!("commit {number} of round {round} by {trainer}"),
        ChainEvent::Revealed(claim) => {
            format!("reveal in round {} by {}: {} from {} to {}", claim.round, claim.trainer, digest(&claim.file), claim.base, claim.loss)
        }
        ChainEvent::Conceded { round, trainer, order, .. } => format!("concession {order} in round {round} by {trainer}"),
        ChainEvent::Judged { round, claim, positions, .. } => format!("verdicts of round {round} for {}: {positions:?}", digest(claim)),
        ChainEvent::Decided { round, outcome, claim, .. } => format!("round {round} is decided: {outcome:?} {}", digest(claim)),
        ChainEvent::Attended { round, positions, counts, .. } => format!("present in round {round}: {positions:?}, counts: {counts}"),
        ChainEvent::Settled { round, trainer, refunded, burned, charged, .. } => {
            let (refunded, burned, charged) = (refunded.to_nrn(), burned.to_nrn(), charged.to_nrn());
            format!("deposit of round {round} by {trainer}: {refunded} back, {burned} burned, {charged} charged")
        }
        ChainEvent::Collected { round, winner, issued, .. } => format!("{winner} collects {} of round {round}", issued.to_nrn()),
        ChainEvent::Dozed { position, until, .. } => format!("position {position} is put to sleep until epoch {until}"),
        ChainEvent::DoubleSigned { position, round, .. } => format!("position {position} has signed twice in round {round}"),
        ChainEvent::Turned { period, applied, .. } => format!("period {period} is over, delta {applied} applied"),
        other => format!("{other:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect(),
    }
}

/// The first digits of a digest.
pub fn digest(of: &Digest) -> String {
    hex::encode(&of.0[..4])
}
