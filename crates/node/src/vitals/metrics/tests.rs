//! A page of metrics, against the table and against what asks for it.

use std::collections::BTreeSet;

use protocol::{
    chain::Outcome,
    ids::{Address, GroupId, RoundNumber},
    money::{Micronats, Wei},
};

use super::*;
use crate::vitals::state::{Best, Chain, Endpoint, Last, Machine, Peers, Store, Trouble};

/// One in which everything is known.
fn whole() -> State {
    let best = Best { trainer: Address([1; 20]), base: Micronats(690_000), loss: Micronats(12_345) };
    let last = Last { round: RoundNumber(7), outcome: Outcome::Won, winner: Some(Address([1; 20])), loss: Some(Micronats(690_000)) };
    let group = Group {
        group: GroupId(4),
        is_live: true,
        is_paid: Some(true),
        round: Some(RoundNumber(8)),
        phase: Some(Phase::Reveal),
        left_s: Some(30),
        block: Some(100),
        lag_blocks: Some(5),
        lag_s: Some(61),
        quiet_s: Some(1),
        commits: Some(3),
        claims: Some(2),
        best: Some(best),
        own_loss: Some(Micronats(2_000_000)),
        last: Some(last),
        rounds_won: Some(2),
        pay: Some(Wei::from_nrn("1.5").expect("an amount")),
        stake: Some(Wei::nrn(200)),
        is_awake: Some(false),
        heard_waiting: Some(1),
        answers_waiting: Some(0),
        ..Group::default()
    };
    let endpoint = Endpoint { address: "http://one".into(), state: "answers".into(), is_up: true };
    let chain = Chain {
        block: Some(105),
        endpoints: vec![endpoint],
        coin: Some(Wei::nrn(1)),
        coin_rounds: Some(80),
        transactions_waiting: Some(1),
        ..Chain::default()
    };
    let peers = Peers { connected: Some(3), sent_bytes: 10, received_bytes: 20 };
    let store = Store { blocks: Some(9), held_bytes: Some(900), limit_bytes: Some(9_000), wanted_blocks: 0, full: None };
    let machine = Machine { disk_free_bytes: Some(1), disk_bytes: Some(2), resident_bytes: Some(3) };
    let degraded = vec![Trouble { reason: "no \"peers\"\n\\".into(), detail: "…".into() }];
    State {
        program: "trainer-node".into(),
        build: "1.2.3".into(),
        groups: vec![group],
        chain,
        peers,
        store,
        machine,
        degraded,
        ..State::default()
    }
}

#[test]
fn every_metric_of_the_table_is_written_once_with_what_it_is_and_no_other() {
    let page = text(&whole());
    for Metric { name, .. } in METRICS {
        for start in ["# HELP ", "# TYPE "] {
            assert_eq!(page.matches(&format!("{start}{name} ")).count(), 1, "{start}{name}");
        }
    }
    let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "no name stands twice");
    let values = page.lines().filter(|line| !line.starts_with('#'));
    let written: BTreeSet<&str> = values.map(|line| line.split(['{', ' ']).next().unwrap_or_default()).collect();
    assert_eq!(written, names);
    let mut page = Page::default();
    page.node(&whole());
    page.group(&whole().groups[0]);
    assert!(page.0.iter().all(|(name, _)| names.contains(name)), "what has no place in the table is not shown");
}

#[test]
fn values_are_in_base_units_and_words_of_others_stay_in_their_quotes() {
    let page = text(&whole());
    for line in [
        "neuron_build_info{program=\"trainer-node\",version=\"1.2.3\"} 1",
        "neuron_round_phase{group=\"4\",phase=\"train\"} 0",
        "neuron_round_phase{group=\"4\",phase=\"reveal\"} 1",
        "neuron_round_best_loss_nats{group=\"4\"} 0.012345",
        "neuron_pay_nrn_total{group=\"4\"} 1.5",
        "neuron_degraded{reason=\"no \\\"peers\\\"\\n\\\\\"} 1",
        "neuron_queue_length{group=\"4\",queue=\"heard\"} 1",
        "neuron_ready 1",
        "# TYPE neuron_sent_bytes_total counter",
        "# TYPE neuron_peers gauge",
    ] {
        assert!(page.lines().any(|written| written == line), "{line} in {page}");
    }
    assert!(page.ends_with('\n'));
    for metric in METRICS {
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
    }
}

#[test]
fn what_is_not_known_is_absent_and_never_nought() {
    let page = text(&State { groups: vec![Group::default()], ..State::default() });
    for absent in
        ["neuron_peers", "neuron_round{", "neuron_stake_nrn", "neuron_account_coin", "neuron_disk_free_bytes", "neuron_chain_block"]
    {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    assert!(page.contains("neuron_group_live{group=\"0\"} 0"));
}

/// Names in a text that begin as metrics do.
fn names_in(text: &str) -> BTreeSet<&str> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter: char| !is_of_name(letter)).filter(|word| word.starts_with("neuron_")).collect()
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_nothing_that_no_node_exports() {
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/observe");
    for (file, least) in [("dashboard.json", 20), ("alerts.yml", 7)] {
        let text = std::fs::read_to_string(folder.join(file)).expect(file);
        let named = names_in(&text);
        let unknown: Vec<&&str> = named.difference(&known).collect();
        assert!(unknown.is_empty() && named.len() >= least, "{file}: {unknown:?} of {named:?}");
    }
}
