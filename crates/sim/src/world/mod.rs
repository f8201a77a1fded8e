//! The world: a chain, nodes, what they say to one another, and the time in which all of it happens.

mod blocks;
pub mod hands;
pub(crate) mod jobs;
mod letters;
mod lives;
pub mod people;
pub mod sends;
mod trainers;
mod validators;
pub mod vices;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::{Wei, chain::ChainEvent, eip712::Domain};

use crate::{
    chain::{Books, Chain, SimError, TransactionId},
    depth::Training,
    faults::Weather,
    files::Files,
    hidden::HiddenSets,
    ledger::Ledger,
    letter::{Letter, Letters},
    log::COPY_MS,
    node::{Answer, Effect, Node, Role},
    noticed::Checks,
    plan::Plan,
    random::Random,
    schedule::Schedule,
    sets::Sets,
    trace::Trace,
    vice::Vice,
};
use jobs::Job;
use people::Person;
use sends::Request;
use vices::Adversary;

/// Milliseconds between two notes of somebody who floods the log.
const FLOOD_MS: u64 = 500;
/// Milliseconds after which a node is started again that could not be started.
const START_AGAIN_MS: u64 = 5000;

/// Something that happens at a millisecond.
#[derive(Debug)]
pub(crate) enum Happening {
    Mine,
    /// Faults begin or end.
    Weather,
    /// A node's endpoint may show a newer head: that of the block with this number.
    Head {
        node: usize,
        number: u64,
    },
    Letter {
        from: usize,
        to: usize,
        letter: Arc<Letter>,
    },
    /// A node looks at what others have.
    Copy {
        node: usize,
    },
    Copied {
        node: usize,
        generation: u64,
        peer: usize,
        letters: Vec<Arc<Letter>>,
    },
    Flood {
        node: usize,
        number: u64,
    },
    Forge {
        node: usize,
        number: u64,
    },
    Rise {
        node: usize,
    },
    Work(Box<Job>),
    Request(Box<Request>),
    /// A transaction that the pool forgot or kept back is offered again.
    Release(TransactionId),
    /// A transaction that waits behind a gap is forgotten by the pool.
    Forget(TransactionId),
    /// Nobody waits for a transaction any longer.
    GiveUp {
        node: usize,
        generation: u64,
        id: TransactionId,
    },
    /// A transaction that was not mined is offered for more.
    Raise {
        node: usize,
        generation: u64,
        id: TransactionId,
    },
    Answer {
        node: usize,
        generation: u64,
        answer: Box<Answer>,
    },
    /// From now on nothing new is begun.
    Finish,
    /// Adversaries take home what is left of what they risked.
    Reckon,
}

/// See the module.
pub struct World {
    pub(crate) plan: Plan,
    pub(crate) schedule: Schedule<Happening>,
    pub(crate) weather: Weather,
    pub(crate) ledger: Ledger,
    pub(crate) books: Books,
    /// Number of the last block that the books have.
    pub(crate) booked: u64,
    pub(crate) domain: Domain,
    pub(crate) nodes: Vec<Node>,
    pub(crate) files: Files,
    pub(crate) letters: Letters,
    pub(crate) training: Training,
    pub(crate) sets: Sets,
    pub(crate) hidden: HiddenSets,
    pub(crate) trace: Trace,
    pub(crate) checks: Checks,
    pub(crate) ends: bool,
    /// Who acts for a node beside its machine; away while he does.
    pub(crate) adversaries: BTreeMap<usize, Box<dyn Adversary>>,
    /// Who is behind honest nodes; away while he acts.
    pub(crate) people: BTreeMap<usize, Box<dyn Person>>,
    /// Transactions that wait behind a gap of nonces.
    pub(crate) stuck: BTreeSet<TransactionId>,
    /// Links that an adversary has cut.
    pub(crate) cuts: Vec<(usize, usize)>,
    /// To whom an endpoint tells other hashes than those of the blocks.
    pub(crate) deceived: Option<usize>,
    /// Who is killed at some time.
    mortal: Vec<usize>,
    /// What each node was worth in the beginning.
    pub(crate) before: Vec<Wei>,
}

impl World {
    /// Deploys the contracts and starts every node; whoever has a vice is made by `adversary`, who is behind an honest one by `person`.
    ///
    /// # Errors
    /// When the plan makes no network that the contracts take.
    pub fn new(
        plan: Plan,
        trace: Trace,
        adversary: impl Fn(Vice) -> Box<dyn Adversary>,
        person: impl Fn(&Plan, usize, &Node) -> Option<Box<dyn Person>>,
    ) -> Result<Self, SimError> {
        let adversaries = (0..plan.nodes()).filter_map(|number| Some((number, adversary(plan.vice_of(number)?)))).collect();
        let mut nodes: Vec<Node> = (0..plan.nodes()).map(|number| node(&plan, number)).collect();
        let people = nodes.iter().enumerate().filter_map(|(number, node)| Some((number, person(&plan, number, node)?))).collect();
        let (training, first_file) = Training::begin(plan.depth, plan.seed, plan.group_of(0)).map_err(SimError::Beginning)?;
        let ledger = Ledger::new(&plan, &nodes, first_file)?;
        let domain = ledger.domain();
        nodes.iter_mut().for_each(|node| node.replica.settle(domain));
        let mut files = Files::default();
        (0..nodes.len()).for_each(|node| files.hold(node, first_file));
        let weather = Weather::at(&[], nodes.len(), 0);
        let mortal = plan.faults.iter().filter_map(|fault| fault.trouble.killed()).collect();
        let mut world = Self {
            plan,
            schedule: Schedule::default(),
            weather,
            books: Books::new(&ledger.chain),
            booked: 0,
            ledger,
            domain,
            nodes,
            files,
            letters: Letters::default(),
            training,
            sets: Sets::default(),
            hidden: HiddenSets::default(),
            trace,
            checks: Checks::default(),
            ends: false,
            adversaries,
            people,
            stuck: BTreeSet::new(),
            cuts: Vec::new(),
            deceived: None,
            mortal,
            before: Vec::new(),
        };
        world.before = (0..world.nodes.len()).map(|node| world.worth(node)).collect::<Result<_, _>>()?;
        world.begin();
        Ok(world)
    }

    fn begin(&mut self) {
        self.schedule.at(self.plan.block_ms, Happening::Mine);
        for fault in self.plan.faults.clone() {
            self.schedule.at(fault.from_ms, Happening::Weather);
            self.schedule.at(fault.until_ms, Happening::Weather);
        }
        for node in 0..self.nodes.len() {
            let apart_ms = 100 * node as u64;
            if self.nodes[node].role != Role::Stranger || self.nodes[node].has_purse() {
                self.schedule.at(apart_ms, Happening::Rise { node });
            }
            self.schedule.at(apart_ms + COPY_MS, Happening::Copy { node });
        }
        self.schedule.at(self.plan.rounds * self.plan.round_ms(), Happening::Finish);
        self.schedule.at((self.plan.rounds + self.plan.maturity_rounds + 2) * self.plan.round_ms(), Happening::Reckon);
    }

    /// Goes on to the end of the plan: its rounds, and what it takes until all that they owe is brought home.
    ///
    /// # Errors
    /// When the chain breaks its own rules.
    pub fn run(&mut self) -> Result<(), SimError> {
        self.run_until(self.plan.end_ms())
    }

    /// Goes on to a millisecond, or to what comes first after it.
    ///
    /// # Errors
    /// When the chain breaks its own rules.
    pub fn run_until(&mut self, end_ms: u64) -> Result<(), SimError> {
        while self.schedule.now_ms() < end_ms {
            let Some(happening) = self.schedule.take() else { break };
            self.happen(happening)?;
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<(), SimError> {
        match happening {
            Happening::Mine => self.mine()?,
            Happening::Weather => self.change_weather()?,
            Happening::Head { node, number } => self.show_head(node, number)?,
            Happening::Letter { from, to, letter } => self.receive(from, to, &letter),
            Happening::Copy { node } => self.look(node),
            Happening::Copied { node, generation, peer, letters } if self.is_current(node, generation) => {
                letters.iter().for_each(|letter| self.receive(peer, node, letter));
            }
            Happening::Flood { node, number } => self.flood(node, number),
            Happening::Forge { node, number } => self.forge(node, number),
            Happening::Rise { node } => self.rise(node)?,
            Happening::Work(job) => self.work(*job),
            Happening::Request(request) => self.request(*request)?,
            Happening::Release(id) => self.ledger.chain.release(id),
            Happening::Forget(id) => self.forget(id),
            Happening::GiveUp { node, generation, id } if self.is_current(node, generation) => self.give_up(node, id),
            Happening::Answer { node, generation, answer } if self.is_current(node, generation) => self.answer(node, *answer),
            Happening::Raise { node, generation, id } if self.is_current(node, generation) => self.raise(node, id),
            Happening::Finish => self.finish(),
            Happening::Reckon => self.reckon(),
            Happening::Copied { .. } | Happening::GiveUp { .. } | Happening::Raise { .. } | Happening::Answer { .. } => {}
        }
        self.bury();
        Ok(())
    }

    /// Whoever was killed over a step is gone.
    fn bury(&mut self) {
        for node in self.mortal.clone() {
            if self.nodes[node].life.is_over() {
                self.die(node);
            }
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.schedule.now_ms()
    }

    /// Whether the process that asked is the one that runs.
    pub(crate) fn is_current(&self, node: usize, generation: u64) -> bool {
        self.nodes[node].generation == generation
    }

    /// A stream of draws of its own for something that happens once.
    pub(crate) fn random(&self, label: &str, number: u64) -> Random {
        Random::new(self.plan.seed, label, number)
    }

    /// A stream of draws for what a node does now.
    pub(crate) fn random_of(&self, label: &str, node: usize) -> Random {
        self.random(label, (node as u64) << 48 | self.now_ms())
    }

    pub(crate) fn note(&mut self, node: usize, what: &str) {
        self.trace.note(self.schedule.now_ms(), &self.nodes[node].name, what);
    }

    /// Gives a machine an answer, now.
    pub(crate) fn answer(&mut self, node: usize, answer: Answer) {
        let Some(process) = &mut self.nodes[node].process else { return };
        let effects = process.machine.answer(answer);
        self.act(node, effects);
    }

    /// Gives it later, to the process that runs now.
    pub(crate) fn answer_after(&mut self, wait_ms: u64, node: usize, answer: Answer) {
        let generation = self.nodes[node].generation;
        self.schedule.after(wait_ms, Happening::Answer { node, generation, answer: Box::new(answer) });
    }

    /// Does what a machine asks for; a process that is killed over it does the rest no more.
    pub(crate) fn act(&mut self, node: usize, effects: Vec<Effect>) {
        for effect in effects {
            for effect in self.instead(node, effect) {
                if self.nodes[node].process.is_none() {
                    return;
                }
                match effect {
                    Effect::Trainer(effect) => self.act_as_trainer(node, effect),
                    Effect::Validator(effect) => self.act_as_validator(node, effect),
                }
            }
            if self.nodes[node].life.is_over() {
                self.die(node);
            }
        }
    }

    /// Milliseconds that work takes on a node.
    pub(crate) fn takes_ms(&self, node: usize, work_ms: u64) -> u64 {
        work_ms * (1 + self.weather.nodes[node].slower)
    }

    pub fn chain(&self) -> &Chain {
        &self.ledger.chain
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Everything that the chain tells in the end.
    pub fn events(&self) -> impl Iterator<Item = &ChainEvent> {
        self.ledger.history().map(|(_, event)| event)
    }

    /// Everything that happened.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

fn node(plan: &Plan, number: usize) -> Node {
    let (group, vice, calling) = (plan.group_of(number), plan.vice_of(number), plan.calling_of(number));
    let place = plan.place_of(number).unwrap_or(number);
    let (role, name) = if let Some(vice) = vice {
        (vice.role(), format!("{vice:?} {number}").to_lowercase())
    } else if let Some(calling) = calling {
        (Role::Stranger, format!("{calling:?} {number}").to_lowercase())
    } else if place < plan.trainers {
        (Role::Trainer, format!("trainer {}", place + 1))
    } else if place < plan.trainers + plan.validators {
        (Role::Validator, format!("validator {}", place + 1 - plan.trainers))
    } else {
        (Role::Stranger, format!("stranger {}", place + 1 - plan.trainers - plan.validators))
    };
    let name = if plan.groups > 1 { format!("{name} of group {group}") } else { name };
    let node = Node { is_honest: vice.is_none(), calling, ..Node::new(plan.seed, number, role, name, group) };
    node.with_aliases(vice.map_or(0, Vice::aliases))
}
