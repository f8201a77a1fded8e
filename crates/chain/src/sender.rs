//! One task per account that gives nonces to transactions and hands them to the chain in order.

use std::sync::Arc;

use alloy::network::TransactionBuilder;
use alloy::primitives::TxKind;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::account::Account;
use crate::convert;
use crate::error::{ChainError, Failed};
use crate::failure::{Failure, is_poor, is_too_large};
use crate::fees::{Fees, limit_wei};
use crate::flight::Flight;
use crate::pool::{Offer, Submitted, submit};
use crate::reader::Reader;
use crate::revert::Revert;
use crate::transaction::{Receipt, Transaction};

/// Transactions that wait for their turn; more callers wait at the door.
const JOBS_LIMIT: usize = 64;
/// Transactions of one account that are sent and not yet settled in the chain; pools keep 16 per account.
const FLIGHTS_LIMIT: usize = 16;
/// How often one transaction is offered with a new nonce or fee before it is given up.
const LAUNCHES_LIMIT: usize = 16;
/// Gas beyond the estimate, because state changes between estimate and block (a new epoch writes some slots more): a
/// fourth, and this much.
const GAS_MARGIN: u64 = 100_000;
/// Most gas that a transaction may ask for (EIP-7825); chains without that rule take more.
const TRANSACTION_GAS_LIMIT: u64 = 16_777_216;

/// The door to the task. What the task promises: no nonce is left out, so nothing gets stuck behind a gap; a lost answer
/// never makes it send twice; what a reorganisation drops is sent again until it is `confirmations` deep; a fee that has
/// become too low is raised. A call that would fail is told so before it costs anything.
#[derive(Clone)]
pub(crate) struct Sender {
    account: Account,
    jobs: mpsc::Sender<Job>,
}

struct Job {
    transaction: Transaction,
    reply: oneshot::Sender<Result<Receipt, ChainError>>,
}

impl Sender {
    pub(crate) fn start(reader: Reader, account: Account) -> Self {
        let (jobs, waiting) = mpsc::channel(JOBS_LIMIT);
        let slots = Arc::new(Semaphore::new(FLIGHTS_LIMIT));
        let desk = Desk { reader, account: account.clone(), next_nonce: 0, slots };
        tokio::spawn(desk.run(waiting));
        Self { account, jobs }
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    pub(crate) async fn send(&self, transaction: Transaction) -> Result<Receipt, ChainError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job { transaction, reply }).await.map_err(|_| ChainError::SenderGone)?;
        answer.await.map_err(|_| ChainError::SenderGone)?
    }
}

struct Desk {
    reader: Reader,
    account: Account,
    /// Nonce after the last one given away.
    next_nonce: u64,
    slots: Arc<Semaphore>,
}

impl Desk {
    async fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        while let Some(Job { transaction, reply }) = waiting.recv().await {
            match self.launch(&transaction).await {
                Ok(flight) => self.watch(flight, reply).await,
                Err(error) => drop(reply.send(Err(error))),
            }
        }
    }

    async fn watch(&self, flight: Flight, reply: oneshot::Sender<Result<Receipt, ChainError>>) {
        let slot = self.slots.clone().acquire_owned().await;
        tokio::spawn(async move {
            flight.land(reply).await;
            drop(slot);
        });
    }

    async fn launch(&mut self, transaction: &Transaction) -> Result<Flight, ChainError> {
        let latest = self.reader.latest_header().await?;
        let request = self.prepared(transaction, latest.gas_limit()).await?;
        let mut fees = Fees::current(&self.reader, &latest).await?;
        let mut reason = String::new();
        let mut later = |failed: Failed| reason = failed.reason;
        for _ in 0..LAUNCHES_LIMIT {
            let nonce = self.free_nonce().await?;
            let request = request.clone().with_nonce(nonce);
            let offer = Offer::sign(request.clone(), fees, &self.account).await?;
            match submit(&self.reader, &offer).await {
                Submitted::Accepted => return Ok(self.flight(transaction, request, fees, offer, nonce)),
                Submitted::NonceTaken(failed) | Submitted::Later(failed) => {
                    later(failed);
                    tokio::time::sleep(self.reader.settings().poll()).await;
                }
                Submitted::FeeTooLow(failed) => {
                    later(failed);
                    fees = fees.raised().within(limit_wei(&self.reader))?;
                }
                Submitted::Failed(failed) => return Err(self.refusal(transaction, failed, latest.gas_limit())),
            }
        }
        Err(ChainError::PoolRefused { what: transaction.what, times: LAUNCHES_LIMIT, reason })
    }

    fn flight(&mut self, of: &Transaction, request: TransactionRequest, fees: Fees, offer: Offer, nonce: u64) -> Flight {
        self.next_nonce = nonce + 1;
        tracing::debug!(what = of.what, nonce, hash = %offer.hash, "transaction sent");
        Flight::new(self.reader.clone(), self.account.clone(), of, request, fees, offer)
    }

    /// The pool's count, or our own where the pool has not seen our last ones. With nothing under way only the chain knows.
    async fn free_nonce(&self) -> Result<u64, ChainError> {
        let pending = self.reader.next_nonce(self.account.address()).await?;
        let idle = self.slots.available_permits() == FLIGHTS_LIMIT;
        Ok(if idle { pending } else { pending.max(self.next_nonce) })
    }

    /// With as much gas as it needs and a margin, if a block holds that much.
    async fn prepared(&self, transaction: &Transaction, block_gas: u64) -> Result<TransactionRequest, ChainError> {
        let mut request = TransactionRequest::default()
            .with_from(convert::to_eth(self.account.address()))
            .with_chain_id(self.reader.chain_id())
            .with_value(convert::to_u256(transaction.value))
            .with_input(transaction.data.clone());
        request.set_kind(transaction.to.map_or(TxKind::Create, |to| TxKind::Call(convert::to_eth(to))));
        let estimate = |provider: RootProvider| {
            let request = request.clone();
            async move { provider.estimate_gas(request).await }
        };
        let gas = self.reader.try_ask("eth_estimateGas", estimate).await;
        let gas = gas.map_err(|failed| self.refusal(transaction, failed, block_gas))?;
        if gas > block_gas {
            return Err(ChainError::TooMuchGas { what: transaction.what, limit: block_gas, reason: format!("it needs {gas}") });
        }
        Ok(request.with_gas_limit(with_margin(gas).min(block_gas)))
    }

    fn refusal(&self, transaction: &Transaction, failed: Failed, block_gas: u64) -> ChainError {
        if let Some(data) = failed.revert_data() {
            return Revert::explained(transaction.what, &data, transaction.explain, None).into();
        }
        let (what, reason) = (transaction.what, &failed.reason);
        match failed.means {
            Failure::Refused if is_poor(reason) => ChainError::CannotPay { account: self.account.address(), what, reason: failed.reason },
            Failure::Refused if is_too_large(reason) => ChainError::TooMuchGas { what, limit: block_gas, reason: failed.reason },
            _ => failed.of(what),
        }
    }
}

/// The margin ends where pools refuse the whole transaction for it.
fn with_margin(gas: u64) -> u64 {
    let wanted = gas.saturating_add(gas / 4).saturating_add(GAS_MARGIN);
    if gas <= TRANSACTION_GAS_LIMIT { wanted.min(TRANSACTION_GAS_LIMIT) } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_stays_below_the_limit_of_a_transaction() {
        for (gas, limit) in [
            (0, 100_000),
            (21_000, 126_250),
            (13_300_000, 16_725_000),
            (16_000_000, TRANSACTION_GAS_LIMIT),
            (TRANSACTION_GAS_LIMIT, TRANSACTION_GAS_LIMIT),
            (TRANSACTION_GAS_LIMIT + 1, 21_071_521),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(with_margin(gas), limit, "for {gas}");
        }
    }
}
