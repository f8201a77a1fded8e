//! A model of other people's tools becomes a group: a program of its owner's choice and the exact engine race for it, what was decided is
//! computed again, and the model that won answers.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use devnet::{Options, RoundEntry};
use protocol::{RoundNumber, chain::Outcome};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use crate::{
    commands,
    groups::{fresh_folder, merge},
    refusal::program,
    watched::Watched,
};

const ROUNDS: u64 = 4;
/// Rounds in which the command races; in those after them the exact engine is alone.
const COMMAND_ROUNDS: u64 = 2;
/// Lines of the play of which each of three files is made.
const LINES: usize = 400;

const CHANGE: &str = r#"
devnet = { train_s = 6, reveal_s = 5, judge_s = 6 }
data = { proposed = ["more.tokens"], heldout = "heldout.tokens" }
training = { engine = "exact", learning_rate = 0.003, batch = 16, steps = 20 }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_llama_of_other_tools_is_trained_by_a_command_and_by_the_exact_engine_and_the_winner_answers() -> Result<()> {
    let folder = fresh_folder("imported-group")?;
    let options = Options {
        rounds: ROUNDS,
        trainers: 2,
        validators: 3,
        group: group(&folder).await?,
        trainer_files: vec![by_command(&folder)?],
        ..Options::default()
    };
    let mut network = Watched::start("imported", options).await?;
    let (voting, data) = (network.devnet.votes(), network.devnet.file.data.clone());
    let votes = tokio::spawn(async move { voting.run(&data).await });
    network.until("all rounds and a turn", ROUNDS + 3, |network| network.is_over(ROUNDS)).await?;
    votes.abort();
    check_losses(&network)?;
    check_set(&network).await?;
    check_replays(&network).await?;
    check_answer(&network).await
}

/// The files of a group whose model transformers wrote, and whose set is shards of tokens.
async fn group(folder: &Path) -> Result<PathBuf> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/golden/llama");
    let play = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/shakespeare/genesis/coriolanus.txt"))?;
    let import = ["model", "import", &model.display().to_string(), "--out", "mine", "--context", "16", "--eval-max", "64"];
    neuron(folder, &import).await?;
    for (place, name) in ["shards", "more", "heldout"].iter().enumerate() {
        let text: String = play.split_inclusive('\n').skip(place * LINES).take(LINES).collect();
        fs::write(folder.join(format!("{name}.txt")), text)?;
        let (file, text) = (format!("{name}.tokens"), format!("{name}.txt"));
        neuron(folder, &["data", "pack", "--model", "mine", "--shard-tokens", "2048", "--file", &file, &text]).await?;
    }
    let mine = folder.join("mine");
    for name in ["more.tokens", "heldout.tokens"] {
        fs::rename(mine.join("set").join(name), mine.join(name))?;
    }
    let mut file: toml::Table = toml::from_str(&fs::read_to_string(mine.join("group.toml"))?)?;
    merge(&mut file, toml::from_str(CHANGE)?);
    fs::write(mine.join("group.toml"), toml::to_string(&file)?)?;
    Ok(mine.join("group.toml"))
}

/// What a trainer is told who trains by a program of his own.
fn by_command(folder: &Path) -> Result<PathBuf> {
    let trainer = program("examples/command")?.display().to_string();
    let training =
        toml::Table::from_iter([("engine".into(), "command".into()), ("command".into(), vec![trainer, "400".to_owned()].into())]);
    let file = toml::Table::from_iter([("rounds".into(), (COMMAND_ROUNDS as i64).into()), ("training".into(), training.into())]);
    let path = folder.join("command.toml");
    fs::write(&path, toml::to_string(&file)?)?;
    Ok(path)
}

/// The command, in a folder, without a network.
async fn neuron(folder: &Path, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program("neuron")?).args(arguments).current_dir(folder).stdin(Stdio::null()).output().await?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Won rounds, and the name of who won.
fn won(network: &Watched) -> Vec<(RoundNumber, String)> {
    let rounds = network.devnet.ledger.rounds.iter().filter(|(_, round)| round.outcome == Outcome::Won);
    rounds.map(|(number, round)| (*number, network.devnet.cast.name_of(round.winner))).collect()
}

/// Both kinds of trainers win, and what was never in the set is predicted better and better.
fn check_losses(network: &Watched) -> Result<()> {
    let (won, rounds) = (won(network), network.devnet.ledger.rounds.values());
    for trainer in ["trainer-1", "trainer-2"] {
        ensure!(won.iter().any(|(_, name)| name == trainer), "{trainer} has won nothing: {won:?}");
    }
    ensure!(rounds.filter_map(RoundEntry::losses).all(|(base, loss)| loss < base), "a winner is worse than its base");
    let seen: Vec<Option<u32>> = network.devnet.seen().heldout.values().map(|seen| seen.micronats).collect();
    ensure!(seen.first() > seen.last() && seen.iter().all(Option::is_some), "{seen:?}");
    Ok(())
}

/// The proposed shards stand beside those that were there.
async fn check_set(network: &Watched) -> Result<()> {
    let set = network.devnet.member.set(network.devnet.view.head).await?;
    let paths: Vec<&str> = set.tree.iter().map(|(path, _)| path).collect();
    ensure!(paths == ["more.tokens", "shards.tokens"], "{paths:?}");
    Ok(())
}

/// All that was decided can be recomputed, and the training of those whose engine is exact.
async fn check_replays(network: &Watched) -> Result<()> {
    for (round, trainer) in won(network) {
        let round = round.to_string();
        let (arguments, words): (&[&str], _) = match trainer.as_str() {
            "trainer-2" => (&["replay", "--training", "--round", &round], "the same file to the bit"),
            _ => (&["replay", "--round", &round], "right: "),
        };
        commands::check(network, &[("guest", arguments, words)]).await?;
    }
    Ok(())
}

/// `predict` and the server say the same of the model that won last.
async fn check_answer(network: &Watched) -> Result<()> {
    let prompt = "First Citizen";
    let asked = ["predict", "--prompt", prompt, "--tokens", "12", "--temperature", "0"];
    let told = commands::neuron(network, "guest", &asked).await?;
    let said = told.trim_end_matches('\n').strip_prefix(prompt).context("the prompt")?;
    let mut server = commands::command(&network.devnet.network_file(), network, "guest")?;
    let mut server = server.args(["serve-model", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
    let line = BufReader::new(server.stdout.take().context("a pipe")?).lines().next_line().await?.context("it ended at once")?;
    let base = line.split_whitespace().find(|word| word.starts_with("http://")).with_context(|| line.clone())?;
    let body = json!({ "prompt": prompt, "max_tokens": 12, "temperature": 0 }).to_string();
    let answer = reqwest::Client::builder().no_proxy().build()?.post(format!("{base}/completions")).body(body).send().await?;
    let answer: Value = serde_json::from_str(&answer.text().await?)?;
    let text = answer["choices"][0]["text"].as_str().with_context(|| answer.to_string())?;
    // A terminal is shown what it would act upon as escapes.
    ensure!(!text.is_empty() && (text == said || said.contains("\\u{")), "{text:?} is not {said:?}");
    Ok(())
}
