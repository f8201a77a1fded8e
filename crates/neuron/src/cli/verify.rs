//! `neuron verify`: a validator's own look at a network, a checkpoint or a delta, before it costs anything.

mod network;

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, Error, Result};
use clap::Args;
use deltas::Patch;
use evaluator::Checkpoint;
use node::{
    Site,
    claims::{self, Bar},
    member::measure,
};
use protocol::{Address, GroupId, Micronats, chain::GroupView, trainer::Measured};

use super::{
    check::{Check, Finding},
    context::{Context, Visit},
};

#[derive(Args)]
pub struct Options {
    /// A checkpoint's file, a patch, or the address of a network.
    what: String,
    /// Number of the group that a file is for.
    #[arg(long, default_value_t = 1)]
    group: u64,
}

/// Looks at what is named, and fails if it would be refused.
///
/// # Errors
/// When something is wrong with it, or it cannot be looked at.
pub async fn run(context: &Context, options: Options) -> Result<()> {
    let checks = match options.what.parse::<Address>() {
        Ok(address) => network::checks(context, address).await?,
        Err(_) => file(context, Path::new(&options.what), GroupId(options.group)).await?,
    };
    context.report(&checks)
}

async fn file(context: &Context, path: &Path, group: GroupId) -> Result<Vec<Check>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}: name a file, or an address in full", path.display()))?;
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let view = site.network.view(group).await?;
    let checks = match is_patch(&bytes) {
        true => delta(&visit, &view, bytes, context.own_address().await.ok()).await,
        false => checkpoint(&site, &visit, &view, bytes).await?,
    };
    visit.client.shutdown().await;
    Ok(checks)
}

/// Patches are text with a line that begins a file.
fn is_patch(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.lines().any(|line| line.starts_with("diff --git ")))
}

async fn delta(visit: &Visit, view: &GroupView, bytes: Vec<u8>, own: Option<Address>) -> Vec<Check> {
    let patch = match Patch::parse(&bytes) {
        Ok(patch) => patch,
        Err(error) => {
            let finding = Finding::failed(&Error::new(error), "make it anew with `neuron delta new`");
            return vec![Check { name: "patch", finding }];
        }
    };
    let files = Finding::Fine(format!("well-formed, changes {} files", patch.paths().count()));
    let applies = match visit.member.preview(view.head, bytes).await {
        Ok(set) => Finding::Fine(format!("to the set of now; {} examples then, root {}", set.examples.len(), set.root)),
        Err(error) => Finding::failed(&error, "fetch the current set and make the patch anew: `neuron delta new`"),
    };
    let author = author(patch.author().map(Address), own);
    vec![Check { name: "patch", finding: files }, Check { name: "author", finding: author }, Check { name: "applies", finding: applies }]
}

/// Nodes vote only for patches that name their proposer.
fn author(named: Option<Address>, own: Option<Address>) -> Finding {
    match (named, own) {
        (None, own) => {
            let line = own.map_or_else(|| "Neuron-Author: 0x…".to_owned(), |own| format!("Neuron-Author: {own}"));
            Finding::wrong("the patch names no author", format!("put the line `{line}` before its first diff"))
        }
        (Some(named), Some(own)) if named != own => Finding::wrong(
            format!("the patch is that of {named}, your key is {own}"),
            "let its author propose it, or give that key with `--key`",
        ),
        (Some(named), _) => Finding::Fine(named.to_string()),
    }
}

async fn checkpoint(site: &Site, visit: &Visit, view: &GroupView, bytes: Vec<u8>) -> Result<Vec<Check>> {
    let member = &visit.member;
    let new = match Checkpoint::from_bytes(&member.manifest, &bytes) {
        Ok(new) => Arc::new(new),
        Err(error) => {
            let mend = format!("the file must be a checkpoint as group {} has them: train from its own with `trainer-node`", view.id);
            return Ok(vec![Check { name: "form", finding: Finding::failed(&Error::new(error), &mend) }]);
        }
    };
    if let Some(reason) = member.refusal(&new, view.checkpoint).await.context("the group's checkpoint cannot be had")? {
        let mend = "train from the group's own checkpoint, and leave its frozen tensors out of training".to_owned();
        return Ok(vec![Check { name: "form", finding: Finding::wrong(reason, mend) }]);
    }
    let form = Finding::Fine(format!("{} bytes, header and numbers are those of the group's model", bytes.len()));
    let now = site.network.chain().latest().await?;
    let round = view.clock(now.time_s).round;
    let exam = member.exam(view.head, now.hash, round).await.context("the training set cannot be had")?;
    let base = member.checkpoint(view.checkpoint).await.context("the group's checkpoint cannot be had")?;
    let drawn = exam.drawn.len();
    let bar = Bar::of(member, &exam, 1);
    let found = claims::found(&measure(base, exam.clone()).await?, &measure(new, exam).await?, bar);
    Ok(vec![Check { name: "form", finding: form }, Check { name: "loss", finding: loss(view, found, drawn) }])
}

/// What a claim would say, and whether it would win alone.
fn loss(view: &GroupView, found: Measured, drawn: usize) -> Finding {
    let told = format!("{} → {} nats on {drawn} examples drawn by the newest block", found.base, found.loss);
    let most = protocol::rules::most_loss(found.base, view.improve, view.least).unwrap_or(Micronats(0));
    match (view.improves(found.base, found.loss), found.is_certain) {
        (true, true) => Finding::Fine(format!("{told}; a claim may have {most} at most")),
        (true, false) => Finding::wrong(format!("{told}, which may be luck"), "train on: validators want an improvement beyond chance"),
        (false, _) => Finding::wrong(told, format!("train on: a claim may have {most} nats at most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Digest;

    #[test]
    fn a_patch_is_told_from_a_checkpoint_by_its_text() {
        for (bytes, wanted) in [
            (&b"Neuron-Author: 0x1\n\ndiff --git a/x b/x\n"[..], true),
            (b"diff --git a/x b/x\n", true),
            (b"a text about diff --git\n", false),
            (b"\xff\nddiff --git a/x b/x\n", false),
            (b"", false),
        ] {
            assert_eq!(is_patch(bytes), wanted, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_patch_has_to_name_who_proposes_it() {
        let (own, other) = (Address([1; 20]), Address([2; 20]));
        for (named, own, is_wrong) in [
            (Some(own), Some(own), false),
            (Some(own), None, false),
            (Some(other), Some(own), true),
            (None, Some(own), true),
            (None, None, true),
        ] {
            assert_eq!(author(named, own).is_wrong(), is_wrong, "{named:?} {own:?}");
        }
    }

    #[test]
    fn a_checkpoint_has_to_be_better_by_enough_and_beyond_chance() {
        let view = crate::cli::sample::group(true, Vec::new());
        let found = |loss, is_certain| Measured { base: Micronats(2_000_000), loss: Micronats(loss), loss_root: Digest::ZERO, is_certain };
        for (found, is_wrong, wanted) in [
            (found(1_000_000, true), false, "2.000000 → 1.000000 nats on 64 examples"),
            (found(1_000_000, false), true, "may be luck"),
            (found(2_000_000, true), true, "2.000000 → 2.000000"),
        ] {
            let finding = loss(&view, found, 64);
            assert!(finding.is_wrong() == is_wrong && format!("{finding:?}").contains(wanted), "{finding:?}");
        }
    }
}
