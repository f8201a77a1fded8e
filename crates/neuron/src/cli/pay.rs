//! `neuron receipts` and `neuron why`: who was paid for what, who was not, and why.

mod entry;
mod facts;
mod lines;
mod story;
mod transaction;

use anyhow::{Context as _, Result};
use clap::Args;
use node::output;
use protocol::{Address, GroupId, RoundNumber};
use serde_json::json;

use self::{entry::Entry, transaction::Transactions};
use super::{
    context::Context,
    ending::{NOT_FOUND, Sort as _},
    ledger::Ledger,
};

pub use self::{entry::Sums, lines::sums as sums_data};

#[derive(Args)]
pub struct Receipts {
    /// Whose; yours by default.
    #[arg(long)]
    account: Option<Address>,
    /// Of one group only.
    #[arg(long)]
    group: Option<u64>,
    /// A table for a spreadsheet, amounts in NRN.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Args)]
pub struct Why {
    /// Number of the round.
    round: u64,
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Only what concerns this account: a trainer's, an owner's or a signer's.
    #[arg(long)]
    account: Option<Address>,
}

/// All that an account got and paid, and what it was not paid for.
///
/// # Errors
/// When the chain does not answer.
pub async fn receipts(context: &Context, options: Receipts) -> Result<()> {
    let site = context.site().await?;
    let account = match options.account {
        Some(account) => account,
        None => context.own_address().await?,
    };
    let ledger = Ledger::read(&site).await?;
    let groups = ledger.groups().filter(|group| options.group.is_none_or(|asked| asked == group.0));
    let entries: Vec<Entry> = groups.flat_map(|group| all_of(&ledger, group)).filter(|entry| entry.is_of(account)).collect();
    let transactions = Transactions::read(&site.network, &entries).await?;
    if options.csv {
        return output::show(lines::csv(&entries, &transactions).as_bytes());
    }
    let listed: Vec<_> = entries.iter().map(|entry| lines::data(entry, &transactions)).collect();
    let sums: Sums = entries.iter().map(|entry| entry.sums).sum();
    let data = json!({ "account": account, "receipts": listed, "sums": lines::sums(&sums) });
    context.answer(&lines::receipts(account, &entries, &sums), &data)
}

fn all_of(ledger: &Ledger, group: GroupId) -> Vec<Entry> {
    let rounds = ledger.rounds(group).filter_map(|round| facts::of_round(ledger, group, round));
    let mut entries: Vec<Entry> = rounds.flat_map(|facts| story::entries(&facts)).collect();
    entries.extend(facts::of_deltas(ledger, group));
    entries.extend(facts::of_bounties(ledger, group));
    entries
}

/// Everybody who had to do with a round: paid or not, and why.
///
/// # Errors
/// When the chain does not answer, or nobody committed in the round.
pub async fn why(context: &Context, options: Why) -> Result<()> {
    let site = context.site().await?;
    let (group, round) = (GroupId(options.group), RoundNumber(options.round));
    let ledger = Ledger::read(&site).await?;
    ledger
        .views
        .group(group)
        .with_context(|| format!("there is no group {group}: `neuron group list` shows which there are"))
        .sort(NOT_FOUND)?;
    let last = ledger.rounds(group).next_back();
    let facts = facts::of_round(&ledger, group, round).with_context(|| match last {
        Some(last) => format!("nobody committed in round {round}, so nobody was paid; the last round with a commit is {last}"),
        None => format!("nobody has committed in group {group} yet, so nobody was paid"),
    });
    let facts = facts.sort(NOT_FOUND)?;
    let all = story::entries(&facts);
    let entries: Vec<Entry> = all.into_iter().filter(|entry| options.account.is_none_or(|account| entry.is_of(account))).collect();
    let transactions = Transactions::read(&site.network, &entries).await?;
    let listed: Vec<_> = entries.iter().map(|entry| lines::data(entry, &transactions)).collect();
    let headline = story::headline(&facts);
    let proof = format!("neuron replay --round {round} --group {group}");
    let data = json!({ "group": group, "round": round, "state": headline, "receipts": listed, "proof": proof });
    let mut told = vec![headline];
    told.extend(entries.iter().flat_map(|entry| lines::why(entry, &transactions)));
    if let Some(account) = options.account.filter(|_| entries.is_empty()) {
        told.push(format!("  {account} did not commit, and had no awake stake here then"));
    }
    told.push(format!("  checked by: {proof}"));
    context.answer(&told, &data)
}

/// The sums of what an account got and paid in all groups.
pub fn sums_of(ledger: &Ledger, account: Address) -> Sums {
    Sums::of(&ledger.views.receipts_of(account))
}
