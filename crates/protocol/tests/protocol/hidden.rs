//! A bounty with a hidden set, and a juror who is told of it.

use protocol::pace::Tempo;
use std::collections::BTreeSet;

use protocol::bounty::{Calendar, Findings, Step};
use protocol::chain::{ChainEvent, GroupView, Outcome};
use protocol::eip712::{Finding, SignedFinding, Typed as _, sign};
use protocol::jury::{Config, Effect, Fetched, Input, Jury, Task};
use protocol::log::FindingBody;
use protocol::{BountyNumber, Digest, Micronats, PositionNumber, RoundNumber, Wei};

use crate::world::*;

pub const BOUNTY: BountyNumber = BountyNumber(7);
pub const FIRST: RoundNumber = RoundNumber(5);
pub const LAST: RoundNumber = RoundNumber(8);
/// The last round is over.
pub const END_S: u64 = GENESIS_S + 360;
pub const EPOCH_S: u64 = 400;
/// The windows begin; the last of these is when all are over.
pub const STARTS_S: [u64; 4] = [1_400, 1_800, 2_200, 2_600];
pub const HALF_S: u64 = EPOCH_S / 2;
pub const EDGE_S: u64 = 5;
/// Seconds from one juror's turn to the next.
pub const PAUSE_S: u64 = 3;
/// Seconds after its end in which a round can be struck: until after the first window has begun.
pub const STRIKES_S: u64 = 300;

/// Positions 1 to 4 with 100 NRN each: three of them decide, two of them hold enough.
pub fn view() -> GroupView {
    let positions = (1..=4).map(|number| position(number, 100)).collect();
    GroupView { epoch_s: EPOCH_S, maturity_s: STRIKES_S, positions, ..group() }
}

pub fn jury(signer: u8) -> Jury {
    Jury::new(Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(signer),
        tempo: Tempo { edge_s: Some(EDGE_S), step_s: Some(PAUSE_S - 1), ..Tempo::default() },
        findings_a_call: 2,
    })
}

/// For the rounds 5 to 8.
pub fn funded(bounty: BountyNumber) -> ChainEvent {
    funded_for(bounty, FIRST, LAST, 1)
}

pub fn funded_for(bounty: BountyNumber, first: RoundNumber, last: RoundNumber, windows: u64) -> ChainEvent {
    ChainEvent::Funded {
        bounty,
        group: GROUP,
        sponsor: account(90),
        root: digest("sealed"),
        count: 40,
        target: Micronats(100_000),
        amount: Wei::nrn(800),
        bond: Wei::nrn(100),
        head: digest("head at the seal"),
        first,
        last,
        windows,
    }
}

pub fn unsealed() -> ChainEvent {
    ChainEvent::Unsealed { group: GROUP, bounty: BOUNTY, file: digest("hidden") }
}

pub fn won(round: u64) -> ChainEvent {
    decided_event(RoundNumber(round), Outcome::Won, digest("claim"), account(50), digest(&format!("winner {round}")))
}

pub fn struck(round: u64) -> ChainEvent {
    struck_event(RoundNumber(round))
}

pub fn found(window: u64, findings: &Findings, positions: &[u64]) -> ChainEvent {
    let positions: Vec<_> = positions.iter().map(|number| PositionNumber(*number)).collect();
    let stake = Wei::nrn(100 * positions.len() as u64);
    ChainEvent::Found { group: GROUP, bounty: BOUNTY, window, result: findings.hash(), stake, positions }
}

pub fn resolved(window: u64, findings: &Findings) -> ChainEvent {
    ChainEvent::Resolved { group: GROUP, bounty: BOUNTY, window, result: findings.hash(), findings: findings.clone() }
}

pub fn paid(round: u64) -> ChainEvent {
    let (round, winner, amount) = (RoundNumber(round), account(50), Wei::nrn(1));
    ChainEvent::BountyPaid { group: GROUP, bounty: BOUNTY, round, winner, amount, burned: false }
}

pub fn finder_paid(position: u64) -> ChainEvent {
    let (position, owner, amount) = (PositionNumber(position), account(100), Wei::nrn(1));
    ChainEvent::FinderPaid { group: GROUP, bounty: BOUNTY, position, owner, amount }
}

pub fn returned() -> ChainEvent {
    ChainEvent::Returned { group: GROUP, bounty: BOUNTY, amount: Wei::nrn(1), burned: Wei::ZERO }
}

pub fn found_twice(window: u64, position: u64) -> ChainEvent {
    let (position, reporter, burned, reward) = (PositionNumber(position), account(9), Wei(10), Wei(1));
    ChainEvent::FoundTwice { bounty: BOUNTY, group: GROUP, position, reporter, window, burned, reward }
}

/// What the sponsor's failure is, with these won rounds.
pub fn failed(rounds: &[u64]) -> Findings {
    Findings::failed(&rounds.iter().map(|round| RoundNumber(*round)).collect::<Vec<_>>())
}

/// What every measurement of the task says.
pub fn truth(task: &Task) -> Findings {
    let rounds: Vec<RoundNumber> = task.won.iter().map(|won| won.round).collect();
    let places = (0..).zip(&task.won).filter(|(_, won)| won.stands);
    let measured: Vec<_> = places.map(|(place, _)| (place, Micronats(690_000 - 1_000 * place), true)).collect();
    let base = if task.base.is_some() { Micronats(700_000) } else { Micronats(0) };
    Findings::measured(base, &rounds, &measured)
}

/// What is true of a set that is held, where the rounds 5, 6 and 8 were won.
pub fn measured() -> Findings {
    let step =
        |(place, round): (u32, u64)| Step { round: RoundNumber(round), won: 1, loss: Micronats(690_000 - 1_000 * place), better: true };
    Findings { failed: false, base: Micronats(700_000), steps: (0..).zip([5, 6, 8]).map(step).collect() }
}

pub fn signed(signer: u8, message: Finding, findings: Findings) -> FindingBody {
    FindingBody { message, signature: sign(message.digest(&DOMAIN), &key(signer)).unwrap(), findings }
}

/// A juror in a story: it can measure what it holds.
pub struct Juror {
    pub signer: u8,
    pub jury: Jury,
    pub fetched: Fetched,
    /// Whether a measurement is answered at once.
    pub is_quick: bool,
    pub now_s: u64,
    /// What was asked for, and when.
    pub effects: Vec<(u64, Effect)>,
    /// What was told that does not answer an effect.
    pub facts: Vec<Input>,
}

impl Juror {
    /// Live since the funding; the rounds 5, 6 and 8 were won.
    pub fn new(signer: u8) -> Self {
        let mut juror = Self::unborn(signer);
        juror.tell(Input::Group(view()));
        juror.until(GENESIS_S + 190);
        juror.tell(Input::Live);
        juror.event(funded(BOUNTY));
        for round in [5, 6, 8] {
            juror.event(opened_event(RoundNumber(round), digest(&format!("base of {round}"))));
            juror.event(won(round));
        }
        juror
    }

    pub fn unborn(signer: u8) -> Self {
        let (effects, facts) = (Vec::new(), Vec::new());
        Self { signer, jury: jury(signer), fetched: Fetched::Held, is_quick: true, now_s: GENESIS_S, effects, facts }
    }

    /// The set was opened before the windows and enough hold it.
    pub fn holding(signer: u8) -> Self {
        let mut juror = Self::new(signer);
        juror.until(END_S);
        juror.event(unsealed());
        juror.have(&[1, 2]);
        juror
    }

    /// One who measured and signed in the first window, to whom the findings of others are told.
    pub fn deciding(signer: u8, others: &[u8]) -> Self {
        let mut juror = Self::holding(signer);
        juror.until(STARTS_S[0]);
        others.iter().for_each(|other| juror.heard(*other, 0, &measured()));
        juror
    }

    /// One who knows that the first window decided this, with the findings of positions 1 to 3.
    pub fn decided(signer: u8, findings: &Findings) -> Self {
        let mut juror = Self::holding(signer);
        juror.until(STARTS_S[0] + 10);
        juror.event(found(0, findings, &[1, 2, 3]));
        juror.event(resolved(0, findings));
        juror
    }

    /// Tells a fact and answers what is asked for, until nothing more is.
    pub fn tell(&mut self, input: Input) {
        self.facts.push(input.clone());
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.jury.handle(input) {
                inputs.extend(self.answer(&effect));
                self.effects.push((self.now_s, effect));
            }
        }
    }

    fn answer(&mut self, effect: &Effect) -> Option<Input> {
        match effect {
            Effect::Fetch { bounty, .. } => Some(Input::Fetched { bounty: *bounty, result: self.fetched.clone() }),
            Effect::Measure(task) if self.is_quick => Some(self.measured(task)),
            Effect::Sign { message, findings } => {
                let heard = Input::Heard(signed(self.signer, *message, findings.clone()));
                self.facts.push(heard.clone());
                Some(heard)
            }
            _ => None,
        }
    }

    pub fn measured(&self, task: &Task) -> Input {
        let probe = if task.base.is_some() { digest("probe") } else { Digest::ZERO };
        Input::Measured { bounty: task.bounty, window: task.window, result: Ok((truth(task), probe)) }
    }

    /// A block each second up to this one.
    pub fn until(&mut self, time_s: u64) {
        while self.now_s < time_s {
            self.now_s += 1;
            self.tell(Input::Block(block(self.now_s)));
        }
    }

    pub fn event(&mut self, event: ChainEvent) {
        self.tell(Input::Event(event));
    }

    pub fn have(&mut self, positions: &[u64]) {
        for position in positions {
            self.tell(Input::Have { round: LAST, file: digest("hidden"), position: PositionNumber(*position) });
        }
    }

    pub fn heard(&mut self, signer: u8, window: u64, findings: &Findings) {
        self.tell(Input::Heard(finding(signer, window, findings.clone())));
    }

    pub fn sent(&mut self, is_good: bool) {
        self.tell(Input::Sent(if is_good { Ok(()) } else { Err("reverted".into()) }));
    }

    /// The same juror after a restart: told history anew, of its blocks only those around the moments of the term and the last.
    pub fn restarted(&self) -> Self {
        let mut juror = Self::unborn(self.signer);
        let time_s = |fact: &Input| if let Input::Block(block) = fact { Some(block.time_s) } else { None };
        let times_s: Vec<u64> = self.facts.iter().filter_map(time_s).collect();
        let (_, term) = self.jury.terms().next().unwrap();
        let mut told = BTreeSet::from([*times_s.last().unwrap()]);
        for moment_s in term.moments_s(Calendar::from(&view())) {
            let place = times_s.partition_point(|time_s| *time_s < moment_s);
            told.extend(&times_s[place.saturating_sub(1)..times_s.len().min(place + 1)]);
        }
        let is_told = |fact: &&Input| **fact != Input::Live && time_s(fact).is_none_or(|time_s| told.contains(&time_s));
        for fact in self.facts.iter().filter(is_told) {
            juror.tell(fact.clone());
        }
        juror.now_s = self.now_s;
        juror.tell(Input::Live);
        juror
    }

    fn all<T>(&self, choose: impl Fn(&Effect) -> Option<T>) -> Vec<(u64, T)> {
        self.effects.iter().filter_map(|(time_s, effect)| Some((*time_s, choose(effect)?))).collect()
    }

    /// What was signed, when, and in which window.
    pub fn signs(&self) -> Vec<(u64, (u64, Findings))> {
        self.all(|effect| match effect {
            Effect::Sign { message, findings } => {
                assert_eq!(message.result, findings.hash());
                assert_eq!(message.probe.is_zero(), findings.failed || findings.steps.is_empty() && findings.base == Micronats(0));
                Some((message.window, findings.clone()))
            }
            _ => None,
        })
    }

    pub fn tasks(&self) -> Vec<(u64, Task)> {
        self.all(|effect| if let Effect::Measure(task) = effect { Some(task.clone()) } else { None })
    }

    /// Findings of whom were brought, when.
    pub fn posts(&self) -> Vec<(u64, Vec<u64>)> {
        self.all(|effect| match effect {
            Effect::Post { signed, .. } => Some(signed.iter().map(|(position, _)| position.0).collect()),
            _ => None,
        })
    }

    pub fn rewards(&self) -> Vec<(u64, Vec<u64>)> {
        self.all(|effect| match effect {
            Effect::Reward { rounds, .. } => Some(rounds.iter().map(|round| round.0).collect()),
            _ => None,
        })
    }

    pub fn finders(&self) -> Vec<(u64, Vec<u64>)> {
        self.all(|effect| match effect {
            Effect::PayFinders { positions, .. } => Some(positions.iter().map(|position| position.0).collect()),
            _ => None,
        })
    }

    pub fn settles(&self) -> Vec<(u64, Findings)> {
        self.all(|effect| if let Effect::Settle { findings, .. } = effect { Some(findings.clone()) } else { None })
    }

    /// Who is accused of two results, when.
    pub fn slashes(&self) -> Vec<(u64, (u64, u64))> {
        self.all(|effect| match effect {
            Effect::Slash { window, position, one, other, .. } => {
                let of = |signed: &SignedFinding| (signed.message.window, signed.signer(&DOMAIN).unwrap());
                // Keys of a position: its number, and that with another digit of the same.
                assert!(of(one) == of(other) && [position.0, position.0 * 11].map(|key| (*window, account(key as u8))).contains(&of(one)));
                assert_ne!(one.message.result, other.message.result);
                Some((*window, position.0))
            }
            _ => None,
        })
    }
}
