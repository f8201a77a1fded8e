//! The rules that contracts and nodes share: amounts, decisions, hashes. Both sides are tested from `vectors/*.json`.

use ruint::aliases::U512;

use crate::ids::{Address, DeltaNumber, Digest, GroupId, RoundNumber, keccak256};
use crate::money::{Micronats, Wei};

/// Seconds from one halving to the next: four years of 365.25 days.
pub const ERA_S: u64 = 126_230_400;
/// From this era on nothing is issued.
pub const LAST_ERA: u64 = 64;
/// Doublings of the deposit after rounds without a decision.
pub const MAX_DOUBLINGS: u64 = 8;

const HOUR_S: u128 = 3600;
const WEEK_S: u128 = 604_800;
/// A round of an hour issues this part of the supply to its winner.
const REWARD_PART: u128 = 100_000;
/// A period of a week issues this part of the supply to the author of its delta.
const AUTHOR_PART: u128 = 1_000_000;
/// The schedule allows this many parts of `SCHEDULE_PARTS` of the supply each hour.
const SCHEDULE_SHARE: u128 = 13;
const SCHEDULE_PARTS: u128 = 1_000_000;
/// Share of the supply that the share rule assumes at stake at least; also the least that carries an admission.
const LEAST_STAKE_PART: u128 = 10;
/// Stakes, and the pay that becomes stake, are whole multiples of this.
pub const WEI_PER_GWEI: u128 = 1_000_000_000;
/// Counted rounds in a row in which a position must be absent to be put to sleep, the newest ones left aside.
pub const ABSENCES: usize = 8;
/// Counted rounds that are left aside: verdicts of them can still be shown.
pub const NEWEST: usize = 2;
/// Epochs after which sleep is forgotten, and is not doubled when it comes again.
const SLEEP_FORGOTTEN: u64 = 32;
/// Doublings of sleep at most.
const MAX_SLEEPS: u64 = 7;
/// A position may be awake with this part of its group's stake.
const AWAKE_PARTS: u64 = 16_384;
/// Deposits come back in sixteenths.
const SIXTEEN: u128 = 16;
/// Validators get this part of the winner's reward, on top.
const VALIDATORS_PART: u128 = 5;

/// Halvings since `start_s`, the close of the sale (0 = not closed yet) (PROTOCOL 2, Formulas).
pub fn era(now_s: u64, start_s: u64) -> u64 {
    match start_s {
        0 => 0,
        _ => now_s.saturating_sub(start_s) / ERA_S,
    }
}

/// Divisor of the share rule: awake stake of all admitted groups, at least a tenth of the supply (PROTOCOL 2, Formulas).
pub fn total(admitted_awake: Wei, supply: Wei) -> Wei {
    admitted_awake.max(least_stake(supply))
}

/// R: what a won round of `length_s` issues to its trainer (PROTOCOL 2, Formulas).
pub fn reward(supply: Wei, length_s: u64, awake: Wei, total: Wei, era: u64) -> Wei {
    issue(supply, length_s, awake, total, HOUR_S * REWARD_PART, era)
}

/// V: what a decided round pays to its validators together (PROTOCOL 2, Formulas).
pub fn validators_reward(reward: Wei) -> Wei {
    Wei(reward.0 / VALIDATORS_PART)
}

/// A: what a period of `period_s` issues to the author of the delta that stood (PROTOCOL 2, Formulas).
pub fn author_reward(supply: Wei, period_s: u64, awake: Wei, total: Wei, era: u64) -> Wei {
    issue(supply, period_s, awake, total, WEEK_S * AUTHOR_PART, era)
}

/// `supply · time · awake / (parts · total) >> era`; 0 where there is no total.
fn issue(supply: Wei, time_s: u64, awake: Wei, total: Wei, parts: u128, era: u64) -> Wei {
    if total.is_zero() || era >= LAST_ERA {
        return Wei::ZERO;
    }
    let dividend = U512::from(supply.0) * U512::from(time_s) * U512::from(awake.0);
    let divisor = U512::from(parts) * U512::from(total.0);
    Wei::cut((dividend / divisor) >> (era as usize))
}

/// What the schedule's allowance grows by from `from_s` to `to_s` with a constant `supply`, split at the edges of eras
/// (PROTOCOL 2, The schedule).
pub fn allowance_growth(supply: Wei, start_s: u64, from_s: u64, to_s: u64) -> Wei {
    let mut grown = Wei::ZERO;
    let mut from_s = from_s;
    if start_s == 0 || from_s < start_s {
        return grown;
    }
    while from_s < to_s && era(from_s, start_s) < LAST_ERA {
        let era = era(from_s, start_s);
        let edge_s = to_s.min(start_s.saturating_add((era + 1).saturating_mul(ERA_S)));
        let share = SCHEDULE_SHARE * u128::from(edge_s - from_s);
        grown = grown.saturating_add(Wei(supply.mul_div(share, HOUR_S * SCHEDULE_PARTS).0 >> era));
        from_s = edge_s;
    }
    grown
}

/// Deposit of a commit: `max(R/5, minDeposit) << min(voids, 8)` (PROTOCOL 2, Formulas).
pub fn deposit(reward: Wei, min_deposit: Wei, voids: u64) -> Wei {
    let plain = validators_reward(reward).max(min_deposit);
    Wei(plain.0.saturating_mul(1 << voids.min(MAX_DOUBLINGS)))
}

/// Bond of a proposed delta: `max(4·A, minDeposit)` (PROTOCOL 2, Formulas).
pub fn delta_bond(author_reward: Wei, min_deposit: Wei) -> Wei {
    Wei(author_reward.0.saturating_mul(4)).max(min_deposit)
}

/// A of a delta with that bond: never more than the bond was put at risk for (PROTOCOL 2, Formulas).
pub fn author_reward_for(author_reward: Wei, bond: Wei) -> Wei {
    author_reward.min(Wei(bond.0 / 4))
}

/// `voids` at the next opening, `epochs` after the last one, given how that round went: a round without a reveal changes
/// nothing, and half of them are forgotten with each epoch (PROTOCOL 6, Commit).
pub fn next_voids(voids: u64, decided: bool, revealed: bool, epochs: u64) -> u64 {
    let voids = voids.saturating_add(revealed.into()).min(MAX_DOUBLINGS);
    if decided { 0 } else { voids.checked_shr(u32::try_from(epochs).unwrap_or(u32::MAX)).unwrap_or(0) }
}

/// What to give a commit as the most that it pays, where `least` is due before the round is opened: a sixteenth more, since
/// supply and stake may change until it is mined, but not twice as much.
pub fn highest_deposit(least: Wei) -> Wei {
    least.saturating_add(Wei(least.0 / SIXTEEN))
}

/// What a commit came to, as far as its deposit depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// The seal was never opened; whether anybody revealed in its round.
    Unopened { is_shown: bool },
    /// The seal was opened for a rival's claim, as the `order`-th of the round, from 1.
    Conceded { order: u64 },
    /// The claim was revealed.
    Revealed(Standing),
}

/// Where a revealed claim stands once its round is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The round was not decided, or its decision was struck.
    Open,
    /// It won.
    First,
    /// It was to be read after the winner's.
    Behind,
    /// It was to be read before the winner's: it was false.
    Ahead,
    /// The round is lost: none was true.
    Lost,
}

/// What becomes of a deposit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// Comes back at the settling.
    pub refunded: Wei,
    /// Comes back with the winner's reward, once that is mature.
    pub kept: Wei,
    /// Whether the settling waits until the round is mature: a strike would save it.
    pub waits: bool,
}

/// Settlement of `deposit`; what is neither refunded nor kept is burned, or pays the validators of a lost round
/// (PROTOCOL 6, Settle and collect).
pub fn settle(deposit: Wei, commit: Commit) -> Settlement {
    let most = deposit.mul_div(SIXTEEN - 1, SIXTEEN);
    let (refunded, kept, waits) = match commit {
        Commit::Unopened { is_shown: false } | Commit::Revealed(Standing::Open | Standing::Behind) => (most, Wei::ZERO, false),
        Commit::Revealed(Standing::First) => (most, deposit.saturating_sub(most), false),
        Commit::Conceded { order } => (conceded_of(deposit, order), Wei::ZERO, false),
        Commit::Unopened { is_shown: true } => (Wei::ZERO, Wei::ZERO, false),
        Commit::Revealed(Standing::Ahead | Standing::Lost) => (Wei::ZERO, Wei::ZERO, true),
    };
    Settlement { refunded, kept, waits }
}

/// What comes back to who conceded as the `order`-th of a round, from 1: as many sixteenths less (PROTOCOL 2, Formulas).
pub fn conceded_of(deposit: Wei, order: u64) -> Wei {
    deposit.mul_div(SIXTEEN.saturating_sub(order.into()), SIXTEEN)
}

/// What a verdict of `stake` earns in a round of R = `reward`, where all `awake` stake earns V together: whole gweis, rounded
/// down (PROTOCOL 6, Pay).
pub fn earned_for(reward: Wei, awake: Wei, stake: Wei) -> Wei {
    let gweis = |amount: Wei| amount.0 / WEI_PER_GWEI;
    Wei(Wei(gweis(validators_reward(reward))).mul_div(gweis(stake), gweis(awake)).0 * WEI_PER_GWEI)
}

/// What a verdict is paid of what it `earned`: all of it out of the deposits of a lost round, else what the schedule allows
/// (PROTOCOL 6, Pay).
pub fn paid_for(earned: Wei, allowance: Wei, is_lost: bool) -> Wei {
    if is_lost { earned } else { earned.min(whole_gweis(allowance)) }
}

/// The part of `amount` for the stretch from `before` to `after` of `whole`: floors of running sums, so that stretches
/// that cover the whole get exactly `amount` together.
pub fn part(amount: Wei, whole: Wei, before: Wei, after: Wei) -> Wei {
    amount.mul_div(after.0, whole.0).saturating_sub(amount.mul_div(before.0, whole.0))
}

/// The largest amount of whole gweis that is not above `amount`: what can be bonded of it.
pub fn whole_gweis(amount: Wei) -> Wei {
    Wei(amount.0 - amount.0 % WEI_PER_GWEI)
}

/// How often the sleep is doubled of who is put to it in `epoch`, slept before until `until` (0: never), doubled `dozed` times
/// (PROTOCOL 4, Who is present).
pub fn next_dozed(epoch: u64, until: u64, dozed: u64) -> u64 {
    let is_forgotten = until == 0 || epoch >= until.saturating_add(SLEEP_FORGOTTEN);
    if is_forgotten { 0 } else { dozed.saturating_add(1).min(MAX_SLEEPS) }
}

/// The epoch from which who is put to sleep in `epoch` may be awake again (PROTOCOL 2, Formulas).
pub fn sleeps_until(epoch: u64, dozed: u64) -> u64 {
    epoch.saturating_add(1).saturating_add(1 << dozed.min(MAX_SLEEPS))
}

/// Whether `stake` decides: more than 2/3 of `awake` (PROTOCOL 6, Judge).
pub fn is_quorum(stake: Wei, awake: Wei) -> bool {
    !awake.is_zero() && U512::from(stake.0) * U512::from(3) > U512::from(awake.0) * U512::from(2)
}

/// Whether a file counts as available when `stake` announced to hold it: more than 1/3 of `awake` (PROTOCOL 13, Available).
pub fn is_available(stake: Wei, awake: Wei) -> bool {
    !awake.is_zero() && U512::from(stake.0) * U512::from(3) > U512::from(awake.0)
}

/// Whether a position with `stake` may be awake: it has some, and at least 1/16,384 of the group's (PROTOCOL 2, Formulas).
pub fn may_wake(stake: Wei, group: Wei) -> bool {
    !stake.is_zero() && U512::from(stake.0) * U512::from(AWAKE_PARTS) >= U512::from(group.0)
}

/// Whether `assents` are more than half of `stake` (PROTOCOL 8).
pub fn is_majority(assents: Wei, stake: Wei) -> bool {
    U512::from(assents.0) * U512::from(2) > U512::from(stake.0)
}

/// What assents to a measure of the whole network must exceed: half of what is `bonded`, and all but a wei of a tenth of the
/// supply (PROTOCOL 8).
pub fn needed_of_all(bonded: Wei, supply: Wei) -> Wei {
    Wei(bonded.0 / 2).max(least_stake(supply).saturating_sub(Wei(1)))
}

/// What assents to a rollback must exceed: half of the awake stake, and all but a wei of the `votes` that it undoes (PROTOCOL 8).
pub fn needed_to_roll_back(awake: Wei, votes: Wei) -> Wei {
    Wei(awake.0 / 2).max(votes.saturating_sub(Wei(1)))
}

/// The least stake that carries a measure of the whole network, and that the share rule counts with.
pub fn least_stake(supply: Wei) -> Wei {
    Wei(supply.0 / LEAST_STAKE_PART)
}

/// The highest loss that improves enough on `base`: lower by `max(1, base >> improve, least)`; `None` if there is none
/// (PROTOCOL 6, Reveal).
pub fn most_loss(base: Micronats, improve: u8, least: Micronats) -> Option<Micronats> {
    let step = base.0.checked_shr(improve.into()).unwrap_or(0).max(least.0).max(1);
    base.0.checked_sub(step).map(Micronats)
}

/// Order in which claims are judged, least first: losses within 1/8192 of the base are equal, then the earlier commit (PROTOCOL 6, Judge).
pub fn rank_key(base: Micronats, loss: Micronats, number: u64) -> (u32, u64) {
    (loss.0 / (base.0 >> 13).max(1), number)
}

/// The second from which nothing is proposed any more but what was displaced: the last quarter of a period, by whose
/// extensions nothing changes.
pub fn last_quarter_s(period_s: u64, period_end_s: u64, extended_s: u64) -> u64 {
    period_end_s.saturating_sub(extended_s).saturating_sub(period_s / 4)
}

/// Whether a delta may be proposed for the first time (PROTOCOL 7, Propose).
pub fn may_propose(now_s: u64, period_s: u64, period_end_s: u64, extended_s: u64) -> bool {
    now_s < last_quarter_s(period_s, period_end_s, extended_s)
}

/// By how much a vote at `now_s` that changes what would be applied extends the period: others have an eighth of it to
/// answer; all together half of it at most (PROTOCOL 2, Formulas).
pub fn extension_s(now_s: u64, period_s: u64, period_end_s: u64, extended_s: u64) -> u64 {
    let until_s = now_s.saturating_add(period_s / 8);
    until_s.saturating_sub(period_end_s).min((period_s / 2).saturating_sub(extended_s))
}

/// A delta at the turn of its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which delta; of equal votes the lower number is first.
    pub number: DeltaNumber,
    /// Live stake behind it, wei.
    pub votes: Wei,
    /// Head on which it was proposed.
    pub parent: Digest,
}

/// The delta that a turn applies: the most votes (the lower number of equals), more than `keep`, at least a tenth of
/// the group's `stake`, proposed on `head`; none if the first fails (PROTOCOL 7, Turn).
pub fn turn(keep: Wei, stake: Wei, head: Digest, candidates: &[Candidate]) -> Option<DeltaNumber> {
    let first = candidates.iter().min_by_key(|candidate| (std::cmp::Reverse(candidate.votes), candidate.number))?;
    let enough = U512::from(first.votes.0) * U512::from(10) >= U512::from(stake.0);
    (first.votes > keep && enough && first.parent == head).then_some(first.number)
}

/// `keccak256(abi.encode(file, base, loss, lossRoot))`: the name of a claim (PROTOCOL 6, Reveal).
pub fn claim_hash(file: Digest, base: Micronats, loss: Micronats, loss_root: Digest) -> Digest {
    hash_words(&[file.0, word(base.0.into()), word(loss.0.into()), loss_root.0])
}

/// `keccak256(abi.encode(group, round, file, trainer, salt))`: what a commit shows (PROTOCOL 6, Commit).
pub fn seal(group: GroupId, round: RoundNumber, file: Digest, trainer: Address, salt: Digest) -> Digest {
    hash_words(&[word(group.0), word(round.0), file.0, address_word(trainer), salt.0])
}

/// `keccak256(abi.encode(head, digest))`: the head after a delta; the first head starts from zero (PROTOCOL 11, Heads).
pub fn next_head(head: Digest, digest: Digest) -> Digest {
    hash_words(&[head.0, digest.0])
}

/// Keccak-256 over words of 32 bytes: `keccak256(abi.encode(…))` of static values.
pub(crate) fn hash_words(words: &[[u8; 32]]) -> Digest {
    Digest(keccak256(words.as_flattened()))
}

/// A number as a word of the ABI.
pub(crate) fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// An address as a word of the ABI.
pub(crate) fn address_word(address: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address.0);
    word
}
