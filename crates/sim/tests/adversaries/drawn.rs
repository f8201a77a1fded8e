//! Vices that the seed draws, two at a time.

use sim::plan::Plan;
use sim::story;

const ROUNDS: u64 = 10;

#[test]
fn two_drawn_vices_break_no_rule_together_and_a_failing_plan_loses_the_one_that_does_not_matter() {
    for seed in 0..8 {
        let plan = Plan::calm(seed, ROUNDS).haunted();
        assert_eq!((plan.vices.len(), plan.without(1).vices.len(), plan.without(2)), (2, 1, plan.clone()));
        let fails = |plan: &Plan| story::run(plan).is_ok_and(|report| !report.failures.is_empty());
        if fails(&plan) {
            panic!("{}", story::tell(&story::shrunk(&plan, fails)).expect("a story"));
        }
    }
}
