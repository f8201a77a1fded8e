//! One libp2p swarm: files as IPFS blocks by digest, gossip, and the replicated log of each group.
//!
//! [`start`] runs the node on a task of its own and gives a [`Client`], which everyone shares, and the
//! news of the node as [`Event`]s. Whatever comes from peers is checked before it is kept: blocks by
//! their hash, messages by their author's signature. Nothing here knows a contract or a rule of rounds.
//!
//! What a node speaks, each with the limits that stand beside it in the code:
//!
//! | protocol | what for | where it is fixed |
//! |---|---|---|
//! | bitswap 1.2 | blocks of files, with Kubo, boxo and Helia too | PROTOCOL 10 |
//! | gossipsub | new messages of a group's log, at once | PROTOCOL 14, Gossip |
//! | `/neuron/…/log/2` | what gossip missed, by comparing logs | PROTOCOL 14, Copying |
//! | `/neuron/…/kad/1` | who takes part in a group, who holds a file | PROTOCOL 15, Finding |
//! | circuit relay 2, DCUtR, AutoNAT 2 | coming in where a router is in the way | PROTOCOL 15, Being reached |
//! | identify, ping | what a peer runs, and whether it is alive | libp2p |
//!
//! Transport is TCP with noise and yamux, and QUIC, over IPv4 and IPv6, names, and circuits through relays. Peers are found
//! by the configuration, by lookups, on the local network, and by what nodes announce in the logs of their groups.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use swarm::{Config, Event, start};
//! use protocol::{GroupId, log::Body};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new("31337/0x0101010101010101010101010101010101010101", "data".into(), [7; 32]);
//! config.peers = vec!["/ip4/203.0.113.7/tcp/4400/p2p/12D3KooWJBzvFnsewbwWukhVdDace6zqYGLp6D3Db8kWSv2Cs35S".parse()?];
//! let (client, mut news) = start(config).await?;
//!
//! // A file: stored here, served to whoever asks for its digest, and fetched the same way.
//! let digest = client.add(b"0,3,7\n".to_vec()).await?;
//! assert_eq!(client.fetch(digest, 6, Duration::from_secs(10)).await?, b"0,3,7\n");
//!
//! // A log: what is written here reaches every node of the group, and the other way round.
//! let group = GroupId(1);
//! client.subscribe(group).await?;
//! client.append(group, Body::Note("here I am".into())).await?;
//! while let Some(event) = news.recv().await {
//!     if let Event::Envelope { envelope, .. } = event {
//!         println!("{} wrote a {:?}", envelope.author(), envelope.kind());
//!         break;
//!     }
//! }
//! client.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod addresses;
mod archive;
mod bitswap;
mod candidates;
mod car;
mod cids;
mod clerk;
mod client;
mod client_files;
mod config;
mod dag;
mod dials;
mod discovery;
mod doors;
mod error;
mod event;
mod fetch;
mod files;
mod gate;
mod generations;
mod gossip;
mod group_log;
mod ipfs;
mod letters;
mod links;
mod log_file;
mod logs;
mod meeting;
mod migration;
mod outside;
mod peers;
mod post;
mod protocols;
mod providers;
mod rates;
mod reach;
mod records;
mod relays;
mod replicas;
mod shelf;
mod start;
mod store;
mod swarm;
mod sync;
mod tasks;
mod throttle;
mod transport;
mod walk;
mod wire;

pub use car::{BLOCK_BYTES_MAX, CarError, CarReader, frame as car_frame, header as car_header};
pub use cid::Cid;
pub use cids::digest_in;
pub use client::Client;
pub use config::{Config, STORE_BYTES_MAX};
pub use dag::NotANode;
pub use error::{FetchError, LogsError, SwarmError};
pub use event::Event;
pub use fetch::{Length, Order, Progress};
pub use files::{CHUNK_BYTES, FILE_BYTES_MAX, LINKS_MAX, cid_of, digest_of};
pub use ipfs::{ExportError, ImportError, Imported};
pub use libp2p::{Multiaddr, PeerId};
pub use links::{Neighbour, Neighbourhood};
pub use logs::{Entry, READ_MAX};
pub use outside::{Holding, Wanted};
pub use reach::Reachability;
pub use shelf::{Shelf, digest_in_text};
pub use start::start;
pub use store::status::{Held, Status, Sums};
pub use store::whole::Bytes;
pub use store::{PinsError, StoreError};
pub use swarm::peer_of;
pub use throttle::Traffic;
pub use walk::{NAMES_MAX, Scope, Span, Walk, WalkError};
