//! Whether a node is ready, and what is not as it should be.

use std::collections::BTreeMap;

use super::state::{Group, State, Trouble};

/// Blocks that a node may be behind what is confirmed.
const LAG_BLOCKS_MAX: u64 = 64;
/// Seconds without a new block after which a node is not ready.
pub const QUIET_S_MAX: u64 = 300;
/// Less is nearly nothing for a node that keeps checkpoints.
const DISK_FREE_BYTES_MIN: u64 = 1 << 30;

/// Why the node is not ready, a sentence each.
pub fn missing(state: &State, needs_peers: bool) -> Vec<String> {
    let mut reasons: Vec<String> = state.groups.iter().filter_map(|group| of_group(group, state.chain.confirmations)).collect();
    if needs_peers && state.peers.connected == Some(0) {
        reasons.push("no peer is connected: `neuron peers` says how this node is reached".into());
    }
    if state.peers.connected.is_none() {
        reasons.push("the peer-to-peer network of this node does not answer".into());
    }
    reasons
}

fn of_group(group: &Group, confirmations: u64) -> Option<String> {
    let number = group.group;
    let Some(block) = group.block else { return Some(format!("group {number} is not followed yet")) };
    if !group.is_live {
        return Some(format!("the history of group {number} is being read, up to block {block} so far"));
    }
    let quiet_s = group.quiet_s.filter(|quiet_s| *quiet_s > QUIET_S_MAX);
    if let Some(quiet_s) = quiet_s {
        return Some(format!("no block after {block} was heard of for {quiet_s} s in group {number}: look at the endpoints in `rpc`"));
    }
    let lag = group.lag_blocks.filter(|lag| *lag > confirmations.saturating_add(LAG_BLOCKS_MAX))?;
    Some(format!("group {number} is {lag} blocks behind the chain"))
}

/// What is not as it should be, each reason once. `waits` is what the chain does not answer, by what it is for.
pub fn troubles(state: &State, waits: &BTreeMap<&'static str, String>, needs_peers: bool, is_doubled: bool) -> Vec<Trouble> {
    let trouble = |reason: &str, detail: String| Trouble { reason: reason.to_owned(), detail };
    let mut troubles: Vec<Trouble> = waits.iter().map(|(what, error)| trouble(what, error.clone())).collect();
    if is_doubled {
        troubles.push(trouble("a second process has this node's key", "stop one of the two, or give it a node.key of its own".into()));
    }
    if needs_peers && state.peers.connected == Some(0) {
        troubles.push(trouble("no peers", "`neuron peers` says how this node is reached".into()));
    }
    if let Some(reason) = &state.store.full {
        troubles.push(trouble("store full", reason.clone()));
    }
    if let Some(free) = state.machine.disk_free_bytes.filter(|free| *free < DISK_FREE_BYTES_MIN) {
        troubles.push(trouble("disk nearly full", format!("{free} bytes are free: make room, or lower `store_bytes` of [node]")));
    }
    troubles
}

#[cfg(test)]
mod tests {
    use protocol::ids::GroupId;

    use super::*;
    use crate::vitals::state::{Chain, Machine, Peers, Store};

    fn state(group: Group, connected: Option<u64>) -> State {
        let chain = Chain { confirmations: 6, ..Chain::default() };
        State {
            groups: vec![Group { group: GroupId(4), ..group }],
            peers: Peers { connected, ..Peers::default() },
            chain,
            ..State::default()
        }
    }

    #[test]
    fn a_node_is_ready_that_follows_its_groups_and_else_says_why_not() {
        let good = Group { is_live: true, block: Some(9), quiet_s: Some(QUIET_S_MAX), lag_blocks: Some(70), ..Group::default() };
        for (group, connected, needs_peers, wanted) in [
            (good.clone(), Some(1), true, ""),
            (good.clone(), Some(0), false, ""),
            (good.clone(), Some(0), true, "no peer is connected"),
            (good.clone(), None, false, "does not answer"),
            (Group::default(), Some(1), true, "group 4 is not followed yet"),
            (Group { is_live: false, ..good.clone() }, Some(1), true, "history of group 4 is being read, up to block 9"),
            (Group { quiet_s: Some(QUIET_S_MAX + 1), ..good.clone() }, Some(1), true, "no block after 9 was heard of for 301 s"),
            (Group { lag_blocks: Some(71), ..good.clone() }, Some(1), true, "71 blocks behind"),
            (Group { lag_blocks: None, ..good }, Some(1), true, ""),
        ] {
            let reasons = missing(&state(group, connected), needs_peers);
            let is_as_wanted = if wanted.is_empty() { reasons.is_empty() } else { reasons.len() == 1 && reasons[0].contains(wanted) };
            assert!(is_as_wanted, "{wanted:?}: {reasons:?}");
        }
    }

    #[test]
    fn each_trouble_has_a_reason_of_few_and_says_more() {
        let fine = State {
            machine: Machine { disk_free_bytes: Some(DISK_FREE_BYTES_MIN), ..Machine::default() },
            ..state(Group::default(), Some(1))
        };
        let full = State { machine: Machine { disk_free_bytes: Some(5), ..Machine::default() }, ..state(Group::default(), Some(0)) };
        let store = Store { full: Some("raise `store_bytes`".into()), ..Store::default() };
        let stuffed = State { store, ..fine.clone() };
        let waits = BTreeMap::from([("following the chain", "503".to_owned())]);
        for (state, waits, needs_peers, is_doubled, wanted) in [
            (&fine, &BTreeMap::new(), true, false, &[][..]),
            (&fine, &waits, true, true, &["following the chain", "a second process has this node's key"]),
            (&full, &BTreeMap::new(), true, false, &["no peers", "disk nearly full"]),
            (&full, &BTreeMap::new(), false, false, &["disk nearly full"]),
            (&stuffed, &BTreeMap::new(), true, false, &["store full"]),
        ] {
            let troubles = troubles(state, waits, needs_peers, is_doubled);
            assert_eq!(troubles.iter().map(|trouble| trouble.reason.as_str()).collect::<Vec<_>>(), wanted);
            assert!(troubles.iter().all(|trouble| !trouble.detail.is_empty()));
        }
    }
}
