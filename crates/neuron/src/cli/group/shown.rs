//! A group as `neuron group show` tells of it.

use node::{network_file::moment, progress::Step};
use protocol::{GroupId, chain::GroupView};
use serde_json::{Value, json};

use crate::cli::units::count;

/// For people. Seconds that are left stand beside the moment at which they are over.
pub fn lines(view: &GroupView, now_s: u64) -> Vec<String> {
    let (clock, times) = (view.clock(now_s), view.times);
    let admitted = if view.admitted { ", admitted" } else { ", not admitted: its rounds are not paid" };
    let mut lines = vec![format!("group {}{admitted}", view.id)];
    let mut add = |name: &str, text: String| lines.push(format!("  {name:<10}  {text}"));
    if view.parent != GroupId::default() {
        add("forked", format!("from group {}", view.parent));
    }
    add("name", view.name.to_string());
    add("manifest", view.manifest.to_string());
    add("checkpoint", view.checkpoint.to_string());
    add("set (head)", view.head.to_string());
    add(
        "clock",
        format!(
            "train {} s, reveal {} s, judge {} s; a winner is better by 1/{}, and by {} nats",
            times.train_s,
            times.reveal_s,
            times.judge_s,
            1u64 << view.improve,
            view.least
        ),
    );
    add(
        "now",
        format!("round {}, {:?} for {} s, until {}", clock.round, clock.phase, left(clock.phase_end_s, now_s), moment(clock.phase_end_s)),
    );
    let left_s = left(view.period_end_s, now_s);
    add("period", format!("{} of {} s, ends in {left_s} s, on {}", view.period_number, view.period_s, moment(view.period_end_s)));
    if view.extended_s > 0 {
        add("", format!("late votes have put the end off by {} s", view.extended_s));
    }
    if view.period_next_s != view.period_s {
        add("", format!("those after it last {} s", view.period_next_s));
    }
    add("deposit", format!("{} NRN for a commit", view.least_deposit.to_nrn()));
    let (bonded, awake) = (view.bonded().to_nrn(), view.awake().to_nrn());
    let positions = count(view.positions.len() as u64, "position");
    add("stake", format!("{bonded} NRN bonded, {awake} NRN awake, in {positions}"));
    lines
}

fn left(end_s: u64, now_s: u64) -> u64 {
    end_s.saturating_sub(now_s)
}

/// For programs; of a copy with the block as of which it is.
pub fn data(view: &GroupView, now_s: u64, as_of: Option<Value>) -> Value {
    let clock = view.clock(now_s);
    json!({
        "group": view.id, "admitted": view.admitted, "parent": view.parent, "name": view.name, "manifest": view.manifest,
        "checkpoint": view.checkpoint, "head": view.head, "train_s": view.times.train_s, "reveal_s": view.times.reveal_s,
        "judge_s": view.times.judge_s, "least_micronats": view.least, "round": clock.round, "phase": format!("{:?}", clock.phase).to_lowercase(),
        "phase_end_s": clock.phase_end_s, "period": view.period_number, "period_end_s": view.period_end_s,
        "deposit_wei": view.least_deposit, "bonded_wei": view.bonded(), "awake_wei": view.awake(),
        "as_of": as_of,
    })
}

/// Losses of a won round, in micronats.
pub fn step(step: &Step) -> Value {
    let (claim, fresh) = (&step.won.claim, step.fresh.as_ref());
    json!({
        "round": step.won.round, "base_micronats": claim.base, "loss_micronats": claim.loss,
        "fresh_base_micronats": fresh.map(|fresh| fresh.base), "fresh_loss_micronats": fresh.map(|fresh| fresh.loss),
        "fresh_examples": fresh.map(|fresh| fresh.examples),
    })
}
