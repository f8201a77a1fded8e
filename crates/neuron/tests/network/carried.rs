//! A model of other tools becomes a group's, is talked to, and goes back to them.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, ensure};
use node::config::GroupFile;
use serde_json::json;

use crate::{answering::Answering, bad_input::shown, small::Small};

/// A folder that transformers wrote.
fn downloaded(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/tests/golden").join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_transformers_becomes_a_group_that_answers_and_comes_back_to_the_bit() -> Result<()> {
    let small = Small::start("carried").await?;
    let folder = shown(&downloaded("qwen3"))?;
    let told = small.neuron(&["model", "import", &folder, "--out", "mine", "--context", "16", "--eval-max", "8"]).await?;
    ensure!(told.contains("neuron data pack --model mine"), "{told}");
    check_packing(&small).await?;
    let file = GroupFile::read(&small.folder.join("mine/group.toml"))?;
    let group = small.group_of(&file, None).await?.to_string();
    // It fetches the shards that its drawn examples lie in.
    let told = small.neuron(&["can-join", &group]).await?;
    ensure!(told.contains("steps within"), "{told}");
    check_answers(&small, &group).await?;
    check_export(&small, &group).await?;
    check_more(&small, &group).await
}

/// Texts become shards and lines; a text that was there is none more.
async fn check_packing(small: &Small) -> Result<()> {
    let play = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/shakespeare/genesis/coriolanus.txt"))?;
    let (text, rest): (String, String) = (play.chars().take(6_000).collect(), play.chars().skip(6_000).take(1_000).collect());
    fs::create_dir_all(small.folder.join("texts"))?;
    fs::write(small.folder.join("texts/one.txt"), &text)?;
    fs::write(small.folder.join("texts/same.txt"), &text)?;
    fs::write(small.folder.join("more.jsonl"), format!("{}\n", json!({ "text": rest })))?;
    let told = small.neuron(&["data", "pack", "--model", "mine", "--shard-tokens", "512", "texts"]).await?;
    ensure!(told.contains("of 1 documents") && told.contains("1 documents were there before"), "{told}");
    let lines = fs::read_to_string(small.folder.join("mine/set/shards.tokens"))?;
    let shards = fs::read_dir(small.folder.join("mine/shards"))?.count();
    ensure!(lines.lines().count() == shards && shards > 2, "{lines}");
    Ok(())
}

/// The command and the server say the same.
async fn check_answers(small: &Small, group: &str) -> Result<()> {
    let prompt = "First Citizen";
    let told = small.neuron(&["predict", "--group", group, "--prompt", prompt, "--tokens", "12", "--temperature", "0"]).await?;
    let said = told.trim_end_matches('\n').strip_prefix(prompt).context("the prompt")?;
    let asked = json!({ "prompt": prompt, "max_tokens": 12, "temperature": 0 });
    let answer = Answering::start(small, group).await?.ask("completions", &asked).await?;
    let text = answer["choices"][0]["text"].as_str().context("a text")?;
    // A terminal is shown what it would act upon as escapes.
    ensure!(!text.is_empty() && (text == said || said.contains("\\u{")), "{text:?} is not {said:?}");
    Ok(())
}

/// What goes out comes in again as the same file, and a file for llama.cpp begins as such.
async fn check_export(small: &Small, group: &str) -> Result<()> {
    small.neuron(&["model", "export", "--group", group, "out", "--gguf", "out.gguf"]).await?;
    ensure!(fs::read(small.folder.join("out.gguf"))?.starts_with(b"GGUF"), "no GGUF");
    small.neuron(&["model", "import", "out", "--group", group, "--out", "again.safetensors"]).await?;
    let (first, again) = (fs::read(small.folder.join("mine/checkpoint.safetensors"))?, fs::read(small.folder.join("again.safetensors"))?);
    ensure!(first == again, "another file came back");
    let other = small.refusal(&["model", "import", &shown(&downloaded("llama"))?, "--group", group, "--out", "other.safetensors"]).await?;
    ensure!(other.contains("group"), "{other}");
    Ok(())
}

/// A set that a group has takes more shards, and a patch of them is looked at as any other.
async fn check_more(small: &Small, group: &str) -> Result<()> {
    small.neuron(&["delta", "new", "--group", group, "--out", "set"]).await?;
    let told = small.neuron(&["data", "pack", "--folder", "set", "--group", group, "--file", "more.tokens", "more.jsonl"]).await?;
    ensure!(told.contains("neuron delta new --from set"), "{told}");
    let patch = small.neuron(&["delta", "new", "--group", group, "--from", "set"]).await?;
    ensure!(patch.contains("b/more.tokens") && small.folder.join("set.shards").is_dir(), "{patch}");
    fs::write(small.folder.join("more.patch"), patch)?;
    // No node of his holds its shards, so that nobody could vote for it.
    let told = small.refusal(&["delta", "propose", "--group", group, "more.patch"]).await?;
    ensure!(told.contains("names a shard that cannot be used") && told.contains("--keep CONFIG"), "{told}");
    Ok(())
}
