//! Programs that are asked to end, whatever they do: at their start, before a chain that is silent or gone, while they compute.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    bad_input::{NOBODY, node, shown},
    groups::fresh_folder,
    refusal::program,
    small::Small,
};

/// What a system gives a program before it kills it.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a program may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough to be sure that a program has not ended by itself.
const SURE: Duration = Duration::from_secs(3);
/// Lines that wait to be read.
const LINES_LIMIT: usize = 4_096;

/// A program under test, and what it says.
pub struct Running {
    process: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Running {
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(program(name)?);
        command.args(arguments).env_remove("NEURON_PASSWORD").env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let lines = BufReader::new(process.stderr.take().context("no messages")?).lines().map_while(Result::ok);
        let (sender, receiver) = mpsc::sync_channel(LINES_LIMIT);
        thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Ok(Self { process, lines: receiver, said: Vec::new() })
    }

    /// Waits until it says these words.
    fn until(&mut self, words: &str) -> Result<()> {
        let start = Instant::now();
        while !self.said.last().is_some_and(|line| line.contains(words)) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let Ok(line) = self.lines.recv_timeout(left) else { bail!("it never said {words:?}: {:#?}", self.said) };
            self.said.push(line);
        }
        Ok(())
    }

    /// Waits until it says these words, and tells the one that follows them.
    pub fn told_after(&mut self, words: &str) -> Result<String> {
        self.until(words)?;
        let after = self.said.last().and_then(|line| line.split_once(words)).map_or("", |(_, after)| after);
        Ok(after.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// It goes on for a while, and says these words once.
    fn stays(&mut self, words: &str) -> Result<()> {
        self.until(words)?;
        thread::sleep(SURE);
        ensure!(self.process.try_wait()?.is_none(), "it ended: {:?}", self.rest());
        self.rest();
        let times = self.said.iter().filter(|line| line.contains(words)).count();
        ensure!(times == 1, "{words:?} was said {times} times: {:#?}", self.said);
        Ok(())
    }

    fn rest(&mut self) -> &[String] {
        self.said.extend(self.lines.try_iter());
        &self.said
    }

    /// Asks it to end, which it does in time.
    pub fn end(mut self, signal: &str) -> Result<(ExitStatus, Vec<String>)> {
        ensure!(Command::new("kill").args([signal, &self.process.id().to_string()]).status()?.success(), "no signal was sent");
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            if let Some(status) = self.process.try_wait()? {
                self.said.extend(self.lines.iter());
                return Ok((status, std::mem::take(&mut self.said)));
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("it runs on {LIMIT:?} after {signal}: {:#?}", self.rest())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// An endpoint that takes connections and never answers.
fn silent() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_endpoints_are_all_gone_waits_says_so_once_and_ends_when_asked() -> Result<()> {
    let small = Small::start("stop-alone").await?;
    small.group(None).await?;
    let (_listener, quiet) = silent()?;
    let network = shown(&small.altered("gone.toml", "rpc", toml::Value::from(vec![NOBODY, "http://127.0.0.1:2"]))?)?;
    let hanging = shown(&small.altered("quiet.toml", "rpc", quiet)?)?;
    let mut nodes = Vec::new();
    for name in ["trainer-node", "validator-node"] {
        let gone = node(&small, &format!("{name}-gone"), &[("network", &network)])?;
        let quiet = node(&small, &format!("{name}-quiet"), &[("network", &hanging)])?;
        nodes.push((Running::start(name, &["--config", &gone])?, Running::start(name, &["--config", &quiet])?));
    }
    for (mut gone, quiet) in nodes {
        gone.stays("joining the network fails")?;
        for (node, signal) in [(gone, "-TERM"), (quiet, "-INT")] {
            let (status, said) = node.end(signal)?;
            ensure!(status.success() && said.last().is_some_and(|line| line.contains("stopped; ")), "{status}: {said:#?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trainer_ends_in_the_middle_of_a_run_which_is_kept_and_a_node_ends_before_a_dead_chain() -> Result<()> {
    let small = Small::start("stop-busy").await?;
    small.group(None).await?;
    let config = node(&small, "busy", &[])?;
    let text = fs::read_to_string(&config)?;
    // Longer than any test: what ends it is the signal.
    fs::write(&config, format!("unpaid = true\n{text}\n[training]\nsteps = 16000000\n"))?;
    let mut trainer = Running::start("trainer-node", &["--config", &config])?;
    trainer.until("the run begins")?;
    let mut validator = Running::start("validator-node", &["--config", &node(&small, "watching", &[])?])?;
    validator.until("validator started")?;
    thread::sleep(SURE);
    let folder = small.folder.clone();
    // With the network goes its chain.
    drop(small);
    validator.until("fails: ")?;
    for (program, signal) in [(trainer, "-TERM"), (validator, "-TERM")] {
        let (status, said) = program.end(signal)?;
        ensure!(status.success() && said.last().is_some_and(|line| line.contains("stopped; ")), "{status}: {said:#?}");
    }
    ensure!(folder.join("busy-data/1/run.state").metadata()?.len() > 0, "the run was not kept");
    Ok(())
}

#[test]
fn a_command_and_a_devnet_end_at_once_and_leave_nothing_running() -> Result<()> {
    let folder = fresh_folder("stop-commands")?;
    let (_listener, quiet) = silent()?;
    let network = folder.join("network.toml");
    fs::write(&network, format!("name = \"quiet\"\nrpc = {quiet:?}\ncontract = \"0x00000000000000000000000000000000000000ad\"\n"))?;
    let command = Running::start("neuron", &["--network", &shown(&network)?, "group", "list"])?;
    let dir = folder.join("devnet");
    let group = shown(&crate::groups::digits())?;
    let devnet = Running::start("devnet", &["--group", &group, "--dir", &shown(&dir)?, "--keep"])?;
    let started = Instant::now();
    while !dir.join("trainer-1/node.log").exists() {
        ensure!(started.elapsed() < PATIENCE, "no node was started");
        thread::sleep(Duration::from_millis(100));
    }
    let devnet_id = devnet.process.id();
    ensure!(!children(devnet_id).is_empty(), "a devnet has nodes");
    let nodes = children(devnet_id);
    for program in [command, devnet] {
        let (status, said) = program.end("-TERM")?;
        ensure!(status.code() == Some(1) && said.last().is_some_and(|line| line.contains("interrupted")), "{status}: {said:#?}");
    }
    ensure!(nodes.iter().all(|id| !Path::new(&format!("/proc/{id}")).exists()), "it left running: {nodes:?}");
    Ok(())
}

/// Processes that one has started.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |id: &u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|number| number.trim() == parent.to_string()))
    };
    processes.filter(is_child).collect()
}
