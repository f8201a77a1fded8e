//! The servers behind a connection: how each of them is, and which one is asked next.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alloy::network::Ethereum;
use alloy::providers::RootProvider;
use alloy::rpc::client::ClientBuilder;
use alloy::transports::TransportError;
use alloy::transports::http::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use alloy::transports::http::reqwest::{Client, Url};

use crate::endpoint::{Endpoint, parse_url};
use crate::error::{ChainError, Failed};
use crate::failure::Failure;

/// Time until the other side must have accepted a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a server is left alone after a failure, if there are others; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_millis(500);
const REST_LIMIT: Duration = Duration::from_secs(60);
/// Bytes from which on a part of an address may be a secret; shorter ones are words like `rpc`.
const LEAST_SECRET: usize = 8;
/// Blocks by which a server may be behind the others.
const LAG_LIMIT: u64 = 3;

/// One server, and how it is.
pub(crate) struct Server {
    pub(crate) provider: RootProvider<Ethereum>,
    /// Scheme, host and port only: the rest of an RPC address is often a secret.
    pub(crate) shown: String,
    /// What must not be shown, should an answer repeat it.
    secrets: Vec<String>,
    /// Time between two requests.
    spacing: Duration,
    health: Mutex<Health>,
}

struct Health {
    failures: u32,
    rests_until: Instant,
    /// When its next request may go out.
    turn: Instant,
    /// The latest block that it told of.
    head: u64,
    chain: ChainSeen,
}

/// Whether it serves the right chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainSeen {
    NotYet,
    Right,
    Other,
}

impl Server {
    pub(crate) fn open(endpoint: &Endpoint, timeout: Duration) -> Result<Self, ChainError> {
        let (url, shown) = parse_url(&endpoint.url)?;
        let client = http_client(&url, &shown, headers(endpoint)?, timeout)?;
        let secrets = secrets(&url, endpoint);
        let provider = RootProvider::new(ClientBuilder::default().http_with_client(client, url));
        let spacing = endpoint.requests_per_second.map_or(Duration::ZERO, |most| Duration::from_secs(1) / most.max(1));
        let now = Instant::now();
        let health = Health { failures: 0, rests_until: now, turn: now, head: 0, chain: ChainSeen::NotYet };
        Ok(Self { provider, shown, secrets, spacing, health: Mutex::new(health) })
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure of a request to it, its reason free of secrets.
    pub(crate) fn failed(&self, means: Failure, cause: TransportError) -> Failed {
        let mut failed = Failed::new(means, &self.shown, cause);
        for secret in &self.secrets {
            failed.reason = failed.reason.replace(secret, "…");
        }
        failed
    }

    /// Waits until a request may go out.
    pub(crate) async fn turn(&self) {
        if self.spacing.is_zero() {
            return;
        }
        let now = Instant::now();
        let turn = {
            let mut health = self.health();
            let turn = health.turn.max(now);
            health.turn = turn + self.spacing;
            turn
        };
        tokio::time::sleep(turn - now).await;
    }

    /// Notes what an answer says about the server itself.
    pub(crate) fn note(&self, failure: Option<Failure>) {
        use Failure as F;
        let mut health = self.health();
        match failure {
            Some(F::TryAgain | F::Overloaded | F::Slower) => {
                let rest = FIRST_REST.saturating_mul(1 << health.failures.min(16)).min(REST_LIMIT);
                health.rests_until = Instant::now() + rest;
                health.failures = health.failures.saturating_add(1);
            }
            None
            | Some(
                F::AskAnother
                | F::Narrow
                | F::WaitForHead
                | F::Forgotten
                | F::Held
                | F::NonceTaken
                | F::FeeTooLow
                | F::PoolFull
                | F::Refused,
            ) => health.failures = 0,
        }
    }

    /// Whether it is left alone for a while.
    pub(crate) fn is_resting(&self) -> bool {
        let health = self.health();
        health.chain == ChainSeen::Other || (health.failures > 0 && Instant::now() < health.rests_until)
    }

    pub(crate) fn told_head(&self, number: u64) {
        self.health().head = number;
    }

    pub(crate) fn chain_seen(&self) -> ChainSeen {
        self.health().chain
    }

    pub(crate) fn see_chain(&self, seen: ChainSeen) {
        self.health().chain = seen;
    }

    /// The order in which servers are asked: the least first.
    fn rank(&self, highest: u64) -> (bool, bool) {
        let head = self.health().head;
        (self.is_resting(), head > 0 && head.saturating_add(LAG_LIMIT) < highest)
    }

    /// In a word or two, for people.
    pub(crate) fn state(&self, highest: u64) -> &'static str {
        match (self.chain_seen(), self.rank(highest)) {
            (ChainSeen::Other, _) => "serves another chain",
            (_, (true, _)) => "does not answer",
            (_, (_, true)) => "is behind",
            _ => "answers",
        }
    }
}

/// The highest block that any of them told of.
pub(crate) fn highest(servers: &[Server]) -> u64 {
    servers.iter().map(|server| server.health().head).max().unwrap_or(0)
}

/// The one to ask next among those that were not asked yet; none serves that has another chain.
pub(crate) fn next<'a>(servers: &'a [Server], asked: &[usize]) -> Option<(usize, &'a Server)> {
    let highest = highest(servers);
    let open = servers.iter().enumerate().filter(|(index, server)| !asked.contains(index) && server.chain_seen() != ChainSeen::Other);
    open.min_by_key(|(index, server)| (server.rank(highest), *index))
}

/// A proxy named in the environment is meant for the outside, never for this machine.
pub(crate) fn http_client(url: &Url, shown: &str, headers: HeaderMap, timeout: Duration) -> Result<Client, ChainError> {
    let mut builder = Client::builder().timeout(timeout).connect_timeout(CONNECT_LIMIT.min(timeout)).default_headers(headers);
    if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|_| ChainError::BadUrl(shown.to_owned()))
}

/// Parts of an address and of headers that are long enough for a secret.
fn secrets(url: &Url, endpoint: &Endpoint) -> Vec<String> {
    let of_path = url.path().split('/').map(str::to_owned);
    let of_query = url.query_pairs().map(|(_, value)| value.into_owned());
    let of_headers = endpoint.headers.values().flat_map(|value| value.split_whitespace()).map(str::to_owned);
    let all = of_path.chain(of_query).chain(of_headers).chain(url.password().map(str::to_owned));
    all.filter(|part| part.len() >= LEAST_SECRET).collect()
}

fn headers(endpoint: &Endpoint) -> Result<HeaderMap, ChainError> {
    let header = |(name, value): (&String, &String)| {
        let bad = || ChainError::BadHeader { url: endpoint.shown(), name: name.clone() };
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value))
    };
    endpoint.headers.iter().map(header).collect()
}
