//! What jurors bring to the chain, and in which order: one thing told after another.

use protocol::bounty::Findings;
use protocol::chain::{ChainEvent, GroupView};
use protocol::jury::{Effect, Fetched, Input};
use protocol::{Micronats, PositionNumber, RoundNumber};

use crate::hidden::*;
use crate::world::*;

/// The next block after all is told, in most stories.
const NEXT_S: u64 = STARTS_S[0] + 1;

/// When each juror posts first what `told` tells each at the start of the first window, in seconds after the next block.
fn turns(told: impl Fn(&mut Juror)) -> Vec<u64> {
    let turn = |signer| {
        let mut juror = Juror::holding(signer);
        juror.until(STARTS_S[0]);
        told(&mut juror);
        juror.until(STARTS_S[1]);
        juror.posts()[0].0 - NEXT_S
    };
    (1..=4).map(turn).collect()
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

/// Who goes first, as all know.
fn leader() -> u8 {
    let turns = turns(all_but_own);
    1 + turns.iter().position(|turn_s| *turn_s == 0).unwrap() as u8
}

fn all_but_own(juror: &mut Juror) {
    let own = juror.signer;
    (1..=4).filter(|signer| *signer != own).for_each(|signer| juror.heard(signer, 0, &measured()));
}

#[test]
fn one_brings_what_all_found_and_each_other_one_waits_for_those_before() {
    assert_eq!(sorted(turns(all_but_own)), [0, PAUSE_S, 2 * PAUSE_S, 3 * PAUSE_S]);
}

#[test]
fn while_some_are_missing_it_is_brought_in_the_second_half() {
    let some = |juror: &mut Juror| (1..=3).for_each(|signer| juror.heard(signer, 0, &measured()));
    let half = HALF_S + PAUSE_S - 2;
    let with_fourth = turns(some);
    // The fourth has found it too, by its own measurement: for it all are in.
    assert_eq!(with_fourth[3] % PAUSE_S, 0);
    assert!(with_fourth[..3].iter().all(|turn_s| (half..=half + 3 * PAUSE_S).contains(turn_s)), "{with_fourth:?}");
}

#[test]
fn before_the_end_of_a_window_nobody_waits_for_others() {
    let last_s = STARTS_S[1] - EDGE_S - 1;
    for (told_s, expected) in [(last_s - 2, vec![1, 2, 2, 2]), (last_s - 1, vec![1; 4])] {
        let turn = |signer| {
            let mut juror = Juror::holding(signer);
            juror.until(told_s);
            all_but_own(&mut juror);
            juror.until(STARTS_S[1]);
            juror.posts()[0].0 - told_s
        };
        assert_eq!(sorted((1..=4).map(turn).collect()), expected, "{told_s}");
    }
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[1] - EDGE_S - 1);
    all_but_own(&mut juror);
    juror.until(STARTS_S[2] - 1);
    assert_eq!(juror.posts(), [], "it is too late");
}

#[test]
fn after_a_failure_all_others_go_first() {
    let mut juror = Juror::deciding(leader(), &[1, 2, 3, 4]);
    juror.until(NEXT_S + 1);
    juror.sent(false);
    juror.until(NEXT_S + 50);
    assert_eq!(juror.posts().iter().map(|(time_s, _)| *time_s - NEXT_S).collect::<Vec<_>>(), [0, 1 + 4 * PAUSE_S]);
    juror.sent(false);
    juror.until(NEXT_S + 100);
    assert_eq!(juror.posts()[2].0 - NEXT_S, 50 + 8 * PAUSE_S, "each failure is a longer wait");
}

#[test]
fn who_failed_before_the_end_of_a_window_leaves_it_to_others() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[1] - EDGE_S - PAUSE_S);
    all_but_own(&mut juror);
    juror.until(juror.now_s + 1);
    juror.sent(false);
    juror.until(STARTS_S[1] - 1);
    assert_eq!(juror.posts().len(), 1);
}

#[test]
fn what_the_chain_counted_is_found_though_nobody_here_heard_it() {
    let mut juror = Juror::deciding(1, &[2]);
    juror.event(found(0, &measured(), &[3]));
    juror.until(STARTS_S[1]);
    assert_eq!(juror.posts()[0].1, [1, 2]);
}

#[test]
fn a_bounty_is_over_when_all_are_paid_though_it_was_settled_before() {
    let mut juror = Juror::decided(1, &measured());
    for (events, left) in [(vec![returned()], 1), ([5, 6, 8].map(paid).to_vec(), 1), ([1, 2, 3].map(finder_paid).to_vec(), 0)] {
        events.into_iter().for_each(|event| juror.event(event));
        assert_eq!(juror.jury.terms().count(), left);
    }
}

#[test]
fn what_was_sent_and_is_not_seen_is_sent_again_after_a_while() {
    let mut juror = Juror::deciding(leader(), &[1, 2, 3, 4]);
    juror.until(STARTS_S[0] + 20);
    assert_eq!(juror.posts().len(), 1, "one transaction at a time");
    juror.sent(true);
    juror.until(STARTS_S[0] + 60);
    assert_eq!(juror.posts().last().map(|(time_s, _)| *time_s), Some(STARTS_S[0] + 20 + 8 * PAUSE_S));
}

#[test]
fn what_is_counted_is_not_brought_again_and_what_comes_later_is_until_the_window_ends() {
    let mut juror = Juror::deciding(leader(), &[1, 2, 3]);
    // Its own finding makes it all of them if it is the fourth.
    juror.until(STARTS_S[0] + HALF_S + 50);
    let first = juror.posts()[0].1.clone();
    assert_eq!(first.len(), 2, "two fit one transaction");
    juror.event(found(0, &measured(), &first));
    juror.sent(true);
    juror.until(STARTS_S[0] + HALF_S + 100);
    let third: Vec<u64> = (1..=3).filter(|number| !first.contains(number)).collect();
    assert_eq!(juror.posts()[1].1, third);
    juror.event(found(0, &measured(), &third));
    juror.event(resolved(0, &measured()));
    juror.sent(true);
    juror.until(STARTS_S[1] - 100);
    assert_eq!(juror.posts().len(), 2);
    juror.heard(4, 0, &measured());
    juror.until(STARTS_S[1] - 50);
    assert_eq!(juror.posts()[2].1, [4]);
    juror.sent(false);
    juror.until(STARTS_S[2]);
    assert_eq!(juror.posts().iter().filter(|(time_s, _)| *time_s >= STARTS_S[1]).count(), 0, "the window is over");
}

#[test]
fn other_results_than_the_decided_one_are_not_brought() {
    let mut juror = Juror::decided(1, &failed(&[5, 6, 8]));
    [2, 3, 4].into_iter().for_each(|signer| juror.heard(signer, 0, &measured()));
    juror.until(STARTS_S[1] + 50);
    juror.heard(4, 1, &failed(&[5, 6, 8]));
    juror.until(STARTS_S[2]);
    assert_eq!(juror.posts(), []);
}

/// Another key signs for the fourth position.
fn rotated() -> GroupView {
    let mut view = view();
    view.positions[3].signer = account(44);
    view
}

/// Two findings beside one's own, and one that is not counted.
#[test]
fn findings_that_the_contract_does_not_count_are_not_brought() {
    let asleep = |view: &mut GroupView| view.positions[3].awake = false;
    let empty = |view: &mut GroupView| view.positions[3].live = protocol::Wei::ZERO;
    let as_is = |_: &mut GroupView| {};
    let good = finding(4, 0, measured());
    let mut forged = good.clone();
    forged.message.probe = digest("another");
    let mut other = good.clone();
    other.findings = failed(&[5]);
    let mut elsewhere = good.message;
    elsewhere.bounty = protocol::BountyNumber(8);
    type Change = fn(&mut GroupView);
    let table: [(&str, protocol::log::FindingBody, Change, bool); 9] = [
        ("good", good.clone(), as_is, true),
        ("of one asleep", good.clone(), asleep, false),
        ("of one without stake", good.clone(), empty, false),
        ("of a key that signs no more", good.clone(), |view| *view = rotated(), false),
        ("forged", forged, as_is, false),
        ("with other findings", other, as_is, false),
        ("of the window before", finding(4, 0, measured()), as_is, false),
        ("of the window after", finding(4, 2, measured()), as_is, false),
        ("of another bounty", signed(4, elsewhere, measured()), as_is, false),
    ];
    for (name, body, change, is_counted) in table {
        let window = if name.starts_with("of the window") { 1 } else { 0 };
        let mut juror = Juror::holding(1);
        juror.until(STARTS_S[window]);
        [2, 3].into_iter().for_each(|signer| juror.heard(signer, window as u64, &measured()));
        juror.tell(Input::Heard(body));
        let mut view = view();
        change(&mut view);
        juror.tell(Input::Group(view));
        juror.until(STARTS_S[window] + 20);
        assert_eq!(juror.posts().is_empty(), !is_counted && !name.contains("asleep") && !name.contains("stake"), "{name}");
        juror.sent(true);
        juror.event(found(window as u64, &measured(), &[1, 2]));
        juror.until(STARTS_S[window + 1] - 1);
        let brought: Vec<u64> = juror.posts().into_iter().flat_map(|(_, posted)| posted).collect();
        assert_eq!(brought.contains(&4), is_counted, "{name}");
    }
}

#[test]
fn what_is_heard_before_its_window_counts_in_it() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] - 2);
    [2, 3, 4].into_iter().for_each(|signer| juror.heard(signer, 0, &measured()));
    assert_eq!(juror.posts(), []);
    juror.until(STARTS_S[0] + 4 * PAUSE_S);
    assert_eq!(juror.posts().len(), 1, "others may see a block before this one does");
}

#[test]
fn won_rounds_are_paid_in_parts_once_they_cannot_be_struck() {
    let struck_last = failed(&[5, 6, 8]);
    for (name, findings, strikes, expected) in [
        ("measured", measured(), None, vec![vec![5], vec![6], vec![8]]),
        ("a struck one", measured(), Some(6), vec![vec![5], vec![6], vec![8]]),
        ("failed", struck_last, Some(8), vec![vec![5], vec![6], vec![8]]),
        ("without steps", Findings { failed: false, base: Micronats(7), steps: Vec::new() }, Some(8), vec![]),
    ] {
        let mut juror = Juror::decided(1, &findings);
        strikes.into_iter().for_each(|round| juror.event(struck(round)));
        let mut paid_rounds = Vec::new();
        while juror.now_s < STARTS_S[3] {
            let before = juror.rewards().len();
            juror.until(juror.now_s + 1);
            for (time_s, rounds) in juror.rewards().into_iter().skip(before) {
                rounds.iter().for_each(|round| {
                    let mature_s = TIMES.round_end_s(GENESIS_S, RoundNumber(*round)) + STRIKES_S;
                    assert!((mature_s..mature_s + 5 * PAUSE_S).contains(&time_s), "{name}: {round} at {time_s}");
                    juror.event(paid(*round));
                });
                juror.sent(true);
                paid_rounds.push(rounds);
            }
        }
        assert_eq!(paid_rounds, expected, "{name}");
    }
}

#[test]
fn what_is_due_at_once_is_paid_in_parts_and_not_twice() {
    let before = Juror::decided(1, &measured());
    // Nobody was there for a while: all is mature, and the window is over.
    for (name, mut juror, paid_before, expected) in [
        ("nothing paid yet", before.restarted(), &[][..], vec![vec![5, 6], vec![8]]),
        ("one paid by another", before.restarted(), &[5], vec![vec![6, 8]]),
        ("all paid", before.restarted(), &[5, 6, 8], vec![]),
    ] {
        juror.tell(Input::Block(block(STARTS_S[1])));
        juror.now_s = STARTS_S[1];
        paid_before.iter().for_each(|round| juror.event(paid(*round)));
        for _ in 0..20 {
            juror.until(juror.now_s + 10);
            let all: Vec<u64> = juror.rewards().into_iter().flat_map(|(_, rounds)| rounds).collect();
            all.into_iter().for_each(|round| juror.event(paid(round)));
            juror.sent(true);
        }
        let rewards: Vec<_> = juror.rewards().into_iter().map(|(_, rounds)| rounds).collect();
        assert_eq!(rewards, expected, "{name}");
    }
}

#[test]
fn finders_are_paid_in_parts_after_their_window() {
    let mut juror = Juror::decided(1, &measured());
    juror.event(found(0, &failed(&[5, 6, 8]), &[4]));
    [5, 6, 8].into_iter().for_each(|round| juror.event(paid(round)));
    juror.until(STARTS_S[1] - 1);
    assert_eq!(juror.finders(), []);
    juror.until(STARTS_S[1] + 4 * PAUSE_S);
    assert_eq!(juror.finders().len(), 1);
    assert_eq!(juror.finders()[0].1, [1, 2]);
    [1, 2].into_iter().for_each(|position| juror.event(finder_paid(position)));
    juror.sent(true);
    juror.until(STARTS_S[1] + 10 * PAUSE_S);
    assert_eq!(juror.finders()[1].1, [3], "who found something else is no finder");
    juror.event(finder_paid(3));
    juror.sent(true);
    juror.until(STARTS_S[2]);
    assert_eq!(juror.finders().len(), 2);
}

#[test]
fn a_bounty_is_settled_after_all_windows_and_strikes() {
    for (name, decided, strikes_s, expected_s) in [
        ("measured", Some(measured()), STRIKES_S, STARTS_S[3]),
        ("failed", Some(failed(&[5, 6, 8])), STRIKES_S, STARTS_S[3]),
        ("undecided", None, STRIKES_S, STARTS_S[3]),
        ("undecided, with long strikes", None, 2_000, END_S + 2_000),
    ] {
        let mut juror = Juror::new(1);
        juror.tell(Input::Group(GroupView { maturity_s: strikes_s, ..view() }));
        juror.fetched = Fetched::Missing("nobody has it".into());
        juror.until(END_S);
        juror.event(unsealed());
        juror.have(&[2, 3]);
        juror.until(STARTS_S[0] + 1);
        if let Some(findings) = &decided {
            juror.event(resolved(0, findings));
            [5, 6, 8].into_iter().for_each(|round| juror.event(paid(round)));
        }
        juror.until(expected_s - 1);
        assert_eq!(juror.settles(), [], "{name}");
        juror.until(expected_s + 4 * PAUSE_S);
        assert_eq!(juror.settles().len(), 1, "{name}");
        assert!(decided.is_none_or(|findings| juror.settles()[0].1 == findings), "{name}");
        juror.event(returned());
        juror.sent(true);
        juror.until(expected_s + 50);
        assert_eq!((juror.settles().len(), juror.jury.terms().count()), (1, 0), "{name}");
    }
}

/// Position 4 signed two results in a window of which this juror heard.
fn betrayed(signer: u8, window: u64) -> Juror {
    let mut juror = Juror::holding(signer);
    juror.heard(4, window, &failed(&[5]));
    juror.heard(4, window, &failed(&[6]));
    juror.heard(4, window, &failed(&[8]));
    juror
}

#[test]
fn who_signs_two_results_in_a_window_is_shown_once_by_one_after_the_other() {
    let mut turns = Vec::new();
    for signer in 1..=3 {
        let mut juror = betrayed(signer, 0);
        juror.until(STARTS_S[0] + 20);
        assert_eq!(juror.slashes().iter().map(|(_, about)| *about).collect::<Vec<_>>(), [(0, 4)]);
        turns.push(juror.slashes()[0].0 - STARTS_S[0]);
        juror.event(found_twice(0, 4));
        juror.sent(true);
        juror.until(STARTS_S[0] + 100);
        assert_eq!(juror.slashes().len(), 1);
    }
    turns.sort_unstable();
    turns.dedup();
    assert!(turns.len() == 3 && turns.iter().all(|turn_s| turn_s % PAUSE_S == 0 && *turn_s <= 3 * PAUSE_S), "{turns:?}");
}

#[test]
fn a_new_key_does_not_hide_what_it_signs_twice() {
    let mut juror = Juror::holding(1);
    juror.heard(4, 0, &failed(&[5]));
    juror.tell(Input::Group(rotated()));
    juror.heard(44, 0, &failed(&[6]));
    juror.heard(44, 0, &failed(&[8]));
    juror.until(STARTS_S[0] + 20);
    assert_eq!(juror.slashes().iter().map(|(_, about)| *about).collect::<Vec<_>>(), [(0, 4)]);
}

#[test]
fn what_is_no_offence_is_not_shown() {
    let (one, other) = (failed(&[5]), failed(&[6]));
    let mut same = finding(4, 0, failed(&[5]));
    same.message.probe = digest("another");
    let forgiven = |s| GroupView {
        positions: view()
            .positions
            .into_iter()
            .map(|mut position| {
                position.forgiven_until_s = s;
                position
            })
            .collect(),
        ..view()
    };
    for (name, heard, view, is_shown) in [
        ("two results", vec![finding(4, 0, one.clone()), finding(4, 0, other.clone())], view(), true),
        ("the same twice", vec![finding(4, 0, one.clone()), finding(4, 0, one.clone())], view(), false),
        ("two probes", vec![finding(4, 0, one.clone()), signed(4, same.message, one.clone())], view(), false),
        ("two signers", vec![finding(4, 0, one.clone()), finding(3, 0, other.clone())], view(), false),
        ("two windows", vec![finding(4, 0, one.clone()), finding(4, 1, other.clone())], view(), false),
        ("a stranger", vec![finding(77, 0, one.clone()), finding(77, 0, other.clone())], view(), false),
        ("one's own", vec![finding(1, 0, one.clone()), finding(1, 0, other.clone())], view(), false),
        ("forgiven", vec![finding(4, 0, one.clone()), finding(4, 0, other.clone())], forgiven(STARTS_S[0] + 1), false),
        ("forgiven before", vec![finding(4, 0, one), finding(4, 0, other)], forgiven(STARTS_S[0]), true),
    ] {
        let mut juror = Juror::holding(1);
        heard.into_iter().for_each(|body| juror.tell(Input::Heard(body)));
        juror.tell(Input::Group(view));
        juror.until(STARTS_S[0] + 50);
        assert_eq!(!juror.slashes().is_empty(), is_shown, "{name}");
    }
}

#[test]
fn two_results_of_two_keys_are_no_offence() {
    let mut juror = Juror::holding(1);
    juror.heard(4, 0, &failed(&[5]));
    juror.tell(Input::Group(rotated()));
    juror.heard(44, 0, &failed(&[6]));
    juror.until(STARTS_S[0] + 50);
    assert_eq!(juror.slashes(), []);
}

#[test]
fn evidence_about_a_window_to_come_waits_for_it() {
    let mut juror = betrayed(1, 1);
    juror.until(STARTS_S[1] - 1);
    assert_eq!(juror.slashes(), []);
    juror.until(STARTS_S[1] + 20);
    assert_eq!(juror.slashes().len(), 1);
}

#[test]
fn evidence_that_fails_three_times_is_left_to_others_and_holds_nothing_up() {
    let mut juror = betrayed(1, 0);
    juror.until(STARTS_S[0] + 10);
    for _ in 0..40 {
        juror.sent(false);
        juror.until(juror.now_s + 5);
    }
    assert_eq!(juror.slashes().len(), 3);
    juror.event(found(0, &measured(), &[1, 2, 3]));
    juror.event(resolved(0, &measured()));
    juror.until(STARTS_S[1]);
    assert!(!juror.rewards().is_empty());
}

#[test]
fn two_results_of_a_past_window_are_shown_until_the_bounty_is_over() {
    for is_over in [false, true] {
        let mut juror = Juror::decided(1, &measured());
        [5, 6, 8].into_iter().for_each(|round| juror.event(paid(round)));
        (1..=3).for_each(|position| juror.event(finder_paid(position)));
        juror.until(STARTS_S[2]);
        if is_over {
            juror.event(returned());
        }
        [failed(&[5]), failed(&[6])].iter().for_each(|findings| juror.heard(4, 0, findings));
        juror.until(STARTS_S[2] + 50);
        assert_eq!(juror.slashes().len(), usize::from(!is_over));
    }
}

/// The transaction that is asked for first when the one is answered that was under way for a while.
fn next_after_a_while(juror: &mut Juror, while_s: u64) -> Effect {
    juror.until(juror.now_s + while_s);
    juror.sent(true);
    juror.event(found_twice(0, 4));
    let before = juror.effects.len();
    juror.until(juror.now_s + 1);
    juror.effects[before].1.clone()
}

#[test]
fn findings_go_before_evidence_and_evidence_before_payments() {
    let betrayal = |juror: &mut Juror| [failed(&[5]), failed(&[6])].iter().for_each(|findings| juror.heard(3, 0, findings));
    let mut juror = betrayed(1, 0);
    juror.until(STARTS_S[0] + 20);
    all_but_own(&mut juror);
    betrayal(&mut juror);
    assert!(matches!(next_after_a_while(&mut juror, 20), Effect::Post { .. }));
    // The rounds of the term can be struck no more.
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] + STRIKES_S);
    [failed(&[5]), failed(&[6])].iter().for_each(|findings| juror.heard(4, 0, findings));
    juror.until(juror.now_s + 20);
    betrayal(&mut juror);
    juror.event(found(0, &measured(), &[1, 2, 3]));
    juror.event(resolved(0, &measured()));
    assert!(matches!(next_after_a_while(&mut juror, 20), Effect::Slash { position: PositionNumber(3), .. }));
}

#[test]
fn bounties_are_looked_after_side_by_side() {
    let mut juror = Juror::new(1);
    juror.event(funded(protocol::BountyNumber(8)));
    juror.until(STARTS_S[3] + 30);
    let about = |effect: &Effect| match effect {
        Effect::Settle { bounty, .. } => Some(bounty.0),
        _ => None,
    };
    let first: Vec<u64> = juror.effects.iter().filter_map(|(_, effect)| about(effect)).collect();
    assert_eq!(first.len(), 1, "one transaction at a time");
    juror.event(ChainEvent::Returned {
        group: GROUP,
        bounty: protocol::BountyNumber(first[0]),
        amount: protocol::Wei(0),
        burned: protocol::Wei(0),
    });
    juror.sent(true);
    juror.until(STARTS_S[3] + 60);
    let both: Vec<u64> = juror.effects.iter().filter_map(|(_, effect)| about(effect)).collect();
    assert_eq!(sorted(both), [7, 8]);
}
