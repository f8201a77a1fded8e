//! The trainer's machine in JUDGE: it trains for the next round from what will probably have won.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome, RevealedClaim};
use protocol::rules::{claim_hash, seal};
use protocol::trainer::{Config, Effect, Input, MAX_ATTEMPTS, MAX_EARLY, Trainer};
use protocol::{Digest, Micronats, RoundNumber};

const ROUND: RoundNumber = RoundNumber(3);
const NEXT: RoundNumber = RoundNumber(4);
const BASE: Micronats = Micronats(2_000_000);
const OWN: u32 = 1_900_000;

/// What a machine does about its next round, and about claims of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Train(u32, &'static str),
    Cancel,
    Check(&'static str),
}

const FILES: [&str; 6] = ["checkpoint", "own", "better", "best", "worse", "new"];

fn name(file: Digest) -> &'static str {
    FILES.into_iter().find(|name| digest(name) == file).unwrap()
}

fn steps(effects: &[Effect]) -> Vec<Step> {
    let step = |effect: &Effect| match effect {
        Effect::Train { round: NEXT, attempt, base, until_s, .. } => {
            assert_eq!(*until_s, at(NEXT, 14).time_s, "until the end of TRAIN of its own round");
            Some(Step::Train(*attempt, name(*base)))
        }
        Effect::Cancel { round: NEXT } => Some(Step::Cancel),
        Effect::Check { claim, .. } => Some(Step::Check(name(claim.file))),
        _ => None,
    };
    effects.iter().filter_map(step).collect()
}

fn revealed(number: u8, loss: u32, file: &str) -> RevealedClaim {
    claim(ROUND, number, BASE, Micronats(loss), file)
}

fn checked(claim: &RevealedClaim, is_true: bool) -> Input {
    let claim = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
    Input::Checked { round: ROUND, claim, result: Ok(is_true) }
}

fn decided(outcome: Outcome, file: &str) -> Input {
    Input::Event(decided_event(ROUND, outcome, digest("claim"), account(2), digest(file)))
}

/// The group as it is once `file` has won.
fn won(file: &str) -> Input {
    Input::Group(GroupView { checkpoint: digest(file), ..group() })
}

fn machine(unpaid: bool, own: bool) -> Trainer {
    Trainer::new(Config { unpaid, ..trainer_config() }, own.then(|| remembered(ROUND, "own")))
}

/// A machine in the last second of REVEAL; its own claim, if it has one, is of commit 1, those of others as they are given.
fn before_judge(own: bool, rivals: &[RevealedClaim]) -> Trainer {
    let mut trainer = machine(false, own);
    let salt = digest("salt");
    let seal = seal(GROUP, ROUND, digest("own"), account(1), salt);
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(ROUND, 15)));
    if own || !rivals.is_empty() {
        trainer.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    }
    if own {
        trainer.handle(Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer: account(1), number: 1, seal }));
        trainer.handle(Input::Event(ChainEvent::Revealed(revealed(1, OWN, "own"))));
    }
    rivals.iter().for_each(|claim| drop(trainer.handle(Input::Event(ChainEvent::Revealed(*claim)))));
    [19, 20].into_iter().for_each(|second| drop(trainer.handle(Input::Block(at(ROUND, second)))));
    trainer.handle(Input::Live);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 29)))), [], "nothing before JUDGE");
    trainer
}

/// A machine in JUDGE that trains for the next round from its own claim's file.
fn ahead() -> Trainer {
    let mut trainer = before_judge(true, &[]);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 30)))), [Step::Train(1, "own")]);
    trainer
}

fn trained(attempt: u32, loss: u32) -> Input {
    Input::Trained { round: NEXT, attempt, file: digest("new"), base: Micronats(OWN), loss: Micronats(loss) }
}

fn failed(attempt: u32) -> Input {
    Input::TrainFailed { round: NEXT, attempt, reason: "the file cannot be fetched".into() }
}

fn commits(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Remember { round: NEXT, file, .. } if *file == digest("new")))
}

#[test]
fn the_next_round_is_trained_from_the_first_claim_that_is_true() {
    let (better, best, worse) = (revealed(2, 1_800_000, "better"), revealed(3, 1_700_000, "best"), revealed(4, 1_950_000, "worse"));
    let of_another_base = RevealedClaim { base: Micronats(BASE.0 + 1), ..best };
    let check = |claim: &RevealedClaim| Step::Check(name(claim.file));
    let from = |file| vec![Step::Train(1, file)];
    // Own claim, others, and for each answer about a claim what follows; the first answer is the first block of JUDGE.
    for (title, own, rivals, first, answers) in [
        ("nobody revealed", false, vec![], from("checkpoint"), vec![]),
        ("alone", true, vec![], from("own"), vec![]),
        ("a worse one", true, vec![worse], from("own"), vec![]),
        ("a better one that is true", true, vec![better], vec![check(&better)], vec![(better, true, from("better"))]),
        ("a better one that is false", true, vec![better], vec![check(&better)], vec![(better, false, from("own"))]),
        ("of another base", true, vec![of_another_base], from("own"), vec![]),
        (
            "the best one is false",
            true,
            vec![better, best, worse],
            vec![check(&best)],
            vec![(best, false, vec![check(&better)]), (better, true, from("better"))],
        ),
        ("only those of others", false, vec![worse], vec![check(&worse)], vec![(worse, true, from("worse"))]),
        ("all false", false, vec![worse], vec![check(&worse)], vec![(worse, false, from("checkpoint"))]),
    ] {
        let mut trainer = before_judge(own, &rivals);
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 30)))), first, "{title}");
        for (claim, is_true, then) in answers {
            assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 31)))), [], "{title}: nothing until the answer");
            assert_eq!(steps(&trainer.handle(checked(&claim, is_true))), then, "{title}");
        }
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 32)))), [], "{title}: once");
    }
}

#[test]
fn a_rival_that_is_before_ones_own_is_checked_only_once_it_is_judged() {
    let better = revealed(2, 1_800_000, "better");
    let mut trainer = before_judge(true, &[better]);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 30)))), [Step::Check("better")]);
    assert_eq!(steps(&trainer.handle(checked(&better, true))), [Step::Train(1, "better")], "gone on from there");
}

#[test]
fn a_run_from_what_won_goes_on_and_is_committed_in_the_next_train() {
    for result_in_judge in [true, false] {
        let mut trainer = ahead();
        let mut effects = Vec::new();
        effects.extend(trainer.handle(decided(Outcome::Won, "own")));
        effects.extend(trainer.handle(won("own")));
        if result_in_judge {
            effects.extend(trainer.handle(trained(1, 1_800_000)));
        }
        effects.extend(trainer.handle(Input::Block(at(ROUND, 39))));
        assert!(steps(&effects).is_empty() && !commits(&effects), "{effects:?}");
        let mut effects = trainer.handle(Input::Block(at(NEXT, 0)));
        if !result_in_judge {
            effects.extend(trainer.handle(trained(1, 1_800_000)));
        }
        assert_eq!(steps(&effects), [], "it goes on");
        assert!(commits(&effects), "{effects:?}");
    }
}

#[test]
fn another_winner_cancels_the_run_and_one_from_it_begins() {
    let mut trainer = ahead();
    assert_eq!(steps(&trainer.handle(decided(Outcome::Won, "better"))), [Step::Cancel, Step::Train(2, "better")]);
    assert_eq!(steps(&trainer.handle(won("better"))), []);
    assert!(!commits(&trainer.handle(trained(1, 1_800_000))), "what the old run gave is not used");
    assert_eq!(steps(&trainer.handle(failed(1))), [], "nor why it ended");
    assert_eq!(steps(&trainer.handle(Input::Block(at(NEXT, 0)))), [], "the new one goes on");
    assert!(commits(&trainer.handle(trained(2, 1_700_000))));
}

#[test]
fn a_round_that_nobody_won_starts_again_from_its_base() {
    let mut trainer = ahead();
    assert_eq!(steps(&trainer.handle(decided(Outcome::Lost, "own"))), [Step::Cancel, Step::Train(2, "checkpoint")]);
    let mut undecided = ahead();
    undecided.handle(trained(1, 1_800_000));
    let effects = undecided.handle(Input::Block(at(NEXT, 0)));
    assert_eq!(steps(&effects), [Step::Train(2, "checkpoint")], "void; the finished run is of no use");
    assert!(!commits(&effects));
}

#[test]
fn after_a_strike_the_next_round_is_trained_from_the_checkpoint_that_it_left() {
    let mut trainer = ahead();
    assert_eq!(steps(&trainer.handle(decided(Outcome::Won, "own"))), []);
    let struck = trainer.handle(Input::Event(struck_event(ROUND)));
    assert_eq!(steps(&struck), [Step::Cancel, Step::Train(2, "checkpoint")]);
}

#[test]
fn another_head_starts_the_run_anew() {
    let mut trainer = ahead();
    let turned = Input::Group(GroupView { head: digest("next head"), ..group() });
    assert_eq!(steps(&trainer.handle(turned)), [Step::Cancel, Step::Train(2, "own")]);
    let back = Input::Group(group());
    assert_eq!(steps(&trainer.handle(back.clone())), [Step::Cancel], "two of them are enough before the round");
    trainer.handle(won("own"));
    assert_eq!(steps(&trainer.handle(Input::Block(at(NEXT, 0)))), [Step::Train(3, "own")]);
    let mut late = ahead();
    late.handle(won("own"));
    let turned = GroupView { checkpoint: digest("own"), head: digest("next head"), ..group() };
    late.handle(Input::Block(at(NEXT, 0)));
    assert_eq!(steps(&late.handle(Input::Group(turned))), [Step::Cancel, Step::Train(2, "own")], "after the round began");
}

#[test]
fn failed_early_runs_do_not_give_the_round_up_and_cost_none_of_its_attempts() {
    let mut trainer = ahead();
    assert_eq!(steps(&trainer.handle(failed(1))), [Step::Train(2, "own")]);
    assert_eq!(steps(&trainer.handle(failed(MAX_EARLY))), [], "then it waits for the round");
    trainer.handle(won("own"));
    assert_eq!(steps(&trainer.handle(Input::Block(at(NEXT, 0)))), [Step::Train(MAX_EARLY + 1, "own")]);
    for (attempt, base) in (2..=MAX_ATTEMPTS).zip(["better", "best", "worse"]) {
        let effects = trainer.handle(Input::Event(opened_event(NEXT, digest(base))));
        assert_eq!(steps(&effects), [Step::Cancel, Step::Train(MAX_EARLY + attempt, base)]);
    }
    assert_eq!(steps(&trainer.handle(Input::Event(opened_event(NEXT, digest("new"))))), [Step::Cancel]);
}

#[test]
fn nobody_trains_ahead_for_nothing() {
    let private = GroupView { admitted: false, ..group() };
    let better = revealed(2, 1_800_000, "better");
    for (unpaid, alone, beside) in [(false, vec![], vec![]), (true, vec![Step::Train(1, "checkpoint")], vec![Step::Check("better")])] {
        for (rival, expected) in [(None, alone), (Some(better), beside)] {
            let mut trainer = machine(unpaid, false);
            for input in [Input::Group(private.clone()), Input::Block(at(ROUND, 15))] {
                trainer.handle(input);
            }
            if let Some(claim) = rival {
                trainer.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
                trainer.handle(Input::Event(ChainEvent::Revealed(claim)));
            }
            [19, 20, 29].into_iter().for_each(|second| drop(trainer.handle(Input::Block(at(ROUND, second)))));
            trainer.handle(Input::Live);
            assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 30)))), expected, "unpaid: {unpaid}, {rival:?}");
        }
    }
}

#[test]
fn after_the_decision_nothing_is_checked_any_more() {
    let (better, best) = (revealed(2, 1_800_000, "better"), revealed(3, 1_700_000, "best"));
    let mut trainer = before_judge(true, &[better, best]);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 30)))), [Step::Check("best")]);
    assert_eq!(steps(&trainer.handle(decided(Outcome::Won, "better"))), [Step::Train(1, "better")]);
    assert_eq!(steps(&trainer.handle(checked(&best, false))), []);
}
