//! A trainer in any weather: blocks a quarter of a second to thirty seconds apart, transactions that are dropped, mined late or
//! refused, answers that come twice, late or never, and restarts at any block.

use std::collections::{BTreeMap, BTreeSet};

use crate::contracts::*;
use crate::world::*;
use proptest::prelude::*;
use protocol::chain::{Block, ChainEvent, GroupView, Phase, Times};
use protocol::machine::{Heard, Machine};
use protocol::rules::{claim_hash, seal};
use protocol::trainer::{Effect, Failed, Input, MAX_ATTEMPTS, MAX_COLLECTS, MAX_EARLY, Measured, Remembered, Trainer, Transaction};
use protocol::{Digest, Micronats, RoundNumber};

const ROUNDS: u64 = 4;
/// Blocks of a phase.
const PHASE: u64 = 12;
/// Seconds after which what is asked for again and again must have succeeded: the longest pause is an hour and a bit.
const LONG_S: u64 = 6_000;

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
    contracts: Contracts,
    /// What was told of each block, before it.
    history: Vec<(Block, Vec<Heard>)>,
    /// By the number of the block that carries or brings them.
    pool: BTreeMap<u64, Vec<Call>>,
    answers: BTreeMap<u64, Vec<Input>>,
    seeds: BTreeMap<RoundNumber, Digest>,
    asks: BTreeMap<RoundNumber, Ask>,
    runs: BTreeMap<RoundNumber, u32>,
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
    let (tape, disk, history) = (Tape::new(drawn), Vec::new(), vec![(first, Vec::new())]);
    let contracts = Contracts { view, facts: BTreeMap::new() };
    let (pool, answers) = (BTreeMap::new(), BTreeMap::new());
    let (seeds, asks, runs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut play = Play { tape, spacing_s, trainer, disk, contracts, history, pool, answers, seeds, asks, runs };
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
            spacing_s if number.is_multiple_of(4) => spacing_s,
            spacing_s => spacing_s - u64::from(self.tape.draw(2)).min(spacing_s - 1),
        };
        let time_s = self.last().time_s + step_s;
        Block { number, time_s, hash: digest(&format!("block {number}")) }
    }

    /// One block, with all that it carries and all answers that come with it.
    fn step(&mut self) {
        let block = self.next_block();
        let before_s = self.last().time_s;
        let clock = self.contracts.view.clock(block.time_s);
        let reveal_s = self.contracts.view.times.reveal_start_s(GENESIS_S, clock.round);
        if before_s < reveal_s && reveal_s <= block.time_s {
            self.seeds.insert(clock.round, block.hash);
        }
        let mut events = self.contracts.others(block, &mut self.tape);
        for call in self.pool.remove(&block.number).unwrap_or_default() {
            events.extend(self.contracts.carry(call, block));
        }
        let mut heard: Vec<Heard> = events.into_iter().map(|event| Heard::Event { block, event }).collect();
        if self.contracts.view.clock(before_s).round != clock.round || !heard.is_empty() {
            heard.insert(0, Heard::Group(self.contracts.view.clone()));
        }
        self.history.push((block, heard.clone()));
        for heard in heard.into_iter().chain([Heard::Block(block)]) {
            let effects = self.trainer.hear(heard);
            self.act(effects);
        }
        for answer in self.answers.remove(&block.number).unwrap_or_default() {
            self.answer(answer);
        }
        if self.tape.draw(40) == 1 {
            self.restart();
        }
    }

    fn answer(&mut self, answer: Input) {
        let twice = self.tape.draw(5) == 1;
        if let Input::Sent { what, round, result: Err(_) } = &answer {
            let now_s = self.last().time_s;
            if let Some(ask) = self.asks.get_mut(round).filter(|ask| ask.what == *what) {
                ask.refused_s = Some(now_s);
            }
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
        self.trainer.hear(Heard::Group(self.contracts.view.clone()));
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
                let result = if self.tape.draw(9) == 1 { Err("disk full".into()) } else { Ok(()) };
                if result.is_ok() {
                    self.disk.push(Remembered { round, file, salt });
                }
                self.answer(Input::Remembered { round, result });
            }
            Effect::Measure { round, seed, file, .. } => self.measure(round, seed, file),
            Effect::Check { claim, hash, .. } => {
                assert_eq!(hash, claim_hash(claim.file, claim.base, claim.loss, claim.loss_root));
                let result = if self.tape.draw(3) == 1 { Err("not here".into()) } else { Ok(true) };
                self.later(Input::Checked { round: claim.round, claim: hash, result });
            }
            Effect::Commit { round, seal: of, .. } => {
                let sealed = |one: &Remembered| seal(GROUP, one.round, one.file, account(1), one.salt);
                assert!(self.disk.iter().any(|one| one.round == round && sealed(one) == of), "the salt is not on disk");
                self.send(Transaction::Commit, round, Call::Commit(round, of));
            }
            Effect::Reveal { round, salt, file, measured } => {
                assert_eq!(
                    self.contracts.facts(round).seal,
                    Some(seal(GROUP, round, file, account(1), salt)),
                    "another file than the sealed one"
                );
                assert!(self.contracts.view.improves(measured.base, measured.loss) && measured.is_certain);
                self.opens(Transaction::Reveal, round, Call::Reveal(round, measured, file));
            }
            Effect::Concede { round, salt, file, rival } => {
                assert_eq!(
                    self.contracts.facts(round).seal,
                    Some(seal(GROUP, round, file, account(1), salt)),
                    "another file than the sealed one"
                );
                assert_eq!(self.contracts.facts(round).rival.map(|claim| claim.trainer), Some(rival));
                self.opens(Transaction::Concede, round, Call::Concede(round));
            }
            Effect::Settle { round } => {
                let now = self.last();
                assert!(self.contracts.facts(round).settled || self.contracts.can_settle(round, now), "{round} cannot be settled yet");
                self.send(Transaction::Settle, round, Call::Settle(round));
            }
            Effect::Collect { rounds } => {
                for round in rounds {
                    assert!(self.contracts.facts(round).winner == Some(account(1)) && self.contracts.is_mature(round, self.last()));
                    self.send(Transaction::Collect, round, Call::Collect(round));
                }
            }
            Effect::Cancel { .. } | Effect::Have { .. } | Effect::Publish { .. } | Effect::TellRoot { .. } => {}
            Effect::Finishing { .. } | Effect::Done(_) | Effect::Doubled { .. } => {}
        }
    }

    fn later(&mut self, answer: Input) {
        let blocks = 1 + u64::from(self.tape.draw(5));
        self.answers.entry(self.last().number + blocks).or_default().push(answer);
    }

    fn train(&mut self, round: RoundNumber, attempt: u32) {
        let runs = self.runs.entry(round).or_default();
        *runs += 1;
        assert!(*runs <= MAX_ATTEMPTS + MAX_EARLY);
        let file = digest(&format!("file {round} {attempt} {}", self.last().number));
        match self.tape.draw(5) {
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
        let result = match self.tape.draw(6) {
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
        let clock = self.contracts.view.clock(now.time_s);
        assert_eq!((clock.round, clock.phase), (round, Phase::Reveal));
        assert!(now.time_s + TRAINER_EDGE_S < clock.phase_end_s, "too late");
        self.asks.insert(round, Ask { what, at_s: now.time_s, refused_s: None });
        self.send(what, round, call);
    }

    /// It is carried out, refused, dropped, forgotten, or carried out though it seemed to be lost.
    fn send(&mut self, what: Transaction, round: RoundNumber, call: Call) {
        let next = self.last().number + 1;
        let fate = self.tape.draw(7);
        let carried = match fate {
            0 | 1 => Some(next),
            2 | 5 => Some(next + 1 + u64::from(self.tape.draw(3))),
            _ => None,
        };
        if let Some(number) = carried {
            self.pool.entry(number).or_default().push(call);
        }
        let result = match fate {
            3 => Err(Failed::Refused("not now".into())),
            5 => Err(Failed::Passing("no answer".into())),
            _ => Ok(()),
        };
        if fate != 6 {
            self.answers.entry(carried.filter(|_| fate < 3).unwrap_or(next)).or_default().push(Input::Sent { what, round, result });
        }
    }

    /// After the last block at which a seal can still be opened by the next one: it was asked for lately, or again after a refusal.
    fn check_opening(&mut self, round: RoundNumber, at: Block) {
        let (spacing_s, ask) = (self.spacing_s.max(1), self.asks.get(&round).copied());
        let facts = self.contracts.facts(round);
        let is_open = facts.own.is_some() || facts.conceded;
        if facts.seal.is_none() || is_open {
            return;
        }
        let ask = ask.unwrap_or_else(|| panic!("{round} is neither revealed nor conceded"));
        assert!(ask.at_s + 8 * spacing_s >= at.time_s, "{round} was not asked for again: {ask:?}");
        // What is refused after that block nobody can mend; a concession is not asked for twice at one block.
        let mendable_s = at.time_s + u64::from(ask.what == Transaction::Reveal);
        assert!(ask.refused_s.is_none_or(|refused_s| refused_s >= mendable_s), "left alone: {ask:?}");
    }

    fn run(&mut self) {
        let end_s = self.contracts.view.times.round_start_s(GENESIS_S, RoundNumber(ROUNDS));
        while self.last().time_s < end_s {
            let (before, clock) = (self.last(), self.contracts.view.clock(self.last().time_s));
            // Who comes last of all cannot be conceded to.
            let has_rival = self.contracts.facts(clock.round).rival.is_some();
            self.step();
            let after_s = self.last().time_s;
            let edge_s = TRAINER_EDGE_S.max(self.spacing_s.max(1));
            let was_open = clock.phase == Phase::Reveal && before.time_s + edge_s < clock.phase_end_s;
            if was_open && has_rival && after_s + edge_s >= clock.phase_end_s && after_s > before.time_s {
                self.check_opening(clock.round, before);
            }
        }
        self.tape.is_calm = true;
        let effects = self.trainer.finish();
        self.act(effects);
        let late_s = end_s + self.contracts.view.maturity_s + LONG_S;
        while self.last().time_s < late_s && !self.is_all_home() {
            self.step();
        }
    }

    fn is_all_home(&self) -> bool {
        let is_home = |facts: &Facts| facts.settled && (facts.collected || facts.winner != Some(account(1)));
        self.trainer.is_finished() && self.contracts.facts.values().all(|facts| facts.seal.is_none() || is_home(facts))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_seal_is_opened_in_time_and_all_that_is_owed_comes_home(drawn in prop::collection::vec(any::<u8>(), 0..900), spacing_s in 0..31_u64) {
        let mut play = play(drawn, spacing_s);
        play.run();
        prop_assert!(play.is_all_home(), "{:?}", play.contracts.facts);
    }
}

#[test]
fn in_fair_weather_every_round_is_raced() {
    for spacing_s in [0, 1, 12, 30] {
        let mut play = play(Vec::new(), spacing_s);
        play.run();
        let revealed: BTreeSet<_> =
            play.contracts.facts.iter().filter(|(_, facts)| facts.own.is_some()).map(|(round, _)| round.0).collect();
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
