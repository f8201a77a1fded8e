//! The trainer's machine, told one thing after another.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome};
use protocol::rules::seal;
use protocol::trainer::{Config, Effect, Failed, Input, Measured, Remembered, Trainer, Transaction};
use protocol::{Digest, Micronats, RoundNumber, Wei};

const ROUND: RoundNumber = RoundNumber(3);
const BASE: Micronats = Micronats(2_000_000);
const BETTER: Micronats = Micronats(1_900_000);

fn trainer() -> Trainer {
    Trainer::new(trainer_config(), [])
}

fn measured(loss: Micronats) -> Measured {
    Measured { base: BASE, loss, loss_root: digest("root"), is_certain: true }
}

/// Salt that the machine made, out of what it asks to remember.
fn salt_in(effects: &[Effect]) -> Digest {
    effects.iter().find_map(|effect| if let Effect::Remember { salt, .. } = effect { Some(*salt) } else { None }).unwrap()
}

/// A live machine that trains in `ROUND`, whose first second is 0 of `at`.
fn training() -> Trainer {
    let mut trainer = trainer();
    assert_eq!(trainer.handle(Input::Group(group())), []);
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 0))), []);
    let train = Effect::Train {
        round: ROUND,
        attempt: 1,
        base: digest("checkpoint"),
        head: digest("head"),
        starts: Vec::new(),
        until_s: at(ROUND, 14).time_s,
    };
    assert_eq!(trainer.handle(Input::Live), [train]);
    trainer
}

fn trained(trainer: &mut Trainer, loss: Micronats) -> Vec<Effect> {
    trainer.handle(Input::Trained { round: ROUND, attempt: 1, file: digest("file"), base: BASE, loss })
}

fn opened() -> Input {
    Input::Event(opened_event(ROUND, digest("checkpoint")))
}

fn committed(seal: Digest) -> Input {
    Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer: account(1), number: 1, seal })
}

/// A machine whose commit stands on chain, and its salt.
fn sealed() -> (Trainer, Digest) {
    let mut trainer = training();
    let salt = salt_in(&trained(&mut trainer, BETTER));
    let seal = seal(GROUP, ROUND, digest("file"), account(1), salt);
    let effects = trainer.handle(Input::Remembered { round: ROUND, result: Ok(()) });
    assert_eq!(effects, [Effect::Commit { round: ROUND, seal, max_deposit: Wei::nrn(170) }]);
    assert_eq!(trainer.handle(Input::Sent { what: Transaction::Commit, round: ROUND, result: Ok(()) }), []);
    assert_eq!(trainer.handle(opened()), []);
    assert_eq!(trainer.handle(committed(seal)), []);
    (trainer, salt)
}

fn revealed(trainer: &mut Trainer, salt: Digest) {
    let (base, file, head, seed) = (digest("checkpoint"), digest("file"), digest("head"), at(ROUND, 20).hash);
    trainer.handle(Input::Block(at(ROUND, 19)));
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 20))), [Effect::Measure { round: ROUND, base, file, head, seed, commits: 1 }]);
    let effects = trainer.handle(Input::Measured { round: ROUND, result: Ok(measured(BETTER)) });
    let reveal = Effect::Reveal { round: ROUND, salt, file: digest("file"), measured: measured(BETTER) };
    assert_eq!(effects, [Effect::Have { round: ROUND, file: digest("file") }, reveal]);
    assert_eq!(trainer.handle(Input::Sent { what: Transaction::Reveal, round: ROUND, result: Ok(()) }), []);
    assert_eq!(trainer.handle(Input::Event(ChainEvent::Revealed(claim(ROUND, 1, BASE, BETTER, "file")))), []);
}

fn decided(outcome: Outcome, winner: u8) -> Input {
    Input::Event(decided_event(ROUND, outcome, digest("claim"), account(winner), digest("file")))
}

fn settled() -> Input {
    Input::Event(settled_event(ROUND, 1))
}

fn contains(effects: &[Effect], wanted: impl Fn(&Effect) -> bool) -> bool {
    effects.iter().any(wanted)
}

#[test]
fn a_round_is_trained_committed_revealed_settled_and_collected() {
    let (mut trainer, salt) = sealed();
    revealed(&mut trainer, salt);
    assert_eq!(trainer.handle(decided(Outcome::Won, 1)), []);
    let effects = trainer.handle(Input::Block(at(RoundNumber(4), 0)));
    let report = |effect: &Effect| matches!(effect, Effect::Done(report) if report.won && report.committed && report.reward == REWARD);
    assert!(contains(&effects, report));
    assert!(contains(&effects, |effect| *effect == Effect::Settle { round: ROUND }));
    assert!(
        contains(&effects, |effect| matches!(effect, Effect::Train { round, .. } if *round == RoundNumber(4))),
        "the next round is trained"
    );
    trainer.handle(Input::Sent { what: Transaction::Settle, round: ROUND, result: Ok(()) });
    assert_eq!(trainer.handle(settled()), []);
    let mature = at(RoundNumber(4), MATURITY_S);
    assert!(!contains(&trainer.handle(Input::Block(block(mature.time_s - 1))), |effect| matches!(effect, Effect::Collect { .. })));
    assert!(contains(&trainer.handle(Input::Block(mature)), |effect| *effect == Effect::Collect { rounds: vec![ROUND] }));
    assert!(!contains(&trainer.handle(Input::Block(block(mature.time_s + 1))), |effect| matches!(effect, Effect::Collect { .. })), "once");
}

#[test]
fn nothing_is_committed_that_does_not_improve_enough() {
    let mut trainer = training();
    let step = BASE.0 >> 10;
    assert_eq!(trained(&mut trainer, Micronats(BASE.0 - step + 1)), []);
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 20))), [], "there is nothing to cancel");
    let mut trainer = training();
    assert!(matches!(trained(&mut trainer, Micronats(BASE.0 - step))[..], [Effect::Remember { .. }]));
}

#[test]
fn nothing_is_committed_that_is_not_better_by_the_micronats_that_the_group_asks_for() {
    let least = Micronats(5_000);
    for (loss, is_enough) in [(BASE.0 - (BASE.0 >> 10), false), (BASE.0 - least.0 + 1, false), (BASE.0 - least.0, true)] {
        let mut trainer = training();
        trainer.handle(Input::Group(GroupView { least, ..group() }));
        assert_eq!(!trained(&mut trainer, Micronats(loss)).is_empty(), is_enough, "{loss}");
    }
}

#[test]
fn nothing_is_committed_before_its_salt_is_on_disk() {
    let mut trainer = training();
    trained(&mut trainer, BETTER);
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 5))), []);
    assert_eq!(trainer.handle(Input::Remembered { round: ROUND, result: Err("disk full".into()) }), []);
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 6))), []);
}

#[test]
fn nothing_is_sent_at_the_edge_of_a_phase() {
    let mut trainer = training();
    trained(&mut trainer, BETTER);
    trainer.handle(Input::Block(at(ROUND, 18)));
    assert_eq!(trainer.handle(Input::Remembered { round: ROUND, result: Ok(()) }), []);
    let (mut trainer, _) = sealed();
    trainer.handle(Input::Block(at(ROUND, 20)));
    trainer.handle(Input::Block(at(ROUND, 28)));
    assert_eq!(trainer.handle(Input::Measured { round: ROUND, result: Ok(measured(BETTER)) }), []);
}

/// What the first commit of a machine is ready to pay, in a round that others opened or not.
fn deposit_paid(is_opened: bool, least: Wei) -> (RoundNumber, Wei) {
    let mut trainer = training();
    trainer.handle(Input::Group(GroupView { least_deposit: least, ..group() }));
    if is_opened {
        trainer.handle(opened());
    }
    trained(&mut trainer, BETTER);
    let effects = trainer.handle(Input::Remembered { round: ROUND, result: Ok(()) });
    let paid = |effect: &Effect| if let Effect::Commit { round, max_deposit, .. } = effect { Some((*round, *max_deposit)) } else { None };
    effects.iter().find_map(paid).unwrap()
}

#[test]
fn a_commit_names_its_round_and_pays_what_is_known_or_a_sixteenth_more() {
    assert_eq!(deposit_paid(true, Wei::nrn(160)), (ROUND, Wei::nrn(200)), "as the round was opened");
    assert_eq!(deposit_paid(false, Wei::nrn(160)), (ROUND, Wei::nrn(170)), "supply and stake may change until it is");
    assert_eq!(deposit_paid(false, Wei(u128::MAX)), (ROUND, Wei(u128::MAX)));
}

/// The first second after the round in which a machine settles, having revealed.
fn settles_at(outcome: Outcome, winner: u8, rival: Option<Micronats>) -> u64 {
    let (mut trainer, salt) = sealed();
    revealed(&mut trainer, salt);
    if let Some(loss) = rival {
        trainer.handle(Input::Event(ChainEvent::Revealed(claim(ROUND, 2, BASE, loss, "rival"))));
    }
    if outcome != Outcome::None {
        trainer.handle(decided(outcome, winner));
    }
    let start_s = at(RoundNumber(4), 0).time_s;
    let settles = |effects: &[Effect]| contains(effects, |effect| *effect == Effect::Settle { round: ROUND });
    (0..200).find(|second| settles(&trainer.handle(Input::Block(block(start_s + second))))).unwrap()
}

#[test]
fn a_claim_that_a_strike_would_save_is_settled_once_the_round_is_mature() {
    for (name, outcome, winner, rival, second) in [
        ("it won", Outcome::Won, 1, None, 0),
        ("a better one won", Outcome::Won, 2, Some(Micronats(1_800_000)), 0),
        ("a worse one won", Outcome::Won, 2, Some(Micronats(1_950_000)), MATURITY_S),
        ("one that is not known won", Outcome::Won, 2, None, MATURITY_S),
        ("lost", Outcome::Lost, 9, None, MATURITY_S),
        ("void", Outcome::None, 0, None, 0),
    ] {
        assert_eq!(settles_at(outcome, winner, rival), second, "{name}");
    }
}

#[test]
fn a_lost_round_that_is_struck_is_settled_at_once() {
    let (mut trainer, salt) = sealed();
    revealed(&mut trainer, salt);
    trainer.handle(decided(Outcome::Lost, 9));
    let settle = |effect: &Effect| *effect == Effect::Settle { round: ROUND };
    assert!(!contains(&trainer.handle(Input::Block(at(RoundNumber(4), 0))), settle));
    assert!(contains(&trainer.handle(Input::Event(struck_event(ROUND))), settle));
}

#[test]
fn the_rest_of_a_winners_deposit_is_collected_where_there_is_no_reward() {
    let mut trainer = trainer();
    let Input::Event(ChainEvent::Opened { checkpoint, head, deposit, awake, total, supply, .. }) = opened() else { panic!("no opening") };
    let opened =
        ChainEvent::Opened { group: GROUP, round: ROUND, checkpoint, head, reward: Wei::ZERO, deposit, awake, total, supply, voids: 0 };
    for input in
        [Input::Group(group()), Input::Block(at(ROUND, 0)), Input::Event(opened), committed(digest("seal")), decided(Outcome::Won, 1)]
    {
        trainer.handle(input);
    }
    trainer.handle(settled());
    trainer.handle(Input::Block(at(RoundNumber(4), MATURITY_S)));
    assert!(contains(&trainer.handle(Input::Live), |effect| *effect == Effect::Collect { rounds: vec![ROUND] }));
}

#[test]
fn a_new_checkpoint_starts_training_anew() {
    let mut trainer = training();
    let mut other = group();
    other.checkpoint = digest("newer");
    let again = Effect::Train {
        round: ROUND,
        attempt: 2,
        base: digest("newer"),
        head: digest("head"),
        starts: Vec::new(),
        until_s: at(ROUND, 14).time_s,
    };
    assert_eq!(trainer.handle(Input::Group(other)), [Effect::Cancel { round: ROUND }, again]);
    assert_eq!(trained(&mut trainer, BETTER), [], "what the old training gave is not used");
}

#[test]
fn a_base_that_others_opened_with_counts_more_than_the_view() {
    let mut trainer = training();
    let effects = trainer.handle(Input::Event(opened_event(ROUND, digest("other"))));
    assert!(contains(&effects, |effect| matches!(effect, Effect::Train { base, attempt: 2, .. } if *base == digest("other"))));
}

#[test]
fn training_that_takes_too_long_is_cancelled() {
    let mut trainer = training();
    assert_eq!(trainer.handle(Input::Block(at(ROUND, 20))), [Effect::Cancel { round: ROUND }]);
    assert_eq!(trained(&mut trainer, BETTER), []);
}

#[test]
fn there_is_no_training_when_too_little_time_is_left() {
    let mut trainer = trainer();
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(ROUND, 14)));
    assert_eq!(trainer.handle(Input::Live), []);
}

#[test]
fn a_failed_settlement_is_sent_again_at_growing_distances_for_as_long_as_it_takes() {
    let (mut trainer, salt) = sealed();
    revealed(&mut trainer, salt);
    let start_s = at(RoundNumber(4), 0).time_s;
    let mut settled_at = Vec::new();
    for second in 0..20_000 {
        let effects = trainer.handle(Input::Block(block(start_s + second)));
        if contains(&effects, |effect| *effect == Effect::Settle { round: ROUND }) {
            settled_at.push(second);
            trainer.handle(Input::Sent { what: Transaction::Settle, round: ROUND, result: Err(Failed::Refused("no gas".into())) });
        }
    }
    assert_eq!(settled_at[..5], [0, 1, 3, 7, 15]);
    let longest_s = settled_at.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest_s > 3600 && longest_s < 7200 && 20_000 - settled_at.last().unwrap() < 7200, "{settled_at:?}");
}

#[test]
fn a_restart_after_the_commit_reveals_what_was_remembered() {
    let (_, salt) = sealed();
    let seal = seal(GROUP, ROUND, digest("file"), account(1), salt);
    let mut trainer = Trainer::new(trainer_config(), [Remembered { round: ROUND, file: digest("file"), salt }]);
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(ROUND, 0)));
    trainer.handle(opened());
    trainer.handle(committed(seal));
    [19, 20, 21].into_iter().for_each(|second| drop(trainer.handle(Input::Block(at(ROUND, second)))));
    let effects = trainer.handle(Input::Live);
    assert!(matches!(effects[..], [Effect::Measure { seed, .. }] if seed == at(ROUND, 20).hash));
}

#[test]
fn a_restart_rounds_later_settles_and_collects_what_is_left() {
    let mut trainer = trainer();
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(ROUND, 0)));
    trainer.handle(opened());
    trainer.handle(committed(digest("some seal")));
    trainer.handle(decided(Outcome::Won, 1));
    trainer.handle(settled());
    trainer.handle(Input::Block(at(RoundNumber(9), MATURITY_S)));
    let effects = trainer.handle(Input::Live);
    assert!(contains(&effects, |effect| *effect == Effect::Collect { rounds: vec![ROUND] }));
    assert!(!contains(&effects, |effect| matches!(effect, Effect::Settle { .. })));
}

/// The salt of a file in a round, as a machine with that configuration makes it.
fn salt_of(config: Config, round: RoundNumber, file: &str) -> Digest {
    let mut trainer = Trainer::new(config, []);
    trainer.handle(Input::Group(group()));
    trainer.handle(Input::Block(at(round, 0)));
    trainer.handle(Input::Live);
    salt_in(&trainer.handle(Input::Trained { round, attempt: 1, file: digest(file), base: BASE, loss: BETTER }))
}

#[test]
fn a_salt_is_the_same_when_it_is_made_again_and_another_for_each_secret_round_and_file() {
    let salt = salt_of(trainer_config(), ROUND, "file");
    assert_eq!(salt_of(trainer_config(), ROUND, "file"), salt);
    assert_ne!(salt_of(Config { secret: [8; 32], ..trainer_config() }, ROUND, "file"), salt);
    assert_ne!(salt_of(trainer_config(), RoundNumber(4), "file"), salt);
    assert_ne!(salt_of(trainer_config(), ROUND, "other"), salt);
}

#[test]
fn what_others_do_is_not_mistaken_for_ones_own() {
    let (mut trainer, salt) = sealed();
    trainer.handle(Input::Event(conceded_event(ROUND, 2, 50, 1)));
    revealed(&mut trainer, salt);
    trainer.handle(decided(Outcome::Won, 2));
    let effects = trainer.handle(Input::Block(at(RoundNumber(4), 0)));
    assert!(contains(&effects, |effect| matches!(effect, Effect::Done(report) if !report.won)));
    trainer.handle(settled());
    let effects = trainer.handle(Input::Block(at(RoundNumber(5), MATURITY_S)));
    assert!(!contains(&effects, |effect| matches!(effect, Effect::Collect { .. })));
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let run = || {
        let (mut trainer, salt) = sealed();
        revealed(&mut trainer, salt);
        (0..200).flat_map(|second| trainer.handle(Input::Block(block(at(ROUND, 30).time_s + second)))).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

/// A machine in a group that is admitted or not, after its first view in TRAIN.
fn racing(admitted: bool, unpaid: bool) -> (Trainer, Vec<Effect>) {
    let config = Config { unpaid, ..trainer_config() };
    let mut trainer = Trainer::new(config, []);
    trainer.handle(Input::Group(GroupView { admitted, ..group() }));
    trainer.handle(Input::Block(at(ROUND, 0)));
    let effects = trainer.handle(Input::Live);
    (trainer, effects)
}

fn trains(effects: &[Effect]) -> bool {
    contains(effects, |effect| matches!(effect, Effect::Train { round: ROUND, attempt: 1, .. }))
}

#[test]
fn only_who_wants_to_races_in_a_group_that_pays_nothing() {
    for (admitted, unpaid, expected) in [(true, false, true), (true, true, true), (false, true, true), (false, false, false)] {
        let (mut trainer, effects) = racing(admitted, unpaid);
        assert_eq!(trains(&effects), expected, "admitted: {admitted}, unpaid: {unpaid}");
        let later: Vec<_> = (1..40).flat_map(|second| trainer.handle(Input::Block(at(ROUND, second)))).collect();
        assert!(!trains(&later), "admitted: {admitted}, unpaid: {unpaid}");
    }
}

#[test]
fn training_begins_when_the_group_is_admitted_in_time() {
    for (second, expected) in [(1, true), (13, true), (14, false), (25, false)] {
        let (mut trainer, _) = racing(false, false);
        trainer.handle(Input::Block(at(ROUND, second)));
        assert_eq!(trains(&trainer.handle(Input::Group(group()))), expected, "second {second}");
    }
}

#[test]
fn a_group_that_is_no_longer_admitted_is_not_committed_to() {
    let mut trainer = training();
    trainer.handle(Input::Group(GroupView { admitted: false, ..group() }));
    trained(&mut trainer, BETTER);
    let effects: Vec<_> = (5..20).flat_map(|second| trainer.handle(Input::Block(at(ROUND, second)))).collect();
    assert!(!contains(&effects, |effect| matches!(effect, Effect::Remember { .. } | Effect::Commit { .. })), "{effects:?}");
}
