//! A curator who knows git alone: the set as files, changed, looked at and proposed, once.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use deltas::MAX_PATCH_BYTES;
use node::birth::EXAMPLES;
use protocol::{GroupId, RoundNumber, log::Body};
use tokio::process::Command;

use crate::small::Small;

const FIND: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_curator_with_git_changes_checks_and_proposes_a_set_and_pays_one_bond() -> Result<()> {
    let small = Small::start("curating").await?;
    let group = small.group(None).await?;
    small.buy(200).await?;
    contains(&small.neuron(&["delta", "new", "--out", "set"]).await?, "the set of group 1 is in set")?;
    contains(&small.refusal(&["delta", "new", "--out", "set"]).await?, "set is not empty")?;
    change(&small).await?;
    let checked = small.neuron(&["delta", "check", "rows.patch", "--write", "strict.patch"]).await?;
    let left_out = "note: `.neuron-set` was left out";
    for words in [
        left_out,
        "note: names were read below `a/set/` and `b/edited/`",
        "0 added, 0 removed, 1 changed",
        "it applies to the set of now: ",
    ] {
        contains(&checked, words)?;
    }
    contains(&small.refusal(&["delta", "check", "rows.patch", "--write", "strict.patch"]).await?, "strict.patch is there already")?;
    check_proposing(&small, group).await?;
    check_folders(&small).await
}

/// Changes the label of the first row, and lets git write what changed.
async fn change(small: &Small) -> Result<()> {
    fs::create_dir(small.folder.join("edited"))?;
    let text = fs::read_to_string(small.folder.join("set").join(EXAMPLES))?;
    let (first, rest) = text.split_once('\n').context("a row")?;
    let (features, label) = first.rsplit_once(',').context("a label")?;
    let label = if label == "1" { "2" } else { "1" };
    fs::write(small.folder.join("edited").join(EXAMPLES), format!("{features},{label}\n{rest}"))?;
    let git = Command::new("git").args(["diff", "--no-index", "--", "set", "edited"]).current_dir(&small.folder).output().await?;
    Ok(fs::write(small.folder.join("rows.patch"), git.stdout)?)
}

async fn check_proposing(small: &Small, group: GroupId) -> Result<()> {
    let proposing = small.neuron(&["delta", "propose", "rows.patch", "--title", "A label"]);
    let holding = async {
        while small.deltas(group).await? == 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let file = small.delta(group, 1).await?;
        let bytes = small.client.fetch_up_to(file, MAX_PATCH_BYTES as u64, FIND).await?;
        small.client.append(group, Body::Have { round: RoundNumber(0), file }).await?;
        Ok::<Vec<u8>, anyhow::Error>(bytes)
    };
    let (text, bytes) = tokio::try_join!(proposing, holding)?;
    contains(&text, "0 added, 0 removed, 1 changed")?;
    contains(&text, "proposed as delta 1 of group 1")?;
    contains(&String::from_utf8(bytes)?, "Subject: A label\n")?;
    let before = small.balance().await?;
    let again = small.refusal(&["delta", "propose", "rows.patch", "--title", "A label"]).await?;
    contains(&again, "this patch is proposed already, as delta 1: vote for it with `neuron delta vote 1 --group 1`")?;
    ensure!(small.deltas(group).await? == 1 && small.balance().await? == before, "a second bond was paid");
    Ok(())
}

async fn check_folders(small: &Small) -> Result<()> {
    contains(&small.refusal(&["delta", "new", "--from", "set"]).await?, "change something first")?;
    fs::write(small.folder.join("set/notes.jsonl"), "{}\n")?;
    fs::write(small.folder.join("set/notes.jsonl~"), "{}\n")?;
    let patch = small.neuron(&["delta", "new", "--from", "set", "--title", "Notes"]).await?;
    for words in ["Subject: Notes", "+++ b/notes.jsonl", "`notes.jsonl~` was left out", "unread   `notes.jsonl`"] {
        contains(&patch, words)?;
    }
    let base = small.folder.join("set/.neuron-set");
    let known = fs::read_to_string(&base)?;
    fs::write(&base, format!("head 0x{}\n", "ab".repeat(32)))?;
    contains(&small.refusal(&["delta", "new", "--from", "set"]).await?, "set was written from another group's set")?;
    Ok(fs::write(&base, known)?)
}

fn contains(text: &str, words: &str) -> Result<()> {
    ensure!(text.contains(words), "no {words:?} in {text}");
    Ok(())
}
