//! Small rounds whose payments were computed by hand, and what a seed fixes.

use economics::{
    gas::Gas,
    group::Group,
    members::Members,
    people::People,
    terms::{Pay, Terms, Trial},
    trainer::{Craft, Trainer},
    validator::{Leaving, Manner, Validator},
};
use protocol::Wei;

/// R = 100, V = 20, a deposit 20 NRN: 2 of 20 M NRN are awake here. An epoch of one round.
fn terms(pay: Pay) -> Terms {
    Terms { epoch_s: 3600, trial: Trial { pay, ..Trial::default() }, ..Terms::default() }
}

/// Three quarters and a quarter of the stake.
fn two(manner: Manner) -> Vec<Validator> {
    [1_500_000, 500_000].map(|stake| Validator::new(Wei::nrn(stake), manner)).to_vec()
}

fn group(crafts: &[Craft], validators: Vec<Validator>, pay: Pay) -> Group {
    let trainers = crafts.iter().map(|craft| Trainer::new(*craft, 1.0, 2.0)).collect();
    Group::new(terms(pay), trainers, Members::new(validators), Gas::measured().expect("committed figures"), 7)
}

/// What each trainer and each validator earned and lost, micronrn.
fn books(group: &Group) -> (Vec<[u128; 2]>, Vec<[u128; 2]>) {
    let nrn = |ledger: &economics::ledger::Ledger| [ledger.earned, ledger.lost].map(|amount| amount.0 / 1_000_000_000_000);
    let mut trainers: Vec<_> = group.trainers.iter().map(|trainer| nrn(&trainer.ledger)).collect();
    trainers.sort_unstable();
    (trainers, group.members.all.iter().map(|validator| nrn(&validator.ledger)).collect())
}

const NRN: u128 = 1_000_000;

#[test]
fn the_winner_gets_r_and_validators_share_v_by_stake_to_the_wei() {
    let mut group = group(&[Craft::Honest], two(Manner::Checks), Pay::Winner);
    group.play(1);
    assert_eq!(group.trainers[0].ledger.earned, Wei::nrn(100));
    assert_eq!(group.members.all.iter().map(|one| one.ledger.earned).collect::<Vec<_>>(), [Wei::nrn(15), Wei::nrn(5)]);
    assert_eq!((group.issued, group.trainers[0].ledger.lost), (Wei::nrn(120), Wei::ZERO));
}

#[test]
fn who_is_revealed_behind_the_winner_loses_a_sixteenth_of_the_deposit() {
    let mut group = group(&[Craft::Honest; 2], two(Manner::Checks), Pay::Winner);
    group.play(1);
    assert_eq!(books(&group).0, [[0, NRN * 5 / 4], [100 * NRN, 0]]);
}

#[test]
fn rules_that_are_tried_pay_a_second_out_of_r_or_on_top_of_it() {
    for (pay, second, first) in [(Pay::SecondOfIt(20), 20, 80), (Pay::SecondOnTop(20), 20, 100)] {
        let mut group = group(&[Craft::Honest; 2], two(Manner::Checks), pay);
        group.play(1);
        assert_eq!(books(&group).0, [[second * NRN, NRN * 5 / 4], [first * NRN, 0]], "{pay:?}");
    }
}

#[test]
fn a_false_claim_before_the_winners_loses_the_deposit() {
    let mut group = group(&[Craft::Honest, Craft::Cheat], two(Manner::Checks), Pay::Winner);
    group.play(1);
    assert_eq!(books(&group).0, [[0, 20 * NRN], [100 * NRN, 0]]);
}

#[test]
fn a_lost_round_pays_validators_out_of_the_deposit_and_issues_nothing() {
    let mut group = group(&[Craft::Cheat], two(Manner::Checks), Pay::Winner);
    group.play(1);
    assert_eq!(books(&group), (vec![[0, 20 * NRN]], vec![[15 * NRN, 0], [5 * NRN, 0]]));
    assert_eq!((group.issued, group.days[0].ended.lost), (Wei::ZERO, 1));
}

#[test]
fn a_void_round_takes_a_sixteenth_and_doubles_the_next_deposit_of_its_epoch() {
    let mut validators = two(Manner::Checks);
    validators[0].is_running = false;
    let mut group = group(&[Craft::Honest], validators, Pay::Winner);
    group.terms.epoch_s = 2 * 3600;
    group.play(1);
    // Two rounds of 20 and 40 NRN.
    assert_eq!(books(&group).0, [[0, NRN * 60 / 16]]);
    // 80, halved since an epoch has begun.
    assert_eq!((group.days[0].ended.void, group.deposit()), (2, Wei::nrn(40)));
}

#[test]
fn lazy_validators_take_a_false_claim_for_true_until_it_is_struck() {
    let mut falsely = group(&[Craft::Cheat], two(Manner::Lazy), Pay::Winner);
    falsely.play(1);
    assert_eq!(books(&falsely).0, [[100 * NRN, 0]]);
    let mut struck = group(&[Craft::Cheat], two(Manner::Lazy), Pay::Winner);
    struck.people = People { strike: 1.0, ..People::default() };
    struck.play(1);
    assert_eq!(books(&struck).0, [[0, NRN * 5 / 4]]);
}

#[test]
fn a_slash_takes_a_tenth_once_notice_was_given_and_never_of_who_checks() {
    let validators = [Manner::Checks, Manner::Copies].map(|manner| Validator::new(Wei::nrn(1_000_000), manner)).to_vec();
    let mut group = group(&[Craft::Honest], validators, Pay::Winner);
    group.people = People { slash: 1.0, ..People::default() };
    group.play(2);
    assert_eq!(group.members.all[1].ledger.lost, Wei::ZERO);
    group.play(1);
    assert_eq!([0, 1].map(|place| group.members.all[place].ledger.lost), [Wei::ZERO, Wei::nrn(100_000)]);
}

#[test]
fn validators_stop_checking_what_is_dear_unless_people_act() {
    let checks = |slash| {
        let mut validators = two(Manner::Checks);
        validators.iter_mut().for_each(|validator| (validator.is_free, validator.check) = (true, 0.4));
        let mut group = group(&[Craft::Honest], validators, Pay::Winner);
        group.terms.epoch_s = 86_400;
        group.people = People { slash, ..People::default() };
        group.data = economics::people::Data { chance: 1.0, nats: 0.6 };
        group.play(200);
        group.days[100..].iter().map(|day| day.checks).sum::<f64>() / 100.0
    };
    let [nobody, often] = [0.0, 0.1].map(checks);
    assert!(nobody < 0.5 && often > 0.7, "{nobody} {often}");
}

#[test]
fn a_validator_whose_machine_is_not_paid_rests_and_the_others_decide() {
    let mut validators = two(Manner::Checks);
    validators[1].machine = 10.0;
    validators[1].leaving = Leaving::Rests;
    let mut group = group(&[Craft::Honest], validators, Pay::Winner);
    group.terms.epoch_s = 86_400;
    group.play(30);
    assert_eq!([0, 1].map(|place| group.members.all[place].is_awake), [true, false]);
    assert!(group.days.iter().all(|day| day.ended.void == 0));
}

#[test]
fn the_same_seed_plays_the_same_rounds_and_another_seed_others() {
    let played = |seed| {
        let trainers = vec![Trainer::new(Craft::Honest, 1.0, 2.0); 3];
        let mut group = Group::new(Terms::default(), trainers, Members::new(two(Manner::Checks)), Gas::measured().expect("figures"), seed);
        group.play(10);
        (books(&group), group.loss().to_bits())
    };
    assert_eq!(played(1), played(1));
    assert_ne!(played(1), played(2));
}
