//! Entries as lines, as a table for spreadsheets, and as JSON.

use node::network_file::moment;
use protocol::{Address, Wei};
use serde_json::{Value, json};
use views::Subject;

use super::{
    entry::{Entry, Role, Sums},
    transaction::Transactions,
};

/// First line of the table.
const COLUMNS: &str = "group,of,number,role,position,account,paid,winner_nrn,validator_nrn,author_nrn,bounty_nrn,reporter_nrn,put_nrn,back_nrn,\
                       lost_nrn,first_time,transactions,reason,proof";

/// Kind and number of what an entry is about.
fn subject(of: Subject) -> (&'static str, u64) {
    match of {
        Subject::Round(round) => ("round", round.0),
        Subject::Delta(delta) => ("delta", delta.0),
        Subject::Bounty(bounty) => ("bounty", bounty.0),
    }
}

/// What was earned, by what it was earned for; then what was put down.
fn amounts(sums: &Sums) -> Vec<String> {
    let named = [
        (sums.winner, "for winning"),
        (sums.validator, "for verdicts"),
        (sums.author, "for data"),
        (sums.bounty, "of bounties"),
        (sums.reporter, "for reports"),
        (sums.put, "put down"),
        (sums.back, "of it back"),
        (sums.lost, "of it lost"),
    ];
    named.into_iter().filter(|(amount, _)| !amount.is_zero()).map(|(amount, what)| format!("{} NRN {what}", amount.to_nrn())).collect()
}

fn paid(entry: &Entry) -> &'static str {
    match (entry.is_paid(), entry.due.is_zero()) {
        (true, _) => "paid",
        (false, false) => "not paid yet",
        (false, true) => "not paid",
    }
}

/// Of a list of all: two lines an entry, and the sums.
pub fn receipts(account: Address, entries: &[Entry], sums: &Sums) -> Vec<String> {
    let mut lines = vec![account.to_string()];
    if entries.is_empty() {
        lines.push("  took part in nothing yet: `neuron group list` shows where it could".to_owned());
        return lines;
    }
    for entry in entries {
        let (kind, number) = subject(entry.of);
        let head = [format!("{kind} {number} of group {}, as {}: {}", entry.group, role(entry.role), paid(entry))];
        lines.push(format!("  {}", head.into_iter().chain(amounts(&entry.sums)).collect::<Vec<_>>().join(", ")));
        lines.push(format!("    {}", entry.reason));
    }
    lines.push(format!("  all together: {} NRN earned; {}", sums.earned().to_nrn(), amounts(sums).join(", ")));
    lines.push("  why, with transactions: `neuron why ROUND --group G`; as a table: `--csv`".to_owned());
    lines
}

fn role(role: Role) -> String {
    match role.position() {
        Some(position) => format!("{} (position {position})", role.word()),
        None => role.word().to_owned(),
    }
}

/// Of one round: account, what it got, why, and the transactions that show it.
pub fn why(entry: &Entry, transactions: &Transactions) -> Vec<String> {
    let head = [format!("{} {}: {}", role(entry.role), entry.account, paid(entry))];
    let mut lines = vec![format!("  {}", head.into_iter().chain(amounts(&entry.sums)).collect::<Vec<_>>().join(", "))];
    lines.push(format!("    {}", entry.reason));
    lines.extend(transactions.of_entry(entry).iter().map(|transaction| format!("    in {transaction}")));
    lines
}

/// One line an entry; no field holds what strangers wrote.
pub fn csv(entries: &[Entry], transactions: &Transactions) -> String {
    let line = |entry: &Entry| {
        let (kind, number) = subject(entry.of);
        let sums = &entry.sums;
        let amounts = [sums.winner, sums.validator, sums.author, sums.bounty, sums.reporter, sums.put, sums.back, sums.lost];
        let position = entry.role.position().map(|position| position.to_string()).unwrap_or_default();
        let hashes: Vec<String> = transactions.of_entry(entry).iter().map(ToString::to_string).collect();
        let time = entry.receipts.iter().map(|receipt| receipt.at.time_s).min().map(moment).unwrap_or_default();
        let first =
            [entry.group.to_string(), kind.into(), number.to_string(), entry.role.word().into(), position, entry.account.to_string()];
        let last = [time, hashes.join(" "), entry.reason.clone(), entry.proof()];
        let fields = first.into_iter().chain([entry.is_paid().to_string()]).chain(amounts.into_iter().map(Wei::to_nrn)).chain(last);
        fields.map(|field| quoted(&field)).collect::<Vec<_>>().join(",")
    };
    [COLUMNS.to_owned()].into_iter().chain(entries.iter().map(line)).map(|line| line + "\n").collect()
}

/// As RFC 4180 wants it.
fn quoted(field: &str) -> String {
    match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

/// Sums in wei of NRN.
pub fn sums(sums: &Sums) -> Value {
    json!({
        "winner_wei": sums.winner, "validator_wei": sums.validator, "author_wei": sums.author, "bounty_wei": sums.bounty,
        "reporter_wei": sums.reporter, "put_wei": sums.put, "back_wei": sums.back, "lost_wei": sums.lost,
    })
}

/// All of an entry.
pub fn data(entry: &Entry, transactions: &Transactions) -> Value {
    let (kind, number) = subject(entry.of);
    let (counted, awake) = entry.counted.unzip();
    json!({
        "group": entry.group, "of": kind, "number": number, "role": entry.role.word(), "position": entry.role.position(),
        "account": entry.account, "paid": entry.is_paid(), "due_wei": entry.due, "reason": entry.reason, "sums": sums(&entry.sums),
        "counted_wei": counted, "awake_wei": awake, "proof": entry.proof(), "transactions": transactions.of_entry(entry),
    })
}
