//! One task per account that gives nonces to transactions and hands them to the chain: the most urgent first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy::network::TransactionBuilder;
use alloy::primitives::TxKind;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::Instrument;

use crate::account::Account;
use crate::book::Book;
use crate::convert;
use crate::errand::{Errand, Urgency};
use crate::error::{ChainError, Failed};
use crate::failure::{Failure, is_poor, is_single, is_too_large};
use crate::fees::Fees;
use crate::flight::{Flight, Reply};
use crate::flights::Flights;
use crate::margin::with_margin;
use crate::pool::{Offer, Submitted, submit};
use crate::queue::Queue;
use crate::reader::Reader;
use crate::revert::Revert;
use crate::transaction::{Receipt, Transaction};

/// Target of spans that tell a collector what a node does.
pub const SPANS: &str = "neuron_span";
/// Transactions that wait for their turn; more callers wait at the door, which is wide enough for what cannot wait.
const JOBS_LIMIT: usize = 1_024;
const DOOR_LIMIT: usize = 64;
/// Transactions of one account that are sent and not yet settled in the chain; pools keep 16 per account.
const FLIGHTS_LIMIT: usize = 16;
/// Of these so many are left to what cannot wait.
const KEPT_FLIGHTS: usize = 4;
/// How often one transaction is offered with a new nonce or fee before it is given up.
const LAUNCHES_LIMIT: usize = 16;

/// The door to the task. What the task promises: no nonce is left out, so nothing gets stuck behind a gap; a lost answer
/// never makes it send twice; what a reorganisation drops is sent again until it is `confirmations` deep; a fee that has
/// become too low is raised; what is worth nothing any more is taken back. A call that would fail is told so before it costs
/// anything.
#[derive(Clone)]
pub(crate) struct Sender {
    book: Book,
    jobs: mpsc::Sender<Job>,
}

struct Job {
    transaction: Transaction,
    errand: Errand,
    reply: Reply,
    /// What the pool wanted at least.
    fees: Option<Fees>,
    launches: usize,
}

impl Sender {
    /// With `flights` what is sent is kept on disk, and what stands there is watched.
    pub(crate) fn start(reader: Reader, account: Account, flights: Option<Flights>) -> Self {
        let (jobs, waiting) = mpsc::channel(DOOR_LIMIT);
        let book = Book::new(reader, account, flights);
        let slots = Arc::new(Semaphore::new(FLIGHTS_LIMIT));
        let desk = Desk { book: book.clone(), slots, queue: Queue::default(), unknown: None, gap: None, former: Vec::new() };
        tokio::spawn(desk.run(waiting));
        Self { book, jobs }
    }

    pub(crate) fn account(&self) -> &Account {
        self.book.account()
    }

    pub(crate) fn gas_of(&self, what: &str) -> Option<u64> {
        self.book.gas_of(what)
    }

    pub(crate) async fn send(&self, transaction: Transaction, errand: Errand) -> Result<Receipt, ChainError> {
        let span = tracing::trace_span!(target: SPANS, "transaction", what = transaction.what, about = errand.about);
        let (reply, answer) = oneshot::channel();
        let job = Job { transaction, errand, reply, fees: None, launches: 0 };
        let sent = async {
            self.jobs.send(job).await.map_err(|_| ChainError::SenderGone)?;
            answer.await.map_err(|_| ChainError::SenderGone)?
        };
        sent.instrument(span).await
    }
}

struct Desk {
    book: Book,
    slots: Arc<Semaphore>,
    queue: Queue<Job>,
    /// Nonces that waited in the pool at the start and of which nothing is known, and since when; none before the pool was asked.
    unknown: Option<(Vec<u64>, Instant)>,
    /// A nonce that was missing at the last look.
    gap: Option<u64>,
    /// What the last run asked for, by nonce.
    former: Vec<(u64, TransactionRequest)>,
}

/// What came of an attempt.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Launched {
    Flying(Flight),
    /// Nothing is in the pool, and the job goes again.
    Again(Job, Failed),
    /// It was answered.
    Over,
}

impl Desk {
    async fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        self.adopt();
        let mut round = tokio::time::interval(Duration::from_secs(self.reader().settings().offer_again_s.max(1)));
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_open = true;
        while is_open || self.queue.len() > 0 {
            let first = self.queue.first();
            tokio::select! {
                biased;
                job = waiting.recv(), if is_open && self.queue.len() < JOBS_LIMIT => match job {
                    Some(job) => self.queue.push(job.errand.urgency, Instant::now(), job),
                    None => is_open = false,
                },
                slot = self.turn(first), if first.is_some() => self.serve(slot).await,
                _ = round.tick() => self.tidy().await,
            }
        }
    }

    fn reader(&self) -> &Reader {
        self.book.reader()
    }

    /// Waits until one can go: its pause is over, and there is room for another flight of its urgency.
    fn turn(&self, first: Option<(Urgency, Instant)>) -> impl Future<Output = Option<OwnedSemaphorePermit>> + use<> {
        let (slots, book, poll) = (self.slots.clone(), self.book.clone(), self.reader().settings().poll());
        async move {
            if let Some((urgency, ready)) = first {
                tokio::time::sleep_until(ready.into()).await;
                while urgency.can_wait() && slots.available_permits() <= KEPT_FLIGHTS {
                    tokio::time::sleep(poll).await;
                }
            }
            while book.is_single() && !book.nonces(|nonces| nonces.is_idle()) {
                tokio::time::sleep(poll).await;
            }
            slots.acquire_owned().await.ok()
        }
    }

    async fn serve(&mut self, slot: Option<OwnedSemaphorePermit>) {
        let Some(job) = self.queue.pop(Instant::now()) else { return };
        if let Err(error) = self.learn().await {
            return drop(job.reply.send(Err(error)));
        }
        // A node that begins anew asks for what it asked for before; a person who asks twice wants it twice.
        if job.errand.urgency != Urgency::Asked && self.waits_already(&job.transaction).await {
            return self.queue.push(job.errand.urgency, Instant::now() + self.reader().settings().poll(), job);
        }
        match self.launch(job).await {
            Launched::Flying(flight) => fly(flight, slot),
            Launched::Again(mut job, failed) => {
                job.launches += 1;
                if job.launches < LAUNCHES_LIMIT {
                    let from = Instant::now() + self.reader().settings().poll();
                    self.queue.push(job.errand.urgency, from, job);
                } else {
                    let (what, times, reason) = (job.transaction.what, LAUNCHES_LIMIT, failed.reason);
                    drop(job.reply.send(Err(ChainError::PoolRefused { what, times, reason })));
                }
            }
            Launched::Over => {}
        }
    }

    /// Goes on with what the last run offered.
    fn adopt(&mut self) {
        for offers in self.book.left() {
            let request = offers.last().and_then(|noted| Some((noted.nonce, noted.request(self.book.account().address())?.0)));
            self.former.extend(request);
            if let Some(flight) = Flight::adopted(self.book.clone(), &offers) {
                fly(flight, self.slots.clone().try_acquire_owned().ok());
            }
        }
    }

    /// Whether the last run asked for the same, and it is neither mined nor given up.
    async fn waits_already(&self, asked: &Transaction) -> bool {
        let same = |(nonce, request): &&(u64, TransactionRequest)| {
            let to = request.to.and_then(|to| to.to().copied()).map(convert::address);
            let is_same =
                to == asked.to && request.input.input() == Some(&asked.data) && request.value == Some(convert::to_u256(asked.value));
            is_same && self.book.nonces(|nonces| nonces.is_held(*nonce))
        };
        let Some((nonce, _)) = self.former.iter().find(same) else { return false };
        self.reader().mined_nonce(self.book.account().address()).await.is_ok_and(|mined| mined <= *nonce)
    }

    /// Once: what waits in the pool and is not known.
    async fn learn(&mut self) -> Result<(), ChainError> {
        if self.unknown.is_some() {
            return Ok(());
        }
        let own = self.book.account().address();
        let (mined, pending) = (self.reader().mined_nonce(own).await?, self.reader().next_nonce(own).await?);
        let unknown: Vec<u64> = self.book.nonces(|nonces| {
            nonces.stranger(pending);
            (mined..pending).filter(|nonce| !nonces.is_held(*nonce)).collect()
        });
        if !unknown.is_empty() {
            tracing::warn!(
                "{own} has transactions in the pool that this program does not know, of the nonces {unknown:?}: waiting for them"
            );
        }
        self.unknown = Some((unknown, Instant::now()));
        Ok(())
    }

    /// Now and then: what nobody knows and nobody mines, and what is missing, is filled with empty transactions.
    async fn tidy(&mut self) {
        if let Err(error) = self.try_tidy().await {
            tracing::debug!(%error, "cannot look after the pool");
        }
    }

    async fn try_tidy(&mut self) -> Result<(), ChainError> {
        // Who keeps nothing and has sent nothing asks for nothing.
        if self.unknown.is_none() && !self.book.is_kept() {
            return Ok(());
        }
        self.learn().await?;
        let own = self.book.account().address();
        let raise_after = Duration::from_secs(self.reader().settings().raise_fee_after_s.max(1));
        if let Some((unknown, since)) = &mut self.unknown
            && !unknown.is_empty()
            && since.elapsed() >= raise_after
        {
            let unknown = std::mem::take(unknown);
            let mined = self.reader().mined_nonce(own).await?;
            for nonce in unknown.into_iter().filter(|nonce| *nonce >= mined) {
                tracing::warn!(nonce, "nobody mines a transaction that this program does not know: an empty one takes its nonce");
                self.fill(nonce).await;
            }
        }
        if self.book.nonces(|nonces| nonces.is_idle()) {
            return Ok(());
        }
        let pending = self.reader().next_nonce(own).await?;
        let gap = self.book.nonces(|nonces| nonces.gap(pending));
        // Seen twice, for a server may lag.
        if let Some(nonce) = gap.filter(|_| self.gap == gap) {
            tracing::warn!(nonce, "no transaction has this nonce and others wait for it: an empty one takes it");
            self.fill(nonce).await;
        }
        self.gap = gap;
        Ok(())
    }

    async fn fill(&self, nonce: u64) {
        self.book.nonces(|nonces| nonces.take(nonce));
        fly(Flight::empty(self.book.clone(), nonce).await, None);
    }

    async fn launch(&mut self, mut job: Job) -> Launched {
        match self.try_launch(&mut job).await {
            Ok(Ok((request, fees, offer))) => {
                let Job { transaction, errand, reply, .. } = job;
                Launched::Flying(Flight::new(self.book.clone(), &transaction, errand, request, fees, offer, reply))
            }
            Ok(Err(failed)) => Launched::Again(job, failed),
            Err(error) => {
                drop(job.reply.send(Err(error)));
                Launched::Over
            }
        }
    }

    /// One attempt. The inner failure is one of the pool, which the next attempt may please.
    async fn try_launch(&mut self, job: &mut Job) -> Result<Result<(TransactionRequest, Fees, Offer), Failed>, ChainError> {
        let (what, errand) = (job.transaction.what, job.errand.clone());
        let latest = self.reader().latest_header().await?;
        if errand.is_over(latest.block().time_s) {
            return Err(ChainError::TooLate { what });
        }
        let request = self.prepared(&job.transaction, latest.gas_limit()).await?;
        let price = self.book.price(&latest).await?;
        let ceiling = self.book.ceiling(&errand, request.gas.unwrap_or_default(), price);
        let fees = Fees::at(price, what, ceiling)?;
        let fees = job.fees.map_or(fees, |wanted| fees.at_least(wanted)).within(what, ceiling)?;
        let nonce = self.free_nonce().await?;
        let request = request.with_nonce(nonce);
        let offer = self.book.sign(what, &errand, &request, fees).await?;
        let failed = match submit(self.reader(), &offer).await {
            Submitted::Accepted => {
                tracing::debug!(what, about = errand.about, nonce, hash = %offer.hash, "transaction sent");
                if !errand.urgency.can_wait() {
                    self.book.hurry(nonce, fees);
                }
                return Ok(Ok((request, fees, offer)));
            }
            Submitted::NonceTaken(failed) => failed,
            Submitted::FeeTooLow(failed) => {
                job.fees = Some(fees.raised());
                failed
            }
            Submitted::Later(failed) => {
                if is_single(&failed.reason) {
                    self.book.set_single();
                }
                failed
            }
            Submitted::Failed(failed) => {
                self.book.dropped(nonce);
                return Err(self.refusal(&job.transaction, failed, latest.gas_limit()));
            }
        };
        self.book.dropped(nonce);
        Ok(Err(failed))
    }

    /// The lowest that neither the pool nor a flight has.
    async fn free_nonce(&self) -> Result<u64, ChainError> {
        let pending = self.reader().next_nonce(self.book.account().address()).await?;
        let (stranger, free) = self.book.nonces(|nonces| (nonces.stranger(pending), nonces.free(pending)));
        if let Some(nonce) = stranger {
            self.book.tell_stranger(nonce);
        }
        Ok(free)
    }

    /// With as much gas as it needs and a margin, if a block holds that much.
    async fn prepared(&self, transaction: &Transaction, block_gas: u64) -> Result<TransactionRequest, ChainError> {
        let mut request = TransactionRequest::default()
            .with_from(convert::to_eth(self.book.account().address()))
            .with_chain_id(self.reader().chain_id())
            .with_value(convert::to_u256(transaction.value))
            .with_input(transaction.data.clone());
        request.set_kind(transaction.to.map_or(TxKind::Create, |to| TxKind::Call(convert::to_eth(to))));
        let estimate = |provider: RootProvider| {
            let request = request.clone();
            async move { provider.estimate_gas(request).await }
        };
        let gas = self.reader().try_ask("eth_estimateGas", estimate).await;
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
            Failure::Refused if is_poor(reason) => {
                ChainError::CannotPay { account: self.book.account().address(), what, reason: failed.reason }
            }
            Failure::Refused if is_too_large(reason) => ChainError::TooMuchGas { what, limit: block_gas, reason: failed.reason },
            _ => failed.of(what),
        }
    }
}

/// Watches it in a task of its own; the slot is free again when it has landed.
fn fly(flight: Flight, slot: Option<OwnedSemaphorePermit>) {
    tokio::spawn(async move {
        flight.land().await;
        drop(slot);
    });
}
