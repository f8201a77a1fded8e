//! Networks whose checkpoints are files: the real trainer and the real evaluator, on digits.

use sim::{depth::Depth, faults::Kind, plan::Plan};

use crate::run;

fn exact(plan: Plan) -> Plan {
    Plan { depth: Depth::Exact, ..plan }
}

#[test]
fn files_that_are_trained_and_measured_race_for_many_rounds_and_all_is_brought_home() {
    let report = run(&exact(Plan::calm(1, 34)));
    assert!(report.won >= 24, "{report:?}");
    assert_eq!((report.lost, report.void, report.unopened.len()), (0, 0, 0), "{report:?}");
}

#[test]
fn two_runs_of_an_exact_seed_are_the_same_to_the_last_byte_and_a_coarse_one_is_another() {
    let plan = Plan::draw(3, 6, &Kind::ALL);
    let digest = run(&exact(plan.clone())).digest;
    assert_eq!(digest, run(&exact(plan.clone())).digest);
    assert_ne!(digest, run(&plan).digest);
}

#[test]
fn faults_of_every_kind_and_vices_break_no_rule_where_checkpoints_are_files() {
    for seed in 0..6 {
        run(&exact(Plan::draw(seed, 8, &Kind::ALL)));
        run(&exact(Plan::calm(seed, 8).haunted()));
    }
}
