//! `neuron delta rebase`: a change of an older set carried onto the set of now, what both changed marked as git marks it.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use deltas::Tree;
use node::{Site, folder, output};
use patches::{Rebased, Sides, rebase};
use protocol::{DeltaNumber, Digest, GroupId, lineage::Link};

use super::{
    super::{
        context::{Context, Visit},
        ending::{CONFLICTS, NOT_FOUND, Sort as _},
    },
    patch,
};

/// Behind the marks of a conflict.
const SIDES: Sides<'_> = Sides { ours: "the set of now", theirs: "the change" };

/// Options of `neuron delta rebase`.
#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Folder that `neuron delta new --out` wrote and you changed.
    #[arg(long, required_unless_present = "delta")]
    from: Option<PathBuf>,
    /// Number of a delta that was proposed on an older set.
    #[arg(long, conflicts_with = "from")]
    delta: Option<u64>,
    /// New folder for the set of now with the change.
    #[arg(long)]
    out: PathBuf,
}

/// What a change was made on, what it made of that, and what was left out of it.
struct Change {
    head: Digest,
    before: Tree,
    after: Tree,
    notes: Vec<String>,
}

/// Carries the change of a folder or of a delta onto the set of now.
///
/// # Errors
/// With the files that have conflicts, once everything is written.
pub async fn run(context: &Context, options: Options) -> Result<()> {
    folder::check_new(&options.out)?;
    if let Some(place) = &options.from {
        ensure!(place.is_dir(), "there is no folder {}: name one that `neuron delta new --out` wrote", place.display());
    }
    let site = context.site().await?;
    let visit = context.visit(&site, GroupId(options.group)).await?;
    let change = match (&options.from, options.delta) {
        (Some(place), _) => of_folder(place, &visit).await?,
        (None, Some(delta)) => of_delta(DeltaNumber(delta), &visit).await?,
        (None, None) => return Err(anyhow!("give --from FOLDER or --delta N")),
    };
    onto_now(&site, &visit, change, &options).await?;
    visit.client.shutdown().await;
    Ok(())
}

async fn of_folder(place: &std::path::Path, visit: &Visit) -> Result<Change> {
    let head = folder::base(place)?.with_context(|| {
        format!(
            "{} does not tell from which set it was written: write the set of now with `neuron delta new --out` and change it there",
            place.display()
        )
    })?;
    let foreign = || format!("{} was written from another group's set", place.display());
    let before = visit.member.set(head).await.with_context(foreign)?.tree.clone();
    let (after, left_out) = folder::read_set(place, &before)?;
    ensure!(after != before, "{} is the set that it was written from: change something first", place.display());
    Ok(Change { head, before, after, notes: patch::left_out_lines(&left_out) })
}

async fn of_delta(delta: DeltaNumber, visit: &Visit) -> Result<Change> {
    let unknown = || format!("there is no delta {delta}");
    let Link { patch, parent } = visit.member.proposal(delta).await.with_context(unknown).sort(NOT_FOUND)?;
    let before = visit.member.set(parent).await?.tree.clone();
    let body = visit.member.body(patch).await?;
    let after = deltas::Patch::parse(&body).map_err(anyhow::Error::from).and_then(|patch| Ok(patch.apply(&before)?));
    let after = after.with_context(|| format!("delta {delta} does not apply to the set that it was proposed for"))?;
    Ok(Change { head: parent, before, after, notes: Vec::new() })
}

async fn onto_now(site: &Site, visit: &Visit, change: Change, options: &Options) -> Result<()> {
    let head = site.network.view(visit.member.group).await?.head;
    let set = visit.member.set(head).await?;
    let Change { head: base, before, after, mut notes } = change;
    if base == head {
        notes.push("it was made on the set of now already".to_owned());
    }
    let now = Arc::clone(&set);
    let rebased = tokio::task::spawn_blocking(move || rebase(&before, &now.tree, &after, SIDES)).await?;
    let Rebased { tree, conflicts } = rebased.context("both changes together make no set")?;
    ensure!(tree != set.tree, "the set of now has this change already: there is nothing to propose");
    folder::write_set(&tree, &options.out, head)?;
    let mut lines: Vec<String> = notes.iter().map(|note| format!("note: {note}")).collect();
    lines.push(format!("the set of now with the change is in {}; it changes:", options.out.display()));
    lines.extend(patch::change(&visit.member.manifest, &set.tree, &tree));
    lines.extend(conflicts.iter().map(|conflict| format!("conflict: {conflict}")));
    output::show(patch::text(&lines).as_bytes())?;
    let place = options.out.display();
    match conflicts.len() {
        0 => output::show(
            format!("propose it: `neuron delta new --from {place} > rebased.patch`, then `neuron delta propose rebased.patch`\n")
                .as_bytes(),
        ),
        count => Err(anyhow!("{count} files have conflicts: edit them in {place}, then `neuron delta new --from {place}`")).sort(CONFLICTS),
    }
}
