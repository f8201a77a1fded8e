//! Shards of a set of tokens: brought here when an example of theirs is looked at, and mapped, not read.

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use evaluator::{Examples, Manifest, Shard, check_shard};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use protocol::Digest;
use swarm::{Client, Length, cid_of};

use super::{Member, blocking};
use crate::intake::Intake;

/// Brought at once: one alone waits for the way to its holder most of the time.
const AT_ONCE: usize = 8;

/// Lets the examples of these places be read: brings their shards here.
///
/// # Errors
/// When nobody gives one of them now, or its bytes are others than its line says.
pub async fn hold(member: &Member, examples: &Examples, drawn: &[u32]) -> Result<()> {
    bring_all(member, examples, examples.shards_of(drawn)).await
}

/// The same for all examples.
///
/// # Errors
/// As [`hold`].
pub async fn hold_all(member: &Member, examples: &Examples) -> Result<()> {
    bring_all(member, examples, 0..examples.shards().len()).await
}

/// Brings those of some shards that are not held, several at once.
async fn bring_all(member: &Member, examples: &Examples, shards: impl IntoIterator<Item = usize>) -> Result<()> {
    let wanted = shards.into_iter().filter(|shard| !examples.is_held(*shard));
    stream::iter(wanted).map(|shard| bring(member, examples, shard)).buffer_unordered(AT_ONCE).try_collect().await
}

async fn bring(member: &Member, examples: &Examples, index: usize) -> Result<()> {
    let shard = examples.shards().get(index).context("there is no such shard")?;
    let yet = || format!("shard {} cannot be fetched yet", shard.cid);
    let length = Length::Exactly(examples.shard_len(index).unwrap_or_default());
    let bytes = member.client.get(&member.order(Digest(shard.cid.digest()), length, None)).await.with_context(yet)?;
    let examples = examples.clone();
    blocking(move || Ok(examples.hold(index, Arc::new(bytes))?)).await
}

/// Lays all shards of a set into a folder, each under its CID, and takes away what else is there.
///
/// # Errors
/// When one cannot be fetched now, or the folder cannot be written.
pub async fn lay(member: &Member, examples: &Examples, folder: &Path) -> Result<()> {
    hold_all(member, examples).await?;
    let cannot = || format!("cannot write into {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let names: HashSet<String> = examples.shards().iter().map(|shard| shard.cid.to_string()).collect();
    for entry in fs::read_dir(folder).with_context(cannot)?.flatten() {
        if entry.file_name().to_str().is_none_or(|name| !names.contains(name)) {
            fs::remove_file(entry.path()).with_context(cannot)?;
        }
    }
    for (index, shard) in examples.shards().iter().enumerate() {
        let (path, length) = (folder.join(shard.cid.to_string()), examples.shard_len(index).unwrap_or_default());
        if fs::metadata(&path).is_ok_and(|there| there.len() == length) {
            continue;
        }
        member.client.export(Digest(shard.cid.digest()), length, &path).await.with_context(cannot)?;
    }
    Ok(())
}

/// Looks at shards that a delta brings, as whoever votes for it should: each can be had, and has no token beyond the vocabulary. Tells how
/// many they are.
///
/// # Errors
/// With the shard, and what is wrong with it.
pub async fn check_new(member: &Member, before: &Examples, after: &Examples) -> Result<usize> {
    let known: HashSet<&Shard> = before.shards().iter().collect();
    let new: Vec<usize> = (0..).zip(after.shards()).filter(|(_, shard)| !known.contains(shard)).map(|(index, _)| index).collect();
    for index in &new {
        bring(member, after, *index).await?;
        let Some((shard, length)) = after.shards().get(*index).zip(after.shard_len(*index)) else { continue };
        check(&member.manifest, &member.client, shard, length).await?;
    }
    Ok(new.len())
}

/// Whether a shard that is here is one of such a group.
async fn check(manifest: &Manifest, client: &Client, shard: &Shard, length: u64) -> Result<()> {
    let (bytes, manifest) = (client.map(Digest(shard.cid.digest()), length).await?, manifest.clone());
    blocking(move || Ok(check_shard(&manifest, &bytes)?)).await.with_context(|| format!("shard {}", shard.cid))
}

/// Bytes of all shards of a set.
pub fn bytes(examples: &Examples) -> u64 {
    (0..examples.shards().len()).filter_map(|index| examples.shard_len(index)).sum()
}

/// Stores a shard, and makes the line that names it in a set.
///
/// # Errors
/// When the disk fails.
pub async fn add(manifest: &Manifest, bytes: Vec<u8>, client: &Client) -> Result<String> {
    let cid = cid_of(client.add(bytes.clone()).await?, bytes.len() as u64).to_string().parse()?;
    Ok(format!("{}\n", Shard::of(manifest, &bytes, Some(cid))))
}

/// Stores all shards of a set from a folder, in which each has its CID as its name.
///
/// # Errors
/// When one is missing, or is not what its line says.
pub async fn take(manifest: &Manifest, examples: &Examples, folder: &Path, intake: &Intake<'_>) -> Result<()> {
    let client = intake.client;
    for (index, shard) in examples.shards().iter().enumerate() {
        let path = folder.join(shard.cid.to_string());
        let digest = intake.file(&path).await?;
        let length = examples.shard_len(index).unwrap_or_default();
        let is_that = digest.0 == shard.cid.digest() && client.length_of(digest).await? == Some(length);
        ensure!(is_that, "{} is another file than its line says: pack the set again", path.display());
        check(manifest, client, shard, length).await?;
    }
    Ok(())
}
