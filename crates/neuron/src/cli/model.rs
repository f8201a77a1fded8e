//! `neuron model`: models of other programs become groups, and those of groups files of other programs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use evaluator::{Data, Manifest};
use models::{FILE_BYTES_MAX, Import, Options as ImportOptions, TOKENIZER};
use node::{member::blocking, progress};
use protocol::{Digest, GroupId, RoundNumber};
use swarm::{Bytes, digest_of};

use super::{
    bars::{Bar, Unit},
    context::{Context, Visit, history},
    units::{plain, size},
};

/// Files of the folder that `model import` makes.
pub const GROUP: &str = "group.toml";
const CHECKPOINT: &str = "checkpoint.safetensors";
/// Folders of the set, and of the shards that it names.
pub const SET: &str = "set";
/// See [`SET`].
pub const SHARDS: &str = "shards";

#[derive(Subcommand)]
pub enum Command {
    /// Take in a folder as `save_pretrained` of transformers writes it: GPT-2, Llama, Mistral, Qwen2, Qwen3. What comes out is a folder
    /// from which `neuron group create` makes a group, or, with --group, a checkpoint of a group that there is.
    Import(Importing),
    /// Write a group's model as a folder that transformers loads, or as a GGUF file that llama.cpp reads.
    Export(Exporting),
}

#[derive(Args)]
pub struct Importing {
    /// The folder: config.json, safetensors, tokenizer.json.
    folder: PathBuf,
    /// Where to write: a new folder, or with --group a new file.
    #[arg(long)]
    out: PathBuf,
    /// A group with the same model: only its checkpoint is written.
    #[arg(long, conflicts_with_all = ["context", "stride", "eval_max", "weight_max", "weight_price", "certainty", "frozen", "widen"])]
    group: Option<u64>,
    /// Tokens that a target may see; by default as many as the model has.
    #[arg(long)]
    context: Option<u32>,
    /// Tokens from one example to the next; by default the context.
    #[arg(long)]
    stride: Option<u32>,
    /// Most examples of a measurement.
    #[arg(long, default_value_t = 256)]
    eval_max: u32,
    /// Bound on a weight; by default the least power of two that no weight exceeds.
    #[arg(long)]
    weight_max: Option<u32>,
    /// Micronats that weights cost.
    #[arg(long)]
    weight_price: Option<u32>,
    /// Hundredths of a standard error by which an improvement must exceed luck.
    #[arg(long, default_value_t = 200)]
    certainty: u32,
    /// Tensors that nobody trains: a name, or its beginning and an asterisk; can be given several times.
    #[arg(long, value_name = "PATTERN")]
    frozen: Vec<String>,
    /// Widen bfloat16 to binary32, so that training may use all of its bits.
    #[arg(long)]
    widen: bool,
}

#[derive(Args)]
pub struct Exporting {
    /// The new folder; left out with --gguf alone.
    #[arg(required_unless_present = "gguf")]
    folder: Option<PathBuf>,
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// A round that was won; by default the newest checkpoint.
    #[arg(long)]
    round: Option<u64>,
    /// A file for llama.cpp.
    #[arg(long, value_name = "FILE")]
    gguf: Option<PathBuf>,
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Import(options) => match options.group {
            None => found(context, options).await,
            Some(group) => join(context, GroupId(group), options).await,
        },
        Command::Export(options) => export(context, options).await,
    }
}

impl Importing {
    fn settings(&self) -> ImportOptions {
        ImportOptions {
            context: self.context,
            stride: self.stride,
            eval_max: self.eval_max,
            weight_max: self.weight_max,
            weight_price: self.weight_price,
            certainty: Some(self.certainty),
            frozen: self.frozen.clone(),
            widen: self.widen,
            tokenizer: None,
            name_of,
        }
    }
}

/// The digest by which a file is fetched.
pub fn name_of(bytes: &[u8]) -> [u8; 32] {
    digest_of(bytes).0
}

/// A folder for `neuron group create`.
async fn found(context: &Context, options: Importing) -> Result<()> {
    let out = options.out.clone();
    ensure!(!out.exists(), "{} is there already: give --out a new folder", out.display());
    let (folder, settings) = (options.folder.clone(), options.settings());
    let import = blocking(move || Ok(Import::open(&folder, &settings)?)).await?;
    let (manifest, notes) = (import.manifest().clone(), import.notes().to_vec());
    fs::create_dir_all(out.join(SET)).with_context(|| format!("cannot make the folder {}", out.display()))?;
    fs::write(out.join(GROUP), group_file(&name(&options.folder), &manifest)?)
        .with_context(|| format!("cannot write into {}", out.display()))?;
    fs::write(out.join(TOKENIZER), import.tokenizer()).with_context(|| format!("cannot write into {}", out.display()))?;
    written(import, out.join(CHECKPOINT)).await?;
    let place = out.display();
    notes.iter().try_for_each(|note| context.tell(&plain(note)))?;
    context.tell(&format!("{} weights are in {place}", manifest.parameters()))?;
    let next = match manifest.data() {
        Data::Tokens { .. } => format!("pack texts for its set: `neuron data pack --model {place} TEXTS`"),
        _ => format!("put texts for its set into {}", out.join(SET).display()),
    };
    context.tell(&format!("{next}; then `neuron group create {}`", out.join(GROUP).display()))
}

/// A checkpoint for a group that there is.
async fn join(context: &Context, group: GroupId, options: Importing) -> Result<()> {
    ensure!(!options.out.exists(), "{} is there already: give --out a new file", options.out.display());
    let visit = context.visit(&context.site().await?, group).await?;
    let (folder, manifest) = (options.folder.clone(), visit.member.manifest.clone());
    let import = blocking(move || Ok(Import::open_for(&folder, &manifest, name_of)?)).await?;
    written(import, options.out.clone()).await?;
    visit.client.shutdown().await;
    let file = options.out.display();
    context.tell(&format!("{file} is a checkpoint of group {group}: `neuron verify {file} --group {group}` measures it"))
}

async fn written(import: Import, path: PathBuf) -> Result<()> {
    blocking(move || {
        let bar = Bar::new("writing", Unit::Bytes);
        let length = import.length();
        Ok(import.write_file(&path, &mut |done| bar.pass(done, length))?)
    })
    .await
}

/// The name of a group after that of a folder.
fn name(folder: &Path) -> String {
    let name = folder.canonicalize().ok().and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned())).unwrap_or_default();
    let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    if name.is_empty() { "imported".to_owned() } else { name }
}

/// What `neuron group create` reads: the model of the folder, the clock of a public network, and a trainer's usual settings.
fn group_file(name: &str, manifest: &Manifest) -> Result<String> {
    let mut data = toml::Table::from_iter([("genesis".to_owned(), SET.into()), ("checkpoint".to_owned(), CHECKPOINT.into())]);
    if matches!(manifest.data(), Data::Tokens { .. }) {
        data.extend([("tokenizer".to_owned(), TOKENIZER.into()), ("shards".to_owned(), SHARDS.into())]);
    }
    let training = toml::toml! {
        optimizer = "adamw"
        learning_rate = 0.0001
        beta_2 = 0.95
        weight_decay = 0.1
        clip = 1.0
        batch = 8
        warmup = 20
        decay = "cosine"
        floor = 0.1
    };
    let mut file = toml::Table::from_iter([("name".to_owned(), name.into())]);
    file.extend([("data".to_owned(), data.into()), ("training".to_owned(), training.into())]);
    file.insert("manifest".to_owned(), toml::Value::try_from(manifest).context("the manifest cannot be written")?);
    Ok(toml::to_string(&file)?)
}

async fn export(context: &Context, options: Exporting) -> Result<()> {
    let (site, group) = (context.site().await?, GroupId(options.group));
    let visit = context.visit(&site, group).await?;
    let file = match options.round {
        None => site.network.view(group).await?.checkpoint,
        Some(round) => won(&history(&site, group).await?, group, RoundNumber(round))?,
    };
    let (bytes, tokenizer) = files(&visit, file).await?;
    let (manifest, length) = (visit.member.manifest.clone(), bytes.len() as u64);
    let (folder, gguf) = (options.folder.clone(), options.gguf.clone());
    blocking(move || {
        let (bar, tokenizer) = (Bar::new("writing", Unit::Bytes), tokenizer.as_deref());
        let mut tell = |done| bar.pass(done, length);
        if let Some(folder) = &folder {
            models::export(&manifest, &bytes, tokenizer, folder, FILE_BYTES_MAX, &mut tell)?;
        }
        if let Some(path) = &gguf {
            models::gguf(&manifest, &bytes, tokenizer, &format!("neuron-group-{group}"), path, &mut tell)?;
        }
        Ok(())
    })
    .await?;
    visit.client.shutdown().await;
    for path in [options.folder, options.gguf].into_iter().flatten() {
        context.tell(&format!("checkpoint {file} of group {group}, {}, is in {}", size(length), path.display()))?;
    }
    Ok(())
}

/// The checkpoint's file, and the tokenizer that its manifest names.
async fn files(visit: &Visit, file: Digest) -> Result<(Bytes, Option<Bytes>)> {
    let bytes = visit.member.fetch(file).await?;
    let tokenizer = match visit.member.manifest.data().tokenizer_digest() {
        Some(digest) => Some(visit.member.tokenizer(Digest(digest)).await?),
        None => None,
    };
    Ok((bytes, tokenizer))
}

/// What won a round.
fn won(events: &[protocol::chain::ChainEvent], group: GroupId, round: RoundNumber) -> Result<Digest> {
    let won = progress::won(events);
    let won = won.iter().find(|won| won.round == round);
    Ok(won.with_context(|| format!("nobody won round {round} of group {group}: `neuron group progress` shows which were"))?.claim.file)
}

#[cfg(test)]
mod tests {
    use node::config::GroupFile;

    use super::*;

    #[test]
    fn what_is_written_for_a_new_group_is_read_as_a_group_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (text, is_tokens) in [
            (
                r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":2,"vocabulary":300,"bias":true,"tied":true,"activation":"gelu_tanh"},"data":{"format":"tokens","tokenizer":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","stride":2},"loss":"cross_entropy","eval_max":8,"weight_max":16,"certainty":200,"dtype":"bf16","frozen":["lm_head.weight","transformer.wte*"]}"#,
                true,
            ),
            (
                r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":2,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":2},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
                false,
            ),
        ] {
            let text = text.replace(r#""lm_head.weight","#, "");
            let manifest = Manifest::from_bytes(text.as_bytes()).expect("a manifest");
            let path = folder.path().join(GROUP);
            fs::write(&path, group_file("some-model", &manifest).expect("a file")).expect("written");
            let file = GroupFile::read(&path).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!((file.name.as_str(), &file.manifest), ("some-model", &manifest));
            assert_eq!(
                (file.data.tokenizer.is_some(), file.data.shards.is_some(), file.data.checkpoint.is_some()),
                (is_tokens, is_tokens, true)
            );
            let settings: training::Settings = file.training.try_into().expect("settings of a trainer");
            settings.check().expect("within their limits");
        }
    }
}
