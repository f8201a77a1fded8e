//! Queries for logs over long stretches of the chain, in pieces that the server accepts.

use std::ops::RangeInclusive;

use alloy::primitives::B256;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{Filter, Log};
use futures::{StreamExt, TryStreamExt, stream};
use protocol::ids::Address;

use crate::convert;
use crate::error::{ChainError, Failed};
use crate::failure::{Failure, LOGS};
use crate::header::Header;
use crate::reader::Reader;
use crate::span::Bearable;

/// Headers fetched at the same time.
const FETCHES_LIMIT: usize = 8;
/// Blocks in which an empty answer is held against the bloom filter of each; of more it is asked for twice.
const BLOOMS_LIMIT: u64 = 32;

/// Whether fewer blocks may be answered where these were not.
fn may_narrow(failure: Failure) -> bool {
    use Failure as F;
    match failure {
        F::Narrow | F::Overloaded | F::AskAnother | F::WaitForHead | F::Forgotten => true,
        F::TryAgain | F::Slower | F::Held | F::NonceTaken | F::FeeTooLow | F::PoolFull | F::Refused => false,
    }
}

impl Reader {
    /// Logs from block `first` up to the returned block, at most `last`. Servers limit blocks or logs per query in many
    /// words, and some only by silence.
    pub(crate) async fn logs_from(&self, filter: &Filter, first: u64, last: u64) -> Result<(Vec<Log>, u64), ChainError> {
        loop {
            let blocks = self.span().now().min(last.saturating_sub(first).saturating_add(1));
            let to = first.saturating_add(blocks - 1);
            let filter = filter.clone().from_block(first).to_block(to);
            if blocks == 1 {
                let logs = self.logs(&filter).await.inspect_err(|_| self.span().with(Bearable::forget))?;
                return Ok((logs, to));
            }
            match self.logs_once(&filter).await {
                Ok(logs) => {
                    self.span().with(Bearable::answered);
                    return Ok((logs, to));
                }
                Err(failed) if may_narrow(failed.means) => self.span().with(|bearable| bearable.refused(blocks)),
                Err(_) => return Ok((self.logs(&filter).await?, to)),
            }
        }
    }

    /// As [`Reader::logs_from`], with a second opinion on an answer without logs: servers that lag or have lost an index tell
    /// nothing where there was something.
    pub(crate) async fn sure_logs_from(&self, filter: &Filter, first: u64, last: u64) -> Result<(Vec<Log>, u64), ChainError> {
        let (logs, to) = self.logs_from(filter, first, last).await?;
        if !logs.is_empty() {
            return Ok((logs, to));
        }
        if to - first < BLOOMS_LIMIT {
            return Ok((self.logs_by_bloom(filter, first..=to).await?, to));
        }
        let again = filter.clone().from_block(first).to_block(to);
        match self.try_elsewhere(LOGS, |provider| get_logs(provider, &again)).await {
            Ok((logs, _)) => Ok((logs, to)),
            Err(_) => self.logs_from(filter, first, to).await,
        }
    }

    /// Of each block that may have such logs by its bloom filter, asked for by its hash: that cannot be answered wrongly by one
    /// who does not know the block.
    async fn logs_by_bloom(&self, filter: &Filter, numbers: RangeInclusive<u64>) -> Result<Vec<Log>, ChainError> {
        let headers: Vec<Header> = self.headers(numbers).await?;
        let mut logs = Vec::new();
        for header in headers.iter().filter(|header| header.may_have(filter)) {
            logs.extend(self.logs(&filter.clone().at_block_hash(header.hash)).await?);
        }
        Ok(logs)
    }

    pub(crate) async fn headers(&self, numbers: impl IntoIterator<Item = u64>) -> Result<Vec<Header>, ChainError> {
        let fetches = stream::iter(numbers).map(|number| self.header(number)).buffered(FETCHES_LIMIT);
        fetches.try_collect().await
    }

    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        self.ask(LOGS, |provider| get_logs(provider, filter)).await
    }

    async fn logs_once(&self, filter: &Filter) -> Result<Vec<Log>, Failed> {
        self.try_once(LOGS, |provider| get_logs(provider, filter)).await
    }

    /// What these contracts wrote in block `number`, in order.
    pub async fn logs_of_block(&self, number: u64, addresses: &[Address]) -> Result<Vec<Log>, ChainError> {
        let filter = Filter::new().address(addresses.iter().copied().map(convert::to_eth).collect::<Vec<_>>());
        self.logs(&filter.at_block_hash(self.header(number).await?.hash)).await
    }

    /// All confirmed logs of one contract whose first indexed field is `topic`, from block `first` on, in order.
    pub async fn logs_with_topic(&self, address: Address, topic: B256, first: u64) -> Result<Vec<Log>, ChainError> {
        let filter = Filter::new().address(convert::to_eth(address)).topic1(topic);
        let last = self.confirmed_number().await?;
        let (mut next, mut logs) = (first, Vec::new());
        while next <= last {
            let (found, to) = self.sure_logs_from(&filter, next, last).await?;
            logs.extend(found);
            next = to + 1;
        }
        Ok(logs)
    }
}

/// Some servers write `null` for no logs.
async fn get_logs(provider: RootProvider, filter: &Filter) -> Result<Vec<Log>, alloy::transports::TransportError> {
    let logs: Option<Vec<Log>> = provider.raw_request(LOGS.into(), (filter,)).await?;
    Ok(logs.unwrap_or_default())
}
