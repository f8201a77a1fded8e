//! A folder in which a page's commands are typed, and what has to be there before some of them.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    OPERATING, README,
    kept::{KEPT, Kept},
    lines::Line,
    rules::{ENDS, End, FILLED, LEFT, SAYS, Walk},
};

mod before;

/// Of every key here.
const PASSWORD: &str = "devnet";
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Desk<'a> {
    kept: &'a Kept,
    page: &'static str,
    folder: PathBuf,
    /// What stands for names in braces.
    names: BTreeMap<&'static str, String>,
    /// A node that goes on while the next lines are typed.
    node: Option<Child>,
}

impl<'a> Desk<'a> {
    /// The network file, keys, and folders that a page takes as given.
    pub fn prepare(kept: &'a Kept, walk: &Walk) -> Result<Self> {
        let folder = kept.folder.join(Path::new(walk.page).file_stem().context("a name")?);
        for name in ["", "secrets", ".zfunc", ".config/fish/completions", ".local/share/bash-completion/completions"] {
            fs::create_dir_all(folder.join(name))?;
        }
        symlink(kept.folder.join("devnet"), folder.join("devnet"))?;
        fs::copy(folder.join("devnet/network.toml"), folder.join("network.toml"))?;
        fs::copy(folder.join(format!("devnet/keys/{}.json", walk.actor)), folder.join("account.json"))?;
        for name in ["secrets/trainer.password", "secrets/validator.password"] {
            fs::write(folder.join(name), PASSWORD)?;
        }
        fs::write(folder.join("digits"), "07".repeat(32))?;
        let mut desk = Self { kept, page: walk.page, folder, names: BTreeMap::new(), node: None };
        desk.names.insert("alone", " --yes --port 0 --http".to_owned());
        desk.names.insert("http", TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string());
        desk.names.insert("row", before::row()?);
        desk.names.insert("owner", desk.told("neuron --key devnet/keys/owner-4.json key show")?);
        let network: toml::Table = toml::from_str(&fs::read_to_string(desk.folder.join("network.toml"))?)?;
        desk.names.insert("contract", network["contract"].as_str().context("an address")?.to_owned());
        Ok(desk)
    }

    /// Types a line, unless it is left out, and holds what it does to the rules.
    pub fn run(&mut self, line: &Line) -> Result<()> {
        if LEFT.iter().any(|left| left.fits(line)) {
            return Ok(());
        }
        self.before(line)?;
        let text = self.filled(line);
        let end = ENDS.iter().find(|(begins, _)| line.text.starts_with(begins)).map(|(_, end)| end);
        let start = Instant::now();
        let said = self.ended(&text, end).with_context(|| format!("as {text}"))?;
        eprintln!("{:>5.1} s  {text}", start.elapsed().as_secs_f32());
        let of_line = |(page, begins, _): &&(&str, &str, &str)| *page == self.page && line.text.starts_with(begins);
        for (_, _, words) in SAYS.iter().filter(of_line) {
            ensure!(said.contains(words), "it does not say {words:?}: {said}");
        }
        self.after(line, &said)
    }

    fn ended(&self, text: &str, end: Option<&End>) -> Result<String> {
        let codes: &[i32] = if let Some(End::Code(codes)) = end { codes } else { &[0] };
        if let Some(End::Asked(words)) = end {
            return self.asked(text, words);
        }
        let start = Instant::now();
        loop {
            let (code, said) = shell(&self.folder, text)?;
            let is_well = code.is_some_and(|code| codes.contains(&code));
            match end {
                _ if is_well => return Ok(said),
                Some(End::Or(words)) if said.contains(words) => return Ok(said),
                Some(End::Later(words)) if said.contains(words) && start.elapsed() < PATIENCE => sleep(Duration::from_secs(1)),
                _ => bail!("it ended with {code:?}: {said}"),
            }
        }
    }

    /// Starts it, waits for the words, and asks it to end.
    fn asked(&self, text: &str, words: &str) -> Result<String> {
        let (mut child, path) = self.start(text)?;
        let waited = said_within(&path, words, &mut child);
        interrupt(child.id())?;
        let status = child.wait()?;
        waited?;
        let said = fs::read_to_string(&path)?;
        ensure!(status.success(), "asked to end, it ended with {status}: {said}");
        Ok(said)
    }

    /// A process of its own, with what it says in a file.
    fn start(&self, text: &str) -> Result<(Child, PathBuf)> {
        let path = self.folder.join("said.log");
        let file = fs::File::create(&path)?;
        let mut command = bash(&self.folder, &format!("exec {text}"))?;
        Ok((command.stdout(file.try_clone()?).stderr(file).spawn()?, path))
    }

    /// The line with something real for what only stands for it.
    fn filled(&self, line: &Line) -> String {
        let rules = FILLED.iter().filter(|filled| filled.page == self.page && filled.fits(line));
        let text = rules.fold(line.text.clone(), |text, filled| text.replacen(filled.word, filled.by, 1));
        self.names.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// What a command says that has to end well.
    fn told(&self, text: &str) -> Result<String> {
        let (code, said) = shell(&self.folder, text)?;
        ensure!(code == Some(0), "{text}: {said}");
        Ok(said.trim().to_owned())
    }

    /// Ends what goes on.
    pub fn end(mut self) -> Result<()> {
        let Some(mut node) = self.node.take() else { return Ok(()) };
        interrupt(node.id())?;
        let status = node.wait()?;
        ensure!(status.success(), "a node ended with {status}");
        Ok(())
    }
}

/// Waits until a file has these words, as long as the process that writes it lives.
fn said_within(path: &Path, words: &str, child: &mut Child) -> Result<()> {
    let start = Instant::now();
    while !fs::read_to_string(path)?.contains(words) {
        let ended = child.try_wait()?;
        let said = || fs::read_to_string(path).unwrap_or_default();
        ensure!(ended.is_none(), "it ended with {ended:?} before it said {words:?}: {}", said());
        ensure!(start.elapsed() < PATIENCE, "it does not say {words:?}: {}", said());
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Runs a line as somebody types it: how it ends, and what it says.
pub fn shell(folder: &Path, text: &str) -> Result<(Option<i32>, String)> {
    let output = bash(folder, text)?.output()?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok((output.status.code(), said))
}

fn bash(folder: &Path, text: &str) -> Result<Command> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.args(["-c", text]).current_dir(folder).stdin(Stdio::null()).env("HOME", folder).env("USER", "neuron");
    command.env("PATH", format!("{}:{path}", programs()?.display())).env_remove("XDG_STATE_HOME");
    for variable in ["NEURON_PASSWORD", "NEURON_NEW_PASSWORD", "NEURON_OLD_PASSWORD"] {
        command.env(variable, PASSWORD);
    }
    Ok(command)
}

/// Where the programs lie that were built with this test.
pub fn programs() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_BIN_EXE_neuron")).parent().context("a folder")?.to_owned())
}

/// Ctrl-C.
pub fn interrupt(id: u32) -> Result<()> {
    ensure!(Command::new("kill").args(["-INT", &id.to_string()]).status()?.success(), "process {id} cannot be asked to end");
    Ok(())
}
