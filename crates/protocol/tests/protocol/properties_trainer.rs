//! A trainer in any weather: blocks a quarter of a second to thirty seconds apart, transactions that are dropped, mined late or
//! refused, answers that come twice, late or never, and restarts at any block.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::*;
use proptest::prelude::*;
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, Phase, RevealedClaim, Times};
use protocol::machine::{Heard, Machine};
use protocol::rules::{claim_hash, rank_key, seal};
use protocol::trainer::{Effect, Input, MAX_ATTEMPTS, MAX_COLLECTS, MAX_EARLY, Measured, Remembered, Trainer, Transaction};
use protocol::{Address, Digest, Micronats, RoundNumber, Wei};

const BASE: Micronats = Micronats(2_000_000);
const ROUNDS: u64 = 4;
/// Blocks of a phase.
const PHASE: u64 = 12;
/// Seconds after which what is asked for again and again must have succeeded: the longest pause is an hour and a bit.
const LONG_S: u64 = 6_000;

/// Choices that were drawn before; when they are used up all is well.
struct Tape {
    drawn: Vec<u8>,
    next: usize,
}

impl Tape {
    /// One of so many; 0 is the good one.
    fn draw(&mut self, of: u8) -> u8 {
        self.next += 1;
        self.drawn.get(self.next - 1).map_or(0, |drawn| drawn % of)
    }
}

/// A transaction that a block may carry.
#[derive(Debug, Clone)]
enum Call {
    Commit(RoundNumber, Digest),
    Reveal(RoundNumber, Measured, Digest),
    Concede(RoundNumber),
    Settle(RoundNumber),
    Collect(RoundNumber),
}

/// What the contracts know of a round.
#[derive(Debug, Default)]
struct Facts {
    opened: bool,
    commits: u64,
    seal: Option<Digest>,
    own: Option<RevealedClaim>,
    conceded: bool,
    rival: Option<RevealedClaim>,
    outcome: Outcome,
    winner: Option<Address>,
    is_decided: bool,
    settled: bool,
    collected: bool,
}

/// The last time that a seal was to be opened, and the second in which that was refused.
#[derive(Debug, Clone, Copy)]
struct Ask {
    what: Transaction,
    at_s: u64,
    refused_s: Option<u64>,
}

struct Play {
    tape: Tape,
    spacing_s: u64,
    trainer: Trainer,
    disk: Vec<Remembered>,
    view: GroupView,
    /// What was told of each block, before it.
    history: Vec<(Block, Vec<Heard>)>,
    /// By the number of the block that carries or brings them.
    pool: BTreeMap<u64, Vec<Call>>,
    answers: BTreeMap<u64, Vec<Input>>,
    facts: BTreeMap<RoundNumber, Facts>,
    seeds: BTreeMap<RoundNumber, Digest>,
    asks: BTreeMap<RoundNumber, Ask>,
    runs: BTreeMap<RoundNumber, u32>,
    is_calm: bool,
}

fn play(drawn: Vec<u8>, spacing_s: u64) -> Play {
    let step_s = spacing_s.max(1);
    let times = Times { train_s: PHASE * step_s, reveal_s: PHASE * step_s, judge_s: PHASE * step_s };
    let view = GroupView { times, maturity_s: 2 * times.length_s(), ..group() };
    let mut trainer = Trainer::new(trainer_config(), []);
    trainer.hear(Heard::Group(view.clone()));
    let first = Block { number: 1, ..block(GENESIS_S - 1) };
    trainer.hear(Heard::Block(first));
    let effects = trainer.hear(Heard::Live);
    let (tape, disk, history) = (Tape { drawn, next: 0 }, Vec::new(), vec![(first, Vec::new())]);
    let (pool, answers, facts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (seeds, asks, runs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut play = Play { tape, spacing_s, trainer, disk, view, history, pool, answers, facts, seeds, asks, runs, is_calm: false };
    play.act(effects);
    play
}

impl Play {
    fn last(&self) -> Block {
        self.history.last().unwrap().0
    }

    /// 0 stands for four blocks a second. Every fourth gap is as long as gaps get, so that they can be learned.
    fn next_block(&mut self) -> Block {
        let number = self.last().number + 1;
        let step_s = match self.spacing_s {
            0 => u64::from(number.is_multiple_of(4)),
            spacing_s if number.is_multiple_of(4) || self.is_calm => spacing_s,
            spacing_s => spacing_s - u64::from(self.tape.draw(2)).min(spacing_s - 1),
        };
        let time_s = self.last().time_s + step_s;
        Block { number, time_s, hash: digest(&format!("block {number}")) }
    }

    fn facts(&mut self, round: RoundNumber) -> &mut Facts {
        self.facts.entry(round).or_default()
    }

    /// One block, with all that it carries and all answers that come with it.
    fn step(&mut self) {
        let block = self.next_block();
        let before_s = self.last().time_s;
        let clock = self.view.clock(block.time_s);
        let reveal_s = self.view.times.reveal_start_s(GENESIS_S, clock.round);
        if before_s < reveal_s && reveal_s <= block.time_s {
            self.seeds.insert(clock.round, block.hash);
        }
        let mut events = self.others(block);
        for call in self.pool.remove(&block.number).unwrap_or_default() {
            events.extend(self.carry(call, block));
        }
        let mut heard: Vec<Heard> = events.into_iter().map(|event| Heard::Event { block, event }).collect();
        if self.view.clock(before_s).round != clock.round || !heard.is_empty() {
            heard.insert(0, Heard::Group(self.view.clone()));
        }
        self.history.push((block, heard.clone()));
        for heard in heard.into_iter().chain([Heard::Block(block)]) {
            let effects = self.trainer.hear(heard);
            self.act(effects);
        }
        for answer in self.answers.remove(&block.number).unwrap_or_default() {
            self.answer(answer);
        }
        if !self.is_calm && self.tape.draw(40) == 1 {
            self.restart();
        }
    }

    fn answer(&mut self, answer: Input) {
        let twice = !self.is_calm && self.tape.draw(5) == 1;
        if let Input::Sent { what, round, result: Err(_) } = &answer {
            let now_s = self.last().time_s;
            let ask = self.asks.get_mut(round).filter(|ask| ask.what == *what);
            ask.map(|ask| ask.refused_s = Some(now_s));
        }
        for answer in std::iter::repeat_n(answer, 1 + usize::from(twice)) {
            let effects = self.trainer.answer(answer);
            self.act(effects);
        }
    }

    /// The program ends and begins, or history is told anew; long ago quiet blocks are left out.
    fn restart(&mut self) {
        match self.tape.draw(2) {
            0 => self.trainer = Trainer::new(trainer_config(), self.disk.iter().copied()),
            _ => drop(self.trainer.hear(Heard::Restart)),
        }
        self.answers.clear();
        self.runs.clear();
        self.trainer.hear(Heard::Group(self.view.clone()));
        let near = self.history.len().saturating_sub(3 * PHASE as usize * if self.spacing_s == 0 { 4 } else { 1 });
        for (place, (block, heard)) in self.history.clone().into_iter().enumerate() {
            if place < near && heard.is_empty() && place > 0 {
                continue;
            }
            for heard in heard.into_iter().filter(|heard| !matches!(heard, Heard::Group(_))).chain([Heard::Block(block)]) {
                let effects = self.trainer.hear(heard);
                assert!(effects.iter().all(|effect| matches!(effect, Effect::Publish { .. })), "history asks for nothing: {effects:?}");
            }
        }
        let effects = self.trainer.hear(Heard::Live);
        self.act(effects);
    }

    /// What others do: open the round, commit, reveal, judge.
    fn others(&mut self, block: Block) -> Vec<ChainEvent> {
        let clock = self.view.clock(block.time_s);
        let (round, checkpoint) = (clock.round, self.view.checkpoint);
        if round.0 >= ROUNDS || self.is_calm {
            return Vec::new();
        }
        let mut events = Vec::new();
        match clock.phase {
            Phase::Train if !self.facts(round).opened && self.tape.draw(6) == 1 => {
                events.extend(self.open(round, checkpoint));
                let place = self.place(round);
                events.push(ChainEvent::Committed { group: GROUP, round, trainer: account(50), number: place, seal: digest("theirs") });
            }
            Phase::Reveal if self.facts(round).rival.is_none() && self.facts(round).opened && self.tape.draw(4) == 1 => {
                let loss = Micronats([1_800_000, 1_950_000][usize::from(self.tape.draw(2))]);
                let claim = RevealedClaim { trainer: account(50), ..claim(round, 50, BASE, loss, "rival") };
                self.facts(round).rival = Some(claim);
                events.push(ChainEvent::Revealed(claim));
            }
            Phase::Judge if !self.facts(round).is_decided && self.tape.draw(6) == 1 => events.extend(self.decide(round)),
            _ => {}
        }
        events
    }

    fn open(&mut self, round: RoundNumber, checkpoint: Digest) -> Option<ChainEvent> {
        let is_first = !std::mem::replace(&mut self.facts(round).opened, true);
        is_first.then(|| opened_event(round, checkpoint))
    }

    fn place(&mut self, round: RoundNumber) -> u64 {
        self.facts(round).commits += 1;
        self.facts(round).commits
    }

    fn decide(&mut self, round: RoundNumber) -> Option<ChainEvent> {
        let choice = self.tape.draw(3);
        let facts = self.facts(round);
        let claims = [facts.own, facts.rival, None];
        let winner = claims[usize::from(choice)];
        if facts.own.is_none() && facts.rival.is_none() || (winner.is_none() && choice < 2) {
            return None;
        }
        facts.is_decided = true;
        facts.outcome = if winner.is_some() { Outcome::Won } else { Outcome::Lost };
        facts.winner = winner.map(|claim| claim.trainer);
        let (outcome, trainer) = (facts.outcome, facts.winner.unwrap_or(Address::ZERO));
        let file = winner.map_or(Digest::ZERO, |claim| claim.file);
        if winner.is_some() {
            self.view.checkpoint = file;
        }
        Some(decided_event(round, outcome, digest("claim"), trainer, file))
    }

    /// As the contract does.
    fn carry(&mut self, call: Call, block: Block) -> Vec<ChainEvent> {
        let clock = self.view.clock(block.time_s);
        let (own, checkpoint, group) = (account(1), self.view.checkpoint, GROUP);
        match call {
            Call::Commit(round, seal) if (round, Phase::Train) == (clock.round, clock.phase) && self.facts(round).seal.is_none() => {
                self.facts(round).seal = Some(seal);
                let (opened, number) = (self.open(round, checkpoint), self.place(round));
                opened.into_iter().chain([ChainEvent::Committed { group, round, trainer: own, number, seal }]).collect()
            }
            Call::Reveal(round, measured, file) if self.can_open(round, block) => {
                let Measured { base, loss, loss_root, .. } = measured;
                let claim = RevealedClaim { group, round, trainer: own, number: 1, file, base, loss, loss_root };
                self.facts(round).own = Some(claim);
                vec![ChainEvent::Revealed(claim)]
            }
            Call::Concede(round) if self.can_open(round, block) => {
                self.facts(round).conceded = true;
                vec![conceded_event(round, 1, 50, 1)]
            }
            Call::Settle(round) if self.can_settle(round, block) => {
                self.facts(round).settled = true;
                vec![settled_event(round, 1)]
            }
            Call::Collect(round) if self.is_mature(round, block) && !self.facts(round).collected => {
                (self.facts(round).settled, self.facts(round).collected) = (true, true);
                vec![ChainEvent::Collected { group, round, winner: own, to: own, asked: REWARD, issued: REWARD, deposit: Wei::nrn(1) }]
            }
            _ => Vec::new(),
        }
    }

    fn can_open(&mut self, round: RoundNumber, block: Block) -> bool {
        let clock = self.view.clock(block.time_s);
        let facts = self.facts(round);
        facts.seal.is_some() && facts.own.is_none() && !facts.conceded && (round, Phase::Reveal) == (clock.round, clock.phase)
    }

    fn is_mature(&self, round: RoundNumber, block: Block) -> bool {
        block.time_s >= self.view.times.round_end_s(GENESIS_S, round) + self.view.maturity_s
    }

    fn can_settle(&mut self, round: RoundNumber, block: Block) -> bool {
        let is_mature = self.is_mature(round, block);
        let is_over = self.view.clock(block.time_s).round > round;
        let facts = self.facts(round);
        let rank = |claim: RevealedClaim| rank_key(claim.base, claim.loss, claim.number);
        let is_ahead = facts.winner == Some(account(50)) && facts.own.zip(facts.rival).is_some_and(|(own, rival)| rank(own) < rank(rival));
        let waits = facts.own.is_some() && (facts.outcome == Outcome::Lost || is_ahead);
        is_over && !facts.settled && (is_mature || !waits)
    }

    fn act(&mut self, effects: Vec<Effect>) {
        assert!(effects.len() <= MAX_COLLECTS + 8, "{effects:?}");
        for effect in effects {
            self.do_one(effect);
        }
    }

    fn do_one(&mut self, effect: Effect) {
        match effect {
            Effect::Train { round, attempt, .. } => self.train(round, attempt),
            Effect::Remember { round, file, salt } => {
                let result = if self.luck(9) == 1 { Err("disk full".into()) } else { Ok(()) };
                if result.is_ok() {
                    self.disk.push(Remembered { round, file, salt });
                }
                self.answer(Input::Remembered { round, result });
            }
            Effect::Measure { round, seed, file, .. } => self.measure(round, seed, file),
            Effect::Check { claim, hash, .. } => {
                assert_eq!(hash, claim_hash(claim.file, claim.base, claim.loss, claim.loss_root));
                let result = if self.luck(3) == 1 { Err("not here".into()) } else { Ok(true) };
                self.later(Input::Checked { round: claim.round, claim: hash, result });
            }
            Effect::Commit { round, seal: of, .. } => {
                let sealed = |one: &Remembered| seal(GROUP, one.round, one.file, account(1), one.salt);
                assert!(self.disk.iter().any(|one| one.round == round && sealed(one) == of), "the salt is not on disk");
                self.send(Transaction::Commit, round, Call::Commit(round, of));
            }
            Effect::Reveal { round, salt, file, measured } => {
                assert_eq!(self.facts(round).seal, Some(seal(GROUP, round, file, account(1), salt)), "another file than the sealed one");
                assert!(self.view.improves(measured.base, measured.loss) && measured.is_certain);
                self.opens(Transaction::Reveal, round, Call::Reveal(round, measured, file));
            }
            Effect::Concede { round, salt, file, rival } => {
                assert_eq!(self.facts(round).seal, Some(seal(GROUP, round, file, account(1), salt)), "another file than the sealed one");
                assert_eq!(self.facts(round).rival.map(|claim| claim.trainer), Some(rival));
                self.opens(Transaction::Concede, round, Call::Concede(round));
            }
            Effect::Settle { round } => {
                let now = self.last();
                assert!(self.facts(round).settled || self.can_settle(round, now), "{round} cannot be settled yet");
                self.send(Transaction::Settle, round, Call::Settle(round));
            }
            Effect::Collect { rounds } => {
                for round in rounds {
                    assert!(self.facts(round).winner == Some(account(1)) && self.is_mature(round, self.last()));
                    self.send(Transaction::Collect, round, Call::Collect(round));
                }
            }
            Effect::Cancel { .. } | Effect::Have { .. } | Effect::Publish { .. } | Effect::TellRoot { .. } => {}
            Effect::Finishing { .. } | Effect::Done(_) => {}
        }
    }

    fn luck(&mut self, of: u8) -> u8 {
        if self.is_calm { 0 } else { self.tape.draw(of) }
    }

    fn later(&mut self, answer: Input) {
        let blocks = 1 + u64::from(self.luck(5));
        self.answers.entry(self.last().number + blocks).or_default().push(answer);
    }

    fn train(&mut self, round: RoundNumber, attempt: u32) {
        let runs = self.runs.entry(round).or_default();
        *runs += 1;
        assert!(*runs <= MAX_ATTEMPTS + MAX_EARLY);
        let file = digest(&format!("file {round} {attempt} {}", self.last().number));
        match self.luck(5) {
            1 => self.later(Input::TrainFailed { round, attempt, reason: "no set".into() }),
            2 => self.later(Input::Trained { round, attempt, file, base: BASE, loss: BASE }),
            3 => {}
            _ => self.later(Input::Trained { round, attempt, file, base: BASE, loss: Micronats(1_900_000) }),
        }
    }

    fn measure(&mut self, round: RoundNumber, seed: Digest, file: Digest) {
        assert_eq!(self.seeds.get(&round), Some(&seed), "a seed is not guessed");
        assert!(self.disk.iter().any(|one| (one.round, one.file) == (round, file)));
        let measured = |loss, is_certain| Ok(Measured { base: BASE, loss: Micronats(loss), loss_root: digest("root"), is_certain });
        let result = match self.luck(6) {
            1 => Err("no memory".into()),
            2 => measured(BASE.0, true),
            3 => measured(1_900_000, false),
            4 => return,
            _ => measured(1_900_000, true),
        };
        self.later(Input::Measured { round, result });
    }

    fn opens(&mut self, what: Transaction, round: RoundNumber, call: Call) {
        let now = self.last();
        let clock = self.view.clock(now.time_s);
        assert_eq!((clock.round, clock.phase), (round, Phase::Reveal));
        assert!(now.time_s + trainer_config().edge_s < clock.phase_end_s, "too late");
        self.asks.insert(round, Ask { what, at_s: now.time_s, refused_s: None });
        self.send(what, round, call);
    }

    /// It is carried out, refused, dropped, forgotten, or carried out though it seemed to be lost.
    fn send(&mut self, what: Transaction, round: RoundNumber, call: Call) {
        let next = self.last().number + 1;
        let fate = self.luck(7);
        let carried = match fate {
            0 | 1 => Some(next),
            2 | 5 => Some(next + 1 + u64::from(self.luck(3))),
            _ => None,
        };
        if let Some(number) = carried {
            self.pool.entry(number).or_default().push(call);
        }
        let result = if matches!(fate, 3 | 5) { Err("no answer".into()) } else { Ok(()) };
        if fate != 6 {
            self.answers.entry(carried.filter(|_| fate < 3).unwrap_or(next)).or_default().push(Input::Sent { what, round, result });
        }
    }

    /// After the last block at which a seal can still be opened by the next one: it was asked for lately, or again after a refusal.
    fn check_opening(&mut self, round: RoundNumber, at: Block) {
        let (spacing_s, ask) = (self.spacing_s.max(1), self.asks.get(&round).copied());
        let facts = self.facts(round);
        let is_open = facts.own.is_some() || facts.conceded;
        if facts.seal.is_none() || is_open || facts.rival.is_none() {
            return;
        }
        let ask = ask.unwrap_or_else(|| panic!("{round} is neither revealed nor conceded"));
        assert!(ask.at_s + 8 * spacing_s >= at.time_s, "{round} was not asked for again: {ask:?}");
        // What is refused after that block nobody can mend; a concession is not asked for twice at one block.
        let mendable_s = at.time_s + u64::from(ask.what == Transaction::Reveal);
        assert!(ask.refused_s.is_none_or(|refused_s| refused_s >= mendable_s), "left alone: {ask:?}");
    }

    fn run(&mut self) {
        let end_s = self.view.times.round_start_s(GENESIS_S, RoundNumber(ROUNDS));
        while self.last().time_s < end_s {
            let (before, clock) = (self.last(), self.view.clock(self.last().time_s));
            self.step();
            let after_s = self.last().time_s;
            let edge_s = trainer_config().edge_s.max(self.spacing_s.max(1));
            let was_open = clock.phase == Phase::Reveal && before.time_s + edge_s < clock.phase_end_s;
            if was_open && after_s + edge_s >= clock.phase_end_s && after_s > before.time_s {
                self.check_opening(clock.round, before);
            }
        }
        self.is_calm = true;
        let effects = self.trainer.finish();
        self.act(effects);
        let late_s = end_s + self.view.maturity_s + LONG_S;
        while self.last().time_s < late_s && !self.is_all_home() {
            self.step();
        }
    }

    fn is_all_home(&self) -> bool {
        let is_home = |facts: &Facts| facts.settled && (facts.collected || facts.winner != Some(account(1)));
        self.trainer.is_finished() && self.facts.values().all(|facts| facts.seal.is_none() || is_home(facts))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_seal_is_opened_in_time_and_all_that_is_owed_comes_home(drawn in prop::collection::vec(any::<u8>(), 0..900), spacing_s in 0..31_u64) {
        let mut play = play(drawn, spacing_s);
        play.run();
        prop_assert!(play.is_all_home(), "{:?}", play.facts);
    }
}

#[test]
fn in_fair_weather_every_round_is_raced() {
    for spacing_s in [0, 1, 12, 30] {
        let mut play = play(Vec::new(), spacing_s);
        play.run();
        let revealed: BTreeSet<_> = play.facts.iter().filter(|(_, facts)| facts.own.is_some()).map(|(round, _)| round.0).collect();
        assert!(revealed.is_superset(&(0..ROUNDS).collect()), "{spacing_s}: {revealed:?}");
    }
}

/// What a machine holds, in letters.
fn size(trainer: &Trainer) -> usize {
    format!("{trainer:?}").len()
}

#[test]
fn what_a_machine_holds_does_not_grow_with_history() {
    let mut trainer = Trainer::new(trainer_config(), []);
    trainer.hear(Heard::Group(group()));
    trainer.hear(Heard::Live);
    let mut sizes = BTreeSet::new();
    for round in (100..400).map(RoundNumber) {
        trainer.hear(Heard::Block(at(round, 1)));
        for event in [opened_event(round, digest("checkpoint")), ChainEvent::Revealed(claim(round, 50, BASE, Micronats(1), "file"))] {
            trainer.hear(Heard::Event { block: at(round, 2), event });
        }
        trainer.hear(Heard::Block(at(round, 39)));
        sizes.insert(size(&trainer));
    }
    let (least, most) = (sizes.first().unwrap(), sizes.last().unwrap());
    assert!(*most < least + 400 || *most < 12_000, "{sizes:?}");
}
