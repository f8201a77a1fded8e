//! `neuron delta`: write a patch, look at it, propose it, vote, see what became of it.

mod diff;
mod log;
mod look;
mod past;
mod patch;
mod picture;
mod rebase;
mod show;
pub mod state;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use deltas::Patch;
use governance::{Delta, DeltaStatus, Network};
use node::{Site, folder, network_file::moment, output, shards};
use protocol::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, Wei, chain::ChainEvent, eip712::Choice, lineage::Link, log::Body};
use swarm::Client;

use super::{
    bars::{Bar, Unit},
    context::{Context, Visit, choice_in},
    ending::{NOT_FOUND, Sort as _},
};

pub use log::plain;

/// How long a proposal's body is offered until another node has said that it holds it.
const SPREAD: Duration = Duration::from_secs(60);

#[derive(Subcommand)]
pub enum Command {
    /// Write the current set into a folder (--out), or a patch of it from an edited folder (--from) to standard output.
    New {
        #[arg(long, default_value_t = 1)]
        group: u64,
        /// Folder for the current set.
        #[arg(long, conflicts_with = "from")]
        out: Option<PathBuf>,
        /// Folder with the set as it should be.
        #[arg(long)]
        from: Option<PathBuf>,
        /// What it is good for.
        #[arg(long)]
        title: Option<String>,
    },
    /// Look at a patch of any tool: what it would change, or why it cannot be taken. Nothing is signed.
    Check(patch::Options),
    /// Carry what you changed in a folder, or what a delta changes, onto the set of now; what others changed too is marked as git does.
    Rebase(rebase::Options),
    /// Patches that lead to the set of now, the newest first.
    Log(log::Log),
    /// Write the set as it was after a delta into a new folder.
    At(log::At),
    /// Which delta brought each line of a file.
    Blame(log::Blame),
    /// Lines that deltas brought, by text, author, delta or label.
    Search(log::Search),
    /// Propose a patch of any tool, and offer its body until another node holds it. What it changes is told first.
    Propose {
        #[command(flatten)]
        source: patch::Source,
        #[arg(long, default_value_t = 1)]
        group: u64,
        /// Bond in NRN, like 2.5; you get it back unless the delta is rolled back. Of more than sixteen proposals those with
        /// the highest bonds stay. What is dropped and less than a tenth of the stake wanted loses a sixteenth of what its
        /// bond has above the least one, and of all of it if it took another's place. By default the least, and a sixteenth
        /// more.
        #[arg(long, value_parser = Wei::from_nrn)]
        bond: Option<Wei>,
    },
    /// Vote for a delta (0 = keep the set as it is): signed by your position's signer or its owner, whose word counts more;
    /// free of gas.
    Vote {
        delta: u64,
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// How all deltas stand; of one also its words, its votes, its diff, and how what it adds surprises the model.
    Show(show::Options),
    /// Bond and reward of deltas that stand, or the bonds of those that were not applied, to their authors.
    Refund {
        #[arg(required = true)]
        deltas: Vec<u64>,
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::New { group, out, from, title } => new(context, GroupId(group), out, from, title.as_deref()).await,
        Command::Check(options) => patch::check(context, options).await,
        Command::Rebase(options) => rebase::run(context, options).await,
        Command::Log(options) => log::log(context, options).await,
        Command::At(options) => log::at(context, options).await,
        Command::Blame(options) => log::blame(context, options).await,
        Command::Search(options) => log::search(context, options).await,
        Command::Propose { source, group, bond } => propose(context, GroupId(group), &source, bond).await,
        Command::Vote { delta, group } => vote(context, GroupId(group), DeltaNumber(delta)).await,
        Command::Show(options) => show::run(context, options).await,
        Command::Refund { deltas, group } => refund(context, GroupId(group), &deltas).await,
    }
}

async fn refund(context: &Context, group: GroupId, deltas: &[u64]) -> Result<()> {
    let deltas: Vec<DeltaNumber> = deltas.iter().copied().map(DeltaNumber).collect();
    for receipt in context.sending().await?.refund(group, &deltas).await? {
        for event in receipt.logs.iter().filter_map(governance::network_event) {
            if let ChainEvent::Refunded { delta, author, bond, issued, .. } = event {
                context.tell(&format!(
                    "delta {delta}: {} NRN of bond and {} NRN of reward to {author} in {}",
                    bond.to_nrn(),
                    issued.to_nrn(),
                    receipt.hash
                ))?;
            }
        }
    }
    Ok(())
}

async fn new(context: &Context, group: GroupId, out: Option<PathBuf>, from: Option<PathBuf>, title: Option<&str>) -> Result<()> {
    // What is wrong about a folder is said before a key is asked for.
    match (&out, &from) {
        (Some(place), _) => folder::check_new(place)?,
        (None, Some(place)) => ensure!(place.is_dir(), "there is no folder {}: write the set into one with --out", place.display()),
        (None, None) => bail!("give --out FOLDER to get the current set, or --from FOLDER to make a patch of an edited one"),
    }
    let site = context.site().await?;
    let author = if from.is_some() { context.own_address().await? } else { Address::ZERO };
    let visit = context.visit(&site, group).await?;
    if let Some(place) = out {
        let head = site.network.view(group).await?.head;
        folder::write_set(&visit.member.set(head).await?.tree, &place, head)?;
        context.tell(&format!("the set of group {group} is in {}: edit it, then `neuron delta new --from`", place.display()))?;
    } else if let Some(place) = from {
        output::show(&patch::of_folder(&place, &site, &visit, author, title).await?)?;
    }
    visit.client.shutdown().await;
    Ok(())
}

async fn propose(context: &Context, group: GroupId, source: &patch::Source, bond: Option<Wei>) -> Result<()> {
    let bytes = patch::bytes(&source.patch)?;
    let (site, account) = (context.site().await?, context.account().await?);
    let visit = context.visit(&site, group).await?;
    let head = site.network.view(group).await?.head;
    let body = patch::proposed(source, bytes, &visit, head, account.address()).await?;
    offer(visit, &context.sender(&site, account)?, body, bond).await
}

/// Proposes a patch of the current set, and offers its body until another node holds it.
pub async fn offer(visit: Visit, network: &Network, body: Vec<u8>, bond: Option<Wei>) -> Result<()> {
    let group = visit.member.group;
    let head = network.view(group).await?.head;
    let after = visit.member.preview(head, body.clone()).await;
    let after = after.context("the patch does not apply to the current set: make it anew with `neuron delta new`")?;
    let before = visit.member.set(head).await?;
    let shards = shards::check_new(&visit.member, &before.examples, &after.examples).await;
    shards.context("the patch names a shard that cannot be used: let a node of yours hold it (`neuron data pack --keep CONFIG`)")?;
    let digest = visit.client.add(body).await?;
    check_is_first(network, group, digest).await?;
    let bond = match bond {
        Some(bond) => bond,
        None => network.bond_due(group).await?,
    };
    let delta = network.propose(group, head, digest, bond).await?;
    output::line(&format!("proposed as delta {delta} of group {group} for a bond of {} NRN: {digest}", bond.to_nrn()))?;
    match wait_for_holder(&visit.client, group, digest).await? {
        true => output::line("another node holds its body: you may go offline")?,
        false => output::line("no other node has said that it holds the body: nobody can vote for it yet. Start a node that keeps it.")?,
    }
    visit.client.shutdown().await;
    Ok(())
}

/// One bond for a patch: what is proposed already needs votes, not another bond.
async fn check_is_first(network: &Network, group: GroupId, patch: Digest) -> Result<()> {
    let period = network.view(group).await?.period_number;
    for number in (1..=network.deltas(group).await?).rev().map(DeltaNumber) {
        let Some(delta) = network.delta(group, number).await? else { continue };
        if delta.period < period {
            break;
        }
        let is_same = delta.digest == patch && delta.status == DeltaStatus::Open;
        ensure!(
            !is_same,
            "this patch is proposed already, as delta {number}: vote for it with `neuron delta vote {number} --group {group}`"
        );
    }
    Ok(())
}

/// Clients vote only for patches that name their proposer.
fn check_author(body: &[u8], proposer: Address) -> Result<()> {
    match Patch::parse(body)?.author().map(Address) {
        Some(author) if author == proposer => Ok(()),
        Some(author) => bail!("the patch names {author} as its author, the proposer is {proposer}"),
        None => bail!("the patch names no author: put the line `Neuron-Author: {proposer}` before its first diff"),
    }
}

async fn wait_for_holder(client: &Client, group: GroupId, digest: Digest) -> Result<bool> {
    let (start, bar, mut cursor) = (tokio::time::Instant::now(), Bar::new("offering it", Unit::Each("seconds")), 0);
    while start.elapsed() < SPREAD {
        bar.pass(start.elapsed().as_secs(), SPREAD.as_secs());
        for entry in client.log(group, cursor).await? {
            cursor = entry.number + 1;
            let body = Body::from_bytes(entry.envelope.kind(), entry.envelope.body());
            let is_other = entry.envelope.author() != client.node_id();
            if is_other && matches!(body, Ok(Body::Have { file, .. }) if file == digest) {
                return Ok(true);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(false)
}

async fn vote(context: &Context, group: GroupId, delta: DeltaNumber) -> Result<()> {
    let (site, account) = (context.site().await?, context.account().await?);
    let view = site.network.view(group).await?;
    let own = account.address();
    let speaks = view.spoken_for(own).next().is_some();
    let now_s = site.network.chain().latest().await?.time_s;
    ensure!(
        now_s < view.period_end_s,
        "period {} of group {group} is over since {}: vote when the next one has begun",
        view.period_number,
        moment(view.period_end_s)
    );
    ensure!(speaks, "{own} signs for no position of group {group} and owns none: vote with a key that does");
    let visit = context.visit(&site, group).await?;
    let patch = match delta {
        DeltaNumber(0) => Digest::ZERO,
        delta => {
            let proposed = site.network.delta(group, delta).await?.with_context(|| format!("there is no delta {delta}")).sort(NOT_FOUND)?;
            check_open(&proposed, view.period_number)?;
            check_delta(&visit, delta, proposed.author).await?;
            proposed.digest
        }
    };
    let seq = next_choice(&site, &visit, view.period_number, own).await?;
    let message = Choice { group, period: view.period_number, delta, patch, seq };
    let body = Body::Choice(account.sign(message, &site.network.domain()).await?);
    visit.tell(vec![body]).await?;
    context.tell(&format!("signed: delta {delta} in period {}, patch {patch}", view.period_number))?;
    context.tell("validators bring it to the chain before the period ends")
}

/// The number by which a choice replaces all earlier ones of its signer: seconds of the chain grow, and within one block the log knows the
/// last one.
async fn next_choice(site: &Site, visit: &Visit, period: PeriodNumber, own: Address) -> Result<u64> {
    let domain = site.network.domain();
    let log = visit.read_log().await?;
    let choices = log.iter().filter_map(|(_, body)| choice_in(body, &domain));
    let last = choices.filter(|(signer, choice)| *signer == own && choice.period == period).map(|(_, choice)| choice.seq).max();
    let now_s = site.network.chain().latest().await?.time_s;
    Ok(now_s.max(last.map_or(0, |last| last.saturating_add(1))))
}

/// Nobody should vote for what he does not hold and what does not apply.
async fn check_delta(visit: &Visit, delta: DeltaNumber, proposer: Address) -> Result<()> {
    let Link { patch, parent } = visit.member.proposal(delta).await.with_context(|| format!("there is no delta {delta}"))?;
    let body = visit.member.body(patch).await?;
    check_author(&body, proposer).with_context(|| format!("delta {delta} is somebody else's patch: do not vote for it"))?;
    let set = visit.member.preview(parent, body).await.with_context(|| format!("delta {delta} does not apply: do not vote for it"))?;
    output::line(&format!("delta {delta} applies: {} examples, root {}", set.examples.len(), set.root))?;
    let before = visit.member.set(parent).await?;
    let shards = shards::check_new(&visit.member, &before.examples, &set.examples).await;
    shards.with_context(|| format!("delta {delta} names a shard that cannot be used: do not vote for it"))?;
    let change = patch::change(&visit.member.manifest, &before.tree, &set.tree);
    output::show(change.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())?;
    Ok(())
}

/// What was decided, or was proposed for another period, cannot be voted on any more.
fn check_open(delta: &Delta, running: PeriodNumber) -> Result<()> {
    let number = delta.number;
    let fate = match delta.status {
        DeltaStatus::Open if delta.period == running => return Ok(()),
        DeltaStatus::Open | DeltaStatus::Dropped => "was dropped at the end of its period",
        DeltaStatus::Applied => "was applied",
        DeltaStatus::Taken => "was taken back by a measure",
        DeltaStatus::Refunded => "is decided, and its bond was given back",
    };
    bail!(
        "delta {number} of period {} {fate}: nobody can vote on it in period {running}; `neuron vote list` shows what is open",
        delta.period
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_delta_of_the_running_period_can_be_voted_on_and_others_say_why_not() {
        use DeltaStatus::{Applied, Dropped, Open, Refunded, Taken};
        for (status, period, wanted) in [
            (Open, 7, ""),
            (Open, 6, "was dropped at the end of its period"),
            (Dropped, 7, "was dropped"),
            (Applied, 6, "was applied"),
            (Taken, 6, "was taken back by a measure"),
            (Refunded, 5, "delta 3 of period 5 is decided"),
        ] {
            let delta = Delta {
                number: DeltaNumber(3),
                digest: Digest::ZERO,
                parent: Digest::ZERO,
                author: Address::ZERO,
                bond: Wei::ZERO,
                at_risk: Wei::ZERO,
                votes: Wei::ZERO,
                reward: Wei::ZERO,
                period: PeriodNumber(period),
                stands_at_s: 0,
                status,
            };
            let told = check_open(&delta, PeriodNumber(7)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(wanted) && told.is_empty() == wanted.is_empty(), "{status:?} of period {period}: {told}");
        }
    }
}
