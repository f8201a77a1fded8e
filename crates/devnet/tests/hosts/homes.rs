//! A node that serves, and two behind routers of their own that reach one another by its help.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use devnet::Devnet;

use crate::{
    refusal::program,
    stage::{HOME_TRAINER, HOME_VALIDATOR, SERVER, Stage},
};

/// Seconds for which a visitor looks around: it takes half a minute until it knows that nobody comes in.
const LOOK_S: &str = "20";

/// A program that ends with its guard.
pub struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts `neuron serve` on a host that everybody reaches: a seed, a relay and an archive.
pub fn serve(devnet: &Devnet, stage: &Stage) -> Result<Served> {
    let listen = stage.listen(SERVER)?;
    let mut command = neuron(devnet, stage, SERVER)?;
    command.args(["serve", "--group", "1"]).arg("--data").arg(devnet.dir.join(SERVER));
    for address in &listen {
        command.args(["--listen", address]);
    }
    let log = std::fs::File::create(devnet.dir.join(SERVER).with_extension("log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(Served(command.spawn().context("`neuron serve` does not start")?))
}

/// Whoever visits the network from one home meets the node in the other.
pub async fn check(devnet: &Devnet, stage: &Stage) -> Result<()> {
    let mut command = tokio::process::Command::from(neuron(devnet, stage, HOME_VALIDATOR)?);
    command.args(["peers", "--group", "1", "--seconds", LOOK_S]).stdin(Stdio::null());
    let output = command.kill_on_drop(true).output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let home = devnet.cast.guest.address().to_string();
    let line = text.lines().find(|line| line.contains(&home));
    let line = line.with_context(|| format!("from another home {HOME_TRAINER}, {home}, is not reached: {text}"))?;
    println!("from one home to the other:{line}");
    Ok(())
}

/// The command for the network, on a host.
fn neuron(devnet: &Devnet, stage: &Stage, host: &str) -> Result<Command> {
    let mut command = stage.internet.host(host)?.command(&program("neuron")?.display().to_string());
    command.arg("--network").arg(devnet.network_file());
    Ok(command)
}
