//! Starting a node: folder, keys, swarm, listeners, and the task that runs it all.
//!
//! Whatever can fail, fails here and at once: when [`start`] returns, the node listens on every address
//! that was asked for.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libp2p::core::transport::ListenerId;
use libp2p::identity::Keypair;
use libp2p::{Multiaddr, Swarm};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::addresses::{check_dial, check_external, check_listen, is_quic, peer_in, socket_in};
use crate::archive::Archive;
use crate::client::Client;
use crate::config::Config;
use crate::error::SwarmError;
use crate::event::{Event, Events};
use crate::fetch::Fetcher;
use crate::gate::{Gate, Policy};
use crate::letters::Letters;
use crate::logs::Logs;
use crate::meeting::Meeting;
use crate::peers::{AddressBook, Offenders};
use crate::protocols::{self, Protocols};
use crate::store::BlockStore;
use crate::swarm::{COMMANDS_MAX, Node};
use crate::throttle::Tally;

/// Listeners are ready within this, or there is something wrong.
const LISTEN_TIME: Duration = Duration::from_secs(10);
/// A cap on bytes a second is no lower.
const CAP_MIN: u64 = 16_384;

/// Starts a node, inside a tokio runtime. It runs until [`Client::shutdown`], or until the last client is
/// dropped. The receiver may be dropped: then nobody hears of news, and all else goes on.
///
/// ```
/// use swarm::{Config, start};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let (client, _news) = start(Config::new("31337/0x00", folder.path().into(), [1; 32])).await?;
/// let digest = client.add(vec![7; 300_000]).await?;
/// assert_eq!(digest, swarm::digest_of(&vec![7; 300_000]));
/// assert!(client.has(digest).await?);
/// client.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A folder that cannot be used or is in use, an address that cannot be listened on or dialled, a number with which no node
/// can work, a key that is none.
pub async fn start(config: Config) -> Result<(Client, mpsc::Receiver<Event>), SwarmError> {
    check(&config)?;
    let gate = Arc::new(Gate::new(Policy::new(&config.listen, &config.peers, Instant::now())));
    let meeting = Meeting::new(&config, gate.clone(), Instant::now());
    let lock = Arc::new(lock(&config.data)?);
    let (store, logs) = open(&config)?;
    let key = Keypair::ed25519_from_bytes(config.key).map_err(|error| SwarmError::Setup(error.to_string()))?;
    let tally = Tally::default();
    let mut swarm = protocols::swarm(&config, key, store.clone(), &gate, tally.clone())?;
    let listeners = listen(&mut swarm, &config.listen)?;
    for address in &config.external {
        swarm.add_external_address(address.clone());
    }
    config.peers.iter().filter_map(peer_in).for_each(|peer| swarm.behaviour_mut().doors.0.know(peer));
    let (command_sender, commands) = mpsc::channel(COMMANDS_MAX);
    let (event_sender, events) = mpsc::channel(config.events_max.max(1));
    let archive = Archive::start(logs, lock.clone()).map_err(|error| SwarmError::Setup(error.to_string()))?;
    let fetcher = Fetcher::new(store, command_sender);
    let client = Client::new(*swarm.local_peer_id(), archive.author, fetcher, archive.tasks.clone(), tally);
    let mut node = Node {
        swarm,
        network: config.network,
        commands,
        events: Events::new(event_sender),
        letters: Letters::new(archive),
        book: book(config.peers),
        meeting,
        offenders: Offenders::default(),
        connections_wanted: config.outbound_connections_max as usize,
        full_told: None,
        _lock: lock,
    };
    let ready = timeout(LISTEN_TIME, node.listening(listeners)).await;
    ready.map_err(|_| SwarmError::Setup(format!("no listener was ready within {LISTEN_TIME:?}")))??;
    tokio::spawn(node.run());
    Ok((client, events))
}

/// What no node can work with is refused before anything is done.
fn check(config: &Config) -> Result<(), SwarmError> {
    for address in &config.listen {
        check_listen(address).map_err(|reason| SwarmError::Listen { address: address.clone(), reason: reason.into() })?;
    }
    for address in &config.external {
        check_external(address).map_err(|reason| SwarmError::External { address: address.clone(), reason: reason.into() })?;
    }
    for address in &config.peers {
        check_dial(address).map_err(|reason| SwarmError::Dial { address: address.clone(), reason: reason.into() })?;
    }
    let limit = |name, value, reason| Err(SwarmError::Limit { name, value, reason });
    for (name, cap) in [("upload_bytes_per_s", config.upload_bytes_per_s), ("download_bytes_per_s", config.download_bytes_per_s)] {
        if let Some(value) = cap.filter(|value| *value < CAP_MIN) {
            return limit(
                name,
                value,
                "with less than 16384 bytes a second a node does not keep up with its groups; leave it out for no limit",
            );
        }
    }
    match config {
        Config { outbound_connections_max: 0, .. } => {
            limit("outbound_connections_max", 0, "a node that dials nobody finds nobody; 64 are usual")
        }
        Config { inbound_per_host_max: Some(0), .. } => limit("inbound_per_host_max", 0, "nobody could come in; 8 are usual"),
        _ => Ok(()),
    }
}

/// Keeps other processes out of the folder as long as the file is open.
///
/// # Errors
/// `FolderInUse`, `Folder`.
pub fn lock(folder: &Path) -> Result<File, SwarmError> {
    let unusable = |source| SwarmError::Folder { path: folder.into(), source };
    fs::create_dir_all(folder).map_err(unusable)?;
    let file = File::create(folder.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SwarmError::FolderInUse { path: folder.into() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// Blocks and logs of the folder, with what a crash left half written removed.
fn open(config: &Config) -> Result<(Arc<BlockStore>, Logs), SwarmError> {
    let store = BlockStore::open(&config.data.join("blocks"), config.store_bytes_max)?;
    let logs = Logs::new(&config.data.join("logs"), &config.key, &config.network);
    let logs = logs.map_err(|source: io::Error| SwarmError::Folder { path: config.data.clone(), source })?;
    Ok((Arc::new(store), logs))
}

/// A listener for each address; each is asked for alone first.
fn listen(swarm: &mut Swarm<Protocols>, addresses: &[Multiaddr]) -> Result<Vec<ListenerId>, SwarmError> {
    let listen = |address: &Multiaddr| {
        let failed = |reason| SwarmError::Listen { address: address.clone(), reason };
        probe(address).map_err(|error| failed(error.to_string()))?;
        swarm.listen_on(address.clone()).map_err(|error| failed(error.to_string()))
    };
    addresses.iter().map(listen).collect()
}

/// libp2p shares ports (SO_REUSEPORT): two nodes would listen on one without an error, so it is asked for alone first.
fn probe(address: &Multiaddr) -> io::Result<()> {
    match socket_in(address) {
        Some(socket) if is_quic(address) => UdpSocket::bind(socket).map(|_| ()),
        Some(socket) => TcpListener::bind(socket).map(|_| ()),
        None => Err(io::Error::other("only TCP and QUIC over IPv4 and IPv6 are spoken")),
    }
}

/// The peers of the configuration, to be dialled at once.
fn book(peers: Vec<Multiaddr>) -> AddressBook {
    let mut book = AddressBook::default();
    for address in peers {
        book.configure(address, Instant::now());
    }
    book
}
