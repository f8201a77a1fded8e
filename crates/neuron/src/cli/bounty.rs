//! `neuron bounty`: seal a hidden set, lock NRN for what rounds improve on it, open it, settle, make it training data.

mod due;
mod events;
mod sealed;
mod served;
mod told;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use deltas::Patch;
use evaluator::Hidden;
use governance::Offer;
use node::{network_file::moment, shards};
use protocol::{
    Address, BountyNumber, Digest, GroupId, Micronats, Wei,
    bounty::{Term, WINDOWS},
    chain::GroupView,
};

use serde_json::{Value, json};

use super::{
    context::{Context, Visit, history},
    delta,
};
use due::Due;
pub use events::hidden_losses;
use told::Dated;
pub use told::all;

/// The bond is at least this part of the amount.
const BOND_PART: u128 = 8;
/// Wei of an NRN that are a micronat of a nat.
const WEI_PER_MICRONAT: u128 = 1_000_000_000_000;

#[derive(Subcommand)]
pub enum Command {
    /// Make a hidden set of examples that nobody else has: a file that only you must have until the term is over.
    Seal {
        /// Rows of csv or a text, as the group's training set has them; of a group of tokens a text, which its tokenizer reads.
        #[arg(long)]
        examples: PathBuf,
        /// Where the hidden set is written; nothing is overwritten.
        #[arg(long)]
        out: PathBuf,
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Lock NRN for what the rounds of a term improve on a hidden set, with a bond that you lose if you do not open it.
    Fund(Wanted),
    /// All bounties, or those of a group.
    List {
        #[arg(long)]
        group: Option<u64>,
    },
    /// One bounty: its term, what was found, who was paid, what comes next and when.
    Show { bounty: u64 },
    /// As the sponsor: publish the hidden set once the term is over, and serve it until enough stake holds it.
    Open(Named),
    /// Send what is due: to won rounds that are mature, to validators, and the rest back to the sponsor. Anybody may.
    Settle { bounty: u64 },
    /// Propose an opened set, which is no secret any more, as part of the training set.
    Retire {
        #[command(flatten)]
        named: Named,
        /// Bond of the proposal in NRN, as for `neuron delta propose`.
        #[arg(long, value_parser = Wei::from_nrn)]
        bond: Option<Wei>,
    },
}

/// What a sponsor asks for.
#[derive(Args)]
pub struct Wanted {
    /// The file that `seal` wrote.
    #[arg(long)]
    hidden: PathBuf,
    /// In NRN, like 100: three quarters for lower loss, an eighth each for validators and for won rounds.
    #[arg(long, value_parser = Wei::from_nrn)]
    amount: Wei,
    /// In NRN; the least by default, an eighth of the amount.
    #[arg(long, value_parser = Wei::from_nrn)]
    bond: Option<Wei>,
    /// By how many nats the loss has to fall for all of the three quarters, like 0.05.
    #[arg(long, value_parser = nats)]
    target: Micronats,
    /// How long rounds count, from the next one on: 90s, 30m, 12h, 10d.
    #[arg(long, value_parser = seconds)]
    term: u64,
    #[arg(long, default_value_t = 1)]
    group: u64,
}

/// A bounty and the hidden set on this machine.
#[derive(Args)]
pub struct Named {
    /// Its number.
    bounty: u64,
    /// The file that `seal` wrote.
    #[arg(long)]
    hidden: PathBuf,
}

/// Nats as people write them.
fn nats(text: &str) -> Result<Micronats, String> {
    let micronats = Wei::from_nrn(text).ok().filter(|wei| wei.0 % WEI_PER_MICRONAT == 0).map(|wei| wei.0 / WEI_PER_MICRONAT);
    let fitting = micronats.and_then(|micronats| u32::try_from(micronats).ok()).filter(|micronats| *micronats > 0);
    fitting.map(Micronats).ok_or_else(|| "write nats like 0.05: more than 0, below 4294, at most six digits after the point".to_owned())
}

/// A length of time in seconds, minutes, hours or days.
fn seconds(text: &str) -> Result<u64, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let read = units.iter().find_map(|(unit, factor)| text.strip_suffix(unit)?.parse::<u32>().ok().map(|count| u64::from(count) * factor));
    read.filter(|seconds| *seconds > 0).ok_or_else(|| "write a length of time like 90s, 30m, 12h or 10d".to_owned())
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Seal { examples, out, group } => sealed::seal(context, GroupId(group), &examples, &out).await,
        Command::Fund(wanted) => fund(context, wanted).await,
        Command::List { group } => list(context, group.map(GroupId)).await,
        Command::Show { bounty } => show(context, BountyNumber(bounty)).await,
        Command::Open(named) => open(context, &named).await,
        Command::Settle { bounty } => settle(context, BountyNumber(bounty)).await,
        Command::Retire { named, bond } => retire(context, &named, bond).await,
    }
}

async fn fund(context: &Context, wanted: Wanted) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let Wanted { hidden: path, amount, target, term: term_s, .. } = wanted;
    let group = GroupId(wanted.group);
    let visit = context.visit(&site, group).await?;
    let (_, hidden) = sealed::read(&visit.member.manifest, &path)?;
    sealed::check_overlap(&site, &visit, &hidden).await?;
    sealed::look(&site, &visit, &hidden).await?;
    visit.client.shutdown().await;
    let (view, now_s) = (site.network.view(group).await?, site.network.chain().latest().await?.time_s);
    let term = Term::new(view.clock(now_s).round, term_s, (&view).into());
    check_term(&term, term_s, &view, now_s)?;
    let bond = wanted.bond.unwrap_or(amount.mul_div(1, BOND_PART).max(view.min_deposit));
    context.tell(&format!("{} NRN for {target} nats, and a bond of {} NRN", amount.to_nrn(), bond.to_nrn()))?;
    let dates = |term: &Term| told::of_term(term, (&view).into()).iter().try_for_each(|line| context.tell(&format!("  {line}")));
    dates(&term)?;
    let (root, count) = (Digest(hidden.root()), hidden.len() as u32);
    let network = context.sender(&site, account)?;
    let number = network.fund(&Offer { group, root, count, target, amount, bond, term_s }).await?;
    let begun = network.bounty(number).await?.term();
    context.tell(&format!("funded as bounty {number} of group {group}: {count} examples, root {root}"))?;
    if begun != term {
        context.tell("another round had begun when it was funded:")?;
        dates(&begun)?;
    }
    context.tell(&format!("put the dates into your calendar: `neuron bounty open {number} --hidden {}` comes then", path.display()))
}

/// As the contract: at least a period, and over within an exit.
fn check_term(term: &Term, term_s: u64, view: &GroupView, now_s: u64) -> Result<()> {
    let least_s = view.period_s;
    ensure!(term_s >= least_s, "the term must last a period of the group at least, {least_s} s: give a longer --term");
    let over_s = term.window_start_s(WINDOWS, view.into()).saturating_add(view.maturity_s);
    let most_s = now_s.saturating_add(view.exit_s);
    ensure!(
        over_s <= most_s,
        "the term, three windows and the maturity would end on {}, and must end by {}, within an exit: give a --term that is {} s shorter",
        moment(over_s),
        moment(most_s),
        over_s.saturating_sub(most_s)
    );
    Ok(())
}

async fn list(context: &Context, group: Option<GroupId>) -> Result<()> {
    let network = context.site().await?.network;
    let now_s = network.chain().latest().await?.time_s;
    let bounties = told::all(&network, group).await?;
    let mut lines: Vec<String> = bounties.iter().map(|dated| dated.brief(now_s)).collect();
    if lines.is_empty() {
        lines.push("nobody has funded a bounty: `neuron bounty seal`, then `neuron bounty fund`".to_owned());
    }
    let listed: Vec<Value> = bounties.iter().map(|dated| dated.data(now_s)).collect();
    context.answer(&lines, &json!({ "bounties": listed }))
}

async fn show(context: &Context, number: BountyNumber) -> Result<()> {
    let site = context.site().await?;
    let dated = Dated::read(&site.network, number).await?;
    let (events, now_s) = (history(&site, dated.bounty.group).await?, site.network.chain().latest().await?.time_s);
    context.answer(&dated.lines(&events, now_s), &dated.data(now_s))
}

async fn open(context: &Context, named: &Named) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let dated = Dated::read(&site.network, BountyNumber(named.bounty)).await?;
    check_time(&dated, account.address(), site.network.chain().latest().await?.time_s)?;
    let (number, bounty) = (dated.number, dated.bounty);
    let visit = context.visit(&site, bounty.group).await?;
    let (bytes, hidden) = sealed::read(&visit.member.manifest, &named.hidden)?;
    sealed::check_root(&dated, &hidden)?;
    let file = visit.client.add(bytes).await?;
    match bounty.file {
        Digest::ZERO => {
            context.sender(&site, account)?.unseal(number, file).await?;
            context.tell(&format!("bounty {number} is open: {file}"))?;
        }
        opened if opened == file => context.tell(&format!("bounty {number} was opened before: {file}"))?,
        opened => bail!("bounty {number} was opened as {opened}: give the very file, this one is {file}"),
    }
    let dated = Dated::read(&site.network, number).await?;
    served::serve(&site, &visit, &dated, file).await?;
    visit.client.shutdown().await;
    context.tell(&dated.next(site.network.chain().latest().await?.time_s))
}

/// Only the sponsor opens a set, and neither too early nor too late.
fn check_time(dated: &Dated, account: Address, now_s: u64) -> Result<()> {
    let (number, sponsor) = (dated.number, dated.bounty.sponsor);
    ensure!(account == sponsor, "only {sponsor} funded bounty {number} and can open it: give that key with --key");
    ensure!(
        now_s >= dated.end_s(),
        "the term of bounty {number} is not over: open it from {} on, keep the file secret until then",
        moment(dated.end_s())
    );
    let is_late = now_s >= dated.late_s() && dated.bounty.file.is_zero();
    ensure!(!is_late, "bounty {number} had to be opened before {}: {}", moment(dated.late_s()), dated.next(now_s));
    match dated.better_from_s(now_s).filter(|_| dated.bounty.file.is_zero()) {
        Some(from_s) => bail!(
            "more than a third of awake stake would have to hold the set before {0}, or all is lost: open it from {0} on, and it is measured in the \
             next window",
            moment(from_s)
        ),
        None => Ok(()),
    }
}

async fn settle(context: &Context, number: BountyNumber) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let dated = Dated::read(&site.network, number).await?;
    let (events, now_s) = (history(&site, dated.bounty.group).await?, site.network.chain().latest().await?.time_s);
    let due = Due::of(&dated, &events, now_s);
    ensure!(!due.is_nothing(), "nothing of bounty {number} is due now; {}", dated.next(now_s));
    for event in due.send(&context.sender(&site, account)?, number).await? {
        events::of_payment(&event).iter().try_for_each(|line| context.tell(line))?;
    }
    context.tell(&Dated::read(&site.network, number).await?.next(now_s))
}

async fn retire(context: &Context, named: &Named, bond: Option<Wei>) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let dated = Dated::read(&site.network, BountyNumber(named.bounty)).await?;
    let (number, group) = (dated.number, dated.bounty.group);
    ensure!(!dated.bounty.file.is_zero(), "bounty {number} is not open, its set is still a secret: `neuron bounty open` comes first");
    let visit = context.visit(&site, group).await?;
    let (bytes, hidden) = sealed::read(&visit.member.manifest, &named.hidden)?;
    sealed::check_root(&dated, &hidden)?;
    let set = visit.member.set(site.network.view(group).await?.head).await?;
    let (path, mut tree) = (format!("hidden-{number}{}", visit.member.manifest.data().suffix()), set.tree.clone());
    ensure!(tree.get(&path).is_none(), "{path} is in the set of group {group} already: nothing is left to do");
    tree.insert(&path, &text(context, &visit, &named.hidden, &bytes).await?)?;
    let patch = Patch::between(&set.tree, &tree, account.address().0, &format!("The hidden set of bounty {number}"));
    delta::offer(visit, &context.sender(&site, account)?, patch, bond).await
}

/// What an opened set is in the training set: its examples, or a line that names it as a shard, which is written beside it.
async fn text(context: &Context, visit: &Visit, hidden: &Path, bytes: &[u8]) -> Result<String> {
    let manifest = &visit.member.manifest;
    if manifest.data().tokenizer_digest().is_none() {
        return Ok(Hidden::body(bytes)?.to_owned());
    }
    let (shard, mut place) = (Hidden::shard(manifest, bytes)?, hidden.as_os_str().to_owned());
    place.push(".shard");
    let place = Path::new(&place);
    fs::write(place, &shard).with_context(|| format!("cannot write {}", place.display()))?;
    context.tell(&format!(
        "its shard is {0}: let a node of yours hold it, or nobody can vote for it (`neuron ipfs add {0}`)",
        place.display()
    ))?;
    shards::add(manifest, shard, &visit.client).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nats_and_lengths_of_time_are_read_as_people_write_them() {
        assert_eq!(nats("0.05"), Ok(Micronats(50_000)));
        assert_eq!((nats("2"), nats("0.000001")), (Ok(Micronats(2_000_000)), Ok(Micronats(1))));
        for bad in ["", "0", "0.0000001", "4295", "-1", "0,05", "x"] {
            assert!(nats(bad).is_err(), "{bad:?}");
        }
        assert_eq!([seconds("90s"), seconds("30m"), seconds("12h"), seconds("10d")], [Ok(90), Ok(1_800), Ok(43_200), Ok(864_000)]);
        for bad in ["", "s", "10", "0d", "-1d", "1.5h", "1w", "99999999999d"] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
