//! The trainer's machine when answers are late, wrong or missing, blocks lie far apart, and histories have gaps.

use crate::world::*;
use protocol::chain::{Block, ChainEvent, GroupView, Times};
use protocol::rules::seal;
use protocol::trainer::{Effect, Failed, Input, Measured, Remembered, Trainer, Transaction};
use protocol::{Digest, Micronats, RoundNumber};

const ROUND: RoundNumber = RoundNumber(3);
const BASE: Micronats = Micronats(2_000_000);
const BETTER: Micronats = Micronats(1_900_000);
/// Five blocks in REVEAL, one each twelve seconds.
const SLOW: Times = Times { train_s: 120, reveal_s: 60, judge_s: 60 };
const STEP_S: u64 = 12;

/// A trainer and the blocks that it was told.
struct Told {
    trainer: Trainer,
    last: Block,
}

impl Told {
    /// In the first second of the round; its clock is `SLOW`.
    fn new(stored: &[Remembered]) -> Self {
        let start_s = SLOW.round_start_s(GENESIS_S, ROUND);
        let mut told = Self { trainer: Trainer::new(trainer_config(), stored.iter().copied()), last: block(start_s - STEP_S) };
        told.trainer.handle(Input::Group(GroupView { times: SLOW, ..group() }));
        told.block(0);
        told.block(STEP_S);
        told.trainer.handle(Input::Live);
        told
    }

    /// The next block, so many seconds later.
    fn block(&mut self, step_s: u64) -> Vec<Effect> {
        let (number, time_s) = (self.last.number + u64::from(step_s > 0), self.last.time_s + step_s);
        self.last = Block { number, ..block(time_s) };
        self.trainer.handle(Input::Block(self.last))
    }

    /// Blocks up to one that is so many seconds after the start of REVEAL.
    fn until(&mut self, second: u64) -> Vec<Effect> {
        let end_s = SLOW.reveal_start_s(GENESIS_S, ROUND) + second;
        let mut effects = Vec::new();
        while self.last.time_s < end_s {
            effects.extend(self.block(STEP_S));
        }
        effects
    }

    fn event(&mut self, event: ChainEvent) -> Vec<Effect> {
        self.trainer.handle(Input::Event(event))
    }

    fn measured(&mut self) -> Vec<Effect> {
        let measured = Measured { base: BASE, loss: BETTER, loss_root: digest("root"), is_certain: true };
        self.trainer.handle(Input::Measured { round: ROUND, result: Ok(measured) })
    }

    fn sent(&mut self, what: Transaction, result: Result<(), &str>) -> Vec<Effect> {
        self.trainer.handle(Input::Sent { what, round: ROUND, result: result.map_err(|reason| Failed::Refused(reason.to_owned())) })
    }

    /// A file that is trained, remembered and committed as far as the machine can know.
    fn committing(&mut self, attempt: u32, file: &str) {
        self.trainer.handle(Input::Trained { round: ROUND, attempt, file: digest(file), base: BASE, loss: BETTER });
        let effects = self.trainer.handle(Input::Remembered { round: ROUND, result: Ok(()) });
        assert!(matches!(effects[..], [Effect::Commit { round: ROUND, .. }]), "{effects:?}");
    }
}

/// Salt that the machine made, out of what it asks to remember.
fn salt_in(effects: &[Effect]) -> Digest {
    effects.iter().find_map(|effect| if let Effect::Remember { salt, .. } = effect { Some(*salt) } else { None }).unwrap()
}

fn committed(file: &str, salt: Digest) -> ChainEvent {
    let seal = seal(GROUP, ROUND, digest(file), account(1), salt);
    ChainEvent::Committed { group: GROUP, round: ROUND, trainer: account(1), number: 1, seal }
}

fn rival() -> ChainEvent {
    ChainEvent::Revealed(claim(ROUND, 50, BASE, Micronats(1_950_000), "rival"))
}

/// In the first block of REVEAL, with its commit on chain and perhaps with a rival; the measurement is asked for.
fn revealing(has_rival: bool) -> Told {
    let mut told = Told::new(&[remembered(ROUND, "file")]);
    told.event(opened_event(ROUND, digest("checkpoint")));
    told.event(committed("file", digest("salt")));
    let effects = told.until(0);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Measure { .. })), "{effects:?}");
    has_rival.then(|| told.event(rival()));
    told
}

fn reveals(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Reveal { .. }))
}

fn concedes(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Concede { .. }))
}

#[test]
fn a_seal_whose_measurement_is_late_is_conceded_at_the_last_block_that_leaves_time_for_it() {
    let mut told = revealing(true);
    assert!(!concedes(&told.until(24)));
    assert!(concedes(&told.until(36)), "the next block is carried by one in JUDGE");
    assert!(!reveals(&told.measured()), "it comes too late");
    let mut alone = revealing(false);
    alone.until(36);
    assert!(reveals(&alone.measured()), "without a rival it is waited for as long as it can be revealed");
}

#[test]
fn a_measurement_that_fails_is_tried_again_and_conceded_at_the_last_chance() {
    let mut told = revealing(true);
    let failed = || Input::Measured { round: ROUND, result: Err("no memory".into()) };
    assert_eq!(told.trainer.handle(failed()), []);
    assert!(matches!(told.until(12)[..], [Effect::Measure { .. }]));
    told.until(36 - STEP_S);
    told.trainer.handle(failed());
    assert!(concedes(&told.until(36)));
}

#[test]
fn at_the_last_chance_a_failure_holds_up_no_later_block() {
    let mut told = revealing(true);
    let mut conceded = Vec::new();
    for second in (0..60).step_by(4) {
        told.trainer.handle(Input::Measured { round: ROUND, result: Err("no memory".into()) });
        told.sent(Transaction::Concede, Err("no gas"));
        Some(second).filter(|_| concedes(&told.block(4))).into_iter().for_each(|second| conceded.push(second + 4));
    }
    assert_eq!(conceded, [52, 56], "after so many failures each one would be followed by a minute");
}

#[test]
fn a_commit_of_the_last_chance_holds_up_no_measurement() {
    let mut told = Told::new(&[]);
    (0..8).for_each(|_| drop(told.block(STEP_S)));
    let file = digest("file");
    let salt = salt_in(&told.trainer.handle(Input::Trained { round: ROUND, attempt: 1, file, base: BASE, loss: BETTER }));
    let commit = told.trainer.handle(Input::Remembered { round: ROUND, result: Ok(()) });
    assert!(matches!(commit[..], [Effect::Commit { .. }]), "{commit:?}");
    told.event(opened_event(ROUND, digest("checkpoint")));
    told.event(committed("file", salt));
    let effects = told.until(0);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Measure { .. })), "{effects:?}");
}

#[test]
fn a_reveal_that_is_refused_when_no_further_block_leaves_time_is_conceded_at_once() {
    let mut told = revealing(true);
    told.until(36 - STEP_S);
    assert!(reveals(&told.measured()));
    told.until(36);
    assert!(concedes(&told.sent(Transaction::Reveal, Err("no gas"))));
    assert!(!concedes(&told.sent(Transaction::Concede, Err("no gas"))), "not twice at the same block");
    assert!(concedes(&told.block(STEP_S)), "the next block may be carried in time after all");
}

#[test]
fn a_reveal_whose_event_does_not_come_is_asked_for_again() {
    for answer in [Some(Ok(())), None] {
        let mut told = revealing(false);
        assert!(reveals(&told.measured()));
        answer.map(|answer| told.sent(Transaction::Reveal, answer));
        assert!(!reveals(&told.until(24)), "it may be on its way");
        assert!(reveals(&told.until(36)));
        told.event(ChainEvent::Revealed(claim(ROUND, 1, BASE, BETTER, "file")));
        assert!(!reveals(&told.until(48)));
    }
}

#[test]
fn an_answer_that_comes_twice_or_after_the_event_changes_nothing() {
    let mut told = revealing(true);
    told.measured();
    assert_eq!(told.event(committed("file", digest("salt"))), [], "its reveal is under way");
    told.sent(Transaction::Reveal, Err("no gas"));
    told.sent(Transaction::Reveal, Err("no gas"));
    assert!(reveals(&told.block(STEP_S)), "one refusal is one");
    told.event(ChainEvent::Revealed(claim(ROUND, 1, BASE, BETTER, "file")));
    told.sent(Transaction::Reveal, Err("NotSealed"));
    assert!(!concedes(&told.until(48)));
}

#[test]
fn a_commit_that_was_mined_after_it_seemed_lost_is_revealed_though_another_file_took_its_place() {
    let mut told = Told::new(&[]);
    told.committing(1, "file");
    told.sent(Transaction::Commit, Err("no answer"));
    told.event(opened_event(ROUND, digest("other")));
    told.block(STEP_S);
    told.committing(2, "second");
    let salt = |file: &str| {
        let mut other = Told::new(&[]);
        salt_in(&other.trainer.handle(Input::Trained { round: ROUND, attempt: 1, file: digest(file), base: BASE, loss: BETTER }))
    };
    told.event(committed("file", salt("file")));
    let effects = told.until(0);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Measure { file, .. } if *file == digest("file"))), "{effects:?}");
}

#[test]
fn of_several_files_that_were_remembered_the_one_behind_the_seal_is_revealed() {
    for file in ["first", "second"] {
        let mut told = Told::new(&[remembered(ROUND, "first"), remembered(ROUND, "second")]);
        told.event(opened_event(ROUND, digest("checkpoint")));
        told.event(committed(file, digest("salt")));
        let effects = told.until(0);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Measure { file: measured, .. } if *measured == digest(file))));
    }
    let mut told = Told::new(&[remembered(ROUND, "first")]);
    told.event(opened_event(ROUND, digest("checkpoint")));
    told.event(committed("never seen", digest("salt")));
    let effects = told.until(60);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Measure { .. } | Effect::Commit { .. })), "nobody can open it");
}

#[test]
fn a_commit_is_asked_for_again_until_it_stands_and_no_other_file_takes_its_place_meanwhile() {
    let mut told = Told::new(&[]);
    told.committing(1, "file");
    told.sent(Transaction::Commit, Ok(()));
    let effects = told.trainer.handle(Input::Group(GroupView { times: SLOW, checkpoint: digest("newer"), ..group() }));
    assert_eq!(effects, [], "it may stand already");
    let again: Vec<_> = (0..8).map(|_| told.block(STEP_S)).collect();
    let last = again.iter().position(|effects| matches!(effects[..], [Effect::Commit { .. }]));
    assert_eq!(last, Some(7), "at the last chance");
}

#[test]
fn training_leaves_time_for_the_block_that_carries_the_commit() {
    let mut told = Told::new(&[]);
    let effects = told.trainer.handle(Input::Event(opened_event(ROUND, digest("other"))));
    let reveal_s = SLOW.reveal_start_s(GENESIS_S, ROUND);
    let until_s = reveal_s - TRAINER_EDGE_S - 2 * STEP_S;
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Train { until_s: until, .. } if *until == until_s)), "{effects:?}");
}

#[test]
fn the_longest_of_the_last_eight_gaps_between_blocks_is_expected() {
    let usual_s = STEP_S.div_ceil(3);
    for (later, spacing_s) in [(7, STEP_S), (8, usual_s)] {
        let mut told = Told::new(&[]);
        (0..later).for_each(|_| drop(told.block(usual_s)));
        let effects = told.event(opened_event(ROUND, digest("other")));
        let kept_s = TRAINER_EDGE_S + trainer_config().commit_s.max(2 * spacing_s);
        let expected = SLOW.reveal_start_s(GENESIS_S, ROUND) - kept_s;
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Train { until_s, .. } if *until_s == expected)), "{effects:?}");
    }
}

/// Nothing happened in two rounds, so that the first thing told of this one is its opening.
#[test]
fn a_restart_after_quiet_rounds_reveals_what_was_committed() {
    let mut trainer = Trainer::new(trainer_config(), [remembered(ROUND, "file")]);
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(RoundNumber(0), 0)));
    trainer.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    trainer.handle(Input::Event(committed("file", digest("salt"))));
    [5, 19, 20].into_iter().for_each(|second| drop(trainer.handle(Input::Block(at(ROUND, second)))));
    let effects = trainer.handle(Input::Live);
    assert!(matches!(effects[..], [Effect::Measure { .. }]), "{effects:?}");
}

#[test]
fn a_transaction_is_worth_something_until_its_phase_ends_and_what_is_owed_for_good() {
    let (group, round) = (group(), RoundNumber(7));
    let start_s = group.times.round_start_s(group.genesis_s, round);
    let reveal_s = start_s + group.times.train_s;
    let judge_s = reveal_s + group.times.reveal_s;
    for (what, until_s) in [
        (Transaction::Commit, Some(reveal_s)),
        (Transaction::Reveal, Some(judge_s)),
        (Transaction::Concede, Some(judge_s)),
        (Transaction::Settle, None),
        (Transaction::Collect, None),
    ] {
        assert_eq!(what.until_s(&group, round), until_s, "{what:?}");
    }
}
