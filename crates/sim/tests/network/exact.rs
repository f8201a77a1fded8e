//! Networks whose checkpoints are files: the real trainer and the real evaluator, on digits.

use sim::{depth::Depth, faults::Kind, plan::Plan};

use crate::run;

/// Nothing goes wrong there.
fn exact(seed: u64, rounds: u64) -> Plan {
    Plan { depth: Depth::Exact, ..Plan::calm(seed, rounds) }
}

#[test]
fn files_that_are_trained_and_measured_race_for_many_rounds_and_all_is_brought_home() {
    let report = run(&exact(1, 34));
    assert!(report.won >= 24, "{report:?}");
    assert_eq!((report.lost, report.void, report.unopened.len()), (0, 0, 0), "{report:?}");
}

#[test]
fn two_runs_of_an_exact_seed_are_the_same_to_the_last_byte_and_a_coarse_one_is_another() {
    let digest = |depth| run(&Plan::draw(3, 6, depth, &Kind::ALL)).digest;
    assert_eq!(digest(Depth::Exact), digest(Depth::Exact));
    assert_ne!(digest(Depth::Exact), digest(Depth::Coarse));
}

#[test]
fn faults_of_every_kind_and_vices_break_no_rule_where_checkpoints_are_files() {
    for seed in 0..6 {
        run(&Plan::draw(seed, 8, Depth::Exact, &Kind::ALL));
        run(&exact(seed, 8).haunted());
    }
}
