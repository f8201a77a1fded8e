//! Queries for logs over long stretches of the chain, in pieces that the server accepts.

use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use protocol::ids::Address;

use crate::convert;
use crate::error::ChainError;
use crate::reader::Reader;

/// Most logs that one call brings together.
const LOGS_LIMIT: usize = 100_000;

/// Blocks per query: halved by a refusal, doubled by a success.
pub(crate) struct Span {
    now: u64,
    most: u64,
}

impl Span {
    pub(crate) fn new(reader: &Reader) -> Self {
        let most = reader.settings().log_blocks.max(1);
        Self { now: most, most }
    }

    /// Logs from block `first` up to the returned block, at most `last`. Servers limit blocks or logs per query in many
    /// words, so every refusal but silence is taken for that until a single block is refused.
    pub(crate) async fn query(&mut self, reader: &Reader, filter: &Filter, first: u64, last: u64) -> Result<(Vec<Log>, u64), ChainError> {
        loop {
            let to = last.min(first.saturating_add(self.now - 1));
            match reader.logs(&filter.clone().from_block(first).to_block(to)).await {
                Ok(logs) => {
                    self.now = self.now.saturating_mul(2).min(self.most);
                    return Ok((logs, to));
                }
                Err(error) if self.now == 1 || matches!(error, ChainError::Unreachable { .. }) => return Err(error),
                Err(_) => self.now /= 2,
            }
        }
    }
}

impl Reader {
    pub(crate) async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, ChainError> {
        self.ask("eth_getLogs", || self.provider().get_logs(filter)).await
    }

    /// All confirmed logs of one contract whose first indexed field is `topic`, from block `first` on, in order.
    pub async fn logs_with_topic(&self, address: Address, topic: B256, first: u64) -> Result<Vec<Log>, ChainError> {
        let filter = Filter::new().address(convert::to_eth(address)).topic1(topic);
        let last = self.confirmed_number().await?;
        let (mut span, mut next, mut logs) = (Span::new(self), first, Vec::new());
        while next <= last {
            let (found, to) = span.query(self, &filter, next, last).await?;
            logs.extend(found);
            if logs.len() > LOGS_LIMIT {
                return Err(ChainError::BadAnswer { what: "eth_getLogs", reason: format!("over {LOGS_LIMIT} logs") });
            }
            next = to + 1;
        }
        Ok(logs)
    }
}
