//! A network with one vice in it, played to its end.

use protocol::chain::ChainEvent;
use protocol::ids::{Address, PositionNumber};
use protocol::money::Wei;
use sim::adversaries;
use sim::check::Report;
use sim::depth::Depth;
use sim::fortune::Fortune;
use sim::node::Node;
use sim::people;
use sim::plan::Plan;
use sim::trace::Trace;
use sim::vice::Vice;
use sim::world::World;

/// What came of it.
pub struct Played {
    pub world: World,
    pub report: Report,
    fortunes: Vec<Fortune>,
}

/// Two trainers, four validators with the positions 1 to 4, and whoever has that vice, with position 5 if it has stake.
pub fn play(vice: Vice, seed: u64, rounds: u64) -> Played {
    play_in(Depth::Coarse, vice, seed, rounds)
}

/// The same in that depth.
pub fn play_in(depth: Depth, vice: Vice, seed: u64, rounds: u64) -> Played {
    let played = run(Plan { depth, vices: vec![vice], ..Plan::calm(seed, rounds) });
    assert!(played.report.failures.is_empty(), "{vice:?} {seed}: {:?}", played.report);
    assert!(played.slashed().iter().all(|position| *position == PositionNumber(5)), "{vice:?} {seed}: honest stake was slashed");
    played
}

/// The same network without it.
pub fn calm(seed: u64, rounds: u64) -> Played {
    calm_in(Depth::Coarse, seed, rounds)
}

/// The same in that depth.
pub fn calm_in(depth: Depth, seed: u64, rounds: u64) -> Played {
    run(Plan { depth, ..Plan::calm(seed, rounds) })
}

/// That network, whatever came of it.
pub fn run(plan: Plan) -> Played {
    let mut world = World::new(plan, Trace::default(), adversaries::of, people::of).expect("a network");
    world.run().expect("a chain that keeps its rules");
    let (report, fortunes) = (world.report(), world.fortunes().expect("answers"));
    Played { world, report, fortunes }
}

impl Played {
    /// Wei that whoever has the vice gained.
    pub fn gain(&self) -> i128 {
        self.fortunes.last().expect("a node").gain()
    }

    /// Wei that a node gained.
    pub fn gain_of(&self, node: usize) -> i128 {
        self.fortunes[node].gain()
    }

    /// What it had in the beginning.
    pub fn before(&self) -> i128 {
        self.fortunes.last().expect("a node").before.0 as i128
    }

    pub fn events<T>(&self, pick: impl Fn(&ChainEvent) -> Option<T>) -> Vec<T> {
        self.world.events().filter_map(pick).collect()
    }

    pub fn vicious(&self) -> &Node {
        self.world.nodes().last().expect("a node")
    }

    /// Whether an account is one of its own.
    pub fn is_its(&self, account: &Address) -> bool {
        self.vicious().accounts().contains(account)
    }

    /// Claims that it revealed.
    pub fn reveals(&self) -> usize {
        self.events(|event| matches!(event, ChainEvent::Revealed(claim) if self.is_its(&claim.trainer)).then_some(())).len()
    }

    /// Rounds that it won.
    pub fn wins(&self) -> usize {
        self.events(|event| matches!(event, ChainEvent::Decided { winner, .. } if self.is_its(winner)).then_some(())).len()
    }

    /// Of each of its deposits what was taken, in sixteenths.
    pub fn sixteenths(&self) -> Vec<u128> {
        let taken = |(refunded, lost): (Wei, u128)| (16 * lost + (refunded.0 + lost) / 2) / (refunded.0 + lost).max(1);
        let settled = self.events(|event| match event {
            ChainEvent::Settled { trainer, refunded, burned, charged, .. } if self.is_its(trainer) => {
                Some((*refunded, burned.0 + charged.0))
            }
            _ => None,
        });
        settled.into_iter().map(taken).collect()
    }

    pub fn slashed(&self) -> Vec<PositionNumber> {
        self.events(|event| match event {
            ChainEvent::Slashed { position, .. } => Some(*position),
            _ => None,
        })
    }

    /// Positions that were put to sleep.
    pub fn dozed(&self) -> Vec<PositionNumber> {
        self.events(|event| match event {
            ChainEvent::Dozed { position, .. } => Some(*position),
            _ => None,
        })
    }
}
