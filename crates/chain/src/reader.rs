//! The reading half of a connection: requests with limits, retries and errors that tell what to do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy::network::{Ethereum, TransactionBuilder};
use alloy::primitives::Bytes;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{BlockNumberOrTag, TransactionRequest};
use alloy::transports::{RpcError, TransportError};
use futures::future::join_all;
use protocol::chain::Block;
use protocol::ids::Address;
use protocol::money::Wei;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::convert;
use crate::error::{ChainError, Failed};
use crate::failure::Failure;
use crate::header::Header;
use crate::server::{self, ChainSeen, Server};
use crate::settings::Settings;
use crate::span::Span;
use crate::trouble::Trouble;

/// The method that tells the latest block.
const BLOCK_NUMBER: &str = "eth_blockNumber";
/// The method that tells of a block.
const GET_BLOCK: &str = "eth_getBlockByNumber";
/// Looks at the latest block, after which another server is asked for it too.
const LOOKS_ELSEWHERE: u32 = 8;
/// The method that tells which chain it is.
pub(crate) const CHAIN_ID: &str = "eth_chainId";
/// Requests under way at the same time over one connection.
const REQUESTS_LIMIT: usize = 16;

/// A connection that reads. Clones share it.
#[derive(Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

struct Shared {
    /// At least one.
    servers: Vec<Server>,
    settings: Settings,
    slots: Semaphore,
    span: Span,
    looked_elsewhere: Mutex<Option<Instant>>,
    /// What the chain does not answer now, by what it is for; see [`Reader::degraded`].
    troubles: watch::Sender<BTreeMap<&'static str, String>>,
}

impl Reader {
    /// Connects and asks every server for the chain's id, so that a wrong address or network is found out at once. One that is
    /// silent is asked again before it is used, if another one answers.
    pub async fn connect(settings: Settings) -> Result<Self, ChainError> {
        let reader = Self::open(settings)?;
        let mut silent = None;
        for answer in join_all(reader.servers().iter().map(|server| reader.check_chain(server))).await {
            if let Err(failed) = answer? {
                let error = failed.of(CHAIN_ID);
                tracing::warn!(%error, "an endpoint does not answer");
                silent.get_or_insert(error);
            }
        }
        let answers = reader.servers().iter().any(|server| server.chain_seen() == ChainSeen::Right);
        if answers { Ok(reader) } else { Err(silent.unwrap_or(ChainError::NoEndpoint)) }
    }

    /// As [`Reader::connect`], to whatever chain the server has: its id takes the place of the one in `settings`.
    pub async fn connect_to_any(settings: Settings) -> Result<Self, ChainError> {
        let reader = Self::open(settings.clone())?;
        let chain_id = reader.ask(CHAIN_ID, |provider| async move { provider.get_chain_id().await }).await?;
        Self::connect(Settings { chain_id, ..settings }).await
    }

    fn open(settings: Settings) -> Result<Self, ChainError> {
        let timeout = Duration::from_secs(settings.request_timeout_s.max(1));
        let servers: Result<Vec<_>, _> = settings.rpc.all().iter().map(|endpoint| Server::open(endpoint, timeout)).collect();
        let (slots, span, troubles) = (Semaphore::new(REQUESTS_LIMIT), Span::new(settings.log_blocks), watch::Sender::default());
        Ok(Self { shared: Arc::new(Shared { servers: servers?, settings, slots, span, looked_elsewhere: Mutex::default(), troubles }) })
    }

    /// Whether the server has the right chain; the inner error if it does not answer.
    async fn check_chain(&self, server: &Server) -> Result<Result<(), Failed>, ChainError> {
        let request = |provider: RootProvider<Ethereum>| async move { provider.get_chain_id().await };
        let found = match self.insist(CHAIN_ID, std::slice::from_ref(server), request).await {
            Ok((found, _)) => found,
            Err(failed) => return Ok(Err(failed)),
        };
        let expected = self.chain_id();
        server.see_chain(if found == expected { ChainSeen::Right } else { ChainSeen::Other });
        if found == expected { Ok(Ok(())) } else { Err(ChainError::WrongChain { url: server.shown.clone(), found, expected }) }
    }

    /// Waits until a request may be under way.
    pub(crate) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.shared.slots.acquire().await.ok()
    }

    pub(crate) fn servers(&self) -> &[Server] {
        &self.shared.servers
    }

    pub(crate) fn span(&self) -> &Span {
        &self.shared.span
    }

    /// Says what goes wrong with `what`, once, and waits ever longer.
    pub fn trouble(&self, what: &'static str) -> Trouble {
        Trouble::new(what, self.shared.troubles.clone())
    }

    /// What is being waited for, with the last error; empty while all is well.
    pub fn degraded(&self) -> watch::Receiver<BTreeMap<&'static str, String>> {
        self.shared.troubles.subscribe()
    }

    /// How each server is, in a word or two, by its address without secrets.
    pub fn states(&self) -> Vec<(String, &'static str)> {
        let highest = server::highest(self.servers());
        self.servers().iter().map(|server| (server.shown.clone(), server.state(highest))).collect()
    }

    /// The highest block that a server told of, confirmed or not; none before the first answer.
    pub fn seen_number(&self) -> Option<u64> {
        Some(server::highest(self.servers())).filter(|number| *number > 0)
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
        let amount = self.ask("eth_getBalance", |provider| async move { provider.get_balance(convert::to_eth(of)).await }).await?;
        Ok(convert::wei(amount).unwrap_or(Wei(u128::MAX)))
    }

    /// The code at an address; empty if there is no contract.
    pub async fn code(&self, at: Address) -> Result<Bytes, ChainError> {
        self.ask("eth_getCode", |provider| async move { provider.get_code_at(convert::to_eth(at)).await }).await
    }

    /// What a program, run as the creation of a contract as of the end of block `number`, reverts with: unlike what it returns, that
    /// may be of any length. From two servers where there are two.
    pub async fn run_at(&self, what: &'static str, program: Bytes, number: u64) -> Result<Bytes, ChainError> {
        let request = TransactionRequest::default().with_deploy_code(program);
        let told = self.try_agreed("eth_call", |provider| {
            let request = request.clone();
            async move {
                match provider.call(request).block(number.into()).await {
                    Err(error) => error.as_error_resp().and_then(|told| told.as_revert_data()).ok_or(error),
                    returned => returned,
                }
            }
        });
        told.await.map_err(|failed| failed.of(what))
    }

    /// Transactions sent by `of`, those that wait to be mined included: the nonce of the next one.
    pub async fn next_nonce(&self, of: Address) -> Result<u64, ChainError> {
        let count = |provider: RootProvider<Ethereum>| async move { provider.get_transaction_count(convert::to_eth(of)).pending().await };
        let nonce = self.ask("eth_getTransactionCount", count).await?;
        // A pool that has not heard of the last transactions tells too few.
        let other = if self.has_others() { self.try_elsewhere("eth_getTransactionCount", count).await.ok() } else { None };
        Ok(other.map_or(nonce, |(other, _)| nonce.max(other)))
    }

    /// Whether another server may be asked for a second opinion.
    pub(crate) fn has_others(&self) -> bool {
        self.servers().iter().filter(|server| !server.is_resting()).count() > 1
    }

    /// As [`Reader::next_nonce`] without those that wait: fewer while something does.
    pub async fn mined_nonce(&self, of: Address) -> Result<u64, ChainError> {
        let count = |provider: RootProvider<Ethereum>| async move { provider.get_transaction_count(convert::to_eth(of)).latest().await };
        self.ask("eth_getTransactionCount", count).await
    }

    pub(crate) async fn latest_header(&self) -> Result<Header, ChainError> {
        self.header(self.latest_number().await?).await
    }

    pub(crate) async fn latest_number(&self) -> Result<u64, ChainError> {
        let asked = self.insist(BLOCK_NUMBER, self.servers(), get_number).await;
        self.look_elsewhere();
        Ok(self.heard_of(asked.map_err(|failed| failed.of(BLOCK_NUMBER))?))
    }

    /// The header of the latest block, confirmed or not; as [`Reader::latest_number`], with what is asked for next.
    pub(crate) async fn newest(&self) -> Result<Header, ChainError> {
        let asked = self.insist(GET_BLOCK, self.servers(), get_newest).await;
        self.look_elsewhere();
        let (header, index) = asked.map_err(|failed| failed.of(GET_BLOCK))?;
        self.heard_of((header.number(), index));
        Ok(header)
    }

    fn heard_of(&self, (number, index): (u64, usize)) -> u64 {
        self.servers().get(index).inspect(|server| server.told_head(number));
        number
    }

    /// From time to time a second server tells of its latest block, so that one that falls behind is found out.
    fn look_elsewhere(&self) {
        let is_due = self.has_others() && {
            let mut looked = self.shared.looked_elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = looked.is_none_or(|looked| looked.elapsed() >= self.settings().poll() * LOOKS_ELSEWHERE);
            is_due.then(|| looked.replace(Instant::now()));
            is_due
        };
        if is_due {
            let reader = self.clone();
            tokio::spawn(async move {
                if let Ok(heard) = reader.try_elsewhere(BLOCK_NUMBER, get_number).await {
                    reader.heard_of(heard);
                }
            });
        }
    }

    pub(crate) async fn header(&self, number: u64) -> Result<Header, ChainError> {
        let get = |provider: RootProvider<Ethereum>| async move {
            let header: Option<Header> = provider.raw_request(GET_BLOCK.into(), Header::of(number)).await?;
            header.ok_or(RpcError::NullResp)
        };
        self.try_ask(GET_BLOCK, get).await.map_err(|failed| match failed.means {
            Failure::WaitForHead => ChainError::NoSuchBlock(number),
            _ => failed.of(GET_BLOCK),
        })
    }
}

async fn get_number(provider: RootProvider<Ethereum>) -> Result<u64, TransportError> {
    provider.get_block_number().await
}

async fn get_newest(provider: RootProvider<Ethereum>) -> Result<Header, TransportError> {
    let header: Option<Header> = provider.raw_request(GET_BLOCK.into(), Header::of(BlockNumberOrTag::Latest)).await?;
    header.ok_or(RpcError::NullResp)
}
