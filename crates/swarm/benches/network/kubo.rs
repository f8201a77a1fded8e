//! The same by Kubo: its files lie in its usual store, synced as ours are, in blocks of the network's profile.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::files::{Stream, peak_mib};
use crate::pairs::{Fetched, Held, tell, told};
use crate::programs::KUBO_VARIABLE;

/// Of Kubo, on hosts that have one address each; on one machine the second node takes the next port.
const PORT: u16 = 14_100;
/// Its usual stores, synced.
const SYNCED: &str = r#"[
    { "mountpoint": "/blocks", "path": "blocks", "prefix": "flatfs.datastore", "shardFunc": "/repo/flatfs/shard/v1/next-to-last/2", "sync": true, "type": "flatfs" },
    { "compression": "none", "mountpoint": "/", "path": "datastore", "prefix": "leveldb.datastore", "type": "levelds" }
]"#;
const PAUSE: Duration = Duration::from_millis(20);
/// Until a daemon answers, and until it is connected.
const TRIES: usize = 3000;

/// Kubo with a folder of its own.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os(KUBO_VARIABLE).expect("NEURON_KUBO names the program"));
    command.env("IPFS_PATH", folder.join("kubo")).env("IPFS_TELEMETRY", "off").args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A new node that speaks to whom it is told to, and to nobody else.
fn init(folder: &Path, host: &str, port: u16) {
    run(folder, &["init", "--profile=test"]);
    for (name, value) in [
        ("AutoConf.Enabled", "false".to_owned()),
        ("Bootstrap", "[]".to_owned()),
        ("Routing.Type", "\"none\"".to_owned()),
        ("DNS.Resolvers", "{}".to_owned()),
        ("Routing.DelegatedRouters", "[]".to_owned()),
        ("Ipns.DelegatedPublishers", "[]".to_owned()),
        ("Addresses.Swarm", format!("[\"/ip4/{host}/tcp/{port}\"]")),
        ("Addresses.Gateway", "[]".to_owned()),
        // As ours is: unless told so, it leaves to the system when a block reaches the disk.
        ("Datastore.Spec.mounts", SYNCED.to_owned()),
        // Otherwise it asks no peer elsewhere for a block that gave it none before.
        ("Internal.Bitswap", "{\"BroadcastControl\":{\"Enable\":false}}".to_owned()),
    ] {
        run(folder, &["config", "--json", name, &value]);
    }
}

/// Waits for the end of a process; its peak of memory, MiB.
fn watched(mut child: Child) -> u64 {
    let (process, mut peak) = (child.id().to_string(), 0);
    loop {
        peak = peak.max(peak_mib(&process));
        match child.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{status}");
                return peak;
            }
            None => sleep(PAUSE),
        }
    }
}

/// Adds without a daemon, which is the quicker way, tells, and becomes the daemon.
pub fn hold(folder: &Path, host: &str, mib: u64) {
    let source = folder.join("source");
    Stream::of(mib).write(&source);
    init(folder, host, PORT);
    let add = ["add", "-q", "--cid-version=1", "--raw-leaves", "--chunker=size-262144", "--progress=false"];
    let began = Instant::now();
    let peak = watched(command(folder, &add).arg(&source).spawn().unwrap());
    let add_s = began.elapsed().as_secs_f64();
    let name =
        run(folder, &["add", "-Q", "--only-hash", "--cid-version=1", "--raw-leaves", "--chunker=size-262144", source.to_str().unwrap()]);
    let address = format!("/ip4/{host}/tcp/{PORT}/p2p/{}", run(folder, &["config", "Identity.PeerID"]));
    tell(folder, &Held { name, mib, address, add_s, add_mib: peak });
    serve(command(folder, &["daemon"]));
}

/// Becomes that program, so that whoever kills this process ends it.
#[cfg(unix)]
fn serve(mut daemon: Command) {
    use std::os::unix::process::CommandExt as _;
    panic!("the daemon cannot be run: {}", daemon.exec());
}

#[cfg(not(unix))]
fn serve(mut daemon: Command) {
    daemon.status().unwrap();
}

/// Fetches by pinning, for so the file is stored whole.
pub fn fetch(folder: &Path, host: &str, holder: &Path) {
    let held: Held = told(holder);
    fs::create_dir_all(folder).unwrap();
    init(folder, host, PORT + 1);
    let mut daemon = command(folder, &["daemon"]).spawn().unwrap();
    let is_up = || fs::read_to_string(folder.join("kubo/api")).is_ok_and(|api| !api.is_empty());
    let connected = || is_up() && command(folder, &["swarm", "connect", &held.address]).status().is_ok_and(|status| status.success());
    assert!(
        (0..TRIES).any(|_| connected() || {
            sleep(PAUSE);
            false
        }),
        "Kubo does not connect"
    );
    let began = Instant::now();
    run(folder, &["pin", "add", &held.name]);
    tell(folder, &Fetched { fetch_s: began.elapsed().as_secs_f64(), fetch_mib: peak_mib(&daemon.id().to_string()) });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}
