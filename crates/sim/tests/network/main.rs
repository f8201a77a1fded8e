//! Whole networks: a seed each, calm and with faults of one kind after the other.

mod exact;

use sim::{check::Report, depth::Depth, faults::Kind, plan::Plan, story};

fn run(plan: &Plan) -> Report {
    let report = story::run(plan).expect("a network");
    if !report.failures.is_empty() {
        let small = story::shrunk(plan, |plan| story::run(plan).is_ok_and(|report| !report.failures.is_empty()));
        panic!("{}", story::tell(&small).expect("a story"));
    }
    report
}

#[test]
fn two_trainers_and_four_validators_race_for_twenty_rounds_and_all_is_brought_home() {
    let report = run(&Plan::calm(1, 20));
    assert!(report.won >= 10, "{report:?}");
    assert_eq!((report.void, report.unopened.len()), (0, 0), "{report:?}");
}

#[test]
fn two_runs_of_a_seed_are_the_same_to_the_last_byte_and_another_seed_is_another_run() {
    let digest = |seed| run(&Plan::draw(seed, 6, Depth::Coarse, &Kind::ALL)).digest;
    assert_eq!(digest(3), digest(3));
    assert_ne!(digest(3), digest(4));
}

#[test]
fn faults_of_every_kind_break_no_rule() {
    for kind in Kind::ALL {
        for seed in 0..3 {
            run(&Plan::draw(seed, 8, Depth::Coarse, &[kind]));
        }
    }
}
