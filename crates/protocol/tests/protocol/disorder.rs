//! Facts in any order, twice, late or never: the machines do not panic and keep their promises.

use protocol::pace::Tempo;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, Phase};
use protocol::rules::seal;
use protocol::trainer::{self, MAX_ATTEMPTS, MAX_EARLY, Measured, Trainer, Transaction};
use protocol::validator::{self, BaseFinding, Fetched, Finding, Validator};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber, Wei};

use crate::story::config;
use crate::world::*;

const BASE: Micronats = Micronats(2_000_000);
const EDGE_S: u64 = 2;

/// One fact of a story; numbers choose among few, so that facts fit one another often.
#[derive(Debug, Clone)]
struct Fact {
    kind: u8,
    round: u64,
    who: u8,
    good: bool,
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0..16_u8, 0..4_u64, 1..5_u8, prop::bool::weighted(0.8));
    prop::collection::vec(fact.prop_map(|(kind, round, who, good)| Fact { kind, round, who, good }), 0..300)
}

/// The chain goes on by some seconds with some facts, and so through all phases of all rounds.
struct Time(u64);

impl Time {
    fn next(&mut self, fact: &Fact) -> Block {
        self.0 += u64::from(fact.who) * 2;
        block(self.0)
    }
}

fn event(fact: &Fact) -> ChainEvent {
    let (round, outcome) = (RoundNumber(fact.round), if fact.good { Outcome::Won } else { Outcome::Lost });
    let file = digest(&format!("file {}", fact.who));
    match fact.kind % 6 {
        0 => opened_event(round, digest("checkpoint")),
        1 => ChainEvent::Revealed(claim(round, fact.who, BASE, Micronats(1_900_000), &format!("file {}", fact.who))),
        2 => decided_event(round, outcome, digest("c"), account(fact.who), file),
        3 => judged_event(round, digest("c"), &[u64::from(fact.who)]),
        4 => settled_event(round, fact.who),
        _ => {
            let (group, winner, to, deposit) = (GROUP, account(fact.who), account(fact.who), Wei::nrn(1));
            ChainEvent::Collected { group, round, winner, to, asked: REWARD, issued: REWARD, deposit }
        }
    }
}

fn view(fact: &Fact) -> GroupView {
    let mut view = group();
    view.positions[0].awake = fact.good;
    view.checkpoint = digest(if fact.good { "checkpoint" } else { "other" });
    view
}

fn answer(fact: &Fact) -> Result<(), String> {
    if fact.good { Ok(()) } else { Err("broken".into()) }
}

fn tell_validator(fact: &Fact, time: &mut Time) -> validator::Input {
    use validator::Input;
    let (round, file) = (RoundNumber(fact.round), digest(&format!("file {}", fact.who)));
    let known = claim(round, fact.who, BASE, Micronats(1_900_000), &format!("file {}", fact.who));
    let hash = protocol::rules::claim_hash(known.file, known.base, known.loss, known.loss_root);
    match fact.kind {
        0 => Input::Live,
        1 => Input::Group(view(fact)),
        2 => Input::Heard(verdict(fact.who, round, if fact.good { hash } else { Digest::ZERO })),
        3 => Input::Have { round, file, position: PositionNumber(fact.who.into()) },
        4 => Input::BaseMeasured { round, result: answer(fact).map(|()| BaseFinding { base: BASE, probe: digest("p") }) },
        5 => Input::Fetched { round, file, result: if fact.good { Fetched::Held } else { Fetched::Missing("late".into()) } },
        6 if fact.good => Input::Measured { round, claim: hash, finding: Finding::True { probe: digest("p") } },
        6 => Input::Measured { round, claim: hash, finding: Finding::False { reason: "no".into() } },
        7 => Input::Signed(verdict(1, round, hash)),
        8 if fact.good => Input::Untold { round, reason: "full".into() },
        8 => Input::Refused { round, reason: "signed".into() },
        9 => Input::Posted { round, result: answer(fact) },
        10 | 11 => Input::Event(event(&Fact { kind: fact.who, ..fact.clone() })),
        _ => Input::Block(time.next(fact)),
    }
}

fn tell_trainer(fact: &Fact, time: &mut Time) -> trainer::Input {
    use trainer::Input;
    let (round, file) = (RoundNumber(fact.round), digest(&format!("file {}", fact.who)));
    let loss = Micronats(if fact.good { 1_900_000 } else { 2_100_000 });
    let what = [Transaction::Commit, Transaction::Reveal, Transaction::Settle, Transaction::Collect][usize::from(fact.who) - 1];
    let sealed = seal(GROUP, round, file, account(1), digest("salt"));
    match fact.kind {
        0 => Input::Live,
        1 => Input::Group(view(fact)),
        3 => Input::Trained { round, attempt: fact.who.into(), file, base: BASE, loss },
        4 => Input::TrainFailed { round, attempt: fact.who.into(), reason: "no".into() },
        5 => Input::Remembered { round, result: answer(fact) },
        6 => {
            let measured = Measured { base: BASE, loss, loss_root: digest("root"), is_certain: fact.who != 1 };
            Input::Measured { round, result: answer(fact).map(|()| measured) }
        }
        7 => Input::Sent { what, round, result: answer(fact).map_err(trainer::Failed::Passing) },
        8 => Input::Event(ChainEvent::Committed { group: GROUP, round, trainer: account(1), number: 1, seal: sealed }),
        9 => Input::Event(event(&Fact { kind: fact.kind + fact.who, who: 1, ..fact.clone() })),
        10 => Input::Event(event(&Fact { kind: fact.kind + fact.who, who: 1 + u8::from(fact.good), ..fact.clone() })),
        11 => {
            let known = claim(round, 2, BASE, Micronats(1_900_000), "file 2");
            let claim = protocol::rules::claim_hash(known.file, known.base, known.loss, known.loss_root);
            Input::Checked { round, claim, result: answer(fact).map(|()| true) }
        }
        _ => Input::Block(time.next(fact)),
    }
}

/// Transactions keep away from the end of their phase, and belong to the running round.
fn is_in_time(time: &Time, round: RoundNumber, phase: Phase) -> bool {
    let clock = TIMES.clock(GENESIS_S, time.0);
    clock.round == round && clock.phase == phase && time.0 + EDGE_S < clock.phase_end_s
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_validator_signs_once_a_round_and_posts_in_time(facts in facts()) {
        let tempo = Tempo { edge_s: Some(EDGE_S), step_s: Some(2), ..Tempo::default() };
        let config = validator::Config { tempo, verdicts_a_call: 2, ..config(1) };
        let mut machine = Validator::new(config);
        let mut time = Time(GENESIS_S);
        let mut signed = BTreeMap::new();
        for fact in &facts {
            for effect in machine.handle(tell_validator(fact, &mut time)) {
                match effect {
                    validator::Effect::Sign(verdict) => prop_assert_eq!(*signed.entry(verdict.round).or_insert(verdict), verdict, "two verdicts"),
                    validator::Effect::Post { round, .. } => {
                        let next = RoundNumber(round.0 + 1);
                        prop_assert!(is_in_time(&time, round, Phase::Judge) || is_in_time(&time, next, Phase::Train));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_trainer_sends_in_time_and_remembers_first(facts in facts()) {
        let config = trainer::Config { tempo: Tempo { edge_s: Some(EDGE_S), ..Tempo::default() }, ..trainer_config() };
        let stored = facts.iter().filter(|fact| fact.kind == 2);
        let stored: Vec<_> = stored.map(|fact| remembered(RoundNumber(fact.round), &format!("file {}", fact.who))).collect();
        let mut machine = Trainer::new(config, stored.clone());
        let mut time = Time(GENESIS_S);
        let known = |one: &trainer::Remembered| seal(GROUP, one.round, one.file, account(1), one.salt);
        let mut remembered: BTreeSet<_> = stored.iter().map(known).collect();
        let mut runs = BTreeMap::new();
        for fact in &facts {
            let input = tell_trainer(fact, &mut time);
            for effect in machine.handle(input) {
                match effect {
                    trainer::Effect::Remember { round, file, salt } => _ = remembered.insert(seal(GROUP, round, file, account(1), salt)),
                    trainer::Effect::Commit { round, seal, .. } => {
                        prop_assert!(is_in_time(&time, round, Phase::Train));
                        prop_assert!(remembered.contains(&seal), "committed before it was remembered");
                    }
                    trainer::Effect::Train { round, .. } => {
                        let clock = TIMES.clock(GENESIS_S, time.0);
                        let is_ahead = round.0 == clock.round.0 + 1 && clock.phase == Phase::Judge;
                        prop_assert!(is_ahead || (round == clock.round && clock.phase == Phase::Train));
                        let runs = runs.entry(round).or_insert(0);
                        *runs += 1;
                        prop_assert!(*runs <= MAX_ATTEMPTS + MAX_EARLY);
                    }
                    trainer::Effect::Reveal { round, measured, .. } => {
                        prop_assert!(is_in_time(&time, round, Phase::Reveal));
                        prop_assert!(group().improves(measured.base, measured.loss));
                    }
                    _ => {}
                }
            }
        }
    }
}
