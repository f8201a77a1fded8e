//! One task per account that gives nonces to transactions and hands them to the chain in order.

use std::sync::Arc;

use alloy::network::{EthereumWallet, TransactionBuilder};
use alloy::primitives::{Bytes, TxKind};
use alloy::providers::Provider;
use alloy::rpc::types::{Log, TransactionRequest};
use alloy::transports::TransportError;
use protocol::ids::{Address, Digest};
use protocol::money::Wei;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::account::Account;
use crate::connection::{Chain, ready};
use crate::contract::{Explain, Revert};
use crate::convert;
use crate::error::{self, ChainError};
use crate::fees::{Fees, limit_wei};
use crate::flight::{Flight, Offer};

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

/// Something to send: a call, a payment, or with `to` empty a new contract.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Name in errors and logs, like `commit`.
    pub what: &'static str,
    pub to: Option<Address>,
    pub data: Bytes,
    /// Wei of the chain's coin that go along.
    pub value: Wei,
    /// Meaning of the refusals.
    pub explain: Explain,
}

/// A transaction that was mined and did not fail.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub hash: Digest,
    /// Number of the block that holds it; one that is not deep yet may still be dropped, and is then sent again.
    pub block: u64,
    pub gas_used: u64,
    /// The contract that it created.
    pub contract: Option<Address>,
    pub logs: Vec<Log>,
}

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
    pub(crate) fn start(chain: Chain, account: Account) -> Self {
        let (jobs, waiting) = mpsc::channel(JOBS_LIMIT);
        let wallet = EthereumWallet::from(account.signer().clone());
        let slots = Arc::new(Semaphore::new(FLIGHTS_LIMIT));
        let desk = Desk { chain, address: account.address(), wallet, next_nonce: 0, slots };
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
    chain: Chain,
    address: Address,
    wallet: EthereumWallet,
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
        let latest = self.chain.latest_header().await?;
        let request = self.prepared(transaction, latest.gas_limit()).await?;
        let mut fees = Fees::current(&self.chain, &latest).await?;
        let mut reason = String::new();
        for _ in 0..LAUNCHES_LIMIT {
            let nonce = self.free_nonce().await?;
            let request = request.clone().with_nonce(nonce);
            let offer = Offer::sign(request.clone(), fees, &self.wallet).await?;
            match submit(&self.chain, &offer).await {
                Submitted::Accepted => return Ok(self.flight(transaction, request, fees, offer, nonce)),
                Submitted::NonceTaken(text) => {
                    reason = text;
                    tokio::time::sleep(self.chain.settings().poll()).await;
                }
                Submitted::FeeTooLow(text) => {
                    reason = text;
                    fees = fees.raised().within(limit_wei(&self.chain))?;
                }
                Submitted::CannotPay(reason) => return Err(self.cannot_pay(transaction.what, reason)),
                Submitted::Refused(failure) => {
                    return Err(error::from_transport(self.chain.shown_url(), transaction.what, &failure));
                }
            }
        }
        Err(ChainError::PoolRefused { what: transaction.what, times: LAUNCHES_LIMIT, reason })
    }

    fn flight(&mut self, of: &Transaction, request: TransactionRequest, fees: Fees, offer: Offer, nonce: u64) -> Flight {
        self.next_nonce = nonce + 1;
        tracing::debug!(what = of.what, nonce, hash = %offer.hash, "transaction sent");
        Flight::new(self.chain.clone(), self.wallet.clone(), of, request, fees, offer)
    }

    /// The pool's count, or our own where the pool has not seen our last ones. With nothing under way only the chain knows.
    async fn free_nonce(&self) -> Result<u64, ChainError> {
        let pending = self.chain.next_nonce(self.address).await?;
        let idle = self.slots.available_permits() == FLIGHTS_LIMIT;
        Ok(if idle { pending } else { pending.max(self.next_nonce) })
    }

    /// With as much gas as it needs and a margin, if a block holds that much.
    async fn prepared(&self, transaction: &Transaction, block_gas: u64) -> Result<TransactionRequest, ChainError> {
        let mut request = TransactionRequest::default()
            .with_from(convert::to_eth(self.address))
            .with_chain_id(self.chain.chain_id())
            .with_value(convert::to_u256(transaction.value))
            .with_input(transaction.data.clone());
        request.set_kind(transaction.to.map_or(TxKind::Create, |to| TxKind::Call(convert::to_eth(to))));
        let estimate = || ready(self.chain.provider().estimate_gas(request.clone()));
        let gas = self.chain.try_ask(estimate).await.map_err(|failure| self.refusal(transaction, &failure, block_gas))?;
        if gas > block_gas {
            return Err(ChainError::TooMuchGas { what: transaction.what, limit: block_gas, reason: format!("it needs {gas}") });
        }
        Ok(request.with_gas_limit(with_margin(gas).min(block_gas)))
    }

    fn refusal(&self, transaction: &Transaction, failure: &TransportError, block_gas: u64) -> ChainError {
        let payload = failure.as_error_resp();
        if let Some(data) = payload.and_then(|payload| payload.as_revert_data()) {
            return Revert::explained(transaction.what, &data, transaction.explain, None).into();
        }
        match payload {
            Some(payload) if is_poor(&payload.message.to_lowercase()) => self.cannot_pay(transaction.what, payload.message.to_string()),
            Some(payload) if is_too_large(&payload.message.to_lowercase()) => {
                ChainError::TooMuchGas { what: transaction.what, limit: block_gas, reason: payload.message.to_string() }
            }
            _ => error::from_transport(self.chain.shown_url(), transaction.what, failure),
        }
    }

    fn cannot_pay(&self, what: &'static str, reason: String) -> ChainError {
        ChainError::CannotPay { account: self.address, what, reason }
    }
}

/// The margin ends where pools refuse the whole transaction for it.
fn with_margin(gas: u64) -> u64 {
    let wanted = gas.saturating_add(gas / 4).saturating_add(GAS_MARGIN);
    if gas <= TRANSACTION_GAS_LIMIT { wanted.min(TRANSACTION_GAS_LIMIT) } else { wanted }
}

/// What the pool says to a signed transaction.
pub(crate) enum Submitted {
    Accepted,
    NonceTaken(String),
    FeeTooLow(String),
    CannotPay(String),
    Refused(TransportError),
}

/// Offers the same bytes until the pool has answered. An answer that never came counts as accepted: the bytes may have
/// arrived, so their nonce is spent, and the flight offers them again.
pub(crate) async fn submit(chain: &Chain, offer: &Offer) -> Submitted {
    let send = || async { chain.provider().send_raw_transaction(&offer.raw).await.map(drop) };
    match chain.try_ask(send).await {
        Ok(()) => Submitted::Accepted,
        Err(failure) => match classify(failure) {
            Submitted::NonceTaken(_) if is_known(chain, offer).await => Submitted::Accepted,
            other => other,
        },
    }
}

/// A first attempt whose answer was lost may have been mined before the second.
async fn is_known(chain: &Chain, offer: &Offer) -> bool {
    let hash = [convert::to_b256(offer.hash)];
    // Only whether it is there: chains differ in what they tell of a transaction.
    let get = || chain.provider().raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), hash);
    chain.try_ask(get).await.is_ok_and(|transaction| transaction.is_some())
}

/// There is no standard for these errors; the words are those of geth, Nethermind, Besu, Erigon, reth, anvil and RSKj.
fn classify(failure: TransportError) -> Submitted {
    let Some(payload) = failure.as_error_resp() else {
        return if failure.is_transport_error() { Submitted::Accepted } else { Submitted::Refused(failure) };
    };
    let text = payload.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["already known", "already imported", "known transaction", "alreadyknown", "already exists"]) {
        return Submitted::Accepted;
    }
    if says(&["nonce too low", "nonce is too low", "nonce_too_low", "oldnonce", "replacement", "could not replace"]) {
        return Submitted::NonceTaken(text);
    }
    if says(&["underpriced", "less than block base fee", "fee too low", "feetoolow", "gas price too low"]) {
        return Submitted::FeeTooLow(text);
    }
    if is_poor(&text) { Submitted::CannotPay(text) } else { Submitted::Refused(failure) }
}

/// An estimate stops at what a block holds.
fn is_too_large(text: &str) -> bool {
    ["gas required exceeds", "exceeds block gas limit", "exceeds the block gas limit", "out of gas"]
        .iter()
        .any(|words| text.contains(words))
}

fn is_poor(text: &str) -> bool {
    text.contains("insufficient") || text.contains("exceeds balance") || text.contains("not enough funds")
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

    #[test]
    fn the_words_of_many_clients_are_understood() {
        for (message, expected) in [
            ("already known", "accepted"),
            ("AlreadyKnown", "accepted"),
            ("Known transaction", "accepted"),
            ("transaction already imported", "accepted"),
            ("nonce too low: next nonce 5, tx nonce 4", "nonce"),
            ("Nonce too low", "nonce"),
            ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", "nonce"),
            ("replacement transaction underpriced", "nonce"),
            ("could not replace existing tx", "nonce"),
            ("Transaction nonce is too low. Try incrementing the nonce.", "nonce"),
            ("transaction underpriced: gas tip cap 0, minimum needed 1", "fee"),
            ("max fee per gas less than block base fee: address 0x00, maxFeePerGas: 1", "fee"),
            ("FeeTooLow, MaxFeePerGas too low", "fee"),
            ("insufficient funds for gas * price + value", "poor"),
            ("InsufficientFunds, Balance is zero", "poor"),
            ("upfront cost exceeds account balance: sender balance not enough funds", "poor"),
            ("exceeds block gas limit", "refused"),
            ("invalid sender", "refused"),
        ] {
            assert_eq!(kind(message), expected, "{message}");
        }
    }

    fn kind(message: &'static str) -> &'static str {
        let payload = serde_json::from_value(serde_json::json!({ "code": -32000, "message": message }));
        match classify(TransportError::ErrorResp(payload.expect("an error"))) {
            Submitted::Accepted => "accepted",
            Submitted::NonceTaken(_) => "nonce",
            Submitted::FeeTooLow(_) => "fee",
            Submitted::CannotPay(_) => "poor",
            Submitted::Refused(_) => "refused",
        }
    }
}
