//! The `neuron` command, as a person would use it beside a running network.

use std::{path::Path, process::Stdio};

use anyhow::{Result, ensure};
use devnet::key_file;
use tokio::process::Command;

use crate::{refusal::program, watched::Watched};

/// What the command prints for an actor of the network.
pub async fn neuron(network: &Watched, actor: &str, arguments: &[&str]) -> Result<String> {
    by_file(&network.devnet.network_file(), network, actor, arguments).await
}

/// The same, told of the network by another file.
pub async fn by_file(file: &Path, network: &Watched, actor: &str, arguments: &[&str]) -> Result<String> {
    let output = command(file, network, actor)?.args(arguments).output().await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    Ok(text)
}

/// The command for an actor of the network, with nothing to do yet; it ends when nobody holds it any more.
pub fn command(file: &Path, network: &Watched, actor: &str) -> Result<Command> {
    let keys = network.devnet.dir.join("keys");
    let mut command = Command::new(program("neuron")?);
    command.arg("--network").arg(file).arg("--key").arg(key_file(&keys, actor));
    command.arg("--password-file").arg(keys.join("password")).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Runs several at once; each must print these words.
pub async fn check(network: &Watched, cases: &[(&str, &[&str], &str)]) -> Result<()> {
    let runs = cases.iter().map(async |(actor, arguments, words)| {
        let text = neuron(network, actor, arguments).await?;
        ensure!(text.contains(words), "{arguments:?}: no {words:?} in {text}");
        Ok(())
    });
    futures::future::try_join_all(runs).await.map(drop)
}
