//! What the trainer's machine does beside its races: deposits and coinbases, ending, beginning anew, telling the log.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome, RevealedClaim};
use protocol::machine::{Heard, Machine};
use protocol::trainer::{Config, Effect, Failed, Input, MAX_COLLECTS, MAX_DEBTS, MAX_RIVALS, MAX_STARTS, Trainer, Transaction};
use protocol::{Address, DeltaNumber, Digest, GroupId, Micronats, RoundNumber, Wei};

const ROUND: RoundNumber = RoundNumber(3);
const NEXT: RoundNumber = RoundNumber(4);
const BASE: Micronats = Micronats(1_000_000);
const OTHER: u8 = 2;

fn event(event: ChainEvent) -> Heard {
    Heard::Event { block: at(ROUND, 1), event }
}

fn committed(round: RoundNumber, trainer: u8) -> Heard {
    event(ChainEvent::Committed { group: GROUP, round, trainer: account(trainer), number: trainer.into(), seal: digest("seal") })
}

fn revealed(trainer: u8, loss: u32) -> Heard {
    event(ChainEvent::Revealed(claim(ROUND, trainer, BASE, Micronats(loss), &format!("file {trainer}"))))
}

fn decided(round: RoundNumber, outcome: Outcome, winner: Address) -> Heard {
    event(decided_event(round, outcome, digest("claim"), winner, digest("file")))
}

fn collected(round: RoundNumber) -> Heard {
    collected_by(round, 1)
}

fn collected_by(round: RoundNumber, winner: u8) -> Heard {
    let (winner, to) = (account(winner), account(OTHER));
    event(ChainEvent::Collected { group: GROUP, round, winner, to, asked: REWARD, issued: REWARD, deposit: Wei::nrn(1) })
}

/// A live machine in the first second of `ROUND` that runs no training of its own.
fn machine(config: Config) -> Trainer {
    let mut trainer = Trainer::new(config, []);
    for heard in [Heard::Group(group()), Heard::Block(at(ROUND, 0)), event(opened_event(ROUND, digest("checkpoint"))), Heard::Live] {
        trainer.hear(heard);
    }
    trainer
}

fn after(heard: impl IntoIterator<Item = Heard>) -> Trainer {
    let mut trainer = machine(trainer_config());
    heard.into_iter().for_each(|heard| drop(trainer.hear(heard)));
    trainer
}

/// Coinbases and deposits that are left for a later start; whether the machine ends with the round.
fn left(mut trainer: Trainer) -> (usize, usize, bool) {
    let effects = trainer.finish();
    let left = effects.iter().find_map(|effect| match effect {
        Effect::Finishing { coinbases, waiting } => Some((*coinbases, *waiting)),
        _ => None,
    });
    assert!(!trainer.is_finished(), "the round is not over");
    trainer.hear(Heard::Block(at(NEXT, 0)));
    let (coinbases, waiting) = left.unwrap();
    (coinbases, waiting, trainer.is_finished())
}

#[test]
fn a_won_round_is_waited_for_until_it_is_settled_and_left_for_later_until_it_is_collected() {
    assert_eq!(left(after([committed(ROUND, OTHER)])), (0, 0, true), "rounds of others are nobody's business");
    let won = || [committed(ROUND, 1), decided(ROUND, Outcome::Won, account(1))];
    for of_others in [event(settled_event(ROUND, OTHER)), collected_by(ROUND, OTHER)] {
        assert_eq!(left(after([committed(ROUND, 1), of_others])), (0, 0, false), "one's own deposit is there still");
    }
    assert_eq!(left(after(won())), (1, 0, false));
    let settled = event(settled_event(ROUND, 1));
    assert_eq!(left(after(won().into_iter().chain([settled.clone()]))), (1, 0, true));
    assert_eq!(left(after(won().into_iter().chain([settled, collected(ROUND)]))), (0, 0, true));
    assert_eq!(left(after(won().into_iter().chain([collected(ROUND)]))), (0, 0, true), "what was not settled comes with it");
}

#[test]
fn what_was_found_false_waits_until_it_is_struck_or_mature_and_is_not_waited_for() {
    let both = || vec![committed(ROUND, 1), committed(ROUND, OTHER), revealed(1, 500_000), revealed(OTHER, 900_000)];
    let with = |more: Vec<Heard>| left(after(both().into_iter().chain(more)));
    let lost = || decided(ROUND, Outcome::Lost, Address::ZERO);
    assert_eq!(with(vec![decided(ROUND, Outcome::Won, account(OTHER))]), (0, 1, true));
    assert_eq!(with(vec![lost()]), (0, 1, true));
    assert_eq!(with(vec![decided(ROUND, Outcome::Won, account(1))]), (1, 0, false));
    assert_eq!(with(vec![lost(), event(struck_event(ROUND))]), (0, 0, false), "it comes back now");
    assert_eq!(with(vec![lost(), event(struck_event(ROUND)), event(settled_event(ROUND, 1))]), (0, 0, true));
    let struck = vec![decided(ROUND, Outcome::Won, account(1)), event(settled_event(ROUND, 1)), event(struck_event(ROUND))];
    assert_eq!(with(struck), (0, 0, true), "a struck round has no coinbase");
    let winner = || decided(ROUND, Outcome::Won, account(OTHER));
    let behind = [committed(ROUND, 1), revealed(1, 900_000), revealed(OTHER, 500_000), winner()];
    assert_eq!(left(after(behind)), (0, 0, false), "what stood behind the winner comes back at once");
    let of_another_base =
        ChainEvent::Revealed(RevealedClaim { base: Micronats(BASE.0 + 1), ..claim(ROUND, 1, BASE, Micronats(900_000), "file") });
    let false_base = [committed(ROUND, 1), revealed(OTHER, 500_000), event(of_another_base), winner()];
    assert_eq!(left(after(false_base)), (0, 1, true), "another base is false, wherever it stands");
    let unopened = [committed(ROUND, 1), revealed(OTHER, 1), lost()];
    assert_eq!(left(after(unopened)), (0, 0, false), "a seal that was not opened is lost at once");
}

#[test]
fn of_more_claims_than_are_kept_the_worst_are_not_compared_with_ones_own() {
    let with_winner = |place: usize| {
        let rivals = (0..=MAX_RIVALS as u8).map(|rival| revealed(100 + rival, 500_000 + 1_000 * u32::from(rival)));
        let winner = account(99 + place as u8);
        left(after([committed(ROUND, 1), revealed(1, 900_000)].into_iter().chain(rivals).chain([decided(ROUND, Outcome::Won, winner)])))
    };
    assert_eq!(with_winner(MAX_RIVALS), (0, 0, false), "it stood behind the winner");
    assert_eq!(with_winner(MAX_RIVALS + 1), (0, 1, true), "that is not known any more");
}

/// Won and settled rounds before `ROUND`, none of them mature.
fn winner_of(rounds: u64) -> (Trainer, u64) {
    let mut trainer = Trainer::new(trainer_config(), []);
    trainer.hear(Heard::Group(group()));
    for round in (0..rounds).map(RoundNumber) {
        trainer.hear(Heard::Block(at(round, 1)));
        for heard in [event(opened_event(round, digest("checkpoint"))), committed(round, 1), decided(round, Outcome::Won, account(1))] {
            trainer.hear(heard);
        }
        trainer.hear(event(settled_event(round, 1)));
    }
    (trainer, at(RoundNumber(rounds), MATURITY_S).time_s)
}

#[test]
fn of_more_debts_than_are_kept_the_oldest_are_dropped() {
    for (more, kept) in [(0, MAX_DEBTS), (1, MAX_DEBTS)] {
        let mut trainer = Trainer::new(trainer_config(), []);
        trainer.hear(Heard::Group(group()));
        for round in (0..MAX_DEBTS as u64 + more).map(RoundNumber) {
            trainer.hear(committed(round, 1));
            trainer.hear(decided(round, Outcome::Won, account(1)));
        }
        let finishing = Effect::Finishing { coinbases: kept, waiting: 0 };
        assert_eq!(trainer.finish(), [finishing], "{more}");
    }
}

fn collects(effects: Vec<Effect>) -> Vec<Vec<RoundNumber>> {
    effects.into_iter().filter_map(|effect| if let Effect::Collect { rounds } = effect { Some(rounds) } else { None }).collect()
}

#[test]
fn coinbases_are_collected_together_and_so_many_with_one_block_that_none_is_forgotten() {
    let rounds = 2 * MAX_COLLECTS as u64 + 5;
    let (mut trainer, mature_s) = winner_of(rounds);
    trainer.hear(Heard::Block(block(mature_s)));
    let mut all = Vec::new();
    for effects in
        [trainer.hear(Heard::Live), trainer.hear(Heard::Block(block(mature_s + 1))), trainer.hear(Heard::Block(block(mature_s + 2)))]
    {
        let batches = collects(effects);
        assert!(batches.len() == 1 && batches[0].len() <= MAX_COLLECTS, "{batches:?}");
        all.extend(batches.into_iter().flatten());
    }
    assert_eq!(all, (0..rounds).map(RoundNumber).collect::<Vec<_>>());
    assert_eq!(collects(trainer.hear(Heard::Block(block(mature_s + 3)))), Vec::<Vec<RoundNumber>>::new(), "once");
}

#[test]
fn of_coinbases_that_failed_together_each_is_tried_alone() {
    let (mut trainer, mature_s) = winner_of(3);
    trainer.hear(Heard::Block(block(mature_s)));
    let all: Vec<_> = (0..3).map(RoundNumber).collect();
    assert_eq!(collects(trainer.hear(Heard::Live)).concat(), all);
    for round in all.iter().copied() {
        trainer.answer(Input::Sent { what: Transaction::Collect, round, result: Err(Failed::Refused("NotMature".into())) });
    }
    let alone: Vec<_> = all.into_iter().map(|round| vec![round]).collect();
    assert_eq!(collects(trainer.hear(Heard::Block(block(mature_s + 1)))), alone);
}

#[test]
fn a_transaction_whose_event_does_not_come_is_asked_for_again_after_some_blocks() {
    let (mut trainer, mature_s) = winner_of(1);
    trainer.hear(Heard::Block(block(mature_s)));
    assert_eq!(collects(trainer.hear(Heard::Live)).len(), 1);
    trainer.answer(Input::Sent { what: Transaction::Collect, round: RoundNumber(0), result: Ok(()) });
    let again = (1..100).find(|second| !collects(trainer.hear(Heard::Block(block(mature_s + second)))).is_empty());
    assert!(again.is_some_and(|second| second > 8), "{again:?}");
}

fn trains(effects: &[Effect], round: RoundNumber) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Train { round: of, .. } if *of == round))
}

#[test]
fn who_is_asked_to_end_goes_on_with_the_round_and_begins_no_other() {
    let mut trainer = machine(trainer_config());
    trainer.hear(Heard::Block(at(ROUND, 19)));
    trainer.hear(Heard::Block(at(ROUND, 20)));
    assert!(trains(&trainer.hear(Heard::Block(at(ROUND, 30))), NEXT));
    assert!(trainer.finish().contains(&Effect::Cancel { round: NEXT }), "the run for the next round is of no use");
    let later: Vec<_> = (31..60).flat_map(|second| trainer.hear(Heard::Block(at(ROUND, second)))).collect();
    assert!(!trains(&later, NEXT) && trainer.is_finished(), "{later:?}");
    let mut again = machine(trainer_config());
    again.finish();
    again.hear(Heard::Restart);
    [Heard::Group(group()), Heard::Block(at(NEXT, 0))].into_iter().for_each(|heard| drop(again.hear(heard)));
    assert!(!trains(&again.hear(Heard::Live), NEXT), "a reorganisation takes nothing back of that");
}

/// A live machine in the first second of `ROUND`, which nobody opened.
fn racing(admitted: bool) -> Trainer {
    let mut trainer = Trainer::new(trainer_config(), []);
    for heard in [Heard::Group(GroupView { admitted, ..group() }), Heard::Block(at(ROUND, 0)), Heard::Live] {
        trainer.hear(heard);
    }
    trainer
}

#[test]
fn what_is_told_of_another_group_changes_nothing() {
    let (group_of_others, mut trainer) = (GroupId(2), racing(true));
    let view = GroupView { id: group_of_others, checkpoint: digest("other"), ..group() };
    assert_eq!(trainer.answer(Input::Group(view)), []);
    let committed = ChainEvent::Committed { group: group_of_others, round: ROUND, trainer: account(1), number: 1, seal: digest("seal") };
    assert_eq!(trainer.answer(Input::Event(committed)), []);
}

#[test]
fn a_round_is_reported_if_one_trained_in_it() {
    for (admitted, is_reported) in [(true, true), (false, false)] {
        let effects = racing(admitted).hear(Heard::Block(at(NEXT, 0)));
        assert_eq!(effects.iter().any(|effect| matches!(effect, Effect::Done(_))), is_reported, "{effects:?}");
    }
}

#[test]
fn a_run_that_fails_in_its_round_is_not_begun_again() {
    let mut trainer = machine(trainer_config());
    assert_eq!(trainer.answer(Input::TrainFailed { round: ROUND, attempt: 1, reason: "no memory".into() }), []);
    assert!(!trains(&trainer.hear(Heard::Block(at(ROUND, 1))), ROUND));
}

#[test]
fn after_the_configured_number_of_rounds_no_further_one_is_begun() {
    for (rounds, is_told_twice, expected) in [(None, true, true), (Some(2), true, true), (Some(1), true, false), (Some(1), false, false)] {
        let mut trainer = machine(Config { rounds, ..trainer_config() });
        if is_told_twice {
            trainer.hear(event(opened_event(ROUND, digest("other"))));
            assert!(trains(&trainer.hear(Heard::Block(at(ROUND, 1))), ROUND), "the opened one goes on");
        }
        let later: Vec<_> = (20..50).flat_map(|second| trainer.hear(Heard::Block(at(ROUND, second)))).collect();
        assert_eq!(trains(&later, NEXT), expected, "{rounds:?}");
    }
}

#[test]
fn a_machine_that_begins_anew_knows_what_it_put_on_disk_and_drops_its_run() {
    let mut trainer = machine(trainer_config());
    let (file, base) = (digest("own"), BASE);
    let effects = trainer.answer(Input::Trained { round: ROUND, attempt: 1, file, base, loss: Micronats(900_000) });
    assert!(matches!(effects[..], [Effect::Remember { .. }]));
    let commit = trainer.answer(Input::Remembered { round: ROUND, result: Ok(()) });
    let [Effect::Commit { seal, .. }] = commit[..] else { panic!("{commit:?}") };
    assert_eq!(trainer.hear(Heard::Restart), []);
    for heard in [Heard::Group(group()), Heard::Block(at(ROUND, 0))] {
        assert_eq!(trainer.hear(heard), []);
    }
    assert!(trainer.hear(Heard::Live).iter().any(|effect| matches!(effect, Effect::Commit { seal: again, .. } if *again == seal)));
    let mut running = machine(trainer_config());
    assert_eq!(running.hear(Heard::Restart), [Effect::Cancel { round: ROUND }]);
}

#[test]
fn the_best_files_of_a_round_are_given_to_the_next_each_once() {
    let file = |number: u8| digest(&format!("file {number}"));
    let copied = ChainEvent::Revealed(claim(ROUND, 4, BASE, Micronats(650_000), "file 2"));
    let mut trainer = after([committed(ROUND, 1), revealed(1, 900_000), revealed(2, 500_000), revealed(3, 700_000), event(copied)]);
    trainer.hear(Heard::Block(at(ROUND, 39)));
    let given = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| if let Effect::Train { starts, .. } = effect { Some(starts) } else { None })
    };
    assert_eq!(given(trainer.hear(Heard::Block(at(NEXT, 0)))), Some(vec![file(2), file(3), file(1)]));
    let mut crowded = after((10..60).map(|number| revealed(number, 1_000 * u32::from(number))));
    crowded.hear(Heard::Block(at(ROUND, 39)));
    let best: Vec<Digest> = (10..).take(MAX_STARTS).map(file).collect();
    assert_eq!(given(crowded.hear(Heard::Block(at(NEXT, 0)))), Some(best), "a bounded number, the best");
}

#[test]
fn the_log_is_told_of_new_sets_and_of_ones_own_revealed_file() {
    let (delta, author, head) = (DeltaNumber(1), account(OTHER), digest("new head"));
    let taken = ChainEvent::Taken { group: GROUP, delta, author, head, burned: Wei::ZERO };
    let mut trainer = Trainer::new(trainer_config(), []);
    trainer.hear(Heard::Group(group()));
    trainer.hear(Heard::Block(at(ROUND, 0)));
    assert_eq!(trainer.hear(event(taken.clone())), [], "history is no news");
    assert!(trainer.hear(Heard::Live).contains(&Effect::TellRoot { head: group().head }));
    assert!(trainer.hear(event(taken)).contains(&Effect::TellRoot { head: digest("new head") }));
    assert!(trainer.hear(revealed(1, 1)).contains(&Effect::Publish { round: ROUND, file: digest("file 1") }));
    assert!(!trainer.hear(revealed(2, 1)).iter().any(|effect| matches!(effect, Effect::Publish { .. })));
}

#[test]
fn a_late_refusal_of_a_settlement_that_was_mined_asks_for_no_coinbase_before_its_time() {
    let settled = event(settled_event(ROUND, 1));
    let mut trainer = after([committed(ROUND, 1), decided(ROUND, Outcome::Won, account(1)), settled]);
    trainer.hear(Heard::Block(at(NEXT, 0)));
    trainer.answer(Input::Sent { what: Transaction::Settle, round: ROUND, result: Err(Failed::Refused("settled already".into())) });
    let asked: Vec<Effect> = (1..8).flat_map(|second| trainer.hear(Heard::Block(at(NEXT, second)))).collect();
    assert!(!asked.iter().any(|effect| matches!(effect, Effect::Collect { .. })), "{asked:?}");
}

#[test]
fn another_process_with_the_nodes_key_is_told_once_whatever_is_told_anew() {
    let mut trainer = machine(trainer_config());
    let message = digest("a message on top of its own");
    assert_eq!(trainer.hear(Heard::Double { message }), [Effect::Doubled { message }]);
    assert_eq!(trainer.hear(Heard::Double { message: digest("another") }), []);
    trainer.hear(Heard::Restart);
    assert_eq!(trainer.hear(Heard::Double { message }), []);
}
