//! A node's state in lines, as wide as they are; what others wrote stands escaped in them.

use node::{
    logging::recent::Line,
    network_file::moment,
    vitals::state::{Claim, Group, Last, State},
};
use protocol::chain::{Outcome, Phase};

use super::super::{
    names::Names,
    units::{amount, count, plain, size, span},
};

/// For so many rounds of gas nobody has to look after the coin.
const ROUNDS_MANY: u64 = 1_000;

/// Which program it is, whether all is well, for whom, and since when.
pub fn title(names: &Names, state: &State) -> String {
    let account = state.account.map_or_else(|| "no account".to_owned(), |account| names.short(account));
    let ready = if state.not_ready.is_empty() { "ready" } else { "not ready" };
    let up = span(state.now_s.saturating_sub(state.started_s));
    format!("{} {}  {ready}  {account}  up {up}", plain(&state.program), plain(&state.build))
}

/// The running phase: its name and what is left of it.
pub fn phase(group: &Group) -> String {
    let name = match group.phase {
        Some(Phase::Train) => "TRAIN",
        Some(Phase::Reveal) => "REVEAL",
        Some(Phase::Judge) => "JUDGE",
        None => return "not known yet".into(),
    };
    group.left_s.map_or_else(|| name.to_owned(), |left_s| format!("{name}, {} left", span(left_s)))
}

/// How much of the phase is over.
pub fn phase_done(group: &Group) -> f64 {
    let (Some(left_s), Some(phase_s)) = (group.left_s, group.phase_s.filter(|phase_s| *phase_s > 0)) else { return 0.0 };
    (1.0 - left_s as f64 / phase_s as f64).clamp(0.0, 1.0)
}

/// Which group and round.
pub fn heading(names: &Names, group: &Group) -> String {
    let round = group.round.map_or_else(String::new, |round| format!(", round {round}"));
    let state = match (group.is_live, group.is_paid) {
        (false, _) => ", reading history",
        (true, Some(false)) => ", unpaid",
        (true, _) => "",
    };
    format!("{}{round}{state}", names.shown(&format!("group {}", group.group)))
}

/// What happened in the running round and the one decided last.
pub fn round(names: &Names, group: &Group) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Some(commits), Some(claims)) = (group.commits, group.claims) {
        lines.push(format!("{}, {}", count(commits, "commit"), count(claims, "claim")));
    }
    lines.extend(group.best.map(|best| format!("base {} nats", best.base)));
    lines.extend(group.own_loss.map(|loss| format!("own claim {loss} nats")));
    lines.extend(group.last.as_ref().map(|decided| last(names, decided)));
    lines
}

fn last(names: &Names, last: &Last) -> String {
    let loss = last.loss.map_or_else(String::new, |loss| format!(" {loss}"));
    match (last.outcome, last.winner) {
        (Outcome::Won, Some(winner)) => format!("won {}: {}{loss}", last.round, names.short(winner)),
        (Outcome::Won, None) => format!("round {} was won", last.round),
        (Outcome::Lost, _) => format!("round {} was lost", last.round),
        (Outcome::Struck, _) => format!("round {} was struck", last.round),
        (Outcome::None, _) => format!("round {} was not decided", last.round),
    }
}

/// Who leads, a claim a line.
pub fn leaders(names: &Names, group: &Group) -> Vec<String> {
    if group.leaders.is_empty() {
        return vec!["no claim is revealed yet".into()];
    }
    // What a narrow box cuts off matters least.
    let line = |claim: &Claim| format!("{}  {}  {}", claim.loss, names.short(claim.trainer), count(claim.verdicts, "verdict"));
    group.leaders.iter().map(line).collect()
}

/// What the account has and got, and what it did.
pub fn account(state: &State, group: &Group) -> Vec<String> {
    let mut lines: Vec<String> = group.pay.map(|pay| format!("paid {} NRN", amount(pay))).into_iter().collect();
    lines.extend(group.rounds_won.map(|won| format!("{} won", count(won, "round"))));
    if let Some(stake) = group.stake {
        let awake = if group.is_awake == Some(true) { "awake" } else { "asleep" };
        lines.push(format!("stake {} NRN, {awake}", amount(stake)));
        lines.push(format!("verdicts {}, missed {}", group.verdicts_sent, group.verdicts_missed));
    }
    if let Some(coin) = state.chain.coin {
        let scarce = state.chain.coin_rounds.filter(|rounds| *rounds < ROUNDS_MANY);
        let lasts = scarce.map_or_else(String::new, |rounds| format!(", {}", count(rounds, "round")));
        lines.push(format!("coin {}{lasts}", amount(coin)));
    }
    if lines.is_empty() {
        lines.push("nobody's".into());
    }
    lines
}

/// Chain, peers and machine.
pub fn machine(state: &State, group: &Group) -> Vec<String> {
    let block = group.block.or(state.chain.block).map_or_else(|| "no block yet".to_owned(), |block| format!("block {block}"));
    let lag = group.lag_s.map_or_else(String::new, |lag_s| format!(", {} old", span(lag_s)));
    let connected = state.peers.connected.map_or_else(|| "peers unknown".to_owned(), |peers| count(peers, "peer"));
    let mut lines = vec![format!("{block}{lag}"), connected];
    lines.extend(
        [(state.peers.sent_bytes, "sent"), (state.peers.received_bytes, "received")].map(|(bytes, what)| format!("{} {what}", size(bytes))),
    );
    lines.extend(state.machine.disk_free_bytes.map(|bytes| format!("disk {} free", size(bytes))));
    lines
}

/// What is not as it should be, the worst first.
pub fn troubles(state: &State, unseen: Option<&str>) -> Vec<String> {
    let degraded = state.degraded.iter().map(|trouble| format!("{}: {}", trouble.reason, trouble.detail));
    let told = unseen.map(str::to_owned).into_iter().chain(degraded).chain(state.not_ready.iter().cloned());
    told.map(|line| plain(&line)).collect()
}

/// A line of its log.
pub fn line(names: &Names, line: &Line) -> String {
    let date = moment(line.at_s);
    format!("{} {:5} {}", date.get(11..19).unwrap_or_default(), plain(&line.level), names.shown(&plain(&line.text)))
}

/// A narrow screen's share: the most important of all of it.
pub fn short_of(names: &Names, state: &State, group: &Group) -> Vec<String> {
    let mut lines = vec![heading(names, group), phase(group)];
    lines.extend(round(names, group));
    lines.extend(group.leaders.first().and_then(|_| leaders(names, group).into_iter().next()).map(|line| format!("leads {line}")));
    lines.extend(account(state, group));
    lines.extend(machine(state, group).into_iter().take(2));
    lines
}
