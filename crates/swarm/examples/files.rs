//! Measures what a file costs: added in one process, fetched by another, in seconds and memory; prints one line of JSON.
//!
//! `cargo run -p swarm --example files -- 1024 [/folder]`: mebibytes, and where the two nodes keep theirs.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on shall panic")]

use std::env;
use std::io::{self, BufRead, BufReader, Lines, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use protocol::Digest;
use swarm::{Config, Length, Multiaddr, Order, start};

/// Bytes that differ from block to block, as quick as memory.
struct Stream {
    left: u64,
    state: u64,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (buffer.len() as u64).min(self.left) as usize;
        for word in buffer[..count].chunks_mut(8) {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            word.copy_from_slice(&self.state.to_le_bytes()[..word.len()]);
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Peak of the resident memory of this process, MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) >> 10
}

fn say(value: impl std::fmt::Display) {
    println!("{value}");
    io::stdout().flush().unwrap();
}

fn config(seed: u8, folder: &Path) -> Config {
    Config::new("files", folder.into(), [seed; 32])
}

/// Adds, and serves until its input ends.
async fn holder(folder: &Path, mib: u64) {
    let (client, _news) = start(config(1, folder)).await.unwrap();
    let path = folder.join("source");
    io::copy(&mut Stream { left: mib << 20, state: 1 }, &mut std::fs::File::create(&path).unwrap()).unwrap();
    let began = Instant::now();
    let digest = client.add_file(&path).await.unwrap();
    say(began.elapsed().as_secs_f64());
    say(peak_mib());
    say(hex::encode(digest.0));
    say(client.listen_addresses().await.unwrap().remove(0));
    io::stdin().read_line(&mut String::new()).unwrap();
    say(peak_mib());
    client.shutdown().await;
}

/// Fetches what the other one holds.
async fn fetcher(folder: &Path, mib: u64, digest: &str, peer: &str) {
    let mut config = config(2, folder);
    config.peers = vec![peer.parse::<Multiaddr>().unwrap()];
    let (client, _news) = start(config).await.unwrap();
    while client.peers().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(digest, &mut bytes).unwrap();
    let began = Instant::now();
    client.bring(&Order::new(Digest(bytes), Length::Exactly(mib << 20), Duration::from_secs(60))).await.unwrap();
    say(began.elapsed().as_secs_f64());
    say(peak_mib());
    client.shutdown().await;
}

fn child(arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut command = Command::new(env::current_exe().unwrap());
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn measure(mib: &str, folder: &Path) {
    let folders = ["holder", "fetcher"].map(|name| folder.join(name));
    let paths = folders.each_ref().map(|path| path.to_str().unwrap());
    let (mut holder, mut held) = child(&["holder", paths[0], mib]);
    let [add_s, add_mib, digest, at] = std::array::from_fn(|_| held.next().unwrap().unwrap());
    let (mut fetcher, mut fetched) = child(&["fetcher", paths[1], mib, &digest, &at]);
    let [fetch_s, fetch_mib] = std::array::from_fn(|_| fetched.next().unwrap().unwrap());
    fetcher.wait().unwrap();
    drop(holder.stdin.take());
    let serve_mib = held.next().unwrap().unwrap();
    holder.wait().unwrap();
    say(format_args!(
        r#"{{"mib":{mib},"add_s":{add_s},"add_peak_mib":{add_mib},"fetch_s":{fetch_s},"fetch_peak_mib":{fetch_mib},"serve_peak_mib":{serve_mib}}}"#
    ));
    folders.iter().for_each(|folder| _ = std::fs::remove_dir_all(folder));
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match arguments[..] {
        ["holder", folder, mib] => runtime.block_on(holder(Path::new(folder), mib.parse().unwrap())),
        ["fetcher", folder, mib, digest, peer] => runtime.block_on(fetcher(Path::new(folder), mib.parse().unwrap(), digest, peer)),
        [mib] => measure(mib, &env::temp_dir().join(format!("neuron-files-{}", std::process::id()))),
        [mib, folder] => measure(mib, &PathBuf::from(folder)),
        _ => eprintln!("say how many mebibytes: files 1024 [/folder]"),
    }
}
