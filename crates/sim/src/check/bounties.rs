//! Bounties: what jurors signed is what was so, what was opened in time is decided, and everything is paid to the wei.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    BountyNumber, Digest, GroupId, Micronats, PositionNumber, RoundNumber, Wei,
    bounty::{Calendar, Findings, Prize, Term, WINDOWS},
    chain::{ChainEvent, GroupView, Outcome},
    eip712::Finding,
    jury::{Task, Won},
};

use super::is_peace;
use crate::{
    faults::{Fault, Trouble},
    hidden,
    world::World,
};

/// A bounty as the chain tells it in the end.
#[derive(Debug, Clone)]
struct Told {
    root: Digest,
    count: u32,
    prize: Prize,
    term: Term,
    head: Digest,
    least: Micronats,
    /// The file, and the second of its block.
    opened: Option<(Digest, u64)>,
    found: BTreeSet<(u64, Digest, PositionNumber)>,
    decided: Option<(u64, Digest, Findings)>,
    rounds: BTreeMap<RoundNumber, Wei>,
    finders: BTreeMap<PositionNumber, Wei>,
    returned: Option<(Wei, Wei)>,
}

pub(super) fn all(world: &mut World, group: GroupId) -> Vec<String> {
    let told = told(world, group);
    if told.is_empty() {
        return Vec::new();
    }
    let Ok(view) = world.ledger.view(group, world.ledger.tip()) else { return Vec::new() };
    let signed: Vec<(usize, Finding, Findings)> =
        world.checks.findings().map(|(node, finding, findings)| (node, *finding, findings.clone())).collect();
    let mut failures = Vec::new();
    for (number, bounty) in &told {
        for (node, finding, findings) in signed.iter().filter(|(_, finding, _)| finding.bounty == *number) {
            failures.extend(bounty.judge(world, &view, (*node, finding, findings)));
        }
        failures.extend(bounty.decides(world, &view, *number));
        failures.extend(bounty.pays(world, &view, *number));
    }
    failures
}

fn told(world: &World, group: GroupId) -> BTreeMap<BountyNumber, Told> {
    let mut told: BTreeMap<BountyNumber, Told> = BTreeMap::new();
    let mut newest = Micronats(0);
    for (block, event) in world.ledger.history().filter(|(_, event)| event.group() == Some(group)) {
        match event {
            ChainEvent::Created { birth, .. } => newest = birth.least,
            ChainEvent::LeastSet { least, .. } => newest = *least,
            ChainEvent::Funded { bounty, root, count, target, amount, bond, head, first, last, windows, .. } => {
                let prize = Prize { amount: *amount, bond: *bond, target: *target };
                let term = Term { first: *first, last: *last, windows: *windows };
                told.insert(*bounty, Told::new((*root, *count), prize, term, *head, newest));
            }
            ChainEvent::Unsealed { bounty, file, .. } => with(&mut told, *bounty, |told| told.opened = Some((*file, block.time_s))),
            ChainEvent::Found { bounty, window, result, positions, .. } => {
                let found = positions.iter().map(|position| (*window, *result, *position));
                with(&mut told, *bounty, |told| told.found.extend(found));
            }
            ChainEvent::Resolved { bounty, window, result, findings, .. } => {
                with(&mut told, *bounty, |told| told.decided = Some((*window, *result, findings.clone())));
            }
            ChainEvent::BountyPaid { bounty, round, amount, .. } => {
                with(&mut told, *bounty, |told| told.rounds.extend([(*round, *amount)]));
            }
            ChainEvent::FinderPaid { bounty, position, amount, .. } => {
                with(&mut told, *bounty, |told| told.finders.extend([(*position, *amount)]));
            }
            ChainEvent::Returned { bounty, amount, burned, .. } => {
                with(&mut told, *bounty, |told| told.returned = Some((*amount, *burned)));
            }
            _ => {}
        }
    }
    told
}

fn with(told: &mut BTreeMap<BountyNumber, Told>, bounty: BountyNumber, change: impl FnOnce(&mut Told)) {
    if let Some(told) = told.get_mut(&bounty) {
        change(told);
    }
}

impl Told {
    fn new((root, count): (Digest, u32), prize: Prize, term: Term, head: Digest, least: Micronats) -> Self {
        let (found, rounds, finders) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { root, count, prize, term, head, least, opened: None, found, decided: None, rounds, finders, returned: None }
    }

    /// Milliseconds at which a window begins.
    fn start_ms(&self, world: &World, view: &GroupView, window: u64) -> u64 {
        world.ledger.millisecond(self.term.window_start_s(window, Calendar::from(view)))
    }

    /// Won rounds of the term as that block left them, and the checkpoint before it.
    fn standing(&self, world: &World, group: GroupId, last: u64) -> (Option<Digest>, Vec<Won>) {
        let (mut base, mut won) = (None, BTreeMap::new());
        let events = world.ledger.history().take_while(|(block, _)| block.number <= last).map(|(_, event)| event);
        for event in events.filter(|event| event.group() == Some(group)) {
            let Some(round) = event.round().filter(|round| (self.term.first..=self.term.last).contains(round)) else { continue };
            match event {
                ChainEvent::Opened { checkpoint, .. } => drop(base.get_or_insert(*checkpoint)),
                ChainEvent::Decided { outcome: Outcome::Won, file, .. } => won.extend([(round, Won { round, file: *file, stands: true })]),
                ChainEvent::Struck { .. } => {
                    won.entry(round).and_modify(|won: &mut Won| won.stands = false);
                }
                _ => {}
            }
        }
        (base, won.into_values().collect())
    }

    /// What is to be measured in a window, by the chain as it is in the end; none if the set was not opened in time for it.
    fn task(&self, world: &World, view: &GroupView, bounty: BountyNumber, window: u64) -> Option<Task> {
        let calendar = Calendar::from(view);
        let (file, opened_s) = self.opened?;
        self.term.measured_in(opened_s, calendar).filter(|first| *first <= window)?;
        let seed = world.ledger.chain.first_block_since(self.term.end_s(calendar))?.hash;
        let first = world.ledger.chain.first_block_since(self.term.window_start_s(window, calendar))?.number;
        let (base, won) = self.standing(world, view.id, first);
        let (root, count, head, least) = (self.root, self.count, self.head, self.least);
        Some(Task { bounty, window, root, count, file, head, proposed: Vec::new(), earlier: Vec::new(), seed, base, won, least })
    }

    /// A finding of somebody honest is what was so, or says that the set did not come where something kept it from coming.
    fn judge(&self, world: &mut World, view: &GroupView, signed: (usize, &Finding, &Findings)) -> Option<String> {
        let (node, finding, findings) = signed;
        let (from_ms, until_ms) = (self.start_ms(world, view, 0), self.start_ms(world, view, finding.window + 1));
        let term_ms = world.ledger.millisecond(self.term.end_s(Calendar::from(view)));
        let is_redrawn = |fault: &Fault| {
            matches!(fault.trouble, Trouble::Reorganisation { depth } if depth >= world.plan.confirmations)
                && fault.touches(term_ms.min(from_ms).saturating_sub(world.plan.round_ms()), until_ms)
        };
        if world.plan.faults.iter().any(is_redrawn) || world.deceived == Some(node) {
            return None;
        }
        let account = world.nodes[node].account;
        let right = match self.task(world, view, finding.bounty, finding.window) {
            Some(task) => hidden::find(&mut world.training, &world.hidden, &task, account).ok(),
            None => None,
        };
        let is_right = right.is_some_and(|(right, probe)| (&right, probe) == (findings, finding.probe));
        let is_excused = findings.failed && (self.opened.is_none() || !is_peace(world, from_ms, until_ms));
        let what = |name: &str| {
            format!("{name} has found {findings:?} in window {} of bounty {}, which is not so", finding.window, finding.bounty)
        };
        (!is_right && !is_excused).then(|| what(&world.nodes[node].name))
    }

    /// What was opened while there was time is decided in the window after that.
    fn decides(&self, world: &World, view: &GroupView, number: BountyNumber) -> Option<String> {
        let calendar = Calendar::from(view);
        let window = match self.opened {
            Some((_, opened_s)) => self.term.measured_in(opened_s + self.slack_s(world), calendar).unwrap_or(WINDOWS - 1),
            None => WINDOWS - 1,
        };
        let opened_ms = self.opened.map_or(u64::MAX, |(_, opened_s)| world.ledger.millisecond(opened_s));
        let (from_ms, until_ms) = (self.start_ms(world, view, 0).min(opened_ms), self.start_ms(world, view, window + 1));
        let is_late = self.opened.is_some_and(|(_, opened_s)| opened_s + self.slack_s(world) >= self.term.middle_s(window, calendar));
        let is_fine = self.decided.is_some() || is_late || until_ms > world.now_ms() || !is_peace(world, from_ms, until_ms);
        (!is_fine).then(|| format!("bounty {number} was not decided, and nothing stood against it"))
    }

    /// Seconds in which a file comes to everybody and that is told.
    fn slack_s(&self, world: &World) -> u64 {
        let plan = &world.plan;
        (2 * (plan.confirmations + 4) * plan.block_ms + plan.measure_ms).div_ceil(1000) + 60
    }

    /// Once all is over nothing is left, and everybody got what the rules say.
    fn pays(&self, world: &World, view: &GroupView, number: BountyNumber) -> Vec<String> {
        let calendar = Calendar::from(view);
        let over_s = self.term.window_start_s(WINDOWS, calendar) + view.maturity_s + 2 * calendar.length_s;
        let Some((returned, burned)) = self.returned else {
            let is_due = world.ledger.millisecond(over_s) < world.now_ms();
            return is_due.then(|| format!("bounty {number} is not settled")).into_iter().collect();
        };
        let mut failures = Vec::new();
        let mut differ = |what: &str| failures.push(format!("bounty {number}: {what}"));
        let Some((window, result, findings)) = &self.decided else {
            if (returned, burned) != self.prize.undecided(self.opened.is_some()) {
                differ("what came back of it undecided is not what the rules say");
            }
            return failures;
        };
        let payments = self.prize.payments(findings);
        let paid: Wei = self.rounds.values().chain(self.finders.values()).copied().sum();
        let all = self.prize.amount.saturating_add(self.prize.bond);
        if (returned, burned) != (payments.returned, payments.burned) {
            differ("sponsor and fire did not get what the rules say");
        }
        let finders: BTreeSet<PositionNumber> =
            self.found.iter().filter(|(at, found, _)| (at, found) == (window, result)).map(|(_, _, position)| *position).collect();
        if !self.finders.keys().eq(&finders) || self.finders.values().copied().sum::<Wei>() != payments.finders {
            differ("finders did not get their part");
        }
        if self.rounds.len() as u64 != findings.won() || paid.saturating_add(returned).saturating_add(burned) != all {
            differ("the rounds of the term did not get their part");
        }
        failures
    }
}
