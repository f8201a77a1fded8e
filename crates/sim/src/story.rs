//! A failing seed, made small: faults and vices are taken out as long as it fails without them, and what is left is told.

use std::fmt::Write as _;

use crate::{adversaries, chain::SimError, check::Report, people, plan::Plan, trace::Trace, world::World};

/// Runs a plan to its end.
///
/// # Errors
/// When the plan makes no network, or the chain breaks its own rules.
pub fn run(plan: &Plan) -> Result<Report, SimError> {
    let mut world = World::new(plan.clone(), Trace::default(), adversaries::of, people::of)?;
    world.run()?;
    Ok(world.report())
}

/// The plan without faults and vices that it fails without.
pub fn shrunk(plan: &Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    let mut plan = plan.clone();
    let mut place = 0;
    while place < plan.troubles() {
        let fewer = plan.without(place);
        if fails(&fewer) {
            plan = fewer;
        } else {
            place += 1;
        }
    }
    plan
}

/// What happened in a run, the network first and what failed last.
///
/// # Errors
/// As of [`run`].
pub fn tell(plan: &Plan) -> Result<String, SimError> {
    let mut world = World::new(plan.clone(), Trace::keeping(), adversaries::of, people::of)?;
    world.run()?;
    let report = world.report();
    let mut story = String::new();
    let Plan { seed, rounds, block_ms, confirmations, times, .. } = plan;
    // A string takes everything.
    let _ = writeln!(story, "seed {seed}: {rounds} rounds of {times:?}, a block every {block_ms} ms, {confirmations} confirmations");
    for node in world.nodes() {
        let _ = writeln!(story, "{} is {}", node.name, node.account);
    }
    for fault in &plan.faults {
        let _ = writeln!(story, "{} to {} s: {:?}", fault.from_ms / 1000, fault.until_ms / 1000, fault.trouble);
    }
    world.trace().kept().iter().for_each(|line| story.push_str(line));
    for failure in &report.failures {
        let _ = writeln!(story, "FAILED: {failure}");
    }
    Ok(story)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{Fault, Trouble};

    #[test]
    fn only_faults_that_matter_are_left() {
        let fault = |per_mille| Fault { from_ms: per_mille, until_ms: 1000, trouble: Trouble::Loss { per_mille } };
        let plan = Plan { faults: (0..9).map(fault).collect(), ..Plan::calm(1, 9) };
        let needs = |wanted: &'static [u64]| {
            move |plan: &Plan| wanted.iter().all(|wanted| plan.faults.iter().any(|fault| fault.from_ms == *wanted))
        };
        for wanted in [&[][..], &[3], &[0, 8], &[1, 2, 7]] {
            let small = shrunk(&plan, needs(wanted));
            assert_eq!(small.faults.iter().map(|fault| fault.from_ms).collect::<Vec<_>>(), wanted);
        }
    }
}
