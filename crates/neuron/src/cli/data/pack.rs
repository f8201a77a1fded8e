//! `neuron data pack`: texts become shards of tokens, and lines of a set that name them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use evaluator::Manifest;
use models::{PackOptions, Packed, Refusal, SHARD_TOKENS, TOKENIZER, Tokenizer, pack};
use node::{config::GroupFile, member::blocking};
use protocol::{Digest, GroupId};
use swarm::{Shelf, cid_of, digest_of};

use super::super::{
    bars::{Bar, Unit},
    context::Context,
    ipfs,
    model::{GROUP, SET, SHARDS},
    units::{plain, size},
};

/// File of the set that takes the lines, unless another one is named.
const FILE: &str = "shards.tokens";

#[derive(Args)]
pub struct Options {
    /// Text files, each a document; .jsonl and .parquet files, of which each record is one; or folders of them.
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// A folder that `neuron model import` wrote.
    #[arg(long, conflicts_with_all = ["group", "folder"], required_unless_present = "folder")]
    model: Option<PathBuf>,
    /// Folder with a group's set, as `neuron delta new --out` wrote it: lines are added there, and shards
    /// to FOLDER.shards beside it.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Number of that group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// The file of the set that takes the lines.
    #[arg(long, default_value = FILE)]
    file: String,
    /// The field of a record that holds the text.
    #[arg(long, default_value = "text")]
    field: String,
    /// Tokens of a shard.
    #[arg(long, default_value_t = SHARD_TOKENS)]
    shard_tokens: u32,
    /// Take documents again that were there before.
    #[arg(long)]
    keep_duplicates: bool,
    /// Take shards into the data folder of this node's settings too: the node gives them to the network.
    #[arg(long, value_name = "CONFIG")]
    keep: Option<PathBuf>,
}

/// Where a set and its shards lie, and what its tokens are.
struct Place {
    set: PathBuf,
    shards: PathBuf,
    manifest: Manifest,
    tokenizer: Vec<u8>,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    ensure!(options.file.ends_with(".tokens"), "--file must end in .tokens: only there lines name shards");
    deltas::check_path(&options.file).with_context(|| format!("--file {}", patches::shown(&options.file)))?;
    let place = match (&options.model, &options.folder) {
        (Some(model), _) => Place::of_model(model)?,
        (None, Some(folder)) => Place::of_group(context, GroupId(options.group), folder).await?,
        (None, None) => bail!("give --model FOLDER, as `neuron model import` wrote it, or --folder FOLDER with a group's set"),
    };
    let shelf = options.keep.as_deref().map(ipfs::shelf).transpose()?;
    let next = match &options.model {
        Some(model) => format!("`neuron group create {}`", model.join(GROUP).display()),
        None => {
            format!("propose them: `neuron delta new --from {} > more.patch`, then `neuron delta propose more.patch`", place.set.display())
        }
    };
    let keeps = options.keep_duplicates;
    let (packed, shards) = blocking(move || packed(&place, &options, shelf.as_ref())).await?;
    told(&packed, &shards, keeps).iter().try_for_each(|line| context.tell(line))?;
    context.tell(&next)
}

impl Place {
    fn of_model(model: &Path) -> Result<Self> {
        let file = GroupFile::read(&model.join(GROUP)).context("--model must name a folder that `neuron model import` wrote")?;
        let path = model.join(TOKENIZER);
        let tokenizer = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self { set: model.join(SET), shards: model.join(SHARDS), manifest: file.manifest, tokenizer }.checked()
    }

    async fn of_group(context: &Context, group: GroupId, folder: &Path) -> Result<Self> {
        ensure!(folder.is_dir(), "there is no folder {}: write the set into one with `neuron delta new --out`", folder.display());
        let visit = context.visit(&context.site().await?, group).await?;
        let manifest = visit.member.manifest.as_ref().clone();
        let digest = manifest.data().tokenizer_digest().with_context(|| format!("the set of group {group} is none of tokens"))?;
        let tokenizer = visit.member.tokenizer(Digest(digest)).await?.to_vec();
        visit.client.shutdown().await;
        // Beside the set: what is in it is proposed.
        let shards = folder.with_extension(SHARDS);
        Self { set: folder.to_owned(), shards, manifest, tokenizer }.checked()
    }

    /// Refuses a model of other data, and another tokenizer.
    fn checked(self) -> Result<Self> {
        let wanted = self
            .manifest
            .data()
            .tokenizer_digest()
            .context("this model reads no tokens: put its texts or rows into the set as they are")?;
        let found = digest_of(&self.tokenizer);
        ensure!(found.0 == wanted, "{TOKENIZER} is not the one that the manifest names: its digest is {found}");
        Ok(self)
    }
}

/// Writes shards and lines; tells what was packed, and where shards are.
fn packed(place: &Place, options: &Options, shelf: Option<&Shelf>) -> Result<(Packed, PathBuf)> {
    let tokenizer = Tokenizer::from_bytes(&place.tokenizer)?;
    let settings = PackOptions {
        field: options.field.clone(),
        shard_tokens: options.shard_tokens,
        keeps_duplicates: options.keep_duplicates,
        ..PackOptions::of(&place.manifest, &tokenizer)?
    };
    fs::create_dir_all(&place.shards).with_context(|| format!("cannot make the folder {}", place.shards.display()))?;
    let bar = Bar::new("packing", Unit::Each("tokens"));
    let mut store = |shard: models::Shard| stored(&place.shards, shelf, &shard.bytes).map_err(|error| Refusal::new(format!("{error:#}")));
    let packed = pack(&options.sources, &tokenizer, &settings, &mut store, &mut |packed| bar.pass(packed.tokens, 0))?;
    let path = place.set.join(&options.file);
    let mut text =
        if path.exists() { fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))? } else { String::new() };
    let there: std::collections::HashSet<String> = text.lines().map(str::to_owned).collect();
    packed.lines.iter().filter(|line| !there.contains(*line)).for_each(|line| {
        text.push_str(line);
        text.push('\n');
    });
    fs::create_dir_all(path.parent().unwrap_or(&place.set)).with_context(|| format!("cannot make the folder of {}", path.display()))?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok((packed, place.shards.clone()))
}

/// Writes a shard under its CID.
fn stored(folder: &Path, shelf: Option<&Shelf>, bytes: &[u8]) -> Result<String> {
    let cid = cid_of(digest_of(bytes), bytes.len() as u64).to_string();
    let path = folder.join(&cid);
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    if let Some(shelf) = shelf {
        let digest = shelf.add_file(&path, |_, _| {})?;
        shelf.pin(digest, ipfs::USER)?;
    }
    Ok(cid)
}

/// What was packed, in sentences; documents that were there before are kept only if that was asked for.
fn told(packed: &Packed, shards: &Path, keeps: bool) -> Vec<String> {
    let Packed { documents, duplicates, skipped, bytes, tokens, examples, unused, lines } = packed;
    let mut told = vec![
        format!("{tokens} tokens of {documents} documents, {}: {examples} examples", size(*bytes)),
        format!("{} shards are in {}", lines.len(), shards.display()),
    ];
    let notes = [
        (*duplicates, if keeps { "documents were there before and are kept" } else { "documents were there before and are left out" }),
        (*skipped, "records have no text and are left out"),
        (*unused, "tokens at the end fill no example and are in no shard"),
    ];
    told.extend(notes.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {}", plain(words))));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_were_there_before_are_said_to_be_left_out_only_where_they_are() {
        let packed = Packed { tokens: 8, documents: 2, duplicates: 1, examples: 1, ..Packed::default() };
        let said = |keeps| told(&packed, Path::new("there"), keeps).pop().unwrap_or_default();
        assert_eq!(said(false), "1 documents were there before and are left out");
        assert_eq!(said(true), "1 documents were there before and are kept");
    }
}
