//! Exchange with Kubo; `NEURON_KUBO=/path/to/ipfs cargo test -p swarm kubo -- --ignored`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use swarm::{CHUNK_BYTES, LINKS_MAX, cid_of, digest_of};
use tokio::time::sleep;

use crate::support::{address, bytes, node};

const LONG: Duration = Duration::from_secs(60);

struct Kubo {
    program: PathBuf,
    repository: tempfile::TempDir,
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
    /// A daemon that talks to nobody outside this machine.
    async fn start() -> Self {
        let program = std::env::var_os("NEURON_KUBO").expect("NEURON_KUBO names the ipfs program").into();
        let mut kubo = Self { program, repository: tempfile::tempdir().unwrap(), daemon: None };
        kubo.run(&["init", "--profile=test"]);
        for (name, value) in [
            ("AutoConf.Enabled", "false"),
            ("Bootstrap", "[]"),
            ("Routing.Type", "\"none\""),
            ("DNS.Resolvers", "{}"),
            ("Routing.DelegatedRouters", "[]"),
            ("Ipns.DelegatedPublishers", "[]"),
            ("Addresses.Swarm", "[\"/ip4/127.0.0.1/tcp/0\"]"),
        ] {
            kubo.run(&["config", "--json", name, value]);
        }
        kubo.daemon = Some(kubo.command(&["daemon"]).stdout(Stdio::null()).spawn().unwrap());
        let api = kubo.repository.path().join("api");
        for _ in 0..100 {
            // Earlier calls would take the repository's lock from the daemon.
            if api.exists() && kubo.command(&["swarm", "addrs", "local"]).output().unwrap().status.success() {
                return kubo;
            }
            sleep(Duration::from_millis(200)).await;
        }
        panic!("the daemon does not answer");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("IPFS_PATH", self.repository.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn add(&self, file: &[u8]) -> String {
        let path = self.repository.path().join("file");
        std::fs::write(&path, file).unwrap();
        let added = self.run(&["add", "-Q", "--cid-version=1", "--raw-leaves", "--chunker=size-262144", path.to_str().unwrap()]);
        String::from_utf8(added).unwrap().trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the ipfs program"]
async fn kubo_gives_the_same_cids_and_files_travel_both_ways() {
    let kubo = Kubo::start().await;
    let ours = node(1, &[]).await;
    kubo.run(&["swarm", "connect", &address(&ours.client).await.to_string()]);
    let full = (CHUNK_BYTES * LINKS_MAX) as usize;
    for length in [0, 1, 262_144, 262_145, 3_000_000, full, full + 1] {
        let theirs = bytes(length);
        let digest = digest_of(&theirs);
        let cid = cid_of(digest, length as u64).to_string();
        assert_eq!(kubo.add(&theirs), cid, "{length}");
        assert_eq!(ours.client.fetch(digest, length as u64, LONG).await.unwrap(), theirs, "{length}");
    }
    for length in [10, 262_145, 3_000_000, full + 1] {
        let mut file = bytes(length);
        file[0] ^= 0xff;
        let digest = ours.client.add(file.clone()).await.unwrap();
        let cid = cid_of(digest, length as u64).to_string();
        let arguments = ["cat", "--timeout=60s", cid.as_str()];
        let command = &mut kubo.command(&arguments);
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stdout == file, "{length}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the ipfs program"]
async fn a_file_of_unknown_length_comes_from_kubo() {
    let kubo = Kubo::start().await;
    let ours = node(1, &[]).await;
    kubo.run(&["swarm", "connect", &address(&ours.client).await.to_string()]);
    for length in [1000, 700_000] {
        kubo.add(&bytes(length));
        let fetched = ours.client.fetch_up_to(digest_of(&bytes(length)), 1 << 20, LONG).await;
        assert_eq!(fetched.unwrap(), bytes(length));
    }
}
