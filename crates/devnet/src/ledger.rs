//! The devnet's book: what each round and period brought, taken from the chain's events alone.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    bounty::Findings,
    chain::{Block, ChainEvent, Outcome, RevealedClaim},
    ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber},
    money::{Micronats, Wei},
};

/// What is known of one round.
#[derive(Clone, Debug, Default)]
pub struct RoundEntry {
    pub opened_at_s: u64,
    /// Base and set that the first commit fixed.
    pub checkpoint: Digest,
    pub head: Digest,
    pub awake: Wei,
    pub total: Wei,
    pub supply: Wei,
    pub reward: Wei,
    pub outcome: Outcome,
    pub decided_at_s: Option<u64>,
    pub winner: Address,
    pub file: Digest,
    pub claims: Vec<RevealedClaim>,
    /// Who committed.
    pub trainers: BTreeSet<Address>,
    pub conceded: u64,
    /// Deposits that were paid back or burned.
    pub settled: BTreeSet<Address>,
    /// The claim that was decided; zero for none that is true.
    pub claim: Digest,
    /// Verdicts that were counted for each claim, and what they earn if that is the one that is decided.
    pub judged: BTreeMap<Digest, (u64, Wei)>,
    /// Stake whose presence was recorded for want of a decision.
    pub attended: Wei,
    pub burned: Wei,
    /// Asked and issued when the coinbase was collected.
    pub collected: Option<(Wei, Wei)>,
}

impl RoundEntry {
    /// The claim that won, struck afterwards or not.
    pub fn winning(&self) -> Option<&RevealedClaim> {
        let of_winner = |claim: &&RevealedClaim| claim.trainer == self.winner && claim.file == self.file;
        self.claims.iter().find(of_winner).filter(|_| matches!(self.outcome, Outcome::Won | Outcome::Struck))
    }

    /// Losses of the base and of the winner.
    pub fn losses(&self) -> Option<(Micronats, Micronats)> {
        self.winning().map(|claim| (claim.base, claim.loss))
    }

    /// Whether nothing is left to be settled or collected.
    pub fn is_closed(&self) -> bool {
        let is_paid = self.outcome != Outcome::Won || self.collected.is_some();
        self.settled.len() == self.trainers.len() && is_paid
    }

    /// Verdicts for what was decided.
    pub fn verdicts(&self) -> u64 {
        self.earned().0
    }

    /// What validators earned together.
    pub fn validators(&self) -> Wei {
        self.earned().1
    }

    fn earned(&self) -> (u64, Wei) {
        let is_decided = self.outcome != Outcome::None;
        self.judged.get(&self.claim).filter(|_| is_decided).copied().unwrap_or_default()
    }

    pub fn commits(&self) -> u64 {
        self.trainers.len() as u64
    }
}

/// What is known of one delta.
#[derive(Clone, Debug)]
pub struct Delta {
    pub period: PeriodNumber,
    pub author: Address,
    pub bond: Wei,
    pub applied: bool,
    pub refunded: Option<Wei>,
    /// What was burned of its bond because few wanted it.
    pub charged: Wei,
    /// What was burned of its bond when a measure took it back.
    pub taken: Option<Wei>,
}

/// One period that ended.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub number: PeriodNumber,
    pub applied: DeltaNumber,
    pub head: Digest,
    pub reward: Wei,
}

/// A position that lost stake.
#[derive(Clone, Copy, Debug)]
pub struct Slash {
    pub position: PositionNumber,
    pub amount: Wei,
    /// Of that, what went to whoever showed it; the rest was burned.
    pub reward: Wei,
}

/// What is known of one bounty.
#[derive(Clone, Debug, Default)]
pub struct Bounty {
    pub sponsor: Address,
    /// What was locked, bond included.
    pub locked: Wei,
    /// What validators found, once it is decided.
    pub findings: Option<Findings>,
    /// Findings that were counted, by window and result.
    finders: BTreeMap<(u64, Digest), u64>,
    decided: Option<(u64, Digest)>,
    /// Winners of the term and what each got, or what was burned in its place.
    pub rounds: BTreeMap<RoundNumber, (Address, Wei)>,
    /// What validators got together, and how many of them.
    pub paid_finders: (Wei, u64),
    /// What the sponsor got back.
    pub returned: Option<Wei>,
    /// What was burned because nobody earned it, and with it what was burned in the place of struck rounds.
    pub unearned: Wei,
    pub burned: Wei,
}

impl Bounty {
    /// What the contract holds of it still.
    pub fn left(&self) -> Wei {
        let rounds = self.rounds.values().map(|(_, amount)| *amount);
        let gone: Wei = rounds.chain([self.paid_finders.0, self.returned.unwrap_or_default(), self.unearned]).sum();
        self.locked.saturating_sub(gone)
    }

    /// Whether all have got what is theirs.
    pub fn is_closed(&self) -> bool {
        let won = self.findings.as_ref().map_or(0, Findings::won);
        let finders = self.decided.and_then(|decided| self.finders.get(&decided)).copied().unwrap_or_default();
        self.returned.is_some() && self.rounds.len() as u64 == won && self.paid_finders.1 == finders
    }
}

/// Everything that was heard of one group.
#[derive(Clone, Debug)]
pub struct Ledger {
    group: GroupId,
    pub rounds: BTreeMap<RoundNumber, RoundEntry>,
    pub deltas: BTreeMap<DeltaNumber, Delta>,
    pub periods: Vec<Period>,
    pub bounties: BTreeMap<BountyNumber, Bounty>,
    pub slashes: Vec<Slash>,
    /// Positions that were put to sleep for their absence.
    pub dozed: Vec<PositionNumber>,
    pub minted: Wei,
    /// What the purse paid back for gas, of the chain's coin, in how many calls.
    pub paid_back: (Wei, u64),
}

impl Ledger {
    /// An empty book about `group`.
    pub fn new(group: GroupId) -> Self {
        Self {
            group,
            rounds: BTreeMap::new(),
            deltas: BTreeMap::new(),
            periods: Vec::new(),
            bounties: BTreeMap::new(),
            slashes: Vec::new(),
            dozed: Vec::new(),
            minted: Wei::ZERO,
            paid_back: (Wei::ZERO, 0),
        }
    }

    /// Writes down one event; those of other groups are left out.
    pub fn note(&mut self, event: &ChainEvent, block: &Block) {
        self.note_money(event);
        if event.group() != Some(self.group) {
            return;
        }
        if let ChainEvent::Opened { round, .. } = event {
            self.rounds.insert(*round, opened(event, block));
        }
        match event.round().and_then(|round| self.rounds.get_mut(&round)) {
            Some(round) => note_round(round, event, block),
            None => self.note_dataset(event),
        }
        self.note_bounty(event);
        self.note_stake(event);
    }

    fn note_money(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Issued { issued, .. } => self.minted = self.minted.saturating_add(*issued),
            ChainEvent::PaidBack { amount, .. } => {
                self.paid_back = (self.paid_back.0.saturating_add(*amount), self.paid_back.1 + 1);
            }
            _ => {}
        }
    }

    fn note_stake(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Slashed { position, next, exiting, exiting_later, .. } => {
                let amount = [*next, *exiting, *exiting_later].into_iter().sum();
                self.slashes.push(Slash { position: *position, amount, reward: Wei::ZERO });
            }
            ChainEvent::DoubleSigned { position, reward, .. } | ChainEvent::FoundTwice { position, reward, .. } => {
                let slash = self.slashes.iter_mut().rev().find(|slash| slash.position == *position);
                slash.into_iter().for_each(|slash| slash.reward = *reward);
            }
            ChainEvent::Dozed { position, .. } => self.dozed.push(*position),
            _ => {}
        }
    }

    fn note_dataset(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { delta, period, author, bond, .. } => {
                let (applied, refunded, charged, taken) = (false, None, Wei::ZERO, None);
                self.deltas.insert(*delta, Delta { period: *period, author: *author, bond: *bond, applied, refunded, charged, taken });
            }
            ChainEvent::Turned { period, applied, head, reward, .. } => self.turn(*period, *applied, *head, *reward),
            ChainEvent::Refunded { delta, issued, .. } => self.with(*delta, |delta| delta.refunded = Some(*issued)),
            ChainEvent::Charged { delta, burned, .. } => self.with(*delta, |delta| delta.charged = *burned),
            ChainEvent::Taken { delta, burned, .. } => self.with(*delta, |delta| delta.taken = Some(*burned)),
            _ => {}
        }
    }

    fn note_bounty(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Funded { bounty, sponsor, amount, bond, .. } => {
                let bounty = self.of(*bounty);
                (bounty.sponsor, bounty.locked) = (*sponsor, amount.saturating_add(*bond));
            }
            ChainEvent::Found { bounty, window, result, positions, .. } => {
                *self.of(*bounty).finders.entry((*window, *result)).or_default() += positions.len() as u64;
            }
            ChainEvent::Resolved { bounty, window, result, findings, .. } => {
                let bounty = self.of(*bounty);
                (bounty.decided, bounty.findings) = (Some((*window, *result)), Some(findings.clone()));
            }
            ChainEvent::BountyPaid { bounty, round, winner, amount, burned, .. } => {
                let bounty = self.of(*bounty);
                bounty.rounds.insert(*round, (*winner, *amount));
                bounty.burned = if *burned { bounty.burned.saturating_add(*amount) } else { bounty.burned };
            }
            ChainEvent::FinderPaid { bounty, amount, .. } => {
                let (paid, finders) = &mut self.of(*bounty).paid_finders;
                (*paid, *finders) = (paid.saturating_add(*amount), *finders + 1);
            }
            ChainEvent::Returned { bounty, amount, burned, .. } => {
                let bounty = self.of(*bounty);
                (bounty.returned, bounty.unearned) = (Some(*amount), *burned);
                bounty.burned = bounty.burned.saturating_add(*burned);
            }
            _ => {}
        }
    }

    fn of(&mut self, bounty: BountyNumber) -> &mut Bounty {
        self.bounties.entry(bounty).or_default()
    }

    fn with(&mut self, delta: DeltaNumber, change: impl FnOnce(&mut Delta)) {
        if let Some(delta) = self.deltas.get_mut(&delta) {
            change(delta);
        }
    }

    fn turn(&mut self, number: PeriodNumber, applied: DeltaNumber, head: Digest, reward: Wei) {
        self.periods.push(Period { number, applied, head, reward });
        for (delta, entry) in self.deltas.iter_mut().filter(|(_, entry)| entry.period == number) {
            entry.applied = *delta == applied;
        }
    }

    /// Everything that was burned: of deposits, of slashed stake, of bonds, of bounties.
    pub fn burned(&self) -> Wei {
        let deposits: Wei = self.rounds.values().map(|round| round.burned).sum();
        let slashes: Wei = self.slashes.iter().map(|slash| slash.amount.saturating_sub(slash.reward)).sum();
        let bonds: Wei = self.deltas.values().map(|delta| delta.charged.saturating_add(delta.taken.unwrap_or_default())).sum();
        let bounties: Wei = self.bounties.values().map(|bounty| bounty.burned).sum();
        [deposits, slashes, bonds, bounties].into_iter().sum()
    }

    /// Bonds that still lie with the contract.
    pub fn bonds(&self) -> Wei {
        let open = self.deltas.values().filter(|delta| delta.refunded.is_none() && delta.taken.is_none());
        open.map(|delta| delta.bond.saturating_sub(delta.charged)).sum()
    }
}

fn opened(event: &ChainEvent, block: &Block) -> RoundEntry {
    let ChainEvent::Opened { checkpoint, head, reward, awake, total, supply, .. } = *event else { return RoundEntry::default() };
    RoundEntry { opened_at_s: block.time_s, checkpoint, head, awake, total, supply, reward, ..RoundEntry::default() }
}

fn note_round(round: &mut RoundEntry, event: &ChainEvent, block: &Block) {
    match event {
        ChainEvent::Committed { trainer, .. } => drop(round.trainers.insert(*trainer)),
        ChainEvent::Revealed(claim) => round.claims.push(*claim),
        ChainEvent::Conceded { .. } => round.conceded += 1,
        ChainEvent::Decided { outcome, claim, winner, file, .. } => {
            (round.outcome, round.claim, round.winner, round.file) = (*outcome, *claim, *winner, *file);
            round.decided_at_s = Some(block.time_s);
        }
        ChainEvent::Judged { claim, positions, amount, .. } => {
            let (verdicts, earned) = round.judged.entry(*claim).or_default();
            *verdicts += positions.len() as u64;
            *earned = earned.saturating_add(*amount);
        }
        ChainEvent::Attended { stake, .. } => round.attended = round.attended.saturating_add(*stake),
        ChainEvent::Settled { trainer, burned, .. } => {
            round.settled.insert(*trainer);
            round.burned = round.burned.saturating_add(*burned);
        }
        ChainEvent::Collected { winner, asked, issued, .. } => {
            // What was not settled before comes with it.
            round.settled.insert(*winner);
            round.collected = Some((*asked, *issued));
        }
        ChainEvent::Struck { burned, .. } => {
            round.outcome = Outcome::Struck;
            round.burned = round.burned.saturating_add(*burned);
        }
        _ => {}
    }
}
