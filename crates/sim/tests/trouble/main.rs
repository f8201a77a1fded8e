//! One thing that goes wrong in a network that is calm otherwise, and what is seen of it.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::machine::Heard;
use sim::{
    adversaries,
    check::Report,
    faults::{Fault, Trouble},
    people,
    plan::Plan,
    story,
    trace::Trace,
    vice::Vice,
    world::{
        World,
        hands::Hands,
        vices::{Adversary, Met},
    },
};

fn run(plan: &Plan) -> Report {
    let report = story::run(plan).expect("a network");
    if !report.failures.is_empty() {
        let small = story::shrunk(plan, |plan| story::run(plan).is_ok_and(|report| !report.failures.is_empty()));
        panic!("{}", story::tell(&small).expect("a story"));
    }
    report
}

/// A calm network in which this goes wrong from the third round to the middle of the fifth.
fn troubled(seed: u64, trouble: Trouble) -> Plan {
    let plan = Plan { strangers: 1, ..Plan::calm(seed, 10) };
    let (from_ms, until_ms) = (2 * plan.round_ms(), 4 * plan.round_ms() + plan.round_ms() / 2);
    Plan { faults: vec![Fault { from_ms, until_ms, trouble }], ..plan }
}

fn played(plan: Plan) -> World {
    let mut world = World::new(plan, Trace::default(), adversaries::of, people::of).expect("a network");
    world.run().expect("a chain that keeps its rules");
    assert_eq!(world.report().failures, [] as [String; 0]);
    world
}

#[test]
fn endpoints_that_answer_nothing_or_what_was_or_miscount_break_no_rule() {
    for (node, seed) in [(0, 0), (3, 1), (1, 2)] {
        for trouble in [
            Trouble::EndpointNull { node, per_mille: 500 },
            Trouble::EndpointOlderViews { node, blocks: 20 },
            Trouble::EndpointNonce { node },
        ] {
            run(&troubled(seed, trouble));
        }
    }
}

#[test]
fn a_miscounted_nonce_keeps_all_back_that_follows_it_until_it_is_given_up() {
    let reveals = |faults: Vec<Fault>| run(&Plan { faults, ..troubled(1, Trouble::EndpointNonce { node: 0 }) }).commits;
    assert!(reveals(troubled(1, Trouble::EndpointNonce { node: 0 }).faults) < reveals(Vec::new()));
}

#[test]
fn forged_envelopes_are_in_no_log_are_not_passed_on_and_ban_whoever_sends_them() {
    let calm = played(Plan { faults: Vec::new(), ..troubled(3, Trouble::Halt) });
    let stranger = calm.nodes().len() - 1;
    let forged = played(troubled(3, Trouble::PeerForges { node: stranger }));
    for (node, (before, after)) in calm.nodes().iter().zip(forged.nodes()).enumerate().filter(|(node, _)| *node != stranger) {
        let ids = |node: &sim::node::Node| node.replica.log().ids().collect::<Vec<_>>();
        assert_eq!(ids(before), ids(after));
        assert_eq!(before.usage.sent_bytes, after.usage.sent_bytes, "{node} passes nothing of it on");
        assert!(after.replica.was_banned(stranger), "{node}");
    }
}

#[test]
fn what_is_new_is_passed_on_by_whoever_hears_it() {
    let world = played(Plan { strangers: 1, ..Plan::calm(1, 4) });
    let stranger = world.nodes().last().expect("a stranger");
    assert!(stranger.usage.sent_bytes > 0, "it says nothing of its own");
}

/// Notes whether a message came before history was over.
struct Witness {
    last: u64,
    is_live: bool,
    told: Arc<Mutex<(u64, u64)>>,
}

impl Adversary for Witness {
    fn meet(&mut self, _: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Block(block)) => {
                // Who was killed is told history anew.
                self.is_live &= block.number > self.last;
                self.last = block.number;
            }
            Met::Heard(Heard::Live) => self.is_live = true,
            Met::Heard(Heard::Log { .. }) => {
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                if self.is_live { told.0 += 1 } else { told.1 += 1 }
            }
            _ => {}
        }
    }
}

#[test]
fn messages_wait_until_history_is_over_after_a_kill_too() {
    let plan = Plan { vices: vec![Vice::Lazy], ..Plan::calm(2, 8) };
    let (node, from_ms) = (plan.nodes() - 1, 3 * plan.round_ms());
    let kill = Fault { from_ms, until_ms: from_ms + plan.round_ms(), trouble: Trouble::Kill { node, steps: 0 } };
    let told = Arc::new(Mutex::new((0, 0)));
    let witness = |_| -> Box<dyn Adversary> { Box::new(Witness { last: 0, is_live: false, told: told.clone() }) };
    let mut world = World::new(Plan { faults: vec![kill], ..plan }, Trace::default(), witness, people::of).expect("a network");
    world.run().expect("a chain that keeps its rules");
    let (after, before) = *told.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(after > 20 && before == 0, "{after} after, {before} before");
}
