//! A remote signer in the place of key files: for the owner's commands, and for the node of a validator.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use chain::Account;
use k256::ecdsa::SigningKey;

use crate::{
    refusal::program,
    signer::{Signer, honest},
    small::Small,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_signer_stands_for_the_owners_key_and_for_the_hot_one() -> Result<()> {
    let small = Small::start("remote-signer").await?;
    small.group(None).await?;
    small.buy(1_000).await?;
    fs::remove_file(small.folder.join("key.json"))?;
    let (owner, hot) = (&small.account, Account::random());
    let keys = [owner, &hot].map(|account| anyhow::Ok(SigningKey::from_slice(&*account.to_bytes()?)?));
    let signer = Signer::start(keys.into_iter().collect::<Result<_>>()?, honest).await;
    let (owner, hot) = (owner.address().to_string(), hot.address().to_string());
    let by = |account: &str, words: &str| {
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        let place = ["--remote-signer", &signer.url, "--remote-account", account].map(str::to_owned);
        [&place[..], &words].concat()
    };
    let run = async |arguments: Vec<String>| small.neuron(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let balance = run(by(&owner, "token balance")).await?;
    ensure!(balance.contains(&owner) && balance.contains("1000 NRN"), "{balance}");
    let consent = run(by(&hot, &format!("stake consent {owner}"))).await?;
    let bonded = run(by(&owner, &format!("stake bond 900 --signer {hot} --consent {}", consent.trim()))).await?;
    ensure!(bonded.contains("bonded 900 NRN in position 1"), "{bonded}");
    let export = run(by(&owner, "key export bare --raw-private-key")).await.expect_err("it never leaves").to_string();
    ensure!(export.contains("never leaves it") && !small.folder.join("bare").exists(), "{export}");

    let config = small.folder.join("validator.toml");
    fs::write(&config, format!("[node]\nnetwork = \"network.toml\"\ndata = \"hot\"\nsigner = {:?}\naccount = {hot:?}\n", signer.url))?;
    let started = tokio::task::spawn_blocking(move || started(&config)).await??;
    ensure!(started.contains(&hot) && !started.contains("secret"), "{started}");
    let asked = signer.asked.lock().map(|asked| asked.clone()).unwrap_or_default();
    let signed = asked.iter().filter(|path| path.contains("/sign/")).count();
    ensure!(signed >= 3, "a consent, at least one transaction and a binding: {asked:?}");
    Ok(())
}

/// The line by which a validator says that it runs; then it is ended.
fn started(config: &Path) -> Result<String> {
    let mut command = Command::new(program("validator-node")?);
    command.arg("--config").arg(config).env_remove("NEURON_PASSWORD").stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = command.stderr(Stdio::piped()).spawn()?;
    let lines = BufReader::new(process.stderr.take().context("no messages")?).lines().map_while(Result::ok);
    let mut told = Vec::new();
    for line in lines {
        let is_last = line.contains("validator started");
        told.push(line);
        if is_last {
            break;
        }
    }
    process.kill()?;
    process.wait()?;
    told.pop().filter(|line| line.contains("validator started")).with_context(|| format!("it never started: {told:?}"))
}
