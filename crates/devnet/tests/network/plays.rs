//! A group that learns to write: a micro transformer on a scene of a play, from founding to a text that it goes on with.

use anyhow::{Context, Result, ensure};
use devnet::{Options, RoundEntry};
use protocol::chain::Outcome;

use crate::{
    commands,
    groups::{fresh_folder, micro_group},
    offline,
    watched::Watched,
};

const ROUNDS: u64 = 3;
/// Tokens that are asked for.
const TOKENS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_group_learns_a_play_votes_for_another_scene_and_goes_on_with_a_prompt() -> Result<()> {
    let group = micro_group(&fresh_folder("plays-group")?, "micro", "")?;
    let options = Options { rounds: ROUNDS, validators: 3, group, ..Options::default() };
    let mut network = Watched::start("plays", options).await?;
    let (voting, data) = (network.devnet.votes(), network.devnet.file.data.clone());
    let votes = tokio::spawn(async move { voting.run(&data).await });
    network.until("all rounds and a turn", 6, |network| network.is_over(ROUNDS)).await?;
    votes.abort();
    check_losses(&network)?;
    check_set(&network).await?;
    check_replays(&network).await?;
    check_prompt(&network).await?;
    offline::check(&network, &["predict", "--prompt", "First Citizen:\nWe", "--temperature", "0"]).await
}

/// Every round is won with a smaller loss than that of its base, and the last model does better than the first on what it never saw.
fn check_losses(network: &Watched) -> Result<()> {
    let losses: Vec<_> = network.devnet.ledger.rounds.values().filter_map(RoundEntry::losses).collect();
    ensure!(losses.len() as u64 >= ROUNDS - 1, "{} rounds were won", losses.len());
    assert!(losses.iter().all(|(base, loss)| loss < base), "{losses:?}");
    let seen = network.devnet.seen().heldout;
    let (first, last) = (*seen.values().next().context("a first model")?, *seen.values().next_back().context("a last model")?);
    assert!(first.accuracy.is_none() && last.micronats < first.micronats && last.bits_per_byte < first.bits_per_byte, "{first}, {last}");
    // One character is one byte: ln 2 nats are one bit.
    let (nats, bits) = (f64::from(last.micronats.context("text")?) / 1e6, last.bits_per_byte.context("text")?);
    assert!((nats / std::f64::consts::LN_2 - bits).abs() < 1e-9, "{nats} nats, {bits} bits");
    Ok(())
}

/// The proposed text stands under its own name beside what was there.
async fn check_set(network: &Watched) -> Result<()> {
    let devnet = &network.devnet;
    let set = devnet.member.set(devnet.view.head).await?;
    let paths: Vec<&str> = set.tree.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["act/scene.txt", "more.txt"]);
    assert_eq!(devnet.seen().fresh.len(), 1, "somebody looked at what was new");
    Ok(())
}

/// What was decided can be recomputed, and the training behind it.
async fn check_replays(network: &Watched) -> Result<()> {
    let won = network.devnet.ledger.rounds.iter().filter(|(_, round)| round.outcome == Outcome::Won);
    let rounds: Vec<String> = won.map(|(number, _)| number.to_string()).collect();
    let arguments: Vec<_> = rounds.iter().map(|round| ["replay", "--training", "--round", round]).collect();
    let cases: Vec<(&str, &[&str], &str)> =
        arguments.iter().map(|arguments| ("guest", &arguments[..], "the same file to the bit")).collect();
    commands::check(network, &cases).await
}

/// A prompt is continued by as many characters as asked, the same for the same seed, others for another.
async fn check_prompt(network: &Watched) -> Result<()> {
    let tokens = TOKENS.to_string();
    let ask = async |options: &[&str]| {
        let arguments = [&["predict", "--prompt", "First Citizen:\nWe", "--tokens", &tokens], options].concat();
        commands::neuron(network, "guest", &arguments).await
    };
    let asked = [["--seed", "7"], ["--seed", "7"], ["--seed", "8"], ["--temperature", "0"]];
    let runs = futures::future::try_join_all(asked.iter().map(|options| ask(options))).await?;
    for text in &runs {
        let continued = text.strip_prefix("First Citizen:\nWe").and_then(|text| text.strip_suffix('\n')).context("the prompt")?;
        assert_eq!(continued.chars().count(), TOKENS, "{text:?}");
    }
    assert!(runs[0] == runs[1] && runs[0] != runs[2] && runs[0] != runs[3], "{runs:?}");
    Ok(())
}
