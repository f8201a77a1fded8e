//! Groups that share one chain: each plays as if it were alone, and no node needs more because there are others.

use protocol::GroupId;
use protocol::chain::ChainEvent;
use sim::plan::Plan;
use sim::vice::Vice;

use crate::played::{Played, run};

const ROUNDS: u64 = 8;

fn grouped(groups: usize, vices: Vec<Vice>) -> Played {
    let played = run(Plan { vices, ..Plan::calm(2, ROUNDS) }.with_groups(groups));
    assert!(played.report.failures.is_empty(), "{groups}: {:?}", played.report.failures);
    played
}

/// Requests to endpoints, and bytes of messages, of the nodes of a group.
fn needs(played: &Played, group: GroupId) -> (u64, u64) {
    let nodes = || played.world.nodes().iter().filter(|node| node.group == group);
    (nodes().map(|node| node.usage.calls).sum(), nodes().map(|node| node.usage.received_bytes).sum())
}

#[test]
fn three_groups_on_one_chain_race_and_a_node_needs_what_it_needs_alone() {
    let (alone, together) = (grouped(1, Vec::new()), grouped(3, Vec::new()));
    assert_eq!(together.report.rounds, 3 * ROUNDS);
    let (calls, bytes) = needs(&alone, GroupId(1));
    for group in [1, 2, 3].map(GroupId) {
        let won = together.events(|event| matches!(event, ChainEvent::Decided { group: of, .. } if *of == group).then_some(()));
        assert!(won.len() >= 4, "group {group}: {} rounds", won.len());
        let (more_calls, more_bytes) = needs(&together, group);
        // A single group has shorter rounds, and so fewer blocks in each.
        assert!(more_calls < 2 * calls && more_bytes < 2 * bytes, "group {group}: {more_calls} of {calls}, {more_bytes} of {bytes}");
    }
}

#[test]
fn whoever_is_silent_in_one_group_is_not_felt_in_another() {
    let game = grouped(2, vec![Vice::Silent]);
    let decided = game.events(|event| matches!(event, ChainEvent::Decided { group: GroupId(2), .. }).then_some(()));
    assert!(decided.len() >= 4, "{} rounds", decided.len());
}
