//! Bounties with a hidden set: their term and windows, what validators find, and who gets how much of it.

use serde::{Deserialize, Serialize};

use crate::ids::{Address, Digest, GroupId, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::rules::{hash_words, word};

/// Steps of a result at most: as many winners are measured.
pub const MAX_STEPS: usize = 31;
/// Windows in which a bounty can be decided, an epoch each.
pub const WINDOWS: u64 = 3;
/// Validators and won rounds share this part of the amount each, whatever was found.
const SHARE_PART: u128 = 8;
/// Of an opened bounty that nobody decides the sponsor loses this part.
const UNDECIDED_PART: u128 = 16;

/// A measured winner of the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The round that it won.
    pub round: RoundNumber,
    /// Won rounds, struck or not, after the step before it, up to this one; of the last step those after it too.
    pub won: u32,
    /// On the hidden examples.
    pub loss: Micronats,
    /// Whether it is better than the best before it.
    pub better: bool,
}

/// What validators find about a bounty: the contracts' `Result`, of which they hold the hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The sponsor did not open the set in time, or what was opened is not what was sealed or measures nothing.
    pub failed: bool,
    /// Loss of the group's checkpoint at the start of the term.
    pub base: Micronats,
    /// Measured winners in the order of their rounds, [`MAX_STEPS`] at most.
    pub steps: Vec<Step>,
}

impl Findings {
    /// The sponsor has failed; the rounds of the term that were `won`, ascending and struck or not, are paid in equal parts.
    pub fn failed(won: &[RoundNumber]) -> Self {
        let step = |last: &RoundNumber| Step { round: *last, won: won.len() as u32, loss: Micronats(0), better: false };
        Self { failed: true, base: Micronats(0), steps: won.last().map(step).into_iter().collect() }
    }

    /// Of the rounds `won`, ascending and struck or not, those at `measured` places, ascending, were measured: loss, and whether it is
    /// better than the best before. The last step has the rounds after it too.
    pub fn measured(base: Micronats, won: &[RoundNumber], measured: &[(u32, Micronats, bool)]) -> Self {
        let mut counted = 0;
        let mut step = |(index, (place, loss, better)): (usize, &(u32, Micronats, bool))| {
            let is_last = index + 1 == measured.len();
            let through = if is_last { won.len() as u32 } else { place.saturating_add(1) };
            let since = std::mem::replace(&mut counted, through);
            let round = *won.get(*place as usize)?;
            Some(Step { round, won: through.saturating_sub(since), loss: *loss, better: *better })
        };
        Self { failed: false, base, steps: measured.iter().enumerate().filter_map(&mut step).collect() }
    }

    /// `keccak256(abi.encode(result))`: a tuple with a list at its end.
    pub fn hash(&self) -> Digest {
        let mut words = vec![word(32), word(self.failed.into()), word(self.base.0.into()), word(96), word(self.steps.len() as u64)];
        for step in &self.steps {
            words.extend([word(step.round.0), word(step.won.into()), word(step.loss.0.into()), word(step.better.into())]);
        }
        hash_words(&words)
    }

    /// Won rounds of the term.
    pub fn won(&self) -> u64 {
        self.steps.iter().map(|step| u64::from(step.won)).sum()
    }

    /// Each step and by how much it lowers the best loss before it, as far as the target pays for that.
    fn steps_with_gains(&self, target: Micronats) -> impl Iterator<Item = (&Step, u32)> {
        let (mut best, mut left) = (self.base.0, target.0);
        self.steps.iter().map(move |step| {
            let gain = if step.better { best.saturating_sub(step.loss.0).min(left) } else { 0 };
            if step.better {
                (best, left) = (step.loss.0, left - gain);
            }
            (step, gain)
        })
    }
}

/// What a sponsor locked, and for how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prize {
    /// B: what is paid for lower hidden loss; at least the least deposit.
    pub amount: Wei,
    /// What the sponsor loses if the set is not opened, in wei; at least B/8.
    pub bond: Wei,
    /// Lower the loss by so much and all of it is paid out, at least 1.
    pub target: Micronats,
}

/// Where a prize goes; all parts together are the amount and the bond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payments {
    /// To all whose finding decided, by stake.
    pub finders: Wei,
    /// To the winner of each won round of each step, in their order.
    pub rounds: Vec<Wei>,
    /// To the sponsor.
    pub returned: Wei,
    /// To nobody: destroyed, in wei.
    pub burned: Wei,
}

impl Prize {
    /// Where it goes once something is found.
    pub fn payments(&self, findings: &Findings) -> Payments {
        if findings.failed { self.forfeited(findings) } else { self.earned(findings) }
    }

    /// An eighth to validators, an eighth to won rounds in equal parts, the rest by the gain of each step, that of a step to the
    /// rounds that led to it.
    fn earned(&self, findings: &Findings) -> Payments {
        let (share, won) = (self.share(), findings.won());
        let prize = self.amount.saturating_sub(share).saturating_sub(share);
        let equal = share.mul_div(1, won.into());
        let gains = findings.steps_with_gains(self.target).map(|(step, gain)| {
            let earned = prize.mul_div(gain.into(), self.target.0.into());
            (step.won, earned.mul_div(1, step.won.into()))
        });
        let gains: Vec<(u32, Wei)> = gains.collect();
        let paid: Wei = gains.iter().map(|(rounds, gain)| gain.mul_div((*rounds).into(), 1)).sum();
        let burned = if won == 0 { share } else { Wei::ZERO };
        let rest = share.saturating_sub(burned).saturating_sub(equal.mul_div(won.into(), 1));
        Payments {
            finders: share,
            rounds: gains.iter().map(|(_, gain)| equal.saturating_add(*gain)).collect(),
            returned: self.bond.saturating_add(prize).saturating_sub(paid).saturating_add(rest),
            burned,
        }
    }

    /// The sponsor has failed: validators get their eighth, won rounds the rest in equal parts.
    fn forfeited(&self, findings: &Findings) -> Payments {
        let (finders, won) = (self.share(), findings.won());
        let rest = self.all().saturating_sub(finders);
        let equal = rest.mul_div(1, won.into());
        let burned = rest.saturating_sub(equal.mul_div(won.into(), 1));
        Payments { finders, rounds: vec![equal; findings.steps.len()], returned: Wei::ZERO, burned }
    }

    /// Where it goes if nothing is decided in the last window: what comes back to a sponsor who has opened the set, or has not, and
    /// what is burned.
    pub fn undecided(&self, is_opened: bool) -> (Wei, Wei) {
        let most = self.amount.mul_div(UNDECIDED_PART - 1, UNDECIDED_PART);
        let returned = if is_opened { most.saturating_add(self.bond) } else { Wei::ZERO };
        (returned, self.all().saturating_sub(returned))
    }

    fn all(&self) -> Wei {
        self.amount.saturating_add(self.bond)
    }

    /// What validators get together, and what won rounds get whatever they are worth.
    fn share(&self) -> Wei {
        Wei(self.amount.0 / SHARE_PART)
    }
}

/// The rounds of a bounty and the epochs in which it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// First round whose winner counts.
    pub first: RoundNumber,
    /// Last one, itself included.
    pub last: RoundNumber,
    /// The epoch of the first window: the first that begins when the last round is over, or later.
    pub windows: u64,
}

/// Lengths that times are counted by, in seconds, from `genesis_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Second 0 of rounds and epochs: the deployment of `Network`, seconds since 1970.
    pub genesis_s: u64,
    /// Of a round of the group.
    pub length_s: u64,
    /// Of an epoch, in which stake stays as it is.
    pub epoch_s: u64,
}

impl Term {
    /// The term of `term_s` that is sealed in `round`: it begins with the next one.
    pub fn new(round: RoundNumber, term_s: u64, calendar: Calendar) -> Self {
        let first = round.0.saturating_add(1);
        let last = first.saturating_add(term_s.div_ceil(calendar.length_s.max(1))).saturating_sub(1);
        let since_genesis_s = last.saturating_add(1).saturating_mul(calendar.length_s);
        Self { first: RoundNumber(first), last: RoundNumber(last), windows: since_genesis_s.div_ceil(calendar.epoch_s.max(1)) }
    }

    /// First second after the last round: from then on the set can be opened, and the first block draws.
    pub fn end_s(&self, calendar: Calendar) -> u64 {
        calendar.genesis_s.saturating_add(self.last.0.saturating_add(1).saturating_mul(calendar.length_s))
    }

    /// First second of a window; that of window 3 is the first second after all.
    pub fn window_start_s(&self, window: u64, calendar: Calendar) -> u64 {
        calendar.genesis_s.saturating_add(self.windows.saturating_add(window).saturating_mul(calendar.epoch_s))
    }

    /// The second until which, and not at which, a set must be opened and held to be measured in that window.
    pub fn middle_s(&self, window: u64, calendar: Calendar) -> u64 {
        self.window_start_s(window, calendar).saturating_add(calendar.epoch_s / 2)
    }

    /// Seconds, ascending, at which something ends: the term, and each window's first half and the time before it. Whoever reads
    /// history needs the first block from each on.
    pub fn moments_s(&self, calendar: Calendar) -> Vec<u64> {
        let halves = |window| [self.window_start_s(window, calendar), self.middle_s(window, calendar)];
        std::iter::once(self.end_s(calendar)).chain((0..WINDOWS).flat_map(halves)).collect()
    }

    /// The window at `now_s`, if it is one.
    pub fn window_at(&self, now_s: u64, calendar: Calendar) -> Option<u64> {
        (0..WINDOWS).find(|window| (self.window_start_s(*window, calendar)..self.window_start_s(window + 1, calendar)).contains(&now_s))
    }

    /// The window in which a set is measured first that was opened at `opened_s`; none if that was too late.
    pub fn measured_in(&self, opened_s: u64, calendar: Calendar) -> Option<u64> {
        (0..WINDOWS).find(|window| opened_s < self.middle_s(*window, calendar))
    }
}

/// How far a bounty is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BountyStatus {
    /// Nothing is decided.
    #[default]
    Locked,
    /// More than 2/3 of awake stake agree on findings.
    Measured,
    /// The sponsor did not keep his word.
    Failed,
}

/// A bounty as the contract has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounty {
    /// Who locked the prize, opens the set, and gets the rest back.
    pub sponsor: Address,
    /// The group whose rounds can win.
    pub group: GroupId,
    /// Of the salted examples, `count` of them.
    pub root: Digest,
    /// Hidden examples, 30 to 2²⁰.
    pub count: u32,
    /// What earns all of the three quarters.
    pub target: Micronats,
    /// B, wei.
    pub amount: Wei,
    /// Of the sponsor, wei.
    pub bond: Wei,
    /// Rounds of the term.
    pub first: RoundNumber,
    /// The last of them.
    pub last: RoundNumber,
    /// The epoch of the first of three windows.
    pub windows: u64,
    /// What was unsealed, and when; 0 if nothing was.
    pub file: Digest,
    /// Seconds since 1970; 0 before.
    pub unsealed_at_s: u64,
    /// How far it is.
    pub status: BountyStatus,
    /// What was decided, 0 if nothing was, and in which window.
    pub result: Digest,
    /// Window in which it was decided, 0 to 2.
    pub window: u64,
    /// Stake behind it, wei.
    pub stake: Wei,
    /// Of that, the stake of positions that were paid for it, wei.
    pub paid: Wei,
    /// What is locked still.
    pub left: Wei,
    /// Whether the sponsor has got back what was his.
    pub settled: bool,
}

impl Bounty {
    /// Its rounds and windows.
    pub fn term(&self) -> Term {
        Term { first: self.first, last: self.last, windows: self.windows }
    }

    /// What was locked, and for how much.
    pub fn prize(&self) -> Prize {
        Prize { amount: self.amount, bond: self.bond, target: self.target }
    }
}
