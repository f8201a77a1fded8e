//! What there is to show of one group, gathered from what its machine hears.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use protocol::{
    chain::{Block, ChainEvent, GroupView, Outcome, Phase, RevealedClaim, Times},
    ids::{Address, Digest, GroupId, NodeId, PositionNumber, RoundNumber},
    log::Body,
    machine::Heard,
    money::{Micronats, Wei},
    rules::claim_hash,
};

use super::state::{Best, Claim, Group, Last, Point};

/// Rounds that are remembered: the running one and those in which something still happens.
const ROUNDS_MAX: usize = 4;
/// Claims of a round that are told.
const LEADERS_MAX: usize = 8;
/// Nodes whose verdicts of a round are remembered; anybody can write some.
const JURORS_MAX: usize = 1_024;
/// Winners whose losses are remembered.
const CURVE_MAX: usize = 120;

/// Who this node is.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    pub account: Option<Address>,
    pub node: NodeId,
}

/// Things that wait for a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub heard: usize,
    pub answers: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Story {
    group: GroupId,
    own: Own,
    is_live: bool,
    sight: Option<Sight>,
    now: Option<(Block, Instant)>,
    rounds: BTreeMap<RoundNumber, Round>,
    last: Option<Last>,
    curve: VecDeque<Point>,
    won: u64,
    collected: Wei,
    compounded: BTreeMap<PositionNumber, Wei>,
    seen: u64,
    sent: u64,
    missed: u64,
    waiting: Option<Waiting>,
    /// Whether another process writes with this node's key.
    pub is_doubled: bool,
}

/// What is kept of a view of the group.
#[derive(Clone, Copy, Debug)]
struct Sight {
    genesis_s: u64,
    times: Times,
    is_paid: bool,
    checkpoint: Digest,
    head: Digest,
    position: Option<Position>,
}

/// The position for which the account signs.
#[derive(Clone, Copy, Debug)]
struct Position {
    number: PositionNumber,
    stake: Wei,
    earned: Wei,
    is_awake: bool,
}

#[derive(Debug, Default)]
struct Round {
    commits: u64,
    claims: u64,
    /// The best ones, the best first.
    ranked: Vec<RevealedClaim>,
    /// What each node found right, by its last verdict.
    verdicts: BTreeMap<NodeId, Digest>,
    own: Option<Micronats>,
    /// Opened while the node was there.
    is_watched: bool,
    is_decided: bool,
    has_own_verdict: bool,
}

impl Round {
    fn best(&self) -> Option<RevealedClaim> {
        self.ranked.first().copied()
    }

    /// Takes a claim to its place; of equal ones the first stays before.
    fn rank(&mut self, claim: RevealedClaim) {
        let place = self.ranked.partition_point(|known| known.loss <= claim.loss);
        self.ranked.insert(place, claim);
        self.ranked.truncate(LEADERS_MAX);
    }

    fn leaders(&self) -> Vec<Claim> {
        let verdicts = |name: Digest| self.verdicts.values().filter(|found| **found == name).count() as u64;
        let told = |claim: &RevealedClaim| {
            let name = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
            Claim { trainer: claim.trainer, loss: claim.loss, verdicts: verdicts(name) }
        };
        self.ranked.iter().map(told).collect()
    }
}

impl Sight {
    fn of(view: &GroupView, own: Own) -> Self {
        let position = own.account.and_then(|account| view.position_of(account)).map(|position| Position {
            number: position.number,
            stake: position.live,
            earned: position.earned,
            is_awake: position.awake,
        });
        let GroupView { genesis_s, times, admitted, checkpoint, head, .. } = *view;
        Self { genesis_s, times, is_paid: admitted, checkpoint, head, position }
    }

    fn length_s(self, phase: Phase) -> u64 {
        let Times { train_s, reveal_s, judge_s } = self.times;
        match phase {
            Phase::Train => train_s,
            Phase::Reveal => reveal_s,
            Phase::Judge => judge_s,
        }
    }
}

impl Story {
    pub fn new(group: GroupId, own: Own) -> Self {
        Self {
            group,
            own,
            is_live: false,
            sight: None,
            now: None,
            rounds: BTreeMap::new(),
            last: None,
            curve: VecDeque::new(),
            won: 0,
            collected: Wei::ZERO,
            compounded: BTreeMap::new(),
            seen: 0,
            sent: 0,
            missed: 0,
            waiting: None,
            is_doubled: false,
        }
    }

    /// Takes what the machine is told, and what waits behind it.
    pub fn hear(&mut self, heard: &Heard, waiting: Waiting, at: Instant) {
        self.waiting = Some(waiting);
        match heard {
            Heard::Restart => {
                let (seen, sent, missed, is_doubled) = (self.seen, self.sent, self.missed, self.is_doubled);
                *self = Self { seen, sent, missed, is_doubled, ..Self::new(self.group, self.own) };
            }
            Heard::Group(view) => self.sight = Some(Sight::of(view, self.own)),
            Heard::Event { event, .. } => self.note(event),
            Heard::Block(block) => {
                self.now = Some((*block, at));
                self.count_missed();
            }
            Heard::Live => self.is_live = true,
            Heard::Log { author, body: Body::Verdict(verdict) } => {
                self.verdict(*author, verdict.message.round, verdict.message.claim);
            }
            Heard::Log { .. } => {}
            Heard::Double { .. } => self.is_doubled = true,
        }
    }

    fn round(&mut self, number: RoundNumber) -> &mut Round {
        while self.rounds.len() >= ROUNDS_MAX && !self.rounds.contains_key(&number) {
            self.rounds.pop_first();
        }
        self.rounds.entry(number).or_default()
    }

    fn note(&mut self, event: &ChainEvent) {
        let (account, is_live) = (self.own.account, self.is_live);
        match event {
            ChainEvent::Opened { round, .. } => self.round(*round).is_watched = is_live,
            ChainEvent::Committed { round, .. } => self.round(*round).commits += 1,
            ChainEvent::Revealed(claim) => self.claim(claim),
            ChainEvent::Decided { round, outcome, winner, file, .. } => self.decided(*round, *outcome, *winner, *file),
            ChainEvent::Judged { round, positions, .. } => {
                let position = self.sight.and_then(|sight| sight.position);
                let is_own = position.is_some_and(|position| positions.contains(&position.number));
                self.round(*round).has_own_verdict |= is_own;
            }
            ChainEvent::Collected { winner, issued, .. } if Some(*winner) == account => {
                self.collected = self.collected.saturating_add(*issued);
            }
            ChainEvent::Compounded { position, amount, .. } => {
                let sum = self.compounded.entry(*position).or_default();
                *sum = sum.saturating_add(*amount);
            }
            ChainEvent::Struck { round, .. } => {
                self.last.iter_mut().filter(|last| last.round == *round).for_each(|last| last.outcome = Outcome::Struck);
                self.curve.retain(|point| point.round != *round);
            }
            _ => {}
        }
    }

    fn claim(&mut self, claim: &RevealedClaim) {
        let is_own = Some(claim.trainer) == self.own.account;
        let round = self.round(claim.round);
        round.claims += 1;
        if is_own {
            round.own = Some(claim.loss);
        }
        round.rank(*claim);
    }

    fn decided(&mut self, round: RoundNumber, outcome: Outcome, winner: Address, file: Digest) {
        let own = self.own.account;
        let entry = self.round(round);
        entry.is_decided = true;
        let winner = (outcome == Outcome::Won).then_some(winner);
        let won = entry.ranked.iter().find(|claim| winner.is_some() && claim.file == file);
        let loss = won.map(|claim| claim.loss);
        self.draw(round, loss);
        self.last = Some(Last { round, outcome, winner, loss });
        self.won += u64::from(own.is_some() && winner == own);
    }

    fn draw(&mut self, round: RoundNumber, loss: Option<Micronats>) {
        let Some(loss) = loss else { return };
        if self.curve.len() >= CURVE_MAX {
            self.curve.pop_front();
        }
        self.curve.push_back(Point { round, loss });
    }

    /// Of rounds that are long over, or not yet begun, whoever likes can write verdicts.
    fn verdict(&mut self, author: NodeId, round: RoundNumber, claim: Digest) {
        let Some(running) = self.running().map(|(round, ..)| round) else { return };
        if round > running || round.0.saturating_add(1) < running.0 {
            return;
        }
        self.seen += 1;
        let is_own = author == self.own.node;
        self.sent += u64::from(is_own);
        let round = self.round(round);
        round.has_own_verdict |= is_own;
        if round.verdicts.len() < JURORS_MAX || round.verdicts.contains_key(&author) {
            round.verdicts.insert(author, claim);
        }
    }

    /// Rounds that are over and were decided without this node's position, though it was there and awake.
    fn count_missed(&mut self) {
        let Some((running, ..)) = self.running() else { return };
        let is_awake = self.is_live && self.sight.and_then(|sight| sight.position).is_some_and(|position| position.is_awake);
        for (_, round) in self.rounds.range_mut(..running) {
            let is_missed = round.is_watched && round.is_decided && !round.has_own_verdict;
            round.is_watched = false;
            self.missed += u64::from(is_missed && is_awake);
        }
    }

    /// Round, phase and its end by the newest block.
    fn running(&self) -> Option<(RoundNumber, Phase, u64)> {
        let (sight, (block, _)) = (self.sight?, self.now?);
        let clock = sight.times.clock(sight.genesis_s, block.time_s);
        Some((clock.round, clock.phase, clock.phase_end_s))
    }

    /// The running round and its phase, once history is over.
    pub fn at(&self) -> Option<(RoundNumber, Phase)> {
        self.running().filter(|_| self.is_live).map(|(round, phase, _)| (round, phase))
    }

    /// What its account was paid in this group until now.
    fn pay(&self) -> Option<Wei> {
        self.own.account?;
        let Some(position) = self.sight?.position else { return Some(self.collected) };
        let compounded = self.compounded.get(&position.number).copied().unwrap_or_default();
        Some(self.collected.saturating_add(compounded).saturating_add(position.earned))
    }

    /// All of it, `newest` being the chain's highest block that is known, and `now_s` this machine's clock.
    pub fn state(&self, newest: Option<u64>, now_s: u64, at: Instant) -> Group {
        let (running, round) = (self.running(), self.running().map(|(round, ..)| self.rounds.get(&round)));
        let quiet_s = self.now.map(|(_, heard)| at.saturating_duration_since(heard).as_secs());
        let position = self.sight.and_then(|sight| sight.position);
        let block = self.now.map(|(block, _)| block);
        let live = |value: u64| self.is_live.then_some(value);
        Group {
            group: self.group,
            is_live: self.is_live,
            is_paid: self.sight.map(|sight| sight.is_paid),
            round: running.map(|(round, ..)| round),
            phase: running.map(|(_, phase, _)| phase),
            left_s: running.zip(block).map(|((.., end_s), block)| end_s.saturating_sub(block.time_s.saturating_add(quiet_s.unwrap_or(0)))),
            phase_s: running.zip(self.sight).map(|((_, phase, _), sight)| sight.length_s(phase)),
            checkpoint: self.sight.map(|sight| sight.checkpoint),
            head: self.sight.map(|sight| sight.head),
            block: block.map(|block| block.number),
            lag_blocks: block.zip(newest).map(|(block, newest)| newest.saturating_sub(block.number)),
            lag_s: block.map(|block| now_s.saturating_sub(block.time_s)),
            quiet_s,
            commits: round.and_then(|round| live(round.map_or(0, |round| round.commits))),
            claims: round.and_then(|round| live(round.map_or(0, |round| round.claims))),
            best: round.flatten().and_then(Round::best).map(|best| Best { trainer: best.trainer, base: best.base, loss: best.loss }),
            leaders: round.flatten().map(Round::leaders).unwrap_or_default(),
            own_loss: round.flatten().and_then(|round| round.own),
            last: self.last,
            curve: self.curve.iter().copied().collect(),
            verdicts_seen: self.seen,
            verdicts_sent: self.sent,
            verdicts_missed: self.missed,
            rounds_won: self.own.account.and_then(|_| live(self.won)),
            pay: self.pay().filter(|_| self.is_live),
            stake: position.map(|position| position.stake),
            is_awake: position.map(|position| position.is_awake),
            heard_waiting: self.waiting.map(|waiting| waiting.heard as u64),
            answers_waiting: self.waiting.map(|waiting| waiting.answers as u64),
        }
    }
}

#[cfg(test)]
mod tests;
