//! The reading half of a connection: requests with limits, retries and errors that tell what to do.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use alloy::network::Ethereum;
use alloy::primitives::Bytes;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::ClientBuilder;
use alloy::transports::TransportError;
use alloy::transports::http::reqwest::{Client, Url};
use alloy::transports::layers::{RateLimitRetryPolicy, RetryPolicy};
use protocol::chain::Block;
use protocol::ids::Address;
use protocol::money::Wei;
use tokio::sync::Semaphore;

use crate::convert;
use crate::error::{self, ChainError};
use crate::header::Header;
use crate::settings::Settings;

/// Requests under way at the same time over one connection.
const REQUESTS_LIMIT: usize = 16;
/// How often one request is tried.
const ATTEMPTS_LIMIT: u32 = 5;
/// Pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between two attempts, whatever the RPC asks for.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);
/// Time until the other side must have accepted a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A connection that reads. Clones share it.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

struct Shared {
    provider: RootProvider<Ethereum>,
    settings: Settings,
    /// Scheme, host and port only: the rest of an RPC address is often a secret.
    shown_url: String,
    slots: Semaphore,
}

impl Reader {
    /// Connects and asks for the chain's id, so that a wrong address or network is found out at once.
    pub async fn connect(settings: Settings) -> Result<Self, ChainError> {
        let reader = Self::open(settings)?;
        let (found, expected) = (reader.ask_id().await?, reader.chain_id());
        if found == expected {
            return Ok(reader);
        }
        Err(ChainError::WrongChain { url: reader.shown_url().to_owned(), found, expected })
    }

    /// As [`Reader::connect`], to whatever chain the server has: its id takes the place of the one in `settings`.
    pub async fn connect_to_any(settings: Settings) -> Result<Self, ChainError> {
        let chain_id = Self::open(settings.clone())?.ask_id().await?;
        Self::connect(Settings { chain_id, ..settings }).await
    }

    fn open(settings: Settings) -> Result<Self, ChainError> {
        let (url, shown_url) = parse_url(&settings.rpc_url)?;
        let client = http_client(&url, Duration::from_secs(settings.request_timeout_s.max(1)))?;
        let provider = RootProvider::new(ClientBuilder::default().http_with_client(client, url));
        let slots = Semaphore::new(REQUESTS_LIMIT);
        Ok(Self { shared: Arc::new(Shared { provider, settings, shown_url, slots }) })
    }

    async fn ask_id(&self) -> Result<u64, ChainError> {
        self.ask("eth_chainId", || self.provider().get_chain_id()).await
    }

    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    pub fn chain_id(&self) -> u64 {
        self.shared.settings.chain_id
    }

    /// The latest block, confirmed or not.
    pub async fn latest(&self) -> Result<Block, ChainError> {
        self.block(self.latest_number().await?).await
    }

    /// Gas that the latest block could hold: no transaction may need more.
    pub async fn block_gas_limit(&self) -> Result<u64, ChainError> {
        Ok(self.latest_header().await?.gas_limit())
    }

    /// The latest block that is `confirmations` deep.
    pub async fn confirmed(&self) -> Result<Block, ChainError> {
        self.block(self.confirmed_number().await?).await
    }

    /// Number of the latest block that is `confirmations` deep; 0 in a chain that is shorter.
    pub async fn confirmed_number(&self) -> Result<u64, ChainError> {
        let behind = self.settings().confirmations.max(1) - 1;
        Ok(self.latest_number().await?.saturating_sub(behind))
    }

    pub async fn block(&self, number: u64) -> Result<Block, ChainError> {
        Ok(self.header(number).await?.block())
    }

    /// The first confirmed block with a timestamp of at least `time_s`, `None` while there is none.
    pub async fn first_block_since(&self, time_s: u64) -> Result<Option<Block>, ChainError> {
        let mut found = self.confirmed().await?;
        if found.time_s < time_s {
            return Ok(None);
        }
        let mut stride = 1;
        let mut below = None;
        while below.is_none() && found.number > 0 {
            let earlier = self.block(found.number.saturating_sub(stride)).await?;
            stride = stride.saturating_mul(2);
            if earlier.time_s < time_s { below = Some(earlier.number) } else { found = earlier }
        }
        let Some(mut below) = below else { return Ok(Some(found)) };
        while found.number - below > 1 {
            let middle = self.block(below + (found.number - below) / 2).await?;
            if middle.time_s < time_s { below = middle.number } else { found = middle }
        }
        Ok(Some(found))
    }

    /// The chain's own coin, in wei.
    pub async fn coin(&self, of: Address) -> Result<Wei, ChainError> {
        let amount = self.ask("eth_getBalance", || ready(self.provider().get_balance(convert::to_eth(of)))).await?;
        Ok(convert::wei(amount).unwrap_or(Wei(u128::MAX)))
    }

    /// The code at an address; empty if there is no contract.
    pub async fn code(&self, at: Address) -> Result<Bytes, ChainError> {
        self.ask("eth_getCode", || ready(self.provider().get_code_at(convert::to_eth(at)))).await
    }

    /// Transactions sent by `of`, those that wait to be mined included: the nonce of the next one.
    pub async fn next_nonce(&self, of: Address) -> Result<u64, ChainError> {
        let count = || ready(self.provider().get_transaction_count(convert::to_eth(of)).pending());
        self.ask("eth_getTransactionCount", count).await
    }

    /// As [`Reader::next_nonce`] without those that wait: fewer while something does.
    pub async fn mined_nonce(&self, of: Address) -> Result<u64, ChainError> {
        let count = || ready(self.provider().get_transaction_count(convert::to_eth(of)).latest());
        self.ask("eth_getTransactionCount", count).await
    }

    pub(crate) async fn latest_header(&self) -> Result<Header, ChainError> {
        self.header(self.latest_number().await?).await
    }

    pub(crate) async fn latest_number(&self) -> Result<u64, ChainError> {
        self.ask("eth_blockNumber", || self.provider().get_block_number()).await
    }

    pub(crate) async fn header(&self, number: u64) -> Result<Header, ChainError> {
        let get = || self.provider().raw_request::<_, Option<Header>>("eth_getBlockByNumber".into(), Header::of(number));
        self.ask("eth_getBlockByNumber", get).await?.ok_or(ChainError::NoSuchBlock(number))
    }

    pub(crate) fn provider(&self) -> &RootProvider<Ethereum> {
        &self.shared.provider
    }

    pub(crate) fn shown_url(&self) -> &str {
        &self.shared.shown_url
    }

    /// One request, tried again when that can help.
    pub(crate) async fn ask<T, C, F>(&self, what: &'static str, request: C) -> Result<T, ChainError>
    where
        C: Fn() -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        self.try_ask(request).await.map_err(|failure| error::from_transport(self.shown_url(), what, &failure))
    }

    /// As [`Reader::ask`], with the failure as it came.
    pub(crate) async fn try_ask<T, C, F>(&self, request: C) -> Result<T, TransportError>
    where
        C: Fn() -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        let mut attempt = 1;
        loop {
            let slot = self.shared.slots.acquire().await;
            let failure = match request().await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            drop(slot);
            if attempt >= ATTEMPTS_LIMIT || !error::is_worth_retrying(&failure) {
                return Err(failure);
            }
            tokio::time::sleep(pause(attempt, &failure)).await;
            attempt += 1;
        }
    }
}

/// Alloy's request builders become futures only when awaited.
pub(crate) async fn ready<T>(request: impl IntoFuture<Output = T>) -> T {
    request.await
}

fn pause(attempt: u32, failure: &TransportError) -> Duration {
    let hint = RateLimitRetryPolicy::default().backoff_hint(failure);
    hint.unwrap_or(FIRST_PAUSE * 2u32.saturating_pow(attempt - 1)).min(PAUSE_LIMIT)
}

pub(crate) fn parse_url(text: &str) -> Result<(Url, String), ChainError> {
    let bad = || ChainError::BadUrl(text.chars().take(40).collect());
    let url = Url::parse(text).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad());
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let shown = format!("{}://{host}{port}", url.scheme());
    Ok((url, shown))
}

/// A proxy named in the environment is meant for the outside, never for this machine.
pub(crate) fn http_client(url: &Url, timeout: Duration) -> Result<Client, ChainError> {
    let mut builder = Client::builder().timeout(timeout).connect_timeout(CONNECT_LIMIT.min(timeout));
    if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ChainError::BadUrl(error.to_string()))
}
