//! What a seed draws before anything happens: a network, its clocks, and what will go wrong when. A plan is all that a run depends on.

mod groups;

use protocol::{Micronats, chain::Times};

use crate::{
    calling::Calling,
    depth::Depth,
    faults::{Fault, Kind, Trouble},
    random::Random,
    vice::Vice,
};

/// Milliseconds between two blocks, as chains have them.
const BLOCKS_MS: [u64; 8] = [250, 500, 1000, 2000, 5000, 12_000, 15_000, 30_000];
/// Blocks near the head that a node that starts is told, as nodes may be set.
const RECENT_BLOCKS: [u64; 3] = [8, 64, 2048];
/// Rounds before the first fault and after the last one: a network that has just begun, and one that can end in peace.
const CALM_ROUNDS: u64 = 2;
/// Of a thousand seeds, in how many patches are proposed.
const AUTHORED: u64 = 333;
/// In how many bounties are funded.
const SPONSORED: u64 = 250;
/// In how many there are several groups.
const GROUPED: u64 = 60;
/// Blocks that a reorganisation replaces at most.
pub const MAX_DEPTH: u64 = 6;
/// Seconds by which a block's timestamp lies at most.
const MAX_LIE_S: u64 = 15;

/// See the module. Nodes are numbered from 0: trainers, validators, strangers, people with a calling, and one for each vice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// Rounds in which trainers commit.
    pub rounds: u64,
    /// What checkpoints are.
    pub depth: Depth,
    /// Groups on the chain, each with all that is counted below but for the vices.
    pub groups: usize,
    /// Seconds by which the phases of the groups lie apart at most.
    pub shift_s: u64,
    pub trainers: usize,
    pub validators: usize,
    /// Peers without an account.
    pub strangers: usize,
    pub block_ms: u64,
    /// How deep a block is when nodes act on it; 1 = the newest.
    pub confirmations: u64,
    pub times: Times,
    pub improve: u8,
    pub least: Micronats,
    /// Rounds of an epoch.
    pub epoch_rounds: u64,
    /// Rounds of a period of the training set.
    pub period_rounds: u64,
    /// Rounds from the end of one until its coinbase can be collected.
    pub maturity_rounds: u64,
    /// Positions with little stake that nobody runs.
    pub idle: usize,
    /// Stake of each validator, in parts.
    pub stakes: Vec<u64>,
    /// Blocks before the newest that are told though nothing happened in them.
    pub recent_blocks: u64,
    /// Milliseconds that one exact measurement takes.
    pub measure_ms: u64,
    /// Who does something beside the rounds, each behind a node of his own.
    pub people: Vec<Calling>,
    pub faults: Vec<Fault>,
    /// Who takes part and does not keep to what honest nodes do.
    pub vices: Vec<Vice>,
}

impl Plan {
    /// Two trainers and four validators on a chain of that seed, and nothing goes wrong.
    pub fn calm(seed: u64, rounds: u64) -> Self {
        let mut random = Random::new(seed, "plan", 0);
        let block_ms = *random.pick(&BLOCKS_MS).unwrap_or(&BLOCKS_MS[0]);
        let slot_s = block_ms.div_ceil(1000);
        let least = |least_s: u64, blocks: u64| least_s.max(blocks * slot_s);
        let confirmations = random.within(1, 4);
        let times = Times {
            train_s: least(40, random.within(15, 40)),
            reveal_s: least(40, confirmations + random.within(12, 20)),
            judge_s: least(60, 2 * confirmations + random.within(16, 30)),
        };
        let epoch_rounds = random.within(4, 12);
        Self {
            seed,
            rounds,
            depth: Depth::Coarse,
            groups: 1,
            shift_s: 0,
            trainers: 2,
            validators: 4,
            strangers: 0,
            idle: 0,
            block_ms,
            confirmations,
            times,
            improve: 10,
            least: Micronats(1000),
            epoch_rounds,
            period_rounds: epoch_rounds,
            maturity_rounds: random.within(1, 4),
            stakes: (0..4).map(|_| random.within(80, 120)).collect(),
            recent_blocks: *random.pick(&RECENT_BLOCKS).unwrap_or(&RECENT_BLOCKS[0]),
            measure_ms: random.within(20, 2000),
            people: Vec::new(),
            faults: Vec::new(),
            vices: Vec::new(),
        }
    }

    /// The same network, and faults of these kinds: up to one for every round. What patches and hidden sets are worth only a curve says, so
    /// people and further groups are of the coarse depth.
    pub fn draw(seed: u64, rounds: u64, depth: Depth, kinds: &[Kind]) -> Self {
        let network = Self { depth, strangers: 1, ..Self::calm(seed, rounds) };
        let mut plan = if depth == Depth::Coarse { network.peopled().grouped() } else { network };
        let faulty_rounds = rounds.saturating_sub(2 * CALM_ROUNDS);
        let mut random = Random::new(seed, "faults", 0);
        for number in 0..random.within(faulty_rounds.min(1), faulty_rounds) {
            let mut random = Random::new(seed, "fault", number);
            if let Some(kind) = random.pick(kinds).copied() {
                let fault = plan.fault(kind, faulty_rounds, &mut random);
                plan.faults.push(fault);
            }
        }
        plan.faults.sort_by_key(|fault| fault.from_ms);
        plan
    }

    /// The same network, and two vices that the seed draws.
    pub fn haunted(self) -> Self {
        let drawn = |number| Random::new(self.seed, "vice", number).pick(Vice::ALL).copied();
        Self { vices: (0..2).filter_map(drawn).collect(), ..self }
    }

    /// The same network, in some seeds with authors of patches or sponsors of bounties, and periods that leave time for several.
    fn peopled(self) -> Self {
        let mut random = Random::new(self.seed, "people", 0);
        let authors = if random.chance(AUTHORED) { random.within(1, 2) as usize } else { 0 };
        let sponsors = if random.chance(SPONSORED) { random.within(1, 2) as usize } else { 0 };
        let people = [vec![Calling::Author; authors], vec![Calling::Sponsor; sponsors]].concat();
        if people.is_empty() {
            return self;
        }
        // A term, its windows and what they leave to be paid have to fit into the run.
        let epoch_rounds = if sponsors == 0 { self.epoch_rounds } else { self.epoch_rounds.min(4) };
        Self { people, period_rounds: random.within(2, 4), epoch_rounds, ..self }
    }

    /// The same network, in some seeds two or three times on one chain.
    fn grouped(self) -> Self {
        let mut random = Random::new(self.seed, "groups", 0);
        let groups = if random.chance(GROUPED) { random.within(2, 3) as usize } else { 1 };
        self.with_groups(groups)
    }

    /// Faults, vices and people together.
    pub fn troubles(&self) -> usize {
        self.faults.len() + self.vices.len() + self.people.len()
    }

    /// Without the fault at that place, or the vice, or the person: counted in this order.
    pub fn without(&self, place: usize) -> Self {
        let mut plan = self.clone();
        if place < plan.faults.len() {
            plan.faults.remove(place);
        } else if place < plan.faults.len() + plan.vices.len() {
            plan.vices.remove(place - plan.faults.len());
        } else if place < plan.troubles() {
            plan.people.remove(place - plan.faults.len() - plan.vices.len());
        }
        plan
    }

    /// Parts of stake that a node's position begins with.
    pub fn stake_of(&self, node: usize) -> u64 {
        let honest =
            self.place_of(node).and_then(|place| place.checked_sub(self.trainers)).and_then(|validator| self.stakes.get(validator));
        let share = self.vice_of(node).map_or(0, Vice::stake_per_mille);
        honest.copied().unwrap_or(self.stakes.iter().sum::<u64>() * share / 1000)
    }

    /// Whether somebody could keep rounds from being decided: the honest stake that no vice takes out is then no more than two thirds.
    pub fn may_stall(&self) -> bool {
        let honest: u64 = self.stakes.iter().sum();
        let taken = self.stakes.first().filter(|_| self.preys_on(self.trainers)).copied().unwrap_or(0);
        let vicious: u64 = self.vices.iter().map(|vice| honest * vice.stake_per_mille() / 1000).sum();
        3 * (honest - taken) <= 2 * (honest + vicious) || self.vices.contains(&Vice::ServerToSome)
    }

    /// Whether a vice takes this node out: it hears nobody, or is lied to about the chain.
    pub fn preys_on(&self, node: usize) -> bool {
        node == self.trainers && self.vices.iter().any(|vice| matches!(vice, Vice::Eclipser | Vice::LyingRpc))
    }

    /// Accounts that may race.
    pub fn racers(&self) -> usize {
        self.trainers + self.vices.iter().map(|vice| 1 + vice.aliases()).sum::<usize>()
    }

    /// Milliseconds before the end of a phase in which nodes send nothing any more, as they find out from the blocks.
    pub fn edge_ms(&self) -> u64 {
        let slot_ms = self.slot_s() * 1000;
        slot_ms.max(2000) + (self.confirmations - 1) * slot_ms
    }

    /// Seconds of a block, whole ones.
    pub fn slot_s(&self) -> u64 {
        self.block_ms.div_ceil(1000)
    }

    /// Milliseconds of a round.
    pub fn round_ms(&self) -> u64 {
        self.times.length_s() * 1000
    }

    /// Milliseconds until all that its rounds owe is brought home.
    pub fn end_ms(&self) -> u64 {
        (self.rounds + self.maturity_rounds + 3) * self.round_ms()
    }

    fn fault(&self, kind: Kind, rounds: u64, random: &mut Random) -> Fault {
        let round_ms = self.round_ms();
        let from_ms = CALM_ROUNDS * round_ms + random.below(rounds.max(1) * round_ms);
        let lasts_ms = self.block_ms + random.below(round_ms);
        let end_ms = (CALM_ROUNDS + rounds) * round_ms;
        Fault { from_ms, until_ms: (from_ms + lasts_ms).min(end_ms.max(from_ms + 1)), trouble: self.trouble(kind, random) }
    }

    fn trouble(&self, kind: Kind, random: &mut Random) -> Trouble {
        let machines = self.groups * (self.trainers + self.validators);
        let node = self.machine(random.below(machines as u64) as usize);
        let peer = random.below(self.nodes() as u64) as usize;
        let other = (node + 1 + random.below(self.nodes() as u64 - 1) as usize) % self.nodes();
        let per_mille = random.within(50, 700);
        let choice = random.draw();
        let one_of = |troubles: &[Trouble]| troubles[(choice % troubles.len() as u64) as usize];
        match kind {
            Kind::Chain => one_of(&[
                Trouble::Timestamps { ahead_s: random.within(1, MAX_LIE_S) },
                Trouble::Repeats,
                Trouble::Halt,
                Trouble::Fees { times: random.within(2, 100) },
                Trouble::PoolDrops { per_mille },
                Trouble::PoolDelays { blocks: random.within(1, 4) },
            ]),
            Kind::Reorganisation => Trouble::Reorganisation { depth: random.within(1, MAX_DEPTH) },
            Kind::Endpoint => one_of(&[
                Trouble::EndpointLags { node, blocks: random.within(1, 8) },
                Trouble::EndpointSilent { node },
                Trouble::EndpointLate { node, wait_ms: random.within(500, 20_000) },
                Trouble::EndpointRefuses { node, per_mille },
                Trouble::AnswersLost { node, per_mille },
                Trouble::EndpointNull { node, per_mille },
                Trouble::EndpointOlderViews { node, blocks: random.within(1, 32) },
                Trouble::EndpointNonce { node },
            ]),
            Kind::Network => one_of(&[
                Trouble::Latency { wait_ms: random.within(100, 5000) },
                Trouble::Loss { per_mille },
                Trouble::Duplicates { per_mille },
                Trouble::Disorder { wait_ms: random.within(100, 5000) },
                Trouble::Partition { side: random.draw() },
                Trouble::OneWay { from: node, to: other },
                Trouble::Offline { node },
            ]),
            Kind::Peer => one_of(&[
                Trouble::PeerStalls { node: peer },
                Trouble::PeerDrips { node: peer },
                Trouble::PeerLies { node: peer },
                Trouble::PeerFloods { node: self.flooder() },
                Trouble::PeerForges { node: self.flooder() },
            ]),
            Kind::Kill => Trouble::Kill { node, steps: random.below(12) },
            Kind::Machine => one_of(&[
                Trouble::DiskFull { node },
                Trouble::Clock { node, ahead_ms: random.within(1000, 86_400_000) },
                Trouble::Slow { node, times: random.within(2, 60) },
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_plan_and_other_seeds_draw_others() {
        let draw = |seed| Plan::draw(seed, 20, Depth::Coarse, &Kind::ALL);
        assert_eq!(draw(5), draw(5));
        assert!((6..12).all(|seed| draw(seed) != draw(5)));
    }

    #[test]
    fn every_fault_ends_before_the_last_rounds_and_can_be_taken_out() {
        for seed in 0..200 {
            let plan = Plan::draw(seed, 20, Depth::Coarse, &Kind::ALL);
            let (first_ms, last_ms) = (CALM_ROUNDS * plan.round_ms(), (20 - CALM_ROUNDS) * plan.round_ms());
            assert!(plan.faults.iter().all(|fault| fault.from_ms >= first_ms && fault.until_ms <= last_ms + 1), "{seed}: {plan:?}");
            let fewer = plan.without(0);
            assert_eq!(fewer.faults, plan.faults.get(1..).unwrap_or_default());
            assert_eq!(Plan { faults: plan.faults.clone(), ..fewer }, plan);
        }
    }

    #[test]
    fn every_kind_of_trouble_is_drawn_by_some_seed() {
        for kind in Kind::ALL {
            let drawn = (0..40).map(|seed| Plan::draw(seed, 20, Depth::Coarse, &[kind]).faults.len()).sum::<usize>();
            assert!(drawn > 40, "{kind:?}: {drawn}");
        }
        let all: Vec<Fault> = (0..300).flat_map(|seed| Plan::draw(seed, 40, Depth::Coarse, &Kind::ALL).faults).collect();
        let names: std::collections::BTreeSet<String> =
            all.iter().map(|fault| format!("{:?}", fault.trouble).split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(names.len(), 31, "{names:?}");
    }

    #[test]
    fn clocks_hold_a_block_in_every_phase_and_rounds_divide_the_epoch() {
        for seed in 0..200 {
            let plan = Plan::calm(seed, 1);
            let blocks = |phase_s: u64| phase_s * 1000 / plan.block_ms;
            let Times { train_s, reveal_s, judge_s } = plan.times;
            assert!([train_s, reveal_s, judge_s].into_iter().all(|phase_s| blocks(phase_s) > plan.confirmations + 10), "{plan:?}");
            assert!(plan.maturity_rounds >= 1 && plan.stakes.len() == plan.validators);
        }
    }
}
