//! The trainer's machine in REVEAL: when it reveals, and when it concedes.

use crate::world::*;
use protocol::chain::{ChainEvent, RevealedClaim};
use protocol::rules::{claim_hash, seal};
use protocol::trainer::{Config, Effect, Input, Measured, RoundReport, Trainer, Transaction};
use protocol::{Digest, Micronats, RoundNumber};

const ROUND: RoundNumber = RoundNumber(3);
const BASE: Micronats = Micronats(2_000_000);
const OWN: Micronats = Micronats(1_900_000);

/// A machine at the first block of REVEAL whose commit, the second of the round, stands on chain.
fn revealing() -> Trainer {
    let mut trainer = Trainer::new(Config { group: GROUP, account: account(1), edge_s: 2, commit_s: 4, unpaid: false, secret: [7; 32] });
    let salt = digest("salt");
    let seal = seal(GROUP, ROUND, digest("file"), account(1), salt);
    for input in [
        Input::Group(group()),
        Input::Restored { round: ROUND, file: digest("file"), salt },
        Input::Block(at(ROUND, 0)),
        Input::Live,
        Input::Event(opened_event(ROUND, digest("checkpoint"))),
        Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer: account(1), number: 2, seal }),
        Input::Block(at(ROUND, 20)),
    ] {
        trainer.handle(input);
    }
    trainer
}

fn measured(trainer: &mut Trainer, loss: Micronats) -> Vec<Effect> {
    let measured = Measured { base: BASE, loss, loss_root: digest("root") };
    trainer.handle(Input::Measured { round: ROUND, result: Ok(measured) })
}

/// The claim of the trainer with that commit number, of another base perhaps.
fn rival(number: u8, base: Micronats, loss: u32) -> RevealedClaim {
    RevealedClaim { trainer: account(50), ..claim(ROUND, number, base, Micronats(loss), "rival") }
}

fn hash(claim: &RevealedClaim) -> Digest {
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Check(u64),
    Reveal,
    Concede,
}

fn steps(effects: &[Effect]) -> Vec<Step> {
    let step = |effect: &Effect| match effect {
        Effect::Check { claim, .. } => Some(Step::Check(claim.number)),
        Effect::Reveal { .. } => Some(Step::Reveal),
        Effect::Concede { .. } => Some(Step::Concede),
        _ => None,
    };
    effects.iter().filter_map(step).collect()
}

#[test]
fn a_claim_before_ones_own_is_checked_and_conceded_to_if_it_is_true() {
    let q = (BASE.0 >> 13).max(1);
    for (name, claim, is_checked) in [
        ("better", rival(3, BASE, OWN.0 - q), true),
        ("equal and earlier", rival(1, BASE, OWN.0), true),
        ("equal and later", rival(3, BASE, OWN.0), false),
        ("worse", rival(1, BASE, OWN.0 + q), false),
        ("of another base", rival(1, Micronats(BASE.0 + 1), 1_000), false),
    ] {
        for (answer, last) in [(Ok(true), Step::Concede), (Ok(false), Step::Reveal), (Err("nobody has it".to_owned()), Step::Reveal)] {
            let mut trainer = revealing();
            trainer.handle(Input::Event(ChainEvent::Revealed(claim)));
            let first = steps(&measured(&mut trainer, OWN));
            if !is_checked {
                assert_eq!(first, [Step::Reveal], "{name}");
                continue;
            }
            assert_eq!(first, [Step::Check(claim.number)], "{name}");
            assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [], "{name}: once");
            let after = trainer.handle(Input::Checked { round: ROUND, claim: hash(&claim), result: answer });
            assert_eq!(steps(&after), [last], "{name}");
        }
    }
}

#[test]
fn many_liars_are_checked_one_after_the_other_until_it_is_time_to_reveal() {
    let mut trainer = revealing();
    for number in 10..20 {
        trainer.handle(Input::Event(ChainEvent::Revealed(rival(number, BASE, 1_000_000 + u32::from(number) * 1000))));
    }
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Check(10)]);
    let lie = rival(10, BASE, 1_010_000);
    assert_eq!(steps(&trainer.handle(Input::Checked { round: ROUND, claim: hash(&lie), result: Ok(false) })), [Step::Check(11)]);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 26)))), []);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 27)))), [Step::Reveal], "in the last second that is left");
}

#[test]
fn a_rival_of_the_last_second_is_not_checked() {
    let mut trainer = revealing();
    trainer.handle(Input::Block(at(ROUND, 27)));
    trainer.handle(Input::Event(ChainEvent::Revealed(rival(3, BASE, 1_000_000))));
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
}

#[test]
fn what_does_not_improve_enough_is_conceded() {
    let mut trainer = revealing();
    assert_eq!(steps(&measured(&mut trainer, BASE)), [Step::Concede]);
    trainer.handle(Input::Sent { what: Transaction::Concede, round: ROUND, result: Ok(()) });
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [], "once");
    trainer.handle(Input::Event(ChainEvent::Conceded { group: GROUP, round: ROUND, trainer: account(1), number: 2 }));
    let effects = trainer.handle(Input::Block(at(RoundNumber(4), 0)));
    let is_told = |effect: &Effect| matches!(effect, Effect::Done(RoundReport { conceded: true, revealed: None, .. }));
    assert!(effects.iter().any(is_told), "{effects:?}");
    assert!(effects.contains(&Effect::Settle { round: ROUND }));
}

#[test]
fn what_cannot_be_revealed_is_conceded_in_time() {
    let mut trainer = revealing();
    let refused = |what| Input::Sent { what, round: ROUND, result: Err("FileBoundElsewhere".into()) };
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
    assert_eq!(steps(&trainer.handle(refused(Transaction::Reveal))), []);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [Step::Reveal]);
    trainer.handle(refused(Transaction::Reveal));
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 23)))), [Step::Concede]);
    let mut late = revealing();
    late.handle(Input::Block(at(ROUND, 26)));
    assert_eq!(steps(&measured(&mut late, OWN)), [Step::Reveal]);
    late.handle(refused(Transaction::Reveal));
    assert_eq!(steps(&late.handle(Input::Block(at(ROUND, 27)))), [Step::Concede], "nothing else saves the deposit now");
}

#[test]
fn nothing_is_conceded_after_a_reveal_or_at_the_edge_of_the_phase() {
    let mut trainer = revealing();
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
    trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result: Ok(()) });
    let better = rival(3, BASE, 1_000_000);
    let mut effects = trainer.handle(Input::Event(ChainEvent::Revealed(better)));
    effects.extend(trainer.handle(Input::Block(at(ROUND, 22))));
    assert_eq!(steps(&effects), []);
    let mut late = revealing();
    late.handle(Input::Block(at(ROUND, 28)));
    assert_eq!(steps(&measured(&mut late, BASE)), []);
}

#[test]
fn a_struck_round_is_not_collected() {
    let mut trainer = revealing();
    let (winner, file) = (account(1), digest("file"));
    let outcome = protocol::chain::Outcome::Won;
    trainer.handle(Input::Event(ChainEvent::Decided { group: GROUP, round: ROUND, outcome, claim: digest("claim"), winner, file }));
    trainer.handle(Input::Event(ChainEvent::Struck { group: GROUP, round: ROUND, checkpoint: digest("checkpoint") }));
    let effects: Vec<_> = (0..300).flat_map(|second| trainer.handle(Input::Block(at(RoundNumber(4), second)))).collect();
    assert!(effects.contains(&Effect::Settle { round: ROUND }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Collect { .. })));
}
