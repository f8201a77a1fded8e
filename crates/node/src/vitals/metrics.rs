//! The state of a node in the text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use protocol::chain::Phase;

use super::state::{Group, State};

/// Of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rises and falls.
    Gauge,
    /// Only rises, until the node is started again.
    Counter,
}

/// What is exported under a name.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// With its unit at the end.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it is.
    pub help: &'static str,
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

/// All that a node exports.
#[rustfmt::skip] // A table: one line for each metric.
pub const METRICS: &[Metric] = &[
    gauge("neuron_build_info", "1; the labels say which program it is, and its version"),
    gauge("neuron_start_time_seconds", "Second of the start, since 1970"),
    gauge("neuron_ready", "Whether the node follows all its groups and keeps up with the chain, as /ready says"),
    gauge("neuron_degraded", "1 for each reason for which not all is well; absent when it is over"),
    gauge("neuron_group_live", "Whether the history of the group is told and the node acts"),
    gauge("neuron_group_paid", "Whether rounds of the group are paid"),
    gauge("neuron_round", "The running round"),
    gauge("neuron_round_phase", "1 for the phase of the running round, 0 for the others"),
    gauge("neuron_phase_left_seconds", "Time until the phase ends, by confirmed blocks"),
    gauge("neuron_round_commits", "Commits of the running round"),
    gauge("neuron_round_claims", "Claims that were revealed in the running round"),
    gauge("neuron_round_base_loss_nats", "Loss of the running round's base, as the best claim says"),
    gauge("neuron_round_best_loss_nats", "Loss of the best claim of the running round"),
    gauge("neuron_round_own_loss_nats", "Loss that this account claims in the running round"),
    gauge("neuron_decided_round", "The last round that was decided"),
    gauge("neuron_decided_loss_nats", "Loss of its winner's file"),
    counter("neuron_verdicts_seen_total", "Verdicts of running rounds that were read in the log"),
    counter("neuron_verdicts_sent_total", "Verdicts of this node among them"),
    counter("neuron_verdicts_missed_total", "Rounds that were decided without a verdict of this node's awake position"),
    counter("neuron_rounds_won_total", "Rounds that the account has won, ever"),
    counter("neuron_pay_nrn_total", "NRN that the account has collected and its position has earned, ever"),
    gauge("neuron_stake_nrn", "NRN of the position for which the account signs"),
    gauge("neuron_position_awake", "Whether that position may sign"),
    gauge("neuron_block", "The newest confirmed block that the group's machine has heard"),
    gauge("neuron_lag_blocks", "Blocks of the chain after that one, unconfirmed ones included"),
    gauge("neuron_lag_seconds", "Time since the moment of that block, by this machine's clock"),
    gauge("neuron_quiet_seconds", "Time since that block came in"),
    gauge("neuron_queue_length", "Things that waited for the group's machine when it was last looked at"),
    gauge("neuron_chain_block", "The highest block that an endpoint told of"),
    gauge("neuron_chain_endpoint_up", "Whether an endpoint of the chain answers and is not behind"),
    gauge("neuron_account_coin", "The chain's coin that the account has"),
    gauge("neuron_account_coin_rounds", "Rounds for whose gas that lasts at the price of the moment"),
    gauge("neuron_transactions_waiting", "Transactions that were sent and are not deep in the chain"),
    gauge("neuron_peers", "Connected peers"),
    counter("neuron_sent_bytes_total", "Bytes that went to peers"),
    counter("neuron_received_bytes_total", "Bytes that came from peers"),
    gauge("neuron_store_blocks", "Blocks in the store"),
    gauge("neuron_store_bytes", "Their bytes, and those that are promised room"),
    gauge("neuron_store_limit_bytes", "What these may be together"),
    gauge("neuron_wanted_blocks", "Blocks that fetches wait for"),
    gauge("neuron_disk_free_bytes", "Bytes of the data folder's disk that the node may still use"),
    gauge("neuron_disk_bytes", "Bytes of that disk"),
    gauge("neuron_resident_memory_bytes", "Memory of the process that is in use"),
];

/// The state as a scrape gets it.
pub fn text(state: &State) -> String {
    let mut page = Page::default();
    page.node(state);
    state.groups.iter().for_each(|group| page.group(group));
    page.written()
}

/// Lines by metric: those of one stand together.
#[derive(Default)]
struct Page(Vec<(&'static str, String)>);

impl Page {
    /// Adds a value, if it is known.
    fn put(&mut self, name: &'static str, labels: &[(&str, &str)], value: Option<impl ToString>) {
        let Some(value) = value else { return };
        let labels: Vec<String> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.push((name, format!("{name}{labels} {}", value.to_string())));
    }

    fn node(&mut self, state: &State) {
        let State { chain, peers, store, machine, .. } = state;
        self.put("neuron_build_info", &[("program", &state.program), ("version", &state.build)], Some(1));
        self.put("neuron_start_time_seconds", &[], Some(state.started_s));
        self.put("neuron_ready", &[], Some(u8::from(state.not_ready.is_empty())));
        for trouble in &state.degraded {
            self.put("neuron_degraded", &[("reason", &trouble.reason)], Some(1));
        }
        self.put("neuron_chain_block", &[], chain.block);
        for endpoint in &chain.endpoints {
            self.put("neuron_chain_endpoint_up", &[("endpoint", &endpoint.address)], Some(u8::from(endpoint.is_up)));
        }
        self.put("neuron_account_coin", &[], chain.coin.map(|coin| coin.to_nrn()));
        self.put("neuron_account_coin_rounds", &[], chain.coin_rounds);
        self.put("neuron_transactions_waiting", &[], chain.transactions_waiting);
        self.put("neuron_peers", &[], peers.connected);
        self.put("neuron_sent_bytes_total", &[], Some(peers.sent_bytes));
        self.put("neuron_received_bytes_total", &[], Some(peers.received_bytes));
        self.put("neuron_store_blocks", &[], store.blocks);
        self.put("neuron_store_bytes", &[], store.held_bytes);
        self.put("neuron_store_limit_bytes", &[], store.limit_bytes);
        self.put("neuron_wanted_blocks", &[], Some(store.wanted_blocks));
        self.put("neuron_disk_free_bytes", &[], machine.disk_free_bytes);
        self.put("neuron_disk_bytes", &[], machine.disk_bytes);
        self.put("neuron_resident_memory_bytes", &[], machine.resident_bytes);
    }

    fn group(&mut self, group: &Group) {
        let number = group.group.to_string();
        let of = [("group", number.as_str())];
        self.put("neuron_group_live", &of, Some(u8::from(group.is_live)));
        self.put("neuron_group_paid", &of, group.is_paid.map(u8::from));
        self.put("neuron_round", &of, group.round);
        if let Some(running) = group.phase {
            for (phase, name) in [(Phase::Train, "train"), (Phase::Reveal, "reveal"), (Phase::Judge, "judge")] {
                self.put("neuron_round_phase", &[of[0], ("phase", name)], Some(u8::from(phase == running)));
            }
        }
        self.put("neuron_phase_left_seconds", &of, group.left_s);
        self.put("neuron_round_commits", &of, group.commits);
        self.put("neuron_round_claims", &of, group.claims);
        self.put("neuron_round_base_loss_nats", &of, group.best.map(|best| best.base));
        self.put("neuron_round_best_loss_nats", &of, group.best.map(|best| best.loss));
        self.put("neuron_round_own_loss_nats", &of, group.own_loss);
        self.put("neuron_decided_round", &of, group.last.map(|last| last.round));
        self.put("neuron_decided_loss_nats", &of, group.last.and_then(|last| last.loss));
        self.account(group, &of);
        self.put("neuron_block", &of, group.block);
        self.put("neuron_lag_blocks", &of, group.lag_blocks);
        self.put("neuron_lag_seconds", &of, group.lag_s);
        self.put("neuron_quiet_seconds", &of, group.quiet_s);
        self.put("neuron_queue_length", &[of[0], ("queue", "heard")], group.heard_waiting);
        self.put("neuron_queue_length", &[of[0], ("queue", "answers")], group.answers_waiting);
    }

    fn account(&mut self, group: &Group, of: &[(&str, &str)]) {
        self.put("neuron_verdicts_seen_total", of, Some(group.verdicts_seen));
        self.put("neuron_verdicts_sent_total", of, Some(group.verdicts_sent));
        self.put("neuron_verdicts_missed_total", of, Some(group.verdicts_missed));
        self.put("neuron_rounds_won_total", of, group.rounds_won);
        self.put("neuron_pay_nrn_total", of, group.pay.map(|pay| pay.to_nrn()));
        self.put("neuron_stake_nrn", of, group.stake.map(|stake| stake.to_nrn()));
        self.put("neuron_position_awake", of, group.is_awake.map(u8::from));
    }

    /// In the order of the table, each metric with what it is; one without a value is left out.
    fn written(self) -> String {
        let mut page = String::new();
        for Metric { name, kind, help } in METRICS {
            let lines: Vec<&str> = self.0.iter().filter(|(of, _)| of == name).map(|(_, line)| line.as_str()).collect();
            if lines.is_empty() {
                continue;
            }
            let kind = match kind {
                Kind::Gauge => "gauge",
                Kind::Counter => "counter",
            };
            // Writing to a string does not fail.
            _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{}", lines.join("\n"));
        }
        page
    }
}

/// As a label's value is written.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
