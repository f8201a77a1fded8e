//! A sent transaction, followed until it is deep in the chain: offered again, offered higher, looked up, and taken back once it is worth
//! nothing any more.

use std::time::{Duration, Instant};

use alloy::network::TransactionBuilder;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{BlockId, TransactionReceipt, TransactionRequest};
use protocol::ids::Digest;
use tokio::sync::oneshot;

use crate::book::Book;
use crate::convert;
use crate::errand::{Errand, Urgency};
use crate::error::{ChainError, Failed};
use crate::fees::Fees;
use crate::flights::{CANCEL, Noted};
use crate::pool::{Offer, Submitted, submit};
use crate::reader::Reader;
use crate::revert::{Explain, Revert};
use crate::transaction::{Receipt, Transaction};

/// How often one transaction is offered for more.
const RAISES_LIMIT: usize = 8;
/// Looks in a row at a spent nonce without a receipt, before somebody else is said to have spent it: servers lag.
const STRIKES_LIMIT: u32 = 3;
/// Between two looks at the chain's clock.
const CLOCK: Duration = Duration::from_secs(1);

const RECEIPT: &str = "eth_getTransactionReceipt";
/// What a transaction of a former run is called.
const FORMER: &str = "a transaction of the last run";

pub(crate) type Reply = oneshot::Sender<Result<Receipt, ChainError>>;

pub(crate) struct Flight {
    book: Book,
    what: &'static str,
    /// What it is called on disk: of a former run more is known than `what` says.
    label: String,
    explain: Explain,
    errand: Errand,
    request: TransactionRequest,
    nonce: u64,
    fees: Fees,
    /// All for one nonce: at most one of them is mined. The last one is offered.
    offers: Vec<Offer>,
    last_sent: Option<Instant>,
    last_raised: Instant,
    last_clock: Option<Instant>,
    raises: usize,
    strikes: u32,
    /// Whether it was said that it cannot be offered.
    is_troubled: bool,
    reply: Option<Reply>,
}

impl Flight {
    /// Of a transaction that the pool has just taken.
    pub(crate) fn new(
        book: Book,
        of: &Transaction,
        errand: Errand,
        request: TransactionRequest,
        fees: Fees,
        offer: Offer,
        reply: Reply,
    ) -> Self {
        let (what, explain) = (of.what, of.explain);
        Self {
            what,
            label: what.to_owned(),
            explain,
            offers: vec![offer],
            last_sent: Some(Instant::now()),
            reply: Some(reply),
            ..Self::bare(book, errand, request, fees)
        }
    }

    /// Of what the last run offered for one nonce, the latest last. It is offered again at once.
    pub(crate) fn adopted(book: Book, offers: &[Noted]) -> Option<Self> {
        let last = offers.last()?;
        let (request, fees) = last.request(book.account().address())?;
        tracing::info!(what = last.what, about = last.about, nonce = last.nonce, hash = %last.hash, "watching what the last run sent");
        let what = if last.is_cancel() { CANCEL } else { FORMER };
        let offers = offers.iter().map(|noted| Offer { hash: noted.hash, raw: noted.raw.clone() }).collect();
        Some(Self { what, label: last.what.clone(), offers, ..Self::bare(book, last.errand(), request, fees) })
    }

    /// An empty transfer that takes a nonce: of a gap, or of what nobody knows.
    pub(crate) async fn empty(book: Book, nonce: u64) -> Self {
        let request = book.empty(nonce).await;
        Self { what: CANCEL, label: CANCEL.to_owned(), ..Self::bare(book, of_cancel(), request, Fees::Plain { price: 0 }) }
    }

    fn bare(book: Book, errand: Errand, request: TransactionRequest, fees: Fees) -> Self {
        Self {
            book,
            what: FORMER,
            label: String::new(),
            explain: |_| None,
            errand,
            nonce: request.nonce.unwrap_or_default(),
            request,
            fees,
            offers: Vec::new(),
            last_sent: None,
            last_raised: Instant::now(),
            last_clock: None,
            raises: 0,
            strikes: 0,
            is_troubled: false,
            reply: None,
        }
    }

    fn reader(&self) -> &Reader {
        self.book.reader()
    }

    /// Answers once it is mined, and stays until it is deep, for a block can still be dropped, and its nonce must not stay open.
    pub(crate) async fn land(mut self) {
        let limit = Duration::from_secs(self.reader().settings().mined_timeout_s);
        let (started, poll) = (Instant::now(), self.reader().settings().poll());
        let offer_again = self.offer_again();
        loop {
            match self.look().await {
                Ok(Some(receipt)) if self.is_deep(&receipt).await => {
                    self.tell(&receipt).await;
                    return self.book.spent(self.nonce);
                }
                Ok(Some(receipt)) => self.tell(&receipt).await,
                Ok(None) => {
                    if let Err(error) = self.push().await {
                        return self.answer(Err(error));
                    }
                }
                Err(error) => tracing::debug!(what = self.what, %error, "cannot look for a transaction"),
            }
            let is_given_up = started.elapsed() >= limit;
            if is_given_up {
                self.answer(Err(ChainError::NotMined(self.last_hash())));
            }
            tokio::time::sleep(if is_given_up { poll.max(offer_again) } else { poll }).await;
        }
    }

    async fn look(&self) -> Result<Option<TransactionReceipt>, ChainError> {
        for offer in self.offers.iter().rev() {
            let hash = convert::to_b256(offer.hash);
            let get = |provider: RootProvider| async move { provider.get_transaction_receipt(hash).await };
            if let Some(receipt) = self.reader().ask(RECEIPT, get).await? {
                return Ok(Some(receipt));
            }
            // Where its nonce is said to be spent, another server may know by what.
            if self.strikes > 0
                && let Ok((Some(receipt), _)) = self.reader().try_elsewhere(RECEIPT, get).await
            {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }

    async fn is_deep(&self, receipt: &TransactionReceipt) -> bool {
        let confirmed = self.reader().confirmed_number().await.unwrap_or(0);
        receipt.block_number.is_some_and(|number| number <= confirmed)
    }

    async fn tell(&mut self, receipt: &TransactionReceipt) {
        if self.reply.is_some() {
            let outcome = self.outcome(receipt).await;
            self.answer(outcome);
        }
    }

    fn answer(&mut self, outcome: Result<Receipt, ChainError>) {
        if let Some(reply) = self.reply.take() {
            drop(reply.send(outcome));
        }
    }

    async fn outcome(&self, receipt: &TransactionReceipt) -> Result<Receipt, ChainError> {
        if !receipt.status() {
            return Err(self.why_failed(receipt).await.into());
        }
        self.book.measured(self.what, receipt.gas_used);
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
        let failed = self.reader().try_ask("eth_call", call).await.err();
        let data = failed.and_then(|failed| failed.revert_data());
        let hash = Some(convert::digest(receipt.transaction_hash));
        Revert::explained(self.what, &data.unwrap_or_default(), self.explain, hash)
    }

    /// What keeps an unmined transaction going, or takes it back. An error ends the flight.
    async fn push(&mut self) -> Result<(), ChainError> {
        if self.is_over().await {
            return self.take_back().await;
        }
        if let Some(fees) = self.book.hurried(self.nonce, self.fees).filter(|_| self.raises < RAISES_LIMIT) {
            self.raise(self.fees.raised().at_least(fees)).await;
            return self.offer().await;
        }
        if self.last_sent.is_some_and(|sent| sent.elapsed() < self.offer_again()) {
            return Ok(());
        }
        self.check_nonce().await?;
        let raise_after = Duration::from_secs(self.reader().settings().raise_fee_after_s.max(1));
        if self.offers.is_empty() || (self.last_raised.elapsed() >= raise_after && self.raises < RAISES_LIMIT) {
            self.follow_market().await;
        }
        self.offer().await
    }

    fn offer_again(&self) -> Duration {
        Duration::from_secs(self.reader().settings().offer_again_s.max(1))
    }

    /// Whether its time is over, looked up now and then.
    async fn is_over(&mut self) -> bool {
        if self.errand.until_s.is_none() || self.last_clock.is_some_and(|looked| looked.elapsed() < CLOCK) {
            return false;
        }
        self.last_clock = Some(Instant::now());
        self.reader().latest().await.is_ok_and(|latest| self.errand.is_over(latest.time_s))
    }

    /// A stale transaction would be mined, fail, and hold up what comes after it: an empty one for more takes its nonce. Where no pool
    /// has it there is nothing to take back.
    async fn take_back(&mut self) -> Result<(), ChainError> {
        self.answer(Err(ChainError::TooLate { what: self.what }));
        self.errand = of_cancel();
        if self.reader().next_nonce(self.book.account().address()).await.is_ok_and(|pending| pending <= self.nonce) {
            tracing::info!(what = self.label, nonce = self.nonce, "its time is over: it is not offered any more");
            self.book.dropped(self.nonce);
            return Err(ChainError::TooLate { what: self.what });
        }
        tracing::info!(what = self.label, nonce = self.nonce, "its time is over: an empty transaction takes its nonce");
        (self.what, self.label, self.raises) = (CANCEL, CANCEL.to_owned(), 0);
        self.request = self.book.empty(self.nonce).await;
        self.follow_market().await;
        self.offer().await
    }

    /// Offers the last one, and for more at once if the pool wants more.
    async fn offer(&mut self) -> Result<(), ChainError> {
        self.last_sent = Some(Instant::now());
        while let Some(offer) = self.offers.last() {
            let failed = match submit(self.reader(), offer).await {
                Submitted::Accepted => break,
                // Of one's own nonce another transaction waits: the other offers, or one that nobody knows.
                Submitted::FeeTooLow(failed) | Submitted::NonceTaken(failed) if self.raises < RAISES_LIMIT && self.is_unused().await => {
                    let before = self.offers.len();
                    self.raise(self.fees.raised()).await;
                    if self.offers.len() > before {
                        continue;
                    }
                    failed
                }
                Submitted::FeeTooLow(failed) | Submitted::NonceTaken(failed) | Submitted::Later(failed) | Submitted::Failed(failed) => {
                    failed
                }
            };
            self.tell_trouble(failed);
            break;
        }
        Ok(())
    }

    fn tell_trouble(&mut self, failed: Failed) {
        if !std::mem::replace(&mut self.is_troubled, true) {
            tracing::warn!(nonce = self.nonce, "a transaction waits and cannot be offered again: {}", failed.of(self.what));
        }
    }

    async fn is_unused(&self) -> bool {
        self.reader().mined_nonce(self.book.account().address()).await.is_ok_and(|mined| mined <= self.nonce)
    }

    async fn check_nonce(&mut self) -> Result<(), ChainError> {
        let mined = self.reader().mined_nonce(self.book.account().address()).await.unwrap_or(0);
        self.strikes = if mined > self.nonce { self.strikes + 1 } else { 0 };
        if self.strikes < STRIKES_LIMIT {
            return Ok(());
        }
        self.book.spent(self.nonce);
        if self.what != CANCEL {
            self.book.tell_stranger(self.nonce);
        }
        Err(ChainError::Replaced { hash: self.last_hash(), nonce: self.nonce })
    }

    /// A fourth more, or what gas costs now, within what the errand may pay.
    async fn follow_market(&mut self) {
        self.last_raised = Instant::now();
        let price = match self.reader().latest_header().await {
            Ok(latest) => self.book.price(&latest).await,
            Err(error) => Err(error),
        };
        let Ok(price) = price else { return };
        let ceiling = self.book.ceiling(&self.errand, self.request.gas.unwrap_or_default(), price);
        let Ok(now) = Fees::at(price, self.what, ceiling) else { return };
        let fees = if self.offers.is_empty() { now } else { self.fees.raised().at_least(now) };
        if let Ok(fees) = fees.within(self.what, ceiling) {
            self.raise(fees).await;
        }
    }

    async fn raise(&mut self, fees: Fees) {
        let request = self.request.clone().with_nonce(self.nonce);
        let Ok(offer) = self.book.sign(&self.label, &self.errand, &request, fees).await else { return };
        tracing::info!(what = self.label, nonce = self.nonce, hash = %offer.hash, "transaction offered for a higher fee");
        (self.fees, self.last_raised, self.raises) = (fees, Instant::now(), self.raises + 1);
        self.offers.push(offer);
    }

    fn last_hash(&self) -> Digest {
        self.offers.last().map(|offer| offer.hash).unwrap_or_default()
    }
}

/// What only takes a nonce is in the way of all others.
fn of_cancel() -> Errand {
    Errand { urgency: Urgency::Phase, ..Errand::default() }
}
