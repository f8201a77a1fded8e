//! `neuron group`: create, show, list, and what it has learned.

mod clock;
mod shown;
mod validators;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use node::{Intake, birth, config::GroupFile, keys, output, progress, stop, words};
use protocol::GroupId;
use serde_json::{Value, json};
use swarm::Client;

use super::{
    bounty::{self, hidden_losses},
    context::{self, Context, history},
    offline::{self, Offline},
    units::plain,
};

#[derive(Subcommand)]
pub enum Command {
    /// All groups.
    List,
    /// One group: model, set, clock, stake.
    Show {
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// Who judges in a group: stake, share, owner and signer, and whether they were there lately.
    Validators {
        #[arg(default_value_t = 1)]
        group: u64,
    },
    /// Take over the whole group from its nodes, without the chain: its log, its set, its checkpoint, and what they say of the chain.
    /// With --offline commands answer from it.
    Copy {
        #[arg(long, default_value_t = 1)]
        group: u64,
    },
    /// What its last winners have learned: training loss, fresh loss, on examples that were added since, and hidden loss, where a
    /// bounty found one.
    Progress {
        #[arg(long, default_value_t = 1)]
        group: u64,
        /// Won rounds to look at.
        #[arg(long, default_value_t = 16)]
        rounds: usize,
    },
    /// Found a group from a file like configs/groups/digits.toml; then serve its files until Ctrl-C.
    Create {
        file: PathBuf,
        /// Start of the first weights.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Make a child of a group with the model and the clock of a file and the training set that the parent has now; then
    /// serve its files until Ctrl-C. Owners of stake bring it over with `neuron stake move`.
    Fork {
        file: PathBuf,
        #[arg(long, default_value_t = 1)]
        parent: u64,
        /// Start of the first weights; with the parent's manifest its checkpoint is taken instead.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::List => list(context).await,
        Command::Validators { group } => validators::run(context, GroupId(group)).await,
        Command::Copy { group } => offline::take(context, GroupId(group)).await,
        Command::Show { group } if context.offline => show_offline(context, GroupId(group)),
        Command::Show { group } => show(context, GroupId(group)).await,
        Command::Progress { group, rounds } => progress(context, GroupId(group), rounds).await,
        Command::Create { file, seed } => create(context, file, seed).await,
        Command::Fork { file, parent, seed } => fork(context, file, GroupId(parent), seed).await,
    }
}

async fn list(context: &Context) -> Result<()> {
    let network = context.site().await?.network;
    let (mut lines, mut listed) = (Vec::new(), Vec::new());
    for number in 1..=network.groups().await? {
        let view = network.view(GroupId(number)).await?;
        let admitted = if view.admitted { "admitted" } else { "not admitted" };
        let name = context.names().group_name(view.id).map_or_else(String::new, |name| format!("{name}, "));
        lines.push(format!("{number:>4}  {name}{admitted}, {} NRN awake, checkpoint {}", view.awake().to_nrn(), view.checkpoint));
        listed.push(json!({ "group": view.id, "admitted": view.admitted, "awake_wei": view.awake(), "checkpoint": view.checkpoint }));
    }
    context.answer(&lines, &json!({ "groups": listed }))
}

async fn show(context: &Context, group: GroupId) -> Result<()> {
    let network = context.site().await?.network;
    let view =
        network.view(group).await.with_context(|| format!("group {group} cannot be read: `neuron group list` shows which there are"))?;
    let now_s = network.chain().latest().await?.time_s;
    let mut lines = shown::lines(&view, now_s);
    let bounties = bounty::all(&network, Some(group)).await?;
    lines.extend(bounties.iter().map(|dated| format!("  {}", dated.brief(now_s))));
    context.answer(&lines, &shown::data(&view, now_s, None))
}

fn show_offline(context: &Context, group: GroupId) -> Result<()> {
    let offline = Offline::open(context, group)?;
    let (view, now_s) = (&offline.copy.front.view, offline.copy.front.block.time_s);
    let lines: Vec<String> = [offline.words()].into_iter().chain(shown::lines(view, now_s)).collect();
    context.answer(&lines, &shown::data(view, now_s, Some(offline.as_of())))
}

async fn progress(context: &Context, group: GroupId, most: usize) -> Result<()> {
    let site = context.site().await?;
    let events = history(&site, group).await?;
    let won = progress::won(&events);
    let visit = context.visit(&site, group).await?;
    let head = site.network.view(group).await?.head;
    let steps = progress::measure(&visit.member, &won[won.len().saturating_sub(most)..], head).await?;
    visit.client.shutdown().await;
    let mut lines = vec![format!("{} of {} won rounds of group {group}", steps.len(), won.len())];
    lines.extend(words::of_progress(&steps, &hidden_losses(&events)).iter().map(|line| format!("  {line}")));
    let listed: Vec<Value> = steps.iter().map(shown::step).collect();
    context.answer(&lines, &json!({ "group": group, "won": won.len(), "rounds": listed }))
}

async fn create(context: &Context, path: PathBuf, seed: u64) -> Result<()> {
    let file = GroupFile::read(&path)?;
    let (site, account) = (context.site().await?, context.account().await?);
    clock::check(&file.times, site.network.terms())?;
    let author = account.address();
    let folder = tempfile::tempdir()?;
    let (client, _events) = site.join(folder.path(), keys::node_key(folder.path())?, &[], &[]).await?;
    let intake = Intake::new(&client).telling(context::shown("taking its files in"));
    let birth = birth::prepare(&file, &file.times, seed, author, &intake).await?;
    drop(intake);
    let group = context.sender(&site, account)?.create(&birth).await?;
    context.tell(&format!("{} is group {group}", plain(&file.name)))?;
    serve(&client, group).await
}

async fn fork(context: &Context, path: PathBuf, parent: GroupId, seed: u64) -> Result<()> {
    let file = GroupFile::read(&path)?;
    let (site, account) = (context.site().await?, context.account().await?);
    clock::check(&file.times, site.network.terms())?;
    let visit = context.visit(&site, parent).await?;
    let birth = birth::fork(&file, &file.times, seed, &visit.member, &site.network.view(parent).await?).await?;
    let group = context.sender(&site, account)?.fork(parent, &birth).await?;
    let name = plain(&file.name);
    context.tell(&format!("{name} is group {group}, forked from group {parent}; stake moves with `neuron stake move --child {group}`"))?;
    serve(&visit.client, group).await
}

/// Offers a new group's files until Ctrl-C.
async fn serve(client: &Client, group: GroupId) -> Result<()> {
    client.subscribe(group).await?;
    output::line("its files are served from here until Ctrl-C; nodes find them with one of these in `peers`:")?;
    client.listen_addresses().await?.iter().try_for_each(|address| output::line(&format!("  {address}")))?;
    stop::asked().await?;
    client.shutdown().await;
    Ok(())
}
