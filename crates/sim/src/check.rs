//! What must hold in the end whatever went wrong, and what a run came to.

mod bounties;
mod deltas;

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Address, Digest, GroupId, PositionNumber, RoundNumber, Wei,
    chain::{ChainEvent, Outcome, RevealedClaim},
    log::Kind,
    rules::{claim_hash, rank_key},
};

use crate::{
    excuses::{misjudged, undecided, unopened, unseen, were_late},
    node::{Node, Role},
    told::digest,
    world::{World, jobs::Exam},
};

/// Bytes that a node may have on disk beside files and log, and files that it may hold, for each round.
const DISK_OF_A_ROUND: usize = 512;
const DISK_AT_REST: usize = 4096;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub rounds: u64,
    pub won: u64,
    pub lost: u64,
    pub void: u64,
    pub empty: u64,
    pub commits: u64,
    pub reveals: u64,
    pub concessions: u64,
    /// Deltas that were applied, and bounties that were decided.
    pub applied: u64,
    pub found: u64,
    /// Alarms about verdicts that deserved them.
    pub alarms: u64,
    /// Seals that were not opened though somebody revealed, each with the reason.
    pub unopened: Vec<String>,
    pub failures: Vec<String>,
    /// Of the trace.
    pub digest: String,
}

/// A round as the chain tells it in the end.
#[derive(Debug, Clone, Default)]
struct Told {
    group: GroupId,
    base: Digest,
    deposit: Wei,
    commits: BTreeMap<Address, u64>,
    reveals: Vec<RevealedClaim>,
    concessions: BTreeMap<Address, u64>,
    decided: Option<(Outcome, Digest)>,
    winner: Address,
    settled: BTreeMap<Address, (Wei, Wei)>,
    collected: BTreeSet<Address>,
    /// Positions whose verdict was counted for each claim, and those that were shown to have judged.
    judged: BTreeMap<Digest, BTreeSet<PositionNumber>>,
    shown: BTreeSet<PositionNumber>,
}

impl World {
    /// What came of the run.
    pub fn report(&mut self) -> Report {
        report(self)
    }
}

/// Everything that can be said at the end.
fn report(world: &mut World) -> Report {
    let mut report = Report { alarms: world.checks.alarms, digest: world.trace().digest(), ..Report::default() };
    let mut failures = world.checks.failures().to_vec();
    for group in world.plan.ids() {
        failures.extend(of_group(world, group, &mut report));
    }
    for (_, event) in world.ledger.history() {
        report.applied += u64::from(matches!(event, ChainEvent::Turned { applied, .. } if applied.0 != 0));
        report.found += u64::from(matches!(event, ChainEvent::Resolved { .. }));
    }
    failures.extend(bounds(world));
    Report { failures, ..report }
}

/// The same of one group.
fn of_group(world: &mut World, group: GroupId, report: &mut Report) -> Vec<String> {
    let (rounds, mut failures) = (rounds(world, group), Vec::new());
    for (number, round) in &rounds {
        count(report, round);
        let right = right(world, *number, round);
        failures.extend(judged(world, *number, round, right));
        failures.extend(decided(world, *number, round));
        failures.extend(opened(world, *number, round, &mut report.unopened));
        failures.extend(paid(world, *number, round, right));
        failures.extend(counted(world, *number, round));
    }
    report.rounds += world.plan.rounds;
    report.empty += world.plan.rounds.saturating_sub(rounds.values().filter(|round| !round.reveals.is_empty()).count() as u64);
    failures.extend(agreement(world, group));
    failures.extend(deltas::all(world, group));
    failures.extend(bounties::all(world, group));
    failures
}

fn rounds(world: &World, group: GroupId) -> BTreeMap<RoundNumber, Told> {
    let mut rounds: BTreeMap<RoundNumber, Told> = BTreeMap::new();
    for (_, event) in world.ledger.history().filter(|(_, event)| event.group() == Some(group)) {
        let Some(number) = event.round() else { continue };
        let round = rounds.entry(number).or_insert_with(|| Told { group, ..Told::default() });
        match event {
            ChainEvent::Opened { checkpoint, deposit, .. } => (round.base, round.deposit) = (*checkpoint, *deposit),
            ChainEvent::Committed { trainer, number, .. } => drop(round.commits.insert(*trainer, *number)),
            ChainEvent::Revealed(claim) => round.reveals.push(*claim),
            ChainEvent::Conceded { trainer, order, .. } => drop(round.concessions.insert(*trainer, *order)),
            ChainEvent::Decided { outcome, claim, winner, .. } => {
                (round.decided, round.winner) = (Some((*outcome, *claim)), *winner);
            }
            ChainEvent::Settled { trainer, refunded, burned, .. } => drop(round.settled.insert(*trainer, (*refunded, *burned))),
            ChainEvent::Collected { winner, .. } => drop(round.collected.insert(*winner)),
            ChainEvent::Judged { claim, positions, .. } => round.judged.entry(*claim).or_default().extend(positions),
            ChainEvent::Attended { positions, .. } => round.shown.extend(positions),
            _ => {}
        }
    }
    rounds
}

/// Nodes of a group with their numbers.
fn members(world: &World, group: GroupId) -> impl Iterator<Item = (usize, &Node)> {
    world.plan.nodes_of(group).map(|node| (node, &world.nodes[node]))
}

fn count(report: &mut Report, round: &Told) {
    report.commits += round.commits.len() as u64;
    report.reveals += round.reveals.len() as u64;
    report.concessions += round.concessions.len() as u64;
    match round.decided {
        Some((Outcome::Lost, _)) => report.lost += 1,
        Some(_) => report.won += 1,
        None => report.void += u64::from(!round.reveals.is_empty()),
    }
}

/// The first true claim, by the seed of the chain as it is in the end; 0 if there is none.
fn right(world: &mut World, number: RoundNumber, round: &Told) -> Digest {
    let reveal_s = world.plan.times_of(round.group).reveal_start_s(world.ledger.genesis_s(), number);
    let Some(block) = world.ledger.chain.first_block_since(reveal_s) else { return Digest::ZERO };
    let exam = Exam { round: number, base: round.base, seed: block.hash, commits: round.commits.len() as u64 };
    let mut claims = round.reveals.clone();
    claims.sort_by_key(|claim| rank_key(claim.base, claim.loss, claim.number));
    let first = claims.iter().find(|claim| !world.files.is_wrong(claim.file) && world.is_true(claim, exam).is_ok());
    first.map_or(Digest::ZERO, |claim| claim_hash(claim.file, claim.base, claim.loss, claim.loss_root))
}

/// What was decided is what is right.
fn judged(world: &World, number: RoundNumber, round: &Told, right: Digest) -> Option<String> {
    let (_, decided) = round.decided?;
    let is_kept_back = round.reveals.iter().any(|claim| world.files.is_kept_back(claim.file));
    let is_excused = decided == right || is_kept_back || misjudged(world, round.group, number, &round.racers()).is_some();
    (!is_excused).then(|| format!("round {number} was decided for {}, right was {}", digest(&decided), digest(&right)))
}

/// A round in which somebody revealed is decided, unless something stood against that.
fn decided(world: &mut World, number: RoundNumber, round: &Told) -> Option<String> {
    let is_fine = round.decided.is_some() || round.reveals.is_empty() || world.plan.may_stall();
    let is_excused = is_fine || undecided(world, round.group, number, &round.racers()).is_some();
    (!is_excused).then(|| format!("round {number} was not decided, and nothing stood against it"))
}

/// Whoever nothing stood against has judged what was decided, and the chain knows it.
fn counted(world: &mut World, number: RoundNumber, round: &Told) -> Vec<String> {
    let Some((_, claim)) = round.decided.filter(|_| world.plan.vices.is_empty()) else { return Vec::new() };
    let Ok(view) = world.ledger.view(round.group, world.ledger.tip()) else { return Vec::new() };
    let known: BTreeSet<_> = round.judged.get(&claim).into_iter().flatten().chain(&round.shown).collect();
    let missed = |(node, own): (usize, &Node)| {
        let position = view.position_of(own.account)?.number;
        let is_fine = known.contains(&position) || unseen(world, node, number).is_some();
        (!is_fine).then(|| format!("{} is not known to have judged round {number}, and nothing stood against it", own.name))
    };
    members(world, round.group).filter(|(_, node)| node.role == Role::Validator).filter_map(missed).collect()
}

impl Told {
    /// Whose claims stand.
    fn racers(&self) -> Vec<Address> {
        self.reveals.iter().map(|claim| claim.trainer).collect()
    }
}

/// Every seal is opened, unless nobody revealed or something is named that stood against it.
fn opened(world: &World, number: RoundNumber, round: &Told, named: &mut Vec<String>) -> Vec<String> {
    let mut failures = Vec::new();
    for (node, own) in members(world, round.group).filter(|(_, node)| node.role == Role::Trainer && node.is_honest) {
        let is_open = round.concessions.contains_key(&own.account) || round.reveals.iter().any(|claim| claim.trainer == own.account);
        if !round.commits.contains_key(&own.account) || is_open || round.reveals.is_empty() {
            continue;
        }
        match unopened(world, node, number) {
            Some(trouble) => named.push(format!("{} in round {number}: {trouble:?}", own.name)),
            None if were_late(world, round.group, number) => named.push(format!("{} in round {number}: all claims came late", own.name)),
            None => failures.push(format!("{} has not opened its seal of round {number}, and nothing stood against it", own.name)),
        }
    }
    failures
}

/// Deposits and coinbases are brought home, and cost no more than the rules say.
fn paid(world: &World, number: RoundNumber, round: &Told, right: Digest) -> Vec<String> {
    let mut failures = Vec::new();
    for own in world.nodes.iter().filter(|node| node.role == Role::Trainer && node.is_honest && round.commits.contains_key(&node.account)) {
        let account = own.account;
        let won = round.winner == account && matches!(round.decided, Some((Outcome::Won, _)));
        if won && !round.collected.contains(&account) {
            failures.push(format!("{} has not collected round {number}", own.name));
        }
        match round.settled.get(&account) {
            None if !round.collected.contains(&account) => failures.push(format!("{} has not settled round {number}", own.name)),
            Some((_, burned)) => {
                let is_open = round.reveals.iter().any(|claim| claim.trainer == account);
                let order = round.concessions.get(&account).copied().unwrap_or(1);
                let most = Wei(round.deposit.0.div_ceil(16) * u128::from(order.min(16)));
                let is_wrong = is_open && round.decided.is_some_and(|(_, decided)| decided != right);
                let is_lost = !is_open && !round.concessions.contains_key(&account) && !round.reveals.is_empty();
                let is_excused = is_lost || is_wrong || misjudged(world, round.group, number, &round.racers()).is_some();
                if *burned > most && !is_excused {
                    failures.push(format!("{} lost {} of its deposit in round {number}", own.name, burned.to_nrn()));
                }
            }
            None => {}
        }
    }
    failures
}

/// In the end all nodes know the same chain and the same log.
fn agreement(world: &World, group: GroupId) -> Vec<String> {
    let mut failures = Vec::new();
    let up: Vec<_> = members(world, group).map(|(_, node)| node).filter(|node| node.process.is_some()).collect();
    let told = up.iter().filter_map(|node| Some((&node.name, node.process.as_ref()?)));
    let newest = told.clone().map(|(_, process)| process.next).max().unwrap_or(0);
    for (name, process) in told {
        if process.next + 2 < newest {
            failures.push(format!("{name} was told {} blocks, others {newest}", process.next));
        }
        if !process.teller.is_live() {
            failures.push(format!("{name} never came to the end of history"));
        }
    }
    failures.extend(lacks(world, &up));
    let down = members(world, group).map(|(_, node)| node).filter(|node| !node.is_up()).map(|node| format!("{} is not up", node.name));
    failures.extend(down);
    failures
}

/// What a node lacks of what honest ones said and another one holds, if it is neither over nor, among strangers, ahead of its clock. Of
/// whoever floods a log some have not all yet.
fn lacks(world: &World, up: &[&Node]) -> Vec<String> {
    let authors: BTreeSet<_> = world.nodes.iter().filter(|node| node.is_honest).map(|node| node.replica.author()).collect();
    let mut failures = Vec::new();
    for holder in up {
        let said = holder.replica.log().since(0).filter(|kept| kept.kind != Kind::Note && authors.contains(&kept.author));
        for kept in said {
            let lacks = |node: &&&Node| node.replica.would_miss(kept.place, world.now_ms());
            let lacking = up.iter().filter(lacks);
            failures.extend(lacking.map(|node| format!("{} lacks a {:?} of {}", node.name, kept.kind, holder.name)));
        }
    }
    failures
}

fn bounds(world: &World) -> Vec<String> {
    let mut failures = Vec::new();
    let rounds = (world.plan.rounds + world.plan.maturity_rounds + 3) as usize;
    for (number, node) in world.nodes.iter().enumerate() {
        if node.disk.bytes() > DISK_AT_REST + rounds * DISK_OF_A_ROUND {
            failures.push(format!("{} has {} bytes on disk", node.name, node.disk.bytes()));
        }
        if world.files.count(number) > 4 + rounds * 2 * world.plan.racers() {
            failures.push(format!("{} holds {} files", node.name, world.files.count(number)));
        }
    }
    failures
}

/// Whether nothing at all went wrong in that time and the round before it.
fn is_peace(world: &World, from_ms: u64, until_ms: u64) -> bool {
    let from_ms = from_ms.saturating_sub(world.plan.round_ms());
    world.plan.vices.is_empty() && !world.plan.faults.iter().any(|fault| fault.touches(from_ms, until_ms))
}
