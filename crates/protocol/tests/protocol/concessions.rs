//! The trainer's machine in REVEAL: when it reveals, and when it concedes.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, RevealedClaim};
use protocol::rules::seal;
use protocol::trainer::{Effect, Failed, Input, Measured, RaceReport, Trainer, Transaction};
use protocol::{Address, Micronats, RoundNumber};

const ROUND: RoundNumber = RoundNumber(3);
const BASE: Micronats = Micronats(2_000_000);
const OWN: Micronats = Micronats(1_900_000);

/// A machine at the first block of REVEAL whose commit, the second of the round, stands on chain.
fn revealing() -> Trainer {
    let mut trainer = Trainer::new(trainer_config(), [remembered(ROUND, "file")]);
    let salt = digest("salt");
    let seal = seal(GROUP, ROUND, digest("file"), account(1), salt);
    for input in [
        Input::Group(group()),
        Input::Block(at(ROUND, 0)),
        Input::Live,
        Input::Event(opened_event(ROUND, digest("checkpoint"))),
        Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer: account(1), number: 2, seal }),
        Input::Block(at(ROUND, 19)),
        Input::Block(at(ROUND, 20)),
    ] {
        trainer.handle(input);
    }
    trainer
}

fn measured(trainer: &mut Trainer, loss: Micronats) -> Vec<Effect> {
    measured_as(trainer, loss, true)
}

fn measured_as(trainer: &mut Trainer, loss: Micronats, is_certain: bool) -> Vec<Effect> {
    let measured = Measured { base: BASE, loss, loss_root: digest("root"), is_certain };
    trainer.handle(Input::Measured { round: ROUND, result: Ok(measured) })
}

/// The claim of the trainer with that commit number, of another base perhaps.
fn rival(number: u8, base: Micronats, loss: u32) -> RevealedClaim {
    RevealedClaim { trainer: account(50), ..claim(ROUND, number, base, Micronats(loss), "rival") }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Check(u64),
    Reveal,
    /// To whom.
    Concede(Address),
}

fn steps(effects: &[Effect]) -> Vec<Step> {
    let step = |effect: &Effect| match effect {
        Effect::Check { claim, .. } => Some(Step::Check(claim.number)),
        Effect::Reveal { .. } => Some(Step::Reveal),
        Effect::Concede { rival, .. } => Some(Step::Concede(*rival)),
        _ => None,
    };
    effects.iter().filter_map(step).collect()
}

fn tell(trainer: &mut Trainer, claim: RevealedClaim) -> Vec<Step> {
    steps(&trainer.handle(Input::Event(ChainEvent::Revealed(claim))))
}

#[test]
fn what_improves_is_revealed_whatever_others_claim() {
    let q = (BASE.0 >> 13).max(1);
    for (name, claim) in [
        ("better", rival(3, BASE, OWN.0 - q)),
        ("equal and earlier", rival(1, BASE, OWN.0)),
        ("equal and later", rival(3, BASE, OWN.0)),
        ("worse", rival(1, BASE, OWN.0 + q)),
        ("of another base", rival(1, Micronats(BASE.0 + 1), 1_000)),
    ] {
        let mut trainer = revealing();
        assert_eq!(tell(&mut trainer, claim), [], "{name}");
        assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal], "{name}");
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [], "{name}: once");
    }
}

#[test]
fn what_may_be_luck_is_conceded_to_a_revealed_rival() {
    let mut trainer = revealing();
    assert_eq!(steps(&measured_as(&mut trainer, OWN, false)), [], "alone there is nobody to concede to");
    assert_eq!(tell(&mut trainer, rival(1, BASE, OWN.0 + 1000)), [Step::Concede(account(50))], "even to a worse one");
}

#[test]
fn the_bar_rises_with_all_commits_of_the_round() {
    let mut trainer = Trainer::new(trainer_config(), [remembered(ROUND, "file")]);
    let committed = |trainer, number, seal| Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer, number, seal });
    let own = seal(GROUP, ROUND, digest("file"), account(1), digest("salt"));
    let mut effects = Vec::new();
    for input in [
        Input::Group(group()),
        Input::Block(at(ROUND, 0)),
        Input::Live,
        Input::Event(opened_event(ROUND, digest("checkpoint"))),
        committed(account(50), 1, digest("first")),
        committed(account(1), 2, own),
        committed(account(51), 3, digest("third")),
        Input::Block(at(ROUND, 19)),
        Input::Block(at(ROUND, 20)),
    ] {
        effects.extend(trainer.handle(input));
    }
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Measure { commits: 3, .. })), "{effects:?}");
}

#[test]
fn what_does_not_improve_is_conceded_to_a_revealed_rival() {
    let mut trainer = revealing();
    assert_eq!(tell(&mut trainer, rival(3, BASE, 1_000_000)), []);
    assert_eq!(steps(&measured(&mut trainer, BASE)), [Step::Concede(account(50))]);
    trainer.handle(Input::Sent { what: Transaction::Concede, round: ROUND, result: Ok(()) });
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [], "once");
    trainer.handle(Input::Event(conceded_event(ROUND, 1, 50, 1)));
    let effects = trainer.handle(Input::Block(at(RoundNumber(4), 0)));
    let is_told = |effect: &Effect| matches!(effect, Effect::Done(RaceReport { conceded: true, revealed: None, .. }));
    assert!(effects.iter().any(is_told), "{effects:?}");
    assert!(effects.contains(&Effect::Settle { round: ROUND }));
}

#[test]
fn what_is_below_the_least_improvement_of_the_group_is_conceded_not_revealed() {
    let least = Micronats(5_000);
    for (loss, expected) in [
        (BASE.0 - (BASE.0 >> 10), Step::Concede(account(50))),
        (BASE.0 - least.0 + 1, Step::Concede(account(50))),
        (BASE.0 - least.0, Step::Reveal),
    ] {
        let mut trainer = revealing();
        trainer.handle(Input::Group(GroupView { least, ..group() }));
        assert_eq!(tell(&mut trainer, rival(3, BASE, 1_000_000)), []);
        assert_eq!(steps(&measured(&mut trainer, Micronats(loss))), [expected], "{loss}");
    }
}

#[test]
fn a_concession_names_a_rival_whose_claim_stands() {
    let (one, other) = (RevealedClaim { trainer: account(2), ..rival(3, BASE, 1_900_000) }, rival(4, BASE, 1_800_000));
    for (claims, expected) in [(vec![one], account(2)), (vec![one, other], account(50)), (vec![other, one], account(50))] {
        let mut trainer = revealing();
        claims.into_iter().for_each(|claim| assert_eq!(tell(&mut trainer, claim), []));
        assert_eq!(steps(&measured(&mut trainer, BASE)), [Step::Concede(expected)]);
    }
}

#[test]
fn without_a_rival_the_seal_stays_closed_until_one_reveals() {
    let mut trainer = revealing();
    assert_eq!(steps(&measured(&mut trainer, BASE)), []);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 25)))), []);
    let mut alone = trainer.clone();
    let effects: Vec<_> = (26..41).flat_map(|second| alone.handle(Input::Block(at(ROUND, second)))).collect();
    assert_eq!(steps(&effects), []);
    assert!(effects.contains(&Effect::Settle { round: ROUND }), "nobody revealed: most of the deposit comes back");
    assert_eq!(tell(&mut trainer, rival(3, BASE, 1_000_000)), [Step::Concede(account(50))], "as soon as it costs no more");
}

#[test]
fn a_claim_of_another_round_is_no_rival() {
    let mut trainer = revealing();
    let of_the_next = RevealedClaim { round: RoundNumber(4), ..rival(3, BASE, 1_000_000) };
    assert_eq!(tell(&mut trainer, of_the_next), []);
    assert_eq!(steps(&measured(&mut trainer, BASE)), []);
}

#[test]
fn what_cannot_be_revealed_is_conceded_in_time() {
    let refused = |what| Input::Sent { what, round: ROUND, result: Err(Failed::Refused("FileWonBefore".into())) };
    for (has_rival, last) in [(true, vec![Step::Concede(account(50))]), (false, vec![])] {
        let mut trainer = revealing();
        has_rival.then(|| tell(&mut trainer, rival(3, BASE, 1_000_000)));
        assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
        assert_eq!(steps(&trainer.handle(refused(Transaction::Reveal))), []);
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 21)))), [Step::Reveal]);
        trainer.handle(refused(Transaction::Reveal));
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 23)))), last);
    }
    let mut late = revealing();
    tell(&mut late, rival(3, BASE, 1_000_000));
    late.handle(Input::Block(at(ROUND, 26)));
    assert_eq!(steps(&measured(&mut late, OWN)), [Step::Reveal]);
    late.handle(refused(Transaction::Reveal));
    assert_eq!(steps(&late.handle(Input::Block(at(ROUND, 27)))), [Step::Concede(account(50))], "nothing else saves the deposit now");
}

#[test]
fn only_whoever_judges_can_refuse_a_reveal_and_all_else_is_tried_until_the_phase_ends() {
    let (refused, passing) = (|| Failed::Refused("FileWonBefore".into()), || Failed::Passing("HTTP status 503".into()));
    let concession = vec![Step::Concede(account(50))];
    for (name, failures, next) in [
        ("silence twice", vec![passing(), passing()], vec![Step::Reveal]),
        ("a refusal, then silence", vec![refused(), passing()], vec![Step::Reveal]),
        ("silence, then two refusals", vec![passing(), refused(), refused()], concession),
    ] {
        let mut trainer = revealing();
        tell(&mut trainer, rival(3, BASE, 1_000_000));
        assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal], "{name}");
        let mut sent = vec![];
        for (failure, second) in failures.into_iter().zip([22, 24, 26]) {
            trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result: Err(failure) });
            sent = steps(&trainer.handle(Input::Block(at(ROUND, second))));
        }
        assert_eq!(sent, next, "{name}");
    }
}

#[test]
fn after_silence_a_reveal_goes_out_a_second_later_however_often_that_was() {
    let mut trainer = revealing();
    tell(&mut trainer, rival(3, BASE, 1_000_000));
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
    for second in 21..28 {
        let result = Err(Failed::Passing("HTTP status 503".into()));
        trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result });
        assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, second)))), [Step::Reveal], "in second {second}");
    }
}

#[test]
fn after_silence_at_the_last_chance_a_reveal_goes_out_at_once() {
    let mut trainer = revealing();
    tell(&mut trainer, rival(3, BASE, 1_000_000));
    trainer.handle(Input::Block(at(ROUND, 26)));
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
    assert_eq!(steps(&trainer.handle(Input::Block(at(ROUND, 27)))), []);
    let result = Err(Failed::Passing("HTTP status 503".into()));
    assert_eq!(steps(&trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result })), [Step::Reveal], "no block is left");
}

#[test]
fn nothing_is_conceded_after_a_reveal_or_at_the_edge_of_the_phase() {
    let mut trainer = revealing();
    assert_eq!(steps(&measured(&mut trainer, OWN)), [Step::Reveal]);
    trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result: Ok(()) });
    let mut sent = tell(&mut trainer, rival(3, BASE, 1_000_000));
    sent.extend(steps(&trainer.handle(Input::Block(at(ROUND, 22)))));
    assert_eq!(sent, []);
    let mut late = revealing();
    tell(&mut late, rival(3, BASE, 1_000_000));
    late.handle(Input::Block(at(ROUND, 28)));
    assert_eq!(steps(&measured(&mut late, BASE)), []);
}

#[test]
fn a_struck_round_is_not_collected() {
    let mut trainer = revealing();
    let (winner, file) = (account(1), digest("file"));
    let outcome = protocol::chain::Outcome::Won;
    trainer.handle(Input::Event(decided_event(ROUND, outcome, digest("claim"), winner, file)));
    trainer.handle(Input::Event(struck_event(ROUND)));
    let effects: Vec<_> = (0..300).flat_map(|second| trainer.handle(Input::Block(at(RoundNumber(4), second)))).collect();
    assert!(effects.contains(&Effect::Settle { round: ROUND }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Collect { .. })));
}
