//! Help from outside the swarm: what peers do not give in a while is asked of gateways and of an IPFS node of the owner's, block
//! by block, and each is hashed before a fetch sees it. Such a node also gets and pins what this one holds.

mod kubo;
mod patience;
mod source;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use protocol::Digest;
use swarm::{Client, Wanted};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval},
};

use crate::NodeConfig;
use kubo::Kubo;
use patience::Patience;
use source::{Answer, Source};

/// Blocks that are asked for at once, of all sources together.
pub const ASKED_MAX: usize = 8;
/// Peers have so long before anybody else is asked for a block.
pub const PEERS_FIRST: Duration = Duration::from_secs(5);
/// A fetch that was helped is helped at once with its next blocks for so long.
const HELPED: Duration = Duration::from_secs(60);
/// Fetches and absent blocks that are remembered.
const REMEMBERED_MAX: usize = 4096;
/// What no source had is asked for again after this.
const ABSENT: Duration = Duration::from_secs(60);
/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes of an answer in words that are read.
const WORDS_BYTES_MAX: usize = 4096;
/// Characters of them that are shown.
const WORDS_MAX: usize = 200;

/// Helpers at work; they end when this is dropped.
pub struct Outside {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Starts what the settings of a node name: `gateways` and `kubo`.
///
/// # Errors
/// An address that is none.
pub fn start(config: &NodeConfig, client: &Client) -> Result<Outside> {
    let http = source::client().context("no HTTP client can be made")?;
    let kubo = config.kubo.as_deref().map(|address| Kubo::new(address, &http)).transpose()?;
    let gateways = config.gateways.iter().map(|address| Source::gateway(address, &http)).collect::<Result<Vec<_>>>()?;
    let sources: Vec<Source> = kubo.iter().map(Kubo::source).chain(gateways).collect();
    let mut tasks = Vec::new();
    if !sources.is_empty() {
        tasks.push(tokio::spawn(Helper::new(client.clone(), sources).run()));
    }
    if let Some(kubo) = kubo {
        tasks.push(tokio::spawn(kubo.hold(client.clone(), client.holdings())));
    }
    Ok(Outside { tasks })
}

/// Asks for what is waited for.
struct Helper {
    client: Client,
    sources: Vec<(Arc<Source>, Patience)>,
    /// Fetches that were helped, and when last.
    helped: BTreeMap<u64, Instant>,
    /// Blocks that no source had, and when they were asked for.
    absent: BTreeMap<Digest, Instant>,
    /// Blocks that are being asked for.
    asked: BTreeMap<Digest, Errand>,
    running: JoinSet<(Digest, usize, Answer)>,
}

/// A block on the way: for which fetch, and where it was asked for.
struct Errand {
    wanted: Wanted,
    tried: usize,
}

impl Helper {
    fn new(client: Client, sources: Vec<Source>) -> Self {
        let sources = sources.into_iter().map(|source| (Arc::new(source), Patience::default())).collect();
        Self { client, sources, helped: BTreeMap::new(), absent: BTreeMap::new(), asked: BTreeMap::new(), running: JoinSet::new() }
    }

    async fn run(mut self) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Some(done) = self.running.join_next() => {
                    if let Ok((digest, place, answer)) = done {
                        self.answered(digest, place, answer, Instant::now());
                    }
                }
            }
            self.look(Instant::now());
        }
    }

    /// Asks for what has waited long enough, as long as there is room.
    fn look(&mut self, now: Instant) {
        if self.asked.len() >= ASKED_MAX {
            return;
        }
        self.helped.retain(|_, at| now < *at + HELPED);
        self.absent.retain(|_, at| now < *at + ABSENT);
        for wanted in self.client.wanted() {
            let is_due = now >= wanted.since + PEERS_FIRST || self.helped.contains_key(&wanted.fetch);
            if !is_due || self.asked.contains_key(&wanted.digest) || self.absent.contains_key(&wanted.digest) {
                continue;
            }
            let digest = wanted.digest;
            self.asked.insert(digest, Errand { wanted, tried: 0 });
            self.ask(digest, now);
            if self.asked.len() >= ASKED_MAX {
                return;
            }
        }
    }

    /// Asks the next source that is not resting; after the last one the block is absent.
    fn ask(&mut self, digest: Digest, now: Instant) {
        let Some(errand) = self.asked.get_mut(&digest) else { return };
        while let Some((source, patience)) = self.sources.get_mut(errand.tried) {
            errand.tried += 1;
            if patience.is_ready(now) {
                let (source, cid, place) = (source.clone(), errand.wanted.cid, errand.tried - 1);
                self.running.spawn(async move { (digest, place, source.block(&cid).await) });
                return;
            }
        }
        self.asked.remove(&digest);
        if self.absent.len() < REMEMBERED_MAX {
            self.absent.insert(digest, now);
        }
    }

    /// Takes what a source said of a block.
    fn answered(&mut self, digest: Digest, place: usize, answer: Answer, now: Instant) {
        let Some((source, patience)) = self.sources.get_mut(place) else { return };
        match answer {
            Answer::Block(block) => {
                if self.client.offer(digest, block) {
                    patience.served();
                    self.helped(digest, now);
                    return;
                }
                patience.lied(now);
                tracing::warn!(
                    "{source} sent other bytes than were asked for, and is not asked for an hour: take it out of [node] if it stays so"
                );
            }
            Answer::Absent => patience.served(),
            Answer::Trouble(reason) => {
                if let Some(pause) = patience.failed(now) {
                    tracing::warn!("{source} gives nothing and is asked again in {} s: {reason}", pause.as_secs());
                }
            }
        }
        self.ask(digest, now);
    }

    /// Notes that a block came, so that its fetch needs not wait for its next ones.
    fn helped(&mut self, digest: Digest, now: Instant) {
        let Some(Errand { wanted, .. }) = self.asked.remove(&digest) else { return };
        if self.helped.len() < REMEMBERED_MAX {
            self.helped.insert(wanted.fetch, now);
        }
    }
}

/// Words of another program, short and without what a terminal would obey.
fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(WORDS_MAX).collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_of_others_are_short_and_move_no_cursor() {
        assert_eq!(words(b"plain\n"), "plain");
        assert_eq!(words("\u{1b}[2J\u{9b}x \u{202e}\u{7}".as_bytes()).chars().filter(|letter| letter.is_control()).count(), 0);
        assert_eq!(words(&[b'a'; 10_000]).len(), super::WORDS_MAX);
        assert_eq!(words(&[0xff, 0xfe]), "\u{fffd}\u{fffd}");
    }
}
