//! A group whose chain does not answer: taken over from its nodes by a newcomer, and asked for what it knows.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::{commands, groups::fresh_folder, watched::Watched};

/// Takes the group over with nothing but a network file whose chain is switched off, and answers from the copy; `prediction` gives the
/// same as beside the chain.
pub async fn check(network: &Watched, prediction: &[&str]) -> Result<()> {
    let file = fresh_folder("offline")?.join("network.toml");
    let text = fs::read_to_string(network.devnet.network_file())?;
    let without_chain = |line: &str| if line.starts_with("rpc = ") { "rpc = \"http://127.0.0.1:9\"\n".into() } else { format!("{line}\n") };
    fs::write(&file, text.lines().map(without_chain).collect::<String>())?;
    let ask = async |arguments: &[&str]| commands::by_file(&file, network, "guest", arguments).await;
    let early = ask(&["--offline", "group", "show"]).await.err().context("nothing was taken over yet")?;
    ensure!(early.to_string().contains("neuron group copy"), "{early}");
    let taken = ask(&["group", "copy"]).await?;
    ensure!(taken.contains("tell this copy of group 1"), "{taken}");
    let (shown, deltas) = (ask(&["--offline", "group", "show"]).await?, ask(&["--offline", "delta", "show"]).await?);
    let view = &network.devnet.view;
    ensure!(shown.contains("as of block") && shown.contains(&view.manifest.to_string()), "{shown}");
    ensure!(["applied", "stood"].iter().any(|fate| deltas.contains(&format!("1  {fate} in period"))), "{deltas}");
    let refused = ask(&["--offline", "stake", "show"]).await.err().context("stake needs the chain")?;
    ensure!(refused.to_string().contains("leave --offline away"), "{refused}");
    let (alone, beside) = (ask(&[&["--offline"], prediction].concat()).await?, commands::neuron(network, "guest", prediction).await?);
    ensure!(alone.starts_with("First Citizen"), "{alone}");
    // A round may have been won since the copy was made.
    ensure!(alone == beside || !shown.contains(&view.checkpoint.to_string()), "{alone} / {beside}");
    Ok(())
}
