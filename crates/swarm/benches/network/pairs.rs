//! A file that travels between two processes, ours and Kubo's by turns.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::files::peak_mib;

const MAKES: [&str; 2] = ["ours", "kubo"];
const PAUSE: Duration = Duration::from_millis(50);
/// Until somebody has told what it did: ten minutes.
const TRIES: usize = 12_000;
const TOLD: &str = "told.json";

/// What a holder tells.
#[derive(Serialize, Deserialize)]
pub struct Held {
    /// A digest in hex, or a CID.
    pub name: String,
    pub mib: u64,
    pub address: String,
    pub add_s: f64,
    /// The peak of the process that added.
    pub add_mib: u64,
}

/// What a fetcher tells.
#[derive(Serialize, Deserialize)]
pub struct Fetched {
    pub fetch_s: f64,
    pub fetch_mib: u64,
}

/// Leaves in a folder what was measured, at once or not at all.
pub fn tell(folder: &Path, what: &impl Serialize) {
    let new = folder.join("telling");
    fs::write(&new, serde_json::to_vec(what).unwrap()).unwrap();
    fs::rename(new, folder.join(TOLD)).unwrap();
}

/// Waits for what somebody leaves in its folder.
pub fn told<T: DeserializeOwned>(folder: &Path) -> T {
    let path = folder.join(TOLD);
    let text = (0..TRIES).find_map(|_| fs::read(&path).inspect_err(|_| sleep(PAUSE)).ok());
    serde_json::from_slice(&text.expect("the other process tells in time")).unwrap()
}

/// Killed with its guard.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Two new folders, removed with their guard.
struct Folders([PathBuf; 2]);

impl Folders {
    fn new(at: &Path) -> Self {
        let folders = ["holder", "fetcher"].map(|name| at.join(format!("{name}-{}", std::process::id())));
        folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
        Self(folders)
    }

    fn texts(&self) -> [&str; 2] {
        self.0.each_ref().map(|folder| folder.to_str().unwrap())
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        self.0.iter().for_each(|folder| _ = fs::remove_dir_all(folder));
    }
}

fn own(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Over loopback, with what each needed.
pub fn near(mib: &str, turns: u64, folder: &Path) {
    for make in (0..turns).flat_map(|_| MAKES) {
        let folders = Folders::new(folder);
        let [holding, fetching] = folders.texts();
        let holder = Running(own(&[make, "hold", holding, "127.0.0.1", mib]).spawn().unwrap());
        let held: Held = told(&folders.0[0]);
        assert!(own(&[make, "fetch", fetching, "127.0.0.1", holding]).status().unwrap().success());
        let fetched: Fetched = told(&folders.0[1]);
        let serve_mib = peak_mib(&holder.0.id().to_string());
        println!(
            "{}",
            json!({
                "row": "near", "make": make, "mib": held.mib, "add_s": held.add_s, "fetch_s": fetched.fetch_s,
                "add_mib": held.add_mib, "fetch_mib": fetched.fetch_mib, "serve_mib": serve_mib,
            })
        );
    }
}

/// Between two hosts, over wires of some length that lose packets.
pub fn far(mib: &str, turns: u64, folder: &Path, two_hosts: &str) {
    let program = env::current_exe().unwrap();
    let program = program.display();
    for make in (0..turns).flat_map(|_| MAKES) {
        let folders = Folders::new(folder);
        let [holding, fetching] = folders.texts();
        let hold = format!("exec {program} {make} hold {holding} $NEURON_OWN {mib}");
        let fetch = format!("exec {program} {make} fetch {fetching} $NEURON_OWN {holding}");
        let status = Command::new(two_hosts).args(["--round-trip-ms", "50", "--loss-percent", "1", &hold, &fetch]).status().unwrap();
        assert!(status.success(), "{status}");
        let fetched: Fetched = told(&folders.0[1]);
        println!("{}", json!({ "row": "far", "make": make, "fetch_s": fetched.fetch_s }));
    }
}
