//! One libp2p swarm: files as IPFS blocks by digest, gossip, and the replicated log of each group.
//!
//! [`start`] runs the node on a task of its own and gives a [`Client`], which everyone shares, and the news of the node.

mod bitswap;
mod cids;
mod client;
mod config;
mod error;
mod event;
mod fetch;
mod files;
mod log_file;
mod logs;
mod peers;
mod protocols;
mod replicas;
mod start;
mod store;
mod swarm;
mod sync;
mod wire;

pub use client::Client;
pub use config::Config;
pub use error::{FetchError, NetworkError};
pub use event::Event;
pub use files::{CHUNK_BYTES, FILE_BYTES_MAX, LINKS_MAX, cid_of, digest_of};
pub use libp2p::{Multiaddr, PeerId};
pub use logs::{Entry, LogsError, READ_MAX};
pub use start::start;
pub use store::StoreError;
pub use swarm::peer_of;
