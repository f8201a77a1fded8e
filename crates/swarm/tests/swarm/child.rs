//! Processes of their own: what memory files take at every station, and what a killed fetch leaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use protocol::Digest;
use swarm::{CHUNK_BYTES, Length, Multiaddr, Order, Progress, start};
use tokio::sync::watch;

use crate::support::{SOON, address, config};

const LENGTH: u64 = 256 << 20;
/// Peak of the resident memory of a process, its program and libraries included. The file is more than twice as large.
const MEMORY_BYTES_MAX: u64 = 112 << 20;

/// Bytes that nobody has to keep.
struct Stream(u64);

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = (buffer.len() as u64).min(LENGTH - self.0) as usize;
        for byte in &mut buffer[..count] {
            *byte = (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8;
            self.0 += 1;
        }
        Ok(count)
    }
}

/// Memory that this process had at most, bytes; 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn say(word: &str, value: impl std::fmt::Display) {
    println!("\n{word}={value}");
    std::io::stdout().flush().unwrap();
}

/// Does nothing unless it was started by one of the tests below.
#[tokio::test(flavor = "multi_thread")]
async fn the_other_process() {
    let Ok(part) = std::env::var("NEURON_TEST_PART") else { return };
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let folder = value("NEURON_TEST_FOLDER");
    let peers: Vec<Multiaddr> = value("NEURON_TEST_PEER").parse().into_iter().collect();
    let seed = if part == "add" { 1 } else { 2 };
    let (client, _events) = start(config(seed, Path::new(&folder), &peers)).await.unwrap();
    if part == "add" {
        let digest = client.add_from(Stream(0)).await.unwrap();
        say("digest", hex::encode(digest.0));
        say("address", address(&client).await);
    } else {
        let mut digest = [0; 32];
        hex::decode_to_slice(value("NEURON_TEST_DIGEST"), &mut digest).unwrap();
        let mut order = Order::new(Digest(digest), Length::Exactly(LENGTH), if peers.is_empty() { SOON / 4 } else { SOON });
        let (progress, mut watched) = watch::channel(Progress::default());
        order.progress = Some(progress);
        let watching = tokio::spawn(async move {
            while watched.changed().await.is_ok() {
                let done = watched.borrow_and_update().done_bytes;
                say("done", done);
            }
        });
        let brought = client.bring(&order).await;
        drop(order);
        watching.await.unwrap();
        say("brought", brought.is_ok());
        if brought.is_ok() {
            client.export(Digest(digest), LENGTH, &Path::new(&folder).join("exported")).await.unwrap();
        }
    }
    say("peak", peak_bytes());
    // Serves until nobody waits for it any more.
    let mut end = String::new();
    std::io::stdin().read_line(&mut end).unwrap();
    say("peak", peak_bytes());
    client.shutdown().await;
}

struct Process {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Process {
    fn start(part: &str, folder: &Path, digest: &str, peer: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child::the_other_process", "--nocapture"]);
        command.env("NEURON_TEST_PART", part).env("NEURON_TEST_FOLDER", folder);
        command.env("NEURON_TEST_DIGEST", digest).env("NEURON_TEST_PEER", peer);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What it says next under that word.
    fn hear(&mut self, word: &str) -> String {
        let prefix = format!("{word}=");
        let mut heard = self.lines.by_ref().map_while(Result::ok).filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned));
        heard.next().unwrap_or_else(|| panic!("it ended without a word on {word}"))
    }

    /// The last it says under that word before another one.
    fn hear_until(&mut self, word: &str, end: &str) -> (Option<String>, String) {
        let mut last = None;
        loop {
            let line = self.lines.next().expect("it goes on").unwrap();
            match line.split_once('=') {
                Some((found, value)) if found == word => last = Some(value.to_owned()),
                Some((found, value)) if found == end => return (last, value.to_owned()),
                _ => {}
            }
        }
    }

    fn end(mut self) -> u64 {
        _ = self.child.stdin.take();
        let peak = self.hear("peak").parse().unwrap();
        _ = self.lines.by_ref().map_while(Result::ok).count();
        assert!(self.child.wait().unwrap().success());
        peak
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn a_file_of_256_mib_is_added_served_fetched_and_written_elsewhere_in_bounded_memory() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut adder = Process::start("add", folders[0].path(), "", "");
    let (digest, at) = (adder.hear("digest"), adder.hear("address"));
    let added: u64 = adder.hear("peak").parse().unwrap();
    let mut fetcher = Process::start("fetch", folders[1].path(), &digest, &at);
    assert_eq!(fetcher.hear("brought"), "true");
    _ = fetcher.hear("peak");
    let (fetched, served) = (fetcher.end(), adder.end());
    println!("peaks: add {} MiB, serve {} MiB, fetch {} MiB", added >> 20, served >> 20, fetched >> 20);
    assert_eq!(std::fs::metadata(folders[1].path().join("exported")).unwrap().len(), LENGTH);
    assert!(added.max(served).max(fetched) < MEMORY_BYTES_MAX);
}

#[test]
fn a_killed_fetch_goes_on_where_it_was_without_asking_again() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut adder = Process::start("add", folders[0].path(), "", "");
    let (digest, at) = (adder.hear("digest"), adder.hear("address"));
    let mut fetcher = Process::start("fetch", folders[1].path(), &digest, &at);
    let mut done = 0;
    while done < LENGTH / 3 {
        done = fetcher.hear("done").parse().unwrap();
    }
    fetcher.child.kill().unwrap();
    drop(fetcher);
    // Nobody is there to be asked: all of this comes from the disk.
    let mut alone = Process::start("fetch", folders[1].path(), &digest, "");
    let (again, brought) = alone.hear_until("done", "brought");
    assert_eq!(brought, "false");
    // As many blocks as are asked for side by side are between what is there, and hide what is behind them.
    let hidden = 64 * CHUNK_BYTES;
    assert!(again.unwrap().parse::<u64>().unwrap() >= done - hidden, "what had come is there");
    drop(alone);
    let mut fetcher = Process::start("fetch", folders[1].path(), &digest, &at);
    assert_eq!(fetcher.hear("brought"), "true");
}
