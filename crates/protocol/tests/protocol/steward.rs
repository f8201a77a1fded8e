//! The steward's machine, told one thing after another.

use crate::world::*;
use k256::ecdsa::SigningKey;
use protocol::chain::{ChainEvent, CountedChoice, GroupView, PositionView};
use protocol::eip712::{Choice, SignedChoice, Typed as _, address_of, sign};
use protocol::pace::Tempo;
use protocol::steward::{Config, Effect, Input, MAX_CHOICES, MAX_FLIGHT_STEPS, Steward};
use protocol::{DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, Wei};

pub const PERIOD: PeriodNumber = PeriodNumber(5);
const NEXT: PeriodNumber = PeriodNumber(6);
pub const END_S: u64 = 10_000;
/// Choices are brought from here on.
pub const CASTING_S: u64 = END_S - 20;
/// Nothing is cast from here on.
const STOP_S: u64 = END_S - 2;
pub const DELTA: u64 = 7;

pub fn view() -> GroupView {
    GroupView { period_s: 80, period_number: PERIOD, period_end_s: END_S, ..group() }
}

fn choice_of(signer: u8, choice: Choice) -> SignedChoice {
    SignedChoice { message: choice, signature: sign(choice.digest(&DOMAIN), &key(signer)).unwrap() }
}

pub fn choice(signer: u8, delta: u64, seq: u64) -> SignedChoice {
    choice_of(signer, Choice { group: GROUP, period: PERIOD, delta: DeltaNumber(delta), patch: patch(delta), seq })
}

/// What was proposed under that number.
fn patch(delta: u64) -> Digest {
    if delta == 0 { Digest::ZERO } else { digest(&format!("delta {delta}")) }
}

pub fn proposed(period: PeriodNumber, delta: u64, bond: u64) -> Input {
    let (author, digest, parent) = (account(9), patch(delta), digest("head"));
    let event = ChainEvent::Proposed { group: GROUP, delta: DeltaNumber(delta), author, digest, parent, period, bond: Wei::nrn(bond) };
    Input::Event(event)
}

/// Position and sequence number of each counted choice.
pub fn counted(counted: &[(u64, u64)]) -> Input {
    counted_as(counted, false)
}

pub fn counted_as(counted: &[(u64, u64)], by_owner: bool) -> Input {
    let (delta, weight) = (DeltaNumber(DELTA), Wei::nrn(100));
    let choice = |(position, seq): &(u64, u64)| CountedChoice {
        position: PositionNumber(*position),
        delta,
        weight,
        seq: u128::from(*seq),
        by_owner,
    };
    Input::Event(ChainEvent::Cast { group: GROUP, period: PERIOD, counted: counted.iter().map(choice).collect() })
}

fn turned(period: PeriodNumber, period_end_s: u64) -> Input {
    let (applied, head, reward) = (DeltaNumber(0), digest("head"), Wei::ZERO);
    Input::Event(ChainEvent::Turned { group: GROUP, period, applied, head, reward, period_s: 80, period_end_s })
}

fn new(signer: u8) -> Steward {
    Steward::new(Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(signer),
        tempo: Tempo { edge_s: Some(2), step_s: Some(1), ..Tempo::default() },
    })
}

/// A steward that knows of one proposal.
pub fn steward(signer: u8) -> Steward {
    let mut steward = new(signer);
    tell(&mut steward, [Input::Group(view()), proposed(PERIOD, DELTA, 1)]);
    steward
}

pub fn tell(steward: &mut Steward, inputs: impl IntoIterator<Item = Input>) {
    for input in inputs {
        assert_eq!(steward.handle(input), None, "only blocks are answered");
    }
}

pub fn hear(steward: &mut Steward, choices: &[SignedChoice]) {
    tell(steward, choices.iter().map(|choice| Input::Heard(*choice)));
}

/// What was sent, briefly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Position, delta and sequence number of each choice.
    Cast(Vec<(u64, u64, u64)>),
    Turn(u64),
}

fn brief(effect: Effect) -> Sent {
    match effect {
        Effect::Cast(choices) => {
            let choice = |(position, signed): (PositionNumber, SignedChoice)| (position.0, signed.message.delta.0, signed.message.seq);
            Sent::Cast(choices.into_iter().map(choice).collect())
        }
        Effect::Turn(period) => Sent::Turn(period.0),
    }
}

/// One block a second; what is sent is answered at once as failed.
pub fn run(steward: &mut Steward, seconds: impl IntoIterator<Item = u64>) -> Vec<(u64, Sent)> {
    let mut sent = Vec::new();
    for second in seconds {
        if let Some(effect) = steward.handle(Input::Block(block(second))) {
            sent.push((second, brief(effect)));
            tell(steward, [Input::Failed]);
        }
    }
    sent
}

pub fn seconds(sent: &[(u64, Sent)]) -> Vec<u64> {
    sent.iter().map(|(second, _)| *second).collect()
}

/// Signers in the order of `PERIOD`.
fn order() -> Vec<u8> {
    let mut firsts: Vec<(u64, u8)> = Vec::new();
    for signer in 1..=3 {
        let mut steward = steward(signer);
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        firsts.push((run(&mut steward, CASTING_S..STOP_S)[0].0, signer));
    }
    firsts.sort_unstable();
    assert_eq!(firsts.iter().map(|(second, _)| *second).collect::<Vec<_>>(), [CASTING_S, CASTING_S + 2, CASTING_S + 4]);
    firsts.into_iter().map(|(_, signer)| signer).collect()
}

pub fn first() -> Steward {
    steward(order()[0])
}

fn second() -> Steward {
    steward(order()[1])
}

#[test]
fn the_newest_choices_of_all_go_out_in_the_last_quarter() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 0, 4), choice(2, DELTA, 3), choice(1, 0, 2)]);
    assert_eq!(run(&mut steward, CASTING_S - 50..CASTING_S), [], "something may still be proposed");
    assert_eq!(run(&mut steward, [CASTING_S]), [(CASTING_S, Sent::Cast(vec![(1, 0, 2), (2, 0, 4)]))]);
}

/// What a steward brings of what it heard.
fn check_heard(name: &str, choices: &[SignedChoice], expected: &[(u64, u64, u64)]) {
    let mut steward = first();
    hear(&mut steward, choices);
    let casts = run(&mut steward, [CASTING_S]);
    let expected = if expected.is_empty() { Vec::new() } else { vec![(CASTING_S, Sent::Cast(expected.to_vec()))] };
    assert_eq!(casts, expected, "{name}");
}

#[test]
fn only_what_the_contract_would_count_is_brought() {
    let fine = Choice { group: GROUP, period: PERIOD, delta: DeltaNumber(DELTA), patch: patch(DELTA), seq: 1 };
    check_heard("for the proposal", &[choice_of(1, fine)], &[(1, DELTA, 1)]);
    check_heard("for keeping all", &[choice(1, 0, 0)], &[(1, 0, 0)]);
    check_heard("no position", &[choice_of(77, fine)], &[]);
    check_heard("another group", &[choice_of(1, Choice { group: GroupId(2), ..fine })], &[]);
    check_heard("an old period", &[choice_of(1, Choice { period: PeriodNumber(4), ..fine })], &[]);
    check_heard("the next period", &[choice_of(1, Choice { period: NEXT, ..fine })], &[]);
    check_heard("a proposal that does not exist", &[choice(1, 8, 1)], &[]);
    check_heard("another patch", &[choice_of(1, Choice { patch: digest("another"), ..fine })], &[]);
    check_heard("keeping all, and a patch", &[choice_of(1, Choice { delta: DeltaNumber(0), ..fine })], &[]);
    let mut forged = choice_of(1, fine);
    forged.message.seq = 2;
    check_heard("a changed message", &[forged], &[]);
    check_heard("an older one later", &[choice(1, DELTA, 2), choice(1, 0, 1)], &[(1, DELTA, 2)]);
    check_heard("two with one number: the first", &[choice(1, DELTA, 2), choice(1, 0, 2)], &[(1, DELTA, 2)]);
}

#[test]
fn a_choice_without_stake_waits_and_a_sleeping_one_counts() {
    let (mut steward, mut other) = (first(), view());
    other.positions[0].live = Wei::ZERO;
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    tell(&mut steward, [Input::Group(other.clone())]);
    assert_eq!(run(&mut steward, [CASTING_S]), []);
    (other.positions[0].live, other.positions[0].awake) = (Wei::nrn(1), order()[0] == 1);
    tell(&mut steward, [Input::Group(other)]);
    assert_eq!(seconds(&run(&mut steward, [CASTING_S + 1])), [CASTING_S + 1]);
}

#[test]
fn choices_far_ahead_displace_nothing() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    for period in [u64::MAX, 8, 9, 10, 6] {
        let far = Choice { group: GROUP, period: PeriodNumber(period), delta: DeltaNumber(0), patch: Digest::ZERO, seq: 9 };
        hear(&mut steward, &[choice_of(2, far)]);
        tell(&mut steward, [proposed(PeriodNumber(period), 99, 1)]);
    }
    let sent = run(&mut steward, [CASTING_S, END_S]);
    assert_eq!(sent, [(CASTING_S, Sent::Cast(vec![(1, DELTA, 1)])), (END_S, Sent::Turn(PERIOD.0))]);
}

#[test]
fn without_a_proposal_there_is_neither_cast_nor_turn() {
    let mut steward = new(order()[0]);
    tell(&mut steward, [Input::Group(view()), proposed(PeriodNumber(4), DELTA, 1), proposed(NEXT, 8, 1)]);
    hear(&mut steward, &[choice(1, 0, 1)]);
    assert_eq!(run(&mut steward, CASTING_S..END_S + 20), []);
}

#[test]
fn ones_own_batch_is_brought_once_and_a_higher_number_again() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 0, 1)]);
    assert_eq!(steward.handle(Input::Block(block(CASTING_S))).map(brief), Some(Sent::Cast(vec![(1, DELTA, 1), (2, 0, 1)])));
    tell(&mut steward, [counted(&[(1, 1), (2, 1)]), Input::Failed]);
    assert_eq!(run(&mut steward, CASTING_S + 1..CASTING_S + 5), []);
    hear(&mut steward, &[choice(1, 0, 2)]);
    assert_eq!(run(&mut steward, [CASTING_S + 5]), [(CASTING_S + 5, Sent::Cast(vec![(1, 0, 2)]))]);
    tell(&mut steward, [counted(&[(1, 2)])]);
    assert_eq!(run(&mut steward, CASTING_S + 6..STOP_S), []);
}

#[test]
fn an_answer_before_its_event_is_waited_for() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    assert_eq!(seconds(&run(&mut steward, [CASTING_S, CASTING_S + 1])), [CASTING_S]);
    tell(&mut steward, [counted(&[(1, 1)])]);
    assert_eq!(run(&mut steward, CASTING_S + 2..STOP_S), []);
}

#[test]
fn a_transaction_under_way_is_not_repeated_until_it_counts_as_lost() {
    let mut steward = first();
    let long = GroupView { period_s: 4_000, ..view() };
    tell(&mut steward, [Input::Group(long)]);
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    let sent: Vec<_> = (END_S - 1_000..END_S - 1_000 + 2 * MAX_FLIGHT_STEPS)
        .filter(|second| steward.handle(Input::Block(block(*second))).is_some())
        .collect();
    assert_eq!(sent, [END_S - 1_000, END_S - 1_000 + MAX_FLIGHT_STEPS]);
}

#[test]
fn failures_are_repeated_at_growing_distances() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    assert_eq!(seconds(&run(&mut steward, CASTING_S..STOP_S)), [CASTING_S, CASTING_S + 2, CASTING_S + 6, CASTING_S + 14]);
    let turns = seconds(&run(&mut steward, END_S..END_S + 20));
    assert_eq!(turns, [END_S, END_S + 2, END_S + 6, END_S + 14]);
}

#[test]
fn who_changes_its_mind_all_the_time_does_not_make_others_pay_all_the_time() {
    let mut steward = first();
    let mut casts = 0;
    for second in CASTING_S..STOP_S {
        hear(&mut steward, &[choice(1, DELTA, second)]);
        casts += run(&mut steward, [second]).len();
        tell(&mut steward, [counted(&[(1, second)])]);
    }
    assert_eq!(casts, 4);
}

#[test]
fn all_bring_them_in_an_order_and_the_later_ones_only_what_is_left() {
    for (place, signer) in order().into_iter().enumerate().skip(1) {
        let mut steward = steward(signer);
        hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 0, 1)]);
        assert_eq!(run(&mut steward, CASTING_S..CASTING_S + 2), []);
        tell(&mut steward, [counted(&[(1, 1), (2, 1)])]);
        let mut quiet = steward.clone();
        assert_eq!(run(&mut quiet, CASTING_S + 2..STOP_S), [], "the first has brought them");
        hear(&mut steward, &[choice(3, 0, 1)]);
        let due_s = CASTING_S + 2 + 2 * place as u64;
        assert_eq!(run(&mut steward, CASTING_S + 2..due_s + 1), [(due_s, Sent::Cast(vec![(3, 0, 1)]))], "the others have a turn again");
    }
}

#[test]
fn of_a_batch_that_counted_some_the_others_stay_open() {
    let mut steward = second();
    hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 0, 1), choice(3, 0, 1)]);
    assert_eq!(run(&mut steward, [CASTING_S, CASTING_S + 1]), []);
    tell(&mut steward, [counted(&[(1, 1), (2, 1)])]);
    let rest = run(&mut steward.clone(), CASTING_S + 2..CASTING_S + 4);
    assert_eq!(rest, [(CASTING_S + 3, Sent::Cast(vec![(3, 0, 1)]))], "who brought the others may bring this one first");
    tell(&mut steward, [counted(&[(3, 1)])]);
    assert_eq!(run(&mut steward, CASTING_S + 2..STOP_S), [], "the rest came in time");
}

#[test]
fn what_a_batch_counted_need_not_be_brought_and_everything_else_must() {
    for (name, batch, expected) in [
        ("another position", vec![(2, 1), (9, 9)], vec![(1, DELTA, 2)]),
        ("an older choice", vec![(1, 1)], vec![(1, DELTA, 2)]),
        ("this one", vec![(1, 2)], vec![]),
        ("a newer one, not heard yet", vec![(1, 3)], vec![]),
        ("nothing", vec![], vec![(1, DELTA, 2)]),
    ] {
        for is_heard in [true, false] {
            let mut steward = first();
            let choices = [choice(1, DELTA, 2)];
            hear(&mut steward, if is_heard { &choices } else { &[] });
            tell(&mut steward, [Input::Block(block(CASTING_S - 1)), counted(&batch)]);
            hear(&mut steward, &choices);
            let casts = run(&mut steward, [CASTING_S]);
            let expected: Vec<_> = Some(&expected)
                .filter(|expected| !expected.is_empty())
                .map(|expected| (CASTING_S, Sent::Cast(expected.clone())))
                .into_iter()
                .collect();
            assert_eq!(casts, expected, "{name}, heard before: {is_heard}");
        }
    }
}

#[test]
fn batches_that_leave_something_open_do_not_put_the_others_off_for_ever() {
    let mut steward = second();
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    let mut casts = Vec::new();
    for second in CASTING_S..STOP_S {
        casts.extend(run(&mut steward, [second]));
        tell(&mut steward, [counted(&[(2, second)])]);
    }
    assert_eq!(seconds(&casts), [CASTING_S + 9, CASTING_S + 11, CASTING_S + 15]);
}

#[test]
fn a_late_choice_is_brought_until_the_edge() {
    for (second, casts) in [(STOP_S - 1, 1), (STOP_S, 0), (END_S - 1, 0)] {
        let mut steward = first();
        run(&mut steward, [second - 1]);
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        assert_eq!(run(&mut steward, [second]).len(), casts, "{second}");
    }
}

#[test]
fn of_many_stewards_the_last_does_not_wait_until_it_is_too_late() {
    let many = || GroupView { positions: (1..=60).map(|number| position(number, 100)).collect(), ..view() };
    let mut seconds_of_all = Vec::new();
    for signer in 1..=60 {
        let mut steward = steward(signer);
        tell(&mut steward, [Input::Group(many())]);
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        seconds_of_all.push(run(&mut steward, CASTING_S..STOP_S)[0].0);
    }
    seconds_of_all.sort_unstable();
    assert_eq!(seconds_of_all[..8], [0, 2, 4, 6, 8, 10, 12, 14].map(|delay| CASTING_S + delay));
    assert_eq!(seconds_of_all[59], STOP_S - 1);
}

#[test]
fn one_transaction_carries_a_limited_number_and_the_next_the_rest() {
    let wide = |number: u16| {
        let mut bytes = [1; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        SigningKey::from_slice(&bytes).unwrap()
    };
    let (mut steward, mut many) = (first(), view());
    let count = MAX_CHOICES as u16 + 10;
    many.positions.extend((0..count).map(|number| PositionView {
        number: PositionNumber(1_000 + u64::from(number)),
        signer: address_of(wide(number).verifying_key()),
        awake: false,
        ..position(1, 1)
    }));
    tell(&mut steward, [Input::Group(many)]);
    let message = choice(1, DELTA, 1).message;
    let choices: Vec<_> =
        (0..count).map(|number| SignedChoice { message, signature: sign(message.digest(&DOMAIN), &wide(number)).unwrap() }).collect();
    hear(&mut steward, &choices);
    let sizes = run(&mut steward, CASTING_S..CASTING_S + 3).into_iter().map(|(_, sent)| match sent {
        Sent::Cast(choices) => choices.len(),
        Sent::Turn(_) => 0,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [MAX_CHOICES, MAX_CHOICES], "those that were not tried come first");
}

#[test]
fn the_period_is_turned_once_after_its_end_and_the_next_one_begins() {
    let mut steward = first();
    let sent = steward.handle(Input::Block(block(END_S + 1)));
    assert_eq!(sent, Some(Effect::Turn(PERIOD)));
    tell(&mut steward, [turned(PERIOD, END_S + 101), Input::Failed]);
    assert_eq!(run(&mut steward, END_S + 2..END_S + 300), [], "nothing was proposed since");
    tell(&mut steward, [proposed(NEXT, 8, 1)]);
    let turns = run(&mut steward, END_S + 300..END_S + 305);
    assert_eq!(turns[0].1, Sent::Turn(NEXT.0));
}

#[test]
fn all_turn_in_an_order() {
    for (place, signer) in order().into_iter().enumerate() {
        let mut steward = steward(signer);
        assert_eq!(run(&mut steward, END_S - 1..END_S + 5)[0].0, END_S + 2 * place as u64);
    }
}

#[test]
fn choices_of_the_next_period_wait_for_the_turn() {
    let mut steward = first();
    let early = Choice { group: GROUP, period: NEXT, delta: DeltaNumber(0), patch: Digest::ZERO, seq: 1 };
    hear(&mut steward, &[choice_of(3, early), choice(1, DELTA, 1)]);
    tell(&mut steward, [turned(PERIOD, END_S + 80), proposed(NEXT, 8, 1)]);
    let sent = run(&mut steward, END_S + 60..END_S + 65);
    assert_eq!(sent[0].1, Sent::Cast(vec![(3, 0, 1)]));
}

#[test]
fn history_does_not_lead_back_behind_the_view() {
    let mut steward = new(order()[0]);
    tell(&mut steward, [Input::Group(view())]);
    for period in 3..5 {
        tell(&mut steward, [proposed(PeriodNumber(period), period, 1), turned(PeriodNumber(period), END_S - 1_000)]);
    }
    tell(&mut steward, [proposed(PERIOD, DELTA, 1)]);
    assert_eq!(run(&mut steward, [CASTING_S, END_S]), [(END_S, Sent::Turn(PERIOD.0))]);
}

#[test]
fn a_view_of_another_period_is_the_truth() {
    for number in [4, 6, 900] {
        let mut steward = first();
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        tell(&mut steward, [proposed(PeriodNumber(900), 8, 1), Input::Block(block(1))]);
        tell(&mut steward, [Input::Group(GroupView { period_number: PeriodNumber(number), ..view() })]);
        assert_eq!(run(&mut steward.clone(), CASTING_S..END_S + 9), [], "period {number} knows no proposal");
        tell(&mut steward, [proposed(PeriodNumber(number), 8, 1)]);
        let turns = run(&mut steward, END_S..END_S + 9);
        assert_eq!(turns[0].1, Sent::Turn(number));
    }
}

#[test]
fn without_an_awake_position_or_in_another_group_nothing_is_sent() {
    let mut sleeping = view();
    sleeping.positions[0].awake = false;
    let other = GroupView { id: GroupId(2), ..view() };
    for (signer, view) in [(1, sleeping), (50, view()), (1, other)] {
        let mut steward = new(signer);
        tell(&mut steward, [Input::Group(view), proposed(PERIOD, DELTA, 1)]);
        hear(&mut steward, &[choice(2, DELTA, 1)]);
        assert_eq!(run(&mut steward, CASTING_S..END_S + 20), []);
    }
}

#[test]
fn the_clock_does_not_go_back() {
    let mut steward = first();
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    tell(&mut steward, [Input::Block(block(STOP_S))]);
    assert_eq!(run(&mut steward, [CASTING_S]), []);
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let play = || {
        let mut steward = second();
        hear(&mut steward, &[choice(3, 0, 1), choice(1, DELTA, 1), choice(2, 0, 1)]);
        run(&mut steward, CASTING_S..END_S + 40)
    };
    assert_eq!(play(), play());
    assert!(!play().is_empty());
}
