//! What stood against a rule: faults of the plan that left somebody no stretch of time long enough to keep it.

use protocol::{Address, GroupId, RoundNumber, chain::ChainEvent, rules::is_quorum};

use crate::{
    faults::{Fault, Trouble},
    node::{Node, Role},
    world::{World, sends::GIVE_UP_MS},
};

/// Milliseconds that a node may lose by trying in vain, with its pauses.
const RETRIES_MS: u64 = 40_000;

/// Milliseconds at which the phases of a round begin, and that of its end.
struct Phases {
    reveal_ms: u64,
    judge_ms: u64,
    end_ms: u64,
}

impl Phases {
    fn of(world: &World, group: GroupId, number: RoundNumber) -> Self {
        let (times, genesis_s) = (world.plan.times_of(group), world.ledger.genesis_s());
        let [reveal_s, judge_s, end_s] =
            [times.reveal_start_s(genesis_s, number), times.judge_start_s(genesis_s, number), times.round_end_s(genesis_s, number)];
        let [reveal_ms, judge_ms, end_ms] = [reveal_s, judge_s, end_s].map(|second| world.ledger.millisecond(second));
        Self { reveal_ms, judge_ms, end_ms }
    }
}

/// The first of these faults, which are told by their beginning, if together they leave no stretch of so many milliseconds.
fn cramped(faults: impl Iterator<Item = Fault>, from_ms: u64, until_ms: u64, needed_ms: u64) -> Option<Trouble> {
    let (mut clear_ms, mut first) = (from_ms, None);
    for fault in faults.filter(|fault| fault.touches(from_ms, until_ms)) {
        if fault.from_ms >= clear_ms + needed_ms {
            return None;
        }
        clear_ms = clear_ms.max(fault.until_ms);
        first = first.or(Some(fault.trouble));
    }
    first.filter(|_| until_ms < clear_ms + needed_ms)
}

/// Milliseconds that a node needs to measure, to send twice, and to see what came of it.
fn needed_ms(world: &World) -> u64 {
    let plan = &world.plan;
    2 * (plan.confirmations + 2) * plan.block_ms + 4 * plan.measure_ms + plan.edge_ms() + RETRIES_MS
}

/// Faults that hamper a node, each with the time after it until what it did is made good.
fn hampering(world: &World, node: usize) -> impl Iterator<Item = Fault> {
    let after_ms = |trouble| match trouble {
        // The next round is told with a view of its own.
        Trouble::EndpointOlderViews { .. } => world.plan.round_ms(),
        Trouble::EndpointNonce { .. } => GIVE_UP_MS + world.plan.round_ms(),
        _ => 0,
    };
    let faults = world.plan.faults.iter().filter(move |fault| fault.trouble.hampers(node));
    faults.map(move |fault| Fault { until_ms: fault.until_ms + after_ms(fault.trouble), ..*fault })
}

/// What kept a trainer from opening its seal.
pub(crate) fn unopened(world: &World, node: usize, number: RoundNumber) -> Option<Trouble> {
    let Phases { reveal_ms, judge_ms, .. } = Phases::of(world, world.nodes[node].group, number);
    cramped(hampering(world, node), reveal_ms, judge_ms, needed_ms(world))
}

/// Whether all claims of a round came so late in REVEAL that nobody who believes confirmed blocks could concede against one in time: a seal
/// that is worth nothing then stays closed, and costs its deposit.
pub(crate) fn were_late(world: &World, group: GroupId, number: RoundNumber) -> bool {
    let (judge_ms, plan) = (Phases::of(world, group, number).judge_ms, &world.plan);
    let is_of = |event: &ChainEvent| matches!(event, ChainEvent::Revealed(claim) if claim.group == group && claim.round == number);
    let mut blocks = world.ledger.history().filter(|(_, event)| is_of(event)).map(|(block, _)| world.ledger.millisecond(block.time_s));
    blocks.all(|at_ms| at_ms + plan.edge_ms() + 1000 * plan.slot_s() >= judge_ms)
}

/// What kept so many validators from judging that no quorum was left, or hid a file from some of them.
pub(crate) fn undecided(world: &mut World, group: GroupId, number: RoundNumber, racers: &[Address]) -> Option<Trouble> {
    if let Some(trouble) = misjudged(world, group, number, racers) {
        return Some(trouble);
    }
    let Phases { reveal_ms, judge_ms, end_ms } = Phases::of(world, group, number);
    let view = world.ledger.view(group, world.ledger.tip()).ok()?;
    let (mut free, mut first) = (protocol::Wei::ZERO, None);
    let is_judge = |node: usize, own: &Node| own.group == group && own.role == Role::Validator && !world.plan.preys_on(node);
    for (node, own) in world.nodes.iter().enumerate().filter(|(node, own)| is_judge(*node, own)) {
        let was_there = hampering(world, node).find(|fault| fault.touches(reveal_ms.saturating_sub(RETRIES_MS), judge_ms));
        let trouble = cramped(hampering(world, node), judge_ms, end_ms, needed_ms(world)).or(was_there.map(|fault| fault.trouble));
        match trouble {
            None => free = free.saturating_add(view.position_of(own.account).map_or(protocol::Wei::ZERO, |position| position.live)),
            trouble => first = first.or(trouble),
        }
    }
    first.filter(|_| !is_quorum(free, view.bonded()))
}

/// What hid the file of one of these racers from some until half of JUDGE, or changed what was seen of REVEAL.
pub(crate) fn misjudged(world: &World, group: GroupId, number: RoundNumber, racers: &[Address]) -> Option<Trouble> {
    let Phases { reveal_ms, judge_ms, end_ms } = Phases::of(world, group, number);
    let is_racer = |node: usize| world.nodes.get(node).is_some_and(|node| racers.contains(&node.account));
    let hides = |trouble: &Trouble| match *trouble {
        Trouble::Loss { .. } | Trouble::Latency { .. } | Trouble::Disorder { .. } | Trouble::Partition { .. } => true,
        Trouble::Reorganisation { depth } => depth >= world.plan.confirmations,
        Trouble::OneWay { from, to } => is_racer(from) || is_racer(to),
        Trouble::Offline { node } | Trouble::Kill { node, .. } => is_racer(node),
        Trouble::PeerStalls { node } | Trouble::PeerDrips { node } | Trouble::PeerLies { node } => is_racer(node),
        _ => false,
    };
    let touching = world.plan.faults.iter().filter(|fault| fault.touches(reveal_ms, judge_ms.midpoint(end_ms)));
    touching.map(|fault| fault.trouble).find(hides)
}

/// What kept a validator from judging, or from showing in TRAIN of the next round that it did.
pub(crate) fn unseen(world: &World, node: usize, number: RoundNumber) -> Option<Trouble> {
    let group = world.nodes[node].group;
    let Phases { reveal_ms, .. } = Phases::of(world, group, number);
    let next = Phases::of(world, group, RoundNumber(number.0 + 1));
    let mut touching = hampering(world, node).filter(|fault| fault.touches(reveal_ms.saturating_sub(RETRIES_MS), next.reveal_ms));
    touching.next().map(|fault| fault.trouble)
}
