//! A sent transaction, followed until it is deep in the chain: offered again, offered higher, looked up.

use std::time::{Duration, Instant};

use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{BlockId, TransactionReceipt, TransactionRequest};
use protocol::ids::Digest;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::convert;
use crate::error::ChainError;
use crate::fees::{Fees, limit_wei};
use crate::pool::{Offer, Submitted, submit};
use crate::reader::Reader;
use crate::revert::{Explain, Revert};
use crate::transaction::{Receipt, Transaction};

/// How often one transaction is offered for more.
const OFFERS_LIMIT: usize = 8;
/// Looks in a row at a spent nonce without a receipt, before somebody else is said to have spent it: servers lag.
const STRIKES_LIMIT: u32 = 3;

const RECEIPT: &str = "eth_getTransactionReceipt";

type Reply = oneshot::Sender<Result<Receipt, ChainError>>;

pub(crate) struct Flight {
    reader: Reader,
    account: Account,
    what: &'static str,
    explain: Explain,
    request: TransactionRequest,
    fees: Fees,
    /// All for one nonce: at most one of them is mined.
    offers: Vec<Offer>,
    last_sent: Instant,
    last_raised: Instant,
    strikes: u32,
    /// Whether it was said that it cannot be offered.
    is_troubled: bool,
}

impl Flight {
    pub(crate) fn new(reader: Reader, account: Account, of: &Transaction, request: TransactionRequest, fees: Fees, offer: Offer) -> Self {
        let now = Instant::now();
        let (what, explain, offers) = (of.what, of.explain, vec![offer]);
        Self { reader, account, what, explain, request, fees, offers, last_sent: now, last_raised: now, strikes: 0, is_troubled: false }
    }

    /// Answers once it is mined, and stays until it is deep, for a block can still be dropped.
    pub(crate) async fn land(mut self, reply: Reply) {
        let limit = Duration::from_secs(self.reader.settings().mined_timeout_s);
        let started = Instant::now();
        let mut reply = Some(reply);
        while started.elapsed() < limit {
            match self.look().await {
                Ok(Some(receipt)) if self.is_deep(&receipt).await => return self.tell(&mut reply, &receipt).await,
                Ok(Some(receipt)) => self.tell(&mut reply, &receipt).await,
                Ok(None) => {
                    if let Err(error) = self.push().await {
                        return answer(&mut reply, Err(error));
                    }
                }
                Err(error) => tracing::debug!(what = self.what, %error, "cannot look for a transaction"),
            }
            tokio::time::sleep(self.reader.settings().poll()).await;
        }
        answer(&mut reply, Err(ChainError::NotMined(self.last_hash())));
    }

    async fn look(&self) -> Result<Option<TransactionReceipt>, ChainError> {
        for offer in self.offers.iter().rev() {
            let hash = convert::to_b256(offer.hash);
            let get = |provider: RootProvider| async move { provider.get_transaction_receipt(hash).await };
            if let Some(receipt) = self.reader.ask(RECEIPT, get).await? {
                return Ok(Some(receipt));
            }
            // Where its nonce is said to be spent, another server may know by what.
            if self.strikes > 0
                && let Ok((Some(receipt), _)) = self.reader.try_elsewhere(RECEIPT, get).await
            {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    async fn is_deep(&self, receipt: &TransactionReceipt) -> bool {
        let confirmed = self.reader.confirmed_number().await.unwrap_or(0);
        receipt.block_number.is_some_and(|number| number <= confirmed)
    }

    async fn tell(&self, reply: &mut Option<Reply>, receipt: &TransactionReceipt) {
        if reply.is_some() {
            let outcome = self.outcome(receipt).await;
            answer(reply, outcome);
        }
    }

    async fn outcome(&self, receipt: &TransactionReceipt) -> Result<Receipt, ChainError> {
        if !receipt.status() {
            return Err(self.why_failed(receipt).await.into());
        }
        Ok(Receipt {
            hash: convert::digest(receipt.transaction_hash),
            block: receipt.block_number.unwrap_or_default(),
            gas_used: receipt.gas_used,
            contract: receipt.contract_address.map(convert::address),
            logs: receipt.inner.logs().to_vec(),
        })
    }

    /// A receipt gives no reason, so the call is run again on the state after its block.
    async fn why_failed(&self, receipt: &TransactionReceipt) -> Revert {
        let block = receipt.block_number.map_or(BlockId::latest(), BlockId::number);
        let call = |provider: RootProvider| {
            let request = self.request.clone();
            async move { provider.call(request).block(block).await }
        };
        let failed = self.reader.try_ask("eth_call", call).await.err();
        let data = failed.and_then(|failed| failed.revert_data());
        let hash = Some(convert::digest(receipt.transaction_hash));
        Revert::explained(self.what, &data.unwrap_or_default(), self.explain, hash)
    }

    /// What keeps an unmined transaction going. An error ends the flight.
    async fn push(&mut self) -> Result<(), ChainError> {
        let offer_again = Duration::from_secs(self.reader.settings().offer_again_s.max(1));
        if self.last_sent.elapsed() < offer_again {
            return Ok(());
        }
        self.check_nonce().await?;
        let raise_after = Duration::from_secs(self.reader.settings().raise_fee_after_s.max(1));
        if self.last_raised.elapsed() >= raise_after && self.offers.len() < OFFERS_LIMIT {
            self.raise().await;
        }
        self.last_sent = Instant::now();
        if let Some(offer) = self.offers.last()
            && let Submitted::Failed(failed) = submit(&self.reader, offer).await
            && !std::mem::replace(&mut self.is_troubled, true)
        {
            tracing::warn!("a transaction waits and cannot be offered again: {}", failed.of(self.what));
        }
        Ok(())
    }

    async fn check_nonce(&mut self) -> Result<(), ChainError> {
        let (Some(nonce), Some(from)) = (self.request.nonce, self.request.from) else { return Ok(()) };
        let count = |provider: RootProvider| async move { provider.get_transaction_count(from).latest().await };
        let mined = self.reader.ask("eth_getTransactionCount", count).await.unwrap_or(0);
        self.strikes = if mined > nonce { self.strikes + 1 } else { 0 };
        if self.strikes < STRIKES_LIMIT {
            return Ok(());
        }
        Err(ChainError::Replaced { hash: self.last_hash(), nonce })
    }

    async fn raise(&mut self) {
        let current = self.current_fees().await.unwrap_or(self.fees);
        let Ok(fees) = self.fees.raised().at_least(current).within(limit_wei(&self.reader)) else { return };
        let Ok(offer) = Offer::sign(self.request.clone(), fees, &self.account).await else { return };
        self.last_raised = Instant::now();
        if !matches!(submit(&self.reader, &offer).await, Submitted::Accepted) {
            return;
        }
        tracing::info!(what = self.what, hash = %offer.hash, "transaction offered for a higher fee");
        self.fees = fees;
        self.offers.push(offer);
    }

    async fn current_fees(&self) -> Result<Fees, ChainError> {
        Fees::current(&self.reader, &self.reader.latest_header().await?).await
    }

    fn last_hash(&self) -> Digest {
        self.offers.last().map(|offer| offer.hash).unwrap_or_default()
    }
}

fn answer(reply: &mut Option<Reply>, outcome: Result<Receipt, ChainError>) {
    if let Some(reply) = reply.take() {
        drop(reply.send(outcome));
    }
}
