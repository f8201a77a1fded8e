//! Why somebody was paid for a round, or was not: a pure function of what the contracts told.

use node::network_file::moment;
use protocol::{Address, Digest, GroupId, Micronats, PositionNumber, RoundNumber, Wei, chain::Outcome, rules::rank_key};
use views::{Reason, Receipt, Subject};

use super::entry::{Entry, Role};
use crate::cli::ledger::Seat;

/// What is known of a round.
#[derive(Debug, Clone)]
pub struct Facts {
    pub group: GroupId,
    pub round: RoundNumber,
    pub outcome: Outcome,
    pub winner: Address,
    /// The claim that was decided, zero for none.
    pub decided: Digest,
    /// R; zero if the group was not admitted when the round began.
    pub reward: Wei,
    pub awake: Wei,
    /// Stake whose verdicts counted: for the decided claim, else for the one that has most.
    pub judged: Wei,
    pub reveals: u64,
    pub collected: bool,
    pub trainers: Vec<Trainer>,
    pub seats: Vec<Seat>,
    /// Of the round, and of bounties those that are about it.
    pub receipts: Vec<Receipt>,
    pub times: Dates,
}

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    pub now_s: u64,
    pub end_s: u64,
    /// Until then a verdict for the decided claim is still counted.
    pub late_s: u64,
    /// From then on the reward can be collected, and no measure can strike the round.
    pub mature_s: u64,
}

/// Who committed, and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Trainer {
    pub account: Address,
    pub number: u64,
    pub base: Micronats,
    pub loss: Micronats,
    pub deed: Deed,
}

/// How far a commit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Sealed,
    Revealed,
    Conceded { order: u64 },
}

/// One entry for everybody who had to do with the round: who committed, then who had stake awake, then who reported.
pub fn entries(facts: &Facts) -> Vec<Entry> {
    let trainers = facts.trainers.iter().map(|trainer| of_trainer(facts, trainer));
    let seats = facts.seats.iter().filter_map(|seat| of_seat(facts, seat));
    let reporters = facts.receipts.iter().filter_map(|receipt| of_reporter(facts, receipt));
    trainers.chain(seats).chain(reporters).collect()
}

fn entry(facts: &Facts, account: Address, role: Role, reason: String, receipts: Vec<Receipt>) -> Entry {
    let of = Subject::Round(facts.round);
    Entry::new(facts.group, of, account, role, reason, receipts).counted(facts.judged, facts.awake)
}

fn of_trainer(facts: &Facts, trainer: &Trainer) -> Entry {
    let is_about = |receipt: &&Receipt| {
        let of_trainer = matches!(
            receipt.why,
            Reason::Committed { .. } | Reason::Settled { .. } | Reason::Won { .. } | Reason::Struck { .. } | Reason::Prized { .. }
        );
        of_trainer && receipt.account == trainer.account
    };
    let receipts = facts.receipts.iter().filter(is_about).copied().collect();
    let waits = facts.outcome == Outcome::Won && facts.winner == trainer.account && !facts.collected;
    let due = if waits { facts.reward } else { Wei::ZERO };
    entry(facts, trainer.account, Role::Trainer, trained(facts, trainer), receipts).due(due)
}

/// Why a trainer won or did not.
fn trained(facts: &Facts, trainer: &Trainer) -> String {
    let is_over = facts.times.now_s >= facts.times.end_s;
    let claim = format!("its claim of {} → {} nats", trainer.base, trainer.loss);
    match (facts.outcome, trainer.deed) {
        (Outcome::Struck, Deed::Revealed) => format!("{claim} came to nothing: a measure cancelled what was decided"),
        (_, Deed::Conceded { order }) => {
            format!("it conceded as number {order} and claimed nothing: the later, the less of a deposit comes back")
        }
        (_, Deed::Sealed) if facts.reveals > 0 && (is_over || facts.outcome != Outcome::None) => {
            "it committed and did not reveal in time, though others did: its deposit is lost".to_owned()
        }
        (Outcome::None, Deed::Sealed) if is_over => "nobody revealed a claim: 15/16 of the deposit come back".to_owned(),
        (Outcome::None, _) if !is_over => format!("the round is not decided yet; it ends on {}", moment(facts.times.end_s)),
        (_, Deed::Sealed) => "it committed and did not reveal".to_owned(),
        (Outcome::None, Deed::Revealed) => format!("{claim} was not decided: {}", too_few(facts)),
        (Outcome::Lost, Deed::Revealed) => {
            format!(
                "{claim} is not true, like all of this round, said validators with more than two thirds of awake stake: its deposit is lost"
            )
        }
        (Outcome::Won, Deed::Revealed) if trainer.account == facts.winner => won(facts, &claim),
        (Outcome::Won, Deed::Revealed) => beaten(facts, trainer, &claim),
    }
}

fn won(facts: &Facts, claim: &str) -> String {
    let Facts { group, round, .. } = facts;
    let mature_s = facts.times.mature_s;
    match (facts.reward.is_zero(), facts.collected) {
        (true, _) => format!("{claim} won, but the group was not admitted when the round began: no reward"),
        (false, true) => format!("{claim} won"),
        (false, false) if facts.times.now_s < mature_s => {
            format!("{claim} won; {} NRN can be collected from {} on", facts.reward.to_nrn(), moment(mature_s))
        }
        (false, false) => {
            format!("{claim} won; {} NRN wait: `neuron round collect {round} --group {group}`", facts.reward.to_nrn())
        }
    }
}

/// Another claim won.
fn beaten(facts: &Facts, trainer: &Trainer, claim: &str) -> String {
    let Some(winner) = facts.trainers.iter().find(|other| other.account == facts.winner) else {
        return format!("{claim} did not win");
    };
    let rank = |one: &Trainer| rank_key(one.base, one.loss, one.number);
    if trainer.base != winner.base || rank(trainer) < rank(winner) {
        return format!(
            "{claim} is lower than the winner's {}, and validators found it false or could not get its file in time: its deposit is lost",
            winner.loss
        );
    }
    match trainer.loss.0.saturating_sub(winner.loss.0) {
        0 => format!("{claim} is as low as the winner's, which was committed earlier"),
        more => format!("{claim} was not the lowest: the winner's has {} nats, {} less", winner.loss, Micronats(more)),
    }
}

fn too_few(facts: &Facts) -> String {
    format!(
        "verdicts for one claim came to {} NRN of {} awake, and it takes more than two thirds",
        facts.judged.to_nrn(),
        facts.awake.to_nrn()
    )
}

/// Of a position that was awake or has judged all the same.
fn of_seat(facts: &Facts, seat: &Seat) -> Option<Entry> {
    let of_seat = |receipt: &&Receipt| position_of(&receipt.why) == Some(seat.position);
    let receipts: Vec<Receipt> = facts.receipts.iter().filter(of_seat).copied().collect();
    if receipts.is_empty() && (!seat.awake || seat.stake.is_zero()) {
        return None;
    }
    // Who owned it when its verdict was counted; that may have changed since.
    let owner = receipts.first().map_or(seat.owner, |receipt| receipt.account);
    let role = Role::Validator { position: seat.position, signer: seat.signer };
    Some(entry(facts, owner, role, judged(facts, seat, &receipts), receipts))
}

/// The position whose verdict or presence a receipt is for.
fn position_of(why: &Reason) -> Option<PositionNumber> {
    match why {
        Reason::Judged { position, .. } | Reason::Attended { position, .. } => Some(*position),
        _ => None,
    }
}

/// Why a position was paid or not.
fn judged(facts: &Facts, seat: &Seat, receipts: &[Receipt]) -> String {
    let is_decided = facts.outcome != Outcome::None;
    let counted = receipts.iter().find_map(|receipt| match receipt.why {
        Reason::Judged { claim, stake, earned, cut, .. } if is_decided && claim == facts.decided => Some((stake, earned, cut)),
        _ => None,
    });
    let has_judged = receipts.iter().any(|receipt| matches!(receipt.why, Reason::Judged { .. }));
    let is_present = receipts.iter().any(|receipt| matches!(receipt.why, Reason::Attended { .. }));
    match (counted, is_decided) {
        (Some(counted), _) => paid(facts, counted),
        (None, false) if facts.times.now_s < facts.times.end_s => {
            format!("not decided yet; the round ends on {}", moment(facts.times.end_s))
        }
        (None, false) if facts.reveals == 0 => "nobody revealed a claim: there was nothing to judge".to_owned(),
        (None, false) if is_present => format!("it was present, but nothing was decided: {}", too_few(facts)),
        (None, false) if has_judged => format!("its verdict was counted, but nothing was decided: {}", too_few(facts)),
        (None, false) => format!("no verdict of it reached the chain, and nothing was decided: {}", too_few(facts)),
        (None, true) if has_judged => "its verdict was for another claim than the one that was decided".to_owned(),
        (None, true) if is_present => "it was present, but its verdict for what was decided came too late to count".to_owned(),
        (None, true) if facts.times.now_s < facts.times.late_s => {
            format!("no verdict of it is on the chain yet; it counts if it comes before {}", moment(facts.times.late_s))
        }
        (None, true) => format!(
            "no verdict of it reached the chain before {}: was its node running, with peers? `neuron doctor`, run where {} signs, tells more",
            moment(facts.times.late_s),
            seat.signer
        ),
    }
}

fn paid(facts: &Facts, (stake, earned, cut): (Wei, Wei, Wei)) -> String {
    let of = format!("with {} of {} NRN awake", stake.to_nrn(), facts.awake.to_nrn());
    match (facts.reward.is_zero(), earned.is_zero(), cut.is_zero()) {
        (true, ..) => format!("its verdict was counted {of}, but the group was not admitted when the round began: no pay"),
        (_, true, _) => format!("its verdict was counted {of}: less than a gwei of pay"),
        (_, _, true) => format!("its verdict was counted {of}"),
        (_, _, false) => format!("its verdict was counted {of}; the schedule of the issue cut {} NRN off", cut.to_nrn()),
    }
}

fn of_reporter(facts: &Facts, receipt: &Receipt) -> Option<Entry> {
    let Reason::Reported { position, .. } = receipt.why else { return None };
    let reason = format!("it showed that position {position} had signed two claims");
    Some(entry(facts, receipt.account, Role::Reporter, reason, vec![*receipt]))
}

/// How a round stands, in one line.
pub fn headline(facts: &Facts) -> String {
    let Facts { group, round, .. } = facts;
    let verdicts = format!("verdicts of {} of {} NRN awake", facts.judged.to_nrn(), facts.awake.to_nrn());
    let is_over = facts.times.now_s >= facts.times.end_s;
    let state = match facts.outcome {
        Outcome::Won => format!("won by {}, {verdicts}", facts.winner),
        Outcome::Lost => format!("lost: no claim was true, {verdicts}"),
        Outcome::Struck => "struck: a measure cancelled what was decided".to_owned(),
        Outcome::None if !is_over => format!("not decided yet, ends on {}", moment(facts.times.end_s)),
        Outcome::None if facts.reveals == 0 => "empty: nobody revealed a claim".to_owned(),
        Outcome::None => format!("void: {}", too_few(facts)),
    };
    format!("round {round} of group {group}: {state}")
}

#[cfg(test)]
mod tests;
