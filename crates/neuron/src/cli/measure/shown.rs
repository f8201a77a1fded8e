//! `neuron measure show`: what the group's log has, and what was brought to the chain, enacted or not.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use governance::Network;
use node::{measures::Entry, network_file::moment, words};
use protocol::{Digest, GroupId, measures::Measure};
use serde_json::{Value, json};

use super::{message, not_ripe, read};
use crate::cli::{
    context::Context,
    ending::{NOT_FOUND, Sort as _},
    ledger::Ledger,
};

/// Shows the measures of a group whose names begin like this.
///
/// # Errors
/// When the chain does not answer, or there is no such measure.
pub async fn run(context: &Context, name: Option<&str>, group: GroupId) -> Result<()> {
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let (book, ledger) = (read(&site.network, &visit).await?, Ledger::read(&site).await?);
    visit.client.shutdown().await;
    let is_asked = |full: &Digest| name.is_none_or(|name| full.to_string().starts_with(name));
    let (mut lines, mut listed, mut logged) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (full, act, entry) in book.entries().filter(|(full, _, _)| is_asked(full)) {
        let (told, state) = of_entry(&site.network, entry, ledger.now_s).await?;
        lines.extend([full.to_string(), format!("  {}", words::of_act(&act))].into_iter().chain(told));
        listed.push(data(full, &words::of_act(&act), &entry.measure, &state));
        logged.insert(full);
    }
    for (full, said) in ledger.views.measures().filter(|(full, _)| is_asked(full) && !logged.contains(full)) {
        let measure = Measure { kind: said.kind, args: said.args.clone(), nonce: said.nonce, expiry_s: said.expiry_s };
        let Some(act) = measure.act().ok().filter(|act| act.group() == group) else { continue };
        let (told, state) = of_chain(&ledger, full, &measure);
        lines.extend([full.to_string(), format!("  {}", words::of_act(&act))].into_iter().chain(told));
        listed.push(data(full, &words::of_act(&act), &measure, &state));
    }
    match (listed.is_empty(), name) {
        (true, Some(name)) => {
            return not_there(name, group).sort(NOT_FOUND);
        }
        (true, None) => lines.push(format!("no measure of group {group} in its log or on the chain: `neuron measure propose` begins one")),
        _ => {}
    }
    context.answer(&lines, &json!({ "group": group, "measures": listed }))
}

fn not_there(name: &str, group: GroupId) -> Result<()> {
    let name = name.escape_debug();
    bail!("no measure of group {group} begins with {name}, in its log or on the chain: `neuron measure show` lists them")
}

fn data(name: Digest, what: &str, measure: &Measure, state: &str) -> Value {
    json!({ "measure": name, "what": what, "expiry_s": measure.expiry_s, "state": state })
}

/// One of the log: why, who signed, and what is missing.
async fn of_entry(network: &Network, entry: &Entry, now_s: u64) -> Result<(Vec<String>, String)> {
    let mut lines = Vec::new();
    if !entry.reason.is_empty() {
        lines.push(format!("  because: {}", entry.reason.escape_debug()));
    }
    lines.extend(message(&entry.measure));
    let tally = entry.tally(network).await?;
    for counted in &tally.counted {
        let (number, live) = (counted.position.number, counted.position.live.to_nrn());
        lines.push(format!("  signed   position {number} of group {}, {live} NRN, by {}", counted.group, counted.by));
    }
    lines.push(format!("  assents  {} NRN in the log, it takes more than {} NRN", tally.sum.to_nrn(), tally.majority.needed.to_nrn()));
    let (state, epoch) = (network.measure(&entry.measure).await?, network.stake().epoch().await?);
    if state.epoch == epoch && !state.weight.is_zero() && !state.enacted {
        lines.push(format!("  brought  {} NRN in this epoch, {epoch}; what comes in it counts together", state.weight.to_nrn()));
    }
    let now = match entry.measure.expiry_s.saturating_sub(now_s) {
        _ if state.enacted => "it was enacted".to_owned(),
        0 => "it has expired".to_owned(),
        left_s => match state.ripe_at.filter(|ripe_at| *ripe_at > epoch) {
            Some(ripe_at) => not_ripe(ripe_at, epoch),
            None if tally.is_carried() => format!("it is carried: `neuron measure enact` within {left_s} s"),
            None => format!("{} NRN are missing, and {left_s} s are left", tally.missing().to_nrn()),
        },
    };
    lines.push(format!("  state    {now}"));
    Ok((lines, now))
}

/// One that has fallen from the log, or never stood there: what the contracts' events tell.
fn of_chain(ledger: &Ledger, name: Digest, measure: &Measure) -> (Vec<String>, String) {
    let mut lines = message(measure);
    for assent in ledger.views.assents(name) {
        let (group, position, epoch) = (assent.group, assent.position, assent.epoch);
        let nrn = assent.weight.to_nrn();
        lines.push(format!("  counted  position {position} of group {group}, {nrn} NRN, in epoch {epoch}, {}", moment(assent.at.time_s)));
    }
    let state = match (ledger.views.measure(name).enacted, measure.expiry_s > ledger.now_s) {
        (true, _) => "it was enacted",
        (false, true) => "it is not carried yet, and its assents are no longer in the group's log: sign it again",
        (false, false) => "it has expired",
    };
    lines.push(format!("  state    {state}"));
    (lines, state.to_owned())
}
