//! Deltas: votes count that were said in time, periods turn, poison is not applied, bonds and rewards come home, roots agree.

use std::collections::BTreeMap;

use protocol::{
    DeltaNumber, Digest, GroupId, PeriodNumber, Wei,
    chain::{Block, ChainEvent},
    ids::Address,
};

use super::{is_peace, members};
use crate::{node::Role, noticed::Said, people::ENOUGH, vice::Vice, world::World};

/// A delta as the chain tells it in the end.
#[derive(Debug, Clone, Copy)]
struct Told {
    author: Address,
    patch: Digest,
    period: PeriodNumber,
    bond: Wei,
    charged: Wei,
    /// Once it was applied.
    reward: Option<Wei>,
    is_taken: bool,
    /// Bond and reward that were asked for when it came home.
    home: Option<(Wei, Wei)>,
}

/// The deltas of a group and its periods: when each was to end, and when it did.
#[derive(Debug, Default)]
struct Story {
    deltas: BTreeMap<DeltaNumber, Told>,
    ends_s: BTreeMap<PeriodNumber, u64>,
    turned_s: BTreeMap<PeriodNumber, u64>,
    /// Votes by position and number.
    counted: Vec<(PeriodNumber, protocol::PositionNumber, u128)>,
}

pub(super) fn all(world: &mut World, group: GroupId) -> Vec<String> {
    if world.plan.people.is_empty() {
        return Vec::new();
    }
    let story = Story::of(world, group);
    let mut failures = story.votes(world, group);
    failures.extend(story.turns(world));
    failures.extend(story.applied(world));
    failures.extend(story.debts(world, group));
    let turned_s = story.turned_s.values().max().copied().unwrap_or_default();
    failures.extend(roots(world, group, world.ledger.millisecond(turned_s)));
    failures
}

impl Story {
    fn of(world: &World, group: GroupId) -> Self {
        let mut story = Self::default();
        for (block, event) in world.ledger.history().filter(|(_, event)| event.group() == Some(group)) {
            story.note(block, event);
        }
        story
    }

    fn note(&mut self, block: Block, event: &ChainEvent) {
        match event {
            ChainEvent::Created { birth, .. } => drop(self.ends_s.insert(PeriodNumber(1), block.time_s + birth.period_s)),
            ChainEvent::Extended { period, period_end_s, .. } => drop(self.ends_s.insert(*period, *period_end_s)),
            ChainEvent::Turned { period, applied, reward, period_end_s, .. } => {
                self.turned_s.insert(*period, block.time_s);
                self.ends_s.insert(PeriodNumber(period.0 + 1), *period_end_s);
                self.with(*applied, |delta| delta.reward = Some(*reward));
            }
            ChainEvent::Proposed { delta, author, digest, period, bond, .. } => {
                let (author, patch, period, bond) = (*author, *digest, *period, *bond);
                let new = Told { author, patch, period, bond, charged: Wei::ZERO, reward: None, is_taken: false, home: None };
                self.deltas.insert(*delta, new);
            }
            ChainEvent::Charged { delta, burned, .. } => self.with(*delta, |delta| delta.charged = *burned),
            ChainEvent::Taken { delta, .. } => self.with(*delta, |delta| delta.is_taken = true),
            ChainEvent::Refunded { delta, bond, asked, .. } => self.with(*delta, |delta| delta.home = Some((*bond, *asked))),
            ChainEvent::Cast { period, counted, .. } => {
                self.counted.extend(counted.iter().map(|choice| (*period, choice.position, choice.seq)));
            }
            _ => {}
        }
    }

    fn with(&mut self, delta: DeltaNumber, change: impl FnOnce(&mut Told)) {
        if let Some(delta) = self.deltas.get_mut(&delta) {
            change(delta);
        }
    }

    /// Whatever an honest voter said while there was time to bring it was counted.
    fn votes(&self, world: &mut World, group: GroupId) -> Vec<String> {
        let Ok(view) = world.ledger.view(group, world.ledger.tip()) else { return Vec::new() };
        let missed = |said: &Said| {
            let choice = said.choice;
            let position = view.position_of(world.nodes[said.node].account)?.number;
            let end_ms = world.ledger.millisecond(said.period_end_s);
            let is_fine = said.at_ms + needed_ms(world) > end_ms
                || self.counted.contains(&(choice.period, position, choice.seq.into()))
                || !is_peace(world, said.at_ms, end_ms);
            (!is_fine).then(|| format!("{} voted in period {} and was not counted", world.nodes[said.node].name, choice.period))
        };
        world.checks.choices.iter().filter(|said| said.choice.group == group).filter_map(missed).collect()
    }

    /// A period in which something was proposed is over within a round of its end.
    fn turns(&self, world: &World) -> Vec<String> {
        let length_s = world.plan.times.length_s();
        let now_s = world.ledger.block(world.ledger.tip()).time_s;
        let late = |period: PeriodNumber| {
            let end_s = *self.ends_s.get(&period)?;
            let turned_s = self.turned_s.get(&period).copied().unwrap_or(now_s);
            let peace = is_peace(world, world.ledger.millisecond(end_s), world.ledger.millisecond(end_s + length_s));
            (turned_s > end_s + length_s && peace).then(|| format!("period {period} was to end at {end_s} and did at {turned_s}"))
        };
        let mut periods: Vec<PeriodNumber> = self.deltas.values().map(|delta| delta.period).collect();
        periods.dedup();
        periods.into_iter().filter_map(late).collect()
    }

    /// Nobody applies what is worth nothing but a majority of other people's stake, and voters whom noise has deceived: one in
    /// two hundred measurements does, and where the others stay at home that one decides.
    fn applied(&self, world: &World) -> Vec<String> {
        let was_misjudged = |patch: Digest| world.checks.choices.iter().any(|said| said.choice.patch == patch && said.measured > ENOUGH);
        let is_bad = |delta: &&Told| delta.reward.is_some() && world.sets.worth(delta.patch) <= 0.0 && !was_misjudged(delta.patch);
        let bad = self.deltas.values().filter(is_bad).filter(|_| !world.plan.vices.contains(&Vice::NoiseVoters));
        bad.map(|delta| format!("patch {} was applied in period {}: it is worth nothing", delta.patch, delta.period)).collect()
    }

    /// Bonds of honest authors are back, less what a place on the list cost, and their rewards are paid.
    fn debts(&self, world: &World, group: GroupId) -> Vec<String> {
        let mut failures = Vec::new();
        for own in members(world, group).map(|(_, node)| node).filter(|node| node.is_honest && node.calling.is_some()) {
            for (number, delta) in self.deltas.iter().filter(|(_, delta)| delta.author == own.account && !delta.is_taken) {
                let due = (delta.bond.saturating_sub(delta.charged), delta.reward.unwrap_or_default());
                match delta.home {
                    Some(home) if home == due => {}
                    Some((bond, reward)) => failures.push(format!("delta {number} of {} was paid {bond} and {reward} wei", own.name)),
                    None => failures.push(format!("delta {number} of {} was not brought home", own.name)),
                }
            }
        }
        failures
    }
}

/// All honest nodes have told the same root of the set as it is, or none where something went wrong since it is: they tell it once, and whoever is
/// cut off may not have the patches.
fn roots(world: &mut World, group: GroupId, since_ms: u64) -> Vec<String> {
    let Ok(view) = world.ledger.view(group, world.ledger.tip()) else { return Vec::new() };
    let patches = world.sets.patches(view.head);
    let is_here = |patch: &Digest| world.plan.nodes_of(group).any(|node| world.files.holds(node, *patch));
    if !patches.iter().all(is_here) {
        return Vec::new();
    }
    let right = (view.head, crate::sets::Sets::root(&patches));
    let machines = members(world, group).filter(|(_, node)| node.is_honest && node.role != Role::Stranger);
    let is_peace = is_peace(world, since_ms, world.now_ms());
    let is_fine = |node: usize| world.sets.told(node).map_or(!is_peace, |told| told == right || (told.0 != right.0 && !is_peace));
    let is_reached = |node: usize| !world.cuts.iter().any(|(_, to)| *to == node);
    let silent = machines.filter(|(node, own)| own.process.is_some() && is_reached(*node) && !is_fine(*node));
    silent.map(|(_, own)| format!("{} has not told the root of the set as it is", own.name)).collect()
}

/// Milliseconds in which what was said comes to the chain.
fn needed_ms(world: &World) -> u64 {
    let plan = &world.plan;
    2 * (plan.confirmations + 2) * plan.block_ms + 2 * plan.edge_ms() + 2000 * plan.slot_s()
}
