//! Nodes of ours in temporary folders, and files to be moved.

use std::sync::atomic::{AtomicU8, Ordering};

use swarm::{Client, Config, start};
use tempfile::TempDir;

pub struct Ours {
    pub client: Client,
    _folder: TempDir,
}

/// A node with a name of its own.
pub async fn ours() -> Ours {
    static NAMES: AtomicU8 = AtomicU8::new(1);
    let (folder, name) = (tempfile::tempdir().unwrap(), NAMES.fetch_add(1, Ordering::Relaxed));
    let (client, _events) = start(Config::new("test", folder.path().into(), [name; 32])).await.unwrap();
    Ours { client, _folder: folder }
}

#[allow(dead_code, reason = "each of the tests that include this file asks for what it needs")]
pub async fn address(client: &Client) -> String {
    client.listen_addresses().await.unwrap().remove(0).to_string()
}

/// Bytes without repetition from chunk to chunk, others for each salt.
pub fn bytes(length: usize, salt: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ salt;
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        out.extend((state >> 16).to_le_bytes());
    }
    out.truncate(length);
    out
}
