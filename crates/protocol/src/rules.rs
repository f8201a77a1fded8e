//! The rules that contracts and nodes share: amounts, decisions, hashes. Both sides are tested from `vectors/*.json`.

use ruint::aliases::U512;

use crate::chain::{GroupView, PositionView};
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
/// Counted rounds in a row in which a position must be absent to be put to sleep.
pub const ABSENCES: usize = 8;
/// Validators get this part of the winner's reward, on top.
const VALIDATORS_PART: u128 = 5;

/// Halvings since `start_s`, the close of the sale (0 = not closed yet).
pub fn era(now_s: u64, start_s: u64) -> u64 {
    match start_s {
        0 => 0,
        _ => now_s.saturating_sub(start_s) / ERA_S,
    }
}

/// Divisor of the share rule: awake stake of all admitted groups, at least a tenth of the supply.
pub fn total(admitted_awake: Wei, supply: Wei) -> Wei {
    admitted_awake.max(least_stake(supply))
}

/// R: what a won round of `length_s` issues to its trainer.
pub fn reward(supply: Wei, length_s: u64, awake: Wei, total: Wei, era: u64) -> Wei {
    issue(supply, length_s, awake, total, HOUR_S * REWARD_PART, era)
}

/// V: what a decided round pays to its validators together.
pub fn validators_reward(reward: Wei) -> Wei {
    Wei(reward.0 / VALIDATORS_PART)
}

/// A: what a period of `period_s` issues to the author of the delta that stood.
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

/// What the schedule's allowance grows by from `from_s` to `to_s` with a constant `supply`, split at the edges of eras.
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

/// Deposit of a commit: `max(R/5, minDeposit) << min(voids, 8)`.
pub fn deposit(reward: Wei, min_deposit: Wei, voids: u64) -> Wei {
    let plain = validators_reward(reward).max(min_deposit);
    Wei(plain.0.saturating_mul(1 << voids.min(MAX_DOUBLINGS)))
}

/// Bond of a proposed delta: `max(4·A, minDeposit)`.
pub fn delta_bond(author_reward: Wei, min_deposit: Wei) -> Wei {
    Wei(author_reward.0.saturating_mul(4)).max(min_deposit)
}

/// `voids` at the next opening, given how the last opened round went; a round without a reveal changes nothing.
pub fn next_voids(voids: u64, decided: bool, revealed: bool) -> u64 {
    match (decided, revealed) {
        (true, _) => 0,
        (false, true) => voids.saturating_add(1),
        (false, false) => voids,
    }
}

/// What happens to a deposit at the settling of its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The winner's comes back whole.
    Whole,
    /// Unread, conceded and void claims, and seals of a round in which nothing was revealed: 15/16 come back.
    Most,
    /// Claims better than the winner's, all of a lost round, and unopened seals: nothing comes back.
    None,
}

/// Part of `deposit` that comes back.
pub fn refund(deposit: Wei, fate: Fate) -> Wei {
    match fate {
        Fate::Whole => deposit,
        Fate::Most => deposit.mul_div(15, 16),
        Fate::None => Wei::ZERO,
    }
}

/// What a verdict of `stake` earns of `payable`, what all `awake` stake would earn together: whole gweis, rounded down.
pub fn earned_for(payable: Wei, awake: Wei, stake: Wei) -> Wei {
    let gweis = |amount: Wei| amount.0 / WEI_PER_GWEI;
    Wei(Wei(gweis(payable)).mul_div(gweis(stake), gweis(awake)).0 * WEI_PER_GWEI)
}

/// What all awake stake of a round earns together: V, out of the deposits where nothing was true, else out of what the
/// schedule allows at that time.
pub fn payable(reward: Wei, allowance: Wei, lost: bool) -> Wei {
    let validators = validators_reward(reward);
    if lost { validators } else { validators.min(allowance) }
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

/// Whether an awake position may be put to sleep: it has been awake since before the last [`ABSENCES`] counted rounds
/// (`recent`, any order) and was `present` in none of them.
pub fn is_absent(view: &GroupView, position: &PositionView, mut present: impl FnMut(RoundNumber) -> bool) -> bool {
    let since = |round: &RoundNumber| view.epoch_of(*round) >= position.woken_at;
    position.awake_next && view.recent.len() >= ABSENCES && view.recent.iter().all(|round| since(round) && !present(*round))
}

/// Whether two claims signed in `round` can still be shown at `now_s`: the round did not begin in or before an epoch of
/// such a slash, and its end is not older than an exit.
pub fn may_slash_double(view: &GroupView, position: &PositionView, round: RoundNumber, now_s: u64) -> bool {
    let start_s = view.times.round_start_s(view.genesis_s, round);
    let last_s = start_s.saturating_add(view.times.length_s()).saturating_add(view.exit_s);
    position.forgiven_until_s <= start_s && start_s <= now_s && now_s <= last_s
}

/// Whether `stake` decides: more than 2/3 of `awake`.
pub fn is_quorum(stake: Wei, awake: Wei) -> bool {
    !awake.is_zero() && U512::from(stake.0) * U512::from(3) > U512::from(awake.0) * U512::from(2)
}

/// Whether a file counts as available when `stake` announced to hold it: more than 1/3 of `awake`.
pub fn is_available(stake: Wei, awake: Wei) -> bool {
    !awake.is_zero() && U512::from(stake.0) * U512::from(3) > U512::from(awake.0)
}

/// Whether a position with `stake` may wake: it has some, and at least 1/1024 of the group's.
pub fn may_wake(stake: Wei, group: Wei) -> bool {
    !stake.is_zero() && U512::from(stake.0) * U512::from(1024) >= U512::from(group.0)
}

/// Whether `assents` are more than half of `stake`.
pub fn is_majority(assents: Wei, stake: Wei) -> bool {
    U512::from(assents.0) * U512::from(2) > U512::from(stake.0)
}

/// Whether `assents` carry a measure of the whole network: more than half of all stake, and at least `supply / 10`.
pub fn is_network_majority(assents: Wei, all_stake: Wei, supply: Wei) -> bool {
    is_majority(assents, all_stake) && assents >= least_stake(supply)
}

/// The least stake that carries a measure of the whole network, and that the share rule counts with.
pub fn least_stake(supply: Wei) -> Wei {
    Wei(supply.0 / LEAST_STAKE_PART)
}

/// Whether `loss` improves enough on `base`: `loss + max(1, base >> improve) <= base`.
pub fn improves(base: Micronats, loss: Micronats, improve: u8) -> bool {
    let step = base.0.checked_shr(improve.into()).unwrap_or(0).max(1);
    u64::from(loss.0) + u64::from(step) <= u64::from(base.0)
}

/// Order in which claims are judged, least first: losses within 1/8192 of the base are equal, then the earlier commit.
pub fn rank_key(base: Micronats, loss: Micronats, number: u64) -> (u32, u64) {
    (loss.0 / (base.0 >> 13).max(1), number)
}

/// Whether a delta may be proposed: not in the last quarter of the period.
pub fn may_propose(now_s: u64, period_s: u64, period_end_s: u64) -> bool {
    now_s < period_end_s.saturating_sub(period_s / 4)
}

/// A delta at the turn of its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub number: DeltaNumber,
    pub votes: Wei,
    /// Head on which it was proposed.
    pub parent: Digest,
}

/// The delta that a turn applies: the most votes (the lower number of equals), more than `keep`, at least a tenth of
/// the group's `stake`, proposed on `head`; none if the first fails.
pub fn turn(keep: Wei, stake: Wei, head: Digest, candidates: &[Candidate]) -> Option<DeltaNumber> {
    let first = candidates.iter().min_by_key(|candidate| (std::cmp::Reverse(candidate.votes), candidate.number))?;
    let enough = U512::from(first.votes.0) * U512::from(10) >= U512::from(stake.0);
    (first.votes > keep && enough && first.parent == head).then_some(first.number)
}

/// `keccak256(abi.encode(file, base, loss, lossRoot))`: the name of a claim.
pub fn claim_hash(file: Digest, base: Micronats, loss: Micronats, loss_root: Digest) -> Digest {
    hash_words(&[file.0, word(base.0.into()), word(loss.0.into()), loss_root.0])
}

/// `keccak256(abi.encode(group, round, file, trainer, salt))`: what a commit shows.
pub fn seal(group: GroupId, round: RoundNumber, file: Digest, trainer: Address, salt: Digest) -> Digest {
    hash_words(&[word(group.0), word(round.0), file.0, address_word(trainer), salt.0])
}

/// `keccak256(abi.encode(head, digest))`: the head after a delta; the first head starts from zero.
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
