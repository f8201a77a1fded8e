//! Nodes of several validators and wardens, a log that delays and repeats, and a chain that loses what it is sent.

use protocol::pace::Tempo;
use std::collections::{BTreeMap, BTreeSet};

use protocol::chain::{Block, ChainEvent};
use protocol::eip712::{SignedVerdict, Verdict};
use protocol::signing_log::SigningLog;
use protocol::validator::{self, Validator};
use protocol::warden::{self, Duty, Warden};
use protocol::{Address, Digest, PositionNumber, RoundNumber};

use crate::court::*;
use crate::world::*;

/// A message has reached everybody who is there after so many milliseconds.
pub const DELAY_MS: u64 = 20_000;
/// A machine that starts anew has heard the whole log after so many.
const COPY_MS: u64 = 250_000;

/// What happens in a story.
#[derive(Debug, Clone)]
pub struct Plot {
    pub seed: u64,
    pub judges: u8,
    /// The last positions sign nothing, sign two claims, or sign without running the model.
    pub vices: Vec<u8>,
    /// Milliseconds from one block to the next.
    pub spacing_ms: u64,
    pub rounds: u64,
    /// Whether answers fail or never come, and blocks are not told.
    pub is_rough: bool,
}

impl Plot {
    pub fn honest(&self) -> u8 {
        self.judges - self.vices.len() as u8
    }

    pub fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        u64::from_be_bytes(digest(&format!("draw {}", self.seed)).0[..8].try_into().unwrap()) % below
    }

    pub fn fails(&mut self, once_in: u64) -> bool {
        self.is_rough && self.draw(once_in) == 0
    }
}

/// What a machine is told.
#[derive(Debug, Clone)]
pub enum Told {
    Validator(validator::Input),
    Warden(warden::Input),
}

/// A message of the log, and when it was written.
#[derive(Debug, Clone)]
pub enum Word {
    Verdict(SignedVerdict),
    Have { round: RoundNumber, file: Digest, position: PositionNumber },
    Alarm(SignedVerdict),
}

/// What is under way to the chain.
pub enum Call {
    Judge(RoundNumber, Digest, Vec<(PositionNumber, SignedVerdict)>),
    Attend(RoundNumber, Vec<(PositionNumber, SignedVerdict)>),
    Slash(PositionNumber, RoundNumber, Box<[SignedVerdict; 2]>),
}

/// One node: its disk, and its machines.
pub struct Node {
    pub signer: u8,
    pub signing: SigningLog,
    pub validator: Validator,
    pub warden: Warden,
    /// What was asked for and may fail the first time: of what kind, in which round.
    pub tried: BTreeSet<(&'static str, u64)>,
    /// The verdict that these machines asked for in a round.
    pub asked: BTreeMap<RoundNumber, Verdict>,
    /// What is under way to it, and when that comes.
    pub under_way: Vec<(u64, Told)>,
    /// Events of blocks that it was not told.
    pub missed: Vec<ChainEvent>,
}

impl Node {
    pub fn new(signer: u8, signing: SigningLog) -> Self {
        let (domain, verdicts_a_call) = (DOMAIN, 3);
        let tempo = Tempo { edge_s: Some(EDGE_S), step_s: Some(STEP_S), ..Tempo::default() };
        let signer_address = signer_of(signer, 0);
        let (signed, doppelganger_check) = (signing.clone(), true);
        let config = validator::Config { group: GROUP, domain, signer: signer_address, tempo, verdicts_a_call, signed, doppelganger_check };
        let duties = warden::Config { group: GROUP, domain, signer: signer_address, tempo, verdicts_a_call, compound_part: 0 };
        Self {
            signer,
            signing,
            validator: Validator::new(config),
            warden: Warden::new(duties),
            tried: BTreeSet::new(),
            asked: BTreeMap::new(),
            under_way: Vec::new(),
            missed: Vec::new(),
        }
    }

    pub fn address(&self) -> Address {
        signer_of(self.signer, 0)
    }
}

pub struct Story {
    pub plot: Plot,
    pub court: Court,
    pub nodes: Vec<Node>,
    pub now_ms: u64,
    pub history: Vec<(Block, Vec<ChainEvent>)>,
    pub log: Vec<(u64, Word)>,
    pub calls: Vec<(usize, Call)>,
    /// Whoever is disturbed in this round: all of it may go wrong.
    pub disturbed: BTreeSet<u8>,
    /// Wrong verdicts, and those about which there is an alarm.
    pub wrong: BTreeSet<(u64, Address)>,
    pub alarms: BTreeSet<(u64, Address)>,
    /// Verdicts of the honest.
    pub told: Vec<SignedVerdict>,
}

impl Story {
    pub fn new(plot: Plot) -> Self {
        let now = Block { number: 0, time_s: GENESIS_S, hash: digest("genesis") };
        let court = Court { judges: plot.judges, now, trials: BTreeMap::new() };
        let nodes = (1..=plot.honest()).map(|signer| Node::new(signer, SigningLog::default())).collect();
        let (history, log, calls, disturbed, wrong, alarms, told) = Default::default();
        let mut story = Self { plot, court, nodes, now_ms: GENESIS_S * 1_000, history, log, calls, disturbed, wrong, alarms, told };
        (0..story.nodes.len()).for_each(|node| story.start(node));
        story
    }

    pub fn play(mut self) -> Self {
        let end_ms = 1_000 * (GENESIS_S + self.plot.rounds * ROUND_TIMES.length_s());
        while self.now_ms + self.plot.spacing_ms < end_ms {
            self.now_ms += self.plot.spacing_ms;
            let time_s = self.now_ms / 1_000;
            let number = self.court.now.number + 1;
            let round = self.court.round();
            self.court.block(Block { number, time_s, hash: digest(&format!("block {number}")) });
            if self.court.round() != round || number == 1 {
                self.begin();
            }
            let events = self.mine();
            self.history.push((self.court.now, events));
            (0..self.nodes.len()).for_each(|node| self.tell_block(node));
            self.vices();
            (0..self.nodes.len()).for_each(|node| self.deliver(node));
        }
        self
    }

    /// A round begins: who is disturbed in it, and what will be revealed.
    pub fn begin(&mut self) {
        let most = usize::from((self.plot.judges - 1) / 3).saturating_sub(self.plot.vices.len());
        self.disturbed = (0..most).map(|_| 1 + self.plot.draw(self.plot.honest().into()) as u8).collect();
        let view = self.court.view(Court::epoch_of(self.court.round()));
        for node in 0..self.nodes.len() {
            self.tell(node, Told::Validator(validator::Input::Group(view.clone())));
            self.tell(node, Told::Warden(warden::Input::Group(view.clone())));
        }
        self.court.trials.entry(self.court.round()).or_default().is_stalled = self.plot.is_rough && self.plot.draw(4) == 0;
    }

    /// Events of this block: first what trainers do, then what was asked for.
    pub fn mine(&mut self) -> Vec<ChainEvent> {
        let round = self.court.round();
        let second = self.court.now.time_s - ROUND_TIMES.round_start_s(GENESIS_S, RoundNumber(round));
        let is_first = |from_s: u64| second >= from_s && (second * 1_000).saturating_sub(from_s * 1_000) < self.plot.spacing_ms.max(1_000);
        let mut events = Vec::new();
        if is_first(60) {
            events.push(opened_event(RoundNumber(round), digest("checkpoint")));
        }
        let is_shown = self.court.trials.get(&round).is_some_and(|trial| !trial.claims.is_empty());
        if is_first(ROUND_TIMES.train_s + 40) && !is_shown {
            for trainer in 30..30 + self.plot.draw(4) as u8 {
                let (loss, is_true, is_public) = (1_900_000 - 1_000 * u32::from(trainer), self.plot.draw(2) == 0, self.plot.draw(3) > 0);
                events.push(self.court.reveal(round, trainer, loss, is_true, is_public));
            }
        }
        for (node, call) in std::mem::take(&mut self.calls) {
            self.carry_out(node, call, &mut events);
        }
        events
    }

    pub fn carry_out(&mut self, node: usize, call: Call, events: &mut Vec<ChainEvent>) {
        let fate = if self.is_disturbed(node) { self.plot.draw(6) } else { 9 };
        let told = match &call {
            _ if fate < 2 => Vec::new(),
            Call::Judge(round, claim, verdicts) => self.court.judge(round.0, *claim, verdicts),
            Call::Attend(round, verdicts) => self.court.attend(round.0, verdicts),
            Call::Slash(position, round, verdicts) => self.court.slash(round.0, *position, &verdicts[0], &verdicts[1]),
        };
        // A reorganisation drops what was carried out; an answer is lost.
        let result = if told.is_empty() && fate != 0 { Err("nothing counted".into()) } else { Ok(()) };
        events.extend(told);
        let answer = match call {
            Call::Judge(round, ..) => Told::Validator(validator::Input::Posted { round, result }),
            Call::Attend(round, _) => Told::Warden(warden::Input::Sent { duty: Duty::Attend(round), result }),
            Call::Slash(position, round, ..) => Told::Warden(warden::Input::Sent { duty: Duty::Slash(position, round), result }),
        };
        if fate != 1 && fate != 2 {
            self.nodes[node].under_way.push((self.now_ms, answer));
        }
    }

    pub fn is_disturbed(&self, node: usize) -> bool {
        self.plot.is_rough && self.disturbed.contains(&self.nodes[node].signer)
    }

    /// A disturbed node is not told every block, or starts anew.
    pub fn tell_block(&mut self, node: usize) {
        let (block, events) = self.history.last().cloned().unwrap();
        self.nodes[node].missed.extend(events);
        if self.is_disturbed(node) && self.plot.draw(10) == 0 {
            return;
        }
        if self.is_disturbed(node) && self.plot.draw(1 + 120_000 / self.plot.spacing_ms) == 0 {
            return self.start(node);
        }
        for event in std::mem::take(&mut self.nodes[node].missed) {
            self.tell(node, Told::Validator(validator::Input::Event(event.clone())));
            self.tell(node, Told::Warden(warden::Input::Event(event)));
        }
        self.tell(node, Told::Validator(validator::Input::Block(block)));
        self.tell(node, Told::Warden(warden::Input::Block(block)));
    }

    /// New machines: the view, history with quiet blocks left out, and the log little by little.
    pub fn start(&mut self, node: usize) {
        let signing = std::mem::take(&mut self.nodes[node].signing);
        let old = std::mem::replace(&mut self.nodes[node], Node::new(node as u8 + 1, signing));
        self.nodes[node].tried = old.tried;
        let view = self.court.view(Court::epoch_of(self.court.round()));
        let near = self.history.len().saturating_sub(self.plot.draw(1 + 600_000 / self.plot.spacing_ms) as usize);
        let history: Vec<_> =
            self.history.iter().cloned().enumerate().filter(|(place, (_, events))| *place >= near || !events.is_empty()).collect();
        let mut inputs = vec![Told::Validator(validator::Input::Group(view.clone())), Told::Warden(warden::Input::Group(view))];
        for (_, (block, events)) in history {
            inputs.extend(events.iter().cloned().map(|event| Told::Validator(validator::Input::Event(event))));
            inputs.extend(events.into_iter().map(|event| Told::Warden(warden::Input::Event(event))));
            inputs.extend([Told::Validator(validator::Input::Block(block)), Told::Warden(warden::Input::Block(block))]);
        }
        inputs.extend([Told::Validator(validator::Input::Live), Told::Warden(warden::Input::Live)]);
        inputs.into_iter().for_each(|input| self.tell(node, input));
        for (_, word) in self.log.clone() {
            self.send(node, &word, COPY_MS);
        }
    }

    /// Somebody writes into the log.
    pub fn write(&mut self, word: &Word) {
        self.log.push((self.now_ms, word.clone()));
        for node in 0..self.nodes.len() {
            for _ in 0..=self.plot.draw(2) {
                self.send(node, word, DELAY_MS);
            }
        }
    }

    pub fn send(&mut self, node: usize, word: &Word, delay_ms: u64) {
        let due_ms = self.now_ms + if self.plot.is_rough { self.plot.draw(delay_ms) } else { 0 };
        let told = match word.clone() {
            Word::Verdict(verdict) => vec![Told::Validator(validator::Input::Heard(verdict)), Told::Warden(warden::Input::Heard(verdict))],
            Word::Have { round, file, position } => vec![Told::Validator(validator::Input::Have { round, file, position })],
            Word::Alarm(verdict) => vec![Told::Warden(warden::Input::Alarmed(verdict))],
        };
        self.nodes[node].under_way.extend(told.into_iter().map(|told| (due_ms, told)));
    }

    /// What has come by now, in any order.
    pub fn deliver(&mut self, node: usize) {
        loop {
            let now_ms = self.now_ms;
            let (mut due, later): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.nodes[node].under_way).into_iter().partition(|(due_ms, _)| *due_ms <= now_ms);
            self.nodes[node].under_way = later;
            if due.is_empty() {
                return;
            }
            if self.plot.is_rough && self.plot.draw(2) == 0 {
                due.reverse();
            }
            due.into_iter().for_each(|(_, told)| self.tell(node, told));
        }
    }

    pub fn tell(&mut self, node: usize, told: Told) {
        match told {
            Told::Validator(input) => {
                let effects = self.nodes[node].validator.handle(input);
                effects.into_iter().for_each(|effect| self.judge(node, effect));
            }
            Told::Warden(input) => {
                let effects = self.nodes[node].warden.handle(input);
                effects.into_iter().for_each(|effect| self.watch(node, effect));
            }
        }
    }
}
