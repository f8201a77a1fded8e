//! Running nodes: Kubo as a daemon, Helia as a process that takes orders, and one of ours.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use crate::programs;

/// A daemon that talks to nobody outside this machine.
pub struct Kubo {
    program: PathBuf,
    pub repository: TempDir,
    daemon: Option<Child>,
}

impl Drop for Kubo {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            _ = daemon.kill();
            _ = daemon.wait();
        }
    }
}

impl Kubo {
    /// None where there is no Go, which was said.
    pub async fn start() -> Option<Self> {
        let mut kubo = Self { program: programs::kubo().await?, repository: tempfile::tempdir().unwrap(), daemon: None };
        kubo.run(&["init", "--profile=test"]);
        for (name, value) in [
            ("AutoConf.Enabled", "false"),
            ("Bootstrap", "[]"),
            ("Routing.Type", "\"none\""),
            ("DNS.Resolvers", "{}"),
            ("Routing.DelegatedRouters", "[]"),
            ("Ipns.DelegatedPublishers", "[]"),
            ("Addresses.Swarm", "[\"/ip4/127.0.0.1/tcp/0\"]"),
            ("Addresses.Gateway", "\"/ip4/127.0.0.1/tcp/0\""),
        ] {
            kubo.run(&["config", "--json", name, value]);
        }
        kubo.daemon = Some(kubo.command(&["daemon"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..300 {
            // Earlier calls would take the repository's lock from the daemon.
            if kubo.told("api").is_some() && kubo.told("gateway").is_some() {
                return Some(kubo);
            }
            sleep(Duration::from_millis(200)).await;
        }
        panic!("the daemon does not answer");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("IPFS_PATH", self.repository.path()).env("IPFS_TELEMETRY", "off").args(arguments).stdin(Stdio::null());
        command
    }

    /// What a command prints; the test fails if it fails.
    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The same as a line of text.
    pub fn line(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(arguments)).unwrap().trim().to_owned()
    }

    /// The address that the daemon wrote into its folder.
    fn told(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.repository.path().join(name)).ok().filter(|text| !text.is_empty())
    }

    /// `http://127.0.0.1:…` of its RPC.
    #[allow(dead_code, reason = "each of the tests that include this file asks for what it needs")]
    pub fn rpc(&self) -> String {
        let told = self.told("api").unwrap();
        format!("http://127.0.0.1:{}", told.trim().rsplit('/').next().unwrap())
    }

    /// `http://127.0.0.1:…` of its gateway.
    #[allow(dead_code, reason = "each of the tests that include this file asks for what it needs")]
    pub fn gateway(&self) -> String {
        self.told("gateway").unwrap().trim().trim_end_matches('/').to_owned()
    }

    /// Adds a file in the profile of the network and tells its CID.
    pub fn add(&self, file: &[u8]) -> String {
        let path = self.repository.path().join("file");
        std::fs::write(&path, file).unwrap();
        self.line(&["add", "-Q", "--cid-version=1", "--raw-leaves", "--chunker=size-262144", path.to_str().unwrap()])
    }
}

/// A Helia node in a Node process.
pub struct Helia {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Drop for Helia {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Helia {
    /// Over bitswap, or from a gateway; none where there is no npm, which was said.
    pub async fn start(gateway: Option<&str>) -> Option<Self> {
        let home = programs::helia().await?;
        let mut command = Command::new(programs::node(&home));
        command.arg("peer.mjs").args(gateway).current_dir(&home).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut helia = Self { process, orders, answers, folder: tempfile::tempdir().unwrap() };
        // It runs once it has told where.
        helia.answer("address");
        Some(helia)
    }

    /// The value of that name in the next answer.
    fn answer(&mut self, name: &str) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let found = line.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest.trim_end().trim_end_matches('}').trim_matches('"'));
        found.unwrap_or_else(|| panic!("no {name} in {line}")).to_owned()
    }

    fn ask(&mut self, order: &str, name: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer(name)
    }

    #[allow(dead_code, reason = "each of the tests that include this file asks for what it needs")]
    pub fn dial(&mut self, address: &str) {
        self.ask(&format!("{{\"dial\":\"{address}\"}}"), "dialled");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("file")
    }

    /// Adds a file in the profile of the network and tells its CID.
    #[allow(dead_code, reason = "each of the tests that include this file asks for what it needs")]
    pub fn add(&mut self, file: &[u8]) -> String {
        std::fs::write(self.path(), file).unwrap();
        let order = format!("{{\"add\":{:?}}}", self.path());
        self.ask(&order, "cid")
    }

    /// The bytes behind a CID, from wherever this node gets them.
    pub fn cat(&mut self, cid: &str) -> Vec<u8> {
        let path = self.path();
        let order = format!("{{\"cat\":\"{cid}\",\"to\":{path:?}}}");
        self.ask(&order, "length");
        std::fs::read(Path::new(&path)).unwrap()
    }
}
