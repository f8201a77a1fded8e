//! One of our nodes that adds a file and holds it, and one that fetches it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use protocol::Digest;
use swarm::{Config, Length, Multiaddr, Order, start};

use crate::pairs::{Fetched, Held, tell, told};

/// Bytes that differ from block to block, as quick as memory.
pub struct Stream {
    left: u64,
    state: u64,
}

impl Stream {
    /// So many mebibytes.
    pub fn of(mib: u64) -> Self {
        Self { left: mib << 20, state: 1 }
    }

    /// The same as a file.
    pub fn write(mut self, path: &Path) {
        io::copy(&mut self, &mut File::create(path).unwrap()).unwrap();
    }
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

/// Peak of the resident memory of a process, KiB; 0 where the system does not say.
pub fn peak_kib(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// The same, MiB.
pub fn peak_mib(process: &str) -> u64 {
    peak_kib(process) >> 10
}

fn config(seed: u8, folder: &Path, host: &str) -> Config {
    let mut config = Config::new("bench", folder.into(), [seed; 32]);
    config.listen = vec![format!("/ip4/{host}/tcp/0").parse().unwrap()];
    (config.mdns, config.relay_client) = (Some(false), false);
    config
}

/// Adds, tells, and holds until it is killed.
pub async fn hold(folder: &Path, host: &str, mib: u64) {
    let source = folder.join("source");
    Stream::of(mib).write(&source);
    let (client, _news) = start(config(1, folder, host)).await.unwrap();
    let began = Instant::now();
    let digest = client.add_file(&source).await.unwrap();
    let add_s = began.elapsed().as_secs_f64();
    let address = client.listen_addresses().await.unwrap().remove(0).to_string();
    tell(folder, &Held { name: hex::encode(digest.0), mib, address, add_s, add_mib: peak_mib("self") });
    std::future::pending::<()>().await;
}

/// Fetches what the holder with that folder has told of.
pub async fn fetch(folder: &Path, host: &str, holder: &Path) {
    let held: Held = told(holder);
    let mut config = config(2, folder, host);
    config.peers = vec![held.address.parse::<Multiaddr>().unwrap()];
    let (client, _news) = start(config).await.unwrap();
    while client.peers().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut digest = [0; 32];
    hex::decode_to_slice(&held.name, &mut digest).unwrap();
    let began = Instant::now();
    client.bring(&Order::new(Digest(digest), Length::Exactly(held.mib << 20), Duration::from_secs(60))).await.unwrap();
    tell(folder, &Fetched { fetch_s: began.elapsed().as_secs_f64(), fetch_mib: peak_mib("self") });
    client.shutdown().await;
}
