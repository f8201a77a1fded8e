//! A network in which PyTorch trains beside the exact engine: a group from an imported folder, rounds that are replayed, and what won given out.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::tools;

/// Texts of the group's set.
const TEXTS: &str = "data/shakespeare/genesis";
const EXAMPLE: &str = "examples/pytorch";
const ROUNDS: usize = 2;
/// How the program says that its rounds are over and the network goes on.
const GOES_ON: &str = "The network goes on until Ctrl-C";
/// How it says that a trainer's file is there.
const SEALED: &str = " has sealed a checkpoint";

/// The clock of the group, and a step for its trainers: seven processes load PyTorch at once, on as many cores as there are.
const CLOCK: &str = "
[devnet]
train_s = 180
reveal_s = 20
judge_s = 25
";
/// The exact engine takes few steps, so that the others have something to win.
const EXACT: &str = "
[training]
engine = \"exact\"
optimizer = \"adamw\"
learning_rate = 0.001
batch = 8
steps = 40
";
/// What all the others are told.
const OPTIONS: [&str; 5] = ["train.py", "--batch", "8", "--learning-rate", "0.003"];

/// Who trains, in the order of trainers: a name, and what the command begins and ends with.
fn launchers() -> [(&'static str, Vec<&'static str>, Option<&'static str>); 3] {
    let two = || vec!["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"];
    [("plain", Vec::new(), None), ("ddp", two(), None), ("fsdp", two(), Some("--fsdp"))]
}

/// Programs and files.
pub struct Stage<'a> {
    pub python: &'a Path,
    /// Folder of the programs.
    pub programs: &'a Path,
    /// Everything is written there.
    pub folder: &'a Path,
}

/// What won last, as a folder of transformers and as a file for llama.cpp. The network goes on until this is dropped.
pub struct Winner {
    pub folder: PathBuf,
    pub file: PathBuf,
    /// Who won each round.
    pub names: Vec<String>,
    /// The program `neuron` as a guest of the network.
    pub guest: Vec<String>,
    _devnet: Devnet,
}

impl Stage<'_> {
    /// Plays a group whose model comes from the folder `model`.
    ///
    /// # Errors
    /// When a trainer brings no file, PyTorch wins no round, or a round replayed comes to something else.
    pub fn play(&self, model: &Path) -> Result<Winner> {
        fs::create_dir_all(self.folder)?;
        let group = self.group(model)?;
        let devnet = Devnet::start(&mut self.devnet(&group)?)?;
        let names = self.winners()?;
        ensure!(
            names.iter().any(|name| name != "trainer-1"),
            "PyTorch won none of {} rounds: look at the logs of the trainers",
            names.len()
        );
        for (round, _) in self.won()? {
            self.neuron(&["replay", "--round", &round.to_string()])?;
        }
        let (folder, file) = (self.folder.join("winner"), self.folder.join("winner.gguf"));
        self.neuron(&["model", "export", &shown(&folder), "--gguf", &shown(&file)])?;
        Ok(Winner { folder, file, names, guest: self.guest(), _devnet: devnet })
    }

    /// A group of the model, with a set of shards, and a file for each trainer.
    fn group(&self, model: &Path) -> Result<PathBuf> {
        let folder = self.folder.join("model");
        self.neuron_alone(&["model", "import", &shown(model), "--out", &shown(&folder), "--widen"])?;
        self.neuron_alone(&["data", "pack", "--model", &shown(&folder), TEXTS])?;
        let path = folder.join("group.toml");
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text + CLOCK)?;
        fs::write(self.folder.join("exact.toml"), EXACT)?;
        for (name, before, behind) in launchers() {
            let program = shown(self.python);
            let words: Vec<&str> = [program.as_str()].into_iter().chain(before).chain(OPTIONS).chain(behind).collect();
            let mut training = toml::toml! { engine = "command" };
            training.insert("command".into(), toml::Value::try_from(words)?);
            training.insert("folder".into(), tools::root().join(EXAMPLE).display().to_string().into());
            training.insert("environment".into(), toml::toml! { OMP_NUM_THREADS = "1" }.into());
            let file = toml::Table::from_iter([("training".to_owned(), training.into())]);
            fs::write(self.folder.join(format!("{name}.toml")), toml::to_string(&file)?)?;
        }
        Ok(path)
    }

    fn devnet(&self, group: &Path) -> Result<Command> {
        let names: Vec<&str> = ["exact"].into_iter().chain(launchers().map(|(name, _, _)| name)).collect();
        let mut command = Command::new(self.programs.join("devnet"));
        command.args(["--keep", "--validators", "3", "--trainers", &names.len().to_string(), "--rounds", &ROUNDS.to_string()]);
        command.arg("--dir").arg(self.network()).arg("--group").arg(group).arg("--report").arg(self.report());
        for name in names {
            command.arg("--trainer-file").arg(self.folder.join(format!("{name}.toml")));
        }
        Ok(command)
    }

    fn network(&self) -> PathBuf {
        self.folder.join("network")
    }

    fn report(&self) -> PathBuf {
        self.folder.join("report.json")
    }

    /// Rounds that were won, and by whom.
    fn won(&self) -> Result<Vec<(u64, String)>> {
        let report: Value = serde_json::from_slice(&fs::read(self.report())?)?;
        let rounds = report["rounds"].as_array().context("a report without rounds")?;
        let won = |round: &Value| Some((round["number"].as_u64()?, round["winner"].as_str()?.to_owned()));
        Ok(rounds.iter().filter_map(won).collect())
    }

    fn winners(&self) -> Result<Vec<String>> {
        Ok(self.won()?.into_iter().map(|(_, name)| name).collect())
    }

    fn guest(&self) -> Vec<String> {
        let (network, keys) = (self.network(), self.network().join("keys"));
        let [program, network] = [self.programs.join("neuron"), network.join("network.toml")].map(|path| shown(&path));
        let [key, password] = ["guest.json", "password"].map(|name| shown(&keys.join(name)));
        [program, "--network".into(), network, "--key".into(), key, "--password-file".into(), password].into()
    }

    fn neuron(&self, arguments: &[&str]) -> Result<()> {
        let guest = self.guest();
        tools::run_with(Command::new(&guest[0]).args(&guest[1..]).args(arguments))
    }

    fn neuron_alone(&self, arguments: &[&str]) -> Result<()> {
        tools::run_with(Command::new(self.programs.join("neuron")).args(arguments))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A running network, which is asked to end when this is dropped.
struct Devnet(Child);

impl Devnet {
    /// Starts it and waits until its rounds are over; every trainer must have brought a file by then.
    fn start(command: &mut Command) -> Result<Self> {
        let child = tools::prepared(command, &tools::root()).stdout(Stdio::piped()).spawn().context("the devnet does not start")?;
        let mut devnet = Self(child);
        let output = devnet.0.stdout.take().context("a pipe is missing")?;
        let sealed = until_it_goes_on(BufReader::new(output))?;
        let lacking: Vec<String> = (1..=launchers().len() + 1).map(|number| format!("trainer-{number}")).collect();
        let lacking: Vec<String> = lacking.into_iter().filter(|name| !sealed.contains(name)).collect();
        ensure!(lacking.is_empty(), "{} brought no file in {ROUNDS} rounds: look at node.log in its folder", lacking.join(", "));
        Ok(devnet)
    }

    /// As Ctrl-C does, so that it ends all that it has started.
    fn ask_to_end(&mut self) -> Result<()> {
        if self.0.try_wait()?.is_none() {
            tools::run("kill", &["-INT", &self.0.id().to_string()])?;
            self.0.wait()?;
        }
        Ok(())
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        if self.ask_to_end().is_err() {
            let _ = self.0.kill();
        }
    }
}

/// Shows what the network tells; names of those who have sealed a file.
fn until_it_goes_on(mut output: BufReader<ChildStdout>) -> Result<Vec<String>> {
    let (mut sealed, mut line) = (Vec::new(), String::new());
    while output.read_line(&mut line)? > 0 {
        print!("{line}");
        if line.contains(GOES_ON) {
            // Nobody reads on: what else it says has room in the pipe.
            return Ok(sealed);
        }
        sealed.extend(who_sealed(&line).map(str::to_owned));
        line.clear();
    }
    bail!("the devnet ended before its rounds were over: what it said stands above")
}

fn who_sealed(line: &str) -> Option<&str> {
    line.split_once(SEALED)?.0.split_whitespace().next_back()
}

#[cfg(test)]
mod tests {
    use super::who_sealed;

    #[test]
    fn a_line_that_tells_of_a_sealed_file_names_whose_it_is() {
        assert_eq!(who_sealed("   round 3  trainer-2 has sealed a checkpoint\n"), Some("trainer-2"));
        assert_eq!(who_sealed("   round 3  trainer-2 claims training loss 4.1 → 3.9 nats\n"), None);
    }
}
