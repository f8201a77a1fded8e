//! `neuron deploy`: killed in the middle and run again, run after the end, and told nonsense.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use chain::{
    Account,
    dev::{Anvil, AnvilSettings},
    keystore::{self, Cost},
};
use node::config::{self, NetworkFile};
use protocol::Wei;

use crate::groups::fresh_folder;

const PASSWORD: &str = "of no worth";
/// A line that must survive.
const REMARK: &str = "# what the others should know";

/// A chain with a block a second and a network file for it.
struct Deployment {
    anvil: Anvil,
    folder: PathBuf,
}

impl Deployment {
    async fn prepare(name: &str) -> Result<Self> {
        let folder = fresh_folder(name)?;
        let anvil = Anvil::start(&AnvilSettings::default()).await?;
        keystore::create(&folder.join("key.json"), &Anvil::account(0)?, PASSWORD, Cost::Trifling)?;
        fs::write(folder.join("password"), PASSWORD)?;
        let deployment = Self { anvil, folder };
        deployment.write("name = \"mine\"")?;
        Ok(deployment)
    }

    fn path(&self) -> PathBuf {
        self.folder.join("network.toml")
    }

    fn write(&self, first: &str) -> Result<()> {
        let text = format!("{REMARK}\n{first}\nrpc = \"{}\"\n\n[deploy]\nsale_s = 1000 # a short one\n", self.anvil.url());
        Ok(fs::write(self.path(), text)?)
    }

    fn file(&self) -> Result<NetworkFile> {
        config::read(&self.path())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neuron"));
        let shown = |name: &str| self.folder.join(name);
        command.arg("--network").arg(self.path()).arg("--key").arg(shown("key.json"));
        command.arg("--password-file").arg(shown("password")).arg("deploy");
        command
    }

    fn run(&self) -> Result<Output> {
        Ok(self.command().output()?)
    }

    /// Kills the process when it has told of that contract.
    fn killed_after(&self, contract: &str) -> Result<()> {
        let mut process = self.command().stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("no output")?).lines().map_while(Result::ok);
        let told = lines.any(|line| line.trim_start().starts_with(contract));
        process.kill()?;
        process.wait()?;
        ensure!(told, "it never told of {contract}");
        Ok(())
    }

    /// What it says when it is refused.
    fn refusal(&self) -> Result<String> {
        let output = self.run()?;
        ensure!(!output.status.success(), "it was not refused: {}", text(&output.stdout));
        Ok(text(&output.stderr))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_killed_goes_on_and_writes_its_address_once() -> Result<()> {
    let deployment = Deployment::prepare("deploying").await?;
    deployment.killed_after("Emission")?;
    let deadline = deployment.file()?.deploy.context("[deploy]")?.deadline;
    ensure!(deadline.is_some() && deployment.file()?.contract.is_empty(), "the deadline is written first, the address last");
    let output = deployment.run()?;
    let said = text(&output.stdout);
    ensure!(output.status.success(), "{said}{}", text(&output.stderr));
    for wanted in [
        "Neuron   stood already at 0x",
        "Emission stood already at 0x",
        "Network  stands at 0x",
        "code and wiring of all eight contracts are in order",
    ] {
        ensure!(said.contains(wanted), "{wanted}: {said}");
    }
    let file = deployment.file()?;
    ensure!(file.deploy.context("[deploy]")?.deadline == deadline, "the sale ends when it was to end");
    ensure!(said.contains(&file.contract) && file.deployed_block >= 1, "{said}");
    let nonce = deployment.anvil.chain().next_nonce(Anvil::account(0)?.address()).await?;
    ensure!(nonce == 8, "{nonce} transactions, one for each contract");
    let written = fs::read_to_string(deployment.path())?;
    ensure!(written.starts_with(REMARK) && written.contains("# a short one"), "{written}");

    let again = text(&deployment.run()?.stdout);
    ensure!(again.contains("names a network already; it is only checked") && again.contains("are in order"), "{again}");
    ensure!(fs::read_to_string(deployment.path())? == written, "a check writes nothing");
    fs::write(deployment.path(), written.replace("[deploy]", "[deploy]\nprice = \"7\""))?;
    ensure!(deployment.refusal()?.contains("was deployed with other terms"), "other terms");
    group_list(&deployment.path(), &written)
}

/// Whose coin does not suffice is told so before the first transaction, and how much is enough.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_cannot_pay_for_is_not_begun_with_and_what_is_asked_for_is_enough() -> Result<()> {
    let deployment = Deployment::prepare("poor").await?;
    let poor = Account::random();
    fs::remove_file(deployment.folder.join("key.json"))?;
    keystore::create(&deployment.folder.join("key.json"), &poor, PASSWORD, Cost::Trifling)?;
    deployment.anvil.set_coin(poor.address(), Wei(1)).await?;
    let output = deployment.run()?;
    let said = text(&output.stderr);
    ensure!(output.status.code() == Some(5) && said.contains("nothing was sent"), "{said}");
    ensure!(deployment.anvil.chain().next_nonce(poor.address()).await? == 0, "something was sent");
    let wanted = said.split_once("send it ").and_then(|(_, rest)| rest.split(',').next()).with_context(|| said.clone())?;
    deployment.anvil.set_coin(poor.address(), Wei::from_nrn(wanted)?).await?;
    let output = deployment.run()?;
    ensure!(output.status.success(), "{wanted} were not enough: {}{}", text(&output.stdout), text(&output.stderr));
    Ok(())
}

/// Other commands find the network through the file.
fn group_list(path: &Path, written: &str) -> Result<()> {
    fs::write(path, written)?;
    let listed = Command::new(env!("CARGO_BIN_EXE_neuron")).arg("--network").arg(path).args(["group", "list"]).output()?;
    ensure!(listed.status.success(), "{}", text(&listed.stderr));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_chain_and_unfit_terms_are_refused_before_anything_is_sent() -> Result<()> {
    let deployment = Deployment::prepare("not-deploying").await?;
    for (line, wanted) in [
        ("name = \"mine\"\nchain_id = 11155111", "serves chain 31337, not chain 11155111"),
        ("name = \"mine\"\ncontract = \"0x00000000000000000000000000000000000000ad\"", "is no Neuron network"),
    ] {
        deployment.write(line)?;
        let said = deployment.refusal()?;
        ensure!(said.contains(wanted), "{wanted}: {said}");
    }
    for (terms, wanted) in [
        ("", "has no [deploy]"),
        ("[deploy]\ndeadline = 2020-01-01T00:00:00Z\n", "has passed: write a later one"),
        ("[deploy]\ndeadline = 2020-01-01\n", "is no moment"),
        ("[deploy]\nprice = \"cheap\"\n", "`price = \"cheap\"` in [deploy]"),
        ("[deploy]\ncolour = 3\n", "colour"),
        ("[deploy]\nepoch_s = 3600\n", "an exit holds at most 29: set `exit_s` to 107999 or less"),
        ("[deploy]\nmaturity_s = 0\n", "must be above 0"),
    ] {
        fs::write(deployment.path(), format!("name = \"mine\"\nrpc = \"{}\"\n{terms}", deployment.anvil.url()))?;
        let said = deployment.refusal()?;
        ensure!(said.contains(wanted), "{wanted}: {said}");
    }
    let nonce = deployment.anvil.chain().next_nonce(Anvil::account(0)?.address()).await?;
    ensure!(nonce == 0, "{nonce} transactions were sent");
    Ok(())
}
